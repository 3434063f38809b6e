"""How grave a finding is taken, and what a waiver accepts: what the configuration and the spec say about what was found."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from cascade.diagnostics.codes import CODES, Severity
from cascade.diagnostics.diagnostic import Diagnostic
from cascade.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How things are taken.

    `severities` takes the place of the table of codes; None: not shown. `today` is the day on which waivers are judged (None: none has
    expired), `waiver_days_max` how far ahead they may end.
    """

    severities: Mapping[str, Severity | None] = field(default_factory=dict)
    today: dt.date | None = None
    waiver_days_max: int | None = None

    def judged(self, diagnostic: Diagnostic) -> Diagnostic | None:
        """The diagnostic as grave as it is taken; None if it is not to be shown."""
        if diagnostic.code not in self.severities:
            return diagnostic
        severity = self.severities[diagnostic.code]
        return None if severity is None else replace(diagnostic, level=severity)

    def all_judged(self, diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
        """Those that are to be shown."""
        judged = (self.judged(diagnostic) for diagnostic in diagnostics)
        return tuple(diagnostic for diagnostic in judged if diagnostic is not None)


def is_adjustable(code: str) -> bool:
    """Whether a configuration may say how grave it is: findings and notices about a design, and lints. An error stays one, and so does a verdict."""
    return code in CODES and (code.startswith(("CF6", "CF9")) or code == "CF705")
