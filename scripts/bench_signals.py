"""Time the windows of a large set of recordings: ours against the bare MNE calls, subject by subject in one run.

Writes EDF recordings (60 people, 64 channels, 1 kHz, 4 minutes) to a temporary place and cuts 12 windows of each, as
conf/signal/eeg.yaml says but for bad channels, which are only looked for. The bare calls are those of an MNE script
that does the same: read_raw, crop, load_data, filter, set_eeg_reference, resample, crop. Memory is that of a process
that cuts all windows of all people our way.

    python scripts/bench_signals.py [--subjects 60] [--channels 64] [--seconds 240] [--folder PLACE]

The last line is JSON: ``ratio`` of our rate to the bare one, ``peak_mb``.
"""

import argparse
import json
import multiprocessing
import re
import resource
import sys
import tempfile
import time
from pathlib import Path

import edfio
import mne
import numpy as np
import pandas as pd

from mmer.signals.clocks.constant import Constant
from mmer.signals.raw import Raw

SFREQ, FPS, CLIPS = 1000.0, 200.0, 12
SIGNAL = Raw(
    name="eeg", start=-0.5, stop=1.5, low=1.0, high=45.0, sfreq=128.0, reference="average", bad="keep", pick=("eeg",)
)
CLOCK = Constant(name="constant", montage="")


def noise(channels, samples):
    """Make pink-like noise that channels share in part, volts."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal((channels + 1, samples), np.float32)
    for row in values:
        spectrum = np.fft.rfft(row)
        row[:] = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 5.0), samples)
    values /= values.std(1, keepdims=True)
    return 2e-5 * (values[:-1] + values[-1])


def write(root, subjects, channels, seconds):
    """Write the recordings; return their clips and how many bytes they have."""
    values = noise(channels, round(seconds * SFREQ)) * 1e6
    rng, rows, size = np.random.default_rng(1), [], 0
    for subject in range(subjects):
        path = root / f"s{subject:02d}.edf"
        shifted = np.roll(values, 7919 * subject, axis=1)
        signals = [
            edfio.EdfSignal(row, SFREQ, label=f"E{place}", physical_dimension="uV", physical_range=(-500, 500))
            for place, row in enumerate(shifted, 1)
        ]
        edfio.Edf(signals).write(path)
        size += path.stat().st_size
        onsets = np.sort(rng.choice(np.arange(5, seconds - 5, 4), CLIPS, replace=False))
        rows += [
            {
                "clip_id": f"b/s{subject:02d}/c{place:02d}",
                "dataset": "b",
                "subject": f"b/s{subject:02d}",
                "onset": int(onset * FPS),
            }
            | {"fps": FPS, "frames": "", "eeg": str(path), "ecg": None}
            for place, onset in enumerate(onsets)
        ]
    return pd.DataFrame(rows), size


def ours(clips):
    """Cut the windows our way."""
    return SIGNAL.cut(clips, CLOCK, {}).values


def bare(clips):
    """Cut the windows by MNE alone."""
    # Rounded up to what is a whole number of samples at either rate, so that the new samples fall on the same moments.
    grid = np.gcd(int(SFREQ), int(SIGNAL.sfreq))
    found, padding = {}, np.ceil(SIGNAL.padding(SFREQ) * grid) / grid
    for path, group in clips.groupby("eeg"):
        raw = mne.io.read_raw(path, preload=False, verbose="error")
        for clip in group.itertuples():
            at = clip.onset / FPS
            piece = raw.copy().crop(
                max(0, at + SIGNAL.start - padding), at + SIGNAL.stop + padding, False, verbose="error"
            )
            piece.load_data(verbose="error")
            piece.filter(SIGNAL.low, SIGNAL.high, verbose="error")
            piece.set_eeg_reference("average", verbose="error")
            # The default, fft, rounds its padding to whole new samples: these windows moved by half of one.
            piece.resample(SIGNAL.sfreq, method="polyphase", verbose="error")
            first = round(min(padding, at + SIGNAL.start) * SIGNAL.sfreq)
            count = round((SIGNAL.stop - SIGNAL.start) * SIGNAL.sfreq)
            found[clip.clip_id] = piece.get_data(verbose="error")[:, first : first + count].astype(np.float32)
    return found


def timed(way, clips):
    """Return what a way finds, and its seconds."""
    start = time.perf_counter()
    found = way(clips)
    return found, time.perf_counter() - start


def resident():
    """Return the most memory this process ever held, MB; getrusage counts that of the parent before exec too."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 2**20 if sys.platform == "darwin" else most / 1024


def peak(clips, pipe):
    """Cut everything our way in this process, and say how much memory it took at most."""
    begin = resident()
    ours(clips)
    pipe.send((begin, resident()))


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--subjects", type=int, default=60)
    arguments.add_argument("--channels", type=int, default=64)
    arguments.add_argument("--seconds", type=int, default=240, help="of each recording")
    arguments.add_argument("--folder", default=None, help="where recordings are written; default: the system's own")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        start = time.perf_counter()
        clips, size = write(Path(place), options.subjects, options.channels, options.seconds)
        print(
            f"{options.subjects} recordings, {options.channels} channels, {SFREQ:g} Hz, {options.seconds} s: "
            f"{size / 2**20:.0f} MB, written in {time.perf_counter() - start:.0f} s; {len(clips)} windows"
        )
        groups = [group for _, group in clips.groupby("subject")]
        for way in (ours, bare):  # imports and caches are nobody's merit
            way(groups[0])
        seconds = {ours: [], bare: []}
        alike = []
        for number, group in enumerate(groups):
            found = {}
            for way in (ours, bare) if number % 2 else (bare, ours):
                found[way], took = timed(way, group)
                seconds[way].append(took)
            alike += [np.corrcoef(found[ours][name].ravel(), found[bare][name].ravel())[0, 1] for name in found[bare]]
        rates = {way: len(clips) / sum(took) for way, took in seconds.items()}
        print(f"ours {rates[ours]:.1f} windows/s, bare MNE {rates[bare]:.1f} windows/s")
        each = np.array(seconds[bare]) / np.array(seconds[ours])
        print(f"ratio per person: median {np.median(each):.2f}, {each.min():.2f} to {each.max():.2f}")
        print(f"correlation of the windows of both ways: at least {min(alike):.4f}")
        here, there = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(target=peak, args=(clips, there))
        process.start()
        begin, most = here.recv()
        process.join()
        print(f"memory of our way over all people: {most:.0f} MB at most, {begin:.0f} MB before the first window")
    print(json.dumps({"ratio": round(rates[ours] / rates[bare], 3), "peak_mb": round(most)}))


if __name__ == "__main__":
    main()
