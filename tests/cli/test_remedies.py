"""`cascade tune` and `cascade fixes` as a user sees them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from cascade.cli.exit_codes import ExitCode
from cascade.cli.tune import AxisError, parse_axis
from cascade.engines import staged
from cascade.questions.tune import Axis
from cascade.verdicts.answer import Exhausted, Statistics

Cascade = Callable[..., Any]

SPEC = """\
system site "a site with a cure that hurts" {
  tick 1min
  component web "the web servers" {
    param slots = 2
    param patience = 2min
    param sheds = false
    param watched = false
    state load: 0..6 = 0
    state shed: bool = false
    event grow when load < 6 and not (sheds and load > 2) after patience { load = load + 1 }
    reaction drop when sheds and load > 2 and not shed { shed = true }
    let serving = load <= slots
  }
  outage down "customers see errors" when not web.serving
  fix larger "more servers" { web.slots = 4 }
  fix largest { web.slots = 6 }
  fix shedding "refuse what is too much" { web.sheds = true }
  fix watch "an alarm" { web.watched = true }
  check serves "customers are served": never down expect violated
  check all_are_served: never web.shed
  check full: possible web.load == 6
}
"""


@pytest.fixture
def site(cascade: Cascade) -> Cascade:
    Path("site.cf").write_text(SPEC, encoding="utf-8")
    return cascade


def test_tune_one_param(site: Cascade, golden: SnapshotAssertion) -> None:
    result = site("tune", "site.cf", "--param", "web.slots=0..9", "--check", "serves", "--trace")
    assert result.code == ExitCode.OK
    assert result.out == golden


def test_tune_two_params(site: Cascade, golden: SnapshotAssertion) -> None:
    arguments = ("--param", "web.slots=1..8", "--param", "web.sheds=false,true", "--check", "serves")
    result = site("tune", "site.cf", *arguments)
    assert result.code == ExitCode.OK
    assert result.out == golden


def test_tune_as_data(site: Cascade) -> None:
    arguments = ("--param", "web.slots=5..6", "--check", "serves", "--format", "json")
    data = json.loads(site("tune", "site.cf", *arguments).out)
    assert data["schema"] == "cascade.tune/1"
    assert data["complete"] is True
    assert data["params"] == [{"name": "web.slots", "values": ["5", "6"]}]
    assert data["stretches"] == [
        {"from": "5", "to": "5", "verdict": "violated"},
        {"from": "6", "to": "6", "verdict": "holds"},
    ]
    violated, holds = data["cells"]
    assert violated == {
        "values": ["5"],
        "verdict": "violated",
        "by": "searched",
        "faults": 0,
        "steps": ["web.grow"] * 6,
        "milliseconds": 12 * 60_000,
    }
    assert holds["verdict"] == "holds"
    assert holds["states"] > 0


def test_tune_says_what_a_limit_left_open(site: Cascade, golden: SnapshotAssertion) -> None:
    result = site("tune", "site.cf", "--param", "web.slots=1..7", "--check", "serves", "--max-states", "5")
    assert result.code == ExitCode.UNDETERMINED
    assert result.out == golden


@pytest.mark.parametrize(
    "arguments",
    [
        ("--param", "web.slots", "--check", "serves"),
        ("--param", "web.slots=9..1", "--check", "serves"),
        ("--param", "web.slots=1..5min", "--check", "serves"),
        ("--param", "web.patience=1ms..90d", "--check", "serves"),
        ("--param", "web.slot=1..3", "--check", "serves"),
        ("--param", "web.slots=true,false", "--check", "serves"),
        ("--param", "web.slots=1,2,many", "--check", "serves"),
        ("--param", "web.slots=1..3", "--param", "web.slots=2..5", "--check", "serves"),
        ("--param", "web.slots=1..3", "--check", "serve"),
        ("--param", "web.slots=1..3", "--check", "serves", "--fix", "largr"),
    ],
)
def test_tune_wrong_arguments(site: Cascade, arguments: tuple[str, ...], golden: SnapshotAssertion) -> None:
    result = site("tune", "site.cf", *arguments)
    assert result.code == ExitCode.BAD_INPUT
    assert result.out == ""
    assert result.err == golden


def test_fixes(site: Cascade, golden: SnapshotAssertion) -> None:
    result = site("fixes", "site.cf", "--max-size", "3")
    assert result.code == ExitCode.OK
    assert result.out == golden


def test_fixes_with_runs_of_one_check(site: Cascade, golden: SnapshotAssertion) -> None:
    result = site("fixes", "site.cf", "--max-size", "1", "--check", "serves", "--trace")
    assert result.code == ExitCode.OK
    assert result.out == golden


def test_fixes_as_data(site: Cascade) -> None:
    data = json.loads(site("fixes", "site.cf", "--format", "json").out)
    assert data["schema"] == "cascade.fixes/1"
    (question,) = data["questions"]
    assert question["checks"] == ["serves"]
    assert question["complete_to"] == 4
    found = {tuple(r["fixes"]): (r["breaks"], r["ends"]) for r in question["remedies"]}
    assert found == {("largest",): ([], []), ("larger", "shedding"): (["all_are_served"], ["full"])}


def test_fixes_where_nothing_is_violated(site: Cascade, golden: SnapshotAssertion) -> None:
    result = site("fixes", "site.cf", "--check", "all_are_served")
    assert result.code == ExitCode.OK
    assert result.out == golden


def test_what_is_not_known_without_fixes_is_not_said_to_hold(site: Cascade) -> None:
    result = site("fixes", "site.cf", "--check", "serves", "--max-states", "3")
    assert result.code == ExitCode.UNDETERMINED
    assert "? serves: not known without fixes: the limit on states was reached" in result.out
    assert "nothing to remedy" not in result.out


@pytest.mark.parametrize("command", [("tune", "--param", "web.slots=5..6"), ("fixes",)])
def test_engines_that_contradict_each_other_leave_a_reproducer(
    site: Cascade, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = Exhausted(statistics=Statistics(state_count=1, transition_count=0, seconds=0.0))
    monkeypatch.setattr(staged, "answer", lambda *_: nothing)
    name, *arguments = command
    result = site(name, "site.cf", "--check", "serves", "--engine", "both", *arguments)
    assert result.code == ExitCode.INTERNAL_ERROR
    (saved,) = Path().glob("cascade-disagreement-serves-*.txt")
    text = saved.read_text(encoding="utf-8")
    assert str(saved) in result.err
    assert "the symbolic engine says: there is a run" in text
    assert ("--param web.slots=5" in text) == (name == "tune")


def test_fixes_wrong_arguments(site: Cascade, golden: SnapshotAssertion) -> None:
    result = site("fixes", "site.cf", "--check", "serve")
    assert result.code == ExitCode.BAD_INPUT
    assert result.err == golden


def test_pages_of_both(site: Cascade) -> None:
    arguments = ("--param", "web.slots=5..6", "--param", "web.sheds=false,true", "--check", "serves", "--html", "pages")
    assert site("tune", "site.cf", *arguments).code == ExitCode.OK
    text = Path("pages/site.html").read_text(encoding="utf-8")
    assert "Values for which serves holds" in text
    assert "web.slots against web.sheds" in text
    assert "serves holds for 3 of 4 values of web.slots and web.sheds." in text
    assert "all specs" not in text  # there is no index
    assert site("fixes", "site.cf", "--html", "pages").code == ExitCode.OK
    text = Path("pages/site.html").read_text(encoding="utf-8")
    assert "Fixes that suffice" in text
    assert "larger + shedding" in text
    assert "serves holds with largest, or with larger + shedding." in text


def test_a_map_has_a_row_for_all_values_that_are_alike(site: Cascade) -> None:
    arguments = ("--param", "web.slots=1..8", "--param", "web.sheds=false,true", "--check", "serves", "--html", "pages")
    assert site("tune", "site.cf", *arguments).code == ExitCode.OK
    section = Path("pages/site.html").read_text(encoding="utf-8").partition('<section id="tune-map"')[2]
    rows = re.findall(r'<tr class="filterable">(.*?)</tr>', section.partition("</section>")[0])
    assert [re.findall(r"<td[^>]*>(?:<span[^>]*>)?([^<]+)", row) for row in rows] == [
        ["1..2", "✗", "✗"],
        ["3..5", "✗", "✓"],
        ["6..8", "✓", "✓"],
    ]


def test_a_page_is_written_or_it_is_said(site: Cascade) -> None:
    Path("file").write_text("in the way", encoding="utf-8")
    result = site("fixes", "site.cf", "--html", "file")
    assert result.code == ExitCode.BAD_INPUT
    assert "error" in result.err


def test_values_are_read() -> None:
    minute = 60_000
    assert parse_axis("a.b=1..3", minute) == Axis(name="a.b", values=("1", "2", "3"))
    assert parse_axis("a.b = 1min..5min", minute).values == ("1min", "2min", "3min", "4min", "5min")
    assert parse_axis("a.b=30s..2min:30s", minute).values == ("30s", "1min", "90s", "2min")
    assert parse_axis("a.b=1h..1d:12h", minute).values == ("1h", "13h")
    assert parse_axis("a.b=10%..50%:20%", minute).values == ("10%", "30%", "50%")
    assert parse_axis("a . b=-2..1", minute) == Axis(name="a.b", values=("-2", "-1", "0", "1"))
    assert parse_axis("a.b=fast,slow,fast", minute).values == ("fast", "slow")
    for wrong in ("a.b", "=1..2", "a.b=", "a.b=1..", "a.b=2..1", "a.b=1..9:0", "a.b=1..9s", "a.b=1,,2", "a.b=x..y"):
        with pytest.raises(AxisError):
            parse_axis(wrong, minute)


PROVED = """\
system s {
  component a {
    param size = 3
    state used: 0..9 = 0
    event use when used < 2 { used = used + 1 }
  }
  fix roomy { a.size = 1 }
  check fits: never a.used > a.size
  check reached: possible a.used > a.size expect violated
}
"""


def test_a_proof_is_no_exploration(cascade: Cascade, tmp_path: Path) -> None:
    path = tmp_path / "s.cf"
    path.write_text(PROVED, encoding="utf-8")
    options = ("tune", str(path), "--check", "fits", "--param", "a.size=2..3", "--engine", "symbolic")
    text = cascade(*options).out
    assert "proved by " in text
    assert "explored" not in text
    cells = json.loads(cascade(*options, "--format", "json").out)["cells"]
    assert all(cell["proof"].endswith(("induction", "invariant")) and "states" not in cell for cell in cells)


def test_what_no_run_shows_is_said_to_rest_on_all_states(cascade: Cascade, tmp_path: Path) -> None:
    path = tmp_path / "s.cf"
    path.write_text(PROVED, encoding="utf-8")
    assert "violated without fixes: all 3 states explored" in cascade("fixes", str(path), "--check", "reached").out


TWO_QUESTIONS = """\
system s {
  param a = 0
  param b = 0
  check one: always a > 0 expect violated
  check two: always a > 1 or b > 0 expect violated
  check three: always a < 2
  fix small cost 1 { a = 1 }
  fix large { a = 2 }
  fix other cost 2 { b = 1 }
  fix idle { b = 0 }
}
"""


def test_fixes_of_several_questions_begin_with_what_each_does_alone(cascade: Cascade, tmp_path: Path) -> None:
    path = tmp_path / "s.cf"
    path.write_text(TWO_QUESTIONS, encoding="utf-8")
    lines = cascade("fixes", str(path)).out.splitlines()
    begin = next(i for i, line in enumerate(lines) if "alone" in line)
    assert [line.split(maxsplit=3) for line in lines[begin : begin + 4]] == [
        ["alone", "cost", "of", "2   makes hold"],
        ["large", "–", "2", "one, two; but breaks three"],
        ["small", "1", "1", "one"],
        ["other", "2", "1", "two"],
    ]
    assert lines[begin + 4] == "  alone none of them: idle"


OPEN = """\
system s {
  param room: 1..3 = any
  param step = 1
  state used: 0..6 = 0
  event use when used < 4 { used = used + step }
  fix none { step = 0 }
  check fits: never used > room
}
"""


def test_runs_name_the_values_of_open_params(cascade: Cascade, tmp_path: Path) -> None:
    path = tmp_path / "s.cf"
    path.write_text(OPEN, encoding="utf-8")
    options = ("tune", str(path), "--check", "fits", "--param", "step=0..2")
    assert "at 1: a run with 0 faults and 2 steps, with room = 1\n" in cascade(*options).out
    cells = json.loads(cascade(*options, "--format", "json").out)["cells"]
    assert [cell["values"] for cell in cells] == [["0"], ["1"], ["2"]]
    assert [cell.get("open_values") for cell in cells] == [None, {"room": "1"}, {"room": "1"}]
    text = cascade("fixes", str(path)).out
    assert "violated without fixes: 0 faults, 2 steps: use → use, with room = 1\n" in text
    assert "  these are all\n" in text


SHAPED = """\
system s {
  tick 1min
  param hold: 1min..4min = any
  param is_used = true
  state a: bool = false
  state b: bool = false
  event begins { a: false -> true }
  reaction ends when a and not b after (if is_used then hold else 1min) { b = true }
  fix use { is_used = true }
  check short: a and not b lasts at most 2min
}
"""


def test_an_open_param_that_shapes_the_model_may_be_tuned(cascade: Cascade, tmp_path: Path) -> None:
    path = tmp_path / "s.cf"
    path.write_text(SHAPED, encoding="utf-8")
    options = ("tune", str(path), "--check", "short", "--format", "json")
    stretches = json.loads(cascade(*options, "--param", "hold=1min..4min").out)["stretches"]
    assert [(s["from"], s["to"], s["verdict"]) for s in stretches] == [
        ("1min", "2min", "holds"),
        ("3min", "4min", "violated"),
    ]
    refused = cascade(*options, "--param", "a.b=1..2")
    assert refused.code == ExitCode.BAD_INPUT and "CF408" in refused.err
