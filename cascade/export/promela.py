"""Core model → Promela, for SPIN.

One process with one loop; each option is a `d_step`: a guard, then all effects. SPIN stores a state before each round of the loop and one
state before the initial values are chosen, so it stores one state more than the model has. Temporaries are hidden: no part of a state.
Shared expressions are C functions, which SPIN compiles along.
"""

from cascade.core.expressions import ExprId, Op
from cascade.core.model import Command, CoreModel
from cascade.core.queries import Query, Reach
from cascade.export.supported import require_supported
from cascade.export.terms import (
    PROMELA,
    C,
    Effects,
    Printer,
    Sharing,
    comment,
    identifier,
    query_roots,
    roots,
)

_BITS_MAX = 16
"""Wider variables are plain integers."""

_FAIL = """\
c_decl {
  extern void (*uerror)(char *);
}
c_code {
  static int fail(char *text) { uerror(text); return 0; }
  static int floor_div(int a, int b) {
    if (b == 0) return fail("division by zero");
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
  }
}"""


def export(model: CoreModel, query: Query, *, with_property: bool = True) -> str:
    """The model and, unless it is left out, the question, in Promela. Raises `UnsupportedError`."""
    return _Writer(model, require_supported(model, query), with_property=with_property).text()


class _Writer:
    def __init__(self, model: CoreModel, query: Reach, *, with_property: bool) -> None:
        self._model = model
        self._query = query if with_property else None
        table = model.expressions
        written = roots(model) + (query_roots(query) if with_property else [])
        self._variables = [identifier("v", i, v.name) for i, v in enumerate(model.variables)]
        self._clocks = [identifier("c", i, c.name) for i, c in enumerate(model.clocks)]
        self._sharing = Sharing(table, written, has_division=False)
        names = {d.value: d.name for d in reversed(model.derived)}
        self._functions = {e: identifier("e", e, names.get(e, "")) for e in self._sharing.functions}
        self._c_variables = [f"now.{v}" for v in self._variables]
        calls = {e: f"{name}()" for e, name in self._functions.items()}
        self._lazy_calls = {e: calls[e] for e in self._sharing.lazy}
        self._c = Printer(table, C, self._c_variables, calls)
        # The outer parentheses keep SPIN from suspecting a side effect.
        self._promela = Printer(table, PROMELA, self._variables, {e: f"c_expr {{ ({c}) }}" for e, c in calls.items()})
        self._effects = Effects(model)

    def text(self) -> str:
        lines = [*self._header(), ""]
        for name, variable in zip(self._variables, self._model.variables, strict=True):
            declared = _declaration(name, variable.low, variable.high)
            lines.append(f"{declared} = {variable.initial[0]}; /* {comment(variable.name)} */")
        for name, clock in zip(self._clocks, self._model.clocks, strict=True):
            lines.append(f"{_declaration(name, 0, clock.stop_ticks)} = 0; /* {comment(clock.name)} */")
        count = max([1, *(len(command.updates) for command in self._model.commands)])
        lines += [f"hidden int t{i};" for i in range(count)]
        lines += ["", _FAIL, "", *self._function_lines(), "active proctype model() {", *self._start(), "end: do"]
        for command in self._model.commands:
            lines += self._command(command)
        if self._model.is_timed:
            lines += self._tick()
        if self._query is not None:
            lines.append(f"  :: d_step {{ {self._goal(self._query)} -> assert(false) }} /* the goal */")
        elif not self._model.commands and not self._model.is_timed:
            lines.append("  :: d_step { false -> skip }")
        return "\n".join([*lines, "  od", "}"]) + "\n"

    def _header(self) -> list[str]:
        # What SPIN adds to the variables is less than this; they never take more than a word each.
        vector_bytes = 256 + 4 * (len(self._variables) + len(self._clocks))
        size = f" -DVECTORSZ={vector_bytes}" if vector_bytes > 1024 else ""
        return [
            "/* spin -a FILE && gcc -O2 -DSAFETY -DNOREDUCE" + size + " -o pan pan.c && ./pan -m10000000",
            "   States stored: those of the model, and one before its initial values are chosen.",
            "   An assertion fails where the goal is reached or a value leaves its domain. */",
        ]

    # --- C functions ---

    def _function_lines(self) -> list[str]:
        lines: list[str] = []
        for expr, name in self._functions.items():
            lines += [f"  static int {name}(void) {{", *self._body(expr), "  }"]
        if self._model.is_timed:
            lines.append("  static int due(void) {")
            for command in self._model.commands:
                if command.owed:
                    due = self._enabled(command, self._c, "now.", command.latest_ticks or 0)
                    lines.append(f"    if ({due}) return 1; /* {comment(command.name)} */")
            lines += ["    return 0;", "  }"]
        return ["c_code {", *lines, "}", ""] if lines else []

    def _body(self, expr: ExprId) -> list[str]:
        table, local = self._model.expressions, self._sharing.locals_of(expr)
        printer = Printer(table, C, self._c_variables, {**self._lazy_calls, **{e: f"x{e}" for e in local}})
        lines = [f"    const int x{e} = {printer.number(e, define=True)};" for e in local]
        return [*lines, f"    return {printer.number(expr, define=True)};"]

    # --- the process ---

    def _start(self) -> list[str]:
        """Choose initial values, settle. Each variable is read here, else SPIN might drop what only C functions read."""
        lines = ["  atomic {"]
        for name, variable in zip(self._variables, self._model.variables, strict=True):
            if len(variable.initial) > 1:
                lines.append(f"    if {' '.join(f':: {name} = {value}' for value in variable.initial)} fi;")
        lines.append("    d_step {")
        for index in range(len(self._model.settles)):
            lines += self._settle(index)
        for name, variable in zip(self._variables, self._model.variables, strict=True):
            lines.append(f"      assert({variable.low} <= {name} && {name} <= {variable.high});")
        lines += [f"      assert({name} == 0);" for name in self._clocks]
        return [*lines, "    }", "  }"]

    def _command(self, command: Command) -> list[str]:
        enabled = self._enabled(command, self._promela, "", command.earliest_ticks)
        lines = [f"  :: d_step {{ {enabled} -> /* {comment(command.name)} */"]
        late: list[str] = []
        for i, update in enumerate(command.updates):
            name, value = self._variables[update.variable], self._promela.number(update.value)
            following = command.updates[i + 1 :]
            if any(self._effects.reads(other.value, update.variable) for other in following):
                lines += self._checked(f"t{i}", value, update.variable, update.value)
                late.append(f"      {name} = t{i};")
            elif self._fits(update.variable, update.value):
                lines.append(f"      {name} = {value};")
            else:
                lines += [*self._checked(f"t{i}", value, update.variable, update.value), f"      {name} = t{i};"]
        lines += late
        settles, clocks = self._effects.of(command)
        for index in settles:
            lines += self._settle(index)
        for index in clocks:
            name = self._clocks[index]
            runs = self._promela.truth(self._model.clocks[index].runs_while)
            lines.append(f"      {name} = {'0' if index == command.clock else f'({runs} -> {name} : 0)'};")
        return [*lines, "      skip }"]

    def _settle(self, index: int) -> list[str]:
        settle = self._model.settles[index]
        name, value = self._variables[settle.variable], self._promela.number(settle.value)
        if self._fits(settle.variable, settle.value):
            return [f"      {name} = {value};"]
        return [*self._checked("t0", value, settle.variable, settle.value), f"      {name} = t0;"]

    def _checked(self, temporary: str, value: str, variable: int, expr: ExprId) -> list[str]:
        lines = [f"      {temporary} = {value};"]
        if not self._fits(variable, expr):
            domain = self._model.variables[variable]
            lines.append(f"      assert({domain.low} <= {temporary} && {temporary} <= {domain.high});")
        return lines

    def _fits(self, variable: int, expr: ExprId) -> bool:
        domain, table = self._model.variables[variable], self._model.expressions
        return domain.low <= table.low[expr] and table.high[expr] <= domain.high

    def _tick(self) -> list[str]:
        lines = ["  :: d_step { c_expr { (!due()) } -> /* a tick */"]
        for name, clock in zip(self._clocks, self._model.clocks, strict=True):
            runs = self._promela.truth(clock.runs_while)
            lines.append(f"      {name} = (({runs} && {name} < {clock.stop_ticks}) -> {name} + 1 : {name});")
        return [*lines, "      skip }"]

    # --- formulas ---

    def _enabled(self, command: Command, printer: Printer, prefix: str, ticks: int) -> str:
        """Guard, permit, and the clock at `ticks` or more."""
        ops, args = self._model.expressions.ops, self._model.expressions.args
        parts = [printer.truth(command.guard)]
        if ops[command.permit] is not Op.CONST or not args[command.permit][0]:
            parts.append(printer.truth(command.permit))
        if command.clock is not None and ticks > 0:
            parts.append(f"{prefix}{self._clocks[command.clock]} >= {ticks}")
        return f"({' && '.join(parts)})"

    def _goal(self, query: Reach) -> str:
        goal = self._promela.truth(query.goal)
        if query.clock is None:
            return f"({goal})"
        return f"({goal} || {self._clocks[query.clock]} > {query.exceeds_ticks})"


def _declaration(name: str, low: int, high: int) -> str:
    """As few bits as SPIN can pack."""
    bits = max(1, high.bit_length())
    if low >= 0 and bits <= _BITS_MAX:
        return f"unsigned {name} : {bits}"
    is_short = low >= -(2**15) and high < 2**15
    return f"{'short' if is_short else 'int'} {name}"
