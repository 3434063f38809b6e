"""What the tests of default questions share: a spec's text as an inquiry, and brute force over subsets of faults."""

import itertools

from cascade.checked.model import Check, Formula, FormulaKind, Outage
from cascade.core.lower import lower
from cascade.limits import Limits
from cascade.questions.inquiry import Inquiry
from cascade.reference.decide import DecisionKind, decide
from tests.generate.load import LoadedText


def inquiry(text: str, **limits: int) -> Inquiry:
    """The questions that can be asked of a spec."""
    return Inquiry(LoadedText(text, "spec.cf").system(()), limits=Limits(**limits))


def outage_of(asking: Inquiry, name: str | None = None) -> Outage:
    """The outage called `name`, else the first."""
    return next(o for o in asking.system.outages if name in (None, o.name))


def brute_force(
    asking: Inquiry, outage: Outage, states_max: int, size_max: int | None = None
) -> set[frozenset[str]] | None:
    """Every subset of faults (of that size at most) explored by the reference interpreter; the minimal ones that reach the outage.

    None if the spec has an error that some run shows. Raises `TooManyStatesError`.
    """
    faults = sorted(asking.faults)
    minimal: list[frozenset[int]] = []
    for size in range((len(faults) if size_max is None else size_max) + 1):
        for chosen in itertools.combinations(faults, size):
            decision = decide(*lower(asking.system, _never(asking, outage, frozenset(chosen))), max_states=states_max)
            if decision.failures:
                return None
            is_new = not any(known <= frozenset(chosen) for known in minimal)
            if decision.kind is DecisionKind.FOUND and is_new:
                minimal.append(frozenset(chosen))
    return {frozenset(asking.names(commands)) for commands in minimal}


def _never(asking: Inquiry, outage: Outage, faults: frozenset[int]) -> Check:
    """`never OUTAGE with only FAULTS`, made by hand."""
    commands = enumerate(asking.system.commands)
    of_checks = {i for i, command in commands if command.cut_checks is not None}
    return Check(
        name="by hand",
        text="",
        source="",
        formula=Formula(kind=FormulaKind.NEVER, conditions=(outage.condition,)),
        budgets=(),
        limits=(),
        excluded=frozenset(of_checks | (asking.faults - faults)),
        while_redundancy_holds=False,
        stopped=frozenset(),
        acting=frozenset(),
        fixes=(),
        expect_violated=False,
        span=outage.span,
    )
