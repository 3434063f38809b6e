"""`cascade tune SPEC`: for which values of one or two params does a check hold?"""

import argparse
import re
import sys

from cascade.cli.exit_codes import ExitCode
from cascade.cli.loading import show_diagnostics, unknown_names
from cascade.cli.streams import columns, complain, paint_for, say
from cascade.cli.variants import has_complained, keeping_disagreements, open_variants, write_page
from cascade.diagnostics.durations import exact_duration_text
from cascade.questions.tune import CELLS_MAX, Axis, tune
from cascade.reports.layout import Layout
from cascade.reports.terminal import header
from cascade.reports.tune import tuning_json, tuning_text

EXPECTED = "write it as NAME=LOW..HIGH, as NAME=LOW..HIGH:STEP, or as NAME=VALUE,VALUE"
_UNITS_MS = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_RANGE = re.compile(r"(-?\d+)(ms|s|min|h|d|%)?\.\.(-?\d+)(ms|s|min|h|d|%)?(?::(\d+)(ms|s|min|h|d|%)?)?", re.ASCII)


class AxisError(Exception):
    """The values of a param are not written as they should be; the message says how."""


def parse_axis(text: str, tick_ms: int) -> Axis:
    """`site.capacity=1..100`, `db.promote_after=1min..2h:5min`, `site.mode=fast,slow`. Durations go by ticks unless it is said. Raises `AxisError`."""
    name, equals, values = (part.strip() for part in text.partition("="))
    name = "".join(name.split())
    if not equals or not name or not values:
        raise AxisError(f"{text!r} gives no values; {EXPECTED}")
    if ".." not in values:
        listed = tuple(dict.fromkeys(value.strip() for value in values.split(",")))
        if not all(listed):
            raise AxisError(f"{text!r} has an empty value; {EXPECTED}")
        return Axis(name=name, values=listed)
    match = _RANGE.fullmatch(values.replace(" ", ""))
    if match is None:
        raise AxisError(f"{values!r} is no range of values; {EXPECTED}")
    low, low_unit, high, high_unit, step, step_unit = match.groups()
    kinds = {_kind(unit) for unit in (low_unit, high_unit, *([step_unit] if step else []))}
    if len(kinds) > 1:
        raise AxisError(f"{values!r} mixes durations, percentages and plain numbers; {EXPECTED}")
    (kind,) = kinds
    first, last = _amount(low, low_unit), _amount(high, high_unit)
    by = _amount(step, step_unit) if step else tick_ms if kind == "duration" else 1
    if last < first or by < 1:
        raise AxisError(f"{values!r} has no values: it goes upwards, by 1 or more")
    if (last - first) // by >= CELLS_MAX:
        raise AxisError(f"{values!r} has {(last - first) // by + 1:,} values; give a larger step, as in {values}:STEP")
    return Axis(name=name, values=tuple(_text(value, kind) for value in range(first, last + 1, by)))


def _kind(unit: str | None) -> str:
    return "number" if unit is None else "percentage" if unit == "%" else "duration"


def _amount(number: str, unit: str | None) -> int:
    return int(number) * _UNITS_MS.get(unit or "", 1)


def _text(value: int, kind: str) -> str:
    return exact_duration_text(value) if kind == "duration" else f"{value}%" if kind == "percentage" else str(value)


def _setting(text: str, end: int) -> str:
    """The first or the last value of what may be an axis, as a setting."""
    name, _, values = text.partition("=")
    return f"{name}={re.split('[.][.]|,', values.partition(':')[0])[end].strip()}"


def run(options: argparse.Namespace) -> ExitCode:
    """Decide a check for all values of one or two params."""
    ends = (tuple(_setting(text, end) for text in options.param if "=" in text) for end in (0, -1))
    opened = open_variants(options, settings=(), examples=ends)
    if opened is None:
        return ExitCode.BAD_INPUT
    variants, system, progress = opened
    wrong = unknown_names("check", [options.check], [check.name for check in system.checks])
    axes: list[Axis] = []
    for text in options.param:
        try:
            axes.append(parse_axis(text, system.tick_ms))
        except AxisError as error:
            wrong.append(f"--param: {error}")
    if len(axes) > 2:
        wrong.append("--param can be given twice at most: a frontier has two sides")
    if len({axis.name for axis in axes}) < len(axes):
        wrong.append(f"--param: {axes[0].name} is given twice")
    count = 1
    for axis in axes:
        count *= len(axis.values)
    if count > CELLS_MAX:
        wrong.append(f"that makes {count:,} pairs of values, and at most {CELLS_MAX:,} are decided; give larger steps")
    if has_complained(wrong):
        return ExitCode.BAD_INPUT
    with keeping_disagreements(options):
        found = tune(variants, options.check, axes, options.total_time)
    progress.clear()
    if found.diagnostics.errors:
        show_diagnostics(found.diagnostics.items)
        return ExitCode.BAD_INPUT
    if options.format == "json":
        sys.stdout.write(tuning_json(options.file, found))
    else:
        layout = Layout(columns=columns(), paint=paint_for(sys.stdout))
        say(header(options.file, system.name, system.text, layout))
        say(tuning_text(found, layout, with_runs=options.trace))
    if options.html is not None:
        from cascade.reports.gather.remedies import tuning_results, tuning_tables, what_tuning_says

        if not write_page(options, system, tuning_results(found), tuning_tables(found), what_tuning_says(found)):
            return ExitCode.BAD_INPUT
    if found.is_interrupted:
        complain("interrupted: what was known by then is shown")
        return ExitCode.INTERRUPTED
    is_open = not found.is_complete or any(decided.word == "undetermined" for decided in found.cells.values())
    return ExitCode.UNDETERMINED if is_open else ExitCode.OK
