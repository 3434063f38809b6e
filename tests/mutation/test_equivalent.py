"""Mutants that are called equivalent have the answers of the spec; what is equivalent, and what only looks like it."""

from pathlib import Path

import pytest

from cascade.checked.elaborate import elaborate
from cascade.checked.model import System
from cascade.core.lower import lower
from cascade.core.model import CoreModel
from cascade.core.queries import Query
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.engines.explicit.every_state import every_state
from cascade.limits import Limits, Progress
from cascade.questions.ask import Asked, ask
from cascade.questions.equivalent import Behaviour
from cascade.questions.mutants import mutants
from cascade.questions.mutate import Fate, MutateOptions, mutate
from cascade.syntax.imports import load
from cascade.verdicts.run import ReplayedRun
from tests.generate.specs import SIZES, make_spec

WORK_MAX = 20_000

QUEUE = """\
system queue {
  tick 1min
  state n: 0..4 = 0
  state alarm: bool = false
  event arrive when n < 4 after 1min { n = n + 1 }
  reaction leave when n > 0 and n >= 1 after 1min..2min { n = n - 1 }
  reaction warn when n > 2 or n == 3 { alarm: false -> true }
  reaction calm when n <= 2 { alarm: true -> false }
  repair late when n == 4 after 3min { n = 0 }
  operator never when n == 4 and n == 3 or n > 4 and alarm within 5min { n = 0 }
  check loud: possible alarm
  check full: possible n == 4
  check comes_back: alarm leads to not alarm within 9min
}
"""


def fates(text: str, tmp_path: Path) -> dict[str, Fate]:
    path = tmp_path / "spec.cf"
    path.write_text(text, encoding="utf-8")
    loaded = load(str(path), Diagnostics())
    done = mutate(loaded, loaded.files, MutateOptions(limits=Limits()), lambda _: Progress())
    return {tried.mutant.text: tried.fate for tried in done.tried}


def test_what_follows_from_the_rest_is_equivalent(tmp_path: Path) -> None:
    found = fates(QUEUE, tmp_path)
    assert {text for text, fate in found.items() if fate is Fate.SAME} == {
        "reaction leave without `n > 0`",
        "reaction leave without `n >= 1`",
        "`n > 0` with >=",
        "without repair late",  # by then, something has left
        "without operator never",
        "repair late: 4min, not 3min",
        "operator never: 6min, not 5min",
        "operator never: 4min, not 5min",
    }
    # They change what happens: another number of states, or another time.
    assert found["`n >= 1` with >"] is not Fate.SAME
    assert found["reaction leave: 2min, not 1min"] is not Fate.SAME
    assert found["reaction leave: 3min, not 2min"] is not Fate.SAME


def test_a_step_that_changes_nothing_is_none(tmp_path: Path) -> None:
    text = """\
system keys {
  state keys: 0..2 = 2
  state dropped: 0..2 = 0
  operator leave when keys > 0 { keys = 0 }
  operator drop when keys > 0 and dropped < 2 { dropped = dropped + 1 }
  reaction find when keys == 0 and dropped > 0 { dropped = 0 }
  check some: possible keys == 0 and dropped == 2
}
"""
    found = fates(text, tmp_path)
    assert found["operator leave without `keys > 0`"] is Fate.SAME
    assert found["operator drop without `keys > 0`"] is not Fate.SAME  # one more is dropped
    assert found["reaction find without `dropped > 0`"] is not Fate.SAME  # it would be owed for ever


def test_what_is_shared_with_a_clause_is_not_overlooked(tmp_path: Path) -> None:
    """A command that a clause makes owed, or that only one check allows, counts where it does."""
    text = """\
system people {
  state ok: bool = true
  state tired: bool = false
  fault breaks { ok: true -> false }
  operator mend when not ok and not tired { ok: false -> true }
  check asleep: not ok leads to ok without mend expect violated
  check awake: not ok leads to ok if mend acts
}
"""
    found = fates(text, tmp_path)
    assert found["operator mend without `not tired`"] is Fate.SAME
    assert found["operator mend without `not ok`"] is Fate.SAME  # `false -> true` says it again
    assert found["without operator mend"] is not Fate.SAME


@pytest.mark.parametrize("size", sorted(SIZES))
def test_equivalent_mutants_have_the_answers_of_the_spec(size: int, tmp_path: Path) -> None:
    alike = sum(compare(make_spec(seed, size).text, tmp_path) for seed in range(4))
    assert alike


@pytest.mark.campaign
def test_many_equivalent_mutants_have_the_answers_of_the_spec(tmp_path: Path) -> None:
    assert sum(compare(make_spec(seed, size).text, tmp_path) for size in SIZES for seed in range(100, 250)) > 500


def compare(text: str, tmp_path: Path) -> int:
    """Ask the checks of all mutants that are said to be equivalent. How many that were."""
    path = tmp_path / "spec.cf"
    path.write_text(text, encoding="utf-8")
    loaded = load(str(path), Diagnostics())
    system = elaborate(loaded, Diagnostics())
    assert system is not None
    behaviours = {check.name: behaviour(system, check.name) for check in system.checks if not check.fixes}
    count = 0
    for mutant in mutants(loaded.files):
        diagnostics = Diagnostics()
        changed = elaborate(mutant.applied(loaded), diagnostics)
        if changed is None or diagnostics.errors:
            continue
        for name, known in behaviours.items():
            model, query = lower(changed, next(check for check in changed.checks if check.name == name))
            if known is None or known[1] == (model, query) or not known[0].is_same(model, query):
                continue
            count += 1
            assert outcome(asked(*known[1])) == outcome(asked(model, query)), f"{name}: {mutant.text}\n{text}"
    return count


def behaviour(system: System, name: str) -> tuple[Behaviour, tuple[CoreModel, Query]] | None:
    model, query = lower(system, next(check for check in system.checks if check.name == name))
    every = every_state(model, Limits(), Progress(), work_max=WORK_MAX)
    return None if every is None else (Behaviour(model, query, every), (model, query))


def outcome(answer: Asked) -> tuple[object, ...]:
    """The answer, and the cost of its run. States may be fewer: a clock that never comes to anything is gone."""
    match answer.evidence:
        case ReplayedRun() as run:
            return "run", run.fault_count, run.times_ticks[-1], len(run.steps)
        case None:
            return (None,)
        case _:
            return ("none",)


def asked(model: CoreModel, query: Query) -> Asked:
    return ask(model, query, engine="python", limits=Limits(), progress=Progress())
