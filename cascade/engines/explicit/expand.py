"""The steps of a state: all parts of a model (or of some of its commands), joined and watched."""

from collections.abc import Container

from cascade.engines.explicit.compile import CompiledClock, CompiledCommand, CompiledModel
from cascade.engines.explicit.tables import (
    CLOSED_BITS,
    JUDGED_STATES_MIN,
    SETTLED_MISSES_MAX,
    Entry,
    OpenPart,
    Part,
    finish,
    join,
    join_pairs,
    open_parts,
)


class Expander:
    """Knows the steps of every state. `allowed` are the commands that may fire (None: all); all others only keep time from passing."""

    def __init__(self, compiled: CompiledModel, allowed: frozenset[int] | None = None) -> None:
        self.compiled = compiled
        self.is_timed = compiled.model.is_timed
        closed: dict[int, tuple[list[tuple[CompiledCommand, bool]], list[CompiledClock]]] = {}
        opened: list[tuple[CompiledCommand, bool]] = []
        for command in compiled.commands:
            is_allowed = allowed is None or command.index in allowed
            if not is_allowed and not command.is_owed:
                continue
            if compiled.layout.size_bits(command.reads_all) > CLOSED_BITS:
                opened.append((command, is_allowed))
            else:
                closed.setdefault(command.reads_all, ([], []))[0].append((command, is_allowed))
        for clock in compiled.clocks if self.is_timed else ():
            closed.setdefault(clock.support | clock.field.mask, ([], []))[1].append(clock)
        parts = [Part(compiled, commands, clocks, mask=mask) for mask, (commands, clocks) in closed.items()]
        self.parts: list[Part] = join(compiled, parts)
        self.open_parts: list[OpenPart] = open_parts(compiled, opened, ())
        self.tables: list[tuple[int, dict[int, Entry], Part]] = []
        self._unjudged_count = 0
        self._set_tables()

    def _set_tables(self) -> None:
        self.tables[:] = [(part.mask, part.entries, part) for part in self.parts]

    def adapt(self, state_count: int) -> None:
        """Take note that `state_count` more states were looked up; judge the parts now and then: `tables` may change."""
        self._unjudged_count += state_count
        if self._unjudged_count < JUDGED_STATES_MIN:
            return
        state_count, self._unjudged_count = self._unjudged_count, 0
        parts: list[Part] = []
        settled: list[Part] = []
        for part in self.parts:
            misses = (len(part.entries) - part.judged_count) / state_count
            part.judged_count = len(part.entries)
            for divided in part.divide(misses):
                if isinstance(divided, OpenPart):
                    self.open_parts.append(divided)
                elif divided is part and part.is_joinable and misses <= SETTLED_MISSES_MAX:
                    settled.append(part)
                else:
                    divided.judged_count = len(divided.entries)
                    parts.append(divided)
        self.parts = [*parts, *join_pairs(self.compiled, settled)]
        self._set_tables()

    def steps(self, state: int) -> tuple[list[int], int | None]:
        """The states after each command that may fire in `state`, and the state after a tick if one is possible."""
        following: list[int] = []
        tick = 0
        for mask, entries, part in self.tables:
            entry = entries.get(state & mask)
            if entry is None:
                entry = part.fill(state)
            if entry:
                deltas, resets, faults, increment = entry
                for delta in deltas:
                    following.append(state ^ delta)
                for kept, delta in resets:
                    following.append(state & kept ^ delta)
                for kept, delta in faults:
                    following.append(state & kept ^ delta)
                tick += increment
        for open_part in self.open_parts:
            open_entry = open_part.look_up(state)
            if open_entry:
                moves, increment = open_entry
                tick += increment
                following.extend([finish(state, move) for move in moves])
        if self.is_timed and tick < self.compiled.layout.beyond:
            return following, state + tick
        return following, None

    def leads_out(self, state: int, inside: Container[int], *, with_tick: bool) -> bool:
        """Does one of the same steps (with that of a tick, or without) lead out of `inside`? Those after the first one that does are not looked at."""
        tick = 0
        for mask, entries, part in self.tables:
            entry = entries.get(state & mask)
            if entry is None:
                entry = part.fill(state)
            if entry:
                deltas, resets, faults, increment = entry
                for delta in deltas:
                    if state ^ delta not in inside:
                        return True
                for kept, delta in resets:
                    if state & kept ^ delta not in inside:
                        return True
                for kept, delta in faults:
                    if state & kept ^ delta not in inside:
                        return True
                tick += increment
        for open_part in self.open_parts:
            open_entry = open_part.look_up(state)
            if open_entry:
                moves, increment = open_entry
                tick += increment
                for move in moves:
                    if finish(state, move) not in inside:
                        return True
        return with_tick and self.is_timed and tick < self.compiled.layout.beyond and state + tick not in inside

    def check_tick(self, state: int, tick: int) -> None:
        """Raise the `EvaluationFailure` of a clock in `state`, to which a tick adds `tick`, if nothing but that keeps time from passing."""
        layout = self.compiled.layout
        if tick % layout.far_beyond < layout.beyond:
            self.check_clocks(state)
            raise AssertionError("a clock fails")

    def check_clocks(self, state: int) -> None:
        """Raise the `EvaluationFailure` of a clock in `state`, if there is one."""
        for clock in self.compiled.clocks:
            clock.runs_while(self.compiled.decode(state, clock.support))
