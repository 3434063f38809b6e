"""The one place that knows numba: how kernels are compiled, where they are kept, and how memory is asked for ahead of time.

Kernels compute with unsigned words only: numba checks every signed index for being negative, and a signed and an unsigned operand make a float.
With `NUMBA_DISABLE_JIT=1` the same functions run in Python.
"""

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numpy.typing import NDArray

P = ParamSpec("P")
R = TypeVar("R")

Word = np.uint64
Words = NDArray[np.uint64]
SmallWords = NDArray[np.uint32]

HERE = Path(__file__).parent


def _digest() -> str:
    """Of everything that decides what a compiled kernel is: numba looks at the file of a kernel, not at those of the kernels that it calls."""
    text = hashlib.sha256(f"{numba.__version__} {np.__version__}".encode())
    for path in sorted([*HERE.glob("*.py"), *(HERE / "kernels").glob("*.py")]):
        text.update(path.read_bytes())
    return text.hexdigest()[:16]


def cache_folder() -> Path | None:
    """Where compiled kernels are kept: a folder that nobody else can write to (they are code); None if there is none."""
    base = os.environ.get("CASCADE_CACHE_DIR")
    root = Path(base) if base else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cascade"
    folder = root / "kernels" / _digest()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in (folder, folder.parent):
            status = path.stat()
            if status.st_uid != os.getuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return None
    except (OSError, RuntimeError):
        return None
    return folder if os.access(folder, os.W_OK) else None


CACHE = cache_folder()
IS_CACHED = CACHE is not None and any(CACHE.glob("**/*.nbc"))
"""Whether kernels were compiled before: if not, the first search takes a while."""

if CACHE is not None:
    setattr(numba.config, "CACHE_DIR", str(CACHE))  # noqa: B010 - made at run time: the type checker does not know it


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` (no objects, no exceptions, the interpreter lock released) and keep the result."""
    return cast("Callable[P, R]", numba.njit(cache=CACHE is not None, nogil=True, boundscheck=False)(function))


@intrinsic
def _prefetch(_context: Any, array: Any, index: Any) -> Any:
    """`llvm.prefetch` of the cache line of `array[index]`, to be written to."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        function = cast("Any", cgutils).get_or_insert_function(builder.module, kind, "llvm.prefetch")
        builder.call(function, [place, ir.Constant(number, 1), ir.Constant(number, 3), ir.Constant(number, 1)])
        return context.get_dummy_value()

    return types.none(array, index), generate


def _no_prefetch(_array: Words, _index: Word) -> None:
    """Python has no use for it."""


prefetch = cast(
    "Callable[[Words, Word], None]", _no_prefetch if getattr(numba.config, "DISABLE_JIT", False) else _prefetch
)
