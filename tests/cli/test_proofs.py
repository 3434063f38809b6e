"""What a person reads of a proof."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cascade.cli.exit_codes import ExitCode

Cascade = Callable[..., object]

SPEC = """\
system s {
  state n: 0..3 = 0
  state is_open: bool = false
  event more when n < 2 { n = n + 1 }
  event opens when n == 2 { is_open: false -> true }
  check low: never n == 3
  check full: never is_open and n < 2
  check three: possible n == 3 expect violated
}
"""


@pytest.fixture
def lines(cascade: Cascade) -> Callable[..., list[str]]:
    def run(*arguments: str) -> list[str]:
        Path("s.cf").write_text(SPEC, encoding="utf-8")
        result = cascade("check", "s.cf", "--engine", "symbolic", *arguments)
        assert result.code == ExitCode.OK
        assert max(map(len, result.out.splitlines())) <= 80
        return [line.strip() for line in result.out.splitlines()]

    return run


def test_the_proof_is_named(lines: Callable[..., list[str]]) -> None:
    found = lines("--check", "low", "--check", "three")
    assert "proved by 1-induction" in found or "proved by an inductive invariant" in found
    assert any(line.startswith("no run does this: proved by ") for line in found)


def test_the_invariant_is_shown_on_demand(lines: Callable[..., list[str]]) -> None:
    shown = lines("--check", "full", "--explain")
    assert any("always, together:" in line or "shows the contrary" in line for line in shown)
    assert len(lines("--check", "full")) < len(shown)
