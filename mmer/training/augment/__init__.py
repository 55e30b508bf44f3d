"""Augmentation: training clips that are changed anew every time they are shown. One idea per file.

``augment`` has the keys of conf/augment/*.yaml; ``augmentation`` applies them to a batch of the whole stack, between
taking the clips and the forward pass. Clips that decide when to stop, and test clips, are never changed.

============  =================================  ==================================================  ==================
              ``flow`` (u, v, strain)            ``graph``                                           ``video``
============  =================================  ==================================================  ==================
neighbours    a motion to a frame by the apex    features made with that frame as the apex           as it is
flip          columns mirrored, u negated        nodes and patches mirrored; dx, x, u negated        columns mirrored
rotate        moves places, turns u and v        turns dx dy, x y, u v, and the patches              moves places
scale         moves places; u, v times it        patches, and u, v in pixels, as in ``flow``         moves places
translate     moves places                       as it is: features follow their node                moves places
amplify       u, v and strain times it           dx, dy, u, v, strain and activations times it;      as it is
                                                 x, y: what has changed since the first moment
mixup         a mean of two clips                a mean of two clips                                 a mean of two clips
============  =================================  ==================================================  ==================

Whatever the backend measures on both sides of the face together (nodes of action units, activations) is its own mirror
image, and rotation leaves it as it is: a turn of the face turns the two sides against each other, and what is left of
their mean is not known. Displacements and positions are in outer eye distances, which grow with the face, so ``scale``
leaves them as they are. ``grey`` and ``shape`` patches are moved as pictures; a learned shape representation follows a
mirrored face only nearly. Streams that are not in the table (EEG, ECG) are mixed up and else as they are.

The transformations are of pixels and outer eye distances, so clips are kept unscaled and the fold's scaler is applied
after them. All clips of a batch are changed at once, those of all folds; the random numbers derive from the names of
a training and the epoch, and a clip's numbers from its place in the epoch, so a fold in a stack is the fold alone.
"""
