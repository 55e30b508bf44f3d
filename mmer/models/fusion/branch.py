"""Branch: a model of conf/model without its classifier, for clips of which some lack what it reads."""

from contextlib import nullcontext

import torch
from torch import Tensor, nn

from mmer.models.batch_norm import only_rows
from mmer.types.errors import InputError
from mmer.types.samples import Sizes


class Branch(nn.Module):
    """What enters the classifier of a model: its features.

    Parameters
    ----------
    name : str
        Of the stream, for the messages.
    model : nn.Module
        Of conf/model; it loses its classifier.
    sizes : Sizes

    Attributes
    ----------
    streams : tuple of str
        The model's.
    width : int
        D.

    Raises
    ------
    InputError
        The model is not one that is trained in steps, or has no classifier.
    """

    def __init__(self, name: str, model: nn.Module, sizes: Sizes) -> None:
        super().__init__()
        if not isinstance(getattr(model, "classifier", None), nn.Module):
            raise InputError(
                f"the model of {name!r}, {type(model).__name__}, has no last layer whose input could be fused; choose "
                "a network, e.g. `model: gcn`"
            )
        model.classifier = _Weights(model.classifier) if getattr(model, "reads_classifier", False) else nn.Flatten()
        if getattr(model, "unit_weight", 0) > 0:
            model.unit_head = UnitsOfPresent(model.unit_head)
        self.model, self.streams = model, tuple(model.streams)
        self.width = self._width(sizes)

    def _width(self, sizes: Sizes) -> int:
        """Count the features of a clip, by asking for those of one."""
        batch = {name: torch.zeros(1, *sizes.streams[name]) for name in self.streams}
        training = self.model.training
        with torch.no_grad():
            features = self.model.eval()(batch, torch.ones(sizes.edge_index.shape[1]))
        self.model.train(training)
        return features.flatten(1).shape[1]

    @property
    def dead_parameters(self) -> dict[str, str]:
        """Those of the model."""
        dead = dict(getattr(self.model, "dead_parameters", {}))
        return {f"model.{name}": why for name, why in dead.items() if not name.startswith("classifier")}

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor, there: Tensor) -> Tensor:
        """Return features (B, D); those of absent clips mean nothing, and no other clip's hang on them.

        Parameters
        ----------
        batch : dict of str to Tensor
            Zeros where a clip is absent.
        edge_weight : Tensor of shape (E,)
        there : Tensor of shape (B,)
        """
        head = getattr(self.model, "unit_head", None)
        if isinstance(head, UnitsOfPresent):
            head.there = there
        with only_rows(self.model, there) if self.training else nullcontext():
            features = self.model({name: batch[name] for name in self.streams}, edge_weight).flatten(1)
        if isinstance(head, UnitsOfPresent):
            head.there = None  # it belongs to this batch
        return features


class UnitsOfPresent(nn.Module):
    """Logits of action units (``mmer.models.unit_detection``) that teach nothing where a clip lacks its face.

    Parameters
    ----------
    head : nn.Module
    """

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.head = head
        self.there: Tensor | None = None

    def forward(self, nodes: Tensor) -> Tensor:
        """Return logits (B, A), 0 where the face is absent."""
        logits = self.head(nodes)
        return logits if self.there is None else torch.where(self.there[:, None] > 0, logits, 0)


class _Weights(nn.Module):
    """The weights of a classifier that a model reads for something else, and that classifies nothing."""

    def __init__(self, classifier: nn.Linear) -> None:
        super().__init__()
        self.weight = classifier.weight

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x``."""
        return x
