"""Explorations of all states of a model, kept for the next question about it: checks and default questions often have the same rules.

What is kept says the same as another exploration would, but for the time that it takes. It is few states, and few models.
"""

from cascade.core.model import CoreModel
from cascade.engines.explicit.search import Search
from cascade.records import dataclass

KEPT_MAX = 3
"""So many models are kept, the last ones. Each has as many states as these functions explore at most, some ten megabytes."""

STATES_MIN = 1_000
"""Fewer are explored again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A search that found no goal, no error and no timelock, and the work that it was."""

    search: Search
    work: int


_KEPT: list[tuple[CoreModel, Whole]] = []


def keep(search: Search) -> None:
    """Keep a search that has explored all states, in which time never stops."""
    if len(search.result.parents) < STATES_MIN:
        return
    model = search.compiled.model
    _KEPT[:] = [kept for kept in _KEPT if kept[0] != model][1 - KEPT_MAX :]
    _KEPT.append((model, Whole(search=search, work=search.work)))


def known(model: CoreModel, *, state_count_max: int | None, work_max: int | None) -> Whole | None:
    """What is kept of an equal model, if it was within these bounds."""
    for kept, whole in _KEPT:
        if (
            kept == model
            and (work_max is None or whole.work <= work_max)
            and (state_count_max is None or len(whole.search.result.parents) <= state_count_max)
        ):
            return whole
    return None
