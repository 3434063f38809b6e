"""Text -> syntax tree: what the rules for expressions make.

The parser calls the method that bears the rule's name, bottom up, with everything that the rule matched (tokens
included). A method returns a `Piece`. Nothing here recurses, so no text can exhaust the stack; and an expression
deeper than `EXPRESSION_DEPTH_MAX` is cut off with CF006, so the later stages may recurse.
"""

from collections.abc import Sequence
from typing import Any

from cascade.diagnostics.diagnostic import Diagnostic, Diagnostics
from cascade.source import SourceFile, Span
from cascade.syntax import errors, tree
from cascade.syntax.pieces import Piece

# Deeper expressions are refused: the later stages recurse a few frames a level, and Python allows 1,000 frames.
EXPRESSION_DEPTH_MAX = 150
# A longer chain of one associative operator becomes a balanced tree, so that it stays shallow.
LEFT_DEEP_CHAIN_MAX = 32
# Numbers and durations (in milliseconds) stay below this: the engines count in 64 bits.
NUMBER_MAX = 2**62
NUMBER_DIGITS_MAX = 19

# More errors of this stage say nothing new about a file.
REPORT_COUNT_MAX = 20

UNIT_MILLISECONDS = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}

# What a rule matched: tokens, pieces, and None for an optional part that is absent.
Children = list[Any]


def pieces_of(children: Children) -> list[Piece]:
    """Those children that are pieces."""
    return [child for child in children if isinstance(child, Piece)]


def values_of(children: Children) -> tuple[Any, ...]:
    """The values of those children that are pieces."""
    return tuple(child.value for child in children if isinstance(child, Piece))


class ExpressionBuilder:
    """The actions of the rules for expressions. `begin` says what they work for; one text at a time."""

    def __init__(self) -> None:
        self.begin(SourceFile("", ""), Diagnostics())

    def begin(self, source: SourceFile, diagnostics: Diagnostics) -> None:
        """Build nodes of `source` from here on and report to `diagnostics`."""
        self._source = source
        self._diagnostics = diagnostics
        self._report_count = 0
        self._nested_too_deeply = False

    # --- tools --------------------------------------------------------------------------------------------------

    def span_of(self, children: Children) -> Span:
        """From the start of the first to the end of the last thing that was matched."""
        last = children[-1]
        if last is None:
            last = next(child for child in reversed(children) if child is not None)
        return Span(self._source, children[0].start_pos, last.end_pos)

    def report(self, diagnostic: Diagnostic) -> None:
        """Say something about the text, unless enough was said."""
        self._report_count += 1
        if self._report_count <= REPORT_COUNT_MAX:
            self._diagnostics.add(diagnostic)

    def identifier(self, token: Any) -> tree.Identifier:
        """A token, or the piece that holds one, as a declared name."""
        return tree.Identifier(text=_text_of(token), span=Span(self._source, token.start_pos, token.end_pos))

    def made(self, node: Any, depth: int = 0) -> Piece:
        """`node` as a piece."""
        return Piece(node, node.span.start, node.span.end, depth)

    def nested(self, node: Any, parts: Sequence[Piece]) -> Piece:
        """`node`, one level above its deepest part, unless that is too deep."""
        return self._bounded(Piece(node, node.span.start, node.span.end, 1 + max(part.depth for part in parts)))

    def _bounded(self, piece: Piece) -> Piece:
        if piece.depth <= EXPRESSION_DEPTH_MAX:
            return piece
        span = Span(self._source, piece.start_pos, piece.end_pos)
        if not self._nested_too_deeply:  # what encloses it is too deep again and again
            self._nested_too_deeply = True
            self.report(errors.nested_too_deeply(span, "expression", EXPRESSION_DEPTH_MAX))
        return Piece(tree.Integer(value=0, span=span), piece.start_pos, piece.end_pos)

    def _number(self, digits: str, unit: int, span: Span) -> int:
        """`digits` times `unit`; 0 and an error when that is out of bounds."""
        if len(digits) <= NUMBER_DIGITS_MAX:
            value = int(digits) * unit
            if value < NUMBER_MAX:
                return value
        self.report(errors.number_too_large(span))
        return 0

    # --- literals and names ---------------------------------------------------------------------------------------

    def integer(self, c: Children) -> Piece:
        span = self.span_of(c)
        return self.made(tree.Integer(value=self._number(str(c[0]), 1, span), span=span))

    def duration(self, c: Children) -> Piece:
        span, text = self.span_of(c), str(c[0])
        digits = text.rstrip("abcdefghijklmnopqrstuvwxyz")
        milliseconds = self._number(digits, UNIT_MILLISECONDS[text[len(digits) :]], span)
        return self.made(tree.Duration(milliseconds=milliseconds, span=span))

    def percentage(self, c: Children) -> Piece:
        span = self.span_of(c)
        return self.made(tree.Percentage(value=self._number(str(c[0])[:-1], 1, span), span=span))

    def boolean(self, c: Children) -> Piece:
        return self.made(tree.Boolean(value=c[0] == "true", span=self.span_of(c)))

    def name(self, c: Children) -> Piece:
        return self.made(tree.Name(text=str(c[0]), span=self.span_of(c)))

    def word(self, c: Children) -> Piece:
        return Piece(str(c[0]), c[0].start_pos, c[0].end_pos)

    def callee(self, c: Children) -> Piece:
        only: Piece = c[0]
        return only

    # --- what is built from others --------------------------------------------------------------------------------

    def attribute(self, c: Children) -> Piece:
        base, _, word = c
        node = tree.Attribute(base=base.value, name=self.identifier(word), span=self.span_of(c))
        return self.nested(node, [base])

    def index(self, c: Children) -> Piece:
        base, _, index, _ = c
        node = tree.Index(base=base.value, index=index.value, span=self.span_of(c))
        return self.nested(node, [base, index])

    def parenthesis(self, c: Children) -> Piece:
        """The same value; its parent starts and ends at the parentheses."""
        return self._bounded(Piece(c[1].value, c[0].start_pos, c[2].end_pos, c[1].depth + 1))

    def call(self, c: Children) -> Piece:
        function = c[0] if isinstance(c[0], Piece) else self.name([c[0]])
        args: list[Piece] = c[1].value
        node = tree.Call(function=function.value, args=values_of(list(args)), span=self.span_of(c))
        return self.nested(node, [function, *args])

    def call_arguments(self, c: Children) -> Piece:
        return Piece(pieces_of(c), c[0].start_pos, c[-1].end_pos)

    def quantifier(self, c: Children) -> Piece:
        operator, _, variable, _, group, _, body, _ = c
        node = tree.Quantifier(
            operator=str(operator),
            variable=self.identifier(variable),
            group=group.value,
            body=body.value,
            span=self.span_of(c),
        )
        return self.nested(node, [group, body])

    def conditional(self, c: Children) -> Piece:
        _, condition, _, then, _, otherwise = c
        node = tree.Conditional(
            condition=condition.value, then=then.value, otherwise=otherwise.value, span=self.span_of(c)
        )
        return self.nested(node, [condition, then, otherwise])

    def unary(self, c: Children) -> Piece:
        operator, operand = c
        node = tree.Unary(operator=str(operator), operand=operand.value, span=self.span_of(c))
        return self.nested(node, [operand])

    def chain(self, c: Children) -> Piece:
        """`a op b op c`: to the left; balanced if it is long and its one operator is associative."""
        operands: list[Piece] = c[::2]
        operators = [str(token) for token in c[1::2]]
        if len(operators) > LEFT_DEEP_CHAIN_MAX and operators[0] in ("or", "and", "+") and len(set(operators)) == 1:
            return self._balanced(operators[0], operands)
        result = operands[0]
        for operator, operand in zip(operators, operands[1:], strict=True):
            result = self._binary(operator, result, operand)
        return result

    def _binary(self, operator: str, left: Piece, right: Piece) -> Piece:
        span = Span(self._source, left.start_pos, right.end_pos)
        node = tree.Binary(operator=operator, left=left.value, right=right.value, span=span)
        return self.nested(node, [left, right])

    def _balanced(self, operator: str, operands: list[Piece]) -> Piece:
        """A tree of logarithmic depth over `operands` in their order."""
        layer = operands
        while len(layer) > 1:
            joined = [self._binary(operator, layer[i], layer[i + 1]) for i in range(0, len(layer) - 1, 2)]
            layer = joined + layer[2 * len(joined) :]
        return layer[0]


def _text_of(token: Any) -> str:
    return token.value if isinstance(token, Piece) else str(token)
