"""What a person sees: the terminal at 80 columns, exit codes, and both incidents without any declared check."""

import re
from pathlib import Path

import pytest

from cascade.cli.main import main
from cascade.limits import Limits, Progress
from cascade.pipeline import CheckOptions, Unasked, check_file
from cascade.questions.cutsets import CutSetOptions, cut_sets
from cascade.questions.defaults import ask_defaults
from cascade.questions.findings import findings
from cascade.reports.cutsets import cut_sets_text
from cascade.reports.findings import answers_text
from cascade.reports.layout import Layout
from tests.generate.specs import make_spec
from tests.questions_default.inquiring import inquiry

SPECS = Path(__file__).resolve().parents[2] / "specs"

SHOP = """\
system shop "a small shop" {
  tick 1min
  redundant web: 3 x Server needs 2
  redundant switches: 2 x Switch needs 1
  component path {
    let chosen = if switches[1].health == down then 2 else 1
    let serving = switches[chosen].health == up
  }
  component db {
    state health: {up, torn} = up
    fault tear "a write is lost" { health: up -> torn }
    operator restore when health == torn after 1h { health: torn -> up }
  }
  component checkout { let serving = web.serving and path.serving and db.serving }
  outage down "customers cannot check out" when not checkout.serving
  outage dark "nothing is reachable" when switches[1].health == down and switches[2].health == down
}
component Server {
  state up: bool = true
  fault crash "out of memory" { up: true -> false }
  reaction restart after 2min { up: false -> true }
  let serving = up
}
component Switch {
  state health: {up, partial, down} = up
  fault half: omission "drops packets, keeps its links up" lasts 6min { health: up -> partial }
  fault dead: crash { health: up -> down }
  repair replaced when health == down after 4h { health: down -> up }
  let serving = health == up
}
"""


class Terminal:
    """Runs the command line in a directory that holds `shop.cf`; how long searches took reads as `0.00 s`."""

    def __init__(self, capsys):
        self._capsys = capsys
        self.code = 0
        self.errors = ""

    def __call__(self, *arguments):
        self.code = main(arguments)
        captured = self._capsys.readouterr()
        self.errors = captured.err
        return re.sub(r"\d+\.\d+ s", "0.00 s", captured.out)


@pytest.fixture
def cascade(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    Path("shop.cf").write_text(SHOP, encoding="utf-8")
    return Terminal(capsys)


def test_check_without_checks_asks(cascade, snapshot):
    out = cascade("check", "shop.cf")
    assert out == snapshot
    assert cascade.code == 1
    assert max(map(len, out.splitlines())) <= 80


def test_check_shows_every_run_on_demand(cascade, snapshot):
    assert cascade("check", "shop.cf", "--trace") == snapshot


def test_cutsets(cascade, snapshot):
    out = cascade("cutsets", "shop.cf", "--max-size", "3")
    assert out == snapshot
    assert cascade.code == 0
    assert max(map(len, out.splitlines())) <= 80


def test_cutsets_of_one_outage_with_runs(cascade, snapshot):
    assert cascade("cutsets", "shop.cf", "--outage", "dark", "--trace") == snapshot
    assert cascade.code == 0


def test_cutsets_of_an_unknown_outage(cascade):
    assert cascade("cutsets", "shop.cf", "--outage", "drak") == ""
    assert cascade.code == 2
    assert cascade.errors == "cascade: no outage is called drak; did you mean dark?\n"


def test_a_limit_is_never_success(cascade):
    Path("long.cf").write_text(
        "system s { state n: 0..90 = 0 event e when n < 90 { n = n + 1 } outage o when n == 80 }"
    )
    out = cascade("check", "long.cf", "--max-states", "50")
    assert "? undetermined: never o" in out
    assert "✓" not in out
    assert cascade.code == 3
    out = cascade("cutsets", "long.cf", "--max-states", "50")
    assert "these are all" not in out
    assert "? a limit left open: no fault at all" in out
    assert cascade.code == 3


def test_declared_checks_are_enough_unless_asked(cascade):
    Path("checked.cf").write_text(
        SHOP.replace("outage dark", "check c: never dark with at most 1 fault\n  outage dark")
    )
    out = cascade("check", "checked.cf")
    assert cascade.code == 0
    assert "Minimal fault sets" not in out
    out = cascade("check", "checked.cf", "--default-questions")
    assert cascade.code == 1
    assert "✓ holds     c" in out
    assert "CF601" in out
    out = cascade("check", "shop.cf", "--only-declared")
    assert cascade.code == 0
    assert "CF6" not in out


def test_nothing_found_is_said(cascade):
    Path("fine.cf").write_text("system s { component a { } component b { } outage o when a.serving and not a.serving }")
    out = cascade("check", "fine.cf")
    assert cascade.code == 0
    assert "✓ nothing was found" in out


def test_outages_are_told_together_only_where_they_are_as_early(cascade):
    text = """system s { tick 1min  state heat: 0..3 = 0  component pump { state on: bool = true fault trip { on: true -> false } let serving = on }
      reaction warm when not pump.serving and heat < 3 after 1min { heat = heat + 1 }
      outage warm_room when heat >= 1
      outage hot_room when heat == 3
      outage hot_day when heat > 2 }"""
    Path("heat.cf").write_text(text, encoding="utf-8")
    out = cascade("check", "heat.cf")
    sets = out[out.index("Minimal fault sets") : out.index("How outages end")]
    assert [line.strip() for line in sets.splitlines() if line.strip()] == [
        "Minimal fault sets of warm_room: these are all",
        "size   earliest   faults",
        "1      1 min      pump.trip",
        "Minimal fault sets of hot_room, hot_day: these are all",
        "size   earliest   faults",
        "1      3 min      pump.trip",
    ]


def test_an_error_of_the_spec_is_no_limit(cascade):
    text = "system s { state n: 0..3 = 0 event e when n < 3 { n = n + 1 } fault f when n == 3 { n = 9 / (n - 3) } outage o when n == 9 / 5 and n == 2 }"
    Path("wrong.cf").write_text(text, encoding="utf-8")
    out = cascade("check", "wrong.cf")
    assert "the spec has an error" in out
    assert "a limit was reached" not in out


def test_what_never_happens_counts_as_a_notice(cascade):
    Path("idle.cf").write_text(
        "system s { component a { state n: 0..2 = 0 fault f { n = 1 } event e when n == 2 { n = 0 } let serving = n == 0 } outage o when not a.serving }"
    )
    out = cascade("check", "idle.cf")
    marks = [line for line in out.splitlines() if line.startswith("! CF")]
    assert len(marks) == 2
    assert "1 finding, 2 notices" in out


# --- the incidents, stripped of every check ---


def stripped(name, folder):
    text = (SPECS / name).read_text(encoding="utf-8")
    text = re.sub(r"(?m)^ *#.*\n", "", text)
    text = re.sub(r"(?ms)^  check .*?(?=^  \w|^})", "", text)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def asked(path):
    options = CheckOptions(unasked=Unasked.WITHOUT_CHECKS, limits=Limits(seconds_max=20.0))
    result = check_file(path, options, lambda _: Progress())
    assert result.checks == ()
    assert result.answers is not None
    assert result.answers.undetermined == ()
    assert result.answers.seconds < 30
    return [(f.diagnostic.code, f.diagnostic.message.replace("`", "")) for f in findings(result.answers)]


def test_half_dead_switch_is_found_unasked(tmp_path):
    assert asked(stripped("cloudflare-2020-11-02.cf", tmp_path)) == [
        (
            "CF601",
            "tor does not mask tor[1].partial_failure: api_down and sessions_down happen although tor[2] is untouched",
        ),
        ("CF602", "tor survives 2 crashes, but not one of kind omission: api_down and sessions_down happen"),
        (
            "CF611",
            "auth_db.promote makes it worse: without it at most 6 min, with it up to 6 h of api_down and sessions_down",
        ),
        ("CF610", "tor[1].dead right after tor[1].partial_failure prevents api_down and sessions_down"),
        ("CF606", "api_down outlasts a fault that ends after 6 min: up to 6 h"),
        ("CF606", "sessions_down outlasts a fault that ends after 6 min: up to 6 h"),
    ]


def test_looping_dashboard_is_found_unasked(tmp_path):
    assert asked(stripped("cloudflare-2025-09-12.cf", tmp_path)) == [
        ("CF612", "tenant.bad_patch can make it worse: it brings api_down back after it was over"),
        ("CF607", "api_down can last until somebody acts: tenant.scale_up"),
        ("CF607", "dashboard_down can last until somebody acts: tenant.scale_up and dashboard.slow_hotfix"),
        ("CF605", "dashboard.release alone brings api_down and dashboard_down"),
    ]


@pytest.mark.parametrize("part", range(2))
def test_any_generated_spec_gets_a_report(part):
    for seed in range(5000 + part, 5080, 2):
        spec = make_spec(seed, 1 + seed // 2 % 2)
        asking = inquiry(spec.text, state_count_max=1_000)
        answers = ask_defaults(asking, asking.system.outages)
        text = answers_text(answers, Layout(), with_runs=True)
        for outage in asking.system.outages:
            found = cut_sets(asking, outage, CutSetOptions(size_max=2))
            text += "\n" + cut_sets_text(asking, found, outage.text, Layout(), with_runs=True)
        assert ("undetermined" in text) >= bool(answers.undetermined)
        assert max(map(len, text.splitlines())) <= 80
