"""What is said about a wrong spec: data, collected over all stages, rendered by whoever shows it."""

from dataclasses import field

from cascade.diagnostics.codes import CODES, Severity
from cascade.records import dataclass
from cascade.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A place in the spec and, optionally, what is to be said there."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One thing said about a spec.

    `message` is one sentence, lower case, without an instruction. `primary` is the culprit; `others` are
    places that belong to it (declared here). `help` says what to do, `note` states the rule. `level` is how grave it is taken, where that
    is not what the table of codes says.
    """

    code: str
    message: str
    primary: Label
    others: tuple[Label, ...] = ()
    help: str = ""
    note: str = ""
    level: Severity | None = None

    def __post_init__(self) -> None:
        assert self.code in CODES, f"{self.code} is not in the table of codes"

    @property
    def severity(self) -> Severity:
        """As the table of codes says, unless `level` says something else."""
        return CODES[self.code].severity if self.level is None else self.level


@dataclass(slots=True)
class Diagnostics:
    """Collector of what the stages find. The same thing at the same place is kept once."""

    items: list[Diagnostic] = field(default_factory=list)
    _seen: set[tuple[str, str, int, str]] = field(default_factory=set)

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep `diagnostic` unless it was said already (a type's error shows in each of its instances)."""
        span = diagnostic.primary.span
        key = (diagnostic.code, span.source.name, span.start, diagnostic.message)
        if key not in self._seen:
            self._seen.add(key)
            self.items.append(diagnostic)

    @property
    def errors(self) -> list[Diagnostic]:
        """The diagnostics that make a spec unusable."""
        return [d for d in self.items if d.severity is Severity.ERROR]
