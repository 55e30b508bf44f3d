"""Windows of recordings: the numbers of MNE, what is read, one layout, and a reason for every clip that lacks one."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import mne
import numpy as np
import pandas as pd
import pytest

from mmer.signals.clocks.constant import Constant
from mmer.signals.clocks.trigger import Trigger
from mmer.signals.raw import Raw
from mmer.signals.recorded import Recorded
from mmer.types.errors import InputError

SFREQ, FPS = 500.0, 100.0
NAMES = ("Fz", "Cz", "Pz", "C3", "C4", "P3", "P4", "ECG")
KINDS = ("eeg",) * 7 + ("ecg",)
PLAIN = {"name": "eeg", "start": -0.5, "stop": 1.5}


def waves(seconds=30.0, channels=8, sfreq=SFREQ, seed=0):
    rng = np.random.default_rng(seed)
    samples = round(seconds * sfreq)
    return 1e-5 * (rng.standard_normal((channels, samples)) + rng.standard_normal(samples))


@dataclass
class Fake:
    """An open recording in memory that remembers what was read of it."""

    values: np.ndarray
    channels: tuple[str, ...] = NAMES
    kinds: tuple[str, ...] = KINDS
    sfreq: float = SFREQ
    path: Path = Path("rec.fif")
    positions: tuple = ()
    events: tuple = ()
    started: None = None
    bad: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    reads: list = field(default_factory=list)
    is_open: bool = False

    @property
    def units(self):
        return ("V",) * len(self.channels)

    @property
    def n_samples(self):
        return self.values.shape[1]

    def __enter__(self):
        self.is_open = True
        return self

    def __exit__(self, *_):
        self.is_open = False

    def read(self, start, stop, channels=None):
        assert self.is_open
        self.reads.append((start, stop))
        return self.values[[self.channels.index(name) for name in channels or self.channels], start:stop]


@dataclass(frozen=True)
class Shelf(Constant):
    """Opens what it was given, one at a time."""

    fakes: dict = field(default_factory=dict, hash=False)

    def open(self, path):
        if path not in self.fakes:
            raise InputError(f"{path}: damaged")
        assert not any(fake.is_open for fake in self.fakes.values())
        self.fakes[path].path = Path(path)
        return self.fakes[path]


def table(*rows):
    """Clips: (clip, onset in seconds, path)."""
    return pd.DataFrame(
        [
            {"clip_id": f"c/s01/{clip}", "dataset": "c", "subject": "c/s01", "onset": round(at * FPS), "fps": FPS}
            | {"frames": "x", "eeg": path, "ecg": None}
            for clip, at, path in rows
        ]
    ).astype({"onset": "Int64", "fps": "Float64", "eeg": "string", "ecg": "string"})


def test_a_window_has_the_numbers_of_mne(tmp_path):
    """Read and cleaned alone, a window is what MNE gives that filters and resamples the whole recording."""
    raw = mne.io.RawArray(waves(), mne.create_info(list(NAMES), SFREQ, list(KINDS), verbose="error"), verbose="error")
    raw.save(tmp_path / "a_raw.fif", verbose="error")
    signal = Raw(**PLAIN, low=1.0, high=40.0, sfreq=125.0, reference="average", bad="keep")
    found = signal.cut(table(("a", 12.5, str(tmp_path / "a_raw.fif"))), Constant(), {})
    whole = mne.io.read_raw(tmp_path / "a_raw.fif", preload=True, verbose="error").pick("eeg", verbose="error")
    whole.filter(1.0, 40.0, verbose="error").set_eeg_reference("average", verbose="error")
    whole.resample(125.0, method="polyphase", verbose="error")
    expected = whole.get_data()[:, 12 * 125 : 14 * 125]
    assert found.layout.channels == NAMES[:7]
    assert (found.layout.sfreq, found.layout.start) == (125.0, -0.5)
    # Weights of the resampling filter are normed a little differently: 0.2 % of the height, no more.
    assert np.abs(found.values["c/s01/a"] - expected).max() < 2e-3 * np.abs(expected).max()


def test_without_cleaning_the_samples_are_those_of_the_file():
    fake = Fake(waves())
    cut = Raw(**PLAIN).cut(table(("a", 10.0, "a"), ("b", 20.002, "a")), Shelf(fakes={"a": fake}), {})
    assert np.array_equal(cut.values["c/s01/a"], fake.values[:7, 4750:5750].astype(np.float32))
    assert cut.missing == {}


def test_only_the_window_and_what_the_filter_needs_is_read_one_recording_open_at_a_time():
    fakes = {name: Fake(waves(seed=seed)) for seed, name in enumerate("ab")}
    signal = Raw(**PLAIN, low=2.0, high=40.0)
    signal.cut(table(("x", 10, "b"), ("y", 10, "a"), ("z", 20, "b")), Shelf(fakes=fakes), {})
    beside = signal.padding(SFREQ) * SFREQ
    for fake in fakes.values():
        for start, stop in fake.reads:
            assert stop - start == pytest.approx(1000 + 2 * beside, abs=2)
    assert len(fakes["b"].reads) == 2
    assert not any(fake.is_open for fake in fakes.values())


def test_every_clip_has_a_value_or_a_reason():
    rows = table(
        *(("good", 10, "a"), ("early", 0.2, "a"), ("late", 29.0, "a"), ("none", 10, None)),
        *(("broken", 10, "nowhere"), ("fast", 10, "fast"), ("short", 0.9, "short"), ("unmarked", 10, "a")),
    )
    rows.loc[rows.clip_id == "c/s01/unmarked", "onset"] = pd.NA
    fakes = {"a": Fake(waves()), "fast": Fake(waves(), sfreq=512.0), "short": Fake(waves(1.8))}
    cut = Raw(**PLAIN).cut(rows, Shelf(fakes=fakes, sfreq={"eeg": 500.0}), {})
    assert list(cut.values) == ["c/s01/good"]
    for clip, reason in (
        ("early", "the window leaves it: -0.300 to 1.700 s, it has 0 to 30.000 s"),
        ("late", "the window leaves it: 28.500 to 30.500 s"),
        ("none", "the column eeg of the clips is empty"),
        ("broken", "nowhere: damaged"),
        ("fast", "512 Hz, but"),
        ("short", "1.800 s long, shorter than the window of 2 s"),
        ("unmarked", "its onset is not annotated"),
    ):
        assert reason in cut.missing[f"c/s01/{clip}"], clip
    assert "1 of 8 clips have no recording (eeg)" in cut.notes
    assert "7 of 8 clips lack eeg of c" in cut.notes
    assert "3 windows leave their recording; their clips lack the signal" in cut.notes


def test_windows_that_end_with_the_recording_are_there():
    fake = Fake(waves())
    cut = Raw(**PLAIN).cut(table(("first", 0.5, "a"), ("last", 28.5, "a")), Shelf(fakes={"a": fake}), {})
    assert cut.values["c/s01/first"][0, 0] == np.float32(fake.values[0, 0])
    assert cut.values["c/s01/last"][0, -1] == np.float32(fake.values[0, -1])


def test_a_clip_that_cannot_be_aligned_is_missing_and_the_others_stay():
    line = np.zeros((1, round(30 * SFREQ)))
    line[0, 5000:5050] = 101
    fake = Fake(np.r_[waves(), line], (*NAMES, "Trigger"), (*KINDS, "stim"))

    @dataclass(frozen=True)
    class Triggers(Trigger):
        open = Shelf.open
        fakes: dict = field(default_factory=dict, hash=False)

    cut = Raw(**PLAIN).cut(table(("m101", 1, "a"), ("m102", 1, "a")), Triggers(fakes={"a": fake}), {})
    assert np.array_equal(cut.values["c/s01/m101"][0], fake.values[0, 5250:6250].astype(np.float32))
    assert "no marker 102" in cut.missing["c/s01/m102"]
    assert any("offset only, drift unknown (1 recordings)" in note for note in cut.notes)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"pick": ("eeg", "Oz")}, "no channel and no kind 'Oz'"),
        ({"pick": ("O*",)}, "leaves no channel of Fz"),
        ({"drop": ("*",)}, "leaves no channel"),
        ({"start": -40.0}, "shorter than the window of 41.5 s"),
        ({"low": 1.0, "high": 300.0}, "not below half the sampling rate"),
        ({"recording": "ecg"}, "the column ecg of the clips is empty"),
        ({"reference": "M1"}, "`reference: M1` is no channel"),
    ],
)
def test_what_no_clip_can_have_is_refused(given, message):
    with pytest.raises(InputError, match=message) as caught:
        Raw(**{**PLAIN, **given}).cut(table(("a", 10, "a"), ("b", 20, "a")), Shelf(fakes={"a": Fake(waves())}), {})
    assert "signal eeg of c: none of 2 clips has it" in str(caught.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"anchor": "offset"}, "onset or apex"),
        ({"start": 2.0}, "it must start before it ends"),
        ({"baseline": (0.0, -1.0)}, "the baseline runs from"),
        ({"baseline": (0.0,)}, "in seconds, or null"),
        ({"recording": "eda"}, "eeg or ecg"),
        ({"pick": ()}, "names no channel"),
        ({"low": 40.0, "high": 1.0}, "is not below"),
    ],
)
def test_settings_that_cannot_be(given, message):
    with pytest.raises(InputError, match=message):
        Raw(**{**PLAIN, **given})


def test_channels_by_kind_name_and_pattern():
    fakes = {"a": Fake(waves())}

    def channels(**given):
        return Raw(**{**PLAIN, **given}).cut(table(("a", 10, "a")), Shelf(fakes=fakes), {}).layout.channels

    assert channels(pick=("ecg", "cz")) == ("Cz", "ECG")
    assert channels(pick=("c*", "ECG"), drop=("C4",)) == ("Cz", "C3", "ECG")
    assert channels(pick=("P*",), reference="Cz") == ("Pz", "P3", "P4")


def test_recordings_with_other_channels_get_one_layout():
    values = waves()
    places = (*((0.01 * row, 0.0, 0.1) for row in range(7)), (np.nan,) * 3)
    order = [2, 0, 1, *range(3, 8)]
    fakes = {
        "a": Fake(values, positions=places),
        "b": Fake(values[order], tuple(NAMES[row] for row in order)),
        "c": Fake(np.r_[values, values[:1]], (*NAMES, "Oz"), (*KINDS, "eeg")),
        "d": Fake(values[1:], NAMES[1:], KINDS[1:]),
    }
    cut = Raw(**PLAIN).cut(table(*((name, 10, name) for name in "abcd")), Shelf(fakes=fakes), {})
    assert cut.layout.channels == NAMES[:7]
    assert cut.layout.positions == places[:7]
    both = Raw(**{**PLAIN, "pick": ("eeg", "ecg")}).cut(table(("a", 10, "a")), Shelf(fakes=fakes), {})
    assert both.layout.positions == (*places[:7], (0.0, 0.0, 0.0))
    assert np.array_equal(cut.values["c/s01/a"], cut.values["c/s01/b"])
    assert np.array_equal(cut.values["c/s01/a"], cut.values["c/s01/c"])
    assert "lacks Fz, which most have" in cut.missing["c/s01/d"]
    assert any("less than half of the clips have are left out: Oz" in note for note in cut.notes)


def test_recordings_of_two_rates_need_one_that_is_stated():
    fakes = {"a": Fake(waves()), "b": Fake(waves()), "c": Fake(waves(sfreq=250.0), sfreq=250.0)}
    rows = table(*((name, 10, name) for name in "abc"))
    cut = Raw(**PLAIN).cut(rows, Shelf(fakes=fakes), {})
    assert "500 samples at 250 Hz, most clips have 1000 at 500 Hz; state `sfreq`" in cut.missing["c/s01/c"]
    assert len(Raw(**PLAIN, sfreq=125.0).cut(rows, Shelf(fakes=fakes), {}).values) == 3


@pytest.mark.parametrize("baseline", [(-1.0, -0.5), (-9.0, -8.0)])
def test_the_baseline_near_or_far_is_taken_off(baseline):
    fake = Fake(waves())
    fake.values += np.arange(len(NAMES))[:, None] * 1e-4
    cut = Raw(**PLAIN, baseline=baseline).cut(table(("a", 15, "a")), Shelf(fakes={"a": fake}), {})
    first, last = (round((15 + second) * SFREQ) for second in baseline)
    expected = fake.values[:7, 7250:8250] - fake.values[:7, first:last].mean(1, keepdims=True)
    assert cut.values["c/s01/a"] == pytest.approx(expected, abs=1e-10)
    assert len(fake.reads) == (1 if baseline[1] == -0.5 else 2)


def test_a_window_over_a_pause_is_missing():
    fake = Fake(waves())
    fake.events = tuple(SimpleNamespace(seconds=s, text=t) for s, t in ((0.0, "New Segment/"), (10.2, "boundary")))
    cut = Raw(**PLAIN).cut(table(("over", 10, "a"), ("behind", 20, "a")), Shelf(fakes={"a": fake}), {})
    assert cut.missing == {"c/s01/over": "a: it was interrupted at 10.200 s, within the window"}
    assert any("interrupted at 10.2 s; an offset or a wall clock is wrong behind it" in note for note in cut.notes)


def test_bad_channels_are_counted_in_the_notes():
    fake = Fake(waves())
    fake.values[1] = 0
    fake.bad, fake.notes = ("Pz", "ECG"), ("a: its last record is cut off",)
    cut = Raw(**PLAIN, bad="keep").cut(table(("a", 10, "a"), ("b", 20, "a")), Shelf(fakes={"a": fake}), {})
    assert "bad channel Cz (flat) kept (2 windows of a)" in cut.notes
    assert "a: its last record is cut off" in cut.notes
    assert any(note.startswith("a: the file itself calls Pz bad") for note in cut.notes)
    with pytest.raises(InputError, match=r"bad channel\(s\) Cz \(flat\)"):
        Raw(**PLAIN, bad="miss").cut(table(("a", 10, "a")), Shelf(fakes={"a": fake}), {})


def test_a_signal_that_finds_nothing_in_a_window_says_so():
    @dataclass(frozen=True)
    class Half(Recorded):
        def describe(self, window, baseline):
            if window.values[0, 0] > 0:
                raise InputError("no beat in it")
            return window.values[:1, :2], ("first", "second")

        def channels(self, window):
            return ("beat",)

    fake = Fake(np.tile(np.where(np.arange(15000) < 7000, -1e-5, 1e-5) * (1 + np.arange(15000) % 7), (8, 1)))
    cut = Half(**PLAIN).cut(table(("a", 10, "a"), ("b", 20, "a")), Shelf(fakes={"a": fake}), {})
    assert cut.missing == {"c/s01/b": "no beat in it"}
    assert (cut.layout.channels, cut.layout.features, cut.layout.sfreq) == (("beat",), ("first", "second"), 0.0)
    samples = SimpleNamespace(signals={"eeg": cut.layout})
    transform, layout = Half(**PLAIN).fit(samples)
    assert layout == cut.layout
    assert np.array_equal(transform(cut.values["c/s01/a"]), cut.values["c/s01/a"])
    assert not Half(**PLAIN).fits
