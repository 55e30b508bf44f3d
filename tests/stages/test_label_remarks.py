"""An experiment says where its class counts are not those of the released corpus."""

import logging
from types import SimpleNamespace

import pytest

from fakes import clips_table
from mmer.stages.build import build, read_option
from mmer.stages.select import select


@pytest.fixture
def clips():
    """A table as large as what CASME II's five classes keep, of three classes in equal parts."""
    return clips_table(("casme2",), 26, 10)


def warnings_of(caplog, clips, scheme):
    caplog.set_level(logging.WARNING, "mmer")
    select(clips, build(read_option("labels", scheme)), SimpleNamespace(clip_ids=clips.clip_id.tolist(), excluded={}))
    return [record.message for record in caplog.records]


def test_a_table_as_large_as_a_release_with_other_counts_is_warned_of(caplog, clips):
    (message,) = warnings_of(caplog, clips, "casme2_5")
    assert message.startswith("labels casme2_5: casme2 has 8")
    assert message.endswith("version updated, the nearest, has 32, 25, 64, 27, 99")


def test_a_small_table_is_not(caplog, clips):
    assert warnings_of(caplog, clips[clips.subject < "casme2/sub13"], "casme2_5") == []


def test_a_computed_class_is_said(caplog):
    clips = clips_table(("casme",), 2, 3)
    assert warnings_of(caplog, clips, "objective_7") == [
        "labels objective_7: casme states none for 6 clip(s): computed from action units"
    ]
