"""What commands have in common that ask about variants of a spec."""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cascade.checked.model import System
from cascade.cli.loading import show_diagnostics, unknown_names
from cascade.cli.progress import ProgressLine
from cascade.cli.streams import complain
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.diagnostics.printable import printable
from cascade.engines import ENGINE_NAMES
from cascade.limits import Limits, processor_count, usable_bytes
from cascade.pipeline import CheckOptions
from cascade.questions.ask import DisagreementError
from cascade.questions.declared import CheckResult
from cascade.questions.variants import Variants
from cascade.syntax.imports import load

if TYPE_CHECKING:
    from cascade.reports.data import Conclusive, Table


def open_variants(
    options: argparse.Namespace, *, settings: tuple[str, ...], examples: Iterable[tuple[str, ...]] = ()
) -> tuple[Variants, System, ProgressLine] | None:
    """The variants of the spec, and its system, or, if it has none, one with such settings; None after saying why there is none."""
    diagnostics = Diagnostics()
    loaded = load(options.file, diagnostics)
    if diagnostics.errors:
        show_diagnostics(diagnostics.items)
        return None
    progress = ProgressLine()
    variants = Variants(
        loaded,
        fixes=tuple(options.fix),
        settings=settings,
        engine=options.engine,
        limits=Limits(
            state_count_max=options.max_states,
            seconds_max=options.time,
            memory_bytes_max=usable_bytes(),
            thread_count=processor_count(),
        ),
        progress=progress.of,
    )
    system, said = variants.example(examples)
    if system is None:
        show_diagnostics(said.items)
        if not said.errors:
            complain(f"cascade: {printable(options.file)} is a library: it has no system")
        return None
    wrong = unknown_names("fix", options.fix, [fix.name for fix in system.fixes])
    wrong += unknown_names("engine", [options.engine], ENGINE_NAMES)
    return None if has_complained(wrong) else (variants, system, progress)


@contextmanager
def keeping_disagreements(options: argparse.Namespace) -> Iterator[None]:
    """Where two engines contradict each other, save what is needed to meet that again."""
    try:
        yield
    except DisagreementError as error:
        from cascade.cli.reproducer import keep

        keep(error, options.file, CheckOptions(fix_names=error.fix_names, settings=error.settings))
        raise


def has_complained(lines: Iterable[str]) -> bool:
    """Say what is wrong with the command line, if anything is."""
    lines = list(lines)
    for line in lines:
        complain(f"cascade: error: {printable(line)}")
    return bool(lines)


def write_page(
    options: argparse.Namespace,
    system: System,
    results: Sequence[CheckResult],
    tables: "Sequence[Table]",
    conclusive: "Conclusive",
) -> bool:
    """Write the page of the spec with these verdicts and tables into the folder that `--html` names; whether that worked."""
    from cascade.reports.gather.report import gather
    from cascade.reports.html.site import Site

    site = Site(options.html, [options.file], has_index=False)
    try:
        path = site.add(gather(options.file, system, results, None, (), extra=tables, conclusive=conclusive))
    except OSError as error:
        complain(f"cascade: error: {printable(options.html)}: {error.strerror}")
        return False
    complain(f"cascade: {printable(path)} has the page")
    return True
