"""How limits are kept, and what large or hostile specs cost: `python bench/limits.py [NAME...]` prints the table of docs/trust.md.

Each row is a process of its own: what it says, how long it took, and the most memory that it held, with z3's process (an idle `cascade check` is the first row).
"""

import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KILL_SECONDS = 300
LOOK_SECONDS = 0.01


def system(body: str, before: str = "component T { fault f { health: up -> down } }") -> str:
    """A spec."""
    return f"{before}\nsystem s {{\n{body}\n}}\n"


def counters(count: int, high: int, *, timed: bool = False) -> str:
    """Independent counters: as many states as one likes, none of them bad."""
    lines = ["tick 1s"] if timed else []
    after = " after 2s..9s" if timed else ""
    for i in range(count):
        lines.append(f"state x{i}: 0..{high} = 0")
        lines.append(f"event up{i}{after} when x{i} < {high} {{ x{i} = x{i} + 1 }}")
        lines.append(f"event down{i}{after} when x{i} > 0 {{ x{i} = x{i} - 1 }}")
    total = " + ".join(f"x{i}" for i in range(count))
    return system("\n".join([*lines, f"outage o when {total} > {count * high}", "check safe: never o and x0 >= 0"]))


def lasso(count: int, high: int) -> str:
    """The same with a question of liveness."""
    return counters(count, high).replace(
        "check safe: never o and x0 >= 0", f"check live: x0 == {high} leads to x0 == 0"
    )


SPECS = {
    "idle": system("state x: bool = true\ncheck c: never not x"),
    "counters": counters(9, 20),
    "timed": counters(6, 20, timed=True),
    "lasso": lasso(6, 20),
    "10 MB of comments": "# " + "x" * 98 + "\n" + ("# " + "x" * 98 + "\n") * 100_000 + system(""),
    "10 MB of statements": system("\n".join(f"state x{i}: 0..9 = 3" for i in range(420_000))),
    "100,000 lines": system("\n".join(f"let a{i} = {i} + 1" for i in range(100_000))),
    "100,000 variables, a check": system(
        "\n".join(f"state x{i}: bool = true" for i in range(100_000)) + "\ncheck c: never not x1"
    ),
    "10,000 components": system(
        "\n".join(f"component c{i} {{ fault f {{ health: up -> down }} }}" for i in range(10_000))
        + "\ncheck c: never not c1.serving with at most 1 fault"
    ),
    "a range of 10^6, any": system("state x: 0..1000000 = any\ncheck c: never x == 1000001"),
    "a range of 10^6, counted": system(
        "state x: 0..1000000 = 0\nevent e when x < 1000000 { x = x + 1 }\ncheck c: never x == 1000001 or x < 0"
    ),
    "a group of 10^9": system("redundant g: 1000000000 x T needs 1"),
    "for 2,000 x 2,000": system("redundant g: 2000 x T needs 1\nevent e for m in g when any(x in g: x.serving) { }"),
    "brackets, 1,000,000 deep": system("let a = " + "(" * 1_000_000 + "1" + ")" * 1_000_000),
    "bodies, 100,000 deep": system("component c { " * 100_000 + "}" * 100_000),
    "not, 1,000,000 times": system("let a = " + "not " * 1_000_000 + "true"),
    "1,000,000 terms": system("let a = " + " + ".join(["1"] * 1_000_000)),
    "doubling, 100 times": system(
        "\n".join(f"let a{i} = a{i + 1} * a{i + 1}" for i in range(100))
        + "\nlet a100 = x\nstate x: 0..9 = 2\ncheck c: never a0 == 3"
    ),
    "doubling types, 40 times": system(
        "part t: T0",
        "\n".join(f"component T{i} {{ part x: T{i + 1} part y: T{i + 1} }}" for i in range(40)) + "\ncomponent T40 { }",
    ),
    "10 MB in one name": system(f"state {'a' * 10_000_000}: bool = true"),
    "10 MB of one string": f'system s "{"x" * 10_000_000}" {{ }}',
    "10 MB of noise": "".join(chr(33 + (i * 7919) % 94) for i in range(10_000_000)),
    "10 MB of braces": "{" * 10_000_000,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A spec and options."""

    spec: str
    options: tuple[str, ...] = ()


ROWS = [
    Row(spec="idle"),
    *(Row(spec=s, options=("--engine", e, "--memory", m, "--time", "60s")) for s in ("counters", "lasso") for e in ("python", "packed", "explicit", "auto") for m in ("300MB", "1GB")),
    *(Row(spec="timed", options=("--engine", e, "--memory", "400MB", "--time", "60s")) for e in ("zones", "symbolic", "auto")),
    *(Row(spec=s, options=("--engine", e, "--time", "3s")) for s in ("counters", "timed", "lasso") for e in ("python", "packed", "zones", "symbolic", "explicit", "auto")),
    *(Row(spec=s, options=("--time", "5s", "--memory", "1GB")) for s in SPECS if s not in ("idle", "counters", "timed", "lasso")),
    # So long, and so much, that nothing stops the reading.
    *(Row(spec=s, options=("--time", "10min", "--memory", "2GB")) for s in ("10 MB of statements", "100,000 lines", "100,000 variables, a check")),
]  # fmt: skip


def resident_bytes(pid: int | str) -> int:
    """What a process and its helper hold together, in bytes."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            own = int(file.read().split()[1]) * 4096
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return own + sum(map(resident_bytes, file.read().split()))
    except OSError:  # it has ended
        return 0


def measure(row: Row, folder: Path) -> tuple[str, float, float]:
    """What it said, seconds, megabytes."""
    path = folder / "spec.cf"
    path.write_text(SPECS[row.spec], encoding="utf-8")
    out = folder / "out"
    command = [sys.executable, "-m", "cascade", "check", "--only-declared", "--no-config", str(path), *row.options]
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        os.chdir(ROOT)
        signal.alarm(KILL_SECONDS)
        os.execv(sys.executable, command)  # noqa: S606 - this very interpreter
    peak = done = status = 0
    while not done:
        peak = max(peak, resident_bytes(pid))
        time.sleep(LOOK_SECONDS)
        done, status = os.waitpid(pid, os.WNOHANG)
    seconds = time.monotonic() - started
    text = out.read_text(encoding="utf-8", errors="replace")
    words = [
        word
        for word in ("holds", "violated", "memory", "time", "internal error", "disk", "neither a run")
        if f"{word}" in text
    ]
    codes = sorted({line.split("[")[1][:5] for line in text.splitlines() if line.startswith("error[CF")})
    said = " ".join([f"exit {os.waitstatus_to_exitcode(status)}", *codes, *(words if not codes else [])])
    return said, seconds, peak / 1e6


def main() -> None:
    """Print the table."""
    wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        print("| spec | options | says | seconds | MB |\n|---|---|---|---|---|")
        for row in ROWS:
            if not wanted or any(word in f"{row.spec} {' '.join(row.options)}" for word in wanted):
                said, seconds, megabytes = measure(row, Path(name))
                print(
                    f"| {row.spec} | {' '.join(row.options)} | {said} | {seconds:.1f} | {megabytes:.0f} |", flush=True
                )


if __name__ == "__main__":
    main()
