"""Specs with declared checks: what is found unasked comes first, on one screen, and changes no exit code."""

import re
from pathlib import Path

import pytest

from cascade.cli.main import main
from cascade.limits import Progress, StopReason
from cascade.pipeline import CheckOptions, Unasked, check_file
from cascade.questions import defaults

SPECS = Path(__file__).resolve().parents[2] / "specs"
SCREEN_LINES = 24


@pytest.fixture
def printed(capsys, monkeypatch):
    """What a command prints, with its exit code; how long searches took reads as `0.00 s`."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(SPECS.parent)

    def run(*arguments):
        code = main(arguments)
        return code, re.sub(r"\d\.\d\d s", "0.00 s", capsys.readouterr().out)

    return run


def test_the_first_screen_tells_what_is_wrong_with_the_design(printed, snapshot):
    code, out = printed("check", "specs/cloudflare-2020-11-02.cf")
    lines = out.splitlines()
    assert code == 0, "findings beside declared checks change no exit code"
    assert max(map(len, lines)) <= 80
    screen = "\n".join(lines[:SCREEN_LINES])
    assert screen == snapshot
    for said in ("tor does not mask", "makes it worse: without it at most 6 min", "tor[1].dead right after"):
        assert said in screen
    assert "32 checks in 1 file: 32 as expected" in out


CHECKED = """system s {
  redundant web: 2 x Server needs 1
  outage down when not web[1].serving
  check c: possible down
}
component Server { fault crash { health: up -> down } }
"""


@pytest.mark.parametrize(
    ("arguments", "code", "is_told"),
    [
        ((), 0, True),
        (("--only-declared",), 0, False),
        (("--check", "c"), 0, False),
        (("--default-questions",), 1, True),
    ],
)
def test_who_is_told_and_whether_it_counts(printed, tmp_path, arguments, code, is_told):
    path = tmp_path / "checked.cf"
    path.write_text(CHECKED, encoding="utf-8")
    found, out = printed("check", str(path), *arguments)
    assert found == code
    assert ("✗ CF601" in out) == is_told
    assert ("Minimal fault sets" in out) == ("--default-questions" in arguments)


def test_what_takes_longer_is_said_and_does_not_count(printed, tmp_path, monkeypatch):
    monkeypatch.setattr("cascade.pipeline.BRIEF_WORK", 0)
    path = tmp_path / "checked.cf"
    path.write_text(CHECKED, encoding="utf-8")
    code, out = printed("check", str(path))
    assert code == 0
    assert "questions that take longer: --default-questions" in out


def test_what_little_work_leaves_open_does_not_depend_on_the_machine(monkeypatch):
    """The budget is used up in the middle of the questions, at the same one however slow the search seems."""
    monkeypatch.setattr("cascade.pipeline.BRIEF_WORK", 60_000)
    answers = []
    for seconds in (60.0, 0.0):
        monkeypatch.setattr("cascade.engines.explicit.search.CHUNK_SECONDS", seconds)
        options = CheckOptions(unasked=Unasked.BRIEFLY, check_names=("none",))
        found = check_file(str(SPECS / "cloudflare-2020-11-02.cf"), options, lambda _: Progress()).answers
        assert found is not None
        open_questions = [reply.check.source for reply in found.undetermined]
        assert {reply.stop_reason for reply in found.undetermined} == {StopReason.WORK}
        answers.append((found.inquiry.asked_count, found.inquiry.state_count, open_questions))
    assert answers[0] == answers[1]


def test_an_interrupt_keeps_the_outages_that_were_answered(tmp_path, monkeypatch, capsys):
    path = tmp_path / "two.cf"
    text = "system s { state n: 0..2 = 0 fault f { n = 1 } outage one when n == 1 outage two when n == 2 }"
    path.write_text(text, encoding="utf-8")
    classify = defaults.classify

    def interrupted(inquiry, outage, **options):
        if outage.name == "two":
            raise KeyboardInterrupt
        return classify(inquiry, outage, **options)

    monkeypatch.setattr(defaults, "classify", interrupted)
    result = check_file(str(path), CheckOptions(unasked=Unasked.ALWAYS), lambda _: Progress())
    assert result.answers is not None
    assert [a.outage.name for a in result.answers.outages] == ["one"]
    assert result.answers.is_interrupted
    assert main(["check", str(path)]) == 130
    out = capsys.readouterr().out
    assert "CF605  f alone brings one" in out
    assert "? interrupted: nothing is said of two" in out
    assert StopReason.INTERRUPTED.value not in out
