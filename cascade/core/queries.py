"""What an engine can be asked about a core model."""

from dataclasses import field
from typing import assert_never

from cascade.core.expressions import Expressions, ExprId
from cascade.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Is a state reachable in which `goal` holds, or in which the clock `clock` (if given) exceeds `exceeds_ticks`?

    The witness has the fewest faults, then the fewest ticks, then the fewest commands.
    """

    goal: ExprId
    clock: int | None = None
    exceeds_ticks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasso:
    """Is there a fair run with a state where `trigger` holds, after which (that state included) `goal` never holds?

    Of the commands in `stopped` the run fires only finitely many: none in its loop. The witness is a stem and a loop: finitely
    many faults are preferred (no fault in the loop), then a stem with the fewest faults, then the fewest ticks, then the fewest commands.
    """

    trigger: ExprId
    goal: ExprId
    stopped: frozenset[int] = field(default=frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Recover:
    """Is a state reachable where `trigger` holds and from which no run without `stopped` commands reaches `goal`?

    The witness is a run to such a state, with the fewest faults, then the fewest ticks, then the fewest commands.
    """

    trigger: ExprId
    goal: ExprId
    stopped: frozenset[int] = field(default=frozenset())


Query = Reach | Lasso | Recover


def formulas_of(query: Query) -> tuple[ExprId, ...]:
    """The conditions that a query is about."""
    match query:
        case Reach():
            return (query.goal,)
        case Lasso() | Recover():
            return query.trigger, query.goal
        case _:
            assert_never(query)


def may_fail(expressions: Expressions, query: Query) -> bool:
    """Can evaluating a formula of the query fail?"""
    return any(expressions.can_fail[formula] for formula in formulas_of(query))
