"""The spec's own checks: each becomes a verdict with its explanation."""

from collections.abc import Sequence

from cascade.checked.model import Check, FormulaKind, System, Waiver
from cascade.core.lower import lower
from cascade.core.model import CoreModel
from cascade.core.queries import Query
from cascade.diagnostics.diagnostic import Diagnostic
from cascade.limits import Limits, Progress
from cascade.questions.ask import Asked, ask
from cascade.questions.cache import Cache
from cascade.questions.cases import Values, ask_cases, values_of_run
from cascade.questions.causes import Explanation, explain
from cascade.questions.failures import describe_failure
from cascade.records import dataclass
from cascade.source import Span
from cascade.verdicts.answer import SpecFailure
from cascade.verdicts.run import ReplayedRun
from cascade.verdicts.verdict import Holds, Undetermined, Verdict, Violated


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """A declared check, its verdict, and what a person needs to understand it.

    `formula` is the text of formula and clauses; `expected` is `holds` or `violated`. `explanation` is there when the verdict rests on a run;
    `diagnostics` holds the error of the spec that a run showed, if one did. `waiver` accepts a verdict that is not the expected one.
    `values` are those of the open params in the run, or in the model that left the check undetermined; `ranges` what a verdict without a run is about.
    """

    name: str
    text: str
    formula: str
    span: Span
    expected: str
    verdict: Verdict
    model: CoreModel
    query: Query
    explanation: Explanation | None
    diagnostics: tuple[Diagnostic, ...]
    waiver: Waiver | None = None
    values: Values = ()
    ranges: Values = ()

    @property
    def is_as_expected(self) -> bool:
        """Undetermined is never as expected."""
        match self.verdict:
            case Holds():
                return self.expected == "holds"
            case Violated():
                return self.expected == "violated"
            case Undetermined():
                return False


def decide(
    system: System,
    check: Check,
    *,
    engine: str,
    limits: Limits,
    progress: Progress,
    cache: Cache | None = None,
    slices: bool = False,
) -> CheckResult:
    """The verdict of one declared check of `system`, whose fixes are applied."""
    model, query = lower(system, check)
    asked = ask(model, query, engine=engine, limits=limits, progress=progress, cache=cache, slices=slices)
    return conclude(system, check, model, query, asked)


def decide_cases(
    systems: Sequence[System],
    name: str,
    *,
    engine: str,
    limits: Limits,
    progress: Progress,
    cache: Cache | None = None,
    slices: bool = False,
) -> CheckResult:
    """The verdict of the declared check called `name`, over all models that the values of open params make of the spec."""
    system, model, asked = ask_cases(
        systems, name, engine=engine, limits=limits, progress=progress, cache=cache, slices=slices
    )
    check = next(check for check in system.checks if check.name == name)
    return conclude(system, check, model, lower(system, check)[1], asked)


def conclude(system: System, check: Check, model: CoreModel, query: Query, asked: Asked) -> CheckResult:
    """The verdict of `check`, which became `model` and `query`, by what is known of them."""
    run: ReplayedRun | None = None
    values: Values = ()
    ranges: Values = ()
    failure: SpecFailure | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    verdict: Verdict
    if asked.evidence is None:
        assert asked.undetermined is not None, "no evidence, so there is a reason"
        verdict = asked.undetermined
        values = model.constants
        run = verdict.run
        failure = verdict.failure
        if failure is not None:
            diagnostics = (describe_failure(system, check, model, failure),)
    else:
        is_run = isinstance(asked.evidence, ReplayedRun)
        run = asked.evidence if isinstance(asked.evidence, ReplayedRun) else None
        if run is None:
            ranges = tuple((param.name, param.values) for param in system.open_params)
        # A run answers `possible` with yes and every other formula with no.
        holds = is_run == (check.formula.kind is FormulaKind.POSSIBLE)
        verdict = (Holds if holds else Violated)(evidence=asked.evidence, statistics=asked.statistics)
    return CheckResult(
        name=check.name,
        text=check.text,
        formula=check.source,
        span=check.span,
        expected="violated" if check.expect_violated else "holds",
        verdict=verdict,
        model=model,
        query=query,
        explanation=None if run is None else explain(model, query, run, failure),
        diagnostics=diagnostics,
        values=values if run is None else values_of_run(run),
        ranges=ranges,
    )
