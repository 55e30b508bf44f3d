"""Every edge rule in a fold: other labels on its test clips change nothing, and the ledger says what it was given."""

from dataclasses import replace
from functools import partial

import numpy as np

from mmer.audit.poison import poison
from mmer.graphs.edges.au_probability import AuProbability
from mmer.graphs.nodes.action_units import ActionUnits
from mmer.graphs.nodes.landmarks import Landmarks
from mmer.models.gcn import Gcn
from mmer.stages.build import build, read_option
from mmer.training.folds import fit_fold
from mmer.types.samples import Samples

UNITS = ("AU01", "AU02", "AU04", "AU09", "AU12")
RECIPES = {
    "au_probability": {"threshold": 0.1, "binarise": True, "reweight": 0.25},
    "temporal": {"within": "nearest"},
}
ON_LANDMARKS = ("au_regions", "nearest", "temporal")


def with_rule(task, rule, everything=False):
    """Give a task the rule's nodes and edges and a model that reads them; ``everything``: it counts all clips."""
    nodes = (Landmarks() if rule.name in ON_LANDMARKS else ActionUnits(action_units=UNITS)).node_set()
    x = np.random.default_rng(7).normal(size=(len(task.samples.clip_ids), 1, len(nodes.names), 2))
    samples = Samples(
        clip_ids=task.samples.clip_ids,
        streams={"graph": x.astype(np.float32)},
        present=task.samples.present,
        node_names=nodes.names,
        feature_names=("u", "v"),
        edge_index=rule.edge_index(nodes),
    )
    fit, whole = partial(rule.fit, nodes), rule.fit(nodes, task.targets)
    fit_edges = (lambda _: whole) if everything else fit
    return replace(task, samples=samples, fit_edges=fit_edges, make_model=partial(Gcn, hidden=4))


def test_a_fold_with_any_rule_keeps_every_bit(invented, edges_name):
    rule = build(read_option("edges", edges_name) | RECIPES.get(edges_name, {}))
    change = partial(with_rule, rule=rule)
    experiment = invented(epochs=1)
    finding = poison(change(experiment.task), experiment.splits[:1], experiment.poisoned(change))
    assert finding.status == "clean", finding.summary
    assert finding.details["folds"][0]["changed"] == 4
    split = experiment.splits[0]
    assert set(fit_fold(change(experiment.task), split).seen["edge_weight"]) == set(split.train)


def test_a_rule_fitted_on_all_clips_is_found(invented):
    experiment, change = invented(epochs=1), partial(with_rule, rule=AuProbability(), everything=True)
    finding = poison(change(experiment.task), experiment.splits[:1], experiment.poisoned(change))
    assert finding.status == "leak"
    assert finding.details["folds"][0]["labels"][0] == "edge weights"
