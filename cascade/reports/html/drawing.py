"""The graph of a report: where boxes, the components in them, arrows and links stand on the page."""

import itertools
from collections.abc import Iterable, Mapping, Sequence

from cascade.records import dataclass
from cascade.reports.data import Graph, Node, Unit
from cascade.reports.html.layered import Layout, Route, lay_out

CELL_WIDTH = 158.0
CELL_HEIGHT = 36.0
TITLE_HEIGHT = 24.0
PAD = 8.0
SMALL = 20.0
STACKED_MAX = 6
"""Members of a group that are drawn with their names; more become a grid of small squares."""

_CULPRITS = 3
"""Of what changes in a run, so many that changed first are drawn with the way from them to an outage."""

CROWDED = 24
"""With more boxes than that every group, and every component with parts, becomes a grid."""

BOXES_MAX = 40
GRID_COLUMNS = 10
_COLUMNS_MAX = 4
_NARROW = 116.0
_ROOMINESS = ((270.0, 64.0), (226.0, 56.0), (190.0, 48.0), (CELL_WIDTH, 44.0))
"""How wide boxes may be and how far apart, from the best to what is left to try."""

_ROOM = 1210.0
"""The width of a page. A graph that has room there gets boxes as wide as their texts."""
_INNER_TITLE = 20.0
_INNER_END = 4.0
MARGIN = 14.0
_BOX_GAP = 18.0
_TEXT_CHARACTER, _NAME_CHARACTER, _TEXT_MARGIN = 6.6, 7.4, 34.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CellView:
    """A component in its box."""

    node: Node
    label: str
    x: float
    y: float
    width: float
    height: float
    is_small: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameView:
    """A redundant group within a box."""

    title: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxView:
    """A box; without a title its only cell says it all."""

    unit: Unit
    title: str
    x: float
    y: float
    width: float
    height: float
    cells: tuple[CellView, ...]
    frames: tuple[FrameView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrowView:
    """From what is used to what uses it."""

    path: str
    user: str
    used: str
    in_loop: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkView:
    """A link between two components: drawn beside them within a box, beneath all boxes (`is_far`) from one to another."""

    path: str
    title: str
    via: str
    is_far: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphView:
    """The whole drawing."""

    width: float
    height: float
    boxes: tuple[BoxView, ...]
    arrows: tuple[ArrowView, ...]
    links: tuple[LinkView, ...]
    hidden_count: int


def view_graph(whole: Graph, changing: Iterable[str] = (), texts: Mapping[str, str] | None = None) -> GraphView:
    """The drawing of a graph. Of very many boxes only some are drawn: first those with components in `changing`. `texts` are the longest that components get."""
    graph = _excerpt(whole, changing)
    nodes = {node.name: node for node in graph.nodes}
    has_links = {nodes[n].unit for link in graph.links for n in (link.source, link.target) if n in nodes}

    stacked = STACKED_MAX if len(graph.units) <= CROWDED else 1

    def draw(widths: Mapping[str, float], gap: float) -> tuple[dict[str, tuple[float, float]], Layout]:
        sizes = {u.name: _size(u, widths[u.name], stacked, has_links=u.name in has_links) for u in graph.units}
        edges = [(edge.used, edge.user) for edge in graph.edges]
        last = frozenset(unit.name for unit in graph.units if unit.kind == "outage")
        return sizes, lay_out(sizes, edges, layer_gap=gap, box_gap=_BOX_GAP if stacked > 1 else _BOX_GAP / 2, last=last)

    wanted = {unit.name: _wanted_width(unit, nodes, texts or {}) for unit in graph.units}
    for widest, gap in _ROOMINESS:
        widths = {name: min(width, widest) for name, width in wanted.items()}
        sizes, layout = draw(widths, gap)
        if layout.width <= _ROOM:
            break
    boxes = tuple(
        _box(unit, nodes, layout.corners[unit.name], sizes[unit.name], widths[unit.name], stacked)
        for unit in graph.units
    )
    arrows = tuple(
        ArrowView(path=_path(layout.routes[edge.used, edge.user]), user=edge.user, used=edge.used, in_loop=edge.in_loop)
        for edge in graph.edges
        if (edge.used, edge.user) in layout.routes
    )
    return GraphView(
        width=round(layout.width + 2 * MARGIN, 1),
        height=round(layout.height + 2 * MARGIN, 1),
        boxes=boxes,
        arrows=arrows,
        links=_links(graph, boxes),
        hidden_count=len(whole.units) - len(graph.units),
    )


def _wanted_width(unit: Unit, nodes: Mapping[str, Node], texts: Mapping[str, str]) -> float:
    """A width with room for the names and texts of a box."""
    needed = [CELL_WIDTH]
    for name in unit.nodes:
        node = nodes[name]
        text = max(texts.get(name, ""), node.type_name or node.text, key=len)
        needed += [
            len(text) * _TEXT_CHARACTER + _TEXT_MARGIN,
            len(_label(node, unit, is_part=False)) * _NAME_CHARACTER + _TEXT_MARGIN,
        ]
    return max(needed)


def _excerpt(graph: Graph, changing: Iterable[str]) -> Graph:
    """At most `BOXES_MAX` boxes: outages and the ways to them from what changes first; what changes on the way to them, then all that they rest on, then what else changes."""
    if len(graph.units) <= BOXES_MAX:
        return graph
    unit_of = {node.name: node.unit for node in graph.nodes}
    outages = [unit.name for unit in graph.units if unit.kind == "outage"]
    changed = dict.fromkeys(unit_of[name] for name in changing if name in unit_of)
    used: dict[str, list[str]] = {}
    for edge in graph.edges:
        used.setdefault(edge.user, []).append(edge.used)
    kept = dict.fromkeys(outages)
    for name in list(changed)[:_CULPRITS]:
        kept.update(dict.fromkeys(_way(name, outages, used)))
    for only in (frozenset(changed), frozenset(unit.name for unit in graph.units)):
        pending = list(kept)
        for name in pending:
            found = [below for below in used.get(name, ()) if below in only and below not in kept]
            kept.update(dict.fromkeys(found))
            pending.extend(found)
    kept.update(changed)
    shown = frozenset(list(kept)[:BOXES_MAX])
    return Graph(
        units=tuple(unit for unit in graph.units if unit.name in shown),
        nodes=tuple(node for node in graph.nodes if node.unit in shown),
        edges=tuple(edge for edge in graph.edges if edge.user in shown and edge.used in shown),
        links=graph.links,
        loops=graph.loops,
    )


def _way(name: str, outages: Sequence[str], used: Mapping[str, Sequence[str]]) -> list[str]:
    """The boxes on a shortest way from `name` to an outage; none if there is no way."""
    above = dict.fromkeys(outages, "")
    pending = list(outages)
    for user in pending:
        for below in used.get(user, ()):
            if below not in above:
                above[below] = user
                pending.append(below)
    way: list[str] = []
    while name in above:
        way.append(name)
        name = above[name]
    return way


def _has_title(unit: Unit) -> bool:
    return unit.kind == "group" or len(unit.nodes) > 1


def _is_grid(unit: Unit, room: int) -> bool:
    return len(unit.nodes) > room


def _columns(unit: Unit, room: int) -> list[list[str]]:
    """The members of a group beside each other, each with its parts below; none where that is not so, or too much."""
    if unit.kind != "group" or room < STACKED_MAX or not _is_grid(unit, room):
        return []
    columns: list[list[str]] = []
    for name in unit.nodes:  # parts come after what they are parts of
        if columns and name.startswith(f"{columns[-1][0]}."):
            columns[-1].append(name)
        else:
            columns.append([name])
    return columns if len(columns) <= _COLUMNS_MAX and max(map(len, columns)) <= STACKED_MAX else []


def _size(unit: Unit, cell_width: float, room: int, *, has_links: bool) -> tuple[float, float]:
    if not _has_title(unit):
        return cell_width, CELL_HEIGHT + 4
    count = len(unit.nodes)
    columns = _columns(unit, room)
    if columns:
        width = len(columns) * (_NARROW + 6) - 6 + 2 * PAD
        return width, TITLE_HEIGHT + max(map(len, columns)) * (CELL_HEIGHT + 6) - 6 + PAD
    if _is_grid(unit, room):
        rows = -(-count // GRID_COLUMNS)
        width = max(min(count, GRID_COLUMNS) * SMALL, CELL_WIDTH)
        return width + 2 * PAD, TITLE_HEIGHT + rows * SMALL + PAD
    width = cell_width + 2 * PAD + (26 if has_links and count > 1 else 0)
    return width, _stack(unit)[1]


def _stack(unit: Unit) -> tuple[dict[str, float], float]:
    """Where the cells of a box stand below each other, and how high it is. Groups within it get a title of their own."""
    group_of = {name: group.name for group in unit.inner for name in group.nodes}
    tops: dict[str, float] = {}
    y, current = TITLE_HEIGHT, ""
    for name in unit.nodes:
        group = group_of.get(name, "")
        if group != current:
            y += (_INNER_END if current else 0) + (_INNER_TITLE if group else 0)
            current = group
        tops[name] = y
        y += CELL_HEIGHT + 6
    return tops, y - 6 + (_INNER_END if current else 0) + PAD


def _frames(unit: Unit, x: float, y: float, cell_width: float) -> tuple[FrameView, ...]:
    """The groups within a box, where their cells stand together."""
    tops, _ = _stack(unit)
    frames: list[FrameView] = []
    for group in unit.inner:
        first, last = tops[group.nodes[0]], tops[group.nodes[-1]]
        if last - first > (len(group.nodes) - 1) * (CELL_HEIGHT + 6):
            continue
        title = f"{group.name.removeprefix(f'{unit.name}.')} · {group.needs}"
        top, height = y + first - _INNER_TITLE + 2, last - first + CELL_HEIGHT + _INNER_TITLE + 2
        frames.append(FrameView(title=title, x=x + PAD / 2, y=round(top, 1), width=cell_width + PAD, height=height))
    return tuple(frames)


def _box(
    unit: Unit,
    nodes: dict[str, Node],
    corner: tuple[float, float],
    size: tuple[float, float],
    cell_width: float,
    room: int,
) -> BoxView:
    x, y = round(corner[0] + MARGIN, 1), round(corner[1] + MARGIN, 1)
    cells: list[CellView] = []
    places = {name: (i, j) for i, column in enumerate(_columns(unit, room)) for j, name in enumerate(column)}
    tops, _ = _stack(unit)
    for i, name in enumerate(unit.nodes):
        if not _has_title(unit):
            cell_x, cell_y, width, height = x, y, size[0], size[1]
        elif places:
            column, row = places[name]
            cell_x, cell_y = x + PAD + column * (_NARROW + 6), y + TITLE_HEIGHT + row * (CELL_HEIGHT + 6)
            width, height = _NARROW, CELL_HEIGHT
        elif _is_grid(unit, room):
            cell_x = x + PAD + i % GRID_COLUMNS * SMALL
            cell_y = y + TITLE_HEIGHT + i // GRID_COLUMNS * SMALL
            width = height = SMALL - 4
        else:
            cell_x, cell_y = x + PAD, y + tops[name]
            width, height = cell_width, CELL_HEIGHT
        cells.append(
            CellView(
                node=nodes[name],
                label=_label(nodes[name], unit, is_part=bool(places) and places[name][1] > 0),
                x=round(cell_x, 1),
                y=round(cell_y, 1),
                width=width,
                height=height,
                is_small=_has_title(unit) and _is_grid(unit, room) and not places,
            )
        )
    title = f"{unit.name} · {unit.needs}" if unit.needs else unit.name
    is_stacked = _has_title(unit) and not places and not _is_grid(unit, room)
    return BoxView(
        unit=unit,
        title=title if _has_title(unit) else "",
        x=x,
        y=y,
        width=size[0],
        height=size[1],
        cells=tuple(cells),
        frames=_frames(unit, x, y, cell_width) if is_stacked else (),
    )


def _label(node: Node, unit: Unit, *, is_part: bool) -> str:
    """Its name, as short as the box around it allows."""
    if is_part:
        return node.name.removeprefix(f"{unit.name}").partition(".")[2]
    return f"{unit.name}{node.label}" if unit.kind == "group" and node.label.startswith("[") else node.label


def _path(route: Route) -> str:
    """Curves that leave and enter boxes level."""
    points = [(x + MARGIN, y + MARGIN) for x, y in route.points]
    if route.is_back:
        return _back_path(points)
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x, y), (next_x, next_y) in itertools.pairwise(points):
        middle = (x + next_x) / 2
        path += f"C{middle:.1f} {y:.1f} {middle:.1f} {next_y:.1f} {next_x:.1f} {next_y:.1f}"
    return path


def _back_path(points: list[tuple[float, float]]) -> str:
    """Against the layers: out to the left of the one box and into the other from the right, with a bow."""
    (x, y), (end_x, end_y) = points[0], points[-1]
    bow = 26.0
    path = f"M{x:.1f} {y + 8:.1f}"
    middle = points[1:-1]
    previous = (x, y + 8)
    for point in [*middle, (end_x, end_y + 8)]:
        half = (previous[0] + point[0]) / 2
        if point == (end_x, end_y + 8) and not middle:
            path += f"C{previous[0] - bow:.1f} {previous[1] + bow:.1f} {point[0] + bow:.1f} {point[1] + bow:.1f} {point[0]:.1f} {point[1]:.1f}"
        else:
            path += f"C{half:.1f} {previous[1]:.1f} {half:.1f} {point[1]:.1f} {point[0]:.1f} {point[1]:.1f}"
        previous = point
    return path


def _links(graph: Graph, boxes: tuple[BoxView, ...]) -> tuple[LinkView, ...]:
    """Links between components that are shown: beside them where they share a box, else straight."""
    cells = {cell.node.name: cell for box in boxes for cell in box.cells}
    views: list[LinkView] = []
    lanes: dict[str, int] = {}
    for link in graph.links:
        one, other = cells.get(link.source), cells.get(link.target)
        if one is None or other is None or one.is_small or other.is_small:
            continue
        arrow = "↔" if link.is_both_ways else "→"
        via = f" via {', '.join(link.via)}" if link.via else ""
        if one.node.unit == other.node.unit:
            lane = lanes.get(one.node.unit, 0)
            lanes[one.node.unit] = lane + 1
            x = one.x + one.width
            top, bottom = sorted((one.y + one.height / 2, other.y + other.height / 2))
            bow = x + 9 + 7 * (lane % 3)
            shift = 4 * (lane % 3) - 4
            path = f"M{x:g} {top + shift:g}C{bow:g} {top + shift:g} {bow:g} {bottom + shift:g} {x:g} {bottom + shift:g}"
        else:
            path = f"M{one.x + one.width / 2:g} {one.y + one.height / 2:g}L{other.x + other.width / 2:g} {other.y + other.height / 2:g}"
        views.append(
            LinkView(
                path=path,
                title=f"link {link.source} {arrow} {link.target}{via}",
                via=" ".join(link.via),
                is_far=one.node.unit != other.node.unit,
            )
        )
    return tuple(views)
