"""Numbers and times as people read them."""

from typing import TYPE_CHECKING

from cascade.diagnostics.durations import duration_text
from cascade.verdicts.answer import Proof, ProofKind

if TYPE_CHECKING:
    from cascade.checked.model import Waiver

_BYTES = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))


def count_text(count: int, word: str, words: str = "") -> str:
    """`1 state`, `12,345 states`; `words` is the plural, if it is another one."""
    return f"{count:,} {word if count == 1 else words or word + 's'}"


def proof_text(proof: Proof) -> str:
    """`3-induction`, `an inductive invariant`."""
    return f"{proof.k}-induction" if proof.kind is ProofKind.K_INDUCTION else "an inductive invariant"


def proof_sentences(proof: Proof) -> tuple[str, ...]:
    """What the proof consists of, its invariant apart."""
    if proof.kind is not ProofKind.K_INDUCTION:
        found = "these lines together are true at the start, kept by every step, and false wherever the contrary shows:"
    elif proof.k == 0:
        found = "no values of the variables show the contrary, reachable or not"
    elif proof.k == 1:
        found = "nothing shows the contrary at the start, and no step from a state that does not show it leads to one that does, reachable or not"
    else:
        found = (
            f"no run with fewer than {proof.k} commands shows the contrary, and {proof.k} different states in a row "
            "that do not show it are never followed by one that does, reachable or not"
        )
    return (f"a bound is proved: {proof.bound}", found) if proof.bound else (found,)


def clock_text(milliseconds: int, *, with_milliseconds: bool = False) -> str:
    """Time since the start: `00:31:00`, with days where there are some: `2d 04:00:00`."""
    seconds, rest = divmod(milliseconds, 1_000)
    days, seconds = divmod(seconds, 86_400)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if with_milliseconds:
        text += f".{rest:03d}"
    return f"{days}d {text}" if days else text


def seconds_text(seconds: float) -> str:
    """How long a search took: `0.02 s`, `8.5 s`, `12 min 3 s`."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 100:
        return f"{seconds:.1f} s"
    return duration_text(round(seconds) * 1_000)


def bytes_text(count: int) -> str:
    """`1.2 GB`, `340 MB`."""
    for unit, size in _BYTES:
        if count >= size:
            amount = count / size
            return f"{amount:.1f} {unit}" if amount < 10 else f"{amount:.0f} {unit}"
    return f"{count} B"


def waiver_text(waiver: "Waiver") -> str:
    """`waived until 2027-01-31: the replica ships in January`."""
    return f"waived until {waiver.until.isoformat()}: {waiver.reason}"
