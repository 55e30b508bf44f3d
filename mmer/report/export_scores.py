"""The scores of a report as tables for papers: experiments, baselines, classes, subjects, parts, and paired tests."""

from collections.abc import Iterator, Mapping, Sequence

from mmer.metrics.scores import per_subject
from mmer.report.breakdown import Breakdown
from mmer.report.comparisons import READING, Comparison
from mmer.report.export import Export, bracketed, export, score_facts, span
from mmer.report.results import Measured, Results
from mmer.report.standing import ALPHA, Standing, standings
from mmer.report.summary import EMOTIONS, UNITS, Summary
from mmer.report.wording import count_text, number_text, p_text, signed_text

POOLED = (
    "Scores pooled over folds, means over runs (± standard deviation where there are several runs); in brackets the "
    "95 % bootstrap interval over subjects."
)
DAGGER = (
    "Bold: the best of the experiments on the same test clips. †: worse than that one by the paired permutation test "
    "over subjects, p < 0.05 after Holm's correction over all pairs on these clips."
)


def score_tables(results: Results) -> Iterator[Export | None]:
    """Make the tables, None in place of those that have no rows."""
    places = standings(results)
    for kind, labels, detection in (("", EMOTIONS, False), ("_units", UNITS, True)):
        part = [one for one in results.experiments if one.summary.detection is detection]
        what = "action unit detection" if detection else "emotion recognition"
        yield _experiments(f"experiments{kind}", f"Experiments: {what}.", part, labels, places)
        yield _baselines(f"baselines{kind}", f"Baselines on the same test clips: {what}.", part, labels)
        yield _parts(f"parts{kind}", f"Scores by corpus, group of people and fold: {what}.", part, labels)
    yield _classes([one for one in results.experiments if not one.summary.detection])
    yield _units([one for one in results.experiments if one.summary.detection])
    yield _subjects([one for one in results.experiments if not one.summary.detection])
    yield _comparisons(results.comparisons)


def _experiments(
    name: str, caption: str, part: Sequence[Measured], labels: dict[str, str], places: Mapping[str, Standing]
) -> Export | None:
    rows = []
    for one in part:
        summary = one.summary
        own = summary.name
        facts = {"experiment": own, **summary.choices, "corpora": " ".join(summary.datasets)}
        facts |= {key: getattr(summary, key) for key in ("clips", "subjects", "folds", "seeds", "repeats")}
        for score in labels:
            facts |= score_facts(score, summary.scores[score])
        place = places.get(own)
        facts |= {"best_on_these_clips": place.best, "minus_best": place.difference, "p_holm": place.p} if place else {}
        facts |= {"ece": one.breakdown.ece, "brier": one.breakdown.brier}
        cells = [bracketed(summary.scores[score]) for score in labels]
        if place and place.best == own:
            cells[0] = f"**{cells[0]}**"
        elif place and place.worse:
            cells[0] += "^†^"
        shown = (own, summary.choices["model"], summary.choices["protocol"], " + ".join(summary.datasets))
        rows.append((facts, (*shown, str(summary.clips), str(summary.subjects), *cells)))
    head = ("Experiment", "Model", "Protocol", "Tested on", "Clips", "Subjects", *labels.values())
    return export(name, caption, rows, head, left=4, note=f"{POOLED} {DAGGER}")


def _baselines(name: str, caption: str, part: Sequence[Measured], labels: dict[str, str]) -> Export | None:
    rows = []
    for one in part:
        for baseline in one.summary.baselines:
            facts = {"experiment": one.summary.name, "baseline": baseline.name, "oracle": baseline.oracle}
            facts["draws"] = baseline.draws
            cells = []
            for score in labels:
                found = baseline.scores[score]
                low, high = found.draws or (float("nan"), float("nan"))
                facts |= score_facts(score, found) | {f"{score}_p05": low, f"{score}_p95": high}
                cells.append(number_text(found.mean) + (f" [{span(*found.bar)}]" if found.bar else ""))
            label = baseline.label + (" (oracle)" if baseline.oracle else "")
            rows.append((facts, (one.summary.name, label, str(baseline.draws), *cells)))
    note = (
        "In brackets the 95 % bootstrap interval over subjects; of a baseline with several draws the 5th and 95th "
        "percentile over the draws. An oracle reads what people annotated in the test clips: a bound, not a result."
    )
    return export(name, caption, rows, ("Experiment", "Baseline", "Draws", *labels.values()), left=2, note=note)


def _classes(part: Sequence[Measured]) -> Export | None:
    rows = []
    for one in part:
        for label, row in one.breakdown.per_class.to_dict("index").items():
            facts = {"experiment": one.summary.name, "class": str(label), **row}
            cells = (number_text(row[key]) for key in ("precision", "recall", "f1"))
            rows.append((facts, (one.summary.name, str(label), str(int(row["support"])), *cells)))
    head = ("Experiment", "Class", "Clips", "Precision", "Recall", "F1")
    return export("classes", "Scores by class.", rows, head, left=2, note="Means over runs of the pooled counts.")


def _units(part: Sequence[Measured]) -> Export | None:
    rows = []
    for one in part:
        for label, row in one.breakdown.per_class.to_dict("index").items():
            facts = {"experiment": one.summary.name, "unit": str(label), **row}
            cells = (number_text(row[key]) for key in ("precision", "recall", "f1", "auc"))
            sizes = (str(int(row["support"])), str(int(row["clips"])))
            rows.append((facts, (one.summary.name, str(label), *sizes, *cells)))
    head = ("Experiment", "Unit", "Clips that show it", "Annotated clips", "Precision", "Recall", "F1", "AUC")
    return export("units", "Scores by action unit.", rows, head, left=2, note="Means over runs of the pooled counts.")


def _subjects(part: Sequence[Measured]) -> Export | None:
    rows = []
    for one in part:
        for row in per_subject(one.record.predictions).to_dict("records"):
            cells = (str(row["clips"]), count_text(row["correct"]), number_text(row["accuracy"]))
            rows.append(({"experiment": one.summary.name, **row}, (one.summary.name, row["subject"], *cells)))
    head = ("Experiment", "Subject", "Clips", "Right", "Accuracy")
    return export("subjects", "Right predictions by subject.", rows, head, left=2, note="Means over runs.")


def _parts(name: str, caption: str, part: Sequence[Measured], labels: dict[str, str]) -> Export | None:
    shown = {score: label for score, label in labels.items() if score != "corpus_mean_f1"}
    rows = []
    for one in part:
        for kind, table in _kinds(one.breakdown, one.summary):
            for index, row in table.to_dict("index").items():
                facts = {"experiment": one.summary.name, "by": kind, "part": str(index)}
                facts |= {"clips": int(row["clips"]), "subjects": int(row["subjects"])}
                facts |= {score: row.get(score, float("nan")) for score in shown}
                cells = (number_text(facts[score]) for score in shown)
                texts = (one.summary.name, kind, str(index), str(facts["clips"]), str(facts["subjects"]), *cells)
                rows.append((facts, texts))
    head = ("Experiment", "By", "Part", "Clips", "Subjects", *shown.values())
    return export(name, caption, rows, head, left=3, note="Each part is scored alone; classes it lacks are left out.")


def _kinds(apart: Breakdown, summary: Summary) -> Iterator[tuple[str, object]]:
    """Name the tables of parts: as those of the page."""
    if apart.per_corpus is not None:
        yield "corpus", apart.per_corpus
    for groups in apart.groups:
        yield groups.fact, groups.table
    if apart.per_fold is not None and not apart.folds_are_corpora:
        yield "fold", apart.per_fold


def _comparisons(groups: Sequence[Comparison]) -> Export | None:
    rows = []
    for group in groups:
        for row in group.table.to_dict("records"):
            facts = {**row, "clips": group.clips}
            interval = "–" if row["low"] != row["low"] else span(row["low"], row["high"], signed_text)
            cells = [number_text(row["score_a"]), number_text(row["score_b"]), signed_text(row["difference"])]
            cells.append(interval)
            for test in ("permutation", "wilcoxon"):
                corrected = p_text(row[f"{test}_p_holm"])
                found = row[f"{test}_p_holm"] < ALPHA
                cells += [p_text(row[f"{test}_p"]), f"**{corrected}**" if found else corrected]
            size = f"{group.clips} / {group.subjects}"
            rows.append((facts, (row["a"], row["b"], group.label, size, *cells)))
    head = ("First", "Second", "Score", "Clips / subjects", "First", "Second", "Difference", "95 % interval")
    head += ("Permutation p", "Holm", "Wilcoxon p", "Holm")
    return export(
        "comparisons", "Paired tests between experiments on the same test clips.", rows, head, left=3, note=READING
    )
