"""Answers `Lasso` queries: looks for a run that ends in a loop.

Depth by depth: at each, first loops without faults, then any. A loop starts and ends in the same moment, clocks included. With time it has a tick; without,
each owed command fires in it or is once not ready. A run that waits for ever, or that may stop, ends in a moment that says so. That there is no lasso
is proved in one case only: no state has the trigger without the goal.
"""

import z3

from cascade.core.model import TICK, CommandClass, CoreModel
from cascade.core.queries import Lasso
from cascade.engines.symbolic.bounded import bounded, is_boundable, longest_wait
from cascade.engines.symbolic.concrete import Concrete
from cascade.engines.symbolic.encode import Encoder, Moment
from cascade.engines.symbolic.failures import failing_start, first_failure, start_failure, timelock_failure
from cascade.engines.symbolic.patience import Patience, new_solver
from cascade.engines.symbolic.prove import Prover
from cascade.engines.symbolic.reach import ReachSearch
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


BOUND_EFFORTS = {6: 3_000_000, 12: 20_000_000, 24: 100_000_000}
"""When runs with so many commands show nothing, a bound is looked for, with so much effort."""


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

    def _statistics(self) -> Statistics:
        return Statistics(seconds=self._patience.watch.seconds)

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
            if said is not None:
                return said
        return Stopped(reason=StopReason.UNPROVED, statistics=self._statistics())

    def _bounded(self, effort: int) -> Proof | None:
        """A proof that the goal is never waited for longer than some time."""
        if not is_boundable(self._model, self._query):
            return None
        model, query = bounded(self._model, self._query, longest_wait(self._model))
        return ReachSearch(model, query, self._patience).proof(effort)

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

    def _look(self, depth: int) -> Answer | None:
        path, moment = self._path, self._path.moments[depth]
        fails = self._literal(f"fails@{depth}", self._template.at(self._fails, moment))
        if self._patience.check(self._solver, [fails]) == z3.sat:
            model = self._solver.model()
            run = path.run(model, depth)
            return first_failure(self._concrete, path.state(model, depth), run, self._statistics())
        self._solver.add(self._arithmetic.not_(fails))
        self._pending.append(self._literal(f"pending@{depth}", self._is_pending(depth)))
        rests = self._literal(f"rests@{depth}", self._template.at(self._rests, moment))
        if self._patience.check(self._solver, [self._pending[depth], rests]) == z3.sat:
            return self._found(self._solver.model(), depth, depth)
        closes = self._loops(depth)
        for is_fault_free in (True, False):
            said = self._patience.check(self._solver, [closes[is_fault_free]])
            if said == z3.sat:
                model = self._solver.model()
                start = path.number(model, self._start_of(depth))
                return self._found(model, start, depth)
        return None

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

    def _found(self, model: z3.ModelRef, start: int, depth: int) -> Found:
        """The lasso whose loop lies between these moments; between the same: it waits or stops there."""
        stem, whole = self._path.run(model, start), self._path.run(model, depth)
        steps = whole.steps
        if start == depth and self._model.is_timed:
            steps = (*steps, TICK)
        run = CandidateRun(initial=whole.initial, steps=steps, loop_start=len(stem.steps))
        return Found(run=run, statistics=self._statistics())
