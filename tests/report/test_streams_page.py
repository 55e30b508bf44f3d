"""Streams in the report: which clips have a signal, and what every subset of the streams is worth."""

import numpy as np
import pytest
from page_for_tests import Page
from records_for_tests import config_of, experiment_record
from sklearn.metrics import f1_score

from fakes import clips_table, predictions_table
from mmer.metrics.comparison import compare
from mmer.metrics.gap import gaps
from mmer.report.metrics_file import metrics_json
from mmer.report.page import render
from mmer.report.records import SignalRecord
from mmer.report.results import measure
from mmer.report.streams_table import streams_markdown, streams_table
from mmer.types.errors import InputError

CLIPS = clips_table(("casme2",), subjects=6, clips=4)
MODEL = {"name": "gated: gcn + eegnet", "branches": {"face": {"name": "gcn"}, "eeg": {"name": "eegnet"}}}


def fused(skill=0.9, **changes):
    subsets = {
        "face": predictions_table(CLIPS, experiment="fused", skill=0.4),
        "eeg": predictions_table(CLIPS, experiment="fused", skill=0.7),
    }
    signal = SignalRecord(
        "casme2",
        "eeg",
        len(CLIPS),
        {CLIPS.clip_id[0]: "no recording", CLIPS.clip_id[1]: "<b>too short</b>"},
        ("T7 bad",),
    )
    given = {
        "config": config_of("loso", "megc3") | {"model": MODEL, "signals": {"eeg": {"name": "eeg"}}},
        "subsets": subsets,
        "signals": (signal,),
    }
    return experiment_record("fused", CLIPS, skill=skill, baselines={}, **given | changes)


def alone(name, stream, skill):
    model = {} if stream == "face" else {"model": {"name": "net", "branches": {stream: {"name": "net"}}}}
    return experiment_record(name, CLIPS, skill=skill, baselines={}, config=config_of("loso", "megc3") | model)


@pytest.fixture(scope="module")
def results():
    return measure([fused(), alone("face_only", "face", 0.3), alone("eeg_only", "eeg", 0.6)])


def uf1(table):
    return f1_score(table.truth, table.predicted, average="macro")


def test_a_gap_is_the_difference_and_interval_of_the_paired_test():
    a, b = predictions_table(CLIPS, skill=0.9), predictions_table(CLIPS, skill=0.3)
    found = gaps(a, b, ["uf1", "uar"])
    row = compare({"a": a, "b": b}, "uf1").iloc[0]
    assert (found["uf1"].difference, found["uf1"].low, found["uf1"].high) == pytest.approx(
        (row.difference, row.low, row.high)
    )
    one = clips_table(("samm",), subjects=1)
    same = gaps(predictions_table(one), predictions_table(one), ["uf1"])["uf1"]
    assert same.difference == 0
    assert np.isnan([same.low, same.high]).all()
    with pytest.raises(InputError, match="other clips"):
        gaps(a, predictions_table(one), ["uf1"])


def test_the_numbers_of_every_subset(results):
    record, every = results.experiments[0].record, metrics_json(results)
    numbers = every["fused"]
    subsets = numbers["streams"]["subsets"]
    assert list(subsets) == ["face+eeg", "face", "eeg"]
    assert subsets["face+eeg"]["uf1"] == numbers["uf1"]
    for name, table in record.subsets.items():
        assert subsets[name]["uf1"] == pytest.approx(uf1(table), abs=1e-6)
        difference = uf1(table) - uf1(record.predictions)
        assert subsets[name]["minus_all"]["difference"] == pytest.approx(difference, abs=1e-6)
    assert numbers["streams"]["best_single"] == "eeg"
    assert numbers["streams"]["minus_best_single"]["difference"] == -subsets["eeg"]["minus_all"]["difference"]
    against = {tuple(row["streams"]): row for row in numbers["streams"]["against"]}
    assert set(against) == {("face", "eeg"), ("face",), ("eeg",)}
    assert (against["face", "eeg"]["other"], against["face",]["other"]) == ("eeg_only", "face_only")
    expected = (
        uf1(record.subsets["face"]) - metrics_json(measure([alone("face_only", "face", 0.3)]))["face_only"]["uf1"]
    )
    assert against["face",]["difference"] == pytest.approx(expected, abs=1e-6)
    assert numbers["signals"] == {"eeg": {"casme2": {"clips": len(CLIPS), "missing": 2}}}


def test_experiments_of_other_clips_or_of_several_streams_are_no_single_stream():
    other = clips_table(("samm",), subjects=6, clips=4)
    elsewhere = experiment_record("elsewhere", other, baselines={})
    numbers = metrics_json(measure([fused(), elsewhere]))["fused"]
    assert numbers["streams"]["against"] == []


def test_an_experiment_of_the_face_has_nothing_of_it():
    plain = measure([alone("plain", "face", 0.5)])
    assert not {"streams", "signals"} & set(metrics_json(plain)["plain"])
    assert "Streams" not in Page(render(plain, [], {})).words
    assert streams_table(plain) is None


def test_the_page_says_who_has_a_signal_and_why_others_lack_it(results):
    text = render(results, [], {})
    page = Page(text)
    said = " ".join(" ".join(page.words).split())
    assert f"{len(CLIPS) - 2} of {len(CLIPS)} clips" in said
    for words in ("no recording", "<b>too short</b>", "T7 bad", "2 clips of casme2 without eeg", "face + eeg"):
        assert words in said
    assert "<b>too short" not in text
    assert "All streams minus eeg alone" in said
    assert "streams" in page.ids


def test_the_table_for_a_terminal_has_a_row_per_experiment(results):
    lines = streams_markdown(streams_table(results)).splitlines()
    rows = [line for line in lines if line.startswith("| ") and "experiment" not in line]
    assert [row.split("|")[1].strip() for row in rows] == ["fused", "face_only", "eeg_only"]
    assert rows[0].split("|")[2].strip() == "face + eeg"


def test_a_subset_of_other_clips_is_refused():
    with pytest.raises(InputError, match="subset 'face' was not scored on the same clips"):
        fused(subsets={"face": predictions_table(clips_table(("casme2",), subjects=5, clips=4))})
