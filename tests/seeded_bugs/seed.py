"""A copy of the repository with a bug in it, and what its tests say."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.seeded_bugs.bugs import SeededBug

ROOT = Path(__file__).resolve().parents[2]
_COPIED = ("cascade", "tests", "bench", "grammar", "specs", "docs", "pyproject.toml", "README.md")
_FAILURE = re.compile(r"^(?:FAILED|ERROR) (\S.*)$", re.MULTILINE)
_SECONDS_MAX = 900


def changed_files(bug: SeededBug, root: Path = ROOT) -> dict[str, str]:
    """The new texts of the files that the bug is in. Raises `ValueError` if the place is not there, or not once."""
    texts: dict[str, str] = {}
    for change in bug.changes:
        text = texts.get(change.file) or (root / change.file).read_text(encoding="utf-8")
        if text.count(change.old) != 1:
            raise ValueError(f"{bug.name}: {change.file} has {text.count(change.old)} times: {change.old.strip()}")
        texts[change.file] = text.replace(change.old, change.new)
    return texts


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of what the tests need, for a while."""
    with tempfile.TemporaryDirectory(prefix="seeded-") as folder:
        for name in _COPIED:
            source, target = ROOT / name, Path(folder) / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
            else:
                shutil.copy(source, target)
        yield Path(folder)


@contextmanager
def seeded(bug: SeededBug) -> Iterator[Path]:
    """A copy with the bug."""
    with copied() as folder:
        for name, text in changed_files(bug).items():
            (folder / name).write_text(text, encoding="utf-8")
        yield folder


def first_failure(folder: Path, tests: Sequence[str], seconds_max: float = _SECONDS_MAX) -> str | None:
    """The first of the tests that fails there, in the run that everybody makes; None if all pass. Raises `RuntimeError` if there is no telling."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "--tb=no", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "HYPOTHESIS_PROFILE": "ci", "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=seconds_max,
        )
    except subprocess.TimeoutExpired:
        return f"(no end within {seconds_max:.0f} s)"
    if done.returncode == 0:
        return None
    found = _FAILURE.search(done.stdout)
    if found is not None:
        return found[1][:200]
    if -done.returncode in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE):
        return f"(a crash: {signal.Signals(-done.returncode).name})"
    raise RuntimeError(f"pytest did not end by itself, or not with tests: {done.returncode}\n{done.stdout[-2000:]}")
