"""A run retraced at many points at once is possible exactly where the reference replays it, point by point."""

import itertools
import os
import random
from dataclasses import replace

import numpy as np
import pytest

from cascade.core.lower import lower
from cascade.core.model import CoreModel
from cascade.core.queries import Lasso, Query, Reach
from cascade.engines import load_engine
from cascade.limits import Limits, Progress
from cascade.questions.retrace import Retracing
from cascade.questions.vectors import fits_vectors
from cascade.reference.replay import ReplayError, replay
from cascade.verdicts.answer import Found
from cascade.verdicts.run import CandidateRun, ReplayedRun
from tests.generate.load import LoadedText
from tests.generate.specs import make_spec

POINTS_MAX = 60
SPECS_BY_DEFAULT = 25
SPECS_OF_CAMPAIGN = 3_000


def opened(model: CoreModel, rng: random.Random) -> tuple[CoreModel, tuple[int, ...]]:
    """The model with some variables that start with any of several values, and which."""
    chosen = rng.sample(range(len(model.variables)), min(3, len(model.variables)))
    variables = list(model.variables)
    for index in chosen:
        domain = range(variables[index].low, min(variables[index].high, variables[index].low + 4) + 1)
        variables[index] = replace(variables[index], initial=tuple(sorted({*domain, *variables[index].initial})))
    return replace(model, variables=tuple(variables)), tuple(chosen)


def is_shown(model: CoreModel, query: Query, run: ReplayedRun, initial: tuple[int, ...]) -> bool:
    try:
        replay(model, query, CandidateRun(initial=initial, steps=run.steps, loop_start=run.loop_start))
    except ReplayError:
        return False
    return True


def compare(seed: int) -> tuple[int, int]:
    """How many points of how many were shown to be so."""
    rng = random.Random(seed)
    loaded = LoadedText(make_spec(seed, 1 + seed % 3).text)
    shown = total = 0
    for check in loaded.checks:
        system, fixed = loaded.fixed(check)
        model, query = lower(system, fixed)
        if not isinstance(query, Reach | Lasso) or not model.variables:
            continue
        model, chosen = opened(model, rng)
        said = load_engine("python")(model, query, Limits(state_count_max=500), Progress())
        if not isinstance(said, Found) or not fits_vectors(model):
            continue
        run = replay(model, query, said.run)
        values = list(itertools.product(*(model.variables[index].initial for index in chosen)))
        values = rng.sample(values, min(POINTS_MAX, len(values)))
        points = {index: np.array([v[i] for v in values], dtype=np.int64) for i, index in enumerate(chosen)}
        found = Retracing(model, query, points).shows(run)
        # Variables that are not among the points keep what the run has, as settled.
        start = list(run.states[0][: len(model.variables)])
        for position, value in enumerate(values):
            for index, number in zip(chosen, value, strict=True):
                start[index] = number
            initial = tuple(
                number if number in variable.initial else variable.initial[0]
                for number, variable in zip(start, model.variables, strict=True)
            )
            assert bool(found[position]) == is_shown(model, query, run, initial), (seed, check.name, value)
        shown, total = shown + int(found.sum()), total + len(values)
    return shown, total


def test_as_the_reference_replays_it() -> None:
    counts = [compare(seed) for seed in range(SPECS_BY_DEFAULT)]
    shown, total = map(sum, zip(*counts, strict=True))
    assert total > 400
    assert 0.2 < shown / total < 0.8, "both happen often"


@pytest.mark.campaign
def test_as_the_reference_replays_it_at_length() -> None:
    first = int(os.environ.get("CASCADE_CAMPAIGN_SEED", "1000"))
    for seed in range(first, first + SPECS_OF_CAMPAIGN):
        compare(seed)
