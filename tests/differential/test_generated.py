"""Random specs of the whole language: the explicit engine against the reference interpreter.

The oracle is `cascade.reference.decide` (brute force, no code of any engine). For each check of each spec: same verdict, same number of
states where all were explored, same least cost of the run, same errors of the spec; every run is replayed on the way. What both share,
text to core model, is guarded by laws between the verdicts of related checks here, and by `tests/models` with verdicts found by hand.

A spec is made from a seed, so the default run is the same everywhere. `-m campaign` goes on from there for CASCADE_CAMPAIGN_SECONDS
(default 600), from seed CASCADE_CAMPAIGN_SEED on.
"""

import os
import time
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

from cascade.checked.model import FormulaKind
from cascade.verdicts.verdict import Holds, Undetermined, Violated
from tests.differential.agreement import Agreed, compare
from tests.generate.load import LoadedText, Wrong
from tests.generate.shrink import smaller
from tests.generate.specs import SIZES, GeneratedSpec, make_spec, specs

BATCHES = 22
SPECS_IN_BATCH = 100
STATES_MAX = 400
"""Checks with more states are left out, and counted; the reference takes up to a millisecond for a state. Campaigns go further."""

CAMPAIGN_STATES_MAX = 6_000
SKIPPED_SHARE_MAX = 0.2


class Tally:
    """What came out, over many specs."""

    def __init__(self) -> None:
        self.verdicts: Counter[tuple[FormulaKind, str]] = Counter()
        self.failures: Counter[str] = Counter()
        self.skipped_count = 0

    def add(self, agreed: Agreed | None) -> None:
        """Count one check; None was too large."""
        if agreed is None:
            self.skipped_count += 1
            return
        verdict = agreed.result.verdict
        self.verdicts[agreed.kind, type(verdict).__name__] += 1
        if isinstance(verdict, Undetermined) and verdict.failure is not None:
            self.failures[verdict.failure.kind.value] += 1

    @property
    def skipped_share(self) -> float:
        """The share of checks that were too large."""
        return self.skipped_count / max(1, self.skipped_count + self.verdicts.total())


def compare_all(text: str, states_max: int, tally: Tally | None = None) -> dict[str, Agreed]:
    """Compare every check of a spec; the agreed ones by name."""
    loaded = LoadedText(text)
    results: dict[str, Agreed] = {}
    for check in loaded.checks:
        system, fixed = loaded.fixed(check)
        agreed = compare(system, fixed, states_max=states_max)
        if tally is not None:
            tally.add(agreed)
        if agreed is not None:
            results[check.name] = agreed
    return results


def assert_right(spec: GeneratedSpec, states_max: int, tally: Tally | None = None) -> None:
    """A generated spec has no errors, all agree on its checks, and its laws hold."""
    try:
        results = compare_all(spec.text, states_max, tally)
    except Exception as error:
        raise AssertionError(f"{type(error).__name__}: {error}\n{_small(spec.text, states_max, error)}") from error
    for law in spec.laws:
        if law.first in results and law.second in results:
            first, second = results[law.first].result.verdict, results[law.second].result.verdict
            if not isinstance(first, Undetermined) and not isinstance(second, Undetermined):
                is_true = law.is_obeyed(isinstance(first, Holds), isinstance(second, Holds))
                assert is_true, f"law `{law.name}` of {law.first} and {law.second} is broken\n{spec.text}"


def _small(text: str, states_max: int, error: Exception) -> str:
    """A small spec that fails in the same way."""

    def fails(shorter: str) -> bool:
        try:
            compare_all(shorter, states_max)
        except Wrong as other:
            return isinstance(error, Wrong) and other.errors[0].code == error.errors[0].code
        except Exception as other:  # noqa: BLE001 - whatever it is, it is compared with what is looked for
            return type(other) is type(error)
        return False

    return smaller(text, fails)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_agrees_with_reference(batch: int, record_property) -> None:
    tally = Tally()
    for number in range(SPECS_IN_BATCH):
        seed = batch * SPECS_IN_BATCH + number
        assert_right(make_spec(seed, SIZES[seed % len(SIZES)]), STATES_MAX, tally)
    record_property("skipped", tally.skipped_count)
    assert tally.skipped_share < SKIPPED_SHARE_MAX
    # Every batch sees formulas hold and fail, so that none is compared in vain.
    for kind in (FormulaKind.NEVER, FormulaKind.CAN_LEAD_TO, FormulaKind.LEADS_TO):
        for verdict in (Holds, Violated):
            assert tally.verdicts[kind, verdict.__name__] > 0


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(spec=specs())
def test_agrees_with_reference_on_fresh_specs(spec: GeneratedSpec) -> None:
    assert_right(spec, STATES_MAX)


@pytest.mark.campaign
def test_campaign() -> None:
    end = time.monotonic() + float(os.environ.get("CASCADE_CAMPAIGN_SECONDS", "600"))
    seed = int(os.environ.get("CASCADE_CAMPAIGN_SEED", str(BATCHES * SPECS_IN_BATCH)))
    first, tally = seed, Tally()
    while time.monotonic() < end:
        assert_right(make_spec(seed, 1 + seed % 5), CAMPAIGN_STATES_MAX, tally)
        seed += 1
    print(f"{seed - first} specs, {tally.verdicts.total()} checks, {tally.skipped_count} too large, {tally.failures}")
