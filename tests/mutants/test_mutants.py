"""The mutants: which there are of a small function, that each file and test of the plan is there, and that a change is noticed."""

import ast

import pytest

from tests.mutants.examined import examined
from tests.mutants.operators import mutants
from tests.mutants.plan import PARTS
from tests.mutants.run import ROOT

SOURCE = '''
LIMIT = 3
def f(a: int, b: int | None = None) -> bool:
    """Not changed: 1 < 2."""
    assert a > 0
    if a < LIMIT and not b:
        raise ValueError(f"{a + 1}")
    if b == 1:
        assert_never(b)
    return any(x == a for x in (b,) if x)
'''


def test_what_is_changed() -> None:
    found = mutants("f.py", SOURCE)
    assert [m.name.removeprefix("f: ").removesuffix(" #1") for m in found] == [
        "a < LIMIT and (not b) -> a < LIMIT or not b",
        "a < LIMIT and (not b) -> not b",
        "a < LIMIT and (not b) -> a < LIMIT",
        "a < LIMIT -> a <= LIMIT",
        "not b -> b",
        "raise ValueError(f'{a + 1}') -> pass",
        "b == 1 -> b != 1",
        "1 -> 2",
        "any((x == a for x in (b,) if x)) -> all((x == a for x in (b,) if x))",
        "x == a -> x != a",
        "for x in (b,) if x -> for x in (b,)",
    ]
    for mutant in found:
        compile(mutant.tree, "f.py", "exec")
    assert len({ast.unparse(mutant.tree) for mutant in found} | {ast.unparse(ast.parse(SOURCE))}) == len(found) + 1


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_the_plan_names_what_is_there(part) -> None:
    assert all((ROOT / path.split("::")[0]).exists() for path in (*part.files, *part.tests))


def test_what_was_examined_is_there() -> None:
    reasons = examined()
    assert all(reasons.values())
    there = {
        (file, m.name) for file in {f for f, _ in reasons} for m in mutants(file, (ROOT / file).read_text("utf-8"))
    }
    assert not reasons.keys() - there, "a mutant that is there no longer needs no reason"
