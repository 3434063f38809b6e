"""A spec under other fixes and other settings: each variant is elaborated once, equal questions are decided once, and runs that are known are tried before a search.

A run that violates a check of one variant is replayed in the next one: if every step of it is possible there as well and it shows the same, the
verdict is settled without a search, on evidence as good as any. Nothing else is carried over: that a check holds is known of each model by itself.
"""

import enum
from collections.abc import Callable, Iterable
from dataclasses import replace

from cascade.checked.checks import LeftOpen
from cascade.checked.elaborate import elaborate, elaborate_open, fixes_in_effect, refuse_open
from cascade.checked.model import Check, System
from cascade.core.digest import digest
from cascade.core.lower import lower
from cascade.core.model import TICK, CoreModel
from cascade.core.queries import Query, Recover
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.limits import Limits, Progress, StopReason
from cascade.questions.ask import Asked, DisagreementError, EngineError, ask
from cascade.questions.declared import CheckResult, conclude
from cascade.records import dataclass
from cascade.reference.replay import ReplayError, replay
from cascade.syntax.imports import Loaded
from cascade.syntax.settings import parse_settings
from cascade.verdicts.answer import Statistics
from cascade.verdicts.run import CandidateRun, ReplayedRun
from cascade.verdicts.verdict import Holds, Undetermined, Violated

Z3_FIRST_COUNT = 200
"""Variants in one model from which z3 is asked first: for an invariant it is all the same how many there are."""

Z3_FIRST_SECONDS = 20.0

RUNS_TRIED_MAX = 12
"""Runs of a check that are tried in a new variant, the latest first: a replay takes about a millisecond."""


class How(enum.Enum):
    """How a verdict was come by."""

    SEARCHED = "searched"
    REPLAYED = "replayed"
    SAME = "same model"
    TOGETHER = "together"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A verdict, and how it was come by."""

    result: CheckResult
    how: How

    @property
    def word(self) -> str:
        """`holds`, `violated` or `undetermined`."""
        match self.result.verdict:
            case Holds():
                return "holds"
            case Violated():
                return "violated"
            case Undetermined():
                return "undetermined"

    @property
    def is_interrupted(self) -> bool:
        """Did the user end the search?"""
        verdict = self.result.verdict
        return isinstance(verdict, Undetermined) and verdict.reason is StopReason.INTERRUPTED


@dataclass(slots=True)
class Counts:
    """What all verdicts took."""

    searched: int = 0
    replayed: int = 0
    same: int = 0
    together: int = 0

    def add(self, how: How) -> None:
        """Count one verdict."""
        match how:
            case How.SEARCHED:
                self.searched += 1
            case How.REPLAYED:
                self.replayed += 1
            case How.SAME:
                self.same += 1
            case How.TOGETHER:
                self.together += 1


class Variants:
    """The variants of one spec. `fixes` and `settings` (texts such as `site.capacity=80`) are part of all of them."""

    def __init__(
        self,
        loaded: Loaded,
        *,
        fixes: tuple[str, ...],
        settings: tuple[str, ...],
        engine: str,
        limits: Limits,
        progress: Callable[[str], Progress],
    ) -> None:
        self._loaded = loaded
        self._fixes = fixes
        self._settings = settings
        self._engine = engine
        self._limits = limits
        self._progress = progress
        self._systems: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[System | None, Diagnostics]] = {}
        self._known: dict[str, Asked] = {}
        self._runs: dict[str, list[tuple[CoreModel, ReplayedRun]]] = {}
        self.counts = Counts()

    def system(self, fixes: Iterable[str] = (), settings: Iterable[str] = ()) -> tuple[System | None, Diagnostics]:
        """The system with these fixes and settings too; None if it has errors then, or open params make several models of it, and what is to be said of it."""
        key = fixes_in_effect((*self._fixes, *fixes)), (*self._settings, *settings)
        if key not in self._systems:
            diagnostics = Diagnostics()
            given = parse_settings(key[1], diagnostics)
            system = None if diagnostics.errors else elaborate(self._loaded, diagnostics, key[0], given)
            if system is not None and refuse_open(system, "a comparison of variants", diagnostics):
                system = None
            self._systems[key] = system, diagnostics
        return self._systems[key]

    def example(self, alternatives: Iterable[tuple[str, ...]]) -> tuple[System | None, Diagnostics]:
        """The system with the first of these settings with which it has no errors; else what is to be said of it without any."""
        for settings in ((), *alternatives):
            system, diagnostics = self.system((), settings)
            if system is not None:
                return system, diagnostics
        return self.system()

    def open_system(
        self, fixes: Iterable[str], left_open: LeftOpen, settings: Iterable[str] = ()
    ) -> System | str | None:
        """The system of all variants that leave this open (see `elaborate_open`)."""
        names = fixes_in_effect((*self._fixes, *fixes))
        given = parse_settings((*self._settings, *settings), Diagnostics())
        return elaborate_open(self._loaded, names, given, left_open)

    def decide(self, system: System, check: Check, *, is_search: bool = False) -> Decided:
        """The verdict of `check` in a system of these; with `is_search` by a search, whatever is known. Raises `EngineError` where that contradicts what was known."""
        model, query = lower(system, check)
        return self._decide(system, check, model, query, is_search=is_search)

    def decide_all(self, system: System, check: Check, model: CoreModel, query: Query, count: int) -> CheckResult:
        """The verdict about a model of so many variants (see `Together`), by a search; z3 goes first where exploration would have to look at each of very many."""
        if self._engine == "auto" and count >= Z3_FIRST_COUNT and not isinstance(query, Recover):
            seconds = Z3_FIRST_SECONDS if self._limits.seconds_max is None else self._limits.seconds_max
            limits = replace(self._limits, seconds_max=min(seconds, Z3_FIRST_SECONDS))
            progress = self._progress(check.name)
            said = ask(model, query, engine="symbolic", limits=limits, progress=progress)
            if said.evidence is not None or (said.undetermined and said.undetermined.reason is StopReason.INTERRUPTED):
                return conclude(system, check, model, query, said)
        return conclude(system, check, model, query, self._ask(system, check, model, query))

    def _decide(self, system: System, check: Check, model: CoreModel, query: Query, *, is_search: bool) -> Decided:
        key = digest(model, query)
        known = self._known.get(key)
        if known is not None and not is_search:
            asked, how = known, How.SAME
        else:
            replayed = None if is_search else self._replayed(check.name, model, query)
            asked, how = (
                (replayed, How.REPLAYED)
                if replayed is not None
                else (self._ask(system, check, model, query), How.SEARCHED)
            )
        if known is not None and known.evidence is not None and asked.evidence is not None:
            contradicts = isinstance(known.evidence, ReplayedRun) != isinstance(asked.evidence, ReplayedRun)
            if contradicts:
                raise EngineError(f"of one model the check {check.name} was said to hold and to be violated")
        if asked.evidence is not None or known is None:
            self._known[key] = asked
        self.counts.add(how)
        return Decided(result=conclude(system, check, model, query, asked), how=how)

    def _ask(self, system: System, check: Check, model: CoreModel, query: Query) -> Asked:
        try:
            asked = ask(model, query, engine=self._engine, limits=self._limits, progress=self._progress(check.name))
        except DisagreementError as error:
            error.check = check.name
            error.fix_names = system.applied_fixes
            error.settings = next((key[1] for key, made in self._systems.items() if made[0] is system), self._settings)
            raise
        if isinstance(asked.evidence, ReplayedRun):
            self._runs.setdefault(check.name, []).insert(0, (model, asked.evidence))
            del self._runs[check.name][RUNS_TRIED_MAX:]
        return asked

    def _replayed(self, name: str, model: CoreModel, query: Query) -> Asked | None:
        """The answer by a run that another variant showed, if it is one here."""
        for position, (source, run) in enumerate(self._runs.get(name, ())):
            candidate = _carried_over(source, run, model)
            if candidate is None:
                continue
            try:
                found = replay(model, query, candidate)
            except ReplayError:
                continue
            # What helped once may help again.
            self._runs[name].insert(0, self._runs[name].pop(position))
            return Asked(evidence=found, undetermined=None, statistics=Statistics())
        return None


def _carried_over(source: CoreModel, run: ReplayedRun, target: CoreModel) -> CandidateRun | None:
    """The same steps by the same names in another model; None where that has other variables, or lacks a command."""
    if [v.name for v in source.variables] != [v.name for v in target.variables]:
        return None
    numbers = {command.name: index for index, command in enumerate(target.commands)}
    steps: list[int] = []
    for step in run.steps:
        number = TICK if step == TICK else numbers.get(source.commands[step].name)
        if number is None:
            return None
        steps.append(number)
    initial = run.states[0][: len(source.variables)]
    return CandidateRun(initial=initial, steps=tuple(steps), loop_start=run.loop_start)
