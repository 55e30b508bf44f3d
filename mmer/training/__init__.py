"""Training: fit the folds of an experiment and predict their test clips. Knows torch; knows neither Hydra nor DVC.

``fit`` receives the samples and targets of the training clips. There is no test set in its scope.

Where to read: ``train`` is the training itself, epoch by epoch and step by step; ``stack`` is what it works on, K
trainings as one model; ``capture`` replays its steps on a GPU; ``fit`` makes a training of clips, and a fitted model of
a training; ``folds`` does so for all folds and seeds of an experiment, in the way that ``plan`` has chosen; ``checks``
refuses what cannot succeed. ``presence`` is about clips that lack a stream, ``fitted_signals`` about what a signal fits
over the clips of a fold.

What results depend on: the names of experiment, seed and fold, never on how many processes there are or what was
trained before. A fold in a stack is the fold alone but for the order in which numbers are summed; in float32 that is
the last bits, which training amplifies (after five steps in float64 the difference is below 1e-9, tests/training/
test_stack.py). Whoever needs the same bits on another machine sets ``stack`` in the experiment; ``stack: 1`` trains
each fold alone.
"""
