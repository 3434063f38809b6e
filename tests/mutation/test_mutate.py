"""`cascade mutate`: which changes are made, which checks notice them, and what is said of the rest."""

import json
import re
from pathlib import Path

import pytest

from cascade.checked.elaborate import elaborate
from cascade.cli.main import main
from cascade.core.lower import lower
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.limits import Limits, Progress
from cascade.questions.mutants import mutants
from cascade.questions.mutate import Fate, MutateOptions, Mutation, mutate
from cascade.syntax.imports import Loaded, load

SHOP = """\
system shop "a small shop" {
  tick 1min
  redundant web: 2 x Server needs 1
  component checkout { let serving = web.serving }
  outage down "customers cannot check out" when not checkout.serving
  check masked: never down with at most 1 fault
  check back: down lasts at most 2min
}
component Server {
  param hurry = 2min
  state up: bool = true
  state jobs: 0..2 = 0
  fault crash { up: true -> false }
  reaction restart when jobs < 2 and not up after hurry { up: false -> true }
  reaction sweep when jobs > 0 { jobs = 0 }
  let serving = up
}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loaded:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    Path("shop.cf").write_text(SHOP, encoding="utf-8")
    return load("shop.cf", Diagnostics())


def tried(loaded: Loaded, **options: float) -> Mutation:
    chosen = MutateOptions(limits=Limits(), **options)  # type: ignore[arg-type]
    return mutate(loaded, loaded.files, chosen, lambda _: Progress())


def told(mutation: Mutation, fate: Fate) -> set[tuple[int, str]]:
    return {(t.mutant.span.line, t.mutant.text) for t in mutation.of(fate)}


def test_mutants_are_told_at_their_place(shop: Loaded) -> None:
    assert sorted((m.span.line, m.span.column, m.text) for m in mutants(shop.files)) == [
        (3, 35, "needs of web: 0, not 1"),
        (3, 35, "needs of web: 2, not 1"),
        (10, 17, "param hurry: 1min, not 2min"),
        (10, 17, "param hurry: 3min, not 2min"),
        (14, 3, "without reaction restart"),
        (14, 25, "`jobs < 2` with <="),
        (14, 25, "reaction restart without `jobs < 2`"),
        (14, 38, "reaction restart without `not up`"),
        (15, 3, "without reaction sweep"),
        (15, 23, "`jobs > 0` with >="),
        (15, 23, "reaction sweep without `jobs > 0`"),
    ]


def test_what_no_check_notices(shop: Loaded) -> None:
    mutation = tried(shop)
    assert told(mutation, Fate.NOTICED) == {
        (3, "needs of web: 2, not 1"),
        (10, "param hurry: 3min, not 2min"),
        (14, "without reaction restart"),
        # Without it time stands still, which is an error of the spec.
        (15, "reaction sweep without `jobs > 0`"),
        (15, "`jobs > 0` with >="),
    }
    assert told(mutation, Fate.OPEN) == set()
    assert told(mutation, Fate.INVALID) == set()
    assert told(mutation, Fate.SAME) == {
        (14, "reaction restart without `not up`"),
        # There never are jobs.
        (14, "reaction restart without `jobs < 2`"),
        (14, "`jobs < 2` with <="),
        (15, "without reaction sweep"),
    }
    assert mutation.not_examined == 0
    by = {t.mutant.text: t.noticed_by for t in mutation.of(Fate.NOTICED)}
    assert by["param hurry: 3min, not 2min"] == "back"
    assert by["needs of web: 2, not 1"] == "masked"


def test_a_mutant_is_the_spec_that_a_person_would_write(shop: Loaded) -> None:
    """What a mutant's checks say is what they say of the edited text."""
    edits = {
        "param hurry: 3min, not 2min": ("hurry = 2min", "hurry = 3min"),
        "reaction restart without `not up`": (" and not up", ""),
        "`jobs > 0` with >=": ("jobs > 0", "jobs >= 0"),
        "without reaction sweep": ("  reaction sweep when jobs > 0 { jobs = 0 }\n", ""),
    }
    for mutant in mutants(shop.files):
        if mutant.text in edits:
            Path("edited.cf").write_text(SHOP.replace(*edits[mutant.text]), encoding="utf-8")
            edited = load("edited.cf", Diagnostics())
            changed = elaborate(mutant.applied(shop), Diagnostics())
            written = elaborate(edited, Diagnostics())
            assert changed is not None and written is not None
            for one, other in zip(changed.checks, written.checks, strict=True):
                assert lower(changed, one) == lower(written, other), mutant.text


def test_what_was_not_examined_is_said(shop: Loaded) -> None:
    mutation = tried(shop, mutant_count_max=3)
    assert (len(mutation.tried), mutation.total, mutation.not_examined) == (3, 11, 8)
    mutation = tried(shop, seconds_max=0.0)
    assert mutation.not_examined == 11


def test_terminal(shop: Loaded, capsys: pytest.CaptureFixture[str], snapshot: object) -> None:
    assert main(["mutate", "shop.cf"]) == 1
    assert re.sub(r"\d\.\d\d s", "0.00 s", capsys.readouterr().out) == snapshot


def test_json(shop: Loaded, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mutate", "shop.cf", "--format", "json", "--max-mutants", "2"]) == 3
    found = json.loads(capsys.readouterr().out)
    assert (found["version"], found["total"], found["not_examined"]) == (1, 11, 9)
    assert found["mutants"][0] == {
        "kind": "command",
        "file": "shop.cf",
        "line": 14,
        "column": 3,
        "text": "without reaction restart",
        "fate": "noticed",
        "noticed_by": found["mutants"][0]["noticed_by"],
        "open_checks": [],
    }


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("system s { component a { } outage o when not a.serving }", 2, "no check is declared"),
        ("component A { }", 2, "is a library"),
        ("system s {", 2, "CF001"),
    ],
)
def test_exit_codes(shop: Loaded, capsys: pytest.CaptureFixture[str], text: str, code: int, said: str) -> None:
    Path("other.cf").write_text(text, encoding="utf-8")
    assert main(["mutate", "other.cf"]) == code
    assert said in capsys.readouterr().err


def test_all_noticed_is_success_and_all_open_is_not(shop: Loaded) -> None:
    text = "system s { state n: 0..5 = 0 event e when n < 3 { n = n + 1 } check c: possible n == 3 then n == 3 check d: never n == 4 }"
    Path("all.cf").write_text(text, encoding="utf-8")
    assert main(["mutate", "all.cf"]) == 0
    assert main(["mutate", "all.cf", "--max-mutants", "1"]) == 3
