"""
Read what a run left
====================

``dvc repro`` writes artifacts; a notebook reads them. Run it once before: this page needs ``artifacts/``.
"""

# %%
# Predictions
# -----------
# Every number of the report is computed from these tables.

import pandas as pd
from matplotlib import pyplot

from mmer import notebook as mm
from mmer.metrics.scores import per_class
from mmer.types.audit import Audit
from mmer.types.fingerprint import Fingerprint
from mmer.types.saw import Saw

artifacts = mm.home() / "artifacts"
gcn = mm.read_predictions(artifacts / "predictions" / "gcn_casme2.parquet")
gcn

# %%
# What was run, exactly: protocol, classes, annotation files with their sha256, a hash of the folds.

Fingerprint.load(artifacts / "training" / "gcn_casme2" / "fingerprint.json")

# %%
# Two experiments
# ---------------
# On the same clips, in pairs. ``permutations`` says how many exchanges there were.

tables = {
    name: mm.read_predictions(artifacts / "predictions" / f"{name}.parquet") for name in ("logreg_casme2", "gcn_casme2")
}
mm.plot_scores(tables)

# %%

mm.compare(tables)[["a", "b", "difference", "low", "high", "permutation_p", "subjects"]].round(3)

# %%
# Which clips changed sides: right under one, wrong under the other.

merged = gcn.merge(tables["logreg_casme2"], on=["clip_id", "truth"], suffixes=("_gcn", "_logreg"))
changed = (merged.predicted_gcn == merged.truth) != (merged.predicted_logreg == merged.truth)
pd.DataFrame(merged.loc[changed, ["clip_id", "truth", "predicted_gcn", "predicted_logreg"]]).head(8)

# %%
# Class by class.

per_class(gcn).round(3)

# %%
# What a model saw
# ----------------
# Gradients of the predicted class by node, mean over runs and clips. This is no cause: a node may matter because of
# the corpus, and the spread over folds says how far to trust the picture.

saw = Saw.load(artifacts / "training" / "gcn_casme2" / "saw.npz")
view = next(view for view in saw.views if view.over == "nodes")
table = pd.DataFrame(view.runs, columns=view.names)
_, ax = pyplot.subplots(figsize=(6, 3), layout="constrained")
ax.bar(range(len(view.names)), table.mean(), yerr=table.std(), color="tab:blue", capsize=2)
ax.set_xticks(range(len(view.names)), view.names, rotation=60, fontsize=7)
ax.set_ylabel(view.kind)
ax.set_title("mean over folds, with its standard deviation", fontsize=9)

# %%
# What was fitted on whom
# -----------------------
# The ledger of every fold, which the audit checks: nothing was fitted on a clip that the fold tests.

ledger = pd.read_parquet(artifacts / "training" / "gcn_casme2" / "ledger.parquet")
splits = pd.read_parquet(artifacts / "training" / "gcn_casme2" / "splits.parquet")
tested = splits[splits.side == "test"].groupby("fold").clip_id.agg(set)
leaks = [row.fold for row in ledger.itertuples() if tested[row.fold] & set(row.clip_ids)]
assert not leaks
ledger.assign(clips=ledger.clip_ids.str.len())[["fold", "fitted", "clips"]].head(6)

# %%
# The audit
# ---------
# ``mmer audit gcn_casme2`` trains again with poisoned and with shuffled labels, and leaves its findings in
# artifacts/audit.

path = artifacts / "audit" / "gcn_casme2.json"
findings = Audit.load(path).findings if path.is_file() else ()
pd.DataFrame([(one.check, one.status, one.summary) for one in findings], columns=["check", "status", "summary"])

# %%
# *Poison*: the labels of the test clips are replaced and everything is trained again; a probability that moves had
# seen them. *Shuffle*: with training labels in another order a model should fall to chance. What was not checked is
# ``skipped``, and counts as a warning. An empty table here means: not audited yet. An audit of another state of
# code, config or predictions is old, and the report says so.
