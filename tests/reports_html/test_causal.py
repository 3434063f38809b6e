"""The causal graph of a run: what led to what, and no more arrows than that takes."""

from dataclasses import replace

from cascade.reports.data import Conclusion, Report, Run
from cascade.reports.html.causal import NODES_MAX, view_causes


def chain(run: Run, count: int) -> Run:
    """A run of `count` events, each of which all earlier ones made possible."""
    step = run.steps[0]
    steps = tuple(
        replace(step, number=k, causes=tuple(range(1, k)), passed_on=("x",) * (k - 1)) for k in range(1, count + 1)
    )
    conclusions = tuple(Conclusion(number=k, values="x") for k in range(1, count + 1))
    return replace(run, steps=steps, conclusions=conclusions)


def test_the_graph_leads_from_the_fault_to_the_end(pair: Report) -> None:
    view = view_causes(pair.runs[0])
    assert view is not None
    assert [(n.event, n.command_class, n.name) for n in view.nodes] == [
        (1, "fault", "switches[1].half_dead"),
        (2, "reaction", "db.lose_cache"),
        (4, "reaction", "db.warm_up"),
        (None, "end", "down is over"),
    ]
    assert [(a.start, a.end, a.label) for a in view.arrows] == [
        (1, 2, "switches[1].health"),
        (2, 4, "db.cold"),
        (4, 0, "db.cold"),
    ]
    assert view.nodes[1].text.startswith("1 min; cold → true; down → true")


def test_what_a_chain_says_has_no_arrow_of_its_own(pair: Report) -> None:
    view = view_causes(chain(pair.runs[0], 12))
    assert view is not None
    assert [(a.start, a.end) for a in view.arrows] == [*((k, k + 1) for k in range(1, 12)), (12, 0)]


def test_boxes_and_what_stands_in_them_have_room(pair: Report) -> None:
    view = view_causes(pair.runs[0])
    assert view is not None
    for node in view.nodes:
        assert node.x >= 0 and node.x + node.width <= view.width and node.y + node.height <= view.height
        assert len(node.text) * 6 <= node.width


def test_long_runs_have_none(pair: Report) -> None:
    assert view_causes(chain(pair.runs[0], NODES_MAX)) is not None
    assert view_causes(chain(pair.runs[0], NODES_MAX + 1)) is None
