"""What one of several threads has for itself while it explores its share of a layer."""

import numpy as np

from cascade.engines.native.kernel import SmallWords, Words
from cascade.engines.packed import image
from cascade.engines.packed.kernels import explore
from cascade.engines.packed.store import LINE_WORDS, Queue, SeenSet

NO_WORDS = np.zeros(0, dtype=np.uint64)


def make_scratch(code: Words) -> Words:
    """Room for a state and what `expand` computes on the way."""
    return _apart(2 * int(code[image.ALL_WORDS]) + 5 * int(code[image.STATE_WORDS]) + 1)


def _apart(length: int) -> Words:
    """An array that has its cache lines for itself."""
    return np.zeros(length + 2 * LINE_WORDS, dtype=np.uint64)[LINE_WORDS:-LINE_WORDS]


class Worker:
    """One of several threads that explore a large layer together."""

    def __init__(self, code: Words, small: SmallWords, batch: int, recent: int) -> None:
        self.scratch = make_scratch(code)
        self._code, self._small = code, small
        self._own = _apart(explore.OWN_SIZE)
        self._successors, self._slots, self._accepted = (np.zeros(batch, dtype=np.uint64) for _ in range(3))
        self._recent = np.zeros(recent, dtype=np.uint64)

    def explore(
        self,
        tree: Words,
        tree_slots: SmallWords,
        control: Words,
        order: Words,
        seen: SeenSet,
        ticked: Queue,
        faulted: Queue,
        threads: int,
        block: int,
        budget: int,
    ) -> np.uint64:
        """Do some of the layer's work; returns why it stopped."""
        return explore.explore_share(
            self._code,
            self._small,
            tree,
            tree_slots,
            control,
            self._own,
            order,
            seen.slots,
            ticked.states,
            faulted.states,
            self.scratch,
            self._successors,
            self._slots,
            self._accepted,
            self._recent,
            np.uint64(threads),
            np.uint64(block),
            np.uint64(budget),
        )

    def settle(self, control: Words, seen: SeenSet, waiting: Words, order: Words) -> None:
        """These states, which waited, come to stand in `order` where they are not explored already."""
        explore.settle_share(control, seen.slots, waiting, order, self._accepted)

    @property
    def pending(self) -> Words:
        """Successors that are not in the seen set yet."""
        return self._successors[int(self._own[explore.OWN_PENDING]) : int(self._own[explore.OWN_PENDING_END])]

    def take_transitions(self) -> int:
        """The steps that it made since it was asked."""
        count = int(self._own[explore.OWN_TRANSITIONS])
        self._own[explore.OWN_TRANSITIONS] = 0
        return count

    def leave_block(self) -> tuple[int, int]:
        """What it has taken from the layer and not expanded, and does not expand any more: positions in `order`."""
        begin, end = self._own[[explore.BLOCK_NEXT, explore.BLOCK_END]].tolist()
        self._own[[explore.BLOCK_NEXT, explore.BLOCK_END]] = 0
        return begin, end
