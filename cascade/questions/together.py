"""Many variants of a spec as one model, in which variables that nothing changes stand for the choice of a variant.

Out of it come two things that need no look at each variant: in which of them a known run is possible and shows the same, and whether a check holds in all of some.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from cascade.checked.model import System
from cascade.core.lower import lower
from cascade.core.model import CoreModel
from cascade.core.queries import Query
from cascade.engines.explicit.evaluate import nesting_depth, recursion
from cascade.questions.retrace import Retracing
from cascade.questions.vectors import fits_vectors
from cascade.verdicts.run import ReplayedRun

CALLS_A_LEVEL = 5
"""Calls in which retracing evaluates one expression inside another."""

Vector = npt.NDArray[np.int64]


class Together:
    """The variants at all `points`: of each variable that was left open, by its name, a vector of values, one entry a variant."""

    def __init__(self, system: System, points: Mapping[str, Vector]) -> None:
        self.system = system
        self._points = points
        self._models: dict[str, tuple[CoreModel, Query]] = {}
        self._retracings: dict[str, Retracing | None] = {}

    def shows(self, check_name: str, run: ReplayedRun) -> npt.NDArray[np.bool_]:
        """Where a run of the check, which some variant showed, is possible and shows the same."""
        if check_name not in self._retracings:
            model, query = self._lowered(check_name)
            points = {i: self._points[v.name] for i, v in enumerate(model.variables) if v.name in self._points}
            self._retracings[check_name] = Retracing(model, query, points) if points and fits_vectors(model) else None
        retracing = self._retracings[check_name]
        if retracing is None:
            return np.zeros(len(next(iter(self._points.values()))), dtype=np.bool_)
        with recursion(CALLS_A_LEVEL * nesting_depth(retracing.model.expressions)):
            return retracing.shows(run)

    def only(self, check_name: str, values: Mapping[str, Sequence[int]]) -> tuple[CoreModel, Query]:
        """The model of the variants with these values alone."""
        model, query = self._lowered(check_name)
        variables = tuple(
            replace(variable, initial=tuple(values[variable.name])) if variable.name in values else variable
            for variable in model.variables
        )
        return replace(model, variables=variables), query

    def _lowered(self, check_name: str) -> tuple[CoreModel, Query]:
        if check_name not in self._models:
            check = next(check for check in self.system.checks if check.name == check_name)
            self._models[check_name] = lower(self.system, check)
        return self._models[check_name]
