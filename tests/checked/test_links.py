"""Links: what `reaches` says, what may be cut and by which checks."""

import pytest

from cascade.core.dump import dump
from cascade.core.lower import lower
from tests.checked.reading import accepted, definitions

SYSTEM = "component T { } system s { component a { } component b { } component v { } component w { } redundant g: 2 x T needs 1 "

REACHES = [
    ("", "reaches(a, a)", "true"),
    ("", "reaches(a, b)", "false"),
    ("link a -> b", "reaches(a, b)", "true"),
    ("link a -> b", "reaches(b, a)", "false"),
    ("link a <-> b", "reaches(b, a)", "true"),
    ("link a -> b via v", "reaches(a, b)", "v.health == up"),
    ("link a -> b via v, w", "reaches(a, b)", "v.healthy and w.healthy"),
    ("link a -> b via v link a -> b via w", "reaches(a, b)", "v.healthy or w.healthy"),
    ("link a -> b via g", "reaches(a, b)", "1 <= (if g[1].healthy then 1 else 0) + (if g[2].healthy then 1 else 0)"),
    ("link a -> b via g[2]", "reaches(a, b)", "g[2].health == up"),
    ("link a -> b link b -> v", "reaches(a, v)", "false"),
    ("link a -> b can cut", "reaches(a, b)", "a->b != cut"),
    ("link a <-> b can cut", "reaches(b, a)", "b->a != cut"),
    ("link a -> b via v can cut lasts 5min", "reaches(a, b)", "a->b != cut and v.healthy"),
    ("link a -> b can cut link a -> b via v", "reaches(a, b)", "a->b != cut or v.healthy"),
    ("link a -> b can cut link a -> b can cut", "reaches(a, b)", "a->b != cut or a->b#2 != cut"),
    ("link a -> g", "reaches(a, g[2])", "true"),
    ("link a -> g", "reaches(g[2], a)", "false"),
    ("link g <-> g can cut", "reaches(g[2], g[1])", "g[2]->g[1] != cut"),
    ("link g <-> g", "reaches(g[2], g[2])", "true"),
    ("link a -> g can cut", "all(m in g: reaches(a, m))", "a->g[1] != cut and a->g[2] != cut"),
    ("state i: 1..2 = 1 link a -> g[1]", "reaches(a, g[i])", "[true, false][i]"),
    ("state i: 1..2 = 1 link a -> b via g[i]", "reaches(a, b)", "[g[1].healthy, g[2].healthy][i]"),
]


@pytest.mark.parametrize(("links", "question", "answer"), REACHES)
def test_reaches(links, question, answer):
    assert definitions(f"{SYSTEM} {links} let zz = {question} }}")["zz"] == answer


def test_a_link_that_may_be_cut_is_a_variable():
    system = accepted(SYSTEM + "link a <-> b can cut link a -> v }")
    links = [(v.name, v.type.labels, v.low, v.high, v.initial) for v in system.variables if v.is_link]
    assert links == [(name, ("intact", "cut"), 0, 1, (0,)) for name in ("a->b", "b->a")]


def test_guards_see_that_a_link_is_cut():
    # The guard is read before the faults that cut links exist.
    system = accepted(SYSTEM + "link a -> b can cut event e when reaches(a, b) { } check c: never false }")
    text = dump(*lower(system, system.checks[0]))
    assert "event e\n  when a->b != cut\n" in text
    assert "fault a->b.cut: omission\n  when a->b != cut\n  a->b := cut\n" in text


def test_each_direction_is_cut_by_itself():
    system = accepted(SYSTEM + "link a <-> b can cut lasts 5min }")
    names = [(c.name, c.kind, c.command_class.value) for c in system.commands if "->" in c.name]
    assert names == [
        ("a->b.cut", "omission", "fault"),
        ("a->b.cut_ends", "", "repair"),
        ("b->a.cut", "omission", "fault"),
        ("b->a.cut_ends", "", "repair"),
    ]


CLAUSES = (
    SYSTEM
    + """
  link a <-> b
  link a -> v
  let zz = reaches(a, b)
  check whole: never zz
  check one: never zz link a -> b can cut
  check both: never zz link a <-> b can cut lasts 5min
  check two: never zz link a -> b can cut link a -> v can cut
}
"""
)


@pytest.mark.parametrize(
    ("check", "commands"),
    [
        ("whole", []),
        ("one", ["a->b.cut"]),
        ("both", ["a->b.cut", "a->b.cut_ends", "b->a.cut", "b->a.cut_ends"]),
        ("two", ["a->b.cut", "a->v.cut"]),
    ],
)
def test_only_the_check_that_says_so_lets_links_be_cut(check, commands):
    system = accepted(CLAUSES)
    (own,) = [c for c in system.checks if c.name == check]
    model, _ = lower(system, own)
    assert [c.name for c in model.commands if "->" in c.name] == commands
    assert model.is_timed == (check == "both")


REPLACED = (
    SYSTEM
    + """
  link a <-> b can cut lasts 5min
  check plain: never false
  check longer: never false link a -> b can cut lasts 9min
  check for_ever: never false link a <-> b can cut
}
"""
)


@pytest.mark.parametrize(
    ("check", "commands"),
    [
        ("plain", [("a->b.cut", 0), ("a->b.cut_ends", 5), ("b->a.cut", 0), ("b->a.cut_ends", 5)]),
        ("longer", [("b->a.cut", 0), ("b->a.cut_ends", 5), ("a->b.cut", 0), ("a->b.cut_ends", 9)]),
        ("for_ever", [("a->b.cut", 0), ("b->a.cut", 0)]),
    ],
)
def test_what_a_check_says_of_a_link_replaces_what_its_declaration_says(check, commands):
    system = accepted(REPLACED)
    (own,) = [c for c in system.checks if c.name == check]
    model, _ = lower(system, own)
    assert [(c.name, c.earliest_ticks) for c in model.commands if "->" in c.name] == commands
    assert model.is_timed == (check != "for_ever")


def test_clauses_name_cuts_of_links():
    system = accepted(
        SYSTEM + "link a <-> b can cut check c: never false with only omission with at most 1 fault of omission }"
    )
    (check,) = system.checks
    assert {system.commands[i].name for i in check.budgets[0].commands} == {"a->b.cut", "b->a.cut"}
    assert not any("->" in system.commands[i].name for i in check.excluded)


def test_what_is_shown_of_links():
    system = accepted(SYSTEM + "link a -> b via v, g[1] link g -> v }")
    assert [(k.name, k.source, k.target, k.via) for k in system.links] == [
        ("a->b", "a", "b", ("v", "g[1]")),
        ("g[1]->v", "g[1]", "v", ()),
        ("g[2]->v", "g[2]", "v", ()),
    ]
