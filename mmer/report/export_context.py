"""What stands around the scores as tables for papers: published results, streams, tuning, datasets, excluded clips."""

from collections.abc import Iterator, Sequence

from mmer.report.dataset_section import by_reason
from mmer.report.export import Export, bracketed, export, score_facts, span
from mmer.report.published import Result
from mmer.report.published_box import published_box
from mmer.report.records import DatasetRecord
from mmer.report.results import Results
from mmer.report.side_by_side import DASH, SideBySide
from mmer.report.wording import number_text, signed_text


def context_tables(
    results: Results, datasets: Sequence[DatasetRecord], published: Sequence[Result], models: SideBySide | None
) -> Iterator[Export | None]:
    """Make the tables, None in place of those that have no rows."""
    rendered = {name for one in datasets if one.synthetic for name in (one.name, *one.clips.dataset.unique())}
    yield _published(results, published, rendered)
    yield _streams(results, False)
    yield _streams(results, True)
    yield _against(results)
    yield _tuning(results)
    yield _tuned_folds(results)
    yield _datasets(results, datasets)
    yield _excluded(results, datasets)
    yield _models(models)


def _published(results: Results, published: Sequence[Result], rendered: set[str]) -> Export | None:
    """List what stands beside our scores in the page: of the same protocol, classes and corpora, on real clips."""
    rows = []
    for one in results.experiments:
        record = one.record
        own = {*map(str, record.config.get("datasets") or ()), *record.corpora}
        for table in published_box(one, published, bool(record.synthetic or own & rendered)).tables:
            where = {"experiment": one.summary.name, "evaluated_on": table.title}
            lines = [("this report", "", table.own, table.ours, "no", "")]
            lines += [(row.method, row.year, row.values, row.scores, row.selects, row.source) for row in table.rows]
            for method, year, values, texts, selects, source in lines:
                facts = where | {"method": method, "year": year}
                facts |= dict(zip(table.columns, values, strict=True))
                facts |= {"selected_on_test": selects, "source": source}
                shown = "; ".join(f"{label} {text}" for label, text in zip(table.columns, texts, strict=True))
                rows.append((facts, (one.summary.name, table.title, method, year, source, selects, shown)))
    head = ("Experiment", "On", "Method", "Year", "Source", "Selected on test", "Scores")
    note = (
        "“Selected on test” says whether the authors' code chose anything by the scores of the test clips; such scores "
        "are not comparable with ours."
    )
    return export("published", "Published results of the same protocol.", rows, head, left=7, note=note)


def _streams(results: Results, detection: bool) -> Export | None:
    part = [one for one in results.experiments if one.summary.detection is detection and one.streams.subsets]
    rows, labels = [], ()
    for one in part:
        labels = tuple(one.summary.labels[name] for name in one.streams.subsets[0].scores)
        for subset in one.streams.subsets:
            facts = {"experiment": one.summary.name, "streams": " + ".join(subset.streams)}
            for name, score in subset.scores.items():
                facts |= score_facts(name, score)
            gap = subset.gap
            if gap is not None:
                facts |= {"minus_all": gap.difference, "minus_all_low": gap.low, "minus_all_high": gap.high}
            text = "" if gap is None else f"{signed_text(gap.difference)} [{span(gap.low, gap.high, signed_text)}]"
            rows.append((facts, (facts["experiment"], facts["streams"], *map(bracketed, subset.scores.values()), text)))
    head = ("Experiment", "Streams", *labels, "Minus all streams")
    name, kind = ("streams_units", "action units") if detection else ("streams", "emotions")
    note = "The same trained models, tested with the other streams masked; 95 % bootstrap intervals over subjects."
    return export(name, f"What every subset of the streams is worth: {kind}.", rows, head, left=2, note=note)


def _against(results: Results) -> Export | None:
    rows = []
    for one in results.experiments:
        for row in one.streams.against:
            facts = {"experiment": one.summary.name, "streams": " + ".join(row.streams), "other": row.other}
            facts |= {"other_stream": row.stream, "difference": row.gap.difference}
            facts |= {"low": row.gap.low, "high": row.gap.high}
            gap = (signed_text(row.gap.difference), span(row.gap.low, row.gap.high, signed_text))
            rows.append((facts, (facts["experiment"], facts["streams"], row.other, row.stream, *gap)))
    head = ("Experiment", "Streams", "Against", "Stream", "Difference", "95 % interval")
    return export("streams_alone", "Fused models against models of one stream.", rows, head, left=4)


def _tuning(results: Results) -> Export | None:
    rows = []
    for one in results.experiments:
        found, tuning = one.record.tuning, one.tuning
        if found is None or tuning is None:
            continue
        facts = {"experiment": one.summary.name, "search": found.search, "mode": found.mode, "score": found.metric}
        facts |= {"trials": found.trials, "inner": tuning.inner, "outer": tuning.outer, "gap": tuning.gap}
        cells = (str(found.trials), number_text(tuning.inner), number_text(tuning.outer), signed_text(tuning.gap))
        rows.append((facts, (*list(facts.values())[:4], *cells)))
    head = ("Experiment", "Search", "Mode", "Score", "Trials", "Inner", "Outer", "Outer minus inner")
    note = "The inner score is the best of the trials, chosen by this very score: no result. Report the outer one."
    return export("tuning", "Searches and what they promised.", rows, head, left=4, note=note)


def _tuned_folds(results: Results) -> Export | None:
    rows = []
    for one in results.experiments:
        for row in one.tuning.folds if one.tuning else ():
            facts = {"experiment": one.summary.name, "fold": row.fold, "clips": row.clips}
            facts |= {"inner": row.inner, "outer": row.outer, "settings": " ".join(row.overrides)}
            cells = (facts["settings"], str(row.clips), number_text(row.inner), number_text(row.outer))
            rows.append((facts, (one.summary.name, row.fold, *cells)))
    head = ("Experiment", "Fold", "Settings", "Clips", "Inner", "Outer")
    return export("tuning_folds", "What the searches chose, fold by fold.", rows, head, left=3)


def _datasets(results: Results, datasets: Sequence[DatasetRecord]) -> Export | None:
    rows = []
    for one in datasets:
        clips = one.clips
        using = [found.summary.name for found in results.experiments if one.name in found.record.config["datasets"]]
        facts = {"dataset": one.name, "clips": len(clips), "subjects": int(clips.subject.nunique())}
        facts |= {"emotion_words": int(clips.emotion.nunique()), "synthetic": one.synthetic}
        facts |= {"without_motion": 0 if one.motion is None else len(one.motion.excluded), "used_by": " ".join(using)}
        words = one.name + (" (synthetic)" if one.synthetic else "")
        counts = (str(facts[key]) for key in ("clips", "subjects", "emotion_words", "without_motion"))
        rows.append((facts, (words, ", ".join(using) or DASH, *counts)))
    head = ("Dataset", "Used by", "Clips", "Subjects", "Emotion words", "Clips without motion")
    return export("datasets", "Datasets before any clip is left out.", rows, head, left=2)


def _excluded(results: Results, datasets: Sequence[DatasetRecord]) -> Export | None:
    """One row per reason for people, with the clips named for programs."""
    rows = []
    for one in results.experiments:
        table = one.record.excluded
        reasons = by_reason(dict(zip(table.clip_id, table.reason, strict=True)))
        for reason, clips in reasons.items():
            facts = {"experiment": one.summary.name, "reason": reason, "count": len(clips), "clips": " ".join(clips)}
            rows.append((facts, (one.summary.name, reason, str(len(clips)))))
    return export("excluded", "Clips left out, and why.", rows, ("Experiment", "Reason", "Clips"), left=2)


def _models(models: SideBySide | None) -> Export | None:
    if models is None:
        return None
    rows = []
    for row in (*models.baselines, *models.rows):
        facts = {"model": row.name, "recipe": row.recipe, "parameters": row.parameters}
        cells = []
        for column, cell in zip(models.columns, row.cells, strict=True):
            if cell is not None:
                facts |= score_facts(f"{models.score} {column}", cell.score)
            cells.append(DASH if cell is None else bracketed(cell.score))
        rows.append((facts, (row.name, row.recipe, row.parameters, *cells)))
    head = ("Model", "Recipe", "Parameters", *(f"{models.score}, {column}" for column in models.columns))
    return export("models", "Models under the same protocols.", rows, head, left=2, note=models.note)
