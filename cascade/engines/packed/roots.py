"""One word for each state: the state itself where it has one word, else the root of its tree of interned words (`cascade.engines.packed.kernels.intern`)."""

from collections.abc import Callable

import numpy as np

from cascade.engines.native.kernel import Words
from cascade.engines.packed.kernels import intern
from cascade.engines.packed.layout import PackedLayout
from cascade.engines.packed.store import LINE_WORDS

CAPACITY_MIN = 1 << 10
BYTES_OF_A_VALUE = 16
"""8 for the value, and two slots of 4."""

State = tuple[int, ...]


class Roots:
    """`room` is how many values of a node threads may add before they look again: what one expanded state of each may."""

    def __init__(self, layout: PackedLayout, room: int, may_take: Callable[[int], None]) -> None:
        self._layout = layout
        self._room = room
        self._may_take = may_take
        inner = layout.word_count - 1
        capacity = 1 << max(CAPACITY_MIN, 4 * room).bit_length()
        # Numbers of values have cache lines for themselves: threads write to them, and read all around them.
        counts = intern.CHILDREN + 2 * inner + LINE_WORDS
        values = counts + 2 * inner + LINE_WORDS
        self.tree = np.zeros(values + 2 * inner * capacity, dtype=np.uint64)
        self.slots = np.zeros(4 * inner * capacity, dtype=np.uint32)
        self.tree[intern.CAPACITY], self.tree[intern.INNER], self.tree[intern.ROOM] = capacity, inner, room
        self.tree[intern.COUNTS], self.tree[intern.VALUES] = counts, values
        for k, (left, right) in enumerate(_children(layout.word_count)):
            self.tree[intern.CHILDREN + k], self.tree[intern.CHILDREN + inner + k] = left, right

    @property
    def is_wide(self) -> bool:
        """Have states more than one word?"""
        return self._layout.word_count > 1

    @property
    def has_room(self) -> bool:
        """May one state more be expanded?"""
        return bool(intern.has_room(self.tree))

    def grow(self) -> None:
        """Twice the room. Raises what `may_take` raises where the memory is too much."""
        capacity, inner = int(self.tree[intern.CAPACITY]), int(self.tree[intern.INNER])
        self._may_take(2 * inner * capacity * BYTES_OF_A_VALUE)
        header = int(self.tree[intern.VALUES])
        tree = np.zeros(header + 4 * inner * capacity, dtype=np.uint64)
        tree[:header] = self.tree[:header]
        tree[intern.CAPACITY] = 2 * capacity
        for node in range(2 * inner):
            old, new = header + node * capacity, header + node * 2 * capacity
            tree[new : new + capacity] = self.tree[old : old + capacity]
        self.tree, self.slots = tree, np.zeros(8 * inner * capacity, dtype=np.uint32)
        intern.rebuild(self.tree, self.slots)

    def restore(self, tree: Words) -> None:
        """Take over what was interned elsewhere."""
        self.tree = tree.copy()
        self.tree[intern.ROOM] = self._room
        self.slots = np.zeros(4 * int(tree[intern.INNER]) * int(tree[intern.CAPACITY]), dtype=np.uint32)
        if self.is_wide:
            intern.rebuild(self.tree, self.slots)

    def of_state(self, state: State) -> int:
        """The root of a state (variables, then clocks)."""
        return int(self.of_rows(np.asarray([self._layout.pack(state)], dtype=np.uint64))[0])

    def of_rows(self, rows: Words) -> Words:
        """The roots of states in words, a row for each."""
        if not self.is_wide:
            return rows[:, 0].copy()
        count, width = rows.shape
        roots, ids = np.zeros(count, dtype=np.uint64), np.zeros(2 * width, dtype=np.uint64)
        words, done = np.ascontiguousarray(rows).reshape(-1), 0
        while done < count:
            done = int(intern.encode_rows(self.tree, self.slots, words, np.uint64(done), ids, roots))
            if done < count:
                self.grow()
        return roots

    def state_of(self, root: int) -> State:
        """The state (variables, then clocks) of a root."""
        if not self.is_wide:
            return self._layout.unpack([root])
        width = self._layout.word_count
        scratch = np.zeros(3 * width, dtype=np.uint64)
        intern.decode(self.tree, np.uint64(root), scratch, np.uint64(width))
        return self._layout.unpack(scratch[:width].tolist())


def _children(word_count: int) -> list[tuple[int, int]]:
    """Left and right children of the inner nodes of a balanced tree over so many leaves, from the bottom up; the last is the root."""
    nodes = list(range(word_count))
    pairs: list[tuple[int, int]] = []
    while len(nodes) > 1:
        following: list[int] = []
        for left, right in zip(nodes[::2], nodes[1::2], strict=False):
            following.append(word_count + len(pairs))
            pairs.append((left, right))
        nodes = following + nodes[len(nodes) // 2 * 2 :]
    return pairs
