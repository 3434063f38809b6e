"""Samples as a table, for a terminal or for a page."""

import os
import platform
import re
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from bench.tools import Sample
from cascade import __version__

HEADS = (
    "model",
    "check",
    "states",
    "tool",
    "seconds",
    "of which prepares",
    "states/s",
    "peak RSS",
    "bytes/state",
    "time ratio",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """All samples of one tool on one case; without samples, why not. `own_seconds` is this tool's median on the case."""

    case: str
    check: str
    tool: str
    samples: Sequence[Sample]
    remark: str = ""
    own_seconds: float | None = None

    @property
    def seconds(self) -> float:
        """The median."""
        return statistics.median(sample.seconds for sample in self.samples)

    def cells(self) -> tuple[str, ...]:
        """One text for each of `HEADS`."""
        if not self.samples:
            return (self.case, self.check, "", self.tool, self.remark, "", "", "", "", "")
        count, seconds = self.samples[0].state_count, self.seconds
        preparation = statistics.median(sample.preparation_seconds for sample in self.samples)
        rss = max(sample.rss_bytes for sample in self.samples)
        times = sorted(sample.seconds for sample in self.samples)
        return (
            self.case,
            self.check,
            f"{count:,}",
            self.tool,
            f"{seconds:.2f} ({times[0]:.2f}–{times[-1]:.2f})",
            f"{preparation:.2f}" if preparation else "",
            f"{count / seconds:,.0f}",
            f"{rss / 1e6:,.0f} MB",
            f"{rss / count:,.0f}",
            "1.0" if self.own_seconds is None else f"{seconds / self.own_seconds:.2g}",
        )


def as_text(rows: Sequence[Row]) -> str:
    """Columns for a terminal; numbers to the right."""
    table = [HEADS, *(row.cells() for row in rows)]
    widths = [max(len(cells[i]) for cells in table) for i in range(len(HEADS))]
    left = {0, 1, 3}
    lines = []
    for cells in table:
        padded = [c.ljust(w) if i in left else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def as_markdown(rows: Sequence[Row]) -> str:
    """The same as a Markdown table."""
    marks = ["---" if i in {0, 1, 3} else "--:" for i in range(len(HEADS))]
    lines = [HEADS, tuple(marks), *(row.cells() for row in rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def machine() -> str:
    """What it was measured on: processor, cores, memory, versions."""
    parts = [_processor(), f"{os.cpu_count()} cores", _memory(), platform.platform(terse=True)]
    parts += [f"Python {platform.python_version()}", f"cascade {__version__}"]
    parts += [v for v in (_version("gcc", "--version"), _version("spin", "-V"), _version("rumur", "--version")) if v]
    return "; ".join(part for part in parts if part)


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            found = re.search(r"model name\s*: (.*)", file.read())
    except OSError:
        found = None
    return found.group(1) if found else platform.machine()


def _memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB"


def _version(tool: str, option: str) -> str:
    try:
        done = subprocess.run([tool, option], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    line = (done.stdout + done.stderr).strip().splitlines()[:1]
    return line[0] if line else ""
