"""A run of real members along states that stand for all that swaps make of them."""

from collections.abc import Iterator

from cascade.core.symmetry import Symmetry
from cascade.engines.explicit.compile import CompiledModel
from cascade.engines.explicit.expand import Expander

State = tuple[int, ...]


def follow(compiled: CompiledModel, expander: Expander, symmetry: Symmetry, path: list[State]) -> list[State]:
    """From an initial state on, at each step the cheapest one, of several commands the first, whose state the next one of `path` stands for."""
    wanted = [symmetry.canonical(state) for state in path]
    initial = (compiled.initial_state(values) for values in compiled.initial_values())
    states = [next(state for state in initial if symmetry.canonical(compiled.unpack_state(state)) == wanted[0])]
    for after in wanted[1:]:
        following = _successors(compiled, expander, states[-1])
        states.append(next(state for state in following if symmetry.canonical(compiled.unpack_state(state)) == after))
    return [compiled.unpack_state(state) for state in states]


def _successors(compiled: CompiledModel, expander: Expander, state: int) -> Iterator[int]:
    """The states after each step, the cheapest steps first."""
    for wants_fault in (False, True):
        for command in compiled.commands:
            if command.is_fault is wants_fault:
                after = compiled.next_state(command, state)
                if after is not None:
                    yield after
        if not wants_fault:
            tick = expander.steps(state)[1]
            if tick is not None:
                yield tick
