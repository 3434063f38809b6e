"""Finds `cascade.lark` and makes the parser of it, once a process."""

import threading
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from cascade.syntax.build import Builder

if TYPE_CHECKING:
    from lark import Lark

GRAMMAR_FILE = "cascade.lark"


def grammar_text() -> str:
    """The grammar: the copy in an installed package, else the one in the checkout."""
    installed = resources.files("cascade.syntax") / GRAMMAR_FILE
    if installed.is_file():
        return installed.read_text(encoding="utf-8")
    checkout = Path(__file__).resolve().parents[2] / "grammar" / GRAMMAR_FILE
    return checkout.read_text(encoding="utf-8")


class Parser:
    """The tables made from the grammar, and the builder that is bound to them. `lock` guards the builder."""

    def __init__(self) -> None:
        # Late, because importing lark takes as long as everything else that `--help` does.
        from lark import Lark

        self.lock = threading.Lock()
        self.builder = Builder()
        self.lark: Lark = Lark(
            grammar_text(),
            parser="lalr",
            lexer="contextual",
            transformer=self.builder,
            keep_all_tokens=True,
            maybe_placeholders=True,
        )


@cache
def parser() -> Parser:
    """The parser of this process."""
    return Parser()
