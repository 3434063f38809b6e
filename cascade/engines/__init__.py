"""The table of engines. An engine's module is imported on its first use: some cost a second to import."""

from importlib import import_module
from typing import cast

from cascade.core.queries import Lasso, Query, Reach, Recover
from cascade.engines.engine import Engine
from cascade.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRow:
    """Where an engine lives (a module with a function `answer`) and which queries it answers."""

    module: str
    queries: tuple[type[Query], ...]


ENGINES: dict[str, EngineRow] = {
    "auto": EngineRow(module="cascade.engines.auto", queries=(Reach, Lasso, Recover)),
    "explicit": EngineRow(module="cascade.engines.staged", queries=(Reach, Lasso, Recover)),
    "python": EngineRow(module="cascade.engines.explicit.engine", queries=(Reach, Lasso, Recover)),
    "packed": EngineRow(module="cascade.engines.packed.engine", queries=(Reach, Lasso, Recover)),
    "zones": EngineRow(module="cascade.engines.zones.engine", queries=(Reach, Lasso)),
    "symbolic": EngineRow(module="cascade.engines.symbolic.remote", queries=(Reach, Lasso)),
}


BOTH = "both"
"""Not an engine: `explicit` and `symbolic`, one after the other, whose answers are compared."""

ENGINE_NAMES = (*ENGINES, BOTH)
"""What may be asked."""


def load_engine(name: str) -> Engine:
    """The engine called `name` in `ENGINES`."""
    return cast(Engine, import_module(ENGINES[name].module).answer)
