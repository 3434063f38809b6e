"""Sizes, durations and how numbers read."""

import argparse

import pytest

from cascade.cli.arguments import duration_seconds, positive_count, size_bytes
from cascade.cli.progress import ProgressLine, progress_text
from cascade.diagnostics.durations import duration_text
from cascade.limits import ProgressReport
from cascade.reports.wording import bytes_text, clock_text, count_text, seconds_text


@pytest.mark.parametrize(
    ("text", "size"), [("4GB", 4 * 10**9), ("1GiB", 2**30), ("1.5k", 1500), ("100", 100), ("2m", 2 * 10**6)]
)
def test_sizes(text: str, size: int) -> None:
    assert size_bytes(text) == size


@pytest.mark.parametrize(("text", "seconds"), [("60s", 60), ("5min", 300), ("250ms", 0.25), ("2h", 7200), ("90", 90)])
def test_durations(text: str, seconds: float) -> None:
    assert duration_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("parse", "text"), [(size_bytes, "-1GB"), (size_bytes, "0"), (duration_seconds, "soon"), (positive_count, "0")]
)
def test_refused(parse: object, text: str) -> None:
    assert callable(parse)
    with pytest.raises(argparse.ArgumentTypeError):
        parse(text)


def test_wording() -> None:
    assert [count_text(n, "state") for n in (0, 1, 12345)] == ["0 states", "1 state", "12,345 states"]
    assert [duration_text(n) for n in (0, 250, 90_000, 7_200_000, 90_061_000)] == [
        "no time",
        "250 ms",
        "1 min 30 s",
        "2 h",
        "1 d 1 h",
    ]
    assert [clock_text(n) for n in (0, 61_000, 176_400_000)] == ["00:00:00", "00:01:01", "2d 01:00:00"]
    assert clock_text(250, with_milliseconds=True) == "00:00:00.250"
    assert [seconds_text(n) for n in (0.004, 12.34, 723.4)] == ["0.00 s", "12.3 s", "12 min 3 s"]
    assert [bytes_text(n) for n in (12, 340_000_000, 1_240_000_000)] == ["12 B", "340 MB", "1.2 GB"]


def test_progress_is_plain_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    report = ProgressReport(state_count=1_234_567, frontier_count=8_000, seconds=3.0, memory_bytes=1_240_000_000)
    assert progress_text("c", report) == "c: 1,234,567 states, 411,522/s, frontier 8,000, 1.2 GB, 3.00 s"
    line = ProgressLine()
    progress = line.of("c")
    progress.update(report)  # too early: nothing is shown in the first seconds
    line.clear()
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_many_short_searches_show_as_one_long_one_does(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("cascade.cli.progress.time.monotonic", lambda: now)
    line = ProgressLine()
    line.begin("shop.cf")
    for number in range(1, 150):
        now += 0.5
        line.of(f"never down with at most {number} faults")
    assert capsys.readouterr().err.splitlines() == [
        "shop.cf, search 60: never down with at most 60 faults",
        "shop.cf, search 120: never down with at most 120 faults",
    ]
