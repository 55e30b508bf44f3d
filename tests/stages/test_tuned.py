"""From trials to the tuned experiment: search tasks, adoption, folds with settings of their own, report, audit.

Optuna has no part in it: the best trials are written down here. The tests of this file share a workspace.
"""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from mmer.audit.ledger import ledger
from mmer.audit.search import search
from mmer.stages import paths
from mmer.stages.adopt import main as adopt
from mmer.stages.config import read_params, resolve
from mmer.stages.experiment import load_experiment
from mmer.stages.search_config import Plan
from mmer.stages.search_inputs import data_digest, made_folders
from mmer.stages.search_tasks import SearchTasks, tuned_found
from mmer.stages.tuned import section_of, tuned_digest, tuned_text
from mmer.synthetic.release import write_release
from mmer.tuning.judge import Pooled
from mmer.tuning.results import best
from mmer.tuning.storage import open_storage
from mmer.tuning.study import open_study
from mmer.tuning.trial import TrialRequest
from mmer.tuning.worker import work
from mmer.types.audit import Audit
from mmer.types.clips import load_clips, save_clips
from mmer.types.errors import InputError
from mmer.types.face_track import FaceTrack
from mmer.types.predictions import load_predictions
from workspace import Workspace

BASE = {"datasets": ["casme2"], "model": "gcn", "nodes": "action_units", "edges": "complete", "stack": 1}
SEARCH = {
    "base": BASE,
    "set": {"model": {"epochs": 2, "hidden": 4}},
    "inner": {"protocol": "subject_kfold", "k": 2},
    "trials": 2,
    "generation": 2,
    "space": {
        "model.lr": {"type": "float", "low": 0.001, "high": 0.1, "log": True},
        "loss": {"type": "categorical", "choices": ["cross_entropy", "focal"]},
        "loss.gamma": {"type": "float", "low": 0.5, "high": 5.0, "when": {"loss": "focal"}},
        "edges": {"type": "categorical", "choices": ["complete", "au_probability"]},
    },
}
DEVELOPMENT = {"mode": "development", "development_subjects": ["casme2/sub01", "casme2/sub02"]}
TRIALS = (
    ("edges=au_probability", "loss=focal", "loss.gamma=1.5", "model.lr=0.01"),
    ("loss=cross_entropy", "model.lr=0.02"),
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuned")
    before = Path.cwd()
    workspace = Workspace(folder)
    write_release("casme2", folder / "data/casme2", subjects=5, clips=6, seed=4, preset="easy", size=64, processes=1)
    workspace.params["experiments"] = {}
    workspace.params["set"] = {}
    os.chdir(folder)
    try:
        Path("conf/search/mine.yaml").write_text(yaml.safe_dump(SEARCH))
        Path("conf/search/few.yaml").write_text(yaml.safe_dump(SEARCH | DEVELOPMENT))
        for command in workspace.commands()[:-1]:
            assert workspace.mmer(*command) == 0
        yield workspace
    finally:
        os.chdir(before)


def opened(name):
    """A search on what the workspace holds now."""
    plan = Plan.read(name)
    sections = [plan.section(example) for example in ((), *plan.search.space.examples())]
    datasets = {name: plan.out["datasets"][name] for name in plan.base["datasets"]}
    digests = {dataset: data_digest(dataset, sections) for dataset in datasets}
    folders = made_folders(datasets, digests, plan.out["inputs"][name]["modules"])
    with paths.made_elsewhere(folders):
        tasks = SearchTasks(plan)
    return plan, tasks, folders


@pytest.fixture(scope="module")
def nested(workspace):
    return opened("mine")


def wrote(plan, tasks):
    """Write what the search would leave, with trials in turn as the best of the studies."""
    chosen = {key: (TRIALS[place % 2], 0.5) for place, key in enumerate(tasks.studies)}
    found = tuned_found(plan, tasks.studies, chosen)
    paths.best(plan.search.name).parent.mkdir(parents=True, exist_ok=True)
    paths.best(plan.search.name).write_text(tuned_text(found))


@pytest.fixture(scope="module")
def adopted(nested):
    wrote(*nested[:2])
    adopt("mine")
    plan, tasks, _ = opened("few")
    wrote(plan, tasks)
    adopt("few")


@pytest.fixture(scope="module")
def evaluated(workspace, adopted):
    for command in [("config",), ("graphs", "casme2"), ("inputs",)]:
        # `Workspace.mmer` writes params.yaml for `config`; here it is as `adopt` wrote it.
        workspace.params = yaml.safe_load(Path("params.yaml").read_text())
        assert workspace.mmer(*command) == 0
    for name in ("mine_tuned", "few_tuned"):
        assert workspace.mmer("evaluate", name) == 0
    return workspace


def test_a_study_has_the_training_clips_of_its_fold_and_nothing_else(nested):
    _, tasks, _ = nested
    clips = load_clips(paths.clips("casme2"))
    assert set(tasks.studies) == set(clips.subject)
    for fold, part in tasks.studies.items():
        task, _ = tasks.trainings(fold, TRIALS[0], 0)[0]
        everything = {*task.samples.clip_ids, *task.targets.clip_ids, *task.subjects, *part.clips.clip_id}
        everything |= {clip for split in part.splits for clip in (*split.train, *split.test)}
        assert everything
        assert not any(clip.startswith(f"{fold}/") for clip in everything)
        tested = [clip for split in part.splits for clip in split.test]
        assert sorted(tested) == sorted(part.clips.clip_id)
        assert all(split.person_independent for split in part.splits)


def test_trials_share_what_they_are_made_of_and_come_back_in_order(nested):
    _, tasks, _ = nested
    first, second = list(tasks.studies)[:2]
    trainings = [tasks.trainings(study, TRIALS[1], None)[0][0] for study in (first, first, second)]
    assert trainings[0].samples is trainings[1].samples
    assert trainings[0].targets is trainings[1].targets
    requests = [
        TrialRequest(first, 0, TRIALS[0]),
        TrialRequest(second, 0, ("model.lr=-1.0",)),
        TrialRequest(first, 1, TRIALS[1]),
    ]
    one, wrong, other = tasks.train(requests, None)
    (error,) = wrong
    assert isinstance(error, InputError)
    assert "lr must be" in str(error)
    assert [fold.fold for fold in one] == [fold.fold for fold in other]
    assert all(fold.fold.startswith(f"{first}/") for fold in one)
    again = [next(iter(tasks.train(requests[:1], place)))[0] for place in (0, 1)]
    for whole, alone in zip(one, again, strict=True):
        np.testing.assert_array_equal(whole.probabilities, alone.probabilities)
    assert next(iter(tasks.train(requests[:1], 2))) == ()


def test_other_labels_and_features_of_the_tested_subject_change_no_bit_of_its_study(nested, tmp_path):
    plan, tasks, _ = nested
    fold = sorted(tasks.studies)[0]

    def outcome(name, plan, tasks):
        """Search for this one subject; every value, and the bits behind it."""
        part, bits = tasks.studies[fold], []
        study = open_study(plan.search, open_storage("journal", tmp_path, name), fold, {})

        def watch(study, trial, outcome):
            bits.extend((one.fold, one.clip_ids, one.probabilities.tobytes()) for one in outcome.folds)

        judges = {fold: Pooled(fold, plan.search.metric, part.targets, part.clips)}
        work({fold: study}, replace(plan.search, trials=3, generation=1), tasks.train, judges, watch)
        return [(trial.params, trial.value) for trial in study.trials], best(study).number, bits

    before = outcome("before", plan, tasks)
    kept = {path: path.read_bytes() for path in (paths.clips("casme2"), paths.motion("casme2"))}
    clips = load_clips(paths.clips("casme2"))
    own = (clips.subject == fold).to_numpy()
    for column in ("emotion", "action_units"):
        values = clips[column].to_numpy(object, copy=True)
        values[own] = np.roll(values[own], 1)
        clips[column] = pd.Series(values, dtype=object)
    try:
        save_clips(clips, paths.clips("casme2"))
        tracks = {
            path: path.read_bytes() for path in paths.tracks("casme2").rglob("*.parquet") if fold[-5:] in str(path)
        }
        kept |= tracks
        for path in sorted(tracks):
            track = FaceTrack.load(path)
            replace(track, action_units=1 - track.action_units).save(path)
        plan, poisoned, _ = opened("mine")
        assert set(poisoned.studies) == set(tasks.studies)
        assert len(before[0]) == 3
        assert outcome("poisoned", plan, poisoned) == before
        other = next(key for key in tasks.studies if key != fold)
        assert not np.array_equal(poisoned.studies[other].targets.index, tasks.studies[other].targets.index), (
            "the poison did not reach those who may see it"
        )
    finally:
        for path, content in kept.items():
            path.write_bytes(content)


def test_adoption_writes_an_experiment_like_any_other(adopted):
    params = read_params()
    assert params["experiments"]["mine_tuned"] == BASE | {"tuned": "mine"}
    assert params["set"]["experiments"]["mine_tuned"] == SEARCH["set"]
    resolved = resolve(params)
    config = resolved["experiments"]["mine_tuned"]
    folds = list(config["tuned"]["folds"])
    one, other = (section_of(config, fold) for fold in folds[:2])
    assert (one["loss"]["name"], one["loss"]["gamma"], one["model"]["lr"]) == ("focal", 1.5, 0.01)
    assert (other["loss"]["name"], other["model"]["lr"]) == ("cross_entropy", 0.02)
    assert one["model"]["epochs"] == other["model"]["epochs"] == 2
    assert one["graph"] != other["graph"]
    assert set(resolved["datasets"]["casme2"]["graphs"]) >= {one["graph"], other["graph"]}
    assert {"mmer.losses.focal", "mmer.losses.cross_entropy"} <= set(resolved["inputs"]["mine_tuned"]["modules"])
    few = resolved["experiments"]["few_tuned"]
    assert few["loss"]["name"] == "focal"
    assert few["tuned"]["mode"] == "development"


def test_every_fold_is_trained_under_its_own_settings(evaluated):
    experiment = load_experiment("mine_tuned")
    predictions = load_predictions("artifacts/predictions/mine_tuned.parquet")
    assert sorted(predictions.clip_id) == sorted(experiment.clips.clip_id)
    losses = [task.make_loss.args[0]["name"] for task, _ in experiment.trainings()]
    assert losses[:2] == ["focal", "cross_entropy"]
    ledger = pd.read_parquet("artifacts/training/mine_tuned/ledger.parquet")
    for split in experiment.splits:
        rows = ledger[(ledger.fold == split.fold) & (ledger.fitted == "search")]
        assert [sorted(clips) for clips in rows.clip_ids] == [sorted(split.train)]


def test_development_subjects_are_trained_on_and_never_tested(evaluated):
    experiment = load_experiment("few_tuned")
    tested = set(load_predictions("artifacts/predictions/few_tuned.parquet").subject)
    assert tested == set(experiment.clips.subject) - set(DEVELOPMENT["development_subjects"])
    for split in experiment.splits:
        assert set(DEVELOPMENT["development_subjects"]) <= set(split.train_subjects)


@pytest.mark.all  # trains again with poisoned labels
def test_the_audit_says_the_mode_and_the_report_is_made(evaluated):
    assert evaluated.mmer("report") == 0
    assert "mine_tuned" in json.loads(paths.METRICS.read_text())
    assert evaluated.mmer("audit", "mine_tuned", "--permutations", "0", "--folds", "1") < 2
    found = {finding.check: finding for finding in Audit.load(paths.audit("mine_tuned")).findings}
    assert found["search"].details["mode"] == "nested"
    for check in ("search", "ledger", "poison", "oracle_gap", "artifacts"):
        assert found[check].status == "clean", found[check].summary


def test_the_check_of_the_search(evaluated):
    experiment = load_experiment("few_tuned")
    entries, tuned = pd.read_parquet("artifacts/training/few_tuned/ledger.parquet"), experiment.config["tuned"]
    assert ledger(entries, experiment.splits, [0], searched=True).status == "clean"
    honest = search(entries, experiment.splits, [0], tuned)
    assert (honest.status, honest.details["mode"]) == ("clean", "development")
    assert "2 subjects that none of 3 folds tests" in honest.summary
    assert search(entries, experiment.splits, [0], None).details["mode"] == "none"
    silent = entries[entries.fitted != "search"]
    assert search(silent, experiment.splits, [0], tuned).status == "warning"
    assert ledger(silent, experiment.splits, [0], searched=True).status == "warning"
    saw = entries.copy()
    split = experiment.splits[0]
    row = saw.index[(saw.fold == split.fold) & (saw.fitted == "search")][0]
    saw.at[row, "clip_ids"] = [*saw.at[row, "clip_ids"], split.test[0]]
    assert search(saw, experiment.splits, [0], tuned).status == "leak"
    assert ledger(saw, experiment.splits, [0], searched=True).status == "leak"
    tested = tuned | {"development_subjects": [split.test_subjects[0]]}
    assert search(entries, experiment.splits, [0], tested).status == "leak"
    nested = search(entries, experiment.splits, [0], tuned | {"mode": "nested"})
    assert nested.status == "warning", "a nested search sees all training clips"


def edited(name, change, resigned=True):
    """Rewrite conf/tuned and the config as a person could, with the digest made anew."""
    file = Path(f"conf/tuned/{name}.yaml")
    found = yaml.safe_load(file.read_text())
    change(found)
    file.write_text(tuned_text(found) if resigned else yaml.safe_dump(found))


@pytest.fixture
def put_back(adopted):
    kept = {path: path.read_bytes() for path in (*Path("conf/tuned").glob("*.yaml"), Path("params.yaml"), paths.CONFIG)}
    clips = {paths.clips("casme2"): paths.clips("casme2").read_bytes()}
    yield
    for path, content in (kept | clips).items():
        path.write_bytes(content)


def refused(name):
    """Compose again and load the experiment; return what is said."""

    def load():
        paths.CONFIG.write_text(yaml.safe_dump(resolve(read_params())))
        load_experiment(name)

    with pytest.raises(InputError) as caught:
        load()
    return str(caught.value)


FIRST, SECOND = "casme2/sub01", "casme2/sub02"


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        (
            "mine",
            lambda found: found["folds"][FIRST]["subjects_seen"].append(FIRST),
            ["saw casme2/sub01, who is tested"],
        ),
        ("mine", lambda found: found["folds"][FIRST]["subjects_seen"].remove(SECOND), ["saw other subjects", SECOND]),
        ("mine", lambda found: found["folds"][FIRST]["subjects_seen"].append("casme2/sub99"), ["casme2/sub99"]),
        (
            "mine",  # the settings that another fold's search found, which saw the tested subject
            lambda found: found["folds"].update({FIRST: found["folds"][SECOND]}),
            ["saw casme2/sub01, who is tested"],
        ),
        (
            "mine",  # the same, and the list of subjects is made to fit: the clips are not
            lambda found: found["folds"][FIRST].update(clips_seen=found["folds"][SECOND]["clips_seen"]),
            ["saw other clips"],
        ),
        ("mine", lambda found: found["folds"].pop(FIRST), ["has other folds", FIRST]),
        (
            "mine",
            lambda found: found["folds"][FIRST].update(overrides=["protocol=loso"]),
            ["protocol cannot be searched"],
        ),
        ("mine", lambda found: found["folds"][FIRST].update(overrides=["model.lrr=1"]), [f"fold {FIRST}", "'lrr'"]),
        ("mine", lambda found: found.update(mode="both"), ["mode must be one of nested, development"]),
        ("mine", lambda found: found.pop("metric"), ["'metric' is missing"]),
        ("few", lambda found: found["development_subjects"].remove(SECOND), ["saw other clips"]),
        (
            "few",
            lambda found: found.update(development_subjects=[f"casme2/sub0{n}" for n in range(1, 6)]),
            ["every fold"],
        ),
    ],
)
def test_tuning_on_what_is_reported_is_refused(put_back, name, change, words):
    edited(name, change)
    said = refused(f"{name}_tuned")
    assert all(word in said for word in words), said


def test_a_file_that_was_edited_by_hand_is_refused(put_back):
    edited("mine", lambda found: found["folds"][FIRST].update(overrides=["model.lr=0.5"]), resigned=False)
    assert "edited by hand" in refused("mine_tuned")


def with_protocol(name, protocol):
    document = yaml.safe_load(Path("params.yaml").read_text())
    document["experiments"][name]["protocol"] = protocol
    Path("params.yaml").write_text(yaml.safe_dump(document))


def test_another_protocol_is_refused_or_leaves_out_whoever_was_searched_on(put_back):
    with_protocol("mine_tuned", "subject_kfold")
    assert "has other folds" in refused("mine_tuned")
    for protocol in ("subject_kfold", "kfold"):
        with_protocol("few_tuned", protocol)
        paths.CONFIG.write_text(yaml.safe_dump(resolve(read_params() | {"set": {}})))
        tested = {subject for split in load_experiment("few_tuned").splits for subject in split.test_subjects}
        assert tested
        assert not tested & set(DEVELOPMENT["development_subjects"])


def test_a_subject_of_another_name_is_refused(put_back):
    """Who is called otherwise is not somebody else: the search saw the clips of him that is tested now."""
    clips = load_clips(paths.clips("casme2"))
    names = {FIRST: SECOND, SECOND: FIRST}
    clips["subject"] = clips.subject.map(lambda name: names.get(name, name))
    save_clips(clips, paths.clips("casme2"))
    for name in ("mine_tuned", "few_tuned"):
        if name == "mine_tuned":
            assert "saw other clips" in refused(name)
        else:
            load_experiment(name)  # both are in the development set: the same clips are kept out


def test_adoption_is_of_the_search_as_it_stands(put_back):
    file = Path("conf/search/mine.yaml")
    before = file.read_text()
    try:
        file.write_text(before.replace("trials: 2", "trials: 3"))
        with pytest.raises(InputError, match="changed since"):
            adopt("mine")
        file.write_text(before)
        paths.best("mine").rename("kept.yaml")
        with pytest.raises(InputError, match="did not end yet; run `mmer tune mine`"):
            adopt("mine")
    finally:
        file.write_text(before)
        if Path("kept.yaml").is_file():
            Path("kept.yaml").rename(paths.best("mine"))


def test_a_search_is_run_and_gone_on_with_and_adopted(put_back, workspace, capsys):
    file, folder = Path("conf/search/real.yaml"), paths.tune("real")
    file.write_text(yaml.safe_dump(SEARCH | DEVELOPMENT))
    try:
        assert workspace.mmer("search", "real", "--worker") == 0
        assert not folder.exists(), "a worker leaves the results to the search"
        assert workspace.mmer("search", "real") == 0
        trials = pd.read_parquet(folder / "trials.parquet")
        assert list(trials.state) == ["COMPLETE"] * 2
        assert set(trials.study) == {"development"}
        assert len(pd.read_csv(folder / "trials.csv")) == 2
        summary, found = (
            json.loads((folder / "summary.json").read_text()),
            yaml.safe_load(paths.best("real").read_text()),
        )
        first = trials.sort_values(["value", "number"], ascending=[False, True]).iloc[0]
        assert " ".join(found["overrides"]) == first.overrides == summary["studies"][0]["best"]["overrides"]
        assert (found["inner_score"], found["digest"]) == (first.value, summary["digest"])
        assert sorted(found["development_subjects"]) == DEVELOPMENT["development_subjects"]
        file.write_text(yaml.safe_dump(SEARCH | DEVELOPMENT | {"trials": 3}))
        assert workspace.mmer("search", "real") == 0
        assert len(pd.read_parquet(folder / "trials.parquet")) == 3
        assert workspace.mmer("adopt", "real") == 0
        assert "the entry real_tuned of params.yaml" in capsys.readouterr().out
        assert resolve(read_params())["experiments"]["real_tuned"]["tuned"]["search"] == "real"
        file.write_text(yaml.safe_dump(SEARCH | DEVELOPMENT | {"set": {"model": {"epochs": 1}}}))
        assert workspace.mmer("search", "real") == 2
        said = capsys.readouterr().err
        assert "base" in said
        assert "--fresh" in said
        assert workspace.mmer("search", "real", "--fresh") == 0
    finally:
        file.unlink()
        Path("conf/tuned/real.yaml").unlink(missing_ok=True)


def test_an_experiment_asks_for_what_no_search_found(workspace):
    params = read_params()
    params["experiments"] = {"x": BASE | {"tuned": "mie"}}
    params["set"] = {"experiments": {}, "datasets": {}}
    with pytest.raises(InputError, match=r"params.yaml: experiments.x.tuned: conf/tuned has no 'mie'.*`mmer tune mie`"):
        resolve(params)


def test_a_digest_is_of_all_that_the_file_says(adopted):
    found = yaml.safe_load(Path("conf/tuned/mine.yaml").read_text())
    assert found["sha256"] == tuned_digest(found)
    assert tuned_digest(found | {"trials": 3}) != found["sha256"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            DEVELOPMENT | {"development_subjects": ["casme2/sub01", "casme2/sub77"]},
            ["'casme2/sub77'", "development_subjects"],
        ),
        (DEVELOPMENT | {"development_subjects": ["casme2/sub01"]}, ["inner folds within the development subjects"]),
        (DEVELOPMENT | {"development_subjects": [f"casme2/sub0{n}" for n in range(1, 6)]}, ["every fold tests"]),
        (
            {"inner": {"protocol": "subject_kfold", "k": 5}},
            ["inner folds within the training clips of fold", "for k = 5"],
        ),
        (
            {"space": {"model.dropout": {"type": "float", "low": 0.0, "high": 1.5}}},
            ["space: trial model.dropout=1.5", "dropout"],
        ),
        (
            {"space": {"loss": {"type": "categorical", "choices": ["focal", "weighted_bce"]}}},
            ["space: trial loss=weighted_bce", "action unit detection"],
        ),
    ],
)
def test_a_search_that_the_data_do_not_allow(workspace, change, words):
    Path("conf/search/wrong.yaml").write_text(yaml.safe_dump(SEARCH | change))
    try:
        with pytest.raises(InputError) as caught:
            opened("wrong")
        assert all(word in str(caught.value) for word in ("conf/search/wrong.yaml", *words)), str(caught.value)
    finally:
        Path("conf/search/wrong.yaml").unlink()
