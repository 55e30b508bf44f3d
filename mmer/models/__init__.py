"""Models: one nn.Module per file, the paper named in its docstring.

    streams                                 class attribute: the names of the streams it needs, e.g. ("graph",)
    __init__(sizes, **yaml keys)            ``sizes`` is a mmer.types.samples.Sizes
    forward(batch, edge_weight) -> logits   batch: dict of stream -> Tensor (B, ...); edge_weight: Tensor (E,)
                                            of the fold; logits: Tensor (B, K)

A model holds no label, draws no random number outside ``mmer.models.dropout`` and has no state that depends on the
batch order. Every parameter gets a gradient. tests/contracts/test_model.py checks this for every conf/model/*.yaml.
"""
