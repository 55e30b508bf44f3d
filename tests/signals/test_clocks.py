"""Clocks: markers on trigger channels, bits and annotations; csv files; times of day; drift and its limits."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from mmer.signals.alignment import Unaligned, fit_markers
from mmer.signals.clocks.constant import Constant
from mmer.signals.clocks.events import markers
from mmer.signals.clocks.marker_file import MarkerFile
from mmer.signals.clocks.trigger import Trigger
from mmer.signals.clocks.wall_clock import WallClock
from mmer.types.errors import InputError

SFREQ = 1000.0


@dataclass
class Fake:
    """An open recording in memory."""

    values: np.ndarray
    channels: tuple[str, ...]
    kinds: tuple[str, ...]
    path: Path = Path("rec/s01.cdt")
    sfreq: float = SFREQ
    events: tuple = ()
    started: datetime | None = None
    longest: int = field(default=0, init=False)

    @property
    def n_samples(self):
        return self.values.shape[1]

    def read(self, start, stop, channels=None):
        self.longest = max(self.longest, stop - start)
        rows = [self.channels.index(name) for name in channels or self.channels]
        return self.values[rows, start:stop].astype(float)


def triggered(*codes, seconds=10, **given):
    """A trigger channel: (second, code, how long it is held)."""
    line = np.zeros((1, round(seconds * SFREQ)))
    for second, code, held in codes:
        line[0, round(second * SFREQ) : round((second + held) * SFREQ)] = code
    return Fake(line, ("Trigger",), ("stim",), **given)


def bits(*codes, seconds=10, late=()):
    """Eight digital lines of 5 V; some of them switch a sample late."""
    lines = np.zeros((8, round(seconds * SFREQ)))
    for second, code, held in codes:
        for bit in range(8):
            if code >> bit & 1:
                lag = bit in late
                lines[bit, round(second * SFREQ) + lag : round((second + held) * SFREQ)] = 5.0
    return Fake(lines, tuple(f"Digital (STP {bit})" for bit in range(8)), ("stim",) * 8)


def clip_row(clip_id="mmme/s01/m108", onset=30, fps=150.0, frames="data/x"):
    return pd.Series(
        {"clip_id": clip_id, "subject": clip_id.rpartition("/")[0], "onset": onset, "fps": fps, "frames": frames}
    )


def pictures(folder, *trials):
    """Write empty pictures named as MMME's: (first time of day in seconds, marker, how many)."""
    folder.mkdir(parents=True, exist_ok=True)
    number = 1
    for start, marker, count in trials:
        for step in range(count):
            now = round((start + step / 150.0) * 1000)
            hour, rest = divmod(now, 3600_000)
            minute, rest = divmod(rest, 60_000)
            second, milli = divmod(rest, 1000)
            (folder / f"2024-05-01-{hour:02d}-{minute:02d}-{second:02d}-{milli:03d}-{number}-{marker}.jpg").touch()
            number += 1
    return str(folder)


def test_a_line_through_markers_gives_the_drift_back():
    video = np.array([0.0, 100.0, 900.0, 2000.0]) + 1.7e9
    found = fit_markers(video - video[0], 1.00005 * (video - video[0]) + 12.5, 1 / 300, "x")
    assert found.rate == pytest.approx(1.00005, abs=1e-9)
    assert found.offset == pytest.approx(12.5, abs=1e-6)
    assert found.residual < 1e-6
    assert found(100.0) == pytest.approx(112.505, abs=1e-6)
    assert found.notes == ("drift +50 ppm",)


def test_few_markers_say_what_they_cannot_tell():
    one = fit_markers([3.0], [5.0], 0.003, "x")
    assert (one.rate, one.offset) == (1.0, 2.0)
    assert np.isnan(one.residual)
    assert "one marker" in one.notes[0]
    two = fit_markers([0.0, 100.0], [5.0, 105.02], 0.003, "x")
    assert "cannot be checked" in two.notes[1]
    assert "more than clocks usually have" in two.notes[0]
    assert "within a second" in fit_markers([0.0, 0.5], [5.0, 5.501], 0.003, "x").notes[0]


@pytest.mark.parametrize(
    ("video", "recording", "message"),
    [
        ([], [], "no marker"),
        ([0, 100], [0, 100.2], "sampling rate"),
        ([0, 50, 100], [0, 50.02, 100], "max_residual"),
        ([0, 0.5], [0, 0.6], "ms beside the line"),
    ],
)
def test_markers_that_contradict_each_other_are_refused_with_the_file(video, recording, message):
    with pytest.raises(Unaligned, match=message) as caught:
        fit_markers(video, recording, 1 / 300, "rec/s01.edf")
    assert "rec/s01.edf" in str(caught.value)


def test_codes_on_a_trigger_channel_and_on_bits_are_the_same():
    sent = ((1.0, 108, 0.05), (4.0, 77, 0.05), (6.5, 148, 0.05))
    for recording in (triggered(*sent), bits(*sent), bits(*sent, late=(2,))):
        found = markers(recording)
        assert found.codes == (108, 77, 148)
        assert found.seconds == pytest.approx((1.0, 4.0, 6.5), abs=1e-9)


def test_a_trigger_channel_is_read_a_minute_at_a_time():
    recording = triggered((59.999, 101, 0.5), (120.0, 102, 0.5), seconds=150)
    assert markers(recording).codes == (101, 102)
    assert recording.longest == 60_000


def test_pulses_of_one_sample_and_codes_without_a_pause():
    assert markers(triggered((1.0, 101, 0.001), (2.0, 102, 0.001))).codes == (101, 102)
    held = markers(triggered((1.0, 101, 1.0), (2.0, 102, 1.0)))
    assert (held.codes, held.seconds) == ((101, 102), (1.0, 2.0))


def test_a_marker_that_bounces_is_one_and_a_code_held_from_the_start_is_none():
    found = markers(triggered((0.0, 5, 0.5), (1.0, 101, 0.003), (1.008, 101, 0.003), (1.5, 101, 0.05)))
    assert (found.codes, found.seconds) == ((101, 101), (1.0, 1.5))


def test_annotations_are_read_where_there_is_no_channel():
    events = tuple(
        SimpleNamespace(seconds=s, text=t) for s, t in ((2.0, "Stimulus/S 101"), (0.0, "New Segment/"), (3.0, "102"))
    )
    recording = Fake(np.zeros((1, 100)), ("Cz",), ("eeg",), events=events)
    assert markers(recording).codes == (101, 102)
    assert markers(recording, "annotations").at(102) == 3.0


def test_status_bits_above_the_code_are_masked():
    recording = triggered((1.0, 101, 0.1))
    recording.values += 1 << 16
    assert markers(recording, mask=255).codes == (101,)


@pytest.mark.parametrize(
    ("recording", "channel", "message"),
    [
        (Fake(np.zeros((1, 100)), ("Cz",), ("eeg",)), "", "no trigger channel and no annotations"),
        (triggered((1.0, 5, 0.1)), "STATUS", "no trigger channel 'STATUS'; .*Trigger"),
        (Fake(np.zeros((2, 100)), ("A", "B"), ("stim", "stim")), "", "2 channels may be the trigger"),
        (triggered((1.0, 1.08e-4, 0.1)), "", "its unit may be wrong"),
        (Fake(np.arange(300_000.0)[None], ("Trigger",), ("stim",)), "", "it is no trigger channel"),
        (
            Fake(np.zeros((1, 100)), ("Cz",), ("eeg",), events=(SimpleNamespace(seconds=1.0, text="blink"),)),
            "",
            "blink",
        ),
    ],
)
def test_what_is_no_trigger_is_said(recording, channel, message):
    with pytest.raises(Unaligned, match=message) as caught:
        markers(recording, channel)
    assert "s01.cdt" in str(caught.value)


def test_trigger_aligns_each_clip_by_the_code_in_its_name():
    clock = Trigger(name="trigger", invalid=(77, 88))
    recording = triggered((1.0, 108, 0.05), (4.0, 77, 0.05), (6.5, 148, 0.05), (8.0, 148, 0.05))
    found = clock.align(clip_row(onset=30), recording, "eeg")
    assert found(clock.video_seconds(clip_row(onset=30), 30)) == pytest.approx(1.2)
    assert clock.align(clip_row("mmme/s01/m108@30"), recording, "eeg").offset == 1.0
    for clip_id, message in (
        ("mmme/s01/m109", "no marker 109; there are 77, 108, 148"),
        ("mmme/s01/m148", r"marker 148 is there 2 times, at 6.500 s, 8.000 s.*repeated"),
        ("mmme/s01/m077", "marker 77 marks no trial"),
        ("mmme/s01/clip", "its name holds no marker"),
        ("mmme/s01/m108", "fps is empty"),
    ):
        fps = np.nan if "fps" in message else 150.0
        with pytest.raises(Unaligned, match=message):
            clock.align(clip_row(clip_id, fps=fps), recording, "eeg")
    assert Trigger(repeated="last").align(clip_row("mmme/s01/m148"), recording, "eeg").offset == 8.0
    assert Trigger(codes={"*": 148}, repeated="first").align(clip_row("mahnob/s1/x"), recording, "eeg").offset == 6.5
    assert Trigger(codes={"mmme/s01/clip": 108}).align(clip_row("mmme/s01/clip"), recording, "eeg").offset == 1.0


def test_pictures_tell_the_time_and_all_trials_give_the_drift(tmp_path):
    drift, start = 1.00003, 57600.0  # 16:00; the recording began 20 s earlier
    trials = [(start + 300 * k, 100 + k, 60) for k in range(6)]
    sent = [(20 + drift * 300 * k, 100 + k, 0.05) for k in range(6)]
    recording = triggered(*sent, seconds=1700)
    clips = pd.DataFrame(
        [clip_row(f"mmme/s01/m{100 + k}", 31, frames=pictures(tmp_path / f"t{k}", trials[k])) for k in range(6)]
    )
    clock = Trigger(name="trigger", video="pictures")
    found = clock.align_all(clips, recording, "eeg")
    assert clock.video_seconds(clips.iloc[2], 31) == pytest.approx(0.2, abs=1e-6)
    for k in range(6):
        alignment = found[f"mmme/s01/m{100 + k}"]
        assert alignment.rate == pytest.approx(drift, abs=1e-6)
        assert alignment(0.2) == pytest.approx(20 + drift * (300 * k + 0.2), abs=2e-3)
    moved = triggered(*sent[:3], (sent[3][0] + 0.02, 103, 0.05), *sent[4:], seconds=1700)
    refused = clock.align_all(clips, moved, "eeg")
    assert all(isinstance(reason, Unaligned) and "ms beside the line" in str(reason) for reason in refused.values())
    wrong = clip_row("mmme/s01/m100", 31, frames=clips["frames"].iloc[1])
    assert "no picture has the marker 100" in str(
        clock.align_all(wrong.to_frame().T, recording, "eeg")["mmme/s01/m100"]
    )
    with pytest.raises(Unaligned, match="picture 31 has the marker 101, the clip 100"):
        clock.video_seconds(wrong, 31)


def test_pictures_that_tell_no_time(tmp_path):
    (tmp_path / "img1.jpg").touch()
    clock = Trigger(video="pictures")
    with pytest.raises(Unaligned, match="video: frames"):
        clock.align(clip_row(frames=str(tmp_path)), triggered((1.0, 108, 0.1)), "eeg")
    with pytest.raises(Unaligned, match="no such folder"):
        clock.align(clip_row(frames=str(tmp_path / "nowhere")), triggered((1.0, 108, 0.1)), "eeg")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "2024-13-01-16-00-31-433-685-108.jpg").touch()
    with pytest.raises(Unaligned, match="does not exist"):
        clock.align(clip_row(frames=str(tmp_path / "bad")), triggered((1.0, 108, 0.1)), "eeg")


def test_constant_offsets_by_clip_subject_and_corpus():
    clock = Constant(name="constant", offset=2.0, offsets={"c/s02": 3.0, "c/s02/b": 4.0})
    recording = triggered()
    assert [clock.align(clip_row(one), recording, "eeg").offset for one in ("c/s01/a", "c/s02/a", "c/s02/b")] == [
        2,
        3,
        4,
    ]
    assert Constant(first_frame=1).video_seconds(clip_row(), 31) == pytest.approx(0.2)


def test_marker_file_fits_recordings_and_clips(tmp_path):
    (tmp_path / "markers.csv").write_text(
        "recording,clip,frame,video_seconds,recording_seconds,code,comment\n"
        "s01.cdt,,0,,10.0,,\ns01.cdt,,,100.0,110.004,,\ns01.cdt,s01/own,15,,,101,\nother.cdt,,0,,1,,\n"
    )
    clock = MarkerFile(name="marker_file", root=str(tmp_path))
    recording = triggered((7.0, 101, 0.05))
    found = clock.align(clip_row("c/s01/a"), recording, "eeg")
    assert (found.rate, found.offset) == (pytest.approx(1.00004), pytest.approx(10.0))
    assert clock.align(clip_row("c/s01/own"), recording, "eeg").offset == pytest.approx(6.9)
    with pytest.raises(Unaligned, match="no marker of s02"):
        clock.align(clip_row("c/s02/a"), triggered(path=Path("rec/s02.cdt")), "eeg")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no row"),
        ("recording\ns01.cdt\n", "no column frame or video_seconds"),
        ("recording,frame\ns01.cdt,5\n", "no column recording_seconds or code"),
        ("recording,frame,recording_seconds\ns01.cdt,five,5\n", "line 2: frame is 'five', it must be a number"),
        ("recording,frame,recording_seconds\ns01.cdt,5,nan\n", "recording_seconds is 'nan'"),
        ("recording,frame,recording_seconds\ns01.cdt,5,5\ns01.cdt,5,6\n", "line 3.*same moment.*line 2.*keep one"),
        ("recording,frame,code\ns01.cdt,5,9\n", "no marker 9"),
    ],
)
def test_a_marker_file_that_says_nothing_names_its_line(tmp_path, text, message):
    (tmp_path / "markers.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        MarkerFile(root=str(tmp_path)).align(clip_row(), triggered((1.0, 8, 0.1)), "eeg")


def test_a_marker_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"markers.csv: not a readable csv file.*`root`"):
        MarkerFile(root=str(tmp_path)).align(clip_row(), triggered(), "eeg")


def test_wall_clock_of_pictures(tmp_path):
    frames = pictures(tmp_path / "p", (57600.0, 108, 60))
    clock = WallClock(name="wall_clock", offset=0.5, video="pictures")
    recording = triggered(started=datetime(2024, 5, 1, 15, 59, 58))
    found = clock.align(clip_row(frames=frames), recording, "eeg")
    assert found(clock.video_seconds(clip_row(frames=frames), 31)) == pytest.approx(2.7, abs=1e-3)
    with pytest.raises(Unaligned, match=r"a time zone\? try `offset: -3599.5`"):
        clock.align(clip_row(frames=frames), triggered(started=datetime(2024, 5, 1, 14, 59, 58)), "eeg")
    with pytest.raises(Unaligned, match="does not say when it was started"):
        clock.align(clip_row(frames=frames), triggered(), "eeg")


def test_wall_clock_from_a_file_runs_past_midnight(tmp_path):
    (tmp_path / "times.csv").write_text("clip;started\nm108;00:00:03.5\ns01/m109;2024-05-02 00:00:04\nm110;soon\n")
    clock = WallClock(root=str(tmp_path), video="frames", times="times.csv")
    recording = triggered(started=datetime(2024, 5, 1, 23, 59, 58))
    assert clock.align(clip_row(), recording, "eeg").offset == pytest.approx(5.5)
    assert clock.align(clip_row("mmme/s01/m109"), recording, "eeg").offset == pytest.approx(6.0)
    with pytest.raises(Unaligned, match="line 4: 'soon' is no time"):
        clock.align(clip_row("mmme/s01/m110"), recording, "eeg")
    with pytest.raises(Unaligned, match="no rows for mmme/s01/m111"):
        clock.align(clip_row("mmme/s01/m111"), recording, "eeg")
    with pytest.raises(InputError, match="say when each video started"):
        WallClock(video="frames")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"video": "tape"}, "frames or pictures"),
        ({"sfreq": {"eeg": 0.0}}, "above 0"),
        ({"max_residual": 0.0}, "above 0"),
    ],
)
def test_settings_that_cannot_be(given, message):
    with pytest.raises(InputError, match=message):
        Constant(**given)
    for wrong in ("m(", r"m\d+"):
        with pytest.raises(InputError, match="code"):
            Trigger(code=wrong)


def test_a_recording_of_another_rate_is_refused():
    with pytest.raises(Unaligned, match=r"s01.cdt: 1000 Hz, but constant expects 256 Hz in eeg.*sfreq.eeg"):
        Constant(name="constant", sfreq={"eeg": 256.0}).check_rate(triggered(), "eeg")
