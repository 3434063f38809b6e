"""What every malformed input must get: an answer in time, without an exception, whose places exist and can be shown."""

import time

from cascade.diagnostics.codes import CODES
from cascade.diagnostics.diagnostic import Diagnostic
from cascade.diagnostics.render import render
from cascade.limits import Limits, Progress
from cascade.pipeline import CheckOptions, FileResult, check_file

STATE_COUNT_MAX = 2_000
SECONDS_MAX = 5.0
"""For one file on one busy core."""

CHECK_COUNT_MAX = 3


class _Enough(Exception):
    pass


def survive(data: str | bytes, path, *, patience_seconds: float = 1.0) -> FileResult | None:
    """The result for a file with this content; None if it was accepted and its first checks were decided.

    Reading, and each search, may take `patience_seconds`: long where it must not be time that ends them, however slow the machine.
    """
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", errors="surrogatepass"))
    limits = Limits(state_count_max=STATE_COUNT_MAX, seconds_max=patience_seconds)
    decided = []

    def on_result(result):
        decided.append(result)
        for diagnostic in result.diagnostics:
            assert_sound(diagnostic)
        if len(decided) >= CHECK_COUNT_MAX:
            raise _Enough

    started = time.process_time()
    try:
        result = check_file(str(path), CheckOptions(limits=limits), lambda _: Progress(), on_result)
    except _Enough:
        result = None
    assert time.process_time() - started < SECONDS_MAX
    if result is not None:
        for diagnostic in result.diagnostics:
            assert_sound(diagnostic)
    return result


def assert_sound(diagnostic: Diagnostic) -> None:
    """It has a known code, says something, and each of its places lies inside its file and can be shown."""
    assert diagnostic.code in CODES and diagnostic.message
    for label in (diagnostic.primary, *diagnostic.others):
        span = label.span
        assert 0 <= span.start <= span.end <= len(span.source.text)
        assert 1 <= span.line <= len(span.source.line_starts)
        assert span.column >= 1
    text = render(diagnostic)
    assert diagnostic.code in text
    assert max(len(line) for line in text.splitlines()) < 1_000
