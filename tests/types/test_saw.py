"""Saw: runs are put together clip by clip, and what is written is read again."""

import numpy as np
import pytest

from mmer.types.errors import InputError
from mmer.types.saw import Saw, View, mean_over_clips

EDGES = np.array([[0, 1, 2], [1, 2, 0]])
NAMES = ("AU01", "AU04", "AU12")


def one(run, clips, value, names=NAMES):
    values = np.full((len(clips), 3), value, np.float32)
    views = (View("gradient", "graph", "nodes", names, values, mean_over_clips(values)[None]),)
    return Saw(clips, (run,), NAMES, EDGES, np.full((1, 3), value, np.float32), views)


def test_a_clip_of_several_runs_has_their_mean():
    blind = one((1, 0, "b"), ("c2",), np.nan)
    whole = Saw.merge(
        [one((0, 0, "b"), ("c2", "c1"), 1.0), one((0, 0, "a"), ("c3",), 5.0), one((1, 0, "b"), ("c1",), 2.0), blind]
    )
    assert whole.clip_ids == ("c1", "c2", "c3")
    assert whole.runs == ((0, 0, "b"), (0, 0, "a"), (1, 0, "b"), (1, 0, "b"))
    (view,) = whole.views
    np.testing.assert_array_equal(view.values, [[1.5] * 3, [1] * 3, [5] * 3])
    np.testing.assert_array_equal(view.runs[:, 0], [1, 5, 2, np.nan])
    np.testing.assert_array_equal(whole.edge_weight[:, 0], [1, 5, 2, np.nan])


def test_is_written_and_read(tmp_path):
    whole = Saw.merge([one((0, 0, "a"), ("c1",), 1.0), one((0, 1, "b"), ("c2",), 2.0)])
    for name in ("one", "other"):
        whole.save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    again = Saw.load(tmp_path / "one")
    assert (again.clip_ids, again.runs, again.node_names) == (whole.clip_ids, whole.runs, whole.node_names)
    assert again.views[0].names == NAMES
    np.testing.assert_array_equal(again.views[0].values, whole.views[0].values)


def test_a_view_is_a_table_by_clip_and_name():
    whole = one((0, 0, "a"), ("c1", "c2"), 1.0)
    over_edges = View("adjacency", "layer", "edges", (), np.array([[1, 2, 3], [4, 5, 6]]), np.zeros((1, 3)))
    table = whole.table(over_edges).set_index(["clip_id", "source", "target"]).value
    assert (table["c2", "AU04", "AU12"], table["c1", "AU12", "AU01"]) == (5, 3)
    face = View("gradient", "flow", "face", (), np.arange(8).reshape(2, 2, 2), np.zeros((1, 2, 2)))
    assert whole.table(face).set_index(["clip_id", "y", "x"]).value["c2", 1, 0] == 6
    nodes = whole.table(whole.views[0])
    assert list(nodes.columns) == ["clip_id", "node", "value"]
    assert len(nodes) == 6


def test_what_does_not_fit_is_refused(tmp_path):
    with pytest.raises(InputError, match="no run"):
        Saw.merge([])
    with pytest.raises(InputError, match="not of one model"):
        Saw.merge([one((0, 0, "a"), ("c1",), 1.0), one((0, 0, "b"), ("c2",), 1.0, ("a", "b", "c"))])
    with pytest.raises(InputError, match="must have shape"):
        one((0, 0, "a"), ("c1",), 1.0, ("AU01",))
    (tmp_path / "broken").write_bytes(b"x")
    with pytest.raises(InputError, match="not an npz file"):
        Saw.load(tmp_path / "broken")
