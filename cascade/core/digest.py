"""Core model and query → a digest of all that has a say in the answer: for the cache of verdicts.

Two questions with one digest have one answer. Places and descriptions have no part in it, names have: proofs are told in them. A field that is added to
the model is part of the digest without being mentioned here.
"""

import dataclasses
import enum
import hashlib
from collections.abc import Iterator
from itertools import chain
from typing import Any

from cascade.core.model import CoreModel
from cascade.core.queries import Query

DISPLAY_FIELDS = frozenset({"span", "spans", "text"})
"""What is shown and never looked at by an engine. Fields that do not compare are left out as well."""


def digest(model: CoreModel, query: Query) -> str:
    """The digest, in hexadecimal."""
    hasher = hashlib.sha256()
    for part in chain(_parts(model), _parts(query)):
        hasher.update(part)
    return hasher.hexdigest()


def _parts(value: Any) -> Iterator[bytes]:
    """The value as bytes that no other value has: each kind has a mark, and what is of no fixed length has its length."""
    if value is None or isinstance(value, bool):
        yield f"{value};".encode()
    elif isinstance(value, enum.Enum):
        yield f"{type(value).__name__}.{value.name};".encode()
    elif isinstance(value, int):
        yield f"{value};".encode()
    elif isinstance(value, str):
        data = value.encode("utf-8", "surrogatepass")
        yield f"s{len(data)}:".encode() + data
    elif isinstance(value, tuple):
        yield from _of_tuple(value)
    elif isinstance(value, frozenset):
        yield f"f{len(value)}:".encode()
        yield from sorted(b"".join(_parts(item)) for item in value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield f"{type(value).__name__}(".encode()
        for field in dataclasses.fields(value):
            if field.compare and field.name not in DISPLAY_FIELDS:
                yield f"{field.name}=".encode()
                yield from _parts(getattr(value, field.name))
        yield b")"
    else:
        raise TypeError(f"a model holds no {type(value).__name__}")


def _of_tuple(value: tuple[Any, ...]) -> Iterator[bytes]:
    """Long tuples of numbers, and of tuples of numbers, are what expressions are made of: they go through in one piece."""
    yield f"t{len(value)}:".encode()
    kinds = set(map(type, value))
    if kinds == {int} or (kinds == {tuple} and set(map(type, chain.from_iterable(value))) <= {int}):
        yield repr(value).encode()
    else:
        for item in value:
            yield from _parts(item)
