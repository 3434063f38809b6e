"""Questions that nobody declared: checks made as data, asked like declared ones, within bounds.

A question is a `Check` whose clauses are sets of commands; `source` is the text that a person would declare for the same question. Equal questions are
asked once. An error of the spec that a question runs into is kept, and makes that question undetermined.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from cascade.checked.model import Check, Class, Formula, FormulaKind, Group, Limit, Outage, Strikes, System
from cascade.core.expressions import ExprId
from cascade.core.lower import lower
from cascade.core.model import TICK, CoreModel
from cascade.core.queries import Query
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.limits import Limits, Progress, StopReason
from cascade.questions.ask import Asked, EngineError, ask, ask_survey, confirm
from cascade.questions.atlas import Atlas, Known, Posed
from cascade.questions.budget import EXPRESSION_WORK, Budget
from cascade.questions.cache import Cache
from cascade.questions.declared import CheckResult, conclude
from cascade.questions.failures import describe_failure
from cascade.questions.minimise import MinimalRun, minimise
from cascade.questions.watching import watching
from cascade.records import dataclass
from cascade.verdicts.answer import Statistics
from cascade.verdicts.run import CandidateRun, ReplayedRun
from cascade.verdicts.verdict import Exhaustion, Undetermined

if TYPE_CHECKING:
    from cascade.engines.explicit.survey import Surveyed

NAME = "question"
"""No declared check clashes with it: it is never looked up by name, and links that only a check cuts stay whole."""

NICE_STATES_MAX = 4_000
"""States for what is nice to know: whether it comes back, whether more faults make it worse."""

QUICK_STATES_MAX = 10_000
QUICK_ENGINE = "python"

CHARTED_ENGINES = ("explicit", "auto", "python")
"""Engines that explore as charts do: what a chart says is what they say."""

_NO_COMMANDS: frozenset[int] = frozenset()

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What may happen in a question.

    `faults` may fire and no others (None: all), at most `fault_count_max` times together; `without` never fire; `acting` are owed; `stopped` fire finitely
    often only. `strikes` is what the language has no clause for: how many different faults, in which order, and one that has to strike (beside the
    `fault_count_max` others). `state_count_max` is a limit for a question that is nice to know.
    """

    faults: frozenset[int] | None = None
    fault_count_max: int | None = None
    redundancy_holds: bool = False
    without: frozenset[int] = _NO_COMMANDS
    acting: frozenset[int] = _NO_COMMANDS
    stopped: frozenset[int] = _NO_COMMANDS
    strikes: Strikes | None = None
    state_count_max: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is known of a question. `run` shows that the answer is yes, `is_no` that there is no such run; else a limit was reached."""

    check: Check
    posed: Posed
    asked: Asked

    @property
    def model(self) -> CoreModel:
        """What was asked about."""
        return self.posed.get()[0]

    @property
    def query(self) -> Query:
        """What was asked."""
        return self.posed.get()[1]

    @property
    def run(self) -> ReplayedRun | None:
        """The run that shows it."""
        return self.asked.evidence if isinstance(self.asked.evidence, ReplayedRun) else None

    @property
    def is_no(self) -> bool:
        """No run does it: all were explored."""
        return self.asked.evidence is not None and self.run is None

    @property
    def is_known(self) -> bool:
        """Undetermined is neither yes nor no."""
        return self.asked.evidence is not None

    @property
    def stop_reason(self) -> StopReason | None:
        """Why there is no answer."""
        return None if self.asked.undetermined is None else self.asked.undetermined.reason

    def fired(self, command_class: Class = Class.FAULT) -> tuple[str, ...]:
        """Commands of a class in the order in which the run first fires them."""
        if self.run is None:
            return ()
        commands = [self.model.commands[step] for step in self.run.steps if step >= 0]
        return tuple(dict.fromkeys(c.name for c in commands if c.command_class.value == command_class.value))


class Inquiry:
    """Asks questions about one system. `seconds_max` and `work_max` bound all of them together, `limits` each by itself.

    Where work is bounded the functions of the explicit engine answer, which count it.
    """

    def __init__(
        self,
        system: System,
        *,
        engine: str = "explicit",
        limits: Limits = Limits(),
        progress: Callable[[str], Progress] = lambda _: Progress(),
        seconds_max: float | None = None,
        work_max: int | None = None,
        cache: Cache | None = None,
    ) -> None:
        # Formulas of questions grow in a table of their own.
        self.system = replace(system, builder=system.builder.copy())
        self.diagnostics = Diagnostics()
        self.asked_count = 0
        self.state_count = 0
        self._engine = engine
        self._limits = limits
        self._progress = progress
        self._cache = cache
        self._budget = Budget(seconds_max, work_max)
        self._is_counted = work_max is not None and engine in CHARTED_ENGINES
        is_charted = engine in CHARTED_ENGINES and cache is None
        self._atlas = Atlas(self.system, progress) if is_charted else None
        self._known: dict[Check, Reply] = {}
        self._results: dict[int, tuple[Reply, CheckResult]] = {}
        self._watched: dict[str, tuple[System, ExprId]] = {}
        self._of_checks = frozenset(i for i, c in enumerate(system.commands) if c.cut_checks is not None)
        self.faults = self._of_class(Class.FAULT)
        self._faults_in = self._by_component()
        self._faults_of: dict[str, frozenset[int]] = {}
        self.operators = self._of_class(Class.OPERATOR)
        self.events = self._of_class(Class.EVENT)
        self.is_timed = any(c.timing is not None for i, c in enumerate(system.commands) if i not in self._of_checks)

    def _of_class(self, wanted: Class) -> frozenset[int]:
        commands = enumerate(self.system.commands)
        return frozenset(i for i, c in commands if c.command_class is wanted) - self._of_checks

    def names(self, commands: Iterable[int]) -> tuple[str, ...]:
        """Names of commands, in the order of the spec."""
        return tuple(self.system.commands[i].name for i in sorted(commands))

    def faults_of(self, group: Group) -> frozenset[int]:
        """Faults of the members of a group and of their parts."""
        if group.name not in self._faults_of:  # asked again for each group of a plane of hundreds
            struck = (self._faults_in.get(member, frozenset()) for member in group.members)
            self._faults_of[group.name] = frozenset[int]().union(*struck)
        return self._faults_of[group.name]

    def _by_component(self) -> dict[str, frozenset[int]]:
        """The faults of each component and of its parts."""
        found: dict[str, set[int]] = {}
        for fault in self.faults:
            steps = self.system.commands[fault].component.split(".")
            for length in range(1, len(steps) + 1):
                found.setdefault(".".join(steps[:length]), set()).add(fault)
        return {name: frozenset(faults) for name, faults in found.items()}

    def member_of(self, component: str, group: Group) -> str | None:
        """The member of `group` that `component` is, or is a part of."""
        for member in group.members:
            if component == member or component.startswith(f"{member}."):
                return member
        return None

    @property
    def nice_states_max(self) -> int:
        """States for what is nice to know."""
        return NICE_STATES_MAX if not self._is_counted else NICE_STATES_MAX // 4

    @property
    def is_late(self) -> bool:
        """Whether the time for all questions together is over, or no more work may be done."""
        return self._budget.is_late or self._budget.is_spent

    # --- asking ---

    def ask_never(self, outage: Outage, scope: Scope) -> Reply:
        """Is `outage` reachable? A run says yes."""
        return self.ask(FormulaKind.NEVER, (outage.condition,), f"never {outage.name}", scope)

    def conclude_never(self, outage: Outage, scope: Scope) -> Reply:
        """The same, answered by no without a search: it follows from other answers."""
        check, posed = self.pose_never(outage, scope)
        asked = Asked(evidence=Exhaustion(statistics=Statistics()), undetermined=None, statistics=Statistics())
        return Reply(check=check, posed=posed, asked=asked)

    def conclude_by(self, outage: Outage, scope: Scope, shown: Reply) -> Reply | None:
        """The same, answered by the run of another question; None where that is no run here."""
        check, posed = self.pose_never(outage, scope)
        model, query = posed.get()
        position = {command.name: i for i, command in enumerate(model.commands)}
        if shown.run is None:
            return None
        names = [None if step == TICK else shown.model.commands[step].name for step in shown.run.steps]
        start = dict(zip((v.name for v in shown.model.variables), shown.run.states[0], strict=False))
        if any(name is not None and name not in position for name in names):
            return None
        steps = tuple(TICK if name is None else position[name] for name in names)
        initial = tuple(start.get(v.name, v.initial[0]) for v in model.variables)
        try:
            asked = confirm(model, query, CandidateRun(initial=initial, steps=steps))
        except EngineError:
            return None
        return Reply(check=check, posed=posed, asked=asked)

    def pose_never(self, outage: Outage, scope: Scope) -> tuple[Check, Posed]:
        """The question whether `outage` is reachable, not asked."""
        formula = Formula(kind=FormulaKind.NEVER, conditions=(outage.condition,))
        check = self._check(formula, f"never {outage.name}", scope)
        return check, Posed(self.system, check)

    def progress(self, text: str) -> Progress:
        """What a search for the answer to `text` reports to."""
        return self._progress(text)

    def ask_staying(self, outage: Outage, scope: Scope) -> Reply:
        """Can `outage` stay for ever on a fair run? A run says yes."""
        text = f"{outage.name} leads to not {outage.name}"
        return self.ask(FormulaKind.LEADS_TO, self._from_to(outage), text, scope)

    def ask_trapped(self, outage: Outage, scope: Scope) -> Reply:
        """Is a state of `outage` reachable from which no run leads out of it? A run says yes."""
        text = f"{outage.name} can lead to not {outage.name}"
        return self.ask(FormulaKind.CAN_LEAD_TO, self._from_to(outage), text, scope)

    def ask_relapse(self, outage: Outage, scope: Scope) -> Reply:
        """Is there a run into `outage`, out of it and into it again? A run says yes."""
        text = f"possible {outage.name} then not {outage.name} then {outage.name}"
        return self.ask(FormulaKind.POSSIBLE, (*self._from_to(outage), outage.condition), text, scope)

    def ask_condition_lasting(self, condition: ExprId, name: str, duration_ms: int, scope: Scope) -> Reply:
        """Can `condition`, which texts call `name`, last longer than `duration_ms` without a break? A run says yes."""
        text = f"{name} lasts at most {_duration_source(duration_ms)}"
        return self.ask(FormulaKind.LASTS_AT_MOST, (condition,), text, scope, duration_ms)

    def ask_return(self, outage: Outage, scope: Scope) -> Reply:
        """Is there a run into `outage` and out of it again? A run says yes."""
        text = f"possible {outage.name} then not {outage.name}"
        return self.ask(FormulaKind.POSSIBLE, self._from_to(outage), text, scope)

    def _from_to(self, outage: Outage) -> tuple[int, int]:
        return outage.condition, self.system.builder.not_(outage.condition)

    def ask(
        self, kind: FormulaKind, conditions: tuple[int, ...], text: str, scope: Scope, duration_ms: int | None = None
    ) -> Reply:
        """The answer to a question; the same one is not searched for twice."""
        check = self._check(Formula(kind=kind, conditions=conditions, duration_ms=duration_ms), text, scope)
        return self._ask_once(check, self.system, scope)

    def ask_recurring(self, outage: Outage, scope: Scope) -> Reply:
        """Can `outage` come again and again for ever, never gone for longer than any timing of the spec? A run says yes, if it can also not stay for ever.

        Asked with two commands more: one says that it is over for good, once it has been gone for so long; the other takes that back.
        """
        if outage.name not in self._watched:
            self._watched[outage.name] = watching(self.system, outage)
        system, is_over = self._watched[outage.name]
        formula = Formula(kind=FormulaKind.LEADS_TO, conditions=(outage.condition, is_over))
        check = self._check(formula, f"{outage.name} leads to the end of {outage.name} for good", scope)
        if check not in self._known and self._atlas is not None:
            known = self._charting(lambda a, limits: a.recurs(check, system, outage.condition, limits), scope)
            if known is not None:
                self._known[check] = self._reply(check, system, known.posed, known.asked)
        return self._ask_once(check, system, scope)

    def quickest_ticks(self, condition: ExprId, scope: Scope) -> int | None:
        """After how many ticks a stretch of `condition` ends at best; None if that is not known without asking further."""
        check = self._check(Formula(kind=FormulaKind.NEVER, conditions=(condition,)), "", scope)
        return self._charting(lambda atlas, limits: atlas.quickest_ticks(check, condition, limits), scope)

    def longest_ticks(self, condition: ExprId, scope: Scope) -> int | None:
        """For how many ticks `condition` holds without a break at most; None if that is not known without asking further. Not evidence: nothing shows it."""
        check = self._check(Formula(kind=FormulaKind.NEVER, conditions=(condition,)), "", scope)
        return self._charting(lambda atlas, limits: atlas.longest_ticks(check, condition, limits), scope)

    def is_trap(self, outage: Outage, scope: Scope) -> bool | None:
        """Whether some state of `outage` cannot be left; None if that is not known without asking further. Not evidence: nothing shows it."""
        check = self._check(Formula(kind=FormulaKind.NEVER, conditions=(outage.condition,)), "", scope)
        return self._charting(lambda atlas, limits: atlas.is_trap(check, outage.condition, limits), scope)

    def _ask_once(self, check: Check, system: System, scope: Scope) -> Reply:
        known = self._known.get(check)
        if known is None or (not known.is_known and scope.state_count_max is None):
            self._known[check] = self._ask(check, system, scope)
        return self._known[check]

    def _ask(self, check: Check, system: System, scope: Scope) -> Reply:
        if system is self.system:
            known: Known | None = self._charting(lambda atlas, limits: atlas.answer(check, limits), scope)
            if known is not None:
                return self._reply(check, system, known.posed, known.asked)
        limits = self._limits_of(scope)
        posed = Posed(system, check)
        if limits.seconds_max == 0.0 or self._budget.is_spent:
            reason = StopReason.WORK if self._budget.is_spent else StopReason.TIME
            stopped = Undetermined(reason=reason, statistics=Statistics())
            asked = Asked(evidence=None, undetermined=stopped, statistics=Statistics())
            return self._reply(check, system, posed, asked)
        model, query = posed.get()
        # Few states are for the functions, which count them; further stages would take their time all the same.
        is_quick = scope.state_count_max is not None and scope.state_count_max <= QUICK_STATES_MAX
        engine = QUICK_ENGINE if is_quick or self._is_counted else self._engine
        progress = self._progress(check.source)
        # Numbers of states are of no interest here, so that engines need not see what cannot influence the answer.
        asked = ask(model, query, engine=engine, limits=limits, progress=progress, cache=self._cache, slices=True)
        self.state_count += asked.statistics.state_count
        self._budget.spend(asked.statistics.work + EXPRESSION_WORK * len(model.expressions))
        return self._reply(check, system, posed, asked)

    def _reply(self, check: Check, system: System, posed: Posed, asked: Asked) -> Reply:
        """What was asked, noted."""
        self.asked_count += 1
        if asked.undetermined is not None:
            if asked.undetermined.reason is StopReason.INTERRUPTED:
                raise KeyboardInterrupt
            if asked.undetermined.failure is not None:
                self.diagnostics.add(describe_failure(system, check, posed.get()[0], asked.undetermined.failure))
        return Reply(check=check, posed=posed, asked=asked)

    def _charting(self, ask_atlas: "Callable[[Atlas, Limits], T | None]", scope: Scope) -> "T | None":
        """What charts say, if there are any; what they took is noted."""
        if self._atlas is None or self.is_late:
            return None
        work, state_count = self._atlas.work, self._atlas.state_count
        said = ask_atlas(self._atlas, self._limits_of(scope))
        self.state_count += self._atlas.state_count - state_count
        self._budget.spend(self._atlas.work - work)
        return said

    def _limits_of(self, scope: Scope) -> Limits:
        """What a question may take now."""
        limits = self._limits
        if scope.state_count_max is not None:
            states_max = min(scope.state_count_max, limits.state_count_max or scope.state_count_max)
            limits = replace(limits, state_count_max=states_max)
        return self._budget.within(limits)

    def survey(
        self, commands: Sequence[frozenset[str]], derived: Sequence[frozenset[str]], of_check: str = ""
    ) -> "Surveyed":
        """What happens at all: of which sets of commands, by name, one fires; of which sets a guard turns false, and after these of which sets of derived values.

        `of_check` names a check whose clauses let links be cut: with these cuts.
        """
        formula = Formula(kind=FormulaKind.NEVER, conditions=(self.system.builder.false,))
        check = self._check(formula, "coverage", Scope())
        if of_check:
            missing = frozenset(i for i, c in enumerate(self.system.commands) if not c.exists_in(of_check))
            check = replace(check, name=of_check, excluded=missing)
        model, _ = lower(self.system, check)
        firing = [frozenset(i for i, c in enumerate(model.commands) if c.name in names) for names in commands]
        guards = [frozenset(c.guard for c in model.commands if c.name in names) for names in commands]
        values = [frozenset(d.value for d in model.derived if d.name in names) for names in derived]
        limits = self._limits_of(Scope())
        surveyed = ask_survey(model, firing, [*guards, *values], limits=limits, progress=self._progress("coverage"))
        self.state_count += surveyed.statistics.state_count
        if surveyed.reason is StopReason.INTERRUPTED:
            raise KeyboardInterrupt
        return surveyed

    def result(self, reply: Reply) -> CheckResult:
        """The answer as the verdict of the check that asks for it, with its explanation. It is the same object each time: reports refer to a run again and again."""
        known = self._results.get(id(reply))
        if known is None:
            known = (reply, conclude(self.system, reply.check, reply.model, reply.query, reply.asked))
            self._results[id(reply)] = known  # with the reply, so that no other gets its identity
        return known[1]

    def shortest(self, reply: Reply) -> tuple[CheckResult, MinimalRun | None]:
        """The same with no command in the run that it can do without, and how that came about; None without a run."""
        if reply.run is None:
            return self.result(reply), None
        minimal = minimise(reply.model, reply.query, reply.run)
        return self.result(replace(reply, asked=replace(reply.asked, evidence=minimal.run))), minimal

    def variant(self, check: Check, formula: Formula) -> Check:
        """The question about the same system and under the same clauses with another formula."""
        return replace(check, formula=formula)

    # --- the check that asks ---

    def _check(self, formula: Formula, text: str, scope: Scope) -> Check:
        excluded = set(scope.without | self._of_checks)
        budgets: tuple[Limit, ...] = ()
        if scope.faults is not None:
            excluded |= self.faults - scope.faults
        if scope.fault_count_max is not None:
            forced = frozenset[int]()
            if scope.strikes is not None and scope.strikes.forced is not None:
                forced = frozenset({scope.strikes.forced})
            budgets = (Limit(count=scope.fault_count_max, commands=self.faults - forced),)
            budgets += (Limit(count=1, commands=forced),) if forced else ()
        return Check(
            name=NAME,
            text="",
            source=" ".join((text, *self._clauses(scope))),
            formula=formula,
            budgets=budgets,
            limits=(),
            excluded=frozenset(excluded),
            while_redundancy_holds=scope.redundancy_holds,
            strikes=scope.strikes,
            stopped=scope.stopped,
            acting=scope.acting,
            fixes=(),
            expect_violated=False,
            span=self.system.span,
        )

    def _clauses(self, scope: Scope) -> list[str]:
        """What a person would declare, in the language where it has a clause for it."""
        clauses: list[str] = []
        if scope.redundancy_holds:
            clauses.append("while redundancy holds")
        count = scope.fault_count_max
        if scope.faults is not None and scope.faults != self.faults:
            if scope.faults:
                clauses.append(f"with only {', '.join(self._selectors(scope.faults))}")
            else:
                count = 0
        if count is not None:
            clauses.append(f"with at most {count} fault" + ("" if count == 1 else "s"))
        if scope.without:
            clauses.append(f"without {self._class_or_names(scope.without)}")
        if scope.stopped:
            clauses.append(f"once {self._class_or_names(scope.stopped)} stop")
        if scope.acting:
            clauses.append(f"if {self._class_or_names(scope.acting)} act")
        if scope.strikes is not None and scope.strikes.forced is not None:
            after = ", ".join(self.names(scope.strikes.forced_after))
            clauses.append(f"(where {self.system.commands[scope.strikes.forced].name} strikes at once after {after})")
        return clauses

    def _selectors(self, faults: frozenset[int]) -> tuple[str, ...]:
        for group in self.system.groups:
            if faults == self.faults_of(group):
                return (group.name,)
        return self.names(faults)

    def _class_or_names(self, commands: frozenset[int]) -> str:
        if commands == self.faults:
            return "faults"
        if commands == self.operators:
            return "operators"
        return ", ".join(self.names(commands))


def _duration_source(milliseconds: int) -> str:
    """A duration as the language writes it."""
    for unit, size in (("h", 3_600_000), ("min", 60_000), ("s", 1_000)):
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"
