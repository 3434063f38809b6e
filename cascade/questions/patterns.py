"""Fault sets that differ only in which members of a group they strike, put together for the reader.

Only output: every set was found by itself. Sets are put together when all that follow from one by renaming members of a group are there, and the same is
said of each: "any 2 of 3 nodes: dies".
"""

import itertools
import math
from collections import Counter
from collections.abc import Sequence

from cascade.checked.model import Group, System
from cascade.questions.cutsets import CutSet
from cascade.records import dataclass

GROUPS_MAX = 4
"""Groups of one set whose members are renamed."""

Suffixes = tuple[str, ...]
"""What strikes one member: names of its faults without the member."""

Shape = tuple[tuple[str, tuple[Suffixes, ...]], ...]
"""For each group by name what strikes its members, whichever they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Fault sets that are told in one line. `parts` together are the text; a single set has the names of its faults."""

    parts: tuple[str, ...]
    sets: tuple[CutSet, ...]


def patterns(system: System, sets: Sequence[CutSet]) -> tuple[Pattern, ...]:
    """The sets in lines, in their order."""
    outermost = [g for g in system.groups if not any(_is_inside(g, other) for other in system.groups if other is not g)]
    told: dict[frozenset[int], Pattern] = {}
    for number in range(GROUPS_MAX, 0, -1):  # the more groups at once, the fewer lines
        left = [s for s in sets if s.commands not in told]
        for pattern in _put_together(outermost, left, number):
            told.update((s.commands, pattern) for s in pattern.sets)
    lines: list[Pattern] = []
    for found in sets:
        pattern = told.get(found.commands, Pattern(parts=found.names, sets=(found,)))
        if pattern.sets[0] is found:
            lines.append(pattern)
    return tuple(lines)


def _is_inside(group: Group, other: Group) -> bool:
    return any(group.members[0].startswith(f"{member}.") for member in other.members)


def _put_together(groups: list[Group], sets: list[CutSet], number: int) -> list[Pattern]:
    """Patterns that rename the members of exactly `number` groups."""
    by_shape: dict[tuple[object, ...], list[CutSet]] = {}
    shapes: dict[tuple[object, ...], tuple[Shape, tuple[str, ...]]] = {}
    group_of = {member: group for group in groups for member in group.members}
    for found in sets:
        near = {group_of[owner].name for name in found.names for owner in _owners(name) if owner in group_of}
        struck = {g.name: _members_struck(g, found.names) for g in groups if g.name in near}
        for chosen in itertools.combinations(struck, number):
            shape: Shape = tuple((name, tuple(sorted(struck[name].values()))) for name in chosen)
            inside = {f"{m}{s}" for name in chosen for m, suffixes in struck[name].items() for s in suffixes}
            rest = tuple(name for name in found.names if name not in inside)
            key: tuple[object, ...] = (shape, rest, _said_of(found))
            shapes[key] = shape, rest
            by_shape.setdefault(key, []).append(found)
    by_name = {group.name: group for group in groups}
    result: list[Pattern] = []
    taken: set[frozenset[int]] = set()
    for key, alike in by_shape.items():
        shape, rest = shapes[key]
        expected = math.prod(_renamings(len(by_name[name].members), struck) for name, struck in shape)
        if expected == len(alike) > 1 and not any(s.commands in taken for s in alike):
            taken.update(s.commands for s in alike)
            parts = [_text(by_name[name], struck) for name, struck in shape]
            result.append(Pattern(parts=(*parts, *rest), sets=tuple(alike)))
    return result


def _owners(name: str) -> list[str]:
    """The components that a fault called `name` may be a fault of: `a.b.c` of `a.b`, or of a part of `a`."""
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def _members_struck(group: Group, names: tuple[str, ...]) -> dict[str, Suffixes]:
    """The members that faults called `names` strike, with the ends of those names."""
    struck: dict[str, Suffixes] = {}
    for member in group.members:
        suffixes = tuple(sorted(name.removeprefix(member) for name in names if name.startswith(f"{member}.")))
        if suffixes:
            struck[member] = suffixes
    return struck


def _said_of(found: CutSet) -> tuple[object, ...]:
    """What must be equal for sets to be told together; an order names members, so it keeps a set apart."""
    known = found.classification
    outage_class = None if known is None else (known.outage_class, known.longest and known.longest.at_most_ms)
    order = found.orders.impossible if found.orders is not None else ()
    return outage_class, order, found.is_surely_minimal


def _renamings(size: int, struck: tuple[Suffixes, ...]) -> int:
    """In how many ways members of a group of `size` can be struck like this."""
    same = math.prod(math.factorial(count) for count in Counter(struck).values())
    return math.perm(size, len(struck)) // same


def _text(group: Group, struck: tuple[Suffixes, ...]) -> str:
    """`any 2 of 3 nodes: dies`, `any of 3 nodes: dies, another: slow`."""
    size = len(group.members)
    parts: list[str] = []
    for suffixes, count in Counter(struck).items():
        what = " and ".join(suffix.removeprefix(".") for suffix in suffixes)
        if not parts:
            who = f"all {size}" if count == size else f"any {count} of {size}" if count > 1 else f"any of {size}"
            parts.append(f"{who} {group.name}: {what}")
        else:
            parts.append(f"{'another' if count == 1 else f'{count} others'}: {what}")
    return ", ".join(parts)
