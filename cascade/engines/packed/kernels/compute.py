"""One operator on derived values: what programs do where no table is small enough."""

import numpy as np

from cascade.core.expressions import Op
from cascade.engines.native.kernel import Word, Words, subroutine
from cascade.engines.packed.image import OPERAND_WORDS

ONE = np.uint64(1)
SIX = np.uint64(6)
STEP = np.uint64(OPERAND_WORDS)
NOWHERE = np.uint64(63)

_NOT, _AND, _OR, _EQ, _LT, _LE = (np.uint64(o) for o in (Op.NOT, Op.AND, Op.OR, Op.EQ, Op.LT, Op.LE))
_ADD, _SUB, _MUL, _DIV, _MIN, _MAX = (np.uint64(o) for o in (Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.MIN, Op.MAX))
_ITE, _SELECT = np.uint64(Op.ITE), np.uint64(Op.SELECT)


@subroutine
def _operand(code: Words, at: Word, words: Words, base: Word) -> tuple[np.int64, bool]:
    """The value of an operand, and whether it fails."""
    word = words[base + code[at]]
    value = (word >> code[at + ONE]) & code[at + np.uint64(2)]
    fail_shift = code[at + np.uint64(4)]
    fails = fail_shift != NOWHERE and (word >> fail_shift) & ONE != np.uint64(0)
    return np.int64(value) + np.int64(code[at + np.uint64(3)]), fails


@subroutine
def compute(code: Words, at: Word, words: Words, base: Word) -> Word:
    """The step at `code[at]` (op, word, shift, low, shift of the failing bit, number of operands, operands); where the next step stands.

    Operators as in `cascade.core.expressions`, laziness included: an operand that is not asked for cannot fail.
    """
    op = code[at]
    count = code[at + np.uint64(5)]
    first = at + SIX
    a, fails = _operand(code, first, words, base)
    result = a
    if op == _AND or op == _OR:
        decided = a == 0 if op == _AND else a != 0
        k = ONE
        while k < count and not decided and not fails:
            a, fails = _operand(code, first + k * STEP, words, base)
            decided = a == 0 if op == _AND else a != 0
            k += ONE
        result = np.int64(decided) if op == _OR else np.int64(not decided)
    elif op == _NOT:
        result = np.int64(a == 0)
    elif op == _ITE:
        if not fails:
            result, fails = _operand(code, first + (STEP if a != 0 else STEP + STEP), words, base)
    elif op == _SELECT:
        if not fails:
            if a < 1 or a >= np.int64(count):
                fails = True
            else:
                result, fails = _operand(code, first + np.uint64(a) * STEP, words, base)
    else:
        b, other_fails = _operand(code, first + STEP, words, base)
        fails = fails or other_fails
        if op == _EQ:
            result = np.int64(a == b)
        elif op == _LT:
            result = np.int64(a < b)
        elif op == _LE:
            result = np.int64(a <= b)
        elif op == _ADD:
            result = a + b
        elif op == _SUB:
            result = a - b
        elif op == _MUL:
            result = a * b
        elif op == _MIN:
            result = min(a, b)
        elif op == _MAX:
            result = max(a, b)
        elif op == _DIV:
            if b == 0:
                fails = True
            else:
                result = a // b
    to = base + code[at + ONE]
    if fails:
        words[to] |= ONE << code[at + np.uint64(4)]
    else:
        words[to] |= np.uint64(result - np.int64(code[at + np.uint64(3)])) << code[at + np.uint64(2)]
    return np.uint64(first + count * STEP)
