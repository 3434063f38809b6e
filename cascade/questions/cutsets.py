"""Minimal fault sets: which faults suffice for an outage, each firing as often as the spec allows.

Allowed, never forced: a set of faults is a *cut set* when the outage is reachable with no fault outside of it. So every superset of a cut set is one, and
only sets that contain no known one are looked at, by growing size. A level of the search is either one question a set, or a few questions for all
sets together, which carry along which faults have struck; both give the same sets.
"""

import enum
import itertools
import math
from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING

from cascade.checked.model import Outage, Strikes
from cascade.questions.classes import Classification, classify, final
from cascade.questions.cone import faults_that_matter
from cascade.questions.inquiry import Inquiry, Reply, Scope
from cascade.records import dataclass

if TYPE_CHECKING:
    from cascade.questions.ground import Ground

ORDERS_SIZE_MAX = 3
"""Orders are tried for sets up to this size: there are n! of them."""

SETS_ASKED_MAX = 200
"""A level of more sets is asked for together: one exploration instead of so many."""


STRUCTURAL_FROM = 2_000
"""So many sets are not asked for where they can be put together from what components do by themselves."""

CLASSES_ASKED_MAX = 50
"""Sets that were put together of which it is asked what becomes of the outage."""

REST_STATES_MAX = 50_000
"""States for the question whether larger sets exist at all."""


class Together(enum.Enum):
    """Whether a level asks for each set by itself, or for all at once."""

    NEVER = enum.auto()
    ALWAYS = enum.auto()
    BY_COUNT = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """In which orders the faults of a set may begin so that the outage is reachable. `possible` and `impossible` are orders of names.

    `is_known`: no order was left undecided by a limit.
    """

    possible: tuple[tuple[str, ...], ...]
    impossible: tuple[tuple[str, ...], ...]
    is_known: bool

    @property
    def matters(self) -> bool:
        """Whether some order does not reach the outage."""
        return bool(self.impossible)


@dataclass(frozen=True, slots=True, kw_only=True)
class CutSet:
    """A minimal fault set: positions and names of its commands, the shortest run, what becomes of the outage with these faults alone.

    `orders` is None where there is nothing to order, or too much. Unless `is_surely_minimal`, a limit left open whether fewer of them suffice.
    """

    commands: frozenset[int]
    names: tuple[str, ...]
    reply: Reply
    is_surely_minimal: bool
    orders: Orders | None
    classification: Classification | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CutSets:
    """The minimal fault sets of one outage.

    `complete_to`: all sets up to this size are known. `is_all`: there are no others of any size. `undecided` are sets that a limit left open, and
    `open_replies` the questions. `faults` are all faults of the system. `is_interrupted`: the user stopped the search; what was found counts.
    `is_final`: nothing but faults changes what the outage reads.
    """

    outage: Outage
    sets: tuple[CutSet, ...]
    complete_to: int
    is_all: bool
    faults: tuple[str, ...]
    undecided: tuple[tuple[str, ...], ...]
    open_replies: tuple[Reply, ...]
    is_interrupted: bool = False
    is_final: bool = False

    @property
    def is_without_faults(self) -> bool:
        """Whether the outage needs no fault at all."""
        return any(not found.commands for found in self.sets)

    def excludes(self, faults: frozenset[int], count_max: int | None = None) -> bool:
        """Whether the outage surely cannot happen while none but `faults` fire, `count_max` different ones at most: they contain no fault set."""
        if not self.is_all and (count_max is None or count_max > self.complete_to):
            return False
        within = [found for found in self.sets if found.commands <= faults]
        return all(count_max is not None and len(found.commands) > count_max for found in within)


@dataclass(frozen=True, slots=True, kw_only=True)
class CutSetOptions:
    """How far to go and what to say of each set. Where there are `structural_from` sets or more, they are built from those of components, if that is sound."""

    size_max: int = 2
    with_orders: bool = True
    with_classes: bool = True
    together: Together = Together.BY_COUNT
    structural_from: int = STRUCTURAL_FROM


@dataclass(slots=True)
class _Level:
    """What one size gave: the new sets, and those that a limit left open."""

    found: list[tuple[frozenset[int], Reply]] = field(default_factory=list)
    undecided: list[frozenset[int]] = field(default_factory=list)
    open_replies: list[Reply] = field(default_factory=list)
    is_complete: bool = True


def cut_sets(
    inquiry: Inquiry,
    outage: Outage,
    options: CutSetOptions = CutSetOptions(),  # noqa: B008 - immutable
    on_found: Callable[[CutSet], None] = lambda _: None,
) -> CutSets:
    """The minimal fault sets of `outage` up to a size; `on_found` is told of each at once."""
    return _Search(inquiry, outage, options, on_found).run()


class _Search:
    def __init__(
        self, inquiry: Inquiry, outage: Outage, options: CutSetOptions, on_found: Callable[[CutSet], None]
    ) -> None:
        self._inquiry = inquiry
        self._outage = outage
        self._options = options
        self._on_found = on_found
        self._faults = sorted(faults_that_matter(inquiry, outage))
        self._known: list[frozenset[int]] = []
        self._sets: list[CutSet] = []
        self._undecided: list[frozenset[int]] = []
        self._open_replies: list[Reply] = []
        self._complete_to = -1
        self._is_all = False
        self._plane: Ground | None = None

    def run(self) -> CutSets:
        is_interrupted = False
        try:
            self._grow()
        except KeyboardInterrupt:
            is_interrupted = True
        return CutSets(
            outage=self._outage,
            # A set that came before a smaller one, which a limit had left open, is none.
            sets=tuple(s for s in self._sets if not any(other.commands < s.commands for other in self._sets)),
            complete_to=self._complete_to,
            is_all=self._is_all,
            faults=self._inquiry.names(self._inquiry.faults),
            undecided=tuple(self._inquiry.names(commands) for commands in self._undecided),
            open_replies=tuple(self._open_replies),
            is_interrupted=is_interrupted,
            is_final=self._plane is not None and self._plane.is_final,
        )

    def _grow(self) -> None:
        if math.comb(len(self._faults), self._options.size_max) >= self._options.structural_from:
            from cascade.questions.ground import ground  # late: it needs numpy

            self._plane = ground(self._inquiry, self._outage)
        for size in range(self._options.size_max + 1):
            level = self._level(size) if self._plane is None else self._level_by_structure(self._plane, size)
            for commands, reply in sorted(level.found, key=lambda pair: sorted(pair[0])):
                self._keep(commands, reply, is_complete_below=self._complete_to >= len(commands) - 1)
            self._undecided.extend(level.undecided)
            self._open_replies.extend(level.open_replies)
            if level.is_complete and self._complete_to == size - 1:
                self._complete_to = size
            self._is_all = self._complete_to == size and self._is_exhausted(size)
            # A level that was put together says itself that there was no time.
            if self._is_all or (self._inquiry.is_late and (self._plane is None or not level.is_complete)):
                return

    def _is_exhausted(self, size: int) -> bool:
        """Whether no larger set can be minimal: the empty set is one, all faults are used up, or nothing else reaches the outage."""
        usable = [fault for fault in self._faults if frozenset({fault}) not in self._known]
        if frozenset() in self._known or len(usable) <= size:
            return True
        if 0 < size < self._options.size_max:
            return False  # the next level tells
        if self._plane is not None:
            return False
        strikes = Strikes(blocked=frozenset(self._known)) if self._known else None
        rest = Scope(faults=frozenset(self._faults), strikes=strikes, state_count_max=REST_STATES_MAX)
        return self._inquiry.ask_never(self._outage, rest).is_no

    def _keep(self, commands: frozenset[int], reply: Reply, *, is_complete_below: bool) -> None:
        """Say what there is to say of a new set. Where a limit left smaller sets open, those in it are looked at again."""
        is_minimal = True
        if not is_complete_below:
            for fault in sorted(commands):
                smaller = self._inquiry.ask_never(self._outage, Scope(faults=commands - {fault}))
                if smaller.run is not None:
                    self._keep(commands - {fault}, smaller, is_complete_below=False)
                    return
                is_minimal = is_minimal and smaller.is_no
        if any(known <= commands for known in self._known):
            return
        orders = classification = None
        if self._options.with_orders and 2 <= len(commands) <= ORDERS_SIZE_MAX:
            orders = self._orders(commands)
        if self._options.with_classes and reply.run is not None:
            classification = self._classification(commands, reply)
        found = CutSet(
            commands=commands,
            names=self._inquiry.names(commands),
            reply=reply,
            is_surely_minimal=is_minimal,
            orders=orders,
            classification=classification,
        )
        self._known.append(commands)
        self._sets.append(found)
        self._on_found(found)

    def _classification(self, commands: frozenset[int], reply: Reply) -> Classification | None:
        """What becomes of the outage. Without a question where nothing but faults changes what it reads; None where there would be too many."""
        assert reply.run is not None, "asked of what is reached"
        if self._plane is not None and self._plane.is_final:
            return final(self._outage, reply)
        if self._plane is not None and len(self._known) >= CLASSES_ASKED_MAX:
            return None
        return classify(self._inquiry, self._outage, faults=commands, fault_count=reply.run.fault_count)

    # --- one size ---

    def _level_by_structure(self, plane: "Ground", size: int) -> _Level:
        """Put together from what components do by themselves; what there was no time for is asked for, which says so."""
        level = _Level()
        try:
            for found in plane.cut_sets(size, self._known):
                level.found.append(found)  # those before an interruption count, too
        except InterruptedError:
            strikes = Strikes(count=size, blocked=frozenset(self._known))
            reply = self._inquiry.ask_never(self._outage, Scope(faults=frozenset(self._faults), strikes=strikes))
            level.is_complete = False
            level.open_replies.append(reply)
        return level

    def _level(self, size: int) -> _Level:
        usable = [fault for fault in self._faults if frozenset({fault}) not in self._known]
        match self._options.together:
            case Together.NEVER:
                is_together = False
            case Together.ALWAYS:
                is_together = True
            case Together.BY_COUNT:
                is_together = math.comb(len(usable), size) > SETS_ASKED_MAX
        return self._level_together(size) if is_together and size else self._level_by_sets(usable, size)

    def _level_by_sets(self, usable: list[int], size: int) -> _Level:
        level = _Level()
        for combination in itertools.combinations(usable, size):
            commands = frozenset(combination)
            if any(known <= commands for known in self._known):
                continue
            reply = self._inquiry.ask_never(self._outage, Scope(faults=commands))
            if reply.run is not None:
                level.found.append((commands, reply))
            elif not reply.is_no:
                level.is_complete = False
                level.undecided.append(commands)
                level.open_replies.append(reply)
                if self._inquiry.is_late:
                    break
        return level

    def _level_together(self, size: int) -> _Level:
        """Each run found shows a new set; it is minimal, as no known one is in it and all smaller ones are known."""
        level = _Level()
        blocked = frozenset(self._known)
        by_name = {self._inquiry.system.commands[fault].name: fault for fault in self._faults}
        while True:
            strikes = Strikes(count=size, blocked=blocked)
            reply = self._inquiry.ask_never(self._outage, Scope(faults=frozenset(self._faults), strikes=strikes))
            if reply.run is None:
                level.is_complete = reply.is_no
                level.open_replies.extend(() if reply.is_no else (reply,))
                return level
            commands = frozenset(by_name[name] for name in reply.fired())
            shortest = self._inquiry.ask_never(self._outage, Scope(faults=commands))
            level.found.append((commands, shortest if shortest.run is not None else reply))
            if not commands:
                return level  # the empty set, which a limit left open before
            blocked |= {commands}

    # --- orders ---

    def _orders(self, commands: frozenset[int]) -> Orders:
        if self._plane is not None and self._plane.are_apart(commands):
            orders = itertools.permutations(self._inquiry.names(commands))
            return Orders(possible=tuple(orders), impossible=(), is_known=True)
        possible: list[tuple[str, ...]] = []
        impossible: list[tuple[str, ...]] = []
        is_known = True
        for order in itertools.permutations(sorted(commands)):
            reply = self._inquiry.ask_never(self._outage, Scope(faults=commands, strikes=Strikes(order=order)))
            names = tuple(self._inquiry.system.commands[i].name for i in order)
            if reply.run is not None:
                possible.append(names)
            elif reply.is_no:
                impossible.append(names)
            else:
                is_known = False
        return Orders(possible=tuple(possible), impossible=tuple(impossible), is_known=is_known)
