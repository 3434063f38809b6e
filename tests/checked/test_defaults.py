"""What is implied (language reference, section 3, Defaults), to the letter."""

import pytest

from tests.checked.reading import accepted, definitions

IMPLIED = [
    # (body of component c, its variables, its commands, its derived values)
    ("", ["c.health"], ["c.crash"], {"healthy": "c.health == up", "serving": "c.healthy", "forwards": "c.healthy"}),
    ("needs d", ["c.health"], ["c.crash"], {"serving": "c.healthy and d.healthy", "forwards": "c.serving"}),
    ("needs d, g", ["c.health"], ["c.crash"], {"serving": "c.healthy and d.healthy and " + "2 <= "}),
    ("needs d needs d", ["c.health"], ["c.crash"], {"serving": "c.healthy and d.healthy"}),
    ("state x: bool = true", ["c.x"], [], {"serving": "true", "forwards": "true"}),
    ("state x: bool = true needs d", ["c.x"], [], {"serving": "d.healthy"}),
    ("let serving = d.healthy", [], [], {"serving": "d.healthy", "forwards": "d.healthy"}),
    ("let serving = d.healthy needs g", [], [], {"serving": "d.healthy"}),
    ("part p: T needs p", [], [], {"serving": "c.p.health == up"}),
    ("component p { }", [], [], {"serving": "true"}),
    ("redundant p: 1 x T needs 1", [], [], {"serving": "true"}),
    ("param n = 1 let a = n", ["c.health"], ["c.crash"], {"serving": "c.healthy"}),
    ("state health: {up, slow, down} = up", ["c.health"], [], {"healthy": "c.health == up", "serving": "c.healthy"}),
    (
        "state health: {up, down} = up let healthy = health != down",
        ["c.health"],
        [],
        {"healthy": "c.health != down", "serving": "c.healthy"},
    ),
    ("let healthy = d.healthy", ["c.health"], ["c.crash"], {"healthy": "d.healthy", "serving": "d.healthy"}),
    ("let forwards = d.healthy", ["c.health"], ["c.crash"], {"serving": "c.healthy", "forwards": "d.healthy"}),
    ("fault crash { health: up -> down }", ["c.health"], ["c.crash"], {"serving": "c.healthy"}),
    ("fault slow: slow { health = down }", ["c.health"], ["c.slow", "c.crash"], {"serving": "c.healthy"}),
    ("state health: {ok, bad} = ok let serving = health == ok", ["c.health"], [], {"serving": "c.health == ok"}),
    ("state serving: bool = true", ["c.serving"], [], {"forwards": "c.serving"}),
    ("param serving = true", [], [], {"forwards": "true"}),
    ("state healthy: bool = true", ["c.healthy"], [], {"serving": "c.healthy"}),
]


@pytest.mark.parametrize(
    ("body", "variables", "commands", "values"), IMPLIED, ids=[row[0] or "empty" for row in IMPLIED]
)
def test_implied(body, variables, commands, values):
    text = f"component T {{ }}\nsystem s {{ component d {{ }} redundant g: 3 x T needs 2 component c {{ {body} }} }}"
    system = accepted(text)
    assert [v.name for v in system.variables if v.component == "c"] == variables
    assert sorted(c.name for c in system.commands if c.component == "c") == sorted(commands)
    found = definitions(text)
    for name, value in values.items():
        assert found[f"c.{name}"].startswith(value)


def test_implied_health_is_up_and_crashes():
    system = accepted("system s { component c { } }")
    (health,) = system.variables
    assert (health.type.labels, health.initial, health.low, health.high) == (("up", "down"), (0,), 0, 1)
    (crash,) = system.commands
    assert (crash.kind, crash.command_class.value, system.builder.value(crash.updates[0].value)) == (
        "crash",
        "fault",
        1,
    )


def test_the_system_has_no_health_of_its_own():
    system = accepted("system s { }")
    assert (system.variables, system.commands) == ((), ())


def test_a_system_serves_what_it_needs():
    assert definitions("system s { component c { } needs c }")["serving"] == "c.health == up"


def test_groups_serve_when_enough_members_do():
    found = definitions(
        "system s { redundant g: 3 x T needs 2 let a = g.serving redundant none: 2 x T needs 0 let b = none.serving }\ncomponent T { }"
    )
    members = " + ".join(f"(if g[{i}].healthy then 1 else 0)" for i in (1, 2, 3))
    assert (found["a"], found["b"]) == (f"2 <= {members}", "true")
