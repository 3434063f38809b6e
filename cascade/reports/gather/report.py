"""Verdicts, answers and the checked model → a `Report`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cascade import __version__
from cascade.core.model import TICK, CoreModel
from cascade.diagnostics.codes import CODES, Severity
from cascade.diagnostics.diagnostic import Diagnostic
from cascade.questions.declared import CheckResult
from cascade.questions.defaults import Answers
from cascade.questions.findings import findings
from cascade.questions.inquiry import Reply
from cascade.questions.samples import samples
from cascade.reports.data import (
    Cell,
    CheckRow,
    Conclusive,
    Finding,
    Graph,
    Headline,
    Place,
    Report,
    Run,
    Status,
    Table,
    Totals,
)
from cascade.reports.gather.graph import gather_graph
from cascade.reports.gather.headlines import telling
from cascade.reports.gather.places import Places
from cascade.reports.gather.runs import gather_run
from cascade.reports.gather.summary import assumption_lines, explored_lines, nearest_lines, open_lines
from cascade.reports.gather.tables import answer_tables, fix_table, sample_table
from cascade.reports.results import finding_ending
from cascade.reports.runs import run_of
from cascade.reports.terminal import extent_text, open_values_text, proof_of
from cascade.reports.wording import proof_sentences, proof_text
from cascade.verdicts.run import ReplayedRun
from cascade.verdicts.verdict import Holds, Undetermined, Violated

if TYPE_CHECKING:
    from cascade.checked.model import System, Waiver

RUNS_MAX = 60
"""Runs in one report; the most important are taken first."""


def gather(
    path: str,
    system: "System",
    checks: Sequence[CheckResult],
    answers: Answers | None,
    diagnostics: Sequence[Diagnostic] = (),
    extra: Sequence[Table] = (),
    conclusive: Conclusive | None = None,
) -> Report:
    """The report of the spec at `path`. `extra` are tables that further questions made, `conclusive` what these came to."""
    return replace(_Gatherer(path, system, checks, answers, diagnostics, extra).report(), conclusive=conclusive)


class _Gatherer:
    def __init__(
        self,
        path: str,
        system: "System",
        checks: Sequence[CheckResult],
        answers: Answers | None,
        diagnostics: Sequence[Diagnostic],
        extra: Sequence[Table],
    ) -> None:
        self._path = path
        self._system = system
        self._checks = checks
        self._answers = answers
        self._diagnostics = diagnostics
        self._extra = extra
        self._places = Places(system.span.source)
        self._graph: Graph = gather_graph(system, self._places)
        self._components = frozenset(node.name for node in self._graph.nodes)
        self._runs: list[Run] = []
        self._known: dict[object, int | None] = {}
        self._shown_by: list[list[str]] = []
        self._shown_steps: set[tuple[tuple[int, str], ...]] = set()

    def report(self) -> Report:
        # In the order of weight: what is first said gets the first runs.
        headlines = self._headlines()
        found = self._findings()
        checks = self._check_rows()
        tables = (
            [] if self._answers is None else answer_tables(self._answers, self._run_of_reply, self._loops_at_the_end)
        )
        if self._answers is not None and headlines and not any(h.is_reached for h in headlines):
            tables.extend(self._samples(self._answers))
        own = {check.name for check in self._system.checks if check.fixes}
        if own & {check.name for check in self._checks}:
            tables.append(fix_table(self._system, checks))
        tables.extend(self._extra)
        said = [*self._diagnostics, *([] if self._answers is None else self._answers.diagnostics)]
        said += [d for check in self._checks for d in check.diagnostics]
        errors = tuple(self._of_diagnostic(d, (), None) for d in dict.fromkeys(said))
        return Report(
            version=__version__,
            path=self._path,
            name=self._system.name,
            text=self._system.text,
            totals=self._totals(found),
            headlines=headlines,
            findings=found,
            checks=checks,
            runs=self._runs_shown(),
            graph=self._graph,
            tables=tuple(tables),
            explored=explored_lines(self._system, self._checks, self._answers),
            nearest=nearest_lines(self._answers),
            assumptions=assumption_lines(self._system),
            open_questions=open_lines(self._answers),
            errors=errors,
            sources=self._places.sources(),
        )

    # --- runs ---

    def _run_of_reply(self, reply: Reply | None, shown_by: str = "") -> int | None:
        if reply is None or reply.run is None or self._answers is None:
            return None
        if len(self._runs) >= RUNS_MAX and _steps_of(reply.model, reply.run) not in self._shown_steps:
            return None  # to explain it, too, would take long where hundreds of fault sets suffice
        result = self._answers.inquiry.result(reply)
        words = reply.check.source.split()
        outage = next((o.name for o in self._system.outages if o.name in words), "")
        ending = finding_ending(result, outage, "") if outage else ""
        return self._run_of(result, reply.check.source, shown_by, ending, self._system.applied_fixes)

    def _run_of(
        self, result: CheckResult, title: str, shown_by: str, ending: str, fixes: tuple[str, ...]
    ) -> int | None:
        """The position of a run; runs of the same steps at the same times are one, if fixes are the same."""
        run = run_of(result)
        if run is None:
            return None
        names = _steps_of(result.model, run)
        shown = () if result.explanation is None else tuple(s.index for s in result.explanation.steps)
        key = (fixes, names, shown, run.times_ticks[-1], run.loop_start)
        if key not in self._known:
            made = None
            if len(self._runs) < RUNS_MAX:
                made = gather_run(result, title, (), self._components, self._places, ending)
            self._known[key] = None if made is None else len(self._runs)
            if made is not None:
                self._runs.append(made)
                self._shown_steps.add(names)
                self._shown_by.append([])
        position = self._known[key]
        if position is not None and shown_by and shown_by not in self._shown_by[position]:
            self._shown_by[position].append(shown_by)
        return position

    def _runs_shown(self) -> tuple[Run, ...]:
        pairs = zip(self._runs, self._shown_by, strict=True)
        return tuple(replace(run, shown_by=tuple(names)) for run, names in pairs)

    def _samples(self, answers: Answers) -> list[Table]:
        """Where all is well: what single faults do."""
        rows: list[tuple[Cell, ...]] = []
        for sample in samples(answers.inquiry):
            result = answers.inquiry.result(sample.reply)
            ending = "all is as at the start" if sample.is_over else f"{sample.fault} has struck"
            run = self._run_of(result, sample.reply.check.source, f"sample: {sample.fault}", ending, ())
            what = " → ".join(sample.followed_by) or "nothing else happens"
            after = "all is as at the start" if sample.is_over else "it is not followed further"
            rows.append((Cell(text=sample.fault, run=run), Cell(text=what), Cell(text=after)))
        return [sample_table(rows)] if rows else []

    def _loops_at_the_end(self, run: int | None) -> list[str]:
        """Feedback loops of which no part is as at the start where a run ends: they may well keep it so."""
        if run is None:
            return []
        units = {node.name: node.unit for node in self._graph.nodes}
        lanes = [lane for lane in self._runs[run].lanes if not lane.is_outage and lane.statuses[-1] is not Status.OK]
        changed = {units[lane.name] for lane in lanes}
        return [f"feedback: {' ⇄ '.join(loop)}" for loop in self._graph.loops if changed.issuperset(loop)]

    # --- what is said ---

    def _headlines(self) -> tuple[Headline, ...]:
        """Outages that happen first, those that defeat redundancy first of all."""
        if self._answers is None:
            return ()
        told: list[Headline] = []
        for found in self._answers.outages:
            one = telling(self._answers, found)
            run = self._run_of_reply(one.reply, found.outage.name)
            told.append(replace(one.headline, run=run))
        return tuple(sorted(told, key=lambda h: (not h.is_reached, h.is_known, "although" not in h.sentence)))

    def _findings(self) -> tuple[Finding, ...]:
        if self._answers is None:
            return ()
        return tuple(
            self._of_diagnostic(
                finding.diagnostic,
                tuple(name.strip("`") for name in finding.outages),
                self._run_of_reply(finding.reply, finding.diagnostic.code),
                _accepted(finding.waiver),
            )
            for finding in findings(self._answers)
        )

    def _of_diagnostic(
        self, diagnostic: Diagnostic, outages: tuple[str, ...], run: int | None, accepted: str = ""
    ) -> Finding:
        labels = (diagnostic.primary, *diagnostic.others)
        places = [self._places.of(label.span, label.text) for label in labels]
        return Finding(
            code=diagnostic.code,
            severity=diagnostic.severity.value,
            title=CODES[diagnostic.code].name,
            message=diagnostic.message,
            help=diagnostic.help,
            note=diagnostic.note,
            places=tuple(place for place in places if place is not None),
            outages=outages,
            run=run,
            accepted=accepted,
        )

    def _check_rows(self) -> tuple[CheckRow, ...]:
        fixes = {check.name: (*self._system.applied_fixes, *check.fixes) for check in self._system.checks}
        return tuple(self._check_row(result, fixes.get(result.name, ())) for result in self._checks)

    def _check_row(self, result: CheckResult, fixes: tuple[str, ...]) -> CheckRow:
        verdict = result.verdict
        match verdict:
            case Holds():
                word = "holds"
            case Violated():
                word = "violated"
            case Undetermined():
                word = "undetermined"
        place: Place | None = self._places.of(result.span)
        proof = proof_of(result)
        return CheckRow(
            name=result.name,
            text=result.text,
            formula=result.formula,
            expected=result.expected,
            verdict=word,
            is_as_expected=result.is_as_expected,
            extent=extent_text(result),
            reason=verdict.reason.value if isinstance(verdict, Undetermined) else "",
            seconds=verdict.statistics.seconds,
            details=verdict.statistics.details,
            fixes=fixes,
            place=place,
            run=self._run_of(result, result.formula, result.name, "", fixes),
            said=tuple(d.message for d in result.diagnostics),
            accepted=_accepted(result.waiver),
            values=open_values_text(result),
            proved="" if proof is None else proof_text(proof),
            proof=() if proof is None else (*proof_sentences(proof), *proof.invariant),
        )

    def _totals(self, found: Sequence[Finding]) -> Totals:
        undetermined = sum(isinstance(c.verdict, Undetermined) for c in self._checks)
        expected = sum(c.is_as_expected for c in self._checks)
        accepted = sum(c.waiver is not None for c in self._checks)
        grave = sum(f.severity == Severity.FINDING.value and not f.accepted for f in found)
        answers = self._answers
        return Totals(
            as_expected=expected,
            unexpected=len(self._checks) - expected - undetermined - accepted,
            accepted=accepted + sum(bool(f.accepted) for f in found),
            undetermined=undetermined,
            findings=grave,
            notices=sum(f.severity != Severity.FINDING.value and not f.accepted for f in found),
            states=sum(c.verdict.statistics.state_count for c in self._checks)
            + (0 if answers is None else answers.inquiry.state_count),
            seconds=sum(c.verdict.statistics.seconds for c in self._checks)
            + (0.0 if answers is None else answers.seconds),
            questions=0 if answers is None else answers.inquiry.asked_count,
            questions_undetermined=0 if answers is None else len(answers.undetermined),
        )


def _steps_of(model: CoreModel, run: ReplayedRun) -> tuple[tuple[int, str], ...]:
    """What fires in a run, and when."""
    return tuple((run.times_ticks[i], model.commands[step].name) for i, step in enumerate(run.steps) if step != TICK)


def _accepted(waiver: "Waiver | None") -> str:
    return "" if waiver is None else f"accepted until {waiver.until.isoformat()}: {waiver.reason}"
