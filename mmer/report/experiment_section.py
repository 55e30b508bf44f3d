"""One experiment -> everything the page shows of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from mmer.report.audit_box import AuditBox, audit_box
from mmer.report.charts import Curve, ReliabilityDrawing, curve, reliability_drawing
from mmer.report.class_tables import ConfusionRow, PartTable, UnitRow, confusion_rows, part_tables, unit_rows
from mmer.report.clip_browser import BrowserBox
from mmer.report.dataset_section import by_reason
from mmer.report.gallery import Card, Gallery
from mmer.report.published import Result
from mmer.report.published_box import PublishedBox, published_box
from mmer.report.results import Measured
from mmer.report.saw_box import SawBox, saw_box
from mmer.report.score_charts import ScoreCharts, score_charts
from mmer.report.sentence import sentence
from mmer.report.standing import Standing, against_chance
from mmer.report.streams_box import StreamsBox, streams_box
from mmer.report.summary import Summary
from mmer.report.tuning_box import TuningBox, tuning_box
from mmer.report.wording import config_text, number_text


@dataclass(frozen=True)
class Section:
    """Everything the page shows of one experiment; of ``confusion`` and ``units`` only that of its kind is filled.

    Parameters
    ----------
    anchor : str
    summary : Summary
    sentence : str
        What a paper would print of it.
    verdict, chance : str
        How the main score compares with chance, in words, and in one (see ``against_chance``).
    standing : Standing or None
        Against the best on the same clips.
    cite : str
        The fingerprint in a line; empty where there is none.
    audit : AuditBox
    confusion : tuple of ConfusionRow
    units : tuple of UnitRow
    parts : tuple of PartTable
    fold_means : str
        The mean over folds in words, under its own name; empty where there is one fold, or where units are detected.
    ece, brier : float
    reliability : ReliabilityDrawing
    published : PublishedBox
    curves : tuple of Curve
    n_curves : int
    excluded : dict of str to list of str
    cards : list of Card
    browser : BrowserBox
    charts : ScoreCharts
    streams : StreamsBox or None
        Of an experiment with signals.
    tuning : TuningBox or None
        Of an experiment whose settings a search found.
    saw : SawBox or None
    config : str
    """

    anchor: str
    summary: Summary
    sentence: str
    verdict: str
    chance: str
    standing: Standing | None
    cite: str
    audit: AuditBox
    confusion: tuple[ConfusionRow, ...]
    units: tuple[UnitRow, ...]
    parts: tuple[PartTable, ...]
    fold_means: str
    ece: float
    brier: float
    reliability: ReliabilityDrawing
    published: PublishedBox
    curves: tuple[Curve, ...]
    n_curves: int
    excluded: dict[str, list[str]]
    cards: list[Card]
    browser: BrowserBox
    charts: ScoreCharts
    streams: StreamsBox | None
    tuning: TuningBox | None
    saw: SawBox | None
    config: str


def experiment_section(
    one: Measured,
    number: int,
    gallery: Gallery,
    published: Sequence[Result],
    synthetic: bool,
    standing: Standing | None = None,
) -> Section:
    """Put together what the page shows of one experiment.

    Parameters
    ----------
    one : Measured
    number : int
        Its place in the page.
    gallery : Gallery
        Makes its cards.
    published : sequence of Result
        All published results; those that match are shown.
    synthetic : bool
        Whether any of its corpora is synthetic.
    standing : Standing, optional
        Against the best on the same clips.
    """
    record, summary, apart = one.record, one.summary, one.breakdown
    panels = (
        curve(record.curves, "loss", "Training loss"),
        curve(record.curves, "accuracy", "Training accuracy", top=1.0),
    )
    units = summary.detection
    cards = gallery.cards(record)
    confusion = () if units else confusion_rows(record.predictions, apart.per_class)
    return Section(
        anchor=f"experiment-{number}",
        summary=summary,
        sentence=sentence(record, summary, synthetic),
        verdict=verdict(summary),
        chance=against_chance(summary),
        standing=standing,
        cite=record.fingerprint.line() if record.fingerprint else "",
        audit=audit_box(record),
        confusion=confusion,
        units=unit_rows(apart.per_class) if units else (),
        parts=part_tables(apart, summary),
        fold_means=_fold_means(one),
        ece=apart.ece,
        brier=apart.brier,
        reliability=reliability_drawing(apart.reliability),
        published=published_box(one, published, synthetic),
        curves=tuple(panel for panel in panels if panel is not None),
        n_curves=len(record.curves[["seed", "fold"]].drop_duplicates()),
        excluded=by_reason(dict(zip(record.excluded.clip_id, record.excluded.reason, strict=True))),
        cards=cards,
        browser=gallery.browser(record, cards),
        charts=score_charts(record.predictions, confusion),
        streams=streams_box(one),
        tuning=tuning_box(one),
        saw=saw_box(record),
        config=config_text(record.config),
    )


def verdict(summary: Summary) -> str:
    """Say in one phrase how the main score compares with chance."""
    prior, place = summary.baseline("prior"), against_chance(summary)
    low, high = (prior.scores[summary.main].draws if place and prior else None) or (0, 0)
    phrase = {
        "": "no random classifier to compare with",
        "above": f"above 95 % of random classifiers ({high:.3f})",
        "below": f"below 95 % of random classifiers ({low:.3f}); look for a swapped label or a bug",
        "within": f"not distinguishable from a random classifier ({low:.3f} to {high:.3f})",
    }[place]
    if constant := summary.baseline("constant"):
        phrase += f"; saying that every unit is present gives {number_text(constant.scores[summary.main].mean)}"
    return phrase


def _fold_means(one: Measured) -> str:
    """Write the mean over folds, which stands nowhere else in the page."""
    means, summary = one.breakdown.mean_over_folds, one.summary
    if not means or summary.folds < 2:
        return ""
    return ", ".join(
        f"{label} {number_text(means[f'mean_over_folds_{name}'])}" for name, label in summary.labels.items()
    )
