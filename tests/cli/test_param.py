"""`--param NAME=VALUE`: another design, without touching the spec."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cascade.cli.exit_codes import ExitCode

Cascade = Callable[..., object]

SPEC = """\
component Server { param slots = 2  let serving = true }
system s {
  param size = 2
  param wait = 5min
  redundant web: size x Server needs 1
  state load: 0..6 = 0
  event grow when load < 6 after wait { load = load + 1 }
  outage overload when load > sum(w in web: w.slots)
  fix bigger { web.slots = 3 }
  check plain: never overload
  check fixed: never overload with fix bigger
  check early: load == 0 lasts at most 1min
}
"""


def verdicts(cascade: Cascade, *arguments: str) -> dict[str, str]:
    Path("s.cf").write_text(SPEC, encoding="utf-8")
    result = cascade("check", "s.cf", "--only-declared", *arguments)
    words = [line.split() for line in result.out.splitlines() if line[:1] in ("✓", "✗", "?")]
    return {line[2]: line[1] for line in words}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), {"plain": "violated", "fixed": "holds", "early": "violated"}),
        (("--param", "size=3"), {"plain": "holds", "fixed": "holds", "early": "violated"}),
        (("--param", "web.slots=3"), {"plain": "holds", "fixed": "holds", "early": "violated"}),
        # It wins over the fix of a check.
        (("--param", "web.slots=1"), {"plain": "violated", "fixed": "violated", "early": "violated"}),
        (("--param", "web[2].slots = 3+1"), {"plain": "holds", "fixed": "holds", "early": "violated"}),
        (("--fix", "bigger", "--param", "size=1"), {"plain": "violated", "fixed": "violated", "early": "violated"}),
        # The last one counts.
        (("--param", "size=1", "--param", "size=3"), {"plain": "holds", "fixed": "holds", "early": "violated"}),
    ],
)
def test_it_sets_params_of_the_run(cascade: Cascade, arguments: tuple[str, ...], expected: dict[str, str]) -> None:
    assert verdicts(cascade, *arguments) == expected


@pytest.mark.parametrize(
    ("command", "setting", "shown"),
    [("show", "size=5", "web[5]"), ("dump", "wait=7min", "after 7 ticks"), ("cutsets", "size=5", "overload")],
)
def test_other_commands_take_it(cascade: Cascade, command: str, setting: str, shown: str) -> None:
    Path("s.cf").write_text(SPEC, encoding="utf-8")
    assert shown in cascade(command, "s.cf", "--param", setting).out


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("size", "CF001", "`size` sets no param"),
        ("size=", "CF001", "`size=` sets no param"),
        ("size=3 } check c: never true fix q { size=3", "CF001", "sets no param"),
        ("size=(", "CF001", "expected"),
        ("siez=3", "CF401", "did you mean `size`?"),
        ("load=3", "CF401", "`load` is no param"),
        ("size=true", "CF201", "an integer is expected here, not a boolean"),
        ("size=load", "CF205", "a param must be a constant"),
        ("size=0", "CF204", "is empty"),
    ],
)
def test_wrong_settings_are_located(cascade: Cascade, text: str, code: str, said: str) -> None:
    Path("s.cf").write_text(SPEC, encoding="utf-8")
    result = cascade("check", "s.cf", "--param", text)
    assert result.code == ExitCode.BAD_INPUT
    assert f"error[{code}]" in result.err and said in result.err
    assert "Traceback" not in result.err
