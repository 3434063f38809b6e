"""Waivers: what they name, and what is said of those that name nothing."""

import datetime as dt

import pytest

from tests.checked.reading import accepted, read

SPEC = """\
system s {{
  redundant web: 2 x Server needs 1
  component db {{ fault slow: partial {{ health: up -> down }} }}
  outage down when not web.serving or not db.serving
  check safe: never down
  {}
}}
component Server {{ }}
"""


def waiver(text: str) -> object:
    system = accepted(SPEC.format(text))
    [found] = system.waivers
    return found


def test_a_check_is_waived() -> None:
    found = waiver('waive safe until 2027-01-31 because "soon"')
    assert (found.target, found.is_check, found.reason) == ("safe", True, "soon")
    assert found.until == dt.date(2027, 1, 31)
    assert not found.is_narrow


@pytest.mark.parametrize(
    ("on", "subjects", "faults"),
    [
        ("down", {"down"}, set()),
        ("web", {"web"}, set()),
        ("web[1]", set(), {"web[1].crash"}),
        ("db, web.crash", set(), {"db.crash", "db.slow", "web[1].crash", "web[2].crash"}),
        ("partial", set(), {"db.slow"}),
        ("faults", set(), {"db.crash", "db.slow", "web[1].crash", "web[2].crash"}),
    ],
)
def test_what_it_is_on(on: str, subjects: set[str], faults: set[str]) -> None:
    found = waiver(f'waive CF605 on {on} until 2027-01-31 because "soon"')
    assert (found.subjects, found.faults, found.is_check) == (subjects, faults, False)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('waive saef until 2027-01-31 because "soon"', "CF405"),
        ('waive CF101 until 2027-01-31 because "soon"', "CF405"),
        ('waive CF703 until 2027-01-31 because "soon"', "CF405"),
        ('waive CF799 until 2027-01-31 because "soon"', "CF405"),
        ('waive safe until 2027-02-29 because "soon"', "CF406"),
        ('waive safe until 2027-1-31 because "soon"', "CF406"),
        ('waive safe until 99999-01-31 because "soon"', "CF406"),
        ('waive safe until 2027-01-31 because ""', "CF407"),
        ('waive safe on bd until 2027-01-31 because "soon"', "CF402"),
        ("waive safe until 2027-01-31", "CF001"),
        ('waive safe because "soon"', "CF001"),
        ('waive safe until soon because "soon"', "CF001"),
        ('component x { waive safe until 2027-01-31 because "soon" }', "CF109"),
    ],
)
def test_what_is_wrong(text: str, code: str) -> None:
    system, items = read(SPEC.format(text))
    assert system is None
    assert {d.code for d in items} == {code}


def test_the_words_are_names_elsewhere() -> None:
    text = "system s { state waive: 0..9 = 3 let on = waive let until = 2027-01-31 > on let because = on\n check c: always until }"
    system = accepted(text)
    assert system.waivers == ()
