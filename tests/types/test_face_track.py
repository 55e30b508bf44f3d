"""FaceTrack: what is saved comes back, what is no track is refused by name."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mmer.types.errors import InputError
from mmer.types.face_track import FaceTrack


def a_track(length=6, units=("AU04", "AU12"), **changes):
    random = np.random.default_rng(0)
    landmarks = random.random((length, 68, 2)).astype(np.float32) * 100
    landmarks[2] = np.nan
    parts = {
        "clip_id": "lab/s1/c1",
        "frame": np.arange(46, 46 + length),
        "time": np.arange(length) / 200,
        "landmarks": landmarks,
        "action_units": random.random((length, len(units))).astype(np.float32),
        "au_names": units,
        "au_scale": "probability" if units else "none",
        "box": np.tile(np.float32([10, 20, 80, 90]), (length, 1)),
        "confidence": np.ones(length, np.float32),
        "n_faces": np.ones(length, np.int16),
        "pose": np.full((length, 3), np.nan, np.float32),
        "image_size": (360, 640),
        "provenance": {"backend": "test", "version": "1"},
    }
    return FaceTrack(**{**parts, **changes})


@pytest.mark.parametrize("units", [("AU04", "AU12"), ()])
def test_a_saved_track_comes_back(tmp_path, units):
    track = a_track(units=units)
    track.save(tmp_path / "deep" / "er" / "c1.parquet")
    again = FaceTrack.load(tmp_path / "deep" / "er" / "c1.parquet")
    for name in ("frame", "landmarks", "action_units", "box", "confidence", "n_faces", "pose"):
        np.testing.assert_array_equal(getattr(again, name), getattr(track, name), err_msg=name)
        assert getattr(again, name).dtype == getattr(track, name).dtype, name
    np.testing.assert_allclose(again.time, track.time, atol=1e-6)
    for name in ("clip_id", "au_names", "au_scale", "image_size", "provenance"):
        assert getattr(again, name) == getattr(track, name)


def test_the_same_track_gives_the_same_bytes(tmp_path):
    a_track().save(tmp_path / "a.parquet")
    turned = a_track(provenance={"version": "1", "backend": "test"})  # same facts, put together in another order
    replace(turned, landmarks=turned.landmarks.astype(np.float64)).save(tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_between_is_inclusive_and_an_empty_cut_is_refused():
    track = a_track()
    assert track.between(47, 49).frame.tolist() == [47, 48, 49]
    assert track.between(47, 49).provenance == track.provenance
    with pytest.raises(InputError, match="no frame"):
        track.between(100, 110)


def test_a_frame_without_landmarks_is_not_valid():
    track = a_track()
    assert track.valid.tolist() == [True, True, False, True, True, True]
    assert track.coverage == pytest.approx(5 / 6)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"box": np.zeros((6, 3), np.float32)}, "box must have shape"),
        ({"frame": np.array([1, 2, 2, 3, 4, 5])}, "ascend"),
        ({"au_scale": "percent"}, "au_scale 'percent'"),
        ({"au_names": ("AU04", "AU04")}, "named twice"),
    ],
)
def test_what_does_not_fit_together_is_refused(change, says):
    with pytest.raises(InputError, match=says):
        a_track(**change)


def damaged(folder, change):
    """Write a track, let ``change`` alter its table, write that."""
    a_track().save(folder / "good.parquet")
    table = change(pq.read_table(folder / "good.parquet"))
    pq.write_table(table, folder / "bad.parquet")
    return folder / "bad.parquet"


def with_metadata(table, **changes):
    metadata = {key.decode(): value.decode() for key, value in table.schema.metadata.items()} | changes
    return table.replace_schema_metadata({key: value for key, value in metadata.items() if value is not None})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda table: table.drop_columns(["x_7"]), "x_7"),
        (lambda table: table.replace_schema_metadata(None), "schema_version None"),
        (lambda table: with_metadata(table, schema_version="99"), "schema_version '99'"),
        (lambda table: with_metadata(table, au_names=None), "au_names"),
        (lambda table: with_metadata(table, image_size="{"), "not a track"),
        (lambda table: table.slice(0, 0), "no frame"),
        (
            lambda table: table.set_column(table.column_names.index("x_0"), "x_0", pa.array(["a"] * 6)),
            "not a track",
        ),
        (
            lambda table: table.set_column(0, "frame", pa.array([46, None, 48, 49, 50, 51], pa.int32())),
            "frame.*empty cells",
        ),
    ],
)
def test_a_damaged_file_is_refused_with_its_name(tmp_path, change, says):
    path = damaged(tmp_path, change)
    with pytest.raises(InputError, match=says) as error:
        FaceTrack.load(path)
    assert str(path) in str(error.value)


def test_a_file_that_is_no_parquet_is_refused(tmp_path):
    (tmp_path / "x.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match="not a readable parquet"):
        FaceTrack.load(tmp_path / "x.parquet")
    with pytest.raises(InputError, match="not a readable parquet"):
        FaceTrack.load(tmp_path / "absent.parquet")
