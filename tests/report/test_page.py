"""The page as a browser would get it."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from records_for_tests import dataset_records, experiment_record, samples_of
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from fakes import clips_table, predictions_table
from mmer.report.page import render
from mmer.report.records import DatasetRecord
from mmer.types.errors import InputError

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Checks that tags nest, and collects what tests ask for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.tags, self.loads, self.ids, self.row, self.cell = [], [], [], [], None, None
        self.scores: dict[tuple[str, str | None, str], str] = {}
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        self.loads += [attrs[name] for name in ("src", "href", "srcset", "poster", "data", "action") if name in attrs]
        self.ids += [attrs["id"]] if "id" in attrs else []
        if "data-experiment" in attrs:
            self.row = (attrs["data-experiment"], attrs.get("data-baseline"))
        self.cell = (*self.row, attrs["data-score"]) if "data-score" in attrs else None
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)
        if self.cell and data.strip():
            self.scores[self.cell] = data.strip()

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


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
    assert not {"script", "link", "iframe", "object", "embed", "form"} & set(page.tags)
    assert not re.search(r"https?://|@import|url\(", html)


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


def test_everything_given_is_escaped(clips):
    evil = "<script>alert(1)</script>&\"'"
    renamed = clips.assign(
        clip_id="casme2/" + evil + clips.clip_id, subject="casme2/" + evil + clips.subject, dataset=evil
    )
    table = predictions_table(clips).assign(dataset=evil, clip_id=lambda rows: "casme2/" + evil + rows.clip_id)
    table = table.assign(subject=lambda rows: evil + rows.subject, experiment=evil, fold=evil)
    table["truth"] = table.truth.replace("disgust", evil)
    table["predicted"] = table.predicted.replace("disgust", evil)
    table = table.rename(columns={"p_disgust": f"p_{evil}"})
    record = experiment_record(
        evil,
        clips,
        config={"model": {"name": evil}, evil: evil},
        predictions=table,
        baselines={evil: table},
        excluded=pd.DataFrame({"clip_id": [evil], "reason": [evil]}),
        curves=pd.DataFrame({"seed": [0], "fold": [evil], "epoch": [1], "loss": [1.0], "accuracy": [0.5]}),
        samples=samples_of(renamed),
    )
    data = [DatasetRecord(evil, {evil: evil}, renamed, dataset_records(clips)[0].motion)]
    html = render([record], data, {evil: evil, "title": evil, "synthetic": evil})
    page = Page(html)
    assert "script" not in page.tags
    assert "<script" not in html
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
    )
    text = Page(render([bare], [], {})).text
    assert "No training curves were recorded" in text
    assert "no motion, so no pictures" in text
    assert "no random classifier to compare with" in text
    assert "Excluded clips None." in text


def test_precomputed_motion_has_no_faces(clips):
    html = render([experiment_record(clips=clips)], dataset_records(clips, pictures=False), {})
    page = Page(html)
    assert "no picture" in page.text
    assert not any(name.endswith(("-onset", "-apex")) for name in page.ids)
    assert any(name.endswith("-flow") for name in page.ids)
    flat = Page(render([experiment_record(clips=clips)], dataset_records(clips, channels=("strain",)), {}))
    assert not any(name.endswith("-flow") for name in flat.ids)


def test_nodes_without_place_are_not_drawn(clips):
    record = experiment_record(clips=clips, samples=samples_of(clips, unknown=True))
    assert "graph on the face" not in render([record], dataset_records(clips), {})


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
