"""How long a condition can hold without a break: by questions `lasts at most`, first doubling, then halving."""

from cascade.checked.model import Outage
from cascade.core.expressions import ExprId
from cascade.questions.inquiry import Inquiry, Reply, Scope
from cascade.records import dataclass
from cascade.reference.evaluate import Evaluator

TICKS_MAX = 10_000_000
"""How long outages are followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Longest:
    """How long a condition can hold without a break: more than `exceeds_ms` (None: not shown), and never more than `at_most_ms` (None: not known).

    `reply` has the run of the longest time that was found.
    """

    exceeds_ms: int | None
    at_most_ms: int | None
    reply: Reply | None


def longest(
    inquiry: Inquiry,
    condition: ExprId,
    name: str,
    scope: Scope,
    *,
    known: tuple[int | None, Reply | None] = (None, None),
) -> Longest:
    """How long `condition` of the checked model, called `name`, can hold; a limit leaves the bounds apart.

    `known` is a time in ticks that it surely can hold, with what shows it.
    """
    tick_ms = inquiry.system.tick_ms
    at_least, shown = known
    timings = [c.timing for c in inquiry.system.commands if c.timing is not None]
    longest_timing = max([max(t.earliest_ms, t.latest_ms or 0) for t in timings], default=0) // tick_ms
    exceeds, at_most = -1, None
    reply: Reply | None = None
    guess = longest_timing if at_least is None else at_least
    if at_least:
        exceeds, reply = at_least - 1, shown
    exact = inquiry.longest_ticks(condition, scope)
    if exact is not None and exact > TICKS_MAX:
        exact = None
    if exact is not None:  # what remains is to show it
        guess = exact if exceeds == exact - 1 else exact - 1
    while (at_most is None or at_most - exceeds > 1) and guess <= TICKS_MAX:
        asked = inquiry.ask_condition_lasting(condition, name, guess * tick_ms, scope)
        if asked.run is not None:
            exceeds, reply = guess, asked
        elif asked.is_no:
            at_most = guess
        else:
            break
        if exact is not None:
            guess = exact
        else:
            guess = max(1, longest_timing, 2 * exceeds) if at_most is None else (exceeds + at_most) // 2
    return Longest(
        exceeds_ms=None if exceeds < 0 else exceeds * tick_ms,
        at_most_ms=None if at_most is None else at_most * tick_ms,
        reply=reply,
    )


def outage_condition(reply: Reply, outage: Outage) -> ExprId:
    """The condition of `outage` in the core model that was asked about."""
    return next(d.value for d in reply.model.derived if d.is_outage and d.name == outage.name)


def holding(reply: Reply, expression: ExprId) -> list[bool]:
    """Whether a condition of the core model, which reads no clock, holds in each state of the run."""
    assert reply.run is not None, "there is a run to look at"
    values = [state[: len(reply.model.variables)] for state in reply.run.states]
    known = {v: bool(Evaluator(reply.model, v).value(expression)) for v in dict.fromkeys(values)}
    return [known[v] for v in values]
