"""What the page holds of every test clip: known answers, limits, and that one clip's data stand once."""

import base64
import json
import re

import numpy as np
import pandas as pd
import pytest
from page_for_tests import Page, render
from records_for_tests import SIZE, dataset_records, experiment_record, samples_of, unit_record

from fakes import clips_table, predictions_table
from mmer.report.clip_answers import answers_of, per_mille
from mmer.report.clip_browser import ClipBrowser
from mmer.report.clip_marks import STROKES, packed_places, packed_tile
from mmer.report.clip_pictures import PictureStore
from mmer.report.pictures import wheel_picture
from mmer.report.saw_faces import SawTile
from mmer.types.predictions import class_names


@pytest.fixture(scope="module")
def clips():
    return clips_table()


@pytest.fixture(scope="module")
def html(clips):
    records = [experiment_record("first", clips, seeds=(0, 1)), unit_record("units", clips)]
    return render(records, dataset_records(clips))


def data_of(html):
    found = re.findall(r'<script type="application/json" id="(clips-[^"]+)">(.*?)</script>', html)
    return {name: json.loads(text) for name, text in found}


def test_every_test_clip_is_there_with_the_probabilities_of_the_table(clips, html):
    data = data_of(html)
    assert set(data) == {"clips-experiment-1", "clips-experiment-2", "clips-shared"}
    one, shared = data["clips-experiment-1"], data["clips-shared"]
    table = experiment_record("first", clips, seeds=(0, 1)).predictions
    assert [shared["clips"][number][0] for number in one["clips"]] == sorted(clips.clip_id)
    names = class_names(table)
    assert one["names"] == list(names)
    for at, number in enumerate(one["clips"]):
        rows = table[table.clip_id == shared["clips"][number][0]].sort_values("seed")
        p = rows[[f"p_{name}" for name in names]].to_numpy()
        np.testing.assert_allclose(np.array(one["mean"]).reshape(-1, 3)[at], 1000 * p.mean(0), atol=0.51)
        np.testing.assert_allclose(np.array(one["by_run"]).reshape(-1, 2, 3)[at], 1000 * p, atol=0.51)
        assert names[one["truth"][at]] == rows.truth.iloc[0]
        assert names[one["said"][at]] == names[p.mean(0).argmax()]
        assert one["right"][at] == (rows.truth == rows.predicted).sum()
        assert [one["folds"][fold] for fold in one["fold"][at]] == sorted(set(rows.fold))


def test_of_one_run_what_is_said_is_what_the_table_says(clips):
    table = predictions_table(clips, skill=0.3)
    answers = answers_of(table)
    rows = table.set_index("clip_id").loc[list(answers.clip_ids)]
    assert list(np.array(answers.names)[answers.said.argmax(1)]) == list(rows.predicted)
    assert list(answers.wrong) == list(rows.predicted != rows.truth)
    assert answers.by_run is None


def test_units_say_which_are_shown_which_are_predicted_and_which_nobody_annotated(clips, html):
    one, shared = (data_of(html)[name] for name in ("clips-experiment-2", "clips-shared"))
    table = unit_record("units", clips).predictions
    for at, number in enumerate(one["clips"]):
        rows = table[table.clip_id == shared["clips"][number][0]].sort_values("target")
        assert one["truth"][at] == "".join("1" if word == "present" else "0" for word in rows.truth)
        assert one["said"][at] == "".join("1" if word == "present" else "0" for word in rows.predicted)
    first = table.clip_id.iloc[0]
    fewer = table[(table.clip_id != first) | (table.target != "AU04")]
    answers = answers_of(fewer)
    assert answers.truth[answers.clip_ids.index(first)].tolist().count(-1) == 1
    assert per_mille(answers.mean).count(-1) == 1


def test_facts_of_a_clip_are_those_of_the_clips_table(clips):
    known = clips.assign(apex=pd.array([None] * len(clips), "Int64"), action_units=[["AU04", "AU07"]] * len(clips))
    html = render([experiment_record(clips=known)], dataset_records(known))
    assert data_of(html)["clips-shared"]["clips"][0] == [
        "casme2/sub01/clip00", "casme2/sub01", "casme2", known.emotion.iloc[0], "AU04 AU07", 10, None, 30, 200.0,
    ]  # fmt: skip


def test_a_picture_stands_once_in_the_page():
    clips = clips_table(datasets=("casme2",))
    html = render([experiment_record("first", clips), unit_record("units", clips)], dataset_records(clips))
    uris = re.findall(r"data:image/webp;base64,[A-Za-z0-9+/=]+", html)
    faces = [uri for uri in uris if uri != wheel_picture()]
    shared = data_of(html)["clips-shared"]
    assert len(shared["pictures"]) == len(shared["clips"])
    pictures = list(shared["pictures"].values())
    carded = [one for one in pictures if one["number"]]
    assert all(set(one["shown"]) == {"onset", "apex", "flow", "strain"} for one in pictures)
    assert all(not any(one["shown"].values()) for one in carded)
    for one in carded:
        for kind in one["shown"]:
            assert html.count(f'<image id="clip-{one["number"]}-{kind}"') == 1
    assert len(faces) == len(set(faces))


def test_beyond_the_limit_the_wrong_ones_come_first_and_the_page_says_how_many_have_none(clips, monkeypatch):
    record = experiment_record(clips=clips)
    store = PictureStore(dataset_records(clips))
    browser = ClipBrowser(store)
    box = browser.add(record)
    size = len(json.dumps(json.loads(browser.shared().data)["pictures"])) / len(clips)
    browser = ClipBrowser(PictureStore(dataset_records(clips)))
    browser.add(record)
    shared = browser.shared(int(size * (box.wrong + 0.5)))
    pictured = {json.loads(shared.data)["clips"][int(number)][0] for number in json.loads(shared.data)["pictures"]}
    answers = answers_of(record.predictions)
    wrong = {clip for clip, failed in zip(answers.clip_ids, answers.wrong, strict=True) if failed}
    assert pictured <= wrong
    assert len(wrong) - 2 <= len(pictured)
    assert shared.without == len(clips) - len(pictured)
    monkeypatch.setattr("mmer.report.gallery.ClipBrowser.shared", lambda self: shared)
    assert (
        f"{shared.without} of the 18 test clips of all experiments have no pictures here"
        in Page(render([record], dataset_records(clips))).text
    )


def test_clips_without_motion_are_listed_without_pictures(clips):
    shared = data_of(render([experiment_record(clips=clips, samples=None)]))["clips-shared"]
    assert (len(shared["clips"]), shared["pictures"], shared["places"]) == (18, {}, [])


def test_places_are_those_of_the_nodes_and_say_which_are_unknown(clips):
    samples = samples_of(clips, nodes=3)
    samples.positions[0] = [[1.3, 47.9], [np.nan, 4], [-20, SIZE + 9]]
    values = np.frombuffer(base64.b64decode(packed_places(samples, samples.clip_ids[0])), "<u2").reshape(-1, 2)
    np.testing.assert_allclose((values[[0, 2]] - 2.0**14) / 8, [[1.3, 47.9], [-20, SIZE + 9]], atol=1 / 16)
    assert values[1].tolist() == [65535, 65535]
    assert packed_places(samples, "unknown") == ""
    samples.positions[0] = np.nan
    assert packed_places(samples, samples.clip_ids[0]) == ""


def test_what_models_saw_is_packed_by_the_number_of_a_node():
    places = {"a": np.zeros(2), "b": np.ones(2), "c": np.full(2, 9.0)}
    strokes = (("disc minus", 2.5, (("c",), ("a",))), ("line", 1.0, (("b", "c"),)), ("dots", 0.5, (("a",), ("b",))))
    tile = SawTile("attention", "b → c 0.4", (0.0, 0.0, 8.0, 8.0), strokes, places)
    title, note, packed, picture, view = packed_tile(tile, ("a", "b", "c"), apart=False)
    assert (title, note, picture, view) == ("attention", "b → c 0.4", None, None)
    assert [(STROKES[kind], width, nodes) for kind, width, nodes in packed] == [
        ("disc minus", 2.5, [2, 0]), ("line", 1.0, [1, 2]), ("dots", 0.5, []),
    ]  # fmt: skip


def test_names_cannot_leave_their_element(clips):
    evil = "</script><script>alert(1)</script><!--"
    named = clips.assign(clip_id=[f"{name}{evil}" for name in clips.clip_id], emotion=clips.emotion)
    html = render([experiment_record(clips=named)], dataset_records(named))
    assert "<script>alert" not in html
    data = data_of(html)
    assert all(evil in clip[0] for clip in data["clips-shared"]["clips"])
