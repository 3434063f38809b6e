"""Which mutants of a spec do its checks notice? One that no check notices shows something that no check rests on.

A check notices a mutant when its verdict is another one, or when the mutant makes it meet an error of the spec. A check whose core model and query are the same
as before cannot notice it and is not asked again, nor is one whose model is another text and does the same in all reachable states. The checks with the fewest
states are asked first, and the first that notices ends it.
"""

import enum
import time
from collections.abc import Callable, Iterator

from cascade.checked.elaborate import elaborate_cases
from cascade.checked.model import System
from cascade.core.lower import lower
from cascade.core.model import CoreModel
from cascade.core.queries import Query
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.engines.explicit.every_state import every_state
from cascade.limits import Limits, Progress, StopReason
from cascade.questions.declared import CheckResult, decide_cases
from cascade.questions.equivalent import Behaviour
from cascade.questions.mutants import Mutant, mutants
from cascade.records import dataclass
from cascade.syntax.imports import Loaded, LoadedFile
from cascade.verdicts.verdict import Holds, Undetermined, Violated

CHECK_SECONDS = 2.0
"""How long one check of one mutant may take."""

STATES_WORK_MAX = 60_000
"""So much work of the explicit engine may be done to see all states of a check, so that mutants can be compared in them."""


class Fate(enum.Enum):
    """What became of a mutant; the text is what a report says. SAME: the model of every check does what it did, so the change means nothing."""

    NOTICED = "noticed"
    UNNOTICED = "noticed by no check"
    OPEN = "not decided"
    SAME = "equivalent"
    INVALID = "no valid spec"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A mutant and its fate. `noticed_by` is the check that noticed it; `open_checks` those that a limit left open."""

    mutant: Mutant
    fate: Fate
    noticed_by: str = ""
    open_checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """All that was tried, in order. `total` counts the mutants that there are; what is missing was not examined.

    `undecided` are checks without a verdict of their own: they can notice nothing.
    """

    tried: tuple[Tried, ...]
    total: int
    checks: tuple[str, ...]
    undecided: tuple[str, ...]
    seconds: float
    is_interrupted: bool

    def of(self, fate: Fate) -> tuple[Tried, ...]:
        """Those of one fate."""
        return tuple(tried for tried in self.tried if tried.fate is fate)

    @property
    def not_examined(self) -> int:
        """Mutants that were not tried."""
        return self.total - len(self.tried)


@dataclass(frozen=True, slots=True, kw_only=True)
class MutateOptions:
    """How far to go. `seconds_max` bounds everything, `limits` one check."""

    limits: Limits
    engine: str = "explicit"
    mutant_count_max: int = 200
    seconds_max: float = 60.0


def mutate(
    loaded: Loaded,
    files: tuple[LoadedFile, ...],
    options: MutateOptions,
    progress: Callable[[str], Progress],
) -> Mutation:
    """Try the mutants of `files` against the declared checks of `loaded`, which has no errors."""
    return _Mutate(loaded, files, options, progress).run()


@dataclass(slots=True)
class _Known:
    """A check of the spec as it is: its verdict, and what it asks about (None where open params make several models)."""

    name: str
    fixes: tuple[str, ...]
    verdict: type
    state_count: int
    asked: tuple[CoreModel, Query] | None
    behaviour: Behaviour | None = None
    is_explored: bool = False


class _Mutate:
    def __init__(
        self,
        loaded: Loaded,
        files: tuple[LoadedFile, ...],
        options: MutateOptions,
        progress: Callable[[str], Progress],
    ) -> None:
        self._loaded = loaded
        self._files = files
        self._options = options
        self._progress = progress
        self._started = time.monotonic()
        self._deadline = self._started + options.seconds_max

    def run(self) -> Mutation:
        tried: list[Tried] = []
        undecided: list[str] = []
        known: list[_Known] = []
        is_interrupted = False
        everything = list(mutants(self._files))
        try:
            known, undecided = self._baseline()
            for mutant in everything[: self._options.mutant_count_max]:
                if time.monotonic() >= self._deadline:
                    break
                tried.append(self._try(mutant, known))
        except KeyboardInterrupt:
            is_interrupted = True
        return Mutation(
            tried=tuple(tried),
            total=len(everything),
            checks=tuple(k.name for k in known),
            undecided=tuple(undecided),
            seconds=time.monotonic() - self._started,
            is_interrupted=is_interrupted,
        )

    def _baseline(self) -> tuple[list[_Known], list[str]]:
        systems = _Systems(self._loaded)
        known: list[_Known] = []
        undecided: list[str] = []
        plain = systems.under(())
        for check in plain[0].checks if plain else ():
            cases = systems.under(check.fixes)
            result = None if cases is None else self._decide(cases, check.name)
            if result is None or cases is None or isinstance(result.verdict, Undetermined):
                undecided.append(check.name)
                continue
            known.append(
                _Known(
                    name=check.name,
                    fixes=check.fixes,
                    verdict=type(result.verdict),
                    state_count=result.verdict.statistics.state_count,
                    asked=_asked(cases, check.name),
                )
            )
        return sorted(known, key=lambda k: k.state_count), undecided

    def _decide(self, cases: tuple[System, ...], name: str) -> CheckResult:
        result = decide_cases(
            cases, name, engine=self._options.engine, limits=self._options.limits, progress=self._progress(name)
        )
        if isinstance(result.verdict, Undetermined) and result.verdict.reason is StopReason.INTERRUPTED:
            raise KeyboardInterrupt
        return result

    def _try(self, mutant: Mutant, known: list[_Known]) -> Tried:
        systems = _Systems(mutant.applied(self._loaded))
        if systems.under(()) is None:
            return Tried(mutant=mutant, fate=Fate.INVALID)
        left_open: list[str] = []
        is_same = True
        for check in known:
            cases = systems.under(check.fixes)
            if cases is None:
                return Tried(mutant=mutant, fate=Fate.NOTICED, noticed_by=check.name)
            if self._is_equivalent(check, _asked(cases, check.name)):
                continue
            is_same = False
            if time.monotonic() >= self._deadline:
                left_open.append(check.name)
                continue
            verdict = self._decide(cases, check.name).verdict
            match verdict:
                case Holds() | Violated():
                    is_noticed = type(verdict) is not check.verdict
                case Undetermined():
                    is_noticed = verdict.reason is StopReason.SPEC_ERROR
                    if not is_noticed:
                        left_open.append(check.name)
            if is_noticed:
                return Tried(mutant=mutant, fate=Fate.NOTICED, noticed_by=check.name)
        fate = Fate.OPEN if left_open else Fate.SAME if is_same else Fate.UNNOTICED
        return Tried(mutant=mutant, fate=fate, open_checks=tuple(left_open))

    def _is_equivalent(self, check: _Known, asked: tuple[CoreModel, Query] | None) -> bool:
        """Whether a check surely has the answer that it had, since what it asks about is the same, or behaves the same."""
        if check.asked is None or asked is None:
            return False
        if check.asked == asked:
            return True
        if not check.is_explored:  # once, for all mutants
            check.is_explored = True
            limits = self._options.limits
            every = every_state(check.asked[0], limits, self._progress(check.name), work_max=STATES_WORK_MAX)
            check.behaviour = None if every is None else Behaviour(*check.asked, every)
        return check.behaviour is not None and check.behaviour.is_same(*asked)


def _asked(cases: tuple[System, ...], name: str) -> tuple[CoreModel, Query] | None:
    """What a check asks about, if it is one model."""
    if len(cases) != 1:
        return None
    check = next((c for c in cases[0].checks if c.name == name), None)
    return None if check is None else lower(cases[0], check)


class _Systems:
    """The system under each set of fixes, elaborated once; None where that has errors."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._known: dict[tuple[str, ...], tuple[System, ...] | None] = {}

    def under(self, fixes: tuple[str, ...]) -> tuple[System, ...] | None:
        if fixes not in self._known:
            diagnostics = Diagnostics()
            cases = elaborate_cases(self._loaded, diagnostics, fixes)
            self._known[fixes] = None if diagnostics.errors else cases
        return self._known[fixes]


def mutable_files(loaded: Loaded, library_root: str, *, with_library: bool) -> Iterator[LoadedFile]:
    """The files to mutate: the spec and what it imports, the shipped library only if asked for."""
    for file in loaded.files:
        if with_library or not file.source.name.startswith(library_root):
            yield file
