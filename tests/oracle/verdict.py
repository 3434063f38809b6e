"""Verdicts (language reference, section 7) over all states of a check, by fixed points of sets."""

import heapq
from collections.abc import Callable, Collection
from dataclasses import dataclass

from cascade.syntax import tree
from cascade.syntax.imports import Loaded
from tests.oracle.machine import TICK, Machine, Space, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """`word` is holds, violated or error. `cost` is that of the cheapest finite run that decides (faults, ticks, commands), None if there is none."""

    word: str
    states: int
    cost: tuple[int, int, int] | None = None


def decide(loaded: Loaded, check: str, states_max: int) -> Said:
    """What the language says of a check. Raises `TooManyStatesError`."""
    machine = Machine(loaded, check)
    space = machine.explore(states_max)
    if space.failed or (machine.is_timed and _stuck(space)):
        return Said(word="error", states=len(space.steps))
    cost = None
    if isinstance(machine.check.formula, tree.LeadsTo) and machine.check.formula.within is None:
        is_shown = _avoids(machine, space)
    else:
        cost = _cheapest(machine, space, _shown(machine, space))
        is_shown = cost is not None
    is_possible = isinstance(machine.check.formula, tree.Possible)
    return Said(word="holds" if is_shown == is_possible else "violated", states=len(space.steps), cost=cost)


def _stuck(space: Space) -> bool:
    """Is there a state from which time never passes again?"""
    moving = {s for s, steps in space.steps.items() if any(step == TICK for step, _ in steps)}
    return len(_back(space, moving, lambda *_: True)) < len(space.steps)


def _back(
    space: Space, ends: Collection[State], may: Callable[[int, State], bool], among: Collection[State] | None = None
) -> set[State]:
    """The states (of `among`) from which steps that `may` be taken lead to one of `ends`."""
    found = set(ends)
    grows = True
    while grows:
        more = {
            s
            for s, steps in space.steps.items()
            if s not in found and (among is None or s in among) and any(t in found and may(c, t) for c, t in steps)
        }
        found |= more
        grows = bool(more)
    return found


def _shown(machine: Machine, space: Space) -> set[State]:
    """States at whose sight the formula is decided."""
    formula, watch = machine.check.formula, machine.watch
    match formula:
        case tree.Never():
            return {s for s in space.steps if watch[0](s.values)}
        case tree.Always():
            return {s for s in space.steps if not watch[0](s.values)}
        case tree.Possible():
            return {s for s in space.steps if s.progress == len(watch) - 1 and watch[-1](s.values)}
        case tree.CanLeadTo():
            goals = {s for s in space.steps if watch[1](s.values)}
            back = _back(space, goals, lambda step, _: step not in machine.stopped)
            return {s for s in space.steps if watch[0](s.values) and s not in back}
        case _:
            return {s for s in space.steps if s.clocks[-1] > machine.bound}


def _cheapest(machine: Machine, space: Space, ends: set[State]) -> tuple[int, int, int] | None:
    """The least cost of a run to one of `ends`."""
    pending = [((0, 0, 0), n, s) for n, s in enumerate(dict.fromkeys(space.initial))]
    done: set[State] = set()
    count = len(pending)
    while pending:
        (faults, ticks, commands), _, state = heapq.heappop(pending)
        if state in ends:
            return faults, ticks, commands
        if state in done:
            continue
        done.add(state)
        for step, target in space.steps[state]:
            is_fault = step != TICK and machine.commands[step].kind == "fault"
            cost = (faults + is_fault, ticks + (step == TICK), commands + (step != TICK))
            count += 1
            heapq.heappush(pending, (cost, count, target))
    return None


def _avoids(machine: Machine, space: Space) -> bool:
    """Is there a fair run with a trigger that no goal follows? By Emerson and Lei's fixed point."""
    trigger, goal = machine.watch
    open_ = {s for s in space.steps if not goal(s.values)}
    fair = set(open_)
    if machine.is_timed:
        wanted: list[int] = [TICK]
    else:
        wanted = [i for i in machine.alive if machine.is_owed[i]]
    ended = {s for s in open_ if not machine.is_timed and not space.owed[s]}

    def goes_on(step: int, target: State) -> bool:
        return target in fair and step not in machine.stopped

    while True:
        now = set(fair)
        for command in wanted:
            # In `fair`, and from there again and again: it fires, or is not owed; or the run ends for good.
            good = {
                s
                for s in now
                if s in ended
                or (command != TICK and command not in space.owed[s] and any(goes_on(c, t) for c, t in space.steps[s]))
                or any(c == command and goes_on(c, t) for c, t in space.steps[s])
            }
            now &= _back(space, good, goes_on, fair)
        now = {s for s in now if s in ended or any(c not in machine.stopped and t in now for c, t in space.steps[s])}
        if now == fair:
            break
        fair = now
    lasting = _back(space, fair, lambda _, t: t in open_, open_)
    return any(trigger(s.values) and s in lasting for s in open_)
