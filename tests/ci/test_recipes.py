"""The action, the hooks and the recipes for CI: well formed, and what they run exists and works."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from cascade.cli.main import make_parser

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
RECIPES = (ROOT / "docs" / "ci.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", RECIPES, re.DOTALL | re.MULTILINE)
SPEC = """\
system shop {
  component db { repair mend { health: down -> up } }
  outage down "::error::customers cannot check out" when not db.serving
  check safe "::set-output name=x::y": never down with at most 1 fault
}
"""


def test_the_action_is_a_composite_one() -> None:
    assert ACTION["runs"]["using"] == "composite"
    for step in ACTION["runs"]["steps"]:
        assert ("uses" in step) != ("run" in step)
        assert "run" not in step or step["shell"] == "bash"
        assert "uses" not in step or re.fullmatch(r"[\w-]+/[\w/-]+@v\d+", step["uses"])


def test_inputs_reach_the_shell_as_variables_only() -> None:
    """What stands in `${{ }}` in a script would be run as a part of it."""
    used = set()
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        used |= set(re.findall(r"inputs\.([\w-]+)", str(step)))
    assert used == set(ACTION["inputs"])
    assert set(re.findall(r"outputs\.([\w-]+)", str(ACTION["outputs"]))) == set(ACTION["outputs"])


@pytest.fixture
def run_action(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Runs the step that calls `cascade`, as a runner does; gives exit code and what it printed."""
    if shutil.which("bash") is None:
        pytest.skip("there is no bash")
    monkeypatch.chdir(tmp_path)
    tools = tmp_path / "bin"
    tools.mkdir()
    tool = tools / "cascade"
    tool.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {sys.executable} -m cascade "$@"\n', "utf-8")
    tool.chmod(0o755)
    for name in ("git init -q -b main", "git add -A", "git -c user.name=n -c user.email=e commit -q -m one"):
        (tmp_path / "shop.cf").write_text(SPEC.replace("at most 1 fault", "at most 0 faults"), "utf-8")
        subprocess.run(shlex.split(name), check=True)
    step = next(step for step in ACTION["runs"]["steps"] if step.get("id") == "gate")

    def run(**inputs: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "CASCADE_CACHE_DIR": str(tmp_path / "cache"),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            "REPORTS": "reports",
            "ANNOTATIONS": "true",
            "SPECS": "",
            "AGAINST": "",
            "ARGUMENTS": "",
        } | inputs
        assert set(step["env"]) <= set(environment)
        command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)

    return run


def test_the_action_reports(run_action: object, tmp_path: Path) -> None:
    (tmp_path / "shop.cf").write_text(SPEC, "utf-8")
    done = run_action(SPECS="*.cf", AGAINST="main", ARGUMENTS="--max-size 1 --engine python")
    assert done.returncode == 1, done.stderr
    assert (tmp_path / "output").read_text("utf-8").splitlines() == ["exit-code=1", "sarif=reports/cascade.sarif"]
    assert (tmp_path / "summary").read_text("utf-8").startswith("## cascade: at least one verdict")
    names = {path.name for path in (tmp_path / "reports").iterdir()}
    assert names == {"cascade.sarif", "cascade.json", "cascade.xml", "cascade.md", "annotations.txt", "html"}
    lines = done.stdout.splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    assert re.fullmatch(r"pause-[0-9a-f]{32}", token)
    paused = lines[1 : lines.index(f"::{token}::")]
    assert "✗ violated  safe" in "\n".join(paused)
    assert all(re.match("::(error|warning|notice) file=shop.cf,", line) for line in lines[len(paused) + 2 :])
    assert sum(line.startswith("::error ") for line in lines) == 1


def test_the_action_passes_what_is_well(run_action: object, tmp_path: Path) -> None:
    (tmp_path / "cascade.toml").write_text('specs = ["*.cf"]\nengine = "python"\n', "utf-8")
    done = run_action(AGAINST="main", ANNOTATIONS="false")
    assert done.returncode == 0, done.stderr
    assert "unchanged" in done.stdout
    assert (tmp_path / "output").read_text("utf-8").startswith("exit-code=0\n")


def test_the_action_says_what_is_wrong_with_its_inputs(run_action: object, tmp_path: Path) -> None:
    done = run_action(SPECS="shop.cf", AGAINST="--output=json=x; touch y")
    assert done.returncode == 2
    assert "CF806" in done.stderr
    assert not {"x", "y"} & {path.name for path in tmp_path.iterdir()}


def accepted(arguments: list[str]) -> bool:
    try:
        make_parser().parse_args(arguments)
    except SystemExit as error:
        return error.code == 0
    return True


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_hooks_run_what_there_is(hook: dict) -> None:
    assert {"id", "name", "description", "entry", "language", "files"} <= set(hook)
    command, *arguments = shlex.split(hook["entry"])
    assert command == "cascade"
    assert accepted([*arguments, *(["a.cf"] if hook.get("pass_filenames", True) else [])])
    assert re.search(hook["files"], "specs/a.cf")


def test_the_recipes_name_the_hooks() -> None:
    named = set(re.findall(r"- id: ([\w-]+)", RECIPES))
    assert named == {hook["id"] for hook in HOOKS}


def test_the_recipes_use_inputs_that_there_are() -> None:
    workflow = next(yaml.safe_load(body) for kind, body in BLOCKS if kind == "yaml" and "runs-on" in body)
    step = next(s for s in workflow["jobs"]["gate"]["steps"] if "cascade@" in s["uses"])
    assert set(step["with"]) <= set(ACTION["inputs"])


@pytest.mark.parametrize(("kind", "body"), BLOCKS)
def test_recipes_are_well_formed(kind: str, body: str) -> None:
    if kind == "yaml":
        assert yaml.safe_load(body)
    calls = [line.split("cascade gate ", 1)[1] for line in body.splitlines() if "cascade gate -" in line]
    for call in calls:
        assert accepted(["gate", *shlex.split(call.rstrip("'"))])


def test_there_are_recipes_for_all() -> None:
    assert [kind for kind, _ in BLOCKS] == ["yaml", "yaml", "yaml", "groovy", "sh"]
    assert sum("cascade gate -" in body for _, body in BLOCKS) == 3
