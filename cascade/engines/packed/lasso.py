"""Fair runs on which a trigger is never followed by a goal, over packed states; what makes a loop fair is said in `cascade.engines.explicit.fairness`.

The explored model has one more variable, `owed`, the last: the trigger has held and the goal not since. The region are the states where it holds.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cascade.core.expressions import ExprId, Op
from cascade.core.model import TICK, CommandClass
from cascade.core.queries import Lasso
from cascade.engines.explicit.compile import CompiledModel
from cascade.engines.explicit.expand import Expander
from cascade.engines.explicit.runs import initial_of, step_between, steps_along
from cascade.engines.native.kernel import SmallWords, Words
from cascade.engines.packed.explored import first_of, select
from cascade.engines.packed.graph import Mask, Predicate, Region
from cascade.engines.packed.kernels.graph import NO_NODE
from cascade.engines.packed.search import PackedSearch
from cascade.engines.packed.ways import way_to
from cascade.records import dataclass
from cascade.verdicts.run import CandidateRun

NOT_OWED = 1 << 62
"""In place of the number of an owed command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fair:
    """The graph of the steps that a loop may use, each node's component, and which nodes are in a fair one.

    For each node, as sets of bits: the owed commands that may fire; those that are enabled all over its component and stay in it when they fire.
    """

    region: Region
    excluded: frozenset[int]
    component: SmallWords
    is_fair: Mask
    always: Words
    fires: Words


class PackedLassoSearch:
    """Looks for a fair loop among the states of `search`, which has explored all states of the model with `owed`."""

    def __init__(self, search: PackedSearch, compiled: CompiledModel, query: Lasso) -> None:
        self._search = search
        self._compiled = compiled
        self._query = query
        model = search.model
        self._is_timed = model.is_timed
        owed = [i for i, c in enumerate(model.commands) if c.owed]
        self._owed = owed
        self._owed_of = np.full(len(model.commands), NOT_OWED, dtype=np.uint64)
        if not model.is_timed:
            self._owed_of[owed] = np.arange(len(owed), dtype=np.uint64)
        self._faults = frozenset(i for i, c in enumerate(model.commands) if c.command_class is CommandClass.FAULT)
        self._expander = Expander(compiled)

    def run(self) -> CandidateRun | None:
        """The lasso that the query asks for, None if there is none."""
        owed = Predicate(self._search, owed_expression(self._search))
        nodes, positions = select(self._search, owed.holds)
        stopped = self._query.stopped
        fair = self._fair(Region(self._search, nodes, self._allowed(stopped), with_tick=True), stopped)
        stops: Mask = np.zeros(len(nodes), dtype=np.bool_)
        if not self._is_timed:
            stops[:] = np.count_nonzero(fair.region.owed, axis=1) == 0
        if not fair.is_fair.any() and not stops.any():
            return None
        entries = fair.is_fair | stops
        if not self._faults <= stopped:
            chosen = fair.is_fair
            excluded = stopped | self._faults
            faultless = self._fair(fair.region.subregion(chosen, self._allowed(excluded), with_tick=True), excluded)
            if faultless.is_fair.any() or stops.any():
                entries = stops.copy()
                entries[np.flatnonzero(chosen)[faultless.is_fair]] = True
                fair = faultless
        root, cost = first_of(self._search, nodes, positions, entries)
        stem = [self._packed(state) for state in way_to(self._search, root, cost)]
        steps = steps_along(self._compiled, self._expander, stem)
        start = fair.region.node_of(root)
        loop = (
            self._loop(fair, start)
            if start is not None and fair.is_fair[start] and not self._stops(root, nodes, stops)
            else []
        )
        return CandidateRun(
            initial=initial_of(self._compiled, stem[0])[:-1], steps=(*steps, *loop), loop_start=len(steps)
        )

    @staticmethod
    def _stops(root: int, nodes: Words, stops: Mask) -> bool:
        return bool((nodes[stops] == np.uint64(root)).any())

    def _allowed(self, excluded: frozenset[int]) -> list[int]:
        return [i for i in range(len(self._search.model.commands)) if i not in excluded]

    def _packed(self, state: tuple[int, ...]) -> int:
        return self._compiled.pack_state(state)

    # --- fair components ---

    def _fair(self, region: Region, excluded: frozenset[int]) -> _Fair:
        region.store_edges(self._owed_of)
        component = region.components()
        inside = component != NO_NODE
        count = int(component[inside].max()) + 1 if inside.any() else 0
        fires, always = np.zeros_like(region.owed), np.zeros((count, region.owed.shape[1]), dtype=np.uint64)
        if self._is_timed:
            has_tick = np.zeros(count, dtype=np.bool_)
            ticking = np.flatnonzero((region.ticks != 0) & inside)
            heads = region.heads[(region.offsets[ticking + 1] - np.uint64(1)).astype(np.int64)]
            has_tick[component[ticking[component[heads] == component[ticking]]]] = True
            fair_components: Mask = has_tick
        else:
            always[:] = ~np.uint64(0)
            for word in range(region.owed.shape[1]):
                np.bitwise_and.at(always[:, word], component[inside], region.owed[inside, word])
            fires = region.fires_within(component, always, self._owed_of)
            met = np.zeros_like(always)
            for word in range(region.owed.shape[1]):
                np.bitwise_or.at(met[:, word], component[inside], fires[inside, word])
            fair_components = np.count_nonzero(always & ~met, axis=1) == 0
        is_fair: Mask = np.zeros(len(region.nodes), dtype=np.bool_)
        is_fair[inside] = fair_components[component[inside]]
        return _Fair(region=region, excluded=excluded, component=component, is_fair=is_fair, always=always, fires=fires)

    # --- the loop ---

    def _loop(self, fair: _Fair, start: int) -> list[int]:
        """The steps of a short fair loop through `start`."""
        if not self._is_timed:
            return self._weakly_fair_loop(fair, start)
        walk, tick_at = fair.region.walk_with_tick(fair.component, start)
        steps: list[int] = []
        for number, (before, after) in enumerate(pairwise(walk)):
            steps.append(TICK if number == tick_at else self._step(fair, before, after))
        return steps

    def _state(self, fair: _Fair, node: int) -> int:
        return self._packed(self._search.roots.state_of(int(fair.region.nodes[node])))

    def _step(self, fair: _Fair, before: int, after: int) -> int:
        ends = self._state(fair, before), self._state(fair, after)
        return step_between(self._compiled, self._expander, *ends, fair.excluded)

    def _weakly_fair_loop(self, fair: _Fair, start: int) -> list[int]:
        """Pieces, each to the nearest state or step that meets an obligation; then back to the start."""
        region, own = fair.region, int(fair.component[start])
        always = fair.always[own]
        members = fair.component == fair.component[start]
        here, steps = start, list[int]()
        unmet = region.owed[start].copy()
        while unmet.any():
            # Not enabled there, or about to fire within the component.
            targets = members & (((unmet & ~always) & ~region.owed) | (unmet & fair.fires)).any(axis=1)
            path = [here] if targets[here] else region.walk(fair.component, here, targets)
            piece = [self._step(fair, a, b) for a, b in pairwise(path)]
            here = path[-1]
            if not ((unmet & ~always) & ~region.owed[here]).any():
                command, after = self._firing(fair, here, unmet & fair.fires[here])
                piece.append(command)
                here = after
                path.append(here)
            steps.extend(piece)
            for node in path:
                unmet &= region.owed[node]
            unmet &= ~self._bits(piece)
        if here == start and steps:
            return steps
        target = np.zeros(len(region.nodes), dtype=np.bool_)
        target[start] = True
        back = region.walk(fair.component, here, target)
        return steps + [self._step(fair, a, b) for a, b in pairwise(back)]

    def _bits(self, commands: list[int]) -> NDArray[np.uint64]:
        bits = np.zeros(-(-len(self._owed) // 64), dtype=np.uint64)
        for command in commands:
            number = int(self._owed_of[command])
            if number < NOT_OWED:
                bits[number // 64] |= np.uint64(1 << number % 64)
        return bits

    def _firing(self, fair: _Fair, node: int, wanted: NDArray[np.uint64]) -> tuple[int, int]:
        """One of the wanted commands, and the node of the component that it leads to from `node`."""
        state = self._state(fair, node)
        for number, command in enumerate(self._owed):
            if not int(wanted[number // 64]) >> number % 64 & 1:
                continue
            after = self._compiled.next_state(self._compiled.commands[command], state)
            assert after is not None, "it may fire"
            head = fair.region.node_of(self._search.roots.of_state(self._compiled.unpack_state(after)))
            if head is not None and fair.component[head] == fair.component[node]:
                return command, head
        raise AssertionError("a wanted command leads to the component")


def owed_expression(search: PackedSearch) -> ExprId:
    """The expression that reads the last variable."""
    expressions = search.model.expressions
    last = len(search.model.variables) - 1
    return next(e for e in range(len(expressions)) if expressions.ops[e] is Op.VAR and expressions.args[e] == (last,))
