"""Core model → readable text: what the engines see. Tests compare it."""

from cascade.core.expressions import Expressions, ExprId, Op
from cascade.core.model import Command, CoreModel, Variable, VariableKind
from cascade.core.queries import Lasso, Query, Reach, Recover, formulas_of

_INFIX = {
    Op.AND: (" and ", 2),
    Op.OR: (" or ", 1),
    Op.EQ: (" == ", 4),
    Op.LT: (" < ", 4),
    Op.LE: (" <= ", 4),
    Op.ADD: (" + ", 5),
    Op.SUB: (" - ", 5),
    Op.MUL: (" * ", 6),
    Op.DIV: (" / ", 6),
}
_ATOM = 9
_NOT = 3
_LOWEST = 0
NODES_MAX = 200
"""Nodes that one expression prints; the rest is cut, since shared expressions may be exponential as text."""


class ExpressionPrinter:
    """Prints expressions of one model; named derived values print as their names, except in their own definition."""

    def __init__(self, model: CoreModel) -> None:
        self._model = model
        self._table: Expressions = model.expressions
        self._nodes_left = NODES_MAX
        self._names: dict[ExprId, str] = {}
        for derived in model.derived:
            if self._table.ops[derived.value] not in (Op.CONST, Op.VAR):
                self._names.setdefault(derived.value, derived.name)

    def text(self, expr: ExprId, *, define: bool = False) -> str:
        """The expression as text; `define` spells out the outermost node even if it has a name."""
        self._nodes_left = NODES_MAX
        return self._text(expr, _LOWEST, define=define)

    def value(self, variable: Variable, value: int) -> str:
        """A value of a variable as the spec writes it."""
        return value_text(variable.kind, variable.labels, variable.low, value)

    def _text(self, expr: ExprId, level: int, *, define: bool = False) -> str:
        if expr in self._names and not define:
            return self._names[expr]
        self._nodes_left -= 1
        if self._nodes_left < 0:
            return "…"
        op, args = self._table.ops[expr], self._table.args[expr]
        if op is Op.CONST:
            return ("true" if args[0] else "false") if self._table.is_bool[expr] else str(args[0])
        if op is Op.VAR:
            return self._model.variables[args[0]].name
        if op is Op.NOT:
            return self._wrap(self._negation(args[0]), _NOT, level)
        if op is Op.EQ:
            return self._wrap(self._equality(args, " == "), _INFIX[op][1], level)
        if op in _INFIX:
            sign, own = _INFIX[op]
            # What is rounded down stays together: a * (b / c) is not a * b / c.
            right = own if op in (Op.AND, Op.OR, Op.ADD) else own + 1
            parts = [self._text(a, own if i == 0 else right) for i, a in enumerate(args)]
            return self._wrap(sign.join(parts), own, level)
        if op is Op.ITE:
            c, a, b = (self._text(x, _LOWEST) for x in args)
            return self._wrap(f"if {c} then {a} else {b}", _LOWEST, level)
        if op is Op.SELECT:
            options = ", ".join(self._text(a, _LOWEST) for a in args[1:])
            return f"[{options}][{self._text(args[0], _LOWEST)}]"
        return f"{op.name.lower()}({', '.join(self._text(a, _LOWEST) for a in args)})"

    def _negation(self, expr: ExprId) -> str:
        if expr not in self._names and self._table.ops[expr] is Op.EQ:
            return self._equality(self._table.args[expr], " != ")
        return f"not {self._text(expr, _NOT)}"

    def _equality(self, args: tuple[int, ...], sign: str) -> str:
        """A label prints as itself beside a variable of its enumeration."""
        for one, other in (args, args[::-1]):
            if self._table.ops[one] is Op.VAR and self._table.ops[other] is Op.CONST:
                variable = self._model.variables[self._table.args[one][0]]
                return f"{variable.name}{sign}{self.value(variable, self._table.args[other][0])}"
        level = _INFIX[Op.EQ][1] + 1
        constants_last = sorted(args, key=lambda a: self._table.ops[a] is Op.CONST)
        return sign.join(self._text(a, level) for a in constants_last)

    @staticmethod
    def _wrap(text: str, own: int, level: int) -> str:
        return f"({text})" if own < level else text


def value_text(kind: VariableKind, labels: tuple[str, ...], low: int, value: int) -> str:
    """A value as the spec writes it: `true`, a label, or a number."""
    match kind:
        case VariableKind.BOOL:
            return "true" if value else "false"
        case VariableKind.ENUM:
            return labels[value - low] if 0 <= value - low < len(labels) else f"label {value}"
        case VariableKind.RANGE:
            return str(value)


def dump(model: CoreModel, query: Query) -> str:
    """The whole model and the question asked of it, one statement a line."""
    printer = ExpressionPrinter(model)
    lines: list[str] = []
    if model.is_timed:
        lines.append(f"tick {model.tick_ms}ms")
    lines.extend(_variable(variable, printer) for variable in model.variables)
    used = _used_names(model, query)
    for derived in model.derived:
        if derived.value in used and model.expressions.ops[derived.value] not in (Op.CONST, Op.VAR):
            lines.append(
                f"let {derived.name} = {printer.text(derived.value, define=printer_first(printer, derived.value, derived.name))}"
            )
    lines.extend(f"settle {model.variables[s.variable].name} := {printer.text(s.value)}" for s in model.settles)
    commands = {c.clock for c in model.commands if c.clock is not None}
    for index, clock in enumerate(model.clocks):
        if index not in commands:
            lines.append(
                f"clock {clock.name}: runs while {printer.text(clock.runs_while)}, stops at {clock.stop_ticks}"
            )
    for command in model.commands:
        lines.extend(_command(model, command, printer))
    lines.append(_query(model, query, printer))
    return "\n".join(lines) + "\n"


def printer_first(printer: ExpressionPrinter, expr: ExprId, name: str) -> bool:
    """Whether `name` is the name by which `expr` prints (others are aliases of it)."""
    return printer.text(expr) == name


def _used_names(model: CoreModel, query: Query) -> set[ExprId]:
    """Everything that commands, settles, clocks and the query are made of."""
    stack = [s.value for s in model.settles] + [c.runs_while for c in model.clocks]
    for command in model.commands:
        stack.extend((command.guard, command.permit, *(u.value for u in command.updates)))
    stack.extend(formulas_of(query))
    seen: set[ExprId] = set()
    while stack:
        expr = stack.pop()
        if expr not in seen:
            seen.add(expr)
            if model.expressions.ops[expr] not in (Op.CONST, Op.VAR):
                stack.extend(model.expressions.args[expr])
    return seen


def _variable(variable: Variable, printer: ExpressionPrinter) -> str:
    match variable.kind:
        case VariableKind.BOOL:
            domain = "bool"
        case VariableKind.ENUM:
            domain = "{" + ", ".join(variable.labels) + "}"
        case VariableKind.RANGE:
            domain = f"{variable.low}..{variable.high}"
    whole = len(variable.initial) == variable.high - variable.low + 1 and len(variable.initial) > 1
    initial = "any" if whole else " | ".join(printer.value(variable, v) for v in variable.initial)
    return f"{variable.role.value} {variable.name}: {domain} = {initial}"


def _command(model: CoreModel, command: Command, printer: ExpressionPrinter) -> list[str]:
    head = f"{command.command_class.value} {command.name}"
    if command.kind:
        head += f": {command.kind}"
    if command.clock is not None:
        latest = "" if command.latest_ticks is None else f"..{command.latest_ticks}"
        head += f" after {command.earliest_ticks}{latest} ticks"
    if command.owed:
        head += " owed"
    lines = [head, f"  when {printer.text(command.guard)}"]
    if printer.text(command.permit) != "true":
        lines.append(f"  permitted when {printer.text(command.permit)}")
    for update in command.updates:
        variable = model.variables[update.variable]
        is_const = model.expressions.ops[update.value] is Op.CONST
        value = (
            printer.value(variable, model.expressions.args[update.value][0]) if is_const else printer.text(update.value)
        )
        lines.append(f"  {variable.name} := {value}")
    return lines


def _query(model: CoreModel, query: Query, printer: ExpressionPrinter) -> str:
    match query:
        case Reach(clock=None):
            return f"reach {printer.text(query.goal)}"
        case Reach():
            assert query.clock is not None, "the case above"
            return f"reach clock {model.clocks[query.clock].name} > {query.exceeds_ticks}"
        case Lasso():
            word = "lasso"
        case Recover():
            word = "no recovery"
    stopped = ", ".join(model.commands[i].name for i in sorted(query.stopped))
    text = f"{word} from {printer.text(query.trigger)} without {printer.text(query.goal)}"
    return text + (f" once stopped: {stopped}" if stopped else "")
