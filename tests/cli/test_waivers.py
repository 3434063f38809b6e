"""Waivers on the command line: what they accept until when, in text and in the other formats."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from cascade.cli.exit_codes import ExitCode

Cascade = Callable[..., object]
SPEC = """\
system shop "a shop" {
  redundant web: 2 x Server needs 1
  component db { repair mend { health: down -> up } }
  component checkout { needs web, db state health: {up} = up }
  outage down "customers cannot check out" when not checkout.serving
  check safe: never down with at most 1 fault
  WAIVER
}
component Server { repair mend { health: down -> up } }
"""
BEFORE, LAST, AFTER = "2027-01-01", "2027-01-31", "2027-02-01"


def put(waiver: str, text: str = SPEC) -> str:
    Path("w.cf").write_text(text.replace("WAIVER", waiver), "utf-8")
    return "w.cf"


def until(target: str) -> str:
    return f'waive {target} until 2027-01-31 because "the replica | ships"'


@pytest.mark.parametrize(
    ("waiver", "day", "code"),
    [
        ("", BEFORE, ExitCode.UNEXPECTED),
        (until("safe"), BEFORE, ExitCode.OK),
        (until("safe"), LAST, ExitCode.OK),
        (until("safe"), AFTER, ExitCode.UNEXPECTED),
        (until("safe on db"), BEFORE, ExitCode.OK),
        (until("safe on db.crash, web"), BEFORE, ExitCode.OK),
        (until("safe on web"), BEFORE, ExitCode.UNEXPECTED),
        (until("safe on down"), BEFORE, ExitCode.UNEXPECTED),  # a check is accepted by its faults
    ],
)
def test_a_check_is_accepted_until_its_last_day(cascade: Cascade, waiver: str, day: str, code: ExitCode) -> None:
    assert cascade("check", put(waiver), "--date", day).code == code


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("CF605", ExitCode.OK),
        ("CF605 on down", ExitCode.OK),
        ("CF605 on db", ExitCode.OK),
        ("CF605 on web", ExitCode.UNEXPECTED),
        ("CF601", ExitCode.UNEXPECTED),
    ],
)
def test_a_finding_is_accepted(cascade: Cascade, target: str, code: ExitCode) -> None:
    Path("cascade.toml").write_text('[severity]\nCF605 = "fail"\n', "utf-8")
    text = SPEC.replace("with at most 1 fault", "with at most 0 faults")
    assert cascade("check", put(until(target), text), "--date", BEFORE, "--default-questions").code == code


def test_a_second_single_fault_is_not_accepted(cascade: Cascade) -> None:
    Path("cascade.toml").write_text('[severity]\nCF605 = "fail"\n', "utf-8")
    text = SPEC.replace("with at most 1 fault", "with at most 0 faults")
    put(until("CF605 on db.crash"), text)
    assert cascade("check", "w.cf", "--date", BEFORE, "--default-questions").code == ExitCode.OK
    put(until("CF605 on db.crash"), text.replace("state health: {up} = up ", "repair mend { health: down -> up }"))
    assert cascade("check", "w.cf", "--date", BEFORE, "--default-questions").code == ExitCode.UNEXPECTED


def test_undetermined_is_never_accepted(cascade: Cascade) -> None:
    text = SPEC.replace("2 x Server", "30 x Server").replace("at most 1 fault", "at most 29 faults with only web")
    put(until("safe"), text)
    assert cascade("check", "w.cf", "--date", BEFORE, "--max-states", "1000").code == ExitCode.UNDETERMINED


def test_an_expired_waiver_fails_even_if_nothing_else_does(cascade: Cascade) -> None:
    put(until("safe"), SPEC.replace("with at most 1 fault", "with at most 0 faults"))
    before, after = (cascade("check", "w.cf", "--date", day) for day in (LAST, AFTER))
    assert (before.code, after.code) == (ExitCode.OK, ExitCode.UNEXPECTED)
    assert "notice[CF705]" in before.err
    assert "finding[CF704]" in after.err


def test_nothing_is_said_of_waivers_that_were_not_needed_to_be_looked_at(cascade: Cascade) -> None:
    put(until("CF605"))
    assert "CF705" not in cascade("check", "w.cf", "--date", BEFORE).err
    assert "CF705" not in cascade("check", "w.cf", "--date", BEFORE, "--default-questions").err
    put(until("CF601"))
    assert "CF705" in cascade("check", "w.cf", "--date", BEFORE, "--default-questions").err


def test_days_are_bounded_by_the_configuration(cascade: Cascade) -> None:
    put(until("safe"))
    Path("cascade.toml").write_text("[waivers]\ndays_max = 30\n", "utf-8")
    assert cascade("check", "w.cf", "--date", BEFORE).code == ExitCode.OK
    result = cascade("check", "w.cf", "--date", "2026-12-31")
    assert result.code == ExitCode.UNEXPECTED
    assert "finding[CF706]" in result.err


def test_text(cascade: Cascade, golden: SnapshotAssertion) -> None:
    put(until("safe on db") + "\n  " + until("CF605"))
    result = cascade("check", "w.cf", "--date", BEFORE, "--default-questions", "--trace")
    assert (result.code, result.out) == (ExitCode.OK, golden)
    assert max(map(len, result.out.splitlines())) <= 80


def test_formats(cascade: Cascade) -> None:
    put(until("safe on db"))

    def report(name: str) -> str:
        result = cascade("check", "w.cf", "--date", BEFORE, "--format", name)
        assert result.code == ExitCode.OK
        return result.out

    [problem] = json.loads(report("json"))["files"][0]["problems"]
    assert (problem["outcome"], problem["waiver"]["until"]) == ("waived", "2027-01-31")
    [result] = json.loads(report("sarif"))["runs"][0]["results"]
    assert [(s["kind"], s["status"]) for s in result["suppressions"]] == [("inSource", "accepted")]
    suite = ET.fromstring(report("junit"))[0]
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("0", "0", "1")
    assert report("github").startswith("::notice ")
    assert "until 2027\\-01\\-31: the replica \\| ships" in report("markdown")
    assert "waived until 2027-01-31: the replica | ships" in report("text")


def test_wrong_days_on_the_command_line(cascade: Cascade) -> None:
    assert "'soon' is no day" in cascade("check", "shop.cf", "--date", "soon").err
