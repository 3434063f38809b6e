"""Text -> the parser's stack: what lark does between its tables and our builder, without what nobody asks for here.

For each token lark counts lines and columns, tries white space after sixty keywords, and looks rules up by their names. The steps here are the same ones in less
time; where the text is not as expected, lark goes on from the same state, so that every error is lark's.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cascade.syntax.scan import Scanned

if TYPE_CHECKING:
    from lark import Token


class _Rows(dict[int, dict[str, Any]]):
    """The parser's table: by state and symbol the next state, or what to reduce (length, action, name). A row is made when it is first needed."""

    def __init__(self, states: Any, callbacks: Any) -> None:
        super().__init__()
        self._states, self._callbacks = states, callbacks

    def __missing__(self, state: int) -> dict[str, Any]:
        from lark.parsers.lalr_analysis import Shift

        row = {
            symbol: argument
            if action is Shift
            else (len(argument.expansion), self._callbacks[argument], argument.origin.name)
            for symbol, (action, argument) in self._states[state].items()
        }
        self[state] = row
        return row


class Feeder:
    """Reads tokens and feeds them to a state of lark's parser."""

    def __init__(self, lark: Any, *, is_shared: bool) -> None:
        """`is_shared`: the first match of all terminals is what a state would find, if the state takes it."""
        contextual, tables = lark.parser.lexer, lark.parser.parser.parser
        self._match = contextual.root_lexer.scanner.match
        self._taken: dict[int, frozenset[str]] = {}
        if is_shared:
            self._taken = {s: frozenset(t.name for t in lexer.terminals) for s, lexer in contextual.lexers.items()}
        self._rows = _Rows(tables.parse_table.states, tables.callbacks)

    def tokens(self, scanned: Scanned, thread: Any, state: Any) -> Iterator["Token"]:
        """The tokens from where the lexer stands; each by what the parser's state then takes. They have offsets, but no lines."""
        from lark import Token

        match, taken, skip_gap = self._match, self._taken, scanned.skip_gap
        states, counter, text = state.state_stack, thread.state.line_ctr, thread.state.text
        end = len(scanned.text)
        while True:
            start = skip_gap(counter.char_pos)
            found = match(text, start) if start < end else None
            if found is None or found[1] not in taken.get(states[-1], ()):
                token = next(thread.lex(state), None)
                if token is None:
                    return
                yield token
                continue
            counter.char_pos = stop = start + len(found[0])
            yield Token(found[1], found[0], start, None, None, None, None, stop)

    def feed(self, state: Any, token: "Token") -> None:
        """Reduce as often as the token asks for, and shift it."""
        rows, states, values, kind = self._rows, state.state_stack, state.value_stack, token.type
        while True:
            action = rows[states[-1]].get(kind)
            if action.__class__ is int:
                states.append(action)
                values.append(token)
                return
            if action is None:
                state.feed_token(token)  # raises
                return
            size, make, name = action
            if size:
                matched = values[-size:]
                del states[-size:], values[-size:]
            else:
                matched = []
            value = make(matched)
            states.append(rows[states[-1]][name])
            values.append(value)
