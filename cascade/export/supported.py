"""What can be exported. Whatever is let through means the same in the other tool; all else is refused with its reason."""

from typing import assert_never

from cascade.core.build import reachable
from cascade.core.expressions import Op
from cascade.core.model import CoreModel
from cascade.core.queries import Lasso, Query, Reach, Recover
from cascade.export.terms import query_roots, roots

INTEGER_MAX = 2**31 - 1
"""Both languages compute with 32-bit integers."""


class UnsupportedError(Exception):
    """The model or the question cannot be exported; the text says why, for the user."""


def require_supported(model: CoreModel, query: Query) -> Reach:
    """The query, if it and the model can be exported. Raises `UnsupportedError`.

    Divisions by zero, indices outside a group and values outside a domain are no reason to refuse: expressions stay lazy, and where
    evaluation fails, the other tool stops with an error, as a check does.
    """
    match query:
        case Reach():
            pass
        case Lasso():
            raise UnsupportedError(
                "a formula with `leads to` is about infinite runs, and only reachable states are exported"
            )
        case Recover():
            raise UnsupportedError(
                "a formula with `recoverable` is about what can follow, and only reachable states are exported"
            )
        case _:
            assert_never(query)
    if not model.variables:
        raise UnsupportedError("the model has no variables, so there is nothing to explore")
    _require_small_numbers(model, query)
    return query


def _require_small_numbers(model: CoreModel, query: Reach) -> None:
    for variable in model.variables:
        if max(abs(variable.low), abs(variable.high)) > INTEGER_MAX:
            raise UnsupportedError(f"the domain of {variable.name} needs more than 32 bits")
    for clock in model.clocks:
        if clock.stop_ticks >= INTEGER_MAX:
            raise UnsupportedError(f"the clock of {clock.name} counts beyond 32 bits; a longer tick makes it smaller")
    table = model.expressions
    for expr in reachable(table.ops, table.args, (*roots(model), *query_roots(query))):
        if max(abs(table.low[expr]), abs(table.high[expr])) > INTEGER_MAX:
            what = "a constant" if table.ops[expr] is Op.CONST else f"a value of the operator {table.ops[expr].name}"
            raise UnsupportedError(f"{what} may need more than 32 bits ({table.low[expr]}..{table.high[expr]})")
