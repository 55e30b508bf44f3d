"""The score of a trial: pooled over its inner folds, like every other number."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, recall_score

from mmer.training.fold_result import FoldResult
from mmer.tuning.judge import Pooled
from mmer.types.errors import InputError
from mmer.types.targets import Targets

CLASSES = ("negative", "positive", "surprise")


def setting(n=12, seed=0, units=()):
    draw = np.random.default_rng(seed)
    ids = tuple(f"casme2/sub{i % 4:02d}/clip{i:02d}" for i in range(n))
    clips = pd.DataFrame({"clip_id": ids, "dataset": "casme2", "subject": [each[:12] for each in ids]})
    aus = draw.integers(0, 2, (n, 2)).astype(np.float32)
    names = ("absent", "present") if units else CLASSES
    index = np.zeros(n, np.int64) if units else np.arange(n) % 3
    targets = Targets(ids, names, index, ("AU01", "AU04"), aus, np.ones(n, np.float32), units)
    p = draw.dirichlet(np.ones(len(names)), (2, n))
    folds = [
        FoldResult(f"a/{f}", seed, ids[f::4], (p[seed][f::4] if not units else p[seed][f::4, :2]))
        for f in range(4)
        for seed in range(2)
    ]
    return targets, clips, folds, p, index


@pytest.mark.parametrize(
    ("metric", "known"),
    [
        ("uf1", lambda truth, said: f1_score(truth, said, average="macro")),
        ("uar", lambda truth, said: recall_score(truth, said, average="macro")),
        ("accuracy", lambda truth, said: np.mean(truth == said)),
    ],
)
def test_clips_of_all_folds_are_pooled_and_seeds_averaged(metric, known):
    targets, clips, folds, p, truth = setting()
    score, table = Pooled("a", metric, targets, clips)(folds)
    assert score == pytest.approx(np.mean([known(truth, p[seed].argmax(1)) for seed in range(2)]))
    assert len(table) == 24
    one, _ = Pooled("a", metric, targets, clips)(folds[:2])  # the first fold, for a pruner
    assert one == pytest.approx(np.mean([known(truth[::4], p[seed].argmax(1)[::4]) for seed in range(2)]))


def test_action_units_have_their_own_scores():
    targets, clips, folds, _, _ = setting(units=("AU01", "AU04"))
    score, table = Pooled("a", "macro_f1", targets, clips)(folds)
    assert 0 < score < 1
    assert set(table.target) == {"AU01", "AU04"}
    with pytest.raises(InputError, match="metric 'uf1' is no score of action units; valid: macro_f1"):
        Pooled("a", "uf1", targets, clips)
    with pytest.raises(InputError, match="metric 'macro_f1' is no score of emotions"):
        Pooled("a", "macro_f1", *setting()[:2])


def test_a_diverged_fold_is_no_score():
    targets, clips, folds, p, _ = setting()
    p[0][0] = np.nan
    with pytest.raises(InputError, match=r"a/0.*no probabilities"):
        Pooled("a", "uf1", targets, clips)(folds)


def test_clips_that_the_study_does_not_know_have_no_score():
    targets, clips, folds, _, _ = setting()
    known = targets.clip_ids[1:]
    with pytest.raises(InputError, match="clip00"):
        Pooled("a", "uf1", targets.subset(known), clips[1:])(folds)
