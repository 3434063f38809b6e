"""The certificate that `check --certificate` writes: evidence for each verdict, for a checker that shares nothing with the search."""

import hashlib
import os
import sys
from typing import Any

from cascade import __version__
from cascade.checked.elaborate import elaborate_cases, fixes_in_effect
from cascade.checked.model import FormulaKind, System
from cascade.cli.loading import show_diagnostics
from cascade.cli.outputs import Output, command_line_span, unwritable
from cascade.core.digest import digest
from cascade.core.lower import lower
from cascade.diagnostics.diagnostic import Diagnostic, Diagnostics
from cascade.files import why_not_writable, write_atomically
from cascade.pipeline import CheckOptions, FileResult
from cascade.questions.declared import CheckResult
from cascade.syntax.imports import LIBRARY_ROOT, Loaded, load
from cascade.syntax.settings import parse_settings
from cascade.verdicts.run import ReplayedRun
from cascade.verdicts.verdict import Undetermined

Json = dict[str, Any]


def check_certificate(path: str | None) -> list[Diagnostic]:
    """What stands in the way of a certificate at `path`: said before the search, which may take long."""
    reason = None if path is None else why_not_writable(path)
    return [] if path is None or reason is None else [_unwritable(path, reason)]


def _unwritable(path: str, reason: str) -> Diagnostic:
    return unwritable(Output(format="certificate", path=path, span=command_line_span("--certificate", path)), reason)


class Certificate:
    """Collects the verdicts of one command."""

    def __init__(self, path: str, options: CheckOptions) -> None:
        self._path = path
        self._options = options
        self._specs: list[Json] = []
        self._verdicts: list[Json] = []

    def add(self, result: FileResult) -> None:
        """The verdicts on the declared checks of a file."""
        if not result.checks:
            return
        diagnostics = Diagnostics()
        loaded = load(result.path, diagnostics)
        self._specs.append(
            {
                "path": result.path,
                "files": [
                    {"name": _name(file.source.name), "sha256": _sha256(file.source.text)} for file in loaded.files
                ],
                "fixes": list(self._options.fix_names),
                "params": list(self._options.settings),
            }
        )
        for check in result.checks:
            self._verdicts.append(self._verdict(loaded, check))

    def _verdict(self, loaded: Loaded, result: CheckResult) -> Json:
        # Late: what certificates are made with is needed by nobody else.
        from cascade.certificates.make import part_of

        systems = self._systems(loaded, result.name)
        asked = [(system, *lower(system, _named(system, result.name))) for system in systems]
        mine = digest(result.model, result.query)
        if mine not in {digest(model, query) for _, model, query in asked}:
            raise OSError("the spec was changed while it was checked")
        said: Json = {
            "spec": len(self._specs) - 1,
            "check": result.name,
            "formula": result.formula,
            "expected": result.expected,
            "verdict": type(result.verdict).__name__.lower(),
            "is_possible": _named(systems[0], result.name).formula.kind is FormulaKind.POSSIBLE,
            "model_count": len(asked),
            "parts": [],
        }
        if not isinstance(result.verdict, Undetermined):
            evidence = result.verdict.evidence
            is_run = isinstance(evidence, ReplayedRun)
            models = [(result.model, result.query)] if is_run else [(model, query) for _, model, query in asked]
            said["parts"] = [part_of(model, query, evidence) for model, query in models]
        return said

    def _systems(self, loaded: Loaded, name: str) -> tuple[System, ...]:
        diagnostics = Diagnostics()
        settings = parse_settings(self._options.settings, diagnostics)
        fixes = self._options.fix_names
        systems = elaborate_cases(loaded, diagnostics, fixes, settings)
        more = fixes_in_effect((*fixes, *_named(systems[0], name).fixes)) if systems else ()
        if systems and more != systems[0].applied_fixes:
            systems = elaborate_cases(loaded, diagnostics, more, settings)
        if not systems:
            raise OSError("the spec was changed while it was checked")
        return systems

    def finish(self) -> bool:
        """Write it; whether that worked."""
        from cascade.certificates.make import seal

        body = {"tool": f"cascade {__version__}", "specs": self._specs, "verdicts": self._verdicts}
        try:
            write_atomically(self._path, seal(body))
        except OSError as error:
            return self.failed(error)
        return True

    def failed(self, error: OSError) -> bool:
        """Say that there is none."""
        sys.stdout.flush()
        show_diagnostics([_unwritable(self._path, (error.strerror or str(error)).lower())])
        return False


def _named(system: System, name: str) -> Any:
    return next(check for check in system.checks if check.name == name)


def _name(path: str) -> str:
    """A file of the library by its place there, any other as the user wrote it."""
    return os.path.relpath(path, LIBRARY_ROOT) if path.startswith(str(LIBRARY_ROOT) + os.sep) else path


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
