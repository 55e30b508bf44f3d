"""What a corpus keeps that somebody added without a synthetic release, read from data/; and one of the sample."""

from pathlib import Path

import pandas as pd
import pytest

from conf_groups import CONF
from mmer.stages.build import build, read_option, target_class
from mmer.types.clips import COLUMNS, load_clips, save_clips
from mmer.types.errors import InputError
from mmer.types.frames import Frames


@pytest.fixture
def node(stored_dataset_name):
    found = read_option("dataset", stored_dataset_name, CONF)
    return found | {"root": str(CONF.parent / found["root"])}


def test_the_yaml_is_named_like_its_module(stored_dataset_name, node):
    assert node["name"] == stored_dataset_name == target_class(node).__module__.rpartition(".")[2]
    with pytest.raises(InputError, match="no key 'exclud'"):
        build(node | {"exclud": []})
    with pytest.raises(InputError, match=f"dataset {stored_dataset_name}: there is no folder"):
        build(node | {"root": str(Path(node["root"]) / "nowhere")}).clips()


def test_clips_carry_their_corpus_and_name_frames_that_are_there(stored_dataset_name, node, tmp_path):
    dataset = build(node)
    clips = dataset.clips()
    assert list(clips.columns) == list(COLUMNS)
    assert clips.clip_id.is_unique
    assert set(clips.dataset) == {stored_dataset_name}
    assert all(path.is_file() for path in dataset.annotations())
    for _, clip in clips.groupby("subject").head(1).iterrows():
        if pd.notna(clip.frames):
            assert Frames.open(clip.frames).missing(clip.onset, clip.offset) == []
    pd.testing.assert_frame_equal(dataset.clips(), clips)
    save_clips(clips, tmp_path / "clips.parquet")
    pd.testing.assert_frame_equal(load_clips(tmp_path / "clips.parquet"), clips)
    rest = build(node | {"exclude": [clips.clip_id[1]]}).clips()
    pd.testing.assert_frame_equal(rest, clips.drop(index=1).reset_index(drop=True))
