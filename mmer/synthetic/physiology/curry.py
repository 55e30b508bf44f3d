"""Write a recording as Neuroscan's Curry 8 does: samples in ``.cdt``, what they mean in ``.cdt.dpa``."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HEAD = 85.0  # millimetres, radius of the head that electrodes are placed on


@dataclass(frozen=True)
class Group:
    """Channels of one kind.

    Parameters
    ----------
    ending : str
        ``""`` for EEG, ``_OTHERS`` for all others.
    names : tuple of C str
    unit : str
    places : ndarray of shape (C, 3), optional
        On the unit sphere: right, front, up.
    """

    ending: str
    names: tuple[str, ...]
    unit: str = "uV"
    places: np.ndarray | None = None


def write_curry(
    path: Path, groups: Sequence[Group], values: np.ndarray, sfreq: float, start: datetime.datetime
) -> None:
    """Write a recording.

    Parameters
    ----------
    path : Path
        Of the ``.cdt``.
    groups : sequence of Group
    values : ndarray of shape (C, S)
        In the units of the groups.
    sfreq : float
        Hertz.
    start : datetime
        Wall clock of the first sample.
    """
    values.T.astype("<f4").tofile(path)
    text = _block("DATA_PARAMETERS", _parameters(values, sfreq, start))
    for group in groups:
        about = {"DataUnit": group.unit, "NumSensors": len(group.names), "NumChanThisGroup": len(group.names)}
        text += _block("DEVICE_PARAMETERS" + group.ending, about)
    for group in groups:
        text += _list("LABELS" + group.ending, [[name] for name in group.names])
    for group in groups:
        if group.places is not None:
            millimetres = [[f"{x:.3f}" for x in HEAD * place] for place in group.places]
            text += _list("SENSORS" + group.ending, millimetres)
    path.with_name(path.name + ".dpa").write_text(text, encoding="utf-8")


def _parameters(values: np.ndarray, sfreq: float, start: datetime.datetime) -> dict[str, object]:
    """Return what the file says of all channels."""
    return {
        "FileVersion": 804,
        "NumSamples": values.shape[1],
        "NumChannels": values.shape[0],
        "NumTrials": 1,
        "SampleFreqHz": f"{sfreq:g}",
        "TriggerOffsetUsec": 0,
        "DataFormat": "FLOAT",
        "DataSampOrder": "SAMP",
        "SampleTimeUsec": f"{1e6 / sfreq:g}",
        "DataByteOrder": "DCBA",
        "StartYear": start.year,
        "StartMonth": start.month,
        "StartDay": start.day,
        "StartHour": start.hour,
        "StartMin": start.minute,
        "StartSec": start.second,
        "StartMillisec": start.microsecond // 1000,
        "AmplifierInfo": "synthetic",
    }


def _block(name: str, values: dict[str, object]) -> str:
    """Return ``key = value`` lines between a start and an end."""
    lines = [f"   {key:<20} =  {value}" for key, value in values.items()]
    return "\n".join([f"{name} START", *lines, f"{name} END", "", ""])


def _list(name: str, rows: list[list[str]]) -> str:
    """Return rows of texts between a start and an end, and the block about them that stands before."""
    about = {"ListDescription": name.title(), "ListNrRows": len(rows), "ListNrColumns": len(rows[0])}
    lines = ["\t".join(row) for row in rows]
    return _block(name, about) + "\n".join([f"{name} START_LIST\t# Do not edit!", *lines, f"{name} END_LIST", "", ""])
