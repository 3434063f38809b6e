"""Checkpoints: where a search stands, in files, so that another process goes on from there.

A folder holds one subfolder for each exploration, under a digest of the image that kernels read (that is all that an exploration depends on). In it: `log`, the roots that
were explored, which only grows; `waiting-N`, the roots that wait; `manifest.json`, which says what of these counts, with a digest of each part. The manifest is
written last and renamed into place, so a process may be killed at any moment. What does not match its digest is no checkpoint.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from typing import IO, Any

import numpy as np

from cascade import __version__
from cascade.engines.native.kernel import SmallWords, Words
from cascade.engines.packed.disk import Cost
from cascade.engines.packed.store import distinct
from cascade.records import dataclass

FORMAT = 2


@dataclass(slots=True, kw_only=True)
class Standing:
    """Where a search stands: the layers so far, how far the last one is expanded, and what was reached beyond it.

    `layers` has a row (faults, ticks, commands, position in the log) for each. `waiting` are states with the cost at which their turn comes: in any order, some of them
    explored before; `waiting_count` is how many at least. `tree` holds what was interned (`cascade.engines.packed.roots`).
    """

    layers: Words
    unexpanded: Words
    waiting: Callable[[], Iterable[tuple[Cost, Words]]]
    waiting_count: int = 0
    tree: Words
    transition_count: int
    blocked_count: int


@dataclass(slots=True)
class _Part:
    """Some words in a file, and their digest."""

    count: int
    digest: str


@dataclass(slots=True)
class _Manifest:
    log: list[_Part] = field(default_factory=list)
    waiting_file: str = ""


def sorted_by_cost(waiting: Iterable[tuple[Cost, Words]]) -> list[tuple[Cost, Words]]:
    """The same with ascending costs, each once."""
    found: dict[Cost, list[Words]] = {}
    for cost, roots in waiting:
        found.setdefault(cost, []).append(roots)
    return [(cost, distinct(np.concatenate(found[cost]))) for cost in sorted(found)]


class Checkpoint:
    """The checkpoint of one exploration: nobody else's while this object lives. Raises `OSError` where files cannot be written, and where another process has it."""

    def __init__(self, folder: Path, code: Words, small: SmallWords, initial: list[int]) -> None:
        text = hashlib.sha256(f"{FORMAT} {__version__} {sorted(initial)}".encode())
        text.update(code.tobytes())
        text.update(small.tobytes())
        self._folder = folder / text.hexdigest()[:32]
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = (self._folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise
        self._manifest = _Manifest()
        self._number = 0
        self.logged = 0

    def close(self) -> None:
        """Let others have it."""
        self._lock.close()

    def remove(self) -> None:
        """The exploration has ended."""
        import shutil

        shutil.rmtree(self._folder, ignore_errors=True)
        self._lock.close()

    # --- writing ---

    def save(self, standing: Standing, new_log: Iterable[Words]) -> None:
        """Write `standing`; `new_log` are the roots that were explored since the last `save` (or `load`)."""
        self._extend_log(new_log)
        self._number += 1
        name = f"waiting-{self._number}"
        parts: list[list[Any]] = []
        with (self._folder / name).open("wb") as file:
            heads = (("layers", standing.layers), ("unexpanded", standing.unexpanded), ("tree", standing.tree))
            for kind, words in (*heads, *standing.waiting()):
                part = _written(file, words)
                parts.append([kind, part.count, part.digest])
            _synced(file)
        text = json.dumps(
            {
                "log": [[part.count, part.digest] for part in self._manifest.log],
                "waiting_file": name,
                "parts": parts,
                "transition_count": standing.transition_count,
                "blocked_count": standing.blocked_count,
            }
        )
        import tempfile

        with tempfile.NamedTemporaryFile("w", encoding="ascii", dir=self._folder, delete=False) as file_of_text:
            file_of_text.write(hashlib.sha256(text.encode()).hexdigest() + "\n" + text)
            file_of_text.flush()
            os.fsync(file_of_text.fileno())
        os.replace(file_of_text.name, self._folder / "manifest.json")
        old, self._manifest.waiting_file = self._manifest.waiting_file, name
        if old:
            with suppress(OSError):
                (self._folder / old).unlink()

    def _extend_log(self, new_log: Iterable[Words]) -> None:
        """What stands behind the parts of the manifest was written by a process that did not come to write its manifest."""
        path = self._folder / "log"
        path.touch()
        with path.open("r+b") as file:
            file.truncate(8 * self.logged)
            file.seek(8 * self.logged)
            for words in new_log:
                self._manifest.log.append(_written(file, words))
                self.logged += len(words)
            _synced(file)

    # --- reading ---

    def load(self) -> tuple[Standing, Iterator[Words]] | None:
        """What was saved, and the log; None if there is nothing, or it was damaged (and then it is gone)."""
        try:
            found = self._loaded()
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError):
            found = None
        if found is None:
            self._manifest, self.logged = _Manifest(), 0
        return found

    def _loaded(self) -> tuple[Standing, Iterator[Words]] | None:
        digest, _, text = (self._folder / "manifest.json").read_text(encoding="ascii").partition("\n")
        if hashlib.sha256(text.encode()).hexdigest() != digest:
            return None
        said = json.loads(text)
        log = [_Part(count, digest) for count, digest in said["log"]]
        with (self._folder / "log").open("rb") as file:
            if not all(_read(file, part) is not None for part in log):
                return None
        heads: dict[str, Words] = {}
        costs: list[tuple[Cost, _Part]] = []
        with (self._folder / said["waiting_file"]).open("rb") as file:
            for kind, count, digest_of_part in said["parts"]:
                words = _read(file, _Part(count, digest_of_part))
                if words is None:
                    return None
                if isinstance(kind, str):
                    heads[kind] = words
                else:
                    costs.append(((kind[0], kind[1], kind[2]), _Part(count, digest_of_part)))
        self._manifest = _Manifest(log, said["waiting_file"])
        self._number = int(said["waiting_file"].removeprefix("waiting-"))
        self.logged = sum(part.count for part in log)
        standing = Standing(
            layers=heads["layers"],
            unexpanded=heads["unexpanded"],
            waiting=lambda: self._waiting(said["waiting_file"], sum(map(len, heads.values())), costs),
            waiting_count=sum(part.count for _, part in costs),
            tree=heads["tree"],
            transition_count=said["transition_count"],
            blocked_count=said["blocked_count"],
        )
        return standing, self._parts("log", 0, log)

    def _waiting(self, name: str, position: int, costs: list[tuple[Cost, _Part]]) -> Iterator[tuple[Cost, Words]]:
        words = self._parts(name, position, [part for _, part in costs])
        return ((cost, roots) for (cost, _), roots in zip(costs, words, strict=True))

    def _parts(self, name: str, position: int, parts: list[_Part]) -> Iterator[Words]:
        """Read one at a time what was looked at a moment ago, since all of it may be more than memory holds."""
        with (self._folder / name).open("rb") as file:
            file.seek(8 * position)
            for part in parts:
                words = _read(file, part)
                assert words is not None, "nobody else writes here"
                yield words


def _written(file: IO[bytes], words: Words) -> _Part:
    data = np.ascontiguousarray(words).data
    file.write(data)
    return _Part(len(words), hashlib.sha256(data).hexdigest())


def _read(file: IO[bytes], part: _Part) -> Words | None:
    if 8 * part.count > os.fstat(file.fileno()).st_size:
        return None  # not even asked for: there may not be so much memory
    data = file.read(8 * part.count)
    if len(data) != 8 * part.count or hashlib.sha256(data).hexdigest() != part.digest:
        return None
    return np.frombuffer(data, dtype=np.uint64)


def _synced(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
