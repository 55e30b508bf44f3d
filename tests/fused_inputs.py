"""What fusions are given where all of them are tested: a face and two signals, of small models, some of them absent."""

from functools import partial

import numpy as np
import torch
from torch import nn

from conf_groups import CONF, options
from mmer.models.batch_norm import BatchNorm1d
from mmer.models.dropout import Dropout, seed_dropout
from mmer.models.fused import Fused
from mmer.models.gcn import Gcn
from mmer.stages.build import build, read_option
from mmer.types.samples import Sizes
from mmer.types.signal_window import SignalLayout

NODES, CLASSES = 5, 3
EDGES = np.array([[a, b] for a in range(NODES) for b in range(NODES) if abs(a - b) == 1]).T.copy()
STREAMS = {"graph": (2, NODES, 2), "eeg": (4, 5), "ecg": (1, 6)}
SIGNALS = {
    "eeg": SignalLayout(("F3", "F4", "C3", "C4"), ("delta", "theta", "alpha", "beta", "gamma")),
    "ecg": SignalLayout(("ECG",), sfreq=100.0),
}
SIZES = Sizes(CLASSES, STREAMS, tuple(f"AU{place:02}" for place in range(NODES)), EDGES, SIGNALS)
FUSIONS = [name for name in options("fusion") if name != "none"]


class Encoder(nn.Module):
    """A stream through one layer and a batch normalisation."""

    def __init__(self, stream: str, sizes: Sizes, hidden: int = 6) -> None:
        super().__init__()
        self.streams = (stream,)
        self.layer = nn.Linear(int(np.prod(sizes.streams[stream])), hidden, bias=False)
        self.norm, self.dropout = BatchNorm1d(hidden), Dropout(0.2)
        self.classifier = nn.Linear(hidden, sizes.n_classes)

    def forward(self, batch, edge_weight):
        (stream,) = self.streams
        return self.classifier(self.dropout(torch.relu(self.norm(self.layer(batch[stream].flatten(1))))))


def branches(*names):
    """Makers of the models of these streams."""
    made = {"face": partial(Gcn, hidden=4, layers=1)}
    return {name: made.get(name) or partial(Encoder, name) for name in names}


def fusion_node(name):
    """The yaml of a fusion, without what is not its own."""
    return {key: value for key, value in read_option("fusion", name, CONF).items() if key != "modality_dropout"}


def fused(name, streams=("face", "eeg", "ecg"), modality_dropout=0.3, sizes=SIZES, **keys):
    """A fusion of these streams, as its yaml has it but for ``keys``."""
    return Fused(sizes, branches(*streams), partial(build, fusion_node(name) | keys), modality_dropout)


def seeded(name, seed=0, **options):
    """A fusion in float64 with initial weights of a seed, none of which is zero."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = fused(name, **options)
        for parameter in model.parameters():
            parameter.data += 0.05 * torch.randn_like(parameter)
    seed_dropout(model, seed)
    return model.double()


def clips(n=8, seed=0, absent=True):
    """A batch: the first clip has everything, the others lack now this, now that, and the last has nothing."""
    generator = torch.Generator().manual_seed(seed)
    batch = {name: torch.randn(n, *shape, generator=generator, dtype=torch.float64) for name, shape in STREAMS.items()}
    for place, name in enumerate(STREAMS):
        there = torch.tensor([row in (0, n - 1) or row % 3 != place for row in range(n)]).double()
        there[-1] = 0
        batch[f"present.{name}"] = there if absent else torch.ones(n).double()
    return batch


def edge_weights(seed=0):
    return torch.rand(EDGES.shape[1], generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
