"""Answers `Lasso` queries: looks for a run that ends in a loop.

Depth by depth: at each, first runs without a fault in the loop, then any. A loop starts and ends in the same moment, clocks included. With time it has a tick; without,
each owed command fires in it or is once not ready. A run that waits for ever, or that may stop, ends in a moment that says so. The first run found gives way to one
with fewer faults, then with fewer ticks, of that length or a little longer. That there is no lasso is proved in two cases: no state has the trigger without the
goal, or (`bounded.py`) the wait for the goal has a bound.
"""

from dataclasses import replace
from typing import NamedTuple

import z3

from cascade.core.model import TICK, CommandClass, CoreModel
from cascade.core.queries import Lasso
from cascade.engines.explicit.watch import StopSearch
from cascade.engines.symbolic.bounded import bounds, is_boundable
from cascade.engines.symbolic.concrete import Concrete
from cascade.engines.symbolic.encode import Encoder, Moment
from cascade.engines.symbolic.failures import failing_start, first_failure, start_failure, timelock_failure
from cascade.engines.symbolic.patience import Patience, new_solver, spent
from cascade.engines.symbolic.prove import Prover
from cascade.engines.symbolic.reach import NOT_BEST, ReachSearch
from cascade.engines.symbolic.terms import Integers, Truth, Words
from cascade.engines.symbolic.timelock import Timelock
from cascade.engines.symbolic.unroll import Path, Template
from cascade.limits import StopReason
from cascade.verdicts.answer import Answer, Exhausted, Found, Proof, Statistics, Stopped
from cascade.verdicts.run import CandidateRun

DEPTH_MAX = 40
"""Runs with more commands are not looked at: there would be no end to it."""

PROOF_EFFORT = 3_000_000
"""What is spent on the proof; about a second."""


BETTER_EFFORT = 2_000_000
"""What is spent at most on each question whether there is a better run, and about what is spent on all of them: durations may be long, and halved often."""

MORE_COMMANDS = 4
"""Runs with so many more commands than the first one are looked at for fewer faults."""

BOUND_EFFORTS = {6: 3_000_000, 12: 20_000_000, 24: 100_000_000}
"""When runs with so many commands show nothing, a bound is looked for, with so much effort."""


class _Cost(NamedTuple):
    """What makes one lasso better than another, the first difference first."""

    has_faults_in_loop: bool
    faults: int
    ticks: int


class _Lasso(NamedTuple):
    """A run and what it costs."""

    cost: _Cost
    run: CandidateRun


class LassoSearch:
    """One query about one model."""

    def __init__(self, model: CoreModel, query: Lasso, patience: Patience) -> None:
        self._model = model
        self._query = query
        self._patience = patience
        self._concrete = Concrete(model, (query.trigger, query.goal))
        self._encoder = Encoder(model, (query.trigger, query.goal), Words(z3.Context()))
        self._arithmetic = self._encoder.arithmetic
        self._template = Template(self._encoder)
        here = self._template.here
        valuation = self._encoder.situation(here.variables).valuation
        self._fails = self._encoder.fails(here)
        self._trigger = valuation.truth(query.trigger)
        self._goal = valuation.truth(query.goal)
        self._rests = self._encoder.rests(here)
        self._ready = self._encoder.situation(here.variables).ready
        self._solver = new_solver(self._arithmetic.context)
        self._path = Path(self._template, self._solver, "run", is_initial=True)
        self._pending: list[Truth] = []
        self._ends: tuple[list[Truth], ...] = ()
        self._asked_count = 0
        self._was_stopped = False
        self._first_spent: int | None = None

    def _statistics(self) -> Statistics:
        details = (NOT_BEST,) if self._was_stopped else ()
        return Statistics(seconds=self._patience.watch.seconds, details=details)

    def answer(self) -> Answer:
        """The answer. Raises `StopSearch`."""
        initial = failing_start(self._encoder, self._patience)
        if initial is not None:
            return start_failure(self._concrete, initial, self._statistics())
        proved = self._never_pending()
        if proved is not None:
            return proved
        for depth in range(DEPTH_MAX + 1):
            self._patience.depth = depth
            if depth in BOUND_EFFORTS:
                proof = self._bounded(BOUND_EFFORTS[depth])
                if proof is not None:
                    return Exhausted(statistics=self._statistics(), proof=proof)
            if depth > 0:
                self._path.extend()
            said = self._look(depth)
            if isinstance(said, _Lasso):
                return Found(run=self._better(said, depth), statistics=self._statistics())
            if said is not None:
                return said
        return Stopped(reason=StopReason.UNPROVED, statistics=self._statistics())

    def _bounded(self, effort: int) -> Proof | None:
        """A proof that the goal is never waited for longer than some time, or some rounds."""
        if is_boundable(self._model, self._query):
            for model, query, text in bounds(self._model, self._query):
                found = ReachSearch(model, query, self._patience).proof(effort)
                if found is not None:
                    return replace(found, bound=text)
        return None

    def _never_pending(self) -> Answer | None:
        """The trigger never holds without the goal, if that is proved with little effort, or a timelock that shows on the way."""
        prover = Prover(
            integers=Encoder(self._model, self._encoder.asked, Integers(z3.Context())),
            is_bad=self._is_bad,
            concrete=self._concrete,
            template=self._template,
            patience=self._patience,
        )
        match prover.prove(0, PROOF_EFFORT):
            case Proof() as proof:
                return Exhausted(statistics=self._statistics(), proof=proof)
            case Timelock() as timelock:
                return timelock_failure(timelock, self._statistics())
        return None

    def _is_bad(self, encoder: Encoder, here: Moment) -> Truth:
        valuation, arithmetic = encoder.situation(here.variables).valuation, encoder.arithmetic
        trigger, goal = valuation.truth(self._query.trigger), valuation.truth(self._query.goal)
        return arithmetic.or_([arithmetic.and_([trigger, arithmetic.not_(goal)]), encoder.fails(here)])

    def _look(self, depth: int) -> Answer | _Lasso | None:
        """The best lasso with so many commands, or an error of the spec."""
        path, moment = self._path, self._path.moments[depth]
        fails = self._literal(f"fails@{depth}", self._template.at(self._fails, moment))
        if self._patience.check(self._solver, [fails]) == z3.sat:
            model = self._solver.model()
            run = path.run(model, depth)
            return first_failure(self._concrete, path.state(model, depth), run, self._statistics())
        self._solver.add(self._arithmetic.not_(fails))
        self._add_ends(depth)
        return self._at(depth, None)

    def _add_ends(self, depth: int) -> None:
        """How a lasso may end with so many commands: it stays, or it goes round in a loop, without faults or with any."""
        self._pending.append(self._literal(f"pending@{depth}", self._is_pending(depth)))
        rests = self._literal(f"rests@{depth}", self._template.at(self._rests, self._path.moments[depth]))
        loops = self._loops(depth)
        self._ends = ([self._pending[depth], rests], [loops[True]], [loops[False]])

    # --- the best one ---

    def _at(self, depth: int, better_than: _Lasso | None) -> _Lasso | None:
        """The best lasso with so many commands, if there is one that is better than another."""
        best = better_than
        for end, assumptions in enumerate(self._ends):
            # Loops with faults are the last resort.
            if end == len(self._ends) - 1 and best is not None and not best.cost.has_faults_in_loop:
                break
            found = self._ask(depth, end, assumptions, best)
            while found is not None:
                best = found
                is_best = best.cost[1:] == (0, 0) or self._was_stopped or self._is_tired()
                found = None if is_best else self._improved(depth, end, best)
        return best if best is not better_than else None

    def _ask(self, depth: int, end: int, assumptions: list[Truth], best: _Lasso | None) -> _Lasso | None:
        """A lasso of this kind; with fewer faults than the best one, where that has none in its loop either."""
        if best is None or best.cost.has_faults_in_loop:
            return self._solved(depth, end, assumptions, effort=0 if best is None else BETTER_EFFORT)
        return self._within(depth, end, best.cost.faults - 1, None)

    def _improved(self, depth: int, end: int, best: _Lasso) -> _Lasso | None:
        """One with fewer faults, else with fewer ticks: by halving, since durations may be long."""
        try:
            found = self._within(depth, end, best.cost.faults - 1, None)
            impossible = -1
            while found is None and best.cost.ticks > impossible + 1 and not self._is_tired():
                ticks = (best.cost.ticks + impossible) // 2
                found = self._within(depth, end, best.cost.faults, ticks)
                impossible = ticks
        except StopSearch:
            self._was_stopped = True
            return None
        return found

    def _is_tired(self) -> bool:
        """Was enough spent on better runs?"""
        if self._first_spent is None:
            self._first_spent = spent(self._solver)
        return spent(self._solver) - self._first_spent > BETTER_EFFORT

    def _within(self, depth: int, end: int, faults: int, ticks: int | None) -> _Lasso | None:
        if faults < 0:
            return None
        arithmetic = self._arithmetic
        parts = [arithmetic.at_most(self._path.faults(depth), arithmetic.number(faults))]
        if ticks is not None:
            parts.append(arithmetic.at_most(self._path.ticks(depth), arithmetic.number(ticks)))
        self._asked_count += 1
        asked = self._literal(f"within@{self._asked_count}", arithmetic.and_(parts))
        return self._solved(depth, end, [*self._ends[end], asked], effort=BETTER_EFFORT)

    def _solved(self, depth: int, end: int, assumptions: list[Truth], *, effort: int) -> _Lasso | None:
        if self._patience.check(self._solver, assumptions, effort=effort) != z3.sat:
            return None
        model = self._solver.model()
        start = depth if end == 0 else self._path.number(model, self._start_of(depth))
        faults, ticks, _ = self._path.cost(model, depth)
        return _Lasso(_Cost(end == len(self._ends) - 1, faults, ticks), self._run(model, start, depth))

    def _better(self, first: _Lasso, depth: int) -> CandidateRun:
        """A run at least as good as the first one, which has the fewest commands."""
        best = first
        try:
            for longer in range(depth + 1, min(depth + MORE_COMMANDS, DEPTH_MAX) + 1):
                if (
                    self._was_stopped
                    or self._is_tired()
                    or (best.cost.faults == 0 and not best.cost.has_faults_in_loop)
                ):
                    break
                self._path.extend()
                self._add_ends(longer)
                best = self._at(longer, best) or best
        except StopSearch:
            self._was_stopped = True
        return best.run

    def _literal(self, name: str, formula: Truth) -> Truth:
        literal = z3.Bool(name, self._arithmetic.context)
        self._solver.add(literal == formula)
        return literal

    def _is_pending(self, depth: int) -> Truth:
        """The trigger has held, here or before, and the goal not since."""
        moment = self._path.moments[depth]
        trigger, goal = self._template.at(self._trigger, moment), self._template.at(self._goal, moment)
        before = self._pending[depth - 1] if depth else self._arithmetic.false
        return z3.And(z3.Not(goal), z3.Or(trigger, before))

    def _start_of(self, depth: int) -> z3.ExprRef:
        return self._arithmetic.unknown(f"start@{depth}", 0, depth)

    def _loops(self, depth: int) -> dict[bool, Truth]:
        """Literals: the run ends with a fair loop; for True without a fault in it."""
        context = self._arithmetic.context
        closes = {free: z3.Bool(f"loop@{depth},{free}", context) for free in (True, False)}
        start = self._start_of(depth)
        any_loop = []
        for first in range(depth):
            is_here = self._arithmetic.equal(start, self._arithmetic.number(first))
            parts = [is_here, self._pending[first], *self._closed(first, depth), self._is_fair(first, depth)]
            parts += [self._pending[i] for i in range(first, depth + 1)]
            parts += [
                z3.Not(self._path.choices[i].fires[c]) for i in range(first, depth) for c in sorted(self._query.stopped)
            ]
            any_loop.append(z3.And(parts))
        loop = self._literal(f"loop@{depth}", self._arithmetic.or_(any_loop))
        faults = [c for c, k in enumerate(self._model.commands) if k.command_class is CommandClass.FAULT]
        for is_free, closed in closes.items():
            self._solver.add(z3.Implies(closed, loop))
            if is_free:
                for i in range(depth):
                    is_inside = self._arithmetic.at_most(start, self._arithmetic.number(i))
                    none = [z3.Not(self._path.choices[i].fires[c]) for c in faults]
                    self._solver.add(z3.Implies(z3.And(closed, is_inside), z3.And([self._arithmetic.true, *none])))
        return closes

    def _closed(self, first: int, last: int) -> list[Truth]:
        a, b = self._path.moments[first], self._path.moments[last]
        return [x == y for x, y in zip(a.unknowns, b.unknowns, strict=True)]

    def _is_fair(self, first: int, last: int) -> Truth:
        arithmetic = self._arithmetic
        if self._model.is_timed:
            delays = self._path.delays[first + 1 : last + 1]
            return z3.Or([arithmetic.less(arithmetic.number(0), delay) for delay in delays])
        parts = [arithmetic.true]
        for index, command in enumerate(self._model.commands):
            if command.owed:
                fires = [self._path.choices[i].fires[index] for i in range(first, last)]
                rests = [
                    z3.Not(self._template.at(self._ready[index], self._path.moments[i])) for i in range(first, last)
                ]
                parts.append(z3.Or(fires + rests))
        return z3.And(parts)

    def _run(self, model: z3.ModelRef, start: int, depth: int) -> CandidateRun:
        """The lasso whose loop lies between these moments; between the same: it waits or stops there."""
        stem, whole = self._path.run(model, start), self._path.run(model, depth)
        steps = whole.steps
        if start == depth and self._model.is_timed:
            steps = (*steps, TICK)
        return CandidateRun(initial=whole.initial, steps=steps, loop_start=len(stem.steps))
