"""A cost comes back as it was written, and what is none is refused."""

import pytest

from mmer.types.cost import Cost
from mmer.types.errors import InputError

COST = Cost("gcn_casme2", 2339, 12.5, 36, 3, "cpu", "a" * 64)


def test_written_and_read(tmp_path):
    COST.save(tmp_path / "deep" / "cost.json")
    assert Cost.load(tmp_path / "deep" / "cost.json") == COST
    assert COST.seconds_per_run == pytest.approx(12.5 / 3)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"experiment": "x"}'])
def test_what_is_no_cost_is_refused_with_its_name(tmp_path, text):
    path = tmp_path / "cost.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"cost\.json.*train the experiment again"):
        Cost.load(path)
