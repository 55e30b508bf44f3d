"""Synthetic releases: rendered faces in the exact layout of each corpus, for those who have no licence yet.

Scores on synthetic data say nothing about real micro-expression recognition.
"""
