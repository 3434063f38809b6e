"""The only door to the engines: ask, replay what they claim, and return what is then known.

An engine's answer is a candidate. A run becomes evidence by replay in the reference interpreter, which shares nothing with the search; where
they disagree the tool itself is wrong, and says so (`EngineError`).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cascade.core.expressions import ExprId
from cascade.core.model import CoreModel
from cascade.core.queries import Query, Reach
from cascade.engines import BOTH, load_engine
from cascade.limits import GRACE_SECONDS, Limits, Progress, StopReason, TimeIsUp, time_limit
from cascade.questions.cache import Cache
from cascade.questions.on_slice import answer_on_slice
from cascade.records import dataclass
from cascade.reference.replay import ReplayError, replay, replay_failure
from cascade.verdicts.answer import Answer, Exhausted, Found, SpecFailure, Statistics, Stopped
from cascade.verdicts.run import CandidateRun, ReplayedRun
from cascade.verdicts.verdict import Exhaustion, Undetermined

if TYPE_CHECKING:
    from cascade.engines.explicit.chart import Chart
    from cascade.engines.explicit.survey import Surveyed

SURVEY_WORK_MAX = 200_000
"""How far a survey goes, in work of the explicit engine: about a second."""


def ask_survey(
    model: CoreModel,
    commands: Sequence[frozenset[int]],
    conditions: Sequence[frozenset[ExprId]],
    *,
    limits: Limits,
    progress: Progress,
) -> "Surveyed":
    """Of which sets of `commands` one fires, of which sets of `conditions` one is false, in any state. Nothing is replayed: no run is claimed."""
    from cascade.engines.explicit.survey import survey

    return survey(model, commands, conditions, limits, progress, work_max=SURVEY_WORK_MAX)


class EngineError(Exception):
    """An engine claimed what the reference interpreter does not confirm: a bug of this tool, never of the spec."""


class DisagreementError(EngineError):
    """Two engines contradict each other about `query`. `claims` says what each found; `check` is the name of the check, once it is known.

    `fix_names` and `settings` are those of a variant that the spec is asked about.
    """

    def __init__(self, model: CoreModel, query: Query, claims: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(f"the {engine} engine says: {claim}" for engine, claim in claims))
        self.model = model
        self.query = query
        self.claims = claims
        self.check = ""
        self.fix_names: tuple[str, ...] = ()
        self.settings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Either evidence (a replayed run: yes; an exhaustion: no), or why there is none."""

    evidence: ReplayedRun | Exhaustion | None
    undetermined: Undetermined | None
    statistics: Statistics


def ask(
    model: CoreModel,
    query: Query,
    *,
    engine: str,
    limits: Limits,
    progress: Progress,
    cache: Cache | None = None,
    slices: bool = False,
) -> Asked:
    """The engine's answer to `query`, confirmed. Raises `EngineError` where replay contradicts it, or one engine another.

    With a `cache` an answer that was found before stands for the search; a run is replayed all the same. `both` always searches. With `slices` the
    engine sees only what can influence the query; a run is replayed on the whole model all the same.
    """
    if engine == BOTH:
        return _ask_both(model, query, limits=limits, progress=progress, slices=slices)
    key = _key(engine, limits, slices=slices)
    known = None if cache is None else _known(model, query, key, cache)
    if known is not None:
        return known
    asked, answer = _search(model, query, engine, limits, progress, slices=slices)
    if cache is not None and isinstance(answer, Found | Exhausted):
        cache.put(model, query, key, answer)
    return asked


NOTHING = Statistics()
"""Of what was not searched for."""


def _key(engine: str, limits: Limits, *, slices: bool) -> str:
    """What has a say in which run and which numbers an answer has, beside the model, the query and the tool."""
    symmetry = {None: "", True: " with symmetry", False: " without symmetry"}[limits.symmetry]
    return f"{engine}{symmetry}{' on a slice' if slices else ''}"


def confirm(model: CoreModel, query: Query, run: CandidateRun, statistics: Statistics = NOTHING) -> Asked:
    """The evidence that a run is which was not searched for but constructed. Raises `EngineError` where replay contradicts it."""
    try:
        replayed = replay(model, query, run)
    except ReplayError as error:
        raise EngineError(f"a run was constructed that is none: {error}") from error
    return Asked(evidence=replayed, undetermined=None, statistics=statistics)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charted:
    """What came of making a chart: the `chart`, unless a goal was met on the way or it came to nothing; what is `asked` of the goal then known; and what it took."""

    chart: "Chart | None" = None
    asked: Asked | None = None
    stop: StopReason | None = None
    state_count: int = 0
    work: int = 0


def ask_chart(model: CoreModel, goal: ExprId | None, *, limits: Limits, progress: Progress, work_max: int) -> Charted:
    """All reachable states of `model` for many questions, unless `goal` is met on the way, or it is too much work. A run to the goal is confirmed."""
    from cascade.engines.explicit.chart import Chart, Reached, chart

    try:
        with time_limit(None if limits.seconds_max is None else limits.seconds_max + GRACE_SECONDS):
            made = chart(model, goal, limits, progress, work_max=work_max)
    except TimeIsUp:
        return Charted(stop=StopReason.TIME, work=work_max)
    match made:
        case Chart():
            took = made.statistics
            return Charted(chart=made, asked=surely_not(made), state_count=took.state_count, work=took.work)
        case Reached(run=run, statistics=took):
            assert goal is not None, "a goal was met"
            asked = confirm(model, Reach(goal=goal), run, took)
            return Charted(asked=asked, state_count=took.state_count, work=took.work)
        case _:
            return Charted(stop=made.reason, work=made.work)


def surely_not(chart: "Chart") -> Asked:
    """The evidence for what a chart says no to."""
    evidence = Exhaustion(statistics=chart.statistics)
    return Asked(evidence=evidence, undetermined=None, statistics=chart.statistics)


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


def _search(
    model: CoreModel, query: Query, engine: str, limits: Limits, progress: Progress, *, slices: bool
) -> tuple[Asked, Answer]:
    answer: Answer
    try:
        search = load_engine(engine)
        with time_limit(None if limits.seconds_max is None else limits.seconds_max + GRACE_SECONDS):
            if slices:
                answer = answer_on_slice(search, model, query, limits, progress)
            else:
                answer = search(model, query, limits, progress)
    except TimeIsUp:  # while the model was made ready, or in a step that takes long
        answer = Stopped(reason=StopReason.TIME, statistics=Statistics(seconds=limits.seconds_max or 0.0))
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


COMPARED = ("explicit", "symbolic")
"""What `both` asks: they share neither search nor representation."""


def _ask_both(model: CoreModel, query: Query, *, limits: Limits, progress: Progress, slices: bool) -> Asked:
    """The answers of two engines, which must not contradict each other; the first one that is an answer is returned."""
    answers: list[Asked] = []
    for engine in COMPARED:
        asked = ask(model, query, engine=engine, limits=limits, progress=progress, slices=slices)
        if asked.undetermined is not None and asked.undetermined.reason is StopReason.INTERRUPTED:
            return asked
        answers.append(asked)
    first, second = answers
    if _contradict(first, second):
        claims = tuple((engine, _claim(asked)) for engine, asked in zip(COMPARED, answers, strict=True))
        raise DisagreementError(model, query, claims)
    chosen, other, name = (second, first, COMPARED[0]) if first.evidence is None else (first, second, COMPARED[1])
    if chosen.evidence is None and other.undetermined is not None and other.undetermined.failure is not None:
        chosen, other = other, chosen
    details = (*chosen.statistics.details, (f"the {name} engine", _claim(other)))
    seconds = first.statistics.seconds + second.statistics.seconds
    return _with_statistics(chosen, replace(chosen.statistics, seconds=seconds, details=details))


def _contradict(one: Asked, other: Asked) -> bool:
    """Whether one says that there is a run or an error, and the other that there is neither.

    A run and an error of the spec do not contradict each other: either may be found first.
    """
    has_none = [isinstance(asked.evidence, Exhaustion) for asked in (one, other)]
    shows_one = [isinstance(asked.evidence, ReplayedRun) or _is_error(asked) for asked in (one, other)]
    return (has_none[0] and shows_one[1]) or (has_none[1] and shows_one[0])


def _is_error(asked: Asked) -> bool:
    return asked.undetermined is not None and asked.undetermined.failure is not None


def _claim(asked: Asked) -> str:
    match asked.evidence:
        case ReplayedRun(steps=steps):
            return f"there is a run, of {len(steps)} steps"
        case Exhaustion(proof=None):
            return "there is no run: all states were explored"
        case Exhaustion():
            return "there is no run: that is proved"
    assert asked.undetermined is not None, "no evidence, so there is a reason"
    if asked.undetermined.failure is not None:
        return f"the spec has an error: {asked.undetermined.failure.kind.value}"
    return f"no answer: {asked.undetermined.reason.value}"


def _with_statistics(asked: Asked, statistics: Statistics) -> Asked:
    evidence, undetermined = asked.evidence, asked.undetermined
    if isinstance(evidence, Exhaustion):
        evidence = replace(evidence, statistics=statistics)
    if undetermined is not None:
        undetermined = replace(undetermined, statistics=statistics)
    return Asked(evidence=evidence, undetermined=undetermined, statistics=statistics)
