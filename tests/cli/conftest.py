"""Runs the command line in this process, as a user with a window of 80 columns does."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cascade.cli.main import main

SHOP = """\
system shop "a small shop" {
  tick 1min
  redundant web: 3 x Server needs 2
  component db { }
  component checkout { needs web, db }
  outage down "customers cannot check out" when not checkout.serving
  fix patient { web.restart_time = 5min }

  check masked: never down while redundancy holds
  check one_crash: never down with at most 1 fault expect violated
  check safe "one fault is nothing": never down with at most 1 fault
  check short: down lasts at most 5min with only db
  check comes_back: down leads to not down
  check can_come_back: down can lead to not down
  check web_fails_and_returns: possible not web.serving then web.serving with only web with at most 2 faults
  check web_flaps: web.serving leads to always_up with only web
  check never_both: possible down and checkout.serving
  let always_up = web[1].up and web[2].up and web[3].up
}

component Server "one of many" {
  param restart_time = 2min
  state up: bool = true
  fault crash "out of memory" { up: true -> false }
  reaction restart after restart_time { up: false -> true }
  let serving = up
}
"""


@dataclass(frozen=True)
class Output:
    code: int
    out: str
    err: str


@pytest.fixture
def cascade(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Output]:
    """`cascade("check", "shop.cf")` in a directory that holds `shop.cf`; how long searches took reads as `0.00 s`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("cascade.questions.cache.default_folder", lambda: str(tmp_path / "verdicts"))
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    Path("shop.cf").write_text(SHOP, encoding="utf-8")

    def run(*arguments: str) -> Output:
        code = main(arguments)
        captured = capsys.readouterr()
        return Output(code, re.sub(r"\d\.\d\d s", "0.00 s", captured.out), captured.err)

    return run
