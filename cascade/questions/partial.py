"""Crash versus partial failure: how many losses of each kind a group survives.

For a group, a fault kind and an outage: only faults of that kind in that group fire, at most `n` times together, for `n` from 1 to the size of the group.
The first `n` that reaches the outage ends the row's cell: `n - 1` losses are survived. Members may have parts that fail one by one, or be struck again: if so many
do not reach it, any number is asked about, and the cheapest run says how many it takes. Everything that is no fault happens as usual.
What follows from minimal fault sets is not asked.
"""

from cascade.checked.model import Group, Outage
from cascade.questions.cutsets import CutSets
from cascade.questions.inquiry import Inquiry, Reply, Scope
from cascade.records import dataclass

CRASH = "crash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """One cell: `survived` losses of `kind` never lead to the outage. `reply` is the first question without a no: a run, or stopped by a limit.

    `survived` is a lower bound unless `is_exact`. `is_all`: no number of them leads to it; `survived` is the size of the group then.
    """

    kind: str
    survived: int
    is_exact: bool
    reply: Reply | None
    is_all: bool = False

    def is_less_than(self, other: "Survival") -> bool:
        """Whether surely fewer of this kind are survived."""
        return self.is_exact and not self.is_all and (other.is_all or self.survived < other.survived)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A group and an outage with a cell for each kind of fault that its members have, crashes first."""

    outage: Outage
    group: Group
    cells: tuple[Survival, ...]

    @property
    def crash(self) -> Survival | None:
        """The cell of crashes."""
        return next((cell for cell in self.cells if cell.kind == CRASH), None)

    @property
    def worse_than_crash(self) -> tuple[Survival, ...]:
        """Kinds of which surely fewer losses are survived than crashes."""
        crash = self.crash
        if crash is None:
            return ()
        return tuple(cell for cell in self.cells if cell is not crash and cell.is_less_than(crash))


def rows(inquiry: Inquiry, outage: Outage, sets: CutSets) -> tuple[Row, ...]:
    """A row for each group whose members can fail. `sets` are the minimal fault sets of the outage, as far as they are known."""
    result: list[Row] = []
    for group in inquiry.system.groups:
        by_kind: dict[str, set[int]] = {}
        for fault in sorted(inquiry.faults_of(group)):
            by_kind.setdefault(inquiry.system.commands[fault].kind, set()).add(fault)
        kinds = sorted(by_kind, key=lambda kind: (kind != CRASH, list(by_kind).index(kind)))
        cells = tuple(_survival(inquiry, sets, group, kind, frozenset(by_kind[kind])) for kind in kinds)
        if cells:
            result.append(Row(outage=outage, group=group, cells=cells))
    return tuple(result)


def _survival(inquiry: Inquiry, sets: CutSets, group: Group, kind: str, faults: frozenset[int]) -> Survival:
    for count in range(1, len(group.members) + 1):
        if sets.excludes(faults, count):
            continue
        reply = _shown(sets, faults, count) or inquiry.ask_never(
            sets.outage, Scope(faults=faults, fault_count_max=count)
        )
        if reply.run is not None:
            return Survival(kind=kind, survived=count - 1, is_exact=True, reply=reply)
        if not reply.is_no:
            return Survival(kind=kind, survived=count - 1, is_exact=False, reply=reply)
    size = len(group.members)
    every = None if sets.excludes(faults) else inquiry.ask_never(sets.outage, Scope(faults=faults))
    if every is None or every.is_no:
        return Survival(kind=kind, survived=size, is_exact=True, reply=None, is_all=True)
    if every.run is not None:
        return Survival(kind=kind, survived=every.run.fault_count - 1, is_exact=True, reply=every)
    return Survival(kind=kind, survived=size, is_exact=False, reply=every)


def _shown(sets: CutSets, faults: frozenset[int], count: int) -> Reply | None:
    """The reply of a fault set that shows it: a cheapest run with no other faults and no more of them."""
    runs = [
        (found.reply.run.fault_count, found.reply.run.times_ticks[-1], len(found.reply.run.steps), number)
        for number, found in enumerate(sets.sets)
        if found.commands <= faults and found.reply.run is not None and found.reply.run.fault_count <= count
    ]
    return sets.sets[min(runs)[-1]].reply if runs else None
