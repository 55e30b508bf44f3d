"""SMIC-E: what its workbooks say, with up to three expressions per video, and what is said of a wrong one."""

import csv
import json
import logging
import shutil

import openpyxl
import pytest
from miniature_corpora import CASME2_HEADER, write_pictures, write_workbook

from mmer.datasets.smic import FOLDERS, Smic
from mmer.datasets.smic_long import VERSIONS
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
