"""Bounded model checking: is there a run with so many commands? And of the runs that there are, which is the best?

Best is as the query says: fewest faults, then fewest ticks, then fewest commands. Depths are looked at one after the other, so the first run found has the
fewest commands only; `best` improves it among runs of that length. Whether a longer one is better still is for others to tell (`best.py`).
"""

import z3

from cascade.engines.symbolic.concrete import State
from cascade.engines.symbolic.patience import Patience, new_solver
from cascade.engines.symbolic.terms import Truth
from cascade.engines.symbolic.unroll import Path, Template
from cascade.records import dataclass
from cascade.verdicts.run import CandidateRun

Cost = tuple[int, int, int]
"""Faults, ticks, commands."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A run that meets what was asked for in its last state."""

    run: CandidateRun
    state: State
    cost: Cost


class Refuter:
    """Runs from the initial states, of growing length."""

    def __init__(self, template: Template, patience: Patience) -> None:
        self.template = template
        self._patience = patience
        self._arithmetic = template.encoder.arithmetic
        self.solver = new_solver(self._arithmetic.context)
        self._path = Path(template, self.solver, "run", is_initial=True)
        self._asked_count = 0

    @property
    def depth(self) -> int:
        """The number of commands in the runs."""
        return self._path.depth

    def extend(self) -> None:
        """Runs with one command more."""
        self._path.extend()
        self._patience.depth = self.depth

    def look(self, target: Truth, *, effort: int = 0) -> Witness | bool:
        """A run to where the target, a formula about the template's `here`, holds. False: there is none. True: that takes more effort."""
        return self._look(self.template.at(target, self._path.moments[-1]), effort)

    def _look(self, formula: Truth, effort: int) -> Witness | bool:
        self._asked_count += 1
        asked = z3.Bool(f"asked@{self._asked_count}", self._arithmetic.context)
        self.solver.add(z3.Implies(asked, formula))
        said = self._patience.check(self.solver, [asked], effort=effort)
        if said != z3.sat:
            self.solver.add(z3.Not(asked))
            return bool(said == z3.unknown)
        model, depth = self.solver.model(), self.depth
        return Witness(self._path.run(model, depth), self._path.state(model, depth), self._path.cost(model, depth))

    # --- better ones ---

    def within(self, target: Truth, faults: int, ticks: int | None) -> Witness | None:
        """A run to the target with at most so many faults and ticks."""
        formula = z3.And(self.template.at(target, self._path.moments[-1]), self._costs_at_most(faults, ticks))
        found = self._look(formula, 0)
        return found if isinstance(found, Witness) else None

    def _costs_at_most(self, faults: int, ticks: int | None) -> Truth:
        arithmetic, depth = self._arithmetic, self.depth
        parts = [arithmetic.at_most(self._path.faults(depth), arithmetic.number(faults))]
        if ticks is not None:
            parts.append(arithmetic.at_most(self._path.ticks(depth), arithmetic.number(ticks)))
        return arithmetic.and_(parts)

    def goes_on_within(self, faults: int, ticks: int, effort: int) -> bool:
        """Whether some run has at most so many faults and ticks, wherever it leads; also if telling takes more effort."""
        return self._look(self._costs_at_most(faults, ticks), effort) is not False

    def best(self, target: Truth, witness: Witness) -> Witness:
        """A best run of this length to the target, at least as good as `witness`."""
        while witness.cost[0] > 0:
            better = self.within(target, witness.cost[0] - 1, None)
            if better is None:
                break
            witness = better
        # By halving: durations may be long.
        impossible = -1
        while witness.cost[1] > impossible + 1:
            ticks = (witness.cost[1] + impossible) // 2
            better = self.within(target, witness.cost[0], ticks)
            if better is None:
                impossible = ticks
            else:
                witness = better
        return witness
