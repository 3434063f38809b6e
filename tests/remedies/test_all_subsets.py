"""`fixes` on the shipped specs against every set of fixes there is, each elaborated and explored by itself.

Nothing is concluded here from one set about another: no run is carried over, no set is left out because a smaller one suffices. What is known once is the answer to
an equal question: the part of the model that can influence a check, written out in full.
"""

import hashlib
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from cascade.checked.elaborate import elaborate
from cascade.checked.model import Check, System
from cascade.core.cone import sliced
from cascade.core.lower import lower
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.limits import Limits, Progress
from cascade.questions.ask import ask
from cascade.questions.declared import conclude
from cascade.questions.fixes import Fixing, Remedies, find_fixes
from cascade.questions.variants import Decided, How, Variants
from cascade.syntax.imports import load

SPECS = sorted((Path(__file__).resolve().parents[2] / "specs").glob("*.cf"))


class BruteForce:
    """A spec with any set of its fixes. `explored` counts what was asked of the engine."""

    def __init__(self, path: Path) -> None:
        self.loaded = load(str(path), Diagnostics())
        system = elaborate(self.loaded, Diagnostics(), (), ())
        assert system is not None
        self.system: System = system
        self.explored = 0
        self._words: dict[bytes, str] = {}

    def sets(self) -> Iterator[tuple[str, ...]]:
        """All sets that do not give one param two values."""
        given = {fix.name: {tuple(text.split(" = ", 1)) for text in fix.settings} for fix in self.system.fixes}
        for size in range(len(given) + 1):
            for chosen in itertools.combinations(given, size):
                values = set().union(*(given[name] for name in chosen))
                if len({param for param, _ in values}) == len(values):
                    yield chosen

    def words(self, fixes: tuple[str, ...], names: list[str]) -> dict[str, str]:
        """The verdicts of these checks with these fixes."""
        system = elaborate(self.loaded, Diagnostics(), fixes, ())
        assert system is not None, "no set makes the spec wrong"
        return {check.name: self._word(system, check) for check in system.checks if check.name in names}

    def _word(self, system: System, check: Check) -> str:
        model, query = lower(system, check)
        part = sliced(model, query)
        question = (model, query) if part is None else (part.model, part.query)
        key = hashlib.sha256(repr((check.formula.kind, question)).encode()).digest()
        if key not in self._words:
            self.explored += 1
            asked = ask(model, query, engine="explicit", limits=Limits(thread_count=1), progress=Progress())
            self._words[key] = Decided(result=conclude(system, check, model, query, asked), how=How.SEARCHED).word
        return self._words[key]


def find(brute: BruteForce) -> Fixing:
    variants = Variants(
        brute.loaded, fixes=(), settings=(), engine="explicit", limits=Limits(), progress=lambda _: Progress()
    )
    return find_fixes(variants, brute.system, (), size_max=None, seconds_max=None)


def assert_is(question: Remedies, words: dict[frozenset[str], str]) -> None:
    """What is said of a question is what its verdict with each set makes true, by definition."""
    holding = [fixes for fixes, word in words.items() if word == "holds"]
    minimal = {fixes for fixes in holding if not any(other < fixes for other in holding)}
    assert {frozenset(remedy.fixes) for remedy in question.remedies} == minimal
    failing = [fixes for fixes in words if fixes and not any(other <= fixes for other in minimal)]
    assert question.failing_count == len(failing)
    assert {frozenset(fixes) for fixes in question.failing} <= set(failing)
    assert not question.undecided


def assert_harms(brute: BruteForce, question: Remedies) -> None:
    """What a remedy breaks or ends is every check without fixes of its own that held and does not."""
    others = [check.name for check in brute.system.checks if not check.fixes and check.name not in question.checks]
    before = brute.words((), others)
    for remedy in question.remedies:
        after = brute.words(remedy.fixes, others)
        assert {*remedy.breaks, *remedy.ends} == {n for n in others if (before[n], after[n]) == ("holds", "violated")}
        assert not remedy.open_checks


@pytest.mark.campaign
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_set_of_fixes_of_a_shipped_spec(path: Path) -> None:
    brute = BruteForce(path)
    found = find(brute)
    assert found.size_max == len(brute.system.fixes) and found.questions
    names = [question.check.name for question in found.questions]
    words: dict[str, dict[frozenset[str], str]] = {name: {} for name in names}
    for fixes in brute.sets():
        for name, word in brute.words(fixes, names).items():
            assert word in ("holds", "violated")
            words[name][frozenset(fixes)] = word
    set_count = len(words[names[0]])
    assert set_count == 2 ** len(brute.system.fixes) - found.contradictory_count
    for question in found.questions:
        assert_is(question, words[question.check.name])
        assert_harms(brute, question)
    print(f"{path.stem}: {set_count} sets, {len(names)} questions, {brute.explored} searches")
