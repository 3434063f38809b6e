"""What a command works with: its arguments, then the configuration, then what is built in."""

import argparse
import datetime as dt
from pathlib import Path

from cascade.cli.certificate import check_certificate
from cascade.cli.config import Config, load_config
from cascade.cli.loading import show_diagnostics, unknown_names
from cascade.cli.outputs import TEXT, Output, check_outputs, parse_outputs
from cascade.cli.pages import check_folder
from cascade.cli.streams import complain
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.diagnostics.printable import printable
from cascade.engines import ENGINE_NAMES
from cascade.limits import Limits, processor_count, usable_bytes
from cascade.pipeline import CheckOptions, Unasked
from cascade.questions.cache import Cache, open_cache
from cascade.questions.judgement import Judgement
from cascade.records import dataclass

ENGINE = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`files` are those of the command line, else those that the configuration names."""

    config: Config
    files: tuple[str, ...]
    format: str
    outputs: tuple[Output, ...]
    engine: str
    limits: Limits
    judgement: Judgement
    cache: Cache | None
    html: str | None = None


def settle(options: argparse.Namespace, *, is_gate: bool = False) -> Settings | None:
    """The settings of `check` or `gate`; None after saying what is wrong with them."""
    diagnostics = Diagnostics()
    config = Config() if options.no_config else load_config(diagnostics, options.config)
    asked, wrong = parse_outputs(options.output)
    for diagnostic in wrong:
        diagnostics.add(diagnostic)
    formats = {output.format for output in asked}
    outputs = (*asked, *(output for output in config.outputs if output.format not in formats))
    if not diagnostics.errors:
        for diagnostic in (
            *check_outputs(outputs),
            *check_folder(options.html),
            *check_certificate(options.certificate),
        ):
            diagnostics.add(diagnostic)
    engine = options.engine or config.engine or ENGINE
    unknown = unknown_names("engine", [engine], ENGINE_NAMES)
    files = tuple(options.files) or config.specs
    if not diagnostics.errors and not files:
        unknown.append("no FILE is given, and no configuration says which specs there are (`specs` in cascade.toml)")
    show_diagnostics(diagnostics.items)
    for line in unknown:
        complain(f"cascade: error: {line}")
    if unknown or diagnostics.errors:
        return None
    return Settings(
        config=config,
        files=files,
        format=options.format or config.format or TEXT,
        outputs=outputs,
        engine=engine,
        limits=_limits(options, config),
        html=options.html,
        judgement=Judgement(
            severities=config.severities, today=options.date or today(), waiver_days_max=config.waiver_days_max
        ),
        cache=_cache(options, config, is_gate=is_gate),
    )


def today() -> dt.date:
    """The day on which waivers are judged: the same all over the world."""
    return dt.datetime.now(dt.UTC).date()


def _cache(options: argparse.Namespace, config: Config, *, is_gate: bool) -> Cache | None:
    """Whether answers are kept: as the command line says, else the configuration; else `gate` keeps them, `check` searches each time."""
    is_on = next((said for said in (options.cache, config.is_cache_on) if said is not None), is_gate)
    if not is_on:
        return None
    opened = open_cache(config.cache_directory)
    if opened.cache is None:
        complain(f"cascade: no verdicts are kept: {printable(opened.problem)}")
    return opened.cache


def _limits(options: argparse.Namespace, config: Config) -> Limits:
    return Limits(
        state_count_max=options.max_states or config.state_count_max,
        memory_bytes_max=options.memory or config.memory_bytes_max or usable_bytes(),
        seconds_max=options.time or config.seconds_max,
        thread_count=options.threads or config.thread_count or processor_count(),
        symmetry=options.symmetry,
        checkpoint_folder=Path(options.checkpoint) if options.checkpoint else None,
    )


def check_options(options: argparse.Namespace, settings: Settings) -> CheckOptions:
    """What `check` asks of each file."""
    return CheckOptions(
        check_names=tuple(options.check),
        fix_names=tuple(options.fix),
        settings=tuple(options.param),
        limits=settings.limits,
        engine=settings.engine,
        unasked=_unasked(options, settings),
        judgement=settings.judgement,
        cache=settings.cache,
        slices=options.slice,
    )


def _unasked(options: argparse.Namespace, settings: Settings) -> Unasked:
    """When to ask. In brief only for a person: a report and a gate must not leave open what takes longer."""
    if options.only_declared or (options.check and not options.default_questions):
        return Unasked.NEVER
    if options.default_questions or (options.command == "check" and options.coverage):
        return Unasked.ALWAYS
    is_for_a_person = settings.format == TEXT and options.command == "check"
    answers = {
        "never": Unasked.NEVER,
        "without-checks": Unasked.WITHOUT_CHECKS,
        "briefly": Unasked.BRIEFLY if is_for_a_person else Unasked.WITHOUT_CHECKS,
        "always": Unasked.ALWAYS,
    }
    return answers[settings.config.default_questions or "briefly"]
