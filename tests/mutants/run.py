"""One mutant by its tests, in a child process that has all libraries loaded already but nothing of cascade."""

import ast
import importlib.abc
import importlib.util
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

from tests.mutants.operators import Mutant

ROOT = Path(__file__).resolve().parents[2]
MEMORY_MAX = 4 << 30
NOTICED, SURVIVED = "noticed", "survived"


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from a syntax tree."""

    def __init__(self, file: str, tree: ast.Module) -> None:
        self.name = file.removesuffix(".py").replace("/", ".")
        self.path = str(ROOT / file)
        self.tree = tree

    def find_spec(self, fullname: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        """Only where it is that module."""
        if fullname != self.name:
            return None
        return importlib.util.spec_from_loader(fullname, self, origin=self.path)

    def exec_module(self, module: ModuleType) -> None:
        """Run the changed module."""
        module.__file__ = self.path
        exec(compile(self.tree, self.path, "exec"), module.__dict__)


def load_libraries() -> None:
    """What each child would load; not what pytest rewrites (hypothesis, syrupy)."""
    import lark  # noqa: F401
    import numba  # noqa: F401
    import z3  # noqa: F401


def run_tests(
    mutant: Mutant | None, tests: Sequence[str], *, cpu_seconds: float, seconds: float = 600
) -> tuple[str, float]:
    """What the tests say of a mutant (or of what there is), and the processor time. Whoever does not end is noticed."""
    assert not any(name.split(".")[0] == "cascade" for name in sys.modules), "the children load it"
    started = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    pid = os.fork()
    if pid == 0:
        _child(mutant, tests, cpu_seconds)
    status = None
    while status is None:
        done, said = os.waitpid(pid, os.WNOHANG)
        if done:
            status = said
        elif time.monotonic() - started > seconds:
            os.killpg(pid, signal.SIGKILL)
        else:
            time.sleep(0.05)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
        return SURVIVED, used
    return NOTICED, used


def _child(mutant: Mutant | None, tests: Sequence[str], cpu_seconds: float) -> None:
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_seconds), int(cpu_seconds) + 5))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_MAX, MEMORY_MAX))
    quiet = os.open(os.environ.get("MUTANTS_OUTPUT", os.devnull), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (1, 2):
        os.dup2(quiet, stream)
    code = 99
    try:
        os.chdir(ROOT)
        if mutant is not None:
            sys.meta_path.insert(0, _Changed(mutant.file, mutant.tree))
        code = pytest.main(
            ["-x", "-q", "--no-header", "--tb=short", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
        )
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(code))
