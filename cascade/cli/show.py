"""`cascade show SPEC`: what a spec consists of, as tables."""

import argparse
import sys

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cascade.checked.model import Class, Command, Kind, System, Variable
from cascade.cli.exit_codes import ExitCode
from cascade.cli.loading import load_or_complain
from cascade.cli.streams import columns, has_colors, say
from cascade.diagnostics.durations import duration_text
from cascade.diagnostics.printable import printable


def run(options: argparse.Namespace) -> ExitCode:
    """Print the tables of one spec."""
    system = load_or_complain(options.file, tuple(options.fix), tuple(options.param))
    if system is None:
        return ExitCode.BAD_INPUT
    console = Console(
        file=sys.stdout,
        width=columns(),
        highlight=False,
        markup=False,
        emoji=False,
        color_system="standard" if has_colors(sys.stdout) else None,
        force_terminal=has_colors(sys.stdout),
    )
    say(_title(system))
    for table in _tables(system):
        if table.row_count:
            with console.capture() as capture:
                console.print(table)
            say("\n".join(line.rstrip() for line in capture.get().rstrip().splitlines()) + "\n")
    return ExitCode.OK


def _title(system: System) -> str:
    text = f"{system.name}: {system.text}" if system.text else system.name
    time = f"one tick is {duration_text(system.tick_ms)}" if system.is_timed else "no timing"
    fixes = "\n" + printable(f"with fix {', '.join(system.applied_fixes)}") if system.applied_fixes else ""
    return f"{printable(text)}\n{time}{fixes}\n"


def _tables(system: System) -> list[Table]:
    return [
        _components(system),
        _groups(system),
        _open_params(system),
        _variables(system),
        _commands("Faults", [c for c in system.commands if c.command_class is Class.FAULT]),
        _commands("Other commands", [c for c in system.commands if c.command_class is not Class.FAULT]),
        _links(system),
        _outages(system),
        _fixes(system),
        _checks(system),
        _waivers(system),
    ]


def _table(title: str, *headings: str) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False
    )
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _row(table: Table, *cells: str) -> None:
    table.add_row(*(Text(printable(cell)) for cell in cells))


def _components(system: System) -> Table:
    """The tree: what is a part of what, in depth."""
    table = _table("Components", "component", "type", "text")
    depths: dict[str, int] = {}
    for component in system.components:
        if component.parent is None:
            depths[component.name] = -1
            continue
        depth = depths[component.parent] + 1
        depths[component.name] = depth
        own = component.name.removeprefix(f"{component.parent}.") if component.parent else component.name
        _row(table, "  " * depth + own, component.type_name, component.text)
    return table


def _groups(system: System) -> Table:
    table = _table("Groups", "group", "members", "needs", "may lose")
    for group in system.groups:
        count = len(group.members)
        _row(table, group.name, str(count), str(group.needs), str(count - group.needs))
    return table


def _variables(system: System) -> Table:
    table = _table("Variables", "variable", "values", "at first")
    for variable in system.variables:
        if not variable.is_link and not variable.is_param:
            _row(table, variable.name, _domain(variable), _initial(variable))
    return table


def _open_params(system: System) -> Table:
    table = _table("Open params", "param", "values", "number", "shown here with")
    for param in system.open_params:
        _row(table, param.name, param.values, f"{param.value_count:,}", param.chosen)
    return table


def _domain(variable: Variable) -> str:
    if variable.type.kind is Kind.BOOL:
        return "true, false"
    return ", ".join(variable.type.labels) or f"{variable.low}..{variable.high}"


def _initial(variable: Variable) -> str:
    if len(variable.initial) > 1:
        return "any"
    value = variable.initial[0]
    if variable.type.kind is Kind.BOOL:
        return "true" if value else "false"
    return variable.type.labels[value] if variable.type.labels else str(value)


def _commands(title: str, commands: list[Command]) -> Table:
    is_fault = title == "Faults"
    table = _table(title, "fault" if is_fault else "command", "kind" if is_fault else "class", "time", "text")
    for command in commands:
        kind = command.kind if is_fault else command.command_class.value
        _row(table, command.name, kind, _timing(command), command.text)
    return table


def _timing(command: Command) -> str:
    timing = command.timing
    if timing is None:
        return ""
    earliest = duration_text(timing.earliest_ms)
    if timing.latest_ms is None:
        return f"after {earliest}"
    if timing.latest_ms == timing.earliest_ms:
        return f"after {earliest}"
    latest = duration_text(timing.latest_ms)
    return f"within {latest}" if timing.earliest_ms == 0 else f"after {earliest} to {latest}"


def _links(system: System) -> Table:
    table = _table("Links", "from", "to", "via")
    for link in system.links:
        _row(table, link.source, link.target, ", ".join(link.via))
    return table


def _outages(system: System) -> Table:
    table = _table("Outages", "outage", "text")
    for outage in system.outages:
        _row(table, outage.name, outage.text)
    return table


def _fixes(system: System) -> Table:
    table = _table("Fixes", "fix", "sets", "text")
    for fix in system.fixes:
        _row(table, fix.name, ", ".join(fix.settings), fix.text)
    return table


def _checks(system: System) -> Table:
    table = _table("Checks", "check", "asks", "expects")
    for check in system.checks:
        _row(table, check.name, check.source, "violated" if check.expect_violated else "holds")
    return table


def _waivers(system: System) -> Table:
    table = _table("Waivers", "waives", "on", "until", "because")
    for waiver in system.waivers:
        on = ", ".join((*sorted(waiver.subjects), *sorted(waiver.faults)))
        _row(table, waiver.target, on, waiver.until.isoformat(), waiver.reason)
    return table
