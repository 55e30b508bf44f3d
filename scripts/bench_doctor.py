"""Time `mmer doctor` on a release of 17,000 frames, with and without --decode.

Writes a folder as large as CASME II (255 clips, 640x480 pixels, about 60 kB a picture: a portrait with noise) to a
temporary place, looks at it, and says how long each way took.

    python scripts/bench_doctor.py [--frames 17000] [--folder PLACE]
"""

import argparse
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import openpyxl
from matplotlib import cbook

from mmer.stages.doctor import examine

CLIPS = 255
HEADER = (
    "Subject",
    "Filename",
    None,
    "OnsetFrame",
    "ApexFrame",
    "OffsetFrame",
    None,
    "Action Units",
    "Estimated Emotion",
)
LIMITS = {False: 15, True: 60}  # seconds, of issue 8


def pictures(count):
    """Encode a few dozen different pictures of a face."""
    with cbook.get_sample_data("grace_hopper.jpg") as file:
        face = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR)
    face, rng = cv2.resize(face, (640, 480)), np.random.default_rng(0)
    for _ in range(count):
        noisy = np.clip(face + rng.normal(0, 6, face.shape), 0, 255).astype(np.uint8)
        yield cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()


def write(root, frames):
    """Write the release; return number of frames and bytes."""
    book, length, some = openpyxl.Workbook(), frames // CLIPS + 1, list(pictures(40))
    sheet = book.active
    sheet.title = "Sheet1"
    sheet.append(HEADER)
    total = 0
    for clip in range(CLIPS):
        subject, name = f"{clip // 10 + 1:02d}", f"EP{clip % 10 + 1:02d}_01"
        sheet.append((subject, name, None, 30, 40, 30 + length - 1, None, 4, "others"))
        folder = root / "CASME2_RAW_selected" / f"sub{subject}" / name
        folder.mkdir(parents=True)
        for number in range(length):
            data = some[(clip + number) % len(some)]
            total += (folder / f"img{30 + number}.jpg").write_bytes(data)
    book.save(root / "CASME2-coding-20140508.xlsx")
    return CLIPS * length, total


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--frames", type=int, default=17_000)
    arguments.add_argument("--folder", default=None, help="where the release is written; default: the system's own")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        root = Path(place) / "casme2"
        frames, size = write(root, options.frames)
        print(f"{frames} frames, {size / 2**20:.0f} MB")
        for decode, limit in LIMITS.items():
            start = time.perf_counter()
            found = examine(root, (), None, decode)
            seconds = time.perf_counter() - start
            assert found.facts["frames"] == frames
            way = "--decode" if decode else "header and end"
            print(f"{way}: {seconds:.1f} s, limit {limit} s; exit {found.exit_code}")


if __name__ == "__main__":
    main()
