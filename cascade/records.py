"""The `dataclass` of the standard library, made twenty times faster.

`dataclasses.dataclass` compiles six methods of each class from source text when a module is imported, nearly a millisecond a class: for the classes of a `cascade check` that was
more time than all else that happens before the first state is explored. Here fields are still collected by the standard library, so `fields`, `replace` and `match` work as ever,
and the methods are closures. They are slower to run, so a class of which many objects are made gets the methods of the original after all. Type checkers see the original.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen: bool = False, slots: bool = False, kw_only: bool = False, eq: bool = True) -> Any:
        """As `dataclasses.dataclass`, for classes with slots."""
        assert slots, "what has no slots can have the original"

        def make(cls: type) -> type:
            own = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(cls)
            methods: dict[str, Any] = {"__repr__": _repr}
            if eq:
                methods |= _comparing(own, frozen=frozen)
            if frozen:
                methods |= _FROZEN
            missing = [name for name in methods if name not in cls.__dict__]
            for name in missing:
                setattr(own, name, methods[name])
            own.__init__ = _init(own, lambda: _compile(own, {"__eq__", "__hash__"}.intersection(missing), frozen, eq))
            return own

        return make


OFTEN = 100
"""So many objects of a class make up for compiling its methods."""


def _compile(cls: Any, names: set[str], frozen: bool, eq: bool) -> None:
    """Take `__init__` and what else is named from the same class made by the standard library."""
    fields: list[tuple[str, Any, Any]] = []
    for field in dataclasses.fields(cls):
        options = {name: getattr(field, name) for name in ("init", "compare", "kw_only")}
        for name in ("default", "default_factory"):
            if getattr(field, name) is not dataclasses.MISSING:
                options[name] = getattr(field, name)
        fields.append((field.name, field.type, dataclasses.field(**options)))
    namespace = {"__post_init__": cls.__post_init__} if hasattr(cls, "__post_init__") else {}
    made: Any = dataclasses.make_dataclass(
        cls.__name__, fields, namespace=namespace, frozen=frozen, eq=eq, repr=False, slots=True
    )
    for name in ("__init__", *names):
        setattr(cls, name, getattr(made, name))


def _init(cls: Any, compile_it: Callable[[], None]) -> Any:
    left = OFTEN
    fields = dataclasses.fields(cls)
    setters = {field.name: getattr(cls, field.name).__set__ for field in fields}
    given = frozenset(field.name for field in fields if field.init)
    positional = tuple(field.name for field in fields if field.init and not field.kw_only)
    in_order = tuple(setters[name] for name in positional)
    defaults = {field.name: field.default for field in fields if field.default is not dataclasses.MISSING}
    factories = {
        field.name: field.default_factory for field in fields if field.default_factory is not dataclasses.MISSING
    }
    has_post_init = hasattr(cls, "__post_init__")
    is_bare = given == setters.keys()
    known = given | defaults.keys() | factories.keys()

    def complete(args: tuple[Any, ...], values: dict[str, Any]) -> dict[str, Any]:
        """The values of all fields that get one here."""
        by_place = dict(zip(positional, args, strict=False))
        whole = {**defaults, **by_place, **values}
        for name, make in factories.items():
            if name not in whole:
                whole[name] = make()
        is_twice = len(by_place) != len(args) or not by_place.keys().isdisjoint(values)
        if is_twice or not values.keys() <= given or whole.keys() != known:
            wrong = [*args[len(positional) :], *(by_place.keys() & values), *(values.keys() - given)]
            raise TypeError(f"{cls.__qualname__}() lacks {sorted(known - whole.keys())} and cannot take {wrong}")
        return whole

    def init(self: Any, /, *args: Any, **values: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            compile_it()
        if is_bare and not values and len(args) == len(setters):
            for put, value in zip(in_order, args, strict=True):
                put(self, value)
        else:
            if args or not is_bare or values.keys() != given:
                values = complete(args, values)
            for name in values:
                setters[name](self, values[name])
        if has_post_init:
            self.__post_init__()

    return init


def _repr(self: Any) -> str:
    shown = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{self.__class__.__qualname__}({shown})"


def _few_values(names: list[str], record: Any) -> tuple[Any, ...]:
    """As `attrgetter`, which makes a tuple of two values or more only."""
    return tuple(getattr(record, name) for name in names)


def _comparing(cls: Any, *, frozen: bool) -> dict[str, Any]:
    names = [field.name for field in dataclasses.fields(cls) if field.compare]
    values = attrgetter(*names) if len(names) > 1 else partial(_few_values, names)

    def equal(self: Any, other: Any) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def digest(self: Any) -> int:
        # The same as that of the original: it may take over between two looks into one table.
        return hash(values(self))

    return {"__eq__": equal, "__hash__": digest if frozen else None}


def _refuse_to_set(_self: Any, name: str, _value: Any) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _get_state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _set_state(self: Any, values: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), values, strict=True):
        object.__setattr__(self, field.name, value)


_FROZEN = {
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
    "__getstate__": _get_state,
    "__setstate__": _set_state,
}
