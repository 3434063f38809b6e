"""Text -> tokens -> the parser's stack: an LR parser with the tables made of the grammar.

Aho, Lam, Sethi, Ullman, *Compilers* (2nd ed.), section 4.6.3. The lexer is contextual: a state of the parser takes some of all terminals, so a word is a keyword where one is
expected, and a name elsewhere (Van Wyk, Schwerdfeger, *Context-Aware Scanning for Parsing Extensible Languages*, 2007).
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Self

from cascade.syntax.scan import Scanned
from cascade.syntax.tables import Plan, Rule, Tables

END = "$END"


class Token(str):
    """The text of a terminal, its name, and where it stands."""

    __slots__ = ("end_pos", "start_pos", "type")

    type: str
    start_pos: int
    end_pos: int

    def __new__(cls, kind: str, text: str, start: int, end: int) -> Self:
        made = super().__new__(cls, text)
        made.type, made.start_pos, made.end_pos = kind, start, end
        return made


class UnexpectedError(Exception):
    """The parser cannot take what stands at `offset`."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class Driver:
    """Tables bound to the actions of the rules, which are methods of `actions` by their names."""

    def __init__(self, tables: Tables, actions: object) -> None:
        self.rows = tables.rows
        self.start, self.end = tables.start, tables.end
        self.rules = [
            (rule.size, _maker(rule, getattr(actions, rule.action, None)), rule.origin) for rule in tables.rules
        ]
        self._taken: dict[int, tuple[str, ...]] = {}
        self._patterns = dict(tables.terminals)
        self._matches: dict[str, Callable[[str, int], re.Match[str] | None]] = {}
        self.first = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in tables.terminals)).match

    def matching(self, text: str, start: int, state: int) -> tuple[str, int] | None:
        """The first terminal that a state takes and that stands at `start`, and its end; None if none does.

        Mostly it is the first of all terminals. Compiling an expression for each state would take longer than reading a spec.
        """
        found = self.first(text, start)
        if found is None:
            return None
        kind = str(found.lastgroup)
        if kind in self.rows[state]:
            return kind, found.end()
        for kind in self._taken_in(state):
            found = self._match_of(kind)(text, start)
            if found is not None:
                return kind, found.end()
        return None

    def _taken_in(self, state: int) -> tuple[str, ...]:
        if state not in self._taken:
            self._taken[state] = tuple(kind for kind in self._patterns if kind in self.rows[state])
        return self._taken[state]

    def _match_of(self, kind: str) -> Callable[[str, int], re.Match[str] | None]:
        if kind not in self._matches:
            self._matches[kind] = re.compile(self._patterns[kind]).match
        return self._matches[kind]


def _maker(rule: Rule, action: Callable[[list[Any]], Any] | None) -> Callable[[list[Any]], Any]:
    """From what a rule matched to its value. Without an action that is the list of children, which go to the rule above."""
    plan = rule.plan
    if plan is None and action is not None and not rule.is_transparent:
        return action

    def make(matched: list[Any]) -> Any:
        children = matched if plan is None else _children(plan, matched)
        if rule.is_transparent and len(children) == 1:
            return children[0]
        return children if action is None else action(children)

    return make


def _children(plan: Plan, matched: list[Any]) -> list[Any]:
    children: list[Any] = []
    for item in plan:
        if item is None:
            children.append(None)
        elif isinstance(item, int):
            children.append(matched[item])
        elif children:
            children += matched[item[0]]
        else:  # a list that grows by one with each element: never copied, it is nobody else's
            children = matched[item[0]]
    return children


class Machine:
    """A parser at work on one text. `states` and `values` are its stack (one state more than values), `offset` is where its lexer stands."""

    def __init__(self, driver: Driver, scanned: Scanned) -> None:
        self._driver = driver
        self._scanned = scanned
        self.rows = driver.rows
        self.states: list[int] = [driver.start]
        self.values: list[Any] = []
        self.offset = 0

    def tokens(self) -> Iterator[Token]:
        """The tokens from `offset` on, to the end of the text; each by what the state of the parser then takes. Raises `UnexpectedError`."""
        matching, skip_gap, states, text = (
            self._driver.matching,
            self._scanned.skip_gap,
            self.states,
            self._scanned.text,
        )
        end = len(text)
        while True:
            start = skip_gap(self.offset)
            if start >= end:
                return
            found = matching(text, start, states[-1])
            if found is None:
                raise UnexpectedError(start)
            kind, self.offset = found
            yield Token(kind, text[start : self.offset], start, self.offset)

    def feed(self, token: Token) -> None:
        """Reduce as often as the token asks for, and shift it. Raises `UnexpectedError`, reduced as far as the table allowed."""
        rows, rules, states, values, kind = self.rows, self._driver.rules, self.states, self.values, token.type
        while True:
            action = rows[states[-1]].get(kind)
            if action is None:
                raise UnexpectedError(token.start_pos)
            if action >= 0:
                states.append(action)
                values.append(token)
                return
            self._reduce(*rules[~action])

    def finish(self) -> Any:
        """The value of the text, which has been read to its end. Raises `UnexpectedError`, as `feed` does."""
        while self.states[-1] != self._driver.end:
            action = self.rows[self.states[-1]].get(END)
            if action is None or action >= 0:
                raise UnexpectedError(len(self._scanned.text))
            self._reduce(*self._driver.rules[~action])
        return self.values[-1]

    def _reduce(self, size: int, make: Callable[[list[Any]], Any], origin: str) -> None:
        states, values = self.states, self.values
        matched: list[Any] = []
        if size:
            matched = values[-size:]
            del states[-size:], values[-size:]
        values.append(make(matched))
        states.append(self.rows[states[-1]][origin])

    def accepts(self, stack: list[int], kind: str) -> bool:
        """Whether a parser with `stack` can take a terminal: its reductions played without their actions."""
        kept, pushed = len(stack), list[int]()
        while True:
            state = pushed[-1] if pushed else stack[kept - 1]
            if kind == END and state == self._driver.end:
                return True
            action = self.rows[state].get(kind)
            if action is None:
                return False
            if action >= 0:
                return True
            size, _, origin = self._driver.rules[~action]
            over = max(size - len(pushed), 0)
            del pushed[len(pushed) - min(size, len(pushed)) :]
            kept -= over
            state = pushed[-1] if pushed else stack[kept - 1]
            pushed.append(self.rows[state][origin])
