from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from moving_faces import clip_row, still_motion, template_landmarks, track_of

from mmer.graphs.assemble import assemble
from mmer.graphs.edges.anatomical import Anatomical
from mmer.graphs.nodes.action_units import ActionUnits
from mmer.graphs.nodes.eyebrow_mouth import EyebrowMouth
from mmer.types.canonical_face import template_pixels
from mmer.types.errors import InputError
from mmer.types.motion import Motion

IDS = ("made/s1/a", "made/s1/b", "made/s1/c")


def parts(ids=IDS, excluded=None):
    rng = np.random.default_rng(5)
    clips = pd.DataFrame([clip_row(1, 4, 9, clip_id=name) for name in ids])
    tracks = {name: track_of(template_landmarks(9) + rng.normal(0, 0.4, (9, 68, 2)), clip_id=name) for name in ids}
    motion = Motion.stack([still_motion(clip_id=name) for name in ids], excluded or {})
    return clips, tracks, motion


def test_rows_are_joined_by_clip_id_and_equal_what_the_source_builds():
    clips, tracks, motion = parts()
    source = EyebrowMouth(features=("displacement", "flow_patch"))
    samples = assemble(source, Anatomical(), clips.iloc[::-1], dict(reversed(tracks.items())), motion)
    assert samples.clip_ids == IDS
    for i, name in enumerate(IDS):
        expected = source.build(clips.iloc[i], tracks[name], motion.of(name))
        assert np.array_equal(samples.streams["graph"][i], expected)
    assert samples.present["graph"].all()
    assert samples.feature_names == source.feature_names()
    assert np.array_equal(samples.edge_index, Anatomical().edge_index(source.node_set()))
    assert samples.about == {"backend": "made", "au_scale": "probability"}


def test_every_clip_is_measured_between_its_own_onset_and_offset():
    clips, tracks, motion = parts()
    clips["onset"], clips["offset"] = [1, 2, 3], [9, 8, 7]
    source = EyebrowMouth(features=("displacement",), n_frames=3)
    samples = assemble(source, Anatomical(), clips.iloc[[2, 0, 1]], tracks, motion)
    for i, name in enumerate(IDS):
        assert np.array_equal(samples.streams["graph"][i], source.build(clips.iloc[i], tracks[name], motion.of(name)))


def test_a_clip_without_a_track_is_marked_absent_and_zero():
    clips, tracks, motion = parts()
    del tracks[IDS[1]]
    samples = assemble(ActionUnits(), Anatomical(), clips, tracks, motion)
    assert samples.present["graph"].tolist() == [True, False, True]
    assert np.abs(samples.streams["graph"][1]).max() == 0
    assert np.isnan(samples.positions[1]).all()


def test_a_dataset_without_any_track_has_the_right_shape_and_says_none():
    clips, _, motion = parts()
    samples = assemble(ActionUnits(n_frames=4), Anatomical(), clips, {}, motion)
    assert samples.streams["graph"].shape == (3, 4, 12, 1)
    assert not samples.present["graph"].any()
    assert samples.about == {"backend": "none", "au_scale": "none"}


def test_what_motion_excluded_is_taken_over():
    samples = assemble(ActionUnits(), Anatomical(), *parts(excluded={"made/s1/z": "a face in 2 of 9 frames"}))
    assert samples.excluded == {"made/s1/z": "a face in 2 of 9 frames"}


def test_positions_are_where_the_nodes_lie_on_the_aligned_face():
    clips, _, motion = parts()
    tracks = {name: track_of(template_landmarks(9), clip_id=name) for name in IDS}
    samples = assemble(ActionUnits(), Anatomical(), clips, tracks, motion)
    nodes = ActionUnits().node_set()
    expected = [template_pixels(64)[list(group)].mean(0) for group in nodes.landmarks]
    assert samples.positions.dtype == np.float32
    assert np.allclose(samples.positions, expected, atol=1e-4)
    apart = np.linalg.norm(samples.positions[0, :, None] - samples.positions[0, None], axis=-1)
    assert apart[~np.eye(12, dtype=bool)].min() > 2  # of 64 pixels: a drawn graph can be read


@pytest.mark.parametrize("n_frames", [1, 3])
def test_siblings_are_the_graphs_at_the_neighbouring_frames(n_frames):
    clips, tracks, motion = parts()
    del tracks[IDS[1]]
    frames = np.array([[2, 7], [3, 5], [6, 6]])
    values = np.random.default_rng(1).normal(size=(3, 2, *motion.values.shape[1:])).astype(np.float32)
    features = ("displacement", "flow_patch") if n_frames == 1 else ("displacement",)
    source = EyebrowMouth(features=features, n_frames=n_frames)
    samples = assemble(source, Anatomical(), clips, tracks, replace(motion, neighbours=values, neighbour_frames=frames))
    plain = assemble(source, Anatomical(), clips, tracks, motion)
    assert plain.siblings == {}
    assert np.array_equal(samples.streams["graph"], plain.streams["graph"])
    assert np.array_equal(samples.positions, plain.positions, equal_nan=True)
    for m in range(2):
        seen = assemble(source, Anatomical(), clips, tracks, replace(motion, values=values[:, m], apex=frames[:, m]))
        assert np.array_equal(samples.siblings["graph"][:, m], seen.streams["graph"])
        differs = not np.array_equal(seen.streams["graph"], plain.streams["graph"])
        assert differs == (n_frames == 1)  # several moments name no apex


def test_progress_sees_every_clip_once():
    seen = []

    def progress(items, total):
        assert total == 3
        for item in items:
            seen.append(item)
            yield item

    assemble(ActionUnits(), Anatomical(), *parts(), progress)
    assert seen == list(IDS)


def test_tracks_of_several_backends_or_scales_are_refused():
    clips, tracks, motion = parts()
    other = track_of(template_landmarks(9), clip_id=IDS[2], au_scale="0-5")
    with pytest.raises(InputError, match=r"differ in au_scale: 0-5 \(made/s1/c\), probability \(made/s1/a\)"):
        assemble(ActionUnits(), Anatomical(), clips, {**tracks, IDS[2]: other}, motion)
    other = track_of(template_landmarks(9), clip_id=IDS[2], backend="another")
    with pytest.raises(InputError, match="differ in backend: another"):
        assemble(ActionUnits(), Anatomical(), clips, {**tracks, IDS[2]: other}, motion)


def test_motion_of_a_clip_that_the_table_lacks_is_refused():
    clips, tracks, motion = parts()
    with pytest.raises(InputError, match="made/s1/c"):
        assemble(ActionUnits(), Anatomical(), clips.iloc[:2], tracks, motion)
