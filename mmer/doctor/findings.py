"""What the doctor found, and what follows from it."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from mmer.types.errors import listing

LEVELS = ("note", "warning", "error")
VERDICTS = {"note": "fine", "warning": "usable with warnings", "error": "not usable"}
SHOWN = 8  # items of a finding that a terminal shows; the json has all


@dataclass(frozen=True)
class Finding:
    """One kind of thing that was noticed.

    Parameters
    ----------
    kind : str
        E.g. ``frames_missing``.
    level : str
        ``note`` (nothing to do), ``warning`` (the corpus can be used) or ``error`` (a stage would stop).
    text : str
        What it is, and the way out.
    items : tuple of str
        Every clip, file or cell concerned.
    clips : tuple of str
        Of an error: clip ids without which it is gone; none where leaving out clips does not help.
    """

    kind: str
    level: str
    text: str
    items: tuple[str, ...] = ()
    clips: tuple[str, ...] = ()


@dataclass(frozen=True)
class Examination:
    """All that is known of a folder.

    Parameters
    ----------
    path : str
    corpus, version : str or None
    annotations : tuple of str
        Annotation files.
    findings : tuple of Finding
    facts : dict
        ``clips``, ``subjects``, ``emotions``, ``objective_classes``, ``fps``, ``frames``; plain json values.
    labels : dict
        Scheme -> classes and what it leaves out.
    """

    path: str
    corpus: str | None
    version: str | None = None
    annotations: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, Any] = field(default_factory=dict)

    @property
    def level(self) -> str:
        """Worst level of the findings."""
        return max((finding.level for finding in self.findings), key=LEVELS.index, default="note")

    @property
    def exit_code(self) -> int:
        """0 fine, 1 usable with warnings, 2 not usable."""
        return LEVELS.index(self.level)

    @property
    def exclude(self) -> tuple[str, ...]:
        """Clips that stop a stage."""
        return tuple(sorted({clip for one in self.findings if one.level == "error" for clip in one.clips}))

    @property
    def advice(self) -> str:
        """Say what a person has to do now."""
        if self.level == "note":
            return f"nothing has to be done; `mmer run` takes it as {self.corpus}"
        errors = [one for one in self.findings if one.level == "error"]
        if not errors:
            return f"look at {_kinds([one for one in self.findings if one.level == 'warning'])}; the clips can be used"
        if not self.exclude:
            return f"mend {_kinds(errors)}, then look again"
        way = f"name the {len(self.exclude)} clip(s) in the dataset's yaml:\nexclude: [{', '.join(self.exclude)}]"
        if stuck := [one for one in errors if not one.clips]:
            return f"mend {_kinds(stuck)} first; mend the rest too, or {way}"
        return f"mend {_kinds(errors)}; or {way}"

    def to_json(self) -> str:
        """Write all of it, for programs."""
        head = {"verdict": VERDICTS[self.level], "exit_code": self.exit_code, "advice": self.advice}
        head["exclude"] = list(self.exclude)
        return json.dumps(head | asdict(self), indent=1, ensure_ascii=False)

    def to_text(self) -> str:
        """Write it for a terminal."""
        version = f", version {self.version}" if self.version else ""
        lines = [f"{self.path}: {self.corpus or 'no corpus that mmer knows'}{version}"]
        lines += [f"  {name}: {_fact(value)}" for name, value in self.facts.items()]
        for name, found in self.labels.items():
            left = f"; leaves out {_fact(found['left_out'])}" if found["left_out"] else ""
            lines.append(f"  labels {name}: {found['clips']} clips ({_fact(found['classes'])}){left}")
        for finding in sorted(self.findings, key=lambda one: -LEVELS.index(one.level)):
            lines.append(f"  {finding.level:<7} {finding.kind}: {finding.text}")
            lines += [f"            {item}" for item in finding.items[:SHOWN]]
            if len(finding.items) > SHOWN:
                lines.append(f"            and {len(finding.items) - SHOWN} more (--json has all)")
        return "\n".join([*lines, f"verdict: {VERDICTS[self.level]}; {self.advice}"])


def _kinds(findings: list[Finding]) -> str:
    return listing([f"{one.kind} ({len(one.items) or 1})" for one in findings], 9)


def _fact(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {number}" for key, number in value.items()) or "none"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
