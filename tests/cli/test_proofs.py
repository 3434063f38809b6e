"""What a person reads of a proof."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from cascade.cli.exit_codes import ExitCode
from cascade.limits import Progress
from cascade.pipeline import CheckOptions, check_file
from cascade.questions.declared import CheckResult
from cascade.reports.layout import Layout
from cascade.reports.terminal import check_text
from cascade.verdicts.answer import Proof, ProofKind, Statistics
from cascade.verdicts.verdict import Exhaustion, Holds

Cascade = Callable[..., object]

SPEC = """\
system s {
  state n: 0..3 = 0
  state is_open: bool = false
  event more when n < 2 { n = n + 1 }
  event opens when n == 2 { is_open: false -> true }
  check low: never n == 3
  check full: never is_open and n < 2
  check three: possible n == 3 expect violated
}
"""


@pytest.fixture
def lines(cascade: Cascade) -> Callable[..., list[str]]:
    def run(*arguments: str) -> list[str]:
        Path("s.cf").write_text(SPEC, encoding="utf-8")
        result = cascade("check", "s.cf", "--engine", "symbolic", *arguments)
        assert result.code == ExitCode.OK
        assert max(map(len, result.out.splitlines())) <= 80
        return [line.strip() for line in result.out.splitlines()]

    return run


def test_the_proof_is_named(lines: Callable[..., list[str]]) -> None:
    found = lines("--check", "low", "--check", "three")
    assert "proved by 1-induction" in found or "proved by an inductive invariant" in found
    assert any(line.startswith("no run does this: proved by ") for line in found)


def test_the_invariant_is_shown_on_demand(lines: Callable[..., list[str]]) -> None:
    shown = lines("--check", "full", "--explain")
    assert any("these lines together" in line or "shows the contrary" in line for line in shown)
    assert len(lines("--check", "full")) < len(shown)


PROOFS = (
    Proof(kind=ProofKind.K_INDUCTION, k=0),
    Proof(kind=ProofKind.K_INDUCTION, k=1),
    Proof(kind=ProofKind.K_INDUCTION, k=12, bound="nothing waits for longer than 2h"),
    Proof(
        kind=ProofKind.INVARIANT,
        invariant=(
            "is_open implies n == 2",
            "clock(nodes[1].back) <= 290s or clock(opens) == 0s or nodes[2].role == leader | candidate",
            " or ".join(f"boxes[{i}].n <= 7" for i in range(1, 60)),
            *(f"boxes[{i}].n != 8" for i in range(1, 31)),
        ),
    ),
)


def with_proof(result: CheckResult, proof: Proof) -> CheckResult:
    assert isinstance(result.verdict, Holds)
    return replace(result, verdict=replace(result.verdict, evidence=Exhaustion(statistics=Statistics(), proof=proof)))


def test_how_proofs_are_told(golden: SnapshotAssertion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In 80 columns, and no more of a long invariant than a person reads."""
    monkeypatch.chdir(tmp_path)
    Path("s.cf").write_text(SPEC, encoding="utf-8")
    result = check_file("s.cf", CheckOptions(engine="python", check_names=("full",)), lambda _: Progress()).checks[0]
    result = replace(result, verdict=replace(result.verdict, statistics=Statistics()))
    told = [
        check_text(with_proof(result, proof), Layout(columns=80), with_run=False, with_proof=True) for proof in PROOFS
    ]
    lines = "\n".join(told).splitlines()
    assert max(map(len, lines)) <= 80
    assert golden == "\n".join(lines) + "\n"


def test_a_proof_as_data_and_on_the_page(cascade: Cascade) -> None:
    Path("s.cf").write_text(SPEC, encoding="utf-8")
    command = ("check", "s.cf", "--only-declared", "--engine", "symbolic", "--check", "low")
    done = cascade(*command, "--format", "json", "--html", "page")
    (check,) = json.loads(done.out)["files"][0]["checks"]
    assert check["evidence"] == check["proof"]["kind"] == "k-induction"
    assert check["proof"] == {"kind": "k-induction", "k": 1, "bound": None, "invariant": []}
    (page,) = (text for path in Path("page").glob("*.html") if "proved by" in (text := path.read_text("utf-8")))
    assert "proved by 1-induction" in page
    assert "no step from a state that does not show it leads to one that does" in page
