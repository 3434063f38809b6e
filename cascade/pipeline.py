"""The whole way on one page: text → syntax tree → checked model → core model → engine → verdict."""

import enum
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from cascade.checked.elaborate import elaborate, elaborate_cases, fixes_in_effect, refuse_open
from cascade.checked.messages import takes_too_long
from cascade.checked.model import System
from cascade.diagnostics.diagnostic import Diagnostic, Diagnostics
from cascade.limits import Limits, Progress, TimeIsUp, time_limit
from cascade.questions.cache import Cache
from cascade.questions.declared import CheckResult, decide_cases
from cascade.questions.judgement import Judgement
from cascade.questions.waivers import about_waivers, with_waiver
from cascade.records import dataclass
from cascade.source import SourceFile, Span
from cascade.syntax import tree
from cascade.syntax.imports import Loaded, load
from cascade.syntax.settings import parse_settings
from cascade.verdicts.verdict import Undetermined

if TYPE_CHECKING:
    # Not where only declared checks are decided: what comes with the default questions takes as long to import as a small check.
    from cascade.questions.defaults import Answers
    from cascade.questions.inquiry import Inquiry

QUESTION_SECONDS = 5.0
"""How long one default question may take, unless the limits say it."""

QUESTIONS_SECONDS = 60.0
"""How long all default questions about a spec may take together."""


BRIEF_WORK = 400_000
"""How much work they may take together where they are asked in brief, before declared checks: about a second. Counted, so that two runs say the same."""

BRIEF_QUESTION_WORK = 120_000

BRIEF_SECONDS = 20.0
"""What ends them all the same on a machine that is so slow, or where work is not counted."""


class Unasked(enum.Enum):
    """When the default questions are asked. BRIEFLY: of specs with checks first of all, with little work, and without weight; else as WITHOUT_CHECKS."""

    NEVER = enum.auto()
    WITHOUT_CHECKS = enum.auto()
    BRIEFLY = enum.auto()
    ALWAYS = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """What to check and how far to go.

    Without `check_names` all checks; `fix_names`, and then `settings` (texts such as `site.capacity=80`), are applied to every check, and to the default
    questions. With `slices` engines see only what can influence the check; of default questions they never see more.
    """

    check_names: tuple[str, ...] = ()
    fix_names: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    limits: Limits = Limits()
    engine: str = "explicit"
    unasked: Unasked = Unasked.NEVER
    judgement: Judgement = Judgement()
    cache: Cache | None = None
    slices: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResult:
    """All that is known of one file. Without a `system` it is a library, or it has errors; `answers` are those to the default questions, if asked."""

    path: str
    system: System | None
    diagnostics: tuple[Diagnostic, ...]
    checks: tuple[CheckResult, ...]
    answers: "Answers | None" = None


def load_system(
    path: str, diagnostics: Diagnostics, fix_names: tuple[str, ...] = (), settings: tuple[str, ...] = ()
) -> System | None:
    """The checked model of the spec at `path`; None if it is a library or has errors (see `diagnostics`)."""
    loaded = load(path, diagnostics)
    given = parse_settings(settings, diagnostics)
    if diagnostics.errors:
        return None
    return elaborate(loaded, diagnostics, fix_names, given)


def check_file(
    path: str,
    options: CheckOptions,
    progress: Callable[[str], Progress],
    on_result: Callable[[CheckResult], None] = lambda _: None,
    on_brief: "Callable[[Answers], None]" = lambda _: None,
    while_reading: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> FileResult:
    """Decide the declared checks of the spec at `path`, in their order, then ask the default questions; in brief these come first.

    `progress` gives what each reports to, by its name; `while_reading` surrounds what comes before.
    """
    diagnostics = Diagnostics()
    seconds_max = options.limits.seconds_max
    cases: tuple[System, ...] | None = None
    try:
        with while_reading(), time_limit(seconds_max):
            loaded = load(path, diagnostics)
            settings = parse_settings(options.settings, diagnostics)
            if not diagnostics.errors:
                cases = elaborate_cases(loaded, diagnostics, options.fix_names, settings)
    except TimeIsUp:
        start = Span(SourceFile(path, ""), 0, 0)
        diagnostics.add(takes_too_long(start, "reading the spec", seconds_max or 0))
    system = cases[0] if cases else None
    if cases is None or system is None:
        said = options.judgement.all_judged(diagnostics.items)
        return FileResult(path=path, system=None, diagnostics=said, checks=())
    systems = _Systems(loaded, diagnostics, settings, cases)
    brief = answers = None
    is_one_model = not any(param.chosen for param in system.open_params)
    if options.unasked is Unasked.BRIEFLY and system.checks and system.outages and is_one_model:
        brief = ask_briefly(system, options, progress)
        on_brief(brief)
    results: list[CheckResult] = []
    for check in system.checks:
        if options.check_names and check.name not in options.check_names:
            continue
        fixed = systems.under((*options.fix_names, *check.fixes))
        if fixed is None:  # the fix itself makes the spec wrong; the diagnostics say how
            continue
        try:
            result = decide_cases(
                fixed,
                check.name,
                engine=options.engine,
                limits=options.limits,
                progress=progress(check.name),
                cache=options.cache,
                slices=options.slices,
            )
        except TimeIsUp:
            diagnostics.add(takes_too_long(check.span, "making the model of this check", seconds_max or 0))
            continue
        result = with_waiver(system, result, options.judgement)
        results.append(result)
        on_result(result)
    is_without_checks = options.unasked in (Unasked.WITHOUT_CHECKS, Unasked.BRIEFLY) and not system.checks
    if options.unasked is Unasked.ALWAYS or is_without_checks:
        if refuse_open(system, "a default question", diagnostics):
            said = options.judgement.all_judged(diagnostics.items)
            return FileResult(path=path, system=system, diagnostics=said, checks=tuple(results))
        answers = ask_unasked(system, options, progress)
    said = (
        *options.judgement.all_judged(diagnostics.items),
        *_about_waivers(system, options.judgement, results, answers),
    )
    return FileResult(path=path, system=system, diagnostics=said, checks=tuple(results), answers=answers or brief)


def ask_unasked(system: System, options: CheckOptions, progress: Callable[[str], Progress]) -> "Answers":
    """The answers to the default questions about `system`."""
    from cascade.questions.defaults import ask_defaults

    inquiry = inquire(system, options, progress)
    return replace(ask_defaults(inquiry, system.outages), judgement=options.judgement)


def _about_waivers(
    system: System, judgement: Judgement, results: list[CheckResult], answers: "Answers | None"
) -> tuple[Diagnostic, ...]:
    """What is to be said of the waivers, now that it is known what they accept."""
    used = [result.waiver for result in results if result.waiver is not None]
    settled = [result.name for result in results if not isinstance(result.verdict, Undetermined)]
    if answers is not None:
        from cascade.questions.findings import RANKS, findings

        used.extend(finding.waiver for finding in findings(answers) if finding.waiver is not None)
        if not answers.undetermined and not answers.diagnostics:
            settled.extend(RANKS)
    return about_waivers(system, judgement, used=used, settled=settled)


def ask_briefly(system: System, options: CheckOptions, progress: Callable[[str], Progress]) -> "Answers":
    """The answers that little work gives; what it leaves open is left open. None is taken from the cache: what is answered must not depend on what is in it."""
    from cascade.questions.defaults import ask_defaults

    limits = replace(options.limits, work_max=BRIEF_QUESTION_WORK)
    in_brief = replace(options, limits=limits, cache=None)
    inquiry = inquire(system, in_brief, progress, BRIEF_SECONDS, BRIEF_WORK)
    return replace(
        ask_defaults(inquiry, system.outages, with_coverage=False), judgement=options.judgement, is_brief=True
    )


def inquire(
    system: System,
    options: CheckOptions,
    progress: Callable[[str], Progress],
    seconds_max: float | None = QUESTIONS_SECONDS,
    work_max: int | None = None,
) -> "Inquiry":
    """What asks questions about `system`, within the limits of `options` for each, `seconds_max` and `work_max` for all."""
    from cascade.questions.inquiry import Inquiry

    limits = options.limits
    if limits.seconds_max is None:
        limits = replace(limits, seconds_max=QUESTION_SECONDS)
    return Inquiry(
        system,
        engine=options.engine,
        limits=limits,
        progress=progress,
        seconds_max=seconds_max,
        work_max=work_max,
        cache=options.cache,
    )


class _Systems:
    """The system under each set of fixes that some check asks for, elaborated once: one, or one for each value of open params that shape the model."""

    def __init__(
        self, loaded: Loaded, diagnostics: Diagnostics, settings: tuple[tree.Setting, ...], cases: tuple[System, ...]
    ) -> None:
        self._loaded = loaded
        self._diagnostics = diagnostics
        self._settings = settings
        self._known: dict[tuple[str, ...], tuple[System, ...] | None] = {cases[0].applied_fixes: cases}

    def under(self, fix_names: tuple[str, ...]) -> tuple[System, ...] | None:
        names = fixes_in_effect(fix_names)
        if names not in self._known:
            self._known[names] = elaborate_cases(self._loaded, self._diagnostics, names, self._settings)
        return self._known[names]
