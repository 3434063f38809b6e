"""The only door to the engines: ask, replay what they claim, and return what is then known.

An engine's answer is a candidate. A run becomes evidence by replay in the reference interpreter, which shares nothing with the search; where
they disagree the tool itself is wrong, and says so (`EngineError`).
"""

from dataclasses import dataclass

from cascade.core.model import CoreModel
from cascade.core.queries import Query
from cascade.engines import load_engine
from cascade.limits import Limits, Progress, StopReason
from cascade.questions.cache import Cache
from cascade.reference.replay import ReplayError, replay, replay_failure
from cascade.verdicts.answer import Answer, Exhausted, Found, SpecFailure, Statistics, Stopped
from cascade.verdicts.run import ReplayedRun
from cascade.verdicts.verdict import Exhaustion, Undetermined


class EngineError(Exception):
    """An engine claimed what the reference interpreter does not confirm: a bug of this tool, never of the spec."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Either evidence (a replayed run: yes; an exhaustion: no), or why there is none."""

    evidence: ReplayedRun | Exhaustion | None
    undetermined: Undetermined | None
    statistics: Statistics


def ask(
    model: CoreModel, query: Query, *, engine: str, limits: Limits, progress: Progress, cache: Cache | None = None
) -> Asked:
    """The engine's answer to `query`, confirmed. Raises `EngineError` where replay contradicts it.

    With a `cache` an answer that was found before stands for the search; a run is replayed all the same.
    """
    known = None if cache is None else _known(model, query, engine, cache)
    if known is not None:
        return known
    asked, answer = _search(model, query, engine, limits, progress)
    if cache is not None and isinstance(answer, Found | Exhausted):
        cache.put(model, query, engine, answer)
    return asked


def _known(model: CoreModel, query: Query, engine: str, cache: Cache) -> Asked | None:
    """What the cache knows; a run that is none is no entry."""
    match cache.get(model, query, engine):
        case None:
            return None
        case Exhausted() as answer:
            evidence = Exhaustion(statistics=answer.statistics, proof=answer.proof)
            return Asked(evidence=evidence, undetermined=None, statistics=answer.statistics)
        case Found() as answer:
            try:
                run = replay(model, query, answer.run)
            except ReplayError:
                return None
            return Asked(evidence=run, undetermined=None, statistics=answer.statistics)


def _search(model: CoreModel, query: Query, engine: str, limits: Limits, progress: Progress) -> tuple[Asked, Answer]:
    answer: Answer
    try:
        answer = load_engine(engine)(model, query, limits, progress)
    except KeyboardInterrupt:  # engines catch it, but not while they are imported or compiled
        answer = Stopped(reason=StopReason.INTERRUPTED, statistics=Statistics())
    match answer:
        case Found():
            try:
                run = replay(model, query, answer.run)
            except ReplayError as error:
                raise EngineError(f"the {engine} engine reported a run that is none: {error}") from error
            return Asked(evidence=run, undetermined=None, statistics=answer.statistics), answer
        case Exhausted():
            evidence = Exhaustion(statistics=answer.statistics, proof=answer.proof)
            return Asked(evidence=evidence, undetermined=None, statistics=answer.statistics), answer
        case Stopped():
            stopped = Undetermined(reason=answer.reason, statistics=answer.statistics)
            return Asked(evidence=None, undetermined=stopped, statistics=answer.statistics), answer
        case SpecFailure():
            try:
                run = replay_failure(model, answer, query)
            except ReplayError as error:
                raise EngineError(f"the {engine} engine reported an error of the spec that is none: {error}") from error
            failed = Undetermined(reason=StopReason.SPEC_ERROR, statistics=answer.statistics, failure=answer, run=run)
            return Asked(evidence=None, undetermined=failed, statistics=answer.statistics), answer
