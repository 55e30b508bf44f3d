"""`mmer doctor` on releases that are fine, and on one with everything wrong at once."""

import json
import shutil

import cv2
import numpy as np
import openpyxl
import pytest
from miniature_corpora import CASME2_HEADER, PICTURE, write_casme2, write_samm

from mmer.__main__ import main
from mmer.datasets.casme2 import Casme2
from mmer.stages.doctor import examine
from mmer.synthetic.release import write_release
from mmer.types.errors import InputError

FRAMES = "CASME2_RAW_selected"
ROWS = [
    ("01", "EP02_01f", None, 46, 50, 56, None, 12, "happiness"),
    ("01", "EP03_2", None, 98, 101, 106, None, "4+L10", "disgust"),
    ("02", "EP01_11f", None, 8, 10, 12, None, "4", "others"),
    ("02", "EP04_02", None, 8, 10, 12, None, "1+2", "surprise"),
    ("03", "EP05_02", None, 8, 10, 12, None, "1+2", "surprise"),
    ("03", "EP06_02", None, 8, 10, 12, None, "1+2", "surprise"),
]


@pytest.fixture
def root(tmp_path):
    return write_casme2(tmp_path / "casme2", ROWS)


def look(root, **options):
    options = {"changes": (), "corpus": None, "decode": False} | options
    return examine(root, **options)


def found(examination, kind):
    [finding] = [one for one in examination.findings if one.kind == kind]
    return finding


def change(root, row, header, value):
    path = root / "CASME2-coding-20140508.xlsx"
    book = openpyxl.load_workbook(path)
    book["Sheet1"].cell(row, CASME2_HEADER.index(header) + 1).value = value
    book.save(path)


def content(root):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(root.rglob("*")) if path.is_file()}


def test_a_release_is_named_counted_and_left_as_it_is(tmp_path, capsys):
    write_release("samm", tmp_path / "samm", subjects=2, clips=2, seed=0, size=48, processes=1, archives=True)
    before = content(tmp_path)
    assert main(["doctor", str(tmp_path / "samm"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert content(tmp_path) == before
    assert (report["corpus"], report["version"], report["verdict"]) == ("samm", "2", "fine")
    assert report["facts"]["clips"] == 4
    assert report["facts"]["subjects"] == 2
    assert report["facts"]["fps"] == [200.0]
    assert sum(report["facts"]["emotions"].values()) == 4
    kept = report["labels"]["samm_8"]
    assert kept["clips"] == sum(kept["classes"].values()) == 4
    assert kept["left_out"] == {}


def test_everything_wrong_is_said_in_one_pass(root):
    frames = root / FRAMES
    change(root, 2, "ApexFrame", 3)
    change(root, 3, "OnsetFrame", "x")
    change(root, 4, "Action Units", "4+soft focus")
    book = openpyxl.load_workbook(root / "CASME2-coding-20140508.xlsx")
    book["Sheet1"].append(list(ROWS[4]))
    book.save(root / "CASME2-coding-20140508.xlsx")
    (frames / "sub01" / "EP02_01f" / "img48.png").unlink()
    (frames / "sub01" / "EP02_01f" / "Thumbs.db").write_bytes(b"x")
    (frames / "sub02" / "EP01_11f" / "img9.png").write_bytes(PICTURE[:-12])
    (frames / "sub02" / "EP04_02" / "img8.png").unlink()
    (frames / "sub03" / "EP06_02").rename(frames / "sub03" / "EP06_2")
    report = look(root)
    assert report.exit_code == 2
    assert "cell D3, column OnsetFrame is 'x'" in found(report, "row").items[0]
    assert "casme2/sub03/EP05_02@8 stands in two rows, 6 and 8" in found(report, "duplicate").items[0]
    assert found(report, "frames").clips == ("casme2/sub02/EP04_02", "casme2/sub03/EP06_02")
    assert found(report, "frames_unreadable").clips == ("casme2/sub02/EP01_11f",)
    assert found(report, "frames_unreadable").items[0].endswith("img9.png: cut off, its end marker is missing")
    assert found(report, "frames_missing").items == ("casme2/sub01/EP02_01f: 48",)
    assert found(report, "apex").items[0].startswith("casme2/sub01/EP02_01f: apex 3 is outside 46..56")
    assert "'SOFT FOCUS' in '4+soft focus' is not an action unit" in found(report, "action_units").items[0]
    assert found(report, "folders_extra").items == (f"{frames}/sub03/EP06_2 (5 pictures): is it casme2/sub03/EP06_02?",)
    assert found(report, "files_extra").items == (f"{frames}/sub01/EP02_01f: Thumbs.db",)
    assert "mend duplicate (1) first" in report.advice
    assert found(report, "duplicate").level == "error"
    assert found(report, "frames_missing").level == "warning"
    assert found(report, "files_extra").level == "note"


def test_the_clips_it_names_are_those_without_which_the_rest_can_be_used(root):
    change(root, 3, "OffsetFrame", 2)
    shutil.rmtree(root / FRAMES / "sub02" / "EP04_02")
    report = look(root)
    assert report.exclude == ("casme2/sub01/EP03_2", "casme2/sub02/EP04_02")
    assert "exclude: [casme2/sub01/EP03_2, casme2/sub02/EP04_02]" in report.advice
    with pytest.raises(InputError):
        Casme2(root=str(root)).clips()
    assert len(Casme2(root=str(root), exclude=report.exclude).clips()) == 4


def test_a_warning_is_exit_1(root):
    (root / FRAMES / "sub01" / "EP02_01f" / "img48.png").unlink()
    report = look(root)
    assert (report.exit_code, report.exclude) == (1, ())
    assert "usable with warnings; look at frames_missing (1); the clips can be used" in report.to_text()


def test_a_frame_of_another_size_is_warned_of(root):
    data = cv2.imencode(".png", np.zeros((8, 9, 3), np.uint8))[1].tobytes()
    (root / FRAMES / "sub01" / "EP02_01f" / "img48.png").write_bytes(data)
    assert found(look(root), "frames_sizes").items[0].endswith("EP02_01f: 10 of 8x8, 1 of 9x8")


def test_decoding_finds_what_header_and_end_do_not_show(tmp_path):
    write_release("casme2", tmp_path / "casme2", subjects=1, clips=2, seed=0, size=48, processes=1)
    folder = min((tmp_path / "casme2" / FRAMES / "sub01").iterdir())
    path = min(folder.iterdir())
    data = path.read_bytes()
    place = data.index(b"\xff\xc4") + 5  # the code lengths of a Huffman table
    path.write_bytes(data[:place] + b"\xee" * 16 + data[place + 16 :])
    assert not [one for one in look(tmp_path / "casme2").findings if one.level == "error"]
    report = look(tmp_path / "casme2", decode=True)
    assert len(found(report, "frames_unreadable").items) == 1


def test_two_frames_of_one_number_are_an_error_of_their_clip(root):
    (root / FRAMES / "sub01" / "EP02_01f" / "img048.png").write_bytes(PICTURE)
    report = look(root)
    assert "img048.png and img48.png are both frame 48" in found(report, "frames").items[0]


def test_errata_are_reported_as_notes(root):
    change(root, 2, "OffsetFrame", 560)
    entry = {"clip_id": "casme2/sub01/EP02_01f", "column": "offset", "was": "560", "now": "56", "source": "invented"}
    stale = {**entry, "clip_id": "casme2/sub01/EP03_2"}
    report = look(root, changes=("errata=" + json.dumps([entry, stale]),))
    assert report.exit_code == 0
    assert [item.partition(": ")[2][:8] for item in found(report, "errata").items] == ["1 errata", "1 errata"]


def test_a_whole_table_that_differs_from_its_release_is_warned_of(tmp_path):
    rows = [
        ("01", f"EP{number // 99 + 1:02d}_{number % 99:02d}", None, 1, 2, 3, None, 4, "others") for number in range(250)
    ]
    root = write_casme2(tmp_path / "casme2", rows)
    version = [one for one in look(root).findings if one.kind == "version" and one.level == "warning"]
    assert "250 rows, the release has 255" in version[0].items


def test_a_folder_without_a_corpus_says_what_is_there(tmp_path, capsys):
    (tmp_path / "things").mkdir()
    assert main(["doctor", str(tmp_path), "--json"]) == 2
    report = json.loads(capsys.readouterr().out)
    assert (report["corpus"], report["exit_code"]) == (None, 2)
    assert "there is things" in report["findings"][0]["text"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "there is no such folder"),
        ([".", "--corpus", "casme22"], "did you mean 'casme2'"),
        ([".", "variant"], "is no KEY=VALUE"),
        ([".", "excluded=[]", "--corpus", "samm"], "has no key 'excluded'"),
    ],
)
def test_what_a_person_gets_wrong(tmp_path, monkeypatch, capsys, arguments, message):
    place = tmp_path / arguments[0]
    assert main(["doctor", str(place), *arguments[1:]]) == 2
    assert message in capsys.readouterr().out


def test_another_corpus_in_a_folder_is_told(tmp_path, capsys):
    write_samm(tmp_path / "casme2")
    assert main(["doctor", str(tmp_path / "casme2")]) == 2
    assert "has the sheet and columns of samm" in capsys.readouterr().out


def test_smic_is_known_by_its_folders_and_its_cameras_are_told_apart(tmp_path):
    write_release("smic_nir", tmp_path / "smic", subjects=1, clips=2, seed=0, size=48, processes=1)
    report = look(tmp_path / "smic")
    assert report.corpus == "smic"
    assert report.facts["settings"] == {"variant": "nir"}
    assert report.facts["fps"] == [25.0]
