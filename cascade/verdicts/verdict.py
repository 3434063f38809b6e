"""Verdicts. `Holds` and `Violated` exist only with evidence; undetermined is never success."""

from cascade.limits import StopReason
from cascade.records import dataclass
from cascade.verdicts.answer import Proof, SpecFailure, Statistics
from cascade.verdicts.run import ReplayedRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhaustion:
    """Evidence: all reachable states were explored, or there is a proof about all of them."""

    statistics: Statistics
    proof: Proof | None = None


Evidence = ReplayedRun | Exhaustion


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """The formula holds. `possible` holds by a run, everything else by exhaustion or proof."""

    evidence: Evidence
    statistics: Statistics


@dataclass(frozen=True, slots=True, kw_only=True)
class Violated:
    """The formula is violated. `possible` is violated by exhaustion, everything else by a run."""

    evidence: Evidence
    statistics: Statistics


@dataclass(frozen=True, slots=True, kw_only=True)
class Undetermined:
    """No verdict. `failure` and its replayed run are there when the reason is an error of the spec."""

    reason: StopReason
    statistics: Statistics
    failure: SpecFailure | None = None
    run: ReplayedRun | None = None


Verdict = Holds | Violated | Undetermined
