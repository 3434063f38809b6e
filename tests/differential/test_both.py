"""`--engine both` on generated specs: z3 and exploration contradict each other nowhere that z3 answers, and where it does not, a reason is given.

The default run looks at a few specs. `-m campaign` looks at `CASCADE_SPECS` (default 1,000) from seed `CASCADE_CAMPAIGN_SEED` on, and at all shipped ones.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

from cascade.core.lower import lower
from cascade.core.queries import Recover
from cascade.limits import Limits, Progress, StopReason
from cascade.pipeline import CheckOptions, check_file
from cascade.questions.ask import DisagreementError, ask
from cascade.verdicts.verdict import Undetermined
from tests.generate.load import LoadedText
from tests.generate.specs import SIZES, make_spec

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.cf"))
STATES_MAX = 5_000
SECONDS = 0.4
FIRST_SEED = 50_000
PARTS = 8
"""Of the campaign, for several processes."""

REASONS = {StopReason.TIME, StopReason.STATES, StopReason.UNPROVED, StopReason.UNSUPPORTED, StopReason.DEPTH}


def compare(seed: int, tally: Counter[str]) -> None:
    """Ask both about every check of a generated spec."""
    loaded = LoadedText(make_spec(seed, SIZES[seed % len(SIZES)]).text)
    for check in loaded.checks:
        model, query = lower(*loaded.fixed(check))
        if isinstance(query, Recover):
            continue
        limits = Limits(seconds_max=SECONDS, state_count_max=STATES_MAX)
        try:
            asked = ask(model, query, engine="both", limits=limits, progress=Progress())
        except DisagreementError as error:
            pytest.fail(f"seed {seed}, check {check.name}: {error}")
        said = dict(asked.statistics.details).get("the symbolic engine", "")
        tally["unanswered" if said.startswith("no answer") else "answered"] += 1
        if asked.undetermined is not None and asked.undetermined.failure is None:
            assert asked.undetermined.reason in REASONS


def test_no_disagreement() -> None:
    tally: Counter[str] = Counter()
    for seed in range(FIRST_SEED, FIRST_SEED + 12):
        compare(seed, tally)
    assert tally["answered"] > 10


@pytest.mark.campaign
@pytest.mark.parametrize("part", range(PARTS))
def test_campaign(part: int) -> None:
    tally: Counter[str] = Counter()
    first = int(os.environ.get("CASCADE_CAMPAIGN_SEED", FIRST_SEED))
    for seed in range(first + part, first + int(os.environ.get("CASCADE_SPECS", "1000")), PARTS):
        compare(seed, tally)
    print(dict(tally))


@pytest.mark.campaign
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_shipped_specs(path: Path) -> None:
    options = CheckOptions(engine="both", limits=Limits(seconds_max=10.0))
    for result in check_file(str(path), options, lambda _: Progress()).checks:
        assert not isinstance(result.verdict, Undetermined), result.name
        assert result.is_as_expected, result.name
