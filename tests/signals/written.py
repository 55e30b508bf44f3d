"""Recordings that the tests write in the layouts of amplifiers and corpora."""

import pickle
import struct
from datetime import datetime
from pathlib import Path

import mne
import numpy as np

NAMES = ("Fp1", "Cz", "O2", "ECG")
RATE = 256.0


def waves(seconds: float = 4.0, channels: int = 4, rate: float = RATE) -> np.ndarray:
    """Noise of some 20 microvolts, in volts."""
    return np.random.default_rng(5).normal(0, 2e-5, (channels, round(seconds * rate)))


def mne_raw(values: np.ndarray, names: tuple[str, ...] = NAMES, rate: float = RATE) -> mne.io.RawArray:
    kinds = ["ecg" if name == "ECG" else "eeg" for name in names]
    return mne.io.RawArray(values, mne.create_info(list(names), rate, kinds, verbose="error"), verbose="error")


def edf(
    path: Path,
    values: np.ndarray,
    names: tuple[str, ...] = NAMES,
    dimensions: tuple[str, ...] = ("uV",) * 4,
    rate: float = RATE,
    physical: tuple[float, float] = (-200.0, 200.0),
    bits: int = 16,
    marks: tuple[tuple[float, str], ...] = (),
    rates: tuple[float, ...] = (),
) -> Path:
    """Write EDF (16 bits) or BDF (24); ``values`` in the unit of ``dimensions``."""
    import edfio

    signal, whole = (edfio.EdfSignal, edfio.Edf) if bits == 16 else (edfio.BdfSignal, edfio.Bdf)
    signals = [
        signal(row, one, label=name, physical_dimension=unit, physical_range=physical)
        for row, name, unit, one in zip(values, names, dimensions, rates or (rate,) * len(names), strict=True)
    ]
    annotations = [edfio.EdfAnnotation(second, None, text) for second, text in marks]
    started = datetime(2024, 3, 5, 14, 30, 10)
    extra = {"annotations": annotations} if marks else {}
    recording = edfio.Recording(startdate=started.date())
    file = whole(signals, recording=recording, starttime=started.time(), **extra)
    file.write(path)
    return path


def ant(path: Path, microvolts: np.ndarray, wide: bool = False) -> Path:
    """Write ANT Neuro's .cnt, in steps of 1/128 microvolt."""
    from antio.libeep import pyeep

    channels = pyeep.create_channel_info()
    for name in NAMES:
        pyeep.add_channel(channels, name, "Ref", "uV")
    file = pyeep.write_cnt(str(path), int(RATE), channels, int(wide))
    pyeep.add_samples(file, [float(value) for value in microvolts.T.ravel()], len(NAMES))
    pyeep.close(file)
    return path


def neuroscan(path: Path, microvolts: np.ndarray, step: float = 0.01) -> Path:
    """Write Neuroscan's .cnt: a header of 900 bytes, 75 per channel, whole numbers of ``step``, a table of events."""
    count, samples = microvolts.shape
    head = bytearray(900 + 75 * count)
    table = len(head) + 4 * microvolts.size

    def put(at: int, form: str, value: object) -> None:
        struct.pack_into("<" + form, head, at, value)

    put(0, "12s", b"Version 3.0")
    put(121, "20s", b"A Person")
    put(225, "22s", b"03/05/24\0\x0014:30:10\0")
    put(370, "H", count)
    put(376, "H", int(RATE))
    put(864, "i", samples)
    put(886, "i", table)
    for row, name in enumerate(NAMES):
        put(900 + 75 * row, "10s", name.encode())
        put(900 + 75 * row + 19, "f", 100.0 * row)  # x and y on its screen
        put(900 + 75 * row + 23, "f", 50.0 + row)
        put(900 + 75 * row + 59, "f", 204.8 * step)
        put(900 + 75 * row + 71, "f", 1.0)
    sample = round(1.5 * RATE) + 1  # the reader takes one off
    event = struct.pack("<HBBi", 7, 0, 0, len(head) + sample * 4 * count)
    numbers = np.rint(microvolts / step).astype("<i4").T.tobytes()
    path.write_bytes(bytes(head) + numbers + struct.pack("<Bii", 1, len(event), 0) + event)
    return path


CURRY = """DATA_PARAMETERS START
   NumSamples           = {samples}
   NumChannels          = {channels}
   NumTrials            = 1
   SampleFreqHz         = {rate:g}
   SampleTimeUsec       = {step:g}
   DataFormat           = FLOAT
   DataSampOrder        = SAMP
   DataByteOrder        = {order}
   StartYear            = 2023
   StartMonth           = 6
   StartDay             = 1
   StartHour            = 16
   StartMin             = 0
   StartSec             = 31
   StartMillisec        = 433
DATA_PARAMETERS END

DEVICE_PARAMETERS START
   DataUnit             = uV
   NumChanThisGroup     = {eeg}
DEVICE_PARAMETERS END

DEVICE_PARAMETERS_OTHERS START
   DataUnit             = uV
   NumChanThisGroup     = {others}
DEVICE_PARAMETERS_OTHERS END

LABELS START      # Do not edit!
   ListNrRows           = {eeg}
LABELS END

LABELS START_LIST # Do not edit!
{eeg_names}
LABELS END_LIST

LABELS_OTHERS START_LIST # Do not edit!
{other_names}
LABELS_OTHERS END_LIST
"""


def curry(path: Path, microvolts: np.ndarray, eeg: tuple[str, ...], others: tuple[str, ...], rate: float) -> Path:
    """Write what Curry 8 writes: ``.cdt``, ``.cdt.dpa`` and ``.cdt.ceo``; MMME's EEG comes so."""
    microvolts.T.astype("<f4").tofile(path)
    text = CURRY.format(
        samples=microvolts.shape[1],
        channels=len(microvolts),
        rate=rate,
        step=1e6 / rate,
        order="LITTLE",
        eeg=len(eeg),
        others=len(others),
        eeg_names="\n".join(eeg),
        other_names="\n".join(others),
    )
    Path(f"{path}.dpa").write_text(text)
    row = "{} 0 {} 0 {} {} 0 0 0 0 0"
    rows = [row.format(at, code, at, at) for at, code in ((100, 101), (300, 148))]
    Path(f"{path}.ceo").write_text(
        "NUMBER_LIST START_LIST # Do not edit!\n" + "\n".join(rows) + "\nNUMBER_LIST END_LIST\n"
    )
    return path


BIOPAC = (
    *("PPG, X, PPGED-R", "RSP, Y, RSPEC-R", "EMG A", "SKT A", "EDA, X, EDAEC-R", "ECG, Y, ECGEC-R", "EMG B", "SKT B"),
    *(f"Digital (STP Input {n})" for n in range(8)),
    "ECG rate",
)
BIOPAC_UNITS = ("Volts", "Volts", "mV", "deg F", "microsiemens", "mV", "mV", "deg C", *("Volts",) * 8, "BPM")


def biopac(path: Path, values: np.ndarray, rate: float = 1000.0, **changed: object) -> Path:
    """Write AcqKnowledge's Matlab export with the 17 columns of MMME."""
    from scipy.io import savemat

    found = {
        "data": values.T,
        "labels": np.array(BIOPAC),
        "units": np.array(BIOPAC_UNITS),
        "isi": 1000.0 / rate,
        "isi_units": "ms",
        "start_sample": 0,
    }
    savemat(path, {name: value for name, value in (found | changed).items() if value is not None}, do_compression=True)
    return path


def deap(path: Path, data: np.ndarray, protocol: int = 2) -> Path:
    path.write_bytes(pickle.dumps({"labels": np.ones((len(data), 4)), "data": data}, protocol=protocol))
    return path
