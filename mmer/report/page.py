"""Results -> one HTML file that needs nothing else: no network, no script or picture beside it."""

from collections.abc import Mapping, Sequence

from mmer.report.about_box import about_box
from mmer.report.assets import environment, frame
from mmer.report.comparisons import READING
from mmer.report.dataset_section import dataset_section
from mmer.report.experiment_section import Section, experiment_section
from mmer.report.exports import Exports
from mmer.report.gallery import Gallery
from mmer.report.pictures import wheel_picture
from mmer.report.published import Result
from mmer.report.records import DatasetRecord, ExperimentRecord
from mmer.report.results import Results
from mmer.report.side_by_side import SideBySide
from mmer.report.stage_cost import StageRecord
from mmer.report.standing import READING as MARKS
from mmer.report.standing import standings
from mmer.report.streams_table import streams_table
from mmer.report.summary import EMOTIONS, UNITS
from mmer.report.wording import bytes_text, count_text, interval_text, number_text, p_text, score_text, signed_text

FILTERS = {
    "score": score_text,
    "interval": interval_text,
    "number": number_text,
    "count": count_text,
    "bytes": bytes_text,
    "signed": signed_text,
    "p_value": p_text,
}


def render(
    results: Results,
    datasets: Sequence[DatasetRecord],
    about: Mapping[str, str],
    published: Sequence[Result] = (),
    models: SideBySide | None = None,
    stages: Sequence[StageRecord] = (),
    exports: Exports | None = None,
) -> str:
    """Render the report.

    Parameters
    ----------
    results : Results
        Experiments in the order of the page; none is fine, the page then says so.
    datasets : sequence of DatasetRecord
    about : mapping of str to str
        Facts for the end of the page, shown in this order (versions, commit). Two keys have a meaning of their own:
        ``title``, and ``synthetic``, a sentence that replaces the one on synthetic data at the top of the page.
    published : sequence of Result
        Published results; those of the same protocol, classes and corpora are shown beside an experiment on real data.
    models : SideBySide or None
        A table of models, which then stands before the experiments.
    stages : sequence of StageRecord
        Every stage of the pipeline, with what it took where that is known.
    exports : Exports or None
        The files that lie beside the page.

    Returns
    -------
    str
        The same text for the same input.
    """
    gallery = Gallery(datasets)
    rendered = {name for one in datasets if one.synthetic for name in (one.name, *one.clips.dataset.unique())}
    sections, against = [], standings(results)
    for number, one in enumerate(results.experiments, 1):
        synthetic = bool(about.get("synthetic") or rendered & _names(one.record) or one.record.synthetic)
        sections.append(experiment_section(one, number, gallery, published, synthetic, against.get(one.summary.name)))
    templates = environment()
    templates.filters.update(FILTERS)
    kinds = (("Recognition of emotions", EMOTIONS, False), ("Detection of action units", UNITS, True))
    return templates.get_template("report.html.jinja").render(
        title=about.get("title", "Micro-expression recognition: results"),
        lead=_lead(results),
        synthetic=_synthetic(datasets, results, about),
        sections=sections,
        models=models,
        streams=streams_table(results) if len(results.experiments) > 1 else None,
        tables=[
            (title, names, part)
            for title, names, detection in kinds
            if (part := [section for section in sections if section.summary.detection is detection])
        ],
        comparisons=results.comparisons,
        reading=READING,
        marks=MARKS,
        choices=_filters(sections),
        datasets=[dataset_section(record, number) for number, record in enumerate(datasets, 1)],
        about={name: text for name, text in about.items() if name not in ("title", "synthetic")},
        clips=gallery.shared(),
        pictures=gallery.pictures,
        wheel=wheel_picture(),
        exports=exports,
        box=about_box([one.record for one in results.experiments], stages),
        **frame(),
    )


def _filters(sections: Sequence[Section]) -> dict[str, tuple[str, list[str]]]:
    """Return what the table of experiments can be filtered by and has several of: key -> (words, values)."""
    found = {
        "corpus": ("Corpus", {name for one in sections for name in one.summary.datasets}),
        "protocol": ("Protocol", {one.summary.choices["protocol"] for one in sections}),
        "model": ("Model", {one.summary.choices["model"] for one in sections}),
        "kind": ("Kind", {"action units" if one.summary.detection else "emotions" for one in sections}),
    }
    return {key: (words, sorted(values)) for key, (words, values) in found.items() if len(values) > 1}


def _names(record: ExperimentRecord) -> set[str]:
    """Return the names of an experiment's datasets: of the entries, and of the corpora."""
    return {*map(str, record.config.get("datasets") or ()), *record.corpora}


def _lead(results: Results) -> str:
    """Say in one sentence what the page covers."""
    if not results.experiments:
        return "No experiment has predictions yet."
    tables = [one.record.predictions for one in results.experiments]
    corpora = sorted({name for table in tables for name in table.dataset})
    clips = {name for table in tables for name in table.clip_id}
    subjects = {name for table in tables for name in table.subject}
    many = "s" if len(tables) > 1 else ""
    return (
        f"{len(tables)} experiment{many} on {', '.join(corpora)}: {len(clips)} test clips of {len(subjects)} subjects. "
        "Every number comes from the stored predictions, pooled over all folds and averaged over runs (seeds and "
        "repeats)."
    )


def _synthetic(datasets: Sequence[DatasetRecord], results: Results, about: Mapping[str, str]) -> str:
    """Return the sentence on synthetic data, empty where all data are real."""
    if about.get("synthetic"):
        return about["synthetic"]
    names = [one.name for one in datasets if one.synthetic]
    names = names or [one.summary.name for one in results.experiments if one.record.synthetic]
    if not names:
        return ""
    return (
        f"Synthetic data: the clips of {', '.join(names)} are rendered. These scores show that the pipeline works; "
        "they say nothing about recognising real micro-expressions."
    )
