"""A core model as z3 formulas over states (docs/internals/symbolic.md derives them from the docstring of `cascade.core.model`).

A *moment* is a state from which the next thing that happens is a command: the whole delay before it has passed. A step fires one command, then
lets `delay` ticks pass, all at once. Every state of the model is a moment, because a delay may end anywhere, and the first moment
is an initial state after a first delay.
"""

from functools import cached_property

import z3

from cascade.core.expressions import ExprId
from cascade.core.model import CoreModel, VariableKind
from cascade.core.queries import Reach
from cascade.engines.symbolic.terms import Arithmetic, Term, Truth
from cascade.engines.symbolic.valuation import Valuation, supports
from cascade.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Unknowns for a state."""

    variables: tuple[Term, ...]
    clocks: tuple[Term, ...]

    @property
    def unknowns(self) -> list[Term]:
        """All of them."""
        return [*self.variables, *self.clocks]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which command fires: `word` is its index, `fires` has a formula for each command."""

    word: Term
    fires: tuple[Truth, ...]


class Situation:
    """What can be said about a valuation of the variables, whatever the clocks. Each part is made when it is asked for."""

    def __init__(self, encoder: "Encoder", valuation: Valuation) -> None:
        self.valuation = valuation
        self._encoder = encoder
        self._model = encoder.model
        self._arithmetic = encoder.arithmetic

    @cached_property
    def sound(self) -> Truth:
        """No guard, permit or formula of the query fails."""
        here, arithmetic = self.valuation, self._arithmetic
        parts = [here.defined(expr) for expr in self._encoder.asked]
        for command in self._model.commands:
            parts.append(here.defined(command.guard))
            parts.append(arithmetic.implies(here.truth(command.guard), here.defined(command.permit)))
        return arithmetic.and_(parts)

    @cached_property
    def ready(self) -> tuple[Truth, ...]:
        """For each command: it is enabled and permitted."""
        here = self.valuation
        return tuple(self._arithmetic.and_([here.truth(c.guard), here.truth(c.permit)]) for c in self._model.commands)

    @cached_property
    def breaks(self) -> tuple[Truth, ...]:
        """For each command: firing it is an error, if it may fire."""
        return tuple(self._encoder.breaks(self.valuation, index) for index in range(len(self._model.commands)))

    @cached_property
    def runs(self) -> tuple[Truth, ...]:
        """For each clock: it runs."""
        return tuple(self.valuation.truth(clock.runs_while) for clock in self._model.clocks)

    @cached_property
    def ticks_sound(self) -> Truth:
        """It can be told which clocks run."""
        return self._arithmetic.and_([self.valuation.defined(clock.runs_while) for clock in self._model.clocks])


class Encoder:
    """Formulas about one model and the formulas `asked` of it, in one arithmetic."""

    def __init__(self, model: CoreModel, asked: tuple[ExprId, ...], arithmetic: Arithmetic) -> None:
        self.model = model
        self.asked = asked
        self.arithmetic = arithmetic
        self.delay_max = max((clock.stop_ticks for clock in model.clocks), default=0)
        self.delay_max = max(self.delay_max, 1) if model.is_timed else 0
        self._reads = supports(model.expressions)
        self._settles_may_fail = any(self._may_break(s.variable, s.value) for s in model.settles)
        self._clocks_may_fail = any(model.expressions.can_fail[clock.runs_while] for clock in model.clocks)
        self._situations: dict[tuple[int, ...], Situation] = {}

    # --- unknowns ---

    def moment(self, name: str) -> Moment:
        """Unknowns for a state; `within` says what is known of them."""
        return Moment(
            variables=self.variables(name),
            clocks=tuple(
                self.arithmetic.unknown(f"{clock.name}:{i}@{name}", 0, clock.stop_ticks)
                for i, clock in enumerate(self.model.clocks)
            ),
        )

    def variables(self, name: str) -> tuple[Term, ...]:
        """Unknowns for the variables alone."""
        return tuple(
            z3.Bool(f"{v.name}@{name}", self.arithmetic.context)
            if v.kind is VariableKind.BOOL
            else self.arithmetic.unknown(f"{v.name}@{name}", v.low, v.high)
            for v in self.model.variables
        )

    def delay(self, name: str) -> Term:
        """An unknown for the ticks that pass at once."""
        return self.arithmetic.unknown(f"delay@{name}", 0, self.delay_max)

    def choice(self, name: str) -> Choice:
        """Unknowns for the command that fires."""
        count = len(self.model.commands)
        word = self.arithmetic.unknown(f"command@{name}", 0, count - 1)
        fires = tuple(self.arithmetic.equal(word, self.arithmetic.number(c)) for c in range(count))
        return Choice(word=word, fires=fires)

    def within(self, moment: Moment) -> list[Truth]:
        """What holds in every state: values in their domains, clocks that do not run at 0, others not beyond their stop."""
        arithmetic = self.arithmetic
        found = self._in_domains(moment.variables)
        runs = self.situation(moment.variables).runs
        for clock, term, is_running in zip(self.model.clocks, moment.clocks, runs, strict=True):
            found.append(arithmetic.is_within(term, 0, clock.stop_ticks))
            found.append(arithmetic.or_([is_running, arithmetic.equal(term, arithmetic.number(0))]))
        return [part for part in found if part is not arithmetic.true]

    def _in_domains(self, variables: tuple[Term, ...]) -> list[Truth]:
        return [
            self.arithmetic.is_within(term, v.low, v.high)
            for v, term in zip(self.model.variables, variables, strict=True)
            if not isinstance(term, z3.BoolRef)
        ]

    # --- what holds in a state ---

    def valuation(self, variables: tuple[Term, ...]) -> Valuation:
        """Terms for expressions."""
        return Valuation(self.arithmetic, self.model.expressions, self._reads, variables)

    def situation(self, variables: tuple[Term, ...]) -> Situation:
        """What can be said about these values; made once."""
        key = tuple(term.get_id() for term in variables)
        found = self._situations.get(key)
        if found is None:
            found = self._situations[key] = Situation(self, self.valuation(variables))
        return found

    def _may_break(self, variable: int, value: ExprId) -> bool:
        table, domain = self.model.expressions, self.model.variables[variable]
        return table.can_fail[value] or table.low[value] < domain.low or table.high[value] > domain.high

    def _assigned(self, here: Valuation, variable: int, value: ExprId) -> Truth:
        """Whether this value can be assigned."""
        if not self._may_break(variable, value):
            return self.arithmetic.true
        domain = self.model.variables[variable]
        term = here.number(value)
        return self.arithmetic.and_([here.defined(value), self.arithmetic.is_within(term, domain.low, domain.high)])

    def breaks(self, here: Valuation, index: int) -> Truth:
        """Whether firing this command is an error, if it may fire."""
        arithmetic, command = self.arithmetic, self.model.commands[index]
        parts = [self._assigned(here, update.variable, update.value) for update in command.updates]
        if self._settles_may_fail or self._clocks_may_fail:
            after, settles = self.settled(self._fired(here, index))
            parts.append(settles)
            parts += [after.defined(clock.runs_while) for clock in self.model.clocks]
        return arithmetic.not_(arithmetic.and_(parts))

    def _fired(self, here: Valuation, index: int) -> Valuation:
        """The values after one command, not settled."""
        return here.with_values(
            {u.variable: self._fit(u.variable, here, u.value) for u in self.model.commands[index].updates}
        )

    def _fit(self, variable: int, here: Valuation, value: ExprId) -> Term:
        """The value as one of the variable's: a boolean or a number."""
        is_bool = self.model.variables[variable].kind is VariableKind.BOOL
        return here.truth(value) if is_bool else here.number(value)

    def settled(self, here: Valuation) -> tuple[Valuation, Truth]:
        """The values after settling, and whether that is no error."""
        fine: list[Truth] = []
        for rule in self.model.settles:
            fine.append(self._assigned(here, rule.variable, rule.value))
            here = here.with_values({rule.variable: self._fit(rule.variable, here, rule.value)})
        return here, self.arithmetic.and_(fine)

    def may_fire(self, moment: Moment, index: int) -> Truth:
        """Enabled, permitted, and at its earliest time or later."""
        command = self.model.commands[index]
        ready = self.situation(moment.variables).ready[index]
        if command.clock is None or command.earliest_ticks <= 0:
            return ready
        earliest = self.arithmetic.number(command.earliest_ticks)
        return self.arithmetic.and_([ready, self.arithmetic.at_most(earliest, moment.clocks[command.clock])])

    def due(self, moment: Moment, index: int) -> Truth:
        """Whether this command keeps time from passing."""
        command = self.model.commands[index]
        if not command.owed:
            return self.arithmetic.false
        ready = self.situation(moment.variables).ready[index]
        if command.clock is None:
            return ready
        assert command.latest_ticks is not None, "an owed command with a clock has a latest time"
        latest = self.arithmetic.number(command.latest_ticks)
        return self.arithmetic.and_([ready, self.arithmetic.at_most(latest, moment.clocks[command.clock])])

    def is_blocked(self, moment: Moment) -> Truth:
        """Whether time may not pass."""
        return self.arithmetic.or_([self.due(moment, index) for index in range(len(self.model.commands))])

    def fails(self, moment: Moment) -> Truth:
        """Whether an error of the spec shows in this state."""
        arithmetic, here = self.arithmetic, self.situation(moment.variables)
        parts = [arithmetic.not_(here.sound)]
        for index, breaks in enumerate(here.breaks):
            if breaks is not arithmetic.false:
                parts.append(arithmetic.and_([self.may_fire(moment, index), breaks]))
        if self.model.is_timed and here.ticks_sound is not arithmetic.true:
            may_pass = arithmetic.not_(self.is_blocked(moment))
            parts.append(arithmetic.and_([may_pass, arithmetic.not_(here.ticks_sound)]))
        return arithmetic.or_(parts)

    def is_goal(self, moment: Moment, query: Reach) -> Truth:
        """Whether this state is one that the query asks for."""
        here = self.situation(moment.variables).valuation
        parts = [self.arithmetic.and_([here.defined(query.goal), here.truth(query.goal)])]
        if query.clock is not None:
            bound = self.arithmetic.number(query.exceeds_ticks)
            parts.append(self.arithmetic.less(bound, moment.clocks[query.clock]))
        return self.arithmetic.or_(parts)

    def rests(self, moment: Moment) -> Truth:
        """Whether a fair run may stay here for ever: with time, a tick is possible and changes nothing; without, nothing is owed."""
        here = self.situation(moment.variables)
        if not self.model.is_timed:
            owed = [ready for ready, command in zip(here.ready, self.model.commands, strict=True) if command.owed]
            return self.arithmetic.not_(self.arithmetic.or_(owed))
        parts = [self.arithmetic.not_(self.is_blocked(moment)), here.sound, here.ticks_sound]
        for clock, term, is_running in zip(self.model.clocks, moment.clocks, here.runs, strict=True):
            is_still = self.arithmetic.equal(term, self.arithmetic.number(clock.stop_ticks))
            parts.append(self.arithmetic.implies(is_running, is_still))
        return self.arithmetic.and_(parts)

    # --- steps ---

    def start(self, initial: tuple[Term, ...], delay: Term, moment: Moment) -> list[Truth]:
        """`moment` is the state that these initial values settle to, after `delay`."""
        fine, first = self.initial(initial)
        after, settles = self.settled(self.valuation(initial))
        zeros = [self.arithmetic.number(0)] * len(self.model.clocks)
        return [*fine, first, settles, *self._same(after, moment), *self._delayed(zeros, delay, moment)]

    def initial(self, initial: tuple[Term, ...]) -> tuple[list[Truth], Truth]:
        """The values are within domains, and initial."""
        chosen = []
        for variable, term in zip(self.model.variables, initial, strict=True):
            first, last = min(variable.initial), max(variable.initial)
            if isinstance(term, z3.BoolRef):
                values = [self._constant(variable.kind, value) for value in variable.initial]
                chosen.append(
                    self.arithmetic.or_([self.arithmetic.choose(v, term, self.arithmetic.not_(term)) for v in values])
                )
            elif last - first + 1 == len(set(variable.initial)):
                # One range, however many values it has.
                chosen.append(self.arithmetic.is_within(term, first, last))
            else:
                values = [self._constant(variable.kind, value) for value in variable.initial]
                chosen.append(self.arithmetic.or_([self.arithmetic.equal(term, value) for value in values]))
        return self._in_domains(initial), self.arithmetic.and_(chosen)

    def _constant(self, kind: VariableKind, value: int) -> Term:
        return self.arithmetic.truth(value != 0) if kind is VariableKind.BOOL else self.arithmetic.number(value)

    def step(self, here: Moment, choice: Choice, delay: Term, after: Moment) -> list[Truth]:
        """One command fires in `here`, where no error shows; `delay` later it is `after`."""
        arithmetic = self.arithmetic
        found = [
            arithmetic.not_(self.fails(here)),
            arithmetic.is_within(choice.word, 0, len(self.model.commands) - 1),
            *(arithmetic.implies(fires, self.may_fire(here, c)) for c, fires in enumerate(choice.fires)),
        ]
        settled = self.fired(here, choice.fires)
        bases = []
        for clock, term in enumerate(here.clocks):
            own = arithmetic.or_(
                [fires for c, fires in enumerate(choice.fires) if self.model.commands[c].clock == clock]
            )
            bases.append(arithmetic.ite(own, arithmetic.number(0), term))
        return [*found, *self._same(settled, after), *self._delayed(bases, delay, after)]

    def step_of(self, index: int, here: Moment, delay: Term, after: Moment) -> list[Truth]:
        """The same for one command."""
        situation = self.situation(here.variables)
        settled, _ = self.settled(self._fired(situation.valuation, index))
        own = self.model.commands[index].clock
        bases = [self.arithmetic.number(0) if i == own else term for i, term in enumerate(here.clocks)]
        return [
            self.arithmetic.not_(self.fails(here)),
            self.may_fire(here, index),
            *self._same(settled, after),
            *self._delayed(bases, delay, after),
        ]

    def fired(self, here: Moment, choice: tuple[Truth, ...]) -> Valuation:
        """The values after the command whose formula in `choice` is true, settled."""
        valuation = self.situation(here.variables).valuation
        writers: dict[int, dict[ExprId, list[Truth]]] = {}
        for command, fires in zip(self.model.commands, choice, strict=True):
            for update in command.updates:
                writers.setdefault(update.variable, {}).setdefault(update.value, []).append(fires)
        changed: dict[int, Term] = {}
        for variable, by_value in writers.items():
            term = valuation.variables[variable]
            for value, fires_any in by_value.items():
                is_this = self.arithmetic.or_(fires_any)
                new = self._fit(variable, valuation, value)
                choose = self.arithmetic.choose if isinstance(term, z3.BoolRef) else self.arithmetic.ite
                term = choose(is_this, new, term)
            changed[variable] = term
        return self.settled(valuation.with_values(changed))[0]

    def _same(self, valuation: Valuation, moment: Moment) -> list[Truth]:
        return [
            unknown == term if isinstance(unknown, z3.BoolRef) else self.arithmetic.equal(unknown, term)
            for unknown, term in zip(moment.variables, valuation.variables, strict=True)
        ]

    def _delayed(self, bases: list[Term], delay: Term, after: Moment) -> list[Truth]:
        """The clocks of `after`, if they stood at `bases` (and those that do not run in `after` at 0) `delay` before."""
        arithmetic, situation = self.arithmetic, self.situation(after.variables)
        found: list[Truth] = [arithmetic.is_within(delay, 0, self.delay_max)]
        sums: list[Term] = []
        for clock, base, is_running, term in zip(self.model.clocks, bases, situation.runs, after.clocks, strict=True):
            total = arithmetic.add(base, delay, 0, clock.stop_ticks + self.delay_max)
            sums.append(total)
            grown = arithmetic.minimum(total, arithmetic.number(clock.stop_ticks))
            found.append(arithmetic.equal(term, arithmetic.ite(is_running, grown, arithmetic.number(0))))
        waits = arithmetic.less(arithmetic.number(0), delay)
        found.append(arithmetic.implies(waits, self._may_wait(situation, sums)))
        return found

    def _may_wait(self, situation: Situation, sums: list[Term]) -> Truth:
        """Whether the delay may be what `sums` (clocks before it plus delay) say, if it is more than 0."""
        arithmetic = self.arithmetic
        if not self.model.is_timed:
            return arithmetic.false
        parts = [situation.sound, situation.ticks_sound]
        for command, ready, breaks in zip(self.model.commands, situation.ready, situation.breaks, strict=True):
            if command.owed:
                latest = 0 if command.clock is None else command.latest_ticks
                assert latest is not None, "an owed command with a clock has a latest time"
                parts.append(self._reaches_at_most(latest, command.clock, situation, sums, ready))
            if breaks is not arithmetic.false:
                wrong = arithmetic.and_([ready, breaks])
                earliest = 0 if command.clock is None else command.earliest_ticks
                parts.append(self._reaches_at_most(earliest, command.clock, situation, sums, wrong))
        return arithmetic.and_(parts)

    def _reaches_at_most(
        self, ticks: int, clock: int | None, situation: Situation, sums: list[Term], condition: Truth
    ) -> Truth:
        """If the condition holds, the clock is below `ticks` before the last tick of the delay."""
        arithmetic = self.arithmetic
        if ticks <= 0 or clock is None:
            return arithmetic.not_(condition)
        if ticks > self.model.clocks[clock].stop_ticks:
            return arithmetic.true
        # A clock that does not run is 0 throughout, so below.
        runs = situation.runs[clock]
        return arithmetic.implies(
            arithmetic.and_([condition, runs]), arithmetic.at_most(sums[clock], arithmetic.number(ticks))
        )
