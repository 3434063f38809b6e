"""Results: everything that a format may show, in one order and under one set of rules. No format computes a verdict.

In: what became of each file. Out: *entries*: every check with its outcome, every diagnostic, every finding, each located, with the run that shows it.
"""

import enum
import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from cascade.core.queries import Lasso, Reach, Recover
from cascade.diagnostics.codes import Severity
from cascade.diagnostics.diagnostic import Diagnostic, Label
from cascade.questions.cases import values_of_run, values_text
from cascade.questions.causes import Explanation
from cascade.questions.declared import CheckResult
from cascade.records import dataclass
from cascade.reports.runs import run_of, unmasked_texts
from cascade.source import Span
from cascade.verdicts.run import ReplayedRun
from cascade.verdicts.verdict import Holds, Undetermined, Violated

if TYPE_CHECKING:  # reports know of a checked model what the questions hand on
    from cascade.checked.model import Waiver
    from cascade.questions.defaults import Answers
    from cascade.questions.findings import Finding
    from cascade.questions.inquiry import Reply

_QUOTED = re.compile(r"`([^`]+)`")


class Outcome(enum.Enum):
    """What an entry means for the gate. Undetermined is never success, and never skipped."""

    PASSED = "passed"
    FAILED = "failed"
    UNDETERMINED = "undetermined"
    BROKEN = "broken"
    NOTED = "noted"
    WAIVED = "waived"


class EntryKind(enum.Enum):
    """Where an entry comes from."""

    CHECK = "check"
    DIAGNOSTIC = "diagnostic"
    FINDING = "finding"
    QUESTION = "question"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Why something does not count: a waiver of the spec. `until` is its last day, as YYYY-MM-DD."""

    reason: str
    until: str
    span: Span


def _accepted(waiver: "Waiver | None") -> Accepted | None:
    return None if waiver is None else Accepted(reason=waiver.reason, until=waiver.until.isoformat(), span=waiver.span)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One check, diagnostic, finding or open question.

    `diagnostic` says what is wrong, and where; None for a check that came out as it should. `name` is the check's name, else the code and what it is
    about. `result` has the run and its explanation where there is one; `ending` is what the run's last state shows. `fingerprint` does not depend on
    lines, nor on other entries.
    """

    kind: EntryKind
    outcome: Outcome
    name: str
    span: Span
    diagnostic: Diagnostic | None
    result: CheckResult | None = None
    ending: str = ""
    accepted: Accepted | None = None
    fingerprint: str = ""

    @property
    def code(self) -> str:
        """The code of what is wrong, "" if nothing is."""
        return "" if self.diagnostic is None else self.diagnostic.code

    @property
    def severity(self) -> Severity:
        """How grave it is; what came out as it should is a notice."""
        return Severity.NOTICE if self.diagnostic is None else self.diagnostic.severity

    @property
    def remarks(self) -> list[str]:
        """What belongs to the run: the values of open params, and why redundancy on the way did not mask it."""
        if self.result is None or self.run is None or self.explanation is None:
            return []
        values = values_text(values_of_run(self.run))
        return [*([f"with {values}"] if values else []), *unmasked_texts(self.explanation)]

    @property
    def run(self) -> ReplayedRun | None:
        """The run that shows it."""
        return None if self.result is None else run_of(self.result)

    @property
    def explanation(self) -> Explanation | None:
        """The steps of the run that matter."""
        return None if self.result is None else self.result.explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What became of one file. `system_name` is "" for a library and for a file with errors. `internal_error` is a bug of ours in one line.

    `notices` are entries that neither a check nor a default question gave: what a change does. `compared_with` is what it was compared with, "" if it was not.
    """

    path: str
    system_name: str = ""
    text: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    answers: "Answers | None" = None
    notices: tuple[Entry, ...] = ()
    compared_with: str = ""
    internal_error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """All files of one call. `exit_meaning` is what `exit_code` says; no format changes it."""

    version: str
    files: tuple[FileReport, ...]
    exit_code: int
    exit_meaning: str
    is_interrupted: bool = False


def entries(file: FileReport) -> tuple[Entry, ...]:
    """All entries of a file: its diagnostics, its checks in their order, then findings and open questions, the gravest first."""
    found = [_of_diagnostic(file, diagnostic) for diagnostic in file.diagnostics]
    for result in file.checks:
        found.extend(_of_check(file, result))
    if file.answers is not None:
        # Late: a run that only decides declared checks needs none of it.
        from cascade.questions.findings import findings, never_happens

        answers = file.answers
        found.extend(_of_diagnostic(file, diagnostic) for diagnostic in answers.diagnostics)
        found.extend(_of_finding(file, answers, finding) for finding in findings(answers))
        found.extend(_of_question(file, reply) for reply in answers.undetermined)
        found.extend(_of_diagnostic(file, diagnostic) for diagnostic in never_happens(answers))
    found.extend(file.notices)
    return tuple(_numbered(found))


def _of_diagnostic(file: FileReport, diagnostic: Diagnostic) -> Entry:
    outcomes = {Severity.ERROR: Outcome.BROKEN, Severity.FINDING: Outcome.FAILED}
    return Entry(
        kind=EntryKind.DIAGNOSTIC,
        outcome=outcomes.get(diagnostic.severity, Outcome.NOTED),
        name=title_of(diagnostic),
        span=diagnostic.primary.span,
        diagnostic=diagnostic,
        fingerprint=fingerprint(file, diagnostic),
    )


# --- checks ---


def _of_check(file: FileReport, result: CheckResult) -> Iterable[Entry]:
    """One entry; an error of the spec that the check ran into is what it says then."""
    diagnostic = result.diagnostics[0] if result.diagnostics else verdict_diagnostic(result)
    if result.diagnostics:
        outcome = Outcome.BROKEN
    elif isinstance(result.verdict, Undetermined):
        outcome = Outcome.UNDETERMINED
    elif result.is_as_expected:
        outcome = Outcome.PASSED
    else:
        outcome = Outcome.FAILED if result.waiver is None else Outcome.WAIVED
    yield Entry(
        kind=EntryKind.CHECK,
        outcome=outcome,
        name=result.name,
        span=result.span if diagnostic is None else diagnostic.primary.span,
        diagnostic=diagnostic,
        result=result,
        ending="" if run_of(result) is None else _check_ending(result),
        accepted=_accepted(result.waiver),
        fingerprint="" if diagnostic is None else fingerprint(file, diagnostic, result.name),
    )


def verdict_diagnostic(result: CheckResult) -> Diagnostic | None:
    """What is to be said of a verdict that is not the expected one."""
    if isinstance(result.verdict, Undetermined):
        return Diagnostic(
            code="CF703",
            message=f"check `{result.name}` is undetermined: {result.verdict.reason.value}",
            primary=Label(span=result.span),
            help="raise the limit, or make the model smaller",
            note="undetermined is never success",
        )
    if result.is_as_expected:
        return None
    run = run_of(result)
    said = f" with {values_text(result.values)}" if result.values else ""
    said += f": {result.text}" if result.text else ""
    if isinstance(result.verdict, Violated):
        no_run = "" if run is not None else "no run does this: all states were explored"
        return Diagnostic(
            code="CF701",
            message=f"check `{result.name}` is violated{said}",
            primary=Label(span=result.span),
            others=_fault_labels(run),
            help="change the design; a weakness that is known is declared with `expect violated`, or waived for a time",
            note=no_run,
        )
    return Diagnostic(
        code="CF702",
        message=f"check `{result.name}` holds, though it is expected to be violated{said}",
        primary=Label(span=result.span),
        others=_fault_labels(run),
        help="if the weakness is gone for good, drop `expect violated`",
        note="or the spec has lost what brought it about",
    )


def _fault_labels(run: ReplayedRun | None) -> tuple[Label, ...]:
    """Where the faults of a run are declared, each place once."""
    if run is None:
        return ()
    commands = [run.model.commands[step] for step in run.steps if step >= 0]
    spans = {c.span: None for c in commands if c.command_class.value == "fault" and c.span is not None}
    return tuple(Label(span=span, text="strikes") for span in spans)


def _check_ending(result: CheckResult) -> str:
    match result.verdict:
        case Undetermined():
            return "the error shows"
        case Holds():
            return "the last condition holds"
        case Violated() if isinstance(result.query, Recover):
            return "there is no run any more to what is asked for"
        case Violated():
            return "the check is violated"


# --- findings and questions ---


def _of_finding(file: FileReport, answers: "Answers", finding: "Finding") -> Entry:
    diagnostic = finding.diagnostic
    result = answers.inquiry.result(finding.reply)
    outcome = Outcome.FAILED if diagnostic.severity in (Severity.FINDING, Severity.ERROR) else Outcome.NOTED
    return Entry(
        kind=EntryKind.FINDING,
        outcome=outcome if finding.waiver is None else Outcome.WAIVED,
        name=title_of(diagnostic),
        span=diagnostic.primary.span,
        diagnostic=diagnostic,
        result=result,
        accepted=_accepted(finding.waiver),
        ending=finding_ending(result, finding.outages[0].strip("`"), diagnostic.code),
        fingerprint=fingerprint(file, diagnostic),
    )


def finding_ending(result: CheckResult, outage: str, code: str) -> str:
    """What the last state of the run of a finding shows."""
    match result.query:
        case Recover():
            by_hand = ", unless operators act" if code == "CF607" else ""
            return f"nothing leads out of {outage} any more{by_hand}"
        case Reach(clock=None):
            if code == "CF612":
                return f"{outage} begins again"
            return f"{outage} is over" if isinstance(result.verdict, Holds) else f"{outage} begins"
        case Reach():
            return f"{outage} still lasts"
        case Lasso():
            return ""


def _of_question(file: FileReport, reply: "Reply") -> Entry:
    reason = "" if reply.stop_reason is None else f": {reply.stop_reason.value}"
    diagnostic = Diagnostic(
        code="CF703",
        message=f"the question `{reply.check.source}` is undetermined{reason}",
        primary=Label(span=reply.check.span),
        help="raise the limit, or make the model smaller",
        note="undetermined is never success",
    )
    return Entry(
        kind=EntryKind.QUESTION,
        outcome=Outcome.UNDETERMINED,
        name=reply.check.source,
        span=reply.check.span,
        diagnostic=diagnostic,
        fingerprint=fingerprint(file, diagnostic),
    )


def noticed(
    file: FileReport,
    diagnostic: Diagnostic,
    *,
    result: CheckResult | None = None,
    ending: str = "",
    waiver: "Waiver | None" = None,
) -> Entry:
    """The entry of something that neither a check nor a default question gave."""
    is_open = diagnostic.code == "CF703"
    outcomes = {Severity.ERROR: Outcome.BROKEN, Severity.FINDING: Outcome.FAILED}
    outcome = outcomes.get(diagnostic.severity, Outcome.NOTED)
    if waiver is not None:
        outcome = Outcome.WAIVED
    return Entry(
        kind=EntryKind.QUESTION if is_open else EntryKind.FINDING,
        outcome=Outcome.UNDETERMINED if is_open else outcome,
        name=title_of(diagnostic),
        span=diagnostic.primary.span,
        diagnostic=diagnostic,
        result=result,
        ending=ending,
        accepted=_accepted(waiver),
        fingerprint=fingerprint(file, diagnostic),
    )


# --- what identifies an entry ---


def names_in(diagnostic: Diagnostic) -> tuple[str, ...]:
    """What the message names, each once, in its order."""
    return tuple(dict.fromkeys(_QUOTED.findall(diagnostic.message)))


def title_of(diagnostic: Diagnostic) -> str:
    """The code and what it is about: `CF601 switches`."""
    names = names_in(diagnostic)
    return f"{diagnostic.code} {names[0]}" if names else diagnostic.code


def fingerprint(file: FileReport, diagnostic: Diagnostic, *subject: str) -> str:
    """The same as long as the same is wrong with the same thing: code, system, and what is named; not its place, not numbers in the text."""
    about = subject or tuple(sorted(names_in(diagnostic))) or (diagnostic.message,)
    parts = (diagnostic.code, file.system_name or file.path, *about)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _numbered(found: Iterable[Entry]) -> Iterable[Entry]:
    """Fingerprints that occur twice are told apart by their order."""
    counts: dict[str, int] = {}
    for entry in found:
        if not entry.fingerprint:
            yield entry
            continue
        count = counts[entry.fingerprint] = counts.get(entry.fingerprint, 0) + 1
        yield replace(entry, fingerprint=f"{entry.fingerprint}:{count}")
