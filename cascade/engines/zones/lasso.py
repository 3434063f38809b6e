"""Whether symbolic states leave room for a fair run on which an obligation is never met; only a "no" is an answer.

The explored model has one more variable, `owed`, the last (`cascade.engines.explicit.fairness`). Every run is a path through the symbolic states that were kept, since each
successor lies within one of them: where those with `owed` have no cycle, and time may not pass for ever in any of them, no run keeps the obligation for
ever. A cycle proves nothing, because what lies within a symbolic state is more than what comes along the cycle; integer clocks decide then.
"""

from graphlib import CycleError, TopologicalSorter

from cascade.engines.zones.kernels import DELAYED, INFINITE, STUCK, cover_of, step
from cascade.engines.zones.search import Node, Search


def may_owe_for_ever(search: Search, stopped: frozenset[int]) -> bool:
    """May a fair run, after which none of the `stopped` commands fires any more, keep `owed` for ever? All states are explored."""
    owing = {node.number for node in search.kept() if node.location.values[-1]}
    graph: dict[int, set[int]] = {}
    for number in owing:
        node = search.nodes[number]
        if node.is_delayed and not (node.location.latest < INFINITE).any():
            return True  # nothing is due, ever
        graph[number] = _following(search, node, stopped) & owing
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        return True
    return False


def _following(search: Search, node: Node, stopped: frozenset[int]) -> set[int]:
    """The symbolic states that the steps of `node` lead into."""
    found: set[int] = set()
    for count, move in enumerate(node.location.moves):
        if move.command in stopped or (move.position and node.zone[move.position, 0] < move.earliest_ticks):
            continue
        target = search.locations.resolve(move)
        assert move.sources is not None, "a resolved move"
        made = step(
            node.zone,
            move.position,
            move.earliest_ticks,
            move.sources,
            target.latest,
            target.stops,
            target.is_urgent,
            target.delayed,
            target.stuck,
        )
        if count == 0:
            search.watch.check(frontier_count=0)
        known = search.zones_of(target)
        for bit, zone in ((DELAYED, target.delayed), (STUCK, target.stuck)):
            if made & bit:
                position = cover_of(zone, known.matrices, known.count)
                assert position >= 0, "all is explored"
                found.add(int(known.numbers[position]))
    return found
