"""Where the nodes of a graph lie on the aligned face."""

import numpy as np
import pandas as pd

from mmer.graphs.features import Groups, centres, onset_landmarks
from mmer.graphs.sampling import rows_of_clip
from mmer.types.canonical_face import TEMPLATE, transform
from mmer.types.face_track import FaceTrack
from mmer.types.motion import ClipMotion
from mmer.types.node_set import NodeSet


def places(groups: Groups, clip: pd.Series, track: FaceTrack, motion: ClipMotion, average: int = 3) -> np.ndarray:
    """Return the mean place of each group of landmarks at onset: (N, 2) float64, pixels of the aligned face.

    NaN where the motion does not say how it is aligned (``to_crop``).
    """
    return centres(transform(motion.to_crop, onset_landmarks(rows_of_clip(clip, track), average)), groups)


def node_positions(node_set: NodeSet, clip: pd.Series, track: FaceTrack, motion: ClipMotion) -> np.ndarray:
    """Return where each node lies at onset, for drawing: (N, 2) float32, pixels of the aligned face, NaN if unknown."""
    return places(node_set.landmarks, clip, track, motion).astype(np.float32)


def canonical_positions(node_set: NodeSet) -> np.ndarray:
    """Return where each node lies on the canonical face: (N, 2) float64, outer eye distances; no data enters."""
    return centres(TEMPLATE, node_set.landmarks)
