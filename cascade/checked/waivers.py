"""Waivers: what they accept, resolved to checks, codes, outages, groups and faults."""

import datetime as dt

from cascade.checked import messages
from cascade.checked.checks import CheckBuilder, is_fault, steps_of
from cascade.checked.model import Group, Outage, Waiver
from cascade.diagnostics.codes import CODES, is_waivable
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.syntax import tree

REASON_LENGTH_MIN = 3
"""Shorter texts say nothing."""


class WaiverBuilder:
    """Makes waivers out of their syntax."""

    def __init__(
        self,
        checks: CheckBuilder,
        check_names: frozenset[str],
        outages: tuple[Outage, ...],
        groups: tuple[Group, ...],
        diagnostics: Diagnostics,
    ) -> None:
        self._checks = checks
        self._check_names = check_names
        self._subjects = {outage.name for outage in outages} | {group.name for group in groups}
        self._diagnostics = diagnostics

    def waiver(self, node: tree.Waiver) -> Waiver | None:
        """The checked form of `node`; None if it has an error."""
        until = self._day(node.until)
        target = node.target.text
        is_check = target in self._check_names
        if not is_check and not is_waivable(target):
            candidates = {*self._check_names, *(code for code in CODES if is_waivable(code))}
            self._diagnostics.add(messages.waiver_of_nothing(node.target.span, target, self._check_names, candidates))
            return None
        if len(node.reason.strip()) < REASON_LENGTH_MIN:
            self._diagnostics.add(messages.waiver_without_reason(node.reason_span))
        subjects: set[str] = set()
        selectors: list[tree.Expr] = []
        for path in node.accepted:
            steps = steps_of(path)
            name = "" if steps is None else ".".join(step.text() for step in steps)
            if name in self._subjects:
                subjects.add(name)
            else:
                selectors.append(path)
        faults = self._checks.select_names(tuple(selectors), "outage, group or fault", is_fault, self._subjects)
        if until is None:
            return None
        return Waiver(
            target=target,
            is_check=is_check,
            subjects=frozenset(subjects),
            faults=faults,
            until=until,
            reason=node.reason,
            span=node.target.span,
        )

    def _day(self, node: tree.Day) -> dt.date | None:
        try:
            return dt.date.fromisoformat(node.text)
        except ValueError:
            self._diagnostics.add(messages.no_such_day(node.span, node.text))
            return None
