"""The sets of fixes that are looked at, by growing size, as bits; and, of a run that one set does not prevent, all others that do not prevent it either.

Fixes that change values only are switches of one model, in which a run is retraced for all sets at once. Those that shape the model (durations, sizes of groups)
make one of their own for each set of them.
"""

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from cascade.checked.checks import LeftOpen
from cascade.questions.together import Together
from cascade.questions.variants import Variants
from cascade.verdicts.run import ReplayedRun

SETS_MAX = 1 << 17
"""More sets than these are not looked at: sizes that would make more are left out."""

TOGETHER_MIN = 4
"""For fewer sets it is not worth while to make a model of all."""

Positions = npt.NDArray[np.int64]


class Lattice:
    """Sets of `names`, of up to `size_max` of them, the small ones first; sets of which `contradict` says so are left out."""

    def __init__(
        self,
        variants: Variants,
        names: Sequence[str],
        size_max: int | None,
        contradict: Callable[[str, str], bool],
    ) -> None:
        self._variants = variants
        self._names = tuple(names)
        self.size_max = _size_max(len(names), size_max)
        pairs = [
            1 << i | 1 << j
            for (i, one), (j, other) in itertools.combinations(enumerate(names), 2)
            if contradict(one, other)
        ]
        every = [
            sum(1 << i for i in chosen)
            for size in range(1, self.size_max + 1)
            for chosen in itertools.combinations(range(len(names)), size)
        ]
        kept = [bits for bits in every if not any(bits & pair == pair for pair in pairs)]
        self.left_out_count = len(every) - len(kept)
        self._bits = np.array(kept, dtype=np.int64)
        self._shaping: int | None = None
        self._groups: dict[int, tuple[Positions, Together] | None] = {}

    def __len__(self) -> int:
        """The number of sets."""
        return len(self._bits)

    def fixes(self, position: int) -> tuple[str, ...]:
        """The set there, in the order of the spec."""
        bits = int(self._bits[position])
        return tuple(name for i, name in enumerate(self._names) if bits >> i & 1)

    def with_all_of(self, position: int) -> npt.NDArray[np.bool_]:
        """Which sets have all fixes of the one there."""
        bits = self._bits[position]
        return np.asarray(self._bits & bits == bits)

    def group(self, position: int) -> int:
        """Sets with the same number here are variants of one model: it says which of the fixes that shape the model are in it."""
        return int(self._bits[position]) & self._shaped_by()

    def showing(self, group: int, check_name: str, run: ReplayedRun) -> Positions:
        """The sets of a group with which the run is possible and shows the same."""
        opened = self._opened(group)
        if opened is None:
            return np.empty(0, dtype=np.int64)
        positions, together = opened
        return positions[together.shows(check_name, run)]

    # --- models ---

    def _shaped_by(self) -> int:
        """The fixes that shape the model, which is seen from an attempt to leave all others open."""
        if self._shaping is None:
            self._shaping = 0
            while isinstance(found := self._open(self._shaping, 0), str):
                bit = self._bit_of(found)
                if bit is None:
                    self._shaping = (1 << len(self._names)) - 1
                    break
                self._shaping |= bit
        return self._shaping

    def _bit_of(self, variable: str) -> int | None:
        switches = {LeftOpen.switch_name(name): 1 << i for i, name in enumerate(self._names)}
        return switches.get(variable)

    def _open(self, shaping: int, chosen: int) -> "Together | str | None":
        """The model of all sets that have `chosen`, which are some of `shaping`, and any others."""
        switches = frozenset(name for i, name in enumerate(self._names) if not shaping >> i & 1)
        applied = [name for i, name in enumerate(self._names) if name in switches or chosen >> i & 1]
        system = self._variants.open_system(applied, LeftOpen(fixes=switches))
        if system is None or isinstance(system, str):
            return system
        members = self._bits[self._members(chosen)]
        points = {
            LeftOpen.switch_name(name): members >> i & 1 for i, name in enumerate(self._names) if name in switches
        }
        return Together(system, points) if points and len(members) else None

    def _members(self, group: int) -> Positions:
        return np.flatnonzero(self._bits & self._shaped_by() == group)

    def _opened(self, group: int) -> tuple[Positions, Together] | None:
        if group not in self._groups:
            members = self._members(group)
            found = self._open(self._shaped_by(), group) if len(members) >= TOGETHER_MIN else None
            self._groups[group] = (members, found) if isinstance(found, Together) else None
        return self._groups[group]


def _size_max(count: int, wanted: int | None) -> int:
    """The largest size up to which there are not too many sets."""
    size, total = 0, 0
    while size < min(count, count if wanted is None else wanted):
        total += math.comb(count, size + 1)
        if total > SETS_MAX and size:
            break
        size += 1
    return size
