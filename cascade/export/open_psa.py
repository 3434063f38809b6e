"""Fault trees → Open-PSA Model Exchange Format, for SCRAM and other tools of probabilistic safety analysis.

In: trees of gates whose alternatives are faults that strike together. Out: one XML document. Tools want identifiers, so names of faults stand in labels.
"""

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from cascade.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """All of `faults` strike, and the gate at position `gate` of the tree (None: nothing else) is open."""

    faults: tuple[str, ...]
    gate: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultTree:
    """How `outage` comes about: `gates` open by any one of their alternatives. `top` is a gate, or whether the outage is there in any case."""

    outage: str
    text: str
    gates: tuple[tuple[Alternative, ...], ...]
    top: int | bool


def export(name: str, trees: Sequence[FaultTree]) -> str:
    """The document."""
    return _Writer(trees).text(name)


class _Writer:
    def __init__(self, trees: Sequence[FaultTree]) -> None:
        self._trees = trees
        self._used: set[str] = set()
        self._tops = {tree.outage: self._identifier(tree.outage) for tree in trees}
        self._faults: dict[str, str] = {}
        for tree in trees:
            for gate in tree.gates:
                for fault in (fault for alternative in gate for fault in alternative.faults):
                    if fault not in self._faults:
                        self._faults[fault] = self._identifier(fault)

    def _identifier(self, name: str) -> str:
        """A name of letters, digits and single underscores that nothing else has."""
        plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_") or "x"
        plain = plain if plain[0].isalpha() else f"x_{plain}"
        found, number = plain, 1
        while found.lower() in self._used:  # some tools take no notice of case
            number += 1
            found = f"{plain}_{number}"
        self._used.add(found.lower())
        return found

    def text(self, name: str) -> str:
        lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<opsa-mef>"]
        lines.append(f"  <label>{escape(name)}</label>")
        for tree in self._trees:
            lines.extend(self._tree(tree))
        lines.append("  <model-data>")
        for fault, identifier in self._faults.items():
            lines.append(f"    <define-basic-event name={quoteattr(identifier)}>")
            lines.append(f"      <label>{escape(fault)}</label>")
            lines.append("    </define-basic-event>")
        lines.extend(["  </model-data>", "</opsa-mef>"])
        return "".join(line.encode("ascii", "xmlcharrefreplace").decode("ascii") + "\n" for line in lines)

    def _tree(self, tree: FaultTree) -> list[str]:
        top = self._tops[tree.outage]
        names = [self._identifier(f"{tree.outage} {number}") for number in range(1, len(tree.gates) + 1)]
        lines = [f"  <define-fault-tree name={quoteattr(self._identifier(f'{tree.outage} tree'))}>"]
        lines.append(f"    <define-gate name={quoteattr(top)}>")
        label = tree.outage if not tree.text else f"{tree.outage}: {tree.text}"
        lines.append(f"      <label>{escape(label)}</label>")
        if isinstance(tree.top, bool):
            lines.append(f'      <constant value="{"true" if tree.top else "false"}"/>')
        else:
            lines.extend(self._formula(tree.gates[tree.top], names))
        lines.append("    </define-gate>")
        for number, (gate, name) in enumerate(zip(tree.gates, names, strict=True)):
            if number != tree.top:
                lines.append(f"    <define-gate name={quoteattr(name)}>")
                lines.extend(self._formula(gate, names))
                lines.append("    </define-gate>")
        lines.append("  </define-fault-tree>")
        return lines

    def _formula(self, gate: tuple[Alternative, ...], names: list[str]) -> list[str]:
        """Connectives have two operands at least."""
        written = [self._alternative(alternative, names) for alternative in gate]
        if len(written) == 1:
            return [f"      {written[0]}"]
        return ["      <or>", *(f"        {line}" for line in written), "      </or>"]

    def _alternative(self, alternative: Alternative, names: list[str]) -> str:
        events = [f"<basic-event name={quoteattr(self._faults[fault])}/>" for fault in alternative.faults]
        events.extend([] if alternative.gate is None else [f"<gate name={quoteattr(names[alternative.gate])}/>"])
        return events[0] if len(events) == 1 else f"<and>{''.join(events)}</and>"
