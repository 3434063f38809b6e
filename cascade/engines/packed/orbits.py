"""How many states the stored ones stand for, where members are interchangeable."""

from math import factorial, prod
from typing import TYPE_CHECKING

import numpy as np

from cascade.core.symmetry import Symmetry
from cascade.engines.native.kernel import Words
from cascade.engines.packed.kernels.symmetry import LIMB_BITS, add_orbits, canonical_rows
from cascade.engines.packed.workers import make_scratch

if TYPE_CHECKING:
    from cascade.engines.packed.search import PackedSearch

NAMES_MAX = 60
"""Letters of a list of members that `--stats` shows."""


class Orbits:
    """The number of states that the stored ones stand for; without a symmetry each one stands for itself."""

    def __init__(self, symmetry: Symmetry | None, code: Words) -> None:
        self._symmetry = symmetry
        self._code = code
        self._scratch = make_scratch(code)
        most = prod(factorial(len(blocks)) for blocks in symmetry.classes) if symmetry else 1
        self._product = np.zeros(most.bit_length() // int(LIMB_BITS) + 1, dtype=np.uint64)
        # Of the states of the log, those that were counted, and what they stand for.
        self._counted = 0
        self._count = 0

    def canonical(self, rows: Words) -> Words:
        """The words of the states that stand for these: a row for each."""
        result = np.ascontiguousarray(rows)
        if self._symmetry is not None:
            canonical_rows(self._code, result.reshape(-1))
        return result

    def catch_up(self, search: "PackedSearch") -> None:
        """Count what is new in the log: now and then, so that it takes no time when a limit is reached."""
        if self._symmetry is not None:
            for roots in search.logged(self._counted, len(search.log)):
                self._count += self._of(roots, search)
                self._counted += len(roots)

    def total(self, search: "PackedSearch", latest: Words) -> int:
        """How many states those of the log, and the latest ones, stand for."""
        if self._symmetry is None:
            return search.state_count
        self.catch_up(search)
        return self._count + self._of(latest, search)

    def details(self, stored_count: int) -> tuple[tuple[str, str], ...]:
        """What `--stats` says of it."""
        if self._symmetry is None:
            return ()
        names = self._symmetry.names
        text = ", ".join(f"{members[0]} and {len(members) - 1} like it" for members in names)
        if len(text) > NAMES_MAX:
            text = f"{sum(map(len, names))} members in {len(names)} classes"
        return (("symmetry", f"{stored_count:,} states stored stand for all; interchangeable: {text}"),)

    def _of(self, roots: Words, search: "PackedSearch") -> int:
        totals = np.zeros(len(self._product) + 2, dtype=np.uint64)
        add_orbits(self._code, search.roots.tree, roots, self._scratch, self._product, totals)
        return sum(limb << int(LIMB_BITS) * place for place, limb in enumerate(totals.tolist()))
