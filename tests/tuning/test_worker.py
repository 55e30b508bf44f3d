"""A worker on studies whose trainings are a formula: how many trials, which ones, and what is done when one fails."""

import number_search
import optuna
import pytest
from number_search import folds_of, run, search, studies, train
from optuna.trial import TrialState, create_trial

from mmer.tuning.ledger import Ledger
from mmer.tuning.results import best, trials_table
from mmer.tuning.sampler import PlaceSeeded
from mmer.tuning.space import Space
from mmer.types.errors import InputError


class Stop(BaseException):
    """Stands for Ctrl-C."""


def drawn(opened):
    """What was tried: per study the complete trials, in the order of their first attempts."""
    trials = {key: Ledger(study.get_trials(deepcopy=False)).lines.values() for key, study in opened.items()}
    return {
        key: [(line.attempts[-1].user_attrs["overrides"], line.attempts[-1].value) for line in lines]
        for key, lines in trials.items()
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    what = search()
    opened = studies(what, "journal", tmp_path_factory.mktemp("whole"))
    run(what, opened)
    return drawn(opened)


def test_a_generation_is_trained_together_over_all_studies(tmp_path):
    what, calls = search(), []

    def watched(requests, place):
        calls.append([(request.study, request.number) for request in requests])
        yield from train(requests, place)

    opened = studies(what, "journal", tmp_path)
    run(what, opened, watched)
    assert calls == [
        [(key, number) for key in number_search.KEYS for number in range(first, first + 4)] for first in (0, 4, 8)
    ]
    run(what, opened, watched)  # all is there
    assert len(calls) == 3
    more = search(trials=14)
    run(more, studies(more, "journal", tmp_path), watched)
    assert calls[3:] == [[(key, number) for key in number_search.KEYS for number in (12, 13)]]


def test_one_worker_draws_the_same_trials_again_and_other_studies_others(undisturbed, tmp_path):
    what = search()
    again = studies(what, "sqlite", tmp_path)
    run(what, again)
    assert drawn(again) == undisturbed
    assert undisturbed["sub01"] != undisturbed["sub02"]
    other = search(sampler_seed=1)
    opened = studies(other, "journal", tmp_path)
    run(other, opened)
    assert drawn(opened) != undisturbed


@pytest.mark.parametrize("after", [0, 5, 13])
def test_a_search_that_was_stopped_while_it_trained_ends_as_if_it_had_not_been(after, undisturbed, tmp_path):
    what, told = search(), []

    def stopped(requests, place):
        for folds in train(requests, place):
            if len(told) == after:
                raise Stop
            told.append(folds)
            yield folds

    with pytest.raises(Stop):
        run(what, studies(what, "journal", tmp_path), stopped)
    opened = studies(what, "journal", tmp_path)
    run(what, opened)
    assert drawn(opened) == undisturbed
    table = trials_table(opened)
    # What had been told is not trained again; what ran was, under the same settings.
    assert (table.state == "COMPLETE").sum() == 24
    assert 0 < (table.state == "FAIL").sum() <= 8
    assert table.error[table.state == "FAIL"].str.contains("died").all()


@pytest.mark.parametrize("after", [2, 6])
def test_a_search_that_was_stopped_while_it_asked_ends_as_if_it_had_not_been(after, undisturbed, tmp_path, monkeypatch):
    what, real, asked = search(), Space.suggest, []

    def stopped(space, trial):
        if len(asked) == after:
            trial.suggest_categorical("loss", ("cross_entropy", "focal"))  # some values are drawn, not all
            raise Stop
        asked.append(trial)
        return real(space, trial)

    with monkeypatch.context() as patch:
        patch.setattr(Space, "suggest", stopped)
        with pytest.raises(Stop):
            run(what, studies(what, "journal", tmp_path))
    opened = studies(what, "journal", tmp_path)
    run(what, opened)
    assert drawn(opened) == undisturbed


def test_a_trial_that_its_worker_did_not_even_sign_is_given_up_after_the_grace(tmp_path):
    what = search(trials=2, storage={"heartbeat": 0.05, "grace": 0.1})
    opened = studies(what, "journal", tmp_path)
    opened["sub01"].ask()
    run(what, opened)
    assert (trials_table(opened).state == "COMPLETE").sum() == 4


def test_a_trial_that_kills_its_workers_is_given_up_and_takes_no_other_with_it(tmp_path):
    what = search(trials=3, generation=3, storage={"retries": 2})
    first = None

    def deadly(requests, place):
        nonlocal first
        first = first or requests[0].overrides
        for request in requests:
            if request.overrides == first:
                raise Stop
            yield folds_of(request.overrides)

    deaths = 0
    while True:
        try:
            run(what, studies(what, "journal", tmp_path), deadly)
            break
        except Stop:
            deaths += 1
    assert deaths == 3  # once, and two retries
    table = trials_table(studies(what, "journal", tmp_path))
    assert (table.state == "COMPLETE").sum() == 5
    assert (table.overrides == " ".join(first)).sum() == 3


def test_a_trial_that_cannot_be_trained_fails_alone_and_counts(tmp_path):
    what, seen = search(generation=6), []

    def some_diverge(requests, place):
        for request in requests:
            folds = folds_of(request.overrides)
            bad = (InputError("fold 'f0': the loss is NaN"), *folds[1:-1], InputError("fold 'f5': the loss is NaN"))
            yield bad if request.number % 3 == 0 else folds

    opened = studies(what, "journal", tmp_path)
    run(what, opened, some_diverge, on_trial=lambda study, trial, outcome: seen.append((trial.number, outcome)))
    table = trials_table(opened)
    assert table.groupby("study").state.value_counts().to_dict() == {
        (key, state): count for key in number_search.KEYS for state, count in (("COMPLETE", 8), ("FAIL", 4))
    }
    assert set(table.error[table.state == "FAIL"]) == {"fold 'f0': the loss is NaN (and 1 more folds)"}
    assert table.value[table.state == "FAIL"].isna().all()
    assert set(table.seconds) == {3.0, 2.0}
    assert len(seen) == 24
    for number, outcome in seen:
        assert (outcome.score is None) == (number % 3 == 0) == (outcome.error is not None)
        assert len(outcome.folds) == 6
    trial = best(opened["sub01"])
    assert trial.value == table.value[table.study == "sub01"].max()


def test_a_study_without_a_complete_trial_has_no_best_one_and_says_why(tmp_path):
    what = search(trials=2)
    opened = studies(what, "journal", tmp_path)
    run(what, opened, lambda requests, place: ((InputError("the loss is NaN"),) for _ in requests))
    with pytest.raises(
        InputError, match="none of its 2 trials is complete; the first one failed with: the loss is NaN"
    ):
        best(opened["sub01"])


@pytest.mark.parametrize("pruner", ["median", "wilcoxon"])
def test_pruning_goes_fold_by_fold_and_spares_the_best(pruner, undisturbed, tmp_path):
    what, places = search(pruner={"name": pruner, "startup_trials": 2, "p_threshold": 0.2}, trials=16), []

    def watched(requests, place):
        places.append((place, len(requests)))
        yield from train(requests, place)

    opened = studies(what, "journal", tmp_path)
    run(what, opened, watched)
    table = trials_table(opened)
    assert set(table.state) == {"COMPLETE", "PRUNED"}
    # The first generation has nothing to be compared with: seven rounds, the last of which finds no fold any more.
    assert places[:7] == [(place, 8) for place in range(7)]
    assert [place for place, _ in places].count(0) == 4
    assert (table.seconds[table.state == "COMPLETE"] == 3.0).all()
    least = {"median": 1.0, "wilcoxon": 1.5}[pruner]  # p of three pairs is 1 / 8
    assert table.seconds[table.state == "PRUNED"].min() == least
    scores = {row.Index: number_search.formula(row.overrides.split(" ")) for row in table.itertuples()}
    for _, rows in table.groupby("study"):
        kept = max(rows.index, key=scores.get)
        assert table.state[kept] == "COMPLETE"
        assert rows.value.max() == pytest.approx(scores[kept])


@pytest.mark.parametrize("sampler", ["random", pytest.param("gp", marks=pytest.mark.all)])  # gp needs torch
def test_other_samplers_draw_the_same_again(sampler, tmp_path):
    what = search(sampler=sampler, trials=13, generation=12)
    both = []
    for name in ("a", "b"):
        both.append(studies(what, "journal", tmp_path / name))
        run(what, both[-1])
    assert drawn(both[0]) == drawn(both[1])


def test_tpe_finds_better_settings_than_the_first_it_tries():
    study = optuna.create_study(direction="maximize", sampler=PlaceSeeded("tpe", 0, branches=True))
    space = search().space
    for _ in range(40):
        trial = study.ask()
        study.tell(trial, number_search.formula(space.suggest(trial)))
    scores = [trial.value for trial in study.trials]
    assert sum(scores[-10:]) > sum(scores[:10]) + 5


def trial(number, state=TrialState.COMPLETE, **about):
    made = create_trial(
        state=state, value=0.5 if state == TrialState.COMPLETE else None, user_attrs={"overrides": []} | about
    )
    made.number = number
    return made


def test_ledger_of_two_workers_that_filled_the_same_gap():
    failed, running, waiting = TrialState.FAIL, TrialState.RUNNING, TrialState.WAITING
    trials = [
        trial(0),
        trial(1, failed, lost="a"),
        trial(2, running),
        trial(3, running, retry_of=1),
        trial(4, waiting, retry_of=1),  # the other worker wanted to retry it, too
        trial(5, running),  # asked for when three were wanted
        trial(6, failed, withdrawn=True),
        trial(7, failed, error="the loss is NaN"),
    ]
    ledger = Ledger(trials)
    assert list(ledger.lines) == [0, 1, 2, 5, 7]
    assert ledger.finished(retries=2) == 2  # 0 and 7
    assert ledger.to_retry(retries=2) == {}
    assert ledger.waiting() == 1
    assert [each.number for each in trials if ledger.superfluous(each, wanted=3)] == [4, 5, 6, 7]
    assert [each.number for each in trials if ledger.superfluous(each, wanted=9)] == [4]
    alone = Ledger(trials[:2])
    assert list(alone.to_retry(retries=2)) == [1]
    assert list(alone.to_retry(retries=0)) == []
    assert alone.finished(retries=0) == 2
