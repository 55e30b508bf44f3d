"""Recordings as text: one column per channel and a column of time (``.csv``, ``.tsv``, ``.txt``).

The lines before the numbers may be a header, or what BIOPAC's AcqKnowledge writes: names and units of its channels.
CAS(ME)^3 part C is such a text whose header says CH1, CH2, ... alone.
"""

import io
import re
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from mmer.signals.contents import Contents, Event, held
from mmer.types.errors import InputError, listing

MAX_BYTES = 2**28  # of a text; read whole
MAX_PREFACE = 200  # lines before the first number
TIME = re.compile(
    r"(?:t|time|time ?stamps?|elapsed(?: time)?|sec|seconds?|s|ms|msec|milliseconds?|us|min|minutes?)", re.IGNORECASE
)
SECONDS = {"s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3, "msec": 1e-3, "millisecond": 1e-3}
SECONDS |= {"milliseconds": 1e-3, "us": 1e-6, "µs": 1e-6, "min": 60.0, "minute": 60.0, "minutes": 60.0}
MARKS = re.compile(r"marker|event|trigger|label|stim", re.IGNORECASE)
# CAS(ME)^3 part C by its readme; the units are those that BIOPAC's amplifiers state unless they are told otherwise.
PART_C = {1: ("PPG", "V"), 2: ("RSP", "V"), 3: ("ECG100C", "mV"), 4: ("EDA", "uS")}
PART_C_RATE = 200.0


def contents(path: Path) -> Contents:
    """Open a text of columns; it is read whole.

    Raises
    ------
    InputError
        There is no column of time, it is not even, a cell is no number, or the text is too large.
    """
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"{path}: over {MAX_BYTES} bytes of text; write it as EDF or FIF with MNE")
    raw = path.read_bytes()
    if b"\0" in raw[:4096]:
        raise InputError(f"{path}: not a text; it has the wrong suffix, or is damaged")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")  # AcqKnowledge writes the micro sign so
    lines = text[: 2**20].splitlines()[:MAX_PREFACE]
    mark, first = _layout(path, lines)
    header = _header(lines[:first], mark)
    table = _table(path, text, mark, first)
    width = table.shape[1]
    if header is None:
        raise InputError(
            f"{path}: its {width} columns have no names; write a line above them, e.g. time (s){mark}ECG (mV)"
        )
    names = [name for name, _ in header][:width] + [f"column {n + 1}" for n in range(len(header), width)]
    units = [unit for _, unit in header][:width] + [""] * (width - len(header))
    clock = next((at for at, name in enumerate(names) if TIME.fullmatch(name)), None)
    if clock is None:
        raise InputError(
            f"{path}: none of its columns {listing(names, 8)} is a time; call one time (s), time (ms) or time (min)"
        )
    sfreq, started = _rate(path, table[clock], names[clock], units[clock], first)
    notes: tuple[str, ...] = ()
    if _is_part_c(names, sfreq):
        names, units = _part_c(names, units)
        notes = (f"{path.name}: columns named as in CAS(ME)^3 part C (PPG, RSP, ECG100C, EDA, marker)",)
    kept, events = [], []
    for at, name in enumerate(names):
        if at == clock or not name:
            continue
        if table[at].dtype.kind in "iufb":
            kept.append(at)
        elif MARKS.search(name):
            events += _events(table[at], sfreq)
        else:
            wrong = pd.to_numeric(table[at], errors="coerce").isna().to_numpy().argmax()
            raise InputError(
                f"{path}: line {first + 1 + int(wrong)}, column {name!r} is {str(table[at].iloc[wrong])[:40]!r}, no "
                "number; correct it, or take the column out of the file"
            )
    values = table[kept].to_numpy(np.float64).T
    for row, at in enumerate(kept):
        if MARKS.search(names[at]):
            values[row] = np.nan_to_num(values[row])  # a mark is written where there is one
        elif not np.isfinite(values[row]).all():
            wrong = int((~np.isfinite(values[row])).argmax())
            raise InputError(f"{path}: line {first + 1 + wrong}, column {names[at]!r} is empty or no finite number")
    return Contents(
        names=tuple(names[at] for at in kept),
        units=tuple(units[at] for at in kept),
        sfreq=sfreq,
        n_samples=values.shape[1],
        read=held(values),
        started=started,
        events=lambda: tuple(events),
        notes=notes,
    )


def _layout(path: Path, lines: list[str]) -> tuple[str, int]:
    """Return what parts the columns, and the first line of numbers."""
    for first in range(len(lines)):
        for mark in ("\t", ";", ",", " "):
            rows = [_cells(line, mark) for line in lines[first : first + 3] if line.strip()]
            same = len({len(row) for row in rows}) == 1 and len(rows[0]) > 1 if rows else False
            if same and all(_numeric(row) for row in rows):
                return mark, first
    raise InputError(f"{path}: no table of numbers in its first {len(lines)} lines; columns are parted by , ; or tab")


def _cells(line: str, mark: str) -> list[str]:
    line = line.rstrip("\r\n")
    if mark == " ":
        return line.split()
    return [cell.strip().strip('"') for cell in line.removesuffix(mark).split(mark)]


def _numeric(cells: list[str]) -> bool:
    """Say whether a line is of the table: a time and, in the next cell that is filled, a number."""
    filled = [cell for cell in cells if cell]
    if len(filled) < 2 or not cells[0] or not _is_number(filled[1]):
        return False
    return _is_number(filled[0]) or _moment(filled[0]) is not None


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?", text))


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None) if len(text) > 9 else None
    except ValueError:
        return None


def _header(lines: list[str], mark: str) -> list[tuple[str, str]] | None:
    """Return (name, unit) of every column; None where no line names them."""
    rows = [_cells(line, mark) for line in lines]
    named = [row for row in rows if len(row) > 1 and row[0] and not _is_number(row[0])]
    if not named:
        return None
    header = [_named(cell) for cell in named[-1]]
    # AcqKnowledge: "4 channels", then two lines for each, its name and its unit; the header says CH1, CH2, ...
    plain = [line.strip() for line in lines]
    start = next((at for at, line in enumerate(plain) if re.fullmatch(r"\d{1,3} channels", line)), None)
    if start is not None:
        pairs = list(zip(plain[start + 1 :: 2], plain[start + 2 :: 2], strict=False))[: int(plain[start].split()[0])]
        long = {f"CH{number}": pair for number, pair in enumerate(pairs, 1)}
        shown = [name for name, _ in header if re.fullmatch(r"CH\d+", name)]
        if len(shown) == len(pairs):  # the numbers of channels that were left out leave gaps
            long = dict(zip(shown, pairs, strict=True))
        header = [long.get(name, (name, unit)) for name, unit in header]
    return header


def _named(cell: str) -> tuple[str, str]:
    """Part ``ECG (mV)`` or ``ECG [mV]`` into name and unit."""
    found = re.fullmatch(r"(.*?)\s*[(\[]([^()\[\]]*)[)\]]", cell)
    return (found[1], found[2]) if found and found[1] else (cell, "")


def _table(path: Path, text: str, mark: str, first: int) -> pd.DataFrame:
    """Read the numbers."""
    sample = "".join(text.splitlines(keepends=True)[first : first + 3])
    decimal = "," if mark != "," and "," in sample and "." not in sample else "."
    try:
        table = pd.read_csv(
            io.StringIO(text),
            sep=r"\s+" if mark == " " else mark,
            skiprows=first,
            header=None,
            decimal=decimal,
            skip_blank_lines=True,
            low_memory=False,
            encoding_errors="strict",
        )
    except (pd.errors.ParserError, ValueError) as error:
        raise InputError(f"{path}: not a table ({' '.join(str(error).split())}); correct that line") from error
    if table.shape[1] > 1 and table.iloc[:, -1].isna().all():
        table = table.iloc[:, :-1]  # AcqKnowledge ends its lines with a tab
    return table


def _rate(path: Path, times: pd.Series, name: str, unit: str, first: int) -> tuple[float, datetime | None]:
    """Return the sampling rate that a column of time says, and the first moment where it holds dates."""
    started = None
    if times.dtype.kind not in "iuf":
        started = _moment(str(times.iloc[0]))
        moments = pd.to_datetime(times, errors="coerce", format="ISO8601", utc=True)
        if started is None or moments.isna().any():
            wrong = int(moments.isna().to_numpy().argmax())
            raise InputError(f"{path}: line {first + 1 + wrong}, {name} is {str(times.iloc[wrong])[:40]!r}, no time")
        seconds = (moments - moments.iloc[0]).dt.total_seconds().to_numpy()
    else:
        word = (unit or name).strip().casefold()
        seconds = times.to_numpy(np.float64) * SECONDS.get(word, 1.0)
        if unit and word not in SECONDS:
            raise InputError(f"{path}: {name} is in {unit!r}; write s, ms, us or min")
    if len(seconds) < 3 or not np.isfinite(seconds).all() or not seconds[-1] > seconds[0]:
        raise InputError(f"{path}: the column {name!r} does not run from an earlier to a later time")
    sfreq = (len(seconds) - 1) / (seconds[-1] - seconds[0])
    if started is None and sfreq < 1 and (unit or name).strip().casefold() not in SECONDS:
        raise InputError(
            f"{path}: {name} read as seconds gives {sfreq:g} samples per second; write its unit: {name} (ms)"
        )
    steps = np.diff(seconds)
    uneven = np.abs(steps - np.median(steps)) > 0.5 * np.median(steps)
    if uneven.any():
        at = int(uneven.argmax())
        raise InputError(
            f"{path}: the column {name!r} is not even: {steps[at]:g} s between lines {first + 1 + at} and "
            f"{first + 2 + at}, {np.median(steps):g} s elsewhere ({int(uneven.sum())} such places); resample it, or "
            "write each piece as a recording of its own"
        )
    whole = round(sfreq)  # times are written with few digits
    return (float(whole) if whole and abs(sfreq / whole - 1) < 2e-5 else float(sfreq)), started


def _is_part_c(names: list[str], sfreq: float) -> bool:
    numbered = all(re.fullmatch(r"CH\d+", name, re.IGNORECASE) for name in names[1:5])
    return names[0].casefold() == "min" and len(names) > 5 and numbered and abs(sfreq - PART_C_RATE) < 0.5


def _part_c(names: list[str], units: list[str]) -> tuple[list[str], list[str]]:
    """Name the columns of CAS(ME)^3 part C; those that its readme calls useless get no name."""
    marker = 6 if len(names) > 6 else 5
    new = {**PART_C, 0: (names[0], units[0]), marker: ("marker", "")}
    pairs = [new.get(at, ("", "")) for at in range(len(names))]
    return [name for name, _ in pairs], [unit for _, unit in pairs]


def _events(column: pd.Series, sfreq: float) -> list[Event]:
    """Return the texts of a column of marks, each where it begins."""
    texts = column.fillna("").astype(str).str.strip()
    begins = (texts != "") & (texts != texts.shift(fill_value=""))
    return [Event(int(at) / sfreq, texts.iloc[at]) for at in np.flatnonzero(begins.to_numpy())]
