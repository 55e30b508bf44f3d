"""Motion: frames + FaceTrack -> ClipMotion, on a face aligned by one similarity transform per clip.

    reads              the annotations of a test clip that it reads: some of "onset", "apex", "offset", "action_units"
    needs_track        bool: whether a clip without a FaceTrack can be described
    magnifies          bool, False where missing: whether describe takes a magnifier (mmer.motion.magnify) as its last
    describe(clip, track, frames[, magnifier]) -> ClipMotion
    moved(first, second, landmarks) -> ndarray (C, H, W)   motion between two aligned pictures; only where it makes them

``clip`` is one row of a Clips table that holds no annotation but those that ``reads`` names; ``track`` is a FaceTrack
or None, ``frames`` a Frames or None. ``describe`` raises ``Excluded`` where a stated policy leaves it out (the stage
records it) and InputError where the input is wrong. Two identical frames have no motion. tests/contracts/test_motion.py
checks it for every conf/motion/*.yaml.
"""


class Excluded(Exception):
    """A stated policy leaves this clip out; the message is the reason, and goes into the report."""
