"""All reachable states of a model in one piece, for questions about all of them at once; only of models that are small.

In: a core model and how much work may be done. Out: for each variable and each clock the vector of its values, an entry a state; None if that is not all, or if
a state is an error of the spec.
"""

import numpy as np
import numpy.typing as npt

from cascade.core.model import CoreModel
from cascade.engines.explicit.compile import CompiledModel
from cascade.engines.explicit.evaluate import DEPTH_MAX, nesting_depth, recursion
from cascade.engines.explicit.layout import Field
from cascade.engines.explicit.search import Search, SearchFailure, TooMuchWorkError
from cascade.engines.explicit.watch import StopSearch, Watch
from cascade.limits import Limits, Progress
from cascade.records import dataclass

Column = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryState:
    """The values of `variables` and of `clocks` (in ticks) in all reachable states, by their positions in the model."""

    variables: tuple[Column, ...]
    clocks: tuple[Column, ...]


def every_state(model: CoreModel, limits: Limits, progress: Progress, *, work_max: int) -> EveryState | None:
    """The reachable states of `model`, if they are found within the limits."""
    depth = nesting_depth(model.expressions)
    if depth > DEPTH_MAX:
        return None
    with recursion(depth):
        compiled = CompiledModel(model)
        search = Search(compiled, None, Watch(limits, progress), work_max, is_whole=True)
        try:
            states = list(search.run().parents)
        except (StopSearch, TooMuchWorkError, SearchFailure):
            return None
    layout = compiled.layout
    return EveryState(
        variables=tuple(_column(states, field) for field in layout.variables),
        clocks=tuple(_column(states, field) for field in layout.clocks),
    )


def _column(states: list[int], field: Field) -> Column:
    values = (((state & field.mask) >> field.offset) + field.low for state in states)
    return np.fromiter(values, dtype=np.int64, count=len(states))
