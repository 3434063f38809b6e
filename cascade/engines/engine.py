"""What every engine is: a function from a core model and a query to a candidate answer."""

from typing import Protocol

from cascade.core.model import CoreModel
from cascade.core.queries import Query
from cascade.limits import Limits, Progress
from cascade.verdicts.answer import Answer


class Engine(Protocol):
    """An engine answers queries. Its answer is a candidate: somebody else replays the run before it becomes a verdict.

    Same model, same query: same answer, whatever the machine, as long as no limit is reached.
    """

    def __call__(self, model: CoreModel, query: Query, limits: Limits, progress: Progress) -> Answer:
        """Answer `query` about `model` within `limits`."""
