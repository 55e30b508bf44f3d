"""The action-unit text of the published corpora, as their coders write it."""

import pytest

from mmer.datasets.action_units import read_action_units
from mmer.types.errors import InputError


@pytest.mark.parametrize(
    ("cell", "units"),
    [
        (12, ["AU12"]),
        (12.0, ["AU12"]),
        ("4+L10", ["AU04", "AU10"]),
        ("R12A", ["AU12"]),
        ("15?", ["AU15"]),
        ("(R6 or R12) + R15", ["AU06", "AU15"]),
        ("ref(L10)+A12B", ["AU12"]),
        ("ref(7B)", []),
        ("10A/B", ["AU10"]),
        ("A/L12", ["AU12"]),
        ("R14A or 17A or 24A", ["AU14"]),
        ("AU4(k)+L7", ["AU07"]),
        ("AUR2+12(k)+45", ["AU02", "AU45"]),
        ("4，11", ["AU04", "AU11"]),
        ("14,L24,", ["AU14", "AU24"]),
        ("13?", ["AU13"]),
        ("1+2+5+AD38+M58", ["AD38", "AU01", "AU02", "AU05", "M58"]),
        ("AU4, AU7", ["AU04", "AU07"]),
        ("4;7", ["AU04", "AU07"]),
        ("AU04+AU07", ["AU04", "AU07"]),
        ("r18", ["AU18"]),
        ("T23 + b28", ["AU23", "AU28"]),
        ("R2+L1+L2", ["AU01", "AU02"]),
        ("none", []),
    ],
)
def test_what_coders_write(cell, units):
    assert read_action_units(cell, "clip") == units


@pytest.mark.parametrize("cell", ["?", "/", "-", "", "  ", None])
def test_not_annotated_is_null_and_not_an_empty_list(cell):
    assert read_action_units(cell, "clip") is None


@pytest.mark.parametrize(
    "cell",
    ["R14+17+soft focus", "4 7", "123", "AU", "4.5", 4.5, "0", "(4", "4)", "ref(4", "4+(5+6)", "٤", "4(k", "12F"],
)
def test_other_text_stops_with_clip_and_cell(cell):
    with pytest.raises(InputError, match=r"casme2/sub01/a, cell H3.*is not an action unit"):
        read_action_units(cell, "casme2/sub01/a, cell H3")


def test_long_hostile_text_ends_quickly():
    with pytest.raises(InputError):
        read_action_units("(" * 20_000 + "4 " * 20_000, "clip")
    with pytest.raises(InputError):
        read_action_units("4" + " or 4" * 20_000 + " or", "clip")
