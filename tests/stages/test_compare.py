"""``mmer compare`` on stored predictions."""

import shutil
import subprocess
import sys

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


def test_the_page_is_written_and_its_place_printed(workspace, capsys, tmp_path):
    for name in ("a", "b"):
        workspace(name)
    _, text = said(capsys, "a", "b")
    page = tmp_path / "artifacts/compare/a--b.html"
    assert f"The page: {page}" in text
    assert "Clips that changed sides" in page.read_text()


def test_other_clips_are_compared_where_common_if_asked(workspace, capsys):
    clips = clips_table(subjects=5)
    workspace("a")
    workspace("fewer", predictions_table(clips.iloc[2:], experiment="fewer"))
    workspace("none", predictions_table(clips.assign(clip_id="x/" + clips.clip_id), experiment="none"))
    code, text = said(capsys, "a", "fewer")
    assert code == 2
    assert f"`--common` compares the {len(clips) - 2} clips that both have" in text
    code, text = said(capsys, "a", "fewer", "--common")
    assert code == 0
    assert f"Only the {len(clips) - 2} clips that all of them predict are compared; left out: 2 of a, 0 of fewer." in (
        " ".join(text.split())
    )
    code, text = said(capsys, "a", "none", "--common")
    assert code == 2
    assert "have no clip in common" in text


def test_another_truth_is_refused_even_among_common_clips(workspace, capsys):
    clips = clips_table(subjects=5)
    workspace("a")
    table = predictions_table(clips, experiment="b", skill=1)
    workspace("b", table.assign(truth=table.truth.map({"disgust": "happiness"}).fillna(table.truth)))
    code, text = said(capsys, "a", "b", "--common")
    assert code == 2
    assert "the truth differs between a and b" in text


@pytest.mark.all
def test_another_commit_is_read_through_dvc(workspace, tmp_path):
    def call(*command):
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
        return done.returncode, done.stdout + done.stderr

    def keep(tag):
        dvc = (sys.executable, "-m", "dvc")
        git = ("git", "-c", "user.name=x", "-c", "user.email=x@y.z")
        for command in ((*dvc, "add", "-q", "artifacts/predictions/a.parquet"), (*git, "add", "-A")):
            assert call(*command)[0] == 0
        assert call(*git, "commit", "-q", "-m", tag)[0] == 0
        assert call(*git, "tag", tag)[0] == 0

    def compare(*names):
        return call(sys.executable, "-m", "mmer", "compare", *names)

    assert call("git", "init", "-q")[0] == 0
    assert call(sys.executable, "-m", "dvc", "init", "-q")[0] == 0
    workspace("a", skill=0.2)
    keep("old")
    workspace("a", skill=1)
    keep("new")
    code, text = compare("a", "a@old")
    assert code == 0, text
    row = next(line for line in text.splitlines() if line.startswith("| a "))
    assert [cell.strip() for cell in row.split("|")][1:4] == ["a", "a@old", "1.000"]
    code, text = compare("a@new", "a@old")
    assert code == 0, text
    for names, message in (
        (("a", "a@nowhere"), "git knows no revision 'nowhere'"),
        (("a", "b@old"), "old has no experiment 'b'"),
        (("a", "a@"), "is not NAME@REVISION"),
    ):
        code, text = compare(*names)
        assert code == 2
        assert message in text
        assert "Traceback" not in text
    shutil.rmtree(tmp_path / ".dvc/cache")
    code, text = compare("a", "a@old")
    assert code == 2
    assert "not in DVC's cache" in text
    assert "git worktree add" in text


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
