"""The checker of certificates. It imports nothing but Python's library and `machine`, so that both can be read in one sitting and run without the rest.

A certificate is a line with its format and the SHA-256 of all that follows, then JSON. What each kind of evidence shows, and what it leaves open, is said in
docs/trust.md; the rule here is that a verdict counts as confirmed only if nothing but the certificate was believed.
"""

import enum
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cascade.certificates.machine import TICK, Machine, Rejected, State, items, number

HEADER = b"cascade-certificate 1 sha256:"
SEARCH_MAX = 20_000
Entry = tuple[State, int, int]
"""A state, its distance to a tick in a model with time, and its rank for the question (see `Local`)."""


class Status(enum.Enum):
    """What the checker says of a verdict."""

    CONFIRMED = "confirmed"
    PARTLY = "in part"
    OPEN = "not checked"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one verdict."""

    check: str
    verdict: str
    status: Status
    text: str


def some(count: int, what: str) -> str:
    """`1 step`, `2 steps`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def unseal(data: bytes) -> dict[str, Any]:
    """The body of a certificate. Raises `Rejected` unless every byte is what was sealed."""
    head, _, rest = data.partition(b"\n")
    if head != HEADER + hashlib.sha256(rest).hexdigest().encode("ascii"):
        raise Rejected("this is no certificate, or not as it was written: its digest is another one")
    try:
        body = json.loads(rest)
    except (ValueError, RecursionError) as error:
        raise Rejected("the certificate is not JSON") from error
    if not isinstance(body, dict):
        raise Rejected("the certificate is no JSON object")
    return body


def verify(body: dict[str, Any]) -> list[Outcome]:
    """What can be said of each verdict of a certificate. Nothing that it holds raises anything but `Rejected`."""
    try:
        return [_verify_one(verdict) for verdict in items(body["verdicts"])]
    except (KeyError, TypeError) as error:
        raise Rejected("the certificate has another form") from error


def _verify_one(said: dict[str, Any]) -> Outcome:
    check, verdict = str(said["check"]), str(said["verdict"])
    try:
        status, text = _confirm(said, verdict)
    except Rejected as error:
        status, text = Status.REJECTED, str(error)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        status, text = Status.REJECTED, f"the evidence has another form: {type(error).__name__}"
    return Outcome(check=check, verdict=verdict, status=status, text=text)


def _confirm(said: dict[str, Any], verdict: str) -> tuple[Status, str]:
    if verdict == "undetermined":
        return Status.OPEN, "there is no verdict"
    parts = items(said["parts"])
    has_run = any(part["evidence"]["kind"] == "run" for part in parts)
    # A run answers `possible` with yes and every other formula with no.
    if verdict != ("holds" if has_run == bool(said["is_possible"]) else "violated"):
        raise Rejected("the evidence is of the opposite verdict")
    if len(parts) != (1 if has_run else number(said["model_count"], 1, 1_000_000)):
        raise Rejected("there is not evidence for each model of the spec")
    results = [KINDS[part["evidence"]["kind"]](Claim(part)) for part in parts]
    worst = max(results, key=lambda result: list(Status).index(result[0]))
    return worst[0], worst[1] if len(parts) == 1 else f"{len(parts)} models of open params; {worst[1]}"


class Claim:
    """One model, one question, and the evidence for the answer."""

    def __init__(self, part: dict[str, Any]) -> None:
        self.machine = machine = Machine(part["model"])
        self.evidence = part["evidence"]
        query, last = part["query"], len(machine.nodes) - 1
        self.kind = str(query["kind"])
        if self.kind not in {"reach", "lasso", "recover"}:
            raise Rejected("the question is of no known kind")
        self.goal = number(query["goal"], 0, last)
        self.trigger = self.goal if self.kind == "reach" else number(query["trigger"], 0, last)
        self.stopped = {number(i, 0, len(machine.commands) - 1) for i in items(query.get("stopped", []))}
        clock = query.get("clock")
        self.clock = None if clock is None else number(clock, 0, len(machine.clocks) - 1)
        self.exceeds = number(query.get("exceeds", 0), 0, 1 << 63)

    def at_goal(self, state: State) -> bool:
        """Whether the goal of a question of reachability is met."""
        is_late = self.clock is not None and state[len(self.machine.lows) + self.clock] > self.exceeds
        return self.machine.holds(self.goal, state) or is_late


# --- a run ---


def _run(claim: Claim) -> tuple[Status, str]:
    machine, said = claim.machine, claim.evidence
    states = [machine.start(tuple(items(said["initial"])))]
    steps = [number(step, TICK, len(machine.commands) - 1) for step in items(said["steps"])]
    for place, step in enumerate(steps):
        here = states[-1]
        if not (machine.may_tick(here) if step == TICK else machine.may_fire(step, here)):
            raise Rejected(f"step {place + 1} of the run is not possible")
        states.append(machine.tick(here) if step == TICK else machine.fire(step, here))
    if claim.kind == "lasso":
        _check_lasso(claim, states, steps, number(said["loop_start"], 0, len(steps)))
        return Status.CONFIRMED, f"a run of {some(len(steps), 'step')} with its loop"
    if said["loop_start"] is not None:
        raise Rejected("the run has a loop")
    if claim.kind == "reach":
        if not claim.at_goal(states[-1]):
            raise Rejected("the run does not end where it should")
        return Status.CONFIRMED, f"a run of {some(len(steps), 'step')}"
    if not machine.holds(claim.trigger, states[-1]):
        raise Rejected("the run does not end where the trigger holds")
    if not _is_lost(claim, states[-1]):
        return Status.PARTLY, f"a run of {some(len(steps), 'step')}; no way back within {SEARCH_MAX:,} states"
    return Status.CONFIRMED, f"a run of {some(len(steps), 'step')}, and no way back"


def _is_lost(claim: Claim, start: State) -> bool:
    """Whether all states after the run were seen; raises where the goal is one of them."""
    seen, pending = {start}, [start]
    while pending:
        here = pending.pop()
        if claim.machine.holds(claim.goal, here):
            raise Rejected("the goal can be reached from the end of the run")
        for step, after in claim.machine.steps(here):
            if step not in claim.stopped and after not in seen:
                if len(seen) >= SEARCH_MAX:
                    return False
                seen.add(after)
                pending.append(after)
    return True


def _check_lasso(claim: Claim, states: list[State], steps: list[int], begin: int) -> None:
    machine, loop, fired = claim.machine, states[begin:], set(steps[begin:])
    if states[-1] != states[begin] or fired & claim.stopped:
        raise Rejected("the loop does not close, or fires what has stopped")
    if machine.is_timed and TICK not in fired:
        raise Rejected("no time passes in the loop")
    if not machine.is_timed and set.intersection(*(set(machine.owed(state)) for state in loop)) - fired:
        raise Rejected("the loop is not fair")
    is_without_goal = [not machine.holds(claim.goal, state) for state in states]
    since = max((i + 1 for i, good in enumerate(is_without_goal) if not good), default=0)
    if since > begin or not any(machine.holds(claim.trigger, state) for state in states[since:]):
        raise Rejected("it is not so that the trigger is met and the goal never again")


# --- all states ---


@dataclass(slots=True, kw_only=True)
class Local:
    """What must hold at each state of a set, so that no run from the set's initial states answers the question with yes.

    Steps stay in the set. In a model with time the first number of a state is its distance to one where a tick is possible: time never stops for ever. The second:

    reach    0; the goal is met nowhere.
    recover  the distance to the goal without stopped commands; -1 where it is out of reach, and there the trigger does not hold.
    lasso    -1 unless the state may follow the trigger without the goal. Else a rank that no step raises (stopped commands aside, which fire finitely often): with time each
             tick lowers it; without, some owed command (`helpful`, by rank) is enabled at all states of one rank and lowers it. So no fair run stays there for ever.
    """

    claim: Claim
    helpful: list[int]
    find: Callable[[State], Entry | None]

    def check(self, entry: Entry) -> None:
        """Raises `Rejected` unless all of it holds at this state."""
        state, distance, rank = entry
        claim, machine = self.claim, self.claim.machine
        after = [(step, self.entry(target)) for step, target in machine.steps(state)]
        if machine.is_timed and not (
            machine.may_tick(state) if distance == 0 else any(e[1] == distance - 1 >= 0 for _, e in after)
        ):
            raise Rejected("time may stop for ever")
        if claim.kind == "reach":
            if claim.at_goal(state):
                raise Rejected("a state of the set answers the question")
        elif claim.kind == "recover":
            self._check_recover(state, rank, after)
        else:
            self._check_rank(state, rank, after)

    def entry(self, state: State) -> Entry:
        """What is said of a state."""
        found = self.find(state)
        if found is None:
            raise Rejected("a step leads out of the set of states")
        return found

    def _check_recover(self, state: State, rank: int, after: list[tuple[int, Entry]]) -> None:
        claim = self.claim
        triggered, at_goal = (claim.machine.holds(e, state) for e in (claim.trigger, claim.goal))
        nearer = any(step not in claim.stopped and e[2] == rank - 1 for step, e in after)
        is_right = not triggered if rank < 0 else at_goal if rank == 0 else nearer
        if not is_right:
            raise Rejected("from a state with the trigger the goal may be out of reach")

    def _check_rank(self, state: State, rank: int, after: list[tuple[int, Entry]]) -> None:
        claim, machine = self.claim, self.claim.machine
        triggered, at_goal = (machine.holds(e, state) for e in (claim.trigger, claim.goal))
        if at_goal or rank < 0:
            if triggered and not at_goal:
                raise Rejected("a state with the trigger has no rank")
            return
        helpful = TICK if machine.is_timed else self.helpful[rank]
        if not machine.is_timed and helpful not in machine.owed(state):
            raise Rejected("the command that should help is not owed everywhere")
        for step, target in after:
            if machine.holds(claim.goal, target[0]):
                continue
            if target[2] < 0:
                raise Rejected("a state that follows the trigger has no rank")
            if step not in claim.stopped and target[2] > rank - (step == helpful):
                raise Rejected("a step raises the rank, or does not lower it")


def read_entry(said: Any, machine: Machine) -> Entry:
    """A state and its two numbers."""
    values = items(said)
    if len(values) != len(machine.lows) + len(machine.clocks) + 2:
        raise Rejected("a state has another number of values")
    *state, distance, rank = (number(value, -(1 << 63), 1 << 63) for value in values)
    return tuple(state), distance, rank


def _states(claim: Claim) -> tuple[Status, str]:
    entries = [read_entry(entry, claim.machine) for entry in items(claim.evidence["entries"])]
    listed = {entry[0]: entry for entry in entries}
    local = Local(claim=claim, helpful=items(claim.evidence["helpful"]), find=listed.get)
    for state in claim.machine.initial_states():
        local.entry(state)
    for entry in listed.values():
        local.check(entry)
    said = some(len(listed), "state")
    return Status.CONFIRMED, f"{said}, which no step leaves"


def _sample(claim: Claim) -> tuple[Status, str]:
    # Not needed for what is confirmed in full.
    from cascade.certificates.sample import check_sample

    return check_sample(claim)


def _unchecked(claim: Claim) -> tuple[Status, str]:
    is_proof = claim.evidence["kind"] == "invariant"
    return Status.OPEN, "a proof: --z3 examines it again" if is_proof else "too many states: seen by the engine alone"


KINDS: dict[str, Callable[[Claim], tuple[Status, str]]] = {
    "run": _run, "states": _states, "sample": _sample, "invariant": _unchecked, "count": _unchecked,
}  # fmt: skip
