import numpy as np
import pytest
from moving_faces import clip_row, template_landmarks, track_of
from PIL import Image

from mmer.motion import Excluded
from mmer.motion.precomputed import Precomputed
from mmer.types.canonical_face import template_pixels, transform
from mmer.types.errors import InputError
from mmer.types.motion import Motion


def row_of(path, **more):
    return clip_row(**{"onset": None, "apex": None, "offset": None, "frames": None, "motion": str(path)} | more)


def save(path, array):
    np.save(path, array)
    return path


def test_an_npy_file_is_taken_as_it_is(tmp_path):
    values = np.random.default_rng(0).normal(size=(3, 12, 10)).astype(np.float32)
    motion = Precomputed(scale=(2.0,), zero=(1.0,)).describe(row_of(save(tmp_path / "m.npy", values)), None, None)
    assert np.array_equal(motion.values, values)
    assert (motion.apex, motion.apex_source, motion.pictures) == (-1, "precomputed", None)
    annotated = Precomputed(scale=(2.0,), zero=(1.0,)).describe(
        row_of(tmp_path / "m.npy", onset=3, apex=5, offset=9), None, None
    )
    assert (annotated.apex, annotated.apex_source) == (5, "given")
    assert np.isnan(motion.to_crop).all()
    assert np.array_equal(Motion.stack([motion], {}).of("made/s1/c1").values, values)


def test_a_picture_is_scaled_about_its_zero_channel_by_channel(tmp_path):
    pixels = np.random.default_rng(1).integers(0, 256, (9, 11, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "m.png")
    component = Precomputed(scale=(0.05, 0.05, 0.01), zero=(128.0, 128.0, 0.0))
    values = component.describe(row_of(tmp_path / "m.png"), None, None).values
    assert values.dtype == np.float32
    assert np.allclose(values[0], (pixels[..., 0].astype(float) - 128) * 0.05)
    assert np.allclose(values[1], (pixels[..., 1].astype(float) - 128) * 0.05)
    assert np.allclose(values[2], pixels[..., 2] * 0.01)


def test_a_grey_picture_is_one_channel(tmp_path):
    pixels = np.arange(80, dtype=np.uint8).reshape(8, 10)
    Image.fromarray(pixels).save(tmp_path / "m.bmp")
    values = Precomputed(channels=("strain",)).describe(row_of(tmp_path / "m.bmp"), None, None).values
    assert np.array_equal(values, pixels[None].astype(np.float32))


def test_landmarks_fall_on_motion_that_lies_on_the_canonical_face(tmp_path):
    path = save(tmp_path / "m.npy", np.zeros((3, 48, 48), np.float32))
    track = track_of(template_landmarks(4) * 2 + 9)
    to_crop = Precomputed(template_aligned=True).describe(row_of(path), track, None).to_crop
    assert np.allclose(transform(to_crop, track.landmarks[0]), template_pixels(48), atol=1e-3)
    assert np.isnan(Precomputed().describe(row_of(path), track, None).to_crop).all()


def test_a_track_with_few_faces_excludes_the_clip_here_too(tmp_path):
    path = save(tmp_path / "m.npy", np.zeros((3, 48, 48), np.float32))
    landmarks = template_landmarks(4)
    landmarks[1:] = np.nan
    with pytest.raises(Excluded, match="1 of 4 frames"):
        Precomputed().describe(row_of(path), track_of(landmarks), None)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((2, 8, 8), np.float32), r"float32 of shape \(2, 8, 8\); expected float32 of shape \(3, H, W\)"),
        (np.zeros((3, 8, 8)), "float64"),
        (np.zeros((8, 8), np.float32), r"shape \(8, 8\)"),
        (np.full((3, 8, 8), np.nan, np.float32), "192 values are not finite"),
        (np.zeros((3, 0, 8), np.float32), "0 pixels"),
    ],
)
def test_arrays_of_another_kind_are_refused_by_clip_and_file(tmp_path, array, words):
    with pytest.raises(InputError, match=rf"made/s1/c1: .*m\.npy: .*{words}"):
        Precomputed().describe(row_of(save(tmp_path / "m.npy", array)), None, None)


def test_a_pickle_in_an_npy_file_is_not_run(tmp_path):
    class Hostile:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    np.save(tmp_path / "m.npy", np.array([Hostile()], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="not a readable npy file"):
        Precomputed().describe(row_of(tmp_path / "m.npy"), None, None)
    assert not (tmp_path / "ran").exists()


def test_a_header_that_promises_more_than_the_limit_is_refused_unread(tmp_path):
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 90000, 90000), }".ljust(117) + "\n"
    (tmp_path / "m.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode())
    with pytest.raises(InputError, match=r"m\.npy"):
        Precomputed().describe(row_of(tmp_path / "m.npy"), None, None)


def test_a_picture_over_the_pixel_limit_is_refused_undecoded(tmp_path):
    Image.new("L", (10_000, 6_000)).save(tmp_path / "m.png")
    with pytest.raises(InputError, match="more than the limit of 50000000"):
        Precomputed(channels=("u",)).describe(row_of(tmp_path / "m.png"), None, None)


@pytest.mark.parametrize(("mode", "words"), [("L", "mode L; 3 channels"), ("I;16", "mode I;16"), ("RGBA", "RGBA")])
def test_pictures_of_another_kind_are_refused(tmp_path, mode, words):
    Image.new(mode, (8, 8)).save(tmp_path / "m.png")
    with pytest.raises(InputError, match=words):
        Precomputed().describe(row_of(tmp_path / "m.png"), None, None)


def test_other_bad_files_and_settings(tmp_path):
    (tmp_path / "m.png").write_text("no picture")
    (tmp_path / "m.npy").write_text("no array")
    for name in ("m.png", "m.npy"):
        with pytest.raises(InputError, match=f"{name}: not a readable"):
            Precomputed().describe(row_of(tmp_path / name), None, None)
    with pytest.raises(InputError, match="no such motion file"):
        Precomputed().describe(row_of(tmp_path / "none.npy"), None, None)
    with pytest.raises(InputError, match="names no motion file"):
        Precomputed().describe(clip_row(1, 2, 3), None, None)
    with pytest.raises(InputError, match="npy file or a picture"):
        Precomputed().describe(row_of((tmp_path / "m.npy").rename(tmp_path / "m.mat")), None, None)
    path = save(tmp_path / "s.npy", np.zeros((3, 8, 8), np.float32))
    with pytest.raises(InputError, match="`size` says 16 x 16"):
        Precomputed(size=16).describe(row_of(path), None, None)
    with pytest.raises(InputError, match="zero needs one number, or one for each"):
        Precomputed(zero=(1.0, 2.0))
