"""One experiment -> the sentence that a paper would print of it."""

from mmer.report.records import ExperimentRecord
from mmer.report.summary import Summary
from mmer.report.wording import interval_text, many, number_text
from mmer.types.fingerprint import SHORT

SHOWN = {False: ("uf1", "uar"), True: ("macro_f1", "micro_f1")}


def sentence(record: ExperimentRecord, summary: Summary, synthetic: bool) -> str:
    """Say what was tested, how good it was, how sure that is, and better than what.

    Parameters
    ----------
    record : ExperimentRecord
    summary : Summary
    synthetic : bool
        Whether any of its corpora is synthetic; the sentence then says so, for it may be copied without the page.

    Returns
    -------
    str
        Every number is of the page's tables; what is not known is left out.
    """
    return (
        f"On {_clips(record, summary, synthetic)}, the model {summary.choices['model']} ({summary.name}) reached "
        f"{_scores(summary)}, {_pooled(summary)}{_baselines(summary)}{_hash(record)}."
    )


def _clips(record: ExperimentRecord, summary: Summary, synthetic: bool) -> str:
    """Write how many clips of whom were tested, and what else was trained on."""
    kind = "synthetic clips" if synthetic else "clips"
    what = "showing" if summary.detection else "labelled"
    classes = ", ".join(f"{name} {count}" for name, count in summary.classes.items())
    others = [name for name in record.corpora if name not in summary.datasets]
    trained = f", after training on {_listed(others)}" if others else ""
    return (
        f"{summary.clips} {kind} of {many(summary.subjects, 'subject')} of {_listed(list(summary.datasets))} "
        f"({what} {classes}){trained}"
    )


def _scores(summary: Summary) -> str:
    def one(name: str) -> str:
        score = summary.scores[name]
        spread = f" ± {score.std:.3f}" if score.runs > 1 and score.std == score.std else ""
        interval = interval_text(score)
        return (
            f"{summary.labels[name]} {number_text(score.mean)}{spread}"
            f"{f' (95 % interval {interval})' if interval else ''}"
        )

    return " and ".join(one(name) for name in SHOWN[summary.detection])


def _pooled(summary: Summary) -> str:
    """Write the protocol and over what the scores are pooled and averaged."""
    seeds = many(summary.seeds, "seed")
    runs = f"{many(summary.repeats, 'repeat')} of {seeds}" if summary.repeats > 1 else seeds
    folds = f"pooled over {many(summary.folds, 'fold')}" if summary.folds > 1 else "in one fold"
    means = f" and averaged over {runs}" if summary.runs > 1 else ", one seed"
    return f"{folds} of the protocol {summary.choices['protocol']}{means}"


def _baselines(summary: Summary) -> str:
    main = summary.main
    said = []
    if (constant := summary.baseline("constant")) is not None:
        said.append(f"saying that every unit is present gives {number_text(constant.scores[main].mean)}")
    elif (majority := summary.baseline("majority")) is not None:
        said.append(f"the most frequent class alone gives {number_text(majority.scores[main].mean)}")
    prior = summary.baseline("prior")
    if prior is not None and (draws := prior.scores[main].draws) is not None:
        said.append(f"drawing by training frequencies at most {draws[1]:.3f} in 95 % of draws")
    return f"; of {summary.labels[main]}, {' and '.join(said)}" if said else ""


def _hash(record: ExperimentRecord) -> str:
    if record.fingerprint is None:
        return ""
    version = record.fingerprint.versions.get("mmer")
    by = f" (mmer {version}; " if version else " ("
    return f"{by}folds sha256:{record.fingerprint.splits[:SHORT]}, config sha256:{record.fingerprint.config[:SHORT]})"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
