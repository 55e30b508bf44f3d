"""Evaluation protocols: Clips -> Splits. One frozen dataclass per protocol, one file, one yaml.

    refuses(clips) -> str or None       why this table cannot be served
    splits(clips) -> list of Split

``clips`` is a Clips table that holds exactly the clips of the experiment. A protocol tests every clip it accepts
exactly once, puts no subject on both sides unless it is person-dependent by name, looks at no label, and does not
depend on row order. tests/contracts/test_protocol.py checks this for every conf/protocol/*.yaml.
"""
