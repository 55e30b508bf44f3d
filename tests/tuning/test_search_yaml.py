"""A search as it stands in conf/search."""

import pytest

from mmer.tuning.search import Search
from mmer.types.errors import InputError

LR = {"model.lr": {"type": "float", "low": 1e-4, "high": 0.1, "log": True}}


def of(**changed):
    return Search.of("demo", {"space": LR} | changed, "conf/search/demo.yaml")


def test_defaults_and_short_forms():
    search = of(pruner="wilcoxon", seeds=[0, 1], storage={"grace": 60}, inner={"protocol": "subject_kfold", "k": 3})
    assert (search.mode, search.trials, search.generation, search.metric) == ("nested", 30, 15, "uf1")
    assert (search.pruner.name, search.seeds, search.storage.grace) == ("wilcoxon", (0, 1), 60.0)
    assert of(pruner={"name": "median", "startup_trials": 3}).pruner.startup_trials == 3


def test_what_may_change_between_runs_is_no_part_of_what_trials_are_compared_by():
    first = of().identity()
    assert of(trials=60, generation=2, storage={"url": "journal"}).identity() == first
    for changed in ({"metric": "uar"}, {"seeds": [1]}, {"inner": {"protocol": "loso"}}, {"pruner": "median"}):
        assert of(**changed).identity() != first


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"space": None}, "space: must map keys"),
        ({"trails": 3}, "unknown key 'trails'; did you mean 'trials'"),
        ({"trials": 0}, "trials must be 1 or more"),
        ({"trials": "many"}, "trials must be a value like 30"),
        ({"trials": True}, "trials must be a value like 30"),
        ({"metric": "uf2"}, "did you mean 'uf1'"),
        ({"mode": "nestd"}, "did you mean 'nested'"),
        ({"sampler": "cmaes"}, "sampler 'cmaes'.*Valid: gp, random, tpe"),
        ({"pruner": "hyperband"}, "pruner: name 'hyperband'.*Valid: median, none, wilcoxon"),
        ({"pruner": {"name": "wilcoxon", "p_threshold": 2.0}}, "between 0 and 1"),
        ({"mode": "development"}, "development_subjects are needed"),
        ({"development_subjects": ["casme2/sub01"]}, "mean nothing in mode: nested"),
        ({"development_subjects": "casme2/sub01", "mode": "development"}, "must be a list of names"),
        ({"seeds": []}, "seeds must list"),
        ({"seeds": [0, 0]}, "seeds must list different"),
        ({"inner": {"k": 4}}, "inner needs a protocol"),
        ({"inner": "loso"}, "inner must be a value like"),
        ({"storage": {"heartbeat": 30, "grace": 40}}, "at least twice heartbeat"),
        ({"storage": {"retries": -1}}, "0 or more"),
        ({"storage": "sqlite"}, "storage: must be a mapping"),
    ],
)
def test_a_wrong_search_is_refused_by_name(changed, message):
    with pytest.raises(InputError, match=message) as caught:
        of(**changed)
    assert str(caught.value).startswith("conf/search/demo.yaml: ")


def test_a_password_in_a_file_of_git_is_refused_without_repeating_it():
    with pytest.raises(InputError, match=r"MMER_OPTUNA_STORAGE") as caught:
        of(storage={"url": "postgresql://lab:sesame@db/optuna"})
    assert "sesame" not in str(caught.value)
    assert of(storage={"url": "postgresql://lab@db/optuna"}).storage.url == "postgresql://lab@db/optuna"


def test_a_search_without_a_space_is_refused():
    with pytest.raises(InputError, match="space is missing"):
        Search.of("demo", {}, "conf/search/demo.yaml")
