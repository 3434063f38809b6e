"""Fair runs on which a trigger is never followed by a goal: fair strongly connected components, and a lasso into one.

The model that is explored has one more variable, `owed`: the trigger has held and the goal not since. A fair run with `owed` for ever in the end stays within
one strongly connected component of the states where it holds. Such a component is fair when time passes in it or, without time, when each
command that is owed (language reference, section 5) is somewhere in it not enabled, or fires within it: a loop through all of it is a fair run.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise

from cascade.core.expressions import Expressions, Op
from cascade.core.model import TICK, CoreModel, Settle, Variable, VariableKind, VariableRole
from cascade.core.queries import Lasso
from cascade.engines.explicit.compile import CompiledCommand, CompiledModel
from cascade.engines.explicit.components import NONE, make_graph, strong_components
from cascade.engines.explicit.expand import Expander
from cascade.engines.explicit.runs import initial_of, path_to, step_between, steps_along
from cascade.engines.explicit.search import Predicate, Search
from cascade.records import dataclass
from cascade.verdicts.run import CandidateRun


def with_owed(model: CoreModel, query: Lasso) -> CoreModel:
    """`model` with one more variable, the last: the trigger has held, now or before, and the goal not since.

    The formulas do not fail in any reachable state.
    """
    table = model.expressions
    variable = len(model.variables)
    first = len(table)
    nodes: list[tuple[Op, tuple[int, ...]]] = [
        (Op.VAR, (variable,)),
        (Op.OR, (first, query.trigger)),
        (Op.NOT, (query.goal,)),
        (Op.AND, (first + 1, first + 2)),
    ]
    expressions = Expressions(
        ops=(*table.ops, *(op for op, _ in nodes)),
        args=(*table.args, *(args for _, args in nodes)),
        is_bool=(*table.is_bool, *(True for _ in nodes)),
        low=(*table.low, *(0 for _ in nodes)),
        high=(*table.high, *(1 for _ in nodes)),
        can_fail=(*table.can_fail, *(False for _ in nodes)),
        spans=table.spans,
    )
    owed = Variable(
        name="owed",
        component="",
        kind=VariableKind.BOOL,
        role=VariableRole.MONITOR,
        low=0,
        high=1,
        initial=(0,),
    )
    return replace(
        model,
        expressions=expressions,
        variables=(*model.variables, owed),
        settles=(*model.settles, Settle(variable=variable, value=first + 3)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fair:
    """Steps that a loop may use, and the fair components that they make: the number of each state's component."""

    expander: Expander
    excluded: frozenset[int]
    component: dict[int, int]


class LassoSearch:
    """Looks for a fair loop among the states of `search`, which has explored all states of the model `with_owed`."""

    def __init__(self, compiled: CompiledModel, query: Lasso, search: Search, check: Callable[[], None]) -> None:
        self._compiled = compiled
        self._query = query
        self._parents = search.result.parents
        self._expander = search.expander
        self._check = check
        self._owed_commands = [
            command for command, c in zip(compiled.commands, compiled.model.commands, strict=True) if c.owed
        ]
        self._is_owed = {
            c.index: Predicate(
                compiled, (compiled.model.commands[c.index].guard, compiled.model.commands[c.index].permit)
            )
            for c in self._owed_commands
        }

    def run(self) -> CandidateRun | None:
        """The lasso that the query asks for, None if there is none."""
        owed_mask = self._compiled.layout.variables[-1].mask
        region = [state for state in self._parents if state & owed_mask]
        stops: set[int] = set()
        if not self._compiled.model.is_timed:
            stops = {state for state in region if not any(p.holds(state) for p in self._is_owed.values())}
        faults = frozenset(c.index for c in self._compiled.commands if c.is_fault)
        fair = self._fair(region, self._query.stopped)
        if not fair.component and not stops:
            return None
        if not faults <= self._query.stopped:
            faultless = self._fair(list(fair.component), self._query.stopped | faults)
            if faultless.component or stops:
                fair = faultless
        entry = next(state for state in region if state in stops or state in fair.component)
        stem = path_to(self._parents, entry)
        steps = steps_along(self._compiled, self._expander, stem)
        loop: list[int] = []
        if entry not in stops:
            loop = self._loop(fair, entry)
        return CandidateRun(
            initial=initial_of(self._compiled, stem[0])[:-1],
            steps=(*steps, *loop),
            loop_start=len(steps),
        )

    # --- fair components ---

    def _fair(self, region: list[int], excluded: frozenset[int]) -> _Fair:
        """The fair components of `region` without the excluded commands."""
        allowed = frozenset(range(len(self._compiled.commands))) - excluded
        expander = Expander(self._compiled, allowed) if excluded else self._expander
        graph = make_graph(region, expander, self._check)
        component = strong_components(graph, self._check)
        if self._compiled.model.is_timed:
            fair = {component[i] for i, tick in enumerate(graph.ticks) if tick >= 0 and component[tick] == component[i]}
        else:
            members: dict[int, list[int]] = {}
            for state, number in zip(region, component, strict=True):
                members.setdefault(number, []).append(state)
            members.pop(NONE, None)
            fair = {number for number, inside in members.items() if self._is_weakly_fair(inside, excluded)}
        fair.discard(NONE)
        return _Fair(
            expander=expander,
            excluded=excluded,
            component={s: number for s, number in zip(region, component, strict=True) if number in fair},
        )

    def _is_weakly_fair(self, members: list[int], excluded: frozenset[int]) -> bool:
        """Is every owed command somewhere not enabled (or not permitted), or does it fire from member to member?"""
        inside = set(members)
        return all(self._fires_within(c, inside, excluded) for c in self._always_owed(members))

    def _always_owed(self, members: Iterable[int]) -> list[CompiledCommand]:
        """The owed commands that are enabled and permitted in all members."""
        always = self._owed_commands
        for state in members:
            always = [c for c in always if self._is_owed[c.index].holds(state)]
            if not always:
                break
        return always

    def _fires_within(self, command: CompiledCommand, members: set[int], excluded: frozenset[int]) -> bool:
        if command.index in excluded:
            return False
        expander = Expander(self._compiled, frozenset({command.index}))
        return any(after in members for state in members for after in expander.steps(state)[0])

    # --- the loop ---

    def _loop(self, fair: _Fair, entry: int) -> list[int]:
        """The steps of a short fair loop through `entry`."""
        members = {state for state, number in fair.component.items() if number == fair.component[entry]}
        if self._compiled.model.is_timed:
            return self._loop_with_tick(fair, members, entry)
        return self._weakly_fair_loop(fair, members, entry)

    def _loop_with_tick(self, fair: _Fair, members: set[int], entry: int) -> list[int]:
        """Breadth first over states, paired with whether time has passed since the entry."""
        parents: dict[tuple[int, bool], tuple[int, bool]] = {}
        layer = [(entry, False)]
        end = (entry, True)
        while end not in parents:
            following: list[tuple[int, bool]] = []
            for node in layer:
                state, has_ticked = node
                commands, ticked = fair.expander.steps(state)
                nodes = [(after, has_ticked) for after in commands]
                if ticked is not None:
                    nodes.append((ticked, True))
                for after in nodes:
                    if after[0] in members and after not in parents:
                        parents[after] = node
                        following.append(after)
            assert following, "a component with an inner tick has a loop with a tick"
            layer = following
        path = [end]
        while len(path) == 1 or path[-1] != (entry, False):
            path.append(parents[path[-1]])
        path.reverse()
        steps: list[int] = []
        for (before, had_ticked), (after_state, has_ticked) in pairwise(path):
            if has_ticked and not had_ticked:
                steps.append(TICK)
            else:
                steps.append(step_between(self._compiled, fair.expander, before, after_state, fair.excluded))
        return steps

    def _weakly_fair_loop(self, fair: _Fair, members: set[int], entry: int) -> list[int]:
        """Pieces, each to the nearest state or step that meets an obligation; then back to the entry."""
        always = {c.index for c in self._always_owed(members)}
        here = entry
        steps: list[int] = []
        unmet = [c for c in self._owed_commands if self._is_owed[c.index].holds(entry)]

        def met_in(state: int) -> bool:
            return any(c.index not in always and not self._is_owed[c.index].holds(state) for c in unmet)

        def step_in(state: int) -> tuple[int, int] | None:
            for c in unmet:
                if c.index in always and c.index not in fair.excluded:
                    after = self._compiled.next_state(c, state)
                    if after is not None and after in members:
                        return c.index, after
            return None

        while unmet:
            path = self._path(fair, members, here, lambda state: met_in(state) or step_in(state) is not None)
            piece = steps_along(self._compiled, fair.expander, path, fair.excluded)
            here = path[-1]
            if not met_in(here):
                last = step_in(here)
                assert last is not None, "the path ends where an obligation is met"
                piece.append(last[0])
                here = last[1]
                path.append(here)
            steps.extend(piece)
            unmet = [
                c for c in unmet if c.index not in piece and all(self._is_owed[c.index].holds(state) for state in path)
            ]
        if here == entry and steps:
            return steps
        back = self._path(fair, members, here, lambda state: state == entry, at_least_one=True)
        return steps + steps_along(self._compiled, fair.expander, back, fair.excluded)

    def _path(
        self,
        fair: _Fair,
        members: set[int],
        start: int,
        is_end: Callable[[int], bool],
        *,
        at_least_one: bool = False,
    ) -> list[int]:
        """A shortest path within `members` from `start` to a state that `is_end`."""
        if not at_least_one and is_end(start):
            return [start]
        parents: dict[int, int] = {}
        layer = [start]
        while layer:
            following: list[int] = []
            for state in layer:
                for after in fair.expander.steps(state)[0]:
                    if after in members and after not in parents:
                        parents[after] = state
                        if is_end(after):
                            return self._unwound(parents, start, after)
                        following.append(after)
            layer = following
        raise AssertionError("a strongly connected component has a path between any two states")

    @staticmethod
    def _unwound(parents: dict[int, int], start: int, end: int) -> list[int]:
        path = [end, parents[end]]
        while path[-1] != start:
            path.append(parents[path[-1]])
        path.reverse()
        return path
