"""The formulas and clauses of a check, and where a check ends."""

import pytest


@pytest.fixture
def check(statement):
    def read_check(text):
        kind, name, description, formula, clauses, expect = statement("check c: " + text)
        assert (kind, name, description) == ("Check", "c", "")
        return formula, clauses, expect

    return read_check


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("never p or q", ("Never", ("Binary", "or", "p", "q"))),
        ("always (p)", ("Always", "p")),
        ("possible p", ("Possible", ["p"])),
        ("possible p then q then if a then b else c", ("Possible", ["p", "q", ("Conditional", "a", "b", "c")])),
        ("p leads to not q", ("LeadsTo", "p", ("Unary", "not", "q"), None)),
        ("p leads to q within 5min", ("LeadsTo", "p", "q", ("Duration", 300_000))),
        ("p can lead to q", ("CanLeadTo", "p", "q")),
        ("p lasts at most 2 * t", ("LastsAtMost", "p", ("Binary", "*", ("Integer", 2), "t"))),
        (
            "never.never leads to possible.always",
            ("LeadsTo", ("Attribute", "never", "never"), ("Attribute", "possible", "always"), None),
        ),
    ],
)
def test_each_formula(check, text, expected):
    assert check(text) == (expected, [], "holds")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("with at most 1 fault", ("Budget", ("Integer", 1), None)),
        ("with at most n + 1 faults", ("Budget", ("Binary", "+", "n", ("Integer", 1)), None)),
        ("with at most 2 faults of omission", ("Budget", ("Integer", 2), "omission")),
        ("with at most 1 fault in tor[1]", ("Budget", ("Integer", 1), ("Index", "tor", ("Integer", 1)))),
        ("with only crash, tor[1].dead", ("Only", ["crash", ("Attribute", ("Index", "tor", ("Integer", 1)), "dead")])),
        ("with fix a, b", ("WithFix", ["a", "b"])),
        ("with tenant.deploy at most 1 time", ("CountLimit", [("Attribute", "tenant", "deploy")], ("Integer", 1))),
        ("with a, fault at most 2 times", ("CountLimit", ["a", "fault"], ("Integer", 2))),
        ("without operators, x", ("Without", ["operators", "x"])),
        ("while redundancy holds", ("WhileRedundancyHolds",)),
        ("once faults stop", ("OnceStop", ["faults"])),
        ("once faults, events stops", ("OnceStop", ["faults", "events"])),
        ("if operators act", ("IfAct", ["operators"])),
        ("if db.throttle, a acts", ("IfAct", [("Attribute", "db", "throttle"), "a"])),
        ("link a <-> b can cut", ("LinkCanCut", "a", "b", True, ("CanCut", None))),
        (
            "link a -> b.c can cut lasts 5min",
            ("LinkCanCut", "a", ("Attribute", "b", "c"), False, ("CanCut", ("Lasts", ("Duration", 300_000), None))),
        ),
    ],
)
def test_each_clause(check, text, expected):
    assert check("never p " + text) == (("Never", "p"), [expected], "holds")
    # Once more in the midst of others.
    formula, clauses, expect = check(f"never p without y {text} expect violated with at most 1 fault of partial")
    assert (formula, expect) == (("Never", "p"), "violated")
    assert clauses == [("Without", ["y"]), expected, ("Budget", ("Integer", 1), "partial")]


def test_budgets_combine(check):
    _, clauses, _ = check("never p with at most 1 fault of partial with at most 1 fault of crash")
    assert clauses == [("Budget", ("Integer", 1), "partial"), ("Budget", ("Integer", 1), "crash")]


@pytest.mark.parametrize(
    ("text", "expected"), [("", "holds"), ("expect holds", "holds"), ("expect violated", "violated")]
)
def test_expect(check, text, expected):
    assert check("never p " + text) == (("Never", "p"), [], expected)


def test_expect_stands_once(complaints):
    assert complaints("system s { check c: never p expect holds expect violated }") == [
        ("CF001", 1, 42, "expect violated", "`expect` is said twice")
    ]


def test_a_link_after_a_check_is_a_clause_only_if_it_may_be_cut(read, outline):
    (system,) = read(
        """system s {
          check c: never p
            link a -> b can cut
            with at most 1 fault
          link a -> b
          link c -> d can cut
          check d: never q
          link e -> f via g can cut
          check e: never r
        }"""
    ).systems
    assert [outline(item) for item in system.body] == [
        (
            "Check",
            "c",
            "",
            ("Never", "p"),
            [("LinkCanCut", "a", "b", False, ("CanCut", None)), ("Budget", ("Integer", 1), None)],
            "holds",
        ),
        ("Link", "a", "b", False, [], None),
        ("Link", "c", "d", False, [], ("CanCut", None)),
        ("Check", "d", "", ("Never", "q"), [], "holds"),
        ("Link", "e", "f", False, ["g"], ("CanCut", None)),
        ("Check", "e", "", ("Never", "r"), [], "holds"),
    ]


def test_a_clause_without_a_check_is_an_error(diagnostics_of):
    (diagnostic,) = diagnostics_of(
        "system s { check c: never p link a -> b with at most 1 fault  state x: bool = true }"
    )
    assert diagnostic.message == "found `with`, expected `}`, `can cut`, `via` or the next statement"
    assert diagnostic.help == "a clause stands after the formula of a `check`"
