"""From a spec's text to checked models, in memory."""

from cascade.checked.elaborate import elaborate, fixes_in_effect
from cascade.checked.model import Check, System
from cascade.diagnostics.diagnostic import Diagnostic, Diagnostics
from cascade.source import SourceFile
from cascade.syntax.imports import Loaded, load_source


class Wrong(AssertionError):
    """A spec that is meant to be right has errors."""

    def __init__(self, errors: list[Diagnostic]) -> None:
        lines = [f"{e.code} {e.message}: {e.primary.span.source.line(e.primary.span.line).strip()}" for e in errors]
        super().__init__("\n".join(lines))
        self.errors = errors


class LoadedText:
    """A spec, elaborated once under each set of fixes that its checks ask for."""

    def __init__(self, text: str, name: str = "generated.cf") -> None:
        diagnostics = Diagnostics()
        self.loaded: Loaded = load_source(SourceFile(name, text), diagnostics)
        if diagnostics.errors:
            raise Wrong(diagnostics.errors)
        self._systems: dict[tuple[str, ...], System] = {}
        self.checks: tuple[Check, ...] = self.system(()).checks

    def system(self, fix_names: tuple[str, ...]) -> System:
        """The system under these fixes. Raises `Wrong` if there are errors."""
        names = fixes_in_effect(fix_names)
        if names not in self._systems:
            diagnostics = Diagnostics()
            system = elaborate(self.loaded, diagnostics, names)
            if diagnostics.errors or system is None:
                raise Wrong(diagnostics.errors)
            self._systems[names] = system
        return self._systems[names]

    def fixed(self, check: Check) -> tuple[System, Check]:
        """The system under the fixes of `check`, and the check as it stands there."""
        system = self.system(check.fixes)
        return system, next(c for c in system.checks if c.name == check.name)
