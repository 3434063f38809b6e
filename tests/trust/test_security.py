"""A spec is untrusted input: what it may make cascade do, and what not."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cascade.cli.main import main
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.reports.html.site import Site, file_names
from cascade.syntax.imports import load

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "cascade").rglob("*.py"))
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "execfile", "input", "breakpoint"}
FORBIDDEN_MODULES = {
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "code",
    "codeop",
    "runpy",
    "xmlrpc",
    "ftplib",
    "telnetlib",
    "socket",
    "http",
    "urllib.request",
}
# z3 runs in a process that cascade starts itself, and the two talk over its pipes: nobody else can write there.
PIPES = {"cascade/engines/symbolic/remote.py", "cascade/engines/symbolic/worker.py"}


def used(path: Path) -> set[str]:
    """Calls of built-in functions that run text, imports of modules that do so or talk to the network, and shells."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in FORBIDDEN_CALLS:
                found.add(name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="os"), attr=("system" | "popen") as name)):
                found.add(f"os.{name}")
            case ast.keyword(arg="shell" | "allow_pickle" as name):
                found.add(name)
            case ast.Import(names=names):
                found |= {
                    a.name for a in names if a.name in FORBIDDEN_MODULES or a.name.split(".")[0] in FORBIDDEN_MODULES
                }
            case ast.ImportFrom(module=str(module)) if (
                module in FORBIDDEN_MODULES or module.split(".")[0] in FORBIDDEN_MODULES
            ):
                found.add(module)
            case _:
                pass
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_is_run_and_nothing_is_unpickled(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    assert used(path) == ({"pickle"} if name in PIPES else set())


def test_the_search_for_it_finds_it(tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    path.write_text("import pickle, os\nfrom marshal import loads\neval('1')\nos.system('x')\nf(shell=True)\n")
    assert used(path) == {"pickle", "marshal", "eval", "os.system", "shell"}


# --- paths ---


@pytest.mark.parametrize(
    "statement",
    [
        "import secret",
        "import link.secret",
        "import std.secret",
        "import folder.secret",
        "import .secret",
        "import ..secret",
        'import "../secret"',
    ],
)
def test_an_import_stays_where_it_is(statement: str, tmp_path: Path) -> None:
    """Links of a repository that lead out of it are not followed: the file is as if it were not there."""
    here = tmp_path / "repository"
    here.mkdir()
    secret = tmp_path / "secret.cf"
    secret.write_text("component Secret { }\n")
    (here / "secret.cf").symlink_to(secret)
    (here / "link").symlink_to(tmp_path)
    (here / "std").symlink_to(tmp_path)
    (here / "folder").mkdir()
    (here / "folder" / "secret.cf").symlink_to("../../secret.cf")
    spec = here / "spec.cf"
    spec.write_text(f"{statement}\nsystem s {{ part p: Secret }}\n")
    diagnostics = Diagnostics()
    loaded = load(str(spec), diagnostics)
    assert len(loaded.files) == 1
    assert diagnostics.errors
    assert not any("Secret {" in label.span.source.text for d in diagnostics.items for label in (d.primary, *d.others))


@pytest.mark.parametrize(
    "name", ["../../x.cf", "/etc/passwd", "..", "index.html", "a\0b.cf", "x\n.cf", "con<script>.cf", ".hidden"]
)
def test_names_of_pages_stay_in_their_folder(name: str) -> None:
    (page,) = file_names([name]).values()
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.html", page)
    assert page != "index.html"


def test_a_page_replaces_a_link_and_does_not_follow_it(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "pages"
    outside.write_text("mine")
    folder.mkdir()
    (folder / "index.html").symlink_to(outside)
    Site(str(folder), []).finish()
    assert outside.read_text() == "mine"
    assert not (folder / "index.html").is_symlink()


# --- what it prints and writes ---

HOSTILE = "</script><img src=x onerror=alert(1)> [a](javascript:x) | `x` ::error::y <b> ]]> &amp; @all"
SPEC = f"""\
system s "{HOSTILE}" {{
  component a "{HOSTILE}" {{ fault f "{HOSTILE}" {{ health: up -> down }} }}
  outage o "{HOSTILE}" when not a.serving
  check c "{HOSTILE}": never o
}}
"""


@pytest.mark.parametrize("name", ["markdown", "github", "junit", "sarif", "json", "text"])
def test_reports_hold_hostile_text_as_text(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("spec.cf").write_text(SPEC)
    assert main(["check", "spec.cf", "--no-config", "--only-declared", "--output", f"{name}=out"]) == 1
    out = Path("out").read_text(encoding="utf-8")
    assert all(c.isprintable() or c in "\n\u200b" for c in out)  # a blank of no width breaks mentions up
    if name == "markdown":
        assert not re.search(r"<(img|script|b)\b", out)
        assert not re.search(r"(?<!\\)\]\(javascript", out)
        assert "@all" not in out
    if name == "github":
        assert all(line.startswith("::") for line in out.splitlines())
        assert not any(line.startswith("::error::y") for line in out.splitlines())
    if name == "junit":
        assert "<img" not in out and "</script>" not in out


@pytest.mark.parametrize("control", ["\x1b[2J", "\x1b]0;x\x07", "\x9b2J", "\u202e", "\u2066", "\r", "\x00", "\x7f"])
def test_controls_are_refused_and_shown_as_pictures(
    control: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("spec.cf").write_bytes(SPEC.replace("alert", control).encode())
    for command in ("check", "show", "dump", "cutsets"):
        main([command, "spec.cf"])
    captured = capsys.readouterr()
    assert all(c.isprintable() or c == "\n" for c in captured.out + captured.err)


# --- what it is built on ---


PIN = re.compile(r"^([a-z0-9-]+==[0-9][A-Za-z0-9.]*) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_lock_files_pin_every_version_and_file_and_no_place(name: str) -> None:
    head, _, text = (ROOT / name).read_text().partition("\n")
    assert head.startswith("#")
    assert PIN.sub("", text) == ""
    names = [match[1].split("==")[0] for match in PIN.finditer(text)]
    assert names == sorted(set(names))


def test_the_bill_of_materials_lists_what_is_pinned() -> None:
    done = subprocess.run([sys.executable, str(ROOT / ".ci" / "sbom.py")], capture_output=True, text=True, check=True)
    bill = json.loads(done.stdout)
    pinned = [match[1] for match in PIN.finditer((ROOT / "requirements.lock").read_text())]
    assert [f"{c['name']}=={c['version']}" for c in bill["components"]] == pinned
    assert bill["bomFormat"] == "CycloneDX" and bill["specVersion"] == "1.5"
    assert len(bill["dependencies"][0]["dependsOn"]) == len(pinned)
    assert os.environ.get("CI") is None or done.stderr == ""
