"""Runs as formulas: moment after moment, each step a copy of one formula."""

import z3

from cascade.core.model import TICK, CommandClass
from cascade.engines.symbolic.concrete import State
from cascade.engines.symbolic.encode import Choice, Encoder, Moment
from cascade.engines.symbolic.terms import Term, Truth
from cascade.verdicts.run import CandidateRun


class Template:
    """The formulas of one step, over unknowns of its own."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.here = encoder.moment("here")
        self._after = encoder.moment("after")
        self._delay = encoder.delay("here")
        self._choice = encoder.choice("here")
        step = encoder.step(self.here, self._choice, self._delay, self._after)
        self._step = encoder.arithmetic.and_([*step, *encoder.within(self._after)])
        self._within = encoder.arithmetic.and_(encoder.within(self.here))

    def step(self, here: Moment, choice: Choice, delay: Term, after: Moment) -> Truth:
        """The step between these moments."""
        pairs = [
            *zip(self.here.unknowns, here.unknowns, strict=True),
            *zip(self._after.unknowns, after.unknowns, strict=True),
            (self._delay, delay),
            (self._choice.word, choice.word),
        ]
        return z3.substitute(self._step, *pairs)

    def at(self, formula: Truth, moment: Moment) -> Truth:
        """A formula about `here`, about another moment."""
        return z3.substitute(formula, *zip(self.here.unknowns, moment.unknowns, strict=True))

    def within(self, moment: Moment) -> Truth:
        """What holds in every state."""
        return self.at(self._within, moment)


class Path:
    """A run that grows, in a solver. `moments[i]` is left by `choices[i]`; `delays[i]` comes before `moments[i]`.

    It starts anywhere, or with `is_initial` where runs start.
    The solver is told that the run is as long as it has grown to. Not every run can go on, so only its last moment is to be asked about.
    """

    def __init__(self, template: Template, solver: z3.Solver, name: str, *, is_initial: bool) -> None:
        self.encoder = template.encoder
        self.solver = solver
        self.moments: list[Moment] = []
        self.choices: list[Choice] = []
        self.delays: list[Term] = []
        self._template = template
        self._name = name
        self._initial = self.encoder.variables(f"{name}initial") if is_initial else ()
        self._faults: list[Term] = []
        self._ticks: list[Term] = []
        first = self._new_moment()
        solver.add(template.within(first))
        if is_initial:
            solver.add(*self.encoder.start(self._initial, self.delays[0], first))
        else:
            solver.add(self.encoder.arithmetic.equal(self.delays[0], self.encoder.arithmetic.number(0)))

    @property
    def depth(self) -> int:
        """The number of commands."""
        return len(self.choices)

    def _new_moment(self) -> Moment:
        number = f"{self._name}{len(self.moments)}"
        self.moments.append(self.encoder.moment(number))
        self.delays.append(self.encoder.delay(number))
        return self.moments[-1]

    def extend(self) -> None:
        """One command more."""
        here = self.moments[-1]
        self.choices.append(self.encoder.choice(f"{self._name}{self.depth}"))
        after = self._new_moment()
        self.solver.add(self._template.step(here, self.choices[-1], self.delays[-1], after))

    # --- costs ---

    def faults(self, depth: int) -> Term:
        """The number of faults before the moment at this depth."""
        arithmetic = self.encoder.arithmetic
        faults = [
            c for c, command in enumerate(self.encoder.model.commands) if command.command_class is CommandClass.FAULT
        ]
        while len(self._faults) <= depth:
            i = len(self._faults)
            total = arithmetic.unknown(f"faults@{self._name}{i}", 0, i)
            if i == 0:
                value = arithmetic.number(0)
            else:
                is_fault = arithmetic.or_([self.choices[i - 1].fires[c] for c in faults])
                one = arithmetic.ite(is_fault, arithmetic.number(1), arithmetic.number(0))
                value = arithmetic.add(self._faults[-1], one, 0, i)
            self.solver.add(arithmetic.equal(total, value))
            self._faults.append(total)
        return self._faults[depth]

    def ticks(self, depth: int) -> Term:
        """The number of ticks before the moment at this depth."""
        arithmetic = self.encoder.arithmetic
        while len(self._ticks) <= depth:
            i = len(self._ticks)
            high = (i + 1) * self.encoder.delay_max
            total = arithmetic.unknown(f"ticks@{self._name}{i}", 0, high)
            before = self._ticks[-1] if i else arithmetic.number(0)
            self.solver.add(arithmetic.equal(total, arithmetic.add(before, self.delays[i], 0, high)))
            self._ticks.append(total)
        return self._ticks[depth]

    # --- what a model of the formulas says ---

    def cost(self, model: z3.ModelRef, depth: int) -> tuple[int, int, int]:
        """Faults, ticks and commands up to this depth."""
        commands = self.encoder.model.commands
        fired = [commands[self.number(model, choice.word)] for choice in self.choices[:depth]]
        faults = sum(command.command_class is CommandClass.FAULT for command in fired)
        return faults, sum(self.number(model, delay) for delay in self.delays[: depth + 1]), depth

    def number(self, model: z3.ModelRef, term: Term) -> int:
        """The value of an unknown."""
        return value_in(model, self.encoder, term)

    def state(self, model: z3.ModelRef, depth: int) -> State:
        """The state at this depth."""
        return state_in(model, self.encoder, self.moments[depth])

    def run(self, model: z3.ModelRef, depth: int) -> CandidateRun:
        """The run up to this depth."""
        steps = [TICK] * self.number(model, self.delays[0])
        for i in range(depth):
            steps.append(self.number(model, self.choices[i].word))
            steps += [TICK] * self.number(model, self.delays[i + 1])
        return CandidateRun(
            initial=tuple(self.number(model, term) for term in self._initial),
            steps=tuple(steps),
        )


def value_in(model: z3.ModelRef, encoder: Encoder, term: Term) -> int:
    """The value of an unknown."""
    value = model.eval(term, model_completion=True)
    return int(z3.is_true(value)) if isinstance(value, z3.BoolRef) else encoder.arithmetic.value(value)


def state_in(model: z3.ModelRef, encoder: Encoder, moment: Moment) -> State:
    """The state that a moment is."""
    return State(
        tuple(value_in(model, encoder, term) for term in moment.variables),
        tuple(value_in(model, encoder, term) for term in moment.clocks),
    )
