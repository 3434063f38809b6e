"""The architecture of a spec as boxes and arrows.

A box is a redundant group with its members, or a component with its parts, or an outage. Of parts only those that have variables or commands of their own
are shown: others only pass on what is said elsewhere.
"""

from typing import TYPE_CHECKING

from cascade.questions.architecture import Architecture, architecture, cycles
from cascade.reports.data import Edge, Graph, InnerGroup, LinkRow, Node, Unit
from cascade.reports.gather.places import Places

if TYPE_CHECKING:
    from cascade.checked.model import Component, Group, System

_UNITS_MIN = 4
"""With fewer boxes, one with parts is opened."""


def gather_graph(system: "System", places: Places) -> Graph:
    """The graph of `system`."""
    return _Grapher(system, places, architecture(system)).graph()


class _Grapher:
    def __init__(self, system: "System", places: Places, read: Architecture) -> None:
        self._system = system
        self._places = places
        self._read = read
        self._components = {c.name: c for c in system.components if c.name}
        self._active = {v.component for v in system.variables if not v.is_link}
        self._active |= {c.component for c in system.commands if c.cut_checks is None}
        self._group_of = {member: group for group in reversed(system.groups) for member in group.members}
        self._unit_of: dict[str, str] = {}

    def graph(self) -> Graph:
        opened = self._opened()
        members: dict[str, list[str]] = {}
        for name in self._components:
            unit = self._unit(name, opened)
            self._unit_of[name] = unit
            if name == unit or name in self._active or (name in self._group_of and self._group_of[name].name == unit):
                members.setdefault(unit, []).append(name)
            else:
                members.setdefault(unit, [])
        units = [self._unit_data(name, nodes) for name, nodes in members.items()]
        outages = [
            Unit(name=o.name, kind="outage", text=o.text, needs="", nodes=(o.name,)) for o in self._system.outages
        ]
        nodes = [self._node(name, unit) for unit, names in members.items() for name in names]
        nodes += [
            Node(name=o.name, label=o.name, type_name="", text=o.text, unit=o.name, place=self._places.of(o.span))
            for o in self._system.outages
        ]
        edges, loops = self._edges([unit.name for unit in units])
        return Graph(units=(*units, *outages), nodes=tuple(nodes), edges=tuple(edges), links=self._links(), loops=loops)

    # --- boxes ---

    def _opened(self) -> frozenset[str]:
        """Components whose parts have boxes of their own: those without anything of their own, while there are few boxes."""
        opened: set[str] = set()
        while True:
            units = list(dict.fromkeys(self._unit(name, frozenset(opened)) for name in self._components))
            parts = {c.parent for c in self._components.values()}
            candidates = [u for u in units if u in parts and u in self._components and u not in self._active]
            if len(units) >= _UNITS_MIN or not candidates:
                return frozenset(opened)
            opened.update(candidates)

    def _unit(self, name: str, opened: frozenset[str]) -> str:
        """The outermost box around a component."""
        chain: list[Component] = []
        component: Component | None = self._components[name]
        while component is not None:
            chain.append(component)
            component = self._components.get(component.parent or "")
        for component in reversed(chain):
            group = self._group_of.get(component.name)
            if group is not None:
                return group.name
            if component.name not in opened:
                return component.name
        return name

    def _unit_data(self, name: str, nodes: list[str]) -> Unit:
        group = next((g for g in self._system.groups if g.name == name), None)
        if group is None:
            component = self._components[name]
            inner = self._inner(nodes)
            return Unit(name=name, kind="component", text=component.text, needs="", nodes=tuple(nodes), inner=inner)
        first = self._components[group.members[0]]
        return Unit(name=name, kind="group", text=first.text, needs=_needs(group), nodes=tuple(nodes))

    def _inner(self, nodes: list[str]) -> tuple[InnerGroup, ...]:
        """Redundant groups of parts, the outermost that a part is in."""
        found: dict[str, list[str]] = {}
        for name in nodes:
            chain = [name]
            while (parent := self._components[chain[-1]].parent) in self._components:
                chain.append(parent)
            group = next((self._group_of[link] for link in reversed(chain) if link in self._group_of), None)
            if group is not None:
                found.setdefault(group.name, []).append(name)
        groups = {group.name: group for group in self._system.groups}
        return tuple(
            InnerGroup(name=name, needs=_needs(groups[name]), nodes=tuple(inside)) for name, inside in found.items()
        )

    def _node(self, name: str, unit: str) -> Node:
        component = self._components[name]
        return Node(
            name=name,
            label=name.removeprefix(f"{unit}.").removeprefix(unit) if name != unit else name,
            type_name=component.type_name,
            text=component.text,
            unit=unit,
            place=self._places.of(component.span),
        )

    # --- arrows ---

    def _edges(self, units: list[str]) -> tuple[list[Edge], tuple[tuple[str, ...], ...]]:
        pairs = [(self._unit_of[d.user], self._unit_of[d.used]) for d in self._read.dependencies]
        between = tuple(dict.fromkeys((user, used) for user, used in pairs if user != used))
        loops = cycles(tuple(units), between)
        loop_of = {name: i for i, loop in enumerate(loops) for name in loop}
        edges = [
            Edge(user=user, used=used, in_loop=user in loop_of and loop_of.get(used) == loop_of[user])
            for user, used in between
        ]
        shown = dict.fromkeys((d.user, self._unit_of[d.used]) for d in self._read.outages)
        edges += [Edge(user=user, used=used, in_loop=False) for user, used in shown]
        return edges, loops

    def _links(self) -> tuple[LinkRow, ...]:
        """Links, those both ways once."""
        vias = {(link.source, link.target): link.via for link in self._system.links}
        rows: list[LinkRow] = []
        for (source, target), via in vias.items():
            back = vias.get((target, source))
            if back == via and any(r.source == target and r.target == source for r in rows):
                continue
            rows.append(LinkRow(source=source, target=target, is_both_ways=back == via, via=via))
        return tuple(rows)


def _needs(group: "Group") -> str:
    return f"{group.needs} of {len(group.members)} needed"
