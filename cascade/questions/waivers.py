"""What the waivers of a spec accept of what was found, and what is to be said of the waivers themselves."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cascade.checked.model import System, Waiver
from cascade.diagnostics.diagnostic import Diagnostic, Label
from cascade.questions.declared import CheckResult
from cascade.questions.judgement import Judgement
from cascade.verdicts.run import ReplayedRun
from cascade.verdicts.verdict import Holds, Undetermined, Violated


def is_expired(waiver: Waiver, today: dt.date | None) -> bool:
    """Whether its last day is over; on that day itself it still counts."""
    return today is not None and waiver.until < today


def accepting(
    waivers: Iterable[Waiver], target: str, subjects: Sequence[str], faults: Sequence[str], today: dt.date | None
) -> Waiver | None:
    """The first waiver that has not expired and accepts what was found: a check or a code, about `subjects`, by `faults`."""
    for waiver in waivers:
        if waiver.target == target and not is_expired(waiver, today) and covers(waiver, subjects, faults):
            return waiver
    return None


def covers(waiver: Waiver, subjects: Sequence[str], faults: Sequence[str]) -> bool:
    """Whether it is about this: all that it is about, or all faults that take part, are named; or nothing is, and so everything is meant."""
    if not waiver.is_narrow:
        return True
    by_subject = bool(subjects) and waiver.subjects.issuperset(subjects)
    return by_subject or (bool(faults) and waiver.faults.issuperset(faults))


def with_waiver(system: System, result: CheckResult, judgement: Judgement) -> CheckResult:
    """The result, with the waiver that accepts it if it is not as expected. What is undetermined cannot be accepted."""
    if result.is_as_expected or isinstance(result.verdict, Undetermined):
        return result
    waiver = accepting(system.waivers, result.name, (), _faults_of(result), judgement.today)
    return result if waiver is None else replace(result, waiver=waiver)


def _faults_of(result: CheckResult) -> tuple[str, ...]:
    match result.verdict:
        case Holds(evidence=ReplayedRun() as run) | Violated(evidence=ReplayedRun() as run):
            fired = (run.model.commands[step] for step in run.steps if step >= 0)
            return tuple(dict.fromkeys(c.name for c in fired if c.command_class.value == "fault"))
        case _:
            return ()


def about_waivers(
    system: System, judgement: Judgement, *, used: Sequence[Waiver], settled: Iterable[str]
) -> tuple[Diagnostic, ...]:
    """Waivers that have expired, that last too long, and that accept nothing. Of checks and codes in `settled` it is known all that there is."""
    said: list[Diagnostic] = []
    known = set(settled)
    for waiver in system.waivers:
        if is_expired(waiver, judgement.today):
            said.append(_expired(waiver))
            continue
        if _is_too_long(waiver, judgement):
            said.append(_too_long(waiver, judgement))
        if waiver.target in known and waiver not in used:
            said.append(_unused(waiver))
    return judgement.all_judged(said)


def _is_too_long(waiver: Waiver, judgement: Judgement) -> bool:
    if judgement.today is None or judgement.waiver_days_max is None:
        return False
    return (waiver.until - judgement.today).days > judgement.waiver_days_max


def _expired(waiver: Waiver) -> Diagnostic:
    return Diagnostic(
        code="CF704",
        message=f"the waiver of `{waiver.target}` has expired: it was for until {waiver.until.isoformat()}",
        primary=Label(span=waiver.span),
        help="do what was promised, and drop the waiver; or agree on another day",
        note=f"the reason was: {waiver.reason}",
    )


def _too_long(waiver: Waiver, judgement: Judgement) -> Diagnostic:
    return Diagnostic(
        code="CF706",
        message=f"the waiver of `{waiver.target}` is for until {waiver.until.isoformat()}, longer than is allowed",
        primary=Label(span=waiver.span),
        help=f"the configuration allows {judgement.waiver_days_max} days (`days_max` in `[waivers]`)",
    )


def _unused(waiver: Waiver) -> Diagnostic:
    return Diagnostic(
        code="CF705",
        message=f"the waiver of `{waiver.target}` accepts nothing: what it is for does not happen",
        primary=Label(span=waiver.span),
        help="drop it",
        note="a waiver that nobody needs would accept what comes later",
    )
