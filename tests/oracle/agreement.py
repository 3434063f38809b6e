"""One spec by cascade's way from text to verdict, and by the second reading of the language reference."""

from collections import Counter

from cascade.checked.model import Check, System
from cascade.core.lower import lower
from cascade.core.queries import Lasso, Query
from cascade.reference.decide import Decision, DecisionKind
from cascade.reference.decide import TooManyStatesError as TooManyForReferenceError
from cascade.reference.decide import decide as decide_lowered
from tests.generate.load import LoadedText
from tests.oracle.machine import TooManyStatesError
from tests.oracle.things import NotCoveredError
from tests.oracle.verdict import Said, decide

_WORDS = {
    (DecisionKind.FOUND, False): "violated",
    (DecisionKind.EXHAUSTED, False): "holds",
    (DecisionKind.FOUND, True): "holds",
    (DecisionKind.EXHAUSTED, True): "violated",
}


class MisreadError(AssertionError):
    """Two readings of the language contradict each other."""


def compare_readings(text: str, states_max: int, name: str = "generated.cf") -> Counter[str]:
    """Compare all checks of a spec; what was compared, how often. Raises `MisreadError`."""
    tally: Counter[str] = Counter()
    loaded = LoadedText(text, name)
    for declared in loaded.checks:
        system, check = loaded.fixed(declared)
        model, query = lower(system, check)
        try:
            decision = decide_lowered(model, query, max_states=states_max)
        except TooManyForReferenceError:
            tally["too large"] += 1
        else:
            tally[compare_check(loaded, system, check, query, decision)] += 1
    return tally


def compare_check(loaded: LoadedText, system: System, check: Check, query: Query, decision: Decision) -> str:
    """Same verdict, error of the spec, cost of the cheapest run and number of states; a word for the tally. `decision` is about all states."""
    is_possible = check.formula.kind.value == "possible"
    word = _WORDS.get((decision.kind, is_possible), "error")
    expected = Said(word=word, states=decision.state_count, cost=decision.cost)
    try:
        # Where a check has fewer states here than there, that shows as well.
        said = decide(loaded.loaded, check.name, 2 * decision.state_count + 100)
    except NotCoveredError:
        return "not covered"
    except TooManyStatesError:
        raise MisreadError(f"{check.name}: far more than {decision.state_count} states") from None
    reason = _difference(expected, said, is_lasso=isinstance(query, Lasso), counts=_same_clocks(system, check))
    if reason:
        raise MisreadError(f"{check.name}: {reason}")
    return word


def _same_clocks(system: System, check: Check) -> bool:
    """Lowering leaves out faults of which it sees that redundancy never permits them, with their clocks."""
    return not (check.while_redundancy_holds and any(c.timing and c.kind for c in system.commands))


def _difference(expected: Said, said: Said, *, is_lasso: bool, counts: bool) -> str:
    if said.word != expected.word:
        return f"{expected.word}, or {said.word}"
    if said.word == "error":
        return ""  # which of several errors is met first is left open
    if counts and said.states != expected.states:
        return f"{expected.states} states, or {said.states}"
    if not is_lasso and said.cost != expected.cost:
        return f"a run that costs {expected.cost}, or {said.cost}"
    return ""
