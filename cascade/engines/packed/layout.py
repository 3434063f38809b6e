"""Where each variable and each clock stands in a state of a few words.

A state is an array of unsigned words. Of each word 61 bits are used, so that a state of one word fits a slot of the seen set together with
its two bits of mark. No field straddles two words.
Values are stored as `value - low`, clocks in ticks.
"""

import numpy as np
from numpy.typing import NDArray

from cascade.core.model import CoreModel
from cascade.engines.native.kernel import Words
from cascade.records import dataclass

WORD_BITS = 61

STATE_WORD_BITS = WORD_BITS
"""The same, of the words of a state; tests make it small."""

NOWHERE = 63
"""The shift of a bit that is never set: no field of a word begins beyond its last bit."""


@dataclass(frozen=True, slots=True)
class Field:
    """`bits` bits from `shift` on in word `word`."""

    word: int
    shift: int
    bits: int

    @property
    def mask(self) -> int:
        """All ones, not shifted."""
        return (1 << self.bits) - 1


class FieldAllocator:
    """Hands out fields word by word, first fit in the last word."""

    def __init__(self, first_word: int, word_bits: int = WORD_BITS) -> None:
        self._word_bits = word_bits
        self._word = first_word
        self._first_word = first_word
        self._used_bits = 0

    def allocate(self, bits: int) -> Field:
        """A new field of `bits` (at most a word)."""
        assert 0 <= bits <= self._word_bits, "a field fits a word"
        if self._used_bits + bits > self._word_bits:
            self._word += 1
            self._used_bits = 0
        field = Field(self._word, self._used_bits, bits)
        self._used_bits += bits
        return field

    @property
    def word_count(self) -> int:
        """Words begun so far, at least one."""
        return self._word - self._first_word + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedLayout:
    """Fields of all variables and clocks of a model, in their order."""

    variables: tuple[Field, ...]
    lows: tuple[int, ...]
    clocks: tuple[Field, ...]
    word_count: int

    def pack(self, state: tuple[int, ...]) -> list[int]:
        """The words of a state (variables, then clocks)."""
        words = [0] * self.word_count
        fields = (*self.variables, *self.clocks)
        lows = (*self.lows, *(0 for _ in self.clocks))
        for value, low, field in zip(state, lows, fields, strict=True):
            words[field.word] |= (value - low) << field.shift
        return words

    def pack_rows(self, states: NDArray[np.int64]) -> Words:
        """The words of many states, a row for each."""
        words = np.zeros((len(states), self.word_count), dtype=np.uint64)
        for column, field in enumerate((*self.variables, *self.clocks)):
            low = self.lows[column] if column < len(self.lows) else 0
            words[:, field.word] |= (states[:, column] - low).astype(np.uint64) << np.uint64(field.shift)
        return words

    def unpack(self, words: list[int]) -> tuple[int, ...]:
        """The state (variables, then clocks) of some words."""
        values = [((words[f.word] >> f.shift) & f.mask) + low for f, low in zip(self.variables, self.lows, strict=True)]
        values.extend((words[f.word] >> f.shift) & f.mask for f in self.clocks)
        return tuple(values)


def make_layout(model: CoreModel) -> PackedLayout:
    """Fields in the model's order: neighbours in the spec are neighbours in a word, so a few shifts extract a table's index."""
    allocator = FieldAllocator(0, STATE_WORD_BITS)
    variables = tuple(allocator.allocate((v.high - v.low).bit_length()) for v in model.variables)
    clocks = tuple(allocator.allocate(c.stop_ticks.bit_length()) for c in model.clocks)
    return PackedLayout(
        variables=variables,
        lows=tuple(v.low for v in model.variables),
        clocks=clocks,
        word_count=allocator.word_count,
    )
