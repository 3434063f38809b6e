"""What a certificate says of a model, and a step of it: the meaning of core models once more, from nothing but Python.

In: the model of a certificate, which may be hostile. Out: initial states and steps, or `Rejected` with a sentence.
A state is the value of every variable, then of every clock. A command is its position; -1 is a tick.
"""

import itertools
from collections.abc import Iterator
from typing import Any

TICK = -1
NUMBER_MAX = 1 << 63
INITIAL_MAX = 100_000
KNOWN_MAX = 2_000_000
"""Values of expressions that are remembered: some hundred megabytes."""

State = tuple[int, ...]

ARGUMENTS = {
    "const": 1, "var": 1, "not": 1, "and": None, "or": None, "eq": 2, "lt": 2, "le": 2, "add": 2, "sub": 2,
    "mul": 2, "div": 2, "min": 2, "max": 2, "ite": 3, "select": None,
}  # fmt: skip
"""How many arguments an operator has; None: one or more."""


class Rejected(Exception):
    """The certificate does not show what it claims. The message is a sentence."""


def number(value: Any, low: int, high: int) -> int:
    """An integer from `low` to `high`, both inclusive."""
    if type(value) is not int or not low <= value <= high:
        raise Rejected(f"a number from {low} to {high} is expected, not {str(value)[:40]}")
    return value


def items(value: Any) -> list[Any]:
    """A list."""
    if type(value) is not list:
        raise Rejected(f"a list is expected, not {str(value)[:40]}")
    return value


class Facts:
    """What is known of all states with the same values of variables: filled in when it is asked for."""

    def __init__(self, values: State) -> None:
        self.values = values
        self.memo: dict[int, int] = {}
        self.enabled: list[int] | None = None
        self.fired: dict[int, tuple[State, tuple[bool, ...]]] = {}
        self.running: tuple[bool, ...] | None = None


class Machine:
    """A model that can be stepped. Raises `Rejected` where a model is none, and where an expression has no value."""

    def __init__(self, said: Any) -> None:
        try:
            self._read(said)
        except (KeyError, TypeError, ValueError) as error:
            raise Rejected(f"the model has another form: {type(error).__name__} {error}"[:200]) from error
        self._known: dict[State, Facts] = {}

    def _read(self, said: dict[str, Any]) -> None:
        biggest = NUMBER_MAX
        self.is_timed = bool(said["is_timed"])
        self.names = [str(name) for name, *_ in said["variables"]]
        domains = [(low, high, items(initial)) for _, low, high, initial, _ in said["variables"]]
        self.lows = [number(low, -biggest, biggest) for low, _, _ in domains]
        self.highs = [number(high, -biggest, biggest) for _, high, _ in domains]
        self.initial = [[number(v, self.lows[i], self.highs[i]) for v in d[2]] for i, d in enumerate(domains)]
        self.nodes = [self._node(i, node) for i, node in enumerate(items(said["expressions"]))]
        count, last = len(domains), len(self.nodes) - 1
        self.settles = [(number(v, 0, count - 1), number(e, 0, last)) for v, e in items(said["settles"])]
        self.clocks = [(number(e, 0, last), number(stop, 0, biggest)) for _, e, stop in items(said["clocks"])]
        self.commands = [self._command(command, count, last) for command in items(said["commands"])]

    def _node(self, position: int, node: list[Any]) -> tuple[str, tuple[int, ...]]:
        op, *args = items(node)
        wanted = ARGUMENTS[op]
        if (len(args) != wanted) if wanted is not None else not args:
            raise Rejected(f"expression {position} has {len(args)} arguments")
        if op == "const":
            return op, (number(args[0], -NUMBER_MAX, NUMBER_MAX),)
        # An argument stands before what it is an argument of, so there are no circles.
        last = len(self.lows) - 1 if op == "var" else position - 1
        return op, tuple(number(arg, 0, last) for arg in args)

    def _command(self, said: dict[str, Any], count: int, last: int) -> dict[str, Any]:
        clock, latest = said["clock"], said["latest"]
        return {
            "name": str(said["name"]),
            "guard": number(said["guard"], 0, last),
            "permit": number(said["permit"], 0, last),
            "updates": [(number(v, 0, count - 1), number(e, 0, last)) for v, e in items(said["updates"])],
            "clock": None if clock is None else number(clock, 0, len(self.clocks) - 1),
            "earliest": number(said["earliest"], 0, NUMBER_MAX),
            "latest": NUMBER_MAX if latest is None else number(latest, 0, NUMBER_MAX),
            "owed": bool(said["owed"]),
        }

    # --- expressions ---

    def value(self, expression: int, facts: Facts) -> int:
        """The value of an expression: only the operands that the operator asks for are looked at, from left to right."""
        memo, pending = facts.memo, [expression]
        while pending:
            here = pending[-1]
            missing = None if here in memo else self._visit(here, facts)
            if missing is None:
                pending.pop()
            else:
                pending.append(missing)
        return memo[expression]

    def _visit(self, here: int, facts: Facts) -> int | None:
        """Make `here` known, or tell which operand must be known first."""
        op, args = self.nodes[here]
        memo = facts.memo
        if op == "const":
            memo[here] = args[0]
        elif op == "var":
            memo[here] = facts.values[args[0]]
        elif op in {"and", "or"}:
            decisive = op == "or"
            result = not decisive
            for operand in args:
                if operand not in memo:
                    return operand
                if bool(memo[operand]) == decisive:
                    result = decisive
                    break
            memo[here] = int(result)
        elif op in {"ite", "select"}:
            if args[0] not in memo:
                return args[0]
            index = memo[args[0]]
            if op == "ite":
                index = 1 if index else 2
            if not 1 <= index < len(args):
                raise Rejected(f"expression {here} has no value: there is no member {index}")
            if args[index] not in memo:
                return args[index]
            memo[here] = memo[args[index]]
        else:
            for operand in args:
                if operand not in memo:
                    return operand
            memo[here] = self._apply(here, op, [memo[operand] for operand in args])
        return None

    @staticmethod
    def _apply(here: int, op: str, values: list[int]) -> int:
        if op == "not":
            return int(not values[0])
        a, b = values
        if op == "div":
            if b == 0:
                raise Rejected(f"expression {here} has no value: it divides by zero")
            return a // b
        results = {"eq": a == b, "lt": a < b, "le": a <= b, "add": a + b, "sub": a - b, "mul": a * b}
        result = int(results[op]) if op in results else min(a, b) if op == "min" else max(a, b)
        return number(result, -NUMBER_MAX * NUMBER_MAX, NUMBER_MAX * NUMBER_MAX)

    # --- states ---

    def facts(self, state: State) -> Facts:
        """What is known of the state's values of variables."""
        values = state[: len(self.lows)]
        known = self._known.get(values)
        if known is None:
            if len(self._known) * len(self.nodes) > KNOWN_MAX:
                self._known.clear()
            known = self._known[values] = Facts(values)
        return known

    def holds(self, expression: int, state: State) -> bool:
        """Whether a formula is true in a state."""
        return self.value(expression, self.facts(state)) != 0

    def settle(self, values: State) -> State:
        """Values after each settling assignment in turn, which reads the values as they are then."""
        for variable, expression in self.settles:
            value = self._in_domain(variable, self.value(expression, self.facts(values)))
            values = (*values[:variable], value, *values[variable + 1 :])
        return values

    def _in_domain(self, variable: int, value: int) -> int:
        if not self.lows[variable] <= value <= self.highs[variable]:
            raise Rejected(f"{value} is no value of {self.names[variable]}")
        return value

    def start(self, values: State) -> State:
        """The initial state with these values, which must be initial ones."""
        if len(values) != len(self.initial) or not all(v in self.initial[i] for i, v in enumerate(values)):
            raise Rejected("the run does not start in an initial state")
        return self.settle(values) + (0,) * len(self.clocks)

    def initial_states(self) -> Iterator[State]:
        """All of them, some perhaps more than once."""
        size = 1
        for values in self.initial:
            size *= len(values)
        if size > INITIAL_MAX:
            raise Rejected(f"there are {size} initial states, more than are looked at")
        return (self.start(values) for values in itertools.product(*self.initial))

    # --- steps ---

    def enabled(self, state: State) -> list[int]:
        """The commands that are enabled and permitted."""
        facts = self.facts(state)
        if facts.enabled is None:
            facts.enabled = [
                i
                for i, command in enumerate(self.commands)
                if self.value(command["guard"], facts) and self.value(command["permit"], facts)
            ]
        return facts.enabled

    def owed(self, state: State) -> list[int]:
        """The owed commands among them."""
        return [index for index in self.enabled(state) if self.commands[index]["owed"]]

    def _clock(self, index: int, state: State) -> int:
        """What the clock of a command shows; without one it is always late enough."""
        clock = self.commands[index]["clock"]
        return NUMBER_MAX if clock is None else state[len(self.lows) + clock]

    def may_fire(self, index: int, state: State) -> bool:
        """Enabled, permitted, and its clock at its earliest time or later."""
        return index in self.enabled(state) and self._clock(index, state) >= self.commands[index]["earliest"]

    def fire(self, index: int, state: State) -> State:
        """The state after a command that may fire."""
        facts, command = self.facts(state), self.commands[index]
        if index not in facts.fired:
            after = list(facts.values)
            for variable, expression in command["updates"]:
                after[variable] = self._in_domain(variable, self.value(expression, facts))
            settled = self.settle(tuple(after))
            running = self._running(settled)
            facts.fired[index] = settled, tuple(r and i != command["clock"] for i, r in enumerate(running))
        values, kept = facts.fired[index]
        clocks = state[len(self.lows) :]
        return values + tuple(clock if keep else 0 for clock, keep in zip(clocks, kept, strict=True))

    def _running(self, state: State) -> tuple[bool, ...]:
        facts = self.facts(state)
        if facts.running is None:
            facts.running = tuple(self.value(runs, facts) != 0 for runs, _ in self.clocks)
        return facts.running

    def may_tick(self, state: State) -> bool:
        """Ticks exist, and no owed command is at its latest time."""
        return self.is_timed and all(
            self._clock(index, state) < self.commands[index]["latest"] for index in self.owed(state)
        )

    def tick(self, state: State) -> State:
        """The state after a tick that is possible."""
        clocks = state[len(self.lows) :]
        moved = zip(clocks, self._running(state), self.clocks, strict=True)
        return state[: len(self.lows)] + tuple(c + 1 if runs and c != stop else c for c, runs, (_, stop) in moved)

    def steps(self, state: State) -> list[tuple[int, State]]:
        """Every step from a state: the command, or TICK, and where it leads."""
        found = [(i, self.fire(i, state)) for i in self.enabled(state) if self.may_fire(i, state)]
        return [*found, (TICK, self.tick(state))] if self.may_tick(state) else found
