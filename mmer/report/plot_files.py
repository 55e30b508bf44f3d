"""The numbers of a report as small tables that ``dvc plots`` draws, and compares between commits and experiments."""

from collections.abc import Iterator, Sequence

import pandas as pd

from mmer.report.records import ExperimentRecord
from mmer.report.results import Results

POINTS = 100  # of a learning curve


def plot_files(results: Results) -> Iterator[tuple[str, str]]:
    """Write the tables of all experiments.

    Yields
    ------
    path : str
        Below the folder of plots; one folder per kind of drawing, one file per experiment, or one for all.
    text : str
        csv.
    """
    yield "scores.csv", _csv(_scores(results), ("experiment", "score", "low", "high"))
    for one in results.experiments:
        name, table = one.summary.name, one.record.predictions
        yield f"confusion/{name}.csv", _csv(table[["predicted", "truth"]].to_dict("records"), ("predicted", "truth"))
        yield f"learning/{name}.csv", _csv(_curve(one.record), ("epoch", "loss", "accuracy"))
        bins = one.breakdown.reliability
        rows = bins[bins.rows > 0][["confidence", "frequency", "rows"]].to_dict("records")
        yield f"reliability/{name}.csv", _csv(rows, ("confidence", "frequency", "rows"))


def _scores(results: Results) -> Iterator[dict[str, object]]:
    for one in results.experiments:
        score = one.summary.scores[one.summary.main]
        low, high = score.interval or (score.mean, score.mean)
        yield {"experiment": one.summary.name, "score": score.mean, "low": low, "high": high}


def _curve(record: ExperimentRecord) -> list[dict[str, object]]:
    """Return the median over folds and seeds at each epoch; at most ``POINTS`` of them."""
    table = record.curves
    if not len(table):
        return []
    numbers = table.assign(**{name: pd.to_numeric(table[name]) for name in ("epoch", "loss", "accuracy")})
    medians = numbers.groupby("epoch", sort=True)[["loss", "accuracy"]].median().reset_index()
    step = -(-len(medians) // POINTS)
    return medians.iloc[::step].to_dict("records")


def _csv(rows: Sequence[dict[str, object]] | Iterator[dict[str, object]], columns: tuple[str, ...]) -> str:
    return pd.DataFrame(list(rows), columns=list(columns)).to_csv(index=False, lineterminator="\n")
