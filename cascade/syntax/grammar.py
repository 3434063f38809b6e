"""Finds `cascade.lark` and makes the parser of it, once a process.

Computing the LALR tables takes a quarter of a second, reading them back a hundredth of that: they are kept as JSON in
the user's cache directory, under the digest of everything that they depend on. Wrong tables would read another spec than the
one that is written: what does not match its own digest, or could be somebody else's, is made again.
"""

import hashlib
import json
import os
import threading
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from cascade.files import read_own, why_not_trusted, write_atomically
from cascade.syntax import tables
from cascade.syntax.build import Builder
from cascade.syntax.driver import Driver
from cascade.syntax.tables import Tables, make_tables

GRAMMAR_FILE = "cascade.lark"
# Set to the absolute path of a directory to keep the tables there, to nothing to keep them nowhere.
CACHE_VARIABLE = "CASCADE_CACHE_DIR"
TABLES_BYTES_MAX = 16 * 1024 * 1024
_DIGEST_SIZE = hashlib.sha256().digest_size


def grammar_text() -> str:
    """The grammar: the copy in an installed package, else the one in the checkout."""
    installed = Path(__file__).with_name(GRAMMAR_FILE)
    if installed.is_file():
        return installed.read_text(encoding="utf-8")
    checkout = Path(__file__).resolve().parents[2] / "grammar" / GRAMMAR_FILE
    return checkout.read_text(encoding="utf-8")


class Parser:
    """The tables made from the grammar, bound to the builder. `lock` guards the builder."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.builder = Builder()
        self.driver = _read_tables(self.builder) or Driver(_make_tables(), self.builder)


@cache
def parser() -> Parser:
    """The parser of this process."""
    return Parser()


def _make_tables() -> Tables:
    """From the grammar; keeps the tables for the next process."""
    made = make_tables(grammar_text())
    path = _cache_path()
    if path is not None:
        # No cache is no harm, and a reader never sees half a file.
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            content = json.dumps(made.as_json(), separators=(",", ":")).encode("utf-8")
            write_atomically(str(path), _with_digest(content), mode=0o600, is_own=True)
    return made


def _read_tables(builder: Builder) -> Driver | None:
    """From the cache; None if it has none, or none that can be read."""
    path = _cache_path()
    content = None if path is None else _sound(path)
    if content is None:
        return None
    try:
        return Driver(Tables.from_json(json.loads(content)), builder)
    except Exception:  # noqa: BLE001 - a file of another form, whatever comes of it, is no cache
        return None


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


@cache
def _cache_path() -> Path | None:
    """Where the tables that this lark makes of this grammar are kept; the version of lark is read, since importing lark takes longer than all else here."""
    folder = os.environ.get(CACHE_VARIABLE)
    if folder is None:
        folder = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "cascade")
    if not os.path.isabs(folder):  # switched off, or a user without a home
        return None
    found = find_spec("lark")
    makers = [Path(path) for path in (tables.__file__, found and found.origin) if path]
    digest = hashlib.sha256(b"\n".join([*(path.read_bytes() for path in makers), grammar_text().encode()])).hexdigest()
    return Path(folder) / f"grammar-{digest[:32]}.tables"
