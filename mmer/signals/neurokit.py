"""NeuroKit2, imported where it is first needed (4 s) and without its remarks.

Makowski, Pham, Lau, Brammer, Lespinasse, Pham, Schoelzel, Chen: NeuroKit2: A Python toolbox for neurophysiological
signal processing, Behavior Research Methods 53 (2021).
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

# Said while it is imported, and by numpy under it where a window has few events; what comes back is checked instead.
REMARKS = (
    *("scipy.misc is deprecated", "Mean of empty slice", "All-NaN slice encountered"),
    *("invalid value encountered", "Degrees of freedom <= 0"),
)
# What its detectors raise where there is nothing to detect, e.g. in a constant line.
NOTHING = (IndexError, ValueError, ZeroDivisionError)


def ask(function: str, line: np.ndarray, sfreq: float, **options: Any) -> dict[str, np.ndarray] | None:
    """Call a detector of NeuroKit2.

    Parameters
    ----------
    function : str
        E.g. ``ecg_findpeaks``.
    line : ndarray of shape (S,)
    sfreq : float, hertz
    **options
        Of the function.

    Returns
    -------
    dict of str to ndarray, or None
        What it found; None where it found nothing to work on.
    """
    with warnings.catch_warnings():
        for remark in REMARKS:
            warnings.filterwarnings("ignore", message=remark)
        import neurokit2

        call: Callable[..., Any] = getattr(neurokit2, function)
        try:
            # Rates are whole numbers inside of it; moments are counted in samples, so rounding moves nothing.
            found = call(np.asarray(line, float), sampling_rate=round(sfreq), **options)
        except NOTHING:
            return None
    return dict(found[1] if isinstance(found, tuple) else found)
