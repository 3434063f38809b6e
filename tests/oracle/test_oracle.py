"""Text → verdict by a second reading of the language reference, which shares the parser with cascade and nothing else.

The engines and the reference interpreter all start from the core model; what makes that of a spec (names, defaults, groups, links, clauses, losses, timing) is
compared here. `-m campaign` looks at many more specs, and so does `python -m tests.campaign`.
"""

from collections import Counter
from pathlib import Path

import pytest

from tests.generate.fleets import make_fleet
from tests.generate.load import LoadedText
from tests.generate.specs import make_spec
from tests.oracle.agreement import MisreadError, compare_readings
from tests.oracle.verdict import decide

ROOT = Path(__file__).parents[2]
SHIPPED = [path for folder in ("tests/models", "tests/std", "specs") for path in sorted((ROOT / folder).glob("*.cf"))]
SMALL = [path for path in SHIPPED if path.parent.name == "models" and "raft" not in path.name][1::3]
SIZES = (1, 2, 1, 3)


def compared(seeds: range, states_max: int) -> Counter[str]:
    tally: Counter[str] = Counter()
    for seed in seeds:
        text = make_spec(seed, SIZES[seed % len(SIZES)]).text if seed % 10 else make_fleet(seed).text
        try:
            tally += compare_readings(text, states_max)
        except MisreadError as error:
            raise AssertionError(f"{error}\n{text}") from error
    return tally


def test_generated_specs_mean_the_same() -> None:
    tally = compared(range(500_000, 500_050), 120)
    assert min(tally["holds"], tally["violated"]) > 20 and tally["error"] > 1


def test_small_models_mean_the_same() -> None:
    tally: Counter[str] = Counter()
    for path in SMALL:
        tally += compare_readings(path.read_text(), 60, str(path))
    assert min(tally["holds"], tally["violated"]) > 10


PAIR = """
component Node {
  state up: bool = true
  fault dies lasts 2min { up: true -> false }
  let serving = up
}
system pair {
  redundant nodes: 2 x Node needs 1
  tick 1min
"""


@pytest.mark.parametrize(
    ("clause", "states"),
    [
        ("", 16),  # each is up, or has been down for 0, 1 or 2 minutes
        ("with at most 1 fault", 8),  # one of them, before and after the count
        ("without repairs", 4),  # and so no clocks
        ("while redundancy holds", 7),  # never both
        ("with at most 0 faults", 1),
        ("with nodes[1].dies at most 1 time", 20),  # the first one once more, up and counted
    ],
)
def test_numbers_by_hand(clause: str, states: int) -> None:
    text = f"{PAIR}  check c: never false {clause}\n}}\n"
    assert compare_readings(text, 500) == Counter(holds=1)
    assert decide(LoadedText(text).loaded, "c", 500).states == states


# Each direction is intact, or has been cut for 0 minutes, 1 minute, ...; or is cut, without a clock.
@pytest.mark.parametrize(
    ("clauses", "word", "states"),
    [
        ("link a -> b can cut", "violated", 2),
        ("link a -> b can cut lasts 1min", "holds", 3),
        ("link a -> b can cut link a -> b can cut lasts 1min", "holds", 3),
        ("link a -> b can cut lasts 1min link a -> b can cut", "holds", 3),
        ("link a -> b can cut link a <-> b can cut lasts 1min", "holds", 9),
        ("link a <-> b can cut link a -> b can cut lasts 1min", "holds", 6),
        ("link a -> b can cut lasts 3min link a -> b can cut lasts 1min", "holds", 3),
        ("link a -> b can cut lasts 60s link a -> b can cut lasts 1min", "holds", 3),
    ],
)
def test_clauses_about_one_cut_combine(clauses: str, word: str, states: int) -> None:
    text = f"""
    component Node {{ let serving = true }}
    system s {{
      tick 1min
      part a: Node
      part b: Node
      link a <-> b
      check c: not reaches(a, b) leads to reaches(a, b) {clauses}
    }}"""
    assert compare_readings(text, 500) == Counter({word: 1})
    assert decide(LoadedText(text).loaded, "c", 500).states == states


@pytest.mark.parametrize(
    ("needs", "check", "word"),
    [
        (2, "never false while redundancy holds", "holds"),  # it would be lost, and may not
        (1, "never false while redundancy holds", "error"),
        (2, "never false", "error"),
        (1, "possible n == 1 then g[n].serving with at most 0 faults", "violated"),  # nobody asks
        (1, "possible n == 0 then g[n].serving with at most 0 faults", "error"),
        (1, "false leads to g[n].serving within 1min with at most 0 faults", "holds"),
        (1, "n == 0 leads to g[n].serving within 1min with at most 0 faults", "error"),
        (1, "false leads to g[n].serving with at most 0 faults", "error"),
    ],
)
def test_errors_show_where_something_is_asked(needs: int, check: str, word: str) -> None:
    text = f"""
    component Node {{
      state level: 0..1 = 0
      fault sinks {{ level = level - 1 }}
      let serving = true
    }}
    system s {{
      redundant g: 2 x Node needs {needs}
      state n: 0..2 = 0
      check c: {check}
    }}"""
    assert compare_readings(text, 500) == Counter({word: 1})


@pytest.mark.campaign
def test_many_generated_specs_mean_the_same() -> None:
    tally = compared(range(510_000, 512_000), 500)
    print(dict(tally))
    assert min(tally["holds"], tally["violated"]) > 1_000


@pytest.mark.campaign
def test_larger_shipped_specs_mean_the_same() -> None:
    for path in SHIPPED:
        print(path.stem, dict(compare_readings(path.read_text(), 3_000, str(path))))
