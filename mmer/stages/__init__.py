"""Stages: read params, read artifacts, call rooms, write artifacts. The only room that knows Hydra, DVC and paths."""
