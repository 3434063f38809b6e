"""States are told apart whole, also where their hashes agree in all bits that are looked at: nothing is taken for something else.

Random states hardly ever collide, so these are made: `mix` can be undone, as it consists of multiplications by odd numbers and of a shift that is its own inverse.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from cascade.engines.packed import store
from cascade.engines.packed.kernels import intern, seen
from cascade.engines.packed.kernels.expand import DONE
from cascade.engines.packed.store import SeenSet

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
    slot_count = np.uint64(len(slots) - seen.SPARE_SLOTS)
    position, accepted, new = seen.insert(
        slots, slot_count, successors, np.uint64(0), np.uint64(len(roots)), room.copy(), room.copy()
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
        found = [seen.find(slots, np.uint64(root), np.uint64(256)) for root in colliding]
    assert [int(slots[slot]) >> 2 for slot in found] == [*colliding[:-1], 0]


def test_growing_keeps_states_of_one_slot_apart(colliding: list[int]) -> None:
    slots = np.zeros(256 + seen.SPARE_SLOTS, dtype=np.uint64)
    slots[-1] = seen.END
    insert_all(slots, colliding)
    larger = np.zeros(512 + seen.SPARE_SLOTS, dtype=np.uint64)
    larger[-1] = seen.END
    assert seen.move(slots, np.uint64(0), np.uint64(len(slots)), larger, np.uint64(512))
    assert sorted(int(known) >> 2 for known in larger[:-1] if known) == sorted(colliding)


def test_recent_successors_are_compared_whole(colliding: list[int]) -> None:
    """Of those in one place of the small table none is dropped but repetitions."""
    successors = words(*(root << 2 | mark for root in colliding for mark in (1, 1, 2)))
    with np.errstate(over="ignore"):
        kept = int(seen.sift(successors, np.uint64(len(successors)), np.zeros(1, dtype=np.uint64)))
    assert [int(s) for s in successors[:kept]] == [root << 2 | mark for root in colliding for mark in (1, 2)]


def test_words_are_numbered_by_their_values(colliding: list[int]) -> None:
    capacity = 128
    counts = intern.CHILDREN + 2
    tree = np.zeros(counts + 2 + 2 * capacity, dtype=np.uint64)
    tree[intern.CAPACITY], tree[intern.INNER] = capacity, 1
    tree[intern.COUNTS], tree[intern.VALUES] = counts, counts + 2
    slots = np.zeros(4 * capacity, dtype=np.uint32)
    with np.errstate(over="ignore"):
        numbers = [int(intern.intern(tree, slots, np.uint64(0), np.uint64(value))) for value in colliding * 2]
    assert numbers == [*range(COUNT), *range(COUNT)]


def test_what_a_full_set_did_not_take_is_inserted_later() -> None:
    known, rounds, begin = SeenSet(256), 0, 0
    successors = words(*(root << 2 | int(DONE) for root in [*range(1, 1601), *range(1600, 3200)]))  # one of them twice
    slots, accepted, taken = np.zeros_like(successors), np.zeros_like(successors), []
    while begin < len(successors):
        part = successors, np.uint64(begin), np.uint64(len(successors))
        position, count, new = seen.insert(known.slots, np.uint64(known.slot_count), *part, slots, accepted)
        assert count == new
        taken += [int(word) >> 2 for word in accepted[: int(count)]]
        begin, rounds = int(position), rounds + 1
        if begin < len(successors):
            known.grow()
    assert rounds > 2
    assert sorted(taken) == list(range(1, 3200))


def test_threads_that_insert_the_same_states_accept_each_once() -> None:
    """Each accepts a share of them, and for each state one thread each mark that is better than all before."""
    count, threads = 50_000, 4
    known = SeenSet(2 * count)
    rng = np.random.default_rng(7)
    roots = rng.permutation(np.arange(1, count + 1, dtype=np.uint64))

    def insert(number: int) -> tuple[np.ndarray, int]:
        mine = np.roll(roots, number * 17)
        successors = np.concatenate([mine << np.uint64(2) | np.uint64(mark) for mark in (1, 3, 2)])
        slots, accepted = np.zeros_like(successors), np.zeros_like(successors)
        part = successors, np.uint64(0), np.uint64(len(successors))
        position, total, new = seen.insert(known.slots, np.uint64(known.slot_count), *part, slots, accepted)
        assert position == len(successors)
        return accepted[: int(total)], int(new)

    with ThreadPoolExecutor(threads) as pool:
        results = list(pool.map(insert, range(threads)))
    accepted = np.concatenate([words for words, _ in results])
    assert sum(new for _, new in results) == count
    assert len(np.unique(accepted)) == len(accepted)
    assert np.array_equal(np.sort(accepted[accepted & np.uint64(3) == DONE] >> np.uint64(2)), np.sort(roots))
    held = known.slots[known.slots != 0][:-1]
    assert np.array_equal(np.sort(held), np.sort(roots << np.uint64(2) | DONE))


def test_threads_that_grow_the_set_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOVED_SLOTS", 512)
    known = SeenSet(40_000)
    successors = np.arange(1, 30_001, dtype=np.uint64) << np.uint64(2) | DONE
    room = np.zeros_like(successors)
    part = successors, np.uint64(0), np.uint64(len(successors))
    seen.insert(known.slots, np.uint64(known.slot_count), *part, room, room.copy())
    with ThreadPoolExecutor(4) as pool:
        known.grow(pool)
    assert np.array_equal(np.sort(known.slots[known.slots != 0][:-1]), successors)
