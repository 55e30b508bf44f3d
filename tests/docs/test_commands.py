"""Every command of README and docs is run, page by page, in a clone that has the sample data and what was made of it.

What a page asks for is run as it stands. Where that would take many minutes, tables and searches of the clone are made
smaller (``smaller``), so that the commands stay the same; marks above blocks say the rest (tests/docs/doc_blocks.py).
``scripts/demo`` and ``scripts/test`` are what .ci/run itself runs.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import psutil
import pytest
import yaml
from doc_blocks import ROOT, Block, blocks

pytestmark = pytest.mark.all

STATE = re.compile(r"(source|export|cd) |[A-Z_]+=\S*$|[A-Z_]+=\"[^\"]*\"$")  # what later commands of a page stand on
BASH = ("bash", "-uo", "pipefail", "-c")
NAMED = ("logreg_casme2", "gcn_casme2", "graph_tcn_casme2")  # those experiments that the pages name
PARAMS = {"datasets", "use", "experiments", "set", "executor", "packages"}
PAGES = sorted({block.page for block in blocks() if block.language in ("bash", "python", "yaml")})
SERVER = re.compile(r"([A-Z_]+=\S+ )?(?P<what>dask scheduler|dask worker|mmer dashboard) ")
# What each says when it is ready.
SERVERS = {
    "dask scheduler": re.compile(r"Scheduler at: +\S+"),
    "dask worker": re.compile(r"Registered to: +\S+"),
    "mmer dashboard": re.compile(r"http://127\.0\.0\.1:\d+[/\w]*"),
}


def smaller(folder: Path) -> None:
    """Make tables and searches small, under their own names."""

    def change(path: str, **keys: object) -> None:
        file = folder / path
        node = yaml.safe_load(file.read_text())
        file.write_text(yaml.safe_dump(node | keys, sort_keys=False))

    params = yaml.safe_load((folder / "params.yaml").read_text())
    experiments = {name: params["experiments"][name] for name in NAMED}
    settings = {"datasets": params["set"]["datasets"]}
    change("params.yaml", experiments=experiments, set=settings)
    rows = yaml.safe_load((folder / "conf/table/multimodal.yaml").read_text())["rows"]
    change("conf/table/losses.yaml", over={"loss": ["focal", "ldam"]}, set={"model": {"epochs": 2}})
    change("conf/table/multimodal.yaml", rows={name: rows[name] for name in ("face", "late")})
    change("conf/search/gcn_demo.yaml", trials=2, generation=2, set={"model": {"epochs": 2}})


class Clone:
    """A clone of this repository in which everything was run once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        environment = os.environ | {
            "PATH": f"{folder / '.venv/bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(folder),
            "OMP_NUM_THREADS": "1",
            "HF_ENDPOINT": "http://127.0.0.1:9",  # a test fetches nothing, also where there is a network
            "GIT_AUTHOR_NAME": "docs",
            "GIT_AUTHOR_EMAIL": "docs@localhost",
            "GIT_COMMITTER_NAME": "docs",
            "GIT_COMMITTER_EMAIL": "docs@localhost",
        }
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        self.how = {"cwd": folder, "env": environment, **pipes}

    def prepare(self) -> None:
        """Clone, and run the pipeline once."""
        folder = self.folder
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
        (folder / ".venv").symlink_to(sys.prefix)
        # What is there already need not be trained again; files of a cache are never written twice.
        for path in (".dvc/cache", ".mmer/cache"):
            if (ROOT / path).is_dir():
                shutil.copytree(ROOT / path, folder / path, copy_function=_link, dirs_exist_ok=True)
        smaller(folder)
        for command in ("git commit -qam smaller", "dvc pull -q data", "dvc repro", "git commit -qam lock || true"):
            code, output = self.run(command)
            assert code == 0, f"{command}: {output}"

    def run(self, command: str, seconds: float = 600) -> tuple[int, str]:
        """Run a line of bash; return exit code and output."""
        done = subprocess.run([*BASH, command], **self.how, timeout=seconds)
        return done.returncode, done.stdout

    def start(self, command: str) -> subprocess.Popen:
        """Start a server."""
        return subprocess.Popen([*BASH, command], **self.how, start_new_session=True)

    def add_params(self, node: dict) -> None:
        """Put a part of params.yaml into that of the clone."""
        file = self.folder / "params.yaml"
        file.write_text(yaml.safe_dump(merged(yaml.safe_load(file.read_text()), node), sort_keys=False))

    def restore(self) -> None:
        """Forget what a page wrote: entries of params.yaml, corpora, and what was computed for them."""
        code, output = self.run("git checkout -q -- . && git clean -fdq -e .venv")
        assert code == 0, output
        params = yaml.safe_load((self.folder / "params.yaml").read_text())
        for folder, names in {"data": "datasets", "artifacts/predictions": "experiments", **PER_ENTRY}.items():
            for path in (self.folder / folder).glob("*"):
                if path.name.split(".")[0] not in ("", *params[names]):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()


PER_ENTRY = {
    **{f"artifacts/{name}": "datasets" for name in ("clips", "tracks", "motion", "graphs", "signals")},
    **{f"artifacts/{name}": "experiments" for name in ("training", "audit")},
}


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
    return target


def merged(old: object, new: object) -> object:
    """Return nested dicts put together; the new values win."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {key: merged(old.get(key), value) for key, value in new.items()}
    return new


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    made = Clone(tmp_path_factory.mktemp("docs") / "mmer")
    made.prepare()
    return made


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_says_works(page, clone):
    state: list[str] = []
    source: list[str] = []
    try:
        for block in (block for block in blocks() if block.page == page):
            start = time.monotonic()
            if block.language == "bash":
                run_block(clone, block, state)
            elif block.language == "python":
                run_python(clone, block, source)
            elif block.language == "yaml":
                check_yaml(clone, block)
            print(f"{block.place} {block.language}: {time.monotonic() - start:.1f} s")
    finally:
        clone.restore()


def run_block(clone: Clone, block: Block, state: list[str]) -> None:
    """Run the commands of a block in order."""
    if block.how in ("by", "with"):
        return  # test_pages.py looks into the file that runs it
    servers: list[tuple[str, subprocess.Popen]] = []
    commands = block.commands
    try:
        for number, written in enumerate(commands):
            command = block.instead.get(written, written).removesuffix("&").strip()
            line = "\n".join([*state, command])
            if STATE.match(command):
                state.append(command)
            if block.how == "serves" and (kind := SERVER.match(command)):
                servers.append((command, clone.start(line)))
                found = ready(servers[-1][1], SERVERS[kind["what"]], f"{block.place}: {command}")
                if found.startswith("http"):
                    with urllib.request.urlopen(found, timeout=30) as answer:
                        assert answer.status == 200
                        assert b"<html" in answer.read().lower()
                if "tls" not in command:
                    assert heard_at(servers[-1][1]) == {"127.0.0.1"}, f"{block.place}: {command}"
                continue
            begun = time.monotonic()
            code, output = clone.run(line)
            print(f"{block.place}: {command}: {code}, {time.monotonic() - begun:.1f} s")
            wanted, last = 0, number == len(commands) - 1
            if block.how == "exits" and last:
                wanted = block.code
            if block.how == "fails" and not STATE.match(command):
                assert code, f"{block.place}: {command}\nis said to fail, and does not:\n{output[-3000:]}"
            else:
                assert code == wanted, f"{block.place}: {command}\nended with {code}:\n{output[-5000:]}"
            if block.says and (block.how == "fails" or last) and not STATE.match(command):
                assert block.says in output, f"{block.place}: {command}\ndoes not say {block.says!r}:\n{output[-3000:]}"
        for command, server in servers:
            assert server.poll() is None, f"{block.place}: {command}\nended by itself:\n{server.stdout.read()[-3000:]}"
    finally:
        for _, server in reversed(servers):
            stop(server)


def ready(server: subprocess.Popen, says: re.Pattern[str], place: str) -> str:
    """Wait until a server says that it is ready; return these words."""
    output = []
    patience = threading.Timer(
        180, os.killpg, (server.pid, signal.SIGKILL)
    )  # one that says nothing would be read forever
    patience.start()
    try:
        for line in server.stdout:
            output.append(line)
            if found := says.search(line):
                return found[0]
    finally:
        patience.cancel()
    raise AssertionError(f"{place}\nended before it was ready: {server.wait()}:\n{''.join(output)[-3000:]}")


def heard_at(server: subprocess.Popen) -> set[str]:
    """Return the addresses at which a server and what it started listen."""
    first = psutil.Process(server.pid)
    found = [each for one in (first, *first.children(recursive=True)) for each in one.net_connections("tcp")]
    return {each.laddr.ip for each in found if each.status == psutil.CONN_LISTEN}


def stop(server: subprocess.Popen) -> None:
    """End a server as Ctrl-C does, with all that it started."""
    for sign in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(server.pid, sign)
            server.wait(timeout=20)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
        else:
            break
    server.stdout.close()


def run_python(clone: Clone, block: Block, source: list[str]) -> None:
    """Run the Python of a page up to this block; a block that names a file in its first line is that file's text."""
    compile(block.text, block.place, "exec")
    if named := re.match(r"# ([\w/]+\.py)\s", block.text):
        write(clone, named[1], block.text)
        return
    source.append(block.text)
    file = clone.folder / ".git" / "page.py"  # where `git clean` and reports do not see it
    file.write_text("\n".join(source))
    code, output = clone.run(f"python {file}")
    assert code == 0, f"{block.place}:\n{output[-5000:]}"


def write(clone: Clone, path: str, text: str) -> None:
    """Write the text of a block where its first line says."""
    file = clone.folder / path
    assert not file.exists(), f"{path} is there already"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)


def check_yaml(clone: Clone, block: Block) -> None:
    """Compose what a block of yaml says; one that begins with `# params.yaml` stays for the page's later commands."""
    node = yaml.safe_load(block.text)
    first = block.text.splitlines()[0]
    if named := re.match(r"# ((conf|lab)/[\w/]+\.yaml)", first):
        write(clone, named[1], block.text)  # a component's file
        return
    file = clone.folder / "params.yaml"
    before = file.read_text()
    if "space" in node or "base" in node:
        kind = "search" if "space" in node else "table"
        (clone.folder / f"conf/{kind}/page.yaml").write_text(block.text)
        command = f"mmer {kind}_config page"
    else:
        assert set(node) <= PARAMS, f"{block.place}: no part of params.yaml, no table and no search: {sorted(node)}"
        clone.add_params(node)
        executor = "from mmer.stages.executor import executor; executor()"
        command = f'mmer config && python -c "{executor}"' if "executor" in node else "mmer config"
    code, output = clone.run(command)
    assert code == 0, f"{block.place}:\n{output[-3000:]}"
    if not first.startswith("# params.yaml"):
        file.write_text(before)
