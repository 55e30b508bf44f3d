"""The page as a browser would get it."""

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest
from page_for_tests import Page, render
from records_for_tests import audit_of, dataset_records, experiment_record, fingerprint_of, samples_of, unit_record
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from fakes import clips_table, predictions_table
from mmer.metrics.bootstrap import intervals
from mmer.report.records import DatasetRecord
from mmer.types.audit import Finding
from mmer.types.errors import InputError


@pytest.fixture(scope="module")
def clips():
    return clips_table(subjects=4)


@pytest.fixture(scope="module")
def records(clips):
    return [experiment_record("first", clips), experiment_record("second", clips, seeds=(0, 1, 2))]


@pytest.fixture(scope="module")
def html(records, clips):
    return render(records, dataset_records(clips), {"mmer": "0.1.0"})


def test_tags_nest_and_ids_are_unique(html):
    page = Page(html)
    assert page.tags[0] == "html"
    assert len(set(page.ids)) == len(page.ids)


def test_nothing_is_loaded(html):
    page = Page(html)
    assert page.loads
    for target in page.loads:
        assert target.startswith(("data:image/webp;base64,", "#")), target[:80]
        assert not target.startswith("#") or target[1:] in page.ids
    assert not {"link", "iframe", "object", "embed", "form"} & set(page.tags)
    assert not re.search(r"https?://|@import|url\(|<script[^>]+src|\bfetch\(|XMLHttpRequest|WebSocket|\bimport\(", html)


def test_a_browser_may_run_the_scripts_of_the_page_and_nothing_else(html):
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html).group(1)
    scripts = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    digests = {f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in scripts}
    rules = {name: set(values) for name, *values in map(str.split, policy.split(";"))}
    assert rules["script-src"] == digests
    assert rules["default-src"] == {"'none'"}
    assert rules["img-src"] == {"data:"}
    assert html.index("Content-Security-Policy") < html.index("<script")


def test_numbers_equal_scikit_learn(html, records):
    page = Page(html)
    for record in records:
        for baseline, table in {None: record.predictions, **record.baselines}.items():
            per_seed = [part for _, part in table.groupby("seed")]
            expected = {
                "uf1": [f1_score(part.truth, part.predicted, average="macro", zero_division=0) for part in per_seed],
                "uar": [balanced_accuracy_score(part.truth, part.predicted) for part in per_seed],
                "accuracy": [accuracy_score(part.truth, part.predicted) for part in per_seed],
                "weighted_f1": [
                    f1_score(part.truth, part.predicted, average="weighted", zero_division=0) for part in per_seed
                ],
            }
            for name, values in expected.items():
                spread = f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else ""
                assert page.scores[record.name, baseline, name] == f"{np.mean(values):.3f}{spread}"


def test_same_bytes_twice_and_in_any_row_order(html, records, clips):
    assert render(records, dataset_records(clips), {"mmer": "0.1.0"}) == html
    shuffled = experiment_record(
        "first",
        clips,
        predictions=records[0].predictions.sample(frac=1, random_state=0),
        curves=records[0].curves.sample(frac=1, random_state=0),
    )
    assert render([shuffled, records[1]], dataset_records(clips), {"mmer": "0.1.0"}) == html


def test_what_a_reader_needs_is_there(html):
    text = Page(html).text
    for words in ("Confusion", "Training loss by epoch", "casme2/sub01", "'others' is not a class of megc3", "random"):
        assert words in text
    for words in (
        "Resolved config",
        "hidden: 64",
        "face in 41 % of the frames",
        "frame 18, given",
        "10 edges",
        "0.1.0",
    ):
        assert words in text


def test_sampling_and_augmentation_are_named_where_there_are_any(clips):
    plain = experiment_record("plain", clips)
    for changes, words in (
        ({"sampling": {"name": "natural"}, "augment": {"name": "none"}}, ()),
        ({"sampling": {"name": "balanced"}, "augment": {"name": "flip"}}, ("sampling balanced", "augment flip")),
    ):
        record = experiment_record("plain", clips, config=plain.config | changes)
        chosen = render([record], dataset_records(clips), {}).partition('class="choices"')[2].partition("clips:")[0]
        found = re.findall(r"<span>([a-z ]+) <b>(\w+)</b>", chosen)
        assert [" ".join(pair) for pair in found if pair[0] in ("sampling", "augment")] == list(words)


def test_everything_given_is_escaped(clips):
    evil = "<script>alert(1)</script>&\"'"
    renamed = clips.assign(
        clip_id="casme2/" + evil + clips.clip_id, subject="casme2/" + evil + clips.subject, dataset=evil
    )
    table = predictions_table(clips).assign(dataset=evil, clip_id=lambda rows: "casme2/" + evil + rows.clip_id)
    table = table.assign(subject=lambda rows: "casme2/" + evil + rows.subject, experiment=evil, fold=evil)
    table["truth"] = table.truth.replace("disgust", evil)
    table["predicted"] = table.predicted.replace("disgust", evil)
    table = table.rename(columns={"p_disgust": f"p_{evil}"})
    record = experiment_record(
        evil,
        renamed.assign(culture=evil),
        config={"model": {"name": evil}, evil: evil},
        predictions=table,
        baselines={evil: table},
        excluded=pd.DataFrame({"clip_id": [evil], "reason": [evil]}),
        fingerprint=fingerprint_of(evil, protocol={"name": evil}, labels={"name": evil}, device=evil),
        audit=audit_of(evil, findings=(Finding(evil, "leak", evil, {"honest": {"uf1": 0.1}, "peeked": {evil: 0.2}}),)),
        curves=pd.DataFrame({"seed": [0], "fold": [evil], "epoch": [1], "loss": [1.0], "accuracy": [0.5]}),
        samples=samples_of(renamed),
    )
    data = [DatasetRecord(evil, {evil: evil}, renamed, dataset_records(clips)[0].motion)]
    for about in ({evil: evil, "title": evil, "synthetic": evil}, {}):
        html = render([record], data, about)
        page = Page(html)
        assert "<script>alert" not in html
        assert evil in page.text


def test_no_experiments():
    text = Page(render([], [], {})).text
    assert "no experiment with predictions" in text


def test_one_experiment_without_anything_optional(clips):
    bare = experiment_record(
        clips=clips,
        config={},
        baselines={},
        curves=pd.DataFrame(columns=["seed", "fold", "epoch", "loss", "accuracy"]),
        excluded=pd.DataFrame(columns=["clip_id", "reason"]),
        samples=None,
        fingerprint=None,
        audit=None,
    )
    text = Page(render([replace(bare, clips=None)], [], {})).text
    assert "cite as" not in text
    assert "Not audited. mmer audit first checks that nothing leaked." in text
    assert "No training curves were recorded" in text
    assert "no motion, so no pictures" in text
    assert "no random classifier to compare with" in text
    assert "Excluded clips None." in text


def test_precomputed_motion_has_no_faces(clips):
    html = render([experiment_record(clips=clips)], dataset_records(clips, pictures=False))
    page = Page(html)
    assert "no picture" in page.text
    assert not any(name.endswith(("-onset", "-apex")) for name in page.ids)
    assert any(name.endswith("-flow") for name in page.ids)
    flat = Page(render([experiment_record(clips=clips)], dataset_records(clips, channels=("strain",)), {}))
    assert not any(name.endswith("-flow") for name in flat.ids)


def test_nodes_without_place_are_not_drawn(clips):
    record = experiment_record(clips=clips, samples=samples_of(clips, unknown=True))
    assert 'aria-label="graph on the face"' not in render([record], dataset_records(clips), {})


def test_curves_that_are_nan_or_of_one_epoch(clips):
    rows = {"seed": [0, 0], "fold": ["a", "b"], "epoch": [1, 1], "loss": [0.0, np.nan], "accuracy": [np.nan, np.nan]}
    text = Page(render([experiment_record(clips=clips, curves=pd.DataFrame(rows))], [], {})).text
    assert "Training loss by epoch" in text
    assert "Training accuracy by epoch" not in text


def test_absent_classes_are_named(clips):
    table = predictions_table(clips[clips.emotion != "surprise"])
    record = experiment_record(clips=clips, predictions=table, baselines={})
    assert "No test clip is surprise" in Page(render([record], [], {})).text


@pytest.mark.parametrize("config", [{"synthetic": True}, {"dataset": {"synthetic": True}}])
def test_synthetic_data_are_called_so(clips, records, config):
    said = render(records, [DatasetRecord("casme2", config, clips, None)], {})
    assert "say nothing about recognising real micro-expressions" in Page(said).text
    assert "Synthetic" not in Page(render(records, [DatasetRecord("casme2", {}, clips, None)], {})).text


def test_objective_classes_that_the_corpus_does_not_state_are_flagged(clips, records):
    said = Page(render(records, [DatasetRecord("casme2", {}, clips, None, 3)], {})).text
    assert f"computed from action units for 3 of {len(clips)} clips" in said
    assert (
        "computed from action units" not in Page(render(records, [DatasetRecord("casme2", {}, clips, None)], {})).text
    )


def test_one_name_for_two_experiments_is_refused(records):
    with pytest.raises(InputError, match="first"):
        render([records[0], records[0]], [], {})


def test_a_baseline_on_other_clips_is_refused(clips):
    with pytest.raises(InputError, match="same clips"):
        experiment_record(clips=clips, baselines={"prior": predictions_table(clips.iloc[1:])})


def test_twelve_experiments_stay_small():
    clips = clips_table(subjects=12, clips=6)
    records = [experiment_record(f"e{i}", clips, samples=samples_of(clips, nodes=68)) for i in range(12)]
    assert len(render(records, dataset_records(clips), {}).encode()) < 5e6


def test_action_units_have_a_table_of_their_own(clips):
    record = unit_record("units", clips, seeds=(0, 1))
    page = Page(render([experiment_record("first", clips), record], dataset_records(clips)))
    runs = [part for _, part in record.predictions.groupby("seed")]
    f1 = [np.mean([_binary_f1(unit) for _, unit in run.groupby("target")]) for run in runs]
    assert page.scores["units", None, "macro_f1"] == f"{np.mean(f1):.3f} ± {np.std(f1, ddof=1):.3f}"
    assert ("units", None, "uf1") not in page.scores
    assert ("units", "constant", "macro_f1") in page.scores
    words = ("Recognition of emotions", "Detection of action units", "Show it", "No test clip", "no F1 or AUC of AU12")
    for text in (*words, "saying that every unit is present gives", "a clip in which it is found"):
        assert (text in page.text) == (text != "No test clip"), text
    assert "Subjects casme2/sub01" not in Page(render([record])).text


def test_a_page_of_action_units_alone_is_whole(clips):
    html = render([unit_record("units", clips, audit=audit_of("units"))], dataset_records(clips))
    page = Page(html)
    assert len(set(page.ids)) == len(page.ids)
    assert "Confusion" not in page.text
    assert "F1 by corpus" in page.text
    assert html == render([unit_record("units", clips, audit=audit_of("units"))], dataset_records(clips))


def test_intervals_stand_below_the_scores(clips):
    record = experiment_record("first", clips)
    limits = intervals(record.predictions).loc["uf1"]
    assert f"{limits.low:.3f} – {limits.high:.3f}" in Page(render([record])).text
    alone = experiment_record("first", clips[clips.subject == "samm/sub01"])
    assert "there is one only, samm/sub01; its scores have no interval" in Page(render([alone])).text


def test_the_oracle_is_tagged_and_says_why(clips):
    html = render([experiment_record("first", clips)])
    assert 'data-baseline="au_prior_oracle"' in html
    assert "AU prior on annotated AUs oracle" in Page(html).text
    assert re.search('class="tag" title="Oracle: it reads the action units that people coded', html)


def test_the_fingerprint_is_one_line_to_cite(clips):
    record = experiment_record("first", clips)
    assert f"cite as {record.fingerprint.line()}" in Page(render([record])).text


def test_groups_of_people_are_scored_and_the_smallest_is_named(clips):
    culture = clips.subject.map({"casme2/sub01": "north", "samm/sub01": "south", "samm/sub02": "south"})
    text = Page(render([experiment_record(clips=clips.assign(culture=culture))])).text
    assert "The smallest group is north: 3 clips of 1 subject." in text
    assert "15 clips of 5 subjects state no culture" in text
    assert "By sex" not in text
    assert "By culture" not in Page(render([experiment_record(clips=clips)])).text


def test_the_mean_over_folds_has_its_own_name_and_a_warning(clips):
    text = Page(render([experiment_record(clips=clips)])).text
    assert "Mean over folds (each fold scored alone, then averaged): UF1" in text
    assert "It is not comparable with the scores above" in text
    record = experiment_record(clips=clips)
    one = record.predictions.assign(fold="all")
    assert "Mean over folds" not in Page(render([experiment_record(clips=clips, predictions=one)])).text


def test_few_folds_of_several_subjects_are_listed(clips):
    record = experiment_record(clips=clips)
    folds = record.predictions.subject.str[-1].astype(int) % 2
    table = record.predictions.assign(fold=folds.map({0: "even subjects", 1: "odd subjects"}))
    text = Page(render([experiment_record(clips=clips, predictions=table)])).text
    assert "By fold Fold UF1" in text
    assert "odd subjects" in text
    assert "By fold" not in Page(render([record])).text
    assert "By fold" not in Page(render([experiment_record(clips=clips, predictions=_by_corpus(record))])).text


def test_repeats_are_runs(clips):
    record = experiment_record(clips=clips)
    again = predictions_table(clips, experiment="first", seeds=(5,)).assign(
        seed=0, repeat=1, fold=lambda t: t.fold + "b"
    )
    table = pd.concat([record.predictions, again], ignore_index=True)
    page = Page(render([experiment_record(clips=clips, predictions=table, baselines={})]))
    assert "pooled over 16 folds of the protocol loso and averaged over 2 repeats of 1 seed" in page.text
    assert "±" in page.scores["first", None, "uf1"]
    assert "means over 2 runs" in page.text


def _binary_f1(rows):
    return f1_score(rows.truth == "present", rows.predicted == "present", zero_division=0)


def _by_corpus(record):
    return record.predictions.assign(fold=record.predictions.dataset)
