"""Tables and what they list stay in step: lock files, commands, exit codes, engines, import contracts."""

import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from cascade.cli.exit_codes import MEANINGS, ExitCode
from cascade.cli.main import make_parser
from cascade.engines import ENGINES

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PIN = re.compile(r"([a-z0-9-]+)==([0-9][A-Za-z0-9.]*) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)")


def pins(name: str) -> dict[str, str]:
    text = re.sub(r"^#.*\n", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert PIN.sub("", text) == "", f"{name} has pins with hashes, no hosts, no paths"
    return {m[1]: m[2] for m in PIN.finditer(text)}


def declared(*groups: str) -> list[Requirement]:
    found = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
    for group in groups:
        found += [Requirement(text) for text in PROJECT["dependency-groups"][group]]
    return found


@pytest.mark.parametrize(("name", "groups"), [("requirements.lock", ()), ("requirements-dev.lock", ("test", "lint"))])
def test_locks_have_what_is_declared(name: str, groups: tuple[str, ...]) -> None:
    locked = pins(name)
    for requirement in declared(*groups):
        assert requirement.specifier.contains(locked[requirement.name]), requirement


def test_locks_agree() -> None:
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


def test_every_dependency_has_an_upper_bound() -> None:
    for requirement in declared("test", "lint"):
        assert any(s.operator in {"<", "=="} for s in requirement.specifier), requirement


def test_every_command_has_a_module() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in ("check", "report", "gate", "cutsets", "dump", "show", "explain", "export"):
        assert f"`cascade {name} " in readme
        assert callable(import_module(f"cascade.cli.{name}").run)
        assert name in make_parser().format_help()


def test_exit_codes_are_told_in_help_and_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    text = " ".join(make_parser().format_help().split())
    assert set(MEANINGS) == set(ExitCode)
    for code, meaning in MEANINGS.items():
        assert f"{code.value} {meaning}" in text
        assert f"| {code.value} |" in readme


def test_readme_and_ci_run_the_same_test_command() -> None:
    command = "python -m pytest -n 2\n"
    assert f".venv/bin/{command}" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"\n{command}" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_has_an_answer(name: str) -> None:
    assert callable(import_module(ENGINES[name].module).answer)


def test_stages_import_only_from_stages_before_them() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
