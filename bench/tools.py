"""One measurement of one tool: the whole way from a file to an answer."""

import os
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.cases import Case
from bench.measure import run
from bench.peers import PeerError, PeerRun, run_rumur, run_spin
from cascade.core.lower import lower
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.export import load_exporter
from cascade.pipeline import load_system

ROOT = Path(__file__).resolve().parents[1]
EXPORTED_TO = {"spin": "promela", "rumur": "murphi"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One run. `seconds` is the whole way; of these, `preparation_seconds` made a program out of the model."""

    state_count: int
    seconds: float
    preparation_seconds: float
    rss_bytes: int


class BenchError(Exception):
    """A tool did not answer, or the tools contradict each other."""


def write_spec(case: Case, folder: str) -> str:
    """The spec as a file."""
    path = os.path.join(folder, "spec.cf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(case.text())
    return path


def own_environment() -> dict[str, str]:
    """For processes of this tool: plain text of one width, these sources, and bytecode, which what is installed has too."""
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "110", "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def sample_cascade(path: str, case: Case, engine: str, timeout_seconds: float) -> Sample:
    """`cascade check` as a process of its own."""
    arguments = [sys.executable, "-m", "cascade", "check", path, "--check", case.check, "--engine", engine]
    done = run(arguments, env=own_environment(), timeout_seconds=timeout_seconds)
    if done.is_timeout:
        raise BenchError(f"more than {timeout_seconds:.0f} s")
    # The progress line shows numbers of states too, but no verdict.
    found = re.search(rf"(?:holds|violated)\s+{re.escape(case.check)}\s.*?([\d,]+) states?\b", done.output, re.DOTALL)
    if done.code not in (0, 1) or found is None:
        raise BenchError(f"cascade ended with {done.code}: {done.output[-1000:]}")
    count = int(found.group(1).replace(",", ""))
    return Sample(state_count=count, seconds=done.seconds, preparation_seconds=0.0, rss_bytes=done.rss_bytes)


def sample_peer(tool: str, path: str, case: Case, expected_states: int) -> Sample:
    """Export the model, generate, compile, run. Writing the model is not counted."""
    text = exported(tool, path, case)
    with tempfile.TemporaryDirectory() as folder:
        try:
            if tool == "spin":
                found: PeerRun = run_spin(text, folder, expected_states=expected_states)
            else:
                found = run_rumur(text, folder)
        except PeerError as error:
            raise BenchError(str(error)) from error
    if found.has_error != case.is_violated:
        raise BenchError(f"{tool} says otherwise: {found.output[-1000:]}")
    return Sample(
        state_count=found.state_count,
        seconds=found.seconds,
        preparation_seconds=found.generate_seconds + found.compile_seconds,
        rss_bytes=found.rss_bytes,
    )


def exported(tool: str, path: str, case: Case) -> str:
    """The model for a peer, without a property that holds, so that it visits every state."""
    diagnostics = Diagnostics()
    system = load_system(path, diagnostics)
    if system is None:
        raise BenchError(f"{case.name}: {[d.message for d in diagnostics.errors]}")
    check = next((check for check in system.checks if check.name == case.check), None)
    if check is None or check.fixes:
        raise BenchError(f"{case.name}: {case.check} is no check without fixes")
    return load_exporter(EXPORTED_TO[tool])(*lower(system, check), with_property=case.is_violated)
