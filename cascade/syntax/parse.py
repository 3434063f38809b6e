"""Text -> syntax tree. In: a file's text. Out: its tree, as far as it could be read, and what is wrong with it.

After an error the parser drops the statement at fault and goes on with the next one. Nothing is known yet about
names, types and values, nor about which statement may stand in which body.
"""

from typing import Any

from cascade.diagnostics.diagnostic import Diagnostics
from cascade.limits import READING
from cascade.source import SourceFile, Span
from cascade.syntax import errors, tree
from cascade.syntax.driver import END, Machine, Token, UnexpectedError
from cascade.syntax.expected import (
    BODY_KEYWORDS,
    CLAUSE_KEYWORDS,
    FILE_KEYWORDS,
    RESERVED,
    Situation,
    explain,
)
from cascade.syntax.grammar import Parser, parser
from cascade.syntax.pieces import Block, Piece
from cascade.syntax.scan import Scanned, scan

# A larger text is refused: its tree would take gigabytes.
TEXT_LENGTH_MAX = 16 * 1024 * 1024
# After so many syntax errors the rest of the file is not read; more of them are seldom of use.
SYNTAX_ERROR_COUNT_MAX = 10
# Errors near characters that were reported already are not counted; each costs a recovery all the same.
RECOVERY_COUNT_MAX = 100


def parse(source: SourceFile, diagnostics: Diagnostics) -> tree.File:
    """The tree of `source`; what could not be read is missing in it and reported."""
    if len(source.text) > TEXT_LENGTH_MAX:
        diagnostics.add(errors.too_large(Span(source, 0, 0), len(source.text), TEXT_LENGTH_MAX))
        return empty_file(source)
    scanned = scan(source, diagnostics)
    if scanned.nests_too_deeply:
        return empty_file(source)
    tables = parser()
    with tables.lock:
        tables.builder.begin(source, diagnostics)
        parsing = _Parsing(source, scanned, diagnostics, tables)
        READING.begin(source.name, len(source.line_starts) - source.text.endswith("\n"), parsing.line)
        items = parsing.run().closed()
        READING.end()
        tables.builder.begin(SourceFile("", ""), Diagnostics())
    return tree.File(
        imports=tuple(item for item in items if isinstance(item, tree.Import)),
        components=tuple(item for item in items if isinstance(item, tree.Component)),
        systems=tuple(item for item in items if isinstance(item, tree.System)),
        span=Span(source, 0, len(source.text)),
    )


def empty_file(source: SourceFile) -> tree.File:
    """The tree of a file of which nothing could be read."""
    return tree.File(imports=(), components=(), systems=(), span=Span(source, 0, len(source.text)))


_KEYWORDS_AFTER_NAMES = BODY_KEYWORDS | FILE_KEYWORDS | CLAUSE_KEYWORDS | {"of"}


class _Parsing:
    """One run over one text. The parser's stack is cut back to a block's statements after an error."""

    def __init__(self, source: SourceFile, scanned: Scanned, diagnostics: Diagnostics, tables: Parser) -> None:
        self._source = source
        self._scanned = scanned
        self._diagnostics = diagnostics
        self._machine = Machine(tables.driver, scanned)
        self._error_count = 0
        self._recovery_count = 0
        # Only forward: an error that shows again at the same place is not met twice.
        self._resumed_at = -1
        self._last: Token | None = None
        # The parser's state before it took `_last`, and after.
        self._before_last: int = self._machine.states[-1]
        self._before: int = self._machine.states[-1]

    def line(self) -> int:
        """The line that is being read."""
        return self._source.position(self._machine.offset)[0]

    def run(self) -> Block:
        """Read the whole text."""
        machine = self._machine
        while True:
            try:
                for token in machine.tokens():
                    machine.feed(token)
                    self._last, self._before_last, self._before = token, self._before, machine.states[-1]
                return self._end()
            except UnexpectedError as error:
                if not self._recover(error.offset):
                    return self._end_by_force()

    def _end(self) -> Block:
        piece: Piece = self._machine.finish()
        block: Block = piece.value
        return block

    def _end_by_force(self) -> Block:
        """Close what is open, so that everything that was read is in the tree."""
        while not self._machine.accepts(self._machine.states, END):
            depth = self._statement_depth()
            self._cut_back(depth)
            if depth > 0 and self._machine.accepts(self._machine.states, "RBRACE"):
                self._machine.feed(self._zero_width("RBRACE"))
        return self._end()

    def _zero_width(self, kind: str) -> Token:
        end = self._last_end()
        return Token(kind, "", end, end)

    def _last_end(self) -> int:
        return 0 if self._last is None else self._last.end_pos

    # --- after an error -------------------------------------------------------------------------------------------

    def _recover(self, offset: int) -> bool:
        """Report the error at `offset` and find a place to go on; False if there is none."""
        self._recovery_count += 1
        start, end = self._scanned.lexeme(offset)
        swallowed = self._swallowed_keyword(start, end)
        text = self._scanned.text
        # A keyword without its name is reported at what stands in the name's place.
        concerned = self._scanned.lexeme(end)[1] if text[start:end] in BODY_KEYWORDS else end
        if not self._scanned.was_reported(self._last_end(), max(concerned, self._last_end() + 1)):
            self._error_count += 1
            self._diagnostics.add(explain(self._situation(start, end, swallowed)))
        if self._error_count >= SYNTAX_ERROR_COUNT_MAX or self._recovery_count >= RECOVERY_COUNT_MAX:
            return False
        if text[start:end] == "system" and self._open_braces(self._machine.values):
            # A system stands at the top level alone, so the braces before it lack their ends.
            self._close_blocks()
            if self._resume(start, "SYSTEM"):
                return True
        if swallowed is None:
            return self._skip(start, self._statement_depth())
        return self._skip(swallowed.start_pos, self._incomplete_statement_depth())

    def _swallowed_keyword(self, start: int, end: int) -> Token | None:
        """The last token, if it was read as a name but is the keyword of the next statement: `let a = state b:`."""
        last = self._last
        if last is None or last.type != "NAME" or start <= self._last_end():
            return None
        if not self._scanned.text[start:end].isidentifier() or not self._is_statement_at(last.start_pos):
            return None
        return last

    def _situation(self, start: int, end: int, swallowed: Token | None) -> Situation:
        """What `explain` needs to know about the error at the lexeme from `start` to `end`."""
        stack = self._machine.states
        braces = self._open_braces(self._machine.values)
        if swallowed is not None:
            start, end = swallowed.start_pos, swallowed.end_pos
            accepted = frozenset(name for name in self._machine.rows[self._before_last] if name.isupper())
        else:
            accepted = frozenset(
                n for n in self._machine.rows[stack[-1]] if n.isupper() and self._machine.accepts(stack, n)
            )
        return Situation(
            source=self._source,
            scanned=self._scanned,
            start=start,
            end=end,
            accepted=accepted,
            last=self._last,
            after_operand=swallowed is None and "COMPARISON" in self._machine.rows[self._before],
            at_statement=swallowed is None and self._at_block(),
            brace=braces[-1] if braces else None,
        )

    def _skip(self, offset: int, depth: int) -> bool:
        """Cut the stack back to `depth`; go on at the first statement or closing brace from `offset` on."""
        text = self._scanned.text
        # Braces of the dropped statement that wait for their end, and braces met on the way.
        waiting = len(self._open_braces(self._machine.values[depth:]))
        inner = 0
        offset = self._earlier_statement(offset, depth)
        self._cut_back(depth)
        while True:
            start, end = self._scanned.lexeme(offset)
            if start >= len(text):
                return self._resume(start, END)
            lexeme = text[start:end]
            if lexeme == "{":
                inner += 1
            elif lexeme == "}" and inner > 0:
                inner -= 1
            elif lexeme == "}" and waiting > 0:
                waiting -= 1
            elif lexeme == "}":
                if self._resume(start, "RBRACE"):
                    return True
            elif inner == 0 and self._is_statement_at(start) and self._resume(start, lexeme.upper()):
                return True
            offset = end

    def _earlier_statement(self, offset: int, depth: int) -> int:
        """The start of the line of `offset` if a statement starts there and not the one at fault; else `offset`.

        In `{ x: a ->` the next line `state y: bool = true` is read as updates up to the `=`.
        """
        dropped = self._machine.values[depth:]
        start = self._scanned.skip_gap(self._scanned.text.rfind("\n", 0, offset) + 1)
        if (
            start < offset
            and dropped
            and getattr(dropped[0], "start_pos", start) < start
            and self._is_statement_at(start)
        ):
            return start
        return offset

    def _is_statement_at(self, start: int) -> bool:
        """Whether a statement's keyword stands at `start`, with what must follow it."""
        text = self._scanned.text
        word_start, word_end = self._scanned.lexeme(start)
        word = text[word_start:word_end]
        if word not in BODY_KEYWORDS and word not in FILE_KEYWORDS:
            return False
        next_start, next_end = self._scanned.lexeme(word_end)
        following = text[next_start:next_end]
        if word == "tick":
            return following[:1].isalnum()
        if word in ("needs", "link", "import"):
            return following.isidentifier()
        if following in _KEYWORDS_AFTER_NAMES:
            # `1 fault of crash`, `at most 1 fault let a = b`: a keyword is a name only where it looks like one.
            after_start, after_end = self._scanned.lexeme(next_end)
            return text[after_start:after_end] in (":", "{", "=", "(")
        return following.isidentifier() and following not in RESERVED

    def _resume(self, offset: int, terminal: str) -> bool:
        """Let the lexer go on at `offset`, if the parser can take the terminal there."""
        if offset <= self._resumed_at or not self._machine.accepts(self._machine.states, terminal):
            return False
        self._resumed_at = offset
        self._machine.offset = offset
        self._before = self._machine.states[-1]
        return True

    def _close_blocks(self) -> None:
        """End every open block, as if its braces had been closed."""
        while not self._machine.accepts(self._machine.states, END):
            self._cut_back(self._statement_depth())
            self._machine.feed(self._zero_width("RBRACE"))

    # --- the parser's stack ---------------------------------------------------------------------------------------

    def _statement_depth(self) -> int:
        """The length of the part of the stack without the statement at fault, unless that could end where it is."""
        states = self._machine.states
        if self._machine.accepts(states, "TICK") or self._machine.accepts(states, "SYSTEM"):
            return len(self._machine.values)
        return self._incomplete_statement_depth()

    def _incomplete_statement_depth(self) -> int:
        """The length of the longest part of the stack that ends with the statements of an open block."""
        values, states = self._machine.values, self._machine.states
        closed = 0
        for depth in range(len(values), 0, -1):
            value = values[depth - 1]
            kind = getattr(value, "type", "")
            is_block = isinstance(value, Piece) and isinstance(value.value, Block)
            if kind == "RBRACE":
                closed += 1
            elif kind == "LBRACE" and closed > 0:
                closed -= 1
            elif closed == 0 and (
                is_block or (kind == "LBRACE" and self._machine.accepts(states[: depth + 1], "TICK"))
            ):
                return depth
        return 0

    def _at_block(self) -> bool:
        """Whether the stack ends with a block, before or after its first statement."""
        if self._before != self._machine.states[-1]:  # reductions on the way to the error completed a statement
            return False
        top = self._machine.values[-1] if self._machine.values else None
        if top is None or (isinstance(top, Piece) and isinstance(top.value, Block)):
            return True
        starts_block = getattr(top, "type", "") == "LBRACE" and self._machine.accepts(self._machine.states, "TICK")
        return starts_block or (getattr(top, "type", "") == "RBRACE")

    @staticmethod
    def _open_braces(values: list[Any]) -> list[Token]:
        """The opening braces among `values` that are not closed again."""
        braces: list[Token] = []
        for value in values:
            kind = getattr(value, "type", "")
            if kind == "LBRACE":
                braces.append(value)
            elif kind == "RBRACE":
                braces.pop()
        return braces

    def _cut_back(self, depth: int) -> None:
        """Forget what stands above `depth` values of the stack."""
        del self._machine.values[depth:]
        del self._machine.states[depth + 1 :]
