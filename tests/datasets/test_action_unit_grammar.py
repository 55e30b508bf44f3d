"""The grammar of action units: whatever can be written in it is read as what it was, and nothing else is read."""

import random
import re

import pytest

from mmer.datasets.action_units import SIDES, Term, Unit, parse_action_units, read_action_units
from mmer.types.errors import InputError

CASES = 3000


def draw_unit(rng):
    """A unit, and one of the ways to write it."""
    system = rng.choice(["", "", "", "AU", "AD", "M"])
    side = rng.choice(["", "", "", *SIDES])
    number = rng.randint(1, 99)
    intensity = rng.choice(["", "", "A", "B", "C", "D", "E", "A/B", "D/E"])
    written = rng.choice([str(number), f"{number:02d}"])
    return Unit(f"{system or 'AU'}{number:02d}", side, intensity), f"{system}{side}{written}{intensity}"


def draw_term(rng):
    """A term, and one of the ways to write it."""
    if rng.random() < 0.1:
        unit, text = draw_unit(rng)
        return Term((unit,), status="held"), f"ref({text})"
    drawn = [draw_unit(rng) for _ in range(rng.choice([1, 1, 1, 1, 2, 3]))]
    text = rng.choice([" or ", "  OR "]).join(text for _, text in drawn)
    text = f"({text})" if rng.random() < 0.2 else text
    kept, unsure = rng.random() < 0.1, rng.random() < 0.1
    text += "(k)" * kept + "?" * unsure
    return Term(tuple(unit for unit, _ in drawn), unsure, "kept" if kept else ""), text


def draw_cell(rng):
    """A cell: what it says, and one of the ways to write it."""
    drawn = [draw_term(rng) for _ in range(rng.randint(1, 6))]
    text = drawn[0][1]
    for _, term in drawn[1:]:
        text += rng.choice(["+", ",", ";", " + ", ", ", "，", "；", "＋", ",,"]) + term
    text += rng.choice(["", "", "", ",", " "])
    text = "".join(rng.choice([letter.lower(), letter.upper()]) for letter in text)
    return [term for term, _ in drawn], text


def test_what_is_written_is_what_is_read():
    rng = random.Random(8)
    for _ in range(CASES):
        terms, text = draw_cell(rng)
        assert parse_action_units(text, "clip") == terms, text


def test_the_set_holds_the_first_alternative_of_every_unit_that_moves():
    rng = random.Random(9)
    for _ in range(CASES):
        terms, text = draw_cell(rng)
        moving = [term for term in terms if not term.status]
        assert read_action_units(text, "clip") == sorted({term.units[0].code for term in moving}), text
        every = read_action_units(text, "clip", all_alternatives=True)
        assert every == sorted({unit.code for term in moving for unit in term.units}), text


def test_order_and_full_width_letters_do_not_matter():
    rng = random.Random(10)
    for _ in range(300):
        texts = [draw_term(rng)[1] for _ in range(4)]
        expected = read_action_units("+".join(texts), "clip")
        rng.shuffle(texts)
        assert read_action_units("+".join(texts), "clip") == expected
        wide = "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in "+".join(texts))
        assert read_action_units(wide, "clip") == expected


def test_a_text_is_read_whole_or_not_at_all():
    """Any text either ends with an error that quotes it, or every number in it is accounted for."""
    rng = random.Random(11)
    letters = "0123456789 LRATBEMDUKor()+,;?/.-xé"
    read, said = 0, {}
    for _ in range(20_000):
        text = "".join(rng.choice(letters) for _ in range(rng.randint(1, 7)))
        try:
            terms = parse_action_units(text, "casme2/sub01/a, cell H3")
        except InputError as error:
            said[text] = str(error)
            continue
        read += 1
        found = [int(unit.code.lstrip("AUDM")) for term in terms or [] for unit in term.units]
        assert found == [int(digits) for digits in re.findall(r"\d+", re.sub(r"^(\d+)\.0$", r"\1", text.strip()))], text
    assert all(error.startswith("casme2/sub01/a, cell H3: ") for error in said.values())
    assert all(repr(text) in error for text, error in said.items())
    assert read > 200  # else this shows nothing


@pytest.mark.parametrize("cut", range(1, 4))
def test_a_cell_with_one_wrong_term_is_not_read_in_part(cut):
    rng = random.Random(cut)
    for _ in range(200):
        _, text = draw_cell(rng)
        wrong = rng.choice(["soft focus", "4 7", "123", "AU", "4F", "(4", "ref(", "4..5", "#REF!", "x4"])
        with pytest.raises(InputError, match="is not an action unit"):
            parse_action_units(f"{text}+{wrong}" if cut % 2 else f"{wrong}+{text}", "clip")


@pytest.mark.parametrize(
    ("cell", "terms"),
    [
        (12, [Term((Unit("AU12"),))]),
        ("12.0", [Term((Unit("AU12"),))]),
        ("R12A", [Term((Unit("AU12", "R", "A"),))]),
        ("A/L12", [Term((Unit("AU12", "A/L"),))]),
        ("10A/B", [Term((Unit("AU10", "", "A/B"),))]),
        ("15?", [Term((Unit("AU15"),), uncertain=True)]),
        ("AU4(k)", [Term((Unit("AU04"),), status="kept")]),
        ("ref(L10)", [Term((Unit("AU10", "L"),), status="held")]),
        ("(R6 or R12)", [Term((Unit("AU06", "R"), Unit("AU12", "R")))]),
        ("T23", [Term((Unit("AU23", "T"),))]),
        ("M58", [Term((Unit("M58"),))]),
        ("AD38", [Term((Unit("AD38"),))]),
        ("none", []),
        ("?", None),
    ],
)
def test_sides_intensities_and_marks_are_kept(cell, terms):
    assert parse_action_units(cell, "clip") == terms


def test_the_joined_digits_of_a_known_wrong_reader_do_not_occur():
    assert read_action_units("R14A or 17A or 24A", "clip", all_alternatives=True) == ["AU14", "AU17", "AU24"]
