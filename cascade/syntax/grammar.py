"""Finds `cascade.lark` and makes the parser of it, once a process.

Computing the LALR tables takes a quarter of a second, reading them back a fifth of that: they are kept as JSON in
the user's cache directory, under the digest of everything that they depend on. Wrong tables would read another spec than the
one that is written: what does not match its own digest, or could be somebody else's, is made again.
"""

import hashlib
import json
import os
import threading
from contextlib import suppress
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cascade.files import read_own, why_not_trusted, write_atomically
from cascade.syntax.build import Builder
from cascade.syntax.feed import Feeder

# lark is imported late, because that takes as long as everything else that `--help` does.
if TYPE_CHECKING:
    import lark

GRAMMAR_FILE = "cascade.lark"
# Set to the absolute path of a directory to keep the tables there, to nothing to keep them nowhere.
CACHE_VARIABLE = "CASCADE_CACHE_DIR"
TABLES_BYTES_MAX = 16 * 1024 * 1024
_DIGEST_SIZE = hashlib.sha256().digest_size


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
        self.lock = threading.Lock()
        self.builder = Builder()
        self.lark: lark.Lark = _read_tables(self.builder) or _make_tables(self.builder)
        self.feeder = Feeder(self.lark, is_shared=_share_scanner(self.lark))


class _SharedScanner:
    """What a state of the parser scans with: the scanner of all terminals, which is compiled once, and its own only where that finds a terminal that the state does not take.

    Both try terminals in the same order, and the state's are some of all: the first match of all is that of the state, if the state takes it. Compiling a
    scanner for each state was half of the time of parsing.
    """

    def __init__(self, lexer: Any, root: Any) -> None:
        self._lexer, self._root = lexer, root
        self._terminals = frozenset(terminal.name for terminal in lexer.terminals)
        self._made: Any = None

    @property
    def _own(self) -> Any:
        if self._made is None:
            self._made = self._lexer._build_scanner()  # noqa: SLF001 - what lark itself would do here
        return self._made

    @property
    def allowed_types(self) -> Any:
        """What the state takes: asked where nothing matches."""
        return self._own.allowed_types

    def match(self, text: Any, position: int) -> Any:
        """The lexeme at `position`, and its terminal; None if there is none."""
        found = self._root.match(text, position)
        return found if found is None or found[1] in self._terminals else self._own.match(text, position)


def _share_scanner(loaded: "lark.Lark") -> bool:
    """Give the states of the parser one scanner. Not (false) if terminals have callbacks, such as words that are keywords in some states only."""
    contextual: Any = loaded.parser.lexer
    root = contextual.root_lexer.scanner
    if contextual.root_lexer.callback:
        return False
    for lexer in set(contextual.lexers.values()):
        lexer.callback, lexer._scanner = {}, _SharedScanner(lexer, root)  # noqa: SLF001
    return True


@cache
def parser() -> Parser:
    """The parser of this process."""
    return Parser()


def _make_tables(builder: Builder) -> "lark.Lark":
    """From the grammar; keeps the tables for the next process."""
    import lark

    made = lark.Lark(
        grammar_text(),
        parser="lalr",
        lexer="contextual",
        transformer=builder,
        keep_all_tokens=True,
        maybe_placeholders=True,
    )
    path = _cache_path()
    if path is not None:
        data, memo = made.memo_serialize([lark.lexer.TerminalDef, lark.grammar.Rule])
        del data["options"]["transformer"]
        # No cache is no harm, and a reader never sees half a file.
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomically(str(path), _with_digest(json.dumps([data, memo]).encode("utf-8")), mode=0o600, is_own=True)
    return made


def _read_tables(builder: Builder) -> "lark.Lark | None":
    """From the cache; None if it has none, or none that can be read."""
    import lark

    path = _cache_path()
    if path is None:
        return None
    content = _sound(path)
    if content is None:
        return None
    try:
        data, memo = json.loads(content, object_hook=_with_integer_keys)
        # The door that lark's own generator of stand-alone parsers uses.
        load: Any = lark.Lark._load_from_dict  # noqa: SLF001
        loaded: lark.Lark = load(data, memo, transformer=builder)
    except Exception:  # noqa: BLE001 - a file of another form, whatever lark makes of it, is no cache
        return None
    return loaded


def _with_digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest() + content


def _sound(path: Path) -> bytes | None:
    """What `_make_tables` wrote; None if there is no such file, it was damaged, or others could have written it."""
    with suppress(OSError):
        if why_not_trusted(str(path.parent)):
            return None
        data = read_own(str(path), TABLES_BYTES_MAX)
        if data is not None and _with_digest(data[_DIGEST_SIZE:]) == data:
            return data[_DIGEST_SIZE:]
    return None


def _with_integer_keys(pairs: dict[str, Any]) -> dict[Any, Any]:
    """JSON has no integers as keys, the tables have: of a dictionary either all keys or none."""
    is_numbered = next(iter(pairs), "").isdigit()
    return {int(key): value for key, value in pairs.items()} if is_numbered else pairs


@cache
def _cache_path() -> Path | None:
    """Where the tables of this grammar and this lark are kept."""
    import lark

    folder = os.environ.get(CACHE_VARIABLE)
    if folder is None:
        folder = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "cascade")
    if not os.path.isabs(folder):  # switched off, or a user without a home
        return None
    digest = hashlib.sha256(f"{lark.__version__}\n{grammar_text()}".encode()).hexdigest()
    return Path(folder) / f"grammar-{digest[:32]}.tables"
