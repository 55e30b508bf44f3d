"""Published results as data (``mmer/report/published/*.yaml``), and which of them may stand beside an experiment."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from mmer.report import published_rows
from mmer.report.published_rows import POOLED, ROW, Correction, check_corpus, check_direction, require
from mmer.types.errors import InputError, listing

FOLDER = Path(__file__).parent / "published"


@dataclass(frozen=True)
class Result:
    """One method, evaluated once: under one protocol, on one corpus or on several together.

    Parameters
    ----------
    file : str
        Stem of the yaml.
    method : str
    year : int or None
        As the source prints it.
    ref : str
        Citation or repository, as the source prints it.
    reference : int or None
        Number in the survey's list of references.
    tag : str
        What the row was read from: ``survey``, ``L21`` (the table of Li et al., TAFFC 2022), ``code`` (released code,
        its README or issues), ``paper``, or ``second-hand`` (quoted by another paper).
    input : str or None
    protocol, printed_protocol : str or None
        Name of our protocol; the source's own words where none of ours fits.
    corpora : tuple of str
        Sorted. For ``cross_dataset`` one direction, as ``direction`` writes it. Empty where the source has no scores.
    classes : int or None
        None: not stated, or the sources disagree. Such a row stands beside no experiment.
    labels : str or None
        Name of our label scheme, where the source says which classes.
    scores : dict of str to dict of str to float
        Corpus, or ``pooled`` over all corpora of a composite -> score -> value from 0 to 1.
    parameters : int or None
        How many the model has.
    seconds : float or None
        Execution time as the survey's supplement states it.
    selects_on_test : bool or None
        Whether the epoch (or anything else) was chosen by the scores of the test clips. None: no code shows it.
    evidence, note : str
    corrected : tuple of str
        Fields that differ from what the source prints; ``corrections`` has the reasons.
    """

    file: str
    method: str
    year: int | None
    ref: str
    reference: int | None
    tag: str
    input: str | None
    protocol: str | None
    printed_protocol: str | None
    corpora: tuple[str, ...]
    classes: int | None
    labels: str | None
    scores: dict[str, dict[str, float]]
    parameters: int | None
    seconds: float | None
    selects_on_test: bool | None
    evidence: str
    note: str
    corrected: tuple[str, ...]

    @property
    def headline(self) -> dict[str, float]:
        """The scores over all clips of the result: pooled, or of its only corpus. Empty where only parts are known."""
        return self.scores.get(POOLED if len(self.corpora) != 1 else self.corpora[0], {})


def load(folder: str | Path = FOLDER) -> tuple[Result, ...]:
    """Read and check every published result, in the order of file names and rows.

    Raises
    ------
    InputError
        A file is no yaml of plain values, a key is unknown, a value has the wrong type or range, a result occurs twice,
        or a correction and its row disagree. The message names the file and the row.
    """
    found: dict[tuple, str] = {}
    results = []
    for path in published_rows.files(folder):
        head = published_rows.read(path)
        changed = [(item.ref, item.field) for item in published_rows.corrections(path, head)]
        for where, row in published_rows.rows(path, head):
            fields_changed = tuple(field for ref, field in changed if ref == row["ref"])
            for result in _results(path.stem, row, head["schemes"], fields_changed, where):
                key = (result.method, result.ref, result.protocol, result.printed_protocol)
                key += (result.classes, result.labels, result.corpora)
                if key in found:
                    raise InputError(f"{where}: the same result stands in {found[key]}; keep one of the two")
                found[key] = where
                results.append(result)
    return tuple(results)


def corrections(folder: str | Path = FOLDER) -> tuple[Correction, ...]:
    """Read every misprint that the data corrects. Raises as ``load`` does."""
    return tuple(
        item
        for path in published_rows.files(folder)
        for item in published_rows.corrections(path, published_rows.read(path))
    )


def matching(
    protocol: str,
    classes: int,
    labels: str,
    corpora: Iterable[str],
    results: Sequence[Result] | None = None,
) -> tuple[Result, ...]:
    """Return the published results that may stand beside an experiment: same protocol, classes and corpora only.

    A result that does not state its protocol or number of classes is never returned. One that states its classes by
    number alone is returned for every scheme of that many classes; its ``labels`` is None, and a page should say so.

    Nothing here knows whether the experiment ran on real clips: a synthetic release carries the name of its corpus.
    Print what ``remark(..., synthetic=True)`` says beside the rows, or leave them out.

    Parameters
    ----------
    protocol : str
        File stem in conf/protocol. The folds of ``cross_dataset_pairs`` are asked for one by one, as ``cross_dataset``.
    classes : int
        Number of classes of the experiment's label scheme (2 for the detection of action units: absent and present).
    labels : str
        Name of that scheme.
    corpora : iterable of str
        All datasets of the experiment, in any order: exactly those of the published result, so MEGC2019 needs casme2,
        samm and smic. For ``cross_dataset`` the one direction, as ``published_rows.direction`` writes it.
    results : sequence of Result, optional
        By default ``load()``.

    Returns
    -------
    tuple of Result
        In the order of ``results``.

    Raises
    ------
    InputError
        ``corpora`` is a text; or ``cross_dataset`` without exactly one direction, for the same corpora the other way
        round are another experiment.
    """
    if isinstance(corpora, str):
        raise InputError(f"`corpora` must be a list of names, got the text {corpora!r}; write [{corpora!r}]")
    wanted = tuple(sorted(set(corpora)))
    if protocol == "cross_dataset" and (len(wanted) != 1 or "->" not in wanted[0]):
        raise InputError(f"cross_dataset is matched by one direction, e.g. ['casme2->samm']; got {list(wanted)}")
    return tuple(
        result
        for result in (load() if results is None else results)
        if None not in (result.protocol, result.classes)
        and result.corpora
        and (result.protocol, result.classes, result.corpora) == (protocol, classes, wanted)
        and result.labels in (None, labels)
    )


def remark(results: Sequence[Result], *, synthetic: bool) -> str:
    """Say in words how far published results can be compared with an experiment, to be printed beside them.

    Parameters
    ----------
    results : sequence of Result
        What ``matching`` returned.
    synthetic : bool
        Whether any corpus of the experiment is a synthetic release.
    """
    selected, clean = (sum(result.selects_on_test is flag for result in results) for flag in (True, False))
    words = (
        f"Published results of the same protocol, number of classes and corpora: {len(results)}, of which {selected} "
        f"selected on the test clips, {clean} not, {len(results) - selected - clean} without code that shows either."
    )
    if synthetic:
        words += (
            " The experiment ran on synthetic clips: its scores say nothing about real micro-expressions and cannot be "
            "compared with these."
        )
    return words


def _results(
    file: str, row: Mapping[str, Any], schemes: Mapping[str, Any], changed: tuple[str, ...], where: str
) -> Iterator[Result]:
    """Yield the results of a row: one over its `corpora` together, or else one for each corpus of its scores."""
    scores, together = row["scores"], row["corpora"]
    if together is not None:
        require(
            isinstance(together, list) and 1 < len(together) == len({str(name) for name in together}),
            f"{where}: `corpora` must list two or more different names",
        )
        for name in together:
            check_corpus(name, where)
        if strange := [name for name in scores if name not in (*together, POOLED)]:
            raise InputError(f"{where}: scores of {listing(strange)}, which is neither `{POOLED}` nor in `corpora`")
        groups = [(tuple(sorted(together)), scores)]
    else:
        for name in scores:
            (check_direction if row["protocol"] == "cross_dataset" else check_corpus)(name, where)
        groups = [((name,), {name: values}) for name, values in scores.items()] or [((), {})]
    taken = {field.name: row[field.name] for field in fields(Result) if field.name in ROW}
    taken |= {key: row[key] or "" for key in ("evidence", "note")}
    for corpora, part in groups:
        classes = _of(row["classes"], corpora, f"{where}: `classes`")
        require(classes is None or (type(classes) is int and classes > 1), f"{where}: `classes` must be 2 or more")
        labels = _of(row["labels"], corpora, f"{where}: `labels`")
        if labels is None and "labels" not in row["own"] and len(corpora) == 1:
            labels = schemes.get(corpora[0], {}).get(classes)
        require(labels is None or isinstance(labels, str), f"{where}: `labels` must be the name of a label scheme")
        # A correction of one corpus is no correction of the row's other corpora.
        here = (field for field in changed if together or not set(scores) & set(field.split(".")) - set(corpora))
        taken |= {"classes": classes, "labels": labels, "scores": part, "corpora": corpora}
        yield Result(**{**taken, "file": file, "corrected": tuple(here)})


def _of(value: object, corpora: tuple[str, ...], what: str) -> object:
    """Return what holds for the one corpus of a result; a mapping states it corpus by corpus."""
    if not isinstance(value, dict):
        return value
    if len(corpora) != 1 or corpora[0] not in value:
        raise InputError(f"{what} says nothing of {listing(corpora) or 'a row without scores'}")
    return value[corpora[0]]
