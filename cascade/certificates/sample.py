"""A sample of a set of states that is too large to be listed: the hash of all decides which states must be shown, with their steps.

The set is the leaves of a tree of hashes; a state belongs to it by the hashes on its way to the root.
"""

import hashlib

from cascade.certificates.checker import Claim, Entry, Local, Status, read_entry
from cascade.certificates.machine import Rejected, State, items, number

SAMPLE_COUNT = 400


def leaf(entry: list[int]) -> bytes:
    """The hash of an entry."""
    return hashlib.sha256(b"\0" + ",".join(map(str, entry)).encode("ascii")).digest()


def join(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbours in the tree of hashes."""
    return hashlib.sha256(b"\1" + left + right).digest()


def chosen(root: str, helpful: list[int], count: int) -> list[int]:
    """The positions that must be shown: by the hash of all states, so not by who wrote the certificate."""
    seed = f"{root} {count} {helpful}"
    draws = (hashlib.sha256(f"{seed} {i}".encode("ascii")).digest() for i in range(SAMPLE_COUNT))
    return [int.from_bytes(draw, "big") % count for draw in draws]


def check_sample(claim: Claim) -> tuple[Status, str]:
    """What a sample shows: in part, since most states are not looked at."""
    said, machine = claim.evidence, claim.machine
    count, root = number(said["count"], 1, 1 << 62), str(said["root"])
    shown: dict[State, Entry] = {}
    places: dict[int, Entry] = {}
    for position, values, path in items(said["entries"]):
        entry = read_entry(values, machine)
        here, place = leaf(values), number(position, 0, count - 1)
        siblings = [bytes.fromhex(sibling) for sibling in items(path)]
        for sibling in siblings:
            here = join(here, sibling) if place % 2 == 0 else join(sibling, here)
            place //= 2
        if len(siblings) != (count - 1).bit_length() or here.hex() != root:
            raise Rejected("a state is shown that is none of the set")
        shown[entry[0]] = places[position] = entry
    local = Local(claim=claim, helpful=items(said["helpful"]), find=shown.get)
    for state in machine.initial_states():
        local.entry(state)
    for position in chosen(root, local.helpful, count):
        if position not in places:
            raise Rejected("a state is not shown that must be")
        local.check(places[position])
    return Status.PARTLY, f"{SAMPLE_COUNT} of {count:,} states, chosen by lot"
