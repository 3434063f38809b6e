"""Runs without a step too many: commands are dropped for as long as the reference interpreter still replays the rest to the same end.

Delta debugging (Zeller and Hildebrandt, 2002) with single steps, on runs instead of inputs. What is left is *minimal*: whichever single command is dropped, the
other steps are no run any more, or do not show what the run showed. Ticks stay where they are: a run that saves time is for the search to find.
"""

from cascade.core.model import TICK, CoreModel
from cascade.core.queries import Query
from cascade.records import dataclass
from cascade.reference.replay import ReplayError, replay
from cascade.verdicts.run import CandidateRun, ReplayedRun

STEPS_MAX = 400
"""Of longer runs, ticks included, nothing is dropped: every attempt replays the whole run."""

REPLAY_STATES_MAX = 2_000
"""How many states are searched at each attempt where a run has to show that there is no way back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimalRun:
    """`run` is what is left after `dropped`, positions in the run before. `is_minimal`: each of its commands was tried."""

    run: ReplayedRun
    dropped: tuple[int, ...]
    is_minimal: bool


def minimise(model: CoreModel, query: Query, run: ReplayedRun) -> MinimalRun:
    """`run`, which shows that the answer to `query` is yes, without the commands that it can do without; from the last to the first."""
    if len(run.steps) > STEPS_MAX:
        return MinimalRun(run=run, dropped=(), is_minimal=False)
    kept = list(range(len(run.steps)))
    shortest = run
    has_changed = True
    while has_changed:
        has_changed = False
        for position in reversed([p for p in kept if run.steps[p] != TICK]):
            rest = [p for p in kept if p != position]
            attempt = _replayed(model, query, run, rest)
            if attempt is not None:
                kept, shortest, has_changed = rest, attempt, True
    dropped = tuple(sorted(set(range(len(run.steps))) - set(kept)))
    return MinimalRun(run=shortest, dropped=dropped, is_minimal=True)


def _replayed(model: CoreModel, query: Query, run: ReplayedRun, kept: list[int]) -> ReplayedRun | None:
    loop = run.loop_start
    candidate = CandidateRun(
        # Variables that settle, such as monitors, have one initial value, which is not in a settled state.
        initial=tuple(v.initial[0] if len(v.initial) == 1 else run.states[0][i] for i, v in enumerate(model.variables)),
        steps=tuple(run.steps[p] for p in kept),
        loop_start=None if loop is None else sum(p < loop for p in kept),
    )
    try:
        return replay(model, query, candidate, search_states_max=REPLAY_STATES_MAX)
    except ReplayError:
        return None
