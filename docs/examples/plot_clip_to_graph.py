"""
From a clip to a graph
======================

What a model of graphs is given of one clip: landmarks, motion between onset and apex, nodes and edges. The sample's
faces are synthetic: two portraits, moved by known action units.
"""

# %%
# Clips
# -----
# A corpus is its annotation file; no picture is decoded yet. A Clips table is a DataFrame, and shows itself in a
# few lines.

from matplotlib import pyplot

from mmer import notebook as mm

clips = mm.clips("manifest", mm.home() / "data" / "videos")
clips

# %%
# Landmarks
# ---------
# ``faces="shipped"`` reads the tracks that come with the sample. ``faces="pyfeat"`` finds faces in the frames.

tracks = mm.tracks(clips)
clip_id = clips.clip_id[0]
mm.plot_face(clips, tracks, clip_id)
tracks[clip_id]

# %%
# Action units over the clip, as the tracks show them: the strongest five.

track = tracks[clip_id]
strongest = track.action_units.max(0).argsort()[::-1][:5]
_, ax = pyplot.subplots(figsize=(6, 2.6), layout="constrained")
ax.plot(track.time, track.action_units[:, strongest], label=[track.au_names[unit] for unit in strongest])
ax.axvline((clips.apex[0] - clips.onset[0]) / clips.fps[0], color="gray", linestyle=":")
ax.set_xlabel("seconds from onset; dotted: the annotated apex")
ax.set_ylabel(track.au_scale)
ax.legend(fontsize=8, ncols=5, frameon=False)

# %%
# Flow and strain
# ---------------
# The face is aligned once per clip. Between onset and apex every pixel moves by (u, v); strain is how much the skin
# is stretched, whatever the head does. A head that moves as a whole has flow and little strain.

motion = mm.motion(clips, tracks)
mm.plot_motion(motion, clip_id)
motion

# %%
# Nodes and edges
# ---------------
# Nodes are landmarks or action units with the numbers that belong to them; edges are given by a rule. Compare three.

_, axes = pyplot.subplots(1, 3, figsize=(10, 3.6), layout="constrained")
for ax, (nodes, edges) in zip(
    axes, [("action_units", "au_probability"), ("eyebrow_mouth", "anatomical"), ("landmarks", "nearest")], strict=True
):
    graphs = mm.graphs(clips, tracks, motion, nodes=nodes, edges=edges)
    mm.plot_graph(graphs, clip_id, motion, ax=ax)
    ax.set_title(f"{nodes}, {edges}\n{ax.get_title()}", fontsize=8)
graphs

# %%
# The edges of ``au_probability`` have weights that are counted on the training clips of a fold: how often units
# were annotated together. Another fold has other weights, and the test clips take no part in them.

graphs = mm.graphs(clips, tracks, motion, nodes="action_units", edges="au_probability")
study = mm.study(clips, graphs, model="gcn", epochs=1)
_, axes = pyplot.subplots(1, 2, figsize=(7, 3.6), layout="constrained")
for ax, split in zip(axes, study.splits, strict=False):
    mm.plot_graph(graphs, split.test[0], motion, study.fit(split.fold).edge_weight, ax)
    ax.set_title(f"fitted without {split.fold}", fontsize=8)
