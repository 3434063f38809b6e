"""`tune` and `fixes` against brute force: each value, each set of fixes by an elaboration and a search of its own."""

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cascade.checked.model import System
from cascade.core.lower import lower
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.limits import Limits, Progress
from cascade.pipeline import load_system
from cascade.questions.ask import ask
from cascade.questions.declared import conclude
from cascade.questions.fixes import Fixing, find_fixes
from cascade.questions.tune import Axis, Tuning, tune
from cascade.questions.variants import Decided, How, Variants
from cascade.syntax.imports import load

SPECS = Path(__file__).resolve().parents[2] / "specs"
INCIDENT = SPECS / "cloudflare-2025-09-12.cf"
WITH_FIXES = sorted(path for path in SPECS.glob("*.cf") if "\n  fix " in path.read_text(encoding="utf-8"))

# Small, and all there is to get wrong: a fix that helps alone, two that help together only, one that undoes another, one that breaks a check.
TINY = """
system tiny {
  component a {
    param size = 1
    param guard = false
    param second = false
    param loud = false
    state used: 0..5 = 0
    state noise: 0..1 = 0
    event use when used < 5 and not (guard and second) { used = used + 1 }
    event hum when loud and noise == 0 { noise = 1 }
  }
  fix large { a.size = 9, a.loud = true }
  fix guard { a.guard = true }
  fix second { a.second = true }
  fix unguard { a.guard = false }
  check fits: never a.used > a.size
  check again: never a.used > a.size with fix guard
  check quiet: never a.noise == 1
  check example: possible a.used == 5
}
"""


def variants_of(path: Path) -> tuple[Variants, System]:
    diagnostics = Diagnostics()
    found = Variants(
        load(str(path), diagnostics),
        fixes=(),
        settings=(),
        engine="explicit",
        limits=Limits(),
        progress=lambda _: Progress(),
    )
    system, _ = found.system()
    assert system is not None
    return found, system


def word_of(path: Path, check_name: str, fixes: tuple[str, ...] = (), given: tuple[str, ...] = ()) -> str:
    """The verdict, by a way that shares nothing with `Variants`."""
    system = load_system(str(path), Diagnostics(), fixes, given)
    assert system is not None
    check = next(check for check in system.checks if check.name == check_name)
    model, query = lower(system, check)
    asked = ask(model, query, engine="explicit", limits=Limits(), progress=Progress())
    return Decided(result=conclude(system, check, model, query, asked), how=How.SEARCHED).word


def assert_tuned(path: Path, check_name: str, axes: list[Axis]) -> Tuning:
    variants, system = variants_of(path)
    own = next(check.fixes for check in system.checks if check.name == check_name)
    found = tune(variants, check_name, axes, None)
    assert found.is_complete
    counts = found.counts
    assert counts.searched + counts.replayed + counts.same + counts.together == len(found.cells)
    for position in itertools.product(*(range(len(axis.values)) for axis in axes)):
        given = tuple(f"{axis.name}={axis.values[i]}" for axis, i in zip(axes, position, strict=True))
        assert found.word(position) == word_of(path, check_name, own, given)
    return found


def assert_fixed(path: Path, checks: tuple[str, ...], size_max: int | None, *, with_harm: bool = True) -> Fixing:
    """Every question's remedies are the minimal sets that hold, by definition, and all others fail."""
    variants, system = variants_of(path)
    found = find_fixes(variants, system, checks, size_max=size_max, seconds_max=None, with_harm=with_harm)
    assert found.questions, "something is asked"
    names = [fix.name for fix in system.fixes]
    given = {fix.name: dict(s.split(" = ", 1) for s in fix.settings) for fix in system.fixes}
    for question in found.questions:
        holding: list[set[str]] = []
        every: list[set[str]] = []
        for size in range(found.size_max + 1):
            for chosen in itertools.combinations(names, size):
                values = [item for name in chosen for item in given[name].items()]
                if len(dict(values)) < len(set(values)):
                    continue  # they contradict each other
                every.append(set(chosen))
                word = word_of(path, question.check.name, chosen)
                assert word in ("holds", "violated"), "each set is decided"
                if word == "holds":
                    holding.append(set(chosen))
        minimal = [s for s in holding if not any(other < s for other in holding)]
        assert sorted(sorted(remedy.fixes) for remedy in question.remedies) == sorted(map(sorted, minimal))
        assert question.complete_to == found.size_max
        assert not question.undecided
        assert question.failing_count == sum(1 for s in every if s and not any(m <= s for m in minimal))
    return found


def test_the_frontier_of_capacity_is_that_of_a_sweep() -> None:
    capacities = Axis(name="tenant.pod_capacity", values=tuple(str(value) for value in range(12, 24)))
    found = assert_tuned(INCIDENT, "cascade", [capacities])
    assert [(s.first, s.last, s.word) for s in found.stretches(())] == [(0, 5, "violated"), (6, 11, "holds")]
    assert found.cells[(5,)].how is not How.REPLAYED, "the run at the frontier is a shortest one"
    assert found.counts.replayed > 0


def test_a_frontier_of_two_params() -> None:
    axes = [
        Axis(name="tenant.pod_capacity", values=("16", "17", "18", "19")),
        Axis(name="api.demand", values=("3", "5", "7")),
    ]
    found = assert_tuned(INCIDENT, "cascade", axes)
    assert len({tuple(found.stretches(row)) for row in found.rows}) > 2


def test_durations_and_fixes_of_the_check(tmp_path: Path) -> None:
    axis = Axis(name="auth_db.promote_after", values=("1min", "3min", "6min", "7min", "8min"))
    found = assert_tuned(SPECS / "cloudflare-2020-11-02.cf", "patience_one_fault", [axis])
    # The fix of the check says ten minutes; what is tuned wins.
    assert {found.word((i,)) for i in range(len(axis.values))} == {"holds", "violated"}


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.cf"
    path.write_text(TINY, encoding="utf-8")
    return path


def test_minimal_sets_and_what_they_break(tiny: Path) -> None:
    found = assert_fixed(tiny, (), 4)
    (question,) = found.questions
    assert question.checks == ["fits", "again"]
    assert [(r.fixes, r.breaks, r.ends) for r in question.remedies] == [
        (("large",), ["quiet"], []),
        (("guard", "second"), [], ["example"]),
    ]
    assert found.contradictory_count == 4  # `guard` and `unguard`, with any of the two others


# Values that change the model as variables do, durations and sizes that shape it, a run that one fix changes on its way, fixes that help together only.
MIXED = """
component Server { param cap = 1  state load: 0..3 = 0  let serving = load <= cap }
system mixed {
  param size = 2
  param wait = 2min
  param guard = 0
  param both = 0
  param step = 1
  redundant web: size x Server needs 1
  state hot: 0..6 = 0
  state late: bool = false
  event heat when hot + step <= 6 and guard + both < 2 after 1min { hot = hot + step }
  event spread when hot > 1 and web[1].load < 3 { web[1].load = web[1].load + 1  hot = hot - 1 }
  reaction cool when hot > 2 after wait { hot = 0 }
  reaction note when hot / (4 - guard) > 0 and not late after 3min { late = true }
  fix large { web.cap = 3 }
  fix more { size = 3 }
  fix quick { wait = 1min }
  fix guard { guard = 1 }
  fix both { both = 1 }
  fix coarse { step = 2 }
  check serves: never not web[1].serving
  check in_time: hot > 3 lasts at most 1min
  check cools: hot > 0 leads to hot == 0
  check calm: never late
  check quiet: hot > 2 leads to hot == 0 within 1min
}
"""


HARM = """
system harm {
  component a {
    param size = 1
    state used: 0..5 = 0
    event use when used < 5 { used = used + 1 }
  }
  redundant b: 2 x B needs 1
  fix one { b[1].size = 9 }
  fix all { b.size = 1 }
  fix large { a.size = 9 }
  check fits: never b[1].used > b[1].size
}
component B { param size = 2  state used: 0..5 = 0  event use when used < 5 { used = used + 1 } }
"""


def test_a_set_that_fails_although_a_part_of_it_suffices(tmp_path: Path) -> None:
    """What stands behind it undoes the remedy; such sets are not counted among those that do not suffice."""
    path = tmp_path / "harm.cf"
    path.write_text(HARM, encoding="utf-8")
    (question,) = assert_fixed(path, (), None).questions
    assert [remedy.fixes for remedy in question.remedies] == [("one",)]
    assert question.failing_count == 3


def test_all_sets_of_fixes_of_all_kinds(tmp_path: Path) -> None:
    path = tmp_path / "mixed.cf"
    path.write_text(MIXED, encoding="utf-8")
    found = assert_fixed(path, (), None, with_harm=False)
    assert found.size_max == 6
    tried = [len(question.failing) for question in found.questions]
    failing = [question.failing_count for question in found.questions]
    assert len(found.questions) == 3
    assert sum(failing) > 3 * sum(tried), "most sets fail by a run that others showed"


MANY = """
system many {
  component a {
%s
    state used: 0..9 = 0
    event use when used < 9 { used = used + 1 }
    let room = %s
  }
%s
  check fits: never a.used > a.room
}
"""


def test_many_fixes_are_no_many_searches(tmp_path: Path) -> None:
    names = [f"p{i}" for i in range(12)]
    path = tmp_path / "many.cf"
    path.write_text(
        MANY
        % (
            "\n".join(f"    param {name} = 0" for name in names),
            " + ".join(names),
            "\n".join(f"  fix {name} {{ a.{name} = {1 + (i < 2) * 3} }}" for i, name in enumerate(names)),
        ),
        encoding="utf-8",
    )
    variants, system = variants_of(path)
    found = find_fixes(variants, system, (), size_max=None, seconds_max=None)
    (question,) = found.questions
    # Nine are needed, of which the first two fixes give four each: both and one more, or one and five, or nine of one each.
    by_size = [len(remedy.fixes) for remedy in question.remedies]
    assert {size: by_size.count(size) for size in sorted(set(by_size))} == {3: 10, 6: 2 * 252, 9: 10}
    assert question.complete_to == 12
    assert len(question.failing) < 30


PRICED = """
system priced {
  param a = 0
  param b = 0
  param c = 0
  check fits: always a + b >= 2 or c > 0 expect violated
  fix none { c = 1 }
  fix dear cost 9 { c = 2 }
  fix cheap cost 4 { c = 3 }
  fix left cost 1 { a = 1 }
  fix right cost 1 { b = 1 }
  fix free { b = 2 }
}
"""


def test_remedies_are_ranked_by_size_and_cost(tmp_path: Path) -> None:
    path = tmp_path / "priced.cf"
    path.write_text(PRICED, encoding="utf-8")
    variants, system = variants_of(path)
    (question,) = find_fixes(variants, system, (), size_max=3, seconds_max=None).questions
    assert [(r.fixes, r.cost) for r in question.remedies] == [
        (("cheap",), 4),
        (("dear",), 9),
        (("none",), None),
        (("free",), None),
        (("left", "right"), 2),
    ]


def test_a_limit_is_never_a_failure(tiny: Path) -> None:
    diagnostics = Diagnostics()
    variants = Variants(
        load(str(tiny), diagnostics),
        fixes=(),
        settings=(),
        engine="explicit",
        limits=Limits(state_count_max=3),
        progress=lambda _: Progress(),
    )
    system, _ = variants.system()
    assert system is not None
    found = find_fixes(variants, system, ("fits",), size_max=2, seconds_max=None)
    (question,) = found.questions
    assert question.remedies == [] or all(r.decided.word == "holds" for r in question.remedies)
    assert ("large",) in question.undecided
    late = find_fixes(variants, system, (), size_max=2, seconds_max=0.0)
    assert late.is_late


@pytest.mark.parametrize("path", WITH_FIXES, ids=lambda path: path.stem)
def test_shipped_specs_by_brute_force(path: Path) -> None:
    _, system = variants_of(path)
    violated = [check for check in system.checks if check.expect_violated and not check.fixes]
    check = min(violated, key=lambda check: "at most 1 fault" not in check.source).name
    assert_fixed(path, (check,), 1, with_harm=False)


def test_all_shipped_specs_have_fixes() -> None:
    assert sorted(SPECS.glob("*.cf")) == WITH_FIXES


SWEEPS = {
    "aws-2025-10-20": ("admission_drains", "ec2.renewed_together", [str(n) for n in range(1, 13)]),
    "cloudflare-2020-11-02": ("patience_one_fault", "auth_db.promote_after", [f"{n}min" for n in range(1, 13)]),
    "cloudflare-2025-09-12": ("cascade", "tenant.pod_capacity", [str(n) for n in range(1, 101)]),
    "github-2018-10-21": (
        "shorter_than_the_election",
        "orchestrator.election_timeout",
        [f"{30 * n}s" for n in range(1, 6)],
    ),
    "google-cloud-2025-06-12": ("staged_data_is", "policy.soak", [f"{n}min" for n in range(1, 13)]),
    "openai-2024-12-11": ("heavy_agent", "clusters.nodes", [str(n) for n in range(1, 5)]),
}
"""A check of each shipped spec, what is tuned, and the values: some hold, some do not."""


@pytest.mark.campaign
@pytest.mark.parametrize("path", WITH_FIXES, ids=lambda path: path.stem)
def test_frontiers_of_shipped_specs_by_sweeps(path: Path) -> None:
    check_name, name, values = SWEEPS[path.stem]
    found = assert_tuned(path, check_name, [Axis(name=name, values=tuple(values))])
    assert {found.word((i,)) for i in range(len(values))} == {"holds", "violated"}


def test_pre_vote_alone_does_not_restore_what_redundancy_promises() -> None:
    variants, system = variants_of(SPECS / "cloudflare-2020-11-02.cf")
    # A database that cannot fail, and no rebuild: still not, so not in the full model either, which has 500,000 states.
    names = ("partial_failure_is_not", "keep_replicas_is")
    found = find_fixes(variants, system, names, size_max=1, seconds_max=None, with_harm=False)
    alone = {question.check.name: {r.fixes[0] for r in question.remedies} for question in found.questions}
    one_fault = {"prevote", "keep_replicas", "patient", "headroom", "probe", "patient_enough"}
    assert alone == {
        "partial_failure_is_not": one_fault,
        "keep_replicas_is": {"keep_replicas", "headroom", "probe"},
    }


HILLY = """
system hilly {
  component a {
    param size = 1
    param slack = 0
    state used: 0..9 = 0
    event use when used < 9 and (size < 20 or size > 29) and size / 40 < 2 { used = used + 1 }
  }
  check fits: never a.used > a.size / 2 - 7 + a.slack
  check comes: possible a.used > a.size / 2 - 7 + a.slack
}
"""


@pytest.mark.parametrize("check", ["fits", "comes"])
def test_all_intervals_of_a_wide_range(tmp_path: Path, check: str) -> None:
    path = tmp_path / "hilly.cf"
    path.write_text(HILLY, encoding="utf-8")
    found = assert_tuned(path, check, [Axis(name="a.size", values=tuple(map(str, range(120))))])
    words = (
        ("violated", "holds", "violated", "holds") if check == "fits" else ("holds", "violated", "holds", "violated")
    )
    assert [(s.first, s.last, s.word) for s in found.stretches(())] == [
        (first, last, word) for (first, last), word in zip(((0, 19), (20, 29), (30, 31), (32, 119)), words, strict=True)
    ]
    assert found.counts.searched < 25
    assert found.counts.together > 50
    for position in (19, 20, 29, 30, 31, 32):
        assert found.cells[position,].how not in (How.REPLAYED, How.TOGETHER)


def test_two_wide_ranges(tmp_path: Path) -> None:
    path = tmp_path / "hilly.cf"
    path.write_text(HILLY, encoding="utf-8")
    sizes = Axis(name="a.size", values=tuple(map(str, range(14, 50, 3))))
    found = assert_tuned(path, "fits", [sizes, Axis(name="a.slack", values=tuple(map(str, range(12))))])
    assert found.counts.searched < len(found.cells) / 2


def test_a_param_of_a_group_and_of_one_member(tmp_path: Path) -> None:
    path = tmp_path / "s.cf"
    path.write_text(
        "component S { param cap = 1 state load: 0..4 = 0 event use when load < 4 { load = load + 1 } }\n"
        "system s { redundant web: 2 x S needs 1 check c: never all(s in web: s.load - 3 > s.cap) }",
        encoding="utf-8",
    )
    every = Axis(name="web.cap", values=tuple(map(str, range(-2, 4))))
    one = Axis(name="web[1].cap", values=tuple(map(str, range(-1, 5))))
    assert_tuned(path, "c", [every, one])
    found = assert_tuned(path, "c", [one, every])
    assert len({tuple(found.stretches(row)) for row in found.rows}) == 1, "the last one counts: it sets all members"


def test_expressions_inside_many_others(tmp_path: Path) -> None:
    path = tmp_path / "s.cf"
    lets = "".join(f"let y{i} = if n > {i % 9} then y{i - 1} + 1 - 1 else y{i - 1}\n" for i in range(1, 400))
    path.write_text(
        "system s { param a = 1 param b = 1 state n: 0..9 = 0 event grow when n < 9 { n = n + 1 }\n"
        f"let y0 = n\n{lets} fix fa {{ a = 6 }} fix fb {{ b = 5 }} fix fc {{ b = 2 }} check c: never y399 > a + b - 1 }}",
        encoding="utf-8",
    )
    variants, _ = variants_of(path)
    found = tune(variants, "c", [Axis(name="a", values=tuple(map(str, range(5, 15))))], None)
    assert [(s.first, s.last, s.word) for s in found.stretches(())] == [(0, 3, "violated"), (4, 9, "holds")]
    variants, system = variants_of(path)
    (question,) = find_fixes(variants, system, (), size_max=None, seconds_max=None).questions
    assert [remedy.fixes for remedy in question.remedies] == [("fa", "fb")]


def test_values_with_which_the_spec_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "s.cf"
    path.write_text(
        "system s { param n = 2 param k = 2 redundant web: n x S needs k check c: never not web.serving with at most 1 fault }"
        " component S { }",
        encoding="utf-8",
    )
    variants, _ = variants_of(path)
    found = tune(variants, "c", [Axis(name="n", values=("0", "1", "2", "3", "4"))], None)
    assert [found.word((i,)) for i in range(5)] == ["wrong", "wrong", "violated", "holds", "holds"]
    assert found.is_complete
    assert [d.code for d in found.wrong[1,].errors] == ["CF108"]
    both = [Axis(name="n", values=("1", "2", "3")), Axis(name="k", values=("0", "1", "2"))]
    found = tune(variants, "c", both, None)
    words = [found.word((i, j)) for i in range(3) for j in range(3)]
    assert words == ["holds", "violated", "wrong", "holds", "holds", "violated", "holds", "holds", "holds"]
    none = tune(variants, "c", [Axis(name="n", values=("0", "1"))], None)
    assert none.diagnostics.errors and not none.cells


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    sizes=st.lists(st.integers(0, 6), min_size=1, max_size=5, unique=True),
    top=st.integers(1, 6),
    step=st.integers(1, 2),
)
def test_any_list_of_values(tmp_path_factory: pytest.TempPathFactory, sizes: list[int], top: int, step: int) -> None:
    path = tmp_path_factory.mktemp("spec") / "s.cf"
    path.write_text(
        f"""system s {{
  component a {{
    param size = 1
    state used: 0..9 = 0
    event use when used < {top} {{ used = used + {step} }}
  }}
  check fits: never a.used > a.size
}}
""",
        encoding="utf-8",
    )
    axis = Axis(name="a.size", values=tuple(map(str, sizes)))
    found = assert_tuned(path, "fits", [axis])
    highest = -(-top // step) * step
    for i, size in enumerate(sizes):
        assert found.word((i,)) == ("violated" if highest > size else "holds")
