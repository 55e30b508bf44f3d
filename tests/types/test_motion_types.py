import numpy as np
import pytest

from mmer.types.errors import InputError
from mmer.types.motion import ClipMotion, Motion

CHANNELS = ("u", "v", "strain")


def clip(name, size=6, pictures=True, **more):
    rng = np.random.default_rng(len(name))
    fields = {
        "values": rng.normal(size=(3, size, size)).astype(np.float32),
        "channels": CHANNELS,
        "to_crop": rng.normal(size=(2, 3)),
        "apex": 7,
        "apex_source": "given",
        "pictures": rng.integers(1, 255, (2, size, size)).astype(np.uint8) if pictures else None,
    }
    return ClipMotion(clip_id=name, **{**fields, **more})


def same(a, b):
    return all(
        np.array_equal(getattr(a, name), getattr(b, name), equal_nan=getattr(a, name).dtype.kind == "f")
        for name in ("values", "to_crop", "apex", "pictures")
    ) and (a.clip_ids, a.channels, a.apex_source, a.excluded) == (b.clip_ids, b.channels, b.apex_source, b.excluded)


def test_stacking_sorts_by_clip_id_and_of_gives_the_clip_back():
    clips = [clip("c/bb"), clip("c/a"), clip("c/ccc", pictures=False, apex=-1, apex_source="precomputed")]
    motion = Motion.stack(clips, {"c/z": "too few faces"})
    assert motion.clip_ids == ("c/a", "c/bb", "c/ccc")
    for one in clips:
        back = motion.of(one.clip_id)
        assert np.array_equal(back.values, one.values)
        assert np.array_equal(back.to_crop, one.to_crop)
        assert (back.apex, back.apex_source) == (one.apex, one.apex_source)
        assert (back.pictures is None) == (one.pictures is None)
    assert same(motion, Motion.stack(clips[::-1], {"c/z": "too few faces"}))


def test_what_is_saved_is_loaded_and_the_bytes_are_the_same_each_time(tmp_path):
    unknown = clip("c/bb", pictures=False, to_crop=np.full((2, 3), np.nan))
    motion = Motion.stack([clip("c/a"), unknown], {"c/z": "too few faces"})
    motion.save(tmp_path / "one.npz")
    motion.save(tmp_path / "two.npz")
    assert same(Motion.load(tmp_path / "one.npz"), motion)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_clips_of_different_size_or_channels_are_refused_by_name():
    with pytest.raises(InputError, match=r"motion of c/bb is .* but that of c/a"):
        Motion.stack([clip("c/a"), clip("c/bb", size=8)], {})
    with pytest.raises(InputError, match="one set of channels"):
        Motion.stack([clip("c/a"), clip("c/bb", channels=("v", "u", "strain"))], {})


def with_neighbours(name, m=2, size=6):
    rng = np.random.default_rng(len(name) + 50)
    values = rng.normal(size=(m, 3, size, size)).astype(np.float32)
    return clip(name, neighbours=values, neighbour_frames=np.arange(m) + 10)


def test_neighbours_of_the_apex_are_kept_and_seen_one_by_one(tmp_path):
    clips = [with_neighbours("c/bb"), with_neighbours("c/a")]
    Motion.stack(clips, {}).save(tmp_path / "a.npz")
    motion = Motion.load(tmp_path / "a.npz")
    assert motion.neighbours.dtype == np.float32
    for one in clips:
        seen = motion.of(one.clip_id).siblings()
        assert [item.apex for item in seen] == [10, 11]
        for item, values in zip(seen, one.neighbours, strict=True):
            assert np.array_equal(item.values, values)
            assert item.neighbours is None
            assert np.array_equal(item.to_crop, one.to_crop)
            assert item.clip_id == one.clip_id


def test_without_neighbours_the_file_says_nothing_of_them(tmp_path):
    Motion.stack([clip("c/a")], {}).save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as file:
        assert set(file.files) == {"values", "to_crop", "apex", "pictures", "about"}
    motion = Motion.load(tmp_path / "a.npz")
    assert motion.neighbours is None
    assert motion.of("c/a").siblings() == []


def test_one_dataset_has_one_number_of_neighbours():
    for other in (clip("c/bb"), with_neighbours("c/bb", m=4)):
        with pytest.raises(InputError, match=r"c/bb has .* neighbours, that of c/a 2"):
            Motion.stack([with_neighbours("c/a"), other], {})


def test_nothing_left_names_the_reasons():
    with pytest.raises(InputError, match="c/z: too few faces"):
        Motion.stack([], {"c/z": "too few faces"})


def test_an_unknown_clip_is_refused():
    with pytest.raises(InputError, match="no motion of clip c/x"):
        Motion.stack([clip("c/a")], {}).of("c/x")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("values", np.zeros((2, 6, 6), np.float32), "C = 3"),
        ("values", np.full((3, 6, 6), np.inf, np.float32), "not finite"),
        ("to_crop", np.eye(3), "to_crop must have shape"),
        ("neighbours", np.zeros((2, 3, 6, 6), np.float32), "belong together"),
    ],
)
def test_a_clip_of_another_shape_is_refused(field, value, words):
    with pytest.raises(InputError, match=words):
        clip("c/a", **{field: value})


@pytest.mark.parametrize(
    ("values", "frames", "words"),
    [
        (np.zeros((2, 3, 6, 5), np.float32), np.arange(2), r"neighbours must have shape \(M, C, H, W\)"),
        (np.zeros((2, 3, 6, 6), np.float32), np.arange(3), r"neighbour_frames \(M,\)"),
        (np.full((2, 3, 6, 6), np.nan, np.float32), np.arange(2), "neighbours are not finite"),
    ],
)
def test_neighbours_of_another_shape_are_refused(values, frames, words):
    with pytest.raises(InputError, match=words):
        clip("c/a", neighbours=values, neighbour_frames=frames)


def with_video(name, t=3, size=8, **more):
    video = np.random.default_rng(len(name)).integers(0, 256, (t, size, size)).astype(np.uint8)
    return clip(name, **{"video": video, "moments": np.linspace(1, 9, t), **more})


def test_the_video_is_kept_with_its_moments(tmp_path):
    clips = [with_video("c/bb"), with_video("c/a")]
    Motion.stack(clips, {}).save(tmp_path / "a.npz")
    motion = Motion.load(tmp_path / "a.npz")
    assert motion.video.dtype == np.uint8
    for one in clips:
        assert np.array_equal(motion.of(one.clip_id).video, one.video)
        assert motion.of(one.clip_id).moments.tolist() == [1, 5, 9]
    Motion.stack([clip("c/a")], {}).save(tmp_path / "b.npz")
    with np.load(tmp_path / "b.npz") as file:
        assert not {"video", "moments"} & set(file.files)


def test_videos_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match=r"the video of c/bb has shape \(4, 8, 8\), that of c/a \(3, 8, 8\)"):
        Motion.stack([with_video("c/a"), with_video("c/bb", t=4)], {})
    with pytest.raises(InputError, match=r"the video of c/bb has shape None, that of c/a \(3, 8, 8\)"):
        Motion.stack([with_video("c/a"), clip("c/bb")], {})
    with pytest.raises(InputError, match="belong together"):
        with_video("c/a", moments=None)
    with pytest.raises(InputError, match=r"must be uint8 of shape .*3, 8, 8.* and 2 moments"):
        with_video("c/a", moments=np.array([1.0, 2.0]))
    with pytest.raises(InputError, match="must be uint8"):
        with_video("c/a", video=np.zeros((3, 8, 8)))
    with pytest.raises(InputError, match="do not ascend"):
        with_video("c/a", moments=np.array([1.0, 3.0, 2.0]))
