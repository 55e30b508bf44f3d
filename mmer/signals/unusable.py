"""Unusable: why one clip cannot have its signal, although its recording is there."""

from mmer.types.errors import InputError


class Unusable(InputError):
    """The piece of a recording gives no signal of its clip. The message is the reason.

    Raised by cleaning and by what is computed of a window; ``Signal.cut`` writes the message into ``Cut.missing`` and
    goes on with the next clip.
    """
