"""What becomes of an outage: does it end by itself, late, only by hand, or never? With the questions that decide it.

All questions are asked for the faults and the number of faults given (the fewest that reach the outage), and once these stop. Without operators the outage
always ends: *transient*, or *late* where it can outlast what caused it. It need not end, but from each of its states it can: *by chance*. It can be
trapped, but some operator actions open a way out of every state: *operator-only*. No set of them does: *absorbing*.
"""

import enum
import itertools
from dataclasses import replace

from cascade.checked.model import Class, Outage
from cascade.core.queries import Lasso
from cascade.questions.inquiry import Inquiry, Reply, Scope
from cascade.questions.longest import Longest, holding, longest, outage_condition
from cascade.questions.sustain import Sustained, sustained
from cascade.records import dataclass

ESCAPES_ASKED_MAX = 64
"""Sets of operator actions that are tried, smallest first."""


class OutageClass(enum.Enum):
    """Classes, from the mildest; the text is what a report says."""

    UNREACHABLE = "unreachable"
    TRANSIENT = "transient"
    LATE = "late"
    BY_CHANCE = "by chance"
    OPERATOR_ONLY = "operator-only"
    ABSORBING = "absorbing"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """The class of `outage` with at most `fault_count` of `faults` (None: of all), and its evidence.

    `evidence` are the replies that decide the class, the decisive one last. `longest` is without operators, `longest_acting` if those of `escape` (or all of
    them) act as soon as they are owed, and `acting` asks whether it can go on even then; if so `all_acting` asks that of all operator actions, else `spoilt` whether it
    can be longer if others act as they like; `quickest_ms` is the shortest that it can be. `cause_ms` is how long the faults of the
    longest run last by themselves, None if one of them does not end by itself. `escape` is a smallest set of operator actions that opens a way out
    of every state of the outage, () where none is needed or none is found; `trapping` says that with all operator actions there is none. `is_by_operators`:
    without operators the outage does not happen, so that all questions are asked with them. `unrepaired` are faults of the decisive run that no command
    undoes: with those an absorbing outage is no surprise. `objective_ms` is what it was compared with to call it late, None for its cause. `sustained` is what keeps
    it up where it need not end. `recurring` is the question whether it comes back for ever, `more_faults` whether with any number of faults it can stay; both
    are asked where with the fewest it always ends.
    """

    outage: Outage
    outage_class: OutageClass
    fault_count: int
    evidence: tuple[Reply, ...]
    longest: Longest | None = None
    longest_acting: Longest | None = None
    acting: Reply | None = None
    all_acting: Reply | None = None
    spoilt: Reply | None = None
    quickest_ms: int | None = None
    cause_ms: int | None = None
    escape: tuple[str, ...] = ()
    trapping: bool = False
    is_by_operators: bool = False
    unrepaired: tuple[str, ...] = ()
    objective_ms: int | None = None
    sustained: Sustained | None = None
    recurring: Reply | None = None
    more_faults: Reply | None = None

    @property
    def spoilers(self) -> tuple[str, ...]:
        """Operator actions that make it longer although those of `escape` act."""
        fired = () if self.spoilt is None else self.spoilt.fired(Class.OPERATOR)
        return tuple(name for name in fired if name not in self.escape)

    @property
    def trigger(self) -> tuple[str, ...]:
        """The faults of the shortest run into the outage, and the command with which it begins."""
        reached = self.evidence[0]
        if reached.run is None:
            return ()
        last = next((reached.model.commands[s].name for s in reversed(reached.run.steps) if s >= 0), None)
        return tuple(dict.fromkeys((*reached.fired(), *(() if last is None else (last,)))))


def classify(
    inquiry: Inquiry,
    outage: Outage,
    *,
    faults: frozenset[int] | None = None,
    fault_count: int | None = None,
    objective_ms: int | None = None,
) -> Classification:
    """The class of `outage`. Without `fault_count` the fewest faults that reach it; `late` means longer than `objective_ms`, or than the cause."""
    return _Classifier(inquiry, outage, faults, objective_ms).run(fault_count)


def final(outage: Outage, reply: Reply) -> Classification:
    """The class where nothing but faults changes what the outage reads: once faults stop, it stays as it is."""
    assert reply.run is not None, "only what is reached has a class"
    return Classification(
        outage=outage,
        outage_class=OutageClass.ABSORBING,
        fault_count=reply.run.fault_count,
        evidence=(reply,),
        unrepaired=reply.fired(),
    )


def cause_ms(inquiry: Inquiry, faults: tuple[str, ...]) -> int | None:
    """How long the longest of these faults lasts; None if one does not end by itself, or there is none."""
    ends: dict[str, int] = {}
    for command in inquiry.system.commands:
        if command.undoes and command.command_class is Class.REPAIR and command.timing is not None:
            ends[command.undoes] = max(command.timing.earliest_ms, command.timing.latest_ms or 0)
    if not faults or any(fault not in ends for fault in faults):
        return None
    return max(ends[fault] for fault in faults)


class _Classifier:
    def __init__(
        self, inquiry: Inquiry, outage: Outage, faults: frozenset[int] | None, objective_ms: int | None
    ) -> None:
        self._inquiry = inquiry
        self._outage = outage
        self._faults = faults
        self._objective_ms = objective_ms
        self._count = 0
        self._evidence: list[Reply] = []
        self._recurring: Reply | None = None
        self._more_faults: Reply | None = None
        # Operators that do not act in the questions about what happens by itself.
        self._absent = inquiry.operators

    def run(self, fault_count: int | None) -> Classification:
        reached = self._inquiry.ask_never(self._outage, Scope(faults=self._faults))
        self._evidence.append(reached)
        if reached.run is None:
            return self._of(OutageClass.UNREACHABLE if reached.is_no else OutageClass.UNDETERMINED)
        self._count = reached.run.fault_count if fault_count is None else fault_count
        if self._needs_operators():
            self._absent = frozenset()
        staying = self._inquiry.ask_staying(self._outage, self._scope(without=self._absent, stops=True))
        self._evidence.append(staying)
        if staying.is_no:
            again = replace(
                self._scope(without=self._absent, stops=True), state_count_max=self._inquiry.nice_states_max
            )
            # What events or operators bring back comes from outside, like what faults bring back.
            by_itself = replace(again, stopped=again.stopped | self._inquiry.events | self._inquiry.operators)
            self._recurring = self._inquiry.ask_recurring(self._outage, by_itself)
            if fault_count is None:
                self._more_faults = self._inquiry.ask_staying(self._outage, replace(again, fault_count_max=None))
            return self._transient()
        trapped = self._inquiry.ask_trapped(self._outage, self._scope(without=self._absent, stops=True))
        self._evidence.append(trapped)
        if trapped.run is not None:
            return self._trapped() if self._absent else self._of(OutageClass.ABSORBING)
        if trapped.is_known and staying.run is not None:
            self._evidence = [reached, trapped, staying]  # the run that stays is what shows it
            return self._of(OutageClass.BY_CHANCE)
        return self._of(OutageClass.UNDETERMINED)

    def _needs_operators(self) -> bool:
        """Whether it is operators who bring the outage about."""
        if not self._absent:
            return False
        return self._inquiry.ask_never(self._outage, self._scope(without=self._absent)).is_no

    def _scope(
        self,
        *,
        without: frozenset[int] = frozenset(),
        acting: frozenset[int] = frozenset(),
        stops: bool = False,
    ) -> Scope:
        faults = self._inquiry.faults if stops else frozenset[int]()
        return Scope(faults=self._faults, fault_count_max=self._count, without=without, acting=acting, stopped=faults)

    def _of(
        self,
        outage_class: OutageClass,
        *,
        longest: Longest | None = None,
        longest_acting: Longest | None = None,
        acting: Reply | None = None,
        all_acting: Reply | None = None,
        spoilt: Reply | None = None,
        quickest_ms: int | None = None,
        cause_ms: int | None = None,
        escape: tuple[str, ...] = (),
        trapping: bool = False,
    ) -> Classification:
        return Classification(
            outage=self._outage,
            outage_class=outage_class,
            fault_count=self._count,
            evidence=tuple(self._evidence),
            longest=longest,
            longest_acting=longest_acting,
            acting=acting,
            all_acting=all_acting,
            spoilt=spoilt,
            quickest_ms=quickest_ms,
            cause_ms=cause_ms,
            escape=escape,
            trapping=trapping,
            is_by_operators=self._absent != self._inquiry.operators,
            unrepaired=self._unrepaired(),
            objective_ms=self._objective_ms,
            sustained=self._sustained(escape),
            recurring=self._recurring,
            more_faults=self._more_faults,
        )

    def _sustained(self, escape: tuple[str, ...]) -> Sustained | None:
        """What keeps the outage up in the run in which it stays."""
        staying = next((r for r in self._evidence if isinstance(r.query, Lasso) and r.run is not None), None)
        if staying is None:
            return None
        system = self._inquiry.system
        written = {u.variable for c in system.commands if c.name in escape for u in c.updates}
        return sustained(staying, self._outage, frozenset(system.variables[v].name for v in written))

    def _unrepaired(self) -> tuple[str, ...]:
        """Faults of the decisive run that change a variable which nothing but faults changes."""
        commands = self._inquiry.system.commands
        written = {u.variable for c in commands if c.command_class is not Class.FAULT for u in c.updates}
        fired = set(self._evidence[-1].fired())
        lasting = [c.name for c in commands if c.name in fired and any(u.variable not in written for u in c.updates)]
        return tuple(lasting)

    # --- it always ends ---

    def _transient(self) -> Classification:
        if not self._inquiry.is_timed:
            return self._of(OutageClass.TRANSIENT)
        quickest_ms, longest = self._longest(self._scope(without=self._absent))
        run = self._evidence[0] if longest.reply is None else longest.reply
        known_ms = cause_ms(self._inquiry, run.fired())
        bound_ms = known_ms if self._objective_ms is None else self._objective_ms
        is_late = bound_ms is not None and longest.exceeds_ms is not None and longest.exceeds_ms >= bound_ms
        is_in_time = bound_ms is None or (longest.at_most_ms is not None and longest.at_most_ms <= bound_ms)
        outage_class = OutageClass.UNDETERMINED
        if is_late or is_in_time:
            outage_class = OutageClass.LATE if is_late else OutageClass.TRANSIENT
        return self._of(
            outage_class,
            longest=longest,
            longest_acting=self._longest_acting(self._absent)[2] if is_late and self._absent else None,
            quickest_ms=quickest_ms,
            cause_ms=known_ms,
        )

    # --- it need not end ---

    def _trapped(self) -> Classification:
        operators = self._inquiry.operators
        outage, inquiry = self._outage, self._inquiry
        if not operators:
            return self._of(OutageClass.ABSORBING)
        by_hand = inquiry.ask_trapped(outage, self._scope(stops=True))
        trapping = by_hand.run is not None
        escape = self._escape()
        if escape is None:
            self._evidence.append(by_hand)
            if trapping:
                return self._of(OutageClass.ABSORBING, trapping=True)
            known = OutageClass.OPERATOR_ONLY if by_hand.is_no else OutageClass.UNDETERMINED
            return self._of(known)
        acting, quickest_ms, longest_acting = self._longest_acting(escape)
        all_acting = spoilt = None
        if escape != operators and acting.run is not None:
            all_acting = inquiry.ask_staying(outage, self._scope(acting=operators, stops=True))
        elif escape != operators and acting.is_no:
            spoilt = self._spoilt(escape, longest_acting)
        return self._of(
            OutageClass.OPERATOR_ONLY,
            longest_acting=longest_acting,
            acting=acting,
            all_acting=all_acting,
            spoilt=spoilt,
            quickest_ms=quickest_ms,
            escape=inquiry.names(escape),
            trapping=trapping,
        )

    def _escape(self) -> frozenset[int] | None:
        """A smallest set of operator actions with which, and no others, every state of the outage can be left."""
        operators = sorted(self._inquiry.operators)
        asked = 0
        for size in range(1, len(operators) + 1):
            for chosen in itertools.combinations(operators, size):
                asked += 1
                if asked > ESCAPES_ASKED_MAX or self._inquiry.is_late:
                    return None
                others = self._inquiry.operators - frozenset(chosen)
                scope = self._scope(without=others, stops=True)
                if self._inquiry.is_trap(self._outage, scope):
                    continue
                if self._inquiry.ask_trapped(self._outage, scope).is_no:
                    return frozenset(chosen)
        return None

    def _spoilt(self, escape: frozenset[int], longest_acting: Longest | None) -> Reply | None:
        """Whether other operator actions can make it longer than it can be if those of `escape` act, and no others."""
        if longest_acting is None:
            return self._inquiry.ask_staying(self._outage, self._scope(acting=escape, stops=True))
        if longest_acting.at_most_ms is None:
            return None
        return self._inquiry.ask_condition_lasting(
            self._outage.condition, self._outage.name, longest_acting.at_most_ms, self._scope(acting=escape)
        )

    # --- time ---

    def _longest_acting(self, acting: frozenset[int]) -> tuple[Reply, int | None, Longest | None]:
        """Whether the outage can go on for ever even if `acting` do what they can as soon as they are owed it; and the same as `_longest`, if there is time."""
        others = self._inquiry.operators - acting
        staying = self._inquiry.ask_staying(self._outage, self._scope(without=others, acting=acting, stops=True))
        if not self._inquiry.is_timed:
            return staying, None, None
        scope = self._scope(without=others, acting=acting)
        if staying.is_no:
            return (staying, *self._longest(scope))
        returned = self._inquiry.ask_return(self._outage, scope)
        return staying, (None if returned.run is None else self._ticks_down(returned) * self._tick_ms), None

    def _longest(self, scope: Scope) -> tuple[int | None, Longest]:
        """How long the outage is in the shortest run that comes back from it, and how long it can be."""
        inquiry, condition, name = self._inquiry, self._outage.condition, self._outage.name
        quickest, exact = inquiry.quickest_ticks(condition, scope), inquiry.longest_ticks(condition, scope)
        if quickest is None or exact is None or quickest == exact:
            # A run that comes back shows how long it can be as well.
            returned = inquiry.ask_return(self._outage, scope)
            down = None if returned.run is None else self._ticks_down(returned)
            quickest = down if quickest is None else quickest
            found = longest(inquiry, condition, name, scope, known=(down, returned))
        else:
            found = longest(inquiry, condition, name, scope)
        return (None if quickest is None else quickest * self._tick_ms), found

    @property
    def _tick_ms(self) -> int:
        return self._inquiry.system.tick_ms

    def _ticks_down(self, returned: Reply) -> int:
        """How long the outage is in a run that ends where it does."""
        assert returned.run is not None, "asked about runs only"
        began = holding(returned, outage_condition(returned, self._outage)).index(True)
        return returned.run.times_ticks[-1] - returned.run.times_ticks[began]
