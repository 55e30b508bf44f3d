"""Split the features of a node into two branches."""

from mmer.types.errors import InputError


def branch_sizes(model: str, features: int, split: int | None) -> tuple[int, ...]:
    """Return how many features of a node each branch gets.

    Parameters
    ----------
    model : str
        For the message.
    features : int
        F of the stream ``graph``.
    split : int or None
        The first so many features are the first branch and the rest the second; 0: one branch of all; None: the first
        half.

    Raises
    ------
    InputError
        One branch would be empty.
    """
    if split is None:
        split = features // 2
    elif isinstance(split, bool) or not isinstance(split, int) or split < 0:
        raise InputError(f"{model}: split must be a whole number of at least 0, or null, got {split!r}")
    if split == 0:
        return (features,)
    if split >= features:
        raise InputError(
            f"{model}: split {split} leaves nothing to the second branch, a node has {features} features; "
            "give `nodes` more features, e.g. [displacement, flow_patch] with split 2, or set split: 0"
        )
    return (split, features - split)
