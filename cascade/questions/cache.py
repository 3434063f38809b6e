"""Answers that were found before: kept in files, by the content of the question and of the tool.

Only what is definite is kept: a run, or that there is none. A limit never has a say in that, so limits are no part of the key; the engine is, and everything that
could make it answer otherwise: its version, the text of all its modules, and the versions of what it is built on. A run is kept as an engine claims it, and is
replayed before it counts, as always.

What is read is trusted as little as possible: an entry has a checksum and is of one known form, or it is none; a folder that others could write to is not
used at all. Entries are replaced as a whole, so that processes may share a folder.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache as once
from pathlib import Path
from typing import Any

from cascade import __version__
from cascade.core.digest import digest
from cascade.core.model import CoreModel
from cascade.core.queries import Query
from cascade.files import read_own, why_not_trusted, write_atomically
from cascade.records import dataclass
from cascade.verdicts.answer import Exhausted, Found, Proof, ProofKind, Statistics
from cascade.verdicts.run import CandidateRun

FORMAT = 1
ENTRY_BYTES_MAX = 16 * 1024 * 1024
ENTRY_DAYS_MAX = 60
"""Entries that nobody asked for in so many days are taken away."""

_DAY_SECONDS = 86_400
_BUILT_ON = ("numba", "llvmlite", "numpy", "z3-solver")
_PRUNED = "pruned"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """A folder of answers."""

    folder: str

    def get(self, model: CoreModel, query: Query, engine: str) -> Found | Exhausted | None:
        """What was found before; None if nothing was, or nothing that can be trusted."""
        key = _key(model, query, engine)
        started = time.monotonic()
        payload = _read(self._path(key), key)
        if payload is None:
            return None
        try:
            return _answer(payload, time.monotonic() - started)
        except (KeyError, TypeError, ValueError):
            return None

    def put(self, model: CoreModel, query: Query, engine: str, answer: Found | Exhausted) -> None:
        """Keep an answer that is confirmed. What cannot be written is not kept."""
        key = _key(model, query, engine)
        payload = _payload(answer)
        data = json.dumps({"key": key, "checksum": _checksum(key, payload), "payload": payload}).encode("ascii")
        if len(data) > ENTRY_BYTES_MAX:
            return
        path = self._path(key)
        with suppress(OSError):
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            write_atomically(path, data, mode=0o600, is_own=True)

    def _path(self, key: str) -> str:
        return os.path.join(self.folder, key[:2], f"{key}.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A cache that can be used, or why there is none."""

    cache: Cache | None
    problem: str = ""


def open_cache(folder: str | None = None) -> Opened:
    """The cache in `folder`, else in the user's cache directory. Makes the folder; one that others can write to is not used."""
    place = os.path.join(os.path.abspath(folder or default_folder()), f"verdicts-{FORMAT}")
    try:
        os.makedirs(place, mode=0o700, exist_ok=True)
        problem = why_not_trusted(place)
    except OSError as error:
        problem = (error.strerror or str(error)).lower()
    if problem:
        return Opened(cache=None, problem=f"{place}: {problem}")
    with suppress(OSError):
        _prune(place)
    return Opened(cache=Cache(folder=place))


def default_folder() -> str:
    """Where the user's caches are, by the conventions of the platform; CASCADE_CACHE_DIR says otherwise."""
    own = os.environ.get("CASCADE_CACHE_DIR")
    if own:
        return own
    if sys.platform == "darwin":
        return os.path.expanduser("~/Library/Caches/cascade")
    if os.name == "nt":
        return os.path.join(os.environ.get("LOCALAPPDATA") or os.path.expanduser("~"), "cascade", "Cache")
    base = os.environ.get("XDG_CACHE_HOME", "")
    return os.path.join(base if os.path.isabs(base) else os.path.expanduser("~/.cache"), "cascade")


# --- keys ---


def _key(model: CoreModel, query: Query, engine: str) -> str:
    return hashlib.sha256("\0".join((engine, tool_digest(), digest(model, query))).encode("utf-8")).hexdigest()


@once
def tool_digest() -> str:
    """What could make this tool answer otherwise: its version and text, the interpreter, and the packages that it is built on."""
    from importlib import metadata  # late: it reads mail headers, and takes as long as a small check

    hasher = hashlib.sha256(f"{FORMAT} {__version__} {sys.version} {os.uname().machine}\0".encode())
    for name in _BUILT_ON:
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            version = ""
        hasher.update(f"{name} {version}\0".encode())
    root = Path(__file__).resolve().parents[1]
    for path in sorted(root.rglob("*.py")):
        data = path.read_bytes()
        hasher.update(f"{path.relative_to(root).as_posix()} {len(data)}\0".encode("utf-8", "surrogateescape"))
        hasher.update(data)
    return hasher.hexdigest()


# --- entries ---


def _checksum(key: str, payload: Json) -> str:
    return hashlib.sha256(f"{key} {json.dumps(payload, sort_keys=True)}".encode()).hexdigest()


def _read(path: str, key: str) -> Json | None:
    """The payload of a sound entry that is ours."""
    data = read_own(path, ENTRY_BYTES_MAX)
    if data is None:
        return None
    try:
        entry = json.loads(data)
        payload: Json = entry["payload"]
        if entry["key"] != key or entry["checksum"] != _checksum(key, payload):
            return None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    with suppress(OSError):
        if time.time() - os.stat(path).st_mtime > _DAY_SECONDS:
            os.utime(path)  # it is still asked for
    return payload


def _payload(answer: Found | Exhausted) -> Json:
    statistics = answer.statistics
    payload: Json = {
        "states": statistics.state_count,
        "transitions": statistics.transition_count,
        "seconds": statistics.seconds,
        "counted": statistics.counted,
    }
    match answer:
        case Found(run=run):
            payload["run"] = {"initial": list(run.initial), "steps": list(run.steps), "loop_start": run.loop_start}
        case Exhausted(proof=None):
            payload["proof"] = None
        case Exhausted(proof=Proof() as proof):
            payload["proof"] = {
                "kind": proof.kind.name,
                "k": proof.k,
                "invariant": list(proof.invariant),
                "bound": proof.bound,
            }
    return payload


def _answer(payload: Json, seconds: float) -> Found | Exhausted:
    """The answer that an entry holds; raises where it has another form."""
    statistics = Statistics(
        state_count=_number(payload["states"]),
        transition_count=_number(payload["transitions"]),
        seconds=seconds,
        counted=str(payload["counted"]),
        details=(("cache", f"answered before, in {float(payload['seconds']):.2f} s"),),
        is_cached=True,
    )
    if "run" in payload:
        run = payload["run"]
        loop_start = run["loop_start"]
        candidate = CandidateRun(
            initial=tuple(map(_number, run["initial"])),
            steps=tuple(map(_number, run["steps"])),
            loop_start=None if loop_start is None else _number(loop_start),
        )
        return Found(run=candidate, statistics=statistics)
    proof = payload["proof"]
    if proof is None:
        return Exhausted(statistics=statistics)
    known = Proof(
        kind=ProofKind[proof["kind"]],
        k=_number(proof["k"]),
        invariant=tuple(str(line) for line in proof["invariant"]),
        bound=str(proof["bound"]),
    )
    return Exhausted(statistics=statistics, proof=known)


def _number(value: Any) -> int:
    if type(value) is not int:
        raise TypeError("a number is expected")
    return value


# --- what is old ---


def _prune(folder: str) -> None:
    """Once a day: take away what nobody asked for in a long time, and what was left half written."""
    mark = os.path.join(folder, _PRUNED)
    now = time.time()
    with suppress(FileNotFoundError):
        if now - os.stat(mark).st_mtime < _DAY_SECONDS:
            return
    write_atomically(mark, b"", mode=0o600, is_own=True)
    for path in _entries(folder):
        with suppress(OSError):
            age = now - os.lstat(path).st_mtime
            if age > ENTRY_DAYS_MAX * _DAY_SECONDS or (path.endswith(".tmp") and age > _DAY_SECONDS):
                os.unlink(path)


def _entries(folder: str) -> Iterator[str]:
    for name in os.listdir(folder):
        part = os.path.join(folder, name)
        if len(name) == 2 and os.path.isdir(part) and not os.path.islink(part):
            yield from (os.path.join(part, entry) for entry in os.listdir(part))
