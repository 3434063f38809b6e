"""Proofs by k-induction (Sheeran, Singh, Stålmarck 2000).

If no run of fewer than k commands meets a bad state, and k good moments in a row, all different, are never followed by a bad one, then
no run meets one. The first half is bounded model checking from the initial states, the second starts anywhere.
"""

import z3

from cascade.engines.symbolic.concrete import State
from cascade.engines.symbolic.encode import Encoder, Moment
from cascade.engines.symbolic.invariant import BadStates
from cascade.engines.symbolic.patience import Patience, new_solver
from cascade.engines.symbolic.terms import Truth, Words
from cascade.engines.symbolic.unroll import Path, Template


class Induction:
    """The second half. `bad` is a formula about the template's `here`. `distinct` are the pairs of moments that were asked to differ."""

    def __init__(self, template: Template, bad: Truth, patience: Patience) -> None:
        self._template = template
        self._bad = bad
        self._patience = patience
        self._arithmetic = template.encoder.arithmetic
        self._solver = new_solver(self._arithmetic.context)
        self._path = Path(template, self._solver, "any", is_initial=False)
        self._literals = [self._literal(0)]
        self.distinct: set[tuple[int, int]] = set()

    @property
    def k(self) -> int:
        """The number of good moments in a row."""
        return self._path.depth

    def extend(self) -> None:
        """One good moment more."""
        self._solver.add(self._arithmetic.not_(self._literals[-1]))
        self._path.extend()
        self._literals.append(self._literal(self.k))

    def _literal(self, depth: int) -> Truth:
        literal = z3.Bool(f"bad@{depth}", self._arithmetic.context)
        self._solver.add(literal == self._template.at(self._bad, self._path.moments[depth]))
        return literal

    def holds(self, effort: int) -> z3.CheckSatResult:
        """z3.unsat: `k` good moments are never followed by a bad one; z3.unknown: telling takes more effort."""
        return self._ask([self._literals[-1]], effort)

    def excludes(self, formula: Truth, effort: int) -> State | bool:
        """Whether this formula about `here` never holds after `k` good moments, in a good one; a state in which it does, or False: too much effort."""
        self._solver.push()
        self._solver.add(self._template.at(formula, self._path.moments[-1]))
        said = self._ask([self._arithmetic.not_(self._literals[-1])], effort)
        state = self._path.state(self._solver.model(), self.k) if said == z3.sat else None
        self._solver.pop()
        return bool(said == z3.unsat) if state is None else state

    def _ask(self, assumptions: list[Truth], effort: int) -> z3.CheckSatResult:
        while True:
            said = self._patience.check(self._solver, assumptions, effort=effort)
            if said != z3.sat or not self._tell_apart(self._solver.model()):
                return said

    def _tell_apart(self, model: z3.ModelRef) -> bool:
        """Ask for differences between moments that are the same state in `model`; False if there are none. Few pairs ever matter."""
        seen: dict[object, int] = {}
        is_new = False
        for depth in range(self.k + 1):
            first = seen.setdefault(self._path.state(model, depth), depth)
            if first != depth and (first, depth) not in self.distinct:
                self.distinct.add((first, depth))
                self._solver.add(differ(self._path.moments[first], self._path.moments[depth]))
                is_new = True
        return is_new


# --- examination ---


def holds_up(
    encoder: Encoder, k: int, distinct: set[tuple[int, int]], is_bad: BadStates, is_wrong: BadStates, patience: Patience
) -> bool:
    """Whether solvers that know nothing of the search confirm both halves.

    `is_wrong` is what `is_bad` says or more (timelocks): k moments that are not bad, those of each pair in `distinct` different, are to be followed
    by none that is wrong. Everything is made anew, in another context and for another kind of solver.
    """
    fresh = Encoder(encoder.model, encoder.asked, Words(z3.Context()))
    template = Template(fresh)
    bad, wrong = is_bad(fresh, template.here), is_wrong(fresh, template.here)

    def is_impossible(solver: z3.Solver, path: Path) -> bool:
        solver.add(template.at(wrong, path.moments[-1]))
        return bool(patience.check(solver, []) == z3.unsat)

    for depth in range(k):
        solver = _plain_solver(fresh)
        path = Path(template, solver, f"run{depth}:", is_initial=True)
        for _ in range(depth):
            path.extend()
        if not is_impossible(solver, path):
            return False
    solver = _plain_solver(fresh)
    path = Path(template, solver, "any", is_initial=False)
    for i in range(k):
        solver.add(z3.Not(template.at(bad, path.moments[i])))
        path.extend()
    for first, second in sorted(distinct):
        solver.add(differ(path.moments[first], path.moments[second]))
    return is_impossible(solver, path)


def _plain_solver(encoder: Encoder) -> z3.Solver:
    solver = z3.SolverFor("QF_BV", ctx=encoder.arithmetic.context)
    solver.set("ctrl_c", False)
    return solver


def differ(a: Moment, b: Moment) -> Truth:
    """Two moments are different states."""
    return z3.Or([x != y for x, y in zip(a.unknowns, b.unknowns, strict=True)])
