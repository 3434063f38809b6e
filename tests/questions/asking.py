"""What the tests of questions share: engines that say what a test wants, and specs as verdicts."""

import sys
from dataclasses import dataclass
from types import ModuleType

import pytest

from cascade.checked.model import Check, System
from cascade.core.dump import ExpressionPrinter
from cascade.core.lower import lower
from cascade.core.model import TICK, CoreModel
from cascade.core.queries import Lasso, Query, Reach, Recover
from cascade.engines import ENGINES, EngineRow
from cascade.limits import Limits, Progress
from cascade.questions.causes import ExplainedStep, Explanation, explain
from cascade.questions.declared import CheckResult, decide
from cascade.reference.replay import replay
from cascade.verdicts.answer import Answer
from cascade.verdicts.run import CandidateRun, ReplayedRun
from tests.generate.load import LoadedText


def install(monkeypatch: pytest.MonkeyPatch, answer: Answer, name: str = "puppet") -> None:
    """An engine called `name` that answers every query with `answer`."""
    module = ModuleType(f"tests_engine_{name}")
    module.__dict__["answer"] = lambda model, query, limits, progress: answer
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(ENGINES, name, EngineRow(module=module.__name__, queries=(Reach, Lasso, Recover)))


@dataclass(frozen=True, slots=True)
class Asked:
    """A check of a spec under its fixes, and the core model that it becomes."""

    system: System
    check: Check
    model: CoreModel
    query: Query

    def steps(self, *names: str | int) -> tuple[int, ...]:
        """Commands by name; a number stands for that many ticks."""
        positions = {command.name: i for i, command in enumerate(self.model.commands)}
        steps: list[int] = []
        for name in names:
            steps.extend((TICK,) * name if isinstance(name, int) else (positions[name],))
        return tuple(steps)

    def candidate(self, *names: str | int, loop_start: int | None = None) -> CandidateRun:
        """The run from the first initial values that takes these steps."""
        initial = tuple(variable.initial[0] for variable in self.model.variables)
        return CandidateRun(initial=initial, steps=self.steps(*names), loop_start=loop_start)

    def replayed(self, *names: str | int, loop_start: int | None = None) -> ReplayedRun:
        """That run, confirmed."""
        return replay(self.model, self.query, self.candidate(*names, loop_start=loop_start))

    def explained(self, *names: str | int, loop_start: int | None = None) -> Explanation:
        """What is said of that run."""
        return explain(self.model, self.query, self.replayed(*names, loop_start=loop_start))

    def expression(self, text: str) -> int:
        """The first expression of the model that prints like this."""
        printer = ExpressionPrinter(self.model)
        return next(e for e in range(len(self.model.expressions)) if printer.text(e, define=True) == text)

    def decided(self, engine: str = "explicit", limits: Limits = Limits()) -> CheckResult:
        """Verdict and explanation."""
        return decide(self.system, self.check, engine=engine, limits=limits, progress=Progress())


def asked(text: str, name: str | None = None) -> Asked:
    """The check called `name`, else the first."""
    loaded = LoadedText(text, "spec.cf")
    check = loaded.checks[0] if name is None else next(c for c in loaded.checks if c.name == name)
    system, check = loaded.fixed(check)
    return Asked(system, check, *lower(system, check))


def told(step: ExplainedStep) -> tuple[str, str, list[str]]:
    """Command, reason and changes of a step, as a reader sees them. A derived value stands in brackets."""
    changes = [f"{c.name}: {c.before} -> {c.after}" for c in step.changes]
    return (
        step.command,
        step.because,
        [f"({text})" if c.is_derived else text for text, c in zip(changes, step.changes, strict=True)],
    )
