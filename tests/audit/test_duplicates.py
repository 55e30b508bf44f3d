"""Duplicates on both sides of a fold: planted ones are found, and what merely looks alike is not."""

import math
import pickle
import re
import zipfile

import cv2
import numpy as np
import pandas as pd
import pytest

from mmer.audit.duplicates import duplicates
from mmer.audit.signature import ClipPicture, describe_clip, load_pictures, save_pictures
from mmer.synthetic.clip import render_clip
from mmer.types.errors import InputError
from mmer.types.frames import Frames
from mmer.types.motion import ClipMotion
from mmer.types.split import Split

SIZE = 64


def row(clip_id, onset=1, offset=24):
    return pd.Series({"clip_id": clip_id, "onset": onset, "offset": offset})


def movie(subject, clip, emotion="happiness", preset="default"):
    """25 or so pictures of a rendered clip, RGB; even subjects are made of one photograph."""
    rendered = render_clip(subject, clip, emotion, 7, preset, SIZE, lead=0, tail=0)
    return list(rendered.frames)


def jpeg(image, quality=90):
    return cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]


def png(image):
    return cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1]


def decoded(image, quality=90):
    return cv2.cvtColor(cv2.imdecode(jpeg(image, quality), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def store(folder, images, encode=jpeg, first=1):
    folder.mkdir(parents=True)
    suffix = "png" if encode is png else "jpg"
    for number, image in enumerate(images, start=first):
        (folder / f"img{number}.{suffix}").write_bytes(encode(image).tobytes())
    return Frames.open(folder)


def picture(folder, clip_id, images, encode=jpeg, first=1):
    frames = store(folder, images, encode, first)
    return describe_clip(row(clip_id, first, first + len(images) - 1), frames)


def split(fold, train, test, person_independent=False):
    return Split(fold, tuple(train), tuple(test), ("someone",), ("somebody",), person_independent)


def levels(findings):
    return [finding.level for finding in findings]


@pytest.fixture(scope="module")
def original():
    return [decoded(image) for image in movie(0, 0)]


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Three clips each of six synthetic persons, three made of each photograph; the wildest and the faintest preset."""
    base = tmp_path_factory.mktemp("people")
    described = []
    for subject in range(6):
        for clip in range(3):
            preset = ("easy", "hard")[clip % 2]
            clip_id = f"c/p{subject}/{clip}"
            # All show one emotion: the hardest case.
            described.append(picture(base / f"{subject}-{clip}", clip_id, movie(subject, clip, "surprise", preset)))
    return described


def loso(described):
    subjects = sorted({one.clip_id.split("/")[1] for one in described})
    for subject in subjects:
        sides = [
            [one.clip_id for one in described if (f"/{subject}/" in one.clip_id) == test] for test in (False, True)
        ]
        yield split(subject, *sides, person_independent=True)


def every_clip_alone(described):
    ids = [one.clip_id for one in described]
    return [split(clip_id, [other for other in ids if other != clip_id], [clip_id]) for clip_id in ids]


# Identical frames


def test_same_pixels_in_another_format_and_place_are_a_leak(tmp_path, original):
    one = picture(tmp_path / "one", "c/p1/a", movie(0, 0))
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as file:
        for number, image in enumerate(original[5:15], start=700):
            file.writestr(f"clip/frame_{number}.png", png(image).tobytes())
    other = describe_clip(row("d/p9/b", 700, 709), Frames.open(tmp_path / "two.zip/clip"))
    [finding] = duplicates([one, other], [split("p9", ["c/p1/a"], ["d/p9/b"])])
    assert (finding.level, finding.clips, finding.folds) == ("leak", ("c/p1/a", "d/p9/b"), ("p9",))
    assert finding.frames == 10
    assert not finding.mirrored
    for part in ("c/p1/a", "d/p9/b", "fold p9", f"10 identical frames (of {len(original)} and 10)", "exclude", "event"):
        assert part in finding.message


def test_one_shared_frame_is_enough(tmp_path, original):
    one = picture(tmp_path / "one", "c/p1/a", original, png)
    other = picture(tmp_path / "two", "c/p2/b", [*movie(2, 1)[:9], original[3]], png)
    [finding] = duplicates([one, other], [split("f", ["c/p1/a"], ["c/p2/b"])])
    assert (finding.level, finding.frames) == ("leak", 1)


def test_a_mirrored_copy_is_identical(tmp_path, original):
    one = picture(tmp_path / "one", "c/p1/a", original, png)
    other = picture(tmp_path / "two", "c/p2/b", [image[:, ::-1] for image in original], png)
    [finding] = duplicates([one, other], [split("f", ["c/p1/a"], ["c/p2/b"])])
    assert (finding.level, finding.mirrored, finding.frames) == ("leak", True, len(original))
    assert "mirrored" in finding.message


def test_frames_outside_onset_and_offset_do_not_count(tmp_path, original):
    frames = store(tmp_path / "film", original, png)
    one, other = describe_clip(row("c/p1/a", 1, 10), frames), describe_clip(row("c/p1/b", 11, 20), frames)
    assert len(one.digests) == len(other.digests) == 10
    assert "leak" not in levels(duplicates([one, other], [split("f", ["c/p1/a"], ["c/p1/b"])]))
    overlapping = describe_clip(row("c/p1/b", 9, 20), frames)
    assert duplicates([one, overlapping], [split("f", ["c/p1/a"], ["c/p1/b"])])[0].frames == 2


def test_only_the_folds_that_part_the_clips_are_named(tmp_path, original):
    copies = [picture(tmp_path / name, f"c/p/{name}", original, png) for name in "abc"]
    a, b, c = (one.clip_id for one in copies)
    splits = [split("both train", [a, b], [c]), split("apart", [a], [b]), split("neither", [c], [a])]
    found = {finding.clips: finding.folds for finding in duplicates(copies, splits)}
    assert found == {(a, b): ("apart",), (a, c): ("both train", "neither"), (b, c): ("both train",)}
    assert duplicates(copies, [split("f", [a], [b])])[0].folds == ("f",)


def test_blank_frames_are_no_evidence(tmp_path):
    black = np.zeros((SIZE, SIZE, 3), np.uint8)
    one = picture(tmp_path / "one", "c/p1/a", [black, *movie(0, 0), black], png)
    other = picture(tmp_path / "two", "c/p2/b", [black, *movie(1, 0), black + 128], png)
    [finding] = duplicates([one, other], [split("f", ["c/p1/a"], ["c/p2/b"])])
    assert finding.level == "note"
    assert "blank frames (4) do not count" in finding.message
    assert not set(one.digests) & set(other.digests)


def test_the_shape_is_part_of_a_frame(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (8, 16, 3), np.uint8)
    one = picture(tmp_path / "one", "c/p1/a", [noise], png)
    other = picture(tmp_path / "two", "c/p2/b", [noise.reshape(16, 8, 3)], png)
    assert one.digests != other.digests


# Near duplicates


def halved(images):
    return [cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for image in images]


def brightened(images, factor):
    return [np.clip(image * factor, 0, 255).astype(np.uint8) for image in images]


COPIES = {
    "quality 70": (lambda images: images, 70),
    "half the size": (halved, 80),
    "twice the size": (lambda images: [cv2.resize(image, None, fx=2, fy=2) for image in images], 80),
    "brighter": (lambda images: brightened(images, 1.1), 80),
    "darker": (lambda images: brightened(images, 0.9), 80),
    "one frame later": (lambda images: images[1:], 70),
    "one frame less": (lambda images: images[:-1], 70),
    "mirrored": (lambda images: [image[:, ::-1] for image in images], 80),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_stored_anew_is_a_warning(tmp_path, people, original, name):
    change, quality = COPIES[name]
    images = [np.ascontiguousarray(image) for image in change(original)]
    one = picture(tmp_path / "one", "c/q1/a", original, png)
    other = picture(tmp_path / "two", "c/q2/b", images, lambda image: jpeg(image, quality))
    assert not set(one.digests) & set(other.digests)
    described = [*people, one, other]
    found = [finding for finding in duplicates(described, list(loso(described))) if finding.level != "note"]
    [finding] = found
    assert (finding.level, finding.clips, finding.folds) == ("warning", ("c/q1/a", "c/q2/b"), ("q1", "q2"))
    assert finding.mirrored == (name == "mirrored")
    assert 0 <= finding.look < 0.01
    assert 0 < finding.movement < 0.2
    assert "alike in every moment" in finding.message
    assert "folds q1, q2" in finding.message


def test_persons_of_one_photograph_are_not_flagged(people):
    assert duplicates(people, list(loso(people))) == ()


def test_other_clips_of_one_person_are_counted_and_not_flagged(people):
    [note] = duplicates(people, every_clip_alone(people))
    assert note.level == "note"
    assert note.message.startswith("clips that look alike across a fold but move differently")
    # Six persons have three clips each, so 18 pairs; a strong expression changes a face more than the limit.
    assert 15 <= int(re.search(r"\((\d+) pairs\): c/p0/0 and c/p0/1, ", note.message)[1]) <= 18


def test_order_does_not_matter(tmp_path, people, original):
    planted = [picture(tmp_path / name, f"c/q{name}/a", original, png) for name in "12"]
    planted += [picture(tmp_path / "3", "c/q3/a", original, lambda image: jpeg(image, 75))]
    described = [*people, *planted]
    splits = list(loso(described))
    found = duplicates(described, splits)
    assert levels(found)[:3] == ["leak", "warning", "warning"]
    rng = np.random.default_rng(1)
    again = [described[i] for i in rng.permutation(len(described))], [splits[i] for i in rng.permutation(len(splits))]
    assert repr(duplicates(*again)) == repr(found)


def test_single_pictures_are_compared_by_their_pixels_alone(tmp_path, original):
    one = picture(tmp_path / "one", "c/p1/a", original[:1], png)
    alike = picture(tmp_path / "two", "c/p2/b", original[:1], lambda image: jpeg(image, 80))
    same = picture(tmp_path / "three", "c/p3/c", original[:1], png)
    [note] = duplicates([one, alike], [split("f", [one.clip_id], [alike.clip_id])])
    assert note.level == "note"
    assert "only identical frames of them are found" in note.message
    assert levels(duplicates([one, same], [split("f", [one.clip_id], [same.clip_id])])) == ["leak", "note"]


def test_two_pictures_make_a_movement(tmp_path):
    images, others = movie(0, 0, preset="easy"), movie(0, 1, "surprise", "easy")
    one = picture(tmp_path / "one", "c/p1/a", [images[0], images[12]], png)
    copied = picture(tmp_path / "two", "c/p2/b", [images[0], images[12]], lambda image: jpeg(image, 80))
    other = picture(tmp_path / "three", "c/p3/c", [others[0], others[12]], png)
    found = duplicates([one, copied, other], every_clip_alone([one, copied, other]))
    assert [finding.clips for finding in found if finding.level == "warning"] == [("c/p1/a", "c/p2/b")]


# Motion


def motion(clip_id, values, channels=("u", "v", "strain")):
    moved = ClipMotion(clip_id, values.astype(np.float32), channels, np.full((2, 3), np.nan), -1, "precomputed")
    return describe_clip(row(clip_id, None, None), None, moved)


@pytest.fixture
def flow():
    rng = np.random.default_rng(3)
    return np.stack([cv2.GaussianBlur(rng.standard_normal((28, 28)), (0, 0), 3) for _ in range(3)]) * 5


def test_motion_is_compared_without_frames(flow):
    a, b, c = "c/p1/a", "c/p2/b", "c/p3/c"
    folds = [split("f", [a], [b])]
    [same] = duplicates([motion(a, flow), motion(b, flow)], folds)
    assert (same.level, same.clips) == ("leak", (a, b))
    assert "identical motion" in same.message
    mirrored = flow[..., ::-1] * np.array([-1, 1, 1])[:, None, None]
    [same] = duplicates([motion(a, flow), motion(b, mirrored)], folds)
    assert (same.level, same.mirrored) == ("leak", True)
    coarse = np.stack([cv2.resize(plane, None, fx=2, fy=2) for plane in np.round(flow * 20) / 20]) * 3
    [near] = duplicates([motion(a, flow), motion(b, coarse)], folds)
    assert near.level == "warning"
    assert near.movement < 0.005
    assert math.isnan(near.look)
    assert duplicates([motion(a, flow), motion(c, flow[:, ::-1])], [split("f", [a], [c])]) == ()


def test_frames_and_motion_cannot_be_compared(tmp_path, flow, original):
    described = [picture(tmp_path / "one", "c/p1/a", original), motion("c/p2/b", flow)]
    [note] = duplicates(described, every_clip_alone(described))
    assert note.level == "note"
    assert "cannot be compared" in note.message


def test_motion_that_is_zero_shows_nothing(flow):
    described = [motion("c/p1/a", flow * 0), motion("c/p2/b", flow * 0)]
    found = duplicates(described, every_clip_alone(described))
    assert levels(found) == ["warning", "warning"]
    assert "c/p1/a: its motion is the same everywhere" in found[0].message


# What cannot be read


def test_gaps_and_damaged_frames_are_named_and_the_rest_is_compared(tmp_path, original):
    whole = picture(tmp_path / "one", "c/p1/a", original, png)
    store(tmp_path / "two", original, png)
    for number in (4, 5):
        (tmp_path / f"two/img{number}.png").unlink()
    (tmp_path / "two/img9.png").write_bytes(b"no picture")
    torn = describe_clip(row("c/p2/b", 1, len(original)), Frames.open(tmp_path / "two"))
    leak, note = duplicates([whole, torn], [split("f", ["c/p1/a"], ["c/p2/b"])])
    assert leak.frames == len(original) - 3
    assert note.level == "note"
    assert note.message.startswith("c/p2/b: no frame 4, 5, though the clip is 1..")
    for part in ("frame 9: not a readable picture", "are compared"):
        assert part in note.message


def test_a_video_that_ends_early_is_read_as_far_as_it_goes(tmp_path, original):
    path = str(tmp_path / "film.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"MJPG"), 25, (SIZE, SIZE))
    for image in original:
        writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    writer.release()
    frames = Frames.open(path, first=1)
    claimed = Frames(frames.source, (), tuple(range(1, len(original) + 4)), video_first=1)
    one = describe_clip(row("c/p1/a", 1, len(original) + 3), claimed)
    assert len(one.digests) == len(original)
    assert "the video ends or does not decode at frame" in one.problems[0]
    assert one.problems[1] == f"frames {len(original) + 2}..{len(original) + 3} behind it are not read"
    pixels = [image for _, image in frames.iterate()]
    other = picture(tmp_path / "pictures", "c/p2/b", pixels, png)
    assert levels(duplicates([one, other], every_clip_alone([one, other]))) == ["leak", "note"]


def test_clips_that_were_not_seen_are_warnings(tmp_path, original):
    gone = ClipPicture.unseen("c/p1/a", "no such folder")
    black = picture(tmp_path / "black", "c/p2/b", [np.zeros((SIZE, SIZE, 3), np.uint8)] * 3, png)
    empty = describe_clip(row("c/p3/c", 90, 99), store(tmp_path / "other numbers", original, png))
    neither = describe_clip(row("c/p4/d"), None)
    described = [gone, black, empty, neither]
    splits = [split("f", ["c/p1/a", "c/p2/b", "c/p5/e"], ["c/p3/c", "c/p4/d"])]
    messages = [finding.message for finding in duplicates(described, splits) if finding.level == "warning"]
    assert len(messages) == 5
    assert messages[0] == "not looked at, so that duplicates of them are not found: c/p5/e"
    assert messages[1].startswith("c/p1/a: no such folder")
    assert "every frame of it that can be read is blank" in messages[2]
    assert "no frame 90, 91, 92, 93, 94 and 5 more, though the clip is 90..99" in messages[3]
    assert "neither frames nor motion" in messages[4]


def test_clips_of_no_split_are_ignored(tmp_path, original):
    copies = [picture(tmp_path / name, f"c/p/{name}", original, png) for name in "abc"]
    found = duplicates(copies, [split("f", ["c/p/a"], ["c/p/b"])])
    assert [finding.clips for finding in found] == [("c/p/a", "c/p/b")]


def test_wrong_calls_are_refused():
    gone = ClipPicture.unseen("c/p1/a", "no such folder")
    with pytest.raises(InputError, match=r"two pictures of clip c/p1/a"):
        duplicates([gone, gone], [split("f", ["c/p1/a"], ["c/p2/b"])])
    with pytest.raises(InputError, match="no split"):
        duplicates([gone], [])


# Storing


def same(one, other):
    plain = ("clip_id", "kind", "digests", "mirrored", "blank", "problems")
    assert [getattr(one, name) for name in plain] == [getattr(other, name) for name in plain]
    np.testing.assert_array_equal(one.look, other.look)
    np.testing.assert_array_equal(one.movement, other.movement)


def test_pictures_are_kept_and_sent(tmp_path, people, flow):
    described = [*people, motion("c/q1/a", flow), ClipPicture.unseen("c/q2/b", "no such folder")]
    save_pictures(tmp_path / "one.npz", described)
    save_pictures(tmp_path / "two.npz", described[::-1])
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    loaded = load_pictures(tmp_path / "one.npz")
    for one, other in zip(sorted(described, key=lambda item: item.clip_id), loaded, strict=True):
        same(one, other)
        same(one, pickle.loads(pickle.dumps(one)))
    assert repr(duplicates(loaded, list(loso(loaded)))) == repr(duplicates(described, list(loso(described))))


def test_another_file_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", about=np.array('{"pictures": [{"clip_id": "c/p/a"}]}'))
    with pytest.raises(InputError, match=r"other\.npz: not pictures of clips"):
        load_pictures(tmp_path / "other.npz")
