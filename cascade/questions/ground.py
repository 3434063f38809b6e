"""Minimal fault sets of an outage put together from what components do by themselves, as replies of an inquiry.

`cascade.questions.static` decides whether that is sound and finds them in a core model; here they get their names, and runs that are replayed.
"""

import time
from collections.abc import Iterator

from cascade.checked.model import Check, Outage
from cascade.core.cone import Slice, sliced
from cascade.core.queries import Reach
from cascade.limits import ProgressReport, resident_bytes
from cascade.questions.ask import confirm
from cascade.questions.atlas import Posed
from cascade.questions.inquiry import Inquiry, Reply, Scope
from cascade.questions.static import Plane, static_plane
from cascade.records import dataclass
from cascade.verdicts.run import CandidateRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A plane, and the question that its runs answer."""

    inquiry: Inquiry
    check: Check
    posed: Posed
    part: Slice | None
    plane: Plane
    positions: dict[str, int]

    @property
    def is_final(self) -> bool:
        """Whether nothing but faults changes what the outage reads."""
        return self.plane.is_final

    def cut_sets(self, size: int, known: list[frozenset[int]]) -> Iterator[tuple[frozenset[int], Reply]]:
        """The sets of one size, by positions of commands in the spec. `InterruptedError` once the time for all questions is over."""
        progress = self.inquiry.progress(f"{self.check.source} ({size})")
        began = time.monotonic()

        def tried(count: int) -> bool:
            seconds = time.monotonic() - began
            progress.update(
                ProgressReport(state_count=count, frontier_count=0, seconds=seconds, memory_bytes=resident_bytes())
            )
            return not self.inquiry.is_late

        local = {self._position(command): command for command in range(len(self.plane.model.commands))}
        for faults, run in self.plane.cut_sets(size, [frozenset(local[c] for c in s) for s in known], tried):
            asked = confirm(*self.posed.get(), self._whole(run))
            reply = Reply(check=self.check, posed=self.posed, asked=asked)
            yield frozenset(self._position(command) for command in faults), reply

    def are_apart(self, commands: frozenset[int]) -> bool:
        """Whether each of these faults is of another cluster, so that they strike in any order."""
        clusters = {self._position(f): atom.cluster for atom in self.plane.atoms for f in atom.faults}
        return len({clusters[command] for command in commands}) == len(commands)

    def _position(self, command: int) -> int:
        return self.positions[self.plane.model.commands[command].name]

    def _whole(self, run: CandidateRun) -> CandidateRun:
        if self.part is None:
            return run
        return CandidateRun(initial=self.part.lifted_initial(run.initial), steps=self.part.lifted_steps(run.steps))


def ground(inquiry: Inquiry, outage: Outage) -> Ground | None:
    """What the fault sets of `outage` are put together from; None where that is not sound."""
    check, posed = inquiry.pose_never(outage, Scope())
    model, query = posed.get()
    positions = {command.name: i for i, command in enumerate(inquiry.system.commands)}
    if len(positions) != len(inquiry.system.commands):
        return None  # names do not tell commands apart
    part = sliced(model, query)
    asked, goal = (model, query) if part is None else (part.model, part.query)
    assert isinstance(goal, Reach), "`never` asks for a state"
    plane = static_plane(asked, goal.goal)
    if plane is None:
        return None
    return Ground(inquiry=inquiry, check=check, posed=posed, part=part, plane=plane, positions=positions)
