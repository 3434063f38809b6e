"""Timelocks: reachable states from which time never passes again. Are there none?

Where time may not pass, fire the first command that is due, again and again: a *rule* that leaves no choice. If it lets time pass after at most `m`
commands from every state, there is no timelock. Where the rule runs in circles, other commands may still help: such an *escape*, a sequence of
commands after which time may pass, is remembered, and states from which it works are done with as well. So the question whether every state has
some way on becomes one without alternation, and whatever it is wrong about makes it better, until it is right or a timelock is found.
"""

from collections import deque
from dataclasses import field

from cascade.engines.explicit.evaluate import EvaluationFailure
from cascade.engines.symbolic.concrete import Concrete, State
from cascade.engines.symbolic.encode import Encoder, Moment
from cascade.engines.symbolic.patience import Patience
from cascade.engines.symbolic.refute import Witness
from cascade.engines.symbolic.terms import Term, Truth
from cascade.records import dataclass

RULE_COMMANDS_MAX = 200
"""The rule is not followed for longer."""

STATES_MAX = 100_000
"""So many states are searched for an escape."""

LOOK_STATES = 256
"""Limits are looked at after so many states."""


class Undecided(Exception):
    """Whether a state is locked takes more than is worth it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timelock:
    """A run to a locked state, the commands that fire there, and after how many of them their loop begins."""

    witness: Witness
    steps: tuple[int, ...]
    loop_start: int


@dataclass(slots=True)
class Suspicion:
    """States that may be locked: `commands` steps of the rule do not let time pass, nor does any of the `escapes`."""

    commands: int = 0
    escapes: list[tuple[int, ...]] = field(default_factory=list)

    def formula(self, encoder: Encoder, moment: Moment) -> list[Truth]:
        """What holds in such a state, as formulas over its unknowns."""
        arithmetic = encoder.arithmetic
        found = [self._no_way(encoder, moment, escape) for escape in self.escapes]
        here = moment
        for _ in range(self.commands):
            found.append(encoder.is_blocked(here))
            here = _next(encoder, here, _first_due(encoder, here))
        found.append(encoder.is_blocked(here))
        return [part for part in found if part is not arithmetic.true]

    @staticmethod
    def _no_way(encoder: Encoder, moment: Moment, escape: tuple[int, ...]) -> Truth:
        arithmetic, here = encoder.arithmetic, moment
        works: list[Truth] = []
        for command in escape:
            works.append(encoder.may_fire(here, command))
            fires = [arithmetic.truth(c == command) for c in range(len(encoder.model.commands))]
            here = _next(encoder, here, fires)
        works.append(arithmetic.not_(encoder.is_blocked(here)))
        return arithmetic.not_(arithmetic.and_(works))


def _first_due(encoder: Encoder, moment: Moment) -> list[Truth]:
    """For each command whether it is the first one that is due."""
    arithmetic = encoder.arithmetic
    found: list[Truth] = []
    none_before = arithmetic.true
    for command in range(len(encoder.model.commands)):
        is_due = encoder.due(moment, command)
        found.append(arithmetic.and_([none_before, is_due]))
        none_before = arithmetic.and_([none_before, arithmetic.not_(is_due)])
    return found


def _next(encoder: Encoder, here: Moment, fires: list[Truth]) -> Moment:
    """The state after the command that fires, at once: terms, no unknowns."""
    arithmetic = encoder.arithmetic
    settled = encoder.fired(here, tuple(fires))
    runs = encoder.situation(settled.variables).runs
    clocks: list[Term] = []
    for index, (term, is_running) in enumerate(zip(here.clocks, runs, strict=True)):
        own = arithmetic.or_([f for c, f in enumerate(fires) if encoder.model.commands[c].clock == index])
        goes_on = arithmetic.and_([is_running, arithmetic.not_(own)])
        clocks.append(arithmetic.ite(goes_on, term, arithmetic.number(0)))
    return Moment(variables=settled.variables, clocks=tuple(clocks))


def is_locked(concrete: Concrete, suspicion: Suspicion, state: State, patience: Patience) -> bool:
    """Whether this state is locked. If not, `suspicion` will not be cast on it again. Raises `Undecided`."""
    seen: set[State] = set()
    here: State | None = state
    while here is not None and here not in seen and len(seen) < RULE_COMMANDS_MAX:
        due = concrete.first_due(here)
        if due is None:
            if len(seen) > suspicion.commands:
                suspicion.commands = len(seen)
                return False
            break
        seen.add(here)
        try:
            here = concrete.fire(due, here)
        except EvaluationFailure:
            # No reachable state does that: errors were excluded before.
            raise Undecided from None
    try:
        escape = _escape(concrete, state, patience)
    except EvaluationFailure:
        raise Undecided from None
    if escape is None:
        return True
    if escape in suspicion.escapes:
        raise Undecided
    suspicion.escapes.append(escape)
    return False


def _escape(concrete: Concrete, state: State, patience: Patience) -> tuple[int, ...] | None:
    """The shortest sequence of commands after which time may pass."""
    ways: dict[State, tuple[int, ...]] = {state: ()}
    pending = deque([state])
    while pending:
        here = pending.popleft()
        if concrete.first_due(here) is None:
            return ways[here]
        for command, after in concrete.at_once(here):
            if after not in ways:
                ways[after] = (*ways[here], command)
                pending.append(after)
        if len(ways) > STATES_MAX:
            raise Undecided
        if len(ways) % LOOK_STATES == 0:
            patience.look()
    return None


def locked_loop(concrete: Concrete, state: State) -> tuple[list[int], int]:
    """What the rule does in a locked state: commands, and after how many of them the loop begins."""
    seen: dict[State, int] = {}
    steps: list[int] = []
    while state not in seen:
        seen[state] = len(steps)
        due = concrete.first_due(state)
        assert due is not None, "a locked state lets no time pass"
        steps.append(due)
        state = concrete.fire(due, state)
    return steps, seen[state]
