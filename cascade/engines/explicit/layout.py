"""Where each variable and clock lies in a packed state: one int, every field at a fixed bit offset.

Clocks take the lowest bits, so that states that differ by a tick lie close together in hash tables; variables follow in
order. A variable is stored as its distance from `low`. A field of one value takes no bits.
"""

from collections.abc import Sequence

from cascade.core.model import CoreModel
from cascade.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Bits `offset .. offset + width` of a state. `mask` covers them in place; `size` counts the values."""

    offset: int
    width: int
    low: int
    size: int
    mask: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The fields of a model's states. `full` covers all bits; `beyond` is larger than every state, `far_beyond` than many times `beyond`."""

    variables: tuple[Field, ...]
    clocks: tuple[Field, ...]
    full: int
    beyond: int
    far_beyond: int

    def pack(self, values: Sequence[int]) -> int:
        """The state with these values of the variables and all clocks at 0."""
        return sum((value - field.low) << field.offset for value, field in zip(values, self.variables, strict=True))

    def unpack(self, state: int) -> tuple[int, ...]:
        """The values of the variables in `state`."""
        return tuple(((state & f.mask) >> f.offset) + f.low for f in self.variables)

    def size_bits(self, mask: int) -> int:
        """Bits within `mask`: the number of valuations of its fields is at most two to this power."""
        return mask.bit_count()


def make_layout(model: CoreModel) -> Layout:
    """Lay out the clocks and variables of `model`."""
    offset = 0

    def field(low: int, high: int) -> Field:
        nonlocal offset
        width = (high - low).bit_length()
        made = Field(offset=offset, width=width, low=low, size=high - low + 1, mask=((1 << width) - 1) << offset)
        offset += width
        return made

    clocks = tuple(field(0, clock.stop_ticks) for clock in model.clocks)
    variables = tuple(field(variable.low, variable.high) for variable in model.variables)
    return Layout(
        variables=variables, clocks=clocks, full=(1 << offset) - 1, beyond=1 << offset, far_beyond=1 << (offset + 40)
    )
