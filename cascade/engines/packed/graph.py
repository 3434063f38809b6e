"""The graph of some explored states: which of them cannot leave it, and its strongly connected components. Drives `cascade.engines.packed.kernels.graph`."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from cascade.core.expressions import ExprId
from cascade.engines.native.kernel import SmallWords, Words
from cascade.engines.packed.image import make_image
from cascade.engines.packed.kernels import graph as kernels
from cascade.engines.packed.kernels.graph import NO_NODE, Flags
from cascade.engines.packed.search import PackedSearch
from cascade.engines.packed.tables import compile_condition
from cascade.engines.packed.workers import make_scratch

Mask = NDArray[np.bool_]

SWEEPS_MAX = 3
"""Passes over what is undecided, before edges are stored."""

NODES_MAX = (1 << 31) - 2
"""Nodes of one region: a node fits 32 bits, with room for marks."""

NODES_A_CALL = 1 << 16
STEPS_A_CALL = 1 << 20
HEADS_MIN = 1 << 16


class TooLargeError(Exception):
    """A region has more nodes than numbers."""


class Predicate:
    """A formula over explored states, many at once."""

    def __init__(self, search: PackedSearch, formula: ExprId) -> None:
        self._search = search
        tables = compile_condition(search.model, formula)
        self._code, self._small = make_image(tables, is_timed=False, exceeds=None)
        self._scratch = make_scratch(self._code)

    def holds(self, roots: Words) -> Mask:
        """Where it holds. It does not fail in any explored state."""
        values = np.zeros(len(roots), dtype=np.uint64)
        kernels.goal_values(self._code, self._small, self._search.roots.tree, roots, self._scratch, values)
        return np.not_equal(values, 0)


class Region:
    """Some explored states and the steps between them. `allowed` says which commands count, `with_tick` whether ticks do."""

    def __init__(self, search: PackedSearch, nodes: Words, allowed: Iterable[int], *, with_tick: bool) -> None:
        if len(nodes) > NODES_MAX:
            raise TooLargeError
        self.search = search
        self.nodes = nodes
        self.allowed: Flags = np.zeros(len(search.model.commands) + 1, dtype=np.uint8)
        self.allowed[list(allowed)] = 1
        self.allowed[-1] = with_tick
        slot_count = 1 << (2 * len(nodes)).bit_length()
        search.may_take(4 * slot_count)
        self.table: SmallWords = np.zeros(slot_count, dtype=np.uint32)
        kernels.fill_table(nodes, self.table)
        self._out = np.zeros(search.slack, dtype=np.uint64)
        self._by = np.zeros(search.slack, dtype=np.uint64)
        self.offsets: Words = np.zeros(0, dtype=np.uint64)
        self.heads: SmallWords = np.zeros(0, dtype=np.uint32)
        self.ticks: Flags = np.zeros(0, dtype=np.uint8)
        self.leaves: Flags = np.zeros(0, dtype=np.uint8)
        self.owed: Words = np.zeros((len(nodes), 0), dtype=np.uint64)

    def node_of(self, root: int) -> int | None:
        """The node of a root, if it is in the region."""
        node = kernels.node_of(self.nodes, self.table, np.uint64(root))
        return None if node == NO_NODE else int(node)

    def subregion(self, chosen: Mask, allowed: Iterable[int], *, with_tick: bool) -> "Region":
        """The region of the chosen nodes, in the same order."""
        return Region(self.search, self.nodes[chosen], allowed, with_tick=with_tick)

    # --- what cannot leave ---

    def not_leaving(self) -> Mask:
        """The nodes from which no run leaves the region. States come by growing cost and their steps lead mostly further on, so a few passes backward decide nearly all."""
        inside: Flags = np.ones(len(self.nodes), dtype=np.uint8)
        for _ in range(SWEEPS_MAX):
            if not self._sweep(inside):
                return np.not_equal(inside, 0)
        chosen = inside != 0
        rest = Region(
            self.search,
            self.nodes[chosen],
            np.flatnonzero(self.allowed[:-1]).tolist(),
            with_tick=bool(self.allowed[-1]),
        )
        rest.store_edges()
        inside[np.flatnonzero(chosen)[rest._spread_back()]] = 0
        return np.not_equal(inside, 0)

    def _sweep(self, inside: Flags) -> int:
        decided, position = 0, len(self.nodes)
        while position > 0:
            begin = max(0, position - NODES_A_CALL)
            search = self.search
            stopped, count = kernels.sweep(
                search.code,
                search.small,
                search.roots.tree,
                search.roots.slots,
                self.nodes,
                self.table,
                inside,
                self.allowed,
                np.uint64(begin),
                np.uint64(position),
                search.scratch,
                self._out,
                self._by,
            )
            decided += int(count)
            self._after(position, int(stopped))
            position = int(stopped)
        return decided

    def _after(self, before: int, stopped: int) -> None:
        """A kernel went from one node to the other; if to none at all, it needs a larger tree."""
        if before == stopped:
            self.search.grow_roots()
        self.search.look_around()

    def _spread_back(self) -> NDArray[np.intp]:
        """The nodes from which a run leaves the region; edges are stored."""
        count = len(self.nodes)
        back_offsets = np.zeros(count + 2, dtype=np.uint64)
        tails = np.zeros(int(self.offsets[-1]), dtype=np.uint32)
        kernels.reverse(self.offsets, self.heads, back_offsets, tails)
        marked = self.leaves.copy()
        first = np.flatnonzero(marked).astype(np.uint32)
        stack = np.zeros(count + 1, dtype=np.uint32)
        stack[: len(first)] = first
        kernels.spread_back(back_offsets, tails, marked, stack, np.uint64(len(first)))
        return np.flatnonzero(marked)

    # --- edges and components ---

    def store_edges(self, owed_of: Words | None = None) -> None:
        """Compute the edges; with `owed_of` (the number of each owed command, a large one for others) the owed commands that may fire in each node too."""
        count = len(self.nodes)
        commands = len(self.allowed) - 1
        numbers = (
            np.full(commands + 1, np.uint64(1 << 62)) if owed_of is None else np.append(owed_of, np.uint64(1 << 62))
        )
        owed_count = 0 if owed_of is None else int((owed_of < (1 << 62)).sum())
        self.offsets = np.zeros(count + 1, dtype=np.uint64)
        self.ticks, self.leaves = np.zeros(count, dtype=np.uint8), np.zeros(count, dtype=np.uint8)
        self.owed = np.zeros((count, -(-owed_count // 64)), dtype=np.uint64)
        self.heads = np.zeros(max(HEADS_MIN, 2 * self.search.slack), dtype=np.uint32)
        node = 0
        while node < count:
            search = self.search
            stopped = int(
                kernels.edges(
                    search.code,
                    search.small,
                    search.roots.tree,
                    search.roots.slots,
                    self.nodes,
                    self.table,
                    self.allowed,
                    np.uint64(node),
                    search.scratch,
                    self._out,
                    self._by,
                    self.offsets,
                    self.heads,
                    self.ticks,
                    self.leaves,
                    numbers.astype(np.uint64),
                    self.owed.reshape(-1),
                )
            )
            self.search.look_around()
            used = int(self.offsets[stopped])
            if used + self.search.slack > len(self.heads):
                per_node = used / max(stopped, 1)
                wanted = min(2 * len(self.heads), int(1.1 * per_node * count) + HEADS_MIN)
                wanted = max(wanted, used + self.search.slack, len(self.heads) * 5 // 4)
                self.search.may_take(4 * (wanted - len(self.heads)))
                self.heads.resize(wanted, refcheck=False)
            elif stopped == node:
                self.search.grow_roots()
            node = stopped

    def components(self) -> SmallWords:
        """The number of each node's strongly connected component; NO_NODE for those in none that has an edge inside."""
        count = len(self.nodes)
        self.search.may_take(28 * count)
        component = np.full(count, NO_NODE, dtype=np.uint32)
        low, index, stack, calls = (np.zeros(count, dtype=np.uint32) for _ in range(4))
        at_edge = np.zeros(count, dtype=np.uint64)
        state = np.zeros(kernels.COMPONENTS_STATE_SIZE, dtype=np.uint64)
        while not kernels.components(
            state,
            self.offsets,
            self.heads,
            component,
            low,
            index,
            stack,
            calls,
            at_edge,
            np.uint64(STEPS_A_CALL),
        ):
            self.search.look_around()
        return component

    def fires_within(self, component: SmallWords, always: Words, owed_of: Words) -> Words:
        """For each node the owed commands that are enabled all over its component (`always`, by component) and lead to a node of it."""
        fires = np.zeros_like(self.owed)
        node = 0
        while node < len(self.nodes):
            search = self.search
            stopped = int(
                kernels.fires_within(
                    search.code,
                    search.small,
                    search.roots.tree,
                    search.roots.slots,
                    self.nodes,
                    self.table,
                    self.allowed,
                    component,
                    always.reshape(-1),
                    np.uint64(node),
                    search.scratch,
                    self._out,
                    self._by,
                    np.append(owed_of, np.uint64(1 << 62)).astype(np.uint64),
                    fires.reshape(-1),
                )
            )
            self._after(node, stopped)
            node = stopped
        return fires

    # --- walks ---

    def walk(self, component: SmallWords, start: int, targets: Mask) -> list[int]:
        """A shortest walk of one step or more from `start` within its component to one of `targets`, both ends included."""
        parents = np.full(len(self.nodes), NO_NODE, dtype=np.uint32)
        queue = np.zeros(len(self.nodes) + 2, dtype=np.uint32)
        end = kernels.shortest(
            self.offsets, self.heads, component, np.uint64(start), targets.astype(np.uint8), parents, queue
        )
        assert end != NO_NODE, "a strongly connected component has a walk between any two nodes"
        path = [int(end), int(parents[end])]
        while path[-1] != start:
            path.append(int(parents[path[-1]]))
        path.reverse()
        return path

    def walk_with_tick(self, component: SmallWords, start: int) -> tuple[list[int], int]:
        """A shortest closed walk with a tick from `start` within its component, and the first of its steps that is one."""
        parents = np.full(2 * len(self.nodes), np.uint64(0xFFFFFFFFFFFFFFFF))
        queue = np.zeros(2 * len(self.nodes) + 2, dtype=np.uint64)
        kernels.shortest_with_tick(self.offsets, self.heads, self.ticks, component, np.uint64(start), parents, queue)
        places = [2 * start + 1]
        while len(places) == 1 or places[-1] != 2 * start:
            places.append(int(parents[places[-1]]))
        places.reverse()
        return [place // 2 for place in places], sum(1 for place in places if place % 2 == 0) - 1
