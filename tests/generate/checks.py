"""Random checks: every formula, every clause, selectors of every sort."""

import random
from dataclasses import dataclass

from tests.generate.commands import Style
from tests.generate.expressions import COMPARISON, Expressions
from tests.generate.names import Names
from tests.generate.scope import CommandInfo, ComponentKind

_PLURALS = {
    "fault": "faults",
    "repair": "repairs",
    "reaction": "reactions",
    "operator": "operators",
    "event": "events",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """What must be true of the verdicts of two checks."""

    name: str
    first: str
    second: str

    def is_obeyed(self, first: bool, second: bool) -> bool:
        """Is it, if they hold or not as these say?"""
        match self.name:
            case "same":
                return first == second
            case "opposite":
                return first != second
            case "first holds: second holds":
                return second or not first
            case "second fails: first holds":
                return first or second
        raise AssertionError(f"no such law: {self.name}")


class Checks:
    """Makes checks of one system."""

    def __init__(
        self,
        rng: random.Random,
        names: Names,
        style: Style,
        expressions: Expressions,
        system: ComponentKind,
        outages: list[str],
        fixes: list[str],
    ) -> None:
        self._rng = rng
        self._names = names
        self._style = style
        self._expressions = expressions
        self._system = system
        self._scope = system.scope.child()
        self._outages = outages
        self._fixes = fixes
        self._links: list[tuple[str, str]] = []
        self.laws: list[Law] = []

    def know_links(self) -> None:
        """Remember which components the system links, for clauses that cut."""
        for line in self._system.lines:
            words = line.split()
            if words[0] == "link" and words[1].split("[")[0] != words[3].split("[")[0]:
                self._links.append((words[1], words[3]))

    # --- formulas ---

    def check(self) -> str:
        """One check with any formula and any clauses."""
        rng = self._rng
        clauses = self._clauses()
        formula = self._formula(clauses)
        expectation = rng.choice(("", "", "expect holds", "expect violated"))
        rng.shuffle(clauses)
        return self._text(formula, [*clauses, *([expectation] if expectation else [])])

    def pair(self) -> list[str]:
        """Two checks whose verdicts have to do with each other, by a law."""
        rng = self._rng
        clauses = self._clauses()
        p, q = self.condition(), self.condition()
        laws = [
            (f"never {p}", f"possible {p}", "opposite"),
            (f"always {p}", f"never not {p}", "same"),
            (f"possible {p} then {q}", f"never {p} and {q}", "second fails: first holds"),
            (f"{p} leads to {q}", f"{p} can lead to {q}", "first holds: second holds"),
            (f"{p} can lead to {q}", f"{p} can lead to {q} or {p}", "first holds: second holds"),
        ]
        if self._has_time():
            laws += [
                (f"{p} leads to {q} within 1min", f"{p} leads to {q} within 3min", "first holds: second holds"),
                (f"{p} lasts at most 1min", f"{p} lasts at most 3min", "first holds: second holds"),
                (f"{p} lasts at most 2min", f"{p} leads to not {p} within 2min", "same"),
            ]
        first, second, law = rng.choice(laws)
        names = self._names.new("law"), self._names.new("law")
        self.laws.append(Law(name=law, first=names[0], second=names[1]))
        return [self._text(first, clauses, names[0]), self._text(second, clauses, names[1])]

    def _text(self, formula: str, clauses: list[str], name: str = "") -> str:
        separator = self._rng.choice((" ", "\n    "))
        name = name or self._names.new("check")
        return separator.join([f"check {name}: {formula}", *clauses])

    def _formula(self, clauses: list[str]) -> str:
        rng = self._rng
        match rng.randint(0, 9):
            case 0 | 1:
                return f"never {self.condition()}"
            case 2:
                return f"always {self.condition()}"
            case 3:
                return f"possible {' then '.join(self.condition() for _ in range(rng.choice((1, 2, 2, 3))))}"
            case 4 | 5:
                self._once(clauses)
                return f"{self.condition()} leads to {self.condition()}"
            case 6 | 7:
                self._once(clauses)
                return f"{self.condition()} can lead to {self.condition()}"
            case 8 if self._has_time():
                return f"{self.condition()} leads to {self.condition()} within {rng.choice(('0s', '1min', '2min', '4min'))}"
            case 9 if self._has_time():
                return f"{self.condition()} lasts at most {rng.choice(('0s', '1min', '2min', '4min'))}"
            case _:
                return f"never {self.condition()}"

    def _has_time(self) -> bool:
        return self._style.is_timed or self._rng.random() < 0.12

    def condition(self) -> str:
        """A condition that binds tightly."""
        rng = self._rng
        if self._outages and rng.random() < 0.25:
            outage = rng.choice(self._outages)
            return outage if rng.random() < 0.6 else f"(not {outage})"
        return self._expressions.at(self._expressions.boolean(self._scope, rng.choice((0, 0, 1, 1, 2))), COMPARISON)

    def _once(self, clauses: list[str]) -> None:
        if self._rng.random() < 0.35:
            selectors = [self._selector(("fault", "fault", "event", "reaction", "operator"))]
            clauses.append(f"once {self._joined(selectors, 'faults')} {self._rng.choice(('stop', 'stop', 'stops'))}")

    # --- clauses ---

    def _clauses(self) -> list[str]:
        rng = self._rng
        clauses: list[str] = []
        for _ in range(rng.choice((0, 1, 1, 2, 2, 3))):
            clause = self._clause()
            if clause:
                clauses.append(clause)
        if self._style.is_timed and rng.random() < 0.5:
            clauses.append(f"with at most {rng.choice((1, 1, 2))} faults")
        return clauses

    def _clause(self) -> str:
        rng = self._rng
        any_class = ("fault", "repair", "reaction", "operator", "event")
        match rng.randint(0, 9):
            case 0 | 1 | 2:
                scope = ""
                selector = self._selector(("fault",))
                if selector and rng.random() < 0.5:
                    scope = f" {rng.choice(('of', 'in'))} {selector}"
                return f"with at most {rng.choice((0, 1, 1, 2, 3))} {rng.choice(('fault', 'faults'))}{scope}"
            case 3:
                selectors = [self._selector(("fault",)) for _ in range(rng.choice((1, 2)))]
                return f"with only {self._joined(selectors, 'faults')}"
            case 4:
                return "while redundancy holds"
            case 5 | 6:
                selectors = [self._selector(any_class) for _ in range(rng.choice((1, 1, 2)))]
                return f"without {self._joined(selectors, 'operators')}"
            case 7:
                selector = self._selector(any_class) or "faults"
                return f"with {selector} at most {rng.choice(('1 time', '2 times', '0 times'))}"
            case 8:
                selectors = [self._selector(("operator", "event"), exact=True) for _ in range(rng.choice((1, 2)))]
                return f"if {self._joined(selectors, 'operators')} {rng.choice(('act', 'acts'))}"
            case _:
                if self._links and rng.random() < 0.5:
                    one, other = rng.choice(self._links)
                    lasts = rng.choice(("", " lasts 1min")) if self._style.is_timed else ""
                    return f"link {one} {rng.choice(('<->', '->'))} {other} can cut{lasts}"
                if self._fixes:
                    chosen = rng.sample(self._fixes, rng.randint(1, min(2, len(self._fixes))))
                    return f"with fix {', '.join(chosen)}"
                return ""

    def _joined(self, selectors: list[str], fallback: str) -> str:
        return ", ".join(s for s in selectors if s) or fallback

    def _selector(self, classes: tuple[str, ...], *, exact: bool = False) -> str:
        """A text that names at least one command of one of the classes; nothing if there is none."""
        rng = self._rng
        fitting = [c for c in self._system.commands if c.command_class in classes]
        if not fitting:
            return ""
        command = rng.choice(fitting)
        if rng.random() < 0.25:
            return _PLURALS[command.command_class]
        if command.kind and rng.random() < 0.3:
            return command.kind
        return self._path(command, exact=exact)

    def _path(self, command: CommandInfo, *, exact: bool) -> str:
        """A prefix of the command's path, perhaps without some indices."""
        rng = self._rng
        steps = command.path.split(".")
        length = len(steps) if exact else rng.randint(1, len(steps))
        chosen = [s.split("[")[0] if rng.random() < 0.4 else s for s in steps[:length]]
        return ".".join(chosen)
