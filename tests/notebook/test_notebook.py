"""mmer.notebook: the rooms by name, nothing of a test clip's label in a fit, and views that are small and escaped."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmer import notebook as mm
from mmer.stages.experiment import targets_of
from mmer.synthetic.release import write_release
from mmer.types.errors import InputError
from workspace import Workspace

pytestmark = pytest.mark.all

ROOT = Path(__file__).parents[2]
HOSTILE = '<script>alert("x")</script>'


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    folder = tmp_path_factory.mktemp("release") / "casme2"
    write_release("casme2", folder, subjects=3, clips=3, seed=3, preset="easy", size=64, processes=1)
    return folder


@pytest.fixture(scope="module")
def made(release):
    """Clips, tracks, motion and graphs of the release."""
    clips = mm.clips("casme2", release)
    tracks = mm.tracks(clips)
    motion = mm.motion(clips, tracks)
    return clips, tracks, motion, mm.graphs(clips, tracks, motion)


def small(made, **choices):
    clips, *_, graphs = made
    return mm.study(clips, graphs, **({"model": "logreg", "epochs": 2} | choices))


def test_from_clips_to_plots(made):
    clips, tracks, motion, graphs = made
    moments = {"_target_": "mmer.graphs.nodes.landmarks.Landmarks", "name": "landmarks", "n_frames": 3}
    with pytest.raises(InputError, match="n_frames"):
        mm.graphs(clips, tracks, motion, nodes=moments | {"features": ["grey_patch"]}, edges="nearest")
    assert len(clips) == len(tracks) == len(motion.clip_ids) == len(graphs.clip_ids) == 9
    assert not tracks.missing
    study = small(made, seeds=(0, 1))
    assert "not trained yet" in study._repr_html_()
    predictions = study.predict()
    assert len(predictions) == 2 * len(study.clips)
    assert set(predictions.clip_id) == set(study.clips.clip_id)
    assert "not trained yet" not in study._repr_html_()
    assert {"uf1", "uar", "accuracy"} <= set(mm.scores(predictions, resamples=20).index)
    assert set(study.baselines()) == {"majority", "prior"}
    from matplotlib import pyplot

    clip = motion.clip_ids[0]
    drawn = [mm.plot_face(clips, tracks, clip), mm.plot_motion(motion, clip), mm.plot_graph(graphs, clip, motion)]
    drawn += [mm.plot_confusion(predictions), mm.plot_subjects(predictions), mm.plot_curves(study)]
    assert all(drawn)
    pyplot.close("all")


def test_labels_of_test_clips_reach_no_fit(made):
    """Whatever the labels of the tested subject are, its probabilities stay the same, bit for bit."""
    study = small(made)
    split = study.splits[0]
    fitted = study.fit(split.fold)
    assert all(set(clips) <= set(split.train) for clips in fitted.seen.values())
    poisoned = pd.DataFrame(study.clips)
    tested = poisoned.clip_id.isin(split.test)
    poisoned.loc[tested, "emotion"] = poisoned.emotion[tested].to_numpy()[::-1]
    other = small((mm.Clips(poisoned), *made[1:]))
    assert targets_of(mm.component("labels", "megc3"), poisoned).index.tolist() != study.targets.index.tolist()
    columns = [name for name in study.predict() if name.startswith("p_")]
    one, two = (
        table[table.fold == split.fold].set_index("clip_id")[columns] for table in (study.predict(), other.predict())
    )
    assert np.array_equal(one.loc[two.index].to_numpy(), two.to_numpy())


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda made: mm.clips("casme22"), "did you mean 'casme2'"),
        (lambda made: mm.clips("casme2", "nowhere"), "there is no folder"),
        (lambda made: mm.splits(made[0], "losso"), "did you mean 'loso'"),
        (lambda made: small(made, hiden=3), "has no key 'hiden'"),
        (lambda made: small(made, model="fgrl_"), "did you mean 'fgrl'"),
        (lambda made: mm.component("edges", "nearest", neighbors=3), "no key 'neighbors'"),
        (lambda made: mm.graphs(*made[:3], nodes="graph_tcn_28"), "not action units; choose `nodes: action_units`"),
        (lambda made: mm.plot_face(*made[:2], "casme2/sub99/none"), "there is no clip"),
        (lambda made: mm.choices("models"), "has no group 'models'.*model"),
    ],
)
def test_what_is_wrong_is_named(made, ask, said):
    with pytest.raises(InputError, match=said):
        ask(made)


def test_it_is_found_from_anywhere_in_the_repository(monkeypatch):
    monkeypatch.chdir(ROOT / "docs")
    assert mm.home() == ROOT
    assert "loso" in mm.choices("protocol")


def test_views_are_escaped_and_small(made, monkeypatch):
    clips, tracks, motion, graphs = made
    study = small(made)
    nouns = [clips, tracks, next(iter(tracks.values())), motion, motion.of(motion.clip_ids[0]), graphs, study]
    nouns += [study.splits, study.splits[0], study.predict(), mm.scores(study.predict(), resamples=20)]
    for noun in nouns:
        view = noun._repr_html_()
        assert view.startswith("<table")
        assert view.count("<tr") <= 20
        assert len(view) < 8000
    hostile = clips.assign(emotion=HOSTILE)
    assert isinstance(hostile, mm.Clips)
    assert "<script" not in hostile._repr_html_()
    assert "&lt;script&gt;" in hostile._repr_html_()
    assert clips[["clip_id", "fps"]]._repr_html_()  # parts of a table show themselves as any other


def test_a_study_is_the_experiment_of_its_name(release, tmp_path, monkeypatch):
    """The same choices give the same probabilities as the pipeline, bit for bit."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mmer.stages.parallel.cores", lambda: 1)
    workspace = Workspace(tmp_path)
    workspace.add("casme2", release)
    own = {"datasets": ["casme2"], "model": "gcn", "nodes": "action_units", "edges": "au_probability", "processes": 1}
    workspace.params |= {"experiments": {"twin": own}, "set": {"experiments": {"twin": {"model": {"epochs": 3}}}}}
    workspace.run(upto="evaluate")
    stored = mm.read_predictions(tmp_path / "artifacts/predictions/twin.parquet")
    clips = mm.clips("casme2", "data/casme2")
    tracks = mm.tracks(clips)
    study = mm.study(clips, mm.graphs(clips, tracks, mm.motion(clips, tracks)), epochs=3, name="twin")
    pd.testing.assert_frame_equal(pd.DataFrame(study.predict()), pd.DataFrame(stored))


def test_a_script_without_a_main_guard_runs_once(release, tmp_path):
    """Workers would import the script and run it again."""
    script = tmp_path / "script.py"
    script.write_text(
        "from mmer import notebook as mm\nprint('begun')\n"
        f"clips = mm.clips('casme2', {str(release)!r})\ntracks = mm.tracks(clips)\n"
        "graphs = mm.graphs(clips, tracks, mm.motion(clips, tracks))\n"
        "print(len(mm.study(clips, graphs, epochs=2).predict()))\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, script], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("begun") == 1
