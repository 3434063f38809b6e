"""What the tests of lowering share: from a spec to the core model of one of its checks, and words for what is in it."""

from dataclasses import dataclass

from cascade.core.dump import ExpressionPrinter, value_text
from cascade.core.expressions import ExprId, Op
from cascade.core.lower import lower
from cascade.core.model import Command, CoreModel, VariableRole
from cascade.core.queries import Query
from tests.generate.load import LoadedText


@dataclass(frozen=True, slots=True)
class Lowered:
    """A core model and the question asked of it."""

    model: CoreModel
    query: Query

    def text(self, expr: ExprId) -> str:
        """An expression of the model as text."""
        return ExpressionPrinter(self.model).text(expr)

    def command(self, name: str) -> Command:
        """The command called `name`."""
        (found,) = [c for c in self.model.commands if c.name == name]
        return found

    @property
    def commands(self) -> list[str]:
        """The names of all commands."""
        return [c.name for c in self.model.commands]

    @property
    def owed(self) -> set[str]:
        """The names of the commands that are owed."""
        return {c.name for c in self.model.commands if c.owed}

    def permits(self) -> dict[str, str]:
        """The permits that may forbid something, by the names of their commands."""
        texts = {c.name: self.text(c.permit) for c in self.model.commands}
        return {name: text for name, text in texts.items() if text != "true"}

    def updates(self, name: str) -> dict[str, str]:
        """What a command writes."""
        texts: dict[str, str] = {}
        for update in self.command(name).updates:
            variable = self.model.variables[update.variable]
            op, args = self.model.expressions.ops[update.value], self.model.expressions.args[update.value]
            is_const = op is Op.CONST
            texts[variable.name] = (
                value_text(variable.kind, variable.labels, variable.low, args[0])
                if is_const
                else self.text(update.value)
            )
        return texts

    def timing(self, name: str) -> tuple[int, int | None, int] | None:
        """Earliest and latest time of a command and where its clock stops, in ticks; None without a clock."""
        command = self.command(name)
        if command.clock is None:
            return None
        return command.earliest_ticks, command.latest_ticks, self.model.clocks[command.clock].stop_ticks

    def variables(self, role: VariableRole) -> dict[str, tuple[int, int, tuple[int, ...]]]:
        """Bounds and initial values of the variables of one role."""
        return {v.name: (v.low, v.high, v.initial) for v in self.model.variables if v.role is role}

    def settles(self) -> list[tuple[str, str]]:
        """What settles, in order, and to what."""
        return [(self.model.variables[s.variable].name, self.text(s.value)) for s in self.model.settles]

    @property
    def stopped(self) -> set[str]:
        """The names of the commands that stop at some point."""
        return {self.model.commands[i].name for i in getattr(self.query, "stopped", ())}


def lowered(text: str, name: str | None = None) -> Lowered:
    """The core model of the check called `name`, else of the first, under the fixes that it asks for."""
    loaded = LoadedText(text, "spec.cf")
    check = loaded.checks[0] if name is None else next(c for c in loaded.checks if c.name == name)
    return Lowered(*lower(*loaded.fixed(check)))
