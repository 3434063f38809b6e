"""Makes the parts of a certificate: model, question and evidence as plain JSON.

In: core model, query, and the evidence of a verdict. Out: what the checker reads. States are explored anew by the checker's own machine, so making a certificate is one
more opinion on the verdict: `ContradictionError` where it is another one.
"""

import hashlib
import itertools
import json
import time
from collections import deque
from typing import Any, assert_never

from cascade.certificates.checker import HEADER
from cascade.certificates.machine import TICK, Machine, Rejected, State
from cascade.certificates.sample import chosen, join, leaf
from cascade.core.model import CoreModel
from cascade.core.queries import Lasso, Query, Reach, Recover
from cascade.reference.components import strong_components
from cascade.verdicts.answer import Proof
from cascade.verdicts.run import ReplayedRun
from cascade.verdicts.verdict import Exhaustion

LISTED_MAX = 20_000
"""With no more states than this all are listed."""

SAMPLED_MAX = 200_000
"""With no more than this some are shown."""

SECONDS_MAX = 60.0
"""How long one model is explored for its certificate."""

INITIAL_SHOWN_MAX = 2_000

Json = dict[str, Any]
Edges = list[list[tuple[int, int]]]


class ContradictionError(Exception):
    """The machine of the checker finds what the engine says there is not: a bug of this tool, never of the spec."""


def seal(body: dict[str, Any]) -> bytes:
    """A certificate with this body."""
    data = json.dumps(body, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode("ascii") + b"\n"
    return HEADER + hashlib.sha256(data).hexdigest().encode("ascii") + b"\n" + data


def part_of(model: CoreModel, query: Query, evidence: ReplayedRun | Exhaustion) -> Json:
    """One model, the question, and evidence for the answer."""
    said: Json = {"model": model_json(model), "query": query_json(query), "constants": list(map(list, model.constants))}
    machine = Machine(said["model"])
    match evidence:
        case ReplayedRun():
            said["evidence"] = {
                "kind": "run",
                "initial": list(_initial_values(machine, evidence.states[0])),
                "steps": list(evidence.steps),
                "loop_start": evidence.loop_start,
            }
        case Exhaustion():
            said["evidence"] = _exhaustion(machine, query, evidence)
        case _:
            assert_never(evidence)
    return said


def model_json(model: CoreModel) -> Json:
    """A core model without what is for display."""
    table = model.expressions
    return {
        "is_timed": model.is_timed,
        "tick_ms": model.tick_ms,
        "expressions": [[op.name.lower(), *args] for op, args in zip(table.ops, table.args, strict=True)],
        "variables": [[v.name, v.low, v.high, list(v.initial), list(v.labels)] for v in model.variables],
        "settles": [[s.variable, s.value] for s in model.settles],
        "clocks": [[c.name, c.runs_while, c.stop_ticks] for c in model.clocks],
        "commands": [
            {
                "name": c.name,
                "class": c.command_class.value,
                "guard": c.guard,
                "permit": c.permit,
                "updates": [[u.variable, u.value] for u in c.updates],
                "clock": c.clock,
                "earliest": c.earliest_ticks,
                "latest": c.latest_ticks,
                "owed": c.owed,
            }
            for c in model.commands
        ],
    }


def query_json(query: Query) -> Json:
    """A question."""
    match query:
        case Reach():
            return {"kind": "reach", "goal": query.goal, "clock": query.clock, "exceeds": query.exceeds_ticks}
        case Lasso() | Recover():
            kind = "lasso" if isinstance(query, Lasso) else "recover"
            return {"kind": kind, "trigger": query.trigger, "goal": query.goal, "stopped": sorted(query.stopped)}
        case _:
            assert_never(query)


def _initial_values(machine: Machine, start: State) -> State:
    """Values before settling that become the first state of a run."""
    settled = {variable for variable, _ in machine.settles}
    choices = [
        values if i in settled or start[i] not in values else [start[i]] for i, values in enumerate(machine.initial)
    ]
    for values in itertools.islice(itertools.product(*choices), 100_000):
        if machine.start(values) == start:
            return values
    raise ContradictionError("the run starts in no initial state")


# --- all states ---


def _exhaustion(machine: Machine, query: Query, evidence: Exhaustion) -> Json:
    count: Json = {"kind": "count", "states": evidence.statistics.state_count}
    explored = None if evidence.statistics.state_count > SAMPLED_MAX else _explore(machine)
    if explored is None:
        return count if evidence.proof is None else _proof(evidence.proof)
    states, edges = explored
    distances = _distances(len(states), edges, [machine.may_tick(s) for s in states]) if machine.is_timed else None
    if distances is not None and -1 in distances:
        raise ContradictionError("time may stop for ever")
    ranks, helpful = _ranks(machine, query, states, edges)
    zeros = itertools.repeat(0)
    entries = [[*s, d, r] for s, d, r in zip(states, distances or zeros, ranks, strict=False)]
    if len(states) <= LISTED_MAX:
        return {"kind": "states", "entries": entries, "helpful": helpful}
    return _sample(machine, states, edges, entries, helpful) or (
        count if evidence.proof is None else _proof(evidence.proof)
    )


def _proof(proof: Proof) -> Json:
    return {"kind": "invariant", "proof": proof.kind.value, "k": proof.k, "lines": list(proof.invariant)}


def _explore(machine: Machine) -> tuple[list[State], Edges] | None:
    """All states and the steps between them; None if there are too many, or it takes too long."""
    deadline = time.monotonic() + SECONDS_MAX
    try:
        places = {state: i for i, state in enumerate(dict.fromkeys(machine.initial_states()))}
        states, edges = list(places), []
        for state in states:  # grows while it is read
            row: list[tuple[int, int]] = []
            for step, after in machine.steps(state):
                place = places.setdefault(after, len(states))
                if place == len(states):
                    states.append(after)
                row.append((step, place))
            edges.append(row)
            if len(states) > SAMPLED_MAX or time.monotonic() > deadline:
                return None
    except Rejected as error:
        if "initial states" in str(error):
            return None
        raise ContradictionError(str(error)) from error
    return states, edges


def _distances(count: int, edges: Edges, ends: list[bool], without: frozenset[int] = frozenset()) -> list[int]:
    """How many steps it takes from each state to an end; -1 where none is in reach."""
    sources: list[list[int]] = [[] for _ in range(count)]
    for source, row in enumerate(edges):
        for step, target in row:
            if step not in without:
                sources[target].append(source)
    distances = [0 if end else -1 for end in ends]
    pending = deque(place for place, end in enumerate(ends) if end)
    while pending:
        here = pending.popleft()
        for source in sources[here]:
            if distances[source] < 0:
                distances[source] = distances[here] + 1
                pending.append(source)
    return distances


def _ranks(machine: Machine, query: Query, states: list[State], edges: Edges) -> tuple[list[int], list[int]]:
    """The rank of each state for the question, and the commands that help."""
    goals = [machine.holds(query.goal, state) for state in states]
    match query:
        case Reach():
            clock = None if query.clock is None else len(machine.lows) + query.clock
            late = (clock is not None and state[clock] > query.exceeds_ticks for state in states)
            if any(goals) or any(late):
                raise ContradictionError("a state is reachable that answers the question")
            return [0] * len(states), []
        case Recover():
            ranks = _distances(len(states), edges, goals, query.stopped)
            if any(rank < 0 and machine.holds(query.trigger, states[i]) for i, rank in enumerate(ranks)):
                raise ContradictionError("from a state with the trigger the goal is out of reach")
            return ranks, []
        case Lasso():
            return _lasso_ranks(machine, query, states, edges, goals)
        case _:
            assert_never(query)


def _lasso_ranks(
    machine: Machine, query: Lasso, states: list[State], edges: Edges, goals: list[bool]
) -> tuple[list[int], list[int]]:
    waiting = [i for i, state in enumerate(states) if not goals[i] and machine.holds(query.trigger, state)]
    region = set(waiting)
    while waiting:
        for _, target in edges[waiting.pop()]:
            if not goals[target] and target not in region:
                region.add(target)
                waiting.append(target)
    inner = {i: [(c, t) for c, t in edges[i] if t in region and c not in query.stopped] for i in region}
    ranks = [-1] * len(states)
    helpful: list[int] = []
    # What a component leads to stands before it.
    for component in strong_components(region, lambda i: [t for _, t in inner[i]]):
        members = set(component)
        inside = {c for i in component for c, t in inner[i] if t in members}
        if machine.is_timed:
            if TICK in inside:
                raise ContradictionError("there is a fair run that never meets the goal")
            leaving = (ranks[t] + (c == TICK) for i in component for c, t in inner[i] if t not in members)
            rank = max(leaving, default=0)
        else:
            owed = set.intersection(*(set(machine.owed(states[i])) for i in component)) - inside
            if not owed:
                raise ContradictionError("there is a fair run that never meets the goal")
            rank = len(helpful)
            helpful.append(min(owed))
        for i in component:
            ranks[i] = rank
    return ranks, helpful


def _sample(
    machine: Machine, states: list[State], edges: Edges, entries: list[list[int]], helpful: list[int]
) -> Json | None:
    """Some states with the way of each to the hash of all; None if there are more initial states than are shown."""
    count = len(states)
    hashes = sorted((leaf(entry), place) for place, entry in enumerate(entries))
    position = {place: i for i, (_, place) in enumerate(hashes)}
    levels = [[digest for digest, _ in hashes]]
    while len(levels[-1]) > 1:
        last = levels[-1]
        levels.append([join(last[i], last[min(i + 1, len(last) - 1)]) for i in range(0, len(last), 2)])
    root = levels[-1][0].hex()
    drawn = [hashes[i][1] for i in chosen(root, helpful, count)]
    numbers = {state: i for i, state in enumerate(states)}
    initial = {numbers[state] for state in machine.initial_states()}
    if len(initial) > INITIAL_SHOWN_MAX:
        return None
    shown = initial | set(drawn) | {target for place in drawn for _, target in edges[place]}
    return {
        "kind": "sample",
        "count": count,
        "root": root,
        "helpful": helpful,
        "entries": [[position[p], entries[p], _path(levels, position[p])] for p in sorted(shown)],
    }


def _path(levels: list[list[bytes]], place: int) -> list[str]:
    """The siblings on the way up; the last of an odd number is its own."""
    path = []
    for level in levels[:-1]:
        path.append(level[min(place ^ 1, len(level) - 1)].hex())
        place //= 2
    return path
