"""Header, size and end of picture files that other libraries wrote."""

import contextlib
import io

import numpy as np
import pytest
from PIL import Image

from mmer.doctor.picture_file import check_picture
from mmer.types.errors import InputError

KINDS = ("JPEG", "PNG", "BMP", "TIFF")


def picture(kind, mode="RGB", **options):
    noise = np.random.default_rng(0).integers(0, 255, (30, 41, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).convert(mode).save(file, kind, **options)
    return file.getvalue()


def check(data, tiff=True):
    return check_picture(io.BytesIO(data), tiff)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("kind", KINDS)
def test_kind_and_size(kind, mode):
    assert check(picture(kind, mode)) == (kind, 41, 30)


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"comment": b"x" * 9000}, {"exif": b"Exif\0\0" + bytes(3000)}]
)
def test_jpegs_of_other_makers(options):
    assert check(picture("JPEG", **options)) == ("JPEG", 41, 30)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", None])
def test_tiffs_of_other_makers(compression):
    assert check(picture("TIFF", compression=compression)) == ("TIFF", 41, 30)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.99])
def test_a_cut_picture_is_seen(kind, part):
    data = picture(kind)
    with pytest.raises(InputError):
        check(data[: int(len(data) * part)])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP"])
def test_bytes_behind_the_end_do_not_matter(kind):
    assert check(picture(kind) + bytes(5000))[1:] == (41, 30)


def test_no_picture_and_no_bytes():
    with pytest.raises(InputError, match="empty"):
        check(b"")
    with pytest.raises(InputError, match="no JPEG"):
        check(b"GIF89a" + bytes(100))
    with pytest.raises(InputError, match="no JPEG, PNG or BMP"):
        check(picture("TIFF"), tiff=False)


def test_a_size_over_the_limit_is_refused():
    data = bytearray(picture("PNG"))
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    with pytest.raises(InputError, match="60000x60000 pixels, more than"):
        check(bytes(data))


@pytest.mark.parametrize("kind", KINDS)
def test_damage_anywhere_in_the_head_is_an_answer_or_a_refusal(kind):
    data, rng = picture(kind), np.random.default_rng(1)
    for _ in range(300):
        spoilt = bytearray(data)
        for place in rng.integers(0, 200, 4):
            spoilt[place] = rng.integers(256)
        with contextlib.suppress(InputError):
            assert check(bytes(spoilt))[0] in KINDS
