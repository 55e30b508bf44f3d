"""Every node source: shape, names, no motion in a still face, gaps, no label read, same output twice."""

from dataclasses import replace

import numpy as np
import pytest
from moving_faces import clip_row, still_motion, template_landmarks, track_of

from mmer.stages.build import build, read_option, target_class
from mmer.types.clips import visible
from mmer.types.errors import InputError
from mmer.types.node_set import NodeSet

T = 12


@pytest.fixture
def source(nodes_name):
    return build(read_option("nodes", nodes_name))


def case(seed=0):
    rng = np.random.default_rng(seed)
    track = track_of(template_landmarks(T) + rng.normal(0, 0.4, (T, 68, 2)), units=rng.random((T, 12)))
    motion = replace(still_motion(apex=6), values=rng.normal(size=(3, 64, 64)).astype(np.float32))
    return clip_row(2, 6, 11), track, motion


def over_time(source):
    """The same source with four moments."""
    return replace(source, n_frames=4)


def extras(source, motion, seed=1):
    """What the stage would make of the clip's pictures: noise, or nothing that moves where the motion is nothing."""
    size = motion.values.shape
    rng = np.random.default_rng(seed)
    still = not motion.values.any()
    made = {
        "flows": (source.n_frames, *size),
        "faces": (source.n_frames, *size[1:]),
        "shape": (source.n_frames, 1, *size[1:]),
    }
    return {name: (0 if still else 1) * rng.random(made[name], dtype=np.float32) for name in source.needs}


def test_file_yaml_and_name_agree(nodes_name, source):
    assert source.name == nodes_name
    assert target_class(read_option("nodes", nodes_name)).__module__ == f"mmer.graphs.nodes.{nodes_name}"


def test_names_are_unique_and_landmarks_exist(nodes_name, source):
    nodes = source.node_set()
    assert isinstance(nodes, NodeSet)
    assert len(set(nodes.names)) == len(nodes.names) > 1
    assert all(group and all(0 <= i < 68 for i in group) for group in nodes.landmarks)
    names = source.feature_names()
    assert len(set(names)) == len(names) > 0


def test_shape_and_type(nodes_name, source):
    for version, t in ((source, source.n_frames), (over_time(source), 4)):
        clip, track, motion = case()
        x = version.build(clip, track, motion, extras(version, motion))
        assert x.shape == (t, len(version.node_set().names), len(version.feature_names()))
        assert x.dtype == np.float32
        assert np.isfinite(x).all()
        assert np.abs(x).max() > 0


def test_a_still_face_has_zero_features(nodes_name, source):
    track, motion = track_of(template_landmarks(T), units=np.full((T, 12), 0.3)), still_motion(apex=6)
    for version in (source, over_time(source)):
        assert np.abs(version.build(clip_row(2, 6, 11), track, motion, extras(version, motion))).max() < 1e-6


def test_frames_without_a_face_are_bridged(nodes_name, source):
    clip, track, motion = case()
    landmarks, units = track.landmarks.copy(), track.action_units.copy()
    landmarks[[1, 5, 8]], units[[1, 5, 8]] = np.nan, np.nan
    for version in (source, over_time(source)):
        gappy = replace(track, landmarks=landmarks, action_units=units)
        x = version.build(clip, gappy, motion, extras(version, motion))
        assert np.isfinite(x).all()


def test_no_label_is_read_and_the_same_input_gives_the_same_bytes(nodes_name, source):
    clip, track, motion = case()
    other = visible(clip.to_frame().T, source.reads).iloc[0]  # what the stage hands over: no label is there
    assert not {"emotion", "objective_class", "action_units", "apex"} & set(other.index)
    for version in (source, over_time(source)):
        first, second = (version.build(row, track, motion, extras(version, motion)) for row in (clip, other))
        assert first.tobytes() == second.tobytes()


def test_frames_outside_the_clip_do_not_matter(nodes_name, source):
    clip, track, motion = case()
    landmarks, units = track.landmarks.copy(), track.action_units.copy()
    landmarks[[0, -1]] += 7
    units[[0, -1]] = 9
    changed = replace(track, landmarks=landmarks, action_units=units)
    given = extras(source, motion)
    assert np.array_equal(source.build(clip, track, motion, given), source.build(clip, changed, motion, given))


def test_it_says_when_it_looks_and_what_it_needs(nodes_name, source):
    clip, track, motion = case()
    assert len(source.when(clip, track, motion)) == source.n_frames
    assert over_time(source).when(clip, track, motion).tolist() == [2, 5, 8, 11]
    triplet = replace(source, n_frames=3, moments="triplet")
    assert triplet.when(clip, track, motion).tolist() == [2, 6, 11]
    x = triplet.build(clip, track, motion, extras(triplet, motion))
    assert x.shape == (3, len(source.node_set().names), len(triplet.feature_names()))
    for version in (source, over_time(source), triplet):
        assert set(version.needs) <= {"flows", "faces", "shape"}
        if version.needs:
            with pytest.raises(InputError, match=f"{version.needs[0]} made from the clip's pictures"):
                version.build(clip, track, motion)


def test_every_feature_has_as_many_numbers_as_names(nodes_name, source):
    clip, track, motion = case()
    for feature in source.known_features:
        for n_frames in (1, 4):
            one = replace(source, features=(feature,), n_frames=n_frames)
            x = one.build(clip, track, motion, extras(one, motion))
            assert x.shape == (n_frames, len(source.node_set().names), len(one.feature_names()))
            assert x.dtype == np.float32
            assert np.isfinite(x).all()
