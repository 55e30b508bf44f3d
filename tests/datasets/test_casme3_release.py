"""The synthetic release of CAS(ME)^3, part A: the quirks of the real one, and its counts at full size."""

from collections import Counter

import cv2
import numpy as np
import openpyxl
import pytest

from mmer.stages.build import build, read_option
from mmer.synthetic.casme3 import CENSUS
from mmer.synthetic.release import write_full_release, write_release

FILE = "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx"
HEADER = ["Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Objective class", "emotion"]


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    out = tmp_path_factory.mktemp("casme3") / "casme3"
    write_release("casme3", out, 4, 4, 0, size=48, processes=1)
    return out


@pytest.fixture(scope="module")
def sheets(release):
    book = openpyxl.load_workbook(release / FILE)
    return {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book.worksheets}


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    out = tmp_path_factory.mktemp("full") / "casme3"
    write_full_release("casme3", out, 0)
    return build(read_option("dataset", "casme3") | {"root": str(out)}).clips()


def test_the_synthetic_workbook_has_the_quirks_of_the_file(sheets):
    assert list(sheets) == ["label", "Sheet1", "Sheet3"]
    assert sheets["label"][0] == HEADER
    assert sheets["Sheet1"] == sheets["Sheet3"] == []
    rows = [dict(zip(HEADER, row, strict=True)) for row in sheets["label"][1:]]
    assert len(rows) == 16
    assert {type(cell) for row in rows for cell in row.values()} == {str}
    assert all(row["Subject"].startswith("spNO.") for row in rows)
    films = Counter((row["Subject"], row["Filename"]) for row in rows)
    assert max(films.values()) == 2
    assert sum(row["Filename"] == "J" for row in rows) == 1
    onsets, apexes, offsets = ([int(row[mark]) for row in rows] for mark in ("Onset", "Apex", "Offset"))
    assert sum(onset == apex for onset, apex in zip(onsets, apexes, strict=True)) >= 2
    assert offsets.count(0) == 1
    assert sum(onset > offset > 0 for onset, offset in zip(onsets, offsets, strict=True)) == 1
    assert sum(apex < onset < offset for onset, apex, offset in zip(onsets, apexes, offsets, strict=True)) == 1


def test_the_synthetic_folders_have_those_of_the_release(release):
    colour, depth = (release / "Part_A_ME_clip" / kind for kind in ("frame", "depth"))
    names = sorted(path.name for path in colour.iterdir())
    assert names == sorted(path.name for path in depth.iterdir())
    assert all(name.startswith("spNo.") for name in names)
    for name in names:
        onset = int(name.rpartition("_")[2])
        assert (colour / name / f"{onset}.jpg").is_file()
        picture = cv2.imread(str(depth / name / f"{onset}.png"), cv2.IMREAD_UNCHANGED)
        assert (picture.dtype, picture.ndim) == (np.uint16, 2)


def test_the_synthetic_release_reads_back_with_each_exception_reported(release, caplog):
    clips = build(read_option("dataset", "casme3") | {"root": str(release)}).clips()
    assert len(clips) == 14
    assert "2 clip(s) are left out because their onset lies after their offset" in caplog.text
    assert clips.apex.isna().sum() == 1
    assert "apex 76 is outside" in caplog.text
    assert "1 frame(s) between onset and offset are missing, in 1 clip(s)" in caplog.text
    assert clips.tracks.notna().all()
    # The folder of the film J is called j.
    assert clips.set_index("clip_id").frames.filter(like="/J@").str.contains("_j_").tolist() == [True]


def test_the_full_table_has_the_counts_of_version_2(full):
    assert len(full) == 860
    assert full.subject.nunique() == CENSUS.subjects == 94
    assert full.emotion.value_counts().to_dict() == {
        **{"disgust": 250, "surprise": 187, "others": 158, "fear": 86, "anger": 64, "sad": 57, "happy": 55},
        "Others": 3,
    }
    assert full.objective_class.value_counts().to_dict() == {
        **{"I": 15, "II": 151, "III": 234, "IV": 37, "V": 47, "VI": 3, "VII": 373},
    }
    assert full.subject[full.emotion.str.lower() != "others"].nunique() == 88


@pytest.mark.parametrize(
    ("scheme", "counts"),
    [
        ("casme3_7", (250, 187, 161, 86, 64, 57, 55)),
        ("megc3", (457, 55, 187)),
        ("polarity_4", (457, 55, 187, 161)),
    ],
)
def test_label_schemes_keep_the_published_counts(full, scheme, counts):
    assert sorted(build(read_option("labels", scheme)).assign(full).value_counts()) == sorted(counts)
