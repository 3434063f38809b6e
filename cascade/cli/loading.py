"""What the commands that read a spec have in common."""

import argparse
import sys
from collections.abc import Iterable

from cascade.checked.elaborate import fixes_in_effect, refuse_open
from cascade.checked.model import Check, System
from cascade.cli.progress import reading_line
from cascade.cli.streams import columns, complain, paint_for
from cascade.diagnostics.diagnostic import Diagnostic, Diagnostics
from cascade.diagnostics.printable import printable
from cascade.diagnostics.render import render
from cascade.diagnostics.suggest import nearest
from cascade.pipeline import load_system


def show_diagnostics(diagnostics: Iterable[Diagnostic]) -> None:
    """All of them, on standard error, with a hint where to read on."""
    paint = paint_for(sys.stderr)
    codes: list[str] = []
    for diagnostic in diagnostics:
        complain(render(diagnostic, columns=columns(), paint=paint) + "\n")
        codes.append(diagnostic.code)
    if codes:
        complain(f"`cascade explain {codes[0]}` says more" + (", and so for the others" if len(set(codes)) > 1 else ""))


def load_or_complain(
    path: str, fix_names: tuple[str, ...], settings: tuple[str, ...] = (), *, for_one_model: str = ""
) -> System | None:
    """The system of a spec; None after saying why there is none. `for_one_model` names what cannot be done to several: "an export"."""
    diagnostics = Diagnostics()
    with reading_line():
        system = load_system(path, diagnostics, fix_names, settings)
    if system is not None and for_one_model and refuse_open(system, for_one_model, diagnostics):
        show_diagnostics(diagnostics.items)
        return None
    show_diagnostics(diagnostics.items)
    if system is None:
        if not diagnostics.errors:
            complain(f"cascade: {printable(path)} is a library: it has no system")
        return None
    unknown = unknown_names("fix", fix_names, [fix.name for fix in system.fixes])
    for line in unknown:
        complain(f"cascade: {printable(path)}: {line}")
    return None if unknown else system


def check_under_its_fixes(
    options: argparse.Namespace, system: System, name: str, what: str
) -> tuple[System, Check] | None:
    """A check of `system`, and the system under its fixes, too, which come after those of the command line; None after saying what is wrong. `what` is for one model."""
    unknown = unknown_names("check", [name], [check.name for check in system.checks])
    for line in unknown:
        complain(f"cascade: {line}")
    if unknown:
        return None
    check = next(check for check in system.checks if check.name == name)
    fixes = fixes_in_effect((*options.fix, *check.fixes))
    if fixes == system.applied_fixes:
        return system, check
    fixed = load_or_complain(options.file, fixes, tuple(options.param), for_one_model=what)
    return None if fixed is None else (fixed, next(check for check in fixed.checks if check.name == name))


def unknown_names(what: str, names: Iterable[str], known: Iterable[str]) -> list[str]:
    """A line for each of `names` that is not among `known`."""
    lines: list[str] = []
    candidates = sorted(set(known))
    for name in names:
        if name in candidates:
            continue
        close = nearest(name, candidates)
        if close is not None:
            hint = f"did you mean {close}?"
        else:
            hint = f"there are {', '.join(candidates)}" if candidates else "there is none"
        lines.append(printable(f"no {what} is called {name}; {hint}"))
    return lines
