"""Edge rules. One per file; the contract is in ``mmer.graphs``.

One convention for all: ``edge_index`` (2, E) int64 holds source and target, sorted by source, then target; an
undirected edge is there in both directions; no edge twice; **no self loops** (a layer that wants them adds them).

Three kinds. *Fixed* rules follow from the nodes and never look at the targets: ``anatomical``, ``nearest``,
``complete``, ``temporal`` and, with weights, ``facs_prior``. *Fitted* rules count the annotated units of the training
clips of a fold: ``au_probability``, ``pmi``, ``au_regions``. ``learned`` leaves it to the model
(``mmer.models.adjacency``). A fold's ledger entry ``edge_weight`` names the clips whose targets a rule was given,
whether it looked at them or not.
"""
