"""Every small spec in this folder: its checks come out as it says they do, worked out by hand.

The oracle is the spec itself: `expect` of each check, `# fails by CHECK: CODE` where a run must meet an error of the spec, and
`# states of CHECK: N` where the states were counted by hand. The first comment says what the spec guards against.
"""

import re
from pathlib import Path

import pytest

from cascade.limits import Progress
from cascade.pipeline import CheckOptions, check_file
from cascade.verdicts.verdict import Undetermined

MODELS = sorted(Path(__file__).parent.glob("*.cf"))
COUNTED_MIN = 15

_FAILS = re.compile(r"# fails by (\w+): (CF\d+)")
_STATES = re.compile(r"# states of (\w+): (\d+)")


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_comes_out_as_worked_out_by_hand(path: Path) -> None:
    text = path.read_text()
    result = check_file(str(path), CheckOptions(), lambda _: Progress())
    assert [d.message for d in result.diagnostics if d.code < "CF9"] == []
    fails = dict(_FAILS.findall(text))
    checks = {check.name: check for check in result.checks}
    assert len(checks) >= 2
    unexpected = [name for name, check in checks.items() if name not in fails and not check.is_as_expected]
    assert unexpected == []
    for name, code in fails.items():
        verdict = checks[name].verdict
        assert isinstance(verdict, Undetermined) and verdict.failure is not None
        assert verdict.failure.kind.value == code
    for name, count in _STATES.findall(text):
        assert checks[name].verdict.statistics.state_count == int(count), f"states of {name}"


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_says_what_it_guards(path: Path) -> None:
    first_comment = path.read_text().split("\n\n")[0]
    assert first_comment.startswith("#") and "Guards " in first_comment


def test_states_are_counted_by_hand_often_enough() -> None:
    assert sum(len(_STATES.findall(path.read_text())) for path in MODELS) >= COUNTED_MIN
