"""Open params: the values that a run names, and checks that are decided once for each value.

An open param that does not shape the model is one of its variables: the engines quantify over it. One that does makes a model of each value; the check
asks all of them. One run decides, whichever model it is of; that there is none must be known of each.
"""

from collections.abc import Sequence
from dataclasses import replace

from cascade.checked.model import System
from cascade.core.dump import value_text
from cascade.core.lower import lower
from cascade.core.model import CoreModel, VariableRole
from cascade.limits import Limits, Progress, StopReason, time_limit
from cascade.questions.ask import Asked, DisagreementError, ask
from cascade.questions.cache import Cache
from cascade.verdicts.answer import Proof, ProofKind, Statistics
from cascade.verdicts.run import ReplayedRun
from cascade.verdicts.verdict import Exhaustion

Values = tuple[tuple[str, str], ...]
"""Open params and the values that were chosen for them, as the spec writes them."""

_LAST = (StopReason.INTERRUPTED, StopReason.TIME, StopReason.MEMORY, StopReason.DISK)
"""After these it is of no use to go on with other values."""


def values_of_run(run: ReplayedRun) -> Values:
    """The values of the open params in this run."""
    chosen = tuple(
        (variable.name, value_text(variable.kind, variable.labels, variable.low, run.states[0][index]))
        for index, variable in enumerate(run.model.variables)
        if variable.role is VariableRole.PARAM
    )
    return (*run.model.constants, *chosen)


def values_text(values: Values) -> str:
    """`capacity = 17, wait = 3min`."""
    return ", ".join(f"{name} = {value}" for name, value in values)


def ask_cases(
    systems: Sequence[System],
    name: str,
    *,
    engine: str,
    limits: Limits,
    progress: Progress,
    cache: Cache | None = None,
    slices: bool = False,
) -> tuple[System, CoreModel, Asked]:
    """What is known of the check called `name` in all these systems: which of them settles it, its model, and the answer with what all took together."""
    total: Statistics | None = None
    undecided: tuple[System, CoreModel, Asked] | None = None
    settled: tuple[System, CoreModel, Asked] | None = None
    proofs: list[Proof | None] = []
    for system in systems:
        rest = _rest(limits, total)
        with time_limit(rest.seconds_max):
            model, query = lower(system, next(check for check in system.checks if check.name == name))
        try:
            asked = ask(model, query, engine=engine, limits=rest, progress=progress, cache=cache, slices=slices)
        except DisagreementError as error:
            error.check = name
            raise
        total = asked.statistics if total is None else _sum(total, asked.statistics)
        if isinstance(asked.evidence, ReplayedRun):
            return system, model, replace(asked, statistics=total)
        if asked.evidence is None:
            undecided = undecided or (system, model, asked)
            assert asked.undetermined is not None, "no evidence, so there is a reason"
            if asked.undetermined.reason in _LAST:
                break
        else:
            settled = settled or (system, model, asked)
            proofs.append(asked.evidence.proof)
    assert total is not None, "a spec has at least one model"
    if undecided is not None:
        system, model, asked = undecided
        assert asked.undetermined is not None, "no evidence, so there is a reason"
        return (
            system,
            model,
            replace(asked, statistics=total, undetermined=replace(asked.undetermined, statistics=total)),
        )
    assert settled is not None, "every model is settled"
    system, model, asked = settled
    evidence = Exhaustion(statistics=total, proof=_common(proofs))
    return system, model, replace(asked, evidence=evidence, statistics=total)


def _common(proofs: list[Proof | None]) -> Proof | None:
    """What proves it for each value, if something does: what is weakest is named."""
    known = [proof for proof in proofs if proof is not None]
    if not known or len(known) < len(proofs):
        return None
    if len(known) == 1:
        return known[0]
    by_induction = [proof.k for proof in known if proof.kind is ProofKind.K_INDUCTION]
    if by_induction:
        return Proof(kind=ProofKind.K_INDUCTION, k=max(by_induction))
    return Proof(kind=ProofKind.INVARIANT)


def _sum(one: Statistics, other: Statistics) -> Statistics:
    return replace(
        one,
        state_count=one.state_count + other.state_count,
        transition_count=one.transition_count + other.transition_count,
        seconds=one.seconds + other.seconds,
        is_cached=one.is_cached and other.is_cached,
    )


def _rest(limits: Limits, used: Statistics | None) -> Limits:
    """What the models before left of the limits of the check."""
    if used is None:
        return limits
    seconds, states = limits.seconds_max, limits.state_count_max
    return replace(
        limits,
        seconds_max=None if seconds is None else max(0.0, seconds - used.seconds),
        state_count_max=None if states is None else max(1, states - used.state_count),
    )
