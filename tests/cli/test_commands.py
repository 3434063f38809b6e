"""`show`, `dump`, `explain`, `--help`: what they print, and that the fast ones are fast."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from cascade import __version__
from cascade.cli.exit_codes import ExitCode
from cascade.diagnostics.codes import CODES

Cascade = Callable[..., object]
ROOT = Path(__file__).resolve().parents[2]


def test_show(cascade: Cascade, golden: SnapshotAssertion) -> None:
    result = cascade("show", "shop.cf", "--fix", "patient")
    assert (result.code, result.err) == (ExitCode.OK, "")
    assert result.out == golden
    assert max(map(len, result.out.splitlines())) <= 80


def test_dump(cascade: Cascade) -> None:
    result = cascade("dump", "shop.cf", "--check", "masked")
    assert (result.code, result.err) == (ExitCode.OK, "")
    assert "reaction web[1].restart after 2..2 ticks owed" in result.out
    assert "after 5..5 ticks" in cascade("dump", "shop.cf", "--fix", "patient").out


@pytest.mark.parametrize("command", ["show", "dump"])
def test_bad_specs_have_exit_code_2(cascade: Cascade, command: str) -> None:
    Path("library.cf").write_text("component Server { }\n", encoding="utf-8")
    for path in ("missing.cf", "library.cf"):
        result = cascade(command, path)
        assert (result.code, result.out) == (ExitCode.BAD_INPUT, "")
        assert path in result.err


def test_dump_of_an_unknown_check(cascade: Cascade) -> None:
    result = cascade("dump", "shop.cf", "--check", "maskd")
    assert (result.code, result.err) == (
        ExitCode.BAD_INPUT,
        "cascade: no check is called maskd; did you mean masked?\n",
    )


@pytest.mark.parametrize("code", CODES)
def test_explain_every_code(cascade: Cascade, code: str) -> None:
    result = cascade("explain", code.lower())
    assert result.code == ExitCode.OK
    assert result.out.startswith(f"{code}: {CODES[code].name}\n")
    assert "```" not in result.out


def test_explain_without_code_is_the_table(cascade: Cascade) -> None:
    result = cascade("explain")
    assert result.code == ExitCode.OK
    assert re.findall(r"^CF\d{3}", result.out, re.MULTILINE) == list(CODES)


@pytest.mark.parametrize(("word", "hint"), [("CF5O1", "did you mean CF501?"), ("\x1b[2Jnix", "lists all codes")])
def test_explain_unknown_code(cascade: Cascade, word: str, hint: str) -> None:
    result = cascade("explain", word)
    assert (result.code, result.out) == (ExitCode.BAD_INPUT, "")
    assert hint in result.err
    assert "\x1b" not in result.err


def test_version(cascade: Cascade) -> None:
    result = cascade("--version")
    assert (result.code, result.out) == (ExitCode.OK, f"cascade {__version__}\n")


@pytest.mark.parametrize("arguments", [[], ["chekc"], ["check"], ["check", "--nix", "a.cf"]])
def test_wrong_command_lines(cascade: Cascade, arguments: list[str]) -> None:
    result = cascade(*arguments)
    assert (result.code, result.out) == (ExitCode.BAD_INPUT, "")
    assert "error:" in result.err


@pytest.mark.parametrize("arguments", [["--help"], ["explain", "CF101"], ["--version"]])
def test_fast_commands_import_nothing_slow(arguments: list[str]) -> None:
    program = (
        "import sys; from cascade.cli.main import main; main(sys.argv[1:]);"
        "slow = {'lark', 'numba', 'numpy', 'z3', 'cascade.pipeline', 'cascade.core'} & set(sys.modules);"
        "assert not slow, slow;"
        "assert '--help' in sys.argv or 'rich' not in sys.modules"
    )
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_readme_example_says_what_it_expects(cascade: Cascade) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    Path("readme.cf").write_text(readme.split("```cf\n")[1].split("```")[0], encoding="utf-8")
    assert cascade("check", "readme.cf").code == ExitCode.OK
