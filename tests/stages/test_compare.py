"""``mmer compare`` on stored predictions."""

import pytest
import yaml

from fakes import clips_table, predictions_table
from mmer.__main__ import main
from mmer.types.predictions import save_predictions


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """Put predictions in a scratch workspace; returns a function that adds one experiment."""
    monkeypatch.chdir(tmp_path)
    clips = clips_table(subjects=5)
    experiments = {}

    def add(name, table=None, protocol="loso", **settings):
        experiments[name] = {"protocol": {"name": protocol}}
        (tmp_path / "artifacts").mkdir(exist_ok=True)
        (tmp_path / "artifacts/config.yaml").write_text(yaml.safe_dump({"experiments": experiments}))
        if table is not False:
            table = predictions_table(clips, experiment=name, **settings) if table is None else table
            save_predictions(table, tmp_path / f"artifacts/predictions/{name}.parquet")

    return add


def said(capsys, *arguments):
    code = main(["compare", *arguments])
    captured = capsys.readouterr()
    return code, captured.out if code == 0 else captured.err


def test_every_pair_is_a_row_and_the_sentence_follows(workspace, capsys):
    for name, skill in (("good", 0.95), ("bad", 0.1), ("middling", 0.5)):
        workspace(name, skill=skill)
    code, text = said(capsys, "good", "bad", "middling")
    assert code == 0
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")]
    assert rows[0][:4] == ["first", "second", "UF1 1st", "UF1 2nd"]
    assert [row[:2] for row in rows[1:]] == [["good", "bad"], ["good", "middling"], ["bad", "middling"]]
    assert rows[1][4].startswith("+")
    assert rows[3][4].startswith("−")
    assert float(rows[1][7]) >= float(rows[1][6])
    assert "30 test clips of 10 subjects." in text
    assert "Holm's correction" in " ".join(text.split())
    assert "protocols differ" not in text


def test_another_score_and_another_protocol(workspace, capsys):
    workspace("a")
    workspace("b", protocol="kfold")
    code, text = said(capsys, "a", "b", "--score", "accuracy")
    assert code == 0
    assert "Accuracy (WAR) 1st" in text
    assert "The protocols differ (kfold, loso)" in " ".join(text.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a"], "one experiment alone cannot be compared"),
        (["a", "a"], "a is named twice"),
        (["a", "bb"], "did you mean 'b'"),
        (["a", "later"], "later has no predictions yet; `dvc repro evaluate@later` makes them"),
        (["a", "fewer"], "predictions of other clips"),
        (["a", "renamed"], "classes"),
        (["a", "b", "--score", "uff1"], "did you mean 'uf1'"),
    ],
)
def test_what_cannot_be_compared_says_why(workspace, capsys, arguments, message):
    clips = clips_table(subjects=5)
    workspace("a")
    workspace("b")
    workspace("later", False)
    workspace("fewer", predictions_table(clips.iloc[2:], experiment="fewer"))
    renamed = predictions_table(clips, experiment="renamed").replace("disgust", "anger")
    workspace("renamed", renamed.rename(columns={"p_disgust": "p_anger"}))
    code, text = said(capsys, *arguments)
    assert code == 2
    assert message in text
    assert "Traceback" not in text


def test_action_units_are_compared_by_their_macro_f1(workspace, capsys):
    clips = clips_table(subjects=5)
    for name, skill in (("u", 0.9), ("v", 0.2)):
        workspace(name, _units(clips, name, skill))
    code, text = said(capsys, "u", "v")
    assert code == 0
    assert "Macro F1 1st" in text


def _units(clips, experiment, skill):
    emotions = predictions_table(clips, experiment=experiment, skill=skill)
    table = emotions.drop(columns=[name for name in emotions if name.startswith("p_")]).assign(target="AU04")
    for column in ("truth", "predicted"):
        table[column] = (table[column] == "disgust").map({True: "present", False: "absent"})
    present = (table.predicted == "present").astype(float)
    return table.assign(p_absent=1 - present, p_present=present)
