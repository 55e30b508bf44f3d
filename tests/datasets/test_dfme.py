"""DFME: three parts with a workbook each, a frame rate per clip, and folders without a person above them."""

import logging
import zipfile

import openpyxl
import pytest
from miniature_corpora import write_pictures, write_workbook

from mmer.datasets.dfme import Dfme
from mmer.doctor.reading import versions_of
from mmer.stages.build import build, read_option
from mmer.synthetic.dfme import CENSUS, FILES, HEADER
from mmer.synthetic.release import write_full_release, write_release
from mmer.types.errors import InputError
from mmer.types.frames import Frames
from mmer.types.gathering import gathering

# Invented rows.
TRAINING = [
    ("sub0003", "sub0003_01", 109, 112, 115, "disgust", 2, 500, "4+L10"),
    ("sub0003", "sub0003_02", 0, 3, 6, "surprise", 6, 500, "1+2+AD38+M58"),
    ("sub0005", "sub0005_01", 20, 22, 25, "contempt", 1, 200, 14),
]
TEST_A = [("sub0009", "sub0009_01", 7, 9, 12, "fear", 3, 300, "4+20")]
TEST_B = [("sub0011", "sub0011_01", 1, 2, 4, "anger", 0, 200, "4+7")]
FOLDERS = {"training": "DFME_train", "test_a": "test_data_A", "test_b": "test_data_B/test_data_B"}


@pytest.fixture
def dfme(tmp_path):
    def write(folders=FOLDERS, pictures=True, **parts):
        for part, rows in ({"training": TRAINING, "test_a": TEST_A, "test_b": TEST_B} | parts).items():
            if rows is None:
                continue
            write_workbook(tmp_path / FILES[part], {"Sheet1": [HEADER, *rows]})
            for row in rows if pictures else ():
                if isinstance(row[2], int) and isinstance(row[4], int):
                    write_pictures(tmp_path / folders[part] / row[1], row[2], row[4], "{:05d}.png")
        return tmp_path

    return write


def read(root, **fields):
    return build(read_option("dataset", "dfme") | {"root": str(root)} | fields).clips().set_index("clip_id")


def changed(**cells):
    """The invented rows of the training part, with some cells of the first one replaced."""
    first = list(TRAINING[0])
    for header, value in cells.items():
        first[HEADER.index(header)] = value
    return [tuple(first), *TRAINING[1:]]


def test_the_three_parts_are_one_table(dfme):
    clips = read(dfme())
    assert clips.index.tolist() == [
        *("dfme/sub0003/sub0003_01", "dfme/sub0003/sub0003_02", "dfme/sub0005/sub0005_01"),
        *("dfme/sub0009/sub0009_01", "dfme/sub0011/sub0011_01"),
    ]
    assert clips.subject.nunique() == 4
    assert clips.emotion.tolist() == ["disgust", "surprise", "contempt", "fear", "anger"]
    assert clips.objective_class.isna().all()
    for clip in clips.itertuples():
        assert Frames.open(clip.frames).numbers == tuple(range(clip.onset, clip.offset + 1))


def test_the_frame_rate_is_that_of_the_row(dfme):
    assert read(dfme()).fps.tolist() == [500.0, 500.0, 200.0, 300.0, 200.0]
    root = dfme(training=changed(Fps=None))
    with pytest.raises(InputError, match=r"training_full_with_AU.*cell H2, column Fps is empty; .*`fps`"):
        read(root)
    assert read(root, fps=250.0).fps.tolist()[:2] == [250.0, 500.0]


def test_frame_0_is_a_frame(dfme):
    clip = read(dfme()).loc["dfme/sub0003/sub0003_02"]
    assert (clip.onset, clip.apex, clip.offset) == (0, 3, 6)


def test_descriptors_and_head_movements_are_not_units_of_the_same_number(dfme):
    units = read(dfme()).action_units
    assert units["dfme/sub0003/sub0003_01"] == ["AU04", "AU10"]
    assert set(units["dfme/sub0003/sub0003_02"]) == {"AU01", "AU02", "AD38", "M58"}
    assert units["dfme/sub0005/sub0005_01"] == ["AU14"]


def test_the_parts_that_are_asked_for_or_there_are_read(dfme, caplog):
    caplog.set_level(logging.INFO, "mmer")
    root = dfme()
    assert len(read(root, parts=["test_a"])) == 1
    assert len(build(read_option("dataset", "dfme") | {"root": str(root)}).annotations()) == 3
    (root / FILES["test_b"]).unlink()
    assert len(read(root)) == 4
    assert "no annotation file of test_b" in caplog.text
    (root / FILES["training"]).unlink()
    (root / FILES["test_a"]).unlink()
    with pytest.raises(InputError, match=r"looked for training_full_with_AU\.xlsx"):
        read(root)


def test_a_part_that_cannot_be_read_is_not_left_out(dfme):
    root = dfme()
    (root / FILES["test_a"]).write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(InputError, match=r"testA_full_with_AU\.xlsx: not a readable xlsx"):
        read(root)
    write_workbook(root / FILES["test_a"], {"Sheet1": [HEADER[:4]]})
    with pytest.raises(InputError, match=r"testA_full_with_AU\.xlsx.*'OffsetFrame'"):
        read(root)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"parts": ["train"]}, "no part 'train'; did you mean 'training'"),
        ({"parts": []}, "`parts` names nothing"),
        ({"parts": ["test_a", "test_a"]}, "each part once"),
        ({"workbook": ["a.xlsx"]}, r"1 file\(s\) under `workbook` for 3 part"),
        ({"parts": ["test_a"], "workbook": ["a.xlsx"]}, r"looked for a\.xlsx"),
    ],
)
def test_wrong_fields_are_named(dfme, fields, says):
    with pytest.raises(InputError, match=says):
        read(dfme(), **fields)


def test_workbooks_under_other_names(dfme):
    root = dfme()
    (root / FILES["training"]).rename(root / "DFME_training_full_with_AU.xlsx")
    (root / FILES["test_a"]).rename(root / "DFME_test_A_full_with_AU.xlsx")
    assert len(read(root)) == 5
    (root / FILES["test_b"]).rename(root / "mine.xlsx")
    assert len(read(root, parts=["test_b"], workbook=["mine.xlsx"])) == 1


@pytest.mark.parametrize(
    "folder", ["DFME_train", "dfme_TRAIN", "train_data/train_data", "train_data", "DFME_train/DFME_train"]
)
def test_the_frames_are_found_where_people_unpack_them(dfme, folder):
    clips = read(dfme(FOLDERS | {"training": folder}))
    assert clips.frames.iloc[0].endswith(f"{folder}/sub0003_01")


@pytest.mark.parametrize("name", ["DFME_train", "DFME_train/sub0003", "DFME_train/sub0003_01"])
def test_an_archive_of_a_part_a_person_or_a_clip(dfme, tmp_path, name):
    root = dfme(training=TRAINING[:1])
    folder = root / "DFME_train/sub0003_01"
    inside = folder.name if not name.endswith("_01") else "."
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"{inside}/{path.name}".removeprefix("./"))
            path.unlink()
    folder.rmdir()
    if name == "DFME_train":
        folder.parent.rmdir()
    (tmp_path / "one.zip").rename(root / f"{name}.zip")
    frames = Frames.open(read(root).frames.iloc[0])
    assert frames.numbers == tuple(range(109, 116))
    assert frames.archive.endswith(f"{name}.zip")


def test_a_person_in_two_parts_is_warned_of(dfme, caplog):
    assert len(read(dfme(test_a=[("sub0003", "sub0003_09", 7, 9, 12, "fear", 3, 300, 4)]))) == 5
    assert "1 subject(s) are in several parts, which are meant to share none: sub0003" in caplog.text


@pytest.mark.parametrize("number", [3, 7, "two"])
def test_a_number_of_another_emotion_is_warned_of_and_the_word_counts(dfme, caplog, number):
    assert read(dfme(training=changed(EmotionId=number))).emotion.iloc[0] == "disgust"
    assert (
        f"EmotionId is not that of Emotion in 1 row(s), and is not used: sub0003_01 (disgust, {number})" in caplog.text
    )


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"Subject": "anna"}, r"training.*cell A2.*not a subject number"),
        ({"Filename": "../x"}, r"cell B2.*holds no '/'"),
        ({"OnsetFrame": "soon"}, r"cell C2, column OnsetFrame is 'soon'.*not a frame number"),
        ({"OnsetFrame": 116}, r"dfme/sub0003/sub0003_01: onset 116 lies after offset 115"),
        ({"Fps": "fast"}, r"cell H2.*not a positive number"),
        ({"Emotion": None}, r"cell F2.*is empty"),
    ],
)
def test_a_bad_cell_is_named_with_its_file(dfme, cells, says):
    root = dfme()
    write_workbook(root / FILES["training"], {"Sheet1": [HEADER, *changed(**cells)]})
    with pytest.raises(InputError, match=says):
        read(root)


def test_missing_frames_are_named(dfme):
    root = dfme()
    for path in (root / "test_data_A/sub0009_01").iterdir():
        path.unlink()
    with pytest.raises(
        InputError, match=r"1 clip\(s\) have no usable frames:\n  dfme/sub0009/sub0009_01: .*test_data_A"
    ):
        read(root)


def test_a_cell_is_corrected_in_any_part(dfme):
    erratum = {"clip_id": "dfme/sub0011/sub0011_01", "column": "emotion", "was": "anger", "now": "fear", "source": "me"}
    assert read(dfme(), errata=[erratum]).emotion.iloc[-1] == "fear"
    assert read(dfme(), errata=[erratum | {"was": "disgust"}]).emotion.iloc[-1] == "anger"


def test_an_exclusion_may_name_a_clip_of_any_part(dfme):
    assert len(read(dfme(), exclude=["dfme/sub0011/sub0011_01"])) == 4
    with pytest.raises(InputError, match="did you mean 'dfme/sub0011/sub0011_01'"):
        read(dfme(), exclude=["dfme/sub0011/sub0011_1"])


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    root = tmp_path_factory.mktemp("dfme") / "release"
    write_release("dfme", root, subjects=4, clips=3, seed=0, size=48, processes=1)
    return root


def test_the_synthetic_release_has_the_quirks_of_the_real_one(release):
    rows = {}
    for part, file in FILES.items():
        header, *rows[part] = openpyxl.load_workbook(release / file)["Sheet1"].iter_rows(values_only=True)
        assert list(header) == HEADER
        assert (release / FOLDERS[part] / rows[part][0][1] / f"{rows[part][0][2]:05d}.png").is_file()
    people = [{row[0] for row in rows[part]} for part in FILES]
    assert sum(map(len, people)) == len(set().union(*people)) == 4
    together = [row for part in rows.values() for row in part]
    assert any(row[2] == 0 for row in together)
    assert len({row[7] for row in together}) > 1
    assert {"AD38", "M57", "AD31", "M58"} <= {unit for row in together for unit in str(row[8]).split("+")}
    names = ("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
    assert all(names[row[6]] == row[5] for row in together)
    assert all(row[1].startswith(f"{row[0]}_") for row in together)


def test_the_full_table_has_the_published_counts(tmp_path, caplog):
    caplog.set_level(logging.INFO, "mmer")
    write_full_release("dfme", tmp_path / "full", seed=0)
    clips = Dfme(root=str(tmp_path / "full")).clips()
    for version, census in zip(Dfme.versions, CENSUS.values(), strict=True):
        assert f"is version {version.name}" in caplog.text
        assert (version.rows, version.subjects) == (sum(census.words.values()), census.subjects)
        assert version.words == census.words
    assert (len(clips), clips.subject.nunique()) == (2629, 259)
    assert clips.emotion.value_counts().to_dict() == {
        **{"disgust": 735, "surprise": 447, "fear": 365, "sadness": 359, "happiness": 311, "anger": 241},
        "contempt": 171,
    }
    assert "differs from version" not in caplog.text
    assert clips.apex.notna().all()
    versions, findings = versions_of(Dfme(root=str(tmp_path / "full")), clips)
    assert versions == Dfme.versions
    assert {one.level for one in findings} == {"note"}
    book = openpyxl.load_workbook(tmp_path / "full" / FILES["test_b"])
    book.worksheets[0].delete_rows(3, 2)
    book.save(tmp_path / "full" / FILES["test_b"])
    [found] = [one for one in versions_of(Dfme(root=str(tmp_path / "full")), clips)[1] if one.level == "warning"]
    assert "test B" in found.text
    assert "297 rows, the release has 299" in found.items


def test_every_bad_row_is_named_where_somebody_asks_for_all(dfme):
    root = dfme()
    rows = [
        ("anna", *TRAINING[0][1:]),
        TRAINING[1],
        (*TRAINING[2][:2], "soon", *TRAINING[2][3:5], None, *TRAINING[2][6:]),
    ]
    write_workbook(root / FILES["training"], {"Sheet1": [HEADER, *rows]})
    with gathering() as problems:
        clips = Dfme(root=str(root)).clips()
    assert len(clips) == 3
    assert len(problems) == 2
    for problem, part in zip(problems, ("cell A2", "cell C4"), strict=True):
        assert part in problem.message
