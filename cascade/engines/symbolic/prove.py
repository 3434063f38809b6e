"""Proofs that no bad state is reachable, and no timelock: by k-induction, or by an inductive invariant."""

import z3

from cascade.engines.symbolic import induct, invariant
from cascade.engines.symbolic.concrete import Concrete, State
from cascade.engines.symbolic.encode import Encoder, Moment
from cascade.engines.symbolic.induct import Induction
from cascade.engines.symbolic.invariant import BadStates, Spacer
from cascade.engines.symbolic.patience import Patience
from cascade.engines.symbolic.refute import Refuter, Witness
from cascade.engines.symbolic.terms import Truth
from cascade.engines.symbolic.text import invariant_text
from cascade.engines.symbolic.timelock import Suspicion, Timelock, Undecided, is_locked, locked_loop
from cascade.engines.symbolic.unroll import Template, state_in
from cascade.limits import StopReason
from cascade.verdicts.answer import Proof, ProofKind

SUSPECT_COMMANDS = 200
"""Timelocks that more commands lead to are not looked for; Spacer says that there are some."""


class Prover:
    """Looks for a proof. `is_bad` says of which states it has to keep runs away; timelocks come on top."""

    def __init__(
        self, *, integers: Encoder, is_bad: BadStates, concrete: Concrete, template: Template, patience: Patience
    ) -> None:
        self._integers = integers
        self._is_bad = is_bad
        self._concrete = concrete
        self._patience = patience
        self._template = template
        self._is_timed = concrete.model.is_timed
        self._bad = is_bad(self._template.encoder, self._template.here)
        self._induction = Induction(self._template, self._bad, patience)
        self._is_inductive = False
        self._is_reachable = False
        self._suspicion = Suspicion()
        # Looks for suspects in particular; made when there is need.
        self._suspects: Refuter | None = None

    def prove(self, cleared_count: int, effort: int) -> "Proof | Timelock | StopReason | None":
        """A proof, or why there is none; None if that takes more effort. Runs of fewer commands than `cleared_count` meet nothing bad."""
        if self._is_reachable:
            # Spacer says that there is a run; bounded model checking will find it.
            return None
        try:
            return self._by_induction(cleared_count, effort) or self._by_invariant(effort)
        except Undecided:
            return StopReason.UNPROVED

    # --- k-induction ---

    def _by_induction(self, cleared_count: int, effort: int) -> Proof | Timelock | StopReason | None:
        if self._is_inductive:
            # It does not exclude timelocks, or that was too much effort.
            return None
        while True:
            said = self._induction.holds(effort)
            if said == z3.unsat:
                self._is_inductive = True
                return self._without_timelocks(self._induction.k, effort)
            if said == z3.unknown or self._induction.k >= cleared_count:
                return None
            self._induction.extend()

    def _without_timelocks(self, k: int, effort: int) -> Proof | Timelock | StopReason | None:
        """The proof by k-induction, if there are no timelocks either."""
        while self._is_timed:
            early = self._early_timelock(k, effort)
            if early is not None:
                return early if isinstance(early, Timelock) else None
            said = self._induction.excludes(self._suspect(), effort)
            if said is True:
                break
            # Where it is locked: perhaps it is not reachable. An invariant will tell.
            if said is False or is_locked(self._concrete, self._suspicion, said, self._patience):
                return None
        is_wrong = self._is_bad_or_suspect if self._is_timed else self._is_bad
        distinct, encoder = self._induction.distinct, self._template.encoder
        if not induct.holds_up(encoder, k, distinct, self._is_bad, is_wrong, self._patience):
            return StopReason.UNPROVED
        return Proof(kind=ProofKind.K_INDUCTION, k=k)

    # --- timelocks ---

    def _suspect(self) -> Truth:
        """A formula about `here`: it may be locked, for all that is known."""
        encoder = self._template.encoder
        return encoder.arithmetic.and_(self._suspicion.formula(encoder, self._template.here))

    def _early_timelock(self, commands: int, effort: int, *, is_once: bool = False) -> Timelock | bool | None:
        """A timelock that fewer than so many commands lead to; False: that takes more effort.

        None: there is none, or with `is_once`: the first suspect was none.
        """
        if self._suspects is None:
            self._suspects = Refuter(self._template, self._patience)
        # Suspicion gets less and less: depths that were free of it stay so.
        while self._suspects.depth < commands:
            found = self._suspects.look(self._suspect(), effort=effort)
            if isinstance(found, Witness):
                if is_locked(self._concrete, self._suspicion, found.state, self._patience):
                    steps, loop_start = locked_loop(self._concrete, found.state)
                    return Timelock(witness=found, steps=tuple(steps), loop_start=loop_start)
                if is_once:
                    return None
            elif found:
                return False
            else:
                self._suspects.extend()
        return False if is_once else None

    # --- invariants ---

    def _is_bad_or_suspect(self, encoder: Encoder, here: Moment) -> Truth:
        suspect = encoder.arithmetic.and_(self._suspicion.formula(encoder, here))
        return encoder.arithmetic.or_([self._is_bad(encoder, here), suspect])

    def _by_invariant(self, effort: int) -> Proof | Timelock | StopReason | None:
        spacer = Spacer(self._integers, self._is_bad)
        said = spacer.ask(self._patience, effort)
        self._is_reachable = said == z3.sat
        if said != z3.unsat:
            return None
        # Every `Spacer` has the same unknowns, by name.
        here, is_bad = spacer.here, self._is_bad
        found = spacer.invariant()
        if found is None:
            return StopReason.UNPROVED
        if self._is_timed:
            is_bad = self._is_bad_or_suspect
            stronger = self._time_passes(here, found, effort)
            if stronger is None or isinstance(stronger, Timelock):
                return stronger
            found = stronger
        for claim in invariant.plain_forms(found, self._patience):
            if invariant.holds_up(self._integers, here, claim, is_bad, self._patience):
                return Proof(kind=ProofKind.INVARIANT, invariant=invariant_text(self._integers, here, claim))
        return StopReason.UNPROVED

    def _time_passes(self, here: Moment, found: Truth, effort: int) -> Truth | Timelock | None:
        """An invariant that excludes timelocks too, or one that is reachable."""
        encoder = self._integers
        while True:
            suspect = encoder.arithmetic.and_(self._suspicion.formula(encoder, here))
            state = self._state_of(here, [found, *encoder.within(here), suspect], effort)
            if not isinstance(state, State):
                return found if state else None
            if not is_locked(self._concrete, self._suspicion, state, self._patience):
                continue
            spacer = Spacer(encoder, self._is_bad_or_suspect)
            said = spacer.ask(self._patience, effort)
            if said == z3.sat:
                # Some suspect can be reached: a timelock, or the suspicion is wrong.
                timelock = self._early_timelock(SUSPECT_COMMANDS, effort, is_once=True)
                if timelock is not None:
                    return timelock if isinstance(timelock, Timelock) else None
                continue
            stronger = spacer.invariant() if said == z3.unsat else None
            if stronger is None:
                return None
            found = z3.And(found, stronger)

    def _state_of(self, here: Moment, formulas: list[Truth], effort: int) -> State | bool:
        """A state of which the formulas hold; True if there is none, False if that takes more effort."""
        solver = z3.SimpleSolver(ctx=self._integers.arithmetic.context)
        solver.set("ctrl_c", False)
        solver.add(*formulas)
        said = self._patience.check(solver, [], effort=effort)
        if said != z3.sat:
            return bool(said == z3.unsat)
        return state_in(solver.model(), self._integers, here)
