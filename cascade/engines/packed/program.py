"""Steps that compute small derived values of a state, so that no table needs a wide support.

A program reads a state's words and writes *derived* fields behind them: a comparison of a clock with a constant, or an expression looked up in a table whose
index is made of variables and of fields derived before (the dependency matrices of LTSmin's PINS interface, Blom, van de Pol, Weber,
*LTSmin: Distributed and Symbolic Reachability*, 2010, taken further: a dependency may be a derived value).
"""

from collections.abc import Set as AbstractSet
from dataclasses import replace

import numpy as np

from cascade.core.expressions import Expressions, ExprId, Op
from cascade.core.model import CoreModel
from cascade.engines.packed.layout import WORD_BITS, Field, FieldAllocator, PackedLayout
from cascade.engines.packed.vector import Column, Mask, Result, VectorEvaluator
from cascade.records import dataclass

TABLE_BITS_MAX = 16
"""Index bits of one table of derived values."""

TABLE_VALUE_BITS_MAX = 31
"""Bits of one value in a table, failing bit included."""

OPERANDS_MAX = 8
"""Conjunctions and disjunctions of more operands are nested, so that parts of them can be derived by themselves."""


class TooWideError(Exception):
    """The model has a variable or an expression whose values do not fit a word."""


@dataclass(frozen=True, slots=True)
class Source:
    """Something that a table's index is made of: `number` is a variable, or the expression of a derived field."""

    field: Field
    low: int
    size: int
    is_derived: bool
    number: int
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Compare:
    """`destination := field >= bound`."""

    field: Field
    bound: int
    destination: Field


@dataclass(frozen=True, slots=True)
class LookUp:
    """`destination := table[index made of sources]`."""

    sources: tuple[Source, ...]
    table: Column
    destination: Field


@dataclass(frozen=True, slots=True)
class Compute:
    """`destination := op(operands) - low`, where no table is small enough; an operand is a source or a constant.

    `fail_shift` is the bit that is set where it fails, in the word of the destination.
    """

    op: Op
    operands: tuple[Source | int, ...]
    low: int
    destination: Field
    fail_shift: int | None


@dataclass(frozen=True, slots=True)
class Assign:
    """`target := value + offset`, a new value of a variable; it fails where that is beyond `limit`."""

    value: Field
    offset: int
    limit: int
    target: Field


@dataclass(frozen=True, slots=True)
class ClearUnless:
    """`target := 0` unless the field is set: a clock that does not run."""

    condition: Field
    target: Field


@dataclass(frozen=True, slots=True)
class FailIf:
    """The search stops where the bit is set: something fails to evaluate."""

    condition: Field


Step = Compare | LookUp | Compute | Assign | ClearUnless | FailIf


def index_bits(sources: set[Source]) -> int:
    """Bits of an index made of these sources."""
    return sum(source.field.bits for source in sources)


def ordered(sources: set[Source]) -> tuple[Source, ...]:
    """Sources in the order of their fields: adjacent fields are extracted by one shift."""
    return tuple(sorted(sources, key=lambda s: (s.field.word, s.field.shift)))


@dataclass(frozen=True, slots=True)
class Grid:
    """All valuations of some sources: row `i` is the valuation whose index is `i`; `valid` marks those that exist."""

    columns: dict[int, Column]
    known: dict[ExprId, Result]
    codes: dict[Source, Column]
    valid: Mask
    length: int


def make_grid(sources: tuple[Source, ...]) -> Grid:
    """The grid of `sources`, which are in order."""
    length = 1 << sum(s.field.bits for s in sources)
    index = np.arange(length, dtype=np.int64)
    valid = np.ones(length, dtype=np.bool_)
    grid = Grid({}, {}, {}, valid, length)
    position = 0
    for source in sources:
        code = (index >> position) & source.field.mask
        position += source.field.bits
        failing: Mask | None = None
        if source.fails:
            top = source.field.bits - 1
            failing = (code >> top) != 0
            code = code & ((1 << top) - 1)
        np.logical_and(valid, code < source.size, out=valid)
        grid.codes[source] = code
        values = np.minimum(code, source.size - 1) + source.low
        if source.is_derived:
            grid.known[source.number] = (values, failing)
        else:
            grid.columns[source.number] = values
    return grid


class Program:
    """A growing list of steps over one state. Derived fields stand in the words from `layout.word_count` on."""

    def __init__(self, model: CoreModel, expressions: Expressions, layout: PackedLayout) -> None:
        self._model = model
        self._expressions = expressions
        self._layout = layout
        self._allocator = FieldAllocator(layout.word_count)
        self._derived: dict[ExprId, Source] = {}
        self._compared: dict[tuple[int, int], Field] = {}
        self._covers: dict[ExprId, frozenset[Source]] = {}
        self.steps: list[Step] = []

    @property
    def word_count(self) -> int:
        """Words of derived fields."""
        return self._allocator.word_count

    def variable(self, index: int) -> Source:
        """A variable as a source."""
        variable = self._model.variables[index]
        return Source(self._layout.variables[index], variable.low, variable.high - variable.low + 1, False, index)

    def at_least(self, clock: int, bound: int) -> Field:
        """One derived bit: the clock stands at `bound` or more."""
        key = (clock, bound)
        if key not in self._compared:
            field = self._allocator.allocate(1)
            self.steps.append(Compare(self._layout.clocks[clock], bound, field))
            self._compared[key] = field
        return self._compared[key]

    def forget(self) -> None:
        """Derived values are outdated (a variable was assigned)."""
        self._derived.clear()
        self._covers.clear()

    def cover(self, expr: ExprId) -> frozenset[Source]:
        """The sources on which `expr` depends, derived values in place of what they stand for."""
        stack = [expr]
        while stack:
            current = stack[-1]
            if current in self._covers:
                stack.pop()
                continue
            op, args = self._expressions.ops[current], self._expressions.args[current]
            if current in self._derived:
                self._covers[current] = frozenset({self._derived[current]})
            elif op is Op.CONST:
                self._covers[current] = frozenset()
            elif op is Op.VAR:
                self._covers[current] = frozenset({self.variable(args[0])})
            else:
                missing = [a for a in args if a not in self._covers]
                if missing:
                    stack.extend(missing)
                    continue
                self._covers[current] = frozenset[Source]().union(*(self._covers[a] for a in args))
            stack.pop()
        return self._covers[expr]

    def fit(self, roots: list[ExprId], fixed: set[Source], limit: int) -> set[Source] | None:
        """Sources of all `roots` and `fixed` within `limit` bits of index, deriving the widest roots where needed; None if that does not help."""
        while True:
            sources = set(fixed).union(*(self.cover(root) for root in roots))
            if index_bits(sources) <= limit:
                return sources
            widest = max((r for r in roots if self._is_open(r)), key=self._saving, default=None)
            if widest is None or self._saving(widest) <= 0:
                return None
            self.derive(widest)

    def _is_open(self, expr: ExprId) -> bool:
        return expr not in self._derived and self._expressions.ops[expr] not in (Op.CONST, Op.VAR)

    def _saving(self, expr: ExprId) -> int:
        """Bits of index saved by deriving `expr`: its own width against that of what it depends on."""
        span = self._expressions.high[expr] - self._expressions.low[expr]
        width = span.bit_length() + int(self._expressions.can_fail[expr])
        return index_bits(set(self.cover(expr))) - width

    def derive(self, expr: ExprId) -> Source:
        """A derived field with the value of `expr`."""
        if expr in self._derived:
            return self._derived[expr]
        args = self._expressions.args[expr] if self._is_open(expr) else ()
        cover = self.cover(expr)
        while index_bits(set(cover)) > TABLE_BITS_MAX:
            widest = max((a for a in args if self._is_open(a)), key=self._saving, default=None)
            if widest is None or self._saving(widest) <= 0:
                return self._computed(expr)
            self.derive(widest)
            self._covers.pop(expr, None)
            cover = self.cover(expr)
        return self._tabulated(expr, ordered(set(cover))) or self._computed(expr)

    def _tabulated(self, expr: ExprId, sources: tuple[Source, ...]) -> Source | None:
        """A field looked up in a table; None if the values are too large for one."""
        grid = make_grid(sources)
        values, failing = VectorEvaluator(self._expressions, grid.columns, grid.known, grid.length).result(expr)
        ok = grid.valid if failing is None else grid.valid & ~failing
        low = int(values[ok].min()) if ok.any() else 0
        high = int(values[ok].max()) if ok.any() else 0
        if self._expressions.is_bool[expr]:
            low, high = 0, 1
        bits = (high - low).bit_length()
        table = np.where(ok, values - low, 0)
        fails = failing is not None and bool((failing & grid.valid).any())
        if fails:
            assert failing is not None, "something fails"
            table = table | (failing.astype(np.int64) << bits)
            bits += 1
        if bits > TABLE_VALUE_BITS_MAX:
            return None
        field = self._allocator.allocate(bits)
        self.steps.append(LookUp(sources, table, field))
        return self._remember(expr, Source(field, low, high - low + 1, True, expr, fails))

    def _computed(self, expr: ExprId) -> Source:
        """A field computed from its operands, each derived before unless it is a variable or a constant."""
        op, args = self._expressions.ops[expr], self._expressions.args[expr]
        assert op not in (Op.CONST, Op.VAR), "what stands in one field is not computed"
        operands = tuple(self.operand(a) for a in args)
        low, high = self._expressions.low[expr], self._expressions.high[expr]
        fails = self._expressions.can_fail[expr]
        bits = (high - low).bit_length() + int(fails)
        if bits > WORD_BITS:
            raise TooWideError
        field = self._allocator.allocate(bits)
        self.steps.append(Compute(op, operands, low, field, field.shift + bits - 1 if fails else None))
        return self._remember(expr, Source(field, low, high - low + 1, True, expr, fails))

    def operand(self, expr: ExprId, changing: AbstractSet[int] = frozenset()) -> Source | int:
        """Where the value of `expr` stands: a constant, a variable, or a derived field; never a variable that is `changing`."""
        op, args = self._expressions.ops[expr], self._expressions.args[expr]
        if op is Op.CONST:
            return args[0]
        if op is not Op.VAR:
            return self.derive(expr)
        return self._copied(self.variable(args[0])) if args[0] in changing else self.variable(args[0])

    def _copied(self, source: Source) -> Source:
        """The value that a variable has now, in a derived field."""
        copy = self._allocator.allocate(source.field.bits)
        self.steps.append(Assign(source.field, 0, source.field.mask, copy))
        return replace(source, field=copy)

    def _remember(self, expr: ExprId, source: Source) -> Source:
        self._derived[expr] = source
        self._covers.clear()
        return source


def nested(expressions: Expressions) -> tuple[Expressions, dict[ExprId, ExprId]]:
    """The same expressions with wide conjunctions and disjunctions nested, and where each old one went."""
    ops: list[Op] = []
    args: list[tuple[int, ...]] = []
    attributes: list[tuple[bool, int, int, bool]] = []
    new: dict[ExprId, ExprId] = {}

    def add(op: Op, operands: tuple[int, ...], attribute: tuple[bool, int, int, bool]) -> ExprId:
        ops.append(op)
        args.append(operands)
        attributes.append(attribute)
        return len(ops) - 1

    for old in range(len(expressions)):
        op, operands = expressions.ops[old], expressions.args[old]
        attribute = (expressions.is_bool[old], expressions.low[old], expressions.high[old], expressions.can_fail[old])
        if op not in (Op.CONST, Op.VAR):
            operands = tuple(new[a] for a in operands)
        while op in (Op.AND, Op.OR) and len(operands) > OPERANDS_MAX:
            chunks = [operands[i : i + OPERANDS_MAX] for i in range(0, len(operands), OPERANDS_MAX)]
            operands = tuple(chunk[0] if len(chunk) == 1 else add(op, chunk, attribute) for chunk in chunks)
        new[old] = add(op, operands, attribute)
    columns = tuple(zip(*attributes, strict=True)) if attributes else ((), (), (), ())
    return Expressions(
        ops=tuple(ops),
        args=tuple(args),
        is_bool=tuple(columns[0]),
        low=tuple(columns[1]),
        high=tuple(columns[2]),
        can_fail=tuple(columns[3]),
        spans={},
    ), new
