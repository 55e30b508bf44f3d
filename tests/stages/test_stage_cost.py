"""What a stage took is known of the artifacts at hand, or not at all."""

import pytest

from mmer.report.stage_cost import StageCost
from mmer.stages import paths
from mmer.stages.stage_cost import measured, stage_records
from mmer.types.errors import InputError

CONFIG = {"datasets": {"casme2": {}}, "experiments": {"points": {}}}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(text="clips"):
    file = paths.clips("casme2")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return 0


def costs():
    return {(one.stage, one.name): one.cost for one in stage_records(CONFIG)}


def test_a_stage_that_went_well_is_measured():
    assert measured("clips", "casme2", write) == 0
    cost = costs()["clips", "casme2"]
    assert 0 <= cost.seconds < 60
    assert cost.memory > 1e6
    assert [key for key, value in costs().items() if value] == [("clips", "casme2")]
    assert list(costs()) == [
        ("config", ""),
        *((stage, "casme2") for stage in ("clips", "tracks", "motion", "graphs", "signals")),
        ("inputs", ""),
        ("evaluate", "points"),
    ]


def test_other_artifacts_than_those_it_made_have_no_cost():
    measured("clips", "casme2", write)
    write("other")
    assert costs()["clips", "casme2"] is None
    write()
    assert costs()["clips", "casme2"] is not None


def test_a_stage_that_failed_and_what_is_no_stage_leave_nothing():
    assert measured("clips", "casme2", lambda: write() + 2) == 2
    with pytest.raises(InputError):
        measured("clips", "casme2", _refuses)
    assert measured("report", "", lambda: 0) == 0
    assert not paths.COST.exists()


def _refuses():
    raise InputError("no")


def test_a_cost_that_cannot_be_read_counts_as_none(caplog):
    measured("clips", "casme2", write)
    paths.stage_cost("clips", "casme2").write_text("{}")
    assert costs()["clips", "casme2"] is None
    assert "run it again" in caplog.text
    with pytest.raises(InputError, match="run it again"):
        StageCost.load("absent.json")


def test_a_table_has_costs_of_its_own_but_shares_those_of_the_corpora():
    measured("clips", "casme2", write)
    with paths.table("losses"):
        assert costs()["clips", "casme2"] is not None
        assert ("config", "") not in costs()
        assert paths.stage_cost("evaluate", "row").as_posix() == ".mmer/cost/table/losses/stages/evaluate@row.json"
    assert paths.stage_cost("inputs", "").as_posix() == ".mmer/cost/stages/inputs.json"
