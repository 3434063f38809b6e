"""Answers `Reach`: looks for a run and for a proof that there is none, by turns."""

import z3

from cascade.core.model import CoreModel
from cascade.core.queries import Reach
from cascade.engines.explicit.evaluate import EvaluationFailure
from cascade.engines.symbolic.best import Best
from cascade.engines.symbolic.concrete import Concrete, State
from cascade.engines.symbolic.encode import Encoder, Moment
from cascade.engines.symbolic.failures import failing_start, first_failure, start_failure, timelock_failure
from cascade.engines.symbolic.patience import Patience, spent
from cascade.engines.symbolic.prove import Prover
from cascade.engines.symbolic.refute import Refuter, Witness
from cascade.engines.symbolic.terms import Integers, Truth, Words
from cascade.engines.symbolic.timelock import Timelock
from cascade.engines.symbolic.unroll import Template
from cascade.limits import StopReason
from cascade.verdicts.answer import Answer, Exhausted, Found, Proof, Statistics, Stopped

FIRST_EFFORT = 2_000_000
"""What the first round spends on each method, in z3's resource units: about a second."""

GROWTH = 3
"""How much more each round spends than the one before."""

MORE_COMMANDS = 12
"""Each round looks at runs with at most so many more commands."""

NOT_BEST = ("run", "there may be one with fewer faults or less time; looking for it was given up")
"""Said with `--stats` of a run that may not be the best one."""


class ReachSearch:
    """One query about one model."""

    def __init__(self, model: CoreModel, query: Reach, patience: Patience) -> None:
        self._query = query
        self._patience = patience
        self._concrete = Concrete(model, (query.goal,))
        self._encoder = Encoder(model, (query.goal,), Words(z3.Context()))
        self._integers = Encoder(model, (query.goal,), Integers(z3.Context()))
        template = Template(self._encoder)
        self._refuter = Refuter(template, patience)
        self._target = self._is_bad(self._encoder, template.here)
        self._best = Best(
            refuter=self._refuter,
            target=self._target,
            integers=self._integers,
            is_bad=self._is_bad,
            patience=patience,
        )
        self._prover = Prover(
            integers=self._integers,
            is_bad=self._is_bad,
            concrete=self._concrete,
            template=template,
            patience=patience,
        )

    def _is_bad(self, encoder: Encoder, here: Moment) -> Truth:
        """A goal, or an error of the spec: what a proof excludes."""
        return encoder.arithmetic.or_([encoder.is_goal(here, self._query), encoder.fails(here)])

    def _statistics(self) -> Statistics:
        details = () if self._best.is_sure else (NOT_BEST,)
        return Statistics(seconds=self._patience.watch.seconds, details=details)

    def answer(self) -> Answer:
        """The answer. Raises `StopSearch`."""
        initial = failing_start(self._encoder, self._patience)
        if initial is not None:
            return start_failure(self._concrete, initial, self._statistics())
        effort = FIRST_EFFORT
        while True:
            said = self._refute(MORE_COMMANDS, effort)
            if said is not None:
                return said
            proved = self._prover.prove(self._refuter.depth, effort)
            match proved:
                case Proof():
                    return Exhausted(statistics=self._statistics(), proof=proved)
                case Timelock():
                    return timelock_failure(proved, self._statistics())
                case StopReason():
                    return Stopped(reason=proved, statistics=self._statistics())
            effort *= GROWTH

    def proof(self, effort: int) -> Proof | None:
        """A proof that there is no such run, if one is found with so much effort for each method; a run is not wanted."""
        if failing_start(self._encoder, self._patience) is not None:
            return None
        begun = spent(self._refuter.solver)
        for _ in range(MORE_COMMANDS):
            found = self._refuter.look(self._target, effort=effort)
            if isinstance(found, Witness):
                return None
            if found or spent(self._refuter.solver) - begun > effort:
                break
            self._refuter.extend()
        proved = self._prover.prove(self._refuter.depth, effort)
        return proved if isinstance(proved, Proof) else None

    # --- runs ---

    def _refute(self, more: int, effort: int) -> Answer | None:
        """Look for a run, with so many more commands than were looked at or until that has taken so much effort."""
        begun = spent(self._refuter.solver)
        for _ in range(more):
            found = self._refuter.look(self._target, effort=effort)
            if isinstance(found, Witness):
                return self._found(self._best.run(found))
            if found:
                return None
            self._refuter.extend()
            if spent(self._refuter.solver) - begun > effort:
                return None
        return None

    def _found(self, witness: Witness) -> Answer:
        if self._is_goal(witness.state):
            return Found(run=witness.run, statistics=self._statistics())
        return first_failure(self._concrete, witness.state, witness.run, self._statistics())

    def _is_goal(self, state: State) -> bool:
        clock = self._query.clock
        if clock is not None and state.clocks[clock] > self._query.exceeds_ticks:
            return True
        try:
            return self._concrete.holds(self._query.goal, state)
        except EvaluationFailure:
            return False
