"""Why a run could happen, as a graph: the events that what it shows rests on, and which made which possible. Where everything stands on the page.

An arrow is left out where a chain of others leads the same way: a fault that every later event rests on would be joined to each of them.
"""

import itertools

from cascade.diagnostics.durations import duration_text
from cascade.records import dataclass
from cascade.reports.data import Run, Step
from cascade.reports.html.layered import Route, lay_out

NODES_MAX = 30
"""Longer chains are told by the lanes and the table alone."""

MARGIN = 10.0
_HEIGHT = 40.0
_NARROWEST, _WIDEST = 130.0, 290.0
_GAP = 118.0
_NAME_CHARACTER, _TEXT_CHARACTER, _LABEL_CHARACTER = 7.2, 6.2, 5.8
_NAME_ROOM, _TEXT_ROOM = 42.0, 20.0
_EFFECTS_MAX = 2
_END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class CausalNode:
    """An event with what it changed, or (`event` is None) the end, which all of it leads to."""

    event: int | None
    command_class: str
    name: str
    text: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CausalArrow:
    """From an event to one that it made possible. `label` are the values that it passed on, as far as there is room; `end` is 0 for the end."""

    path: str
    start: int
    end: int
    title: str
    label: str
    label_x: float
    label_y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CausalView:
    """The whole drawing."""

    width: float
    height: float
    nodes: tuple[CausalNode, ...]
    arrows: tuple[CausalArrow, ...]


def view_causes(run: Run) -> CausalView | None:
    """The drawing for `run`; None where there is nothing to draw, or too much."""
    steps = {step.number: (event, step) for event, step in enumerate(run.steps, start=1) if step.number is not None}
    if not 1 <= len(steps) <= NODES_MAX:
        return None
    texts = {str(event): (step.command, _effects(step, run)) for event, step in steps.values()}
    texts[_END] = (_ending(run), "")
    edges: dict[tuple[str, str], str] = {}
    for event, step in steps.values():
        for cause, values in zip(step.causes, step.passed_on, strict=True):
            edges[str(steps[cause][0]), str(event)] = values
    for conclusion in run.conclusions:
        edges[str(steps[conclusion.number][0]), _END] = conclusion.values
    edges = _without_shortcuts(edges)
    sizes = {name: (_width(*lines), _HEIGHT) for name, lines in texts.items()}
    layout = lay_out(sizes, list(edges), layer_gap=_GAP, box_gap=14, last=frozenset({_END}))
    classes = {str(event): step.command_class for event, step in steps.values()}
    nodes = tuple(
        CausalNode(
            event=None if name == _END else int(name),
            command_class=classes.get(name, "end"),
            name=_fitting(head, sizes[name][0] - _NAME_ROOM, _NAME_CHARACTER),
            text=_fitting(text, sizes[name][0] - _TEXT_ROOM, _TEXT_CHARACTER),
            x=round(layout.corners[name][0] + MARGIN, 1),
            y=round(layout.corners[name][1] + MARGIN, 1),
            width=sizes[name][0],
            height=_HEIGHT,
        )
        for name, (head, text) in texts.items()
    )
    return CausalView(
        width=round(layout.width + 2 * MARGIN, 1),
        height=round(layout.height + 2 * MARGIN, 1),
        nodes=nodes,
        arrows=_arrows(edges, layout.routes),
    )


def _without_shortcuts(edges: dict[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """The arrows that no chain of others stands for: the transitive reduction, as causes come before what they cause."""
    following: dict[str, list[str]] = {}
    for source, target in edges:
        following.setdefault(source, []).append(target)
    reached: dict[str, frozenset[str]] = {}

    def beyond(name: str) -> frozenset[str]:
        if name not in reached:
            reached[name] = frozenset().union(*({n} | beyond(n) for n in following.get(name, ())))
        return reached[name]

    return {
        (source, target): values
        for (source, target), values in edges.items()
        if not any(target in beyond(other) for other in following[source] if other != target)
    }


def _ending(run: Run) -> str:
    return run.ending.removeprefix("here ").partition(" later ")[2] or run.ending.removeprefix("here ")


def _effects(step: Step, run: Run) -> str:
    """When, and what it changed of what matters."""
    changes = [change for change in step.changes if change.is_relevant] or list(step.changes)
    shown = [f"{change.name.rpartition('.')[2]} → {change.after}" for change in changes[:_EFFECTS_MAX]]
    time = [duration_text(step.time_ms)] if run.is_timed and step.time_ms else []
    return "; ".join([*time, *shown])


def _width(name: str, text: str) -> float:
    needed = max(len(name) * _NAME_CHARACTER + _NAME_ROOM, len(text) * _TEXT_CHARACTER + _TEXT_ROOM)
    return round(min(_WIDEST, max(_NARROWEST, needed)), 1)


def _arrows(edges: dict[tuple[str, str], str], routes: dict[tuple[str, str], Route]) -> tuple[CausalArrow, ...]:
    arrows: list[CausalArrow] = []
    taken: list[tuple[float, float, float]] = []
    for (source, target), values in edges.items():
        points = [(x + MARGIN, y + MARGIN) for x, y in routes[source, target].points]
        path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
        for (x, y), (next_x, next_y) in itertools.pairwise(points):
            middle = (x + next_x) / 2
            path += f"C{middle:.1f} {y:.1f} {middle:.1f} {next_y:.1f} {next_x:.1f} {next_y:.1f}"
        (x, y), (end_x, end_y) = points[-2:]
        label = _fitting(values, _GAP - 14, _LABEL_CHARACTER)
        label_x, label_y = (x + end_x) / 2, (y + end_y) / 2 - 4
        half = len(label) * _LABEL_CHARACTER / 2
        if any(abs(label_x - x) < half + room and abs(label_y - y) < 11 for x, y, room in taken):
            label = ""
        else:
            taken.append((label_x, label_y, half))
        to = "the end" if target == _END else f"event {target}"
        arrows.append(
            CausalArrow(
                path=path,
                start=int(source),
                end=0 if target == _END else int(target),
                title=f"event {source} made {to} possible" + (f": {values}" if values else ""),
                label=label,
                label_x=round(label_x, 1),
                label_y=round(label_y, 1),
            )
        )
    return tuple(arrows)


def _fitting(text: str, width: float, character: float) -> str:
    room = int(width / character + 0.1)  # widths are rounded
    if len(text) <= room:
        return text
    return text[: max(0, room - 1)].rstrip() + "…" if room >= 4 else ""
