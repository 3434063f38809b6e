"""Which faults have struck: how many different ones, which sets never all, in which order they begin, and one that has to strike.

Each fault gets a variable that says whether it has fired in this run. Only permits and updates change: what is enabled, and with it every clock, stays as it is.
"""

from collections.abc import Mapping

from cascade.checked.model import Strikes
from cascade.core.build import ExpressionBuilder
from cascade.core.expressions import ExprId
from cascade.core.model import Update, Variable, VariableKind, VariableRole


class Struck:
    """Adds a variable for each of `faults` (positions and names of commands) that the clause must remember."""

    def __init__(
        self, strikes: Strikes, builder: ExpressionBuilder, variables: list[Variable], faults: Mapping[int, str]
    ) -> None:
        self._strikes = strikes
        self._builder = builder
        self._faults = frozenset(faults)
        watched = frozenset[int]().union(*strikes.blocked, strikes.order, strikes.forced_after)
        watched |= frozenset() if strikes.forced is None else {strikes.forced}
        # The number of different faults and its bound, if there is one.
        self._different: tuple[int, ExprId, ExprId] | None = None
        if strikes.count is not None and strikes.count < len(self._faults):
            watched |= self._faults
            self._different = (
                *self._add(variables, "different faults used", strikes.count),
                builder.const(strikes.count),
            )
        self._struck = {
            fault: self._add(variables, f"{faults[fault]} has struck") for fault in sorted(watched & self._faults)
        }

    def _add(self, variables: list[Variable], name: str, high: int | None = None) -> tuple[int, ExprId]:
        """A variable that counts to `high`; a boolean if there is none."""
        index = len(variables)
        kind = VariableKind.BOOL if high is None else VariableKind.RANGE
        top = 1 if high is None else high
        variables.append(
            Variable(name=name, component="", kind=kind, role=VariableRole.BUDGET, low=0, high=top, initial=(0,))
        )
        return index, self._builder.variable(index, low=0, high=top, is_bool=high is None)

    def constrain(self, fault: int, permits: list[ExprId], updates: list[Update]) -> None:
        """Add to the permit and the updates of a fault."""
        builder = self._builder
        if fault not in self._struck:
            return
        index, has_struck = self._struck[fault]
        updates.append(Update(variable=index, value=builder.true))
        if self._different is not None:
            counter, used, bound = self._different
            permits.append(builder.or_(has_struck, builder.lt(used, bound)))
            more = builder.add(used, builder.const(1))
            updates.append(Update(variable=counter, value=builder.ite(has_struck, used, more)))
        for blocked in sorted(self._strikes.blocked, key=sorted):
            if fault in blocked and blocked <= self._faults:
                rest = [self._struck[i][1] for i in sorted(blocked - {fault})]
                permits.append(builder.not_(builder.and_(*rest)))
        if fault in self._strikes.order:
            before = self._strikes.order[: self._strikes.order.index(fault)]
            permits.append(builder.and_(*[self._has_struck(i) for i in before]))

    def constrain_forced(self, guard: ExprId, position: int) -> ExprId:
        """The permit of the command at `position` while the forced fault, whose guard this is, may have to strike: itself then, all others else."""
        builder = self._builder
        forced = self._strikes.forced
        assert forced is not None, "asked only if a fault is forced"
        after = [self._has_struck(i) for i in sorted(self._strikes.forced_after)]
        wanted = builder.and_(*after, builder.not_(self._has_struck(forced)))
        return wanted if position == forced else builder.not_(builder.and_(wanted, guard))

    def _has_struck(self, fault: int) -> ExprId:
        return self._struck[fault][1] if fault in self._struck else self._builder.false
