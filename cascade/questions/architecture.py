"""What depends on what, read off the checked model: the graph that a report draws.

A component *depends* on another when one of its derived values, or a guard or an update of one of its commands, reads a value of the other: a named derived
value, or else a variable. What stands behind that value is the other's own matter. So a bond depends on its switches, and what runs over the bond depends on
the bond.
"""

import re

from cascade.checked.model import Outage, System
from cascade.core.expressions import ExprId, Op
from cascade.records import dataclass

_OWNERS_MAX = 16
"""An expression made of variables of more components is of all alike."""

_PATH = re.compile(r"[A-Za-z_]\w*(?:\[\d+\])?(?:\.[A-Za-z_]\w*(?:\[\d+\])?)*")
_STRING = re.compile(r'"[^"\n]*"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """`user` reads a value of `used`; both are paths of components. An outage is a user by its name."""

    user: str
    used: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """The dependencies of a system in the order of the spec, those of outages apart."""

    dependencies: tuple[Dependency, ...]
    outages: tuple[Dependency, ...]


def architecture(system: System) -> Architecture:
    """The dependencies between components of `system`, and what its outages look at."""
    return _Reader(system).read()


def cycles(names: tuple[str, ...], edges: tuple[tuple[str, str], ...]) -> tuple[tuple[str, ...], ...]:
    """Strongly connected sets of more than one name, each and all in the order of `names`."""
    following: dict[str, list[str]] = {name: [] for name in names}
    for start, end in edges:
        following[start].append(end)
    position = {name: i for i, name in enumerate(names)}
    found = [sorted(part, key=position.__getitem__) for part in _components(names, following) if len(part) > 1]
    return tuple(tuple(part) for part in sorted(found, key=lambda part: position[part[0]]))


def _statement(outage: Outage) -> str:
    """The first line of an outage's declaration, from its name on."""
    return outage.span.source.text[outage.span.start :].partition("\n")[0]


def _components(names: tuple[str, ...], following: dict[str, list[str]]) -> list[list[str]]:
    """Tarjan's algorithm with a stack of its own."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    open_names: list[str] = []
    is_open: set[str] = set()
    result: list[list[str]] = []
    for root in names:
        work = [(root, 0)] if root not in index else []
        while work:
            name, next_edge = work.pop()
            if next_edge == 0:
                index[name] = low[name] = len(index)
                open_names.append(name)
                is_open.add(name)
            ends = following[name]
            if next_edge:
                low[name] = min(low[name], low[ends[next_edge - 1]]) if ends[next_edge - 1] in is_open else low[name]
            while next_edge < len(ends) and ends[next_edge] in index:
                if ends[next_edge] in is_open:
                    low[name] = min(low[name], index[ends[next_edge]])
                next_edge += 1
            if next_edge < len(ends):
                work.extend(((name, next_edge + 1), (ends[next_edge], 0)))
                continue
            if low[name] == index[name]:
                start = open_names.index(name)
                result.append(open_names[start:])
                is_open.difference_update(open_names[start:])
                del open_names[start:]
    return result


class _Reader:
    def __init__(self, system: System) -> None:
        self._system = system
        self._ops = system.builder.ops
        self._args = system.builder.args
        self._home = self._homes()
        # Named junctions by the operator and their first operand.
        self._junctions: dict[tuple[Op, ExprId], list[ExprId]] = {}
        for value in self._home:
            if self._ops[value] in (Op.AND, Op.OR):
                self._junctions.setdefault((self._ops[value], min(self._args[value])), []).append(value)

    def _homes(self) -> dict[ExprId, str]:
        """Whose value an expression is: of all that have a name, and of tests of one variable, which belong to whoever has the variable."""
        homes: dict[ExprId, str] = {}
        owners = self._owners()
        for derived in self._system.derived:
            value, name = derived.value, derived.component
            if not name or self._ops[value] in (Op.CONST, Op.VAR):
                continue
            # Of several components that call a value theirs, the others only pass it on.
            if value not in homes or (homes[value] not in owners[value] and name in owners[value]):
                homes[value] = name
        for value, variable in self._tests().items():
            name = self._system.variables[variable].component
            if name:
                homes[value] = name
        return homes

    def _tests(self) -> dict[ExprId, int]:
        """Conditions on a single variable, such as `health == up or health == half`, with the variable: anybody may have written the same."""
        tests: dict[ExprId, int] = {}
        for value, (op, args) in enumerate(zip(self._ops, self._args, strict=True)):
            if op in (Op.EQ, Op.LT, Op.LE):
                tested = [self._args[a][0] for a in args if self._ops[a] is Op.VAR]
                if len(tested) == 1 and any(self._ops[a] is Op.CONST for a in args):
                    tests[value] = tested[0]
            elif op in (Op.NOT, Op.AND, Op.OR):
                found = {self._args[a][0] if self._ops[a] is Op.VAR else tests.get(a) for a in args}
                only = next(iter(found))
                if len(found) == 1 and only is not None:
                    tests[value] = only
        return tests

    def _owners(self) -> list[frozenset[str]]:
        """For each expression the components whose variables it is made of; more than a few are not told apart."""
        owners: list[frozenset[str]] = []
        for op, args in zip(self._ops, self._args, strict=True):
            if op is Op.VAR:
                name = self._system.variables[args[0]].component
                owners.append(frozenset((name,) if name else ()))
            elif op is Op.CONST:
                owners.append(frozenset())
            else:
                found: frozenset[str] = frozenset()
                for part in args:
                    if len(found) > _OWNERS_MAX:
                        break
                    found |= owners[part]
                owners.append(found)
        return owners

    def read(self) -> Architecture:
        roots: dict[str, list[ExprId]] = {component.name: [] for component in self._system.components}
        for derived in self._system.derived:
            roots[derived.component].append(derived.value)
        for command in self._system.commands:
            # What cuts a link is no part of the design.
            if command.cut_checks is None:
                roots[command.component].extend((command.guard, *(update.value for update in command.updates)))
        dependencies = [
            Dependency(user=name, used=used)
            for name, values in roots.items()
            if name
            for used in self._used(values, name)
        ]
        outages = [
            Dependency(user=outage.name, used=used)
            for outage in self._system.outages
            for used in self._named(_statement(outage)) or self._used([outage.condition], "")
        ]
        return Architecture(dependencies=tuple(dependencies), outages=tuple(outages))

    def _named(self, text: str) -> list[str]:
        """Components that the text of an outage names: it may look at one that only passes on what another says."""
        known = {component.name for component in self._system.components if component.name}
        found: dict[str, None] = {}
        for path in _PATH.findall(_STRING.sub("", text).partition(" when ")[2]):
            parts = path.split(".")
            prefixes = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
            name = next((prefix for prefix in prefixes if prefix in known), None)
            if name is not None:
                found[name] = None
        return list(found)

    def _used(self, values: list[ExprId], user: str) -> list[str]:
        """Components whose values `values` are made of, without `user` itself, in the order in which they are met."""
        found: dict[str, None] = {}
        seen: set[ExprId] = set()
        pending = list(reversed(values))
        while pending:
            expr = pending.pop()
            if expr in seen:
                continue
            seen.add(expr)
            op = self._ops[expr]
            home = self._home.get(expr, user)
            if op is Op.VAR:
                home = self._system.variables[self._args[expr][0]].component
            if home not in (user, ""):
                found[home] = None
            elif op not in (Op.CONST, Op.VAR):
                pending.extend(reversed(self._parts(expr, user)))
        return list(found)

    def _parts(self, expr: ExprId, user: str) -> list[ExprId]:
        """The operands; of a junction those together that are what another component calls a value of its own.

        Junctions are flat: `here and there.serving` has the operands of `there.serving` among its own.
        """
        op, left = self._ops[expr], dict.fromkeys(self._args[expr])
        if op not in (Op.AND, Op.OR):
            return list(left)
        parts: list[ExprId] = []
        candidates = dict.fromkeys(c for a in left for c in self._junctions.get((op, a), ()))
        for candidate in sorted(candidates, key=lambda c: -len(self._args[c])):
            operands = self._args[candidate]
            if candidate != expr and self._home[candidate] != user and all(a in left for a in operands):
                parts.append(candidate)
                for operand in operands:
                    del left[operand]
        return [*parts, *left]
