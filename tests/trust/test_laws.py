"""Metamorphic laws: a spec that is changed so that every verdict is known from those of the spec as it was.

Nobody says here what a verdict is: only what two runs of the checker owe each other. Over generated specs (`tests/generate`), over the small models, the
library's specs and the incidents. `-m campaign` looks at many more.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cascade.checked.model import FormulaKind
from cascade.core.digest import digest
from cascade.core.lower import lower
from cascade.limits import Limits, Progress
from cascade.pipeline import CheckOptions, check_file
from cascade.questions.cutsets import CutSetOptions, cut_sets
from cascade.questions.declared import decide
from cascade.questions.inquiry import Inquiry
from cascade.verdicts.run import ReplayedRun
from cascade.verdicts.verdict import Holds, Undetermined
from tests.differential.agreement import cost_of
from tests.generate.load import LoadedText
from tests.generate.specs import make_spec, specs
from tests.trust import laws
from tests.trust.unfold import unfolded

ROOT = Path(__file__).parents[2]
SHIPPED = [path for folder in ("specs", "tests/std", "tests/models") for path in sorted((ROOT / folder).glob("*.cf"))]
SMALL = [path for path in SHIPPED if path.parent.name == "models" and "raft" not in path.name][::3]
STATES_MAX = 1_500

quick = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
seeds = st.integers(0, 2**32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is said of a check. `word` is holds, violated, an error of the spec, or why nothing is known."""

    word: str
    formula: FormulaKind
    cost: tuple[int, int, int] | None
    states: int

    @property
    def is_decided(self) -> bool:
        return self.word in ("holds", "violated")


def outcomes(loaded: LoadedText, states_max: int) -> dict[str, Outcome]:
    """What is said of each check by the explicit engine."""
    said = {}
    for declared in loaded.checks:
        system, check = loaded.fixed(declared)
        result = decide(system, check, engine="python", limits=Limits(state_count_max=states_max), progress=Progress())
        match result.verdict:
            case Undetermined(failure=failure, reason=reason):
                word = failure.kind.value if failure is not None else str(reason)
            case verdict:
                word = "holds" if isinstance(verdict, Holds) else "violated"
        run = None if isinstance(result.verdict, Undetermined) else result.verdict.evidence
        cost = cost_of(result.model, run.steps[: run.loop_start]) if isinstance(run, ReplayedRun) else None
        states = result.verdict.statistics.state_count if result.verdict.statistics else 0
        said[check.name] = Outcome(word=word, formula=check.formula.kind, cost=cost, states=states)
    return said


def minimal_sets(loaded: LoadedText, states_max: int) -> dict[str, set[frozenset[str]]]:
    """The minimal fault sets of up to two faults of each outage, where all of them are known."""
    inquiry = Inquiry(loaded.system(()), engine="python", limits=Limits(state_count_max=states_max))
    options = CutSetOptions(size_max=2, with_orders=False, with_classes=False)
    found = {}
    for outage in inquiry.system.outages:
        said = cut_sets(inquiry, outage, options)
        if said.complete_to == 2 or said.is_all:
            found[outage.name] = {frozenset(cut.names) for cut in said.sets}
    return found


# --- nothing changes ---

SAME: dict[str, Callable[[str, random.Random], str | None]] = {
    "reordered": laws.reordered,
    "renamed": laws.renamed,
    "scaled": laws.scaled,
    "with something unrelated": laws.with_something_unrelated,
}


def compare_same(law: str, text: str, seed: int, name: str = "spec.cf", states_max: int = STATES_MAX) -> Counter[str]:
    """The same verdicts, least costs, numbers of states where these can be the same, minimal sets."""
    new = SAME[law](text, random.Random(seed))
    if new is None:
        return Counter({"has no place": 1})
    rename = laws.renaming(text, random.Random(seed)) if law == "renamed" else str
    loaded, changed = LoadedText(text, name), LoadedText(new, name)
    grows = law == "with something unrelated"
    before, after = outcomes(loaded, states_max), outcomes(changed, states_max * (3 if grows else 1))
    assert {rename(check) for check in before} == set(after)
    tally: Counter[str] = Counter()
    for check, one in before.items():
        other = after[rename(check)]
        tally["decided" if one.is_decided else "not decided"] += 1
        if one.is_decided and other.is_decided:
            assert (one.word, one.cost) == (other.word, other.cost), check
            assert grows or one.cost is not None or one.states == other.states, check
        elif one.is_decided or other.is_decided:
            # Of an error of the spec and a run that is asked for, either may come first.
            assert "CF" in one.word or "CF" in other.word or grows, f"{check}: {one}, {other}"
            assert (one.cost if one.is_decided else other.cost) is not None or grows, f"{check}: {one}, {other}"
    sets, others = minimal_sets(loaded, states_max), minimal_sets(changed, states_max * (3 if grows else 1))
    for outage, known in sets.items():
        if rename(outage) in others:
            tally["outages"] += 1
            assert {frozenset(map(rename, names)) for names in known} == others[rename(outage)], outage
    return tally


@pytest.mark.parametrize("law", SAME)
def test_nothing_changes_in_a_generated_spec(law: str) -> None:
    @quick
    @given(specs((1, 2)), seeds)
    def holds(spec, seed):
        compare_same(law, spec.text, seed)

    holds()


@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.stem)
def test_nothing_changes_in_a_shipped_spec(path: Path) -> None:
    for law in SAME:
        compare_same(law, path.read_text(), 1, str(path), STATES_MAX)


@pytest.mark.campaign
@pytest.mark.parametrize("law", SAME)
def test_nothing_changes_in_many_specs(law: str) -> None:
    tally: Counter[str] = Counter()

    @settings(quick, max_examples=400)
    @given(specs(), seeds)
    def holds(spec, seed):
        tally.update(compare_same(law, spec.text, seed))

    holds()
    print(law, dict(tally))
    assert tally["decided"] > 100


# --- groups ---


def compare_unfolded(text: str, name: str = "spec.cf", states_max: int = STATES_MAX) -> Counter[str]:
    """A group says nothing that its members, written out one by one, would not say: the same verdicts, costs, numbers of states, minimal sets."""
    unfolding = unfolded(text)
    if unfolding is None:
        return Counter({"has no place": 1})
    loaded, changed = LoadedText(text, name), LoadedText(unfolding.text, name)
    before, after = outcomes(loaded, states_max), outcomes(changed, states_max)
    tally: Counter[str] = Counter()
    for check, other in after.items():  # checks that only groups make sense of are left out there
        one = before[check]
        tally["decided" if one.is_decided else "not decided"] += 1
        assert (one.word, one.cost) == (other.word, other.cost), check
        assert not one.is_decided or one.states == other.states, check
    sets, others = minimal_sets(loaded, states_max), minimal_sets(changed, states_max)
    assert set(sets) == set(others)
    for outage, known in sets.items():
        tally["outages"] += 1
        assert {frozenset(map(unfolding.renamed, names)) for names in known} == others[outage], outage
    return tally


@pytest.mark.parametrize("first", [0, 3])
def test_a_group_is_its_members(first: int) -> None:
    tally: Counter[str] = Counter()
    for seed in range(first, 1_000, 6):
        if tally["decided"] < 12:
            tally += compare_unfolded(make_spec(seed, 1 + seed % 2).text, states_max=400)
    assert tally["decided"] >= 12 and tally["outages"] > 4


UNFOLDED_BY_HAND = """
component T { state n: 0..1 = 0  fault f when n < 1 { n = n + 1 }  let serving = n == 0 }
system s {
  redundant g: 3 x T needs 2
  redundant lone: 1 x T needs 1
  state seen: 0..3 = 0
  event look for m in g when m.n == 1 { seen = m.index }
  let up = count(m in g: m.serving) >= g.needs and g.size == 3
  outage down when not g.serving
  outage last when seen == 3 and g[3].n == 1 and not lone.serving
  check agrees: always up == g.serving
  check one: never down with at most 1 fault
  check two: never down with at most 2 faults with only g expect violated
  check named: never seen == 2 without look[2]
  check masked: never down while redundancy holds
}
"""


def test_a_group_is_unfolded_as_one_would_by_hand() -> None:
    unfolding = unfolded(UNFOLDED_BY_HAND)
    assert unfolding is not None
    lines = [line.strip() for line in unfolding.text.splitlines()]
    for line in (
        "part g_1: T",
        "component g { let serving = (if g_1.serving then 1 else 0) + (if g_2.serving then 1 else 0) + (if g_3.serving then 1 else 0) >= 2 }",
        "event look_2  when g_2.n == 1 { seen = 2 }",
        "let up = ((if g_1.serving then 1 else 0) + (if g_2.serving then 1 else 0) + (if g_3.serving then 1 else 0)) >= 2 and 3 == 3",
        "with only g_1, g_2, g_3",
        "without look_2",
    ):  # fmt: skip
        assert line in lines, line
    assert not any("masked" in line for line in lines)
    assert compare_unfolded(UNFOLDED_BY_HAND) == Counter(decided=4, outages=2)


@pytest.mark.campaign
def test_groups_are_their_members_in_many_specs() -> None:
    tally: Counter[str] = Counter()

    @settings(quick, max_examples=600)
    @given(specs((1, 2, 3)))
    def holds(spec):
        tally.update(compare_unfolded(spec.text))

    holds()
    print(dict(tally))
    assert tally["decided"] > 100


# --- only more may happen ---


def compare_more(law: str, text: str, seed: int, name: str = "spec.cf", states_max: int = STATES_MAX) -> Counter[str]:
    """What some run showed still stands: no violated check holds, no possible one is impossible. Minimal sets stay, and new ones need the new fault."""
    loaded = LoadedText(text, name)
    rng = random.Random(seed)
    is_fault = law == "another fault"
    new = laws.with_another_fault(text, rng, loaded.system(())) if is_fault else laws.with_larger_budgets(text, rng)
    if new is None:
        return Counter({"has no place": 1})
    changed = LoadedText(new, name)
    before, after = outcomes(loaded, states_max), outcomes(changed, states_max)
    tally: Counter[str] = Counter()
    for check, one in before.items():
        # More that may happen may also be more ways back.
        if one.formula is FormulaKind.CAN_LEAD_TO or not one.is_decided:
            continue
        rests_on_run = (one.word == "holds") == (one.formula is FormulaKind.POSSIBLE)
        tally["runs" if rests_on_run else "no runs"] += 1
        other = after[check]
        if rests_on_run and other.is_decided:
            assert other.word == one.word, check
            if one.formula is not FormulaKind.LEADS_TO:  # where a loop without faults is preferred to a short way there
                assert one.cost is not None and other.cost is not None and other.cost <= one.cost, check
    if is_fault:
        sets, others = minimal_sets(loaded, states_max), minimal_sets(changed, states_max)
        for outage in sets.keys() & others.keys():
            tally["outages"] += 1
            assert {names for names in others[outage] if laws.ADDED not in names} == sets[outage], outage
    return tally


MORE = ("another fault", "larger budgets")


@pytest.mark.parametrize("law", MORE)
def test_more_that_may_happen_in_a_generated_spec(law: str) -> None:
    @quick
    @given(specs((1, 2)), seeds)
    def holds(spec, seed):
        compare_more(law, spec.text, seed)

    holds()


@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.stem)
def test_more_that_may_happen_in_a_shipped_spec(path: Path) -> None:
    for law in MORE:
        compare_more(law, path.read_text(), 1, str(path))


@pytest.mark.campaign
@pytest.mark.parametrize("law", MORE)
def test_more_that_may_happen_in_many_specs(law: str) -> None:
    tally: Counter[str] = Counter()

    @settings(quick, max_examples=400)
    @given(specs(), seeds)
    def holds(spec, seed):
        tally.update(compare_more(law, spec.text, seed))

    holds()
    print(law, dict(tally))
    assert tally["runs"] > 50


# --- what is expected ---


def same_models(text: str, seed: int, name: str) -> int:
    """The models and questions are the same ones, whatever is expected: the search cannot know. Returns how many expectations changed."""
    new = laws.without_expectation(text, random.Random(seed))
    assert new is not None
    loaded, changed = LoadedText(text, name), LoadedText(new, name)
    count = 0
    for one, other in zip(loaded.checks, changed.checks, strict=True):
        count += one.expect_violated != other.expect_violated
        assert digest(*lower(*loaded.fixed(one))) == digest(*lower(*changed.fixed(other)))
    return count


@settings(quick, max_examples=20)
@given(specs((1, 2, 3)), seeds)
def test_the_model_does_not_know_what_is_expected(spec, seed):
    same_models(spec.text, seed, "spec.cf")


def test_no_small_model_knows_what_is_expected() -> None:
    assert sum(same_models(path.read_text(), seed, str(path)) for path in SMALL for seed in (1, 2)) > 20


@pytest.mark.campaign
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_no_shipped_model_knows_what_is_expected(path: Path) -> None:
    print(path.stem, same_models(path.read_text(), 1, str(path)))


def said_of(path: Path) -> list[tuple[str, str, object]]:
    """Names and verdicts of all checks, with the run or the number of states that they rest on."""
    said = []
    for check in check_file(str(path), CheckOptions(engine="python"), lambda _: Progress()).checks:
        verdict = check.verdict
        run = verdict.run if isinstance(verdict, Undetermined) else verdict.evidence
        rests_on = run if isinstance(run, ReplayedRun) else verdict.statistics and verdict.statistics.state_count
        said.append((check.name, type(verdict).__name__, rests_on))
    return said


def test_verdicts_and_runs_do_not_depend_on_what_is_expected(tmp_path: Path) -> None:
    """The whole way, from file to result."""
    for path in SMALL:
        results = []
        for seed in (1, 2):
            other = tmp_path / path.name
            text = laws.without_expectation(path.read_text(), random.Random(seed))
            assert text is not None
            other.write_text(text, encoding="utf-8")
            results.append(said_of(other))
        assert results[0] == results[1]
