"""The Clips table checks itself."""

import pandas as pd
import pytest

from mmer.types.clips import COLUMNS, load_clips, save_clips, validate_clips, visible, without_labels
from mmer.types.errors import InputError


def table(**changes):
    """Two valid clips, with some columns of the first replaced; a column is removed with ``...``."""
    rows = [
        {
            "clip_id": f"lab/{name}/x",
            "dataset": "lab",
            "subject": f"lab/{name}",
            "emotion": "joy",
            "action_units": ["AU12"],
            "onset": 3,
            "apex": 5,
            "offset": 9,
            "fps": 100.0,
            "frames": f"data/lab/{name}",
        }
        for name in ("b", "a")
    ]
    for column, value in changes.items():
        rows[0][column] = value
    return pd.DataFrame(rows)


def test_rows_and_columns_get_their_fixed_order():
    clips = validate_clips(table())
    assert clips.clip_id.tolist() == ["lab/a/x", "lab/b/x"]
    assert list(clips.columns) == list(COLUMNS)


def test_the_order_of_rows_and_columns_does_not_matter():
    turned = table().iloc[::-1, ::-1]
    pd.testing.assert_frame_equal(validate_clips(turned), validate_clips(table()))


def test_the_given_table_is_left_alone():
    clips = table()
    before = clips.copy(deep=True)
    validate_clips(clips)
    pd.testing.assert_frame_equal(clips, before)


def test_checking_twice_changes_nothing():
    clips = validate_clips(table(apex=None, fps=None, action_units=None))
    pd.testing.assert_frame_equal(validate_clips(clips), clips)


def test_a_file_gives_back_what_was_saved(tmp_path):
    clips = validate_clips(table(apex=None, action_units=None, culture="north", age=31))
    save_clips(clips, tmp_path / "deep" / "clips.parquet")
    pd.testing.assert_frame_equal(load_clips(tmp_path / "deep" / "clips.parquet"), clips)


def test_the_same_table_gives_the_same_bytes(tmp_path):
    save_clips(table(), tmp_path / "a")
    save_clips(table().iloc[::-1], tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_no_unit_coded_is_not_the_same_as_not_annotated(tmp_path):
    save_clips(table(action_units=[]), tmp_path / "a")
    clips = load_clips(tmp_path / "a").set_index("clip_id").action_units
    assert clips["lab/b/x"] == []
    save_clips(table(action_units=None), tmp_path / "a")
    assert load_clips(tmp_path / "a").set_index("clip_id").action_units["lab/b/x"] is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"clip_id": "lab/a/x"}, r"must be unique.*lab/a/x.*@onset"),
        ({"emotion": None}, "emotion is empty for lab/b/x"),
        ({"emotion": ""}, "emotion is empty for lab/b/x"),
        ({"subject": None}, "subject is empty"),
        ({"subject": "b"}, "subject must start with its dataset"),
        ({"subject": "laboratory/b"}, "subject must start with its dataset"),
        ({"clip_id": "other/b/x"}, "clip_id must start with its dataset"),
        ({"frames": None}, r"without frames and without motion: lab/b/x"),
        ({"onset": None, "apex": None}, "need onset and offset: lab/b/x"),
        ({"onset": 10}, r"onset lies after offset in lab/b/x \(onset 10, offset 9\).*exclude"),
        ({"onset": 6}, r"onset lies after apex in lab/b/x"),
        ({"apex": 10}, r"apex lies after offset in lab/b/x"),
        ({"action_units": "AU04+AU07"}, "must be a list of codes"),
        ({"mood": "fine"}, "unknown columns"),
        ({"fps": 0.0}, r"fps must be a number of hertz above 0, got 0\.0 for lab/b/x"),
        ({"fps": -5.0}, "fps must be a number of hertz above 0"),
        ({"fps": float("inf")}, "fps must be a number of hertz above 0"),
    ],
)
def test_what_is_wrong_is_named(changes, says):
    with pytest.raises(InputError, match=says):
        validate_clips(table(**changes))


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="'emotion'"):
        validate_clips(table().drop(columns="emotion"))


def test_with_motion_the_frames_and_marks_may_be_missing():
    only = dict.fromkeys(("frames", "onset", "apex", "offset", "fps"))
    clips = validate_clips(table(**only, motion="data/lab/m.npy")).set_index("clip_id")
    assert clips.loc["lab/b/x", list(only)].isna().all()


MEANING = {"emotion", "objective_class", "action_units"}
MARKS = {"onset", "apex", "offset"}


def test_protocols_are_given_nothing_that_a_person_said_of_the_meaning():
    """The columns are written out here: a label that is not in the list of labels would be seen by every protocol."""
    clips = validate_clips(table())
    assert set(clips) - set(without_labels(clips)) == MEANING


@pytest.mark.parametrize("reads", [(), ("onset", "offset"), ("apex", "action_units"), ("onset", "apex", "offset")])
def test_a_component_is_given_the_annotations_it_names_and_no_other(reads):
    clips = validate_clips(table())
    assert set(clips) - set(visible(clips, reads)) == (MEANING | MARKS) - set(reads)


@pytest.mark.parametrize("label", ["emotion", "objective_class", "subject"])
def test_no_component_may_name_an_emotion_or_an_objective_class(label):
    with pytest.raises(InputError, match=f"not.*{label}"):
        visible(validate_clips(table()), ("onset", label))
