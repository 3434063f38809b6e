"""Specs on which something was once wrong, or would have been: all ways to an answer agree on them, and the verdicts are those that they expect.

`python -m tests.campaign` saves what it finds here.
"""

from pathlib import Path

import pytest

from tests.campaign.compare import Plan, compare_text
from tests.campaign.ways import WAYS

SPECS = sorted(Path(__file__).parent.glob("*.cf"))
# Those that z3 takes long for are for the campaign.
PLAN = Plan(ways=tuple(way for way in WAYS.values() if way is not WAYS["symbolic"]))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_all_ways_agree(path: Path) -> None:
    tally = compare_text(path.read_text(encoding="utf-8"), PLAN)
    assert tally["checks"] > tally["too large"]
