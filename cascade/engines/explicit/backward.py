"""Which states reach others, without storing the edges of the whole graph.

States come by growing cost, and what they reach lies mostly further on: a pass backwards over all of them, looking for one step
to a state that is known to reach, decides nearly all. What is left after a few passes is decided with stored edges.
"""

from collections.abc import Callable, Sequence

from cascade.engines.explicit.expand import Expander

PASSES_MAX = 3
"""Passes over what is undecided, before edges are stored."""

WATCH_STATES = 4096
"""The watch is asked after this many states."""


def not_reaching(
    states: Sequence[int], expander: Expander, check: Callable[[], None], *, with_tick: bool
) -> dict[int, None]:
    """Those of `states`, in order, from which no steps lead out of `states`; `with_tick`: ticks are steps too."""
    undecided = dict.fromkeys(states)
    for _ in range(PASSES_MAX):
        decided_count = 0
        for number, state in enumerate(reversed(list(undecided))):
            if number % WATCH_STATES == 0:
                check()
            if expander.leads_out(state, undecided, with_tick=with_tick):
                del undecided[state]
                decided_count += 1
        if decided_count == 0:
            return undecided
    return _close(undecided, expander, check, with_tick=with_tick)


def _close(
    undecided: dict[int, None], expander: Expander, check: Callable[[], None], *, with_tick: bool
) -> dict[int, None]:
    """The same, with the edges among `undecided` stored backwards."""
    before: dict[int, list[int]] = {}
    pending: list[int] = []
    for number, state in enumerate(undecided):
        if number % WATCH_STATES == 0:
            check()
        following, ticked = expander.steps(state)
        if with_tick and ticked is not None:
            following.append(ticked)
        for after in following:
            if after in undecided:
                before.setdefault(after, []).append(state)
            else:
                pending.append(state)
    while pending:
        state = pending.pop()
        if state in undecided:
            del undecided[state]
            pending.extend(before.pop(state, ()))
    return undecided
