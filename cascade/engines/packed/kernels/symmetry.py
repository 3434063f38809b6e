"""States that differ by swaps of interchangeable members: the one that stands for all of them, and how many there are (`cascade.core.symmetry`)."""

import numpy as np

from cascade.engines.native.kernel import Word, Words, kernel, subroutine
from cascade.engines.packed import image
from cascade.engines.packed.kernels.intern import decode

NONE, ONE, TWO, THREE, FOUR = (np.uint64(i) for i in range(5))
LIMB_BITS = np.uint64(32)
LIMB_MASK = np.uint64((1 << 32) - 1)


@subroutine
def canonicalise(code: Words, words: Words, base: Word) -> None:
    """Sort the members' blocks of the state at `words[base]`, class by class: those within other blocks first. There are classes."""
    at = code[image.SYMMETRY]
    classes = code[at]
    at += THREE
    while classes > NONE:
        members, chunks = code[at], code[at + ONE]
        masks = at + TWO
        places = masks + chunks
        stride = TWO * chunks
        i = ONE
        while i < members:
            j = i
            while j > NONE:
                one = places + (j - ONE) * stride
                other = one + stride
                c = NONE
                is_less = False
                while c < chunks:
                    mask = code[masks + c]
                    x = (words[base + code[one + TWO * c]] >> code[one + TWO * c + ONE]) & mask
                    y = (words[base + code[other + TWO * c]] >> code[other + TWO * c + ONE]) & mask
                    if x != y:
                        is_less = y < x
                        break
                    c += ONE
                if not is_less:
                    break
                while c < chunks:
                    mask = code[masks + c]
                    x = (words[base + code[one + TWO * c]] >> code[one + TWO * c + ONE]) & mask
                    y = (words[base + code[other + TWO * c]] >> code[other + TWO * c + ONE]) & mask
                    words[base + code[one + TWO * c]] ^= (x ^ y) << code[one + TWO * c + ONE]
                    words[base + code[other + TWO * c]] ^= (x ^ y) << code[other + TWO * c + ONE]
                    c += ONE
                j -= ONE
            i += ONE
        at = places + members * stride
        classes -= ONE


@kernel
def canonical_rows(code: Words, words: Words) -> None:
    """Make each state in `words`, one after the other, the one that stands for it. There are classes."""
    base = NONE
    while base < np.uint64(len(words)):
        canonicalise(code, words, base)
        base += code[image.STATE_WORDS]


@kernel
def add_orbits(code: Words, tree: Words, roots: Words, scratch: Words, product: Words, totals: Words) -> None:
    """Add to `totals` how many states each of the canonical `roots` stands for. Numbers are limbs of 32 bits, the least first; `product` has room for one of them."""
    is_wide = code[image.STATE_WORDS] != ONE
    ids = TWO * code[image.ALL_WORDS]
    limbs = np.uint64(len(product))
    for root in roots:
        scratch[NONE] = root
        if is_wide:
            decode(tree, root, scratch, ids)
        w = ONE
        product[NONE] = ONE
        while w < limbs:
            product[w] = NONE
            w += ONE
        at = code[image.SYMMETRY]
        classes, columns, table = code[at], code[at + ONE], code[at + TWO]
        at += THREE
        while classes > NONE:
            members, chunks = code[at], code[at + ONE]
            masks = at + TWO
            places = masks + chunks
            stride = TWO * chunks
            remaining, run = members, ONE
            i = ONE
            while i <= members:
                is_same = False
                if i < members:
                    one = places + (i - ONE) * stride
                    other = one + stride
                    is_same = True
                    c = NONE
                    while c < chunks:
                        mask = code[masks + c]
                        x = (scratch[code[one + TWO * c]] >> code[one + TWO * c + ONE]) & mask
                        y = (scratch[code[other + TWO * c]] >> code[other + TWO * c + ONE]) & mask
                        if x != y:
                            is_same = False
                            break
                        c += ONE
                if is_same:
                    run += ONE
                else:
                    # In how many ways the places that are left can be shared between these equal members and the rest.
                    ways = code[table + remaining * columns + run]
                    carry = NONE
                    w = NONE
                    while w < limbs:
                        carry += product[w] * ways
                        product[w] = carry & LIMB_MASK
                        carry >>= LIMB_BITS
                        w += ONE
                    remaining -= run
                    run = ONE
                i += ONE
            at = places + members * stride
            classes -= ONE
        carry = NONE
        w = NONE
        while w < np.uint64(len(totals)):
            carry += totals[w]
            if w < limbs:
                carry += product[w]
            totals[w] = carry & LIMB_MASK
            carry >>= LIMB_BITS
            w += ONE
