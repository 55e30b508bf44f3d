"""Motion: frames + FaceTrack -> ClipMotion, on a face aligned by one similarity transform per clip.

    needs_track        bool: whether a clip without a FaceTrack can be described
    describe(clip, track, frames) -> ClipMotion

``clip`` is one row of a Clips table, ``track`` a FaceTrack or None, ``frames`` a Frames or None. ``describe`` raises
``Excluded`` where a stated policy leaves the clip out (the stage records it) and InputError where the input is wrong.
Two identical frames have no motion. tests/contracts/test_motion.py checks it for every conf/motion/*.yaml.
"""


class Excluded(Exception):
    """A stated policy leaves this clip out; the message is the reason, and goes into the report."""
