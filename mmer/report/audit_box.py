"""Audit and fingerprint of one experiment -> what the page says of them."""

from dataclasses import dataclass

from mmer.report.records import ExperimentRecord
from mmer.report.summary import EMOTIONS, UNITS
from mmer.report.wording import number_text
from mmer.types.audit import Audit
from mmer.types.predictions import predictions_digest

CHECKS = {
    "ledger": "what was fitted on which clips",
    "search": "how the settings were chosen",
    "poison": "poisoned test labels",
    "shuffle": "shuffled training labels",
    "duplicates": "equal pictures on both sides",
    "oracle_gap": "oracle gap",
    "annotations": "annotations as input",
    "artifacts": "stored artifacts",
}
STATUS = {
    "clean": "No leak was found.",
    "warning": "No leak was found, with warnings.",
    "leak": "A leak was found: do not report these scores.",
}
WHAT_DIFFERS = {
    "config": "the config",
    "code": "the code",
    "splits": "the folds",
    "predictions": "the stored predictions",
}


@dataclass(frozen=True)
class OracleGap:
    """Scores of the honest and of the forbidden choice of the epoch.

    Parameters
    ----------
    names : tuple of str
        What the scores are called.
    honest, peeked : tuple of str
        Score by score.
    seed : str
        The one that was trained, where the audit says so.
    """

    names: tuple[str, ...]
    honest: tuple[str, ...]
    peeked: tuple[str, ...]
    seed: str


@dataclass(frozen=True)
class AuditBox:
    """What the page says of an audit.

    Parameters
    ----------
    status, verdict : str
        ``clean``, ``warning`` or ``leak``, ``none`` where nobody audited; and a sentence.
    command : str
        The command that makes or renews it.
    stale : str
        Why the audit is of another state; empty where it is of this one.
    findings : tuple of (check, status, summary)
    gap : OracleGap or None
    """

    status: str
    verdict: str
    command: str
    stale: str
    findings: tuple[tuple[str, str, str], ...] = ()
    gap: OracleGap | None = None


def audit_box(record: ExperimentRecord) -> AuditBox:
    """Say what the audit of an experiment found, and whether it is of its present state."""
    command, audit = record.audit_command or f"mmer audit {record.name}", record.audit
    if audit is None:
        return AuditBox("none", "Not audited.", command, "")
    return AuditBox(
        status=audit.status,
        verdict=STATUS[audit.status],
        command=command,
        stale=_stale(audit, record),
        findings=tuple((CHECKS.get(one.check, one.check), one.status, one.summary) for one in audit.findings),
        gap=_gap(audit),
    )


def _stale(audit: Audit, record: ExperimentRecord) -> str:
    if record.fingerprint is None:
        return (
            "There is no fingerprint of the experiment, so nobody can tell whether the audit is of its present state."
        )
    changed = audit.changed(record.fingerprint, predictions_digest(record.predictions))
    if not changed:
        return ""
    *most, last = [WHAT_DIFFERS[name] for name in changed]
    return f"The audit is of an earlier state: {', '.join(most) + ' and ' if most else ''}{last} changed since."


def _gap(audit: Audit) -> OracleGap | None:
    """Read the scores behind the finding ``oracle_gap``; None where there are none."""
    details = next((one.details for one in audit.findings if one.check == "oracle_gap"), {})
    honest, peeked = details.get("honest"), details.get("peeked")
    if not (isinstance(honest, dict) and isinstance(peeked, dict)):
        return None
    labels = EMOTIONS | UNITS
    names = [name for name in labels if name in honest and name in peeked]
    texts = [tuple(number_text(float(scores[name])) for name in names) for scores in (honest, peeked)]
    seed = f"seed {details['seed']}" if "seed" in details else ""
    return OracleGap(tuple(labels[name] for name in names), *texts, seed) if names else None
