"""States are told apart whole, also where their hashes agree in all bits that are looked at: nothing is taken for something else.

Random states hardly ever collide, so these are made: `mix` can be undone, as it consists of multiplications by odd numbers and of a shift that is its own inverse.
"""

import numpy as np
import pytest

from cascade.engines.packed.kernels import intern, seen
from cascade.engines.packed.kernels.expand import DONE
from cascade.engines.packed.store import SeenSet
from cascade.engines.packed.workers import Worker

WORD = 1 << 64
ROOT_BITS = 61
COUNT = 60
HIGH = 0x9ABCDEF0


def unmixed(h: int) -> int:
    """The word that `mix` makes into `h`."""
    h = h * pow(int(seen.MULTIPLIER_2), -1, WORD) % WORD
    h ^= h >> 32
    return h * pow(int(seen.MULTIPLIER_1), -1, WORD) % WORD


def words(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.uint64)


@pytest.fixture(scope="module")
def colliding() -> list[int]:
    """States whose hashes agree in the upper half, which is all that decides on a slot."""
    roots = (unmixed(HIGH << 32 | low) for low in range(100_000))
    found = [root for _, root in zip(range(COUNT), (r for r in roots if 0 < r < 1 << ROOT_BITS), strict=False)]
    with np.errstate(over="ignore"):
        assert {int(seen.mix(np.uint64(root))) >> 32 for root in found} == {HIGH}
    assert len(set(found)) == COUNT
    return found


def insert_all(slots: np.ndarray, roots: list[int], mark: int = 1) -> tuple[int, int]:
    """How many of them were accepted, how many were new."""
    successors = words(*(root << 2 | mark for root in roots))
    room = np.zeros(len(roots), dtype=np.uint64)
    size = np.uint64(1), np.uint64(len(slots) - seen.SPARE_SLOTS)
    position, accepted, new = seen.insert(
        slots, *size, successors, np.uint64(0), np.uint64(len(roots)), room.copy(), room.copy()
    )
    assert position == len(roots)
    return accepted, new


def test_the_seen_set_tells_states_of_one_slot_apart(colliding: list[int]) -> None:
    slots = np.zeros(256 + seen.SPARE_SLOTS, dtype=np.uint64)
    slots[-1] = seen.END
    first, second = colliding[: COUNT // 2], colliding[COUNT // 2 :]
    assert insert_all(slots, first) == (len(first), len(first))
    assert insert_all(slots, first) == (0, 0)
    assert insert_all(slots, second) == (len(second), len(second))
    assert insert_all(slots, colliding, mark=2) == (COUNT, 0)
    assert sorted(int(known) >> 2 for known in slots[:-1] if known) == sorted(colliding)


def test_looking_up_tells_states_of_one_slot_apart(colliding: list[int]) -> None:
    slots = np.zeros(256 + seen.SPARE_SLOTS, dtype=np.uint64)
    slots[-1] = seen.END
    insert_all(slots, colliding[:-1])
    with np.errstate(over="ignore"):
        found = [seen.find(slots, np.uint64(root), np.uint64(1), np.uint64(256)) for root in colliding]
    assert [int(slots[slot]) >> 2 for slot in found] == [*colliding[:-1], 0]


def test_growing_keeps_states_of_one_slot_apart(colliding: list[int]) -> None:
    slots = np.zeros(256 + seen.SPARE_SLOTS, dtype=np.uint64)
    slots[-1] = seen.END
    insert_all(slots, colliding)
    larger = np.zeros(512 + seen.SPARE_SLOTS, dtype=np.uint64)
    larger[-1] = seen.END
    assert seen.move(slots, np.uint64(0), np.uint64(len(slots)), larger, np.uint64(1), np.uint64(512))
    assert sorted(int(known) >> 2 for known in larger[:-1] if known) == sorted(colliding)


def test_recent_successors_are_compared_whole(colliding: list[int]) -> None:
    """Of those in one place of the small table none is dropped but repetitions."""
    successors = words(*(root << 2 | mark for root in colliding for mark in (1, 1, 2)))
    with np.errstate(over="ignore"):
        kept = int(seen.sift(successors, np.uint64(len(successors)), np.zeros(1, dtype=np.uint64)))
    assert [int(s) for s in successors[:kept]] == [root << 2 | mark for root in colliding for mark in (1, 2)]


def test_shared_successors_are_compared_whole(colliding: list[int]) -> None:
    successors = words(*(root << 2 | 1 for root in colliding for _ in range(2)))
    parts, fill = np.zeros(len(successors) + 1, dtype=np.uint64), np.zeros(1, dtype=np.uint64)
    recent = np.zeros(1, dtype=np.uint64)
    with np.errstate(over="ignore"):
        seen.share_out(successors, np.uint64(len(successors)), recent, np.uint64(1), parts, fill)
    assert [int(s) >> 2 for s in parts[: int(fill[0])]] == colliding


def test_words_are_numbered_by_their_values(colliding: list[int]) -> None:
    capacity = 128
    tree = np.zeros(5 + 2 * capacity, dtype=np.uint64)
    tree[intern.CAPACITY], tree[intern.INNER], tree[intern.VALUES] = capacity, 1, 5
    slots = np.zeros(4 * capacity, dtype=np.uint32)
    with np.errstate(over="ignore"):
        numbers = [int(intern.intern(tree, slots, np.uint64(0), np.uint64(value))) for value in colliding * 2]
    assert numbers == [*range(COUNT), *range(COUNT)]


def test_what_a_full_region_did_not_take_is_inserted_later() -> None:
    count, known = 1_600, SeenSet(1, 256)
    code = np.zeros(64, dtype=np.uint64)
    first, second = (Worker(0, 1, code, code.astype(np.uint16), room=count, batch=1, recent=4) for _ in range(2))
    for worker, roots in ((first, range(1, 1 + count)), (second, range(count, 2 * count))):  # one of them in common
        worker._parts[:count] = words(*(root << 2 | int(DONE) for root in roots))
        worker._fill[0] = count
    taken, rounds, is_done = [], 0, False
    while not is_done:
        is_done = first.insert([first, second], known)
        taken += [int(word) >> 2 for word in first._accepted[: first._accepted_count]]
        rounds += 1
        if not is_done:
            known.grow()
    assert rounds > 2
    assert sorted(taken) == list(range(1, 2 * count))
    assert not any(len(part) for worker in (first, second) for part in worker.pending())
