"""Fault sets put together from what components do by themselves are those that exploration finds; both report alike what becomes of the outage."""

from pathlib import Path

import pytest

from bench.gen_plane import spec
from cascade.limits import Limits
from cascade.questions.cutsets import CutSetOptions, CutSets, cut_sets
from cascade.questions.ground import ground
from cascade.questions.inquiry import Inquiry
from tests.generate.load import LoadedText
from tests.generate.specs import SIZES, make_spec

ROOT = Path(__file__).parents[2]
SPECS = [path for folder in ("specs", "tests/std", "tests/models") for path in sorted((ROOT / folder).glob("*.cf"))]

NEVER = 10**9


def both(text: str, size_max: int, *, classes: bool = True) -> int:
    """Search both ways for the sets of each outage that is a plane; how many outages are."""
    system = LoadedText(text).system(())
    count = 0
    for outage in system.outages:
        if ground(Inquiry(system), outage) is None:
            continue
        count += 1
        found = [
            cut_sets(
                Inquiry(system, engine="python", limits=Limits(state_count_max=20_000)),
                outage,
                CutSetOptions(size_max=size_max, structural_from=start, with_classes=classes),
            )
            for start in (0, NEVER)
        ]
        if not found[1].undecided and not found[1].open_replies:
            assert said(found[0]) == said(found[1]), f"{outage.name}\n{text}"
    return count


def said(found: CutSets) -> dict[tuple[str, ...], tuple[object, ...]]:
    """What is said of each set, and the number of faults in its run."""
    result: dict[tuple[str, ...], tuple[object, ...]] = {}
    for one in found.sets:
        outage_class = None if one.classification is None else one.classification.outage_class
        orders = None if one.orders is None else (sorted(one.orders.possible), sorted(one.orders.impossible))
        assert one.reply.run is not None
        result[one.names] = outage_class, orders, one.reply.run.fault_count, one.is_surely_minimal
    return result


def test_generated_specs() -> None:
    count = sum(both(make_spec(seed, SIZES[seed % len(SIZES)]).text, 2) for seed in range(24))
    assert count > 0, "or nothing was compared"


@pytest.mark.campaign
def test_campaign() -> None:
    count = sum(both(make_spec(seed, SIZES[seed % len(SIZES)]).text, 3) for seed in range(24, 1_000))
    assert count > 50, "or nothing was compared"


@pytest.mark.parametrize("path", [p for p in SPECS if p.parent.name != "specs"], ids=lambda path: path.stem)
def test_shipped_specs(path: Path) -> None:
    both(path.read_text(), 2)


@pytest.mark.parametrize("components", [24, 30, 36])
def test_planes(components: int) -> None:
    assert both(spec(components, components // 4, seed=components), 2, classes=components == 24) == 2


STATIC = """
component Disk {{
  state health: {{up, slow, dead}} = up
  fault slows when health == up {{ health = slow }}
  fault dies when health == slow {{ health = dead }}
}}
system s {{
  redundant disks: 3 x Disk needs 2
  {extra}
  outage down when {when}
}}
"""


@pytest.mark.parametrize(
    ("when", "extra", "sets"),
    [
        ("disks[1].health == dead", "", [{"disks[1].slows", "disks[1].dies"}]),
        # Not monotone: one that is dead must not be slow.
        (
            "disks[1].health == dead and disks[2].health == slow",
            "",
            [{"disks[1].slows", "disks[1].dies", "disks[2].slows"}],
        ),
        ("disks[1].health == slow and disks[1].health == dead", "", []),
        ("count(d in disks: d.health == slow) == 1", "", [{f"disks[{i}].slows"} for i in (1, 2, 3)]),
        ("disks[1].health == up", "", [set()]),
        # With time, and a repair that only undoes.
        (
            "b.health == down and disks[1].health == slow",
            "component b { state health: {up, down} = up  fault cut lasts 5min { health: up -> down } }",
            [{"b.cut", "disks[1].slows"}],
        ),
    ],
)
def test_sets_by_hand(when: str, extra: str, sets: list[set[str]]) -> None:
    system = LoadedText(STATIC.format(when=when, extra=extra)).system(())
    assert ground(Inquiry(system), system.outages[0]) is not None
    found = cut_sets(Inquiry(system), system.outages[0], CutSetOptions(size_max=3, structural_from=0))
    assert sorted(map(sorted, (s.names for s in found.sets))) == sorted(map(sorted, sets))
    assert found.complete_to == 3 or found.is_all


@pytest.mark.parametrize(
    "extra",
    [
        "reaction spread when disks[1].health == dead and n == 0 { n = 1 }  state n: 0..1 = 0",  # is read below, and changes by itself with others
        "fault late when n == 0 after 5min { n = 1 }  state n: 0..1 = 0",  # waiting reaches more
        "event grow when n == 0 { n = 1 }  state n: 0..1 = 0",  # changes without faults
        "state n: 0..1 = any",
        "fault wrong { n = n + 1 }  state n: 0..1 = 0",  # an error of the spec
        "redundant many: 12 x Disk needs 1  state n: 0..1 = 0  fault all when many.serving { n = 1 }",  # joins too many
    ],
)
def test_what_is_no_plane_is_explored(extra: str) -> None:
    system = LoadedText(STATIC.format(when="n == 1 and disks[2].health == slow", extra=extra)).system(())
    plane = ground(Inquiry(system), system.outages[0])
    if extra.startswith("reaction"):
        assert plane is not None, "a cluster of two variables: the disk and what spreads from it"
        assert not plane.is_final
    else:
        assert plane is None


def test_a_deadline_leaves_sets_open() -> None:
    system = LoadedText(spec(100, 30)).system(())
    found = cut_sets(Inquiry(system, seconds_max=0.0), system.outages[0], CutSetOptions(size_max=2))
    assert found.complete_to == -1
    assert found.open_replies
