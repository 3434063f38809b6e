"""Open params: a check of `param p: RANGE = any` is the same check for each value, and a run names the value that it is of."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from cascade.diagnostics.diagnostic import Diagnostics
from cascade.export import load_exporter
from cascade.limits import Progress
from cascade.pipeline import CheckOptions, FileResult, check_file
from cascade.questions.declared import CheckResult
from cascade.verdicts.verdict import Holds, Violated

ENGINES = ("explicit", "python", "packed", "zones", "symbolic")

QUEUE = """\
system queue {
  tick 1min
  param capacity: 2..6 step 2 = any
  param wait: 1min..3min = any
  param is_shedding: bool = any
  param start: {cold, warm} = any
  state load: 0..5 = 0
  state slow: bool = false
  fault drags when start == cold { slow: false -> true }
  event grow when load < 5 and not (is_shedding and load == capacity) after 1min { load = load + 1 }
  reaction drain when slow after wait { load = 0, slow: true -> false }
  outage overload when load > capacity
  check never_full: never overload
  check full_while_slow: possible slow and overload
  check six: never overload and capacity == 6
  check shed: never overload and is_shedding
  check slow_is_short: slow lasts at most 3min
  check slow_is_shorter: slow lasts at most 2min
  check warm_is_fast: never slow and start == warm
  check mends: slow leads to not slow
}
"""
NEEDS = "param capacity: 2..6 step 2 = any", "param wait: 1min..3min = any"
SIZES = """\
component Server { param weight = 1  state up: bool = true  fault dies { up: true -> false }  let serving = up }
system sizes {
  param size: 2..4 = any
  param allowed: 0..2 = any
  param room: 1..3 = any
  redundant web: size x Server(weight = room) needs size - 1
  state load: 0..room = 0
  event grow when load < room { load = load + 1 }
  outage down when not web.serving
  check masked: never down while redundancy holds
  check budget: never down with at most allowed faults
  check weights: always sum(w in web: w.weight) == size * room
  check small: always load < 3
  check comes: possible load == 3 and web[2].weight == 3
}
"""


FOR_Z3 = ("six", "full_while_slow", "comes")
"""Checks that are decided fast enough by z3 to be asked of each value in turn."""


def check(
    path: Path, text: str, *, engine: str = "explicit", settings: tuple[str, ...] = (), names: tuple[str, ...] = ()
) -> FileResult:
    path.write_text(text, encoding="utf-8")
    options = CheckOptions(check_names=names, engine=engine, settings=settings)
    return check_file(str(path), options, lambda _: Progress())


def word(result: CheckResult) -> str:
    return type(result.verdict).__name__.lower()


def words(result: FileResult) -> dict[str, str]:
    return {check.name: word(check) for check in result.checks}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.cf"


def test_verdicts_and_values(path: Path) -> None:
    found = {c.name: c for c in check(path, QUEUE).checks}
    assert {name: word(result) for name, result in found.items()} == {
        "never_full": "violated",
        "full_while_slow": "holds",
        "six": "holds",
        "shed": "holds",
        "slow_is_short": "holds",
        "slow_is_shorter": "violated",
        "warm_is_fast": "holds",
        "mends": "holds",
    }
    assert dict(found["never_full"].values) | {"start": ""} == {
        "wait": "1min",
        "capacity": "2",
        "is_shedding": "false",
        "start": "",
    }
    assert dict(found["slow_is_shorter"].values)["wait"] == "3min"
    assert dict(found["slow_is_shorter"].values)["start"] == "cold"
    assert dict(found["full_while_slow"].values)["start"] == "cold"
    assert found["six"].values == ()
    assert dict(found["six"].ranges) == {
        "capacity": "2..6 step 2",
        "wait": "1min..3min step 1min",
        "is_shedding": "bool",
        "start": "{cold, warm}",
    }


def settings_of(names: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    for values in itertools.product(*names.values()):
        yield tuple(f"{name}={value}" for name, value in zip(names, values, strict=True))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            QUEUE,
            {
                "capacity": ("2", "4", "6"),
                "wait": ("1min", "2min", "3min"),
                "is_shedding": ("true", "false"),
                "start": ("cold", "warm"),
            },
        ),
        (SIZES, {"size": ("2", "3", "4"), "allowed": ("0", "1", "2"), "room": ("1", "2", "3")}),
    ],
    ids=["queue", "sizes"],
)
def test_an_open_check_is_all_its_closed_ones(path: Path, text: str, names: dict[str, tuple[str, ...]]) -> None:
    closed = [words(check(path, text, settings=settings)) for settings in settings_of(names)]
    expected = {}
    for name in closed[0]:
        is_possible = f"check {name}: possible" in text
        verdicts = {verdict[name] for verdict in closed}
        assert verdicts <= {"holds", "violated"}
        decisive = "holds" if is_possible else "violated"
        expected[name] = decisive if decisive in verdicts else min(verdicts)
    assert words(check(path, text)) == expected


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("text", [QUEUE, SIZES], ids=["queue", "sizes"])
def test_engines_agree(path: Path, text: str, engine: str) -> None:
    expected = words(check(path, text, engine="python"))
    names = FOR_Z3 if engine == "symbolic" else ()
    found = words(check(path, text, engine=engine, names=names))
    assert found == {name: verdict for name, verdict in expected.items() if name in (names or expected)}


def test_the_values_of_a_run_reproduce_it(path: Path) -> None:
    for result in check(path, QUEUE).checks:
        if not result.values:
            continue
        settings = tuple(f"{name}={value}" for name, value in result.values)
        again = {c.name: c for c in check(path, QUEUE, settings=settings).checks}[result.name]
        assert type(again.verdict) is type(result.verdict)
        assert again.values == ()


def test_a_value_closes_a_param(path: Path) -> None:
    found = {c.name: c for c in check(path, QUEUE, settings=("wait=1min", "capacity=4")).checks}
    assert isinstance(found["slow_is_shorter"].verdict, Holds)
    assert isinstance(found["never_full"].verdict, Violated)
    assert {name for name, _ in found["slow_is_shorter"].ranges} == {"is_shedding", "start"}


@pytest.mark.parametrize(
    ("declared", "code", "said"),
    [
        ("param p = any", "CF209", "is left open, but not among which values"),
        ("param p: a..b = any param a = 1min param b = 3min", "CF209", "the steps of this range are not known"),
        ("param p: 3..1 = any", "CF204", "is empty"),
        ("param p: 1..9 step 0 = any", "CF204", "a step of nothing"),
        ("param p: bool step 2 = any", "CF201", "no step is expected here"),
        ("param p: 1..9 step 1min = any", "CF201", "an integer is expected here, not a duration"),
        ("param p: 1min..9 = any", "CF201", "a duration is expected here, not an integer"),
        ("param p: true..false = any", "CF201", "an integer is expected here, not a boolean"),
        ("param p: 1..9 = 12", "CF203", "12 is outside 1..9"),
        ("param p: 1min..9min = 12min", "CF203", "12min is outside 1min..9min"),
        ("param p: {a, b} = c", "CF101", "`c` is not known"),
        ("param p: {a, a} = any", "CF102", "declared twice"),
        ("param p: 1..4 = 2 fix f { p = 5 }  check d: always true with fix f", "CF203", "5 is outside 1..4"),
        ("param p: 1..100000 = any", "CF008", "more than 65,536 initial states"),
        ("param p: 1s..6h = any", "CF008", "more than 1,000 different models"),
        ("param q: 0..3 = any  redundant g: 2 x T needs q", "CF108", "needs 3"),
        ("param p: 1..n = any state n: 1..3 = 1", "CF205", "a bound must be a constant"),
    ],
)
def test_wrong_ones_are_located(path: Path, declared: str, code: str, said: str) -> None:
    text = f"system s {{ {declared} check c: always true }}\ncomponent T {{ }}\n"
    result = check(path, text)
    diagnostics = Diagnostics(items=list(result.diagnostics))
    assert any(d.code == code and said in d.message for d in diagnostics.errors), [
        d.message for d in diagnostics.errors
    ]
    assert all(d.primary.span.source.name == str(path) for d in diagnostics.errors)


def test_an_error_names_the_values_under_which_it_is_one(path: Path) -> None:
    result = check(
        path, "system s { param q: 0..3 = any redundant g: 2 x T needs q check c: always true }\ncomponent T { }\n"
    )
    assert "q = 3" in result.diagnostics[0].note


def test_an_argument_is_open_with_what_it_is_made_of(path: Path) -> None:
    text = """
    component T { param size: 0..6 = 1  let twice = size * 2 }
    system s {
      param n: 1..3 = any
      part t: T(size = n + 1)
      part own: T(size = 4)
      check a: always t.twice == 2 * n + 2
      check b: possible t.twice == own.twice
      check c: never t.twice == own.twice
    }
    """
    found = {c.name: c for c in check(path, text).checks}
    assert {name: word(c) for name, c in found.items()} == {"a": "holds", "b": "holds", "c": "violated"}
    assert found["c"].values == (("n", "3"),)


def test_two_instances_have_values_of_their_own(path: Path) -> None:
    text = "component T { param n: 1..3 = any }\nsystem s { part a: T part b: T check c: always a.n <= b.n }\n"
    (result,) = check(path, text).checks
    assert isinstance(result.verdict, Violated)
    assert int(dict(result.values)["a.n"]) > int(dict(result.values)["b.n"])


@pytest.mark.parametrize("to", ["promela", "murphi"])
def test_exports_choose_at_the_start(path: Path, to: str) -> None:
    text = "system s { param n: 3..5 = any state m: 0..9 = 0 event up when m < n { m = m + 1 } check c: never m == 5 }"
    (result,) = check(path, text).checks
    exported = load_exporter(to)(result.model, result.query, with_property=True)
    assert "n" in exported and all(str(value) in exported for value in (3, 4, 5))
