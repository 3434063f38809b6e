"""Invariants as text: what is printed says what was proved."""

import itertools
import re
from collections.abc import Callable

import pytest
import z3

from cascade.engines.explicit.watch import Watch
from cascade.engines.symbolic.encode import Encoder
from cascade.engines.symbolic.invariant import plain_forms
from cascade.engines.symbolic.patience import Patience
from cascade.engines.symbolic.terms import Integers
from cascade.engines.symbolic.text import has_quantifier, invariant_text
from cascade.limits import Limits, Progress
from tests.engines.models import ModelBuilder

A, B, C = range(3)
Relation = Callable[[z3.ArithRef, z3.ArithRef, z3.BoolRef], z3.BoolRef]


def encoder() -> Encoder:
    builder = ModelBuilder(is_timed=True)
    builder.variable("a", 20, 0, low=-20)
    builder.variable("b", 20, 0, low=-20)
    builder.clock(True, 9)
    model, _ = builder.reach(False)
    return Encoder(model, (), Integers(z3.Context()))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda a, b, c: a - b < 0, "a < b"),
        (lambda a, b, c: a - b <= 0, "a <= b"),
        (lambda a, b, c: a - b < 1, "a <= b"),
        (lambda a, b, c: z3.Not(a - b <= -1), "a >= b"),
        (lambda a, b, c: a - b > 3, "a > b + 3"),
        (lambda a, b, c: a + 5 <= b, "a + 4 < b"),
        (lambda a, b, c: 2 * a < 3 * b + 4, "2 * a <= 3 * b + 3"),
        (lambda a, b, c: a > 19, "a >= 20"),
        (lambda a, b, c: -a < 4, "a >= -3"),
        (lambda a, b, c: a == b, "a == b"),
        (lambda a, b, c: a != b + 2, "a != b + 2"),
        (lambda a, b, c: c <= 0, "clock(clock 0) == 0s"),
        (lambda a, b, c: c > 2, "clock(clock 0) >= 3min"),
        (lambda a, b, c: z3.Or(a < b, c < 2), "a < b or clock(clock 0) <= 1min"),
    ],
)
def test_relations(make: Relation, text: str) -> None:
    found = encoder()
    here = found.moment("here")
    a, b, c = (*here.variables, *here.clocks)
    (line,) = invariant_text(found, here, make(a, b, c))
    shown = line.replace(found.model.clocks[0].name, "clock 0")
    tick = found.model.tick_ms
    expected = re.sub(r"(\d+)min", lambda match: exact(int(match[1]) * tick), text)
    said, meant = shown.split(" or "), expected.split(" or ")
    assert len(said) == len(meant)
    assert all(part in said or mirrored(part) in said for part in meant)


def exact(milliseconds: int) -> str:
    from cascade.diagnostics.durations import exact_duration_text

    return exact_duration_text(milliseconds)


def mirrored(text: str) -> str:
    """The same relation with its sides exchanged: which comes first is z3's choice."""
    signs = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
    match = re.fullmatch(r"(.*) (<|<=|>|>=|==|!=) (.*)", text)
    return text if match is None else f"{match[3]} {signs[match[2]]} {match[1]}"


@pytest.mark.parametrize("first", [-2, -1, 0, 1, 3])
def test_what_is_printed_is_what_is_meant(first: int) -> None:
    found = encoder()
    here = found.moment("here")
    a, b = here.variables
    for second, constant, make in itertools.product(
        (-3, -1, 0, 2),
        (-4, -1, 0, 1, 5),
        (z3.ArithRef.__lt__, z3.ArithRef.__le__, z3.ArithRef.__gt__, z3.ArithRef.__ge__),
    ):
        formula = make(first * a + second * b, z3.IntVal(constant, a.ctx))
        lines = invariant_text(found, here, formula)
        for x, y in itertools.product((-7, -2, -1, 0, 1, 3, 8), repeat=2):
            meant = z3.simplify(z3.substitute(formula, (a, z3.IntVal(x, a.ctx)), (b, z3.IntVal(y, a.ctx))))
            said = all(eval(line, {"a": x, "b": y, "true": True, "false": False}) for line in lines)
            assert said == z3.is_true(meant), (formula, lines, x, y)


def test_quantifiers_are_eliminated() -> None:
    found = encoder()
    here = found.moment("here")
    a, b = here.variables
    was = z3.Int("was", a.ctx)
    invariant = z3.And(b >= 0, z3.ForAll([was], z3.Implies(was > a, was > b)))
    patience = Patience(Watch(Limits(), Progress()))
    rest, whole, same = plain_forms(invariant, patience)
    assert invariant_text(found, here, rest) == ("b >= 0",)
    assert not has_quantifier(whole) and has_quantifier(same)
    solver = z3.Solver(ctx=a.ctx)
    solver.add(whole != z3.And(b >= 0, b <= a))
    assert solver.check() == z3.unsat
