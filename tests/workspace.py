"""A scratch workspace in which stages run in this process, without DVC."""

import shutil
from pathlib import Path

import yaml

from mmer.__main__ import main

ROOT = Path(__file__).parents[1]
PER_DATASET = ("clips", "tracks", "motion", "graphs", "signals")


class Workspace:
    """A folder with conf/, params.yaml and data/; the working directory must be this folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "conf", folder / "conf", dirs_exist_ok=True)
        self.params = {
            "datasets": {"casme2": {}},
            "use": {"faces": "shipped", "motion": "optical_flow"},
            "experiments": {
                "points": {"datasets": ["casme2"], "model": "logreg", "nodes": "eyebrow_mouth", "edges": "anatomical"}
            },
            "set": {"experiments": {"points": {"model": {"epochs": 2}}}},
        }

    def add(self, name: str, release: Path) -> Path:
        """Copy a release to data/NAME."""
        return Path(shutil.copytree(release, self.folder / "data" / name))

    def mmer(self, *arguments: str) -> int:
        """Run one command in this process."""
        if arguments[0] == "config":
            (self.folder / "params.yaml").write_text(yaml.safe_dump(self.params))
        return main(list(arguments))

    def run(self, upto: str = "report") -> None:
        """Run every stage up to one, as dvc.yaml would; each must succeed."""
        commands = self.commands()
        last = max(place for place, command in enumerate(commands) if command[0] == upto)
        for command in commands[: last + 1]:
            assert self.mmer(*command) == 0, f"mmer {' '.join(command)} failed"

    def commands(self) -> list[tuple[str, ...]]:
        """Every stage in order."""
        return [
            ("config",),
            *((stage, name) for stage in PER_DATASET for name in self.params["datasets"]),
            ("inputs",),
            *(("evaluate", name) for name in self.params["experiments"]),
            ("report",),
        ]

    def stops(self, capsys) -> str:
        """Run stages until one refuses; return its message."""
        for command in self.commands():
            capsys.readouterr()
            if code := self.mmer(*command):
                assert code == 2
                said = capsys.readouterr().err
                assert "Traceback" not in said
                return said[said.index(f"mmer {command[0]}:") :]
        raise AssertionError("no stage refused")
