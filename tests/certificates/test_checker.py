"""What the checker of certificates confirms is so; what is not so, or was touched, it does not confirm."""

import ast
import copy
import json
import random
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.certificates import checker, machine, make
from cascade.certificates.checker import Outcome, Status, unseal, verify
from cascade.certificates.machine import Rejected
from cascade.certificates.make import part_of, seal
from cascade.core.queries import Reach
from cascade.limits import Limits, Progress
from cascade.questions.ask import ask
from cascade.verdicts.run import ReplayedRun
from tests.engines.models import RandomModel

SEEDS = range(90)
Json = dict[str, Any]


def body_of(part: Json, *, verdict: str | None = None) -> Json:
    said = "violated" if part["evidence"]["kind"] == "run" else "holds"
    one = {"check": "c", "verdict": verdict or said, "is_possible": False, "model_count": 1, "parts": [part]}
    return {"tool": "", "specs": [], "verdicts": [one]}


def outcome_of(part: Json, *, verdict: str | None = None) -> Outcome:
    (outcome,) = verify(unseal(seal(body_of(part, verdict=verdict))))
    return outcome


def part_for(seed: int) -> Json | None:
    """A random model and question with its evidence; None where there is no answer, or none of moderate size."""
    model, query = RandomModel(random.Random(seed), is_risky=seed % 2 == 1).query
    asked = ask(model, query, engine="python", limits=Limits(state_count_max=600), progress=Progress())
    return None if asked.evidence is None else part_of(model, query, asked.evidence)


@pytest.fixture(scope="module")
def parts() -> list[Json]:
    found = [part for part in map(part_for, SEEDS) if part is not None]
    kinds = {(part["query"]["kind"], part["evidence"]["kind"]) for part in found}
    assert len(kinds) == 6, "each question with each answer"
    return found


def test_what_the_engines_find_is_confirmed(parts: list[Json]) -> None:
    assert {outcome_of(part).status for part in parts} == {Status.CONFIRMED}


def test_evidence_shows_one_verdict(parts: list[Json]) -> None:
    for part in parts:
        said = "holds" if part["evidence"]["kind"] == "run" else "violated"
        assert outcome_of(part, verdict=said).status is Status.REJECTED


def test_each_listed_state_is_needed(parts: list[Json]) -> None:
    for part in parts:
        entries = part["evidence"].get("entries", [])
        for place in range(0, len(entries), 1 + len(entries) // 5):
            less = copy.deepcopy(part)
            del less["evidence"]["entries"][place]
            assert outcome_of(less).status is Status.REJECTED


def test_a_run_without_one_of_its_steps_is_another(parts: list[Json]) -> None:
    rejected = 0
    for part in parts:
        for place in range(len(part["evidence"].get("steps", []))):
            less = copy.deepcopy(part)
            del less["evidence"]["steps"][place]
            rejected += outcome_of(less).status is Status.REJECTED
    assert rejected > 20


def test_no_listing_shows_that_there_is_no_run_where_there_is_one() -> None:
    """With all states, with those that are no goal, and with any ranks."""
    choose = random.Random(3)
    tried = 0
    for seed in SEEDS:
        model, query = RandomModel(random.Random(seed), is_risky=False).query
        asked = ask(model, query, engine="python", limits=Limits(state_count_max=300), progress=Progress())
        if not isinstance(asked.evidence, ReplayedRun):
            continue
        part = part_of(model, query, asked.evidence)
        explored = make._explore(machine.Machine(part["model"]))
        if explored is None:
            continue
        states, _ = explored
        for _ in range(5):
            helpful = [choose.randrange(len(model.commands)) for _ in range(4)] if model.commands else []
            entries = [[*s, choose.choice((0, 0, 1)), choose.choice((-1, 0, 0, 1, 2))] for s in states]
            part["evidence"] = {"kind": "states", "entries": entries, "helpful": helpful}
            assert outcome_of(part).status is Status.REJECTED
            tried += 1
    assert tried > 60


def test_a_sample_is_confirmed_in_part_and_its_states_belong_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "LISTED_MAX", 3)
    count = 0
    for seed in range(40):
        part = part_for(seed)
        if part is None or part["evidence"]["kind"] != "sample":
            continue
        count += 1
        assert outcome_of(part).status is Status.PARTLY
        for change in (_other_value, _other_place, _other_root, _fewer):
            touched = copy.deepcopy(part)
            change(touched["evidence"])
            assert outcome_of(touched).status is Status.REJECTED
    assert count > 5


def _other_value(evidence: Json) -> None:
    evidence["entries"][0][1][-1] += 1


def _other_place(evidence: Json) -> None:
    evidence["entries"][0][0] ^= 1


def _other_root(evidence: Json) -> None:
    evidence["root"] = evidence["root"][::-1]


def _fewer(evidence: Json) -> None:
    del evidence["entries"][len(evidence["entries"]) // 2]


def test_making_one_contradicts_a_wrong_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that overlooks a run is found out when the states are listed."""
    contradicted = 0
    for seed in SEEDS:
        model, query = RandomModel(random.Random(seed), is_risky=False).query
        asked = ask(model, query, engine="python", limits=Limits(state_count_max=300), progress=Progress())
        if isinstance(asked.evidence, ReplayedRun):
            from cascade.verdicts.verdict import Exhaustion

            with pytest.raises(make.ContradictionError):
                part_of(model, query, Exhaustion(statistics=asked.statistics))
            contradicted += 1
    assert contradicted > 10


# --- bytes ---


@pytest.fixture(scope="module")
def small(parts: list[Json]) -> bytes:
    return min((seal(body_of(part)) for part in parts), key=len)


def test_every_byte_counts(small: bytes) -> None:
    for place in range(len(small)):
        for bit in (1, 32, 128):
            with pytest.raises(Rejected):
                unseal(small[:place] + bytes([small[place] ^ bit]) + small[place + 1 :])


@given(st.data())
def test_what_is_cut_or_longer_is_another(small: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(small) - 1))
    for text in (small[:cut], small[cut + 1 :], small[:cut] + data.draw(st.binary(min_size=1)) + small[cut:]):
        with pytest.raises(Rejected):
            unseal(text)


# --- hostile bodies: sealed anew, so that they are read ---

values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 1 << 70) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=400)
@given(st.data())
def test_hostile_content_is_rejected_or_true(parts: list[Json], data: st.DataObject) -> None:
    body: Any = body_of(copy.deepcopy(data.draw(st.sampled_from(parts))))
    here = body["verdicts"]
    while True:
        key = data.draw(st.sampled_from(sorted(here) if isinstance(here, dict) else range(len(here))))
        inner = here[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.integers(0, 7)) == 0:
            here[key] = data.draw(values)
            break
        here = inner
    with suppress(Rejected):
        verify(unseal(seal(body)))


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"verdicts": 3}', b'{"verdicts": [3]}', b"[" * 100_000, b"\xff"]
)
def test_other_content_is_rejected(content: bytes) -> None:
    import hashlib

    sealed = checker.HEADER + hashlib.sha256(content).hexdigest().encode() + b"\n" + content
    with pytest.raises(Rejected):
        verify(unseal(sealed))


def test_huge_numbers_and_deep_expressions_end() -> None:
    squares = [["const", 1 << 60], *(["mul", i, i] for i in range(200))]
    deep = [["const", 1], *(["not", i] for i in range(50_000))]
    for nodes in (squares, deep):
        part = {
            "model": {
                "is_timed": False,
                "variables": [],
                "settles": [],
                "clocks": [],
                "commands": [],
                "expressions": nodes,
            },
            "query": {"kind": "reach", "goal": len(nodes) - 1},
            "evidence": {"kind": "states", "entries": [[0, 0]], "helpful": []},
        }
        assert outcome_of(part).status is Status.REJECTED


# --- the program itself ---


def test_it_is_small() -> None:
    """Lines of code: neither blank, nor a comment, nor part of a docstring."""
    total = 0
    for module in (checker, machine):
        text = Path(module.__file__).read_text(encoding="utf-8")
        strings = [
            n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)
        ]
        docs = {line for node in strings for line in range(node.lineno, (node.end_lineno or 0) + 1)}
        lines = enumerate(text.splitlines(), 1)
        total += sum(1 for i, line in lines if line.strip() and not line.strip().startswith("#") and i not in docs)
    assert total < 400, total


def test_it_stands_alone(small: bytes, tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(small)
    code = (
        "import sys; from cascade.certificates.checker import *; print(verify(unseal(open(sys.argv[1], 'rb').read())));"
        "bad = {m for m in sys.modules if m.split('.')[0] in ('z3', 'numba', 'numpy', 'lark')"
        " or m.startswith('cascade.') and not m.startswith('cascade.certificates')}; assert not bad, bad"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "c")], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "CONFIRMED" in done.stdout


def test_a_question_of_reachability_with_a_clock_is_among_those_tried() -> None:
    queries = [RandomModel(random.Random(seed), is_risky=seed % 2 == 1).query[1] for seed in SEEDS]
    assert any(isinstance(query, Reach) and query.clock is not None for query in queries)
    assert json.dumps([make.query_json(query) for query in queries])
