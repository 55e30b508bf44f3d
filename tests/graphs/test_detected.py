"""How far detected action units rise within a clip."""

import numpy as np
import pandas as pd
import pytest
from moving_faces import AU_NAMES, clip_row, still_motion, template_landmarks, track_of

from mmer.graphs.detected import detected_units
from mmer.graphs.nodes.action_units import ActionUnits
from mmer.types.errors import InputError


def table(*rows):
    return pd.DataFrame(list(rows))


def track(units, first=1, names=AU_NAMES, **more):
    """A still face whose units are given by name: {"AU12": values over time}; the others stay at .1."""
    t = len(next(iter(units.values())))
    values = np.full((t, len(names)), 0.1, np.float32)
    for name, series in units.items():
        values[:, names.index(name)] = series
    return track_of(template_landmarks(t), first, values, names, **more)


RISE = np.array([0.2, 0.3, 0.4, 0.5, 0.9, 0.5, 0.4, 0.3, 0.2])


def test_known_answer():
    clips = table(clip_row(1, 5, 9))
    found = detected_units(clips, {"made/s1/c1": track({"AU12": RISE, "AU04": RISE[::-1] - 0.5})}, average=1)
    assert list(found.columns) == ["clip_id", *sorted(AU_NAMES)]
    assert found.drop(columns="clip_id").dtypes.unique().tolist() == [np.float32]
    row = found.set_index("clip_id").loc["made/s1/c1"]
    assert row["AU12"] == pytest.approx(0.7, abs=1e-6)
    assert row["AU04"] == pytest.approx(0.7, abs=1e-6)
    assert np.abs(row.drop(["AU12", "AU04"])).max() < 1e-6


@pytest.mark.parametrize("average", [1, 3, 5])
def test_is_the_greatest_activation_of_the_nodes(average):
    """One definition of a unit's rise in the house, gaps and jitter included."""
    rng = np.random.default_rng(average)
    series = {name: rng.random(20) for name in AU_NAMES}
    series["AU12"][[0, 7, 8, 19]] = np.nan
    one, clip = track(series), clip_row(3, 9, 18)
    x = ActionUnits(average=average).build(clip, one, still_motion(apex=9))
    found = detected_units(table(clip), {"made/s1/c1": one}, average).set_index("clip_id")
    np.testing.assert_allclose(found.loc["made/s1/c1", list(AU_NAMES)].astype(float), x[0, :, 1], atol=1e-6)


def test_only_onset_to_offset_counts():
    series = np.concatenate([[5.0, -5.0], RISE, [7.0]])
    found = detected_units(table(clip_row(1, 5, 9)), {"made/s1/c1": track({"AU12": series}, first=-1)}, average=1)
    assert found.AU12[0] == pytest.approx(0.7, abs=1e-6)
    unstated = clip_row(None, None, None, motion="there.npy")
    whole = detected_units(table(unstated), {"made/s1/c1": track({"AU12": series}, first=-1)}, average=1)
    assert whole.AU12[0] == pytest.approx(2.0, abs=1e-6)


def test_a_unit_that_falls_does_not_rise():
    found = detected_units(table(clip_row(1, 5, 9)), {"made/s1/c1": track({"AU12": RISE[::-1] * -1})}, average=1)
    assert found.AU12[0] == pytest.approx(0, abs=1e-6)
    falling = detected_units(table(clip_row(1, 5, 9)), {"made/s1/c1": track({"AU12": np.linspace(1, 0, 9)})}, average=1)
    assert falling.AU12[0] == 0


def test_only_ids_onset_and_offset_are_read():
    clip = clip_row(1, 5, 9, action_units=["AU12"], emotion="surprise")
    tracks = {"made/s1/c1": track({"AU12": RISE})}
    blind = table(clip)[["clip_id", "onset", "offset"]]
    assert detected_units(blind, tracks).equals(detected_units(table(clip), tracks))


def test_rows_are_the_clips_with_a_track_whatever_their_order():
    clips = [clip_row(1, 5, 9, clip_id=f"made/s1/c{k}") for k in (3, 1, 2)]
    tracks = {f"made/s1/c{k}": track({"AU12": RISE * k}, clip_id=f"made/s1/c{k}") for k in (3, 1, 9)}
    found = detected_units(table(*clips), tracks, average=1)
    assert found.clip_id.tolist() == ["made/s1/c1", "made/s1/c3"]
    assert found.AU12.tolist() == pytest.approx([0.7, 2.1], abs=1e-6)
    assert found.equals(detected_units(table(*clips[::-1]), dict(sorted(tracks.items())), average=1))


def test_units_are_those_of_all_tracks():
    clips = table(clip_row(1, 5, 9, clip_id="made/s1/a"), clip_row(1, 5, 9, clip_id="made/s1/b"))
    tracks = {
        "made/s1/a": track({"AU12": RISE}, names=("AU12", "AU25"), clip_id="made/s1/a"),
        "made/s1/b": track({"AU04": RISE}, names=("AU04", "AU12"), clip_id="made/s1/b"),
    }
    found = detected_units(clips, tracks).set_index("clip_id")
    assert list(found.columns) == ["AU04", "AU12", "AU25"]
    assert found.isna().to_numpy().tolist() == [[True, False, False], [False, False, True]]


def test_without_tracks_or_units_there_are_ids_only():
    clips = table(clip_row(1, 5, 9))
    assert detected_units(clips, {}).shape == (0, 1)
    bare = track_of(template_landmarks(9), units=np.zeros((9, 0)), au_names=(), au_scale="none")
    found = detected_units(clips, {"made/s1/c1": bare})
    assert found.columns.tolist() == ["clip_id"]
    assert found.clip_id.tolist() == ["made/s1/c1"]


def test_a_clip_without_a_face_or_without_values_is_unknown_not_refused():
    landmarks = template_landmarks(12)
    landmarks[:9] = np.nan
    late = track_of(landmarks)
    clips = table(clip_row(1, 5, 9))
    assert detected_units(clips, {"made/s1/c1": late}).drop(columns="clip_id").isna().all(axis=None)
    lost = table(clip_row(None, None, None, motion="there.npy"))
    faceless = track_of(template_landmarks(9) * np.nan)
    assert detected_units(lost, {"made/s1/c1": faceless}).drop(columns="clip_id").isna().all(axis=None)
    unmeasured = detected_units(clips, {"made/s1/c1": track({"AU09": np.full(9, np.nan)})})
    assert np.isnan(unmeasured.AU09[0])
    assert unmeasured.AU12[0] == 0


def test_a_track_of_other_frames_is_refused():
    with pytest.raises(InputError, match=r"made/s1/c1: its track covers frames 1\.\.9, the clip is 90\.\.99"):
        detected_units(table(clip_row(90, 95, 99)), {"made/s1/c1": track({"AU12": RISE})})


def test_survives_parquet_and_joins_over_corpora(tmp_path):
    clips = table(clip_row(1, 5, 9))
    found = detected_units(clips, {"made/s1/c1": track({"AU12": RISE})})
    found.to_parquet(tmp_path / "detected.parquet", index=False)
    again = pd.read_parquet(tmp_path / "detected.parquet")
    pd.testing.assert_frame_equal(again, found)
    joined = pd.concat([detected_units(clips, {}), again], ignore_index=True).set_index("clip_id")
    assert joined.AU12.dtype == np.float32
