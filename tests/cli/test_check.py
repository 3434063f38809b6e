"""`cascade check`: what a person reads, and what the shell is told."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from cascade.cli.exit_codes import ExitCode, worst

Cascade = Callable[..., object]
LIBRARY = "component Server { }\n"
GOOD = "system s {\n  component db { }\n  outage down when not db.serving\n  check c: never down expect violated\n}\n"
UNEXPECTED = GOOD.replace(" expect violated", "")
WRONG = "system s { component db { } outage down when nix }\n"
IN_A_RUN = "system s {\n  state n: 0..3 = 0\n  event more { n = n + 1 }\n  check c: never n > 5\n}\n"
# About 10^9 states: no search gets through it.
ENDLESS = (
    # The members count differently, so that they are not interchangeable.
    "system s {\n  redundant web: 30 x Server needs 1\n"
    "  check c: never sum(x in web: if x.serving then x.index else 0) == 0 with at most 29 faults\n}\n" + LIBRARY
)


def put(name: str, text: str) -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def test_report(cascade: Cascade, golden: SnapshotAssertion) -> None:
    result = cascade("check", "shop.cf")
    assert (result.code, result.err) == (ExitCode.UNEXPECTED, "")
    assert result.out == golden
    assert max(map(len, result.out.splitlines())) <= 80


def test_traces(cascade: Cascade, golden: SnapshotAssertion) -> None:
    result = cascade("check", "shop.cf", "--trace", "--check", "web_flaps", "--check", "web_fails_and_returns")
    assert result.out == golden


def test_names_that_do_not_fit_stand_alone(cascade: Cascade, golden: SnapshotAssertion) -> None:
    name = "a_check_whose_name_says_everything_there_is_to_say_about_it_and_more"
    put(
        "long.cf",
        GOOD.replace("check c", f"check {name}").replace("db", "primary_database_of_the_whole_company_in_frankfurt"),
    )
    result = cascade("check", "long.cf", "--trace")
    assert result.out == golden


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (GOOD, ExitCode.OK),
        (LIBRARY, ExitCode.OK),
        (UNEXPECTED, ExitCode.UNEXPECTED),
        (WRONG, ExitCode.BAD_INPUT),
        (IN_A_RUN, ExitCode.BAD_INPUT),
        (ENDLESS, ExitCode.UNDETERMINED),
    ],
    ids=["good", "library", "unexpected", "wrong", "wrong in a run", "endless"],
)
def test_exit_codes(cascade: Cascade, text: str, code: ExitCode) -> None:
    assert cascade("check", put("a.cf", text), "--max-states", "1000").code == code


def test_all_files_are_attempted_and_the_worst_counts(cascade: Cascade) -> None:
    paths = [put("wrong.cf", WRONG), "missing.cf", put("unexpected.cf", UNEXPECTED), put("good.cf", GOOD)]
    result = cascade("check", *paths)
    assert result.code == ExitCode.BAD_INPUT
    assert "good.cf  s" in result.out
    assert "2 checks in 4 files: 1 as expected, 1 unexpected, 2 files with errors" in result.out
    assert "error[CF101]" in result.err
    assert "error[CF003]" in result.err


def test_precedence() -> None:
    for worse, better in [(4, 2), (2, 1), (1, 3), (3, 0)]:
        assert worst([ExitCode(better), ExitCode(worse), ExitCode(0)]) == worse


def test_error_in_a_run_is_shown_with_the_run(cascade: Cascade, golden: SnapshotAssertion) -> None:
    assert cascade("check", put("a.cf", IN_A_RUN)).out == golden


def test_limits_are_named(cascade: Cascade) -> None:
    put("a.cf", ENDLESS)
    for option, value in [("--max-states", "1000"), ("--time", "100ms"), ("--memory", "1MB")]:
        result = cascade("check", "a.cf", option, value)
        assert result.code == ExitCode.UNDETERMINED
        assert f"raise it with {option}" in " ".join(result.out.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--check", "maskd"], "no check is called maskd; did you mean masked?"),
        (["--fix", "patent"], "no fix is called patent; did you mean patient?"),
        (["--engine", "explict"], "no engine is called explict; did you mean explicit?"),
        (["--memory", "lots"], "'lots' is no size"),
        (["--time", "0s"], "a limit on time is more than nothing"),
        (["--max-states", "none"], "'none' is no number from 1"),
    ],
)
def test_wrong_options_are_bad_input(cascade: Cascade, arguments: list[str], said: str) -> None:
    result = cascade("check", "shop.cf", *arguments)
    assert (result.code, result.out) == (ExitCode.BAD_INPUT, "")
    assert said in result.err


def test_a_fix_changes_the_verdict(cascade: Cascade) -> None:
    put(
        "a.cf",
        "system s {\n  param crashes = true\n  state up: bool = true\n  fault crash when crashes { up: true -> false }\n"
        "  fix hardened { crashes = false }\n  check c: always up\n}\n",
    )
    assert cascade("check", "a.cf").code == ExitCode.UNEXPECTED
    assert cascade("check", "a.cf", "--fix", "hardened").code == ExitCode.OK


def test_nothing_that_a_terminal_obeys_is_printed(cascade: Cascade) -> None:
    evil = put("a\x1b[31m\u202e.cf", "system s { # \x1b[2J\n  component db\x1b { }\n}\n\x07")
    result = cascade("check", evil, "mis\x1bsing.cf", "--trace")
    assert result.code == ExitCode.BAD_INPUT
    for text in (result.out, result.err):
        assert not {"\x1b", "\x07", "\u202e"} & set(text)


def test_colors_on_request_only(cascade: Cascade, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in cascade("check", "shop.cf").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in cascade("check", "shop.cf").out


def test_internal_error_is_told_as_one(cascade: Cascade, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("out of\x1b order")

    monkeypatch.setattr("cascade.cli.check.check_file", fail)
    result = cascade("check", "shop.cf")
    assert result.code == ExitCode.INTERNAL_ERROR
    assert "internal error: RuntimeError: out of␛ order" in result.err
    assert "report" in result.err
    assert "Traceback" not in result.err
    assert "Traceback" in cascade("check", "shop.cf", "--debug").err


def run_process(*arguments: str, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cascade", *arguments]
    root = str(Path(__file__).resolve().parents[2])
    environment = os.environ | {"PYTHONPATH": root, "PYTHONIOENCODING": "utf-8"}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, **options
    )


def test_interrupt_keeps_what_is_known(tmp_path: Path) -> None:
    spec = tmp_path / "a.cf"
    first = "  check first: never web.serving with at most 0 faults expect violated\n  check c"
    spec.write_text(ENDLESS.replace("  check c", first), encoding="utf-8")
    with run_process("check", str(spec)) as process:
        assert process.stdout is not None
        lines = ""
        while "first" not in lines:
            lines += process.stdout.readline()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.INTERRUPTED
    assert "? undetermined c" in out
    assert "the search was interrupted" in out
    assert "1 as expected, 1 undetermined" in out
    assert "Traceback" not in err


def test_reader_that_goes_away(tmp_path: Path) -> None:
    spec = tmp_path / "a.cf"
    spec.write_text(GOOD, encoding="utf-8")
    with run_process("check", *[str(spec)] * 50) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=60) == ExitCode.INTERRUPTED


def test_ascii_streams(tmp_path: Path) -> None:
    spec = tmp_path / "a.cf"
    spec.write_text(UNEXPECTED, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "cascade", "check", str(spec)],
        env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        capture_output=True,
        check=False,
    )
    assert b"x violated" in done.stdout
    assert b"health: up -> down" in done.stdout
