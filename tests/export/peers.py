"""What the tests of exporters share: a model without its question, and the two tools."""

import dataclasses
import tempfile

import pytest

from bench.peers import PeerRun, missing_tools, run_rumur, run_spin
from cascade.core.expressions import Op
from cascade.core.model import CoreModel
from cascade.core.queries import Query, Reach
from cascade.engines import load_engine
from cascade.export import load_exporter
from cascade.limits import Limits, Progress
from cascade.verdicts.answer import Answer, FailureKind, Found, SpecFailure

TOOLS = {"promela": "spin", "murphi": "rumur"}
FLAGS = ("-O0",)  # compiling takes longer than running


def tool_parameters():
    """Both languages; each is skipped, and says so, where its tool is missing."""
    found = []
    for language, tool in TOOLS.items():
        missing = missing_tools(tool, "gcc")
        reason = f"{' and '.join(missing)} not installed"
        marks = [pytest.mark.spin, pytest.mark.skipif(bool(missing), reason=reason)]
        found.append(pytest.param(language, marks=marks, id=language))
    return found


both_tools = pytest.mark.parametrize("language", tool_parameters())


def run_peer(language: str, model: CoreModel, query: Query, *, with_property: bool) -> PeerRun:
    text = load_exporter(language)(model, query, with_property=with_property)
    with tempfile.TemporaryDirectory() as folder:
        if language == "promela":
            return run_spin(text, folder, flags=FLAGS)
        return run_rumur(text, folder, flags=FLAGS, threads=1)


def without_goal(model: CoreModel) -> tuple[CoreModel, Reach]:
    """The model, and a question that makes an engine visit every state."""
    table = model.expressions
    grown = dataclasses.replace(
        table,
        ops=(*table.ops, Op.CONST),
        args=(*table.args, (0,)),
        is_bool=(*table.is_bool, True),
        low=(*table.low, 0),
        high=(*table.high, 0),
        can_fail=(*table.can_fail, False),
    )
    return dataclasses.replace(model, expressions=grown), Reach(goal=len(table))


def explore(model: CoreModel, query: Query, states_max: int | None = None) -> Answer:
    return load_engine("packed")(model, query, Limits(state_count_max=states_max), Progress())


def is_error(answer: Answer) -> bool:
    """Whether the other tool has to report an error. It knows no timelocks."""
    is_failure = isinstance(answer, SpecFailure) and answer.kind is not FailureKind.TIMELOCK
    return is_failure or isinstance(answer, Found)


def compare_states(language: str, model: CoreModel) -> int:
    """Same number of states, or an error of the spec in both. Returns our number of states."""
    model, query = without_goal(model)
    ours = explore(model, query)
    theirs = run_peer(language, model, query, with_property=False)
    assert theirs.has_error == is_error(ours), theirs.output
    if not theirs.has_error:
        assert theirs.state_count == ours.statistics.state_count
    return ours.statistics.state_count


def compare_verdicts(language: str, model: CoreModel, query: Query) -> None:
    """Goal reached (or an error of the spec) in both, or in none, and then with the same states."""
    ours = explore(model, query)
    theirs = run_peer(language, model, query, with_property=True)
    assert theirs.has_error == is_error(ours), theirs.output
    if not theirs.has_error:
        assert theirs.state_count == ours.statistics.state_count
