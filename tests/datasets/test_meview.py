"""MEVIEW comes in through the manifest: the csv file that its page shows works as it stands there."""

import re
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from mmer.stages.build import build, read_option
from mmer.types.events import events
from mmer.types.frames import Frames

PAGE = Path(__file__).parents[2] / "docs" / "corpora" / "meview.md"
FRAMES = 15


@pytest.fixture(scope="module")
def meview(tmp_path_factory):
    """The csv file of the page beside three short videos of 25 frames per second."""
    root = tmp_path_factory.mktemp("meview")
    (root / "videos").mkdir()
    (root / "manifest.csv").write_text(re.search(r"```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)[1])
    for name in ("01", "02", "03"):
        writer = cv2.VideoWriter(str(root / f"videos/{name}.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 25, (64, 36))
        for shade in range(FRAMES):
            writer.write(np.full((36, 64, 3), shade * 16, np.uint8))
        writer.release()
    return build(read_option("dataset", "manifest") | {"name": "meview", "root": str(root)}).clips()


def test_every_row_is_a_clip_of_its_person(meview):
    assert meview.clip_id.tolist() == [f"meview/player_{who}" for who in ("a/01_1", "a/01_2", "a/03_1", "b/02_1")]
    assert set(meview.subject) == {"meview/player_a", "meview/player_b"}
    assert meview.fps.tolist() == [25] * 4
    assert meview.action_units.tolist() == [["AU14"], None, ["AU06", "AU12"], ["AU01", "AU02", "AU05"]]


def test_frames_count_from_0_and_a_video_without_marks_is_taken_whole(meview):
    assert meview[["onset", "offset"]].to_numpy().tolist() == [[3, 7], [8, 11], [0, FRAMES - 1], [2, 10]]
    assert [None if pd.isna(apex) else apex for apex in meview.apex] == [None, 9, None, 5]
    for clip in meview.itertuples():
        shown = Frames.open(clip.frames).read(clip.onset).mean()
        assert shown == pytest.approx(16 * clip.onset, abs=6)


def test_expressions_of_one_video_stay_together(meview):
    assert events(meview).tolist() == ["meview/player_a/01_1"] * 2 + ["meview/player_a/03_1", "meview/player_b/02_1"]


@pytest.mark.parametrize("scheme", ["megc3", "polarity_4"])
def test_schemes_leave_out_what_nobody_could_name(meview, scheme):
    classes = build(read_option("labels", scheme)).assign(meview)
    assert classes.fillna("-").tolist() == ["negative", "-", "positive", "surprise"]
