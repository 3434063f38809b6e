"""The one place that names numba's compiler: kernels are compiled once and kept on disk."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` (no objects, no exceptions, the interpreter lock released) and cache the result."""
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True, boundscheck=False)(function))
