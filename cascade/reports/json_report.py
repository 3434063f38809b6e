"""Results -> JSON, as `schemas/report-1.schema.json` describes it.

The schema's version is in its name and in each report. Members may be added to version 1; none changes its meaning or goes away.
"""

import json
from importlib import resources
from typing import Any

from cascade.core.dump import value_text
from cascade.core.model import TICK, VariableRole
from cascade.diagnostics.diagnostic import Label
from cascade.questions.cases import values_of_run
from cascade.questions.causes import ExplainedStep
from cascade.questions.declared import CheckResult
from cascade.questions.defaults import OutageAnswers
from cascade.reports.results import Entry, EntryKind, FileReport, Outcome, Results, entries
from cascade.reports.terminal import proof_of
from cascade.source import Span
from cascade.verdicts.answer import ProofKind
from cascade.verdicts.run import ReplayedRun
from cascade.verdicts.verdict import Exhaustion, Holds, Undetermined, Violated

SCHEMA_VERSION = 1

Json = dict[str, Any]


def render(results: Results) -> str:
    """The whole report, in ASCII, so that no reader can take it for another encoding."""
    return json.dumps(report(results), indent=1) + "\n"


def schema() -> Json:
    """The JSON Schema of what `render` writes."""
    text = (resources.files("cascade.reports") / "schemas" / f"report-{SCHEMA_VERSION}.schema.json").read_text("utf-8")
    found: Json = json.loads(text)
    return found


def report(results: Results) -> Json:
    """The report as data."""
    files = [(file, entries(file)) for file in results.files]
    counts = {outcome.value: 0 for outcome in Outcome}
    for _, found in files:
        for entry in found:
            counts[entry.outcome.value] += 1
    return {
        "format": "cascade-report",
        "version": SCHEMA_VERSION,
        "tool": {"name": "cascade", "version": results.version},
        "exit": {"code": results.exit_code, "meaning": results.exit_meaning, "interrupted": results.is_interrupted},
        "summary": {
            "files": len(files),
            **counts,
            "internal_errors": sum(bool(file.internal_error) for file in results.files),
        },
        "files": [_file(file, found) for file, found in files],
    }


def _file(file: FileReport, found: tuple[Entry, ...]) -> Json:
    return {
        "path": file.path,
        "system": {"name": file.system_name, "text": file.text} if file.system_name else None,
        "internal_error": file.internal_error or None,
        "checks": [_check(entry, entry.result) for entry in found if entry.kind is EntryKind.CHECK and entry.result],
        "problems": [_problem(entry) for entry in found if entry.diagnostic is not None],
        "outages": [] if file.answers is None else [_outage(o) for o in file.answers.outages],
    }


# --- checks ---


def _check(entry: Entry, result: CheckResult) -> Json:
    verdict = result.verdict
    match verdict:
        case Holds():
            word = "holds"
        case Violated():
            word = "violated"
        case Undetermined():
            word = "undetermined"
    statistics = verdict.statistics
    return {
        "name": result.name,
        "text": result.text,
        "formula": result.formula,
        "location": _location(result.span),
        "verdict": word,
        "expected": result.expected,
        "outcome": entry.outcome.value,
        "reason": verdict.reason.value if isinstance(verdict, Undetermined) else None,
        "evidence": _evidence(result),
        "proof": _proof(result),
        "statistics": {
            "states": statistics.state_count,
            "transitions": statistics.transition_count,
            "seconds": round(statistics.seconds, 3),
            "counted": statistics.counted,
            "cached": statistics.is_cached,
        },
        "values": dict(result.values),
        "open_params": dict(result.ranges),
        "run": _run(entry),
    }


def _evidence(result: CheckResult) -> str | None:
    match result.verdict:
        case Undetermined():
            return None
        case Holds(evidence=Exhaustion(proof=proof)) | Violated(evidence=Exhaustion(proof=proof)):
            return "exhaustion" if proof is None else proof.kind.value
        case _:
            return "run"


def _proof(result: CheckResult) -> Json | None:
    proof = proof_of(result)
    if proof is None:
        return None
    return {
        "kind": proof.kind.value,
        "k": proof.k if proof.kind is ProofKind.K_INDUCTION else None,
        "bound": proof.bound or None,
        "invariant": list(proof.invariant),
    }


def _run(entry: Entry) -> Json | None:
    run, explanation = entry.run, entry.explanation
    if run is None or explanation is None:
        return None
    tick_ms = run.model.tick_ms
    loop = explanation.loop_start
    return {
        "timed": run.model.is_timed,
        "faults": run.fault_count,
        "duration_ms": run.times_ticks[-1] * tick_ms if run.model.is_timed else None,
        "values": dict(values_of_run(run)),
        "initial": _initial(run),
        "steps": [_step(number, step, run) for number, step in enumerate(explanation.steps, start=1)],
        "omitted_steps": explanation.omitted_count,
        "loop_starts_at": None if loop is None else loop + 1,
        "ending": entry.ending,
        "unmasked": [{"group": group.name, "why": group.why} for group in explanation.groups if group.struck],
    }


def _initial(run: ReplayedRun) -> dict[str, str]:
    """The variables of the spec before the first step."""
    return {
        v.name: value_text(v.kind, v.labels, v.low, run.states[0][i])
        for i, v in enumerate(run.model.variables)
        if v.role in (VariableRole.STATE, VariableRole.LINK)
    }


def _step(number: int, step: ExplainedStep, run: ReplayedRun) -> Json:
    index = run.steps[step.index]
    span = None if index == TICK else run.model.commands[index].span
    return {
        "number": number,
        "time_ms": step.time_ticks * run.model.tick_ms if run.model.is_timed else None,
        "class": step.command_class,
        "component": step.component,
        "command": step.command,
        "text": step.text,
        "location": None if span is None else _location(span),
        "changes": [
            {"name": c.name, "before": c.before, "after": c.after, "derived": c.is_derived} for c in step.changes
        ],
        "because": step.because,
        "caused_by": [cause + 1 for cause in step.causes],
        "in_loop": step.in_loop,
    }


# --- what is wrong ---


def _problem(entry: Entry) -> Json:
    diagnostic = entry.diagnostic
    assert diagnostic is not None, "a problem says what is wrong"
    is_check = entry.kind is EntryKind.CHECK
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "kind": entry.kind.value,
        "outcome": entry.outcome.value,
        "check": entry.name if is_check else None,
        "message": diagnostic.message,
        "location": _location(diagnostic.primary.span),
        "label": diagnostic.primary.text,
        "related": [_related(label) for label in diagnostic.others],
        "help": diagnostic.help,
        "note": diagnostic.note,
        "fingerprint": entry.fingerprint,
        "waiver": _waiver(entry),
        # The run of a check stands with the check.
        "run": None if is_check else _run(entry),
    }


def _related(label: Label) -> Json:
    return {"location": _location(label.span), "text": label.text}


def _waiver(entry: Entry) -> Json | None:
    accepted = entry.accepted
    if accepted is None:
        return None
    return {"reason": accepted.reason, "until": accepted.until, "location": _location(accepted.span)}


def _location(span: Span) -> Json:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(max(span.end, span.start))
    return {"path": span.source.name, "line": line, "column": column, "end_line": end_line, "end_column": end_column}


# --- outages ---


def _outage(found: OutageAnswers) -> Json:
    sets = found.cut_sets
    return {
        "name": found.outage.name,
        "text": found.outage.text,
        "location": _location(found.outage.span),
        "class": found.classification.outage_class.value,
        "escape": list(found.classification.escape),
        "fault_sets": [list(known.names) for known in sets.sets],
        "fault_sets_complete_to": sets.complete_to,
        "fault_sets_are_all": sets.is_all,
        "undecided": [list(names) for names in sets.undecided],
    }
