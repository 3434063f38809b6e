"""What happens in a state, looked up instead of evaluated.

The commands and clocks of a model are divided into *parts*. A part has a mask (its support) and a table from `state & mask` to an entry:
everything that the part's commands and clocks do in such a state. Entries are made on first use. Parts with related
supports are joined into a larger part, whose missing entries are put together from the entries of its members: fewer look-ups in a
state, as long as the joint table stays small beside the number of states. That is measured while the search goes on, and a
joint part that does not pay is divided again.

Of a clock it only matters which of its bounds it has reached: members of a joint part are asked about the least values that have reached the same ones.
"""

from bisect import bisect_right
from collections.abc import Iterable

from cascade.engines.explicit.compile import CompiledClock, CompiledCommand, CompiledModel
from cascade.engines.explicit.evaluate import EvaluationFailure, Values
from cascade.engines.explicit.layout import Field

Reset = tuple[int, int]
"""A step to `state & kept ^ delta`."""

Happening = tuple[tuple[int, ...], tuple[Reset, ...], tuple[Reset, ...], int]

Entry = tuple[()] | Happening
"""Empty: nothing happens. Else: deltas of commands that reset no clock (the next state is `state ^ delta`); other commands;
faults; and what a tick adds to the state. That has `Layout.beyond` in it if no tick is possible, and `Layout.far_beyond` if it is not
known which clocks run."""

OpenMove = tuple[int, int, bool, int, "tuple[Consequence, ...]"]
"""A step to `state & kept ^ delta`, whether it is a fault, the command, and what then remains to be done to the new state."""

OpenEntry = tuple[()] | tuple[tuple[OpenMove, ...], int]
"""Like `Entry`, for commands whose consequences depend on more than the commands read."""

JOIN_BITS = (7, 13)
"""Parts are joined in rounds, up to supports of these sizes (binary logarithm of the number of valuations)."""

CLOSED_BITS = 64
"""Commands whose support, consequences included, is larger than this are open from the start: few valuations may be reachable, but this is too much hope."""

JUDGED_STATES_MIN = 16_384
"""Parts are judged each time that this many states were explored."""

JUDGED_ENTRIES_MIN = 20_000
"""Smaller tables are never divided: they may still be filling, and cost little."""

JOINT_MISSES_MAX = 0.08
"""A joint part is divided when a larger part of its look-ups misses: a miss costs ten times what a hit saves."""

CLOSED_MISSES_MAX = 0.03
"""A closed part is opened when a larger part of its look-ups misses: a miss costs an evaluation, fifty times a look-up."""

SETTLED_MISSES_MAX = 0.005
"""Parts of whose look-ups fewer miss are joined with each other, on trial."""

ENTRIES_MAX = 400_000
"""A table that grows beyond this is emptied: a bound on memory (about 100 MB)."""


class Consequence:
    """Settles, or clocks that stop, after a step: a table from the new state to the change `state & kept ^ delta`."""

    def __init__(self, compiled: CompiledModel, *, settles: tuple[int, ...], clocks: tuple[int, ...]) -> None:
        self._compiled = compiled
        self._settles = settles
        self._clocks = clocks
        self.mask = 0
        for index in settles:
            self.mask |= compiled.settle_supports[index]
        for index in clocks:
            self.mask |= compiled.clocks[index].support
        self.entries: dict[int, Reset] = {}

    def apply(self, state: int) -> int:
        """The state with this consequence."""
        key = state & self.mask
        entry = self.entries.get(key)
        if entry is None:
            values = self._compiled.decode(state, self.mask)
            delta = self._compiled.settle(values, self._settles)
            entry = self._compiled.kept_clocks(values, self._clocks), delta
            if len(self.entries) >= ENTRIES_MAX:
                self.entries.clear()
            self.entries[key] = entry
        kept, delta = entry
        return state & kept ^ delta


class _Reached:
    """Of the values of a clock, the least ones that have reached the same of its `bounds`."""

    def __init__(self, field: Field, bounds: Iterable[int]) -> None:
        self._offset = field.offset
        self._bounds = sorted(bounds)

    def excess(self, bits: int) -> int:
        """What the value in `bits`, which are those of the clock in a state, has beyond the least such one."""
        value = bits >> self._offset
        return (value - self._bounds[bisect_right(self._bounds, value) - 1]) << self._offset


def _bounds(
    commands: Iterable[tuple[CompiledCommand, bool]], clocks: Iterable[CompiledClock]
) -> list[tuple[int, dict[int, int], _Reached]]:
    """What clocks are compared with, from 0, behind the mask of each and what is known of its values; without those that would not save a value."""
    bounds: dict[Field, set[int]] = {}
    for command, _ in commands:
        if command.clock is not None:
            bounds.setdefault(command.clock, {0}).update((command.earliest_ticks, command.latest_ticks))
    for clock in clocks:
        bounds.setdefault(clock.field, {0}).add(clock.stop_ticks)
    return [(f.mask, {0: 0}, _Reached(f, values)) for f, values in bounds.items() if f.size > len(values)]


class Part:
    """Commands and clocks with (nearly) one support. Of commands that are not allowed it says only whether they keep time from passing."""

    def __init__(
        self,
        compiled: CompiledModel,
        commands: Iterable[tuple[CompiledCommand, bool]],
        clocks: Iterable[CompiledClock],
        *,
        mask: int,
    ) -> None:
        self.compiled = compiled
        self.commands = tuple(commands)
        self.clocks = tuple(clocks)
        self.mask = mask
        self._bounds = _bounds(self.commands, self.clocks)
        self.entries: dict[int, Entry] = {}
        self.judged_count = 0
        self.is_joinable = True

    def fill(self, state: int) -> Entry:
        """Make and keep the entry for `state`."""
        compiled = self.compiled
        values = compiled.decode(state, self.mask)
        deltas: list[int] = []
        resets: list[Reset] = []
        faults: list[Reset] = []
        tick = 0
        full = compiled.layout.full
        for command, is_allowed in self.commands:
            try:
                if not compiled.is_enabled(command, values, state):
                    continue
                if compiled.is_due(command, state):
                    tick = compiled.layout.beyond
                if not is_allowed:
                    continue
                kept, delta = compiled.fire(command, values)
            except EvaluationFailure as failure:
                failure.command = command.index
                raise
            if command.is_fault:
                faults.append((kept, delta))
            elif kept == full:
                deltas.append(delta)
            else:
                resets.append((kept, delta))
        for clock in self.clocks:
            tick += _increment(compiled, clock, values, state)
        entry: Entry = ()
        if deltas or resets or faults or tick:
            entry = tuple(deltas), tuple(resets), tuple(faults), tick
        if len(self.entries) >= ENTRIES_MAX:
            self.entries.clear()
        self.entries[state & self.mask] = entry
        return entry

    def look_up(self, state: int) -> Entry:
        """The entry for `state`, which is that for the least values of clocks that have reached the same bounds."""
        key = state & self.mask
        for mask, known, reached in self._bounds:
            bits = key & mask
            excess = known.get(bits)
            if excess is None:
                if len(known) >= ENTRIES_MAX:
                    known.clear()
                excess = known[bits] = reached.excess(bits)
            key -= excess
        entry = self.entries.get(key)
        return self.fill(key) if entry is None else entry

    def divide(self, misses: float) -> "list[Part | OpenPart]":
        """Parts that do the same and suit this rate of misses better; only this part if there are none."""
        is_good = misses <= CLOSED_MISSES_MAX or len(self.entries) < JUDGED_ENTRIES_MIN
        if is_good or all(not (c.settles or c.clocks) for c, _ in self.commands):
            return [self]
        return list(open_parts(self.compiled, self.commands, self.clocks))


class JointPart(Part):
    """Parts that are looked up together."""

    def __init__(self, compiled: CompiledModel, members: "list[Part]") -> None:
        mask = 0
        for member in members:
            mask |= member.mask
        super().__init__(compiled, (), (), mask=mask)
        self.members = members
        self._tables = [(member.mask, member.entries, member) for member in members]

    def fill(self, state: int) -> Entry:
        """Put the entry for `state` together and keep it."""
        found: list[Happening] = []
        for mask, entries, member in self._tables:
            known = entries.get(state & mask)
            if known is None:
                known = member.look_up(state)
            if known:
                found.append(known)
        entry: Entry = ()
        if len(found) == 1:
            entry = found[0]
        elif found:
            entry = (
                tuple(delta for e in found for delta in e[0]),
                tuple(reset for e in found for reset in e[1]),
                tuple(fault for e in found for fault in e[2]),
                sum(e[3] for e in found),
            )
        if len(self.entries) >= ENTRIES_MAX:
            self.entries.clear()
        self.entries[state & self.mask] = entry
        return entry

    def divide(self, misses: float) -> "list[Part | OpenPart]":
        """The members, if too many look-ups miss; they are not joined again."""
        if misses <= JOINT_MISSES_MAX or len(self.entries) < JUDGED_ENTRIES_MIN:
            return [self]
        for member in self.members:
            member.is_joinable = False
        return list(self.members)


class OpenPart:
    """Commands whose consequences (settles, clocks that stop) are looked up in the new state."""

    def __init__(
        self,
        compiled: CompiledModel,
        commands: Iterable[tuple[CompiledCommand, bool]],
        clocks: Iterable[CompiledClock],
        consequences: dict[int, tuple[Consequence, ...]],
        *,
        mask: int,
    ) -> None:
        self.compiled = compiled
        self.commands = tuple(commands)
        self.clocks = tuple(clocks)
        self.mask = mask
        self._consequences = consequences
        self.entries: dict[int, OpenEntry] = {}

    def look_up(self, state: int) -> OpenEntry:
        """The entry for `state`."""
        entry = self.entries.get(state & self.mask)
        if entry is not None:
            return entry
        compiled = self.compiled
        values = compiled.decode(state, self.mask)
        moves: list[OpenMove] = []
        tick = 0
        for command, is_allowed in self.commands:
            try:
                if not compiled.is_enabled(command, values, state):
                    continue
                if compiled.is_due(command, state):
                    tick = compiled.layout.beyond
                if not is_allowed:
                    continue
                _, delta = compiled.assign(values, command.updates)
            except EvaluationFailure as failure:
                failure.command = command.index
                raise
            kept = compiled.layout.full & ~command.own_clock_mask
            moves.append((kept, delta, command.is_fault, command.index, self._consequences[command.index]))
        for clock in self.clocks:
            tick += _increment(compiled, clock, values, state)
        entry = (tuple(moves), tick) if moves or tick else ()
        if len(self.entries) >= ENTRIES_MAX:
            self.entries.clear()
        self.entries[state & self.mask] = entry
        return entry


def finish(state: int, move: OpenMove) -> int:
    """The state that `move` leads to from `state`."""
    kept, delta, _, command, consequences = move
    after = state & kept ^ delta
    try:
        for consequence in consequences:
            after = consequence.apply(after)
    except EvaluationFailure as failure:
        failure.command = command
        raise
    return after


def _increment(compiled: CompiledModel, clock: CompiledClock, values: Values, state: int) -> int:
    """What a tick adds for `clock`. Whether it runs is asked only when time passes: until then an error does no harm."""
    try:
        runs = clock.runs_while(values)
    except EvaluationFailure:
        return compiled.layout.far_beyond
    if runs and (state & clock.field.mask) >> clock.field.offset < clock.stop_ticks:
        return clock.one
    return 0


def open_parts(
    compiled: CompiledModel, commands: Iterable[tuple[CompiledCommand, bool]], clocks: Iterable[CompiledClock]
) -> list[OpenPart]:
    """Open parts for these commands and clocks, one for each support."""
    shared: dict[tuple[tuple[int, ...], tuple[int, ...]], Consequence] = {}

    def consequence(settles: tuple[int, ...], clocks: tuple[int, ...]) -> Consequence:
        if (settles, clocks) not in shared:
            shared[settles, clocks] = Consequence(compiled, settles=settles, clocks=clocks)
        return shared[settles, clocks]

    by_mask: dict[int, list[tuple[CompiledCommand, bool]]] = {}
    consequences: dict[int, tuple[Consequence, ...]] = {}
    for command, is_allowed in commands:
        by_mask.setdefault(command.reads, []).append((command, is_allowed))
        consequences[command.index] = (
            *(consequence((index,), ()) for index in command.settles),
            *(consequence((), (index,)) for index in command.clocks),
        )
    clocks_by_mask: dict[int, list[CompiledClock]] = {}
    for clock in clocks:
        clocks_by_mask.setdefault(clock.support | clock.field.mask, []).append(clock)
    return [
        OpenPart(compiled, by_mask.get(mask, ()), clocks_by_mask.get(mask, ()), consequences, mask=mask)
        for mask in {**by_mask, **clocks_by_mask}
    ]


def join(compiled: CompiledModel, parts: list[Part]) -> list[Part]:
    """Join parts in rounds, each time into what grows least."""
    for limit in JOIN_BITS:
        groups: list[tuple[int, int, list[Part]]] = []
        size_bits = compiled.layout.size_bits
        for part in sorted(parts, key=lambda part: -size_bits(part.mask)):
            best: tuple[int, int] | None = None
            for index, (mask, bits, _) in enumerate(groups):
                grown = size_bits(mask | part.mask)
                if grown <= limit or grown == bits:
                    best = min(best, (grown - bits, index)) if best is not None else (grown - bits, index)
            if best is None:
                groups.append((part.mask, size_bits(part.mask), [part]))
            else:
                mask, _, members = groups[best[1]]
                groups[best[1]] = mask | part.mask, size_bits(mask | part.mask), [*members, part]
        parts = [members[0] if len(members) == 1 else JointPart(compiled, members) for _, _, members in groups]
    return parts


def join_pairs(compiled: CompiledModel, parts: list[Part]) -> list[Part]:
    """Join parts two by two, those first whose supports have most in common."""
    size_bits = compiled.layout.size_bits
    left = sorted(parts, key=lambda part: size_bits(part.mask))
    joined: list[Part] = []
    while len(left) > 1:
        part = left.pop()
        partner = min(left, key=lambda other: size_bits(part.mask | other.mask) - size_bits(other.mask))
        left.remove(partner)
        joined.append(JointPart(compiled, [part, partner]))
    return joined + left
