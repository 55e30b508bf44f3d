"""All files of a report that lie beside its page: tables, figures and methods for papers, and tables for dvc plots."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmer.report import latex
from mmer.report.export_context import context_tables
from mmer.report.export_scores import score_tables
from mmer.report.figures import figures
from mmer.report.methods import methods, tex_of, text_of
from mmer.report.plot_files import plot_files
from mmer.report.published import Result
from mmer.report.records import DatasetRecord
from mmer.report.results import Results
from mmer.report.side_by_side import SideBySide

FOLDERS = ("tables", "figures", "methods", "plots")


@dataclass(frozen=True)
class Described:
    """The methods of one experiment: its name, where they are in the page, and paragraphs of (title, text)."""

    name: str
    anchor: str
    paragraphs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Exports:
    """The files, and what the page says of them.

    Parameters
    ----------
    files : dict of str to bytes
        Path relative to the page -> content.
    tables : tuple of (stem, caption, rows)
    figures : tuple of str
        Stems.
    methods : tuple of Described
    """

    files: dict[str, bytes]
    tables: tuple[tuple[str, str, int], ...]
    figures: tuple[str, ...]
    methods: tuple[Described, ...]


def exports(
    results: Results,
    datasets: Sequence[DatasetRecord],
    sections: Mapping[str, Mapping[str, Any]],
    published: Sequence[Result] = (),
    models: SideBySide | None = None,
) -> Exports:
    """Make every file.

    Parameters
    ----------
    results : Results
    datasets : sequence of DatasetRecord
    sections : mapping of str to mapping
        Resolved config of each dataset.
    published : sequence of Result
    models : SideBySide or None

    Returns
    -------
    Exports
        The same bytes for the same input.
    """
    found = [*score_tables(results), *context_tables(results, datasets, published, models)]
    tables = [table for table in found if table is not None]
    files: dict[str, bytes] = {}
    for table in tables:
        files[f"tables/{table.name}.csv"] = table.csv().encode()
        files[f"tables/{table.name}.tex"] = table.tex().encode()
    if tables:
        files["tables/all.tex"] = latex.document([table.name for table in tables]).encode()
    # A table of models has too many experiments for a picture of each, and its own picture is its table.
    drawn = {} if models else dict(figures(results))
    files |= {f"figures/{name}": content for name, content in drawn.items()}
    rendered = {name for one in datasets if one.synthetic for name in (one.name, *one.clips.dataset.unique())}
    described = []
    for number, one in enumerate(results.experiments, 1):
        name = one.summary.name
        own = {*map(str, one.record.config.get("datasets") or ()), *one.record.corpora}
        paragraphs = methods(one, sections, synthetic=bool(one.record.synthetic or own & rendered))
        described.append(Described(name, f"methods-{number}", paragraphs))
        files[f"methods/{name}.txt"] = text_of(name, paragraphs).encode()
        files[f"methods/{name}.tex"] = tex_of(name, paragraphs).encode()
    files |= {f"plots/{path}": text.encode() for path, text in plot_files(results)}
    return Exports(
        files=files,
        tables=tuple((table.name, table.caption, len(table.texts)) for table in tables),
        figures=tuple(sorted({name.rpartition(".")[0] for name in drawn})),
        methods=tuple(described),
    )
