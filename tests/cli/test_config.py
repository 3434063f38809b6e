"""The configuration: where it is found, what it changes, what is said of a wrong one."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.cli.config import Config, GatePolicy, load_config
from cascade.cli.exit_codes import ExitCode
from cascade.diagnostics.codes import Severity
from cascade.diagnostics.diagnostic import Diagnostics

Cascade = Callable[..., object]
GOOD = "system s {\n  component db { }\n  outage down when not db.serving\n  check c: never down expect violated\n}\n"
UNDECLARED = "system s {\n  component db { repair mend { health: down -> up } }\n  outage down when not db.serving\n}\n"


def put(name: str, text: str) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")
    return name


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], tuple[Config, list[str]]]:
    """What a text says, and the codes and places of what is wrong with it."""
    monkeypatch.chdir(tmp_path)

    def run(text: str) -> tuple[Config, list[str]]:
        put("cascade.toml", text)
        diagnostics = Diagnostics()
        config = load_config(diagnostics)
        return config, [f"{d.code} {d.primary.span.line}:{d.primary.span.text}" for d in diagnostics.items]

    return run


def test_every_key_is_read(read: Callable[[str], tuple[Config, list[str]]]) -> None:
    put("specs/a/b.cf", GOOD)
    put("top.cf", GOOD)
    config, wrong = read(
        'specs = ["specs/**/*.cf", "top.cf", "*.cf"]\nengine = "zones"\nformat = "json"\ndefault_questions = "always"\n'
        '[limits]\nstates = 5\nmemory = "4GB"\ntime = "1min"\nthreads = 2\n[severity]\nCF605 = "fail"\nCF901 = "off"\n'
        'CF601 = "note"\n[output]\nsarif = "a/out.sarif"\n[cache]\nenabled = false\ndirectory = "c"\n'
        '[waivers]\ndays_max = 90\n[gate]\nagainst = "origin/main"\nnew_path_size = 0\nmax_size = 3\n'
        'new_outages = "fail"\nremoved_outages = "fail"\n[gate.outages]\ndown = 2\n'
    )
    assert wrong == []
    assert config.specs == ("specs/a/b.cf", "top.cf")
    assert (config.engine, config.format, config.default_questions) == ("zones", "json", "always")
    assert (config.state_count_max, config.memory_bytes_max) == (5, 4 * 10**9)
    assert (config.seconds_max, config.thread_count) == (60.0, 2)
    assert config.severities == {"CF605": Severity.FINDING, "CF901": None, "CF601": Severity.NOTICE}
    assert [(o.format, o.path) for o in config.outputs] == [("sarif", "a/out.sarif")]
    assert (config.is_cache_on, config.cache_directory, config.waiver_days_max) == (False, "c", 90)
    assert config.gate == GatePolicy(
        against="origin/main",
        new_path_size=0,
        outage_sizes={"down": 2},
        size_max=3,
        new_outages="fail",
        removed_outages="fail",
    )


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("engin = 1", ["CF802 1:engin"]),
        ("[limits]\nstats = 1", ["CF802 2:stats"]),
        ("limits = { stats = 1 }", ["CF802 1:stats"]),
        ("limits.stats = 1", ["CF802 1:limits.stats"]),
        ("[limit]\nstates = 1", ["CF802 1:limit"]),
        ("limits = 3", ["CF803 1:3"]),
        ("[limits]\nstates = 0 # none", ["CF803 2:0"]),
        ("[limits]\nstates = true", ["CF803 2:true"]),
        ('[limits]\nmemory = "lots"', ['CF803 2:"lots"']),
        ("[limits]\ntime = 5", ["CF803 2:5"]),
        ('specs = ["a.cf",\n  "none/*.cf"]', ['CF803 1:"a.cf"', 'CF803 2:"none/*.cf"']),
        ("specs = 3", ["CF803 1:3"]),
        ('format = "sarf"', ['CF803 1:"sarf"']),
        ("[severity]\nCF999 = 'off'", ["CF802 2:CF999"]),
        ("[severity]\nCF701 = 'off'", ["CF803 2:'off'"]),
        ("[severity]\nCF601 = ['off']", ["CF803 2:['off']"]),
        ("[output]\nsarf = 'x'", ["CF802 2:sarf"]),
        ("[output]\nsarif = 3", ["CF803 2:3"]),
        ("[cache]\nenabled = 1", ["CF803 2:1"]),
        ("[gate]\nnew_path_size = -1", ["CF803 2:-1"]),
        ("[gate.outages]\ndown = 'x'", ["CF803 2:'x'"]),
        ("[gate]\noutages = 3", ["CF803 2:3"]),
        ("a = ", ["CF801 1:"]),
        ("[a]\n[a]", ["CF801 2:"]),
        ("a = \x00", ["CF801 1:\x00"]),
    ],
)
def test_what_is_wrong_is_located(read: Callable[[str], tuple[Config, list[str]]], text: str, wrong: list[str]) -> None:
    found = read(text)[1]
    assert [line.split(":")[0] for line in found] == [line.split(":")[0] for line in wrong]
    assert [a for a, b in zip(found, wrong, strict=True) if not a.startswith(b)] == []


def test_the_nearest_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def engine(folder: str) -> tuple[str | None, str | None]:
        monkeypatch.chdir(tmp_path / folder)
        diagnostics = Diagnostics()
        config = load_config(diagnostics)
        assert diagnostics.items == []
        return config.engine, config.path

    monkeypatch.chdir(tmp_path)
    put("cascade.toml", 'engine = "zones"\n')
    put("a/pyproject.toml", '[tool.cascade]\nengine = "packed"\n')
    put("a/b/pyproject.toml", "[tool.other]\n")
    put("c/pyproject.toml", '[tool.cascade]\nengine = "python"\n')
    put("c/cascade.toml", 'engine = "symbolic"\n')
    put("repository/.git/x", "")
    assert engine("") == ("zones", "cascade.toml")
    assert engine("a") == ("packed", "pyproject.toml")
    assert engine("a/b") == ("packed", "../pyproject.toml")
    assert engine("c") == ("symbolic", "cascade.toml")
    assert engine("repository") == (None, None)


def test_errors_in_a_project_file_are_located(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    put("pyproject.toml", '[project]\nname = "x"\n\n[tool.cascade.limits]\nstates = "many"\n')
    diagnostics = Diagnostics()
    load_config(diagnostics)
    assert [(d.code, d.primary.span.line) for d in diagnostics.items] == [("CF803", 5)]
    put("pyproject.toml", "[tool]\ncascade = 3\n")
    diagnostics = Diagnostics()
    load_config(diagnostics)
    assert [(d.code, d.primary.span.line) for d in diagnostics.items] == [("CF801", 2)]


def test_specs_without_files_on_the_command_line(cascade: Cascade) -> None:
    put("specs/a.cf", GOOD)
    put("cascade.toml", 'specs = ["specs/*.cf"]\n')
    result = cascade("check")
    assert result.code == ExitCode.OK
    assert result.out.startswith("specs/a.cf  s")
    assert cascade("check", "shop.cf", "--check", "masked").code == ExitCode.OK
    assert cascade("check", "--no-config").code == ExitCode.BAD_INPUT
    assert "no FILE is given" in cascade("check", "--no-config").err


def test_the_command_line_overrides(cascade: Cascade) -> None:
    put("cascade.toml", 'format = "json"\n[limits]\nstates = 1\n[output]\njson = "a.json"\nmarkdown = "a.md"\n')
    assert json.loads(cascade("check", "shop.cf", "--check", "masked").out)["exit"]["code"] == ExitCode.UNDETERMINED
    result = cascade("check", "shop.cf", "--check", "masked", "--max-states", "1000", "--output", "json=b.json")
    assert result.code == ExitCode.OK
    assert Path("b.json").exists()
    Path("a.json").unlink()
    result = cascade("check", "shop.cf", "--check=masked", "--max-states=1000", "--output=json=b.json", "--format=text")
    assert (result.code, result.out.splitlines()[0]) == (ExitCode.OK, "shop.cf  shop")
    assert not Path("a.json").exists()
    assert Path("a.md").exists()


def test_outputs_of_a_file_below_are_checked_too(cascade: Cascade) -> None:
    put("cascade.toml", '[output]\njson = "no/where/a.json"\n')
    result = cascade("check", "shop.cf")
    assert (result.code, result.out) == (ExitCode.BAD_INPUT, "")
    assert "error[CF804]" in result.err
    assert "cascade.toml:2:" in result.err


def test_severities_decide_what_fails(cascade: Cascade) -> None:
    put("a.cf", UNDECLARED)
    assert cascade("check", "a.cf").code == ExitCode.OK  # a single fault suffices: a notice
    put("cascade.toml", '[severity]\nCF605 = "fail"\n')
    result = cascade("check", "a.cf")
    assert result.code == ExitCode.UNEXPECTED
    assert "✗ CF605" in result.out
    put("cascade.toml", '[severity]\nCF605 = "off"\n')
    assert "CF605" not in cascade("check", "a.cf").out
    put("b.cf", "component Odd_name { }\n")
    assert cascade("check", "b.cf").code == ExitCode.OK
    put("cascade.toml", '[severity]\nCF901 = "fail"\n')
    assert cascade("check", "b.cf").code == ExitCode.UNEXPECTED
    put("cascade.toml", '[severity]\nCF901 = "off"\n')
    assert cascade("check", "b.cf").err == ""


@given(st.text(max_size=60), st.sampled_from(["", "[limits]\n", "[gate]\n", "[severity]\n", "specs = "]))
def test_no_text_makes_it_fail(tmp_path_factory: pytest.TempPathFactory, text: str, head: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes((head + text).encode("utf-8"))
    diagnostics = Diagnostics()
    load_config(diagnostics, str(path))
    assert {d.code for d in diagnostics.items} <= {"CF801", "CF802", "CF803"}
