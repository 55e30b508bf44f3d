#!/usr/bin/env python
"""Every corpus in small, as a person meets it: synthesize, doctor, clips by dvc.

    .venv/bin/python scripts/check_corpora.py               # every corpus of conf/dataset: some minutes on two cores
    .venv/bin/python scripts/check_corpora.py casme2 smic
    .venv/bin/python scripts/check_corpora.py --out FOLDER  # keeps the clone in which it was done

Works on a clone of the last commit, so nothing here is changed. Prints one row per corpus; exit 1 where the doctor
calls a release not usable, or dvc makes other clips of it, or none.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from mmer.report.wording import aligned
from mmer.stages.build import options
from mmer.types.clips import load_clips
from mmer.types.errors import listing, nearest

ROOT = Path(__file__).parents[1]
HEAD = ("corpus", "version", "doctor", "exit", "clips", "subjects", "clips by dvc", "remarks")
SMALL = ("--subjects", "2", "--clips", "3", "--size", "64")


def main() -> int:
    """Check the corpora that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="*", help="names in conf/dataset; all of them when left out")
    parser.add_argument("--out", type=Path, help="folder for the clone, which must not exist; it is kept")
    given = parser.parse_args()
    known = options("dataset")
    for name in given.corpora:
        if name not in known:
            parser.error(f"there is no corpus {name!r}; {nearest(name, known)}")
    with TemporaryDirectory(prefix="mmer-corpora-") as folder:
        rows = check(given.out or Path(folder) / "clone", given.corpora or known)
    print(aligned([HEAD, *rows]), end="")
    return int(any(row[3] not in ("0", "1") or row[4] != row[6] for row in rows))


def check(clone: Path, corpora: list[str]) -> list[tuple[str, ...]]:
    """Make all clips in a clone, and say what came out of each corpus."""
    subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
    reports = {}
    for name in corpora:
        print(f"{name} ...", file=sys.stderr)
        run(clone, "mmer", "synthesize", name, "--out", f"data/{name}", *SMALL)
        done = run(clone, "mmer", "doctor", f"data/{name}", "--json")
        reports[name] = json.loads(done.stdout) if done.stdout.startswith("{") else {"advice": done.stderr}
        reports[name]["code"] = done.returncode
    params = yaml.safe_load((clone / "params.yaml").read_text(encoding="utf-8"))
    params |= {"datasets": {name: {} for name in corpora}, "experiments": {}, "set": {}}
    (clone / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    run(clone, "dvc", "add", "data")
    done = run(clone, "dvc", "repro", "--keep-going", *(f"clips@{name}" for name in corpora))
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
    return [row(clone, name, reports[name]) for name in corpora]


def run(clone: Path, program: str, *arguments: str) -> subprocess.CompletedProcess:
    """Run a program of this environment on the clone's code."""
    env = os.environ | {"PYTHONPATH": str(clone), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = [sys.executable, "-m", program, *arguments]
    return subprocess.run(command, cwd=clone, env=env, capture_output=True, text=True, check=False)


def row(clone: Path, name: str, report: dict) -> tuple[str, ...]:
    """Sum up one corpus."""
    made = clone / "artifacts" / "clips" / f"{name}.parquet"
    facts = report.get("facts", {})
    kinds = [one["kind"] for one in report.get("findings", ()) if one["level"] != "note"]
    return (
        name,
        str(report.get("version") or "-"),
        report.get("verdict", "no report"),
        str(report["code"]),
        *(str(facts.get(fact, "-")) for fact in ("clips", "subjects")),
        str(len(load_clips(made))) if made.is_file() else "none",
        listing(kinds, 9) if "verdict" in report else report["advice"].strip()[-200:],
    )


if __name__ == "__main__":
    sys.exit(main())
