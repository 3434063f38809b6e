"""The table of exporters: a core model with one question about reachable states, in the language of another model checker."""

from importlib import import_module
from typing import Protocol, cast

from cascade.core.model import CoreModel
from cascade.core.queries import Query
from cascade.records import dataclass


class Exporter(Protocol):
    """Writes a model for another tool. The tool's reachable states are those of the core model, one to one."""

    def __call__(self, model: CoreModel, query: Query, *, with_property: bool = True) -> str:
        """The text. Raises `UnsupportedError` where the tool has no words for it. Without the property nothing ends a search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExporterRow:
    """Where an exporter lives (a module with a function `export`), and what people call the files."""

    module: str
    tool: str
    suffix: str


EXPORTERS: dict[str, ExporterRow] = {
    "promela": ExporterRow(module="cascade.export.promela", tool="SPIN", suffix=".pml"),
    "murphi": ExporterRow(module="cascade.export.murphi", tool="Rumur or CMurphi", suffix=".m"),
}


def load_exporter(name: str) -> Exporter:
    """The exporter called `name` in `EXPORTERS`."""
    return cast("Exporter", import_module(EXPORTERS[name].module).export)
