"""What an engine answers to a query: a candidate, never yet a verdict."""

import enum
from dataclasses import field

from cascade.core.expressions import ExprId
from cascade.limits import StopReason
from cascade.records import dataclass
from cascade.verdicts.run import CandidateRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What was explored. `state_count` counts distinct states, monitors and budgets included.

    `counted` is what the engine counts as a state, where one of them may stand for many.
    `work` is what the functions of the explicit engine did, by a measure that does not depend on the machine; 0 of other engines.
    `is_cached`: the answer was found before, and not searched for now. `details` says how the engine went about it, as pairs of a name and a text, for who asks with `--stats`.
    """

    state_count: int = 0
    transition_count: int = 0
    seconds: float = 0.0
    counted: str = "state"
    work: int = field(default=0, compare=False)
    details: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    is_cached: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The query's answer is yes, and this run shows it."""

    run: CandidateRun
    statistics: Statistics


class ProofKind(enum.Enum):
    """How it is proved that no state is reachable that the query asks for."""

    K_INDUCTION = "k-induction"
    INVARIANT = "inductive invariant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A proof that has been checked. By k-induction with `k`, or by the invariant that all lines of `invariant` together are, in names of the spec.

    `bound` says it where it is the proof of a bound on how long something is waited for.
    """

    kind: ProofKind
    k: int = 0
    invariant: tuple[str, ...] = ()
    bound: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhausted:
    """The query's answer is no: every reachable state was explored, or there is a proof."""

    statistics: Statistics
    proof: Proof | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """No answer: a limit was reached."""

    reason: StopReason
    statistics: Statistics


class FailureKind(enum.Enum):
    """Errors of a spec that only a run shows, with their codes."""

    OUT_OF_DOMAIN = "CF501"
    DIVISION_BY_ZERO = "CF502"
    INDEX_OUTSIDE_GROUP = "CF503"
    TIMELOCK = "CF504"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecFailure:
    """An error of the spec, in the last state of `run` (a timelock: the run is a lasso without a tick in its loop).

    `command` is the command whose guard, permit or update fails there, if it is one; `expression` the failing node or the value that is outside its
    domain; `value` that value, or the index, if there is one.
    """

    kind: FailureKind
    run: CandidateRun
    statistics: Statistics
    command: int | None = None
    expression: ExprId | None = None
    variable: int | None = None
    value: int | None = None


Answer = Found | Exhausted | Stopped | SpecFailure
