"""One spec by all ways: same verdicts, numbers of states, costs of runs, errors of the spec.

The oracle is `cascade.reference.decide` (brute force, no code of any engine), and what it says is compared with a second reading of the language
(`tests/oracle`). Where a check has too many states for it, the ways are compared with the Python functions of the explicit engine.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from cascade.checked.model import Check, System
from cascade.core.lower import lower
from cascade.core.model import CoreModel
from cascade.core.queries import Lasso, Query, Reach
from cascade.engines.symbolic.reach import NOT_BEST
from cascade.export.supported import UnsupportedError
from cascade.limits import Limits, StopReason
from cascade.reference.decide import Decision, DecisionKind, TooManyStatesError, decide
from cascade.reference.replay import replay, replay_failure
from cascade.verdicts.answer import Answer, Exhausted, FailureKind, Found, SpecFailure, Stopped
from tests.campaign.ways import WAYS, Precision, Way
from tests.differential.agreement import cost_of
from tests.export.peers import compare_states, compare_verdicts, without_goal
from tests.generate.checks import Law
from tests.generate.load import LoadedText
from tests.oracle.agreement import compare_check


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to ask, and how far. `peers` are languages of exporters."""

    ways: tuple[Way, ...] = tuple(WAYS.values())
    peers: tuple[str, ...] = ()
    oracle_states_max: int = 300
    states_max: int = 4_000
    seconds_max: float = 0.5


class DisagreementError(AssertionError):
    """A way and the oracle contradict each other."""

    def __init__(self, way: str, check: str, reason: str) -> None:
        super().__init__(f"{way}, check {check}: {reason}")
        self.way = way


def compare_text(text: str, plan: Plan, laws: Iterable[Law] = ()) -> Counter[str]:
    """Compare all checks of a spec; what was compared, how often. Raises `DisagreementError`."""
    tally: Counter[str] = Counter(specs=1)
    loaded = LoadedText(text)
    is_run: dict[str, bool] = {}
    for check in loaded.checks:
        system, fixed = loaded.fixed(check)
        model, query = lower(system, fixed)
        tally["checks"] += 1
        decision = _brute_force(model, query, plan)
        if decision is not None:
            tally[f"second reading: {_reread(loaded, system, fixed, query, decision)}"] += 1
        else:
            decision = _fast_oracle(model, query, plan, check.name)
        if decision is None:
            tally["too large"] += 1
            continue
        tally[f"oracle: {decision.kind.value}"] += 1
        if decision.kind is not DecisionKind.FAILURE:
            is_run[check.name] = (decision.kind is DecisionKind.FOUND) == (fixed.formula.kind.value == "possible")
        for way in plan.ways:
            tally[_compare(way, model, query, decision, plan, check.name)] += 1
        for language in plan.peers:
            tally[_compare_peer(language, model, query, plan, check.name)] += 1
    for law in laws:
        if law.first in is_run and law.second in is_run:
            tally["laws"] += 1
            if not law.is_obeyed(is_run[law.first], is_run[law.second]):
                raise DisagreementError("law", law.first, f"`{law.name}` with {law.second} is broken")
    return tally


# --- the oracle ---


def _brute_force(model: CoreModel, query: Query, plan: Plan) -> Decision | None:
    try:
        return decide(model, query, max_states=plan.oracle_states_max)
    except TooManyStatesError:
        return None


def _reread(loaded: LoadedText, system: System, check: Check, query: Query, decision: Decision) -> str:
    """Whether the check means the same by a reading that has the parser in common with all ways, and no more."""
    try:
        return compare_check(loaded, system, check, query, decision)
    except Exception as error:
        raise DisagreementError("second reading", check.name, f"{type(error).__name__}: {error}") from error


def _fast_oracle(model: CoreModel, query: Query, plan: Plan, check: str) -> Decision | None:
    said = _ask(WAYS["python"], model, query, plan, check)
    match said:
        case Exhausted():
            return Decision(kind=DecisionKind.EXHAUSTED, state_count=said.statistics.state_count)
        case Found(run=run):
            cost = cost_of(model, run.steps[: run.loop_start])
            return Decision(
                kind=DecisionKind.FOUND,
                state_count=said.statistics.state_count,
                cost=cost,
                # Errors of the spec that cost as much, or more, would not have been looked for.
                failures=dict.fromkeys(FailureKind, cost),
                is_loop_fault_free=_is_loop_fault_free(model, query, said),
            )
        case _:
            return None  # too large, or an error of the spec, of which another may come first elsewhere


def _is_loop_fault_free(model: CoreModel, query: Query, said: Found) -> bool | None:
    loop = said.run.steps[said.run.loop_start :]
    return cost_of(model, loop)[0] == 0 if isinstance(query, Lasso) else None


# --- the ways ---


def _ask(way: Way, model: CoreModel, query: Query, plan: Plan, check: str) -> Answer:
    """The answer of a way; its run is replayed."""
    has_no_end = StopReason.TIME in way.may_stop
    states_max = min(plan.states_max, way.states_max or plan.states_max)
    limits = Limits(state_count_max=states_max, seconds_max=plan.seconds_max if has_no_end else None)
    try:
        said = way.answer(model, query, limits)
        match said:
            case Found(run=run):
                replay(model, query, run)
            case SpecFailure():
                replay_failure(model, said, query)
            case _:
                pass
    except Exception as error:
        raise DisagreementError(way.name, check, f"{type(error).__name__}: {error}") from error
    return said


def _compare(way: Way, model: CoreModel, query: Query, decision: Decision, plan: Plan, check: str) -> str:
    """Ask one way; a word for the tally."""
    if not isinstance(query, way.queries):
        return f"{way.name}: not asked"
    said = _ask(way, model, query, plan, check)
    reason = _objection(way, model, query, said, decision)
    if reason:
        raise DisagreementError(way.name, check, reason)
    return f"{way.name}: {'no answer' if isinstance(said, Stopped) else 'agreed'}"


def _objection(way: Way, model: CoreModel, query: Query, said: Answer, decision: Decision) -> str:
    """Why `said` cannot be, if `decision` is right; nothing if it can."""
    is_exact = way.precision is Precision.EXACT
    match said:
        case Exhausted(statistics=statistics):
            if decision.kind is not DecisionKind.EXHAUSTED:
                return f"says there is nothing, where the oracle says {decision.kind.value}"
            if is_exact and statistics.state_count != decision.state_count:
                return f"{statistics.state_count} states, not {decision.state_count}"
        case Found():
            return _objection_to_run(model, query, said, decision, is_exact=is_exact)
        case SpecFailure(kind=kind, run=run):
            if kind not in decision.failures:
                return f"reports {kind.value}, which the oracle does not"
            cost, least = cost_of(model, run.steps[: run.loop_start]), decision.failures[kind]
            # A run into a timelock goes on there until its loop begins.
            is_least = decision.kind is DecisionKind.FAILURE and kind is not FailureKind.TIMELOCK
            if cost[0] < least[0] or (is_exact and (cost < least or (is_least and cost != least))):
                return f"{kind.value} costs {cost}, not {least}"
        case Stopped(reason=reason):
            if reason not in way.may_stop:
                return f"stopped: {reason.value}"
    return ""


def _objection_to_run(model: CoreModel, query: Query, said: Found, decision: Decision, *, is_exact: bool) -> str:
    if decision.cost is None:
        return f"shows a run, where the oracle says {decision.kind.value}"
    cost = cost_of(model, said.run.steps[: said.run.loop_start])
    if NOT_BEST in said.statistics.details:  # it says so
        return "" if cost >= decision.cost else f"the run costs {cost}, less than {decision.cost}"
    if is_exact and cost != decision.cost:
        return f"the run costs {cost}, not {decision.cost}"
    if is_exact and isinstance(query, Lasso) and _is_loop_fault_free(model, query, said) != decision.is_loop_fault_free:
        return "the loop is not of the kind that is preferred"
    # With an error in the spec, the engine may know of more runs than the oracle, which stops at errors.
    if not isinstance(query, Lasso) and decision.kind is DecisionKind.FOUND and cost[0] != decision.cost[0]:
        return f"the run has {cost[0]} faults, not {decision.cost[0]}"
    return ""


# --- other model checkers ---


def _compare_peer(language: str, model: CoreModel, query: Query, plan: Plan, check: str) -> str:
    """Same states there, and for questions about reachable states the same verdict."""
    limits = Limits(state_count_max=2 * plan.states_max)
    if isinstance(WAYS["packed"].answer(*without_goal(model), limits), Stopped):
        return f"{language}: too large"
    try:
        compare_states(language, model)
        if isinstance(query, Reach):
            compare_verdicts(language, model, query)
    except UnsupportedError:
        return f"{language}: no words for it"
    except Exception as error:
        raise DisagreementError(language, check, f"{type(error).__name__}: {error}") from error
    return f"{language}: agreed"
