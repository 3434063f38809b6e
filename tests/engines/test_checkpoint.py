"""A search that is stopped and goes on ends like one that is not, wherever it stops; what is damaged is no checkpoint."""

import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cascade.core.model import CoreModel
from cascade.core.queries import Lasso, Query
from cascade.engines.explicit.watch import Watch
from cascade.engines.packed import layout
from cascade.engines.packed.checkpoint import Checkpoint
from cascade.engines.packed.engine import answer
from cascade.engines.packed.search import PackedSearch, Tuning
from cascade.limits import Limits, Progress, StopReason, TimeIsUp
from cascade.reference.decide import TooManyStatesError, decide
from cascade.verdicts.answer import Answer, Exhausted, Found, Stopped
from tests.engines.families import Tiers
from tests.engines.models import RandomModel
from tests.engines.test_packed import STATES_MAX, Disk, Tiny, assert_agreement

ROOT = Path(__file__).resolve().parents[2]


class Often(Tiny):
    """A checkpoint at every chance."""

    checkpoint_seconds = 0.01


class Short(Tuning):
    """Looks at limits often."""

    pause_states = 500


class ShortAndOften(Short):
    wide_layer = 200
    checkpoint_seconds = 0.0


class OftenOnDisk(Disk):
    checkpoint_seconds = 0.0


def stop_and_go_on(
    model: CoreModel, query: Query, folder: Path, steps: list[int], tuning: type[Tuning], thread_count: int
) -> tuple[Answer, int]:
    """Explore in as many processes as it takes, each a few states further than the one before; the answer, and how many it took."""
    count, turns = 0, 0
    while True:
        count += steps[turns % len(steps)]
        turns += 1
        limits = Limits(state_count_max=count, thread_count=thread_count, checkpoint_folder=folder)
        said = answer(model, query, limits, Progress(), tuning=tuning)
        if not (isinstance(said, Stopped) and said.reason is StopReason.STATES):
            return said, turns


@pytest.mark.parametrize("word_bits", [4, 61])
@pytest.mark.parametrize(("tuning", "thread_count"), [(Often, 1), (Often, 2), (OftenOnDisk, 1)])
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rng=st.randoms(use_true_random=False),
    steps=st.lists(st.integers(3, 40), min_size=1, max_size=4),
    growth_count=st.integers(0, 9),
)
def test_goes_on_where_it_stopped(
    tmp_path_factory: pytest.TempPathFactory,
    word_bits: int,
    tuning: type[Tuning],
    thread_count: int,
    rng: random.Random,
    steps: list[int],
    growth_count: int,
) -> None:
    model, query = RandomModel(rng, is_risky=True).query
    try:
        decision = decide(model, query, max_states=min(STATES_MAX, 100))
    except TooManyStatesError:
        return
    folder = tmp_path_factory.mktemp("checkpoint")
    answers = iter(range(1_000_000))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "STATE_WORD_BITS", word_bits)
        patch.setattr(Watch, "check_memory", lambda *_: None)
        if tuning is OftenOnDisk:
            patch.setattr(Watch, "has_memory", lambda *_: next(answers) < growth_count)
        said, _ = stop_and_go_on(model, query, folder, steps, tuning, thread_count)
    if isinstance(said, Stopped):
        assert isinstance(query, Lasso), "to count its states takes the seen set"
    else:
        assert_agreement(model, query, said, decision)
        assert list(folder.glob("*/manifest.json")) == [], "nobody goes on from the end"
    shutil.rmtree(folder)


@pytest.mark.parametrize("thread_count", [1, 2])
def test_many_stops_change_nothing(tmp_path: Path, thread_count: int) -> None:
    tiers = Tiers(2, 2, 2, 1)
    for goal in (False, tiers.collapse):
        model, query = tiers.builder.reach(goal)
        direct = answer(model, query, Limits(), Progress())
        said, turns = stop_and_go_on(model, query, tmp_path, [700], ShortAndOften, thread_count)
        assert turns > (1 if goal else 5)
        assert said.statistics.state_count == direct.statistics.state_count
        if isinstance(direct, Found):
            assert isinstance(said, Found)
            assert said.run == direct.run
        else:
            assert said.statistics.transition_count == direct.statistics.transition_count


def test_what_is_damaged_is_no_checkpoint(tmp_path: Path) -> None:
    model, query = Tiers(2, 2, 2, 1).builder.reach(False)
    rng = random.Random(1)
    for name in ("manifest.json", "log", "waiting-*"):
        for _ in range(3):
            limits = Limits(state_count_max=6_000, checkpoint_folder=tmp_path)
            assert isinstance(answer(model, query, limits, Progress(), tuning=Short), Stopped)
            (file,) = tmp_path.glob(f"*/{name}")
            content = bytearray(file.read_bytes())
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
            file.write_bytes(content)
            told: list[str] = []
            said = answer(model, query, Limits(checkpoint_folder=tmp_path), Progress(tell=told.append))
            assert isinstance(said, Exhausted)
            assert said.statistics.state_count == 11_436
            assert told == []


def test_says_that_it_goes_on(tmp_path: Path) -> None:
    model, query = Tiers(2, 2, 2, 1).builder.reach(False)
    limits = Limits(state_count_max=6_000, checkpoint_folder=tmp_path)
    assert isinstance(answer(model, query, limits, Progress(), tuning=Short), Stopped)
    told: list[str] = []
    assert isinstance(answer(model, query, Limits(checkpoint_folder=tmp_path), Progress(tell=told.append)), Exhausted)
    (sentence,) = told
    assert sentence.startswith("cascade: going on from a checkpoint: ")


def test_a_checkpoint_is_one_process_at_a_time(tmp_path: Path) -> None:
    words, small = np.zeros(3, dtype=np.uint64), np.zeros(3, dtype=np.uint32)
    first = Checkpoint(tmp_path, words, small, [1])
    with pytest.raises(OSError, match="temporarily unavailable"):
        Checkpoint(tmp_path, words, small, [1])
    Checkpoint(tmp_path, words, small, [2]).remove()
    first.close()
    Checkpoint(tmp_path, words, small, [1]).remove()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    model, query = Tiers(2, 2, 2, 1).builder.reach(False)
    told: list[str] = []
    limits = Limits(checkpoint_folder=tmp_path / "file")
    assert isinstance(answer(model, query, limits, Progress(tell=told.append)), Exhausted)
    assert len(told) == 1
    assert told[0].startswith("cascade: no checkpoint: ")


KILLED = """
import sys
from pathlib import Path
from cascade.engines.packed.engine import answer
from cascade.limits import Limits, Progress
from tests.engines.families import Tiers
from tests.engines.test_checkpoint import ShortAndOften
class Slow(ShortAndOften):
    pause_states = 200
model, query = Tiers(2, 2, 2, 1).builder.reach(False)
said = answer(model, query, Limits(checkpoint_folder=Path(sys.argv[1])), Progress(tell=print), tuning=Slow)
print(type(said).__name__, said.statistics.state_count)
"""


def test_killed_at_any_moment(tmp_path: Path) -> None:
    rng = random.Random(7)
    went_on = 0
    for _ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        time.sleep(0.3 + rng.random())
        process.send_signal(signal.SIGKILL)
        said = process.communicate()[0]
        went_on += "going on" in said
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "Exhausted 11436"


@pytest.mark.parametrize("exception", [TimeIsUp, KeyboardInterrupt, MemoryError])
def test_what_ends_it_from_outside_leaves_the_checkpoint(tmp_path: Path, exception: type[BaseException]) -> None:
    model, query = Tiers(2, 2, 2, 1).builder.reach(False)
    limits = Limits(state_count_max=3_000, checkpoint_folder=tmp_path)
    assert isinstance(answer(model, query, limits, Progress(), tuning=Often), Stopped)
    (folder,) = tmp_path.iterdir()
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.MonkeyPatch.context() as patch:

        def ring(*_: object) -> NoReturn:
            raise exception

        patch.setattr(PackedSearch, "_explore", ring)
        with suppress(TimeIsUp, MemoryError):
            answer(model, query, Limits(checkpoint_folder=tmp_path), Progress(), tuning=Often)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == kept
