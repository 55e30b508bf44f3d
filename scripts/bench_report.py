"""Time the report of many experiments; the last line is JSON.

The experiments of this repository (artifacts/ must be there: `dvc repro`) are repeated under new names, predictions and
all, until there are as many as asked for, in a scratch folder; nothing here is changed. Seconds are those of the whole
`mmer report`, imports included; megabytes are those of the page alone.

    python scripts/bench_report.py [--experiments 12] [--keep FOLDER] [--profile]
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parents[1]
MOST_SECONDS, MOST_MEGABYTES = 30, 5


def copy(folder: Path, count: int) -> list[str]:
    """Copy this repository's artifacts, with ``count`` experiments; return their names."""
    skipped = shutil.ignore_patterns("report", "table", "tune", "__pycache__")
    shutil.copytree(ROOT / "artifacts", folder / "artifacts", ignore=skipped, symlinks=False)
    for name in ("mmer", "conf", "data", "params.yaml"):
        (folder / name).symlink_to(ROOT / name)
    config = yaml.safe_load((ROOT / "artifacts/config.yaml").read_text(encoding="utf-8"))
    known = [name for name in config["experiments"] if (ROOT / f"artifacts/predictions/{name}.parquet").is_file()]
    if not known:
        sys.exit("no experiment has predictions; run `dvc repro` first")
    experiments, inputs = {}, {}
    for at in range(count):
        old = known[at % len(known)]
        new = old if at < len(known) else f"{old}_again{at // len(known)}"
        experiments[new], inputs[new] = config["experiments"][old], config["inputs"][old]
        if new != old:
            again(folder / "artifacts", old, new)
    config |= {"experiments": experiments, "inputs": inputs}
    (folder / "artifacts/config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    (folder / "artifacts/config.json").write_text(json.dumps(config), encoding="utf-8")
    return list(experiments)


def again(artifacts: Path, old: str, new: str) -> None:
    """Repeat one experiment under another name."""
    table = pd.read_parquet(artifacts / f"predictions/{old}.parquet").assign(experiment=new)
    table.to_parquet(artifacts / f"predictions/{new}.parquet", index=False)
    shutil.copytree(artifacts / "training" / old, artifacts / "training" / new)
    file = artifacts / "training" / new / "fingerprint.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | {"experiment": new}), encoding="utf-8")


def main() -> None:
    """Render once and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=int, default=12)
    parser.add_argument("--keep", type=Path, default=None, help="a folder that does not exist, to look at the page")
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch) / "report"
        folder.mkdir(parents=True)
        names = copy(folder, options.experiments)
        profile = ["-m", "cProfile", "-s", "cumulative"] if options.profile else []
        environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(folder)}
        start, before = time.monotonic(), os.times()
        command = [sys.executable, *profile, "-m", "mmer", "report"]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        seconds, after = time.monotonic() - start, os.times()
        if done.returncode:
            sys.exit(done.stdout + done.stderr)
        if options.profile:
            print("\n".join(done.stdout.partition("Ordered by")[2].splitlines()[:60]))
        page = folder / "artifacts/report/index.html"
        found = {
            "experiments": len(names),
            "seconds": round(seconds, 1),
            "processor_seconds": round(sum(after[2:4]) - sum(before[2:4]), 1),
            "megabytes": round(page.stat().st_size / 1e6, 2),
            "beside_megabytes": round(
                sum(file.stat().st_size for file in page.parent.rglob("*") if file.is_file() and file != page) / 1e6, 2
            ),
            "targets": {"seconds": MOST_SECONDS, "megabytes": MOST_MEGABYTES},
        }
        print(json.dumps(found))


if __name__ == "__main__":
    main()
