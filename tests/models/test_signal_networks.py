"""Networks of recordings by channel: what they ask of a stream, and what they do not depend on."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mmer.models.signal_cnn import SignalCnn
from mmer.models.signal_mlp import SignalMlp
from mmer.types.errors import InputError
from mmer.types.samples import Sizes
from mmer.types.signal_window import SignalLayout

LAYOUTS = {"ecg": SignalLayout(("ECG",), sfreq=64.0), "heart": SignalLayout(("ECG",), features=("rate", "interval"))}
SIZES = Sizes(3, {"ecg": (1, 512), "heart": (1, 2), "graph": (1, 2, 2)}, ("a", "b"), np.zeros((2, 0), int), LAYOUTS)


def test_a_beat_may_come_at_any_time():
    """The same beats four pools later: the same logits, but for what is at the borders."""
    torch.manual_seed(0)
    model = SignalCnn(SIZES, dropout=0.0).eval()
    clip = torch.zeros(1, 1, 512)
    clip[..., 128:160] = torch.randn(32)
    later = torch.roll(clip, 256, -1)
    torch.testing.assert_close(model({"ecg": later}, None), model({"ecg": clip}, None), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "keys", "words"),
    [
        (SignalCnn, {"kernel": 4}, ["kernel must be an odd number"]),
        (SignalCnn, {"blocks": 5}, ["need 1024 samples", "'ecg' has 512 (8 s at 64 Hz)", "fewer `blocks`"]),
        (SignalCnn, {"stream": "heart"}, ["samples over time", "rate, interval", "signal_mlp"]),
        (SignalCnn, {"stream": "graph"}, ["'graph' is no signal", "ecg, heart"]),
        (SignalMlp, {"stream": "ecg"}, ["reads features", "'ecg'", "signal_cnn"]),
        (SignalMlp, {"stream": "eda"}, ["'eda'", "name it under `signals`"]),
        (SignalMlp, {"hidden": 0}, ["hidden", "at least 1"]),
        (SignalMlp, {"sizes": replace(SIZES, streams={"heart": (0, 2)})}, ["(C, S) or (C, F) with no zero"]),
    ],
)
def test_what_does_not_fit_is_said(kind, keys, words):
    with pytest.raises(InputError) as caught:
        kind(**({"sizes": SIZES} | keys))
    for word in words:
        assert word in str(caught.value)
