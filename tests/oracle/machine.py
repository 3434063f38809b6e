"""Clauses and time (language reference, sections 4 to 7): which states there are, and what leads from one to the next."""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from cascade.syntax import tree
from cascade.syntax.imports import Loaded
from tests.oracle.commands import Commands
from tests.oracle.meaning import Meaning
from tests.oracle.things import Node, RunError, Scope, Things, Values, matches, steps_of

TICK = -1
CLASSES = {"faults": "fault", "repairs": "repair", "reactions": "reaction", "operators": "operator", "events": "event"}


class TooManyStatesError(Exception):
    """More states than the caller wants to see."""


class State(NamedTuple):
    """Variables; how often what is limited has fired; what is lost; the first values of what losses look at; progress of the formula; clocks."""

    values: Values
    used: tuple[int, ...]
    lost: frozenset[Node]
    first: Values
    progress: int
    clocks: tuple[int, ...]


@dataclass(slots=True)
class Space:
    """All states; `steps[s]` are (position of the command or TICK, next state); `owed[s]` what may not be put off for ever."""

    steps: dict[State, list[tuple[int, State]]] = field(default_factory=dict)
    owed: dict[State, frozenset[int]] = field(default_factory=dict)
    initial: list[State] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


class Machine:
    """The transition system of one check of a spec."""

    def __init__(self, loaded: Loaded, check_name: str) -> None:
        statements = loaded.main.tree.systems[0].body
        self._all_checks = [s for s in statements if isinstance(s, tree.Check)]
        self.check = next(c for c in self._all_checks if c.name.text == check_name)
        self.meaning = Meaning()
        fixes = tuple(n.text for c in self.check.clauses if isinstance(c, tree.WithFix) for n in c.names)
        self.things = Things(loaded, fixes, self.meaning.read)
        made = Commands(self.things, self.meaning, self._all_checks, self.check)
        self._number = made.number
        self.commands = [*made.declared, *made.cuts]
        self.tick = self._tick(made.cut_durations)
        root = Scope(self.things.root)
        self.watch = [made.read(e, root).of for e in _conditions(self.check.formula)]
        duration = _duration_in(self.check.formula)
        self.bound = None if duration is None else self._ticks(self._number(duration, root))
        self.is_timed = duration is not None or any(c.is_timed for c in self.commands)
        self._clauses()

    # --- time ---

    def _tick(self, durations: list[int]) -> int:
        """The unit of time in milliseconds. `durations` are those that no command has."""
        root = Scope(self.things.root)
        for statement in self.things.root.body:
            if isinstance(statement, tree.Tick):
                return self._number(statement.duration, root)
        durations = [*durations]
        for check in self._all_checks:
            duration = _duration_in(check.formula)
            durations += [] if duration is None else [self._number(duration, root)]
        for command in self.commands:
            durations += [command.earliest, command.latest or 0] if command.is_timed else []
        return math.gcd(*durations) or 1

    def _ticks(self, milliseconds: int) -> int:
        return math.ceil(milliseconds / self.tick)

    # --- clauses ---

    def _clauses(self) -> None:
        budgets: list[tuple[int, set[int]]] = []
        limits: list[tuple[int, set[int]]] = []
        only: set[int] | None = None
        gone: set[int] = set()
        self.stopped: set[int] = set()
        acting: set[int] = set()
        self._keeps_redundancy = False
        faults = {i for i, c in enumerate(self.commands) if c.kind == "fault"}
        root = Scope(self.things.root)
        for clause in self.check.clauses:
            match clause:
                case tree.Budget(count=count, scope=scope):
                    named = faults if scope is None else self._named((scope,)) & faults
                    budgets.append((self._number(count, root), named))
                case tree.CountLimit(count=count, selectors=selectors):
                    limits.append((self._number(count, root), self._named(selectors)))
                case tree.Only(selectors=selectors):
                    only = (only or set()) | self._named(selectors)
                case tree.Without(selectors=selectors):
                    gone |= self._named(selectors)
                case tree.OnceStop(selectors=selectors):
                    self.stopped |= self._named(selectors)
                case tree.IfAct(selectors=selectors):
                    acting |= self._named(selectors)
                case tree.WhileRedundancyHolds():
                    self._keeps_redundancy = True
                case _:
                    pass
        gone |= faults - only if only is not None else set()
        if budgets:
            gone |= faults - set().union(*(named for _, named in budgets))
        self.limits = [*budgets, *limits]
        for count, named in self.limits:
            gone |= named if count == 0 else set()
        self._groups_of = {
            node: [(group, m) for group in self.things.groups() for m in group.members if node.within(m)]
            for node in self.things.nodes()
        }
        self._written_by_faults: dict[Node, set[int]] = {}
        for i in faults:
            if self._groups_of[self.commands[i].node]:
                written = self._written_by_faults.setdefault(self.commands[i].node, set())
                written |= self.commands[i].written()
        places = sorted(set().union(*self._written_by_faults.values()))
        self._several = [place for place in places if len(self.meaning.domains[place][2]) > 1]
        if self._keeps_redundancy:
            gone |= {i for i in faults if not self._groups_of[self.commands[i].node]}
        self.alive = [i for i in range(len(self.commands)) if i not in gone]
        self._timing(acting)

    def _timing(self, acting: set[int]) -> None:
        """What is owed, and from when to when a command fires, in ticks."""
        self.is_owed: dict[int, bool] = {}
        self.span: dict[int, tuple[int, int | None]] = {}
        for i in self.alive:
            command = self.commands[i]
            owed = command.kind in ("reaction", "repair")
            if command.kind in ("operator", "event"):
                owed = i in acting or command.latest is not None
            self.is_owed[i] = owed
            if command.is_timed:
                earliest = self._ticks(command.earliest)
                latest = None if command.latest is None else self._ticks(command.latest)
                self.span[i] = earliest, earliest if latest is None and owed else latest
        self.clocked = [i for i in self.alive if i in self.span]
        self.clock_of = {i: at for at, i in enumerate(self.clocked)}

    def _named(self, selectors: tuple[tree.Expr, ...]) -> set[int]:
        found: set[int] = set()
        for selector in selectors:
            steps = steps_of(selector)
            assert steps is not None
            word = steps[0][0] if len(steps) == 1 and steps[0][1] is None else ""
            if word in CLASSES:
                found |= {i for i, c in enumerate(self.commands) if c.kind == CLASSES[word]}
                continue
            named = {i for i, c in enumerate(self.commands) if matches(steps, c.steps)}
            found |= named or {i for i, c in enumerate(self.commands) if word and c.word == word}
        return found

    # --- steps ---

    def _remembered(self, values: Values) -> Values:
        """The first values of what faults of members write, where a run may start in several."""
        if not self._keeps_redundancy:
            return ()
        return tuple(values[place] for place in self._several)

    def _first(self, first: Values, place: int) -> object:
        return first[self._several.index(place)] if place in self._several else self.meaning.domains[place][2][0]

    def initial(self) -> Iterator[State]:
        for values in itertools.product(*(first for _, _, first in self.meaning.domains)):
            clocks = [0] * len(self.clocked)
            start = State(values, (0,) * len(self.limits), frozenset(), self._remembered(values), 0, tuple(clocks))
            yield self._settled(start, fired=None, is_start=True)

    def is_permitted(self, state: State, i: int) -> bool:
        """Whether every clause allows it now."""
        for used, (count, named) in zip(state.used, self.limits, strict=True):
            if i in named and used >= count:
                return False
        if self._keeps_redundancy and self.commands[i].kind == "fault":
            # What may not fire assigns nothing: that a value is outside its domain is an error only once it is permitted.
            after = self._written(state, i, is_checked=False)
            lost = self._still_lost(state.lost | {self.commands[i].node}, state.first, after)
            for group, _ in self._groups_of[self.commands[i].node]:
                gone = sum(1 for m in group.members if any(node.within(m) for node in lost))
                if gone > len(group.members) - group.needs:
                    return False
        return True

    def _still_lost(self, lost: frozenset[Node], first: Values, values: Values) -> frozenset[Node]:
        """Without those whose variables, as far as their faults write them, are all back."""
        return frozenset(
            node for node in lost if any(values[p] != self._first(first, p) for p in self._written_by_faults[node])
        )

    def _written(self, state: State, i: int, *, is_checked: bool = True) -> Values:
        values = list(state.values)
        for write in self.commands[i].writes:
            node = write.target.of(state.values)
            value, place = write.value(state.values), write.places[node]
            if is_checked and value not in self.meaning.domains[place][1]:
                raise RunError(f"{self.commands[i].name} assigns {value}")
            values[place] = value
        return tuple(values)

    def fire(self, state: State, i: int) -> State:
        command = self.commands[i]
        lost = state.lost
        if self._keeps_redundancy and command.kind == "fault":
            lost |= {command.node}
        used = tuple(n + (i in named) for n, (_, named) in zip(state.used, self.limits, strict=True))
        after = State(self._written(state, i), used, lost, state.first, state.progress, state.clocks)
        return self._settled(after, fired=i)

    def _settled(self, state: State, *, fired: int | None, is_start: bool = False) -> State:
        lost = self._still_lost(state.lost, state.first, state.values)
        progress, clocks = state.progress, list(state.clocks[: len(self.clocked)])
        for at, i in enumerate(self.clocked):
            if i == fired or not self.commands[i].is_enabled(state.values):
                clocks[at] = 0
        watch, v = self.watch, state.values
        if isinstance(self.check.formula, tree.Possible):
            while progress < len(watch) - 1 and watch[progress](v):
                progress += 1
        elif self.bound is not None:
            if len(watch) == 1:
                runs = bool(watch[0](v))
            else:
                runs = progress = bool((progress or watch[0](v)) and not watch[1](v))
            clocks.append(state.clocks[-1] if runs and not is_start else 0)
        return State(v, state.used, lost, state.first, int(progress), tuple(clocks))

    def is_due(self, state: State, i: int) -> bool:
        """Time may not pass before it fires."""
        if not self.is_owed[i] or not self.commands[i].is_enabled(state.values) or not self.is_permitted(state, i):
            return False
        return i not in self.span or state.clocks[self.clock_of[i]] == self.span[i][1]

    def ticked(self, state: State) -> State:
        clocks = list(state.clocks)
        for at, i in enumerate(self.clocked):
            earliest, latest = self.span[i]
            if self.commands[i].is_enabled(state.values):
                clocks[at] = min(clocks[at] + 1, earliest if latest is None else latest)
        if self.bound is not None and self._runs(state):
            clocks[-1] = min(clocks[-1] + 1, self.bound + 1)
        return state._replace(clocks=tuple(clocks))

    def _runs(self, state: State) -> bool:
        watch = self.watch
        return bool(watch[0](state.values)) if len(watch) == 1 else bool(state.progress)

    def _looked_at(self, state: State) -> list[Callable[[Values], object]]:
        """The conditions that the formula asks about here: what comes next is nothing to `possible` or to a deadline before it is its turn."""
        if isinstance(self.check.formula, tree.Possible):
            return self.watch[state.progress : state.progress + 1]
        if len(self.watch) == 2 and self.bound is not None:
            return []  # settling has looked at the trigger, and at the goal where it is owed
        return self.watch

    def explore(self, states_max: int) -> Space:
        """All states that runs reach. After an error of the spec nothing is known."""
        space = Space()
        try:
            space.initial = list(self.initial())
        except RunError as error:
            space.failed.append(str(error))
            return space
        pending = list(dict.fromkeys(space.initial))
        seen = set(pending)
        for state in pending:
            try:
                space.steps[state] = self._steps(state)
                space.owed[state] = frozenset(
                    i
                    for i in self.alive
                    if self.is_owed[i] and self.commands[i].is_enabled(state.values) and self.is_permitted(state, i)
                )
                for condition in self._looked_at(state):
                    condition(state.values)
            except RunError as error:
                space.failed.append(str(error))
                return space
            for _, target in space.steps[state]:
                if target not in seen:
                    if len(seen) >= states_max:
                        raise TooManyStatesError
                    seen.add(target)
                    pending.append(target)
        return space

    def _steps(self, state: State) -> list[tuple[int, State]]:
        steps = []
        for i in self.alive:
            if self.commands[i].is_enabled(state.values) and self.is_permitted(state, i):
                earliest = self.span[i][0] if i in self.span else 0
                if i not in self.span or state.clocks[self.clock_of[i]] >= earliest:
                    steps.append((i, self.fire(state, i)))
        if self.is_timed and not any(self.is_due(state, i) for i in self.alive):
            steps.append((TICK, self.ticked(state)))
        return steps


def _duration_in(formula: tree.Formula) -> tree.Expr | None:
    match formula:
        case tree.LeadsTo(within=within):
            return within
        case tree.LastsAtMost(longest=longest):
            return longest
        case _:
            return None


def _conditions(formula: tree.Formula) -> tuple[tree.Expr, ...]:
    match formula:
        case tree.Possible(conditions=conditions):
            return conditions
        case tree.LeadsTo(trigger=trigger, goal=goal) | tree.CanLeadTo(trigger=trigger, goal=goal):
            return trigger, goal
        case _:
            return (formula.condition,)
