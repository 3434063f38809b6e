"""Runs a campaign over generated specs: resumable, and what fails is shrunk and saved."""

import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.campaign.compare import DisagreementError, Plan, compare_text
from tests.campaign.ways import WAYS
from tests.generate.load import Wrong
from tests.generate.shrink import smaller
from tests.generate.specs import GeneratedSpec, make_spec

REGRESSIONS = Path(__file__).parents[1] / "regressions"
SAVE_EVERY = 10
SIZES = (1, 2, 1, 3, 2, 1, 2, 4)
"""Of specs in turn: mostly small ones, where many fit into an hour and what is shrunk would end up."""


@dataclass(slots=True, kw_only=True)
class State:
    """Where a campaign stands: seeds from `first` up to and without `next` are done."""

    first: int
    next: int
    options: dict[str, object]
    cpu_seconds: float = 0.0
    tally: Counter[str] = field(default_factory=Counter)
    disagreements: list[dict[str, object]] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Written aside and renamed, so that a stop leaves the old one."""
        text = json.dumps(
            {
                "first": self.first,
                "next": self.next,
                "options": self.options,
                "cpu_seconds": round(self.cpu_seconds, 1),
                "disagreements": self.disagreements,
                "tally": dict(sorted(self.tally.items())),
            },
            indent=1,
        )
        aside = path.with_name(path.name + ".new")
        aside.write_text(text + "\n", encoding="utf-8")
        os.replace(aside, path)

    @classmethod
    def load(cls, path: Path) -> "State":
        """What `save` wrote."""
        data = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**data, "tally": Counter(data["tally"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What is run over each spec, and what over some: z3 and other model checkers take long. Of ways that take turns each spec gets one."""

    plan: Plan
    symbolic_every: int = 10
    peers_every: int = 100
    peers: tuple[str, ...] = ()
    is_thorough: bool = False
    sizes: tuple[int, ...] = SIZES
    folder: Path = REGRESSIONS

    def plan_of(self, seed: int) -> Plan:
        """The plan for one spec, by its seed alone."""
        rng = random.Random(f"plan {seed}")
        turns = [way for way in self.plan.ways if way.takes_turns]
        chosen = {way.name for way in self.plan.ways if self.is_thorough or not way.takes_turns}
        if turns:
            chosen.add(rng.choices(turns, [way.share for way in turns])[0].name)
        if not _is_turn(rng, self.symbolic_every):
            chosen.discard("symbolic")
        peers = self.peers if _is_turn(rng, self.peers_every) else ()
        return replace(self.plan, ways=tuple(way for way in self.plan.ways if way.name in chosen), peers=peers)

    def run(self, state: State, *, spec_count: int, seconds: float | None, save: Callable[[State], None]) -> None:
        """Go on from `state`, until so many specs are done or so much time is over."""
        end = None if seconds is None else time.monotonic() + seconds
        before = time.process_time() + _children_seconds()
        while state.next < state.first + spec_count and (end is None or time.monotonic() < end):
            self._one(state)
            now = time.process_time() + _children_seconds()
            state.cpu_seconds += now - before
            before = now
            if state.next % SAVE_EVERY == 0:
                save(state)
        save(state)

    def _one(self, state: State) -> None:
        spec = make_spec(state.next, self.sizes[state.next % len(self.sizes)])
        plan = self.plan_of(spec.seed)
        try:
            state.tally += compare_text(spec.text, plan, spec.laws)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            path = self._keep(spec, plan, error)
            state.disagreements.append({"seed": spec.seed, "what": _first_line(error), "spec": str(path)})
            state.tally["specs"] += 1
            print(f"seed {spec.seed}: {_first_line(error)}\n  {path}", flush=True)
        state.next += 1

    def _keep(self, spec: GeneratedSpec, plan: Plan, error: Exception) -> Path:
        """Save a small spec that fails in the same way."""
        if isinstance(error, DisagreementError) and error.way in WAYS:
            plan = replace(plan, ways=(WAYS[error.way],), peers=())
        elif isinstance(error, DisagreementError) and error.way in plan.peers:
            plan = replace(plan, ways=(), peers=(error.way,))

        def fails(text: str) -> bool:
            try:
                compare_text(text, plan)
            except Wrong as other:
                return isinstance(error, Wrong) and [e.code for e in other.errors[:1]] == [
                    e.code for e in error.errors[:1]
                ]
            except Exception as other:  # noqa: BLE001 - compared with what is looked for
                return type(other) is type(error)
            return False

        text = smaller(spec.text, fails) if fails(spec.text) else spec.text
        header = f"# Seed {spec.seed}, size {spec.size}: {_first_line(error)}\n"
        path = self.folder / f"seed_{spec.seed}.cf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(header + text.rstrip() + "\n", encoding="utf-8")
        return path


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".split("\n", 1)[0][:300]


def _is_turn(rng: random.Random, every: int) -> bool:
    """One time in `every`; 0 is never."""
    return rng.random() * every < 1 if every else False


def _children_seconds() -> float:
    """Time of the other model checkers and their compilers."""
    times = os.times()
    return times.children_user + times.children_system
