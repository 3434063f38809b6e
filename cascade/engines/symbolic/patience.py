"""Calls of z3 that can be given up: in a thread, while this one looks at the limits.

Efforts are counted in z3's resource units, not in seconds, so that they are the same on every machine.
"""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import z3

from cascade.engines.explicit.watch import Watch

LOOK_SECONDS = 0.1
"""Limits are looked at so often."""

Result = TypeVar("Result")


class Patience:
    """Waits for z3 as long as the limits allow."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.depth = 0

    def look(self) -> None:
        """Report progress; raise `StopSearch` when a limit is reached."""
        self.watch.check(frontier_count=self.depth)

    def check(self, solver: z3.Solver, assumptions: list[Any], *, effort: int = 0) -> Any:
        """`solver.check(assumptions)`: z3.sat, z3.unsat, or z3.unknown if it takes more than this effort (0: no bound)."""
        self.look()
        solver.set("rlimit", effort)
        return self.call(solver.ctx, lambda: solver.check(assumptions))

    def call(self, context: z3.Context, function: Callable[[], Result]) -> Result:
        """`function()`, interrupted when a limit is reached or the user interrupts."""
        done = threading.Event()
        results: list[Result] = []
        errors: list[BaseException] = []

        def work() -> None:
            try:
                results.append(function())
            except BaseException as error:  # noqa: BLE001 - it is raised again, in the thread that waits
                errors.append(error)
            finally:
                done.set()

        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        try:
            while not done.wait(LOOK_SECONDS):
                self.look()
        except BaseException:
            # One interruption may come before z3 listens.
            while not done.wait(LOOK_SECONDS):
                context.interrupt()
            raise
        finally:
            worker.join()
        if errors:
            raise errors[0]
        return results[0]


def new_solver(context: z3.Context) -> z3.Solver:
    """A solver for booleans and bit-vectors that can be asked again and again."""
    solver = z3.SolverFor("QF_FD", ctx=context)
    # An interrupt by the user is for Python to handle.
    solver.set("ctrl_c", False)
    return solver


def spent(solver: z3.Solver) -> int:
    """Effort that was spent in the context of this solver, in all."""
    statistics = solver.statistics()
    return int(statistics.get_key_value("rlimit count")) if "rlimit count" in statistics.keys() else 0  # noqa: SIM118
