"""Text -> syntax tree. In: a file's text. Out: its tree, as far as it could be read, and what is wrong with it.

After an error the parser drops the statement at fault and goes on with the next one. Nothing is known yet about
names, types and values, nor about which statement may stand in which body.
"""

import bisect
from typing import TYPE_CHECKING, Any

from cascade.diagnostics.diagnostic import Diagnostics
from cascade.source import SourceFile, Span
from cascade.syntax import errors, tree
from cascade.syntax.expected import (
    BODY_KEYWORDS,
    CLAUSE_KEYWORDS,
    FILE_KEYWORDS,
    Situation,
    explain,
)
from cascade.syntax.grammar import Parser, parser
from cascade.syntax.pieces import Block, Piece
from cascade.syntax.scan import Scanned, scan

if TYPE_CHECKING:
    from lark import Token

# A larger text is refused: its tree would take gigabytes.
TEXT_LENGTH_MAX = 16 * 1024 * 1024
# After so many syntax errors the rest of the file is not read; more of them are seldom of use.
SYNTAX_ERROR_COUNT_MAX = 10


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
        items = _Parsing(source, scanned, diagnostics, tables).run().closed()
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


class _Parsing:
    """One run over one text. The parser's stack is cut back to a block's statements after an error."""

    def __init__(self, source: SourceFile, scanned: Scanned, diagnostics: Diagnostics, tables: Parser) -> None:
        from lark import Token

        self._token_class = Token
        self._source = source
        self._scanned = scanned
        self._diagnostics = diagnostics
        interactive = tables.lark.parse_interactive(scanned.text)
        self._lexer: Any = interactive.lexer_thread
        self._state: Any = interactive.parser_state
        self._table: Any = interactive.parser_state.parse_conf.states
        self._error_count = 0
        self._last: Token | None = None
        # The parser's state before it took `_last`.
        self._before_last: int = self._state.position

    def run(self) -> Block:
        """Read the whole text."""
        from lark.exceptions import UnexpectedInput

        while True:
            try:
                state = self._state
                for token in self._lexer.lex(state):
                    before = state.position
                    state.feed_token(token)
                    self._last, self._before_last = token, before
                return self._end()
            except UnexpectedInput as error:
                token = getattr(error, "token", None)
                at_end = token is not None and token.type == "$END"
                start = len(self._scanned.text) if at_end or error.pos_in_stream is None else error.pos_in_stream
                if not self._recover(start):
                    return self._end_by_force()

    def _end(self) -> Block:
        piece: Piece = self._state.feed_token(self._zero_width("$END"), is_end=True)
        block: Block = piece.value
        return block

    def _end_by_force(self) -> Block:
        """Close what is open, so that everything that was read is in the tree."""
        while not self._accepts(self._state.state_stack, "$END"):
            depth = self._statement_depth()
            self._cut_back(depth)
            if depth > 0 and self._accepts(self._state.state_stack, "RBRACE"):
                self._state.feed_token(self._zero_width("RBRACE"))
        return self._end()

    def _zero_width(self, kind: str) -> "Token":
        end = self._last_end()
        return self._token_class(kind, "", start_pos=end, end_pos=end)

    def _last_end(self) -> int:
        return 0 if self._last is None or self._last.end_pos is None else self._last.end_pos

    # --- after an error -------------------------------------------------------------------------------------------

    def _recover(self, offset: int) -> bool:
        """Report the error at `offset` and find a place to go on; False if there is none."""
        start, end = self._scanned.lexeme(offset)
        situation = self._situation(start, end)
        if not self._scanned.was_reported(self._last_end(), max(end, self._last_end() + 1)):
            self._error_count += 1
            self._diagnostics.add(explain(situation))
            if self._error_count >= SYNTAX_ERROR_COUNT_MAX:
                return False
        if situation.word in FILE_KEYWORDS and situation.in_body and situation.word != "component":
            self._close_blocks()
            if self._resume(start, situation.word.upper()):
                return True
        return self._skip(situation.start, start)

    def _situation(self, start: int, end: int) -> Situation:
        """What `explain` needs to know about the error at the lexeme from `start` to `end`."""
        text = self._scanned.text
        statement_depth = self._statement_depth()
        braces = [value for value in self._state.value_stack if getattr(value, "type", "") == "LBRACE"]
        last = self._last
        swallowed = (
            last is not None
            and last.type == "NAME"
            and str(last) in BODY_KEYWORDS | FILE_KEYWORDS
            and start > self._last_end()
            and text[start:end].isidentifier()
            and self._is_statement_at(last.start_pos or 0)
        )
        if swallowed and last is not None:
            start, end = last.start_pos or 0, last.end_pos or 0
            accepted = frozenset(name for name in self._table[self._before_last] if name.isupper())
        else:
            stack = self._state.state_stack
            names = [name for name in self._table[stack[-1]] if name.isupper() or name == "$END"]
            accepted = frozenset(name for name in names if self._accepts(stack, name))
        return Situation(
            source=self._source,
            scanned=self._scanned,
            start=start,
            end=end,
            accepted=accepted,
            last=self._last,
            at_statement=statement_depth == len(self._state.state_stack) - 1,
            in_body=bool(braces),
            brace=braces[-1] if braces else None,
        )

    def _skip(self, from_offset: int, error_offset: int) -> bool:
        """Drop the statement at fault and go on at the next statement or closing brace."""
        text = self._scanned.text
        depth = self._statement_depth()
        dropped = self._state.value_stack[depth:]
        # Braces of the dropped statement that wait for their end, and braces met on the way.
        waiting = sum(getattr(value, "type", "") == "LBRACE" for value in dropped)
        inner = 0
        self._cut_back(depth)
        offset = from_offset
        while True:
            start, end = self._scanned.lexeme(offset)
            if start >= len(text):
                return self._resume(start, "$END")
            lexeme = text[start:end]
            if lexeme == "{":
                inner += 1
            elif lexeme == "}" and inner > 0:
                inner -= 1
            elif lexeme == "}" and waiting > 0:
                waiting -= 1
            elif lexeme == "}" and self._resume(start, "RBRACE"):
                return True
            elif inner == 0 and (start >= error_offset or start == from_offset) and self._is_statement_at(start):
                if self._resume(start, lexeme.upper()):
                    return True
            offset = max(end, start + 1)

    def _is_statement_at(self, start: int) -> bool:
        """Whether a statement's keyword stands at `start`, with what must follow it."""
        text = self._scanned.text
        word_start, word_end = self._scanned.lexeme(start)
        word = text[word_start:word_end]
        if word not in BODY_KEYWORDS and word not in FILE_KEYWORDS:
            return False
        next_start, next_end = self._scanned.lexeme(word_end)
        following = text[next_start:next_end]
        if word in ("needs", "link", "import", "tick"):
            return following[:1].isalnum() or following[:1] == "_"
        after_start, after_end = self._scanned.lexeme(next_end)
        after = text[after_start:after_end]
        if not following.isidentifier() or following in CLAUSE_KEYWORDS and after not in ("{", ":", "=", "("):
            return False
        return word != "fault" or after in (":", "{") or after.startswith('"') or after.isidentifier()

    def _resume(self, offset: int, terminal: str) -> bool:
        """Let the lexer go on at `offset`, if the parser can take the terminal there."""
        if not self._accepts(self._state.state_stack, terminal):
            return terminal == "$END" and False
        self._lexer.state.line_ctr.char_pos = offset
        return True

    def _close_blocks(self) -> None:
        """End every open block, as if its braces had been closed."""
        while not self._accepts(self._state.state_stack, "$END"):
            self._cut_back(self._statement_depth())
            self._state.feed_token(self._zero_width("RBRACE"))

    # --- the parser's stack ---------------------------------------------------------------------------------------

    def _statement_depth(self) -> int:
        """The length of the longest part of the stack that ends with whole statements."""
        values = self._state.value_stack
        for depth in range(len(values), 0, -1):
            value = values[depth - 1]
            if isinstance(value, Piece) and isinstance(value.value, Block):
                return depth
            if getattr(value, "type", "") == "LBRACE" and self._accepts(self._state.state_stack[: depth + 1], "PARAM"):
                return depth
        return 0

    def _cut_back(self, depth: int) -> None:
        """Forget what stands above `depth` values of the stack."""
        del self._state.value_stack[depth:]
        del self._state.state_stack[depth + 1 :]

    def _accepts(self, stack: list[int], terminal: str) -> bool:
        """Whether the parser with `stack` can take `terminal`: its reductions played without their actions."""
        from lark.parsers.lalr_analysis import Shift

        kept, pushed = len(stack), list[int]()
        while True:
            state = pushed[-1] if pushed else stack[kept - 1]
            entry = self._table[state].get(terminal)
            if entry is None:
                return False
            action, argument = entry
            if action is Shift:
                return True
            size = len(argument.expansion)
            over = max(size - len(pushed), 0)
            del pushed[len(pushed) - min(size, len(pushed)) :]
            kept -= over
            state = pushed[-1] if pushed else stack[kept - 1]
            target = self._table[state][argument.origin.name][1]
            if terminal == "$END" and argument.origin.name == "start":
                return True
            pushed.append(target)
