"""CF4xx and CF9xx: formulas, clauses and the commands that they name, fixes, lints."""

import pytest

from cascade.checked.model import FormulaKind
from tests.checked.reading import accepted, assert_wrong, read

TWO = "component a { } component b { operator act { health: down -> up } event deploy { health: up -> down } } "

CUTS = "component N { }\nsystem s { part a: N part b: N link a <-> b "

WRONG = [
    # CF401: fix of something that is no parameter
    ("CF401", "system s { param size = 1 fix f { «sise» = 2 } }", "`sise` is no param", "`size`?"),
    ("CF401", "system s { component a { } fix f { «a.n» = 2 } }", "`component.param = value`"),
    ("CF401", "system s { component a { } fix f { «a» = 2 } }", "`a` is no param"),
    ("CF401", "system s { component a { } fix f { «a.health» = 2 } }", "no param"),
    (
        "CF401",
        "system s { redundant g: 2 x T needs 1 fix f { «g[3].n» = 2 } }\ncomponent T { param n = 1 }",
        "`g[3].n`",
    ),
    ("CF401", "system s { redundant g: 2 x T needs 1 fix f { «n» = 2 } }\ncomponent T { param n = 1 }", "`n`"),
    (
        "CF401",
        "system s { redundant g: 2 x T needs 1 fix f { «g[1 + 1].n» = 2 } }\ncomponent T { param n = 1 }",
        "no param",
    ),
    # CF402: clause that names no command
    (
        "CF402",
        "system s { " + TWO + "check c: never false without «a.crsh» }",
        "`a.crsh` names no command",
        "`a.crash`?",
    ),
    ("CF402", "system s { " + TWO + "check c: never false without «crsh» }", "`crash`?", "a fault kind"),
    ("CF402", "system s { " + TWO + "check c: never false without «a.act» }", "names no command"),
    ("CF402", "system s { " + TWO + "check c: never false with only «b.act» }", "names no fault"),
    ("CF402", "system s { " + TWO + "check c: never false with at most 1 fault of «slow» }", "names no fault"),
    ("CF402", "system s { " + TWO + "check c: never false with at most 1 fault in «nowhere» }", "names no fault"),
    ("CF402", "system s { " + TWO + "check c: never false with «c.deploy» at most 1 time }", "names no command"),
    ("CF402", "system s { " + TWO + "check c: never false if «a» act }", "operator action or event"),
    ("CF402", "system s { " + TWO + "check c: never false if «b.crash» acts }", "operator action or event"),
    ("CF402", "system s { " + TWO + "check c: true leads to false once «x» stops }", "names no command"),
    ("CF402", "system s { redundant g: 2 x T needs 1 check c: never false without «g[3]» }\ncomponent T { }", "`g[3]`"),
    (
        "CF402",
        "system s { redundant g: 2 x T needs 1 check c: never false without «g[2].crsh» }\ncomponent T { }",
        "`g[2].crash`?",
    ),
    (
        "CF402",
        "system s { redundant g: 2 x T needs 1 check c: never false without «g[1 + 1]» }\ncomponent T { }",
        "names no",
    ),
    ("CF402", "system s { " + TWO + "check c: never false without «act» }", "`b.act`?"),
    ("CF402", "system s { component a { } check c: never false without «faults[1]» }", "`faults[1]`"),
    # CF403: clause that does not fit the formula
    ("CF403", "system s { " + TWO + "check c: never false «once faults stop» }", "`once faults stop`", "leads to"),
    ("CF403", "system s { " + TWO + "check c: true leads to false within 1s «once faults stop» }", "`can lead to`"),
    ("CF403", "system s { " + TWO + "check c: true lasts at most 1s «once faults, events stop» }", "leads to"),
    ("CF403", "system s { " + TWO + "check c: possible true «once faults stop» }", "leads to"),
    # CF404: unknown fix
    ("CF404", "system s { param p = 1 fix bigger { p = 2 } check c: never false with fix «biger» }", "`bigger`?"),
    ("CF404", "system s { check c: never false with fix «f» }", "no fix is declared"),
    ("CF404", "system s { param p = 1 fix abc { p = 2 } check c: never false with fix abc, «xyz» }", "`abc`"),
    # A fix of a param whose own value is wrong: said once
    ("CF101", "system s { param p = «q» fix f { p = 2 } }", "`q`"),
    # CF101, CF201 in clauses and formulas
    ("CF101", "system s { check c: never «nowhere» }", "`nowhere`"),
    ("CF101", "system s { check c: possible true then «nowhere» then false }", "`nowhere`"),
    ("CF101", "system s { check c: true leads to false within «d» }", "`d`"),
    # CF901: unusual names
    ("CF901", "system s { let «CamelCase» = 1 }", "`CamelCase` is in an unusual style", "`camel_case`"),
    ("CF901", "system «Shop» { }", "`shop`"),
    ("CF901", "component «load_balancer» { }\nsystem s { }", "`LoadBalancer`"),
    ("CF901", "component T { state «isUp»: bool = true event «goDown» { isUp = false } }\nsystem s { }", "snake_case"),
    ("CF901", "system s { component «Inner» { let «X» = 1 } }", "snake_case"),
    # CF902: durations that rounding changes
    ("CF902", "system s { tick 1min event e «after 61s» { } }", "61s becomes 2min", "finer `tick`"),
    ("CF902", "system s { tick 10s event e «after 10s..12s» { } }", "12s becomes 20s"),
    ("CF902", "system s { tick 1min check c: true leads to false within «90s» }", "90s becomes 2min"),
    ("CF902", "system s { tick 1h check c: true lasts at most «30min» }", "30min becomes 1h"),
    # CF903: a repair that goes back to one of several values
    ("CF903", "system s { state x: {a, b, c} = a fault f «lasts 5s» { x: a | b -> c } }", "goes back to `a`"),
    # CF904: a cut that another clause ends
    (
        "CF904",
        CUTS + "check c: always true «link a -> b can cut» link a <-> b can cut lasts 1min }",
        "the cut of `a->b`",
    ),
    (
        "CF904",
        CUTS + "check c: always true link b -> a can cut lasts 1min «link a <-> b can cut» }",
        "the cut of `b->a`",
    ),
]


@pytest.mark.parametrize("row", WRONG, ids=lambda row: f"{row[0]}: {row[1][:60]}")
def test_wrong(row):
    assert_wrong(*row)


@pytest.mark.parametrize(
    "text",
    [
        "component LoadBalancer2 { }\nsystem shop_2 { let _hidden = 1 }",
        "system s { tick 1min event e after 55s { } event g after 2min { } }",  # 55 s to 60 s: less than a tenth
        "system s { tick 1s event e after 0s { } }",
        "system s { state x: {a, b, c} = a fault f { x: a | b -> c } }",
        CUTS + "check c: always true link a -> b can cut link b -> a can cut lasts 1min }",
        CUTS + "check c: always true link a -> b can cut check d: always true link a -> b can cut lasts 1min }",
        CUTS + "check c: always true link a -> b can cut lasts 2min link a <-> b can cut lasts 1min }",
    ],
)
def test_no_lint(text):
    accepted(text)


def test_a_lint_does_not_stop_the_spec():
    system, items = read("system Shop { let X = 1 }")
    assert system is not None and [d.code for d in items] == ["CF901", "CF901"]


GROUPS = """
component Disk { fault wear: slow { health: up -> down } }
component Tor {
  part disk: Disk
  state link: {up, down} = up
  fault dead: crash { link: up -> down }
  fault gray: partial lasts 5min { link: up -> down }
  reaction retry when link == down { link = up }
}
system s {
  redundant tor: 3 x Tor needs 2
  component db { operator throttle { health: up -> down } event deploy { health: down -> up } }
  event noon for t in tor { t.link = up }
  check c: never false CLAUSE
}
"""
FAULTS = {f"tor[{i}].{f}" for i in (1, 2, 3) for f in ("dead", "gray", "disk.wear", "disk.crash")} | {"db.crash"}
ALL = (
    FAULTS
    | {f"tor[{i}].{r}" for i in (1, 2, 3) for r in ("gray_ends", "retry")}
    | {"db.throttle", "db.deploy", "noon[1]", "noon[2]", "noon[3]"}
)


def of(*names):
    """The commands whose full path starts with, or ends in, one of the names."""
    return {c for c in ALL for n in names if c == n or c.startswith(n + ".") or c.endswith("." + n)}


SELECTED = [
    ("faults", FAULTS),
    ("repairs", of("gray_ends")),
    ("reactions", of("retry")),
    ("operators", {"db.throttle"}),
    ("events", {"db.deploy", "noon[1]", "noon[2]", "noon[3]"}),
    ("partial", of("gray")),
    ("crash", of("dead", "crash")),
    ("slow", of("wear")),
    ("tor", of("tor[1]", "tor[2]", "tor[3]")),
    ("tor[2]", of("tor[2]")),
    ("tor.disk", {c for c in ALL if ".disk." in c}),
    ("tor[3].disk", of("tor[3].disk")),
    ("tor.dead", of("dead")),
    ("tor[1].dead", {"tor[1].dead"}),
    ("tor.gray_ends", of("gray_ends")),
    ("db", {"db.crash", "db.throttle", "db.deploy"}),
    ("db.throttle", {"db.throttle"}),
    ("noon", {"noon[1]", "noon[2]", "noon[3]"}),
    ("noon[2]", {"noon[2]"}),
    ("operators, tor[1].dead, slow", {"db.throttle", "tor[1].dead"} | of("wear")),
]


def check_of(clause):
    system = accepted(GROUPS.replace("CLAUSE", clause))
    (check,) = system.checks
    return check, lambda indices: {system.commands[i].name for i in indices}


@pytest.mark.parametrize(("selector", "expected"), SELECTED)
def test_what_without_names(selector, expected):
    check, names = check_of(f"without {selector}")
    assert names(check.excluded) == expected


@pytest.mark.parametrize(("selector", "expected"), SELECTED)
def test_what_a_count_names(selector, expected):
    check, names = check_of(f"with {selector} at most 3 times")
    (limit,) = check.limits
    assert (limit.count, names(limit.commands)) == (3, expected)


@pytest.mark.parametrize(("selector", "expected"), [s for s in SELECTED if s[1] & FAULTS])
def test_only_names_faults(selector, expected):
    check, names = check_of(f"with only {selector}")
    assert names(check.excluded) == FAULTS - expected


@pytest.mark.parametrize(("selector", "expected"), [s for s in SELECTED if s[1] & FAULTS and "," not in s[0]])
def test_budgets_name_faults(selector, expected):
    for word in ("of", "in"):
        check, names = check_of(f"with at most 2 faults {word} {selector}")
        (budget,) = check.budgets
        assert (budget.count, names(budget.commands)) == (2, expected & FAULTS)


def test_budget_without_scope_is_for_all_faults():
    check, names = check_of("with at most 1 fault")
    assert [(b.count, names(b.commands)) for b in check.budgets] == [(1, FAULTS)]


def test_clauses_of_a_kind_combine():
    check, names = check_of(
        "with only tor with only db without slow without operators with at most 1 fault with at most 2 faults of slow"
    )
    assert names(check.excluded) == of("wear") | {"db.throttle"}
    assert [b.count for b in check.budgets] == [1, 2]


def test_who_acts():
    assert [check_of(f"if {s} act")[0].acting for s in ("operators", "db.throttle")] == [
        check_of("if db.throttle acts")[0].acting
    ] * 2
    check, names = check_of("if events, db act")
    assert names(check.acting) == {"db.throttle", "db.deploy", "noon[1]", "noon[2]", "noon[3]"}


def test_a_class_may_be_empty():
    system = accepted("system s { check c: never false without operators with only faults if events act }")
    assert system.checks[0].excluded == frozenset()


def test_stopped_commands():
    system = accepted(GROUPS.replace("never false CLAUSE", "true leads to false once faults, noon stop"))
    assert {system.commands[i].name for i in system.checks[0].stopped} == FAULTS | {"noon[1]", "noon[2]", "noon[3]"}


FORMULAS = [
    ("never true", FormulaKind.NEVER, 1, None),
    ("always true", FormulaKind.ALWAYS, 1, None),
    ("possible true", FormulaKind.POSSIBLE, 1, None),
    ("possible true then false then true", FormulaKind.POSSIBLE, 3, None),
    ("true leads to false", FormulaKind.LEADS_TO, 2, None),
    ("true leads to false within 90s", FormulaKind.LEADS_TO_WITHIN, 2, 90_000),
    ("true can lead to false", FormulaKind.CAN_LEAD_TO, 2, None),
    ("true lasts at most 2 * 1min", FormulaKind.LASTS_AT_MOST, 1, 120_000),
]


@pytest.mark.parametrize(("text", "kind", "count", "duration_ms"), FORMULAS)
def test_formulas(text, kind, count, duration_ms):
    (check,) = accepted(f"system s {{ check c: {text} expect violated }}").checks
    assert (check.formula.kind, len(check.formula.conditions)) == (kind, count)
    assert check.formula.duration_ms == duration_ms
    assert check.expect_violated


def test_source_of_a_check_is_one_line_without_comments():
    (check,) = accepted(
        "system s { check c:\n  never # of course\n    false\n  without operators\n  expect holds }"
    ).checks
    assert check.source == "never false without operators"


FIXED = """
component T { param n = 1 param m = n + 1 state x: 0..n = 0 state y: 0..m = 0 }
component W { redundant inner: 2 x T(n = 3) needs 1 }
system s {
  param size = 2
  redundant g: size x T needs 1
  part w: W
  fix one { g.n = 5 }
  fix two { g[2].n = 7, w.inner.n = 8 }
  fix more { size = 3 }
  fix deep { w.inner[1].m = size * 10 }
  check c: never false
}
"""


def highs(*fixes):
    return {v.name: v.high for v in accepted(FIXED, fixes).variables}


def test_fixes_set_params():
    assert highs() == {
        "g[1].x": 1, "g[1].y": 2, "g[2].x": 1, "g[2].y": 2,
        "w.inner[1].x": 3, "w.inner[1].y": 4, "w.inner[2].x": 3, "w.inner[2].y": 4,
    }  # fmt: skip
    one = highs("one")
    assert (one["g[1].x"], one["g[2].x"], one["w.inner[1].x"], one["g[1].y"]) == (5, 5, 3, 6)
    two = highs("two")
    assert (two["g[1].x"], two["g[2].x"], two["w.inner[2].x"]) == (1, 7, 8)


def test_a_later_fix_wins():
    assert (highs("one", "two")["g[2].x"], highs("two", "one")["g[2].x"]) == (7, 5)


def test_a_fix_may_change_the_size_of_a_group():
    more = highs("more", "deep")
    assert (more["g[3].y"], more["w.inner[1].y"], more["w.inner[2].y"]) == (2, 30, 4)
    assert accepted(FIXED, ("more",)).applied_fixes == ("more",)


SHRUNK = "component T { param p = 1 } system s { param n = 3 redundant g: n x T needs 1 fix a { n = 2 } fix b { g[3].p = 2 } }"


def test_a_fix_that_is_not_applied_may_set_what_another_takes_away():
    accepted(SHRUNK)
    accepted(SHRUNK, ("a",))
    _, items = read(SHRUNK, ("a", "b"))
    assert [(d.code, d.primary.span.text) for d in items] == [("CF401", "g[3].p")]


@pytest.mark.parametrize("fixes", [(), ("calm",)])
def test_a_fix_may_name_a_label_of_its_param(fixes):
    text = "system s { param mode: {calm, hasty} = hasty let is_calm = mode == calm fix calm { mode = calm } }"
    system = accepted(text, fixes)
    (value,) = [d.value for d in system.derived if d.name == "is_calm"]
    assert system.builder.value(value) == len(fixes)


def test_fix_with_a_value_that_makes_the_spec_wrong():
    text = "system s { param n = 3 redundant g: 3 x T needs n fix a { n = 5 } }\ncomponent T { }"
    accepted(text)
    _, items = read(text, ("a",))
    assert [(d.code, d.message) for d in items] == [("CF108", "group `g` needs 5 of 3 members")]
