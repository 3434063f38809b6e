"""Which remedies suffice? For each violated check, the minimal sets of declared fixes with which it holds.

Sets are tried by growing size, and no superset of a set that suffices: so each that is found is minimal by definition, though fixes may also do harm, and a larger set
may fail where a smaller one suffices. A run that violates a check with one set is retraced with all others at once: those with which it is possible as well
have failed, too, and are not tried. A set that is not tried because of the limits is never said to fail.
"""

import re
import time
from dataclasses import field

import numpy as np

from cascade.checked.model import Check, FormulaKind, System
from cascade.core.digest import digest
from cascade.core.lower import lower
from cascade.questions.lattice import Lattice
from cascade.questions.variants import Counts, Decided, How, Variants
from cascade.records import dataclass
from cascade.verdicts.run import ReplayedRun
from cascade.verdicts.verdict import Undetermined

_WITH_FIX = re.compile(r"\s+with\s+fix\s+\w+(?:\s*,\s*\w+)*")


@dataclass(slots=True, kw_only=True)
class Remedy:
    """A minimal set of fixes. `cost` is their sum; None if one of them has none.

    `breaks` are checks that held without it and do not with it; `ends` those that asked for a run that is possible without it only, such as the timeline of an
    incident; `open_checks` are checks of which a limit keeps that unknown.
    """

    fixes: tuple[str, ...]
    cost: int | None
    decided: Decided
    breaks: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    open_checks: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Remedies:
    """What is known of one question: `checks` are the names of all checks that ask it, with or without fixes of their own. `remedies` are ranked.

    All sets of up to `complete_to` fixes are known, except supersets of remedies and sets that contradict themselves. `undecided` are those that were left
    open, and why; `failing` those that were tried and do not suffice, `failing_count` the number of all of which that is known, those with a remedy in them left out.
    """

    check: Check
    checks: list[str]
    without: Decided
    remedies: list[Remedy] = field(default_factory=list)
    failing: dict[tuple[str, ...], Decided] = field(default_factory=dict)
    failing_count: int = 0
    undecided: dict[tuple[str, ...], str] = field(default_factory=dict)
    complete_to: int = 0


@dataclass(slots=True, kw_only=True)
class Fixing:
    """What is known of all questions of a spec. `left_open` are checks of which it is not known whether they hold without fixes, and why."""

    system: System
    questions: list[Remedies] = field(default_factory=list)
    left_open: dict[str, str] = field(default_factory=dict)
    counts: Counts
    contradictory_count: int = 0
    size_max: int
    is_interrupted: bool = False
    is_late: bool = False

    @property
    def fix_count(self) -> int:
        """Fixes that are not applied throughout."""
        return sum(fix.name not in self.system.applied_fixes for fix in self.system.fixes)


def question_text(check: Check) -> str:
    """What a check asks, fixes of its own apart."""
    return _WITH_FIX.sub("", check.source)


def _rank(remedy: Remedy) -> tuple[int, bool, int]:
    """Small sets first, then cheap ones; what has no cost stands behind what has one."""
    return len(remedy.fixes), remedy.cost is None, remedy.cost or 0


class OutOfTimeError(Exception):
    """The time for all questions is up."""


def find_fixes(
    variants: Variants,
    system: System,
    check_names: tuple[str, ...],
    *,
    size_max: int | None,
    seconds_max: float | None,
    with_harm: bool = True,
) -> Fixing:
    """Look for the remedies of all checks of `system` (or those called `check_names`) that are violated without fixes; `with_harm` also for what they break.

    Sets have up to `size_max` fixes; without it any number, or as many as leave the number of sets in bounds.
    """
    return _Search(variants, system, check_names, size_max, seconds_max, with_harm=with_harm).run()


class _Trial:
    """A question while sets are tried.

    `has_failed` and `has_remedy` say with which sets the check is violated, and which have a remedy in them: of neither more need be asked. `runs` are those that violated
    its check, and `groups` the sets to which they were carried.
    """

    def __init__(self, question: Remedies, set_count: int) -> None:
        self.question = question
        self.has_failed = np.zeros(set_count, dtype=np.bool_)
        self.has_remedy = np.zeros(set_count, dtype=np.bool_)
        self.runs: list[ReplayedRun] = []
        self.groups: set[int] = set()

    def is_settled(self, position: int) -> bool:
        """Whether it is known of the set there what is to be said of it."""
        return bool(self.has_failed[position] or self.has_remedy[position])


class _Search:
    def __init__(
        self,
        variants: Variants,
        system: System,
        check_names: tuple[str, ...],
        size_max: int | None,
        seconds_max: float | None,
        *,
        with_harm: bool,
    ) -> None:
        self._with_harm = with_harm
        self._variants = variants
        self._check_names = check_names
        self._deadline = None if seconds_max is None else time.monotonic() + seconds_max
        names = [fix.name for fix in system.fixes if fix.name not in system.applied_fixes]
        self._sets = {fix.name: {s.partition("=")[0].strip(): s for s in fix.settings} for fix in system.fixes}
        self._costs = {fix.name: fix.cost for fix in system.fixes}
        self._decided: dict[tuple[tuple[str, ...], str], Decided] = {}
        self._lattice = Lattice(variants, names, size_max, self._contradict)
        self._fixing = Fixing(system=system, counts=variants.counts, size_max=self._lattice.size_max)

    def run(self) -> Fixing:
        """All questions, or what is known of them when the time is up."""
        fixing, lattice = self._fixing, self._lattice
        trials: list[_Trial] = []
        try:
            fixing.questions = self._questions()
            trials = [_Trial(question, len(lattice)) for question in fixing.questions]
            for trial in trials:
                self._learn(trial, trial.question.without)
            position = 0
            for size in range(1, fixing.size_max + 1):
                while position < len(lattice) and len(lattice.fixes(position)) == size:
                    for trial in trials:
                        self._try(trial, position)
                    position += 1
                for question in fixing.questions:
                    question.complete_to = size
            for question in fixing.questions if self._with_harm else ():
                for remedy in question.remedies:
                    self._look_for_harm(question, remedy)
        except OutOfTimeError:
            fixing.is_late = True
        except KeyboardInterrupt:
            fixing.is_interrupted = True
        fixing.contradictory_count = lattice.left_out_count if fixing.questions else 0
        for trial in trials:
            trial.question.remedies.sort(key=_rank)
            trial.question.failing_count = int((trial.has_failed & ~trial.has_remedy).sum())
        return fixing

    def _questions(self) -> list[Remedies]:
        """What the checks ask, fixes of their own apart: each question once, those that are violated."""
        system = self._fixing.system
        found: dict[tuple[str, str], Remedies | None] = {}
        for check in system.checks:
            if self._check_names and check.name not in self._check_names:
                continue
            # Without fixes different formulas may be one question, when params make constants of them; with fixes they are not.
            key = digest(*lower(system, check)), question_text(check)
            if key not in found:
                decided = self._decide(system, check)
                found[key] = Remedies(check=check, checks=[], without=decided) if decided.word == "violated" else None
                if isinstance(decided.result.verdict, Undetermined):
                    self._fixing.left_open[check.name] = decided.result.verdict.reason.value
            question = found[key]
            if question is not None:
                question.checks.append(check.name)
        return [question for question in found.values() if question is not None]

    def _look_at_time(self) -> None:
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise OutOfTimeError

    def _decide(self, system: System, check: Check) -> Decided:
        key = system.applied_fixes, check.name
        if key not in self._decided:
            self._look_at_time()
            self._decided[key] = self._variants.decide(system, check)
            if self._decided[key].is_interrupted:
                raise KeyboardInterrupt
        return self._decided[key]

    def _contradict(self, one: str, other: str) -> bool:
        """Do two fixes give one param different values?"""
        given = self._sets[one]
        return any(given.get(param, setting) != setting for param, setting in self._sets[other].items())

    def _try(self, trial: _Trial, position: int) -> None:
        question, lattice = trial.question, self._lattice
        if trial.is_settled(position):
            return
        group = lattice.group(position)
        if group not in trial.groups:
            trial.groups.add(group)
            for run in trial.runs:
                self._carry(trial, run, group)
            if trial.is_settled(position):
                return
        names = lattice.fixes(position)
        decided = self._under(names, question.check.name)
        if decided is None:
            question.undecided[names] = "the spec has errors with them"
        elif isinstance(decided.result.verdict, Undetermined):
            question.undecided[names] = decided.result.verdict.reason.value
        elif decided.word == "holds":
            costs = [self._costs[name] for name in names]
            cost = None if None in costs else sum(cost for cost in costs if cost is not None)
            question.remedies.append(Remedy(fixes=names, cost=cost, decided=decided))
            trial.has_remedy |= lattice.with_all_of(position)
        else:
            question.failing[names] = decided
            trial.has_failed[position] = True
            self._learn(trial, decided)

    def _learn(self, trial: _Trial, decided: Decided) -> None:
        """Carry a new run to all sets of which it is not known that they fail."""
        verdict = decided.result.verdict
        if decided.how is How.REPLAYED or isinstance(verdict, Undetermined):
            return
        run = verdict.evidence
        if isinstance(run, ReplayedRun) and run not in trial.runs:
            trial.runs.append(run)
            for group in trial.groups:
                self._carry(trial, run, group)

    def _carry(self, trial: _Trial, run: ReplayedRun, group: int) -> None:
        """The sets of a group with which the run is possible have failed."""
        self._look_at_time()
        found = self._lattice.showing(group, trial.question.check.name, run)
        new = found[~(trial.has_failed[found] | trial.has_remedy[found])]
        trial.has_failed[new] = True
        for position in new if trial.question.undecided else ():
            trial.question.undecided.pop(self._lattice.fixes(position), None)
        self._fixing.counts.replayed += len(new)

    def _under(self, names: tuple[str, ...], check_name: str) -> Decided | None:
        """The verdict of a check with these fixes; None where they make the spec wrong."""
        system, _ = self._variants.system(names)
        if system is None:
            return None
        return self._decide(system, next(check for check in system.checks if check.name == check_name))

    def _look_for_harm(self, question: Remedies, remedy: Remedy) -> None:
        """Checks without fixes of their own that held, and do not with the remedy."""
        for check in self._fixing.system.checks:
            if check.fixes or check.name in question.checks:
                continue
            if self._decide(self._fixing.system, check).word != "holds":
                continue
            after = self._under(remedy.fixes, check.name)
            if after is None or after.word == "undetermined":
                remedy.open_checks.append(check.name)
            elif after.word == "violated":
                is_example = check.formula.kind is FormulaKind.POSSIBLE
                (remedy.ends if is_example else remedy.breaks).append(check.name)
