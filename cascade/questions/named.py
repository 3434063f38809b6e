"""Named values of a model and what each is directly made of: the words in which values feed each other.

A *named value* is a variable, or a derived value that the spec gives a name. It is made of the named values that are met first on the way down its expression.
Equal expressions are one node, so of several names for one value one is chosen, that of the component that looks at it if it has one.
"""

from cascade.core.expressions import ExprId, Op
from cascade.core.model import CoreModel, Derived, VariableRole
from cascade.records import dataclass
from cascade.reference.evaluate import EvaluationError, Evaluator

_SHOWN_ROLES = (VariableRole.STATE, VariableRole.LINK)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedValue:
    """Either a variable (`variable` is its index) or a derived value (`derived`)."""

    name: str
    component: str
    variable: int | None = None
    derived: Derived | None = None


class NamedValues:
    """The named values of one model."""

    def __init__(self, model: CoreModel) -> None:
        self._model = model
        self._ops = model.expressions.ops
        self._args = model.expressions.args
        self._by_value: dict[ExprId, list[NamedValue]] = {}
        for derived in model.derived:
            if self._ops[derived.value] not in (Op.CONST, Op.VAR):
                named = NamedValue(name=derived.name, component=derived.component, derived=derived)
                self._by_value.setdefault(derived.value, []).append(named)
        self._contraries: dict[ExprId, list[NamedValue]] = {}
        for value, names in self._by_value.items():
            if self._ops[value] is Op.NOT:
                self._contraries.setdefault(self._args[value][0], []).extend(names)
        self._variables = [
            NamedValue(name=v.name, component=v.component, variable=i) for i, v in enumerate(model.variables)
        ]

    @property
    def derived(self) -> tuple[NamedValue, ...]:
        """One name for each derived value: the first, but all outages."""
        chosen: list[NamedValue] = []
        for names in self._by_value.values():
            chosen.extend(n for i, n in enumerate(names) if i == 0 or (n.derived is not None and n.derived.is_outage))
        return tuple(chosen)

    def variable(self, index: int) -> NamedValue:
        """The variable at a position of the model."""
        return self._variables[index]

    def of(self, expression: ExprId, component: str = "") -> NamedValue | None:
        """The name of an expression, None if it has none; of several one that `component` owns."""
        if self._ops[expression] is Op.VAR:
            return self._variables[self._args[expression][0]]
        names = self._by_value.get(expression)
        if not names:
            return None
        return next((n for n in names if n.component == component), names[0])

    def twins(self, expression: ExprId) -> tuple[NamedValue, ...]:
        """All names of derived values that are equal to `expression`, or always its contrary."""
        twins = list(self._by_value.get(expression, ()))
        if self._ops[expression] is Op.NOT:
            twins.extend(self._by_value.get(self._args[expression][0], ()))
        twins.extend(self._contraries.get(expression, ()))
        return tuple(twins)

    def made_of(self, root: ExprId, evaluator: Evaluator | None = None, component: str = "") -> tuple[NamedValue, ...]:
        """The named values directly below `root`; with `evaluator` only those that suffice for its value there.

        Variables that no spec has (budgets, monitors) are left out.
        """
        found: dict[str, NamedValue] = {}
        seen = {root}
        stack = list(self._needed(root, evaluator))
        while stack:
            expression = stack.pop()
            if expression in seen:
                continue
            seen.add(expression)
            named = self.of(expression, component)
            if named is None or self._is_contrary(expression, named, component):
                stack.extend(self._needed(expression, evaluator))
            elif named.variable is None or self._model.variables[named.variable].role in _SHOWN_ROLES:
                found[named.name] = named
        return tuple(found[name] for name in sorted(found))

    def looked_at(self, root: ExprId, evaluator: Evaluator | None, component: str) -> tuple[NamedValue, ...]:
        """`root` itself if it has a name, else what it is made of."""
        named = self.of(root, component)
        if named is None or self._is_contrary(root, named, component):
            return self.made_of(root, evaluator, component)
        return (named,)

    def _is_contrary(self, expression: ExprId, named: NamedValue, component: str) -> bool:
        """Whether `expression` is the contrary of something that `component` names itself, and has a name elsewhere by chance."""
        if named.component == component or self._ops[expression] is not Op.NOT:
            return False
        inner = self.of(self._args[expression][0], component)
        return inner is not None and inner.component == component

    def _needed(self, expression: ExprId, evaluator: Evaluator | None) -> tuple[ExprId, ...]:
        op, args = self._ops[expression], self._args[expression]
        if op in (Op.CONST, Op.VAR):
            return (expression,) if op is Op.VAR else ()
        return args if evaluator is None else needed_operands(op, args, evaluator)


def needed_operands(op: Op, args: tuple[ExprId, ...], values: Evaluator) -> tuple[ExprId, ...]:
    """The operands that suffice for the value of a node: of a false conjunction one false operand, of a conditional the branch taken."""
    try:
        match op:
            case Op.AND | Op.OR:
                decisive = 0 if op is Op.AND else 1
                for operand in args:
                    if values.value(operand) == decisive:
                        return (operand,)
                return args
            case Op.ITE:
                return args[0], args[1] if values.value(args[0]) else args[2]
            case Op.SELECT:
                return args[0], args[values.value(args[0])]
            case _:
                return args
    except (EvaluationError, IndexError):
        return args  # the node that fails, when the run leads to an error of the spec
