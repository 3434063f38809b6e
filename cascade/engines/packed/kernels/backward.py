"""Looking back at explored layers: which state of a layer is the goal, which one comes before another."""

import numpy as np
from numpy.typing import NDArray

from cascade.engines.native.kernel import SmallWords, Word, Words, kernel, subroutine
from cascade.engines.packed import image
from cascade.engines.packed.kernels.expand import (
    FAILED,
    FOUND,
    NEEDS_TREE,
    NONE,
    ONE,
    THREE,
    TWO,
    WAITS_FOR_TICK,
    derive,
    expand,
    goal_in,
)
from cascade.engines.packed.kernels.explore import IN_ORDER
from cascade.engines.packed.kernels.intern import decode, encode, first_of, has_room
from cascade.engines.packed.kernels.seen import END, find

Flags = NDArray[np.uint8]


@subroutine
def lesser(code: Words, tree: Words, one: Word, other: Word, scratch: Words) -> Word:
    """That of two roots whose state is the lesser one, whatever number it has; IN_ORDER is no root."""
    if code[image.STATE_WORDS] == ONE or one == IN_ORDER or other == IN_ORDER:
        return min(one, other)
    total = code[image.ALL_WORDS]
    return first_of(tree, one, other, scratch, total, TWO * total)


@kernel
def least_of(code: Words, tree: Words, roots: Words, scratch: Words) -> Word:
    """The root of the least state; IN_ORDER if there is none."""
    least = IN_ORDER
    for root in roots:
        least = lesser(code, tree, least, root, scratch)
    return least


@kernel
def goals_among(code: Words, small: SmallWords, tree: Words, roots: Words, scratch: Words) -> tuple[Word, Word]:
    """The least state that is a goal, and the least in which the goal fails to evaluate; IN_ORDER for none."""
    found, failed = IN_ORDER, IN_ORDER
    is_wide = code[image.STATE_WORDS] != ONE
    for root in roots:
        scratch[NONE] = root
        if is_wide:
            decode(tree, root, scratch, TWO * code[image.ALL_WORDS])
        if code[image.MAIN] != NONE:
            derive(code, small, scratch)
        status = goal_in(code, scratch)
        if status == FOUND:
            found = lesser(code, tree, found, root, scratch)
        elif status == FAILED:
            failed = lesser(code, tree, failed, root, scratch)
    return found, failed


@kernel
def failing_among(
    code: Words,
    small: SmallWords,
    tree: Words,
    slots: SmallWords,
    roots: Words,
    begin: Word,
    scratch: Words,
    out: Words,
) -> tuple[Word, Word]:
    """The least state of `roots[begin:]` in which a step fails to evaluate, IN_ORDER for none; where it stopped for a larger tree, or the end."""
    none = out[:0]
    failed = IN_ORDER
    position, end = begin, np.uint64(len(roots))
    while position < end:
        status, position, _ = expand(code, small, tree, slots, roots, position, end, scratch, out, none, none, False)
        if status == FAILED:
            failed = lesser(code, tree, failed, roots[position], scratch)
            position += ONE
        elif status == NEEDS_TREE:
            break
    return failed, position


@kernel
def predecessor_among(
    code: Words,
    small: SmallWords,
    tree: Words,
    slots: SmallWords,
    roots: Words,
    scratch: Words,
    out: Words,
    ends: Words,
    successor: Word,
) -> Word:
    """The least state of which `successor` (`root << 2 | mark`) is one; IN_ORDER for none. `ends` is as long as `roots`, and the tree has room."""
    none = out[:0]
    best = IN_ORDER
    position, end = NONE, np.uint64(len(roots))
    while position < end:
        first = position
        _, position, made = expand(code, small, tree, slots, roots, first, end, scratch, out, none, ends, False)
        k = NONE
        state = NONE
        while k < made:
            while ends[state] <= k:
                state += ONE
            if out[k] == successor:
                best = lesser(code, tree, best, roots[first + state], scratch)
            k += ONE
    return best


@kernel
def blocked_among(
    code: Words,
    small: SmallWords,
    tree: Words,
    slots: SmallWords,
    roots: Words,
    begin: Word,
    scratch: Words,
    out: Words,
    blocked: Flags,
) -> Word:
    """Set `blocked` for the roots from `begin` on in which no tick is possible; returns where it stopped for a larger tree, or the end."""
    none = out[:0]
    position, end = begin, np.uint64(len(roots))
    while position < end:
        status, _, made = expand(
            code, small, tree, slots, roots, position, position + ONE, scratch, out, none, none, False
        )
        if status == NEEDS_TREE:
            break
        blocked[position] = made == NONE or out[made - ONE] & THREE != WAITS_FOR_TICK
        position += ONE
    return position


@kernel
def twins_among(
    tree: Words,
    tree_slots: SmallWords,
    seen: Words,
    slot_count: Word,
    roots: Words,
    begin: Word,
    word: Word,
    shift: Word,
    scratch: Words,
    code: Words,
) -> tuple[Word, Word]:
    """How many of the roots from `begin` on are in the seen set too with the bit at (word, shift) flipped; where it stopped for a larger tree, or the end."""
    total = code[image.ALL_WORDS]
    width = code[image.STATE_WORDS]
    count = NONE
    position, end = begin, np.uint64(len(roots))
    while position < end:
        twin = roots[position] ^ (ONE << shift)
        if width != ONE:
            if not has_room(tree):
                break
            decode(tree, roots[position], scratch, TWO * total)
            i = NONE
            while i < width:
                scratch[total + i] = scratch[i]
                i += ONE
            scratch[total + word] ^= ONE << shift
            twin = encode(tree, tree_slots, scratch, total, TWO * total)
        slot = find(seen, twin, slot_count)
        if seen[slot] != NONE and seen[slot] != END:
            count += ONE
        position += ONE
    return count, position
