"""Fusion: the features of several streams -> logits. One way per file, one yaml each in conf/fusion.

    reads_nulls                 class attribute: whether the features of an absent stream are a learned null token;
                                where it is False they are zeros, and the fusion leaves the stream out by itself
    streams                     class attribute, optional: what it reads of the face itself, e.g. ("graph",)
    classes_only                attribute, optional: True where it needs one class per clip, not action units
    classifier                  the last layer; what enters it first are the features that a loss may ask for
    __init__(sizes, widths, **yaml keys)
                                ``widths``: name of every stream (``face``, ``eeg``, ...) -> numbers of its features
    forward(features, there, batch, edge_weight) -> logits (B, C)
                                features: dict of name -> Tensor (B, D); there: dict of name -> Tensor (B,), 1 or 0;
                                batch and edge_weight as every model gets them, absent streams zeroed

A stream here is what an experiment fuses: ``face``, or a signal. ``mmer.models.fused`` makes its features of a model of
conf/model. All rules of ``mmer.models`` hold. tests/contracts/test_fusion.py checks every conf/fusion/*.yaml.
"""
