"""Questions about the same rules share one exploration.

Default questions come in families: may it happen, does it end, how long can it last, does it come back, all under the same clauses. A family has
one *chart* (`engines.explicit.chart`), made with its first question. A chart says no to a question as an engine would, having explored everything;
where it says yes, it has the run that the engine finds, or the engine is asked. What takes too much work to chart is for engines alone.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from cascade.checked.model import Check, Formula, FormulaKind, System
from cascade.core.expressions import ExprId
from cascade.core.lower import lower
from cascade.core.model import CoreModel
from cascade.core.queries import Query, Reach, Recover
from cascade.limits import Limits, Progress, StopReason
from cascade.questions.ask import Asked, ask_chart, confirm, surely_not
from cascade.records import dataclass
from cascade.verdicts.run import CandidateRun

if TYPE_CHECKING:
    from cascade.engines.explicit.chart import Chart

CHART_WORK_MAX = 120_000
"""Twice what the engine does before it hands over to its kernels: a chart answers more than one question."""

T = TypeVar("T")

FAILURES_MAX = 3
"""So often a chart is begun in vain; then engines are asked alone."""


class Posed:
    """A question as engines are asked it, made when somebody looks."""

    def __init__(self, system: System, check: Check, known: tuple[CoreModel, Query] | None = None) -> None:
        self._system = system
        self._check = check
        self._known = known

    def get(self) -> tuple[CoreModel, Query]:
        """The model and the query."""
        if self._known is None:
            self._known = lower(self._system, self._check)
        return self._known


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An answer from a chart, and the question."""

    asked: Asked
    posed: Posed


@dataclass(slots=True, kw_only=True)
class _Rules:
    """The model of a family of questions; `goals` are the conditions that may be asked about. `is_hopeless`: no chart can be made."""

    model: CoreModel
    goals: dict[ExprId, ExprId]
    chart: "Chart | None" = None
    is_hopeless: bool = False


class Atlas:
    """The charts of one system. `work` and `state_count` are what they took so far."""

    def __init__(self, system: System, progress: Callable[[str], Progress]) -> None:
        self._system = system
        self._progress = progress
        self._rules: dict[Check, _Rules] = {}
        self._failure_count = 0
        self._outages = {outage.condition for outage in system.outages}
        self.work = 0
        self.state_count = 0

    def answer(self, check: Check, limits: Limits) -> Known | None:
        """The answer to `check`, a question of the system; None where the engine has to be asked."""
        condition = check.formula.conditions[0]
        negated = self._system.builder.not_(condition)
        match check.formula.kind, check.formula.conditions[1:]:
            case FormulaKind.NEVER, ():
                return self._never(check, condition, limits)
            case FormulaKind.CAN_LEAD_TO, (goal,) if goal == negated:
                return self._trapped(check, condition, limits)
            case FormulaKind.LEADS_TO, (goal,) if goal == negated:
                return self._no(check, condition, limits, lambda chart, c: not chart.may_stay(c))
            case FormulaKind.POSSIBLE, (goal,) if goal == negated:
                return self._no(check, condition, limits, lambda chart, c: chart.quickest_ticks(c) is None)
            case FormulaKind.POSSIBLE, (over, again) if (over, again) == (negated, condition):
                return self._no(check, condition, limits, lambda chart, c: not chart.may_relapse(c))
            case FormulaKind.LASTS_AT_MOST, () if check.formula.duration_ms is not None:
                ticks = -(-check.formula.duration_ms // self._system.tick_ms)
                return self._no(check, condition, limits, lambda chart, c: _is_at_most(chart.longest_ticks(c), ticks))
            case _:
                return None

    def recurs(self, check: Check, system: System, condition: ExprId, limits: Limits) -> Known | None:
        """The answer to `check`, a question of `system` that watches whether `condition` is over for good in the end, where it surely is."""
        rules = self._charted(check, condition, limits)
        if rules is None or rules.chart is None:
            return None
        goal = rules.goals[condition]
        if rules.chart.may_stay(goal) or rules.chart.may_recur(goal):
            return None
        return Known(asked=surely_not(rules.chart), posed=Posed(system, check))

    def quickest_ticks(self, check: Check, condition: ExprId, limits: Limits) -> int | None:
        """After how many ticks a stretch of `condition` ends at best, under the rules of `check`; None if that is not known."""
        return self._read(check, condition, limits, lambda chart, c: chart.quickest_ticks(c))

    def longest_ticks(self, check: Check, condition: ExprId, limits: Limits) -> int | None:
        """For how many ticks `condition` holds without a break at most, under the rules of `check`; None if that is not known."""
        return self._read(check, condition, limits, lambda chart, c: chart.longest_ticks(c))

    def is_trap(self, check: Check, condition: ExprId, limits: Limits) -> bool | None:
        """Whether some state with `condition` is never left without the commands that stop; None if that is not known."""
        names = {self._system.commands[i].name for i in check.stopped}
        return self._read(check, condition, limits, lambda chart, c: chart.trap(c, chart.commands(names)) is not None)

    def _read(
        self, check: Check, condition: ExprId, limits: Limits, read: "Callable[[Chart, ExprId], T | None]"
    ) -> "T | None":
        rules = self._charted(check, condition, limits)
        return None if rules is None or rules.chart is None else read(rules.chart, rules.goals[condition])

    # --- kinds of questions ---

    def _never(self, check: Check, condition: ExprId, limits: Limits) -> Known | None:
        rules = self._family(check, condition)
        goal = rules.goals[condition]
        posed = Posed(self._system, check, (rules.model, Reach(goal=goal)))
        if rules.chart is not None:
            if not rules.chart.may_ask(goal):
                return None
            return self._with_run(posed, rules.chart, rules.chart.run_to(goal))
        if rules.model.expressions.can_fail[goal]:
            return None  # an engine tells the error
        asked = self._make(rules, goal, check, limits)
        return None if asked is None else Known(asked=asked, posed=posed)

    def _trapped(self, check: Check, condition: ExprId, limits: Limits) -> Known | None:
        rules = self._charted(check, condition, limits)
        if rules is None or rules.chart is None:
            return None
        posed = Posed(self._system, check)
        _, query = posed.get()
        assert isinstance(query, Recover), "`can lead to` asks for the way back"
        run = rules.chart.run_to_trap(rules.goals[condition], query.stopped)
        return self._with_run(posed, rules.chart, run)

    def _no(
        self, check: Check, condition: ExprId, limits: Limits, is_no: "Callable[[Chart, ExprId], bool]"
    ) -> Known | None:
        """The answer where it is no."""
        rules = self._charted(check, condition, limits)
        if rules is None or rules.chart is None or not is_no(rules.chart, rules.goals[condition]):
            return None
        return Known(asked=surely_not(rules.chart), posed=Posed(self._system, check))

    def _with_run(self, posed: Posed, chart: "Chart", run: CandidateRun | None) -> Known:
        if run is None:
            return Known(asked=surely_not(chart), posed=posed)
        return Known(asked=confirm(*posed.get(), run, chart.statistics), posed=posed)

    # --- charts ---

    def _family(self, check: Check, condition: ExprId) -> _Rules:
        """The rules of a question. Those of all outages are the same; any other condition has a model of its own."""
        outages = self._system.outages
        asked = outages[0].condition if condition in self._outages else condition
        formula = Formula(kind=FormulaKind.NEVER, conditions=(asked,))
        rules = replace(check, formula=formula, source="", stopped=frozenset())
        if rules not in self._rules:
            model, query = lower(self._system, rules)
            assert isinstance(query, Reach), "`never` asks for a state"
            values = {d.name: d.value for d in model.derived if d.is_outage}
            goals = {asked: query.goal, **{outage.condition: values[outage.name] for outage in outages}}
            self._rules[rules] = _Rules(model=model, goals=goals)
        return self._rules[rules]

    def _charted(self, check: Check, condition: ExprId, limits: Limits) -> _Rules | None:
        """The rules with their chart, made now if need be; None where there is none. Without a bound on faults it is not even begun."""
        rules = self._family(check, condition)
        if rules.chart is None and check.budgets:
            self._make(rules, None, check, limits)
        return rules if rules.chart is not None and rules.chart.may_ask(rules.goals[condition]) else None

    def _make(self, rules: _Rules, goal: ExprId | None, check: Check, limits: Limits) -> Asked | None:
        """Explore what `rules` allow. What that says of `goal`; None if it says nothing."""
        if rules.is_hopeless or self._failure_count >= FAILURES_MAX:
            return None
        work_max = CHART_WORK_MAX if limits.work_max is None else min(CHART_WORK_MAX, limits.work_max)
        made = ask_chart(rules.model, goal, limits=limits, progress=self._progress(check.source), work_max=work_max)
        if made.stop is StopReason.INTERRUPTED:
            raise KeyboardInterrupt
        self.work += made.work
        self.state_count += made.state_count
        rules.chart = made.chart
        if made.asked is None:
            rules.is_hopeless = True
            self._failure_count += 1
        return made.asked


def _is_at_most(ticks: int | None, bound: int) -> bool:
    return ticks is not None and ticks <= bound
