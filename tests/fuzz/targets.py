"""What is fed with hostile bytes, and what each must do with them: answer or refuse, and never raise.

A target takes any bytes and raises only where cascade has a bug. The same functions serve the long campaign (`python -m tests.fuzz`) and the short tests.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from cascade.certificates.checker import HEADER, unseal, verify
from cascade.certificates.machine import Rejected
from cascade.checked.elaborate import elaborate_cases
from cascade.core.digest import digest
from cascade.core.lower import lower
from cascade.core.model import CoreModel
from cascade.core.queries import Query
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.engines.native import library
from cascade.engines.packed.checkpoint import Checkpoint
from cascade.questions import cache as caching
from cascade.questions.cache import Cache
from cascade.source import SourceFile
from cascade.syntax import grammar
from cascade.syntax.build import Builder
from cascade.syntax.imports import load_source
from tests.malformed.survival import assert_sound

CHECKS_MAX = 3

SMALL = """\
system s {
  state x: 0..1 = 0
  event e when x == 0 { x = 1 }
  check c: never x == 1
}
"""


def spec(data: bytes) -> None:
    """Parser, elaborator and lowering."""
    diagnostics = Diagnostics()
    loaded = load_source(SourceFile("spec.cf", data.decode("utf-8", errors="replace")), diagnostics)
    systems = None if diagnostics.errors else elaborate_cases(loaded, diagnostics)
    for item in diagnostics.items:
        assert_sound(item)
    for system in (systems or ())[:2]:
        for check in system.checks[:CHECKS_MAX]:
            digest(*lower(system, check))


def _small() -> tuple[CoreModel, Query]:
    diagnostics = Diagnostics()
    systems = elaborate_cases(load_source(SourceFile("spec.cf", SMALL), diagnostics), diagnostics)
    assert systems is not None
    return lower(systems[0], systems[0].checks[0])


class _Readers:
    """The readers of what is kept between runs. Each gets the bytes as a file, and once more with the checksum that makes them count."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cascade-fuzz-"))
        self.model, self.query = _small()
        self.cache = Cache(folder=str(self.folder))
        self.key = caching._key(self.model, self.query, "python")
        self.words = np.arange(4, dtype=np.uint64)

    def verdict(self, data: bytes) -> None:
        """An entry of the cache of verdicts."""
        path = Path(self.cache._path(self.key))
        path.parent.mkdir(exist_ok=True)
        for content in (data, self._signed(data)):
            path.write_bytes(content)
            path.chmod(0o600)
            self.cache.get(self.model, self.query, "python")

    def _signed(self, data: bytes) -> bytes:
        try:
            payload = json.loads(data)
            checksum = caching._checksum(self.key, payload)
            return json.dumps({"key": self.key, "checksum": checksum, "payload": payload}).encode()
        except (ValueError, RecursionError):
            return data

    def kernels(self, data: bytes) -> None:
        """A library of machine code; it is read, never run."""
        path = self.folder / "x.kernels"
        for content in (data, hashlib.sha256(data).digest() + data):
            path.write_bytes(content)
            library._read(path)

    def tables(self, data: bytes) -> None:
        """The tables of the parser."""
        path = self.folder / "grammar.json"
        old, grammar._cache_path = grammar._cache_path, lambda: path
        try:
            for content in (data, grammar._with_digest(data)):
                path.write_bytes(content)
                grammar._read_tables(Builder())
        finally:
            grammar._cache_path = old

    def certificate(self, data: bytes) -> None:
        """A certificate, which anybody may hand over."""
        for content in (data, HEADER + hashlib.sha256(data).hexdigest().encode() + b"\n" + data):
            with suppress(Rejected):
                verify(unseal(content))

    def checkpoint(self, data: bytes) -> None:
        """Where a search stands."""
        checkpoint = Checkpoint(self.folder, self.words, self.words.astype(np.uint32), [])
        try:
            where = checkpoint._folder
            (where / "log").write_bytes(data[:64])
            (where / "waiting-1").write_bytes(data[:64])
            for content in (data, hashlib.sha256(data).hexdigest().encode() + b"\n" + data):
                (where / "manifest.json").write_bytes(content)
                checkpoint.load()
        finally:
            checkpoint.close()


def stored(data: bytes) -> None:
    """What the first byte chooses of the readers."""
    readers = _readers()
    which = [readers.verdict, readers.kernels, readers.tables, readers.checkpoint, readers.certificate]
    which[data[0] % len(which) if data else 0](data[1:])


def _readers() -> _Readers:
    if not _made:
        _made.append(_Readers())
    return _made[0]


_made: list[_Readers] = []

TARGETS: dict[str, Callable[[bytes], None]] = {"spec": spec, "stored": stored}
