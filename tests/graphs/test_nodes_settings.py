import pytest

from mmer.graphs.action_unit_places import LANDMARKS, REGIONS
from mmer.graphs.nodes.action_units import ActionUnits
from mmer.graphs.nodes.auw_rois import AuwRois
from mmer.graphs.nodes.eyebrow_mouth import EyebrowMouth
from mmer.graphs.nodes.graph_tcn_28 import GraphTcn28
from mmer.graphs.nodes.inner import Inner
from mmer.graphs.nodes.landmarks import Landmarks
from mmer.types.canonical_face import MIRROR
from mmer.types.errors import InputError


def test_eyebrow_mouth_has_the_thirty_landmarks_of_brows_and_mouth():
    nodes = EyebrowMouth().node_set()
    assert nodes.names == tuple(f"lm{i}" for i in [*range(17, 27), *range(48, 68)])
    assert nodes.landmarks[0] == (17,)
    assert set(nodes.action_units) == {None}


def test_the_other_landmark_sets():
    inner = Inner().node_set().names
    assert inner == tuple(f"lm{i}" for i in range(17, 68))
    tcn = GraphTcn28().node_set().names
    assert len(tcn) == 28
    assert set(EyebrowMouth().node_set().names) - set(tcn) == {"lm60", "lm64"}
    assert GraphTcn28(without=(61, 63)).node_set().names[22:26] == ("lm60", "lm62", "lm64", "lm65")
    assert [int(name[2:]) for name in AuwRois().node_set().names] == [18, 19, 20, 23, 24, 25, 28, 30, 48, 51, 54, 57]


@pytest.mark.parametrize("cls", [Landmarks, Inner, EyebrowMouth, GraphTcn28, AuwRois])
def test_every_set_of_landmarks_is_its_own_mirror_image(cls):
    """So a flipped face has the same nodes."""
    groups = cls().node_set().landmarks
    assert {(MIRROR[i],) for (i,) in groups} == set(groups)


def test_the_default_units_are_the_twelve_of_the_corpora():
    assert [int(name[2:]) for name in ActionUnits().node_set().names] == [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17]


def test_every_unit_has_a_place_and_a_region():
    assert all(0 <= i < 68 for group in LANDMARKS.values() for i in group)
    assert {unit for units in REGIONS.values() for unit in units} == set(LANDMARKS)


@pytest.mark.parametrize(
    ("cls", "fields", "words"),
    [
        (Landmarks, {"features": ("displacment",)}, "landmarks: there is no feature 'displacment'; did you mean"),
        (Landmarks, {"features": ("au_activation",)}, "choose `nodes: action_units`"),
        (Landmarks, {"features": ()}, "at least one"),
        (Landmarks, {"features": ("displacement", "displacement")}, "each once"),
        (Landmarks, {"moments": "tripled"}, "did you mean 'triplet'"),
        (Landmarks, {"moments": "triplet", "n_frames": 5}, "moments triplet are 3, so set n_frames to that; it is 5"),
        (Landmarks, {"moments": "apex", "n_frames": 3}, "moments apex are 1"),
        (Landmarks, {"magnification": 0.5}, "magnification must be at least 1"),
        (
            Landmarks,
            {"features": ("flow_patch", "strain_patch"), "channels": ("u", "strain")},
            "strain is in `channels`",
        ),
        (GraphTcn28, {"without": (60,)}, "two landmarks of 48..67"),
        (GraphTcn28, {"without": (60, 17)}, "two landmarks of 48..67"),
        (Landmarks, {"n_frames": 0}, "at least 1"),
        (Landmarks, {"patch": 4}, "patch must be odd"),
        (Landmarks, {"average": -1}, "average must be odd and positive"),
        (EyebrowMouth, {"channels": ()}, "at least one channel"),
        (ActionUnits, {"action_units": ("AU3",)}, "no place on the face is known for 'AU3'"),
        (ActionUnits, {"action_units": ("AU01", "AU01")}, "each once"),
        (ActionUnits, {"au_baseline": "offset"}, "did you mean 'onset'"),
    ],
)
def test_settings_that_cannot_be_are_refused_at_construction(cls, fields, words):
    with pytest.raises(InputError, match=words):
        cls(**fields)
