"""Action unit detection keeps the clips that somebody coded, whatever was seen in them."""

import pytest

from fakes import clips_table
from mmer.labels.action_units import ActionUnitScheme
from mmer.stages.build import build, read_option
from mmer.types.clips import validate_clips
from mmer.types.errors import InputError


def test_coded_clips_stay_also_where_nothing_was_seen():
    clips = clips_table(("samm",), subjects=1, clips=4)
    clips["action_units"] = [["AU04", "AU07"], [], None, ["AU43"]]
    classes = ActionUnitScheme("mine", ("AU04",)).assign(validate_clips(clips))
    assert classes.fillna("-").tolist() == ["annotated", "annotated", "-", "annotated"]
    assert classes.index.tolist() == clips.clip_id.tolist()


def test_a_clip_that_nobody_coded_has_a_reason():
    clips = clips_table(("samm",), subjects=1, clips=1)
    assert ActionUnitScheme("mine", ("AU04",)).reason(clips.iloc[0]) == (
        "its action units are not annotated, which mine needs"
    )


def test_cd6me_has_twelve_units():
    scheme = build(read_option("labels", "cd6me_aus"))
    assert [int(unit[2:]) for unit in scheme.targets] == [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17]
    assert scheme.classes == ("absent", "present")


@pytest.mark.parametrize(
    ("units", "says"),
    [
        ((), "names no action unit"),
        (("AU4",), "'AU4' is no action unit; write two digits"),
        (("4",), "'4' is no action unit"),
        (("AU00",), "'AU00' is no action unit"),
        (("AD38", "M57"), "'AD38', 'M57' is no action unit"),
        (("AU04", "AU07", "AU04"), "twice"),
    ],
)
def test_a_senseless_list_is_refused(units, says):
    with pytest.raises(InputError, match=says):
        ActionUnitScheme("mine", units)
