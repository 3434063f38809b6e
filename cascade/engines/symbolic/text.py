"""Invariants in names of the spec, for people to read."""

from collections.abc import Callable

import z3

from cascade.core.model import Variable, VariableKind
from cascade.engines.symbolic.encode import Encoder, Moment
from cascade.engines.symbolic.terms import Truth

LENGTH_MAX = 2_000
"""Nobody reads more of a line. The invariant itself is kept and examined whole."""

VALUES_MAX = 12
"""What is said of one variable with no more values than this is told as a list of values."""


def invariant_text(encoder: Encoder, here: Moment, invariant: Truth) -> tuple[str, ...]:
    """One line for each part that says more than domains do. The parts hold together."""
    writer = _Writer(encoder, here)
    simple = z3.simplify(invariant)
    parts = simple.children() if z3.is_and(simple) else [simple]
    lines = [writer.text(part) for part in parts]
    return tuple(line for line in lines if line != "true") or ("true",)


class _Writer:
    def __init__(self, encoder: Encoder, here: Moment) -> None:
        self._names: dict[str, str] = {}
        self._texts: dict[int, str] = {}
        self._kept: list[z3.ExprRef] = []
        self._variables: dict[str, tuple[Variable, object]] = {}
        for variable, term in zip(encoder.model.variables, here.variables, strict=True):
            self._names[str(term)] = variable.name
            self._variables[str(term)] = variable, term
        for clock, term in zip(encoder.model.clocks, here.clocks, strict=True):
            self._names[str(term)] = f"clock({clock.name})"

    def text(self, term: z3.ExprRef) -> str:
        """A formula or a number; cut if it is very long."""
        key = term.get_id()
        if key not in self._texts:
            text = self._text(term)
            # An id is free for others once its term is gone.
            self._kept.append(term)
            self._texts[key] = text if len(text) <= LENGTH_MAX else text[:LENGTH_MAX] + "…"
        return self._texts[key]

    def _text(self, term: z3.ExprRef) -> str:
        if z3.is_quantifier(term):
            return self._quantified(term)
        if z3.is_app_of(term, z3.Z3_OP_UNINTERPRETED) and term.num_args() == 0:
            return self._names.get(str(term), str(term))
        if z3.is_bool(term) and term.num_args() > 0:
            values = self._values(term)
            if values is not None:
                return values
        parts = [self.text(child) for child in term.children()]
        infix = _INFIX.get(term.decl().kind())
        if infix is not None and len(parts) > 1:
            return "(" + f" {infix} ".join(parts) + ")"
        if z3.is_not(term):
            inside = term.arg(0)
            opposite = _OPPOSITE.get(inside.decl().kind()) if z3.is_app(inside) else None
            if opposite is not None:
                left, right = inside.children()
                return f"({self.text(left)} {opposite} {self.text(right)})"
            return f"not {parts[0]}"
        if term.decl().kind() == z3.Z3_OP_ITE:
            return f"(if {parts[0]} then {parts[1]} else {parts[2]})"
        return f"{term.decl().name()}({', '.join(parts)})" if parts else str(term).lower()

    def _quantified(self, term: z3.QuantifierRef) -> str:
        """Spacer says so of states before: what one step leads to from anywhere is an invariant too."""
        bound = [z3.Const(f"was{len(self._names) + i}", term.var_sort(i)) for i in reversed(range(term.num_vars()))]
        for unknown in bound:
            self._names[str(unknown)] = str(unknown)
        word = "all" if term.is_forall() else "some"
        names = ", ".join(str(unknown) for unknown in bound)
        return f"(for {word} {names}: {self.text(z3.substitute_vars(term.body(), *bound))})"

    def _values(self, term: z3.ExprRef) -> str | None:
        """What is said of a single variable that has few values, as the list of those values; None if it is about something else."""
        names = _unknowns(term)
        # With a quantifier it is not plain for which values it is true.
        if names is None or len(names) != 1 or (name := names.pop()) not in self._variables:
            return None
        variable, unknown = self._variables[name]
        if variable.kind is VariableKind.BOOL or variable.high - variable.low >= VALUES_MAX:
            return None
        values = range(variable.low, variable.high + 1)
        context = term.ctx
        kept = [v for v in values if z3.is_true(z3.simplify(z3.substitute(term, (unknown, z3.IntVal(v, context)))))]
        if len(kept) == len(values):
            return "true"
        if not kept:
            return "false"
        label: Callable[[int], str] = str
        if variable.kind is VariableKind.ENUM:
            label = lambda value: variable.labels[value - variable.low]  # noqa: E731
        return f"{variable.name} = {' | '.join(map(label, kept))}"


_INFIX = {
    z3.Z3_OP_AND: "and",
    z3.Z3_OP_OR: "or",
    z3.Z3_OP_EQ: "=",
    z3.Z3_OP_LE: "<=",
    z3.Z3_OP_LT: "<",
    z3.Z3_OP_GE: ">=",
    z3.Z3_OP_GT: ">",
    z3.Z3_OP_ADD: "+",
    z3.Z3_OP_SUB: "-",
    z3.Z3_OP_MUL: "*",
    z3.Z3_OP_DISTINCT: "!=",
    z3.Z3_OP_IDIV: "/",
}

_OPPOSITE = {z3.Z3_OP_LE: ">", z3.Z3_OP_LT: ">=", z3.Z3_OP_GE: "<", z3.Z3_OP_GT: "<=", z3.Z3_OP_EQ: "!="}


def _unknowns(term: z3.ExprRef) -> set[str] | None:
    """The unknowns in a formula; None if it has quantifiers."""
    found: set[str] = set()
    pending, seen = [term], set[int]()
    while pending:
        here = pending.pop()
        if z3.is_quantifier(here):
            return None
        if here.get_id() in seen:
            continue
        seen.add(here.get_id())
        if here.num_args() == 0 and here.decl().kind() == z3.Z3_OP_UNINTERPRETED:
            found.add(str(here))
        pending.extend(here.children())
    return found
