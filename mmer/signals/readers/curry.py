"""Neuroscan's Curry files: ``.cdt`` with ``.cdt.dpa`` or ``.cdt.dpo`` (Curry 8, 9), ``.dat`` with ``.dap`` (Curry 7).

MNE reads them through a library that loads a recording whole, several times; here the samples stay on disk. What the
parameter file says is text of three kinds: ``Key = value`` lines between ``NAME START`` and ``NAME END``, and lists
between ``NAME START_LIST`` and ``NAME END_LIST``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from mmer.signals.contents import Contents, Event
from mmer.types.errors import InputError

MAX_TEXT = 64 * 2**20  # bytes of a parameter or event file
BLOCK = 32 * 2**20  # bytes of samples that are looked at in one go
COMPRESSED = "{2912E8D8-F5C8-4E25-A8E7-A1385967DA09}"
# The codes of Curry 6 stand beside those of later versions.
OLD = {
    "NumSamples": "NUM_SAMPLES",
    "NumChannels": "NUM_CHANNELS",
    "NumTrials": "NUM_TRIALS",
    "SampleFreqHz": "SAMPLE_FREQ_HZ",
    "SampleTimeUsec": "SAMPLE_TIME_USEC",
    "DataFormat": "DATA_FORMAT",
    "DataSampOrder": "DATA_SAMP_ORDER",
}


@dataclass(frozen=True)
class Parameters:
    """A parameter file, as text."""

    path: Path
    text: str

    def value(self, key: str, default: str = "") -> str:
        """Return what follows ``key =``."""
        names = "|".join(filter(None, (key, OLD.get(key))))
        found = re.search(rf"^\s*(?:{names})\s*=[ \t]*(.*?)\s*$", self.text, re.MULTILINE)
        return found[1] if found and found[1] else default

    def number(self, key: str, default: float | None = None) -> float:
        """Return a number."""
        text = self.value(key)
        try:
            return float(text)
        except ValueError:
            if default is not None and not text:
                return default
            raise InputError(f"{self.path}: {key} is {text!r}; it should be a number; copy the file again") from None

    def lists(self, name: str) -> list[tuple[str, list[str]]]:
        """Return every list of a name: (what follows the name, lines)."""
        found = []
        pattern = rf"^{name}(\w*) START_LIST[^\n]*\n(.*?)^{name}\1 END_LIST"
        for match in re.finditer(pattern, self.text, re.MULTILINE | re.DOTALL):
            found.append((match[1], [line.strip() for line in match[2].splitlines() if line.strip()]))
        return found

    def devices(self) -> dict[str, str]:
        """Return the unit of every group of channels, by what follows the name."""
        found = {}
        pattern = r"^DEVICE_PARAMETERS(\w*) START\b[^\n]*\n(.*?)^DEVICE_PARAMETERS\1 END\b"
        for match in re.finditer(pattern, self.text, re.MULTILINE | re.DOTALL):
            found[match[1]] = Parameters(self.path, match[2]).value("DataUnit", "uV")
        return found


def contents(path: Path) -> Contents:
    """Open a recording of Curry; its samples stay on disk.

    Parameters
    ----------
    path : Path
        The file of samples, or the parameter file beside it.

    Raises
    ------
    InputError
        A file is missing or damaged, or the samples are compressed, text, or cut into trials.
    """
    data, header, labels = _files(path)
    parameters = Parameters(header, _text(header))
    if parameters.value("DataGuid").upper() == COMPRESSED:
        raise InputError(f"{data}: its samples are compressed; save it from Curry as raw float data")
    if "ASCII" in (parameters.value("DataFormat"), parameters.value("DataByteOrder")):
        raise InputError(f"{data}: its samples are text; save it from Curry as raw float data")
    if parameters.value("DataSampOrder") == "CHAN":
        raise InputError(f"{data}: its samples are ordered by channel; save it from Curry ordered by time")
    if parameters.number("NumTrials", 1) > 1:
        raise InputError(f"{data}: it is cut into trials; give the continuous recording")
    count = int(parameters.number("NumChannels"))
    if not 0 < count <= 4096:
        raise InputError(f"{header}: NumChannels is {count}; the file is damaged")
    names, units, kinds = _channels(parameters, Parameters(labels, _text(labels)), count)
    stated = int(parameters.number("NumSamples", -1))
    there = data.stat().st_size // (4 * count)
    notes: tuple[str, ...] = ()
    if stated > there:
        notes = (f"{data.name}: its end is missing; {there} of {stated} samples are there",)
    n_samples = there if stated < 0 else min(stated, there)
    microseconds, sfreq = parameters.number("SampleTimeUsec", 0), parameters.number("SampleFreqHz", 0)
    if microseconds > 0 and sfreq > 0 and abs(1e6 / microseconds / sfreq - 1) > 1e-3:
        raise InputError(
            f"{header}: SampleFreqHz is {sfreq:g}, but SampleTimeUsec {microseconds:g}; correct the wrong one"
        )
    sfreq = 1e6 / microseconds if microseconds > 0 else sfreq
    if not n_samples:
        raise InputError(f"{data}: no sample of {count} channels fits into its {data.stat().st_size} bytes")
    samples = np.memmap(data, dtype="<f4", mode="r", shape=(n_samples, count))
    step = max(1, BLOCK // (4 * count))

    def read(rows: Sequence[int], start: int, stop: int) -> np.ndarray:
        values = np.empty((len(rows), stop - start))
        for at in range(start, stop, step):
            end = min(stop, at + step)
            values[:, at - start : end - start] = np.asarray(samples[at:end]).T[list(rows)]
        return values

    return Contents(
        names=tuple(names),
        units=tuple(units),
        sfreq=sfreq,
        n_samples=n_samples,
        read=read,
        kinds=tuple(kinds),
        voltage="uV",
        started=_started(parameters),
        events=lambda: _events(data, sfreq),
        notes=notes,
    )


def _files(path: Path) -> tuple[Path, Path, Path]:
    """Find the files of samples, parameters and labels."""
    name = path.name.lower()
    if name.endswith((".cdt", ".cdt.dpa", ".cdt.dpo")):
        data = path if name.endswith(".cdt") else path.with_suffix("")
        beside = [data.with_name(data.name + suffix) for suffix in (".dpa", ".dpo")]
    else:
        data = path.with_suffix(".dat")
        beside = [path.with_suffix(".dap")]
    header = next((one for one in beside if one.is_file()), None)
    if not data.is_file():
        raise InputError(f"{data}: the samples of {path.name} should be here; copy the file")
    if header is None:
        raise InputError(
            f"{data}: its parameter file {' or '.join(one.name for one in beside)} is not beside it; copy it there"
        )
    labels = data.with_suffix(".rs3") if header.suffix.lower() == ".dap" else header
    if not labels.is_file():
        raise InputError(f"{data}: the names of its channels ({labels.name}) are not beside it; copy the file")
    return data, header, labels


def _text(path: Path) -> str:
    if path.stat().st_size > MAX_TEXT:
        raise InputError(f"{path}: over {MAX_TEXT} bytes of text; refused")
    return path.read_bytes().decode("utf-8", errors="replace").replace("\r\n", "\n")


def _channels(parameters: Parameters, labels: Parameters, count: int) -> tuple[list[str], list[str], list[str]]:
    """Return the names, units and kinds of the channels in the order of the samples."""
    names, units, kinds = [], [], []
    devices = parameters.devices()
    for group, lines in labels.lists("LABELS"):
        unit = devices.get(group, "uV")
        kind = "misc" if "OTHER" in group else "mag" if "MAG" in group else "eeg"
        names += lines
        units += [unit] * len(lines)
        kinds += [kind] * len(lines)
    if len(names) != count:
        # Labels may name channels that were not saved, such as the reference; CHAN_IN_FILE gives them 0.
        places = [int(line) for _, lines in parameters.lists("CHAN_IN_FILE") for line in lines if line.isdigit()]
        order = [row for row in np.argsort(places, kind="stable") if places[row]] if len(places) == len(names) else []
        if len(order) == count:
            return tuple([column[row] for row in order] for column in (names, units, kinds))
        raise InputError(
            f"{labels.path}: {len(names)} names for {count} channels ({parameters.path.name}); the file is damaged"
        )
    return names, units, kinds


def _started(parameters: Parameters) -> datetime | None:
    """Return the time of day at the first sample."""
    keys = ("StartYear", "StartMonth", "StartDay", "StartHour", "StartMin", "StartSec", "StartMillisec")
    parts = [int(parameters.number(key, 0)) for key in keys]
    try:
        return datetime(*parts[:6], parts[6] * 1000)
    except ValueError:
        return None  # the amplifier had no clock, and wrote zeros


def _events(data: Path, sfreq: float) -> tuple[Event, ...]:
    """Read the events that Curry keeps in a file of their own: a sample and a code each, and a remark for some."""
    stem = data.with_suffix("") if data.suffix.lower() == ".dat" else data
    found = [Path(f"{stem}{suffix}") for suffix in (".cef", ".ceo")]
    path = next((one for one in found if one.is_file()), None)
    if path is None:
        return ()
    text = Parameters(path, _text(path))
    rows = [line.split() for _, lines in text.lists("NUMBER_LIST") for line in lines]
    remarks = [line for _, lines in text.lists("REMARK_LIST") for line in lines]
    try:
        pairs = [(int(row[0]), str(int(row[2]))) for row in rows]
    except (IndexError, ValueError) as error:
        raise InputError(f"{path}: a line of NUMBER_LIST is no event ({error}); copy the file again") from error
    if len(remarks) == len(pairs):
        pairs = [(sample, f"{code} {remark}") for (sample, code), remark in zip(pairs, remarks, strict=True)]
    return tuple(Event(sample / sfreq, text) for sample, text in pairs)
