"""Boxes in layers: a drawing of a directed graph in which arrows run from left to right, and those that close a cycle back.

The classical steps (Sugiyama, Tagawa and Toda, *Methods for visual understanding of hierarchical system structures*, 1981): arrows that close a cycle are
turned round, a box stands one layer right of the rightmost box that leads to it, long arrows pass through points in the layers between, sweeps with
barycentres order each layer, and boxes then move towards what they are joined to. The same graph always gives the same drawing.
"""

import itertools
from collections.abc import Mapping, Sequence

from cascade.records import dataclass

SWEEPS = 8
_POINT_HEIGHT = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The points that an arrow passes, from its start to its end. `is_back`: it runs against the layers."""

    points: tuple[tuple[float, float], ...]
    is_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Left upper corners of the boxes, the route of each arrow, and the size of it all."""

    corners: dict[str, tuple[float, float]]
    routes: dict[tuple[str, str], Route]
    width: float
    height: float


def lay_out(
    sizes: Mapping[str, tuple[float, float]],
    edges: Sequence[tuple[str, str]],
    *,
    layer_gap: float = 64,
    box_gap: float = 18,
    last: frozenset[str] = frozenset(),
) -> Layout:
    """A layout of boxes of the given widths and heights. Those in `last` stand in the rightmost layer."""
    return _Drawing(sizes, edges, layer_gap, box_gap, last).layout()


class _Drawing:
    def __init__(
        self,
        sizes: Mapping[str, tuple[float, float]],
        edges: Sequence[tuple[str, str]],
        layer_gap: float,
        box_gap: float,
        last: frozenset[str],
    ) -> None:
        self._sizes = dict(sizes)
        self._edges = list(dict.fromkeys((a, b) for a, b in edges if a != b))
        self._layer_gap, self._box_gap = layer_gap, box_gap
        self._back = _closing(list(sizes), self._edges)
        self._forward = list(dict.fromkeys((b, a) if (a, b) in self._back else (a, b) for a, b in self._edges))
        self._rank = self._ranks(last)
        # Layers hold the names of boxes, and a triple for each point where a long arrow passes.
        self._layers: list[list[object]] = [[] for _ in range(max(self._rank.values(), default=-1) + 1)]
        self._joined: dict[object, list[object]] = {}
        self._chains: dict[tuple[str, str], list[object]] = {}
        self._y: dict[object, float] = {}

    def _ranks(self, last: frozenset[str]) -> dict[str, int]:
        following: dict[str, list[str]] = {name: [] for name in self._sizes}
        missing = dict.fromkeys(self._sizes, 0)
        for start, end in self._forward:
            following[start].append(end)
            missing[end] += 1
        rank = dict.fromkeys(self._sizes, 0)
        ready = [name for name in self._sizes if missing[name] == 0]
        for name in ready:
            for end in following[name]:
                rank[end] = max(rank[end], rank[name] + 1)
                missing[end] -= 1
                if missing[end] == 0:
                    ready.append(end)
        deepest = max(rank.values(), default=0)
        if last and any(rank[name] == deepest for name in self._sizes if name not in last):
            deepest += 1
        rank.update((name, deepest) for name in last if name in rank)
        # Where nothing leads to a box, it stands beside what it leads to.
        for name in reversed(ready):
            if following[name] and not any(end == name for _, end in self._forward):
                rank[name] = min(rank[end] for end in following[name]) - 1
        return rank

    def layout(self) -> Layout:
        if not self._sizes:
            return Layout(corners={}, routes={}, width=0, height=0)
        self._fill_layers()
        self._order()
        self._place()
        return self._result()

    def _fill_layers(self) -> None:
        for name in self._sizes:
            self._layers[self._rank[name]].append(name)
        for start, end in self._forward:
            chain: list[object] = [start]
            for rank in range(self._rank[start] + 1, self._rank[end]):
                point = (start, end, rank)
                self._layers[rank].append(point)
                chain.append(point)
            chain.append(end)
            self._chains[start, end] = chain
            for one, other in itertools.pairwise(chain):
                self._joined.setdefault(one, []).append(other)
                self._joined.setdefault(other, []).append(one)

    # --- order within layers ---

    def _order(self) -> None:
        best = [list(layer) for layer in self._layers]
        fewest = self._crossings()
        for sweep in range(SWEEPS):
            ranks = range(1, len(self._layers)) if sweep % 2 == 0 else range(len(self._layers) - 2, -1, -1)
            for rank in ranks:
                beside = self._layers[rank - 1 if sweep % 2 == 0 else rank + 1]
                position = {item: i for i, item in enumerate(beside)}
                keys = {
                    item: self._barycentre(item, position, i * len(beside) / len(self._layers[rank]))
                    for i, item in enumerate(self._layers[rank])
                }
                self._layers[rank].sort(key=keys.__getitem__)
            crossings = self._crossings()
            if crossings < fewest:
                fewest, best = crossings, [list(layer) for layer in self._layers]
        self._layers = best

    def _barycentre(self, item: object, position: Mapping[object, int], otherwise: float) -> float:
        found = [position[other] for other in self._joined.get(item, ()) if other in position]
        return sum(found) / len(found) if found else otherwise

    def _crossings(self) -> int:
        """Pairs of arrows between neighbouring layers that cross, counted with a tree of partial sums."""
        total = 0
        for layer, following in itertools.pairwise(self._layers):
            position = {item: i for i, item in enumerate(following)}
            ends = [
                end
                for item in layer
                for end in sorted(position[other] for other in self._joined.get(item, ()) if other in position)
            ]
            tree = [0] * (len(following) + 1)
            for count, end in enumerate(ends):
                i, before = end + 1, 0
                while i > 0:
                    before += tree[i]
                    i -= i & -i
                total += count - before
                i = end + 1
                while i <= len(following):
                    tree[i] += 1
                    i += i & -i
        return total

    # --- coordinates ---

    def _height(self, item: object) -> float:
        return self._sizes[item][1] if isinstance(item, str) else _POINT_HEIGHT

    def _place(self) -> None:
        for layer in self._layers:
            y = 0.0
            for item in layer:
                self._y[item] = y + self._height(item) / 2
                y += self._height(item) + self._box_gap
        for sweep in range(SWEEPS):
            layers = self._layers if sweep % 2 == 0 else self._layers[::-1]
            for layer in layers:
                self._settle(layer, {item: self._wish(item) for item in layer})
        least = min(self._y[item] - self._height(item) / 2 for layer in self._layers for item in layer)
        self._y = {item: y - least for item, y in self._y.items()}

    def _wish(self, item: object) -> float:
        ys = sorted(self._y[other] for other in self._joined.get(item, ()))
        return (ys[(len(ys) - 1) // 2] + ys[len(ys) // 2]) / 2 if ys else self._y[item]

    def _settle(self, layer: list[object], wishes: Mapping[object, float]) -> None:
        """As near to the wishes as the order allows: runs of boxes that touch move together to the mean of their wishes."""
        blocks: list[
            tuple[float, float, list[object]]
        ] = []  # sum of wishes for the first, extent before the next, members
        for item in layer:
            wish, extent = wishes[item] - self._height(item) / 2, self._height(item) + self._box_gap
            block = (wish, extent, [item])
            while blocks:
                total, before, members = blocks[-1]
                if total / len(members) + before <= block[0] / len(block[2]):
                    break
                blocks.pop()
                block = (total + block[0] - before * len(block[2]), before + block[1], [*members, *block[2]])
            blocks.append(block)
        for total, _, members in blocks:
            y = total / len(members)
            for item in members:
                self._y[item] = y + self._height(item) / 2
                y += self._height(item) + self._box_gap

    def _result(self) -> Layout:
        lefts: list[float] = []
        widths: list[float] = []
        x = 0.0
        for layer in self._layers:
            width = max((self._sizes[item][0] for item in layer if isinstance(item, str)), default=0.0)
            lefts.append(x)
            widths.append(width)
            x += width + self._layer_gap
        corners = {
            name: (
                lefts[rank] + (widths[rank] - self._sizes[name][0]) / 2,
                self._y[name] - self._sizes[name][1] / 2,
            )
            for name, rank in self._rank.items()
        }
        routes: dict[tuple[str, str], Route] = {}
        for edge in self._edges:
            is_back = edge in self._back
            chain = self._chains[edge[::-1] if is_back else edge]
            points: list[tuple[float, float]] = []
            for item in chain:
                y = self._y[item]
                if isinstance(item, str):
                    left = corners[item][0]
                    points.append((left if item == chain[-1] else left + self._sizes[item][0], y))
                else:
                    rank = item[2] if isinstance(item, tuple) else 0
                    points.extend(((lefts[rank], y), (lefts[rank] + widths[rank], y)))
            routes[edge] = Route(points=tuple(points[::-1] if is_back else points), is_back=is_back)
        height = max(self._y[item] + self._height(item) / 2 for layer in self._layers for item in layer)
        return Layout(corners=corners, routes=routes, width=x - self._layer_gap, height=height)


def _closing(names: list[str], edges: list[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Edges that lead back to a name on the way to which they were found, by depth-first search in the order given."""
    following: dict[str, list[str]] = {name: [] for name in names}
    for start, end in edges:
        following[start].append(end)
    has_entry = {end for _, end in edges}
    state: dict[str, int] = {}  # 1: on the way, 2: done
    found: set[tuple[str, str]] = set()
    for root in [*[n for n in names if n not in has_entry], *names]:
        work = [] if root in state else [(root, 0)]
        while work:
            name, position = work.pop()
            state[name] = 1
            if position == len(following[name]):
                state[name] = 2
                continue
            work.append((name, position + 1))
            end = following[name][position]
            if state.get(end) == 1:
                found.add((name, end))
            elif end not in state:
                work.append((end, 0))
    return frozenset(found)
