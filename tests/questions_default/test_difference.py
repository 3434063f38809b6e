"""New paths: what a change adds to the minimal fault sets, and what a limit leaves open."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.questions.cutsets import CutSet, CutSetOptions, CutSets, cut_sets
from cascade.questions.difference import Difference, compare
from tests.questions_default.inquiring import inquiry

BASE = """\
system s {
  redundant db: 2 x Database needs 1
  component checkout { needs db  state health: {up} = up }
  component cache { }
  outage down when not checkout.serving
}
component Database { }
"""
OPTIONS = CutSetOptions(size_max=3, with_orders=False, with_classes=False)
NAMES = ("a", "b", "c", "d")


def difference(before: str, after: str, size: int = 1) -> Difference:
    found = []
    for text in (before, after):
        asking = inquiry(text)
        found.append((asking.system, cut_sets(asking, asking.system.outages[0], OPTIONS)))
    return compare(found[1][0], found[0][1], found[1][1], size)


def new(found: Difference) -> set[frozenset[str]]:
    return {frozenset(path.faults) for path in found.new}


def test_nothing_is_new_in_what_is_the_same() -> None:
    found = difference(BASE, BASE)
    assert (found.new, found.gone, found.open, found.is_known) == ((), (), (), True)


def test_a_dependency_adds_a_path() -> None:
    found = difference(BASE, BASE.replace("needs db ", "needs db, cache "))
    [path] = found.new
    assert (path.names, path.size, path.fresh, path.before) == (("cache.crash",), 1, (), ())
    assert found.is_known


def test_less_redundancy_makes_a_path_shorter() -> None:
    found = difference(BASE, BASE.replace("2 x Database needs 1", "2 x Database needs 2"))
    [path] = found.new  # both members, told in one line
    assert path.parts == ("any of 2 db: crash",)
    assert path.before == (frozenset({"db[1].crash", "db[2].crash"}),)
    assert found.gone == ()  # more than enough is still enough


def test_more_redundancy_takes_paths_away() -> None:
    found = difference(BASE, BASE.replace("2 x Database", "3 x Database"))
    assert found.gone == (frozenset({"db[1].crash", "db[2].crash"}),)
    assert found.new == ()  # what it takes now was more than enough before


def test_no_fault_at_all() -> None:
    found = difference(BASE, BASE.replace("when not checkout.serving", "when true"))
    assert [path.names for path in found.new] == [()]
    assert found.gone == ()


# --- on sets that are made up ---


def sets_of(
    found: list[frozenset[str]], *, complete_to: int = 4, undecided: list[frozenset[str]] | None = None
) -> CutSets:
    minimal = [names for names in found if not any(other < names for other in found)]
    system = SYSTEM
    reply = None
    return CutSets(
        outage=system.outages[0],
        sets=tuple(
            CutSet(
                commands=frozenset(NAMES.index(n) for n in names),
                names=tuple(sorted(names)),
                reply=reply,
                is_surely_minimal=True,
                orders=None,
                classification=None,
            )
            for names in dict.fromkeys(minimal)
        ),
        complete_to=complete_to,
        is_all=complete_to == len(NAMES),
        faults=NAMES,
        undecided=tuple(tuple(sorted(names)) for names in undecided or []),
        open_replies=(),
    )


SYSTEM = inquiry(
    "system s {\n" + "".join(f"  component {n} {{ }}\n" for n in NAMES) + "  outage down when true\n}\n"
).system
SET = st.frozensets(st.sampled_from(NAMES), max_size=4)
SETS = st.lists(SET, max_size=5)


def suffices(sets: list[frozenset[str]], names: frozenset[str]) -> bool:
    return any(found <= names for found in sets)


@given(SETS, SETS)
def test_exactly_what_newly_suffices_is_new(before: list[frozenset[str]], after: list[frozenset[str]]) -> None:
    found = compare(SYSTEM, sets_of(before), sets_of(after), 2)
    minimal = {names for names in after if not any(other < names for other in after)}
    assert new(found) == {names for names in minimal if not suffices(before, names)}
    minimal = {names for names in before if not any(other < names for other in before)}
    assert set(found.gone) == {names for names in minimal if not suffices(after, names)}
    assert found.open == ()


@settings(max_examples=200)
@given(SETS, SETS, st.integers(-1, 4), SETS)
def test_what_a_limit_left_open_is_never_called_new(
    truth: list[frozenset[str]], after: list[frozenset[str]], complete_to: int, larger: list[frozenset[str]]
) -> None:
    """Of the old spec only the sets up to a size are known: whatever the truth is, what is said holds, and the rest is told as open."""
    known = [names for names in truth if len(names) <= complete_to]
    left = [names for names in larger if len(names) > complete_to and not suffices(known, names)]
    found = compare(SYSTEM, sets_of(known, complete_to=complete_to, undecided=left), sets_of(after), 2)
    assert not any(suffices(truth, names) for names in new(found))
    minimal = {names for names in after if not any(other < names for other in after)}
    assert all(suffices(known, names) or names in found.open for names in minimal - new(found))


def test_an_incomplete_search_is_not_known() -> None:
    none = sets_of([])
    for complete_to, is_known in [(-1, False), (0, False), (1, True), (4, True)]:
        assert compare(SYSTEM, none, sets_of([], complete_to=complete_to), 1).is_known is is_known
    left = compare(SYSTEM, none, sets_of([], complete_to=0, undecided=[frozenset("a")]), 1)
    assert (left.is_known, left.open) == (False, (frozenset("a"),))
    # What sufficed before needs no answer now.
    old = compare(SYSTEM, sets_of([frozenset("a")]), sets_of([], complete_to=1, undecided=[frozenset("a")]), 1)
    assert (old.open, old.gone, old.is_known) == ((), (), True)
