"""What is asked of every spec without being told, and all that came out of it for one outage."""

import time
from collections.abc import Callable, Sequence

from cascade.checked.model import FormulaKind, Outage, System
from cascade.diagnostics.diagnostic import Diagnostic
from cascade.questions import partial, redundancy
from cascade.questions.classes import Classification, OutageClass, classify, final
from cascade.questions.coverage import Coverage, coverage
from cascade.questions.cures import Change, changes
from cascade.questions.cutsets import CutSetOptions, CutSets, cut_sets
from cascade.questions.inquiry import Inquiry, Reply
from cascade.questions.judgement import Judgement
from cascade.records import dataclass

CUT_SET_OPTIONS = CutSetOptions(size_max=2, with_orders=False, with_classes=False)
"""What `check` says of fault sets; `cutsets` says more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageAnswers:
    """All answers about one outage. Where it needs no fault, redundancy and survival were not asked: they have no part in it."""

    outage: Outage
    cut_sets: CutSets
    redundancy: redundancy.Redundancy | None
    rows: tuple[partial.Row, ...]
    classification: Classification
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The answers about all outages of `system`. `diagnostics` are errors of the spec that a question ran into.

    `undetermined` are the questions that a limit left open. `seconds` is how long it took. `judgement` says how grave findings are taken.
    `is_brief`: they were asked beside declared checks, with little work; they are to be known, and change no exit code.
    `coverage` is there only if it was asked for.
    `is_interrupted`: the user stopped it; the outages that are there are answered.
    """

    system: System
    inquiry: Inquiry
    outages: tuple[OutageAnswers, ...]
    diagnostics: tuple[Diagnostic, ...]
    undetermined: tuple[Reply, ...]
    seconds: float
    judgement: Judgement = Judgement()
    is_brief: bool = False
    coverage: Coverage | None = None
    is_interrupted: bool = False


def ask_defaults(
    inquiry: Inquiry,
    outages: Sequence[Outage],
    tell: Callable[[str], None] = lambda _: None,
    *,
    with_coverage: bool = True,
) -> Answers:
    """Ask everything about each of `outages`; `tell` hears what is asked next. An interrupt ends it with the outages that were answered by then."""
    started = time.monotonic()
    found: list[OutageAnswers] = []
    is_interrupted = False
    covered: Coverage | None = None
    try:
        for outage in outages:
            found.append(_ask_about(inquiry, outage, tuple(outages), tell))
        if with_coverage and outages:
            tell("what ever happens")
            covered = coverage(inquiry)
    except KeyboardInterrupt:
        is_interrupted = True
    return Answers(
        system=inquiry.system,
        inquiry=inquiry,
        outages=tuple(found),
        diagnostics=tuple(inquiry.diagnostics.items),
        undetermined=_undetermined(found),
        seconds=time.monotonic() - started,
        is_interrupted=is_interrupted,
        coverage=covered,
    )


def _ask_about(
    inquiry: Inquiry, outage: Outage, outages: tuple[Outage, ...], tell: Callable[[str], None]
) -> OutageAnswers:
    tell(f"what brings {outage.name}")
    sets = cut_sets(inquiry, outage, CUT_SET_OPTIONS)
    if sets.is_interrupted:
        raise KeyboardInterrupt
    claims, rows = None, tuple[partial.Row, ...]()
    if not sets.is_without_faults:
        tell(f"which redundancy masks {outage.name}")
        claims = redundancy.refute(inquiry, outage, sets)
        rows = partial.rows(inquiry, outage, sets)
    tell(f"how {outage.name} ends")
    shown = [found.reply for found in sets.sets if found.reply.run is not None]
    if sets.is_final and shown:
        fewest = min(shown, key=lambda reply: 0 if reply.run is None else reply.run.fault_count)
        classification = final(outage, fewest)
    else:
        classification = classify(inquiry, outage, objective_ms=objective_ms(inquiry.system, outage))
    tell(f"what would make {outage.name} milder")
    return OutageAnswers(
        outage=outage,
        cut_sets=sets,
        redundancy=claims,
        rows=rows,
        classification=classification,
        changes=changes(inquiry, outage, sets, classification, outages),
    )


def objective_ms(system: System, outage: Outage) -> int | None:
    """The tightest time that a declared check, without fixes and helping hands, allows the outage to last; whatever it expects."""
    allowed = [
        check.formula.duration_ms
        for check in system.checks
        if check.formula.kind is FormulaKind.LASTS_AT_MOST
        and check.formula.conditions == (outage.condition,)
        and not check.fixes
        and not check.acting
        and check.formula.duration_ms is not None
    ]
    return min(allowed, default=None)


def _undetermined(found: list[OutageAnswers]) -> tuple[Reply, ...]:
    """Questions without an answer that a report rests on, each once."""
    replies: list[Reply] = []
    for answers in found:
        claims = answers.redundancy
        if claims is not None:
            replies.extend(claim.reply for claim in claims.groups)
            replies.extend(() if claims.joint is None else (claims.joint,))
        replies.extend(cell.reply for row in answers.rows for cell in row.cells if cell.reply is not None)
        replies.extend(answers.cut_sets.open_replies)
        if answers.classification.outage_class is OutageClass.UNDETERMINED:
            replies.extend(answers.classification.evidence)
    open_replies = {reply.check.source: reply for reply in replies if not reply.is_known}
    return tuple(open_replies.values())
