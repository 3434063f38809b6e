"""What a kernel is to those who write and call one. numba is not imported here: compiled kernels are loaded, and a process of its own compiles them.

A kernel is a function over contiguous arrays and single values, with all types annotated. It allocates nothing and raises nothing. Kernels for states compute with
unsigned words only: numba checks every signed index for being negative, and a signed and an unsigned operand make a float.
With `NUMBA_DISABLE_JIT=1` the same functions run in Python.
"""

import ctypes
import os
import threading
from collections.abc import Callable
from typing import Annotated, Any, Generic, ParamSpec, TypeVar, cast, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from cascade.records import dataclass

P = ParamSpec("P")
R = TypeVar("R")
W = TypeVar("W", np.uint64, np.uint32)

Word = np.uint64
Words = NDArray[np.uint64]
SmallWords = NDArray[np.uint32]
Flags = NDArray[np.uint8]

IS_DISABLED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


class KernelError(Exception):
    """Kernels cannot be compiled here, or machine code did what no kernel does."""


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Of an array, where it has not one: `Annotated[NDArray[...], Dimensions(2)]`."""

    count: int


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of a parameter: numpy's name of it, and how many dimensions an array has (0: a single value)."""

    name: str
    dimensions: int = 0


_SINGLE: dict[Any, str] = {np.uint64: "uint64", np.uint32: "uint32", np.int64: "int64", int: "int64", bool: "bool"}
_C_TYPES: dict[str, Any] = {
    "uint64": ctypes.c_uint64,
    "uint32": ctypes.c_uint32,
    "int64": ctypes.c_int64,
    "bool": ctypes.c_uint8,
}


def kind_of(annotation: Any) -> Kind:
    """What an annotation says. Raises `KeyError` or `ValueError` for types that kernels do not know."""
    dimensions = 1
    if get_origin(annotation) is Annotated:
        annotation, said = get_args(annotation)
        dimensions = said.count
    if get_origin(annotation) is np.ndarray:
        (item,) = get_args(get_args(annotation)[1])
        return Kind(np.dtype(item).name, dimensions)
    return Kind(_SINGLE[annotation])


@dataclass(frozen=True, slots=True)
class Signature:
    """Parameters, and what is returned: nothing, one value, or several of the same kind."""

    parameters: tuple[Kind, ...]
    result: Kind | None
    result_count: int


def signature_of(function: Callable[..., Any]) -> Signature:
    """From the annotations."""
    hints = get_type_hints(function, include_extras=True)
    result = hints.pop("return")
    parameters = tuple(kind_of(annotation) for annotation in hints.values())
    if result is type(None):
        return Signature(parameters, None, 0)
    if get_origin(result) is tuple:
        (kind,) = {kind_of(part) for part in get_args(result)}
        return Signature(parameters, kind, len(get_args(result)))
    return Signature(parameters, kind_of(result), 1)


class Kernel(Generic[P, R]):
    """A compiled function, bound to its machine code when it is first called. Threads may call it together: the interpreter lock is released."""

    def __init__(self, function: Callable[P, R]) -> None:
        self.function = function
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self._signature = signature_of(function)
        self._dtypes = [np.dtype(kind.name) if kind.dimensions else None for kind in self._signature.parameters]
        self._entry: Any = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call it; arrays are checked, since machine code would not."""
        assert not kwargs, "kernels are called by position"
        if self._entry is None:
            self._bind()
        flat: list[Any] = []
        # Many calls take microseconds, so this may not: names of types are made anew each time that they are asked for, as is `ctypes` of an array.
        for kind, dtype, arg in zip(self._signature.parameters, self._dtypes, args, strict=True):
            if dtype is None:
                flat.append(int(cast("int", arg)))
                continue
            array = cast("NDArray[Any]", arg)
            if array.dtype != dtype or array.ndim != kind.dimensions or not array.flags.c_contiguous:
                raise TypeError(f"{self.__name__}: an array of {array.dtype} is not what it takes: {kind}")
            data = array.__array_interface__["data"][0]
            flat += (None, None, array.size, array.itemsize, data, *array.shape, *array.strides)
        result, failure = self._new_result(), ctypes.c_void_p()
        status = self._entry(ctypes.byref(result), ctypes.byref(failure), *flat)
        if status not in (0, _RETURNS_NONE):
            raise KernelError(f"{self.__name__} ended with status {status}")
        return cast("R", self._value(result))

    def _new_result(self) -> Any:
        kind, count = self._signature.result, self._signature.result_count
        if kind is None:
            return ctypes.c_void_p()
        return (_C_TYPES[kind.name] * count)()

    def _value(self, result: Any) -> Any:
        kind, count = self._signature.result, self._signature.result_count
        if kind is None:
            return None
        values = tuple(bool(value) for value in result) if kind.name == "bool" else tuple(result)
        return values[0] if count == 1 else values

    def _bind(self) -> None:
        from cascade.engines.native.library import address_of

        # numba's own convention (numba.core.callconv.CPUCallConv): where the result goes, where a failure goes, then the arguments; an array is
        # its owner (none), its Python object (none), size, size of an item, data, shape, strides. Returns a status.
        types: list[Any] = [ctypes.c_void_p, ctypes.c_void_p]
        for kind in self._signature.parameters:
            if kind.dimensions:
                types += (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p)
                types += [ctypes.c_int64] * (2 * kind.dimensions)
            else:
                types.append(_C_TYPES[kind.name])
        address = address_of(self.function.__module__, self.__name__)
        self._entry = ctypes.CFUNCTYPE(ctypes.c_int32, *types)(address)


_RETURNS_NONE = -2


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """A kernel that Python calls."""
    return function if IS_DISABLED else Kernel(function)


def subroutine(function: Callable[P, R]) -> Callable[P, R]:
    """What only kernels call: from Python, it is Python."""
    return function


def prefetch(_array: Words, _index: Word) -> None:
    """Ask for the cache line of `array[index]`, which will be written to; Python has no use for it."""


_one_at_a_time = threading.Lock()


def compare_and_swap(array: NDArray[W], index: Word, expected: W, new: W) -> W:
    """Where `array[index]` is `expected` it becomes `new`, with no other thread in between; returns what it was."""
    with _one_at_a_time:
        found: W = array[index]
        if found == expected:
            array[index] = new
        return found


def fetch_and_add(array: Words, index: int | Word, amount: Word) -> Word:
    """`array[index]` grows, with no other thread in between; returns what it was."""
    with _one_at_a_time:
        found: Word = array[index]
        array[index] += amount
        return found


# The compiling process replaces these two, `prefetch`, `kernel` and `subroutine` before it imports modules that use them.
