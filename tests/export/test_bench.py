"""The harness of the benchmarks: what it measures and prints."""

import sys

from bench.cases import CASES, Case
from bench.measure import run
from bench.table import HEADS, Row, as_markdown, as_text
from bench.tools import Sample, sample_cascade, write_spec


def test_process_is_measured() -> None:
    done = run([sys.executable, "-c", "x = bytearray(60_000_000); print('done'); raise SystemExit(3)"])
    assert (done.code, done.output, done.is_timeout) == (3, "done\n", False)
    assert 60e6 < done.rss_bytes < 600e6


def test_process_is_stopped_in_time() -> None:
    done = run([sys.executable, "-c", "import time; time.sleep(60)"], timeout_seconds=0.3)
    assert done.is_timeout and done.seconds < 30


def test_own_sample_reads_the_report(tmp_path) -> None:
    case = next(case for case in CASES["small"] if case.check == "bounded")
    sample = sample_cascade(write_spec(case, str(tmp_path)), case, "explicit", 60.0)
    assert sample.state_count == 199


def test_table() -> None:
    samples = [
        Sample(state_count=1000, seconds=s, preparation_seconds=0.5, rss_bytes=2_000_000) for s in (1.0, 2.0, 4.0)
    ]
    rows = [
        Row(case="m", check="c", tool="cascade", samples=samples),
        Row(case="m", check="c", tool="spin", samples=samples, own_seconds=1.0),
        Row(case="m", check="c", tool="rumur", samples=[], remark="failed: why"),
    ]
    assert "2.00 (1.00–4.00)" in as_text(rows) and "2,000" in as_text(rows)
    lines = as_markdown(rows).splitlines()
    assert len(lines) == 5
    assert {line.count("|") for line in lines} == {len(HEADS) + 1}
    assert lines[3].endswith("| 2 |") and "failed: why" in lines[4]


def test_cases_have_different_names() -> None:
    for cases in CASES.values():
        names = [(case.name, case.check) for case in cases]
        assert len(set(names)) == len(names)
        assert all(isinstance(case, Case) for case in cases)
