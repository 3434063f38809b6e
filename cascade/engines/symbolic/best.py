"""From a run with the fewest commands to a best one: fewest faults, then fewest ticks, then fewest commands.

A longer run may be better. That none is follows, for faults, from an invariant of runs with fewer faults; for ticks, from a length that no run with fewer
ticks has (then all such runs have been looked at), or again from an invariant. Where neither is found with reasonable effort the run is a best one
among those up to the length looked at. All efforts are counted, so the same run is found on every machine.
"""

from collections.abc import Iterator
from typing import Literal

import z3

from cascade.engines.explicit.watch import StopSearch
from cascade.engines.symbolic.encode import Encoder
from cascade.engines.symbolic.invariant import BadStates, RunBounds, Spacer
from cascade.engines.symbolic.patience import Patience, spent
from cascade.engines.symbolic.refute import Refuter, Witness
from cascade.engines.symbolic.terms import Truth

PROOF_EFFORT = 3_000_000
"""What is spent at most on an invariant, and on longer runs; about a second."""

MORE_COMMANDS = 12
"""So many more commands are looked at at most."""

LENGTH_EFFORT = 1_000_000
"""What is spent at most on whether there are runs of some length at all."""


class Best:
    """Looks for better runs than the first one. `target` is the formula `is_bad` about the refuter's moments."""

    def __init__(
        self, *, refuter: Refuter, target: Truth, integers: Encoder, is_bad: BadStates, patience: Patience
    ) -> None:
        self._refuter = refuter
        self._target = target
        self._integers = integers
        self._is_bad = is_bad
        self._patience = patience
        self.is_sure = True
        """Is there no better run than that of `run`? Not known where a limit, or the effort for it, ended the search."""

    def run(self, first: Witness) -> Witness:
        """A best run; if a limit is reached meanwhile, the best one so far. `first` has the fewest commands."""
        best = first
        try:
            for better in self._better_ones(first):
                best = better
        except StopSearch:
            self.is_sure = False
        return best

    def _better_ones(self, first: Witness) -> Iterator[Witness]:
        """Each better than the one before."""
        witness: Witness | None = first
        while witness is not None:
            witness = self._refuter.best(self._target, witness)
            yield witness
            if witness.cost[:2] == (0, 0):
                return
            witness = self._longer(witness)

    def _longer(self, witness: Witness) -> Witness | None:
        """A better run with more commands; None if there is none, or if telling takes too much."""
        faults, ticks, _ = witness.cost
        said = z3.unsat
        if faults > 0:
            said = self._ask(RunBounds(faults=faults - 1))
        if said == z3.unsat and ticks == 0:
            return None
        if said != z3.sat:
            found = self._soon(witness, is_ticks_only=said == z3.unsat)
            if found is not False:
                return found
            if said == z3.unknown:
                self.is_sure = False
                return None
            said = self._ask(RunBounds(faults=faults, ticks=ticks - 1))
        if said != z3.sat:
            self.is_sure = said == z3.unsat
            return None
        while (found := self._one_more(witness)) is None:
            pass
        return found

    def _ask(self, bounds: RunBounds) -> z3.CheckSatResult:
        """Whether runs within these bounds reach the target."""
        return Spacer(self._integers, self._is_bad, bounds=bounds).ask(self._patience, PROOF_EFFORT)

    def _soon(self, witness: Witness, *, is_ticks_only: bool) -> Witness | Literal[False] | None:
        """A better run with a few more commands; None if there is no better one of any length, False if there may be."""
        faults, ticks, _ = witness.cost
        begun = spent(self._refuter.solver)
        for _ in range(MORE_COMMANDS):
            if spent(self._refuter.solver) - begun > PROOF_EFFORT:
                break
            if is_ticks_only and not self._refuter.goes_on_within(faults, ticks - 1, LENGTH_EFFORT):
                return None
            found = self._one_more(witness)
            if found is not None:
                return found
        return False

    def _one_more(self, witness: Witness) -> Witness | None:
        """A better run with one command more than were looked at."""
        faults, ticks, _ = witness.cost
        self._refuter.extend()
        found = None
        if faults > 0:
            found = self._refuter.within(self._target, faults - 1, None)
        if found is None and ticks > 0:
            found = self._refuter.within(self._target, faults, ticks - 1)
        return found
