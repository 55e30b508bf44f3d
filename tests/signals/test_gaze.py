from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmer.signals.gaze import Gaze
from mmer.types.errors import InputError
from mmer.types.face_track import FaceTrack

FPS = 200.0


def track_of(clip_id: str, frames: int = 121, onset: int = 40, gaze: bool = True) -> FaceTrack:
    """The eyes' pitch rises by 30 degrees a second, their yaw is 5, the head turns by a degree a frame."""
    time = np.arange(frames) / FPS
    return FaceTrack(
        clip_id=clip_id,
        frame=onset + np.arange(frames),
        time=time,
        landmarks=np.zeros((frames, 68, 2), np.float32),
        action_units=np.zeros((frames, 0), np.float32),
        au_names=(),
        au_scale="none",
        box=np.zeros((frames, 4), np.float32),
        confidence=np.ones(frames, np.float32),
        n_faces=np.ones(frames, np.int16),
        pose=np.arange(frames, dtype=np.float32)[:, None] * [0, 1, 0],
        image_size=(480, 640),
        provenance={"backend": "test"},
        gaze=np.stack([30 * time, 0 * time + 5], axis=1).astype(np.float32) if gaze else None,
    )


def cut(signal: Gaze, tracks: dict[str, FaceTrack], folder: Path, apex: int | None = 60):
    clips = pd.DataFrame({"clip_id": [*tracks, "lab/s1/none"], "onset": 40, "apex": apex})
    paths = {}
    for number, (clip_id, track) in enumerate(tracks.items()):
        track.save(folder / f"{number}.parquet")
        paths[clip_id] = folder / f"{number}.parquet"
    return signal.cut(clips, None, paths)


def test_a_track_keeps_its_gaze_and_older_tracks_have_none(tmp_path):
    for gaze in (True, False):
        track = track_of("lab/s1/c1", gaze=gaze)
        track.save(tmp_path / "t.parquet")
        back = FaceTrack.load(tmp_path / "t.parquet").between(50, 60)
        if gaze:
            assert np.array_equal(back.gaze, track.gaze[10:21])
        else:
            assert back.gaze is None
    with pytest.raises(InputError, match="gaze must have shape"):
        FaceTrack(**{**vars(track), "gaze": np.zeros((3, 2), np.float32)})


@pytest.mark.parametrize("sfreq", [20.0, 200.0, 500.0])
def test_angles_are_put_on_the_grid_of_the_signal(tmp_path, sfreq):
    found = cut(Gaze(name="gaze", stop=0.5, start=0.1, sfreq=sfreq), {"lab/s1/c1": track_of("lab/s1/c1")}, tmp_path)
    values = found.values["lab/s1/c1"]
    moments = 0.1 + np.arange(round(0.4 * sfreq)) / sfreq
    assert found.layout.channels == ("gaze_pitch", "gaze_yaw", "seen")
    assert (found.layout.sfreq, found.layout.start) == (sfreq, 0.1)
    np.testing.assert_allclose(values, [30 * moments, 0 * moments + 5, 0 * moments + 1], atol=1e-3)
    assert "no face track" in found.missing["lab/s1/none"]


def test_beyond_the_clip_and_in_gaps_the_nearest_frame_is_held_and_not_seen(tmp_path):
    track = track_of("lab/s1/c1", frames=61)
    track.gaze[20:41] = np.nan
    loose = Gaze(name="gaze", start=0.0, stop=0.5, min_seen=0.4)
    values = cut(loose, {"lab/s1/c1": track}, tmp_path).values["lab/s1/c1"]
    moments = np.arange(25) / 50
    seen = (moments <= 0.3) & ~((moments > 0.105) & (moments < 0.195))
    assert np.array_equal(values[2], seen)
    assert values[0, -1] == pytest.approx(30 * 0.3, abs=1e-3)
    assert np.isfinite(values).all()
    with pytest.raises(InputError, match=r"48% of 0\.\.0\.5 s"):
        cut(Gaze(name="gaze", start=0.0, stop=0.5), {"lab/s1/c1": track}, tmp_path)


def test_the_mean_of_the_baseline_is_taken_off_and_the_apex_may_be_the_anchor(tmp_path):
    signal = Gaze(name="gaze", anchor="apex", start=0.0, stop=0.4, baseline=(-0.1, 0.0), columns=("gaze_yaw", "yaw"))
    values = cut(signal, {"lab/s1/c1": track_of("lab/s1/c1")}, tmp_path).values["lab/s1/c1"]
    np.testing.assert_allclose(values[0], 0, atol=1e-6)
    np.testing.assert_allclose(values[1], 200 * np.arange(20) / 50 + 10.5, atol=0.6)
    with pytest.raises(InputError, match="apex is not annotated"):
        cut(signal, {"lab/s1/c1": track_of("lab/s1/c1")}, tmp_path, apex=None)


def test_a_track_without_gaze_says_how_to_get_one_and_still_has_a_head(tmp_path):
    tracks = {f"lab/s1/c{place}": track_of(f"lab/s1/c{place}", gaze=place == 1) for place in (1, 2)}
    found = cut(Gaze(name="gaze", start=0.0, stop=0.5), tracks, tmp_path)
    assert set(found.values) == {"lab/s1/c1"}
    assert "gaze: true" in found.missing["lab/s1/c2"]
    assert set(cut(Gaze(name="pose", columns=("yaw",), start=0.0, stop=0.5), tracks, tmp_path).values) == set(tracks)


def test_wrong_settings():
    for keys, says in (
        ({"columns": ("gaze",)}, "gaze_pitch"),
        ({"columns": ()}, "names that differ"),
        ({"sfreq": 0.1}, "no sample"),
        ({"min_seen": 2.0}, "0..1"),
        ({"anchor": "middle"}, "onset or apex"),
    ):
        with pytest.raises(InputError, match=says):
            Gaze(name="gaze", **keys)
