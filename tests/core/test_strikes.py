"""Which faults strike at all: the clauses that only questions ask, as permits and updates."""

from dataclasses import replace

import pytest

from cascade.checked.model import Strikes
from cascade.core.lower import lower
from cascade.core.model import VariableRole
from tests.core.lowering import Lowered
from tests.generate.load import LoadedText

SPEC = """
system s {
  state n: 0..9 = 0
  event e { n = 0 }
  fault a { n = 1 }
  fault b { n = 2 }
  fault c when n < 5 { n = 3 }
  reaction r when n > 0 { n = 0 }
  check x: never false WITHOUT
}
"""
E, A, B, C = range(4)
"""Commands of the spec by their positions; the reaction comes last."""


def struck(strikes: Strikes, without: str = "", spec: str = SPEC) -> Lowered:
    loaded = LoadedText(spec.replace("WITHOUT", without))
    system, check = loaded.fixed(loaded.checks[0])
    return Lowered(*lower(system, replace(check, strikes=strikes)))


def remembered(spec: Lowered) -> dict[str, tuple[int, int, tuple[int, ...]]]:
    return spec.variables(VariableRole.BUDGET)


FLAG = (0, 1, (0,))


def test_nothing_asked_is_nothing_changed() -> None:
    spec = struck(Strikes())
    assert (remembered(spec), spec.permits()) == ({}, {})


def test_so_many_different_faults_each_as_often_as_it_can() -> None:
    spec = struck(Strikes(count=2))
    flags = {f"{name} has struck": FLAG for name in "abc"}
    assert remembered(spec) == {"different faults used": (0, 2, (0,)), **flags}
    assert spec.permits() == {name: f"{name} has struck or different faults used < 2" for name in "abc"}
    assert spec.updates("b") == {
        "n": "2",
        "b has struck": "true",
        "different faults used": "if b has struck then different faults used else different faults used + 1",
    }
    assert spec.updates("e") == {"n": "0"}


@pytest.mark.parametrize("count", [3, 4])
def test_as_many_as_there_are_is_no_limit(count: int) -> None:
    spec = struck(Strikes(count=count))
    assert (remembered(spec), spec.permits()) == ({}, {})


def test_no_fault_at_all() -> None:
    assert struck(Strikes(count=0)).permits() == {name: f"{name} has struck" for name in "abc"}


def test_never_all_of_a_set() -> None:
    spec = struck(Strikes(blocked=frozenset({frozenset({A, B}), frozenset({A, C})})))
    assert remembered(spec) == {f"{name} has struck": FLAG for name in "abc"}
    assert spec.permits() == {
        "a": "not b has struck and not c has struck",
        "b": "not a has struck",
        "c": "not a has struck",
    }
    assert spec.updates("c") == {"n": "3", "c has struck": "true"}


def test_what_others_block_is_not_remembered() -> None:
    spec = struck(Strikes(blocked=frozenset({frozenset({A, B})})))
    assert remembered(spec) == {"a has struck": FLAG, "b has struck": FLAG}
    assert spec.updates("c") == {"n": "3"}


def test_a_set_of_one_never_strikes() -> None:
    assert struck(Strikes(blocked=frozenset({frozenset({B})}))).commands == ["e", "a", "c", "r"]


def test_a_set_of_what_cannot_fire_blocks_nothing() -> None:
    spec = struck(Strikes(blocked=frozenset({frozenset({A, B})})), "without a")
    assert spec.commands == ["e", "b", "c", "r"]
    assert spec.permits() == {}


def test_in_an_order() -> None:
    spec = struck(Strikes(order=(C, A, B)))
    assert spec.permits() == {"a": "c has struck", "b": "c has struck and a has struck"}
    assert remembered(spec) == {f"{name} has struck": FLAG for name in "abc"}


def test_after_what_cannot_fire_nothing_comes() -> None:
    assert struck(Strikes(order=(C, A, B)), "without a").commands == ["e", "c", "r"]


def test_one_strikes_as_soon_as_it_can() -> None:
    spec = struck(Strikes(forced=C, forced_after=frozenset({A})))
    assert remembered(spec) == {"a has struck": FLAG, "c has struck": FLAG}
    others = "not (a has struck and not c has struck and n < 5)"
    assert spec.permits() == {
        "e": others,
        "a": others,
        "b": others,
        "c": "a has struck and not c has struck",
        "r": others,
    }
    assert spec.owed == {"c", "r"}


def test_one_strikes_at_once() -> None:
    spec = struck(Strikes(forced=B))
    others = "b has struck"
    assert spec.permits() == {"e": others, "a": others, "b": "not b has struck", "c": others, "r": others}


def test_after_what_cannot_fire_nobody_is_forced() -> None:
    spec = struck(Strikes(forced=C, forced_after=frozenset({A})), "without a")
    assert spec.commands == ["e", "b", "r"]
    assert spec.permits() == {}


def test_what_is_not_there_is_not_forced() -> None:
    spec = struck(Strikes(forced=C, forced_after=frozenset({A})), "without c")
    assert spec.permits() == {}
    assert spec.owed == {"r"}
