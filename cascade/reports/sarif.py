"""Results -> SARIF 2.1.0: what is wrong, each at one line, with the run as a code flow and the page of its code as help.

SARIF lists problems only; what passed stands in the JUnit and the JSON report. Undetermined is an error, and makes the run unsuccessful.
"""

import json
from typing import Any

from cascade.diagnostics.codes import CODES, Severity
from cascade.diagnostics.explain import explain, page
from cascade.diagnostics.printable import printable
from cascade.reports.locations import line_region, repository_root, uri
from cascade.reports.results import Entry, Outcome, Results, entries
from cascade.reports.runs import step_text, step_time
from cascade.reports.wording import count_text
from cascade.source import Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.FINDING: "error", Severity.WARNING: "warning", Severity.NOTICE: "note"}
# Exit codes after which the list of problems is the whole truth.
_COMPLETE = {0, 1}
STEPS_MAX = 1_000
TEXT_MAX = 1_000
_TAGS = {"0": "text", "1": "names", "2": "values", "3": "commands", "4": "checks", "5": "runs", "6": "design"} | {
    "7": "verdicts",
    "8": "surroundings",
    "9": "style",
}

Json = dict[str, Any]
_RULE_INDEX = {code: index for index, code in enumerate(CODES)}


def render(results: Results) -> str:
    """The log, in ASCII."""
    return json.dumps(log(results), indent=1) + "\n"


def log(results: Results) -> Json:
    """The log as data. Paths are relative to the root of the repository."""
    root = repository_root()
    found = [(file, entry) for file in results.files for entry in entries(file)]
    run = {
        "tool": {"driver": _driver(results.version)},
        "automationDetails": {"id": "cascade/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(results)],
        "results": [_result(entry, root) for _, entry in found if entry.diagnostic is not None],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


# --- the tool ---


def _driver(version: str) -> Json:
    return {"name": "cascade", "semanticVersion": version, "rules": [_rule(code) for code in CODES]}


def _rule(code: str) -> Json:
    info = CODES[code]
    paragraphs = page(code).split("\n\n")
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in info.name.replace("`", "").replace("'", "").split()),
        "shortDescription": {"text": info.name},
        "fullDescription": {"text": " ".join(paragraphs[1].split())[:TEXT_MAX]},
        "help": {"text": explain(code), "markdown": page(code)},
        "defaultConfiguration": {"level": _LEVELS[info.severity]},
        "properties": {"tags": [_TAGS[code[2]]], "precision": "very-high"},
    }


def _invocation(results: Results) -> Json:
    notes = [
        {"level": "error", "message": {"text": printable(f"{file.path}: internal error: {file.internal_error}")}}
        for file in results.files
        if file.internal_error
    ]
    if results.is_interrupted:
        notes.append({"level": "error", "message": {"text": "interrupted: what was not decided by then is missing"}})
    return {
        "executionSuccessful": results.exit_code in _COMPLETE and not notes,
        "exitCode": results.exit_code,
        "exitCodeDescription": results.exit_meaning,
        "toolExecutionNotifications": notes,
    }


# --- results ---


def _result(entry: Entry, root: str) -> Json:
    diagnostic = entry.diagnostic
    assert diagnostic is not None, "only what is wrong is a result"
    is_undetermined = entry.outcome is Outcome.UNDETERMINED
    sentences = (diagnostic.message, *entry.remarks, diagnostic.note, diagnostic.help)
    text = " ".join(f"{part[0].upper()}{part[1:]}." for part in map(_plain, sentences) if part)
    links = [f"[{_link_text(label.text or 'see')}]({index})" for index, label in enumerate(diagnostic.others)]
    result: Json = {
        "ruleId": diagnostic.code,
        "ruleIndex": _RULE_INDEX[diagnostic.code],
        "level": "error" if is_undetermined else _LEVELS[diagnostic.severity],
        "message": {"text": " ".join([text, *links])},
        "locations": [_location(diagnostic.primary.span, root, diagnostic.primary.text)],
        "partialFingerprints": {
            "primaryLocationLineHash": entry.fingerprint,
            "cascade/v1": entry.fingerprint,
        },
        "properties": {"kind": entry.kind.value, "outcome": entry.outcome.value, "name": printable(entry.name)},
    }
    if diagnostic.others:
        result["relatedLocations"] = [
            {"id": index, **_location(label.span, root, label.text)} for index, label in enumerate(diagnostic.others)
        ]
    flow = _code_flow(entry, root)
    if flow is not None:
        result["codeFlows"] = [flow]
    if entry.accepted is not None:
        result["suppressions"] = [
            {
                "kind": "inSource",
                "status": "accepted",
                "justification": printable(f"{entry.accepted.reason} (until {entry.accepted.until})"),
                "location": _location(entry.accepted.span, root),
            }
        ]
    return result


def _plain(text: str) -> str:
    """Text in a message, without what would be a link there."""
    return printable(text).replace("](", "] (")


def _link_text(text: str) -> str:
    return printable(text).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def _location(span: Span, root: str, text: str = "") -> Json:
    line, column, end = line_region(span)
    location: Json = {
        "physicalLocation": {
            "artifactLocation": {"uri": uri(span.source.name, root)},
            "region": {"startLine": line, "startColumn": column, "endLine": line, "endColumn": end},
        }
    }
    if text:
        location["message"] = {"text": _plain(text)}
    return location


def _code_flow(entry: Entry, root: str) -> Json | None:
    """The steps of the run, each where its command is declared, and what the last state shows, where the problem is."""
    run, explanation = entry.run, entry.explanation
    if run is None or explanation is None or not explanation.steps:
        return None
    locations: list[Json] = []
    for number, step in enumerate(explanation.steps[:STEPS_MAX], start=1):
        span = run.model.commands[run.steps[step.index]].span or entry.span
        text = _plain(step_text(step, run))
        state = {printable(change.name): {"text": _plain(change.after)} for change in step.changes}
        locations.append(
            {
                "executionOrder": number,
                "importance": "essential",
                "location": {**_location(span, root), "message": {"text": text}},
                "state": state,
            }
        )
    more = len(explanation.steps) - STEPS_MAX
    if more > 0:
        place = _location(entry.span, root)
        locations.append({"location": {**place, "message": {"text": f"{count_text(more, 'more step')} left out"}}})
    if entry.ending:
        time = step_time(run.times_ticks[-1], run)
        text = f"{time} {entry.ending}".strip()
        locations.append(
            {
                "executionOrder": len(locations) + 1,
                "importance": "essential",
                "location": {**_location(entry.span, root), "message": {"text": _plain(text)}},
            }
        )
    return {"threadFlows": [{"locations": locations}]}
