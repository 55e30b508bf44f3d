"""Metrics: Predictions -> numbers. Every number comes from the stored predictions, pooled over folds.

A metric is a function ``metric(truth, predicted, classes) -> float``; a class without truth is left out of a mean over
classes. ``scores(predictions)`` gives all of them per seed and their mean.
"""
