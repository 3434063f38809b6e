"""Core model → Murphi, for Rumur (and other tools of the Murphi family that know its `?:` operator).

Each command is a rule, and so is a tick; each combination of initial values is a start state. States are one to one.
Values outside a domain, divisions by zero and indices outside a group are errors of the tool.
"""

from cascade.core.build import reachable
from cascade.core.expressions import ExprId, Op
from cascade.core.model import Command, CoreModel
from cascade.core.queries import Query, Reach
from cascade.export.supported import require_supported
from cascade.export.terms import MURPHI, Effects, Printer, Sharing, comment, identifier, query_roots, roots

_FLOOR_DIV = """\
function floor_div(a : value_t; b : value_t) : value_t;
var q : value_t;
begin
  q := a / b;
  if a % b != 0 & (a < 0) != (b < 0) then q := q - 1; end;
  return q;
end;"""

_NO_MEMBER = """\
function no_number() : value_t;
begin
  error "index outside the group";
end;
function no_truth() : boolean;
begin
  error "index outside the group";
end;"""


def export(model: CoreModel, query: Query, *, with_property: bool = True) -> str:
    """The model and, unless it is left out, the question, in Murphi. Raises `UnsupportedError`."""
    return _Writer(model, require_supported(model, query), with_property=with_property).text()


class _Writer:
    def __init__(self, model: CoreModel, query: Reach, *, with_property: bool) -> None:
        self._model = model
        self._query = query if with_property else None
        table = model.expressions
        self._written = roots(model) + (query_roots(query) if with_property else [])
        self._variables = [identifier("v", i, v.name) for i, v in enumerate(model.variables)]
        self._clocks = [identifier("c", i, c.name) for i, c in enumerate(model.clocks)]
        self._sharing = Sharing(table, self._written, has_division=True)
        names = {d.value: d.name for d in reversed(model.derived)}
        self._functions = {e: identifier("e", e, names.get(e, "")) for e in self._sharing.functions}
        calls = {e: f"{name}()" for e, name in self._functions.items()}
        self._lazy_calls = {e: calls[e] for e in self._sharing.lazy}
        self._printer = Printer(table, MURPHI, self._variables, calls)
        self._effects = Effects(model)

    def text(self) -> str:
        low, high = self._bounds()
        lines = [
            "-- rumur --deadlock-detection off --output model.c FILE && cc -O2 -march=native -mcx16 -o model model.c -lpthread",
            "-- && ./model",
            "",
            f"type value_t : {low} .. {high};",
            "var",
        ]
        for name, variable in zip(self._variables, self._model.variables, strict=True):
            lines.append(f"  {name} : {variable.low} .. {variable.high}; -- {comment(variable.name)}")
        for name, clock in zip(self._clocks, self._model.clocks, strict=True):
            lines.append(f"  {name} : 0 .. {clock.stop_ticks}; -- {comment(clock.name)}")
        lines += ["", *self._function_lines(), *self._start()]
        for command in self._model.commands:
            lines += self._command(command)
        if self._model.is_timed:
            lines += self._tick()
        elif not self._model.commands:
            lines += ['rule "nothing" false ==> begin end;']
        if self._query is not None:
            lines += [f'invariant "the goal is not reached" !({self._goal(self._query)});']
        return "\n".join(lines) + "\n"

    def _bounds(self) -> tuple[int, int]:
        """Bounds of every value that is computed; a quotient is computed before it is rounded down."""
        table = self._model.expressions
        used = reachable(table.ops, table.args, tuple(self._written))
        low = min([0, *(v.low for v in self._model.variables), *(table.low[e] for e in used)])
        high = max([1, *(v.high for v in self._model.variables), *(table.high[e] for e in used)])
        return low, high + 1

    # --- functions ---

    def _function_lines(self) -> list[str]:
        lines: list[str] = []
        table = self._model.expressions
        used = {table.ops[e] for e in reachable(table.ops, table.args, tuple(self._written))}
        lines += [_FLOOR_DIV] if Op.DIV in used else []
        lines += [_NO_MEMBER] if Op.SELECT in used else []
        for expr, name in self._functions.items():
            lines += [f"function {name}() : {self._type(expr)};", *self._body(expr), "end;"]
        if self._model.is_timed:
            lines += ["function due() : boolean;", "begin"]
            for command in self._model.commands:
                if command.owed:
                    due = self._enabled(command, command.latest_ticks or 0)
                    lines.append(f"  if {due} then return true; end; -- {comment(command.name)}")
            lines += ["  return false;", "end;"]
        return [*lines, ""] if lines else []

    def _type(self, expr: ExprId) -> str:
        return "boolean" if self._printer.is_truth(expr) else "value_t"

    def _body(self, expr: ExprId) -> list[str]:
        table, local = self._model.expressions, self._sharing.locals_of(expr)
        printer = Printer(table, MURPHI, self._variables, {**self._lazy_calls, **{e: f"x{e}" for e in local}})
        lines = ["var", *(f"  x{e} : {self._type(e)};" for e in local)] if local else []
        lines.append("begin")
        for e in local:
            lines.append(f"  x{e} := {printer.either(e, as_truth=printer.is_truth(e), define=True)};")
        return [*lines, f"  return {printer.either(expr, as_truth=printer.is_truth(expr), define=True)};"]

    # --- start states and rules ---

    def _start(self) -> list[str]:
        chosen: list[str] = []
        assigned: list[str] = []
        for index, (name, variable) in enumerate(zip(self._variables, self._model.variables, strict=True)):
            value = str(variable.initial[-1])
            for number, initial in reversed(list(enumerate(variable.initial[:-1]))):
                value = f"(k{index} = {number} ? {initial} : {value})"
            if len(variable.initial) > 1:
                chosen.append(f"k{index} : 0 .. {len(variable.initial) - 1}")
            assigned.append(f"  {name} := {value};")
        assigned += [f"  {name} := 0;" for name in self._clocks]
        settles = [self._settle(index) for index in range(len(self._model.settles))]
        lines = ['startstate "initial values"', "begin", *assigned, *settles, "end;"]
        return [f"ruleset {'; '.join(chosen)} do", *lines, "end;", ""] if chosen else [*lines, ""]

    def _command(self, command: Command) -> list[str]:
        lines: list[str] = []
        late: list[str] = []
        temporaries: list[str] = []
        for i, update in enumerate(command.updates):
            name, value = self._variables[update.variable], self._printer.number(update.value)
            if any(self._effects.reads(other.value, update.variable) for other in command.updates[i + 1 :]):
                temporaries.append(f"  t{i} : value_t;")
                lines.append(f"  t{i} := {value};")
                late.append(f"  {name} := t{i};")
            else:
                lines.append(f"  {name} := {value};")
        settles, clocks = self._effects.of(command)
        lines += [*late, *(self._settle(index) for index in settles)]
        for index in clocks:
            name = self._clocks[index]
            if index == command.clock:
                lines.append(f"  {name} := 0;")
            else:
                runs = self._printer.truth(self._model.clocks[index].runs_while)
                lines.append(f"  if !{runs} then {name} := 0; end;")
        head = f'rule "{comment(command.name)}" {self._enabled(command, command.earliest_ticks)} ==>'
        declared = ["var", *temporaries] if temporaries else []
        return [head, *declared, "begin", *lines, "end;"]

    def _settle(self, index: int) -> str:
        settle = self._model.settles[index]
        return f"  {self._variables[settle.variable]} := {self._printer.number(settle.value)};"

    def _tick(self) -> list[str]:
        lines = ['rule "tick" (!due()) ==>', "begin"]
        for name, clock in zip(self._clocks, self._model.clocks, strict=True):
            runs = self._printer.truth(clock.runs_while)
            lines.append(f"  if {runs} & {name} < {clock.stop_ticks} then {name} := {name} + 1; end;")
        return [*lines, "end;"]

    # --- formulas ---

    def _enabled(self, command: Command, ticks: int) -> str:
        """Guard, permit, and the clock at `ticks` or more."""
        ops, args = self._model.expressions.ops, self._model.expressions.args
        parts = [self._printer.truth(command.guard)]
        if ops[command.permit] is not Op.CONST or not args[command.permit][0]:
            parts.append(self._printer.truth(command.permit))
        if command.clock is not None and ticks > 0:
            parts.append(f"{self._clocks[command.clock]} >= {ticks}")
        return f"({' & '.join(parts)})"

    def _goal(self, query: Reach) -> str:
        goal = self._printer.truth(query.goal)
        if query.clock is None:
            return goal
        return f"{goal} | {self._clocks[query.clock]} > {query.exceeds_ticks}"
