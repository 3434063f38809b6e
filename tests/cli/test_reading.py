"""How far a long spec has been read is shown, and told after an interruption; a short one is read in silence."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cascade.cli import progress
from cascade.cli.progress import reading_line, reading_text
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.limits import READING
from cascade.pipeline import load_system
from tests.cli.conftest import Output

CLEAR = "\r\x1b[2K"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal on which everything is shown at once."""
    monkeypatch.setattr(progress, "is_interactive", lambda _: True)
    monkeypatch.setattr(progress, "READING_SECONDS", 0.0)
    monkeypatch.setattr(progress, "TERMINAL_INTERVAL_SECONDS", 0.001)


@pytest.mark.usefixtures("impatient")
def test_lines_of_all_lines_are_shown_on_one_line_that_goes_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("long.cf").write_text("system s {\n" + "\n".join(f"state x{i}: bool = true" for i in range(3_000)) + "\n}")
    with reading_line():
        assert load_system("long.cf", Diagnostics()) is not None
    out, err = capsys.readouterr()
    assert out == ""
    first, *shown, last = err.split(CLEAR)
    assert first == last == ""
    assert "\n" not in err
    lines = [
        int(match[1].replace(",", "")) for text in shown if (match := re.search(r": line ([\d,]+) of 3,002", text))
    ]
    assert lines == sorted(lines)
    assert len(set(lines)) > 1


def test_what_is_said() -> None:
    READING.forget()
    assert reading_text(1.0) == "reading the spec: 1.00 s"
    READING.begin("a\x1b.cf", 4_000, lambda: 1_234)
    assert reading_text(12.3) == "reading a␛.cf: line 1,234 of 4,000, 12.3 s"
    READING.end()
    assert reading_text(20) == "reading a␛.cf: all 4,000 lines read, now what they mean, 20.0 s"
    READING.begin("imported.cf", 10, lambda: 3)
    assert reading_text(20) == "reading a␛.cf: line 4,003 of 4,010, 20.0 s"
    READING.forget()


def test_an_interruption_tells_how_far_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    def read() -> None:
        with reading_line():
            READING.begin("big.cf", 10, lambda: 3)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read()
    err = capsys.readouterr().err
    assert err.startswith("reading big.cf: line 3 of 10, 0.")
    assert err.count("\n") == 1


def test_check_tells_it_too(cascade: Callable[..., Output], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cascade.pipeline.elaborate_cases", interrupted)
    said = cascade("check", "shop.cf")
    assert said.code == 130
    first, second = said.err.splitlines()
    assert first.startswith("reading shop.cf: all 27 lines read, now what they mean, 0.")
    assert second == "interrupted: the checks that are not listed were not decided"
