"""One exploration for many small questions: which commands fire at all, and which conditions are ever false.

In: a core model and conditions. Out: what was seen, and whether all states were. What was not seen is impossible only if they were. Where a state shows something
new, what follows it is looked at next: the exploration goes by growing cost, and may not come far where there is much that costs nothing.
"""

from collections.abc import Callable, Sequence

from cascade.core.expressions import ExprId, Op
from cascade.core.model import CoreModel
from cascade.engines.explicit.compile import CompiledModel
from cascade.engines.explicit.evaluate import DEPTH_MAX, nesting_depth, recursion
from cascade.engines.explicit.search import Predicate, Search, SearchFailure, TooMuchWorkError
from cascade.engines.explicit.watch import StopSearch, Watch
from cascade.limits import Limits, Progress, StopReason
from cascade.records import dataclass
from cascade.verdicts.answer import Statistics


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """Which sets have a command that can fire, which a condition that is false, in some state that was explored; by position.

    `reason` is None if that is all: every reachable state was explored, or nothing was left to look for.
    """

    fired: frozenset[int]
    false: frozenset[int]
    reason: StopReason | None
    statistics: Statistics


def survey(
    model: CoreModel,
    commands: Sequence[frozenset[int]],
    conditions: Sequence[frozenset[ExprId]],
    limits: Limits,
    progress: Progress,
    *,
    work_max: int | None,
) -> Surveyed:
    """Explore `model` as far as the limits allow; of each set of commands, of conditions, one is enough. `work_max` as for `answer_within`."""
    watch = Watch(limits, progress)
    depth = nesting_depth(model.expressions)
    if depth > DEPTH_MAX:
        nothing = frozenset[int]()
        statistics = Statistics(seconds=watch.seconds)
        return Surveyed(fired=nothing, false=nothing, reason=StopReason.DEPTH, statistics=statistics)
    with recursion(depth):
        looking = _Looking(CompiledModel(model), commands, conditions)
        search = Search(looking.compiled, looking.is_complete, watch, work_max)
        looking.steps = lambda state: search.expander.steps(state)[0]
        reason: StopReason | None = None
        try:
            search.run()
        except StopSearch as stop:
            reason = stop.reason
        except KeyboardInterrupt:
            reason = StopReason.INTERRUPTED
        except TooMuchWorkError:
            reason = StopReason.STATES
        except SearchFailure:
            reason = StopReason.SPEC_ERROR
        return Surveyed(
            fired=frozenset(i for i, indices in enumerate(commands) if indices and i not in looking.waiting),
            false=frozenset(
                i for i in range(len(conditions)) if i not in looking.always_true and i not in looking.never
            ),
            reason=reason,
            statistics=Statistics(state_count=len(search.result.parents), seconds=watch.seconds),
        )


class _Looking:
    """What is still looked for, state by state. `never` are conditions that are constant."""

    def __init__(
        self, compiled: CompiledModel, commands: Sequence[frozenset[int]], conditions: Sequence[frozenset[ExprId]]
    ) -> None:
        self.compiled = compiled
        self._may_fire = {i: Predicate(compiled, (c.guard, c.permit)) for i, c in enumerate(compiled.model.commands)}
        self._holds = {e: Predicate(compiled, (e,)) for e in frozenset[ExprId]().union(*conditions)}
        constant = {e for e, op in enumerate(compiled.model.expressions.ops) if op is Op.CONST}
        self.waiting = {i: indices for i, indices in enumerate(commands) if indices}
        self.always_true = {i: expressions for i, expressions in enumerate(conditions) if expressions - constant}
        self.never = frozenset(range(len(conditions))) - frozenset(self.always_true)
        self.steps: Callable[[int], list[int]] = lambda _: []

    def is_complete(self, state: int) -> bool:
        """Look at a state, and on from what is new in it; nothing is left to look for after it."""
        pending = [state]
        while pending and (self.waiting or self.always_true):
            found = pending.pop()
            if self._shows_more(found):
                pending.extend(self.steps(found))
        return not self.waiting and not self.always_true

    def _shows_more(self, state: int) -> bool:
        """Look at a state; whether it has something that was looked for."""
        left = len(self.waiting) + len(self.always_true)
        for position, indices in list(self.waiting.items()):
            if any(self._fires(index, state) for index in indices):
                del self.waiting[position]
        for position, expressions in list(self.always_true.items()):
            if not all(self._holds[e].holds(state) for e in expressions):
                del self.always_true[position]
        return len(self.waiting) + len(self.always_true) < left

    def _fires(self, index: int, state: int) -> bool:
        command = self.compiled.model.commands[index]
        if command.clock is not None:
            clock = self.compiled.layout.clocks[command.clock]
            if (state & clock.mask) >> clock.offset < command.earliest_ticks:
                return False
        return self._may_fire[index].holds(state)
