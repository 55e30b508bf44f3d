"""Edge rules. One per file; the contract is in ``mmer.graphs``.

One convention for all: ``edge_index`` (2, E) int64 holds source and target, sorted by source, then target; an
undirected edge is there in both directions; no edge twice; **no self loops** (a layer that wants them adds them).
"""
