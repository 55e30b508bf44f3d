"""Audit one experiment: prove, as far as it can be proved, that no test information was used."""

import logging
import textwrap
from time import perf_counter

from mmer.stages import paths
from mmer.stages.audit_checks import findings
from mmer.stages.experiment import load_experiment
from mmer.stages.fingerprint import fingerprint
from mmer.types.audit import Audit, Finding
from mmer.types.errors import InputError
from mmer.types.predictions import load_predictions, predictions_digest

WIDTH = 110  # characters of a line

log = logging.getLogger("mmer")


def main(name: str, json: bool = False, permutations: int = 20, folds: int | None = None) -> int:
    """Write artifacts/audit/NAME.json and print what was found.

    Parameters
    ----------
    name : str
        An experiment with predictions.
    json : bool
        Print the json instead of a table.
    permutations : int
        Of the shuffle test, at least 20; 0 skips it.
    folds : int or None
        How many folds, those with the most test clips first, the poison test trains; 3 when left out.

    Returns
    -------
    int
        0 clean, 1 warnings, 2 leak.
    """
    if permutations and permutations < 20:
        raise InputError(f"--permutations must be at least 20, or 0 to skip the shuffle test, got {permutations}")
    if folds is not None and folds < 1:
        raise InputError(f"--folds must be at least 1, got {folds}")
    start = perf_counter()
    experiment, stored = load_experiment(name), load_predictions(paths.predictions(name))
    now, found = fingerprint(experiment), []
    for finding in findings(experiment, stored, now, permutations, folds):
        log.info("audit %s: %s %s", name, finding.check, finding.status)
        found.append(finding)
    seconds = round(perf_counter() - start, 1)
    audit = Audit(name, tuple(found), now.config, now.code, now.splits, seconds, predictions_digest(stored))
    audit.save(paths.audit(name))
    print(audit.to_json() if json else table(audit))
    return audit.exit_code


def table(audit: Audit) -> str:
    """Write an audit for a terminal."""
    lines = [f"audit of {audit.experiment}: {audit.status} ({audit.seconds:.0f} s, splits sha256:{audit.splits[:12]})"]
    lines += [_row(finding) for finding in audit.findings]
    return "\n".join([*lines, f"details: {paths.audit(audit.experiment)}; what each check proves: docs/audit.md"])


def _row(finding: Finding) -> str:
    head = f"  {finding.status:<8} {finding.check:<12} "
    return textwrap.fill(finding.summary, WIDTH, initial_indent=head, subsequent_indent=" " * len(head))
