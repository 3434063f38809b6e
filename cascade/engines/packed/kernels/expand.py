"""Successors of packed states by table look-up; all that differs between models is in the image (`cascade.engines.packed.image`).

A model whose states have one word keeps them as they are. Of a wider state every word is *interned*: kept once, and from then on known by its
number; pairs of numbers are interned in turn, up a binary tree, so that the pair at the root, one word, stands for the state (Laarman, van de Pol,
Weber, *Parallel Recursive State Compression for Free*, SPIN 2011). So everything outside this module handles states of one word, called *roots*.
"""

import numpy as np

from cascade.engines.native.kernel import SmallWords, Word, Words, kernel, subroutine
from cascade.engines.packed import image
from cascade.engines.packed.kernels.compute import compute
from cascade.engines.packed.kernels.intern import decode, encode, has_room
from cascade.engines.packed.kernels.symmetry import canonicalise

NONE, ONE, TWO, THREE, FOUR = (np.uint64(i) for i in range(5))
THIRTY_TWO = np.uint64(32)

# By what a successor was reached; the larger, the cheaper. 0 is a free slot of the seen set.
WAITS_FOR_FAULT, WAITS_FOR_TICK, DONE = ONE, TWO, THREE

# Why `expand` returned.
FINISHED, FULL, FOUND, FAILED, NEEDS_TREE = (np.uint64(i) for i in range(5))

# Flags of an entry.
IS_BLOCKED, IS_FAILING, IS_TICK_FAILING = ONE, TWO, FOUR
FLAGS = np.uint64(255)
EIGHT = np.uint64(8)
COMMAND_MASK = np.uint64((1 << 30) - 1)

_LOOK_UP, _COMPARE, _ASSIGN, _CLEAR_UNLESS, _FAIL_IF, _COMPUTE, _END = (
    np.uint64(kind)
    for kind in (
        image.LOOK_UP,
        image.COMPARE,
        image.ASSIGN,
        image.CLEAR_UNLESS,
        image.FAIL_IF,
        image.COMPUTE,
        image.END,
    )
)


@subroutine
def run_program(code: Words, small: SmallWords, at: Word, words: Words, base: Word) -> bool:
    """Run the program at `code[at]` on the state at `words[base]` and the derived fields behind it, which must be 0; False where something fails."""
    while True:
        kind = code[at]
        if kind == _LOOK_UP:
            index = code[at + np.uint64(3)]
            count = code[at + np.uint64(4)]
            to, shift = base + code[at + ONE], code[at + TWO]
            at += np.uint64(5)
            while count > NONE:
                index += ((words[base + code[at]] >> code[at + ONE]) & code[at + TWO]) << code[at + THREE]
                at += FOUR
                count -= ONE
            words[to] |= np.uint64(small[index]) << shift
        elif kind == _END:
            return True
        elif kind == _COMPUTE:
            at = compute(code, at + ONE, words, base)
        else:
            value = (words[base + code[at + ONE]] >> code[at + TWO]) & code[at + THREE]
            if kind == _COMPARE:
                if value >= code[at + FOUR]:
                    words[base + code[at + np.uint64(5)]] |= ONE << code[at + np.uint64(6)]
                at += np.uint64(7)
            elif kind == _ASSIGN:
                # The offset may be negative: it wraps around, and back unless the value is too small.
                new = value + code[at + FOUR]
                if new > code[at + np.uint64(5)]:
                    return False
                to, shift, mask = base + code[at + np.uint64(6)], code[at + np.uint64(7)], code[at + np.uint64(8)]
                words[to] = (words[to] & ~(mask << shift)) | (new << shift)
                at += np.uint64(9)
            elif kind == _CLEAR_UNLESS:
                if value == NONE:
                    to, shift, mask = base + code[at + FOUR], code[at + np.uint64(5)], code[at + np.uint64(6)]
                    words[to] &= ~(mask << shift)
                at += np.uint64(7)
            else:
                if value != NONE:
                    return False
                at += FOUR


@subroutine
def derive(code: Words, small: SmallWords, scratch: Words) -> None:
    """Fill in the derived fields of the state at `scratch[0]`."""
    i = code[image.STATE_WORDS]
    while i < code[image.ALL_WORDS]:
        scratch[i] = NONE
        i += ONE
    run_program(code, small, code[image.MAIN], scratch, NONE)


@subroutine
def goal_in(code: Words, scratch: Words) -> Word:
    """FOUND, FAILED or FINISHED (neither): is the state at `scratch[0]`, whose derived fields are known, a goal?"""
    word = scratch[code[image.GOAL_WORD]]
    mask = code[image.GOAL_MASK]
    if mask != NONE and (word >> code[image.GOAL_FAIL_SHIFT]) & ONE != NONE:
        return FAILED
    if (word >> code[image.GOAL_SHIFT]) & mask != NONE:
        return FOUND
    mask = code[image.CLOCK_MASK]
    if mask != NONE and (scratch[code[image.CLOCK_WORD]] >> code[image.CLOCK_SHIFT]) & mask > code[image.CLOCK_BOUND]:
        return FOUND
    return FINISHED


@kernel
def expand(
    code: Words,
    small: SmallWords,
    tree: Words,
    slots: SmallWords,
    roots: Words,
    begin: Word,
    end: Word,
    scratch: Words,
    out: Words,
    by: Words,
    ends: Words,
    wants_goal: bool,
) -> tuple[Word, Word, Word]:
    """Successors of `roots[begin:end]`: (status, position of the first state that is not expanded, number of successors in `out`).

    A successor is `root << 2 | mark`, where the mark says by what it is reached. If `by` has a length, it gets the command of each (a tick: one
    more than all commands can be); if `ends` has one, the number of successors up to and including each state. FULL: `out` may not hold the
    successors of one state more.
    Where members are interchangeable, successors are those that stand for all that swaps make of them.
    The last word of `scratch` counts states in which no tick is possible. FOUND (if `wants_goal`) and FAILED: the state at the
    position is a goal, or something fails to evaluate in it.
    """
    width = code[image.STATE_WORDS]
    total = code[image.ALL_WORDS]
    clusters, cluster_count, main = code[image.CLUSTERS], code[image.CLUSTER_COUNT], code[image.MAIN]
    is_timed = code[image.IS_TIMED] != NONE
    is_symmetric = code[image.SYMMETRY] != NONE
    slack = code[image.SLACK]
    op_size = ONE + TWO * width
    after = total
    ids = TWO * total
    ticks = ids + FOUR * width
    blocked = np.uint64(len(scratch)) - ONE
    room = np.uint64(len(out))
    names_commands = len(by) > 0
    counts_states = len(ends) > 0
    made = NONE
    position = begin
    while position < end:
        if made + slack > room:
            return FULL, position, made
        root = roots[position]
        if width == ONE:
            scratch[NONE] = root
        else:
            if not has_room(tree):
                return NEEDS_TREE, position, made
            decode(tree, root, scratch, ids)
        if main != NONE:
            derive(code, small, scratch)
        if wants_goal:
            status = goal_in(code, scratch)
            if status != FINISHED:
                return status, position, made
        begun = made
        flags = NONE
        i = NONE
        while i < width:
            scratch[ticks + i] = scratch[i]
            i += ONE
        at = clusters
        c = NONE
        while c < cluster_count:
            count = code[at]
            index = code[at + ONE]
            at += TWO
            while count > NONE:
                index += ((scratch[code[at]] >> code[at + ONE]) & code[at + TWO]) << code[at + THREE]
                at += FOUR
                count -= ONE
            entry = np.uint64(small[index])
            head = code[entry]
            flags |= head
            entry += ONE
            i = NONE
            while i < width:
                scratch[ticks + i] += code[entry]
                entry += ONE
                i += ONE
            count = head >> EIGHT
            while count > NONE:
                meta = code[entry]
                program = meta >> THIRTY_TWO
                if width == ONE:
                    root = (scratch[NONE] & code[entry + ONE]) ^ code[entry + TWO]
                    if program != NONE:
                        scratch[after] = root
                        i = ONE
                        while i < total:
                            scratch[after + i] = NONE
                            i += ONE
                        if not run_program(code, small, program, scratch, after):
                            flags |= IS_FAILING
                        root = scratch[after]
                    if is_symmetric:
                        scratch[after] = root
                        canonicalise(code, scratch, after)
                        root = scratch[after]
                else:
                    i = NONE
                    while i < width:
                        scratch[after + i] = (scratch[i] & code[entry + ONE + TWO * i]) ^ code[entry + TWO + TWO * i]
                        i += ONE
                    if program != NONE:
                        while i < total:
                            scratch[after + i] = NONE
                            i += ONE
                        if not run_program(code, small, program, scratch, after):
                            flags |= IS_FAILING
                    if is_symmetric:
                        canonicalise(code, scratch, after)
                    root = encode(tree, slots, scratch, after, ids)
                out[made] = root << TWO | (meta & THREE)
                if names_commands:
                    by[made] = (meta >> TWO) & COMMAND_MASK
                made += ONE
                entry += op_size
                count -= ONE
            c += ONE
        if flags & IS_FAILING != NONE:
            return FAILED, position, begun
        if is_timed and flags & IS_BLOCKED == NONE:
            if flags & IS_TICK_FAILING != NONE:
                return FAILED, position, begun
            i = NONE
            while i < width:
                scratch[after + i] = scratch[ticks + i]
                i += ONE
            if is_symmetric:
                canonicalise(code, scratch, after)
            root = scratch[after]
            if width != ONE:
                root = encode(tree, slots, scratch, after, ids)
            out[made] = root << TWO | WAITS_FOR_TICK
            if names_commands:
                by[made] = COMMAND_MASK
            made += ONE
        elif is_timed:
            scratch[blocked] += ONE
        if counts_states:
            ends[position - begin] = made
        position += ONE
    return FINISHED, position, made
