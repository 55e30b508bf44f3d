"""Graphs: FaceTrack + ClipMotion -> node features (``nodes/``) and edges (``edges/``).

A node source (conf/nodes/) is a frozen dataclass:

    reads                                        annotations of a test clip that it reads, e.g. ("onset", "offset")
    node_set() -> NodeSet                        names, dlib indices and action unit of every node
    feature_names() -> tuple of str
    needs                                        what build must be given beside: some of "faces", "flows", "shape"
    when(clip, track, motion) -> ndarray (T,)    the moments, frame numbers, for which it must be made
    build(clip, track, motion, extras) -> ndarray (T, N, F) float32     no label, no annotated AU

An edge rule (conf/edges/) is a frozen dataclass:

    edge_index(node_set) -> ndarray (2, E) int64                fixed, from the nodes alone
    fit(node_set, targets) -> ndarray (E,) float32              weights, from the training clips of one fold

NodeSet is in ``mmer.types.node_set``. Most rules ignore the targets and return ones; those that count annotated units
are fitted, which is why ``fit`` gets the targets of the training clips and nothing else (``mmer.graphs.edges``).
"""
