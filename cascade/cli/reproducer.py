"""What is kept of a disagreement between engines: all that is needed to meet it again, in one file."""

import hashlib
import os
import platform
import re
import shlex
import tempfile
from importlib import metadata

from cascade import __version__
from cascade.cli.streams import complain
from cascade.core.dump import dump
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.diagnostics.printable import printable
from cascade.files import write_atomically
from cascade.pipeline import CheckOptions
from cascade.questions.ask import DisagreementError
from cascade.syntax.imports import load

_PACKAGES = ("z3-solver", "numba", "numpy", "lark")


def keep(error: DisagreementError, path: str, options: CheckOptions) -> None:
    """Save what is needed to meet the disagreement again, and say where."""
    saved = save_reproducer(error, path, options)
    where = "could not be written" if saved is None else f"is in {printable(saved)}"
    complain(f"What is needed to meet it again (the spec, the check, the versions) {where}")


def save_reproducer(error: DisagreementError, path: str, options: CheckOptions) -> str | None:
    """Write the file, where commands are run or among temporary files; its name, or None where neither can be written."""
    text = reproducer_text(error, path, options)
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    check = re.sub(r"[^A-Za-z0-9_]", "_", error.check)[:40]
    name = f"cascade-disagreement-{check}-{digest}.txt"
    for folder in ("", tempfile.gettempdir()):
        target = os.path.join(folder, name)
        try:
            write_atomically(target, text.encode("utf-8", "backslashreplace"), mode=0o644, is_own=True)
        except OSError:
            continue
        return target
    return None


def reproducer_text(error: DisagreementError, path: str, options: CheckOptions) -> str:
    """The command, the versions, what each engine says, the spec with what it imports, and the model that was asked about."""
    command = ["cascade", "check", path, "--check", error.check, "--engine", "both"]
    for name in options.fix_names:
        command += ["--fix", name]
    for setting in options.settings:
        command += ["--param", setting]
    versions = [f"cascade {__version__}", f"Python {platform.python_version()}", platform.platform(), *_versions()]
    parts = [
        "Two engines of cascade contradict each other. This is a bug of cascade, not of the spec: please report it, with this file.",
        "",
        shlex.join(command),
        ", ".join(versions),
        *(f"the {engine} engine says: {claim}" for engine, claim in error.claims),
    ]
    for source in load(path, Diagnostics()).files:
        parts += ["", f"===== {source.source.name}", "", source.source.text]
    parts += ["", "===== the model", "", *(f"# {name} = {value}" for name, value in error.model.constants)]
    parts.append(dump(error.model, error.query))
    return "\n".join(parts)


def _versions() -> list[str]:
    found = []
    for package in _PACKAGES:
        try:
            found.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            found.append(f"{package}: not installed")
    return found
