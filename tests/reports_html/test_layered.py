"""The layout of the graph."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.questions.architecture import cycles
from cascade.reports.data import Edge, Graph, Node, Unit
from cascade.reports.html.axis import make_axis
from cascade.reports.html.drawing import BOXES_MAX, view_graph
from cascade.reports.html.layered import lay_out

NAMES = tuple("abcdefgh")


def test_arrows_run_from_left_to_right() -> None:
    layout = lay_out(dict.fromkeys("abc", (100.0, 40.0)), [("a", "b"), ("b", "c"), ("a", "c")])
    assert layout.corners["a"][0] < layout.corners["b"][0] < layout.corners["c"][0]
    assert layout.routes["a", "c"].points[0][0] == layout.corners["a"][0] + 100
    assert not any(route.is_back for route in layout.routes.values())


def test_the_arrow_that_closes_a_cycle_runs_back() -> None:
    layout = lay_out(dict.fromkeys("ab", (10.0, 10.0)), [("a", "b"), ("b", "a")])
    assert not layout.routes["a", "b"].is_back and layout.routes["b", "a"].is_back


graphs = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=20)


@settings(max_examples=60)
@given(edges=graphs, heights=st.lists(st.integers(10, 90), min_size=8, max_size=8))
def test_boxes_never_overlap_and_forward_arrows_advance(edges, heights) -> None:
    sizes = {name: (40.0, float(height)) for name, height in zip(NAMES, heights, strict=True)}
    layout = lay_out(sizes, edges, last=frozenset("h"))
    boxes = [(*layout.corners[name], *sizes[name]) for name in NAMES]
    for (x, y, w, h), (u, v, a, b) in itertools.combinations(boxes, 2):
        assert x + w <= u or u + a <= x or y + h <= v + 1e-6 or v + b <= y + 1e-6
    assert all(x >= 0 and y >= -1e-6 for x, y, _, _ in boxes)
    assert set(layout.routes) == {(a, b) for a, b in edges if a != b}
    assert layout == lay_out(sizes, edges, last=frozenset("h"))


@settings(max_examples=60)
@given(edges=graphs)
def test_cycles_are_what_reaches_itself(edges) -> None:
    following = {name: {b for a, b in edges if a == name} for name in NAMES}

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        pending = [start]
        while pending:
            for name in following[pending.pop()] - seen:
                seen.add(name)
                pending.append(name)
        return seen

    expected = {frozenset(b for b in NAMES if b in reached(a) and a in reached(b)) for a in NAMES}
    assert {frozenset(c) for c in cycles(NAMES, tuple(edges))} == {c for c in expected if len(c) > 1}


def test_a_thousand_boxes_are_laid_out_in_a_moment() -> None:
    names = [f"n{i}" for i in range(1000)]
    edges = [(names[i // 3], names[i]) for i in range(1, 1000)]
    layout = lay_out(dict.fromkeys(names, (150.0, 40.0)), edges)
    assert len(layout.corners) == 1000


def test_six_hours_and_one_minute_can_both_be_read() -> None:
    axis = make_axis([0, 60_000, 360_000, 21_660_000], 21_660_000, is_timed=True)
    widths = [b - a for a, b in itertools.pairwise(axis.xs[1:])]
    assert widths == sorted(widths)
    assert widths[0] >= 50 and widths[-1] <= 6 * widths[0]


def test_of_very_many_boxes_the_way_from_the_culprit_to_the_outage_is_drawn() -> None:
    crowd = [f"s{i}" for i in range(500)]
    way = ["culprit", "middle", "top"]
    names = [*crowd, *way, "down"]
    units = tuple(
        Unit(name=n, kind="outage" if n == "down" else "component", text="", needs="", nodes=(n,)) for n in names
    )
    nodes = tuple(Node(name=n, label=n, type_name="", text="", unit=n, place=None) for n in names)
    pairs = [*(("down", name) for name in crowd), ("down", "top"), ("top", "middle"), ("middle", "culprit")]
    edges = tuple(Edge(user=user, used=used, in_loop=False) for user, used in pairs)
    graph = Graph(units=units, nodes=nodes, edges=edges, links=(), loops=())
    view = view_graph(graph, ["culprit", *crowd])
    shown = [box.unit.name for box in view.boxes]
    assert len(shown) == BOXES_MAX and {"down", *way} <= set(shown)
    assert view.hidden_count == len(names) - BOXES_MAX
    assert {("top", "middle"), ("middle", "culprit")} <= {(arrow.user, arrow.used) for arrow in view.arrows}
