"""The symbolic engine: answers queries by z3, with time that passes in one stride, and proves what it denies.

In: a core model and a query. Out: a candidate answer. `Exhausted` comes with a proof that a fresh solver has confirmed. Effort is shared out in rounds:
each gives every method more than the round before, counted in units that are the same on every machine.
"""

from cascade.core.model import CoreModel
from cascade.core.queries import Lasso, Query, Reach, Recover
from cascade.engines.explicit.evaluate import nesting_depth, recursion
from cascade.engines.explicit.watch import StopSearch, Watch
from cascade.limits import Limits, Progress, StopReason
from cascade.verdicts.answer import Answer, Statistics, Stopped

DEPTH_MAX = 2_000
"""Expressions that nest deeper are refused: z3 follows them by recursion."""


def answer(model: CoreModel, query: Query, limits: Limits, progress: Progress) -> Answer:
    """Answer `query` about `model`, if it is a `Reach` or a `Lasso`. No states are counted."""
    watch = Watch(limits, progress)

    def stopped(reason: StopReason) -> Stopped:
        return Stopped(reason=reason, statistics=Statistics(seconds=watch.seconds))

    if isinstance(query, Recover):
        return stopped(StopReason.UNSUPPORTED)
    depth = nesting_depth(model.expressions)
    if depth > DEPTH_MAX:
        return stopped(StopReason.DEPTH)
    # Imported late: z3 takes a while, and is needed by nobody else.
    from z3.z3types import Z3Exception

    from cascade.engines.symbolic.lasso import LassoSearch
    from cascade.engines.symbolic.patience import Patience
    from cascade.engines.symbolic.reach import ReachSearch

    with recursion(2 * depth):
        try:
            match query:
                case Reach():
                    return ReachSearch(model, query, Patience(watch)).answer()
                case Lasso():
                    return LassoSearch(model, query, Patience(watch)).answer()
        except StopSearch as stop:
            return stopped(stop.reason)
        except MemoryError:
            return stopped(StopReason.MEMORY)
        except Z3Exception as error:
            if "out of memory" not in str(error):
                raise
            return stopped(StopReason.MEMORY)
        except KeyboardInterrupt:
            return stopped(StopReason.INTERRUPTED)
