"""Invariants in names of the spec, without quantifiers, for people to read."""

from collections.abc import Callable

import z3

from cascade.core.model import Variable, VariableKind
from cascade.diagnostics.durations import exact_duration_text
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
    quantified = sum(has_quantifier(part) for part in parts)
    lines = dict.fromkeys(_bare(writer.text(part)) for part in parts if not has_quantifier(part))
    lines.pop("true", None)
    if quantified:
        lines[f"({quantified} more, about the states before, that cannot be said without quantifiers)"] = None
    return tuple(sorted(lines, key=len)) or ("true",)


def has_quantifier(term: z3.ExprRef) -> bool:
    """Whether something is said of all or some values."""
    return _unknowns(term) is None


def _bare(text: str) -> str:
    """A line needs no parentheses around it."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for position, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0 and position < len(text) - 1:
            return text
    return text[1:-1]


class _Writer:
    def __init__(self, encoder: Encoder, here: Moment) -> None:
        self._names: dict[str, str] = {}
        self._texts: dict[int, str] = {}
        self._kept: list[z3.ExprRef] = []
        self._variables: dict[str, tuple[Variable, object]] = {}
        self._clocks: set[str] = set()
        self._tick_ms = encoder.model.tick_ms
        for variable, term in zip(encoder.model.variables, here.variables, strict=True):
            self._names[str(term)] = variable.name
            self._variables[str(term)] = variable, term
        for clock, term in zip(encoder.model.clocks, here.clocks, strict=True):
            self._names[str(term)] = f"clock({clock.name})"
            self._clocks.add(str(term))

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
        if z3.is_app_of(term, z3.Z3_OP_UNINTERPRETED) and term.num_args() == 0:
            return self._names.get(str(term), str(term))
        if z3.is_bool(term) and term.num_args() > 0:
            found = self._values(term)
            if found is None:
                found = self._relation(term)
            if found is not None:
                return found
        if z3.is_or(term):
            return self._alternatives(term)
        parts = [self.text(child) for child in term.children()]
        infix = _INFIX.get(term.decl().kind())
        if infix is not None and len(parts) > 1:
            return "(" + f" {infix} ".join(parts) + ")"
        if z3.is_not(term):
            return f"not {parts[0]}"
        if term.decl().kind() == z3.Z3_OP_ITE:
            return f"(if {parts[0]} then {parts[1]} else {parts[2]})"
        return f"{term.decl().name()}({', '.join(parts)})" if parts else str(term).lower()

    def _alternatives(self, term: z3.ExprRef) -> str:
        """`a and b implies c or d` of what is not a, or not b, or c, or d."""
        denied = [child.arg(0) for child in term.children() if z3.is_not(child) and self._is_plain(child.arg(0))]
        others = [child for child in term.children() if not (z3.is_not(child) and self._is_plain(child.arg(0)))]
        if not denied or not others:
            return "(" + " or ".join(self.text(child) for child in term.children()) + ")"
        left, right = (sorted(map(self.text, side)) for side in (denied, others))
        return f"({' and '.join(left)} implies {' or '.join(right)})"

    def _is_plain(self, term: z3.ExprRef) -> bool:
        """A boolean of the spec, which reads well on the left."""
        return bool(z3.is_const(term)) and str(term) in self._names

    # --- relations between numbers ---

    def _relation(self, term: z3.ExprRef) -> str | None:
        """`a < b + 3`: each side with what it adds, and no numbers that are not needed. None of what is no such relation."""
        is_denied = z3.is_not(term)
        inside = term.arg(0) if is_denied else term
        sign = _SIGNS.get(inside.decl().kind()) if z3.is_app(inside) else None
        if sign is None or inside.num_args() != 2 or not z3.is_int(inside.arg(0)):
            return None
        if is_denied:
            sign = _OPPOSITE[sign]
        factors: dict[str, int] = {}
        constant = self._add(inside.arg(0), 1, factors)
        other = None if constant is None else self._add(inside.arg(1), -1, factors)
        if constant is None or other is None:
            return None
        # What is left: the sum of factors, plus this, relates to 0.
        return self._written({name: factor for name, factor in factors.items() if factor}, constant + other, sign)

    def _add(self, term: z3.ExprRef, factor: int, factors: dict[str, int]) -> int | None:
        """Add `factor` times `term`; what it adds that is a plain number, or None if it is not linear."""
        if z3.is_int_value(term):
            return factor * int(term.as_long())
        if z3.is_app_of(term, z3.Z3_OP_UNINTERPRETED) and term.num_args() == 0:
            factors[str(term)] = factors.get(str(term), 0) + factor
            return 0
        if z3.is_add(term) or z3.is_sub(term):
            total = 0
            for position, child in enumerate(term.children()):
                one = self._add(child, -factor if position and z3.is_sub(term) else factor, factors)
                if one is None:
                    return None
                total += one
            return total
        if z3.is_mul(term) and term.num_args() == 2 and z3.is_int_value(term.arg(0)):
            return self._add(term.arg(1), factor * int(term.arg(0).as_long()), factors)
        return None

    def _written(self, factors: dict[str, int], constant: int, sign: str) -> str | None:
        if not factors:
            return None
        if all(factor < 0 for factor in factors.values()):
            factors, constant = {name: -factor for name, factor in factors.items()}, -constant
            sign = _TURNED[sign]
        # Whole numbers: `<` and `<=` say the same, one apart. The smaller number reads better; of a single unknown, the bound that it reaches.
        bound = -constant
        closed = {"<": ("<=", bound - 1), ">": (">=", bound + 1)}
        opened = {"<=": ("<", bound + 1), ">=": (">", bound - 1)}
        if len(factors) == 1 and sign in closed:
            sign, bound = closed[sign]
        for turn in (closed, opened):
            if len(factors) > 1 and sign in turn and abs(turn[sign][1]) < abs(bound):
                sign, bound = turn[sign]
                break
        if sign == "<=" and bound == 0 and len(factors) == 1 and set(factors) <= self._clocks:
            sign = "=="  # no clock is below 0
        is_time = all(name in self._clocks for name in factors)
        number = exact_duration_text(abs(bound) * self._tick_ms) if is_time else str(abs(bound))
        left = [self._multiple(name, factor) for name, factor in factors.items() if factor > 0]
        right = [self._multiple(name, -factor) for name, factor in factors.items() if factor < 0]
        if bound > 0 or not right:
            right.append(number if bound >= 0 else f"-{number}")
        elif bound < 0:
            left.append(number)
        return f"{' + '.join(left)} {sign} {' + '.join(right)}"

    def _multiple(self, name: str, factor: int) -> str:
        shown = self._names.get(name, name)
        return shown if factor == 1 else f"{factor} * {shown}"

    def _values(self, term: z3.ExprRef) -> str | None:
        """What is said of a single variable that has few values, as the list of those values; None if it is about something else."""
        names = _unknowns(term)
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
        if len(kept) == len(values) - 1 and len(kept) > 1:
            (missing,) = set(values) - set(kept)
            return f"{variable.name} != {label(missing)}"
        return f"{variable.name} == {' | '.join(map(label, kept))}"


_INFIX = {
    z3.Z3_OP_AND: "and",
    z3.Z3_OP_EQ: "==",
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

_SIGNS = {kind: _INFIX[kind] for kind in (z3.Z3_OP_LE, z3.Z3_OP_LT, z3.Z3_OP_GE, z3.Z3_OP_GT, z3.Z3_OP_EQ)}
_OPPOSITE = {"<=": ">", "<": ">=", ">=": "<", ">": "<=", "==": "!="}
_TURNED = {"<=": ">=", "<": ">", ">=": "<=", ">": "<", "==": "==", "!=": "!="}


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
