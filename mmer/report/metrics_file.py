"""The numbers of a report for programs: what ``artifacts/metrics.json`` holds."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from mmer.report.breakdown import Breakdown
from mmer.report.comparisons import by_experiment
from mmer.report.results import Measured, Results
from mmer.report.summary import Score, Summary

DIGITS = 6


def metrics_json(results: Results) -> dict[str, Any]:
    """Return all numbers as nested dicts of plain values, experiments sorted by name, floats rounded to 6 digits.

    Parameters
    ----------
    results : Results

    Returns
    -------
    dict
        Per experiment: the mean over runs of each score (``uf1``, ``uar``, ``accuracy``, ``weighted_f1``; for action
        units ``macro_f1``, ``micro_f1``, ``macro_auc``, ``micro_auc``, ``corpus_mean_f1``), pooled over folds; ``std``
        and ``interval`` of each; ``clips``, ``subjects``, ``folds``, ``seeds``, ``repeats``, ``classes``,
        ``absent_classes``; ``per_class``; ``per_dataset``, ``per_culture``, ``per_sex`` and ``per_fold`` where there
        are several; ``ece``, ``brier``; ``mean_over_folds_uf1`` and so on (not comparable with the pooled scores);
        ``baselines``; ``comparisons`` with each experiment on the same clips, ``difference`` being this one minus the
        other; of a tuned experiment ``tuning``: the search, its mode and score, the best inner score (mean over folds)
        and that on the outer test clips; of an experiment with signals ``signals`` (clips that have each), and of a
        fused one ``streams``: scores of every subset of its streams, and differences; and ``fingerprint`` with the hash
        of the ``splits``. What is not defined is null.
    """
    pairs = by_experiment(results.comparisons)
    numbers = {one.summary.name: _experiment(one, pairs.get(one.summary.name, {})) for one in results.experiments}
    return _plain(dict(sorted(numbers.items())))


def _experiment(one: Measured, pairs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    summary, fingerprint = one.summary, one.record.fingerprint
    result = _means(summary.scores) | {
        "std": {name: score.std for name, score in summary.scores.items()},
        "interval": _intervals(summary.scores),
        "clips": summary.clips,
        "subjects": summary.subjects,
        "folds": summary.folds,
        "seeds": summary.seeds,
        "repeats": summary.repeats,
        "classes": summary.classes,
        "absent_classes": list(summary.absent),
        "baselines": {
            baseline.name: _means(baseline.scores) | _some("interval", _intervals(baseline.scores))
            for baseline in summary.baselines
        },
    }
    result |= _breakdown(one.breakdown, summary)
    if pairs:
        kept = ("score", "difference", "low", "high", "permutation_p", "wilcoxon_p")
        kept += ("permutation_p_holm", "wilcoxon_p_holm", "subjects", "tied_subjects")
        result["comparisons"] = {other: {key: row[key] for key in kept} for other, row in sorted(pairs.items())}
    result |= _signals(one) | _tuning(one)
    if fingerprint is not None:
        result["fingerprint"] = {"splits": fingerprint.splits}
    return result


def _tuning(one: Measured) -> dict[str, Any]:
    """Return how far the search's own score was from that on clips it did not see."""
    found, tuning = one.record.tuning, one.tuning
    if found is None or tuning is None:
        return {}
    about = {"search": found.search, "mode": found.mode, "metric": found.metric, "trials": found.trials}
    return {"tuning": about | {"inner": tuning.inner, "outer": tuning.outer, "gap": tuning.gap}}


def _signals(one: Measured) -> dict[str, Any]:
    """Return who has which signal, and what each subset of the streams is worth."""
    streams, result = one.streams, {}
    for signal in one.record.signals:
        counts = {"clips": signal.clips, "missing": len(signal.missing)}
        result.setdefault("signals", {}).setdefault(signal.name, {})[signal.dataset] = counts
    if streams.subsets:
        result["streams"] = {
            "subsets": {
                "+".join(subset.streams): _means(subset.scores)
                | {"interval": _intervals(subset.scores)}
                | ({} if subset.gap is None else {"minus_all": asdict(subset.gap)})
                for subset in streams.subsets
            },
            "best_single": streams.best,
            "minus_best_single": asdict(streams.gain) if streams.gain else None,
            "against": [
                {"streams": list(row.streams), "other": row.other, "stream": row.stream, **asdict(row.gap)}
                for row in streams.against
            ],
        }
    return result


def _breakdown(apart: Breakdown, summary: Summary) -> dict[str, Any]:
    result: dict[str, Any] = {
        "per_class": apart.per_class.to_dict("index"),
        "ece": apart.ece,
        "brier": apart.brier,
        **apart.mean_over_folds,
    }
    for name, table in (("per_dataset", apart.per_corpus), ("per_fold", apart.per_fold)):
        if table is not None:
            result[name] = _rows(table, summary)
    for groups in apart.groups:
        smallest = {"name": groups.smallest, "clips": groups.smallest_clips, "subjects": groups.smallest_subjects}
        result[f"per_{groups.fact}"] = _rows(groups.table, summary)
        result[f"smallest_{groups.fact}"] = smallest | {"clips_without": groups.clips_without}
    return result


def _rows(table: pd.DataFrame, summary: Summary) -> dict[str, dict[str, Any]]:
    """Keep sizes, the scores of the kind, and what their means leave out."""
    out = ("absent", "without_f1", "without_auc")
    keep = [name for name in table if name in ("clips", "subjects", *summary.labels, *out)]
    return {
        str(index): {key: list(value) if key in out else value for key, value in row.items()}
        for index, row in table[keep].to_dict("index").items()
    }


def _means(scores: Mapping[str, Score]) -> dict[str, Any]:
    return {name: score.mean for name, score in scores.items()}


def _intervals(scores: Mapping[str, Score]) -> dict[str, Any]:
    return {name: dict(zip(("low", "high"), one.interval, strict=True)) for name, one in scores.items() if one.interval}


def _some(key: str, value: dict[str, Any]) -> dict[str, Any]:
    return {key: value} if value else {}


def _plain(value: Any) -> Any:
    """Round floats, write what is not a number as null, and turn numpy's numbers into Python's."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return round(value, DIGITS) + 0.0 if math.isfinite(value) else None  # + 0.0: no minus zero
    return value
