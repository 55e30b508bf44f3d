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
    ],
)
def test_a_clip_of_another_shape_is_refused(field, value, words):
    with pytest.raises(InputError, match=words):
        clip("c/a", **{field: value})
