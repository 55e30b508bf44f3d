"""
Train and evaluate, subject by subject
======================================

Leave one subject out, in Python: predictions of people whom no model was trained on, intervals over subjects, and
what any model has to beat. **Scores on synthetic clips say nothing about real micro-expressions.**
"""

# %%
# A study
# -------
# One model, one label scheme, one protocol. Nothing is trained before it is asked for.

from matplotlib import pyplot

from mmer import notebook as mm

clips = mm.clips("manifest", mm.home() / "data" / "videos")
tracks = mm.tracks(clips)
motion = mm.motion(clips, tracks)
graphs = mm.graphs(clips, tracks, motion, nodes="action_units", edges="au_probability")
study = mm.study(clips, graphs, model="gcn", labels="megc3", protocol="loso", seeds=(0, 1), epochs=30, name="gcn")
study

# %%
# Its folds: nobody is on both sides.

study.splits

# %%
# Predictions
# -----------
# Every fold is fitted on the clips of its training side alone, and the test clips are predicted once.

predictions = study.predict()
predictions

# %%
# Scores are pooled over the folds of a run and averaged over seeds. The interval comes from resamples of the
# subjects: with four of them it is wide, and it should be.

mm.scores(predictions)

# %%
# Against baselines
# -----------------
# A linear model on the same numbers, the majority class, and draws from the class frequencies.

linear = mm.study(clips, graphs, model="logreg", labels="megc3", protocol="loso", name="logreg")
tables = {"gcn": predictions, "logreg": linear.predict(), **study.baselines()}
mm.plot_scores(tables)

# %%
# Two experiments on the same clips are compared in pairs. The permutation test exchanges them subject by subject:
# with n subjects there are 2^n exchanges, so with four no p value falls below 2/16.

single = mm.study(clips, graphs, model="gcn", labels="megc3", protocol="loso", epochs=30, name="gcn")
mm.compare({"gcn": single.predict(), "logreg": tables["logreg"]})[
    ["a", "b", "difference", "low", "high", "permutation_p"]
]

# %%
# By subject and class
# --------------------

_, axes = pyplot.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
mm.plot_confusion(predictions, axes[0])
mm.plot_subjects(predictions, axes[1])

# %%
# How training went
# -----------------
# The curves are of the training clips. There is no test curve to choose an epoch by: the number of epochs was fixed
# before.

mm.plot_curves(study)

# %%
# The ledger says what was fitted on whom: each entry of a fold names training clips only.

first, split = study.results[0], study.splits[0]
assert all(set(seen) <= set(split.train) for seen in first.seen.values())
{what: len(seen) for what, seen in first.seen.items()}
