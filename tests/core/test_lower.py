"""Lowering: what is owed and when, what formulas and clauses add to the model, and what is asked of it."""

import pytest

from cascade.core.expressions import Op
from cascade.core.lower import lower
from cascade.core.model import CommandClass, VariableKind, VariableRole
from cascade.core.queries import Lasso, Reach, Recover
from tests.core.lowering import Lowered, lowered
from tests.generate.load import LoadedText

PAIR = """
component Node {
  state health: {up, stuck, down} = up
  fault dies: crash { health: up -> down }
  fault hangs: partial { health: up -> stuck }
  reaction fence { health: stuck -> down }
  operator reboot { health: down -> up }
}
system pair {
  redundant nodes: 2 x Node needs 1
  component db { event upgrade { health: up -> down } }
  check c: CHECK
}
"""


def pair(check: str) -> Lowered:
    return lowered(PAIR.replace("CHECK", check))


NODE_1 = ["nodes[1].dies", "nodes[1].hangs", "nodes[1].fence", "nodes[1].reboot"]
NODE_2 = ["nodes[2].dies", "nodes[2].hangs", "nodes[2].fence", "nodes[2].reboot"]
DB = ["db.upgrade", "db.crash"]


def without(*names: str) -> set[str]:
    return {*NODE_1, *NODE_2, *DB} - set(names)


# --- what is owed, and clocks ---


def timed(command: str, clauses: str = "") -> Lowered:
    return lowered(f"system s {{ tick 1min state up: bool = true {command} check c: never false {clauses} }}")


@pytest.mark.parametrize(
    ("command", "timing", "owed"),
    [
        ("fault x { up: true -> false }", None, False),
        ("fault x after 2min { up: true -> false }", (2, None, 2), False),
        *[
            (f"{word} x {timing} {{ up: true -> false }}", ticks, True)
            for word in ("reaction", "repair")
            for timing, ticks in [
                ("", None),
                ("after 2min", (2, 2, 2)),
                ("after 1min..3min", (1, 3, 3)),
                ("within 3min", (0, 3, 3)),
            ]
        ],
        *[
            (f"{word} x {timing} {{ up: true -> false }}", ticks, owed)
            for word in ("operator", "event")
            for timing, ticks, owed in [
                ("", None, False),
                ("after 2min", (2, None, 2), False),
                ("after 1min..3min", (1, 3, 3), True),
                ("within 3min", (0, 3, 3), True),
            ]
        ],
    ],
)
def test_who_owes_what_and_when(command: str, timing: tuple[int, int | None, int] | None, owed: bool) -> None:
    spec = timed(command)
    assert spec.timing("x") == timing
    assert ("x" in spec.owed) is owed
    assert spec.model.is_timed is (timing is not None)


@pytest.mark.parametrize(
    ("timing", "ticks"),
    [("", None), ("after 2min", (2, 2, 2)), ("after 1min..3min", (1, 3, 3)), ("within 3min", (0, 3, 3))],
)
@pytest.mark.parametrize("word", ["operator", "event"])
@pytest.mark.parametrize("clause", ["if x acts", "if operators, events act", "if x acts if operators act"])
def test_who_acts_owes_like_a_reaction(
    word: str, clause: str, timing: str, ticks: tuple[int, int | None, int] | None
) -> None:
    spec = timed(f"{word} x {timing} {{ up: true -> false }}", clause)
    assert spec.timing("x") == ticks
    assert spec.owed == {"x"}


def test_only_who_is_named_acts() -> None:
    spec = timed("operator x { up = true } operator y { up = false } event z { up = true }", "if y acts")
    assert spec.owed == {"y"}


@pytest.mark.parametrize(
    ("command", "ending_class"),
    [("fault", CommandClass.REPAIR), ("operator", CommandClass.OPERATOR), ("event", CommandClass.EVENT)],
)
@pytest.mark.parametrize(("lasts", "timing"), [("2min", (2, 2, 2)), ("1min..3min", (1, 3, 3))])
def test_what_lasts_ends_in_time(
    command: str, ending_class: CommandClass, lasts: str, timing: tuple[int, int, int]
) -> None:
    spec = timed(f"{command} x lasts {lasts} {{ up: true -> false }}")
    assert spec.commands == ["x", "x_ends"]
    assert spec.timing("x") is None
    assert spec.timing("x_ends") == timing
    assert spec.command("x_ends").command_class is ending_class
    assert spec.owed == {"x_ends"}
    assert spec.text(spec.command("x_ends").guard) == "not up"
    assert spec.updates("x_ends") == {"up": "true"}


def test_a_clock_runs_while_its_command_is_enabled_whatever_the_clauses_permit() -> None:
    spec = timed("reaction x when not up after 2min { up = true }", "with x at most 1 time")
    (clock,) = spec.model.clocks
    assert spec.text(clock.runs_while) == "not up"
    assert spec.permits() == {"x": "times used (1) < 1"}


@pytest.mark.parametrize(
    ("spec", "tick_ms", "ticks"),
    [
        ("reaction x when up after 6min { } reaction y after 4min { } check c: never false", 120_000, (3, 3, 3)),
        ("reaction x when up after 6min { } check c: up lasts at most 4min", 120_000, (3, 3, 3)),
        ("reaction x after 6min { } check c: never false check d: up lasts at most 250ms", 250, (1440,) * 3),
        ("tick 4min reaction x after 6min..9min { } check c: never false", 240_000, (2, 3, 3)),  # rounded up
        ("tick 4min reaction x within 1ms { } check c: never false", 240_000, (0, 1, 1)),
        ("tick 4min reaction x after 8min { } check c: never false", 240_000, (2, 2, 2)),
        ("reaction x after 0s..3s { } check c: never false", 3_000, (0, 1, 1)),
    ],
)
def test_durations_in_ticks(spec: str, tick_ms: int, ticks: tuple[int, int, int]) -> None:
    found = lowered(f"system s {{ state up: bool = true {spec} }}")
    assert found.model.tick_ms == tick_ms
    assert found.timing("x") == ticks


@pytest.mark.parametrize(
    ("body", "is_timed"),
    [
        ("reaction x { up = true } check c: never up", False),
        ("reaction x { up = true } check c: up lasts at most 1min", True),
        ("reaction x { up = true } check c: up leads to not up within 1min", True),
        ("reaction x { up = true } check c: never up check d: up lasts at most 1min", False),
        ("reaction x within 1min { up = true } check c: never up", True),
        ("reaction x within 1min { up = true } check c: never up without x", True),
    ],
)
def test_where_there_is_time(body: str, is_timed: bool) -> None:
    assert lowered(f"system s {{ state up: bool = true {body} }}").model.is_timed is is_timed


def test_a_cut_that_lasts_brings_time_only_where_it_is() -> None:
    nodes = "component a { } component b { } link a -> b"
    text = f"system s {{ {nodes} check c: never false link a -> b can cut lasts 1min check d: never false }}"
    with_cut, plain = lowered(text, "c"), lowered(text, "d")
    assert with_cut.model.is_timed and with_cut.timing("a->b.cut_ends") == (1, 1, 1)
    assert not plain.model.is_timed and plain.commands == ["a.crash", "b.crash"]


# --- formulas ---


def about(formula: str) -> Lowered:
    return lowered(
        "system s { tick 1min state p: bool = false state q: bool = false state n: 0..3 = 0 "
        f"event e {{ p = q }} check c: {formula} }}"
    )


@pytest.mark.parametrize(
    ("formula", "goal"),
    [
        ("never p", "p"),
        ("never p and n == 2", "p and n == 2"),
        ("always p", "not p"),
        ("always n == 0", "n != 0"),
        ("possible p", "p"),
    ],
)
def test_plain_reachability(formula: str, goal: str) -> None:
    spec = about(formula)
    assert isinstance(spec.query, Reach) and spec.query.clock is None
    assert spec.text(spec.query.goal) == goal
    assert spec.settles() == [] and spec.model.clocks == () and not spec.model.is_timed
    assert len(spec.model.variables) == 3


@pytest.mark.parametrize(("words", "kind"), [("leads to", Lasso), ("can lead to", Recover)])
@pytest.mark.parametrize(("clause", "stopped"), [("", set()), ("once events stop", {"e"}), ("once faults stop", set())])
def test_liveness(words: str, kind: type[Lasso] | type[Recover], clause: str, stopped: set[str]) -> None:
    spec = about(f"p {words} n == 1 {clause}")
    assert isinstance(spec.query, kind)
    assert (spec.text(spec.query.trigger), spec.text(spec.query.goal)) == ("p", "n == 1")
    assert spec.stopped == stopped
    assert spec.settles() == [] and not spec.model.is_timed


def test_progress_of_two_conditions() -> None:
    spec = about("possible p then q")
    assert isinstance(spec.query, Reach) and spec.query.clock is None
    assert spec.variables(VariableRole.MONITOR) == {"conditions met": (0, 1, (0,))}
    assert spec.settles() == [("conditions met", "if conditions met == 0 and p then 1 else conditions met")]
    assert spec.text(spec.query.goal) == "conditions met == 1 and q"


def test_progress_of_three_conditions_may_be_made_at_one_moment() -> None:
    spec = about("possible p then q then n == 1")
    assert spec.variables(VariableRole.MONITOR) == {"conditions met": (0, 2, (0,))}
    first = "if conditions met == 0 and p then 1 else conditions met"
    assert spec.settles() == [("conditions met", f"if ({first}) == 1 and q then 2 else {first}")]
    assert isinstance(spec.query, Reach)
    assert spec.text(spec.query.goal) == "conditions met == 2 and n == 1"


@pytest.mark.parametrize(("duration", "limit"), [("0s", 0), ("1min", 1), ("90s", 2), ("5min", 5)])
def test_lasts_at_most(duration: str, limit: int) -> None:
    spec = about(f"p lasts at most {duration}")
    assert isinstance(spec.query, Reach)
    assert spec.text(spec.query.goal) == "false"
    assert spec.query.clock == 0 and spec.query.exceeds_ticks == limit
    (clock,) = spec.model.clocks
    assert (spec.text(clock.runs_while), clock.stop_ticks) == ("p", limit + 1)
    assert spec.model.is_timed and spec.settles() == []


@pytest.mark.parametrize(("duration", "limit"), [("0s", 0), ("5min", 5)])
def test_leads_to_within(duration: str, limit: int) -> None:
    spec = about(f"p leads to q within {duration}")
    assert spec.variables(VariableRole.MONITOR) == {"answer owed": (0, 1, (0,))}
    assert spec.settles() == [("answer owed", "(answer owed or p) and not q")]
    assert isinstance(spec.query, Reach)
    assert spec.text(spec.query.goal) == "false"
    assert spec.query.clock == 0 and spec.query.exceeds_ticks == limit
    (clock,) = spec.model.clocks
    assert (spec.text(clock.runs_while), clock.stop_ticks) == ("answer owed", limit + 1)
    assert spec.model.is_timed


def test_a_stopwatch_comes_after_the_clocks_of_commands() -> None:
    spec = lowered(
        "system s { state up: bool = true reaction x within 1min { up = true } check c: up lasts at most 3min }"
    )
    assert isinstance(spec.query, Reach)
    assert [clock.stop_ticks for clock in spec.model.clocks] == [1, 4]
    assert (spec.command("x").clock, spec.query.clock) == (0, 1)


# --- budgets and counts ---


def test_one_budget_for_all_faults() -> None:
    spec = pair("never false with at most 2 faults")
    assert set(spec.commands) == without()
    assert spec.variables(VariableRole.BUDGET) == {"faults used (1)": (0, 2, (0,))}
    faults = ["nodes[1].dies", "nodes[1].hangs", "nodes[2].dies", "nodes[2].hangs", "db.crash"]
    assert spec.permits() == dict.fromkeys(faults, "faults used (1) < 2")
    assert spec.updates("nodes[1].dies") == {"nodes[1].health": "down", "faults used (1)": "faults used (1) + 1"}
    assert spec.updates("nodes[1].fence") == {"nodes[1].health": "down"}


@pytest.mark.parametrize(
    ("clause", "counted"),
    [
        ("of partial", {"nodes[1].hangs", "nodes[2].hangs"}),
        ("in nodes[2]", {"nodes[2].dies", "nodes[2].hangs"}),
        ("in db", {"db.crash"}),
    ],
)
def test_a_budget_is_for_what_it_names_and_nothing_else_may_fail(clause: str, counted: set[str]) -> None:
    spec = pair(f"never false with at most 1 fault {clause}")
    faults = {"nodes[1].dies", "nodes[1].hangs", "nodes[2].dies", "nodes[2].hangs", "db.crash"}
    assert set(spec.commands) == without(*(faults - counted))
    assert set(spec.permits()) == counted


def test_several_budgets_need_one_that_covers_and_room_in_all_that_do() -> None:
    spec = pair("never false with at most 3 faults of crash with at most 2 faults in nodes[1]")
    assert spec.variables(VariableRole.BUDGET) == {"faults used (1)": (0, 3, (0,)), "faults used (2)": (0, 2, (0,))}
    assert set(spec.commands) == without("nodes[2].hangs")
    assert spec.permits() == {
        "nodes[1].dies": "faults used (1) < 3 and faults used (2) < 2",
        "nodes[1].hangs": "faults used (2) < 2",
        "nodes[2].dies": "faults used (1) < 3",
        "db.crash": "faults used (1) < 3",
    }
    assert set(spec.updates("nodes[1].dies")) == {"nodes[1].health", "faults used (1)", "faults used (2)"}


def test_a_budget_of_none_leaves_no_fault_and_no_variable() -> None:
    spec = pair("never false with at most 0 faults")
    assert spec.variables(VariableRole.BUDGET) == {}
    faults = {"nodes[1].dies", "nodes[1].hangs", "nodes[2].dies", "nodes[2].hangs", "db.crash"}
    assert set(spec.commands) == without(*faults)


def test_a_count_limits_what_it_names_together_and_leaves_the_rest() -> None:
    spec = pair("never false with nodes.reboot, db.upgrade at most 3 times")
    assert set(spec.commands) == without()
    assert spec.variables(VariableRole.BUDGET) == {"times used (1)": (0, 3, (0,))}
    assert spec.permits() == dict.fromkeys(["nodes[1].reboot", "nodes[2].reboot", "db.upgrade"], "times used (1) < 3")


def test_a_count_of_faults_is_no_budget_that_others_need() -> None:
    spec = pair("never false with partial at most 1 time")
    assert set(spec.commands) == without()
    assert spec.permits() == dict.fromkeys(["nodes[1].hangs", "nodes[2].hangs"], "times used (1) < 1")


def test_a_count_of_none_excludes() -> None:
    spec = pair("never false with nodes[1].reboot at most 0 times with events at most 0 times")
    assert set(spec.commands) == without("nodes[1].reboot", "db.upgrade")
    assert spec.variables(VariableRole.BUDGET) == {} and spec.permits() == {}


def test_budget_and_count_of_one_fault_both_need_room() -> None:
    spec = pair("never false with at most 2 faults with nodes[1].dies at most 1 time")
    assert spec.permits()["nodes[1].dies"] == "faults used (1) < 2 and times used (2) < 1"
    assert spec.permits()["nodes[2].dies"] == "faults used (1) < 2"


# --- which commands are left ---


@pytest.mark.parametrize(
    ("clauses", "missing"),
    [
        ("without operators", {"nodes[1].reboot", "nodes[2].reboot"}),
        ("without reactions without events", {"nodes[1].fence", "nodes[2].fence", "db.upgrade"}),
        ("without nodes[1]", set(NODE_1)),
        ("without nodes.fence, db", {"nodes[1].fence", "nodes[2].fence", *DB}),
        ("without repairs", set()),
        ("with only crash", {"nodes[1].hangs", "nodes[2].hangs"}),
        ("with only nodes.dies, db", {"nodes[1].hangs", "nodes[2].hangs"}),
        ("with only nodes[1].dies with only partial", {"nodes[2].dies", "db.crash"}),
        ("with only nodes without nodes[2].dies", {"nodes[2].dies", "db.crash"}),
    ],
)
def test_what_clauses_exclude(clauses: str, missing: set[str]) -> None:
    assert set(pair(f"never false {clauses}").commands) == without(*missing)


def test_without_repairs_faults_last_for_ever() -> None:
    spec = timed("fault x lasts 2min { up: true -> false } repair mend { up = true }", "without repairs")
    assert spec.commands == ["x"]


@pytest.mark.parametrize(
    ("clauses", "stopped"),
    [
        ("once faults stop", {"nodes[1].dies", "nodes[1].hangs", "nodes[2].dies", "nodes[2].hangs", "db.crash"}),
        ("once partial stops once db stops", {"nodes[1].hangs", "nodes[2].hangs", *DB}),
        ("once faults stop with only nodes[2].dies", {"nodes[2].dies"}),
        ("once faults stop without nodes with at most 1 fault", {"db.crash"}),
        ("once nodes.reboot stops with nodes[1].reboot at most 0 times", {"nodes[2].reboot"}),
        ("once faults stop while redundancy holds", {f"nodes[{i}].{f}" for i in (1, 2) for f in ("dies", "hangs")}),
    ],
)
@pytest.mark.parametrize("words", ["leads to", "can lead to"])
def test_what_stops_is_found_among_the_commands_that_are_left(words: str, clauses: str, stopped: set[str]) -> None:
    assert pair(f"true {words} false {clauses}").stopped == stopped


def test_commands_that_can_never_fire_are_left_out() -> None:
    spec = lowered(
        "system s { param on = false state p: bool = false fix turn { on = true } "
        "event never when on { p = true } event ever { p = true } check c: never p check d: never p with fix turn }"
    )
    assert spec.commands == ["ever"]
    assert lowered(
        "system s { param on = false state p: bool = false fix turn { on = true } "
        "event never when on { p = true } event ever { p = true } check d: never p with fix turn }"
    ).commands == ["never", "ever"]


def test_what_nobody_reads_is_part_of_the_state_all_the_same() -> None:
    spec = lowered("system s { state p: bool = false state idle: 2..5 = any check c: never p }")
    assert [(v.name, v.low, v.high, v.initial) for v in spec.model.variables] == [
        ("p", 0, 1, (0,)),
        ("idle", 2, 5, (2, 3, 4, 5)),
    ]


FAILING = """
component Node { state leader: 0..3 = 0 state level: 0..4 = 1 }
system s {
  redundant nodes: 2 x Node needs 1
  part a: Node
  part b: Node
  state i: 0..3 = 0
  link a -> nodes[1] via nodes[i]
  let share = 6 / i
  event read when nodes[nodes[i].leader].level > 6 / (i - 1) and reaches(a, nodes[i]) { }
  event write { nodes[i].level = 3 / a.level }
  check c: nodes[i].serving leads to sum(n in nodes: 4 / n.level) > 2
}
"""


def test_what_may_fail_has_its_place() -> None:
    table = lowered(FAILING).model.expressions
    operands = [() if op in (Op.CONST, Op.VAR) else args for op, args in zip(table.ops, table.args, strict=True)]
    for expr, args in enumerate(operands):
        fails_itself = table.can_fail[expr] and not any(table.can_fail[a] for a in args)
        assert not fails_itself or expr in table.spans, table.ops[expr]
    assert sorted({span.text for span in table.spans.values()}) == [
        "3 / a.level",
        "4 / n.level",
        "6 / (i - 1)",
        "6 / i",
        "nodes[i]",
        "nodes[nodes[i].leader]",
    ]


def test_types_without_instances_and_expressions_without_users_are_not_there() -> None:
    spec = lowered(
        "component Unused { state n: 0..9 = 0 } system s { state p: bool = false let f(x) = x * 77 check c: never p }"
    )
    assert [v.name for v in spec.model.variables] == ["p"]
    assert [c.name for c in spec.model.components] == [""]
    table = spec.model.expressions
    assert 77 not in [args[0] for args in table.args if args]


# --- losses ---

REDUNDANT = """
component Disk { }
component Server {
  part disk: Disk
  state health: {up, slow, down} = up
  state full: bool = false
  fault drag { health: up -> slow }
  fault crash { health: up | slow -> down, full = true }
  repair reboot { health: down | slow -> up }
  reaction clean { full: true -> false }
}
system redundancy {
  redundant web: 2 x Server needs 1
  component lone { }
  fault flood when web[1].health == up { web[1].health = down }
  check c: never false while redundancy holds
}
"""


def test_losses_are_of_what_may_fail_in_a_group() -> None:
    spec = lowered(REDUNDANT)
    names = ["web[1]", "web[1].disk", "web[2]", "web[2].disk"]
    assert spec.variables(VariableRole.LOSS) == {f"{name} is lost": (0, 1, (0,)) for name in names}
    assert {v.component for v in spec.model.variables if v.role is VariableRole.LOSS} == set(names)
    assert {v.kind for v in spec.model.variables if v.role is VariableRole.LOSS} == {VariableKind.BOOL}


def test_faults_outside_every_group_may_not_fire() -> None:
    spec = lowered(REDUNDANT)
    assert "lone.crash" not in spec.commands and "flood" not in spec.commands
    assert "web[1].crash" in spec.commands and "web[2].disk.crash" in spec.commands


def test_lost_until_all_that_its_faults_write_is_back() -> None:
    settles = dict(lowered(REDUNDANT).settles())
    assert list(settles) == ["web[1] is lost", "web[1].disk is lost", "web[2] is lost", "web[2].disk is lost"]
    assert settles["web[1] is lost"] == "web[1] is lost and (not web[1].healthy or web[1].full)"
    assert settles["web[1].disk is lost"] == "web[1].disk is lost and not web[1].disk.healthy"


def test_a_fault_strikes_only_if_the_group_can_spare_it() -> None:
    spec = lowered(REDUNDANT)
    other = "1 + (if web[2] is lost or web[2].disk is lost then 1 else 0) <= 1"
    assert {name: text for name, text in spec.permits().items() if "web[1]" in name} == {
        "web[1].drag": other,
        "web[1].crash": other,
        "web[1].disk.crash": other,
    }
    assert spec.updates("web[1].disk.crash") == {"web[1].disk.health": "down", "web[1].disk is lost": "true"}
    assert spec.updates("web[1].reboot") == {"web[1].health": "up"}, "only faults lose"


def test_a_fault_that_writes_what_is_so_loses_nothing() -> None:
    spec = lowered(
        "component N { state n: 0..2 = 0 fault f { n = 2 - n } } "
        "system s { redundant g: 1 x N needs 1 check c: never false while redundancy holds }"
    )
    # Lost only where `n` is not 0 afterwards, and the group can spare none.
    assert spec.permits() == {"g[1].f": "(if 2 - g[1].n != 0 then 1 else 0) <= 0"}


def test_losses_from_any_initial_value_remember_it() -> None:
    spec = lowered(
        "component N { state n: 0..2 = any fault f { n = 1 } } "
        "system s { redundant g: 2 x N needs 1 check c: never false while redundancy holds }"
    )
    settles = dict(spec.settles())
    assert settles["g[1].n at the start"] == "if g[1].n has started then g[1].n at the start else g[1].n"
    assert settles["g[1].n has started"] == "true"
    assert settles["g[1] is lost"] == "g[1] is lost and g[1].n != g[1].n at the start"
    order = list(settles)
    assert order.index("g[1].n at the start") < order.index("g[1].n has started")
    assert spec.variables(VariableRole.LOSS)["g[1].n at the start"] == (0, 2, (0,))


def test_every_group_around_a_fault_must_spare_it() -> None:
    spec = lowered(
        "component Node { } component Zone { redundant nodes: 3 x Node needs 2 } "
        "system s { redundant zones: 2 x Zone needs 1 check c: never false while redundancy holds }"
    )
    lost = {n: f"(if zones[1].nodes[{n}] is lost then 1 else 0)" for n in (2, 3)}
    zone = " or ".join(f"zones[2].nodes[{n}] is lost" for n in (1, 2, 3))
    permit = spec.permits()["zones[1].nodes[1].crash"]
    assert sorted(permit.split(" and ")) == sorted(
        [f"1 + {lost[2]} + {lost[3]} <= 1", f"1 + (if {zone} then 1 else 0) <= 1"]
    )


def test_a_group_that_can_spare_all_forbids_nothing() -> None:
    spec = lowered(
        "component N { } system s { redundant g: 2 x N needs 0 check c: never false while redundancy holds }"
    )
    assert spec.commands == ["g[1].crash", "g[2].crash"] and spec.permits() == {}


def test_a_group_that_can_spare_none_forbids_every_fault() -> None:
    spec = lowered(
        "component N { } system s { redundant g: 2 x N needs 2 check c: never false while redundancy holds }"
    )
    assert spec.commands == []


def test_budgets_and_redundancy_add_up() -> None:
    spec = pair("never false with at most 1 fault of crash while redundancy holds")
    assert set(spec.permits()) == {"nodes[1].dies", "nodes[2].dies"}
    assert spec.permits()["nodes[1].dies"] == "faults used (1) < 1 and 1 + (if nodes[2] is lost then 1 else 0) <= 1"
    assert set(spec.updates("nodes[1].dies")) == {"nodes[1].health", "faults used (1)", "nodes[1] is lost"}


# --- what is carried along ---


def test_commands_keep_their_names_kinds_and_texts() -> None:
    spec = lowered(
        'component N { fault slip: config "a typo" { health: up -> down } } '
        'system s { part n: N event tide "it comes" { } check c: never false }'
    )
    slip = spec.command("n.slip")
    assert (slip.component, slip.kind, slip.text, slip.command_class) == ("n", "config", "a typo", CommandClass.FAULT)
    tide = spec.command("tide")
    assert (tide.component, tide.kind, tide.text, tide.command_class) == ("", "", "it comes", CommandClass.EVENT)
    assert slip.span is not None and slip.span.text == "slip"


def test_enumerations_keep_their_labels_and_initial_values() -> None:
    spec = lowered("system s { state a: {x, y, z} = y state b: {x, y} = any check c: never a == z }")
    a, b = spec.model.variables
    assert (a.kind, a.low, a.high, a.labels, a.initial) == (VariableKind.ENUM, 0, 2, ("x", "y", "z"), (1,))
    assert (b.low, b.high, b.initial) == (0, 1, (0, 1))


def test_groups_and_outages_are_there_for_display() -> None:
    spec = lowered(
        'component N { } system s { redundant g: 3 x N needs 2 outage gone "nobody" when not g.serving '
        "check c: never gone }"
    )
    (group,) = spec.model.groups
    assert (group.name, group.members, group.needs) == ("g", ("g[1]", "g[2]", "g[3]"), 2)
    (outage,) = [d for d in spec.model.derived if d.is_outage]
    assert (outage.name, outage.text, outage.kind) == ("gone", "nobody", VariableKind.BOOL)
    assert outage.value == spec.query.goal
    assert [(c.name, c.type_name) for c in spec.model.components][:2] == [("", "s"), ("g[1]", "N")]


def test_fixes_are_in_the_model() -> None:
    text = (
        "component N { param patience = 2min state up: bool = true reaction rest after patience { up = false } } "
        "system s { tick 1min redundant g: 2 x N needs 1 fix longer { g.patience = 3min } "
        "fix first { g[1].patience = 5min } check c: never false CLAUSES }"
    )
    for clauses, ticks in (
        ("", (2, 2)),
        ("with fix longer", (3, 3)),
        ("with fix longer, first", (5, 3)),
        ("with fix first with fix longer", (3, 3)),
    ):
        spec = lowered(text.replace("CLAUSES", clauses))
        assert (spec.command("g[1].rest").latest_ticks, spec.command("g[2].rest").latest_ticks) == ticks, clauses


def test_checks_are_lowered_independently() -> None:
    loaded = LoadedText(
        PAIR.replace(
            "CHECK",
            "never false with at most 1 fault check d: possible db.healthy then not db.healthy while redundancy holds "
            "check e: not db.healthy lasts at most 1s with partial at most 2 times",
        )
    )
    system = loaded.system(())
    alone = [lower(LoadedText(system.span.source.text).system(()), check) for check in system.checks]
    assert [lower(system, check) for check in system.checks] == alone
    assert [lower(system, check) for check in reversed(system.checks)] == alone[::-1]
