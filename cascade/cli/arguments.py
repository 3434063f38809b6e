"""Values on the command line that have a unit."""

import argparse
import datetime as dt
import re

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h)?", re.IGNORECASE)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def size_bytes(text: str) -> int:
    """`4GB`, `512MiB`, `100000000`: bytes, more than none."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write it as 512MB, 4GB or 1GiB")
    amount, prefix, binary = match.groups()
    size = int(float(amount) * (1024 if binary else 1000) ** _POWERS[prefix.lower()])
    if size <= 0:
        raise argparse.ArgumentTypeError("a limit on memory is more than nothing")
    return size


def duration_seconds(text: str) -> float:
    """`60s`, `5min`, `250ms`, `2h`, `90`: seconds, more than none."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; write it as 90s, 5min or 2h")
    amount, unit = match.groups()
    seconds = float(amount) * _SECONDS[(unit or "s").lower()]
    if seconds <= 0:
        raise argparse.ArgumentTypeError("a limit on time is more than nothing")
    return seconds


def positive_count(text: str) -> int:
    """`1000`, `1_000_000`: a whole number from 1."""
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1")
    return count


def calendar_date(text: str) -> dt.date:
    """`2027-01-31`: a day."""
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=dt.UTC).date()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write it as 2027-01-31") from None
