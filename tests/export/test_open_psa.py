"""Outages as fault trees: the document, and its minimal cut sets by SCRAM, which are the minimal fault sets."""

import itertools
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.gen_plane import spec
from cascade.cli.main import main
from cascade.export.open_psa import FaultTree, export
from cascade.questions.cutsets import CutSetOptions, cut_sets
from cascade.questions.fault_tree import NoTreeError, fault_tree
from tests.questions.test_planes_brute_force import PARTS, conditions
from tests.questions_default.inquiring import inquiry

needs_scram = [
    pytest.mark.scram,
    pytest.mark.skipif(shutil.which("scram") is None, reason="scram is not installed"),
]
SHOP = """
system shop {
  redundant web: 3 x Server needs 2
  redundant switches: 2 x Switch needs 1
  component db { }
  component checkout { needs web, db }
  outage down "customers cannot check out" when not checkout.serving or all(s in switches: s.health != up)
  outage slow when count(s in web: s.health == lag) >= 2 and switches[1].health == dead
}
component Server {
  state health: {up, lag, down} = up
  fault crash { health: up -> down }
  fault lag: slow { health: up -> lag }
  let serving = health != down
}
component Switch {
  state health: {up, half, dead} = up
  fault half: partial { health: up -> half }
  fault die: crash { health: half -> dead }
}
"""
Sets = set[frozenset[str]]


def trees(text: str) -> list[FaultTree]:
    asking = inquiry(text)
    return [fault_tree(asking, outage) for outage in asking.system.outages]


def sets_of_tree(tree: FaultTree) -> Sets:
    """Taken apart by hand: all products of all gates, then the smallest."""
    products: list[Sets] = []
    for gate in tree.gates:
        found: Sets = set()
        for alternative in gate:
            below = {frozenset()} if alternative.gate is None else products[alternative.gate]
            found |= {frozenset(alternative.faults) | product for product in below}
        products.append(smallest(found))
    return ({frozenset()} if tree.top else set()) if isinstance(tree.top, bool) else products[tree.top]


def smallest(sets: Sets) -> Sets:
    return {one for one in sets if not any(other < one for other in sets)}


def fault_sets(text: str, size_max: int) -> dict[str, Sets]:
    asking = inquiry(text)
    options = CutSetOptions(size_max=size_max, with_orders=False, with_classes=False)
    found = [cut_sets(asking, outage, options) for outage in asking.system.outages]
    return {sets.outage.name: {frozenset(s.names) for s in sets.sets} for sets in found}


def scram(document: str, folder: Path, order_max: int) -> dict[str, Sets]:
    """What SCRAM says, in names of the spec, by outage."""
    path = folder / "tree.xml"
    path.write_text(document, encoding="ascii")
    command = ["scram", "--mocus", "-l", str(order_max), str(path)]
    root = ET.fromstring(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    model = ET.fromstring(document)
    names = {e.get("name"): e.findtext("label") or "" for e in model.iter("define-basic-event")}
    found: dict[str, Sets] = {}
    for products in root.iter("sum-of-products"):
        sets = [[names[e.get("name")] for e in product.iter("basic-event")] for product in products.iter("product")]
        found[products.get("name") or ""] = {frozenset(names) for names in sets}
    return found


def test_the_document(capsys, tmp_path, snapshot):
    path = tmp_path / "shop.cf"
    path.write_text(SHOP, encoding="utf-8")
    assert main(["export", "--to", "open-psa", "--outage", "slow", str(path)]) == 0
    assert capsys.readouterr().out == snapshot


def test_a_tree_has_the_sets_of_the_spec():
    assert {tree.outage: sets_of_tree(tree) for tree in trees(SHOP)} == fault_sets(SHOP, 4)


@pytest.mark.parametrize(
    ("condition", "top", "sets"),
    [("true", True, {frozenset()}), ("db.health == up and db.health == down", False, set())],
)
def test_outages_without_a_choice(condition, top, sets):
    (tree,) = trees(f"system s {{ component db {{ }} outage down when {condition} }}")
    assert (tree.top, sets_of_tree(tree)) == (top, sets)
    assert "<constant value=" in export("s", [tree])


def test_what_takes_time_is_no_fault_tree(capsys, tmp_path):
    path = tmp_path / "s.cf"
    text = "system s { state n: 0..2 = 0 fault f { n: 0 -> 1 } reaction r after 1min { n: 1 -> 2 } outage down when n == 2 }"
    path.write_text(text, encoding="utf-8")
    assert main(["export", "--to", "open-psa", str(path)]) == 2
    assert "down is no fault tree: more than which faults strike has a say in it" in capsys.readouterr().err
    assert main(["export", "--to", "open-psa", "--outage", "dwn", str(path)]) == 2
    assert main(["export", "--to", "promela", str(path)]) == 2
    assert "which check is to be exported?" in capsys.readouterr().err


def check(text: str, folder: Path, size_max: int) -> int:
    """SCRAM, the tree by hand and the fault sets agree; returns how many sets there are."""
    try:
        found = trees(text)
    except NoTreeError:
        return 0
    if any(isinstance(tree.top, bool) for tree in found):  # nothing for SCRAM to take apart
        return 0
    expected = fault_sets(text, size_max)
    assert {t.outage: {s for s in sets_of_tree(t) if len(s) <= size_max} for t in found} == expected
    assert scram(export("s", found), folder, size_max) == expected
    return sum(map(len, expected.values()))


@pytest.mark.parametrize("text", [pytest.param(SHOP, marks=needs_scram, id="shop")])
def test_scram_agrees(text, tmp_path):
    assert check(text, tmp_path, 4) == 9


@pytest.mark.parametrize(
    ("components", "groups", "size_max"),
    [pytest.param(40, 12, 3, marks=needs_scram), pytest.param(120, 36, 2, marks=needs_scram)],
)
def test_scram_agrees_on_planes(components, groups, size_max, tmp_path):
    assert check(spec(components, groups), tmp_path, size_max) > 10


@pytest.mark.parametrize("count", [pytest.param(3, marks=needs_scram)])
def test_scram_agrees_on_generated_specs(count, tmp_path):
    seen = []

    @settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.sampled_from(PARTS), min_size=count, max_size=count), conditions(count))
    def compare(parts: list[str], when: str) -> None:
        cells = "\n".join(f"component p{i} {{ state n: 0..2 = 0  {part} }}" for i, part in enumerate(parts))
        text = (
            "component Cell { state n: 0..2 = 0  fault f when n == 0 { n = 1 } }\n"
            f"system s {{ {cells}  redundant all: 2 x Cell needs 1  outage down when {when} }}"
        )
        seen.append(check(text, tmp_path, 8))

    compare()
    assert sum(map(bool, seen)) >= 3


def test_equal_rests_are_one_gate():
    """A group of many members makes few gates: how many are lost is all that counts."""
    text = "component Node { }\nsystem s { redundant g: 12 x Node needs 9 outage down when not g.serving }"
    (tree,) = trees(text)
    assert len(tree.gates) <= 80
    members = [f"g[{i}].crash" for i in range(1, 13)]
    assert sets_of_tree(tree) == {frozenset(chosen) for chosen in itertools.combinations(members, 4)}
