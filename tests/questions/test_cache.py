"""The cache of verdicts: what is kept, what is believed, and what is never taken for an answer."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cascade.checked.model import System
from cascade.core.lower import lower
from cascade.limits import Limits, Progress
from cascade.pipeline import CheckOptions, Unasked, check_file
from cascade.questions import cache as caching
from cascade.questions.ask import Asked, ask
from cascade.questions.cache import Cache, open_cache, why_not_trusted
from cascade.questions.findings import findings
from cascade.verdicts.run import ReplayedRun
from cascade.verdicts.verdict import Exhaustion, Undetermined
from tests.generate.load import LoadedText
from tests.generate.specs import make_spec

SPEC = """\
system s {
  tick 1min
  redundant web: 2 x Server needs 1
  component db { fault crash lasts 5min { health: up -> down } }
  outage down when not web.serving or not db.serving
  check run: never down with at most 1 fault
  check none: never down with at most 0 faults
  check lasso: web.serving leads to not db.serving
  check possible: possible down then not down
  check trapped: down can lead to not down
}
component Server { }
"""


@pytest.fixture(scope="module")
def system() -> System:
    return LoadedText(SPEC, "spec.cf").system(())


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    opened = open_cache(str(tmp_path / "cache"))
    assert opened.cache is not None, opened.problem
    return opened.cache


def asked(system: System, name: str, cache: Cache | None, engine: str = "python", **limits: int) -> Asked:
    check = next(check for check in system.checks if check.name == name)
    model, query = lower(system, check)
    return ask(model, query, engine=engine, limits=Limits(**limits), progress=Progress(), cache=cache)


def entries(cache: Cache) -> list[Path]:
    return sorted(Path(cache.folder).glob("*/*.json"))


NAMES = ("run", "none", "lasso", "possible", "trapped")


@pytest.mark.parametrize("name", NAMES)
def test_the_second_answer_is_the_first_without_a_search(
    system: System, cache: Cache, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = asked(system, name, cache)
    assert not first.statistics.is_cached
    monkeypatch.setattr("cascade.questions.ask.load_engine", lambda _: pytest.fail("it searches"))
    second = asked(system, name, cache)
    assert second.statistics.is_cached
    assert type(second.evidence) is type(first.evidence)
    if isinstance(first.evidence, ReplayedRun):
        assert second.evidence == first.evidence
    assert second.statistics.state_count == first.statistics.state_count


def test_runs_are_replayed_again(system: System, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(system, "run", cache)
    replayed = []
    monkeypatch.setattr("cascade.questions.ask.replay", lambda *a: replayed.append(a) or "a replayed run")
    assert asked(system, "run", cache).evidence == "a replayed run"
    assert len(replayed) == 1


def test_nothing_undetermined_is_kept(system: System, cache: Cache) -> None:
    assert asked(system, "trapped", cache, state_count_max=1).evidence is None
    assert entries(cache) == []
    assert asked(system, "trapped", cache).evidence is not None


def test_errors_of_a_spec_are_not_kept(cache: Cache) -> None:
    wrong = LoadedText(
        "system s { state n: 0..3 = 0 event more { n = n + 1 } check c: never n > 5 }", "spec.cf"
    ).system(())
    assert asked(wrong, "c", cache).undetermined is not None
    assert entries(cache) == []


def test_engines_and_questions_have_their_own(system: System, cache: Cache) -> None:
    asked(system, "none", cache)
    assert not asked(system, "none", cache, engine="symbolic").statistics.is_cached
    assert not asked(system, "run", cache).statistics.is_cached
    assert len(entries(cache)) == 3


@pytest.mark.parametrize("what", ["__version__", "_BUILT_ON", "FORMAT"])
def test_another_tool_finds_nothing(system: System, cache: Cache, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(system, "none", cache)
    monkeypatch.setattr(caching, what, {"__version__": "9.9.9", "_BUILT_ON": ("lark",), "FORMAT": 99}[what])
    caching.tool_digest.cache_clear()
    try:
        assert not asked(system, "none", cache).statistics.is_cached
    finally:
        monkeypatch.undo()
        caching.tool_digest.cache_clear()
    assert asked(system, "none", cache).statistics.is_cached


def test_a_changed_module_is_another_tool(tmp_path: Path) -> None:
    """The digest is taken over the text of the package that runs."""
    import shutil

    root = Path(caching.__file__).resolve().parents[1]
    copy = tmp_path / "cascade"
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns("__pycache__"))

    def tool() -> str:
        code = "from cascade.questions.cache import tool_digest; print(tool_digest())"
        environment = os.environ | {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.check_output([sys.executable, "-c", code], env=environment, cwd=tmp_path, text=True)

    before = tool()
    with (copy / "engines" / "explicit" / "search.py").open("a", encoding="utf-8") as file:
        file.write("# another word\n")
    assert tool() != before


# --- damage ---


def damaged(data: bytes) -> list[bytes]:
    entry = json.loads(data)
    payload = entry["payload"]
    other = [
        entry | {"payload": payload | {"states": payload["states"] + 1}},
        entry | {"key": "0" * 64},
        entry | {"checksum": ""},
        {key: value for key, value in entry.items() if key != "checksum"},
        {"payload": payload},
        [],
        3,
    ]
    return [
        b"",
        data[:-1],
        data[: len(data) // 2],
        b"\xff" + data,
        b"[" * 100_000,
        *(json.dumps(o).encode() for o in other),
    ]


@pytest.mark.parametrize("name", ["run", "none"])
def test_damaged_entries_are_none_and_are_written_anew(system: System, cache: Cache, name: str) -> None:
    first = asked(system, name, cache)
    [path] = entries(cache)
    good = path.read_bytes()
    for data in damaged(good):
        path.write_bytes(data)
        again = asked(system, name, cache)
        assert not again.statistics.is_cached
        assert again.evidence == first.evidence or isinstance(first.evidence, Exhaustion)
        assert json.loads(path.read_bytes())["payload"].keys() == json.loads(good)["payload"].keys()
        assert asked(system, name, cache).statistics.is_cached


def forge(path: Path, **changes: object) -> None:
    """An entry with another payload and the checksum that fits."""
    entry = json.loads(path.read_bytes())
    payload = entry["payload"] | changes
    path.write_text(
        json.dumps(entry | {"payload": payload, "checksum": caching._checksum(entry["key"], payload)}), "ascii"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"run": {"initial": [], "steps": [], "loop_start": None}},
        {"run": {"initial": [0], "steps": [999], "loop_start": None}},
        {"run": {"initial": [1.5], "steps": [], "loop_start": None}},
        {"run": {"initial": [True], "steps": "x", "loop_start": "y"}},
        {"run": None},
        {"states": "many"},
        {"seconds": []},
    ],
)
def test_forged_runs_are_no_runs(system: System, cache: Cache, changes: dict[str, object]) -> None:
    first = asked(system, "run", cache)
    [path] = entries(cache)
    forge(path, **changes)
    again = asked(system, "run", cache)
    assert (again.statistics.is_cached, again.evidence) == (False, first.evidence)


def test_a_run_of_another_question_is_no_run_of_this_one(system: System, cache: Cache) -> None:
    first = asked(system, "run", cache)
    [path] = entries(cache)
    steps = json.loads(path.read_bytes())["payload"]["run"]["steps"]
    forge(path, run={"initial": [1, 1, 1], "steps": steps[:-1], "loop_start": None})
    again = asked(system, "run", cache)
    assert (again.statistics.is_cached, again.evidence) == (False, first.evidence)


# --- who may write ---


def test_what_others_could_write_is_not_used(tmp_path: Path, system: System, cache: Cache) -> None:
    assert (Path(cache.folder).stat().st_mode & 0o777) == 0o700
    asked(system, "none", cache)
    [path] = entries(cache)
    assert (path.stat().st_mode & 0o777) == 0o600
    path.chmod(0o666)
    assert not asked(system, "none", cache).statistics.is_cached
    Path(cache.folder).chmod(0o777)
    opened = open_cache(str(tmp_path / "cache"))
    assert opened.cache is None
    assert "others can write to it" in opened.problem
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    (open_folder / "cache").mkdir(mode=0o700)
    open_folder.chmod(0o777)
    assert why_not_trusted(str(open_folder / "cache")) == f"others can write to {open_folder}"
    open_folder.chmod(0o1777)
    assert why_not_trusted(str(open_folder / "cache")) == ""


def test_links_and_pipes_are_no_entries(system: System, cache: Cache, tmp_path: Path) -> None:
    asked(system, "none", cache)
    [path] = entries(cache)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert not asked(system, "none", cache).statistics.is_cached
    path.unlink()
    os.mkfifo(path)
    assert not asked(system, "none", cache).statistics.is_cached


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    opened = open_cache(str(tmp_path / "file"))
    assert opened.cache is None
    assert "not a directory" in opened.problem


def test_a_full_disk_changes_no_verdict(system: System, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(caching, "write_atomically", full)
    assert asked(system, "run", cache).evidence is not None


def test_old_entries_go(system: System, cache: Cache, tmp_path: Path) -> None:
    asked(system, "none", cache)
    asked(system, "run", cache)
    old, young = entries(cache)
    os.utime(old, (0, 0))
    os.utime(Path(cache.folder) / "pruned", (0, 0))
    open_cache(str(tmp_path / "cache"))
    assert entries(cache) == [young]


def test_processes_share_a_folder(tmp_path: Path) -> None:
    (tmp_path / "spec.cf").write_text(SPEC, "utf-8")
    root = str(Path(caching.__file__).resolve().parents[2])
    environment = os.environ | {"PYTHONPATH": root, "CASCADE_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "cascade", "check", "spec.cf", "--cache", "--engine", "python", "--threads", "1"]
    running = [
        subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    outputs = {
        tuple(line[:20] for line in p.communicate(timeout=60)[0].splitlines() if line[:1] in "✓✗") for p in running
    }
    assert len(outputs) == 1
    again = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "5 from the cache" in " ".join(again.stdout.split())
    assert not list((tmp_path / "cache").rglob("*.tmp"))


def test_limits_have_no_say_in_what_is_definite(system: System, cache: Cache) -> None:
    asked(system, "trapped", cache)
    assert asked(system, "trapped", cache, state_count_max=1).statistics.is_cached


def test_statistics_say_that_it_was_kept(system: System, cache: Cache) -> None:
    asked(system, "none", cache)
    assert dict(asked(system, "none", cache).statistics.details)["cache"].startswith("answered before")
    assert replace(asked(system, "none", cache).statistics, seconds=0.0).counted == "state"


def test_generated_specs_get_the_same_verdicts_from_the_cache(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = CheckOptions(limits=Limits(state_count_max=500), engine="python", unasked=Unasked.ALWAYS)
    for seed in range(9000, 9010):
        Path("spec.cf").write_text(make_spec(seed, 1 + seed % 2).text, "utf-8")
        plain, first, second = (
            check_file("spec.cf", replace(options, cache=kept), lambda _: Progress()) for kept in (None, cache, cache)
        )
        for a, b, c in zip(plain.checks, first.checks, second.checks, strict=True):
            assert type(a.verdict) is type(b.verdict) is type(c.verdict)
            assert a.explanation == b.explanation == c.explanation
            assert c.verdict.statistics.is_cached or isinstance(c.verdict, Undetermined)
        for answers in (first.answers, second.answers):
            if plain.answers is not None and answers is not None and not plain.answers.undetermined:
                assert [f.diagnostic for f in findings(answers)] == [f.diagnostic for f in findings(plain.answers)]
