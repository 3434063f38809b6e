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
        ("", "nodes[1].level == 2 lasts at most 5min"),
        ("", "nodes[1].level == 2 leads to nodes.serving within 5min"),
        ("", "not nodes.serving leads to nodes[1].level == 0 within 5min"),
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


TIMED = NODE.replace("repair mends when", "param wait = 1min\n  repair mends after wait when")


@pytest.mark.parametrize("lasts", ["", " lasts at most 5min"])
def test_clocks_go_with_their_members(lasts: str) -> None:
    """Each member has two places, its level and its clock; that of the formula is nobody's."""
    check = f"count(n in nodes: n.level > 0) == 3{lasts}" if lasts else GOAL
    for lines, clause, members in (
        ("", "", ALL),
        ("  fix slow { nodes[1].wait = 2min }", " with fix slow", THE_REST),
    ):
        symmetry = symmetry_of(f"{TIMED}system s {{\n{GROUP}{lines}\n  check asked: {check}{clause}\n}}\n")
        assert symmetry is not None
        assert symmetry.names == (members,)
        assert [len(block) for block in symmetry.classes[0]] == [2] * len(members)


def test_members_of_another_size_are_others() -> None:
    """Even where nothing looks at what one of them has more."""
    rack = "component Rack {\n  param size = 1\n  redundant spares: size x Node needs 0\n  state on: bool = true\n"
    rack += "  fault off when on { on = false }\n  let serving = on\n}\n"
    text = f"{NODE}{rack}system s {{\n  redundant racks: 3 x Rack needs 1\n  fix more {{ racks[1].size = 2 }}\n"
    check = "check asked: never all(r in racks: not r.on)"
    every = symmetry_of(f"{text}  {check}\n}}\n")
    assert every is not None and every.names == (("racks[1]", "racks[2]", "racks[3]"),)
    some = symmetry_of(f"{text}  {check} with fix more\n}}\n")
    assert some is not None
    assert set(some.names) == {("racks[2]", "racks[3]"), ("racks[1].spares[1]", "racks[1].spares[2]")}


def test_members_with_as_much_by_other_names_are_others() -> None:
    rack = "component Rack {\n  param first = 2\n  param second = 1\n  let serving = true\n"
    rack += "  redundant old: first x Node needs 0\n  redundant new: second x Node needs 0\n}\n"
    text = f"{NODE}{rack}system s {{\n  redundant racks: 3 x Rack needs 1\n"
    text += "  fix turned { racks[1].first = 1, racks[1].second = 2 }\n"
    text += "  check asked: never racks[1].index == 2 with fix turned\n}\n"
    symmetry = symmetry_of(text)
    assert symmetry is not None
    assert ("racks[2]", "racks[3]") in symmetry.names
    assert not any("racks[1]" in names for names in symmetry.names)


def test_groups_within_members_of_members() -> None:
    """The inner ones first, and the same ones in each member: 4 pairs of disks, 2 pairs of racks, 1 pair of rows."""
    text = f"""\
{NODE}component Rack {{ redundant disks: 2 x Node needs 1  needs disks }}
component Row {{ redundant racks: 2 x Rack needs 1  needs racks }}
system s {{
  redundant rows: 2 x Row needs 1
  check asked: always rows.serving
}}
"""
    symmetry = symmetry_of(text)
    assert symmetry is not None
    assert [len(c[0]) for c in symmetry.classes] == [1, 1, 1, 1, 2, 2, 4]
    assert sorted(sorted({p for block in c for p in block}) for c in symmetry.classes[4:]) == [
        [0, 1, 2, 3],
        [0, 1, 2, 3, 4, 5, 6, 7],
        [4, 5, 6, 7],
    ]


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
