"""Which members are interchangeable, said literally. That merging them changes no answer is compared in tests/differential/test_symmetry.py."""

import pytest

from cascade.core.lower import lower
from cascade.core.symmetry import Symmetry, find_symmetry
from tests.generate.load import LoadedText

NODE = """\
component Node {
  param most = 2
  param start = 0
  state level: 0..2 = start
  let serving = level == 0
  fault breaks when level < most { level = level + 1 }
  repair mends when level > 0 { level = level - 1 }
}
"""
GROUP = "  redundant nodes: 4 x Node needs 1\n"
THE_REST = ("nodes[2]", "nodes[3]", "nodes[4]")
ALL = ("nodes[1]", *THE_REST)
GOAL = "never count(n in nodes: n.level > 0) == 3"


def symmetry_of(text: str, name: str = "asked") -> Symmetry | None:
    loaded = LoadedText(text)
    system, check = loaded.fixed(next(c for c in loaded.checks if c.name == name))
    return find_symmetry(*lower(system, check))


def names_of(lines: str, check: str = GOAL, node: str = NODE) -> tuple[tuple[str, ...], ...]:
    symmetry = symmetry_of(f"{node}system s {{\n{GROUP}{lines}\n  check asked: {check}\n}}\n")
    return symmetry.names if symmetry else ()


@pytest.mark.parametrize(
    "check",
    [
        GOAL,
        "never all(n in nodes: n.level > 0)",
        "always any(n in nodes: n.level == 0)",
        "possible nodes.serving then not nodes.serving",
        "never sum(n in nodes: n.level) == 5",
        "never max(n in nodes: n.level) == 2",
        f"{GOAL} with at most 2 faults",
        f"{GOAL} with at most 1 fault of nodes",
        f"{GOAL} while redundancy holds",
        f"{GOAL} without nodes.mends",
    ],
)
def test_all_are_interchangeable(check: str) -> None:
    assert names_of("", check) == (ALL,)


@pytest.mark.parametrize(
    ("lines", "check"),
    [
        ("", "never nodes[1].level == 2"),
        ("", "possible nodes[1].level == 2 then nodes.serving"),
        ("", f"{GOAL} without nodes[1].mends"),
        ("", f"{GOAL} with at most 1 fault of nodes[1]"),
        ("", f"{GOAL} with only nodes[2], nodes[3], nodes[4]"),
        ("", "never count(n in nodes: n.level > 0 and n.index > 1) == 3"),
        ("  state load: 0..1 = 0  event more when nodes[1].level > 0 { load = 1 }", GOAL),
        ("  operator mend when nodes.serving { nodes[1].level = 0 }", GOAL),
        ("  event turn for n in nodes when n.index == 1 { n.level = 1 }", GOAL),
        ("  fix weak { nodes[1].most = 1 }", f"{GOAL} with fix weak"),
        ("  fix late { nodes[1].start = 1 }", f"{GOAL} with fix late"),
    ],
)
def test_a_named_member_is_not(lines: str, check: str) -> None:
    assert names_of(lines, check) == (THE_REST,)


@pytest.mark.parametrize(
    ("lines", "check"),
    [
        # A ring, an order, a member that is chosen by a number: no two are alike.
        ("  state at: 1..4 = 1  event step when nodes[at].level > 0 { at = min(4, at + 1) }", GOAL),
        (
            "",
            "never nodes[1].level < nodes[2].level and nodes[2].level < nodes[3].level and nodes[3].level < nodes[4].level",
        ),
    ],
)
def test_an_order_is_no_symmetry(lines: str, check: str) -> None:
    assert names_of(lines, check) == ()


def test_questions_about_fair_runs_have_none() -> None:
    assert names_of("", "nodes.serving leads to not nodes.serving") == ()
    assert names_of("", "nodes.serving can lead to not nodes.serving") == ()


def test_an_order_of_evaluation_that_matters_is_kept() -> None:
    """`a and b` where `b` may fail is not `b and a`."""
    risky = "never all(n in nodes: 2 / n.level > 0) and 1 == 1"
    assert names_of("", risky.replace("2 / n.level", "2 * n.level")) == (ALL,)
    assert names_of("", risky) == ()


NESTED = f"""\
{NODE}component Rack {{
  redundant disks: 2 x Node needs 1
  state off: bool = false
  let serving = not off and disks.serving
  fault cut when not off {{ off = true }}
}}
system s {{
  redundant racks: 3 x Rack needs 1
  part one: Node
  part other: Node
  check asked: always racks.serving
  check named: always racks.serving or racks[2].disks[1].level == 0
}}
"""


def test_groups_within_members() -> None:
    symmetry = symmetry_of(NESTED)
    assert symmetry is not None
    assert set(symmetry.names) == {
        ("racks[1]", "racks[2]", "racks[3]"),
        ("racks[1].disks[1]", "racks[1].disks[2]"),
        ("one", "other"),
    }
    # The disks of each rack, the two other nodes, the racks: inner ones first.
    assert sorted(map(len, symmetry.classes)) == [2, 2, 2, 2, 3]
    assert len(symmetry.classes[-1]) == 3
    named = symmetry_of(NESTED, "named")
    assert named is not None
    assert ("racks[1]", "racks[3]") in named.names
    assert ("racks[2].disks[1]", "racks[2].disks[2]") not in named.names


def test_canonical_states_and_their_orbits() -> None:
    symmetry = Symmetry(classes=(((0,), (1,)), ((2,), (3,)), ((0, 1), (2, 3))), names=())
    assert symmetry.canonical((2, 1, 1, 0)) == (0, 1, 1, 2)
    assert symmetry.canonical((0, 1, 2, 1)) == (0, 1, 1, 2)
    assert symmetry.orbit_size((2, 1, 1, 0)) == 8
    assert symmetry.orbit_size((1, 0, 0, 1)) == 4
    assert symmetry.orbit_size((1, 1, 0, 0)) == 2
    assert symmetry.orbit_size((1, 1, 1, 1)) == 1


def test_links_between_members_are_left_alone() -> None:
    text = """\
component Peer { state up: bool = true  fault down when up { up = false } }
system s {
  redundant peers: 3 x Peer needs 1
  link peers -> peers can cut
  check asked: never all(p in peers: not p.up)
}
"""
    assert symmetry_of(text) is None


def test_large_classes_are_shared_out() -> None:
    text = (
        "component Bit { state on: bool = false  event flip { on = not on } }\n"
        "system s {\n  redundant bits: 70 x Bit needs 0\n  check asked: never all(b in bits: b.on)\n}\n"
    )
    symmetry = symmetry_of(text)
    assert symmetry is not None
    assert [len(c) for c in symmetry.classes] == [6, 32, 32]
