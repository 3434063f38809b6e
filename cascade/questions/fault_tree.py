"""Outages as fault trees, where that is the whole truth: where components do not influence each other's steps, and waiting reaches nothing more.

In: a plane (`cascade.questions.static`): clusters, each with the values that its faults make. Out: gates. The outage's condition is taken apart cluster by cluster: a gate
is what is left of it when the clusters before have their values, its alternatives are the values that the next one can have. Equal rests are one gate, so that
a group of many members makes few. No gate is negated: what faults may do they need not do.
"""

from cascade.checked.model import Outage
from cascade.core.build import ExpressionBuilder, reachable
from cascade.core.expressions import ExprId, Op
from cascade.core.model import VariableKind
from cascade.export.open_psa import Alternative, FaultTree
from cascade.questions.ground import ground
from cascade.questions.inquiry import Inquiry
from cascade.questions.static import Plane

GATES_MAX = 20_000

TRUE = -1
FALSE = -2
"""What a rest may be, if it is no gate."""


class NoTreeError(Exception):
    """There is no fault tree that says the same; the text says why, for the user."""


def fault_tree(inquiry: Inquiry, outage: Outage) -> FaultTree:
    """The tree of `outage`. Raises `NoTreeError`."""
    found = ground(inquiry, outage)
    if found is None:
        raise NoTreeError("more than which faults strike has a say in it: time, or what components do to each other")
    positions = {variable.name: i for i, variable in enumerate(inquiry.system.variables)}
    variables = [positions.get(variable.name) for variable in found.plane.model.variables]
    return _Tree(inquiry.system.builder.copy(), outage, found.plane, variables).build()


class _Tree:
    def __init__(self, builder: ExpressionBuilder, outage: Outage, plane: Plane, variables: list[int | None]) -> None:
        self._builder = builder
        self._outage = outage
        self._names = [command.name for command in plane.model.commands]
        # Of each cluster, by its variables in the spec: the values that it may have, and the faults that make them.
        self._choices: dict[int, list[tuple[dict[int, ExprId], frozenset[int]]]] = {}
        self._cluster: dict[int, int] = {}
        changes: dict[int, list[tuple[dict[int, ExprId], frozenset[int]]]] = {}
        for atom in plane.atoms:
            values = {_known(variables[v]): _constant(builder, plane, v, value) for v, value in atom.values}
            changes.setdefault(atom.cluster, []).append((values, atom.faults))
            self._cluster.update(dict.fromkeys(values, atom.cluster))
        for cluster, found in changes.items():
            local = {v: p for v, p in enumerate(variables) if p is not None and self._cluster.get(p) == cluster}
            base = {p: _constant(builder, plane, v, plane.base[v]) for v, p in local.items()}
            self._choices[cluster] = [(base, frozenset()), *found]
        # What no fault changes stays as it is.
        fixed = {
            p: _constant(builder, plane, v, plane.base[v])
            for v, p in enumerate(variables)
            if p is not None and p not in self._cluster
        }
        self._root = builder.substitute(outage.condition, fixed)
        self._rank = self._ranks()

    def _ranks(self) -> dict[int, int]:
        """Clusters in the order in which the condition names them: neighbours decide neighbouring parts."""
        ranks: dict[int, int] = {}
        seen: set[ExprId] = set()
        pending = [self._root]
        while pending:
            node = pending.pop()
            if node in seen:
                continue
            seen.add(node)
            op, args = self._builder.ops[node], self._builder.args[node]
            if op is Op.VAR:
                ranks.setdefault(self._cluster[args[0]], len(ranks))
            elif op is not Op.CONST:
                pending.extend(reversed(args))
        return ranks

    def build(self) -> FaultTree:
        """The gates of all rests, those that a gate needs before it."""
        gates: dict[ExprId, list[tuple[frozenset[int], ExprId]]] = {}
        value: dict[ExprId, int] = {}
        written: list[tuple[Alternative, ...]] = []
        pending = [self._root]
        while pending:
            rest = pending[-1]
            known = self._builder.value(rest)
            if known is not None:
                value[rest] = TRUE if known else FALSE
            if rest in value:
                pending.pop()
                continue
            if rest not in gates:
                if len(gates) >= GATES_MAX:
                    raise NoTreeError(f"it needs more than {GATES_MAX:,} gates")
                gates[rest] = self._divided(rest)
                pending.extend(child for _, child in gates[rest] if child not in value)
                continue
            pending.pop()
            value[rest] = self._closed(gates[rest], value, written)
        top = value[self._root]
        return FaultTree(
            outage=self._outage.name,
            text=self._outage.text,
            gates=tuple(written),
            top=top if top >= 0 else top == TRUE,
        )

    def _divided(self, rest: ExprId) -> list[tuple[frozenset[int], ExprId]]:
        """What is left of `rest` for each value of the first cluster in it."""
        ops, args = self._builder.ops, self._builder.args
        read = {args[node][0] for node in reachable(ops, args, (rest,)) if ops[node] is Op.VAR}
        first = min((self._cluster[variable] for variable in read), key=self._rank.__getitem__)
        return [(faults, self._builder.substitute(rest, values)) for values, faults in self._choices[first]]

    def _closed(
        self,
        choices: list[tuple[frozenset[int], ExprId]],
        value: dict[ExprId, int],
        written: list[tuple[Alternative, ...]],
    ) -> int:
        """The gate with these choices, or what it is in any case. A choice with more faults than another that opens the same is none."""
        left = [(faults, value[child]) for faults, child in choices if value[child] != FALSE]
        useful = [
            (faults, child)
            for faults, child in dict.fromkeys(left)
            if not any(other < faults and result in (child, TRUE) for other, result in left)
        ]
        if not useful:
            return FALSE
        nothing = next((child for faults, child in useful if not faults), None)
        if nothing == TRUE or (nothing is not None and len(useful) == 1):
            return nothing
        written.append(
            tuple(
                Alternative(
                    faults=tuple(self._names[fault] for fault in sorted(faults)), gate=None if child == TRUE else child
                )
                for faults, child in useful
            )
        )
        return len(written) - 1


def _constant(builder: ExpressionBuilder, plane: Plane, variable: int, value: int) -> ExprId:
    """The constant that a variable of the plane has."""
    return builder.const(value, is_bool=plane.model.variables[variable].kind is VariableKind.BOOL)


def _known(position: int | None) -> int:
    assert position is not None, "variables of the spec have their names in every model"
    return position
