"""Durations as people read them, in messages and reports."""

_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1))


def exact_duration_text(milliseconds: int) -> str:
    """As a spec writes it, in the largest unit that says it exactly: `90min`."""
    if milliseconds == 0:
        return "0s"
    unit, size = next((unit, size) for unit, size in _UNITS if milliseconds % size == 0)
    return f"{milliseconds // size}{unit}"


def duration_text(milliseconds: int) -> str:
    """`1 min`, `6 h 30 min`, `no time`: the two largest units that say anything."""
    parts: list[str] = []
    for unit, size in _UNITS:
        amount, milliseconds = divmod(milliseconds, size)
        if amount:
            parts.append(f"{amount} {unit}")
    return " ".join(parts[:2]) or "no time"


def after_text(milliseconds: int) -> str:
    """`after 1 min`, `at once`: when something is over."""
    return f"after {duration_text(milliseconds)}" if milliseconds else "at once"
