import pytest

from mmer.graphs.action_unit_places import LANDMARKS, REGIONS
from mmer.graphs.nodes.action_units import ActionUnits
from mmer.graphs.nodes.eyebrow_mouth import EyebrowMouth
from mmer.graphs.nodes.landmarks import Landmarks
from mmer.types.errors import InputError


def test_eyebrow_mouth_has_the_thirty_landmarks_of_brows_and_mouth():
    nodes = EyebrowMouth().node_set()
    assert nodes.names == tuple(f"lm{i}" for i in [*range(17, 27), *range(48, 68)])
    assert nodes.landmarks[0] == (17,)
    assert set(nodes.action_units) == {None}


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
        (Landmarks, {"features": ("flow_patch",), "n_frames": 5}, "flow_patch is one motion.* needs n_frames 1"),
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
