"""SPIN and Rumur: from an exported model to the number of states that the tool found."""

import math
import os
import re
import shutil
from dataclasses import dataclass

from bench.measure import Measured, run

_DEPTH = 1_000_000
"""Of SPIN's search, where nothing is known of the model."""


class PeerError(Exception):
    """The tool is missing, refused the model, or gave up; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerRun:
    """What the tool said and what it took. `state_count` counts states of the core model; with an error it is of no meaning."""

    state_count: int
    has_error: bool
    generate_seconds: float
    compile_seconds: float
    run_seconds: float
    rss_bytes: int
    output: str

    @property
    def seconds(self) -> float:
        """From the exported text to the answer."""
        return self.generate_seconds + self.compile_seconds + self.run_seconds


def missing_tools(*names: str) -> list[str]:
    """Those of `names` that are not installed."""
    return [name for name in names if shutil.which(name) is None]


def run_spin(text: str, folder: str, *, expected_states: int = 0, flags: tuple[str, ...] = ("-O2",)) -> PeerRun:
    """SPIN on Promela `text`; files go to `folder`. The search's stack and table are made for `expected_states`, if given."""
    # No path without a repetition is longer than the states are many.
    depth = expected_states + 1000 if expected_states else _DEPTH
    _write(folder, "model.pml", text)
    generated = _step(["spin", "-a", "model.pml"], folder)
    if "Error" in generated.output:
        raise PeerError(f"spin: {generated.output}")
    size = re.search(r"-DVECTORSZ=\d+", text)
    options = ["-DSAFETY", "-DNOREDUCE", "-DMEMLIM=20000", *((size.group(),) if size else ())]
    compiled = _step(["gcc", "-w", *flags, *options, "-o", "pan", "pan.c"], folder)
    table = ["-w" + str(min(30, max(16, math.ceil(math.log2(expected_states)))))] if expected_states else []
    ran = run(["./pan", f"-m{depth}", "-n", *table], cwd=folder)
    found = re.search(r"^\s*(\d+) states, stored", ran.output, re.MULTILINE)
    errors = re.search(r"errors: (\d+)", ran.output)
    if found is None or errors is None:
        raise PeerError(f"pan ended with {ran.code}: {ran.output[-2000:]}")
    if "max search depth too small" in ran.output:
        raise PeerError(f"pan needs a search deeper than {depth}")
    has_error = errors.group(1) != "0"
    if "Search not completed" in ran.output and not has_error:
        raise PeerError(f"pan gave up: {ran.output[-2000:]}")
    # The state before initial values are chosen is none of the model's.
    return _peer_run(generated, compiled, ran, int(found.group(1)) - 1, has_error=has_error)


def run_rumur(
    text: str, folder: str, *, flags: tuple[str, ...] = ("-O3", "-march=native"), threads: int = 2
) -> PeerRun:
    """Rumur on Murphi `text`; files go to `folder`."""
    _write(folder, "model.m", text)
    options = ["--deadlock-detection", "off", "--pack-state", "off", "--threads", str(threads), "--colour", "off"]
    generated = _step(["rumur", *options, "--output", "model.c", "model.m"], folder)
    wide = ("-mcx16",) if os.uname().machine == "x86_64" else ()
    compiled = _step(["gcc", "-w", "-std=c11", *flags, *wide, "-o", "model", "model.c", "-lpthread"], folder)
    ran = run(["./model"], cwd=folder)
    found = re.findall(r"^\s*(\d+) states, \d+ rules fired", ran.output, re.MULTILINE)
    has_error = re.search(r"^\s*\d+ error\(s\) found", ran.output, re.MULTILINE) is not None
    if not found or not (has_error or "No error found" in ran.output):
        raise PeerError(f"the model ended with {ran.code}: {ran.output[-2000:]}")
    return _peer_run(generated, compiled, ran, int(found[-1]), has_error=has_error)


def _peer_run(generated: Measured, compiled: Measured, ran: Measured, state_count: int, *, has_error: bool) -> PeerRun:
    return PeerRun(
        state_count=state_count,
        has_error=has_error,
        generate_seconds=generated.seconds,
        compile_seconds=compiled.seconds,
        run_seconds=ran.seconds,
        rss_bytes=ran.rss_bytes,
        output=ran.output,
    )


def _write(folder: str, name: str, text: str) -> None:
    with open(os.path.join(folder, name), "w", encoding="ascii") as file:
        file.write(text)


def _step(arguments: list[str], folder: str) -> Measured:
    """A step that has to succeed."""
    if shutil.which(arguments[0]) is None:
        raise PeerError(f"{arguments[0]} is not installed")
    done = run(arguments, cwd=folder)
    if done.code != 0:
        raise PeerError(f"{' '.join(arguments)} ended with {done.code}: {done.output[-2000:]}")
    return done
