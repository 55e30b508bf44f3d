"""A lab's own csv file: what it may leave out, and what is said when it is wrong."""

import logging
from functools import partial

import pandas as pd
import pytest
from miniature_corpora import write_manifest, zip_subject

from mmer.datasets.manifest import Manifest
from mmer.types import frames
from mmer.types.errors import InputError
from mmer.types.frames import Frames
from mmer.types.gathering import gathering

FULL = (
    "clip,subject,emotion,frames,video,onset,apex,offset,fps,action_units,culture,sex,age\n"
    "one,ann,joy,pictures/a,,2,4,8,60,AU04+AU07,north,f,31\n"
    "two,bob,fear,,videos/a.mp4,3,5,9,50,4;7,,m,\n"
)


@pytest.fixture
def manifest(tmp_path):
    return partial(write_manifest, tmp_path)


def read(root, **fields):
    return Manifest(root=str(root), **fields).clips().set_index("clip_id")


def test_every_column_arrives(manifest):
    clips = read(manifest(FULL), name="lab")
    assert clips.index.tolist() == ["lab/ann/one", "lab/bob/two"]
    assert clips.subject.tolist() == ["lab/ann", "lab/bob"]
    assert clips.action_units.tolist() == [["AU04", "AU07"]] * 2
    assert clips[["onset", "apex", "offset"]].to_numpy().tolist() == [[2, 4, 8], [3, 5, 9]]
    assert clips.fps.tolist() == [60, 50]
    assert clips.apex_source.tolist() == ["annotated"] * 2
    assert clips.culture.fillna("-").tolist() == ["north", "-"]
    assert clips.sex.tolist() == ["f", "m"]
    assert clips.age.fillna(-1).tolist() == [31, -1]


def test_the_word_of_an_event_is_the_corpus_own(manifest):
    text = "clip,subject,emotion,video,event\none,ann,anger,videos/a.mp4,1\ntwo,ann,anger,videos/a.mp4,\n"
    assert read(manifest(text), name="lab").event.fillna("-").tolist() == ["lab/1", "-"]
    assert read(manifest(text), name="other").event.fillna("-").tolist() == ["other/1", "-"]


def test_three_columns_and_a_source_are_enough(manifest):
    clips = read(manifest("clip,subject,emotion,video\nx,p,joy,videos/a.mp4\n"))
    assert clips[["onset", "offset", "fps"]].to_numpy().tolist() == [[0, 11, 25]]
    assert clips.apex.isna().all()
    assert clips.action_units.tolist() == [None]
    assert Frames.open(clips.frames.iloc[0]).numbers == tuple(range(12))


def test_pictures_without_marks_are_taken_whole(manifest):
    clips = read(manifest("clip,subject,emotion,frames,fps\nx,p,joy,pictures/a,100\n"))
    assert clips[["onset", "offset"]].to_numpy().tolist() == [[1, 9]]


def test_pictures_need_a_frame_rate_from_the_row_or_the_yaml(manifest):
    root = manifest("clip,subject,emotion,frames\nx,p,joy,pictures/a\n")
    assert read(root, fps=90.0).fps.tolist() == [90]
    with pytest.raises(InputError, match=r"manifest/p/x: no fps .*row 2"):
        read(root)


def test_with_a_motion_nothing_else_is_needed(manifest):
    root = manifest("clip,subject,emotion,motion,onset,apex,offset,fps,frames\nx,p,joy,m.npy,,,,,\n")
    (root / "m.npy").write_bytes(b"any")
    clips = read(root)
    assert clips.motion.tolist() == [(root / "m.npy").as_posix()]
    assert clips[["frames", "onset", "apex", "offset", "fps"]].isna().all(axis=None)


def test_archives_are_frames_too(manifest):
    root = manifest("clip,subject,emotion,frames,fps\nx,p,joy,pictures.zip/a,100\n")
    zip_subject(root / "pictures")
    assert read(root).offset.tolist() == [9]


def test_tracks_by_column_or_by_place(manifest):
    root = manifest(
        "clip,subject,emotion,frames,fps,tracks\nx,p,joy,pictures/a,9,own.parquet\ny,p,joy,pictures/a,9,\n"
        "z,p,joy,pictures/a,9,\n"
    )
    (root / "tracks" / "p").mkdir(parents=True)
    for path in ("own.parquet", "tracks/p/y.parquet"):
        (root / path).write_bytes(b"any")
    expected = [(root / "own.parquet").as_posix(), (root / "tracks/p/y.parquet").as_posix(), "-"]
    assert read(root).tracks.fillna("-").tolist() == expected


def test_spreadsheet_habits_are_understood(manifest):
    text = "\ufeffClip,Subject,Emotion,Video\n x , p ,joy,videos\\a.mp4\n\n,,,\n"
    assert read(manifest(text)).frames.str.endswith("videos/a.mp4").all()


def test_paths_outside_root_are_read_and_reported(manifest, caplog):
    caplog.set_level(logging.WARNING, "mmer")
    root = manifest("clip,subject,emotion,video\nx,p,joy,../elsewhere.mp4\n")
    with pytest.raises(InputError, match=r"manifest/p/x: .*no such folder, archive or video"):
        read(root)
    (root / "videos" / "a.mp4").rename(root.parent / "elsewhere.mp4")
    assert read(root).onset.tolist() == [0]
    assert "1 file(s) lie outside" in caplog.text
    (root / "manifest.csv").write_text(f"clip,subject,emotion,video\nx,p,joy,{root.parent}/elsewhere.mp4\n")
    assert read(root).onset.tolist() == [0]


def test_a_repeated_clip_needs_an_onset_of_its_own(manifest):
    rows = "clip,subject,emotion,video,onset\nx,p,joy,videos/a.mp4,{}\nx,p,fear,videos/a.mp4,{}\n"
    assert read(manifest(rows.format(1, 6))).index.tolist() == ["manifest/p/x@1", "manifest/p/x@6"]
    with pytest.raises(InputError, match=r"manifest/p/x stands in two rows, 2 and 3"):
        read(manifest(rows.format("", "")))


def test_a_long_video_is_counted_once(manifest, monkeypatch):
    counted, real = [], frames._count_video
    monkeypatch.setattr(frames, "_count_video", lambda path: counted.append(path) or real(path))
    read(manifest("clip,subject,emotion,video\nx,p,joy,videos/a.mp4\ny,p,joy,videos/a.mp4\n"))
    assert len(counted) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", r"'clip', 'subject', 'emotion' are missing; it has nothing"),
        ("clip|subject|emotion|video\nx|p|joy|videos/a.mp4\n", r"are missing; it has 'clip\|subject\|emotion\|video'"),
        ("clip,subject\nx,p\n", r"'emotion' are missing; it has 'clip', 'subject'"),
        ("clip,subject,emotion,vidio\n", r"no column 'vidio'; did you mean 'video'"),
        ("clip,subject,emotion,video,video\n", r"'video' occurs 2 times"),
        ("clip,subject,emotion,video\n", "has no clip"),
        ("clip,subject,emotion\nx,p,joy\n", r"no frames, video or motion is given .*row 2"),
        ("clip,subject,emotion,frames,video\nx,p,joy,pictures/a,videos/a.mp4\n", "both frames and video"),
        ("clip,subject,emotion,video\nx,p,joy,pictures/a\n", "a video ends in"),
        ("clip,subject,emotion,video\nx,p,joy,videos/b.mp4\n", "manifest/p/x: .*no such"),
        ("clip,subject,emotion,video,onset\nx,p,joy,videos/a.mp4,two\n", "row 2, column onset is 'two'"),
        ("clip,subject,emotion,video,onset\nx,p,joy,videos/a.mp4,12\n", r"no frame at onset 12 in .*it has 0\.\.11"),
        ("clip,subject,emotion,video,onset,offset\nx,p,joy,videos/a.mp4,5,4\n", "onset 5 lies after offset 4"),
        ("clip,subject,emotion,video,onset,apex\nx,p,joy,videos/a.mp4,5,4\n", "onset 5 lies after apex 4"),
        ("clip,subject,emotion,video,fps\nx,p,joy,videos/a.mp4,fast\n", "'fast', which is not a positive number"),
        ("clip,subject,emotion,video,fps\nx,p,joy,videos/a.mp4,0\n", "not a positive number"),
        ("clip,subject,emotion,video,eeg\nx,p,joy,videos/a.mp4,e.edf\n", "column eeg: there is no file"),
        ("clip,subject,emotion,video,ecg\nx,p,joy,videos/a.mp4,videos\n", "column ecg: there is no file"),
        ("clip,subject,emotion,motion\nx,p,joy,m.npy\n", "column motion: there is no file"),
        ("clip,subject,emotion,video,tracks\nx,p,joy,videos/a.mp4,t\n", "column tracks: there is no file"),
        ("clip,subject,emotion,video,action_units\nx,p,joy,videos/a.mp4,smile\n", "manifest/p/x: .*'SMILE'"),
        ("clip,subject,emotion,video\nx,p,,videos/a.mp4\n", "row 2, column emotion is empty"),
        ("clip,subject,emotion,video\nx/y,p,joy,videos/a.mp4\n", "holds no '/'"),
        (f"clip,subject,emotion,video\n{'x' * 300},p,joy,videos/a.mp4\n", "row 2, column clip: .* at most 200 bytes"),
        ("clip,subject,emotion,video\nx,..,joy,videos/a.mp4\n", "does not begin with a dot"),
        ("clip,subject,emotion,video\nx,p,joy,videos/a.mp4,more\n", "5 cells under 4 headers"),
        ('clip,subject,emotion,video\nx,p,"joy,videos/a.mp4\n', "not a readable csv file"),
    ],
)
def test_what_is_wrong_is_named(manifest, text, says):
    with pytest.raises(InputError, match=says):
        read(manifest(text))


def test_somebody_who_asks_hears_of_every_bad_row(manifest):
    root = manifest(
        "clip,subject,emotion,video,eeg,fps\nx,p,joy,videos/a.mp4,,\n.y,p,joy,videos/a.mp4,,\n"
        "z,p,joy,videos/a.mp4,e.edf,\nw,p,joy,pictures/a,,\n"
    )
    (root / "more.csv").write_text((root / "manifest.csv").read_text().replace("w,p,joy,pic", "w,p,,pic"))
    with gathering() as problems:
        clips = Manifest(root=str(root)).clips()
        assert len(problems) == 3
        assert Manifest(root=str(root), file="more.csv").clips().equals(clips)
    assert clips.clip_id.tolist() == ["manifest/p/x"]
    told = ["row 3, column clip", "row 4, column eeg", "row 5, column video", "row 3,", "row 4,", "row 5,"]
    assert all(place in problem.message for place, problem in zip(told, problems, strict=True))
    assert [problem.clip_id for problem in problems[:3]] == ["", "manifest/p/z", "manifest/p/w"]


def test_text_in_another_encoding_is_refused(manifest):
    root = manifest("")
    (root / "manifest.csv").write_bytes("clip,subject,emotion\nx,p,gl\u00fcck\n".encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8"):
        read(root)


def test_a_manifest_that_is_not_there_is_asked_for(tmp_path):
    with pytest.raises(InputError, match=r"there is no .*manifest\.csv"):
        read(tmp_path)


def test_a_video_that_does_not_decode_names_its_clip(manifest):
    root = manifest("clip,subject,emotion,video\nx,p,joy,videos/a.mp4\n")
    (root / "videos" / "a.mp4").write_bytes(b"no video at all " * 100)
    with pytest.raises(InputError, match=r"manifest/p/x: .*a\.mp4: .*(does not open|no frame)"):
        read(root)


def test_the_order_of_rows_and_columns_does_not_matter(manifest):
    first = read(manifest(FULL))
    lines = [line.split(",") for line in FULL.split()]
    turned = "\n".join(",".join(line[::-1]) for line in [lines[0], *lines[:0:-1]])
    pd.testing.assert_frame_equal(read(manifest(turned)), first)


def test_a_recording_may_be_a_trial_of_a_file_or_a_folder(manifest):
    text = "clip,subject,emotion,video,eeg,ecg\nx,p,joy,videos/a.mp4,s01.dat#7,sub-01/eeg\n"
    root = manifest(text)
    (root / "s01.dat").touch()
    (root / "sub-01" / "eeg").mkdir(parents=True)
    clips = read(root)
    assert clips.eeg.tolist() == [f"{root.as_posix()}/s01.dat#7"]
    assert clips.ecg.tolist() == [f"{root.as_posix()}/sub-01/eeg"]
    (root / "s01.dat").unlink()
    with pytest.raises(InputError, match="column eeg: there is no file"):
        read(root)
