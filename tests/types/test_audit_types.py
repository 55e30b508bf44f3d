"""Audit: statuses, exit codes, and the file."""

import json
from types import SimpleNamespace

import pytest

from mmer.types.audit import Audit, Finding, worst_of
from mmer.types.errors import InputError


def audit(*statuses):
    findings = tuple(Finding(f"check{i}", status, "words", {"a": [1, 2]}) for i, status in enumerate(statuses))
    return Audit("fake", findings, "c" * 64, "d" * 64, "e" * 64, 1.5, "f" * 64)


@pytest.mark.parametrize(
    ("statuses", "status", "code"),
    [
        (("clean", "clean"), "clean", 0),
        (("clean", "warning"), "warning", 1),
        (("clean", "skipped"), "warning", 1),  # what was not checked is not proven
        (("leak", "warning", "clean"), "leak", 2),
        ((), "clean", 0),
    ],
)
def test_the_worst_finding_decides(statuses, status, code):
    made = audit(*statuses)
    assert (made.status, made.exit_code) == (status, code)


def test_what_is_saved_is_loaded(tmp_path):
    made = audit("clean", "leak")
    made.save(tmp_path / "audit/fake.json")
    assert Audit.load(tmp_path / "audit/fake.json") == made
    written = json.loads((tmp_path / "audit/fake.json").read_text())
    assert (written["status"], written["exit_code"]) == ("leak", 2)


def test_an_audit_is_of_one_state():
    made = audit("clean")
    state = SimpleNamespace(experiment="fake", config="c" * 64, code="d" * 64, splits="e" * 64)
    assert made.changed(state, "f" * 64) == ()
    assert made.changed(SimpleNamespace(**vars(state) | {"splits": "f" * 64}), "f" * 64) == ("splits",)
    assert made.changed(state, "0" * 64) == ("predictions",)


def test_an_audit_that_names_no_predictions_is_of_an_earlier_state(tmp_path):
    path = tmp_path / "fake.json"
    audit("clean").save(path)
    written = json.loads(path.read_text())
    del written["predictions"]
    path.write_text(json.dumps(written))
    state = SimpleNamespace(experiment="fake", config="c" * 64, code="d" * 64, splits="e" * 64)
    assert Audit.load(path).changed(state, "f" * 64) == ("predictions",)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"findings": [{"check": "x"}]}', None])
def test_another_file_is_refused(tmp_path, text):
    path = tmp_path / "x.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match="mmer audit"):
        Audit.load(path)


def test_a_status_is_one_of_four():
    with pytest.raises(InputError, match="did you mean 'clean'"):
        Finding("ledger", "cleen", "")
    assert worst_of(["clean", "leak", "skipped"]) == "leak"
