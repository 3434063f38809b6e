"""Initial states, all at once: there may be millions where values are open."""

from collections.abc import Callable
from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray

from cascade.engines.explicit.compile import CompiledModel
from cascade.engines.explicit.evaluate import EvaluationFailure

Rows = NDArray[np.int64]

LOOK_STATES = 1 << 10


class InitialFailureError(Exception):
    """Settling fails to evaluate from `values` on, the first such combination of initial values."""

    def __init__(self, failure: EvaluationFailure, values: tuple[int, ...]) -> None:
        super().__init__(failure, values)
        self.failure = failure
        self.values = values


def initial_rows(compiled: CompiledModel, may_take: Callable[[int], None], look_around: Callable[[], None]) -> Rows:
    """A row for each combination of initial values, settled: variables, then clocks. Two may be the same.

    Settling is computed for the variables that it reads or writes; the others have any of their values beside. Raises `InitialFailureError`, and what the callbacks raise.
    """
    variables, fields = compiled.model.variables, compiled.layout.variables
    settled = 0
    for support in compiled.settle_supports:
        settled |= support
    is_settled = [bool(field.mask & settled) for field in fields]
    choices = [v.initial if here else v.initial[:1] for v, here in zip(variables, is_settled, strict=True)]
    width = len(variables) + len(compiled.model.clocks)
    may_take(3 * 8 * width * prod(len(v.initial) for v in variables))
    found: list[tuple[int, ...]] = []
    for values in product(*choices):
        if len(found) % LOOK_STATES == 0:
            look_around()
        try:
            found.append(compiled.unpack_state(compiled.initial_state(values)))
        except EvaluationFailure as failure:
            raise InitialFailureError(failure, values) from failure
    rows = np.asarray(found, dtype=np.int64).reshape(len(found), width)
    for column, (variable, here) in enumerate(zip(variables, is_settled, strict=True)):
        if not here and len(variable.initial) > 1:
            values_here = np.asarray(variable.initial, dtype=np.int64)
            count = len(rows)
            rows = np.repeat(rows, len(values_here), axis=0)
            rows[:, column] = np.tile(values_here, count)
    return rows
