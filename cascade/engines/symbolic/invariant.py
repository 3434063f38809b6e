"""Inductive invariants by z3's Spacer (Komuravelli, Gurfinkel, Chaki 2014), and their examination by a fresh solver.

Spacer works on integers, with one rule for the start and one for the step. What it claims is not believed: `holds_up` asks another solver, in
another context, over formulas made anew and command by command, whether the invariant holds at the start, is kept by each step, and excludes what
must not be reached.
"""

from collections.abc import Callable, Iterator

import z3

from cascade.core.model import CommandClass
from cascade.engines.symbolic.encode import Encoder, Moment
from cascade.engines.symbolic.patience import Patience
from cascade.engines.symbolic.terms import Integers, Term, Truth
from cascade.engines.symbolic.text import has_quantifier
from cascade.records import dataclass

BadStates = Callable[[Encoder, Moment], Truth]
"""Of which states it is to be shown that no run meets them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBounds:
    """Only runs with at most so many faults and, if that is said, ticks."""

    faults: int
    ticks: int | None = None


class Spacer:
    """One question to Spacer: can a bad state be reached?"""

    def __init__(self, encoder: Encoder, bad: BadStates, *, bounds: RunBounds | None = None) -> None:
        assert isinstance(encoder.arithmetic, Integers), "Spacer is weak on bit-vectors"
        self._encoder = encoder
        context = encoder.arithmetic.context
        self._fixedpoint = fixedpoint = z3.Fixedpoint(ctx=context)
        fixedpoint.set(engine="spacer", ctrl_c=False)
        # What is simplified away would be missing in the invariant.
        fixedpoint.set(**{"xform.slice": False, "xform.inline_eager": False, "xform.inline_linear": False})
        self.here, after = encoder.moment("here"), encoder.moment("after")
        delay, choice, initial = encoder.delay("here"), encoder.choice("here"), encoder.variables("initial")
        begun, counters, grown = _counters(encoder, bounds, choice.fires, delay)
        sorts = [unknown.sort() for unknown in (*self.here.unknowns, *counters)]
        self._reached = z3.Function("reached", *sorts, z3.BoolSort(context))
        self._bad = z3.Function("bad", z3.BoolSort(context))
        for relation in (self._reached, self._bad):
            fixedpoint.register_relation(relation)
        fixedpoint.declare_var(*self.here.unknowns, *after.unknowns, delay, choice.word, *initial, *counters)
        start = encoder.start(initial, delay, self.here)
        fixedpoint.rule(self._reached(*self.here.unknowns, *begun), [*start, *_is_bounded(begun, bounds)])
        reached = [self._reached(*self.here.unknowns, *counters), *encoder.within(self.here)]
        step = [*encoder.step(self.here, choice, delay, after), *_is_bounded(grown, bounds)]
        if bounds is not None and bounds.faults == 0:
            step.append(z3.Not(_strikes(encoder, choice.fires)))
        fixedpoint.rule(self._reached(*after.unknowns, *grown), [*reached, *step])
        fixedpoint.rule(self._bad(), [*reached, bad(encoder, self.here)])

    def ask(self, patience: Patience, effort: int) -> z3.CheckSatResult:
        """Whether a bad state can be reached: z3.sat, z3.unsat or z3.unknown."""
        self._fixedpoint.set("rlimit", effort)
        try:
            return patience.call(self._encoder.arithmetic.context, lambda: self._fixedpoint.query(self._bad()))
        except z3.Z3Exception:
            # Too much effort.
            return z3.unknown

    def invariant(self) -> Truth | None:
        """After z3.unsat: a formula about `here` that holds in all states; None if Spacer's answer has no known form."""
        answer = self._fixedpoint.get_answer()
        for part in answer.children() if z3.is_and(answer) else [answer]:
            if not (z3.is_quantifier(part) and part.is_forall() and z3.is_eq(part.body())):
                continue
            claim, meaning = part.body().children()
            if z3.is_app(claim) and claim.decl().eq(self._reached):
                # The arguments are bound variables, each once, in any order.
                terms = [self.here.unknowns[0]] * claim.num_args()
                for argument, unknown in zip(claim.children(), self.here.unknowns, strict=True):
                    terms[z3.get_var_index(argument)] = unknown
                return z3.substitute_vars(meaning, *terms)
        return None


def _counters(
    encoder: Encoder, bounds: RunBounds | None, fires: tuple[Truth, ...], delay: Term
) -> tuple[list[Term], list[Term], list[Term]]:
    """What is bounded, in the end of a first delay, now, and after a step: more arguments of the relation."""
    begun: list[Term] = []
    now: list[Term] = []
    grown: list[Term] = []
    context = encoder.arithmetic.context
    if bounds is not None:
        struck = _strikes(encoder, fires)
        begun.append(z3.IntVal(0, context))
        now.append(z3.Int("faults", context))
        grown.append(encoder.arithmetic.ite(struck, now[0] + 1, now[0]))
        if bounds.ticks is not None:
            begun.append(delay)
            now.append(z3.Int("ticks", context))
            grown.append(now[1] + delay)
    return begun, now, grown


def _strikes(encoder: Encoder, fires: tuple[Truth, ...]) -> Truth:
    commands = zip(fires, encoder.model.commands, strict=True)
    return encoder.arithmetic.or_([f for f, c in commands if c.command_class is CommandClass.FAULT])


def _is_bounded(counters: list[Term], bounds: RunBounds | None) -> list[Truth]:
    limits = [] if bounds is None else [bounds.faults, bounds.ticks]
    return [counter <= limit for counter, limit in zip(counters, limits, strict=False)]


# --- without quantifiers ---

ELIMINATION_MS = 1_000
"""What is spent on each part, in milliseconds: the tactic knows no other unit. It is a matter of reading, not of the verdict."""


def plain_forms(invariant: Truth, patience: Patience) -> Iterator[Truth]:
    """Invariants to be examined in turn, those that are easier to read first.

    Spacer may speak of states before: with quantifiers, which are eliminated where that is not much work. Or the rest is enough by itself.
    """
    parts = invariant.children() if z3.is_and(invariant) else [invariant]
    quantified = [part for part in parts if has_quantifier(part)]
    if quantified:
        rest = [part for part in parts if not has_quantifier(part)]
        if rest:
            yield z3.And(rest)
        eliminated = [_eliminated(part, patience) for part in quantified]
        if all(part is not None for part in eliminated):
            yield z3.And([*rest, *eliminated])
    yield invariant


def _eliminated(part: Truth, patience: Patience) -> Truth | None:
    """The same without quantifiers; None where that is too much work."""
    tactic = z3.TryFor(z3.Tactic("qe", ctx=part.ctx), ELIMINATION_MS)
    goal = z3.Goal(ctx=part.ctx)
    goal.add(part)
    try:
        result = patience.call(part.ctx, lambda: tactic(goal))
    except z3.Z3Exception:
        return None
    found = z3.simplify(result.as_expr())
    return None if has_quantifier(found) else found


# --- examination ---


def holds_up(encoder: Encoder, here: Moment, invariant: Truth, bad: BadStates, patience: Patience) -> bool:
    """Whether a solver that knows nothing of the search confirms that this invariant keeps bad states out.

    `encoder` and `here` say what the invariant is about. Domains and the ranges of clocks are part of what is examined.
    """
    fresh = Encoder(encoder.model, encoder.asked, Integers(z3.Context()))
    context = fresh.arithmetic.context
    before, after, delay = fresh.moment("before"), fresh.moment("after"), fresh.delay("between")
    said = invariant.translate(context)
    names = [unknown.translate(context) for unknown in here.unknowns]

    def claimed(moment: Moment) -> Truth:
        return z3.And(
            z3.substitute(said, *zip(names, moment.unknowns, strict=True)),
            *fresh.within(moment),
        )

    def is_impossible(*formulas: Truth) -> bool:
        solver = z3.SimpleSolver(ctx=context)
        solver.set("ctrl_c", False)
        solver.add(*formulas)
        return bool(patience.check(solver, []) == z3.unsat)

    start = fresh.start(fresh.variables("initial"), delay, after)
    return (
        is_impossible(*start, z3.Not(claimed(after)))
        and is_impossible(claimed(before), bad(fresh, before))
        and all(
            is_impossible(claimed(before), *fresh.step_of(command, before, delay, after), z3.Not(claimed(after)))
            for command in range(len(encoder.model.commands))
        )
    )
