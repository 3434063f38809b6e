"""A stored graph over some states, and its strongly connected components (Tarjan 1972), without recursion."""

from array import array
from collections.abc import Callable, Sequence

from cascade.engines.explicit.expand import Expander
from cascade.records import dataclass

WATCH_STATES = 4096
"""The watch is asked after this many states."""

NONE = -1
"""No edge; no component."""

UNKNOWN = -2
"""No component yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Edges among `states`. Those of state i lead to `targets[starts[i]:starts[i + 1]]`, its tick to `ticks[i]` (`NONE`: out of `states`, or none)."""

    states: Sequence[int]
    starts: "array[int]"
    targets: "array[int]"
    ticks: "array[int]"


def make_graph(states: Sequence[int], expander: Expander, check: Callable[[], None]) -> Graph:
    """The graph of the steps of `expander` that stay within `states`."""
    index = {state: i for i, state in enumerate(states)}
    starts, targets, ticks = array("q", [0]), array("q"), array("q")
    for number, state in enumerate(states):
        if number % WATCH_STATES == 0:
            check()
            expander.adapt(WATCH_STATES)
        following, ticked = expander.steps(state)
        for after in following:
            i = index.get(after)
            if i is not None:
                targets.append(i)
        tick = NONE if ticked is None else index.get(ticked, NONE)
        if tick >= 0:
            targets.append(tick)
        ticks.append(tick)
        starts.append(len(targets))
    return Graph(states=states, starts=starts, targets=targets, ticks=ticks)


def strong_components(graph: Graph, check: Callable[[], None]) -> "array[int]":
    """The number of each state's component; a component that no edge stays within has number `NONE` instead."""
    starts, targets = graph.starts, graph.targets
    state_count = len(graph.states)
    order = array("q", bytes(8 * state_count))  # 0: not entered yet
    low = array("q", bytes(8 * state_count))
    component = array("q", [UNKNOWN]) * state_count
    edge = array("q", starts)
    entered_count = component_count = 0
    stack: list[int] = []
    calls: list[int] = []
    for root in range(state_count):
        if order[root]:
            continue
        calls.append(root)
        while calls:
            v = calls[-1]
            if not order[v]:
                entered_count += 1
                order[v] = low[v] = entered_count
                stack.append(v)
                if entered_count % WATCH_STATES == 0:
                    check()
            i = edge[v]
            if i < starts[v + 1]:
                edge[v] = i + 1
                w = targets[i]
                if not order[w]:
                    calls.append(w)
                elif component[w] == UNKNOWN and order[w] < low[v]:
                    low[v] = order[w]
                continue
            calls.pop()
            if calls and low[v] < low[calls[-1]]:
                low[calls[-1]] = low[v]
            if low[v] == order[v]:
                is_trivial = stack[-1] == v and v not in targets[starts[v] : starts[v + 1]]
                number = NONE if is_trivial else component_count
                component_count += not is_trivial
                while True:
                    w = stack.pop()
                    component[w] = number
                    if w == v:
                        break
    return component
