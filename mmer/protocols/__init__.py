"""Evaluation protocols: Clips -> Splits. One frozen dataclass per protocol, one file, one yaml.

    person_independent      class attribute: False where a subject may be on both sides of a fold
    tests_every_clip        class attribute: False where some clips of the table are tested in no fold of a repeat
    refuses(clips)          str or None: why this table cannot be served, and the way out
    splits(clips)           list of Split

``clips`` is a Clips table that holds exactly the clips of the experiment, without its labels (see
``mmer.types.clips.without_labels``). Within one repeat a protocol tests every clip exactly once, or at most once where
``tests_every_clip`` is False; several repeats are numbered by ``Split.repeat``, and no two folds have one name. Clips
of one event stay together, subjects too unless the protocol is person-dependent. Draws come from a hash of (seed,
repeat, name), so nothing depends on row order. tests/contracts/test_protocol.py checks this for every yaml of
conf/protocol.

``leave_out`` and ``draw`` are what the protocols share; they are no protocols themselves.
"""
