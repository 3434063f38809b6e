"""Compiles the kernels of one module into a file: `python -m cascade.engines.native.compile MODULE FILE`. The one place that imports numba.

A process of its own, so that the process of the user can be interrupted, keeps its limits, and never pays for importing numba.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from cascade.engines.native import kernel as decorators
from cascade.engines.native.kernel import Kind, signature_of
from cascade.engines.native.library import write_library

_kernels: list[Callable[..., Any]] = []


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


def _subroutine(function: Callable[..., Any]) -> Any:
    """For other kernels only: no wrapper for Python."""
    options: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return numba.njit(nogil=True, boundscheck=False, **options)(function)


def _kernel(function: Callable[..., Any]) -> Any:
    _kernels.append(function)
    return _subroutine(function)


def _numba_type(kind: Kind) -> Any:
    single = types.boolean if kind.name == "bool" else getattr(types, kind.name)
    return types.Array(single, kind.dimensions, "C") if kind.dimensions else single


def compile_module(name: str) -> dict[str, tuple[str, bytes]]:
    """The kernels of a module: symbol and object file of each."""
    for replaced, replacement in (("kernel", _kernel), ("subroutine", _subroutine), ("prefetch", _prefetch)):
        setattr(decorators, replaced, replacement)
    module = import_module(name)
    compiled: dict[str, tuple[str, bytes]] = {}
    for function in _kernels:
        if function.__module__ != name:
            continue
        signature = signature_of(function)
        parameters = tuple(_numba_type(kind) for kind in signature.parameters)
        dispatcher = getattr(module, function.__name__)
        dispatcher.compile(parameters)
        result = dispatcher.overloads[parameters]
        _check_result(function.__name__, signature.result, signature.result_count, result.signature.return_type)
        _, kind, (machine_code, _) = result.library.serialize_using_object_code()
        assert kind == "object", "numba keeps machine code"
        compiled[function.__name__] = (result.fndesc.llvm_func_name, machine_code)
    return compiled


def _check_result(name: str, kind: Kind | None, count: int, made: Any) -> None:
    """Callers read results as annotated, so that is what numba must have made of it."""
    if kind is None:
        expected: Any = types.none
    else:
        expected = _numba_type(kind) if count == 1 else cast("Any", types.UniTuple)(_numba_type(kind), count)
    if made != expected:
        raise TypeError(f"{name} returns {made}, but is annotated with {expected}")


def main(module: str, file: str) -> None:
    """Compile and write."""
    cpu_target.target_context.refresh()
    write_library(Path(file), compile_module(module))


if __name__ == "__main__":
    main(*sys.argv[1:])
