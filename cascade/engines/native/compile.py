"""Compiles the kernels of modules into files: `python -m cascade.engines.native.compile MODULE FILE [MODULE FILE …]`. The one place that imports numba.

Kernels of other modules are called by symbol, and not compiled again. So modules do not wait for each other: numba is imported once, and a copy of the process compiles each.
A process of its own, so that the process of the user can be interrupted, keeps its limits, and never pays for importing numba.
"""

import ctypes
import inspect
import sys
from collections.abc import Callable
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any, cast

import numba
from llvmlite import binding, ir
from numba.core import cgutils, types
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from cascade.engines.native import kernel as decorators
from cascade.engines.native.kernel import Kind, Signature, signature_of
from cascade.engines.native.library import Library, symbol_of, write_library

Process = get_context("fork").Process

_kernels: list[Callable[..., Any]] = []
_called: set[tuple[str, str]] = set()
_module = ""


@intrinsic
def _prefetch(_context: Any, array: Any, index: Any) -> Any:
    """`llvm.prefetch`, of a line to be written to, to be kept in all levels of the cache."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        function = cast("Any", cgutils).get_or_insert_function(builder.module, kind, "llvm.prefetch")
        builder.call(function, [place, ir.Constant(number, 1), ir.Constant(number, 3), ir.Constant(number, 1)])
        return context.get_dummy_value()

    return types.none(array, index), generate


@intrinsic
def _compare_and_swap(_context: Any, array: Any, _index: Any, _expected: Any, _new: Any) -> Any:
    """`cmpxchg`, sequentially consistent, of an item of the array."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.gep(data, [arguments[1]])
        return builder.extract_value(builder.cmpxchg(place, arguments[2], arguments[3], "seq_cst", "seq_cst"), 0)

    return array.dtype(array, types.uint64, array.dtype, array.dtype), generate


@intrinsic
def _fetch_and_add(_context: Any, array: Any, _index: Any, _amount: Any) -> Any:
    """`atomicrmw add`, sequentially consistent."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.atomic_rmw("add", builder.gep(data, [arguments[1]]), arguments[2], "seq_cst")

    return types.uint64(array, types.uint64, types.uint64), generate


def _subroutine(function: Callable[..., Any]) -> Any:
    """For other kernels only: no wrapper for Python."""
    options: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return numba.njit(nogil=True, boundscheck=False, **options)(function)


def _kernel(function: Callable[..., Any]) -> Any:
    if function.__module__ != _module:
        return _external(function)
    _kernels.append(function)
    return _subroutine(function)


def _external(function: Callable[..., Any]) -> Any:
    """A call of a kernel of another module, by numba's own convention; who loads the file says where that is."""
    signature = signature_of(function)
    parameters = [_numba_type(kind) for kind in signature.parameters]
    result = _result_type(signature)
    symbol = symbol_of(function.__module__, function.__name__)
    # numba links what it compiles. Nothing is called here.
    binding.add_symbol(symbol, ctypes.cast(ctypes.CDLL(None).abort, ctypes.c_void_p).value)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _called.add((function.__module__, function.__name__))
        convention = context.call_conv
        kind = convention.get_function_type(signature.return_type, signature.args)
        target = cast("Any", cgutils).get_or_insert_function(builder.module, kind, symbol)
        status, value = convention.call_function(builder, target, signature.return_type, signature.args, arguments)
        with cast("Any", cgutils).if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return value

    def define(_context: Any, *_arguments: Any) -> Any:
        return result(*parameters), generate

    names = ["context", *inspect.signature(function).parameters]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    cast("Any", define).__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])
    return intrinsic(define)


def _numba_type(kind: Kind) -> Any:
    single = types.boolean if kind.name == "bool" else getattr(types, kind.name)
    return types.Array(single, kind.dimensions, "C") if kind.dimensions else single


def _result_type(signature: Signature) -> Any:
    if signature.result is None:
        return types.none
    kind = _numba_type(signature.result)
    return kind if signature.result_count == 1 else cast("Any", types.UniTuple)(kind, signature.result_count)


def compile_module(name: str) -> Library:
    """The kernels of a module."""
    global _module  # noqa: PLW0603 - the decorators are called by `import`
    _module = name
    for replaced, replacement in (
        ("kernel", _kernel),
        ("subroutine", _subroutine),
        ("prefetch", _prefetch),
        ("compare_and_swap", _compare_and_swap),
        ("fetch_and_add", _fetch_and_add),
    ):
        setattr(decorators, replaced, replacement)
    module = import_module(name)
    kernels: dict[str, tuple[str, bytes]] = {}
    for function in _kernels:
        signature = signature_of(function)
        parameters = tuple(_numba_type(kind) for kind in signature.parameters)
        dispatcher = getattr(module, function.__name__)
        dispatcher.compile(parameters)
        result = dispatcher.overloads[parameters]
        # Callers read results as annotated, so that is what numba must have made of it.
        made, expected = result.signature.return_type, _result_type(signature)
        if made != expected:
            raise TypeError(f"{function.__name__} returns {made}, but is annotated with {expected}")
        _, kind, (machine_code, _) = result.library.serialize_using_object_code()
        assert kind == "object", "numba keeps machine code"
        kernels[function.__name__] = (result.fndesc.llvm_func_name, machine_code)
    return Library(kernels=kernels, calls=tuple(sorted(_called)))


def _compile_file(module: str, file: str) -> None:
    write_library(Path(file), compile_module(module))


def main(files: list[str]) -> int:
    """Compile modules into files, both in turn; 0 if all worked."""
    cpu_target.target_context.refresh()
    copies = [Process(target=_compile_file, args=pair) for pair in zip(files[::2], files[1::2], strict=True)]
    for copy in copies:
        copy.start()
    for copy in copies:
        copy.join()
    return max(abs(copy.exitcode or 0) for copy in copies)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
