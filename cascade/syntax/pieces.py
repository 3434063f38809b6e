"""What stands on the parser's stack while a tree is built."""

from dataclasses import field
from typing import Any

from cascade.records import dataclass
from cascade.source import Span
from cascade.syntax import tree


@dataclass(slots=True)
class Piece:
    """A value, the offsets of its text, and the depth of the expression in it."""

    value: Any
    start_pos: int
    end_pos: int
    depth: int = 0


@dataclass(slots=True)
class OpenCheck:
    """A check that may still get clauses; `head` has none yet."""

    head: tree.Check
    clauses: list[tree.Clause] = field(default_factory=list)
    expect: str | None = None
    end: int = 0

    def closed(self) -> tree.Check:
        """The check with the clauses so far."""
        head = self.head
        return tree.Check(
            name=head.name,
            text=head.text,
            formula=head.formula,
            clauses=tuple(self.clauses),
            expect=self.expect or "holds",
            span=Span(head.span.source, head.span.start, max(self.end, head.span.end)),
        )


@dataclass(slots=True)
class Block:
    """The statements of a body, or the declarations of a file, while they are read."""

    items: list[Any] = field(default_factory=list)

    def closed(self) -> tuple[Any, ...]:
        """The statements as nodes."""
        return tuple(item.closed() if isinstance(item, OpenCheck) else item for item in self.items)


@dataclass(frozen=True, slots=True)
class Expect:
    """`expect holds`, `expect violated`."""

    verdict: str


@dataclass(frozen=True, slots=True)
class Guard:
    """`when p` of a command."""

    condition: tree.Expr
    span: Span
