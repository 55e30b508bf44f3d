"""Audit: what the checks of one experiment found. Made by ``mmer.audit``, shown by the report."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mmer.types.errors import InputError, nearest
from mmer.types.fingerprint import Fingerprint
from mmer.types.whole_file import whole_file

# From good to bad. What was not checked is not proven, so `skipped` counts as a warning.
STATUSES = ("clean", "skipped", "warning", "leak")
SHARED = ("experiment", "config", "code", "splits")  # with a fingerprint
EXIT_CODES = {"clean": 0, "warning": 1, "leak": 2}


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Parameters
    ----------
    check : str
        ``ledger``, ``search``, ``poison``, ``shuffle``, ``duplicates``, ``oracle_gap``, ``annotations`` or
        ``artifacts``.
    status : str
        ``clean``, ``skipped`` (it could not be made, or was not asked for), ``warning`` or ``leak``.
    summary : str
        One or two sentences for a person: what, where, and the way out.
    details : dict
        Numbers and names behind it; plain json values.

    Raises
    ------
    InputError
        There is no such status.
    """

    check: str
    status: str
    summary: str
    details: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise InputError(f"audit: {self.check} has status {self.status!r}; {nearest(self.status, STATUSES)}")


@dataclass(frozen=True)
class Audit:
    """All findings of one experiment.

    Parameters
    ----------
    experiment : str
    findings : tuple of Finding
        In the order of the checks.
    config, code, splits : str
        As in the experiment's ``Fingerprint``: what was audited.
    seconds : float
    predictions : str
        Digest of the stored predictions (``mmer.types.predictions.predictions_digest``). They change with whatever an
        experiment is made of, annotations and pictures too, which the other three do not hold.
    """

    experiment: str
    findings: tuple[Finding, ...]
    config: str
    code: str
    splits: str
    seconds: float
    predictions: str = ""

    @property
    def status(self) -> str:
        """Worst of the findings: ``clean``, ``warning`` or ``leak``."""
        worst = worst_of([finding.status for finding in self.findings])
        return "warning" if worst == "skipped" else worst

    @property
    def exit_code(self) -> int:
        """0 clean, 1 warnings, 2 leak."""
        return EXIT_CODES[self.status]

    def changed(self, fingerprint: Fingerprint, predictions: str) -> tuple[str, ...]:
        """Say what changed since the audit: some of ``config``, ``code``, ``splits`` and ``predictions``.

        Parameters
        ----------
        fingerprint : Fingerprint
            Of the experiment as it was evaluated last.
        predictions : str
            Digest of its stored predictions.
        """
        found = [name for name in SHARED if getattr(self, name) != getattr(fingerprint, name)]
        return (*found, "predictions") if self.predictions != predictions else tuple(found)

    def to_json(self) -> str:
        """Write it out, with ``status`` and ``exit_code`` in front for programs."""
        return json.dumps({"status": self.status, "exit_code": self.exit_code} | asdict(self), indent=1)

    def save(self, path: str | Path) -> None:
        """Write one json."""
        with whole_file(path) as partial:
            partial.write_text(self.to_json() + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> "Audit":
        """Read one json.

        Raises
        ------
        InputError
            The file is missing, unreadable or of another version of mmer.
        """
        try:
            values = json.loads(Path(path).read_text(encoding="utf-8"))
            known = {name: values[name] for name in (*SHARED, "seconds")}
            known["predictions"] = values.get("predictions", "")
            return cls(findings=tuple(Finding(**finding) for finding in values["findings"]), **known)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path}: not an audit of this version of mmer; run `mmer audit` ({error})") from error


def worst_of(statuses: Sequence[str]) -> str:
    """Return the worst of some statuses; ``clean`` where there is none."""
    return max(statuses, key=STATUSES.index, default="clean")
