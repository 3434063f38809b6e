"""Words that messages about a design share."""

from collections.abc import Sequence

from cascade.diagnostics.durations import duration_text
from cascade.questions.longest import Longest


def longest_text(longest: Longest | None) -> str:
    """`up to 6 h`; what a limit left open is said."""
    if longest is None:
        return "for how long is not known"
    if longest.at_most_ms is not None and (longest.exceeds_ms is None or longest.at_most_ms - longest.exceeds_ms >= 0):
        return f"up to {duration_text(longest.at_most_ms)}"
    if longest.exceeds_ms is not None:
        return f"more than {duration_text(longest.exceeds_ms)}"
    return "for how long is not known"


def happen(outages: str) -> str:
    """The verb for one outage or several."""
    return "happen" if " and " in outages else "happens"


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""


def at_most_faults(count: int) -> str:
    """`at most 1 fault`: the bound that a question was asked with."""
    return f"at most {count} fault" + ("" if count == 1 else "s")
