"""All ways to an answer that the campaign compares, and how exactly each must agree with the oracle.

A reduction or a new engine gets a row here, and is from then on compared with all others.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from cascade.core.model import CoreModel
from cascade.core.queries import Lasso, Query, Reach, Recover
from cascade.engines import load_engine
from cascade.engines.explicit.watch import Watch
from cascade.engines.packed import layout, program, tables
from cascade.engines.packed.engine import answer as answer_packed
from cascade.engines.packed.search import Tuning
from cascade.engines.symbolic.engine import answer as answer_symbolic
from cascade.limits import Limits, Progress, StopReason
from cascade.questions.on_slice import answer_on_slice
from cascade.verdicts.answer import Answer


class Precision(enum.Enum):
    """What is compared beside the verdict."""

    EXACT = "number of states; faults, ticks and commands of the run"
    FAULTS = "faults of the run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to an answer to `queries`. It gives none only for the reasons in `may_stop`.

    Ways with a `share` take turns: what they share is compared often enough, and they are slow by intent. `states_max` is for what counts something else than
    states, of which there may be more.
    """

    name: str
    answer: Callable[[CoreModel, Query, Limits], Answer]
    precision: Precision = Precision.EXACT
    queries: tuple[type[Query], ...] = (Reach, Lasso, Recover)
    may_stop: frozenset[StopReason] = frozenset()
    share: float = 0.0
    states_max: int | None = None

    @property
    def takes_turns(self) -> bool:
        """Is it asked about some specs only?"""
        return self.share > 0


class Tiny(Tuning):
    """Everything grows, everything is interrupted, each layer is shared out, nothing is done in one go."""

    pause_states = 1
    batch_successors = 1
    block_states = 3
    wide_layer = 1
    seen_slots = 2
    order_states = 1
    read_states = 3


class Disk(Tuning):
    """Soon on disk."""

    batch_successors = 8
    block_states = 2
    wide_layer = 2
    seen_slots = 2
    order_states = 4
    sorted_states = 3


def _engine(name: str) -> Callable[[CoreModel, Query, Limits], Answer]:
    return lambda model, query, limits: load_engine(name)(model, query, limits, Progress())


def _sliced(name: str) -> Callable[[CoreModel, Query, Limits], Answer]:
    """An engine that sees what can influence the query only."""
    return lambda model, query, limits: answer_on_slice(load_engine(name), model, query, limits, Progress())


def _packed(
    tuning: type[Tuning] = Tuning, threads: int = 1, symmetry: bool | None = None, **constants: int
) -> Callable[[CoreModel, Query, Limits], Answer]:
    """The packed engine with constants of its table compiler, sizes of its search, threads."""

    def answer(model: CoreModel, query: Query, limits: Limits) -> Answer:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in constants.items():
                for module in (layout, program, tables):
                    if hasattr(module, name):
                        patch.setattr(module, name, value)
            if tuning is Disk:
                patch.setattr(Watch, "has_memory", lambda *_: False)
                patch.setattr(Watch, "check_memory", lambda *_: None)
            own = Limits(state_count_max=limits.state_count_max, thread_count=threads, symmetry=symmetry)
            return answer_packed(model, query, own, Progress(), tuning=tuning)

    return answer


def _symbolic(model: CoreModel, query: Query, limits: Limits) -> Answer:
    """In this process, where its time limit is looked at between z3's calls."""
    return answer_symbolic(model, query, Limits(seconds_max=limits.seconds_max), Progress())


WAYS = {
    way.name: way
    for way in (
        Way(name="python", answer=_engine("python")),
        Way(name="explicit", answer=_engine("explicit"), share=1.0),
        Way(name="sliced", answer=_sliced("python"), precision=Precision.FAULTS),
        Way(name="packed", answer=_packed()),
        Way(name="packed-sliced", answer=_sliced("packed"), precision=Precision.FAULTS, share=1.0),
        Way(name="packed-2-threads", answer=_packed(Tiny, threads=2), share=2.0),
        Way(name="packed-interrupted", answer=_packed(Tiny), share=1.0),
        Way(
            name="packed-small-tables",
            answer=_packed(CLOSED_BITS_MAX=2, OPEN_BITS_MAX=6, TABLE_BITS_MAX=6, JOINT_BITS_MAX=3),
            share=1.0,
        ),
        Way(
            name="packed-no-tables",
            answer=_packed(CLOSED_BITS_MAX=-1, OPEN_BITS_MAX=4, TABLE_BITS_MAX=2),
            share=1.0,
        ),
        Way(name="packed-many-words", answer=_packed(Tiny, STATE_WORD_BITS=4), share=1.0),
        Way(name="packed-many-words-2-threads", answer=_packed(Tiny, threads=2, STATE_WORD_BITS=4), share=1.0),
        Way(name="packed-symmetric", answer=_packed(symmetry=True), queries=(Reach,)),
        Way(
            name="packed-symmetric-many-words",
            answer=_packed(Tiny, symmetry=True, STATE_WORD_BITS=4),
            queries=(Reach,),
            share=1.0,
        ),
        Way(
            name="packed-symmetric-2-threads",
            answer=_packed(Tiny, threads=2, symmetry=True),
            queries=(Reach,),
            share=1.0,
        ),
        Way(name="packed-symmetric-disk", answer=_packed(Disk, symmetry=True), queries=(Reach,), share=0.5),
        # `leads to` counts its states in the seen set, which is given up on disk.
        Way(name="packed-disk", answer=_packed(Disk), share=0.5, queries=(Reach, Recover)),
        # It leaves fair loops without time to others. One state may need many zones, where several clocks that can fire in any order are compared.
        Way(
            name="zones",
            answer=_engine("zones"),
            precision=Precision.FAULTS,
            queries=(Reach, Lasso),
            may_stop=frozenset({StopReason.UNSUPPORTED, StopReason.STATES}),
            states_max=1_000,
        ),
        Way(
            name="symbolic",
            answer=_symbolic,
            precision=Precision.FAULTS,
            queries=(Reach, Lasso),
            may_stop=frozenset({StopReason.TIME, StopReason.UNPROVED, StopReason.UNSUPPORTED, StopReason.DEPTH}),
        ),
    )
}
