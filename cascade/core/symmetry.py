"""Which components of a model are interchangeable, for one query: swapping two of them leaves model and query as they are.

In: a model and a query about reachable states. Out: a `Symmetry`, or None. A swap exchanges all that is named after one component with what is named alike
after the other. Names only propose it: it counts if every variable, clock, settle and command, and the query, is mapped to one that is there, where the
operands of sums, of `and`, `or`, `min`, `max` and `==` may stand in any order. So a component that anything tells from the others, say a guard or a check that
names it, is interchangeable with none. When in doubt, two components are different.

`docs/internals/reductions.md` says why one state may then stand for all that swaps make of it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from math import factorial

from cascade.core.expressions import Expressions, ExprId, Op
from cascade.core.model import Command, CoreModel
from cascade.core.queries import Query, Reach
from cascade.records import dataclass

WORK_MAX = 3_000_000
"""Expressions that are looked at before what was found until then has to do: about a second or two."""

MEMBERS_MAX = 32
"""Of larger classes each part of so many members is a class of its own: counts of arrangements stay small numbers."""

_LEAVES_MAX = 4096
_COMMUTATIVE = frozenset({Op.AND, Op.OR, Op.EQ, Op.ADD, Op.MUL, Op.MIN, Op.MAX})
_ASSOCIATIVE = frozenset({Op.AND, Op.OR, Op.ADD, Op.MIN, Op.MAX})
_LAZY = frozenset({Op.AND, Op.OR})
_NAME = r"[^\W\d]\w*(?:\[\d+\])?"
_PATH = re.compile(rf"(?<![\w.\]]){_NAME}(?:\.{_NAME})*")

Block = tuple[int, ...]
"""Positions in a state (variables, then clocks) that belong to a member; those of two members of a class correspond one by one."""

State = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Symmetry:
    """Classes of interchangeable members, as the members' blocks. Two blocks have nothing in common, or one is within the other.

    A class within a block of another one stands before that, and corresponds to a class in each other block there.
    `names` are the classes' members, for display; classes that only correspond to another are left out.
    """

    classes: tuple[tuple[Block, ...], ...]
    names: tuple[tuple[str, ...], ...]

    def canonical(self, state: State) -> State:
        """The one that stands for all states that swaps make of `state`."""
        values = list(state)
        for blocks in self.classes:
            contents = sorted([values[p] for p in block] for block in blocks)
            for block, content in zip(blocks, contents, strict=True):
                for position, value in zip(block, content, strict=True):
                    values[position] = value
        return tuple(values)

    def orbit_size(self, state: State) -> int:
        """How many states swaps make of `state`, itself included."""
        values = self.canonical(state)
        size = 1
        for blocks in self.classes:
            size *= factorial(len(blocks))
            for count in Counter(tuple(values[p] for p in block) for block in blocks).values():
                size //= factorial(count)
        return size


def find_symmetry(model: CoreModel, query: Query) -> Symmetry | None:
    """What is interchangeable in `model` for `query`; None if nothing is, or the query is about more than reachable states."""
    if not isinstance(query, Reach):
        return None
    candidates = _candidates(model)
    if not candidates or len({settle.variable for settle in model.settles}) != len(model.settles):
        return None
    search = _Swaps(model, query, candidates)
    classes: list[_Class] = []
    try:
        for bucket in candidates:
            classes += search.classes_of(bucket)
    except _TooMuchWorkError:
        pass
    chosen = _nested(classes)
    if not chosen:
        return None
    return Symmetry(classes=tuple(c.blocks for c in chosen), names=tuple(c.names for c in chosen if c.is_own))


def _candidates(model: CoreModel) -> list[list[str]]:
    """Components of one type within the same component, where there are two or more."""
    buckets: dict[tuple[str, str], list[str]] = {}
    for component in model.components:
        if component.name:
            parent = component.name.rpartition(".")[0]
            buckets.setdefault((parent, component.type_name), []).append(component.name)
    return [bucket for bucket in buckets.values() if len(bucket) > 1]


# --- classes within members of classes ---


@dataclass(frozen=True, slots=True, kw_only=True)
class _Class:
    blocks: tuple[Block, ...]
    names: tuple[str, ...]
    is_own: bool = True


def _nested(classes: list[_Class]) -> list[_Class]:
    """Classes that are apart or within a block of each other, the inner ones first; the same ones in all blocks of an outer class."""
    kept: list[_Class] = []
    for outer in sorted(_parts(classes), key=lambda c: -len(c.blocks[0])):
        if all(_fits(outer, other) for other in kept):
            kept.append(outer)
    # From the outermost: what is within the first block is repeated in the others, what was found there is the same.
    result: list[_Class] = []
    pending = kept
    while pending:
        outer, *rest = pending
        result.append(outer)
        first = {position: k for k, position in enumerate(outer.blocks[0])}
        others = {position for block in outer.blocks[1:] for position in block}
        pending = []
        for inner in rest:
            if inner.blocks[0][0] in others:
                continue
            pending.append(inner)
            if inner.blocks[0][0] in first:
                for block in outer.blocks[1:]:
                    image = tuple(tuple(block[first[p]] for p in b) for b in inner.blocks)
                    pending.append(_Class(blocks=image, names=(), is_own=False))
        pending.sort(key=lambda c: -len(c.blocks[0]))
    return result[::-1]


def _parts(classes: list[_Class]) -> Iterator[_Class]:
    for c in classes:
        for begin in range(0, len(c.blocks), MEMBERS_MAX):
            end = begin + MEMBERS_MAX
            if len(c.blocks[begin:end]) > 1:
                yield _Class(blocks=c.blocks[begin:end], names=c.names[begin:end])


def _fits(inner: _Class, outer: _Class) -> bool:
    """Are they apart, or is all of `inner` within one block of `outer`?"""
    all_inner = {position for block in inner.blocks for position in block}
    touched = [block for block in outer.blocks if not all_inner.isdisjoint(block)]
    return not touched or (len(touched) == 1 and all_inner <= set(touched[0]))


# --- swaps ---


class _TooMuchWorkError(Exception):
    """What was found until now has to do."""


class _Canon:
    """Numbers for expressions under a renaming of variables: equal numbers, equal values and failures in all states."""

    def __init__(self, table: Expressions) -> None:
        self._table = table
        self._numbers: dict[tuple[int, ...], int] = {}
        self._leaves: dict[ExprId, tuple[int, ...]] = {}
        self._plain: dict[ExprId, int] = {}
        self.work = 0
        supports: list[int] = []
        for op, args in zip(table.ops, table.args, strict=True):
            support = 0
            if op is Op.VAR:
                support = 1 << args[0]
            elif op is not Op.CONST:
                for arg in args:
                    support |= supports[arg]
            supports.append(support)
        self.supports = supports

    def plain(self, root: ExprId) -> int:
        """Of an expression as it is."""
        return self._number(root, {}, 0, self._plain)

    def renamed(self, root: ExprId, renaming: dict[int, int], moved: int, known: dict[ExprId, int]) -> int:
        """Of an expression with variables renamed; `moved` has their bits, `known` what was found for this renaming."""
        return self._number(root, renaming, moved, known)

    def _number(self, root: ExprId, renaming: dict[int, int], moved: int, known: dict[ExprId, int]) -> int:
        if moved and not self.supports[root] & moved:
            return self.plain(root)
        if root in known:
            return known[root]
        needed: set[ExprId] = set()
        pending = [root]
        while pending:
            node = pending.pop()
            if node in needed or node in known:
                continue
            needed.add(node)
            if not moved or self.supports[node] & moved:
                pending += self._leaves_of(node)
        self.work += len(needed)
        if self.work > WORK_MAX:
            raise _TooMuchWorkError
        for node in sorted(needed):
            is_same = moved and not self.supports[node] & moved
            known[node] = self.plain(node) if is_same else self._new_number(node, renaming, known)
        return known[root]

    def _new_number(self, node: ExprId, renaming: dict[int, int], known: dict[ExprId, int]) -> int:
        op, args = self._table.ops[node], self._table.args[node]
        if op is Op.CONST:
            key = (op, *args)
        elif op is Op.VAR:
            key = (op, renaming.get(args[0], args[0]))
        else:
            numbers = [known[leaf] for leaf in self._leaves_of(node)]
            self.work += len(numbers)
            # What is evaluated only if what stands before it is true keeps its place, if its evaluation may fail.
            if op in _COMMUTATIVE and not (op in _LAZY and self._table.can_fail[node]):
                numbers.sort()
            key = (op, *numbers)
        return self._numbers.setdefault(key, len(self._numbers))

    def _leaves_of(self, node: ExprId) -> tuple[ExprId, ...]:
        """The operands of a chain of one associative operator; those of any other node are its arguments."""
        if node in self._leaves:
            return self._leaves[node]
        table = self._table
        op, args = table.ops[node], table.args[node]
        leaves: list[ExprId] = [] if op in (Op.CONST, Op.VAR) else list(args)
        if op in _ASSOCIATIVE and any(table.ops[arg] is op for arg in args):
            leaves, pending = [], list(reversed(args))
            while pending and len(leaves) + len(pending) <= _LEAVES_MAX:
                leaf = pending.pop()
                if table.ops[leaf] is op:
                    pending += reversed(table.args[leaf])
                else:
                    leaves.append(leaf)
            if pending:
                leaves = list(args)
        self._leaves[node] = tuple(leaves)
        return self._leaves[node]


class _Swaps:
    """Finds out which swaps change nothing."""

    def __init__(self, model: CoreModel, query: Reach, candidates: list[list[str]]) -> None:
        self._model = model
        self._query = query
        self._canon = _Canon(model.expressions)
        self._names = [*(v.name for v in model.variables), *(c.name for c in model.clocks)]
        self._index = {name: position for position, name in enumerate(self._names)}
        self._has_twins = len(self._index) < len(self._names)
        known = {name for bucket in candidates for name in bucket}
        self._owned: dict[str, list[int]] = {}
        for position, name in enumerate(self._names):
            for component in {prefix for path in _PATH.findall(name) for prefix in _prefixes(path)} & known:
                self._owned.setdefault(component, []).append(position)
        self._settle_of = {settle.variable: place for place, settle in enumerate(model.settles)}
        self._settle_reads = [self._bits((s.value,)) | 1 << s.variable for s in model.settles]
        self._clock_reads = [self._bits((c.runs_while,)) for c in model.clocks]
        self._command_reads = [self._command_bits(c) for c in model.commands]
        self._users: dict[int, list[int]] = {}
        for place, command in enumerate(model.commands):
            if command.clock is not None:
                self._users.setdefault(command.clock, []).append(place)
        self._readers: dict[int, list[int]] = {}
        for place, bits in enumerate(self._command_reads):
            for variable in _ones(bits):
                self._readers.setdefault(variable, []).append(place)

    def classes_of(self, bucket: list[str]) -> Iterator[_Class]:
        """The classes of two or more among these components."""
        if self._has_twins:
            return
        classes: list[list[tuple[str, Block]]] = []
        for name in bucket:
            block = tuple(self._owned.get(name, ()))
            if not block:
                continue
            for members in classes:
                image = self._swapped(members[0], name)
                if image is not None:
                    members.append((name, image))
                    break
            else:
                classes.append([(name, block)])
        for members in classes:
            blocks = tuple(block for _, block in members)
            if len(blocks) > 1 and len({p for block in blocks for p in block}) == len(blocks) * len(blocks[0]):
                yield _Class(blocks=blocks, names=tuple(name for name, _ in members))

    def _swapped(self, member: tuple[str, Block], other: str) -> Block | None:
        """The block of `other` that corresponds to that of `member`, if a swap of the two changes nothing."""
        name, block = member
        if len(self._owned[other]) != len(block) or not set(block).isdisjoint(self._owned[other]):
            return None
        image = tuple(self._index.get(_renamed(self._names[p], name, other), -1) for p in block)
        if sorted(image) != self._owned[other] or not all(map(self._is_alike, block, image)):
            return None
        swap = dict(zip((*block, *image), (*image, *block), strict=True))
        return image if self._is_automorphism(swap) else None

    def _is_alike(self, one: int, other: int) -> bool:
        variables = self._model.variables
        count = len(variables)
        if one >= count or other >= count:
            return one >= count and other >= count
        a, b = variables[one], variables[other]
        return (a.kind, a.role, a.low, a.high, sorted(a.initial)) == (b.kind, b.role, b.low, b.high, sorted(b.initial))

    def _is_automorphism(self, swap: dict[int, int]) -> bool:
        count = len(self._model.variables)
        moved = sum(1 << p for p in swap if p < count)
        known: dict[ExprId, int] = {}

        def new(expression: ExprId) -> int:
            return self._canon.renamed(expression, swap, moved, known)

        old = self._canon.plain
        query = self._query
        if new(query.goal) != old(query.goal):
            return False
        if query.clock is not None and count + query.clock in swap:
            return False
        for place, clock in enumerate(self._model.clocks):
            image = swap.get(count + place, count + place) - count
            if image == place and not self._clock_reads[place] & moved:
                continue
            other = self._model.clocks[image]
            if clock.stop_ticks != other.stop_ticks or new(clock.runs_while) != old(other.runs_while):
                return False
        return self._keeps_settles(swap, moved, known) and self._keeps_commands(swap, moved, known)

    def _keeps_settles(self, swap: dict[int, int], moved: int, known: dict[ExprId, int]) -> bool:
        """Are the settles the same, and those of which one reads the other in the same order?"""
        for place, settle in enumerate(self._model.settles):
            if not self._settle_reads[place] & moved:
                continue
            image = self._settle_of.get(swap.get(settle.variable, settle.variable))
            if image is None:
                return False
            other = self._model.settles[image]
            if self._canon.renamed(settle.value, swap, moved, known) != self._canon.plain(other.value):
                return False
            for variable in _ones(self._settle_reads[place] & ~(1 << settle.variable)):
                read = self._settle_of.get(variable)
                read_image = self._settle_of.get(swap.get(variable, variable))
                if (read is None) != (read_image is None):
                    return False
                if read is not None and read_image is not None and (read < place) != (read_image < image):
                    return False
        return True

    def _keeps_commands(self, swap: dict[int, int], moved: int, known: dict[ExprId, int]) -> bool:
        """Are the commands the same, whatever their order and their names?"""
        count = len(self._model.variables)
        touched: set[int] = set()
        for position in swap:
            touched.update(
                self._readers.get(position, ()) if position < count else self._users.get(position - count, ())
            )

        def key(command: Command, *, is_new: bool) -> tuple[object, ...]:
            def number(expression: ExprId) -> int:
                if is_new:
                    return self._canon.renamed(expression, swap, moved, known)
                return self._canon.plain(expression)

            def place(position: int) -> int:
                return swap.get(position, position) if is_new else position

            return (
                command.command_class,
                command.kind,
                number(command.guard),
                number(command.permit),
                tuple(sorted((place(u.variable), number(u.value)) for u in command.updates)),
                None if command.clock is None else place(count + command.clock),
                command.earliest_ticks,
                command.latest_ticks,
                command.owed,
            )

        commands = [self._model.commands[place] for place in touched]
        if any(len({u.variable for u in c.updates}) < len(c.updates) for c in commands):
            return False
        return Counter(key(c, is_new=True) for c in commands) == Counter(key(c, is_new=False) for c in commands)

    def _bits(self, expressions: Iterable[ExprId]) -> int:
        bits = 0
        for expression in expressions:
            bits |= self._canon.supports[expression]
        return bits

    def _command_bits(self, command: Command) -> int:
        bits = self._bits((command.guard, command.permit, *(u.value for u in command.updates)))
        for update in command.updates:
            bits |= 1 << update.variable
        return bits


def _prefixes(path: str) -> Iterator[str]:
    parts = path.split(".")
    for length in range(1, len(parts) + 1):
        yield ".".join(parts[:length])


def _renamed(name: str, one: str, other: str) -> str:
    """`name` with a component's path for another's."""

    def swapped(match: re.Match[str]) -> str:
        path = match.group()
        return other + path[len(one) :] if path == one or path.startswith(f"{one}.") else path

    return _PATH.sub(swapped, name)


def _ones(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
