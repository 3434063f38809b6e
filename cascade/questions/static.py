"""Minimal fault sets without exploring all states together: where components do not influence each other's steps.

In: a core model and a goal. Variables that some command reads or writes together form a *cluster*. Where no command joins many of them, the reachable states of the
model are just the combinations of reachable states of clusters: each is explored by itself, with the sets of faults that reach each of its states, and
then combinations with few faults are tried in the goal. With time the same holds for what is reached without waiting; where waiting
reaches more, or reaches it with other faults, or where anything else is in doubt, `static_plane` says None. `docs/internals/reductions.md` has the argument.
"""

import heapq
import itertools
from collections.abc import Callable, Iterator

from cascade.core.build import reachable
from cascade.core.expressions import ExprId, Op
from cascade.core.model import CommandClass, CoreModel
from cascade.questions.sweep import Sweep
from cascade.records import dataclass
from cascade.reference.evaluate import EvaluationError, Evaluator
from cascade.verdicts.run import CandidateRun

CLUSTER_ENTRIES_MAX = 2_000
"""States of one cluster, each counted once for every minimal set of faults that reaches it."""

Faults = frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """A state that a cluster reaches with exactly `faults`, no fewer: values of the variables that the goal reads, and the cheapest steps to it."""

    cluster: int
    values: tuple[tuple[int, int], ...]
    faults: Faults
    firings: int
    steps: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """A model in which clusters do not influence each other. `base` are the values without faults, `atoms` what faults make of them.

    `is_final`: nothing but faults changes what the goal reads.
    """

    model: CoreModel
    goal: ExprId
    base: tuple[int, ...]
    atoms: tuple[Atom, ...]
    is_final: bool

    def cut_sets(
        self, size: int, known: list[Faults], tried: Callable[[int], bool]
    ) -> Iterator[tuple[Faults, CandidateRun]]:
        """The minimal sets of this size, each with a run of the fewest firings, then steps; `known` are all smaller ones.

        `tried` is told how many combinations have been tried; if it says no, this ends with `InterruptedError` after what was found by then.
        """
        sweep = Sweep(self.model.expressions, self.goal, self.base, [atom.values for atom in self.atoms])
        found: dict[Faults, tuple[Atom, ...]] = {}
        is_interrupted = False
        try:
            for combination in _combinations(self.atoms, sweep, size, tried):
                faults = frozenset[int]().union(*(atom.faults for atom in combination))
                if any(smaller < faults for smaller in known):
                    continue
                if faults not in found or _cost(combination) < _cost(found[faults]):
                    found[faults] = combination
        except InterruptedError:
            is_interrupted = True
        for faults, combination in found.items():
            steps = tuple(step for atom in combination for step in atom.steps)
            yield faults, CandidateRun(initial=self.base, steps=steps)
        if is_interrupted:
            raise InterruptedError


def _cost(combination: tuple[Atom, ...]) -> tuple[int, int]:
    return sum(atom.firings for atom in combination), sum(len(atom.steps) for atom in combination)


def _combinations(
    atoms: tuple[Atom, ...], sweep: Sweep, size: int, tried: Callable[[int], bool]
) -> Iterator[tuple[Atom, ...]]:
    """Atoms of different clusters with `size` faults together that make the goal true. The last one of each is swept over at once."""
    if not tried(0):
        raise InterruptedError
    if size == 0:
        if sweep.holds():
            yield ()
        return

    count = 0

    def extend(chosen: tuple[int, ...], left: int, start: int) -> Iterator[tuple[Atom, ...]]:
        nonlocal count
        count += len(atoms) - start
        if not tried(count):
            raise InterruptedError
        taken = {atoms[i].cluster for i in chosen}
        for i in sweep.hits(chosen):
            if i >= start and len(atoms[i].faults) == left and atoms[i].cluster not in taken:
                yield tuple(atoms[j] for j in (*chosen, i))
        for i in range(start, len(atoms)):
            # Atoms are in order of clusters, so each combination is met once.
            if len(atoms[i].faults) < left and atoms[i].cluster not in taken:
                yield from extend((*chosen, i), left - len(atoms[i].faults), i + 1)

    yield from extend((), size, 0)


def static_plane(model: CoreModel, goal: ExprId) -> Plane | None:
    """The model as a plane of clusters, if it surely is one."""
    expressions = model.expressions
    true = {i for i in range(len(expressions)) if expressions.ops[i] is Op.CONST and expressions.args[i][0]}
    if model.settles or expressions.can_fail[goal]:
        return None
    for command in model.commands:
        if command.permit not in true:
            return None
        # Time cannot stop: what is due at a moment is due again only after a while.
        if model.is_timed and command.owed and (command.clock is None or not command.latest_ticks):
            return None
    if any(len(variable.initial) != 1 for variable in model.variables):
        return None
    base = tuple(variable.initial[0] for variable in model.variables)
    read = _reads(model, goal)
    atoms: list[Atom] = []
    is_final = True
    for number, cluster in enumerate(_clusters(model)):
        local = _Local(model, cluster, base)
        reached, at_once = local.explore(waits=True), local.explore(waits=False)
        if reached is None or at_once is None:
            return None
        seen = _project(reached, cluster, read)
        soon = _project(at_once, cluster, read)
        if _firings(seen) != _firings(soon):
            return None
        if not set(cluster.variables) & read:
            continue
        start = tuple((v, base[v]) for v in cluster.variables if v in read)
        if any(not faults and state != start for state, ways in soon.items() for faults in ways):
            return None  # it changes by itself
        is_final = is_final and all(model.commands[c].command_class is CommandClass.FAULT for c in cluster.commands)
        for state, ways in soon.items():
            for faults, way in ways.items():
                if faults:
                    atoms.append(
                        Atom(cluster=number, values=state, faults=faults, firings=way.firings, steps=way.steps)
                    )
    return Plane(model=model, goal=goal, base=base, atoms=tuple(atoms), is_final=is_final)


def _firings(
    projected: "dict[tuple[tuple[int, int], ...], dict[Faults, _Way]]",
) -> dict[tuple[tuple[int, int], ...], dict[Faults, int]]:
    return {values: {faults: way.firings for faults, way in ways.items()} for values, ways in projected.items()}


# --- clusters ---


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cluster:
    variables: tuple[int, ...]
    commands: tuple[int, ...]


def _reads(model: CoreModel, expression: ExprId) -> frozenset[int]:
    ops, args = model.expressions.ops, model.expressions.args
    return frozenset(args[node][0] for node in reachable(ops, args, (expression,)) if ops[node] is Op.VAR)


def _clusters(model: CoreModel) -> list[_Cluster]:
    """Variables that a command has to do with at once are in one cluster."""
    parent = list(range(len(model.variables)))

    def root(variable: int) -> int:
        while parent[variable] != variable:
            parent[variable] = parent[parent[variable]]
            variable = parent[variable]
        return variable

    touched: list[frozenset[int]] = []
    for command in model.commands:
        roots = (command.guard, *(update.value for update in command.updates))
        used = {update.variable for update in command.updates}.union(
            *(_reads(model, expression) for expression in roots)
        )
        touched.append(frozenset(used))
        for variable in used:
            parent[root(variable)] = root(next(iter(used)))
    variables: dict[int, list[int]] = {}
    for variable in range(len(model.variables)):
        variables.setdefault(root(variable), []).append(variable)
    commands: dict[int, list[int]] = {}
    for position, used_variables in enumerate(touched):
        if used_variables:
            commands.setdefault(root(next(iter(used_variables))), []).append(position)
    return [_Cluster(variables=tuple(v), commands=tuple(commands.get(r, ()))) for r, v in variables.items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """How to reach a state: the faults that fire, how often they do so together, and the steps."""

    faults: Faults
    firings: int
    steps: tuple[int, ...]

    @property
    def cost(self) -> tuple[int, int]:
        """What a run is chosen by: few firings of faults, then few steps."""
        return self.firings, len(self.steps)


class _Local:
    """Explores one cluster by itself."""

    def __init__(self, model: CoreModel, cluster: _Cluster, base: tuple[int, ...]) -> None:
        self._model = model
        self._cluster = cluster
        self._base = base

    def explore(self, *, waits: bool) -> dict[tuple[int, ...], list[_Way]] | None:
        """States (values of the cluster's variables) with the ways to them; with `waits` as if time did not matter, else without commands that have a clock.

        Of the ways to a state none is both as cheap as another and without faults that the other lacks. None if there are too many, or if
        there is an error of the spec.
        """
        start = tuple(self._base[v] for v in self._cluster.variables)
        reached: dict[tuple[int, ...], list[_Way]] = {}
        order = itertools.count()
        pending = [((0, 0), next(order), start, _Way(faults=frozenset(), firings=0, steps=()))]
        entries = 0
        while pending:  # the cheapest first
            _, _, state, way = heapq.heappop(pending)
            ways = reached.setdefault(state, [])
            if any(known.faults <= way.faults for known in ways):
                continue
            ways.append(way)
            entries += 1
            if entries > CLUSTER_ENTRIES_MAX:
                return None
            try:
                following = list(self._fire(state, waits))
            except EvaluationError:
                return None
            for position, new in following:
                if new is None:
                    return None
                further = self._extended(way, position)
                if not any(known.faults <= further.faults for known in reached.get(new, ())):
                    heapq.heappush(pending, (further.cost, next(order), new, further))
        return reached

    def _extended(self, way: _Way, position: int) -> _Way:
        is_fault = self._model.commands[position].command_class is CommandClass.FAULT
        faults = way.faults | {position} if is_fault else way.faults
        return _Way(faults=faults, firings=way.firings + is_fault, steps=(*way.steps, position))

    def _fire(self, state: tuple[int, ...], waits: bool) -> Iterator[tuple[int, tuple[int, ...] | None]]:
        """Each command that may fire, and the state after it; None if a value is outside its domain."""
        model, variables = self._model, self._cluster.variables
        values = list(self._base)
        for variable, value in zip(variables, state, strict=True):
            values[variable] = value
        evaluator = Evaluator(model, values)
        for position in self._cluster.commands:
            command = model.commands[position]
            if (command.clock is not None and not waits) or not evaluator.value(command.guard):
                continue
            after = dict(zip(variables, state, strict=True))
            for update in command.updates:
                value = evaluator.value(update.value)
                domain = model.variables[update.variable]
                if not domain.low <= value <= domain.high:
                    yield position, None
                    return
                after[update.variable] = value
            yield position, tuple(after[v] for v in variables)


def _project(
    reached: dict[tuple[int, ...], list[_Way]], cluster: _Cluster, read: frozenset[int]
) -> dict[tuple[tuple[int, int], ...], dict[Faults, _Way]]:
    """What the goal reads of the states, with the minimal sets of faults that bring it about, each with its cheapest way."""
    result: dict[tuple[tuple[int, int], ...], dict[Faults, _Way]] = {}
    for state, ways in reached.items():
        values = tuple((v, value) for v, value in zip(cluster.variables, state, strict=True) if v in read)
        merged = result.setdefault(values, {})
        for way in ways:
            if way.faults not in merged or way.cost < merged[way.faults].cost:
                merged[way.faults] = way
    return {
        values: {f: way for f, way in merged.items() if not any(other < f for other in merged)}
        for values, merged in result.items()
    }
