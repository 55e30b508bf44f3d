"""Annotations that are inputs at test time are named."""

from mmer.audit.annotations import annotations

READS = {"faces shipped": ("onset", "offset"), "motion optical_flow": ("onset", "apex", "offset")}


def test_annotated_inputs_are_named_and_the_apex_tagged():
    finding = annotations(READS, {"a": "given", "b": "given", "c": "middle"})
    assert finding.status == "clean"
    assert finding.details["tags"] == ["oracle_apex"]
    assert finding.details["inputs"] == {
        "onset": ["faces shipped", "motion optical_flow"],
        "apex": ["motion optical_flow"],
        "offset": ["faces shipped", "motion optical_flow"],
    }
    assert "apex (of 2 of 3 clips) by motion optical_flow" in finding.summary
    assert "[oracle_apex]" in finding.summary


def test_an_apex_that_no_clip_has_is_no_input():
    finding = annotations(READS, {"a": "middle", "b": "peak_motion"})
    assert "apex" not in finding.details["inputs"]
    assert finding.details["tags"] == []


def test_annotated_action_units_are_an_oracle():
    finding = annotations(READS | {"nodes annotated": ("action_units",)}, {"a": "middle"})
    assert finding.status == "warning"
    assert finding.details["tags"] == ["oracle"]
    assert "nodes annotated" in finding.summary


def test_nothing_read_is_nothing_named():
    finding = annotations({"nodes flow": ()}, {"a": "precomputed"})
    assert (finding.status, finding.details["inputs"]) == ("clean", {})
