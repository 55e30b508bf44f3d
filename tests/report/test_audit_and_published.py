"""What the page says of audits and of published results."""

from dataclasses import replace

import pytest
from page_for_tests import Page, render
from records_for_tests import audit_of, config_of, dataset_records, experiment_record, fingerprint_of, unit_record

from fakes import clips_table
from mmer.report.audit_box import audit_box
from mmer.report.published import Result
from mmer.report.published_box import published_box
from mmer.report.records import DatasetRecord
from mmer.report.results import measure
from mmer.types.audit import Finding


def result(**changes) -> Result:
    """Return an invented published result of LOSO on casme2 and samm, three classes."""
    given = {
        "file": "invented",
        "method": "OldNet",
        "year": 2019,
        "ref": "FG-19 [1]",
        "reference": 1,
        "tag": "survey",
        "input": None,
        "protocol": "loso",
        "printed_protocol": None,
        "corpora": ("casme2", "samm"),
        "classes": 3,
        "labels": "megc3",
        "scores": {"pooled": {"uf1": 0.7654, "f1": 0.5}},
        "parameters": None,
        "seconds": None,
        "selects_on_test": True,
        "evidence": "keeps the best test epoch",
        "note": "",
        "corrected": (),
    }
    return Result(**{**given, **changes})


def box(record, *published, synthetic=False):
    return published_box(measure([record]).experiments[0], published, synthetic)


def test_an_audit_is_shown_with_every_finding_and_the_oracle_gap():
    text = Page(render([experiment_record("first")])).text
    for words in (
        "No leak was found, with warnings.",
        "warning annotations as input The annotated apex of 18 clips is an input.",
        "what not to do best test epoch per fold 0.712 0.723",
        "Epoch of each fold, seed 0 UF1 UAR",
    ):
        assert words in text
    assert "earlier state" not in text


def test_a_leak_says_not_to_report():
    leak = audit_of(findings=(Finding("poison", "leak", "the weights differ"),))
    found = audit_box(experiment_record("first", audit=leak))
    assert (found.status, found.gap) == ("leak", None)
    assert "do not report" in found.verdict


@pytest.mark.parametrize(
    ("changed", "said"), [({"config": "0"}, "the config"), ({"code": "0", "splits": "1"}, "the code and the folds")]
)
def test_a_stale_audit_says_what_changed(changed, said):
    record = experiment_record("first", fingerprint=fingerprint_of("first", **changed))
    assert f"of an earlier state: {said} changed since" in audit_box(record).stale
    assert "Run mmer audit first again." in Page(render([record])).text


def test_an_audit_of_other_predictions_is_stale():
    record = experiment_record("first", audit=audit_of("first", predictions="0" * 64))
    assert "of an earlier state: the stored predictions changed since" in audit_box(record).stale


def test_an_audit_without_fingerprint_cannot_be_placed():
    assert "no fingerprint" in audit_box(experiment_record("first", fingerprint=None)).stale


def test_an_oracle_gap_of_action_units():
    details = {"honest": {"macro_f1": 0.3}, "peeked": {"macro_f1": 0.5}}
    audit = audit_of("units", findings=(Finding("oracle_gap", "clean", "", details),))
    gap = audit_box(unit_record("units", audit=audit)).gap
    assert (gap.names, gap.honest, gap.peeked, gap.seed) == (("Macro F1",), ("0.300",), ("0.500",), "")
    assert audit_box(unit_record("units", audit=replace(audit, findings=()))).gap is None


def test_published_results_of_the_same_question_stand_beside_ours():
    record = experiment_record("first")
    (table,) = box(record, result(), result(method="Newer", year=2021, selects_on_test=None, evidence="")).tables
    uf1 = measure([record]).experiments[0].summary.scores["uf1"].mean
    assert table.columns == ("UF1", "F1, kind not stated")
    assert table.ours == (f"{uf1:.3f}", "–")  # nobody knows which F1 that is, so none of ours stands beside it
    assert [(row.method, row.selects) for row in table.rows] == [("Newer", "unknown"), ("OldNet", "yes")]
    assert table.rows[1].scores == ("0.765", "0.500")
    text = Page(render([record], published=[result()])).text
    assert "OldNet 2019 0.765 0.500 yes keeps the best test epoch FG-19 [1] (survey)" in text


@pytest.mark.parametrize(
    "other",
    [
        {"protocol": "kfold"},
        {"protocol": None, "printed_protocol": "LOSO?"},
        {"classes": 5},
        {"classes": None},
        {"labels": "casme2_5"},
        {"corpora": ("casme2",)},
        {"corpora": ("casme2", "samm", "smic")},
    ],
)
def test_nothing_stands_beside_another_question(other):
    found = box(experiment_record("first"), result(**other))
    assert not found.tables
    assert "None of the 1 published results" in found.why
    assert "(loso)" in found.why


def test_synthetic_data_never_stand_beside_published_results():
    clips = clips_table()
    said = "Synthetic data: not comparable with published results."
    called = [DatasetRecord("casme2", {"synthetic": True}, clips[clips.dataset == "casme2"])]
    renamed = [DatasetRecord("entry", {"synthetic": True}, clips)]
    for record, datasets, about in (
        (experiment_record("first", synthetic=True), dataset_records(clips), {}),
        (experiment_record("first"), called, {}),
        (experiment_record("first"), renamed, {}),
        (experiment_record("first"), [], {"synthetic": "rendered"}),
    ):
        text = Page(render([record], datasets, about, [result()])).text
        assert said in text
        assert "OldNet" not in text
    assert "OldNet" in Page(render([experiment_record("first")], dataset_records(clips), {}, [result()])).text


def test_directions_between_corpora_are_not_mixed_up():
    clips = clips_table()
    there = result(protocol="cross_dataset", corpora=("casme2->samm",), scores={"casme2->samm": {"uf1": 0.4}})
    back = result(protocol="cross_dataset", corpora=("samm->casme2",), scores={"samm->casme2": {"uf1": 0.3}})
    config = config_of("cross_dataset", "megc3")
    config["protocol"] |= {"train": ["casme2"], "test": ["samm"]}
    record = experiment_record("first", clips)
    one_way = record.predictions[record.predictions.dataset == "samm"].assign(fold="casme2->samm")
    (table,) = box(replace(record, config=config, predictions=one_way, baselines={}), there, back).tables
    assert [row.scores for row in table.rows] == [("0.400",)]
    fold = record.predictions.dataset.map({"samm": "casme2->samm", "casme2": "samm->casme2"})
    both = experiment_record(
        "first",
        clips,
        predictions=record.predictions.assign(fold=fold),
        config=config_of("cross_dataset_pairs", "megc3"),
    )
    assert {table.title: table.rows[0].scores[0] for table in box(both, there, back).tables} == {
        "casme2->samm": "0.400",
        "samm->casme2": "0.300",
    }


def test_action_units_stand_beside_the_mean_over_corpora():
    record = unit_record("units", config=config_of("cd6me", "cd6me_aus"))
    same = result(protocol="cd6me", classes=2, labels="cd6me_aus", scores={"pooled": {"binary_f1": 0.2}})
    (table,) = box(record, same).tables
    ours = measure([record]).experiments[0].summary.scores["corpus_mean_f1"].mean
    assert (table.columns, table.ours) == (("F1 by corpus",), (f"{ours:.3f}",))
