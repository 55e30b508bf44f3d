"""Models: one nn.Module per file, the paper named in its docstring.

    streams                                 class attribute: the names of the streams it needs, e.g. ("graph",)
                                            a network of recordings writes ("{stream}",), has a key ``stream`` that
                                            names one, and sets its own ``self.streams`` (mmer.models.signal_input)
    channels                                class attribute, optional: the channels of the stream ``flow`` it needs, in
                                            its order, e.g. ("u", "v"); without it all, u, v and strain first
    folded                                  class attribute, optional: True where ``forward`` also takes K stacked
                                            folds, batch (K, B, ...), edge_weight (K, E), parameters (K, ...), and
                                            returns (K, B, C): mmer.models.folded. Others are lifted by torch.func.vmap
    permutation_invariant                   class attribute, optional: True where no parameter belongs to a single node
                                            and no name is read, so that nodes in another order give the same logits;
                                            what the others know of a node, tests/contracts/test_permutation.py says
    classifier                              the last layer; what enters it are the features of a clip, which a fusion
                                            puts beside those of other streams (mmer.models.fused)
    reads_classifier                        class attribute, optional: True where the weights of ``classifier`` are used
                                            for something else too
    reads_presence                          class attribute, optional: True where clips may lack streams; the batch then
                                            says which do, ``present.STREAM`` (B,), 1 or 0
    dead_parameters                         attribute, optional: name of a parameter, or how it begins -> why it gets no
                                            gradient. A bias in front of a batch normalisation is one:
                                            mmer.models.idle_bias
    numbers                                 class attribute of any module, optional: names of attributes that are used
                                            in arithmetic only, never in an ``if``: in a stack whose members differ in
                                            one it is a tensor, (K,) where the network is ``folded``. Networks that
                                            differ in another number are not stacked together, which is only slower
    __init__(sizes, **yaml keys)            ``sizes`` is a mmer.types.samples.Sizes
    forward(batch, edge_weight) -> logits   batch: dict of stream -> Tensor (B, ...); edge_weight: Tensor (E,)
                                            of the fold; logits: Tensor (B, K)

A model holds no label, draws no random number outside ``mmer.models.dropout`` and has no state that depends on the
batch order. Every parameter gets a gradient, but those listed as dead. tests/contracts/test_model.py checks this for
every conf/model/*.yaml.

A classical model is no nn.Module: it is fitted in one go by a solver of its own.

    classical = True                        class attribute, beside ``streams`` and ``channels``
    __init__(sizes, **yaml keys)
    fit(streams, classes, weight, seed)     streams: dict of stream -> ndarray (n, ...) of training clips, standardised;
                                            classes (n,) int64; weight (n,), 0 for clips that take no part
    probabilities(streams) -> (n, K)        float64, rows sum to 1
    state() -> dict of str to ndarray       everything that was fitted

tests/contracts/test_classical.py checks it. Class attributes are written out as literals: they are also read from the
source, where torch must not be imported (``mmer.stages.model_traits``).
"""
