"""Every shipped spec, every spec of the library's tests, every small model: the explicit engine against the reference interpreter.

The oracle is `cascade.reference.decide`: same verdict, same number of states, same least cost of the run, and every run replayed. The reference
takes up to a millisecond for a state, so checks with more than `STATES_MAX` states (of the incidents `INCIDENT_STATES_MAX`) are compared under `-m campaign` only, up to
`CAMPAIGN_STATES_MAX`. Each test says (`-s`, and the property `skipped` in JUnit files) which it left out.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.differential.agreement import compare
from tests.generate.load import LoadedText

ROOT = Path(__file__).parents[2]
SPECS = [path for folder in ("specs", "tests/std", "tests/models") for path in sorted((ROOT / folder).glob("*.cf"))]
STATES_MAX = 2_000
INCIDENT_STATES_MAX = 600
CAMPAIGN_STATES_MAX = 60_000

Record = Callable[[str, object], None]


def left_out(path: Path, states_max: int) -> list[str]:
    """Compare all checks of a spec; the names of those with more states."""
    loaded = LoadedText(path.read_text(), str(path))
    return [check.name for check in loaded.checks if compare(*loaded.fixed(check), states_max=states_max) is None]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_agrees_with_reference(path: Path, record_property: Record) -> None:
    is_incident = path.parent.name == "specs"
    states_max = INCIDENT_STATES_MAX if is_incident else STATES_MAX
    skipped = left_out(path, states_max)
    record_property("skipped", " ".join(skipped))
    print(f"{path.name}: more than {states_max} states, left to the campaign: {', '.join(skipped) or 'none'}")
    # What is small is compared in full; of the incidents, some checks at least.
    assert not skipped or is_incident


@pytest.mark.campaign
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_agrees_with_reference_on_large_checks(path: Path, record_property: Record) -> None:
    skipped = left_out(path, CAMPAIGN_STATES_MAX)
    record_property("skipped", " ".join(skipped))
    print(f"{path.name}: more than {CAMPAIGN_STATES_MAX} states: {', '.join(skipped) or 'none'}")


def test_there_is_something_to_compare() -> None:
    assert len(SPECS) > 50
