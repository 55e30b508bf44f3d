"""Metrics: Predictions -> numbers with intervals. Every number comes from the stored predictions, pooled over folds.

A run is one (seed, repeat): within it every clip is tested at most once. A score is computed per run over the test
clips of all its folds, then averaged over runs. A class without truth in a scope is left out of means and named. Two
kinds of table are told apart by their classes: emotion recognition (one target) and detection of action units (classes
absent and present, one target per unit); functions of one kind refuse the other.

    classification   confusion matrices -> UF1, UAR, accuracy, weighted F1, WAR, mean diagonal
    scores           emotion tables: per run, per class, per subject; the mean over folds, under its own name
    multilabel       action unit tables: F1 and AUC per unit, macro, micro, and as the mean over corpora
    groups           either kind: per corpus, per culture, per sex
    calibration      either kind: expected calibration error, Brier score, table for a reliability plot
    bootstrap        either kind: 95 % intervals by resampling subjects
    comparison       either kind: paired tests between experiments, Holm-corrected
"""
