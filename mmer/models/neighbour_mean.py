"""The mean over a node's neighbours as a matrix, for one fold or K."""

import torch
from torch import Tensor

OWN = ("none", "loop", "rest")


def neighbour_mean(place: Tensor, edge_weight: Tensor, nodes: int, own: str) -> Tensor:
    """Return an adjacency whose rows sum to 1: multiplied with it, a node has the weighted mean of its sources.

    Parameters
    ----------
    place : Tensor of shape (E,), or (K, E), int64
        target * nodes + source of every edge: row = target.
    edge_weight : Tensor of the same shape
        At least 0. An edge from a node to itself is left out.
    nodes : int
    own : str
        What a node has of itself. ``none``: nothing, and one without neighbours has a row of zeros; ``loop``: as much
        as of a neighbour of weight 1; ``rest``: what the weights into it leave to 1.

    Returns
    -------
    Tensor of shape (N, N), or (K, N, N)
    """
    flat = edge_weight.new_zeros(*edge_weight.shape[:-1], nodes**2).scatter_add(-1, place, edge_weight)
    loops = torch.eye(nodes, dtype=flat.dtype, device=flat.device)
    adjacency = flat.unflatten(-1, (nodes, nodes)) * (1 - loops)
    if own == "loop":
        adjacency = adjacency + loops
    elif own == "rest":
        adjacency = adjacency + loops * (1 - adjacency.sum(-1, keepdim=True)).clamp_min(0)
    return adjacency / adjacency.sum(-1, keepdim=True).clamp_min(1e-12)
