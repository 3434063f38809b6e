"""What an engine answers to a query: a candidate, never yet a verdict."""

import enum
from dataclasses import dataclass

from cascade.core.expressions import ExprId
from cascade.limits import StopReason
from cascade.verdicts.run import CandidateRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What was explored. `state_count` counts distinct states, monitors and budgets included."""

    state_count: int = 0
    transition_count: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The query's answer is yes, and this run shows it."""

    run: CandidateRun
    statistics: Statistics


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhausted:
    """The query's answer is no: every reachable state was explored."""

    statistics: Statistics


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
