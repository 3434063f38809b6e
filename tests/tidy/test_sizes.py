"""House rules that a machine can count."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "cascade").rglob("*.py"))
LINES_MAX = 700
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 180
# Kernels are compiled as a whole, so they may be longer.
LONG_FOLDERS = {"kernels"}
# What is of no meaning to a reader who has this repository and nothing else.
FOREIGN = re.compile(r"/work/|\.\./shared|TODO|FIXME|XXX")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_module_fits_one_sitting(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert path.parent.name in LONG_FOLDERS or len(lines) <= LINES_MAX
    assert not [number for number, line in enumerate(lines, 1) if len(line) > COLUMNS_MAX]


@pytest.mark.parametrize("path", [p for p in MODULES if p.parent.name not in LONG_FOLDERS], ids=relative)
def test_functions_are_short(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = {f.name: (f.end_lineno or 0) - f.lineno + 1 for f in functions}
    assert {name: lines for name, lines in long.items() if lines > FUNCTION_LINES_MAX} == {}


@pytest.mark.parametrize("path", [p for p in MODULES if p.stat().st_size], ids=relative)
def test_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_the_project_speaks_of_itself_alone() -> None:
    suffixes = {".py", ".md", ".cf", ".toml", ".lark", ".yaml", ".lock"}
    skipped = {".venv", ".git", "build", "dist", "node_modules"}
    found = []
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if path.suffix in suffixes and path != Path(__file__) and not any(p in skipped or p[0] == "." for p in parts):
            found += [relative(path)] if FOREIGN.search(path.read_text(encoding="utf-8", errors="replace")) else []
    assert found == []
