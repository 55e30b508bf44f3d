"""What models saw, on the page: drawings of known values, names of nodes, and no section where there is nothing."""

from dataclasses import replace

import numpy as np
import pytest
from page_for_tests import Page, render
from records_for_tests import SIZE, dataset_records, experiment_record, motion_of, samples_of, unit_record

from fakes import clips_table
from mmer.report.saw_faces import saw_tiles, strongest
from mmer.report.saw_graph import circle_graph, node_table
from mmer.report.saw_groups import Group, edge_weights, even_share, groups_of, with_edges
from mmer.types.saw import Saw, View

NODES = 5


@pytest.fixture
def clips():
    return clips_table()


def saw_of(clips, names=None, views=None, seed=0):
    """Return what three invented runs saw of the clips."""
    random, samples = np.random.default_rng(seed), samples_of(clips, NODES)
    names, n = names or samples.node_names, len(clips)

    def view(kind, over, *shape, names=names):
        values = random.random((n, *shape)).astype(np.float32) - 0.3 * (kind == "input x gradient")
        return View(
            kind,
            "layer",
            over,
            names,
            values,
            np.stack([values[:5].mean(0)] * 3) * [[[1]], [[2]], [[3]]]
            if over == "pairs"
            else np.stack([values[:5].mean(0)] * 3),
        )

    edges = samples.edge_index.shape[1]
    views = views or (
        view("gradient", "nodes", NODES),
        view("input x gradient", "nodes", NODES),
        view("attention", "pairs", NODES, NODES),
        view("adjacency", "edges", edges, names=()),
        view("gradient", "face", 12, 12, names=()),
    )
    runs = tuple((0, 0, fold) for fold in "abc")
    return Saw(
        tuple(clips.clip_id), runs, names, samples.edge_index, random.random((3, edges)).astype(np.float32), views
    )


def test_the_page_names_nodes_edges_and_what_they_are_not(clips):
    record = experiment_record(clips=clips, saw=saw_of(clips))
    html = render([record], dataset_records(clips))
    page = Page(html)
    assert html == render([record], dataset_records(clips))
    assert len(set(page.ids)) == len(page.ids)
    for words in (
        "What the models saw 18 test clips, each shown to the models of the folds that test it: 3 runs",
        "None of this is a cause.",
        "Attention: the share of a source",
        "Edge weights by - widest line",
        "Attention widest line",
        "Adjacency widest line",
        "Gradient by node Node all disgust happiness surprise SD over runs AU",
        "Input × gradient by node",
        "gradient of layer bright: most",
    ):
        assert words in page.text, words
    for name in samples_of(clips, NODES).node_names:
        assert f">{name}</text>" in html
    assert "→" in page.text


def test_nothing_kept_is_no_section(clips):
    html = render([experiment_record(clips=clips)], dataset_records(clips))
    assert "What the models saw" not in html
    bare = replace(saw_of(clips), views=())
    assert "What the models saw" not in render([experiment_record(clips=clips, saw=bare)], dataset_records(clips))


def test_pixels_alone_and_units(clips):
    face = saw_of(clips).views[-1:]
    text = Page(render([experiment_record(clips=clips, saw=saw_of(clips, views=face), samples=None)])).text
    assert "Attention" not in text
    text = Page(render([unit_record("units", clips, saw=saw_of(clips))], dataset_records(clips))).text
    assert "the logit of the most probable unit" in text
    assert "Gradient by node Node all SD over runs" in text


def test_names_are_escaped(clips):
    evil = tuple(f"<script>{i}</script>&\"'" for i in range(NODES))
    samples = replace(samples_of(clips, NODES), node_names=evil)
    record = experiment_record(clips=clips, samples=samples, saw=saw_of(clips, evil))
    html = render([record], dataset_records(clips))
    page = Page(html)
    assert "<script>0" not in html
    assert "<script>1" not in html
    assert evil[0] in page.text


def test_the_circle_shows_means_and_spread_over_runs():
    runs = np.full((3, 3, 3), np.nan)
    runs[:, 1, 0] = 0.2, 0.4, 0.6  # from the first to the second
    runs[:, 0, 1] = 0.1
    runs[:, 2, 2] = 9  # a loop
    group = Group("edge weights", "pairs", ("a", "b", "alone"), (), runs[:0], runs)
    assert with_edges(group).names == ("a", "b")
    drawn = circle_graph("Fitted", group, {"a": 1.0})
    assert drawn.rows == (("a → b", "0.4", "± 0.2"), ("b → a", "0.1", "± 0"))
    assert [name for *_, name in drawn.nodes] == ["a", "b"]
    assert drawn.nodes[0][2] > drawn.nodes[1][2]
    (_, _, thin, strong, _), (_, _, wide, faint, words) = drawn.lines
    assert wide / thin == pytest.approx(4, rel=0.02)
    assert strong == 1 > faint == pytest.approx(1 - 0.75 * 0.5, abs=0.01)
    assert words == "a → b 0.4 ± 0.2"
    assert circle_graph("", replace(group, runs=np.full((3, 3, 3), np.nan)), {}) is None


def test_edges_of_equal_weight_are_not_drawn(clips):
    saw = saw_of(clips)
    assert edge_weights(saw) is not None
    assert edge_weights(replace(saw, edge_weight=np.ones_like(saw.edge_weight))) is None


def test_layers_of_a_kind_are_averaged(clips):
    saw = saw_of(clips)
    first = saw.views[0]
    again = replace(first, layer="other", values=3 * first.values)
    (group,) = groups_of(replace(saw, views=(first, again)))
    assert group.layers == ("layer", "other")
    np.testing.assert_allclose(group.values, 2 * first.values)


def test_shares_are_of_each_clip():
    values = np.array([[1.0, 3], [10, 0], [np.nan, np.nan], [0, 0]])
    group = Group("gradient", "nodes", ("a", "b"), ("graph",), values, np.array([[1.0, 3], [3, 1]]))
    table = node_table("", group, [("first", np.array([True, False, False, True])), ("none", np.zeros(4, bool))])
    assert table.columns == ("all", "first")
    assert table.rows[0] == ("a", (("62.5", 0.833), ("25.0", 0.333)), "± 35.4")
    assert table.rows[1] == ("b", (("37.5", 0.5), ("75.0", 1.0)), "± 35.4")
    signed = node_table("", replace(group, values=values * [1, -1]), [])
    assert signed.signed
    assert signed.rows[1][1] == (("−37.5", -0.6),)


def test_the_stronger_direction_of_the_strongest_pairs():
    matrix = np.array([[9, 0.1, np.nan], [0.3, 9, -0.4], [0, 0.2, 9]])
    assert strongest(matrix, 5) == [(1, 2, -0.4), (1, 0, 0.3)]
    assert strongest(matrix, 1) == [(1, 2, -0.4)]


def test_an_even_share_is_known_where_shares_sum_to_one():
    assert even_share(np.full((4, 4), 0.25)) == 0.25
    assert even_share(np.full((4, 4), 0.3)) is None
    assert even_share(np.full((4, 4), np.nan)) is None


def test_discs_lie_where_the_nodes_are(clips):
    samples, saw = samples_of(clips, NODES), saw_of(clips)
    clip = samples.clip_ids[3]
    motion = motion_of(clips).of(clip)
    tiles = {tile.title: tile for tile in saw_tiles(saw, groups_of(saw), samples, motion, clip)}
    assert set(tiles) == {"gradient", "input × gradient", "attention", "adjacency", "gradient of layer"}
    assert tiles["gradient"].view == (0, 0, SIZE, SIZE)
    most = int(saw.views[0].values[3].argmax())
    assert tiles["gradient"].note.startswith(samples.node_names[most])
    x, y = samples.positions[3, most]
    kind, path, _ = max(tiles["gradient"].marks, key=lambda mark: mark[2])
    assert kind == "disc"
    assert f"M{x:.1f} {y:.1f}h0" in path
    assert any(kind == "disc minus" for kind, *_ in tiles["input × gradient"].marks)
    samples.positions[3] = np.nan
    assert [tile.title for tile in saw_tiles(saw, groups_of(saw), samples, motion, clip)] == ["gradient of layer"]
    assert saw_tiles(saw, groups_of(saw), None, None, clip) == ()
    assert saw_tiles(saw, groups_of(saw), samples, motion, "unknown") == ()


def test_nodes_over_time_lie_where_their_node_is(clips):
    samples = samples_of(clips, 2)
    names = ("AU01@0", "AU02@0", "AU01@1", "AU02@1")
    values = np.zeros((len(clips), 4, 4), np.float32)
    values[:, 3, 0] = 0.5
    saw = Saw(
        samples.clip_ids,
        ((0, 0, "a"),),
        samples.node_names,
        samples.edge_index,
        np.ones((1, 4), np.float32),
        (View("attention", "layer", "pairs", names, values, values[:1]),),
    )
    (tile,) = saw_tiles(saw, groups_of(saw), samples, None, samples.clip_ids[0])
    assert tile.note == "AU01@0 → AU02@1 0.50"


def test_many_nodes_stay_small(clips):
    samples, random = samples_of(clips, 68), np.random.default_rng(0)
    values = random.random((len(clips), 68, 68)).astype(np.float32)
    views = (
        View("gradient", "graph", "nodes", samples.node_names, values[:, 0], values[:3, 0]),
        View("attention", "layer", "pairs", samples.node_names, values, values[:3]),
    )
    runs, edges = tuple((0, 0, fold) for fold in "abc"), samples.edge_index
    saw = Saw(samples.clip_ids, runs, samples.node_names, edges, random.random((3, edges.shape[1])), views)
    sizes = [
        len(render([experiment_record(clips=clips, samples=samples, saw=seen)], dataset_records(clips)).encode())
        for seen in (None, saw)
    ]
    assert sizes[1] - sizes[0] < 120_000
