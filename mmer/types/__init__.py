"""The nouns: what the rooms hand to each other. Each checks, saves and loads itself.

Tables (people group, filter and join them) are pandas DataFrames with a ``validate_*`` function: Clips, Predictions.
Everything with an array inside is a frozen dataclass: Frames, FaceTrack, Motion, Samples, Targets, Split.
The only join key is ``clip_id``; nothing is ever joined by row position.
"""
