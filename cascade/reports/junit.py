"""Results -> JUnit XML, in the strict form that every reader takes: a suite a file, a case an entry.

Violated is a failure, undetermined and broken are errors, never skipped; only what a waiver accepts is skipped. Places stand in the text, since
attributes for them are no part of the form.
"""

import datetime as dt
import os
import xml.etree.ElementTree as ET

from cascade.diagnostics.printable import printable
from cascade.diagnostics.render import render as render_diagnostic
from cascade.reports.layout import Layout
from cascade.reports.results import Entry, EntryKind, FileReport, Outcome, Results, entries
from cascade.reports.runs import run_lines
from cascade.reports.wording import count_text

HOST = "localhost"
"""Which machine it was is nobody's business."""

COLUMNS = 100
_FAILURES = {Outcome.FAILED}
_PASSED = {Outcome.PASSED, Outcome.NOTED}
_ERRORS = {Outcome.UNDETERMINED, Outcome.BROKEN}


def render(results: Results) -> str:
    """The document."""
    suites = ET.Element("testsuites")
    for index, file in enumerate(results.files):
        suites.append(_suite(file, index, _timestamp(), results))
    ET.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _timestamp() -> str:
    """Now, or what SOURCE_DATE_EPOCH says, in UTC without a zone, as the form wants it."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isdecimal() and len(epoch) <= 11:
        when = dt.datetime.fromtimestamp(int(epoch), dt.UTC)
    else:
        when = dt.datetime.now(dt.UTC)
    return when.strftime("%Y-%m-%dT%H:%M:%S")


def _suite(file: FileReport, index: int, timestamp: str, results: Results) -> ET.Element:
    found = entries(file)
    cases = [_case(file, entry) for entry in found]
    if file.internal_error:
        cases.append(_internal_error(file))
    suite = ET.Element(
        "testsuite",
        name=printable(file.path),
        package="cascade",
        id=str(index),
        hostname=HOST,
        timestamp=timestamp,
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors=str(sum(case.find("error") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        time=_seconds(sum(_time(entry) for entry in found)),
    )
    properties = ET.SubElement(suite, "properties")
    values = (("cascade.version", results.version), ("system", file.system_name), ("text", file.text))
    for name, value in values:
        ET.SubElement(properties, "property", name=name, value=printable(value))
    suite.extend(cases)
    # A case that passed has no place for text in the strict form.
    said = [f"{printable(entry.name)}\n{_text(entry)}" for entry in found if entry.outcome in _PASSED]
    ET.SubElement(suite, "system-out").text = "\n".join(said)
    ET.SubElement(suite, "system-err")
    return suite


def _case(file: FileReport, entry: Entry) -> ET.Element:
    name = printable(entry.name)
    case = ET.Element(
        "testcase", name=name, classname=printable(file.system_name or file.path), time=_seconds(_time(entry))
    )
    if entry.outcome is Outcome.WAIVED and entry.accepted is not None:
        message = f"{entry.code} waived until {entry.accepted.until}: {entry.accepted.reason}"
        ET.SubElement(case, "skipped", message=printable(message)).text = _text(entry)
    elif entry.outcome in _FAILURES | _ERRORS and entry.diagnostic is not None:
        tag = "failure" if entry.outcome in _FAILURES else "error"
        message = printable(entry.diagnostic.message)
        ET.SubElement(case, tag, type=entry.code, message=message).text = _text(entry)
    return case


def _internal_error(file: FileReport) -> ET.Element:
    case = ET.Element("testcase", name="cascade", classname=printable(file.path), time=_seconds(0.0))
    message = printable(f"internal error: {file.internal_error}")
    ET.SubElement(case, "error", type="internal error", message=message).text = message
    return case


def _time(entry: Entry) -> float:
    is_timed = entry.kind is EntryKind.CHECK and entry.result is not None
    return entry.result.verdict.statistics.seconds if is_timed and entry.result is not None else 0.0


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"


def _text(entry: Entry) -> str:
    """What a person needs: the place, what to do, and the run. A check that passed says on how much its verdict rests."""
    layout = Layout(columns=COLUMNS)
    result = entry.result
    lines: list[str] = []
    if entry.diagnostic is None:
        if result is None:
            return ""
        statistics = result.verdict.statistics
        explored = f", {count_text(statistics.state_count, statistics.counted)}" if statistics.state_count else ""
        return f"as expected: {result.expected}{explored}\n"
    lines.append(render_diagnostic(entry.diagnostic, columns=COLUMNS))
    if entry.kind is EntryKind.CHECK and result is not None:
        lines.extend(["", *layout.wrap(f"{result.formula} expect {result.expected}", indent=2, hang=2)])
    if result is not None and entry.run is not None and entry.explanation is not None:
        lines.extend(run_lines(result, entry.run, entry.explanation, layout, ending=entry.ending))
    return "\n".join(lines) + "\n"
