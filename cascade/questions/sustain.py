"""What keeps an outage up: a loop of values, each of which feeds the next.

In: a run that stays in the outage for ever. In the states of its loop each value rests on others: a derived value on what suffices for it there; a variable on what
keeps disabled the commands that would change it, and on what the commands rest on that write it in the loop. Followed back from the outage this is a finite
graph; a cycle in it is what sustains the outage, and the shortest one is told. Where there is none, the outage rests on values that nothing changes.
"""

from collections import deque

from cascade.checked.model import Outage
from cascade.core.model import TICK, CommandClass
from cascade.questions.inquiry import Reply
from cascade.questions.longest import outage_condition
from cascade.questions.named import NamedValue, NamedValues
from cascade.records import dataclass
from cascade.reference.evaluate import EvaluationError, Evaluator

LOOP_STATES_MAX = 200
"""States of the loop that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The value called `source` feeds the one called `target`; `by` is the command that it holds back or drives, "" if the target is made of it."""

    source: str
    target: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sustained:
    """What keeps an outage up. `loop` is a cycle of links in order, () if there is none; `rests_on` are the variables without a further cause."""

    loop: tuple[Link, ...]
    rests_on: tuple[str, ...]

    @property
    def values(self) -> tuple[str, ...]:
        """The names along the loop, the first again at its end."""
        return (*(link.source for link in self.loop), self.loop[0].source) if self.loop else ()


def sustained(reply: Reply, outage: Outage, ways_out: frozenset[str] = frozenset()) -> Sustained | None:
    """What keeps `outage` up in the run of `reply`, a lasso; None if it is none.

    A loop through one of `ways_out` is told first: variables that people set to end the outage.
    """
    run = reply.run
    if run is None or run.loop_start is None:
        return None
    return _Sustain(reply, outage, ways_out).run()


class _Sustain:
    def __init__(self, reply: Reply, outage: Outage, ways_out: frozenset[str]) -> None:
        assert reply.run is not None and reply.run.loop_start is not None, "asked about lassos"
        self._model = reply.model
        self._ways_out = ways_out
        self._names = NamedValues(reply.model)
        start = reply.run.loop_start
        states = dict.fromkeys(reply.run.states[start:][:LOOP_STATES_MAX])
        self._evaluators = [Evaluator(self._model, state) for state in states]
        self._fired = {step for step in reply.run.steps[start:] if step != TICK}
        root = outage_condition(reply, outage)
        named = self._names.of(root)
        self._root = named if named is not None else NamedValue(name=outage.name, component="")
        self._root_expression = root
        self._feeds: dict[str, dict[str, str]] = {}

    def run(self) -> Sustained:
        """Follow values back from the outage, then look for the shortest cycle."""
        pending = deque([self._root])
        seen = {self._root.name}
        while pending:
            value = pending.popleft()
            sources = self._sources(value)
            self._feeds[value.name] = {source.name: by for source, by in sources}
            for source, _ in sources:
                if source.name not in seen:
                    seen.add(source.name)
                    pending.append(source)
        opened = [name for name in self._feeds if name in self._ways_out]
        loop = self._shortest_cycle(opened) or self._shortest_cycle(list(self._feeds))
        ends = tuple(sorted(name for name, sources in self._feeds.items() if not sources))
        return Sustained(loop=loop, rests_on=() if loop else ends)

    def _sources(self, value: NamedValue) -> list[tuple[NamedValue, str]]:
        if value.variable is not None:
            return self._of_variable(value, value.variable)
        expression = self._root_expression if value.derived is None else value.derived.value
        found: dict[str, NamedValue] = {}
        for evaluator in self._evaluators:
            found.update((n.name, n) for n in self._names.made_of(expression, evaluator, value.component))
        found.pop(value.name, None)
        return [(named, "") for named in found.values()]

    def _of_variable(self, value: NamedValue, variable: int) -> list[tuple[NamedValue, str]]:
        """What holds back the commands that would change it, and what drives those that write it."""
        found: dict[str, tuple[NamedValue, str]] = {}
        for index, command in enumerate(self._model.commands):
            updates = [u for u in command.updates if u.variable == variable]
            if not updates or command.command_class is CommandClass.FAULT:
                continue
            if index in self._fired:
                roots = [command.guard, *(u.value for u in updates)]
                states = self._evaluators
            elif command.owed:
                roots = [command.guard]
                states = [e for e in self._evaluators if not self._holds(command.guard, e)][:1]
            else:
                continue
            sources = {
                named.name: named
                for evaluator in states
                for root in roots
                for named in self._names.looked_at(root, evaluator, command.component)
            }
            if index not in self._fired and any(self._is_only(named, value) for named in sources.values()):
                continue  # nothing holds it back: the variable has a value from which it does not lead away
            for name, named in sources.items():
                if name != value.name:
                    found.setdefault(name, (named, command.name))
        return list(found.values())

    def _is_only(self, named: NamedValue, value: NamedValue) -> bool:
        """Whether a value is the variable `value`, or something that its own component says of it and of nothing else."""
        if named.derived is None or named.component != value.component:
            return named.name == value.name
        return self._names.made_of(named.derived.value, None, named.component) == (value,)

    @staticmethod
    def _holds(expression: int, evaluator: Evaluator) -> bool:
        try:
            return bool(evaluator.value(expression))
        except EvaluationError:
            return False

    def _shortest_cycle(self, names: list[str]) -> tuple[Link, ...]:
        """By growing distance from the outage; of the shortest cycles the one that is nearest, begun where it is nearest."""
        best: list[str] = []
        for start in names:
            cycle = self._cycle_through(start)
            if cycle and (not best or len(cycle) < len(best)):
                best = cycle
        nearest = next((i for name in self._feeds for i, n in enumerate(best) if n == name), 0)
        best = [*best[nearest:], *best[:nearest]]
        # `best` goes from fed to feeding; a person reads from cause to effect.
        order = list(reversed(best))
        return tuple(
            Link(source=source, target=target, by=self._feeds[target][source])
            for source, target in zip(order, [*order[1:], *order[:1]], strict=True)
        )

    def _cycle_through(self, start: str) -> list[str]:
        before: dict[str, str] = {}
        pending = deque([start])
        while pending:
            name = pending.popleft()
            for source in self._feeds.get(name, {}):
                if source == start:
                    path = [name]
                    while path[-1] != start:
                        path.append(before[path[-1]])
                    return list(reversed(path))
                if source not in before:
                    before[source] = name
                    pending.append(source)
        return []
