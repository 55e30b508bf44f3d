"""An edge rule that workers can be sent: two conftest modules in one run share a name."""

import numpy as np


def edges_from_units(targets):
    """As a rule that counts action units would: it depends on every training clip."""
    return np.full(8, 0.1 + np.nanmean(targets.action_units), np.float32)
