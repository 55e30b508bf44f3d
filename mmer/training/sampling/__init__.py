"""Sampling: which training clips an epoch shows, and how often. One way per file, one yaml in conf/sampling/ each.

An epoch always shows as many clips as there are, so every way takes the same number of steps:

    chances(targets, subjects) -> dict of clip to probability, or None     None: every clip once

``targets`` and ``subjects`` are of the clips that a fold is trained on. The draw itself is ``order``; it derives from
the names of the training and the epoch.
"""
