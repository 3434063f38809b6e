"""Examines the invariant, or the induction, of a certificate again, by z3: an own reading of the text, and an own translation of the model.

What is read wrongly is another formula, and shows nothing or the same: all that counts is that it holds at the start, is kept by every step, and excludes the goal.
"""

import re
from collections.abc import Callable
from typing import Any, NoReturn

import z3

from cascade.certificates.checker import Claim, Outcome, Status
from cascade.certificates.machine import Machine, Rejected, items

SECONDS_MAX = 60
STEPS_MAX = 100
_NUMBER = re.compile(r"-?\d+")
_BOUND = re.compile(r"was\d+")
_INFIX = ("and", "or", "!=", "<=", ">=", "=", "<", ">", "+", "-", "*", "/")
Term = Any
"""What z3 computes with; z3 has no types of its own."""


class NotUnderstoodError(Exception):
    """The text, or the model, has something that is not translated. The message says what."""


def truth(term: Term) -> Term:
    """A number as a boolean."""
    return term if z3.is_bool(term) else term != 0


def count(term: Term) -> Term:
    """A boolean as a number."""
    return z3.If(term, 1, 0) if z3.is_bool(term) else term


def examine(said: dict[str, Any], outcome: Outcome) -> Outcome:
    """The outcome of a verdict whose evidence is an invariant, after z3 looked at it; others stay."""
    try:
        parts = [part for part in items(said["parts"]) if part["evidence"]["kind"] == "invariant"]
        if not parts or outcome.status is not Status.OPEN:
            return outcome
        others = len(items(said["parts"])) - len(parts)
        for part in parts:
            _examine(Claim(part), part["model"])
        is_induction = any(part["evidence"]["proof"] != "inductive invariant" for part in parts)
        status, text = Status.CONFIRMED, "induction, by z3" if is_induction else "an invariant, by z3"
        if others:
            status, text = Status.PARTLY, f"{text}; {others} models of open params rest on other evidence"
    except NotUnderstoodError as error:
        status, text = Status.OPEN, f"z3 does not examine it: {error}"
    except Rejected as error:
        status, text = Status.REJECTED, str(error)
    return Outcome(check=outcome.check, verdict=outcome.verdict, status=status, text=text)


def _examine(claim: Claim, model: dict[str, Any]) -> None:
    said = claim.evidence
    is_invariant = said["proof"] == "inductive invariant"
    if is_invariant and not items(said["lines"]):
        raise NotUnderstoodError("the proof is of several models")
    if claim.kind != "reach":
        raise NotUnderstoodError("the question is not one of reachability")
    theory = _Theory(claim.machine)
    readers = [_Reader(str(line), model) for line in said["lines"]] if is_invariant else []

    def goal(state: list[Term]) -> Term:
        met = truth(theory.value(claim.goal, state))
        return met if claim.clock is None else z3.Or(met, state[len(claim.machine.lows) + claim.clock] > claim.exceeds)

    def claimed(state: list[Term]) -> Term:
        # By induction over one step, or over none, the invariant is that the goal is not met.
        lines = [truth(reader.read(state)) for reader in readers] if is_invariant else [z3.Not(goal(state))]
        return z3.And(*lines, *theory.within(state))

    if not is_invariant and said["k"] not in (0, 1):
        return _examine_steps(theory, goal, said["k"])
    here = theory.unknowns("here")
    begun, is_start = theory.start()
    _impossible("the start", *is_start, z3.Not(claimed(begun)))
    _impossible("the goal", claimed(here), goal(here))
    for index, command in enumerate(claim.machine.commands):
        after, happens = theory.step(index, here)
        _impossible(command["name"], claimed(here), *happens, z3.Not(claimed(after)))
    return None


def _examine_steps(theory: "_Theory", goal: Callable[[list[Term]], Term], k: Any) -> None:
    """Induction over k steps: fewer do not lead to the goal, and k states without it, all different, are followed by none with it.

    A shortest run to the goal repeats no state, and its last k + 1 are such states.
    """
    if type(k) is not int or not 0 < k <= STEPS_MAX:
        raise NotUnderstoodError("the proof is by induction over too many steps")
    path, happens = theory.start()
    for _ in range(k):
        _impossible("the start", *happens, goal(path))
        path, more = theory.any_step(path)
        happens = [*happens, *more]
    states, happens = [theory.unknowns("here")], []
    for _ in range(k):
        after, more = theory.any_step(states[-1])
        happens += [*more, z3.Not(goal(states[-1])), *theory.within(states[-1])]
        happens += [z3.Or(*(a != b for a, b in zip(after, other, strict=True))) for other in states]
        states.append(after)
    _impossible("the goal", *happens, goal(states[-1]))


def _impossible(what: str, *formulas: Term) -> None:
    solver = z3.SimpleSolver()
    solver.set("timeout", SECONDS_MAX * 1000)
    solver.add(*formulas)
    found = solver.check()
    if found == z3.sat:
        raise Rejected(f"z3 refutes the invariant: see {what}")
    if found != z3.unsat:
        raise NotUnderstoodError(f"it finds no answer within {SECONDS_MAX} s")


class _Theory:
    """The model in z3's integers."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        if any(op in {"div", "select"} for op, _ in machine.nodes):
            raise NotUnderstoodError("an expression may have no value")

    def unknowns(self, name: str) -> list[Term]:
        size = len(self._machine.lows) + len(self._machine.clocks)
        return [z3.Int(f"{name}{i}") for i in range(size)]

    def within(self, state: list[Term]) -> list[Term]:
        machine = self._machine
        lows = [*machine.lows, *(0 for _ in machine.clocks)]
        highs = [*machine.highs, *(stop for _, stop in machine.clocks)]
        clocks = zip(machine.clocks, state[len(machine.lows) :], strict=True)
        # Each step starts clocks from zero that do not run after it, and time moves those alone that do.
        idle = [z3.Or(truth(self.value(runs, state)), clock == 0) for (runs, _), clock in clocks]
        return [*(z3.And(low <= v, v <= high) for v, low, high in zip(state, lows, highs, strict=True)), *idle]

    def value(self, expression: int, state: list[Term]) -> Term:
        """In index order, so that shared nodes are shared terms."""
        needed, pending = set[int](), [expression]
        while pending:
            here = pending.pop()
            if here not in needed:
                needed.add(here)
                op, args = self._machine.nodes[here]
                pending.extend(args if op not in {"const", "var"} else ())
        terms: dict[int, Term] = {}
        for here in sorted(needed):
            op, args = self._machine.nodes[here]
            if op == "const":
                terms[here] = z3.IntVal(args[0])
            elif op == "var":
                terms[here] = state[args[0]]
            else:
                terms[here] = combine(op, [terms[arg] for arg in args])
        return terms[expression]

    def start(self) -> tuple[list[Term], list[Term]]:
        """A state in which a run begins, or after the time that passes then, and what makes it one."""
        machine = self._machine
        settled = self.unknowns("before")[: len(machine.lows)]
        initial = [z3.Or(*(v == x for x in xs)) for v, xs in zip(settled, machine.initial, strict=True)]
        begun, delay, possible = self.delayed([*self.settle(settled), *([z3.IntVal(0)] * len(machine.clocks))])
        return begun, [*initial, *possible, delay >= 0]

    def step(self, index: int, state: list[Term]) -> tuple[list[Term], list[Term]]:
        """The state after a command and the time that passes then, and when there is one."""
        after, delay, possible = self.delayed(self.fire(index, state))
        return after, [*self.may_fire(index, state), *possible, delay >= 0]

    def any_step(self, state: list[Term]) -> tuple[list[Term], list[Term]]:
        """The same of some command."""
        after = [z3.FreshInt("after") for _ in state]
        ways = []
        for index in range(len(self._machine.commands)):
            found, happens = self.step(index, state)
            ways.append(z3.And(*happens, *(a == b for a, b in zip(after, found, strict=True))))
        return after, [z3.Or(*ways)]

    def settle(self, values: list[Term]) -> list[Term]:
        for variable, expression in self._machine.settles:
            values = [*values[:variable], count(self.value(expression, values)), *values[variable + 1 :]]
        return values

    def may_fire(self, index: int, state: list[Term]) -> list[Term]:
        command = self._machine.commands[index]
        told = [truth(self.value(command[word], state)) for word in ("guard", "permit")]
        if command["clock"] is not None:
            told.append(state[len(self._machine.lows) + command["clock"]] >= command["earliest"])
        return told

    def fire(self, index: int, state: list[Term]) -> list[Term]:
        machine, command = self._machine, self._machine.commands[index]
        values = list(state[: len(machine.lows)])
        for variable, expression in command["updates"]:
            values[variable] = count(self.value(expression, state))
        values = self.settle(values)
        clocks = [
            z3.IntVal(0) if i == command["clock"] else z3.If(truth(self.value(runs, values)), clock, 0)
            for i, ((runs, _), clock) in enumerate(zip(machine.clocks, state[len(machine.lows) :], strict=True))
        ]
        return [*values, *clocks]

    def delayed(self, state: list[Term]) -> tuple[list[Term], Term, list[Term]]:
        """The state after some ticks, how many, and what must hold for all of them to be possible."""
        machine, size = self._machine, len(self._machine.lows)
        delay = z3.FreshInt("delay")
        possible = [] if machine.is_timed else [delay == 0]
        for command in machine.commands if machine.is_timed else ():
            if command["owed"]:
                owed = z3.And(*(truth(self.value(command[word], state)) for word in ("guard", "permit")))
                clock = command["clock"]
                is_early = z3.BoolVal(False)
                if clock is not None:
                    stop = machine.clocks[clock][1]
                    before = state[size + clock] + delay - 1
                    is_early = z3.If(before < stop, before, stop) < command["latest"]
                possible.append(z3.Or(delay == 0, z3.Not(owed), is_early))
        clocks = []
        for (runs, stop), clock in zip(machine.clocks, state[size:], strict=True):
            moved = z3.If(clock + delay < stop, clock + delay, stop)
            clocks.append(z3.If(truth(self.value(runs, state)), moved, clock))
        return [*state[:size], *clocks], delay, possible


def combine(op: str, parts: list[Term]) -> Term:
    """One operator."""
    if op in {"and", "or", "not"}:
        return {"and": z3.And, "or": z3.Or, "not": z3.Not}[op](*map(truth, parts))
    if op == "ite":
        return z3.If(truth(parts[0]), count(parts[1]), count(parts[2]))
    a, b = map(count, parts)
    if op in {"min", "max"}:
        return z3.If((a < b) if op == "min" else (b < a), a, b)
    return {"eq": a == b, "lt": a < b, "le": a <= b, "add": a + b, "sub": a - b, "mul": a * b}[op]


class _Reader:
    """One line of an invariant. Names of a model may hold blanks: the longest that fits is meant."""

    def __init__(self, line: str, model: dict[str, Any]) -> None:
        if "…" in line:
            raise NotUnderstoodError("a line of it is cut")
        self._line, self._at = line, 0
        size = len(model["variables"])
        names = {str(name): (i, labels, low) for i, (name, low, _, _, labels) in enumerate(model["variables"])}
        names |= {f"clock({clock[0]})": (size + i, [], 0) for i, clock in enumerate(model["clocks"])}
        self._names = sorted(names.items(), key=lambda pair: -len(pair[0]))
        self._bound: dict[str, Term] = {}
        self._last: tuple[list[str], int] = (
            [],
            0,
        )  # labels of the variable that was read last: a label stands behind its variable

    def read(self, state: list[Term]) -> Term:
        self._at, self._state = 0, state
        found = self._joined_terms()
        if self._at != len(self._line):
            self._lost()
        return found

    def _lost(self) -> NoReturn:
        raise NotUnderstoodError(f"`{self._line[self._at : self._at + 30]}` is not read")

    def _takes(self, text: str) -> bool:
        if self._line.startswith(text, self._at):
            self._at += len(text)
            return True
        return False

    def _must(self, text: str) -> None:
        if not self._takes(text):
            self._lost()

    def _term(self) -> Term:
        for word in ("all", "some"):
            if self._takes(f"(for {word} "):
                return self._quantified(z3.ForAll if word == "all" else z3.Exists)
        if self._takes("(if "):
            parts = []
            for end in (" then ", " else ", ")"):
                parts.append(self._term())
                self._must(end)
            return combine("ite", parts)
        if self._takes("("):
            found = self._joined_terms()
            self._must(")")
            return found
        if self._takes("not "):
            return z3.Not(truth(self._term()))
        return self._leaf()

    def _joined_terms(self) -> Term:
        """Terms with one sign between them; a line has no brackets around it."""
        parts, sign = [self._term()], ""
        while found := next((known for known in _INFIX if self._takes(f" {known} ")), ""):
            if sign not in {"", found}:
                self._lost()
            sign = found
            parts.append(self._term())
        return _joined(sign, parts) if sign else parts[0]

    def _quantified(self, make: Any) -> Term:
        unknowns = []
        while match := _BOUND.match(self._line, self._at):
            self._at = match.end()
            unknowns.append(self._bound.setdefault(match[0], z3.Int(match[0])))
            self._takes(", ")
        self._must(": ")
        inside = truth(self._term())
        self._must(")")
        return make(unknowns, inside)

    def _leaf(self) -> Term:
        for name, (index, labels, low) in self._names:
            end = self._at + len(name)
            if self._line.startswith(name, self._at) and not re.match(r"[\w.\[]", self._line[end : end + 1]):
                self._at, self._last = end, (labels, low)
                values = self._values(labels, low)
                term = self._state[index]
                return z3.Or(*(term == value for value in values)) if values else term
        labels, low = self._last
        for label in sorted(labels, key=len, reverse=True):
            if self._takes(label):
                return z3.IntVal(low + labels.index(label))
        for word, value in (("true", True), ("false", False)):
            if self._takes(word):
                return z3.BoolVal(value)
        for pattern in (_NUMBER, _BOUND):
            if match := pattern.match(self._line, self._at):
                self._at = match.end()
                return self._bound[match[0]] if match[0] in self._bound else z3.IntVal(int(match[0]))
        return self._lost()

    def _values(self, labels: list[str], low: int) -> list[int]:
        """` = a | b` behind a variable with few values: the values; none if something else stands there."""
        start = self._at
        found: list[int] = []
        while self._takes(" | " if found else " = "):
            for label in sorted(labels, key=len, reverse=True):
                if self._takes(label):
                    found.append(low + labels.index(label))
                    break
            else:
                match = _NUMBER.match(self._line, self._at)
                if match is None:
                    self._at = start
                    return []
                self._at = match.end()
                found.append(int(match[0]))
        return found


def _joined(sign: str, parts: list[Term]) -> Term:
    if sign in {"and", "or"}:
        return combine(sign, parts)
    if sign == "/":
        raise NotUnderstoodError("a division")
    first, *rest = map(count, parts)
    if sign == "!=":
        return z3.Distinct(first, *rest)
    if sign in {"=", "<=", ">=", "<", ">"}:
        other = rest[0]
        compared = {"=": first == other, "<=": first <= other, ">=": first >= other, "<": first < other}
        return compared.get(sign, first > other)
    for part in rest:
        first = {"+": first + part, "-": first - part, "*": first * part}[sign]
    return first
