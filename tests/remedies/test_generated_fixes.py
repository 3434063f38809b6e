"""`fixes` on generated specs, against each set of fixes by itself; every common model of sets is made, however few there are."""

import itertools
from collections.abc import Iterable
from pathlib import Path

import pytest

from cascade.checked.model import FormulaKind
from cascade.core.lower import lower
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.limits import Limits, Progress
from cascade.pipeline import load_system
from cascade.questions import lattice
from cascade.questions.ask import ask
from cascade.questions.fixes import find_fixes
from cascade.questions.variants import Variants
from cascade.syntax.imports import load
from cascade.verdicts.run import ReplayedRun
from tests.generate.specs import make_spec

LIMITS = Limits(state_count_max=3_000)


def word_of(path: Path, check_name: str, fixes: tuple[str, ...]) -> str:
    system = load_system(str(path), Diagnostics(), fixes)
    if system is None:
        return "undetermined"
    check = next(check for check in system.checks if check.name == check_name)
    asked = ask(*lower(system, check), engine="python", limits=LIMITS, progress=Progress())
    if asked.evidence is None:
        return "undetermined"
    holds = isinstance(asked.evidence, ReplayedRun) == (check.formula.kind is FormulaKind.POSSIBLE)
    return "holds" if holds else "violated"


def compare(path: Path, seed: int) -> tuple[int, int]:
    """Sets that fail, and how many of them were searched."""
    path.write_text(make_spec(seed, 1 + seed % 2).text, encoding="utf-8")
    variants = Variants(
        load(str(path), Diagnostics()),
        fixes=(),
        settings=(),
        engine="python",
        limits=LIMITS,
        progress=lambda _: Progress(),
    )
    system, _ = variants.system()
    if system is None or not 2 <= len(system.fixes) <= 5:
        return 0, 0
    found = find_fixes(variants, system, (), size_max=None, seconds_max=None, with_harm=False)
    given = {f.name: dict(s.replace(" ", "").split("=", 1) for s in f.settings) for f in system.fixes}
    failing = searched = 0
    for question in found.questions:
        words: dict[tuple[str, ...], str] = {}
        for size in range(1, len(given) + 1):
            for chosen in itertools.combinations(given, size):
                settings = {item for name in chosen for item in given[name].items()}
                if len(dict(settings)) == len(settings):
                    words[chosen] = word_of(path, question.check.name, chosen)
        holding = [set(chosen) for chosen, word in words.items() if word == "holds"]
        minimal = [s for s in holding if not any(other < s for other in holding)]
        assert sorted(sorted(r.fixes) for r in question.remedies) == sorted(map(sorted, minimal)), (seed, question)
        fails = [set(chosen) for chosen, word in words.items() if word == "violated"]
        assert question.failing_count == sum(1 for s in fails if not any(m <= s for m in minimal)), (seed, question)
        failing, searched = failing + question.failing_count, searched + len(question.failing)
    return failing, searched


def compare_all(path: Path, seeds: Iterable[int], monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    monkeypatch.setattr(lattice, "TOGETHER_MIN", 1)
    counts = [compare(path, seed) for seed in seeds]
    return sum(failing for failing, _ in counts), sum(searched for _, searched in counts)


def test_generated_specs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing, searched = compare_all(tmp_path / "s.cf", range(20), monkeypatch)
    assert failing > searched > 0


@pytest.mark.campaign
def test_campaign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing, searched = compare_all(tmp_path / "s.cf", range(5_000, 7_000), monkeypatch)
    assert failing > 1.5 * searched
