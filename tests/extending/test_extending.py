"""The how-tos, taken at their word: their files go into a clone, params.yaml gets their entries, and they run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.all

ROOT = Path(__file__).parents[2]
HOWTO = ROOT / "docs" / "howto"
PAGES = ("add_a_model", "add_a_loss", "add_a_protocol", "add_a_modality", "add_a_corpus")
OWN = "own_package"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"# ([\w/]+\.(?:py|yaml))\n")
# The sample's smallest corpus, and no experiment but those of the pages.
START = {
    "datasets": {"videos": {"dataset": "manifest"}},
    "use": {"faces": "shipped", "motion": "optical_flow"},
    "executor": "serial",
    "packages": [],
    "experiments": {},
    "set": {},
}


class Page:
    """What a how-to gives: files by path, its part of params.yaml, and a script that makes something to try it on."""

    def __init__(self, name: str) -> None:
        self.files: dict[str, str] = {}
        self.params: dict[str, dict] = {}
        self.script = ""
        for language, text in FENCE.findall((HOWTO / f"{name}.md").read_text()):
            named = NAMED.match(text)
            if named and named[1] == "params.yaml":
                self.params = yaml.safe_load(text)
            elif named:
                self.files[named[1]] = text
            elif language == "python":
                self.script = text


class Clone:
    """A clone of this repository with a corpus of the sample."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.params = dict(START)
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
        (folder / ".venv").symlink_to(sys.prefix)
        shutil.copytree(ROOT / "data" / "videos", folder / "data" / "videos")
        self.save()

    def run(self, *command: str, code: int = 0) -> str:
        """Run a command; return what it said."""
        environment = os.environ | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "OMP_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True)
        said = done.stdout + done.stderr
        assert done.returncode == code, f"{' '.join(command)} ended with {done.returncode}:\n{said[-6000:]}"
        return said

    def repro(self) -> str:
        return self.run(sys.executable, "-m", "dvc", "repro")

    def save(self) -> None:
        (self.folder / "params.yaml").write_text(yaml.safe_dump(self.params, sort_keys=False))

    def take(self, page: Page, files: bool = True) -> None:
        """Write a page's files, and its entries into params.yaml."""
        for path, text in page.files.items() if files else ():
            file = self.folder / path
            assert not file.exists(), f"{path} is there already"
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        for section, new in page.params.items():
            old = self.params[section]
            self.params[section] = old | new if isinstance(new, dict) else [*old, *new]
        self.save()

    def predictions(self) -> set[str]:
        return {path.stem for path in (self.folder / "artifacts/predictions").glob("*.parquet")}


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    return Clone(tmp_path_factory.mktemp("extending") / "mmer")


def test_the_pages_run_and_the_contracts_know_them(clone):
    pages = {name: Page(name) for name in PAGES}
    for page in pages.values():
        assert sorted(Path(path).suffix for path in page.files) == [".py", ".yaml"]
        clone.take(page)
        if page.script:
            clone.run(sys.executable, "-c", page.script)
    clone.run(sys.executable, "-m", "dvc", "add", "-q", "data")
    clone.repro()
    assert clone.predictions() == set(clone.params["experiments"])
    page = (clone.folder / "artifacts/report/index.html").read_text()
    assert all(name in page for name in clone.params["experiments"])

    files = {path for page in pages.values() for path in page.files}
    status = clone.run(
        "git", "status", "--porcelain", "--untracked-files=all", "--", "mmer", "conf", "tests", "dvc.yaml"
    )
    assert {line[3:] for line in status.splitlines()} == files  # nothing else was edited
    names = " or ".join(sorted({Path(path).stem for path in files}))
    said = clone.run(
        *(sys.executable, "-m", "pytest", "tests/contracts", "-vv", "-p", "no:cacheprovider", "-k", names),
        "--ignore=tests/contracts/test_models_doc.py",  # the page of what ships with mmer
    )
    assert int(re.search(r"(\d+) passed", said)[1]) > 60
    cases = set(re.findall(r"::\w+\[(\w+)", said))
    assert cases >= {Path(path).stem for path in files}


def test_a_package_is_opted_in_and_an_edit_of_it_runs_again_what_uses_it(clone):
    page = Page(OWN)
    (name,) = page.params["experiments"]
    listed = page.params.pop("packages")
    clone.take(page)
    said = clone.run(sys.executable, "-m", "mmer", "config", code=2)
    assert "'lab.squares.Squares' is outside mmer" in said
    assert "packages: [lab]" in said

    clone.params["packages"] = listed
    clone.params["executor"] = "processes"  # workers find it too
    clone.save()
    clone.repro()
    assert name in clone.predictions()
    said = clone.run(sys.executable, "-m", "pytest", "tests/contracts/test_model.py", "-k", "squares")
    assert int(re.search(r"(\d+) passed", said)[1]) > 10
    assert "Running stage" not in clone.repro()

    file = clone.folder / "lab/squares.py"
    file.write_text(file.read_text() + "\n# edited\n")
    ran = set(re.findall(r"Running stage '([^']+)'", clone.repro()))
    assert f"evaluate@{name}" in ran
    assert not {stage for stage in ran if "@" in stage} - {f"evaluate@{name}", "packages@lab"}
