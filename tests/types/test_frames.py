"""Frames from folders, archives and videos; and files that are damaged or mean harm."""

import io
import tarfile
import zipfile
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from mmer.types import archives, frames
from mmer.types.archives import archive_folders
from mmer.types.errors import InputError
from mmer.types.frames import Frames, frame_number

COUNT = 12


def image(number, height=24, width=32):
    """A smooth picture that differs from its neighbours and survives lossy compression."""
    row, column = np.mgrid[:height, :width]
    channels = (row * 4 + number, column * 4 + 2 * number, row * 2 + column * 2 + 3 * number)
    return np.stack(channels, -1).astype(np.uint8)


def encoded(number, kind=".png"):
    return cv2.imencode(kind, cv2.cvtColor(image(number), cv2.COLOR_RGB2BGR))[1].tobytes()


@pytest.fixture
def folder(tmp_path):
    clip = tmp_path / "clip"
    clip.mkdir()
    for number in range(COUNT):
        (clip / f"img{number}.png").write_bytes(encoded(number))
    return clip


def pack_zip(path, members):
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def pack_tar(path, members, kind=None, link=""):
    with tarfile.open(path, "w") as file:
        for name, data in members.items():
            item = tarfile.TarInfo(name)
            item.size, item.type, item.linkname = len(data), kind or tarfile.REGTYPE, link
            if kind:
                item.size = 0
            file.addfile(item, io.BytesIO(data))
    return path


def write_video(path, numbers=range(COUNT), codec="mp4v"):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), 25, (32, 24))
    for number in numbers:
        writer.write(cv2.cvtColor(image(number), cv2.COLOR_RGB2BGR))
    writer.release()
    return path


@pytest.fixture(params=["folder", "zip", "tar", "tar with ./", "mp4"])
def source(request, folder, tmp_path):
    """The same twelve pictures in every kind of source, numbered from 0."""
    if request.param == "folder":
        return folder
    if request.param == "mp4":
        return write_video(tmp_path / "clip.mp4")
    start = "./" if "./" in request.param else ""
    members = {f"{start}clip/{path.name}": path.read_bytes() for path in sorted(folder.iterdir())}
    pack = pack_zip if request.param == "zip" else pack_tar
    return pack(tmp_path / f"sub01.{request.param[:3]}", {**members, "clip2/img3.png": b"other"}) / "clip"


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("img46.jpg", 46),
        ("reg_img46.jpg", 46),
        ("006_05562.jpg", 5562),
        ("sub01_EP02_01f-003.bmp", 3),
        ("a/b7/c.jpg", None),
        ("00.png", 0),
    ],
)
def test_a_frame_is_numbered_by_the_last_digits_of_its_stem(name, number):
    assert frame_number(name) == number


def test_numbers_are_in_natural_order(source):
    assert Frames.open(source).numbers == tuple(range(COUNT))


def test_every_source_gives_the_same_pictures(source):
    opened = Frames.open(source)
    read = dict(opened.iterate())
    assert list(read) == list(range(COUNT))
    for number, picture in read.items():
        assert picture.shape == (24, 32, 3)
        assert picture.dtype == np.uint8
        difference = np.abs(picture.astype(int) - image(number).astype(int))
        assert difference.mean() < (6 if source.suffix == ".mp4" else 1e-9)
        np.testing.assert_array_equal(opened.read(number), picture)


def test_a_part_has_the_same_pictures_under_the_same_numbers(source):
    opened = Frames.open(source)
    part = opened.between(3, 6)
    assert part.numbers == (3, 4, 5, 6)
    for number, picture in part.iterate():
        np.testing.assert_array_equal(picture, opened.read(number))
    assert [number for number, _ in part.iterate([6, 4, 4])] == [4, 6]
    with pytest.raises(InputError, match=r"no frame 2; it has 3\.\.6 \(4 frames\)"):
        part.read(2)


def test_an_empty_part_has_nothing_to_read(source):
    part = Frames.open(source).between(100, 200)
    assert part.numbers == ()
    assert list(part.iterate()) == []
    assert part.digest() != Frames.open(source).digest()
    with pytest.raises(InputError, match="it has none"):
        part.read(100)


def test_missing_numbers_are_listed(source):
    assert Frames.open(source).missing(10, 14) == [12, 13, 14]
    assert Frames.open(source).missing(0, 11) == []


def test_a_video_may_start_at_another_number(tmp_path):
    path = write_video(tmp_path / "clip.mp4", range(0, 160, 40))
    shifted, plain = Frames.open(path, first=1), Frames.open(path)
    assert shifted.numbers == (1, 2, 3, 4)
    np.testing.assert_array_equal(shifted.between(3, 4).read(3), plain.read(2))


def test_gaps_are_kept(folder):
    (folder / "img5.png").unlink()
    opened = Frames.open(folder)
    assert opened.missing(0, 11) == [5]
    with pytest.raises(InputError, match=r"no frame 5; it has 0\.\.11 \(11 frames\)"):
        opened.read(5)


def test_a_time_stamp_is_no_frame_number(folder):
    (folder / "img20240131123000123456.png").write_bytes(encoded(1))
    with pytest.raises(InputError, match=r"img20240131123000123456\.png has no frame number below"):
        Frames.open(folder)


def test_other_files_beside_the_pictures_are_passed_over(folder):
    for name in ("notes7.txt", ".img99.png", "Thumbs.db", "cover.png"):
        (folder / name).write_bytes(b"x")
    (folder / "img77.png").mkdir()
    assert Frames.open(folder).numbers == tuple(range(COUNT))


@pytest.mark.parametrize("other", ["img03.png", "reg_img3.jpg", "img3.JPG"])
def test_two_pictures_of_one_number_are_refused(folder, other):
    (folder / other).write_bytes(encoded(3))
    with pytest.raises(InputError, match=r"both frame 3"):
        Frames.open(folder)


@pytest.mark.parametrize("kind", [".jpg", ".bmp", ".png", ".JPEG", ".PNG"])
def test_kinds_and_cases_of_pictures(tmp_path, kind):
    (tmp_path / f"a1{kind}").write_bytes(encoded(1, kind.lower()))
    assert Frames.open(tmp_path).read(1).shape == (24, 32, 3)


def test_grey_pictures_have_three_equal_channels(tmp_path):
    cv2.imwrite(str(tmp_path / "006_1.jpg"), image(0)[..., 0])
    picture = Frames.open(tmp_path).read(1)
    assert picture.shape == (24, 32, 3)
    assert (picture == picture[..., :1]).all()


@pytest.mark.parametrize("grey", [False, True])
def test_sixteen_bits_become_eight(tmp_path, grey):
    picture = image(3)[..., 0] if grey else image(3)[..., ::-1]  # OpenCV writes blue, green, red
    cv2.imwrite(str(tmp_path / "1.png"), picture.astype(np.uint16) * 257)
    expected = np.repeat(picture[..., None], 3, axis=2) if grey else image(3)
    np.testing.assert_array_equal(Frames.open(tmp_path).read(1), expected)


def test_channels_are_red_green_blue(tmp_path):
    Image.new("RGB", (8, 8), (250, 100, 10)).save(tmp_path / "1.png")
    assert Frames.open(tmp_path).read(1)[0, 0].tolist() == [250, 100, 10]


def test_a_digest_changes_with_a_byte_a_number_or_a_boundary(folder):
    first = Frames.open(folder).digest()
    assert Frames.open(folder).digest() == first
    data = (folder / "img4.png").read_bytes()
    (folder / "img4.png").write_bytes(data[:-1] + b"\x00")
    changed = Frames.open(folder).digest()
    (folder / "img4.png").write_bytes(data)
    (folder / "img11.png").rename(folder / "img12.png")
    renumbered = Frames.open(folder).digest()
    (folder / "img12.png").rename(folder / "img11.png")
    a, b = (folder / "img1.png").read_bytes(), (folder / "img2.png").read_bytes()
    (folder / "img1.png").write_bytes(a + b[:1])
    (folder / "img2.png").write_bytes(b[1:])
    assert len({first, changed, renumbered, Frames.open(folder).digest()}) == 4


def test_a_digest_of_a_video_changes_with_a_byte(tmp_path):
    path = write_video(tmp_path / "clip.avi", range(3), "MJPG")
    first = Frames.open(path).digest()
    path.write_bytes(path.read_bytes() + b"\0")
    assert Frames.open(path).digest() != first


@pytest.mark.parametrize("name", ["nowhere", "clip/nowhere", "sub01.zip", "sub01.zip/clip", "clip.mp4"])
def test_what_is_not_there_is_named(folder, name):
    with pytest.raises(InputError, match=r"no such folder, archive or video"):
        Frames.open(folder.parent / name)


def test_a_folder_without_pictures_is_named(tmp_path):
    (tmp_path / "notes1.txt").write_text("x")
    with pytest.raises(InputError, match="no frame in it"):
        Frames.open(tmp_path)


def test_a_file_of_another_kind_is_named(tmp_path):
    (tmp_path / "clip.txt").write_text("x")
    with pytest.raises(InputError, match="not a folder, a"):
        Frames.open(tmp_path / "clip.txt")


def test_a_clip_that_an_archive_lacks_is_named(tmp_path):
    pack_zip(tmp_path / "s.zip", {"a/1.png": encoded(1)})
    with pytest.raises(InputError, match="no frame in it"):
        Frames.open(tmp_path / "s.zip" / "b")


HOSTILE = ["../1.png", "a/../../1.png", "/etc/1.png", "\\1.png", "a\\..\\1.png", "C:/1.png"]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(("pack", "kind"), [(pack_zip, "zip"), (pack_tar, "tar")])
def test_members_that_leave_the_archive_are_refused(tmp_path, pack, kind, name):
    path = pack(tmp_path / f"s.{kind}", {"a/1.png": encoded(1), name: encoded(2)})
    with pytest.raises(InputError, match="is a link or leaves the archive"):
        Frames.open(path / "a")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_in_a_tar_are_refused(tmp_path, kind):
    path = pack_tar(tmp_path / "s.tar", {"a/1.png": b""}, kind, link="/etc/passwd")
    with pytest.raises(InputError, match="is a link"):
        Frames.open(path / "a")


def test_links_in_a_zip_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as file:
        item = zipfile.ZipInfo("a/1.png")
        item.create_system, item.external_attr = 3, 0o120777 << 16
        file.writestr(item, "/etc/passwd")
    with pytest.raises(InputError, match="is a link"):
        Frames.open(tmp_path / "s.zip" / "a")


@pytest.mark.parametrize(("pack", "kind"), [(pack_zip, "zip"), (pack_tar, "tar")])
def test_oversize_and_too_many_members_are_refused(tmp_path, monkeypatch, pack, kind):
    path = pack(tmp_path / f"s.{kind}", {"a/1.png": bytes(2000), "a/2.png": b"x"})
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 1000)
    with pytest.raises(InputError, match=r"'a/1\.png' unpacks to 2000 bytes"):
        Frames.open(path / "a")
    monkeypatch.setattr(archives, "MAX_MEMBERS", 1)
    with pytest.raises(InputError, match="2 members, more than 1"):
        Frames.open(path / "a")


def test_a_member_that_lies_about_its_size_is_not_unpacked_beyond_it(tmp_path, monkeypatch):
    path = tmp_path / "s.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a/1.png", bytes(3_000_000))
    data = path.read_bytes()
    path.write_bytes(data.replace((3_000_000).to_bytes(4, "little"), (500).to_bytes(4, "little")))
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 1000)
    with pytest.raises(InputError, match=r"s\.zip: member 'a/1\.png' cannot be read"):
        Frames.open(path / "a").read(1)


def test_an_oversize_file_is_refused_before_it_is_read(folder, monkeypatch):
    opened = Frames.open(folder)
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 10)
    with pytest.raises(InputError, match="over the limit of 10 bytes"):
        opened.read(1)


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_damaged_archive_is_named(tmp_path, kind):
    path = tmp_path / f"s.{kind}"
    path.write_bytes(b"no archive at all" * 100)
    with pytest.raises(InputError, match=rf"s\.{kind}: not a readable {kind}"):
        Frames.open(path / "a")


def test_a_member_with_a_wrong_checksum_is_named(tmp_path):
    path = pack_zip(tmp_path / "s.zip", {"a/1.png": encoded(1)})
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"member 'a/1\.png' cannot be read"):
        Frames.open(path / "a").read(1)


def test_an_encrypted_member_is_named(tmp_path):
    path = pack_zip(tmp_path / "s.zip", {"a/1.png": encoded(1)})
    data = path.read_bytes()
    for signature, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(signature) + flag
        data = data[:at] + b"\x01" + data[at + 1 :]
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"cannot be read .*(encrypted|password)"):
        Frames.open(path / "a").read(1)


def test_a_cut_tar_is_named(tmp_path):
    path = pack_tar(tmp_path / "s.tar", {"a/1.png": encoded(1) + bytes(5000), "a/2.png": encoded(2)})
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError, match=r"s\.tar"):
        Frames.open(path / "a").read(1)


def test_archives_are_listed_by_folder(tmp_path):
    path = pack_zip(tmp_path / "s.zip", {"a/1.png": b"", "a/b/2.png": b"", "3.png": b""})
    assert archive_folders(path) == {"a": ["a/1.png"], "a/b": ["a/b/2.png"], ".": ["3.png"]}
    assert Frames.open(path).numbers == (3,)


@pytest.mark.parametrize("kind", [".jpg", ".png", ".bmp"])
@pytest.mark.parametrize("keep", [0.02, 0.5, 0.98])
def test_a_cut_picture_is_refused_and_its_frame_named(tmp_path, kind, keep):
    big = cv2.resize(image(3), (320, 240))
    data = cv2.imencode(kind, big)[1].tobytes()
    (tmp_path / f"img7{kind}").write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(InputError, match=r"frame 7: (the|not a readable) picture"):
        Frames.open(tmp_path).read(7)


def test_a_cut_jpeg_with_a_thumbnail_is_refused_by_its_own_end(monkeypatch):
    # What some releases of OpenCV do with a cut picture: fill it up and return it.
    monkeypatch.setattr(frames.cv2, "imdecode", lambda *_: np.zeros((24, 32, 3), np.uint8))
    data = encoded(3, ".jpg")
    thumbnail = b"\xff\xe1" + (len(data) + 2).to_bytes(2, "big") + data
    whole = data[:2] + thumbnail + data[2:]
    assert frames._decode(whole, "x").shape == (24, 32, 3)
    assert frames._decode(whole + bytes(50), "x").shape == (24, 32, 3)
    with pytest.raises(InputError, match="cut off"):
        frames._decode(whole[:-40], "x")


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "WEBP"])
def test_other_formats_under_a_picture_name_are_refused(tmp_path, kind):
    Image.new("RGB", (8, 8)).save(tmp_path / "1.jpg", format=kind)
    with pytest.raises(InputError, match="not a readable picture"):
        Frames.open(tmp_path).read(1)


@pytest.mark.parametrize("data", [b"", b"just text", bytes(3000)])
def test_text_named_as_a_picture_is_refused(tmp_path, data):
    (tmp_path / "img1.jpg").write_bytes(data)
    with pytest.raises(InputError, match=rf"frame 1: not a readable picture \(its {len(data)} bytes"):
        Frames.open(tmp_path).read(1)


def test_a_picture_over_the_limit_is_refused_by_its_header(tmp_path, monkeypatch):
    monkeypatch.setattr(frames, "MAX_PIXELS", 24 * 32 - 1)
    monkeypatch.setattr(frames.cv2, "imdecode", lambda *_: pytest.fail("decoded before the size was known"))
    (tmp_path / "1.png").write_bytes(encoded(1))
    with pytest.raises(InputError, match="32x24 pixels, more than the limit"):
        Frames.open(tmp_path).read(1)


@pytest.mark.parametrize("side", [10_000, 60_000])
def test_a_small_file_of_a_huge_picture_is_refused(tmp_path, side):
    data = bytearray(encoded(1, ".bmp"))
    data[18:26] = side.to_bytes(4, "little") * 2
    (tmp_path / "1.bmp").write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"more than the limit"):
        Frames.open(tmp_path).read(1)


def test_a_video_over_the_limit_is_refused(source, monkeypatch):
    monkeypatch.setattr(frames, "MAX_PIXELS", 24 * 32 - 1)
    with pytest.raises(InputError, match="32x24 pixels, more than the limit"):
        Frames.open(source).read(1)


@pytest.mark.parametrize("data", [b"", b"not a video " * 500])
def test_a_video_that_is_none_is_named(tmp_path, data):
    (tmp_path / "clip.mp4").write_bytes(data)
    with pytest.raises(InputError, match=r"clip\.mp4: (the video does not open|no frame of the video)"):
        Frames.open(tmp_path / "clip.mp4")


def test_a_video_that_ends_early_is_named(tmp_path):
    longer = replace(Frames.open(write_video(tmp_path / "clip.mp4")), numbers=tuple(range(COUNT + 3)))
    with pytest.raises(InputError, match=r"ends or does not decode at frame 12"):
        longer.read(14)
