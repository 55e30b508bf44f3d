"""4DME: people who came twice, expressions with two emotions, and the file from before the release."""

import logging

import openpyxl
import pandas as pd
import pytest
from miniature_corpora import write_pictures, write_workbook

from mmer.datasets.fourdme import Fourdme, emotions
from mmer.datasets.versions import differences, recognise
from mmer.stages.build import build, read_option
from mmer.synthetic.fourdme import CENSUS, EXCHANGED, HEADER, SURPLUS, UNITS
from mmer.synthetic.release import write_full_release, write_release
from mmer.types.errors import InputError
from mmer.types.events import events
from mmer.types.frames import Frames
from mmer.types.gathering import gathering

FILE = "4DME_Labelling_Micro_release v1.xlsx"
# Invented rows: sub_ID, fold_name, onset, apex, offset, emotion, AUs.
ROWS = [
    ("S01", "001_01_1", 46.0, 48.0, 52.0, "Surprise+Positive", "AU4(k)+L7"),
    ("S13_1st", "001_01_1", 98, 99, 103, "Negative", "AUR2+12(k)+45"),
    ("S13_2nd", "001_01_1", 98, 101, 104, "Others", "AU4"),
    ("S58_2", "012_02_1", 2488, 2490, 2492, "Repression", "AU17+24"),
]
IDS = ["fourdme/S01/001_01_1", "fourdme/S13/1st_001_01_1", "fourdme/S13/2nd_001_01_1", "fourdme/S58/2_012_02_1"]
SOME = ("sub_ID", "fold_name", "Onset", "Apex", "Offset", "Emotion", "AUs")
EMOTIONS = ("Positive", "Negative", "Surprise", "Repression", "Others")


def release_rows(rows):
    """Complete invented rows to the columns of the release."""
    for row in rows:
        cells = dict(zip(SOME, row, strict=True))
        named = str(cells["Emotion"]).split("+")
        cells |= {emotion: int(emotion in named) for emotion in EMOTIONS} | {"fold": 1, "Total": len(named)}
        yield tuple(cells.get(title, 0) for title in HEADER)


@pytest.fixture
def fourdme(tmp_path):
    def write(rows=ROWS, base="gray_micro", between="/", end="", first=None):
        write_workbook(tmp_path / FILE, {"Sheet1": [HEADER, *release_rows(rows)]})
        for name, fold, onset, _, offset, *_ in rows:
            if not isinstance(onset, str):
                start = int(onset) if first is None else first
                last = start + int(offset) - int(onset)
                write_pictures(
                    tmp_path / base / f"{str(name).rstrip(',')}{between}{fold}{end}", start, last, "{:05d}.png"
                )
        return tmp_path

    return write


def read(root, **fields):
    return build(read_option("dataset", "fourdme") | {"root": str(root)} | fields).clips().set_index("clip_id")


def changed(at=0, **cells):
    rows = [list(row) for row in ROWS]
    for title, value in cells.items():
        rows[at][SOME.index(title)] = value
    return [tuple(row) for row in rows]


def test_the_subject_is_the_person_and_the_session_a_part_of_the_clip(fourdme):
    clips = read(fourdme())
    assert clips.index.tolist() == IDS
    assert clips.subject.tolist() == ["fourdme/S01", "fourdme/S13", "fourdme/S13", "fourdme/S58"]
    assert clips.frames.iloc[1].endswith("gray_micro/S13_1st/001_01_1")
    assert clips.frames.iloc[2].endswith("gray_micro/S13_2nd/001_01_1")
    assert set(clips.fps) == {60.0}


def test_frame_numbers_stored_as_decimals(fourdme):
    clips = read(fourdme())
    assert clips.onset.tolist() == [46, 98, 98, 2488]
    for clip in clips.itertuples():
        assert Frames.open(clip.frames).numbers == tuple(range(clip.onset, clip.offset + 1))


def test_two_emotions_are_read_in_one_order(fourdme):
    assert read(fourdme()).emotion.tolist() == ["Positive+Surprise", "Negative", "Others", "Repression"]
    assert emotions("Positive+Surprise") == emotions("surprise + POSITIVE") == "Positive+Surprise"
    assert emotions("Repression+Negative+Negative") == "Negative+Repression"
    assert emotions("Positive+Joy") == "Positive+Joy"


def test_a_unit_that_is_kept_still_does_not_count(fourdme):
    assert read(fourdme()).action_units.tolist() == [["AU07"], ["AU02", "AU45"], ["AU04"], ["AU17", "AU24"]]


def test_the_modalities_of_an_expression_are_one_event(fourdme):
    root = fourdme()
    grey, depth = read(root), read(fourdme(base="depth_micro"), name="depth", frames=["depth_micro"], fps=30.0)
    both = pd.concat([grey, depth]).reset_index()
    assert set(both.subject) == {
        f"{name}/{person}" for name in ("fourdme", "depth") for person in ("S01", "S13", "S58")
    }
    found = events(both)
    assert found.nunique() == 4
    assert set(found.value_counts()) == {2}


@pytest.mark.parametrize(("between", "end"), [("/", ""), ("_", ""), ("/", "-"), ("_", "-")])
def test_folders_of_clips_alone_and_with_a_dash_behind(fourdme, between, end):
    clips = read(fourdme(between=between, end=end))
    assert clips.frames.iloc[1].endswith(f"gray_micro/S13_1st{between}001_01_1{end}")


def test_uncropped_frames_are_preferred(fourdme):
    root = fourdme(base="gray_micro_crop")
    assert "gray_micro_crop" in read(root).frames.iloc[0]
    fourdme(base="Gray_Micro")
    assert "Gray_Micro/" in read(root).frames.iloc[0]


def test_a_folder_that_no_row_names_does_not_matter(fourdme):
    root = fourdme()
    write_pictures(root / "gray_micro" / SURPLUS, 1, 3)
    assert read(root).index.tolist() == IDS


def test_pictures_numbered_from_1_in_every_clip(fourdme):
    root = fourdme(first=1)
    with pytest.raises(InputError, match=r"S01/001_01_1: no frame at onset 46"):
        read(root)
    clips = read(root, numbering="clip")
    assert clips.onset.tolist() == [1, 1, 1, 1]
    assert clips.apex.tolist() == [3, 2, 4, 3]
    assert clips.offset.tolist() == [7, 6, 7, 5]
    with pytest.raises(InputError, match="numbering 'clips'; did you mean 'clip'"):
        read(root, numbering="clips")


def test_columns_of_0_and_1_that_contradict_the_text_are_warned_of(fourdme, caplog):
    root = fourdme()
    book = openpyxl.load_workbook(root / FILE)
    book["Sheet1"].cell(3, HEADER.index("Surprise") + 1).value = 1
    book.save(root / FILE)
    assert read(root).emotion.iloc[1] == "Negative"
    assert (
        "not those of Emotion in 1 row(s), and are not used: S13_1st/001_01_1 (Negative, negative+surprise)"
        in caplog.text
    )


def test_exchanged_units_are_put_right_by_errata(fourdme):
    root = fourdme(changed(2, AUs="AU17+24")[:3] + changed(3, AUs="AU4")[3:])
    swap = [(IDS[2], "AU17+24", "AU4"), (IDS[3], "AU4", "AU17+24")]
    errata = [
        {"clip_id": one, "column": "action_units", "was": was, "now": now, "source": "seen"} for one, was, now in swap
    ]
    assert read(root).action_units.tolist()[2:] == [["AU17", "AU24"], ["AU04"]]
    assert read(root, errata=errata).action_units.tolist()[2:] == [["AU04"], ["AU17", "AU24"]]
    assert read(fourdme(), errata=errata).action_units.tolist()[2:] == [["AU04"], ["AU17", "AU24"]]


def write_older(root, extra=()):
    """Write the file from before the release: apostrophes behind headers and cells, and a row of sums."""
    header = [
        *("sub_ID'", "video_number'", "ME_number'", "subME_number'", "first_frame'", "last_frame'", "video emo'"),
        *("self-report emo'", "Emotion", "Onset", "Apex", "Offset", "Length", "AUs", "Positive"),
    ]
    rows = [
        ("S01'", "001'", "01'", "1'", "40'", "60'", "1,3'", "7'", "Surprise+Positive", 46, 48, 52, 7, "AU12", 1),
        ("S13_1st'", 12, 2, 1, 90, 110, "5'", 1.3, "Negative", 98, 99, 103, 6, "AUR2+12(k)+45", 0),
    ]
    sums = (None,) * 14 + (1,)
    write_workbook(
        root / "4DME_Labelling_Micro-expression_emotion_eyeblink_final.xlsx", {"Sheet1": [header, *rows, *extra, sums]}
    )
    write_pictures(root / "gray_micro/S01_001_01_1", 46, 52)
    write_pictures(root / "gray_micro/S13_1st_012_02_1", 98, 103)


def test_the_file_from_before_the_release(tmp_path, caplog):
    caplog.set_level(logging.INFO, "mmer")
    write_older(tmp_path)
    clips = read(tmp_path)
    assert clips.index.tolist() == ["fourdme/S01/001_01_1", "fourdme/S13/1st_012_02_1"]
    assert clips.emotion.tolist() == ["Positive+Surprise", "Negative"]
    assert clips.action_units.tolist() == [["AU12"], ["AU02", "AU45"]]
    assert "1 row(s) without sub_ID, of sums, left out" in caplog.text
    assert "version before the release" in caplog.text


def test_the_release_is_preferred_to_the_file_before_it(fourdme, tmp_path):
    write_older(fourdme())
    assert read(tmp_path).index.tolist() == IDS


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"sub_ID": "anna"}, r"cell A2.*'anna'; a subject is S13, S13_1st or S58_2"),
        ({"fold_name": "a/b"}, r"cell C2.*holds no '/'"),
        ({"Onset": "soon"}, r"cell D2, column Onset is 'soon'"),
        ({"Onset": 60}, r"fourdme/S01/001_01_1: onset 60 lies after offset 52"),
        ({"Emotion": None}, r"column Emotion is empty"),
    ],
)
def test_a_bad_cell_is_named(fourdme, cells, says):
    root = fourdme()
    write_workbook(root / FILE, {"Sheet1": [HEADER, *release_rows(changed(**cells))]})
    with pytest.raises(InputError, match=says):
        read(root)


def test_a_workbook_of_another_shape_is_named(fourdme):
    root = fourdme()
    write_workbook(root / FILE, {"Sheet1": [("sub_ID", "fold_name", "Onset"), ("S01", "001_01_1", 3)]})
    with pytest.raises(InputError, match=r"release v1.*'Apex', 'Offset'"):
        read(root)


def test_a_csv_export_reads_the_same(fourdme):
    root = fourdme()
    expected = read(root)
    book = openpyxl.load_workbook(root / FILE)
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in book["Sheet1"].values]
    (root / FILE).unlink()
    (root / FILE).with_suffix(".csv").write_text("\n".join(lines))
    pd.testing.assert_frame_equal(read(root), expected)


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    root = tmp_path_factory.mktemp("fourdme") / "release"
    write_release("fourdme", root, subjects=4, clips=3, seed=0, size=48, processes=1)
    return root


def test_the_synthetic_release_has_the_quirks_of_the_real_one(release):
    header, *rows = openpyxl.load_workbook(release / FILE).worksheets[0].iter_rows(values_only=True)
    assert list(header) == HEADER
    assert len(UNITS) == 22
    assert {row[0] for row in rows} == {"S03", "S04_1st", "S04_2nd", "S05", "S07_1", "S07_2"}
    cells = [dict(zip(header, row, strict=True)) for row in rows]
    kept = [row for row in cells if "(k)" in row["AUs"]]
    assert kept
    for row in kept:  # the columns of the units do not know about (k)
        assert row[f"AU{row['AUs'].removeprefix('AU').partition('(')[0]}"] == 1
    assert all(row["AUs"].startswith("AU") for row in cells)
    assert all(row["Total"] == len(row["Emotion"].split("+")) for row in cells)
    assert (release / "gray_micro" / SURPLUS).is_dir()
    assert (release / "gray_micro/S04_1st").is_dir()
    assert read(release).subject.nunique() == 4


def test_two_rows_of_the_synthetic_release_have_each_others_units(release):
    clips = read(release)
    rows = list(openpyxl.load_workbook(release / FILE).worksheets[0].iter_rows(values_only=True, min_row=2))
    exchanged = [rows[clip] for _, clip in EXCHANGED]
    for row, other in zip(exchanged, exchanged[::-1], strict=True):
        own = clips.loc[f"fourdme/{row[0]}/{row[2]}"]
        stated = [f"AU{number:02d}" for number, flag in zip(UNITS, row[-22:], strict=True) if flag]
        assert own.action_units == stated
        assert row[-22:] != other[-22:]


def test_the_full_table_has_the_published_counts(tmp_path, caplog):
    caplog.set_level(logging.INFO, "mmer")
    write_full_release("fourdme", tmp_path / "full", seed=0)
    dataset = Fourdme(root=str(tmp_path / "full"))
    version, _, table = recognise(tmp_path / "full", "fourdme", dataset.versions)
    assert (version.name, len(table.rows)) == ("release v1", 267)
    clips = dataset.clips()
    assert differences(version, clips) == []
    assert (len(clips), clips.subject.nunique()) == (267, 41)
    assert clips.emotion.value_counts().to_dict() == CENSUS.words
    assert clips.event.nunique() == 267
    assert "differs from version" not in caplog.text
    assert "are not those of Emotion" not in caplog.text


def test_every_bad_row_is_named_where_somebody_asks_for_all(fourdme):
    root = fourdme()
    rows = [*changed(sub_ID="anna")[:1], *changed(1, Emotion=None)[1:3], *changed(3, Onset="soon")[3:]]
    write_workbook(root / FILE, {"Sheet1": [HEADER, *release_rows(rows)]})
    with gathering() as problems:
        clips = Fourdme(root=str(root)).clips()
    assert clips.clip_id.tolist() == [IDS[2]]
    assert len(problems) == 3
    for problem, part in zip(problems, ("'anna'", "Emotion is empty", "'soon'"), strict=True):
        assert part in problem.message
