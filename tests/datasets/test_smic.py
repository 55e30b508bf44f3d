"""SMIC as its folders tell it: a clip's class stands in names, and what is said where these contradict each other."""

import logging
import shutil

import cv2
import pytest
from miniature_corpora import write_pictures

from mmer.datasets.smic import FOLDERS
from mmer.datasets.versions import differences
from mmer.doctor.reading import versions_of
from mmer.stages.build import build, read_option
from mmer.synthetic.release import write_full_release, write_release
from mmer.types.errors import InputError
from mmer.types.face_track import FaceTrack
from mmer.types.frames import Frames
from mmer.types.gathering import gathering

TINY = {"subjects": 2, "clips": 4, "seed": 0, "size": 48, "processes": 1}


def dataset(root, **fields):
    return build(read_option("dataset", "smic") | {"root": str(root)} | fields)


def read(root, **fields):
    return dataset(root, **fields).clips().set_index("clip_id")


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    base = tmp_path_factory.mktemp("smic")
    for corpus in ("smic", "smic_nir"):
        write_release(corpus, base / corpus, **TINY)
    return base


@pytest.fixture
def tree(tmp_path):
    """A short release of four invented clips, two of each subject."""
    for subject, word, clip in (
        *(("s1", "positive", "s1_po_01"), ("s1", "surprise", "s1_sur_02")),
        *(("s12", "negative", "s12_ne_01"), ("s12", "negative", "s12_ne_10")),
    ):
        write_pictures(tmp_path / "SMIC_all_raw" / "HS" / subject / "micro" / word / clip, 96, 103, "image{:06d}.png")
    return tmp_path


def test_class_and_name_of_a_clip_are_those_of_its_folder(tree):
    clips = read(tree)
    assert clips.index.tolist() == [
        *("smic/s01/s01_po_01", "smic/s01/s01_sur_02", "smic/s12/s12_ne_01", "smic/s12/s12_ne_10")
    ]
    assert clips.emotion.tolist() == ["positive", "surprise", "negative", "negative"]
    assert clips.subject.tolist() == ["smic/s01", "smic/s01", "smic/s12", "smic/s12"]
    assert clips.frames.iloc[0].endswith("SMIC_all_raw/HS/s1/micro/positive/s1_po_01")
    assert set(clips.onset) == {96}
    assert set(clips.offset) == {103}
    assert set(clips.fps) == {100.0}


def test_there_is_no_apex_and_no_action_unit_and_that_is_said(tree, caplog):
    caplog.set_level(logging.INFO, "mmer")
    clips = read(tree)
    assert clips.apex.isna().all()
    assert clips.apex_source.isna().all()
    assert clips.action_units.isna().all()
    assert clips.objective_class.isna().all()
    assert "SMIC marks no apex and no action unit" in caplog.text
    assert dataset(tree).annotations() == []


def test_padded_folders_and_other_cases_are_the_same_clips(tree):
    expected = read(tree).drop(columns="frames")
    base = tree / "SMIC_all_raw" / "HS"
    (base / "s1" / "micro" / "positive" / "s1_po_01").rename(base / "s1" / "micro" / "positive" / "s01_po_01")
    (base / "s1" / "micro").rename(base / "s1" / "Micro")
    (base / "s1").rename(base / "S01")
    (base / "s12" / "micro" / "negative").rename(base / "s12" / "micro" / "Negative")
    assert read(tree).drop(columns="frames").equals(expected)


@pytest.mark.parametrize("place", ["SMIC_all_raw/SMIC_all_raw/HS", "smic_all_RAW/hs", "HS", "SMIC_all_cropped/HS"])
def test_the_frames_are_found_where_people_unpack_them(tree, place):
    shutil.move(tree / "SMIC_all_raw" / "HS", tree / "moved")
    shutil.rmtree(tree / "SMIC_all_raw")
    (tree / place).parent.mkdir(parents=True, exist_ok=True)
    shutil.move(tree / "moved", tree / place)
    assert read(tree).frames.str.startswith((tree / place).as_posix()).all()


def test_raw_frames_go_before_cropped_ones(tree):
    shutil.copytree(tree / "SMIC_all_raw", tree / "SMIC_all_cropped")
    assert read(tree).frames.str.contains("SMIC_all_raw").all()
    cropped = read(tree, frames=["SMIC_all_cropped/{variant}"])
    assert cropped.frames.str.contains("SMIC_all_cropped").all()


def test_moments_without_an_expression_are_no_clips(releases):
    base = releases / "smic" / "SMIC_all_raw" / "HS"
    assert len(list(base.glob("s*/non_micro/*/*.bmp"))) == 10
    assert not read(releases / "smic").frames.str.contains("non_micro").any()


def test_what_lies_under_non_micro_is_no_clip_whatever_its_name(tree, caplog):
    write_pictures(tree / "SMIC_all_raw" / "HS" / "s1" / "non_micro" / "s1_ne_07", 1, 3)
    assert len(read(tree)) == 4
    assert caplog.text == ""


def test_the_synthetic_release_has_the_names_and_pictures_of_the_real_one(releases):
    clips = read(releases / "smic")
    assert len(clips) == 8
    for clip in clips.itertuples():
        frames = Frames.open(clip.frames)
        assert frames.names[0] == f"image{clip.onset:06d}.bmp"
        assert frames.numbers == tuple(range(clip.onset, clip.offset + 1))
        track = FaceTrack.load(clip.tracks)
        assert (track.clip_id, track.frame[0], track.frame[-1]) == (clip.Index, clip.onset, clip.offset)
    assert {clip.partition("_")[0] for clip in clips.frames.str.rpartition("/")[2]} == {"s1", "s2"}


def test_infrared_pictures_are_grey_and_come_25_times_a_second(releases):
    clips = read(releases / "smic_nir", variant="nir")
    assert set(clips.fps) == {25.0}
    frames = Frames.open(clips.frames.iloc[0])
    assert "SMIC_all_raw/NIR/" in frames.source
    assert cv2.imread(f"{frames.source}/{frames.names[0]}", cv2.IMREAD_UNCHANGED).ndim == 2
    assert set(read(releases / "smic_nir", variant="nir", fps=50.0).fps) == {50.0}


def test_an_empty_clip_and_lost_frames_are_named(tree, caplog):
    """So is SMIC_all_cropped: one folder without a picture, and single frames lost in four others."""
    base = tree / "SMIC_all_raw" / "HS"
    for number in (98, 99):
        (base / "s1" / "micro" / "positive" / "s1_po_01" / f"image{number:06d}.png").unlink()
    for path in (base / "s12" / "micro" / "negative" / "s12_ne_10").iterdir():
        path.unlink()
    with pytest.raises(InputError, match=r"smic/s12/s12_ne_10: .*no frame in it(.|\n)*`exclude`"):
        read(tree)
    clips = read(tree, exclude=["smic/s12/s12_ne_10"])
    assert len(clips) == 3
    assert "2 frame(s) between onset and offset are missing, in 1 clip(s): smic/s01/s01_po_01 (2)" in caplog.text


def test_folders_that_contradict_a_clips_name_are_refused(tree):
    base = tree / "SMIC_all_raw" / "HS"
    (base / "s12" / "micro" / "surprise").mkdir()
    (base / "s12" / "micro" / "negative" / "s12_ne_01").rename(base / "s12" / "micro" / "surprise" / "s12_ne_01")
    (base / "s12" / "micro" / "negative" / "s12_ne_10").rename(base / "s12" / "micro" / "s12_ne_10")
    (base / "s1" / "micro" / "surprise" / "s1_sur_02").rename(base / "s12" / "micro" / "surprise" / "s1_sur_02")
    with pytest.raises(InputError) as error:
        read(tree)
    text = str(error.value)
    assert "3 folder(s) contradict" in text
    assert "s12/micro/surprise/s12_ne_01 is negative by its name, surprise by its folder" in text
    assert "s12/micro/s12_ne_10 lies in no folder negative, positive or surprise" in text
    assert "smic/s01/s01_sur_02: " in text
    assert "lies in the folder of subject s12" in text
    named = ["smic/s12/s12_ne_01", "smic/s12/s12_ne_10", "smic/s01/s01_sur_02"]
    assert read(tree, exclude=named).index.tolist() == ["smic/s01/s01_po_01"]


def test_somebody_who_asks_hears_of_every_folder_that_contradicts_a_name(tree):
    folder = tree / "SMIC_all_raw" / "HS"
    (folder / "s1" / "micro" / "positive" / "s1_sur_03").mkdir()
    (folder / "s1" / "micro" / "positive" / "s12_po_02").mkdir()
    with gathering() as problems:
        clips = dataset(tree).clips()
    assert len(clips) == 4
    assert [(one.kind, one.clip_id) for one in problems] == [
        ("names", "smic/s01/s01_sur_03"),
        ("names", "smic/s12/s12_po_02"),
    ]


def test_one_clip_or_subject_under_two_names_is_not_chosen_between(tree):
    base = tree / "SMIC_all_raw" / "HS"
    write_pictures(base / "s1" / "micro" / "positive" / "s01_po_1", 1, 3)
    with pytest.raises(InputError, match=r"s01_po_1 and .*s1_po_01 are both clip s01_po_01"):
        read(tree)
    (base / "s01").mkdir()
    with pytest.raises(InputError, match="s01, s1 could all be subject"):
        read(tree)


def test_folders_of_pictures_with_other_names_are_named(tree, caplog):
    write_pictures(tree / "SMIC_all_raw" / "HS" / "s1" / "micro" / "positive" / "smile", 1, 3)
    assert len(read(tree)) == 4
    assert "1 folder(s) with pictures are not read" in caplog.text
    assert "micro/positive/smile" in caplog.text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"variant": "HS"}, "no variant 'HS'; Valid: hs, nir, vis"),
        ({"release": "short"}, "no release 'short'; .*Valid: clips, long"),
        ({"variant": "vis"}, r"none of SMIC_all_raw/VIS, .* in .*\(s1, s2, s3 and"),
        ({"exclude": ["smic/s1/s1_po_01"]}, "exclude names 'smic/s1/s1_po_01', which does not exist"),
        ({"release": "long"}, "none of the folders SMIC-E_raw image/HS_long, .* holds a workbook.*`long`"),
    ],
)
def test_what_is_not_there_is_named(tree, fields, says):
    with pytest.raises(InputError, match=says):
        read(tree, **fields)


def test_a_release_that_has_no_clip_left_is_refused(tree):
    with pytest.raises(InputError, match="has no clip that is not under `exclude`"):
        read(tree, exclude=read(tree).index.tolist())


@pytest.mark.parametrize(
    ("corpus", "variant", "subjects", "counts"),
    [("smic", "hs", 16, (70, 51, 43)), ("smic_vis", "vis", 8, (23, 28, 20)), ("smic_nir", "nir", 8, (23, 28, 20))],
)
def test_the_full_table_has_the_counts_of_the_release(tmp_path, caplog, corpus, variant, subjects, counts):
    write_full_release(corpus, tmp_path / "full", 0)
    clips = read(tmp_path / "full", variant=variant)
    assert [int((clips.emotion == word).sum()) for word in ("negative", "positive", "surprise")] == list(counts)
    assert clips.subject.nunique() == subjects
    assert differences(FOLDERS[variant], clips.reset_index()) == []
    assert caplog.text == ""
    table = clips.reset_index()
    assert versions_of(dataset(tmp_path / "full", variant=variant), table) == ((FOLDERS[variant],), [])
    if variant == "hs":
        [found] = versions_of(dataset(tmp_path / "full"), table[1:])[1]
        assert (found.level, "163 rows, the release has 164" in found.items) == ("warning", True)
        assert clips.subject.value_counts().loc[["smic/s03", "smic/s05", "smic/s19"]].tolist() == [39, 2, 2]
        classes = build(read_option("labels", "megc3")).assign(clips.reset_index())
        assert classes.value_counts().to_dict() == {"negative": 70, "positive": 51, "surprise": 43}
        assert read(tmp_path / "full", exclude=[clips.index[0]]).shape[0] == 163
        assert "differs from version HS: 163 rows, the release has 164" in caplog.text
