"""What a report of one spec says, as plain data: texts, numbers and places, no models, no markup.

Everything that is shown of a spec in a file is made from a `Report`. Times are in milliseconds from the start of a run. A *place* is a line of one of
`sources`. Runs are referred to by position in `runs`, steps by position in `Run.steps`.
"""

import enum

from cascade.records import dataclass


class Status(enum.IntEnum):
    """How a component is, in one state of a run; the gravest that applies."""

    OK = 0
    CHANGED = 1
    FAULTY = 2
    DOWN = 3


STATUS_TEXTS = {
    Status.OK: "as at the start",
    Status.CHANGED: "changed",
    Status.FAULTY: "struck by a fault",
    Status.DOWN: "not serving",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of `Report.sources[source]`, with what there is to say of it."""

    source: int
    line: int
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file that the report refers to. `is_spec`: the spec itself, not what it imports."""

    name: str
    text: str
    is_spec: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A value before and after a step. `is_derived`: it follows from variables. `is_relevant`: what the run shows rests on it."""

    name: str
    before: str
    after: str
    is_derived: bool
    is_relevant: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command that fired. `number` counts from 1 the steps that what the run shows rests on (None: it does not), `causes` are such numbers.

    `waited_ms` is how long the command had been able to fire; `passed_on` says for each cause which values of it were read.
    """

    number: int | None
    time_ms: int
    command_class: str
    kind: str
    component: str
    command: str
    text: str
    because: str
    waited_ms: int
    causes: tuple[int, ...]
    passed_on: tuple[str, ...]
    changes: tuple[Change, ...]
    place: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A component, or an outage, over a run: how it is in each state, and in which of its values it differs from the start.

    `statuses` and `texts` have one entry more than the run has steps.
    """

    name: str
    is_outage: bool
    statuses: tuple[Status, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A value over a run, beside the value that it is compared with: both have one entry more than the run has steps.

    `is_floor`: it starts above, and is in trouble below; else it is a load that starts below its limit.
    """

    name: str
    limit_name: str
    values: tuple[int, ...]
    limits: tuple[int, ...]
    is_floor: bool = False

    @property
    def troubles(self) -> tuple[bool, ...]:
        """In which states it is on the wrong side."""
        pairs = zip(self.values, self.limits, strict=True)
        return tuple(value < limit if self.is_floor else value > limit for value, limit in pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What a run shows rests on `values`, which the step with this number wrote."""

    number: int
    values: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that was replayed. `shown_by` says what it shows, `ending` what its last state is.

    `loop_start` is a position in `steps`: a lasso repeats from there (its length: it may stop there). `lanes` are of what changes in the run, those that
    change first come first. `conclusions` say what the end rests on.
    """

    title: str
    shown_by: tuple[str, ...]
    ending: str
    fault_count: int
    is_timed: bool
    end_ms: int
    loop_start: int | None
    steps: tuple[Step, ...]
    lanes: tuple[Lane, ...]
    series: tuple[Series, ...]
    conclusions: tuple[Conclusion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A finding or a notice, ranked by position. `accepted` says until when and why a waiver accepts it, "" if none does."""

    code: str
    severity: str
    title: str
    message: str
    help: str
    note: str
    places: tuple[Place, ...]
    outages: tuple[str, ...]
    run: int | None
    accepted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """A declared check and its verdict: `holds`, `violated` or `undetermined`.

    `extent` says what was explored; `reason` why there is no verdict; `accepted` by which waiver an unexpected one does not count.
    `values` says what the open params are; `proved` by what kind of proof a verdict was reached, and `proof` in what it consists, its invariant line by line.
    """

    name: str
    text: str
    formula: str
    expected: str
    verdict: str
    is_as_expected: bool
    extent: str
    reason: str
    seconds: float
    details: tuple[tuple[str, str], ...]
    fixes: tuple[str, ...]
    place: Place | None
    run: int | None
    said: tuple[str, ...]
    accepted: str = ""
    values: str = ""
    proved: str = ""
    proof: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """An outage in one sentence. `failed`, `masking` and `because` answer: what failed, what should have masked it, why it did not.

    `is_grave`: one fault suffices, or redundancy is defeated; else it takes as many as a design of this kind has to give in to.
    """

    outage: str
    text: str
    sentence: str
    is_reached: bool
    is_known: bool
    is_grave: bool
    failed: tuple[str, ...]
    masking: tuple[str, ...]
    because: tuple[str, ...]
    run: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell of a table: a text, a `tone` ("good", "bad", "warn", "" for none) that is never the only sign, and the run that shows it."""

    text: str
    tone: str = ""
    run: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with a title, a sentence on how to read it, and rows of as many cells as there are headings. `key` is its anchor."""

    key: str
    title: str
    text: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A component of the graph. `unit` is the box that it is drawn in, `label` its name there."""

    name: str
    label: str
    type_name: str
    text: str
    unit: str
    place: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerGroup:
    """A redundant group among the parts of a component: its `nodes` in that component's box."""

    name: str
    needs: str
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A box of the graph: a redundant group, a component with its parts, or an outage. `needs` is "" unless it is a group."""

    name: str
    kind: str
    text: str
    needs: str
    nodes: tuple[str, ...]
    inner: tuple[InnerGroup, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`user` depends on `used`, both boxes. `in_loop`: it is part of a feedback loop."""

    user: str
    used: str
    in_loop: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """Links between two components of one box, or of two, both ways or one, and what they run over."""

    source: str
    target: str
    is_both_ways: bool
    via: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """What there is and what depends on what. `loops` are boxes that depend on each other."""

    units: tuple[Unit, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    links: tuple[LinkRow, ...]
    loops: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The counts of the first line."""

    as_expected: int
    unexpected: int
    undetermined: int
    accepted: int
    findings: int
    notices: int
    states: int
    seconds: float
    questions: int
    questions_undetermined: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusive:
    """What a question beside checks and outages came to, in one sentence. `tone` as that of a cell, `table` says it in full."""

    text: str
    tone: str
    table: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that is said of one spec. `conclusive` is said first, if it is there.

    `tables` come in the order in which they are read; `assumptions` are what no question put to the test.
    """

    version: str
    path: str
    name: str
    text: str
    totals: Totals
    headlines: tuple[Headline, ...]
    findings: tuple[Finding, ...]
    checks: tuple[CheckRow, ...]
    runs: tuple[Run, ...]
    graph: Graph
    tables: tuple[Table, ...]
    explored: tuple[str, ...]
    nearest: tuple[str, ...]
    assumptions: tuple[str, ...]
    open_questions: tuple[str, ...]
    errors: tuple[Finding, ...]
    sources: tuple[Source, ...]
    conclusive: Conclusive | None = None
