"""SMIC as its folders tell it, SMIC-E as its workbooks do, and what is said when something is wrong with them."""

import csv
import json
import logging
import shutil

import cv2
import openpyxl
import pytest
from miniature_corpora import CASME2_HEADER, write_pictures, write_workbook

from mmer.datasets.smic import FOLDERS, Smic
from mmer.datasets.smic_long import VERSIONS
from mmer.datasets.versions import differences
from mmer.doctor.reading import versions_of
from mmer.stages.build import build, read_option
from mmer.synthetic.release import write_full_release, write_release
from mmer.synthetic.smic import SmicLongLayout
from mmer.types.clips import load_clips
from mmer.types.errors import InputError
from mmer.types.face_track import FaceTrack
from mmer.types.frames import Frames
from mmer.types.gathering import gathering
from workspace import Workspace

HS = [
    *("Subject", "Filename", None, "OnsetF", "OffsetF", "Onset2F", "Offset2F", "Onset3F", "Offset3F", None),
    *("FirstF", "LastF", "TotalMF1", "TotalMF2", "TotalMF3", "TotalVL", "Emotion", None, None),
]
VIS = [
    *("Subject", "Filename", None, "OnsetF", "OffsetF", "Onset2F", "Offset2F", None, "FirstF", "TotalMF1", "TotalMF2"),
    *("TotalVL", "Emotion"),
]
TINY = {"subjects": 2, "clips": 4, "seed": 0, "size": 48, "processes": 1}


def dataset(root, **fields):
    return build(read_option("dataset", "smic") | {"root": str(root)} | fields)


def read(root, **fields):
    return dataset(root, **fields).clips().set_index("clip_id")


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    base = tmp_path_factory.mktemp("smic")
    for corpus in ("smic", "smic_nir", "smic_long"):
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


@pytest.fixture
def long(tmp_path):
    """A function (rows, each header -> cell) -> root of a miniature SMIC-E, whose videos have frames 100..160."""

    def write(*rows, header=HS, sheet="HS", file="SMIC-HS-E_annotation.xlsx", variant="HS", below=(), frames=True):
        usual = {"Subject": 1, "Filename": "s1_po_01", "OnsetF": 110, "OffsetF": 120, "FirstF": 100, "LastF": 160}
        full = [usual | {"Emotion": "positive"} | row for row in rows or ({},)]
        folder = tmp_path / "SMIC-E_raw image" / f"{variant}_long"
        lines = [[row.get(title) if title else None for title in header] for row in full]
        write_workbook(folder / file, {sheet: [header, *lines, *below]})
        for row in full if frames else ():
            write_pictures(folder / f"SMIC-{variant}-E" / f"s{row['Subject']}" / str(row["Filename"]), 100, 160)
        return tmp_path

    return write


def cells(root):
    path = root / "SMIC-E_raw image" / "HS_long" / "SMIC-HS-E_annotation.xlsx"
    rows = list(openpyxl.load_workbook(path)["HS"].iter_rows(values_only=True))
    return rows[0], [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


# The short release


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


# The long release


def test_the_synthetic_workbook_has_the_quirks_of_the_real_one(releases):
    header, rows = cells(releases / "smic_long")
    assert list(header) == HS
    assert sum(row[None] == "checked" for row in rows) == 1  # under the last, empty header
    videos = [row for row in rows if row["Filename"]]
    assert len(videos) == 8
    assert all(isinstance(row["Subject"], int) for row in videos)
    assert sum(row["Onset2F"] is not None for row in videos) == 4
    assert sorted(row["TotalMF3"] < 0 for row in videos if row["Onset3F"]) == [False, False, True]
    assert any(row["Onset2F"] is not None and row["Onset2F"] < row["OnsetF"] for row in videos)
    assert any(
        row["Onset2F"] and (row["Onset3F"], row["Offset3F"]) == (row["Onset2F"], row["Offset2F"]) for row in rows
    )
    assert [row["OffsetF"] for row in rows[-2:]] == [None, None]  # an empty row, and a remark below it


def test_the_long_release_reads_back(releases, caplog):
    clips = read(releases / "smic_long", release="long")
    assert len(clips) == 8 + 1 + 1 + 2 + 1
    assert clips.index.str.contains("@").sum() == 9
    for clip in clips.itertuples():
        frames = Frames.open(clip.frames)
        assert frames.missing(clip.onset, clip.offset) == []
        assert frames.numbers[0] < clip.onset < clip.offset < frames.numbers[-1]
        track = FaceTrack.load(clip.tracks)
        assert (track.clip_id, track.frame[0], track.frame[-1]) == (clip.Index, clip.onset, clip.offset)
        assert clip.Index.partition("@")[2] in ("", str(clip.onset))
    assert clips.onset.max() > 10**6
    assert "2 pair(s) of onset and offset are not used" in caplog.text
    folder = releases / "smic_long" / "SMIC-E_raw image" / "HS_long"
    assert dataset(releases / "smic_long", release="long").annotations() == [folder / "SMIC-HS-E_annotation.xlsx"]


def test_the_full_workbook_holds_166_expressions_in_157_rows(tmp_path, caplog):
    write_full_release("smic_long", tmp_path / "full", 0)
    _, rows = cells(tmp_path / "full")
    videos = [row for row in rows if row["Filename"]]
    assert len(videos) == 157
    assert sum(row["Onset2F"] is not None for row in videos) == 8
    third = [row for row in videos if row["Onset3F"] is not None]
    assert (len(third), sum(row["TotalMF3"] < 0 for row in third)) == (7, 5)
    clips = read(tmp_path / "full", release="long")
    assert (len(clips), clips.subject.nunique()) == (166, 16)
    assert "6 pair(s) of onset and offset are not used" in caplog.text
    assert "differs" not in caplog.text
    [version], findings = versions_of(dataset(tmp_path / "full", release="long"), None)
    assert version.name == "SMIC-HS-E"
    assert [finding.level for finding in findings] == ["note"]  # the remark below the table is no row


def test_a_pair_counts_where_it_lies_in_the_video_and_is_new(long, caplog):
    pairs = {"Onset2F": 130, "Offset2F": 140, "Onset3F": 145, "Offset3F": 150}
    root = long(
        pairs,
        {"Filename": "s1_po_02", "OnsetF": 130, "OffsetF": 140, "Onset2F": 110, "Offset2F": 120},  # the later one first
        {"Filename": "s1_po_03", "Onset3F": 160, "Offset3F": 100},
        {"Filename": "s1_po_04", **pairs, "Onset3F": 130, "Offset3F": 140},
        {"Filename": "s1_po_05", "Onset3F": 150, "Offset3F": 161},
        {"Filename": "s1_po_06", "Onset2F": -60, "Offset2F": None},
        {"Filename": "s1_po_07", "Onset2F": "#REF!", "Offset2F": 99},
        {"Filename": "s1_po_08", "Onset2F": 90, "Offset2F": 105},
    )
    clips = read(root, release="long")
    assert clips.index.str.removeprefix("smic/s01/").tolist() == [
        *("s01_po_01@110", "s01_po_01@130", "s01_po_01@145", "s01_po_02@110", "s01_po_02@130", "s01_po_03"),
        *("s01_po_04@110", "s01_po_04@130", "s01_po_05", "s01_po_06", "s01_po_07", "s01_po_08"),
    ]
    assert clips.offset.tolist() == [120, 140, 150, 120, 140, 120, 120, 140, 120, 120, 120, 120]
    for part in (
        "6 pair(s)",
        "s01_po_03 pair 3 has its onset after its offset (160..100)",
        "s01_po_04 pair 3 is the same as an earlier one",
        "s01_po_05 pair 3 lies outside the video, 100..160",
        "s01_po_06 pair 2 is no pair of frame numbers (-60..)",
        "s01_po_07 pair 2 is no pair of frame numbers (#REF!..99)",
        "s01_po_08 pair 2 lies outside the video",
    ):
        assert part in caplog.text


def test_one_video_is_one_event(long):
    clips = read(long({"Onset2F": 130, "Offset2F": 140}), release="long")
    assert clips.frames.nunique() == 1 < len(clips)  # clips that share their frames stay on one side of a fold


def test_a_frame_that_the_file_calls_missing(long, caplog):
    """The file with 162 rows has such a cell: as a bound it bounds nothing, as a mark there is no such expression."""
    text = "MISSING <-426679"
    root = long({"FirstF": text, "LastF": text}, {"Filename": "s1_po_02", "OnsetF": text})
    assert read(root, release="long").index.tolist() == ["smic/s01/s01_po_01"]
    assert f"s01_po_02 pair 1 is no pair of frame numbers ({text}..120)" in caplog.text


def test_the_file_of_2019_marks_an_apex(long, tmp_path, caplog):
    root = long(
        {"ApexF": 113, "Onset2F": 130, "Offset2F": 140},
        {"Filename": "s1_po_02", "ApexF": 159},
        {"Filename": "s1_po_03"},
        header=[*HS, "ApexF"],
        file="SMIC-HS-E_annotation_2019.xlsx",
    )
    clips = read(root, release="long")
    assert clips.apex.fillna(-1).tolist() == [113, -1, -1, -1]
    assert clips.apex_source.fillna("none").tolist() == ["annotated", "none", "none", "none"]
    assert "smic/s01/s01_po_02: apex 159 is outside 110..120" in caplog.text
    long()  # the older file beside it
    assert read(root, release="long").apex.notna().sum() == 1


def test_the_layout_of_2019_reads_back(tmp_path, monkeypatch):
    monkeypatch.setitem(write_release.__globals__["LAYOUTS"], "smic_long", lambda: SmicLongLayout(dated=True))
    write_release("smic_long", tmp_path / "dated", **TINY | {"subjects": 1})
    clips = read(tmp_path / "dated", release="long")
    assert clips.apex.notna().sum() == 4
    assert (clips.onset.le(clips.apex) & clips.apex.le(clips.offset)).fillna(True).all()


@pytest.mark.parametrize("variant", ["vis", "nir"])
def test_the_sheets_of_the_slow_cameras_have_fewer_columns(long, variant):
    name = variant.upper()
    root = long(
        {"Onset2F": 130, "Offset2F": 140},
        header=VIS,
        sheet=name,
        variant=name,
        file=f"SMIC-{name}-E_annotation.xlsx",
        below=[[], [None, "  "], [None, None, "checked"]],
    )
    clips = read(root, release="long", variant=variant)
    assert clips.onset.tolist() == [110, 130]
    assert set(clips.fps) == {25.0}
    with pytest.raises(InputError, match="HS_long"):
        read(root, release="long")


def test_a_csv_export_reads_the_same(long):
    root = long({}, {"Subject": 12, "Filename": "s12_sur_02", "Emotion": "surprise"})
    expected = read(root, release="long")
    folder = root / "SMIC-E_raw image" / "HS_long"
    with (folder / "SMIC-HS-E_annotation.csv").open("w", newline="") as file:
        sheet = openpyxl.load_workbook(folder / "SMIC-HS-E_annotation.xlsx")["HS"]
        csv.writer(file).writerows(sheet.iter_rows(values_only=True))
    (folder / "SMIC-HS-E_annotation.xlsx").unlink()
    assert read(root, release="long").equals(expected)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ({"OnsetF": "soon"}, r"cell D2, column OnsetF: s01_po_01 is no pair of frame numbers \(soon..120\).*erratum"),
        ({"OnsetF": None}, r"cell D2, .*is no pair of frame numbers"),
        ({"OnsetF": 121}, r"cell D2, .*has its onset after its offset \(121..120\)"),
        ({"FirstF": 111}, r"cell D2, .*lies outside the video, 111..160"),
        ({"LastF": "end"}, r"cell L2, column LastF is 'end', which is not a frame number"),
        ({"Filename": "EP02_01f"}, r"cell B2, .*a clip is named like s3_po_08"),
        ({"Subject": 2}, r"cell A2, column Subject is not the subject of s1_po_01"),
        ({"Subject": "Anna"}, r"cell A2, .*not a subject number"),
        ({"Emotion": "negative"}, r"cell Q2, column Emotion is 'negative', but s1_po_01 is named positive"),
        ({"Emotion": "joy"}, r"cell Q2, .*it is negative, positive or surprise"),
        ({"Emotion": None}, r"cell Q2, .*is empty"),
    ],
)
def test_a_bad_cell_is_named(long, cell, says):
    with pytest.raises(InputError, match=says):
        read(long({**cell}, frames=False), release="long")


def test_somebody_who_asks_hears_of_every_bad_row(long):
    rows = (
        {},
        {"Filename": "EP02_01f"},
        {"Filename": "s1_po_02", "OnsetF": 121},
        {"Filename": "s1_po_03", "OnsetF": ""},
    )
    with gathering() as problems:
        clips = dataset(long(*rows), release="long").clips()
    assert clips.clip_id.tolist() == ["smic/s01/s01_po_01"]
    told = [(one.clip_id, one.message.partition(", cell ")[2][:2]) for one in problems]
    assert told == [("", "B3"), ("smic/s01/s01_po_02", "D4"), ("smic/s01/s01_po_03", "D5")]


def test_a_row_twice_is_named(long):
    with pytest.raises(InputError, match=r"cell B\d, column Filename: s01_po_01 stands in row 2 already"):
        read(long({}, {"Filename": "s01_po_01"}), release="long")


def test_a_video_without_frames_is_named(long):
    root = long({}, {"Filename": "s1_po_02"})
    shutil.rmtree(root / "SMIC-E_raw image" / "HS_long" / "SMIC-HS-E" / "s1" / "s1_po_02")
    with pytest.raises(InputError, match=r"smic/s01/s01_po_02: .*no such folder"):
        read(root, release="long")


def test_another_workbook_is_refused_by_its_columns(long):
    with pytest.raises(InputError, match=r"SMIC-HS-E_annotation.*'OnsetF', 'OffsetF'"):
        read(long(header=CASME2_HEADER, frames=False), release="long")
    with pytest.raises(InputError, match=r"sheet 'HS'"):
        read(long(sheet="Tabelle1", frames=False), release="long")


def test_errata_name_the_video_and_apply_where_the_old_value_stands(long, caplog):
    caplog.set_level(logging.INFO, "mmer")
    root = long({"OnsetF": 1100}, {"Filename": "s1_po_02"})
    wrong = {"clip_id": "smic/s01/s01_po_01", "column": "onset", "was": "1100", "now": "110", "source": "a slip"}
    stale = wrong | {"clip_id": "smic/s01/s01_po_02"}
    clips = read(root, release="long", errata=[wrong, stale])
    assert clips.onset.tolist() == [110, 110]
    assert "1 erratum(s) applied: smic/s01/s01_po_01 onset '1100' -> '110'" in caplog.text
    assert "1 erratum(s) stale, not applied: smic/s01/s01_po_02" in caplog.text


def test_every_version_has_a_name_of_its_own():
    names = [version.name for some in VERSIONS.values() for version in some] + [one.name for one in FOLDERS.values()]
    assert len(set(names)) == len(names)
    assert {version.name for version in Smic.versions} == {one.name for some in VERSIONS.values() for one in some}


def test_releases_and_cameras_share_the_stage_that_makes_the_clips(releases, tmp_path, monkeypatch):
    """Under names of their own in params.yaml they keep the ids of SMIC; of the short one no file is versioned."""
    monkeypatch.chdir(tmp_path)
    workspace = Workspace(tmp_path)
    fields = {"smic": {}, "smic_nir": {"variant": "nir"}, "smic_long": {"release": "long"}}
    workspace.params |= {
        "datasets": {name: {"dataset": "smic"} for name in fields},
        "set": {"datasets": {name: {"dataset": given} for name, given in fields.items() if given}},
        "experiments": {},
    }
    assert workspace.mmer("config") == 0
    for name in fields:
        workspace.add(name, releases / name)
        assert workspace.mmer("clips", name) == 0
        assert set(load_clips(f"artifacts/clips/{name}.parquet").dataset) == {"smic"}
        named = json.loads((tmp_path / "artifacts" / "clips" / f"{name}.json").read_text())
        assert list(named) == ([] if name != "smic_long" else ["SMIC-E_raw image/HS_long/SMIC-HS-E_annotation.xlsx"])
