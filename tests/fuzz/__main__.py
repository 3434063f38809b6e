"""`python -m tests.fuzz [--seconds N] [--folder DIR] TARGET`: a long campaign, guided by coverage, in one process at a time.

Needs atheris, which is no dependency of the tests (`pip install atheris`). What it finds is left in DIR as `crash-*` and `timeout-*`; a run goes on after each.
DIR also keeps the corpus, so that a later campaign starts where this one ended, and `log.jsonl` with the true figures of every stretch.
"""

import argparse
import json
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

from cascade.syntax.scan import LEXEME

ROOT = Path(__file__).resolve().parents[2]
LENGTH_MAX = 3_000
TIMEOUT_SECONDS = 30
STRETCH_SECONDS = 600
"""A new process so often: memory that the interpreter does not give back is no finding."""

HASH = b"0" * 64
STORED = [
    b'\0{"states": 2, "transitions": 1, "seconds": 0.1, "counted": "state", "proof": null}',
    b'\0{"states": 2, "transitions": 1, "seconds": 0.1, "counted": "state", "run": {"initial": [0], "steps": [0, -1], "loop_start": 1}}',
    b'\0{"states": 2, "transitions": 1, "seconds": 1, "counted": "", "proof": {"kind": "INVARIANT", "k": 1, "invariant": ["a"]}}',
    b'\1\x15\0\0\0\0\0\0\0[["a", "symbol_a", 3]]abc',
    b'\2[{"parser": {"callbacks": {}, "start": ["file"], "0": {}}, "rules": [], "options": {}}, {"0": {"__type__": "Rule"}}]',
    b'\3{"log": [[0, "' + HASH + b'"]], "waiting_file": "waiting-1", "parts": [["layers", 0, "' + HASH + b'"], [[0, 1, 2], 0, "'
    + HASH + b'"]], "transition_count": 1, "blocked_count": 0}',
    (b'\4{"verdicts":[{"check":"c","verdict":"violated","is_possible":false,"model_count":1,"parts":[{"model":{"is_timed":true,"tick_ms":1,'
    b'"expressions":[["const",1],["var",0],["eq",1,0],["not",2],["add",1,0]],"variables":[["x",0,1,[0],[]]],"settles":[],'
    b'"clocks":[["k",3,2]],"commands":[{"name":"e","guard":3,"permit":0,"updates":[[0,4]],"clock":0,"earliest":1,"latest":2,"owed":true}]},'
    b'"query":{"kind":"reach","goal":2,"clock":null,"exceeds":0},"evidence":{"kind":"run","initial":[0],"steps":[-1,0],"loop_start":null}}]}]}'),
]  # fmt: skip
"""What a well-formed file of each reader may look like; its digest is added by the target."""


def seeds() -> list[bytes]:
    texts = [
        path.read_bytes() for folder in ("tests", "specs", "cascade/std") for path in (ROOT / folder).rglob("*.cf")
    ]
    return [text for text in texts if len(text) <= LENGTH_MAX]


def prepare(target: str, folder: Path) -> Path:
    corpus = folder / f"corpus-{target}"
    corpus.mkdir(parents=True, exist_ok=True)
    samples = seeds() if target == "spec" else STORED
    for number, text in enumerate(samples):
        (corpus / f"seed-{number:03}").write_bytes(text)
    words = {lexeme for text in seeds() for lexeme in LEXEME.findall(text.decode()) if not lexeme.isspace()}
    plain = sorted(word for word in words if word.isascii() and word.isprintable() and len(word) < 30)
    quoted = [word.replace("\\", "\\\\").replace('"', '\\"') for word in plain]
    (folder / "words").write_text("".join(f'"{word}"\n' for word in quoted), encoding="ascii")
    return corpus


def stretch(target: str, seconds: int, folder: Path, corpus: Path) -> dict[str, object]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    arguments = [
        f"-max_total_time={seconds}", f"-max_len={LENGTH_MAX}", f"-timeout={TIMEOUT_SECONDS}", "-rss_limit_mb=4096",
        f"-artifact_prefix={folder}/", f"-dict={folder}/words", "-print_final_stats=1", str(corpus),
    ]  # fmt: skip
    command = [sys.executable, "-m", "tests.fuzz.child", target, *arguments]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, errors="replace")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    executed = re.findall(r"stat::number_of_executed_units: (\d+)", done.stderr)
    covered = re.findall(r"cov: (\d+)", done.stderr)
    found = re.findall(r"Test unit written to (\S+)", done.stderr)
    (folder / f"last-{target}.txt").write_text(done.stderr[-20_000:], encoding="utf-8")
    if found:
        Path(f"{found[-1]}.txt").write_text(done.stderr[-20_000:] + done.stdout[-20_000:], encoding="utf-8")
    return {
        "target": target,
        "exit": done.returncode,
        "seconds": round(time.monotonic() - started, 1),
        "cpu_seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        "executions": int(executed[-1]) if executed else 0,
        "edges": int(covered[-1]) if covered else 0,
        "corpus": sum(1 for _ in corpus.iterdir()),
        "found": [Path(path).name for path in found],
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("target", choices=("spec", "stored"))
    parser.add_argument("--seconds", type=int, default=3_600, help="CPU seconds")
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    corpus = prepare(options.target, options.folder)
    left = float(options.seconds)
    while left > 5:
        said = stretch(options.target, min(STRETCH_SECONDS, int(left)), options.folder, corpus)
        left -= max(float(str(said["cpu_seconds"])), 1.0)
        line = json.dumps(said)
        print(line, flush=True)
        with (options.folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(line + "\n")


if __name__ == "__main__":
    main()
