"""Runs `cascade check` in a directory with the specs of these tests; times read as 0."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cascade import __version__
from cascade.cli.main import main

DECLARED = """\
system shop "a small shop" {
  tick 1min
  redundant web: 2 x Server needs 1
  component db { fault slow: partial lasts 6h { health: up -> down } }
  component checkout { needs web, db }
  outage down "customers cannot check out" when not checkout.serving
  check masked: never down while redundancy holds
  check one_crash "one crash is nothing": never down with at most 1 fault
  check known: never down with at most 1 fault expect violated
  check gone: never down with at most 0 faults expect violated
  check back: down leads to not down
  check huge: never web[1].load + web[2].load > 80
}
component Server {
  state load: 0..40 = 0
  state up: bool = true
  event more when up and load < 40 { load = load + 1 }
  fault crash "out of memory" { up: true -> false }
  reaction restart after 2min { up: false -> true }
  let serving = up
}
"""
UNDECLARED = """\
system gateway "in front" {
  redundant switches: 2 x Switch needs 1
  component path {
    let chosen = if switches[1].health == down then 2 else 1
    let serving = switches[chosen].health == up
  }
  outage down "nobody gets in" when not path.serving
}
component Switch {
  state health: {up, partial, down} = up
  fault half_dead: omission "half dead" { health: up -> partial }
  fault crash { health: up -> down }
  let serving = health == up
}
"""
WRONG = "system s { component db { } outage down when nix }\n"
IN_A_RUN = "system s {\n  state n: 0..3 = 0\n  event more { n = n + 1 }\n  check c: never n > 5\n}\n"
LIBRARY = "component Unused_style { }\n"
# What a spec may say to get out of the format that it is shown in.
EVIL_TEXT = "</script><b>&amp; ]]> %0A::error::x | [a](http://b) @team `c` $d$ ~~e~~"
EVIL = f"""\
system s "{EVIL_TEXT}" {{
  component db {{ fault crash "{EVIL_TEXT}" {{ health: up -> down }} }}
  outage down "{EVIL_TEXT}" when not db.serving
  check c "{EVIL_TEXT}": never down
}}
"""
SPECS = {
    "declared.cf": DECLARED,
    "undeclared.cf": UNDECLARED,
    "wrong.cf": WRONG,
    "in_a_run.cf": IN_A_RUN,
    "library.cf": LIBRARY,
    "evil.cf": EVIL,
}


@dataclass(frozen=True)
class Output:
    code: int
    out: str
    err: str


@pytest.fixture
def cascade(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Output]:
    """`cascade("check", "declared.cf")` where all `SPECS` are, in a repository."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("cascade.questions.cache.default_folder", lambda: str(tmp_path / "verdicts"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    Path(".git").mkdir()
    for name, text in SPECS.items():
        Path(name).write_text(text, encoding="utf-8")

    def run(*arguments: str) -> Output:
        code = main(arguments)
        captured = capsys.readouterr()
        return Output(code, captured.out, captured.err)

    return run


def normal(text: str) -> str:
    """A report without what differs from run to run: times and the version."""
    text = text.replace(f'"{__version__}"', '"VERSION"')
    text = re.sub(r'"seconds": [0-9.e-]+', '"seconds": 0.0', text)
    text = re.sub(r'time="[0-9.]+"', 'time="0.000"', text)
    return re.sub(r"\d+\.\d\d? s\b", "0.00 s", text)
