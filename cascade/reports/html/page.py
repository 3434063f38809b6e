"""A `Report` → the text of one HTML page that needs nothing else.

Every text of a spec is escaped by the templates, or stands as JSON in a data block in which no `<` is left. A policy in the page itself lets only its own style and
script work, by their digests, and nothing be loaded.
"""

import base64
import dataclasses
import enum
import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

from cascade.diagnostics.durations import duration_text
from cascade.diagnostics.printable import printable
from cascade.records import dataclass
from cascade.reports.data import STATUS_TEXTS, CheckRow, Report, Run, Status
from cascade.reports.html.causal import view_causes
from cascade.reports.html.drawing import view_graph
from cascade.reports.html.lanes import LABEL_WIDTH, RunView, view_run
from cascade.reports.html.sources import view_sources
from cascade.reports.html.verdicts import (
    chips,
    heroes,
    is_calm,
    overall,
    overall_tone,
    plain_verdict,
    unexpected,
)
from cascade.reports.wording import clock_text, count_text, seconds_text

FILLS = ("#f3f5f7", "#fdf0c4", "#ffdcbd", "#b3261e")
STROKES = ("#aab2bd", "#a87900", "#b64a00", "#7d1510")
INKS = ("#1c2430", "#1c2430", "#1c2430", "#ffffff")
ICONS = ("", "~", "!", "×")
_CHARACTER = 6.6
_SHORT_TITLES = {
    "redundancy": "Redundancy",
    "fault-sets": "Fault sets",
    "classes": "Endings",
    "coverage": "Coverage",
    "fixes": "Fixes",
    "samples": "Samples",
    "tune": "Tune",
    "tune-map": "Map",
    "remedies": "Remedies",
}
"""What sections are called where they stand side by side."""

ROWS_MAX = 24
"""Longer tables are folded after so many rows."""


def page(report: Report, *, has_index: bool = False) -> str:
    """The page of one spec."""
    views = [view_run(run) for run in report.runs]
    style, script = asset("style.css"), asset("report.js")
    return (
        _environment()
        .get_template("report.html.jinja")
        .render(
            report=_shown(report),
            data=data_block(report),
            has_index=has_index,
            policy=_policy(style, script),
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            heroes=heroes(report),
            plain=plain_verdict(report),
            chips=chips(report),
            sections=_sections(report),
            graph=view_graph(report.graph, _changing(report), _longest_texts(report)),
            first_run=first_run(report),
            start=_start(report, views),
            views=[_shown_view(view) for view in views],
            causes=[view_causes(run) for run in report.runs],
            unexpected=unexpected(report),
            is_calm=is_calm(report),
            has_outage=any(lane.is_outage for run in report.runs for lane in run.lanes),
            ordered_checks=sorted(enumerate(report.checks, start=1), key=lambda pair: _is_settled(pair[1])),
            sources=view_sources(report),
            statistics=report.checks,
            check_tone=check_tone,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An error of a spec, and where it stands."""

    where: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """A file without a page, and why."""

    path: str
    reason: str
    errors: tuple[Fault, ...] = ()

    @property
    def tone(self) -> str:
        """How alarming that is."""
        return "bad" if self.errors else ""


def index_page(entries: Sequence[tuple[str, Report]], others: Sequence[Absent] = ()) -> str:
    """The list of all reports, the most alarming first, and of the files without one."""
    style = asset("style.css")
    rows = [
        {
            "name": name,
            "report": report,
            "heroes": heroes(report),
            "chips": chips(report),
            "plain": plain_verdict(report),
            "tone": overall_tone(report),
        }
        for name, report in entries
    ]
    rows.sort(key=lambda row: _TONES.index(str(row["tone"])))
    return (
        _environment()
        .get_template("index.html.jinja")
        .render(
            rows=rows,
            others=others,
            overall=overall([report for _, report in entries], sum(bool(other.errors) for other in others)),
            policy=_policy(style, ""),
            style=Markup(style),  # noqa: S704 - our own file
        )
    )


_TONES = ("bad", "unknown", "warn", "good")


def _is_settled(check: CheckRow) -> bool:
    return check.is_as_expected or bool(check.accepted)


def check_tone(check: CheckRow) -> str:
    """How a verdict looks: what was expected is no alarm."""
    if check.verdict == "undetermined":
        return "unknown"
    if check.accepted:
        return "warn"
    return ("good" if check.verdict == "holds" else "warn") if check.is_as_expected else "bad"


def data_block(report: Report) -> Markup:
    """The report as JSON that may stand inside of a script element: nothing in it ends the element or starts a comment. Sources stand in the page already."""
    bare = dataclasses.replace(report, sources=())
    text = json.dumps(_plain(bare), ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(safe)  # noqa: S704 - made safe one line above


def _plain(value: object) -> object:
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


# --- templates ---


@cache
def asset(name: str) -> str:
    """A file that is shipped beside this module; "" if it is not there."""
    path = files("cascade.reports.html") / "assets" / name
    return path.read_text(encoding="utf-8") if path.is_file() else ""


class _Loader(BaseLoader):
    """Templates beside this module, wherever the package is installed."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Any]:  # noqa: ARG002 - the protocol
        path = files("cascade.reports.html") / "templates" / template
        return path.read_text(encoding="utf-8"), None, lambda: True


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=_Loader(), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        names=_with_breaks,
        clock=clock_text,
        seconds=seconds_text,
        code=_with_code,
        fit=_fit,
        duration=duration_text,
        count=count_text,
    )
    environment.finalize = _visible
    environment.globals.update(
        fills=FILLS,
        strokes=STROKES,
        inks=INKS,
        icons=ICONS,
        rows_max=ROWS_MAX,
        statuses=[(int(status), text) for status, text in STATUS_TEXTS.items()],
        status_texts=[STATUS_TEXTS[status] for status in Status],
    )
    return environment


def _visible(value: object) -> object:
    """Characters that reorder or hide text are made visible before anything is escaped."""
    return printable(value) if type(value) is str and "\n" not in value else value


def _with_code(text: str) -> Markup:
    """What stands between backticks in the look of code."""
    parts = printable(text).split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if i % 2 else escape(part) for i, part in enumerate(parts)
    )


_BREAKS = re.compile(r"(?<=[\w\])][._])(?=[^\W\d_])")


def _with_breaks(text: str) -> Markup:
    """A name that may be broken at its joints, and nowhere else if that helps."""
    return Markup("<wbr>").join(_BREAKS.split(printable(text)))


def _fit(text: str, width: float) -> str:
    room = int(width / _CHARACTER)
    return text if len(text) <= room else text[: max(0, room - 1)].rstrip() + "…"


def _policy(style: str, script: str) -> str:
    """Nothing is loaded; only this style and this script work."""
    scripts = _digest(script) if script else "'none'"
    return f"default-src 'none'; img-src data:; style-src {_digest(style)}; script-src {scripts}; base-uri 'none'; form-action 'none'"


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


# --- what the templates read ---


def _sections(report: Report) -> list[tuple[str, str]]:
    found = [("verdict", "Verdict")]
    if report.graph.units or report.runs:
        found.append(("cascade", "Cascade" if report.runs else "Architecture"))
    found += [("findings", "Findings")] if report.findings else []
    found += [("checks", "Checks")] if report.checks else []
    found += [(table.key, _SHORT_TITLES.get(table.key, table.title)) for table in report.tables]
    return [*found, ("explored", "Explored"), ("source", "Source")]


def _start(report: Report, views: list[RunView]) -> dict[str, tuple[int, str]]:
    """How each component is where the player starts."""
    if not report.runs:
        return {}
    first = first_run(report)
    k = views[first].start_state
    return {lane.name: (int(lane.statuses[k]), lane.texts[k]) for lane in report.runs[first].lanes}


def _longest_texts(report: Report) -> dict[str, str]:
    """The longest text that each component gets in the run that is shown first."""
    if not report.runs:
        return {}
    return {lane.name: max(lane.texts, key=len) for lane in report.runs[first_run(report)].lanes}


def first_run(report: Report) -> int:
    """The run that the page shows first: that of what it says first."""
    return next((hero.run for hero in heroes(report) if hero.run is not None), 0)


def _changing(report: Report) -> list[str]:
    """Components that change in some run, those of the run that is shown first to begin with."""
    first = first_run(report)
    runs = [*report.runs[first : first + 1], *report.runs]
    return list(dict.fromkeys(lane.name for run in runs for lane in run.lanes))


def _shown(report: Report) -> dict[str, Any]:
    """The report with what only the page says."""
    shown = {f.name: getattr(report, f.name) for f in dataclasses.fields(report)}
    shown["runs"] = [_shown_run(run) for run in report.runs]
    return shown


def _shown_run(run: Run) -> dict[str, Any]:
    shown = {f.name: getattr(run, f.name) for f in dataclasses.fields(run)}
    events: dict[int | None, int] = {step.number: i + 1 for i, step in enumerate(run.steps)}
    shown["facts"] = ", ".join(
        [
            count_text(run.fault_count, "fault"),
            *([duration_text(run.end_ms) if run.end_ms else "at once"] if run.is_timed else []),
            count_text(len(run.steps), "event"),
        ]
    )
    shown["steps"] = [
        {
            **{f.name: getattr(step, f.name) for f in dataclasses.fields(step)},
            "because_text": because(step.because, events),
        }
        for step in run.steps
    ]
    return shown


def because(text: str, events: dict[int | None, int]) -> str:
    """Reasons count the steps that matter; the page counts all events."""
    head, _, number = text.rpartition(" in step ")
    return f"{head} in event {events.get(int(number), 0)}" if head and number.isdecimal() else text


def _shown_view(view: RunView) -> dict[str, Any]:
    shown = {f.name: getattr(view, f.name) for f in dataclasses.fields(view)}
    shown["label_width"] = LABEL_WIDTH
    shown["charts"] = [
        {
            **{f.name: getattr(chart, f.name) for f in dataclasses.fields(chart)},
            "values_text": ",".join(map(str, chart.values)),
            "limits_text": ",".join(map(str, chart.limits)),
        }
        for chart in view.charts
    ]
    return shown
