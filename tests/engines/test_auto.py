"""The engine `auto`, the process in which z3 works, and `both`."""

import contextlib
import errno
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cascade.cli.exit_codes import ExitCode
from cascade.core.lower import lower
from cascade.core.model import CoreModel
from cascade.core.queries import Query, Reach
from cascade.engines import auto, load_engine
from cascade.engines.symbolic import remote, worker
from cascade.limits import HELPERS, Limits, Progress, ProgressReport, StopReason, process_bytes, resident_bytes
from cascade.questions.ask import DisagreementError, ask
from cascade.verdicts.answer import Exhausted, Found, Statistics, Stopped
from cascade.verdicts.run import ReplayedRun
from cascade.verdicts.verdict import Exhaustion
from tests.generate.load import LoadedText
from tests.questions.asking import install

ROOT = Path(__file__).parents[2]
# 9^24 states, and an invariant that is a line long.
HUGE = """\
component Box { state n: 0..8 = 0  event more when n < 7 { n = n + 1 }  event less when n > 0 { n = n - 1 } }
system huge {
  redundant boxes: 24 x Box needs 0
  check bounded: never any(b in boxes: b.n == 8)
  check full: possible all(b in boxes: b.n >= 0) and boxes[1].n == 2
}
"""
# The one run to it has 160 commands, and no invariant is short.
HARD = HUGE.replace("any(b in boxes: b.n == 8)", "sum(b in boxes: b.n) == 160")
SMALL = """\
system small {
  state n: 0..3 = 0
  event more when n < 2 { n = n + 1 }
  check low: never n == 3
  check two: possible n == 2
  check wrong: never n == 2
}
"""


def model_of(text: str, name: str) -> tuple[CoreModel, Query]:
    system = LoadedText(text, "s.cf").system(())
    return lower(system, next(check for check in system.checks if check.name == name))


def test_z3_overtakes_exploration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto, "ALONE_SECONDS", 0.0)
    said = auto.answer(
        *model_of(HUGE, "bounded"), Limits(seconds_max=120.0, memory_bytes_max=4_000_000_000), Progress()
    )
    assert isinstance(said, Exhausted)
    assert said.proof is not None
    assert ("engine", "z3, which was faster than exploration") in said.statistics.details


def test_z3_goes_on_where_memory_is_used_up() -> None:
    model, query = model_of(HUGE, "bounded")

    class Short:
        @staticmethod
        def answer(model: CoreModel, query: Query, limits: Limits, progress: Progress) -> Stopped:
            return Stopped(reason=StopReason.MEMORY, statistics=Statistics())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(auto, "staged", Short)
        said = auto.answer(model, query, Limits(seconds_max=120.0), Progress())
    assert isinstance(said, Exhausted)


@pytest.mark.parametrize("name", ["low", "two", "wrong"])
def test_small_models_are_explored_without_z3(name: str) -> None:
    program = (
        "import sys; from cascade.cli.main import main; main(['check', 's.cf', '--check', sys.argv[1]]);"
        "assert not {'z3', 'cascade.engines.symbolic.remote', 'numba'} & set(sys.modules), sorted(sys.modules)"
    )
    Path("s.cf").write_text(SMALL, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program, name]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# --- the process ---


def test_the_process_answers_as_this_one_would() -> None:
    for name in ("low", "two"):
        model, query = model_of(SMALL, name)
        there = load_engine("symbolic")(model, query, Limits(), Progress())
        assert type(there) is type(worker.answer(model, query, Limits(), Progress()))
    remote.close_idle()


def test_a_limit_on_time_is_kept_whatever_z3_does() -> None:
    model, query = model_of(HARD, "bounded")
    begun = time.monotonic()
    said = remote.answer(model, query, Limits(seconds_max=0.2), Progress())
    assert isinstance(said, Stopped)
    assert said.reason is StopReason.TIME
    assert time.monotonic() - begun < 0.2 + remote.GRACE_SECONDS + 1.0


def test_an_interrupt_is_obeyed_at_once() -> None:
    model, query = model_of(HARD, "bounded")
    # Where the tests run in the background, the shell may have switched it off.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    begun = time.monotonic()
    try:
        said = remote.answer(model, query, Limits(seconds_max=30.0), Progress())
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - begun < 2.0
    assert isinstance(said, Stopped)
    assert said.reason is StopReason.INTERRUPTED


def test_a_crash_is_told() -> None:
    model, _ = model_of(SMALL, "low")
    with pytest.raises(remote.RemoteError, match="failed"):
        remote.answer(model, Reach(goal=10_000), Limits(), Progress())


def end_helpers(number: int) -> None:
    for process in tuple(HELPERS):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


def lost_at_random(model: CoreModel, query: Query, times: int, number: int) -> int:
    """How often the process was lost before it had answered. Every other time it is one that was kept."""
    chance = random.Random(number)
    remote.close_idle()
    begun = time.monotonic()
    assert isinstance(remote.answer(model, query, Limits(), Progress()), Exhausted)
    longest = time.monotonic() - begun
    lost = 0
    for _ in range(times):
        if chance.random() < 0.5:
            remote.close_idle()
        timer = threading.Timer(chance.uniform(0.0, longest), end_helpers, (number,))
        timer.start()
        said = remote.answer(model, query, Limits(seconds_max=60.0), Progress())
        timer.join()
        if isinstance(said, Stopped):
            assert said.reason is StopReason.LOST
            assert said.statistics.details == (("the process of z3", signal.Signals(number).name),)
            assert not HELPERS
            lost += 1
        else:
            assert isinstance(said, Exhausted)
    # What was killed while it waited is not asked.
    assert isinstance(remote.answer(*model_of(SMALL, "low"), Limits(), Progress()), Exhausted)
    remote.close_idle()
    return lost


def test_a_process_that_is_lost_is_no_answer() -> None:
    assert lost_at_random(*model_of(SMALL, "low"), 4, signal.SIGKILL) <= 4


@pytest.mark.campaign
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM, signal.SIGABRT])
def test_a_process_that_is_lost_is_no_answer_at_any_moment(number: int) -> None:
    assert lost_at_random(*model_of(HUGE, "bounded"), 60, number) > 10


def test_a_kept_process_that_has_ended_is_replaced() -> None:
    for _ in range(2):
        assert isinstance(remote.answer(*model_of(SMALL, "low"), Limits(), Progress()), Exhausted)
        for process in HELPERS:
            os.kill(process, signal.SIGKILL)
            os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
    remote.close_idle()
    assert not HELPERS


def test_a_process_that_cannot_be_had_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    remote.close_idle()
    monkeypatch.setattr(remote.subprocess, "Popen", fails)
    said = remote.answer(*model_of(SMALL, "low"), Limits(), Progress())
    assert isinstance(said, Stopped)
    assert said.reason is StopReason.LOST
    assert (
        dict(said.statistics.details)["the process of z3"]
        == "it could not be started: Resource temporarily unavailable"
    )
    # Exploration does without.
    monkeypatch.setattr(auto, "ALONE_SECONDS", 0.0)
    assert isinstance(auto.answer(*model_of(SMALL, "low"), Limits(), Progress()), Exhausted)


def test_a_question_that_cannot_be_sent_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr(remote.pickle, "dump", fails)
    said = remote.answer(*model_of(SMALL, "low"), Limits(), Progress())
    assert isinstance(said, Stopped)
    assert said.reason is StopReason.LOST


def test_what_cannot_be_understood_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    remote.close_idle()
    monkeypatch.setattr(remote, "_PROGRAM", "print('(error \"memory is corrupted\")')")
    said = remote.answer(*model_of(SMALL, "low"), Limits(), Progress())
    assert isinstance(said, Stopped)
    assert said.reason is StopReason.LOST


@pytest.mark.parametrize("engine", ["symbolic", "both"])
def test_a_check_whose_process_is_lost_is_undetermined(
    engine: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from cascade.cli.main import main

    remote.close_idle()
    monkeypatch.setattr(remote, "_PROGRAM", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    Path("s.cf").write_text(SMALL, encoding="utf-8")
    code = main(["check", "s.cf", "--check", "low", "--engine", engine, "--stats"])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert "the process of z3 ended without an answer" in said.out
    assert code == (ExitCode.UNDETERMINED if engine == "symbolic" else 0)


def test_progress_is_passed_on() -> None:
    seen: list[ProgressReport] = []
    model, query = model_of(HUGE, "bounded")
    remote.answer(model, query, Limits(), Progress(show=seen.append, interval_seconds=0.0))
    remote.close_idle()
    assert seen


# --- memory ---


def test_what_z3_holds_counts() -> None:
    remote.close_idle()
    before = resident_bytes()
    assert abs(before - process_bytes()) < 10_000_000
    remote.answer(*model_of(SMALL, "low"), Limits(), Progress())
    assert resident_bytes() - process_bytes() > 30_000_000
    remote.close_idle()
    assert not HELPERS


def test_a_process_that_has_grown_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    remote.close_idle()
    monkeypatch.setattr(remote, "IDLE_BYTES_MAX", 1_000_000)
    assert isinstance(remote.answer(*model_of(SMALL, "low"), Limits(), Progress()), Exhausted)
    assert not HELPERS


def test_z3_is_not_started_where_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto, "ALONE_SECONDS", 0.0)
    monkeypatch.setattr(remote, "Remote", None)  # fails where it is wanted
    said = auto.answer(
        *model_of(HUGE, "bounded"), Limits(seconds_max=1.0, memory_bytes_max=process_bytes() + 100_000_000), Progress()
    )
    assert isinstance(said, Stopped)


def test_time_for_compiling_is_not_time_of_exploration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto, "ALONE_SECONDS", 0.0)
    monkeypatch.setattr(remote, "Remote", None)  # fails where it is wanted

    def compiles(_model: object, _query: object, _limits: object, progress: Progress) -> Exhausted:
        progress.once_seconds = 1_000.0
        assert progress.is_overtaken is not None and not progress.is_overtaken()
        return Exhausted(statistics=Statistics())

    monkeypatch.setattr(auto.staged, "answer", compiles)
    assert isinstance(auto.answer(*model_of(SMALL, "low"), Limits(), Progress()), Exhausted)


# --- both ---


def both(text: str, name: str) -> ReplayedRun | Exhaustion | None:
    return ask(*model_of(text, name), engine="both", limits=Limits(), progress=Progress()).evidence


def test_both_agree() -> None:
    assert isinstance(both(SMALL, "low"), Exhaustion)
    assert isinstance(both(SMALL, "two"), ReplayedRun)
    remote.close_idle()


def test_one_that_does_not_know_contradicts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, Stopped(reason=StopReason.UNPROVED, statistics=Statistics()), "symbolic")
    assert isinstance(both(SMALL, "low"), Exhaustion)
    asked = ask(*model_of(SMALL, "low"), engine="both", limits=Limits(), progress=Progress())
    assert dict(asked.statistics.details)["the symbolic engine"].startswith("no answer: neither a run nor a proof")


def test_a_disagreement_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, Exhausted(statistics=Statistics()), "symbolic")
    with pytest.raises(DisagreementError, match=r"explicit engine says: there is a run, of 2 steps; the symbolic"):
        both(SMALL, "two")


def test_a_disagreement_leaves_a_reproducer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from cascade.cli.main import main

    install(monkeypatch, Exhausted(statistics=Statistics()), "symbolic")
    (tmp_path / "parts.cf").write_text("component Part { }\n", encoding="utf-8")
    (tmp_path / "s.cf").write_text(
        "import parts\n" + SMALL.replace("0..3 = 0", "0..3 = start").replace("  check", "  param start = 0\n  check", 1)
    )
    code = main(["check", "s.cf", "--check", "two", "--engine", "both", "--param", "start=1"])
    said = capsys.readouterr()
    assert code == ExitCode.INTERNAL_ERROR
    assert "✓" not in said.out
    (saved,) = tmp_path.glob("cascade-disagreement-two-*.txt")
    assert saved.name in said.err
    text = saved.read_text(encoding="utf-8")
    for part in (
        "cascade check s.cf --check two --engine both --param start=1",
        "the symbolic engine says: there is no run",
        "z3-solver",
        "===== s.cf",
        "===== parts.cf",
        "param start = 0",
        "reach n == 2",
    ):
        assert part in text


def test_found_runs_come_back() -> None:
    said = remote.answer(*model_of(SMALL, "two"), Limits(), Progress())
    remote.close_idle()
    assert isinstance(said, Found)
    assert len(said.run.steps) == 2
