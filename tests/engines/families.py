"""Families of core models whose size can be chosen, written by hand."""

from tests.engines.models import FAULT, REACTION, REPAIR, Formula, ModelBuilder

UP, DEGRADED, DOWN, REBUILDING = range(4)


def add(*terms: Formula) -> Formula:
    """The sum of several formulas."""
    total = terms[0]
    for term in terms[1:]:
        total = ("add", total, term)
    return total


def count(*conditions: Formula) -> Formula:
    """How many of several formulas hold."""
    return add(*(("ite", condition, 1, 0) for condition in conditions))


class Tiers:
    """Tiers of replicas behind a primary, with retries; at most `fault_count` faults. Untimed."""

    def __init__(self, tier_count: int, replica_count: int, fault_count: int, level_max: int) -> None:
        self.builder = ModelBuilder()
        self._replica_count = replica_count
        self._level_max = level_max
        for i in range(tier_count):
            for j in range(replica_count):
                self.builder.variable(f"s{i}_{j}", REBUILDING)
            self.builder.variable(f"primary{i}", replica_count, low=1)
            self.builder.variable(f"cut{i}", 1)
            self.builder.variable(f"level{i}", level_max)
        self.builder.variable("faults", fault_count)
        self._budget = {"guard": ("lt", "faults", fault_count), "update": ("add", "faults", 1)}
        for i in range(tier_count):
            self._tier(i)
        last = tier_count - 1
        self.collapse: Formula = (
            "and",
            *(("not", self._alive(last, j)) for j in range(replica_count)),
            *(("eq", f"level{i}", level_max) for i in range(tier_count)),
        )

    def _alive(self, i: int, j: int) -> Formula:
        return ("or", ("eq", f"s{i}_{j}", UP), ("eq", f"s{i}_{j}", DEGRADED))

    def _primary_alive(self, i: int) -> Formula:
        return ("select", f"primary{i}", *(self._alive(i, j) for j in range(self._replica_count)))

    def _available(self, i: int) -> Formula:
        alive = count(*(self._alive(i, j) for j in range(self._replica_count)))
        enough = ("le", self._replica_count // 2 + 1, alive)
        return ("and", enough, self._primary_alive(i), ("eq", f"cut{i}", 0))

    def _fault(self, guard: Formula, updates: dict[str, Formula]) -> None:
        self.builder.command(FAULT, guard, {**updates, "faults": self._budget["update"]}, permit=self._budget["guard"])

    def _tier(self, i: int) -> None:
        b, replicas, top = self.builder, range(self._replica_count), self._level_max
        level = f"level{i}"
        all_up: Formula = ("and", *(("eq", f"s{i}_{j}", UP) for j in replicas))
        capacity = add(
            *(("ite", ("eq", f"s{i}_{j}", UP), 2, ("ite", ("eq", f"s{i}_{j}", DEGRADED), 1, 0)) for j in replicas)
        )
        before: Formula = True if i == 0 else self._available(i - 1)
        stressed = ("or", ("lt", capacity, ("add", self._replica_count, level)), ("not", before))
        for j in replicas:
            s = f"s{i}_{j}"
            self._fault(("not", ("eq", s, DOWN)), {s: DOWN})
            b.command(REACTION, ("and", ("eq", level, top), ("eq", s, UP)), {s: DEGRADED})
            b.command(REACTION, ("and", ("eq", level, 0), ("eq", s, DEGRADED)), {s: UP})
            b.command(REACTION, ("and", ("eq", level, top), ("eq", s, DEGRADED)), {s: DOWN})
            b.command(REACTION, ("eq", s, DOWN), {s: REBUILDING})
            b.command(REACTION, ("and", before, ("eq", s, REBUILDING)), {s: UP})
            b.command(REACTION, all_up, {s: REBUILDING})
            cut_or_dead = ("or", ("eq", f"cut{i}", 1), ("not", self._primary_alive(i)))
            others = ("and", ("not", ("eq", f"primary{i}", j + 1)), self._alive(i, j), cut_or_dead)
            b.command(REACTION, others, {f"primary{i}": j + 1})
        self._fault(("eq", f"cut{i}", 0), {f"cut{i}": 1})
        b.command(REPAIR, ("eq", f"cut{i}", 1), {f"cut{i}": 0})
        b.command(REACTION, ("and", stressed, ("lt", level, top)), {level: ("add", level, 1)})
        b.command(REACTION, ("and", ("not", stressed), ("lt", 0, level)), {level: ("sub", level, 1)})


class Clocks:
    """Nodes that fail, at most `fault_count` times in a run, and are repaired after `repair_ticks`; a page when two are down that long."""

    def __init__(self, node_count: int, fault_count: int, repair_ticks: int) -> None:
        self.builder = builder = ModelBuilder(is_timed=True)
        nodes = [f"down{i}" for i in range(node_count)]
        for node in nodes:
            builder.variable(node, 1)
        builder.variable("called", 1)
        builder.variable("faults", fault_count)
        self.down = count(*(("eq", node, 1) for node in nodes))
        self.degraded: Formula = ("le", fault_count, self.down)
        for node in nodes:
            builder.command(
                FAULT,
                ("eq", node, 0),
                {node: 1, "faults": ("add", "faults", 1)},
                permit=("lt", "faults", fault_count),
            )
            builder.command(REPAIR, ("eq", node, 1), {node: 0}, after=(repair_ticks, repair_ticks))
        builder.command(REACTION, ("le", 2, self.down), {"called": 1}, after=(repair_ticks, repair_ticks))
        builder.command(REACTION, ("and", ("eq", "called", 1), ("eq", self.down, 0)), {"called": 0})
        self.degraded_clock = builder.clock(self.degraded, repair_ticks + 1)
