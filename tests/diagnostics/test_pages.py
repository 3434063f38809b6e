"""Codes, their pages and the errors that are raised stay in step: a page is explanation, documentation and test."""

import datetime as dt
import re
import shlex
import subprocess
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from cascade.cli.check import report_of
from cascade.cli.comparison import Comparison
from cascade.cli.config import GatePolicy, load_config
from cascade.cli.main import main
from cascade.cli.revisions import find_revision
from cascade.diagnostics.codes import CODES, Severity
from cascade.diagnostics.diagnostic import Diagnostic, Diagnostics
from cascade.diagnostics.explain import page
from cascade.diagnostics.render import render
from cascade.limits import Limits, Progress
from cascade.pipeline import CheckOptions, Unasked, check_file, load_system
from cascade.questions.findings import findings, never_happens
from cascade.questions.judgement import Judgement
from cascade.reports.results import Outcome, entries

COLUMNS = 80
EXAMPLE = "example.cf"
# Files that an example needs beside itself.
BESIDE = {"CF003": {"broken.cf": b"\xff\n"}}
BLOCKS = re.compile(
    r"\A# (?P<code>CF\d{3}): (?P<name>[^\n]+)\n\n(?P<what>.+?)\n\n"
    r"```(?P<language>cf|sh|toml)\n(?P<wrong>.+?)\n```\n\n```text\n(?P<message>.*?)```\n\n(?P<fix>.+?)\n\n"
    r"```(?P=language)\n(?P<right>.+?)\n```\n\Z",
    re.DOTALL,
)


def sections(code: str) -> dict[str, str]:
    match = BLOCKS.match(page(code))
    assert match is not None, f"the page of {code} has: heading, meaning, wrong example, message, remedy, right example"
    return match.groupdict()


def said_about(text: str, code: str) -> list[Diagnostic]:
    """What is said about a spec; about a command line (`sh`) that is run where `example.cf` is a good spec; about a configuration; about a change."""
    if text.startswith("cascade "):
        return said_by_command(text)
    if code in {"CF801", "CF802", "CF803"}:
        Path("cascade.toml").write_text(text + "\n", encoding="utf-8")
        diagnostics = Diagnostics()
        load_config(diagnostics)
        return diagnostics.items
    if code.startswith("CF71"):
        return said_of_change(sections(code)["right"], text)
    Path(EXAMPLE).write_text(text + "\n", encoding="utf-8")
    for name, data in BESIDE.get(code, {}).items():
        Path(name).write_bytes(data)
    unasked = Unasked.ALWAYS if code.startswith(("CF408", "CF6")) else Unasked.NEVER
    judgement = Judgement(today=dt.date(2027, 1, 1), waiver_days_max=400)
    options = CheckOptions(limits=Limits(state_count_max=10_000), unasked=unasked, judgement=judgement)
    result = check_file(EXAMPLE, options, lambda _: Progress())
    if code.startswith("CF7"):
        return [
            e.diagnostic
            for e in entries(report_of(result))
            if e.diagnostic is not None and e.outcome is not Outcome.WAIVED
        ]
    answers = result.answers
    found = [] if answers is None else [*(f.diagnostic for f in findings(answers)), *never_happens(answers)]
    return [*result.diagnostics, *(d for check in result.checks for d in check.diagnostics), *found]


def said_by_command(text: str) -> list[Diagnostic]:
    Path(EXAMPLE).write_text("system s { component db { } check c: always db.serving expect violated }\n", "utf-8")
    said: list[Diagnostic] = []
    with pytest.MonkeyPatch.context() as patch:
        for module in ("settings", "outputs", "check", "gate"):
            patch.setattr(f"cascade.cli.{module}.show_diagnostics", said.extend)
        main(shlex.split(text)[1:])
    return said


def said_of_change(before: str, after: str) -> list[Diagnostic]:
    """What is said about a change from one spec to another."""
    git("init", "-q", "-b", "main")
    Path(EXAMPLE).write_text(before + "\n", encoding="utf-8")
    git("add", EXAMPLE)
    git("-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "-m", "before")
    Path(EXAMPLE).write_text(after + "\n", encoding="utf-8")
    revision = replace(find_revision("main"), label="main")
    system = load_system(EXAMPLE, Diagnostics())
    assert system is not None
    with Comparison(revision, GatePolicy(), CheckOptions(), lambda _: Progress()) as comparison:
        return [e.diagnostic for e in comparison.of(EXAMPLE, system).entries if e.diagnostic is not None]


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    folder = resources.files("cascade.diagnostics") / "pages"
    assert {item.name for item in folder.iterdir()} == {f"{code}.md" for code in CODES}


@pytest.mark.parametrize("code", CODES)
def test_heading_is_the_row_of_the_table(code: str) -> None:
    found = sections(code)
    assert (found["code"], found["name"]) == (code, CODES[code].name)


@pytest.mark.parametrize("code", CODES)
def test_wrong_example_gets_exactly_this_message(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    found = sections(code)
    monkeypatch.chdir(tmp_path)
    said = said_about(found["wrong"], code)
    assert {d.code for d in said} == {code}, [d.message for d in said]
    message = "\n\n".join(render(d, columns=COLUMNS) for d in said) + "\n"
    if request.config.getoption("--update-pages"):
        path = Path(str(resources.files("cascade.diagnostics") / "pages" / f"{code}.md"))
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"```text\n.*?```", lambda _: f"```text\n{message}```", text, flags=re.DOTALL), "utf-8")
    else:
        assert message == found["message"]


@pytest.mark.parametrize("code", CODES)
def test_right_example_gets_none(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert [d.message for d in said_about(sections(code)["right"], code)] == []


def test_severities_follow_the_numbers() -> None:
    for code, info in CODES.items():
        assert (info.severity is Severity.WARNING) == code.startswith("CF9")
        if not code.startswith("CF7"):  # of verdicts some are broken, some are to be known
            assert (info.severity in (Severity.FINDING, Severity.NOTICE)) == code.startswith("CF6")
