"""Records are what `dataclasses.dataclass` makes of the same classes, in all that anybody sees of them."""

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from cascade import records

Make = Callable[..., Any]


def classes(make: Make) -> dict[str, Any]:
    @make(frozen=True, slots=True, kw_only=True)
    class Point:
        """A point."""

        x: int
        y: int = 2
        note: str = dataclasses.field(default="", compare=False, repr=False)

    @make(frozen=True, slots=True)
    class Pair:
        """By place."""

        a: object
        b: object

    @make(slots=True)
    class Bag:
        """With a list of its own."""

        size: int
        items: list[int] = dataclasses.field(default_factory=list)
        twice: int = dataclasses.field(init=False)
        started: int = dataclasses.field(default=7, init=False)

        def __post_init__(self) -> None:
            self.twice = 2 * self.size

    @make(slots=True, eq=False)
    class Thing:
        """The same as itself only."""

        name: str = "thing"

    @make(frozen=True, slots=True, kw_only=True)
    class Farther(Point):
        """A point in space."""

        z: int

    @make(frozen=True, slots=True)
    class Single:
        """One field."""

        only: int

    @make(frozen=True, slots=True)
    class Nothing:
        """No fields."""

    return {c.__name__: c for c in (Point, Pair, Bag, Thing, Farther, Single, Nothing)}


def often_made() -> dict[str, Any]:
    """The classes, after so many objects were made that their methods are others."""
    made = classes(records.dataclass)
    arguments = {
        "Point": {"x": 1},
        "Pair": {"a": 1, "b": 2},
        "Bag": {"size": 1},
        "Farther": {"x": 1, "z": 2},
        "Single": {"only": 1},
    }
    for name, cls in made.items():
        for _ in range(records.OFTEN):
            cls(**arguments.get(name, {}))
    return made


ALL = [classes(dataclasses.dataclass), classes(records.dataclass), often_made()]


def seen(act: Callable[[dict[str, Any]], object]) -> list[object]:
    """What comes of it with each, as text; of errors, their kind."""
    results: list[object] = []
    for made in ALL:
        try:
            results.append(repr(act(made)))
        except Exception as error:  # noqa: BLE001 - any
            results.append(type(error))
    return results


@pytest.mark.parametrize(
    "act",
    [
        lambda c: c["Point"](x=1),
        lambda c: c["Point"](x=1, y=3, note="n").note,
        lambda c: c["Point"](x=1) == c["Point"](x=1, note="other"),
        lambda c: c["Point"](x=1) == c["Point"](x=1, y=1),
        lambda c: c["Point"](x=1) == c["Farther"](x=1, z=2),
        lambda c: c["Point"](x=1) == 1,
        lambda c: len({c["Point"](x=1), c["Point"](x=1, note="other"), c["Point"](x=2)}),
        lambda c: c["Pair"](1, 2),
        lambda c: c["Pair"](1, b=2),
        lambda c: c["Pair"](b=1, a=2),
        lambda c: c["Pair"](1, c["Pair"]("deep", None)),
        lambda c: c["Bag"](3),
        lambda c: c["Bag"](3, [1]),
        lambda c: c["Bag"](size=3, items=[1]).twice,
        lambda c: c["Bag"](1).items is c["Bag"](1).items,
        lambda c: c["Bag"](1) == c["Bag"](1),
        lambda c: c["Thing"]() == c["Thing"](),
        lambda c: isinstance(hash(c["Thing"]()), int),
        lambda c: [hash(c[name](*args)) for name, args in (("Pair", (1, 2)), ("Nothing", ()), ("Single", (5,)))],
        lambda c: c["Farther"](x=1, z=3),
        lambda c: c["Nothing"]() == c["Nothing"](),
        lambda c: dataclasses.replace(c["Point"](x=1), y=9),
        lambda c: [field.name for field in dataclasses.fields(c["Bag"])],
        lambda c: dataclasses.is_dataclass(c["Nothing"]),
        lambda c: dataclasses.asdict(c["Pair"](1, [c["Point"](x=1)])),
        lambda c: copy.copy(c["Pair"](1, 2)),
        lambda c: copy.deepcopy(c["Farther"](x=[1], z=2)),
        lambda c: c["Pair"].__match_args__,
        lambda c: c["Point"].__match_args__,
        lambda c: hasattr(c["Pair"](1, 2), "__dict__"),
        # errors
        lambda c: c["Point"](),
        lambda c: c["Point"](1),
        lambda c: c["Point"](x=1, w=1),
        lambda c: c["Pair"](1),
        lambda c: c["Pair"](1, 2, 3),
        lambda c: c["Pair"](1, 2, a=1),
        lambda c: c["Pair"](1, a=1),
        lambda c: c["Bag"](1, twice=2),
        lambda c: c["Bag"](1, started=2),
        lambda c: hash(c["Bag"](1)),
        lambda c: setattr(c["Pair"](1, 2), "a", 3),
        lambda c: delattr(c["Pair"](1, 2), "a"),
        lambda c: setattr(c["Bag"](1), "other", 3),
        lambda c: hash(c["Pair"](1, [])),
    ],
)
def test_records_are_dataclasses(act: Callable[[dict[str, Any]], object]) -> None:
    expected, first, later = seen(act)
    assert (first, later) == (expected, expected)


@records.dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """At the top of a module, where pickle finds it."""

    x: int
    rest: tuple[int, ...] = ()


def test_they_go_through_a_pipe() -> None:
    for sent in (Sent(x=1), Sent(x=1, rest=(2,))):
        assert pickle.loads(pickle.dumps(sent)) == sent
