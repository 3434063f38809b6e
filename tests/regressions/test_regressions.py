"""Specs on which something was once wrong, or would have been: all ways to an answer agree on them, and the verdicts are those that they expect.

`python -m tests.campaign` saves what it finds here. Its specs expect anything; who keeps one finds out what is right, and says so in it.
"""

from pathlib import Path

import pytest

from cascade.limits import Progress
from cascade.pipeline import CheckOptions, check_file
from tests.campaign.compare import Plan, compare_text
from tests.campaign.ways import WAYS

SPECS = sorted(Path(__file__).parent.glob("*.cf"))
# Those that z3 takes long for are for the campaign.
PLAN = Plan(ways=tuple(way for way in WAYS.values() if way is not WAYS["symbolic"]))

# Checks that find an error of the spec, which no `expect` can say.
ERRORS = {
    ("guard_of_forbidden_fault_is_asked", "seen"): ["CF502"],
    ("guard_of_forbidden_fault_is_asked", "not_seen"): ["CF502"],
}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_all_ways_agree(path: Path) -> None:
    tally = compare_text(path.read_text(encoding="utf-8"), PLAN)
    assert tally["checks"] > tally["too large"]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_verdicts_are_as_expected(path: Path) -> None:
    results = check_file(str(path), CheckOptions(engine="python"), lambda _: Progress()).checks
    assert results
    for result in results:
        errors = [diagnostic.code for diagnostic in result.diagnostics]
        assert errors == ERRORS.get((path.stem, result.name), []), result.name
        assert result.is_as_expected == (not errors), f"{result.name}: {result.verdict}"
