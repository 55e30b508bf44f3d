"""The sentence for a paper, the marks of the table of experiments, and the end of the page."""

from dataclasses import replace

from page_for_tests import Page, render
from records_for_tests import experiment_record, fingerprint_of, unit_record

from fakes import clips_table
from mmer.metrics.comparison import compare
from mmer.report.results import measure
from mmer.report.sentence import sentence
from mmer.report.stage_cost import StageCost, StageRecord
from mmer.report.standing import against_chance, standings
from mmer.report.summary import summarise


def said(record, synthetic=False):
    return sentence(record, summarise(record), synthetic)


def test_the_sentence_names_what_a_reviewer_asks_for():
    record = experiment_record("first")
    summary = summarise(record)
    uf1, uar, prior = summary.scores["uf1"], summary.scores["uar"], summary.baseline("prior").scores["uf1"]
    assert said(record) == (
        "On 18 clips of 6 subjects of casme2 and samm (labelled disgust 6, happiness 6, surprise 6), the model gcn "
        f"(first) reached UF1 {uf1.mean:.3f} (95 % interval {uf1.interval[0]:.3f} – {uf1.interval[1]:.3f}) and UAR "
        f"{uar.mean:.3f} (95 % interval {uar.interval[0]:.3f} – {uar.interval[1]:.3f}), pooled over 6 folds of the "
        f"protocol loso, one seed; of UF1, the most frequent class alone gives "
        f"{summary.baseline('majority').scores['uf1'].mean:.3f} and drawing by training frequencies at most "
        f"{prior.draws[1]:.3f} in 95 % of draws (mmer 0.1.0; folds sha256:555555555555, config sha256:cccccccccccc)."
    )
    assert "18 synthetic clips of 6 subjects" in said(record, synthetic=True)


def test_the_sentence_leaves_out_what_is_not_known_and_says_what_else_was_trained_on():
    clips = clips_table()
    part = clips[clips.dataset == "samm"]
    one = replace(experiment_record("one", part, fingerprint=None, baselines={}, seeds=(0, 1, 2)), clips=clips)
    text = said(one)
    assert "after training on casme2, the model" in text
    assert "averaged over 3 seeds." in text
    assert "sha256" not in text
    assert " ± " in text
    assert "saying that every unit is present gives" in said(unit_record("units", clips))


def test_the_best_and_those_that_are_worse_are_marked():
    clips = clips_table(subjects=12)
    skills = {"poor": 0.0, "best": 0.97, "good": 0.9}
    records = [experiment_record(name, clips, skill=skill) for name, skill in skills.items()]
    results = measure(records)
    found = standings(results)
    tests = compare({record.name: record.predictions for record in records}, "uf1").set_index(["a", "b"])
    poor = tests.loc[("poor", "best")]
    assert (found["poor"].best, found["poor"].of) == ("best", 3)
    assert (found["poor"].difference, found["poor"].p) == (poor.difference, poor.permutation_p_holm)
    assert found["poor"].worse
    assert not found["best"].worse
    assert found["good"].difference == -tests.loc[("best", "good")].difference
    assert against_chance(results.experiments[1].summary) == "above"
    text = Page(render(records)).text
    assert "best of 3" in text
    assert "Against best, the best of 3 experiments on the same clips:" in text


def test_alone_on_its_clips_an_experiment_has_no_mark():
    assert standings(measure([experiment_record("first")])) == {}
    assert "best of" not in Page(render([experiment_record("first")])).text
    assert against_chance(summarise(experiment_record("first", baselines={}))) == ""


def test_the_page_ends_with_versions_digests_and_what_stages_took():
    cost = StageCost("tracks", "casme2", 75.04, 1_400_000_000, 310_000_000, "d" * 64)
    stages = [StageRecord("tracks", "casme2", cost), StageRecord("motion", "casme2", None)]
    other = experiment_record("second", fingerprint=fingerprint_of("second", versions={"mmer": "0.2.0", "torch": "9"}))
    text = Page(render([experiment_record("first"), other], stages=stages)).text
    about = text[text.rindex("About") :]
    for words in (
        "mmer 0.1.0, 0.2.0 torch 9",
        f"casme2 coding.xlsx {'f' * 64}",
        f"folds {'5' * 64} config {'c' * 64} code {'d' * 64}",
        "1 of 2 stages were measured: 1 min 15 s in all, one after another; no process held more than 1.4 GB.",
        "tracks frames → landmarks, action units casme2 75.0 1.4 GB 310 MB",
        "motion frames → flow, strain casme2 not measured here",
    ):
        assert words in about, words
    assert "What the stages took" not in Page(render([experiment_record("first")])).text
