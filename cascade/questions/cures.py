"""Masking faults and harmful cures: what would have made an outage milder had it happened as well, or had it been switched off.

Asked for the smallest fault sets of an outage, each with as many faults as its shortest run has, and of nothing but that:

- A fault *masks* them when the outage is milder if it strikes, too: once, as soon as it can after all of them have struck, before anything else happens.
- A reaction or an operator action *does harm* when the outage is milder if it is switched off: that command, of all members and in all instances.

Milder is: the outage cannot happen (`PREVENTS`); it surely ends by itself where it need not (`ENDS`); it lasts at most half as long (`SHORTENS`); or it does not
come back after it was over (`STAYS_OVER`). Each is a pair: a run with the outage, and that there is none, by exploration, in the changed system. In addition the
run is followed in the changed system as far as it goes (`follow`), so that a person sees the difference.
"""

import enum
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from cascade.checked.model import Class, FormulaKind, Outage, Strikes
from cascade.questions.classes import Classification, OutageClass, cause_ms
from cascade.questions.cone import faults_that_matter
from cascade.questions.cutsets import CutSet, CutSets
from cascade.questions.follow import Followed, follow
from cascade.questions.inquiry import Inquiry, Reply, Scope
from cascade.questions.longest import Longest, longest
from cascade.records import dataclass

SETS_MAX = 2
"""Fault sets of an outage that are asked about, the smallest first."""

CRASH = "crash"

ENDLESS = (OutageClass.BY_CHANCE, OutageClass.OPERATOR_ONLY, OutageClass.ABSORBING)
"""Classes of outages that need not end."""

FAULTS_MAX = 24
"""Further faults that are tried for each fault set."""


class Effect(enum.Enum):
    """How the outage is milder."""

    PREVENTS = "prevents"
    ENDS = "ends"
    SHORTENS = "shortens"
    STAYS_OVER = "stays over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What would make `outage` milder: `commands` strike as well (`is_fault`), or are switched off. `name` is what they are called together.

    `faults` are those that bring the outage, with at most `fault_count` firings: nothing is said of more. `reply` has the run with the outage, `without` is the
    question about the changed system whose answer is no.
    `followed` is that run in the changed system. `before` and `after` are how long the outage can last, where that is the difference; for a command that is
    switched off and prevents the outage, `after` is how long that can last which it reacts to. `is_endless`: with these faults the outage need not end.
    `by_itself`: operators are left out in `without`, as they could bring the outage, too.
    """

    outage: Outage
    effect: Effect
    is_fault: bool
    name: str
    commands: frozenset[int]
    faults: tuple[str, ...]
    fault_count: int
    reply: Reply
    without: Reply
    followed: Followed | None
    before: Longest | None = None
    after: Longest | None = None
    is_endless: bool = False
    by_itself: bool = False

    @property
    def is_crash(self) -> bool:
        """Whether the fault that strikes as well is a complete failure."""
        return any(c.kind == CRASH for c in self.without.model.commands if c.name == self.name)

    @property
    def is_operator_action(self) -> bool:
        """Whether it is people who do it; else it is automation, or a fault."""
        classes = {c.command_class.value for c in self.reply.model.commands if c.name in self.names}
        return classes == {"operator"}

    @property
    def names(self) -> frozenset[str]:
        """Names of the commands in the model of the run with the outage."""
        pattern = re.compile(r"\[\d+\]")
        bare = pattern.sub("", self.name)
        return frozenset(c.name for c in self.reply.model.commands if pattern.sub("", c.name) == bare)


def changes(
    inquiry: Inquiry, outage: Outage, sets: CutSets, classification: Classification, others: tuple[Outage, ...]
) -> tuple[Change, ...]:
    """What makes `outage` milder, faults first. A fault that brings one of `others`, which would not have happened, is no cure."""
    found: list[Change] = []
    smallest = min((len(s.commands) for s in sets.sets), default=0)
    for fault_set in [s for s in sets.sets if len(s.commands) == smallest and s.reply.run is not None][:SETS_MAX]:
        asker = _Asker(inquiry, outage, fault_set, classification, others)
        for change in asker.all():
            if not any(change.name == c.name and change.effect is c.effect for c in found):
                found.append(change)
    return tuple(found)


class _Asker:
    def __init__(
        self,
        inquiry: Inquiry,
        outage: Outage,
        fault_set: CutSet,
        classification: Classification,
        others: tuple[Outage, ...],
    ) -> None:
        assert fault_set.reply.run is not None, "a fault set has a run"
        self._inquiry = inquiry
        self._outage = outage
        self._faults = fault_set.commands
        self._reply = fault_set.reply
        self._classification = classification
        self._others = others
        self._scope = Scope(faults=fault_set.commands, fault_count_max=fault_set.reply.run.fault_count)

    def all(self) -> Iterator[Change]:
        """All changes, faults first."""
        if self._faults:
            yield from self._masking_faults()
        preventing: set[frozenset[int]] = set()
        for commands in self._declarations(self._reply):
            change = self._switched_off(commands)
            if change is not None:
                preventing.add(commands)
                yield change
        yield from self._prolonging(preventing)
        yield from self._relapses(preventing)

    def _change(self, effect: Effect, commands: frozenset[int], without: Reply, **more: object) -> Change:
        is_fault = commands <= self._inquiry.faults
        reply = self._reply
        given = more.pop("reply", None)
        if isinstance(given, Reply):
            reply = given
        before, after, by_itself = (more.get(name) for name in ("before", "after", "by_itself"))
        return Change(
            outage=self._outage,
            effect=effect,
            is_fault=is_fault,
            name=_name(self._inquiry.names(commands)),
            commands=commands,
            faults=self._inquiry.names(self._faults),
            fault_count=self._scope.fault_count_max or 0,
            reply=reply,
            without=without,
            followed=follow(self._inquiry, reply, without, self._outage),
            before=before if isinstance(before, Longest) else None,
            after=after if isinstance(after, Longest) else None,
            is_endless=self._is_endless,
            by_itself=by_itself is True,
        )

    # --- the outage as it is, with these faults ---

    @cached_property
    def _absent(self) -> frozenset[int]:
        """Operators that do not act in questions about what happens by itself."""
        return frozenset() if self._classification.is_by_operators else self._inquiry.operators

    @cached_property
    def _staying(self) -> Reply | None:
        """The question whether it need not end, if that is so of all faults."""
        if self._classification.outage_class not in ENDLESS:
            return None
        alone = replace(self._scope, without=self._absent, stopped=self._inquiry.faults)
        return self._inquiry.ask_staying(self._outage, alone)

    @property
    def _is_endless(self) -> bool:
        """Whether it surely need not end."""
        return self._staying is not None and self._staying.run is not None

    @cached_property
    def _before(self) -> Longest | None:
        """How long it can last; None if that is not known, or for ever. The classification speaks of all faults."""
        known = self._classification.longest
        if self._classification.outage_class not in (OutageClass.LATE, OutageClass.TRANSIENT) or known is None:
            return None
        names = set(self._inquiry.names(self._faults))
        if known.reply is not None and set(known.reply.fired()) <= names:
            return known
        alone = replace(self._scope, without=self._absent)
        return longest(self._inquiry, self._outage.condition, self._outage.name, alone)

    @cached_property
    def _is_late(self) -> bool:
        """Whether it always ends, but can outlast these faults; the classification may speak of others, which do not end by themselves."""
        match self._classification.outage_class:
            case OutageClass.LATE:
                return True
            case OutageClass.TRANSIENT if self._classification.objective_ms is None:
                bound_ms = cause_ms(self._inquiry, self._inquiry.names(self._faults))
                before = None if bound_ms is None else self._before
                return before is not None and before.exceeds_ms is not None and before.exceeds_ms >= (bound_ms or 0)
            case _:
                return False

    # --- one more fault ---

    def _masking_faults(self) -> Iterator[Change]:
        commands = self._inquiry.system.commands
        near = {commands[f].component for f in self._faults}
        candidates = [
            f for f in faults_that_matter(self._inquiry, self._outage) - self._faults if commands[f].timing is None
        ]
        candidates.sort(key=lambda f: (commands[f].component not in near, f))
        for fault in candidates[:FAULTS_MAX]:
            if self._inquiry.is_late:
                return
            strikes = Strikes(forced=fault, forced_after=self._faults)
            scope = replace(self._scope, faults=self._faults | {fault}, strikes=strikes)
            milder = self._milder(Effect.PREVENTS, self._inquiry.ask_never(self._outage, scope), scope)
            if milder is not None and not self._brings_another(scope):
                effect, without, before, after = milder
                yield self._change(effect, frozenset({fault}), without, before=before, after=after)

    def _brings_another(self, scope: Scope) -> bool:
        """Whether it brings an outage that would not have happened."""
        for other in self._others:
            if other is self._outage or self._inquiry.ask_never(other, scope).is_no:
                continue
            if self._inquiry.ask_never(other, self._scope).run is None:
                return True
        return False

    # --- one command less ---

    def _declarations(self, *replies: Reply | None) -> list[frozenset[int]]:
        """The reactions and operator actions of these runs, each with all commands that were declared with it."""
        commands = self._inquiry.system.commands
        fired = {
            name for r in replies if r is not None for c in (Class.REACTION, Class.OPERATOR) for name in r.fired(c)
        }
        found: dict[frozenset[int], None] = {}
        for command in commands:
            if command.name in fired:
                alike = _without_indices(command.component)
                found[
                    frozenset(
                        i
                        for i, c in enumerate(commands)
                        if c.span == command.span and _without_indices(c.component) == alike
                    )
                ] = None
        return list(found)

    def _switched_off(self, commands: frozenset[int]) -> Change | None:
        """The outage cannot happen without `commands`."""
        scope = replace(self._scope, without=commands)
        without = self._inquiry.ask_never(self._outage, scope)
        if not without.is_no:
            return None
        alone = replace(scope, without=scope.without | self._absent)
        return self._change(
            Effect.PREVENTS, commands, without, before=self._before, after=self._reacted_to(commands, alone)
        )

    def _reacted_to(self, commands: frozenset[int], scope: Scope) -> Longest | None:
        """How long what `commands` react to can last in `scope`; None if for ever."""
        inquiry = self._inquiry
        if not inquiry.is_timed:
            return None
        builder = inquiry.system.builder
        guard = builder.or_(*(inquiry.system.commands[i].guard for i in sorted(commands)))
        name = f"what {_name(inquiry.names(commands))} reacts to"
        ends = inquiry.ask(FormulaKind.LEADS_TO, (guard, builder.not_(guard)), f"{name} leads to its end", scope)
        return longest(inquiry, guard, name, scope) if ends.is_no else None

    def _prolonging(self, known: set[frozenset[int]]) -> Iterator[Change]:
        """Commands without which an outage that does not end, or ends late, does better."""
        classification = self._classification
        is_grave = self._is_late or classification.outage_class in ENDLESS
        if not is_grave or classification.is_by_operators:
            return
        lasting = None if self._before is None else self._before.reply
        for commands in self._declarations(*classification.evidence, self._staying, lasting):
            if commands in known or commands <= self._inquiry.operators:
                continue
            scope = replace(self._scope, without=commands)
            milder = self._milder(None, None, scope)
            if milder is not None and milder[0] is Effect.ENDS:
                alone = replace(scope, without=commands | self._absent)
                never = self._inquiry.ask_never(self._outage, alone)
                if never.is_no:  # it does not end without them, it does not begin
                    after = self._reacted_to(commands, alone)
                    yield self._change(
                        Effect.PREVENTS, commands, never, reply=self._staying, after=after, by_itself=True
                    )
                    continue
            if milder is not None:
                effect, without, before, after = milder
                shown = lasting if effect is Effect.SHORTENS else self._staying
                yield self._change(effect, commands, without, reply=shown, before=before, after=after)

    def _milder(
        self, effect: Effect | None, never: Reply | None, scope: Scope
    ) -> tuple[Effect, Reply, Longest | None, Longest | None] | None:
        """How the outage is milder in `scope` than by its classification, which is without operators."""
        if effect is not None and never is not None and never.is_no:
            return effect, never, self._before, None
        inquiry, classification = self._inquiry, self._classification
        if classification.is_by_operators:
            return None
        alone = replace(scope, without=scope.without | inquiry.operators)
        match classification.outage_class:
            case OutageClass.BY_CHANCE | OutageClass.OPERATOR_ONLY | OutageClass.ABSORBING:
                if not self._is_endless:
                    return None  # these faults are not those that make it last
                staying = inquiry.ask_staying(self._outage, replace(alone, stopped=inquiry.faults))
                return (Effect.ENDS, staying, None, None) if staying.is_no else None
            case _ if self._is_late and self._before is not None and self._before.exceeds_ms:
                before = self._before
                assert before.exceeds_ms is not None, "checked above"
                tick_ms = inquiry.system.tick_ms
                half_ms = (before.exceeds_ms + tick_ms) // 2 // tick_ms * tick_ms
                longest_ticks = inquiry.longest_ticks(self._outage.condition, alone)
                if longest_ticks is not None and longest_ticks * tick_ms > half_ms:
                    return None
                shorter = self._inquiry.ask_condition_lasting(self._outage.condition, self._outage.name, half_ms, alone)
                if not shorter.is_no:
                    return None
                after = longest(self._inquiry, self._outage.condition, self._outage.name, alone)
                return Effect.SHORTENS, shorter, before, after
            case _:
                return None

    # --- it comes back ---

    def _relapses(self, known: set[frozenset[int]]) -> Iterator[Change]:
        relapse = self._inquiry.ask_relapse(self._outage, self._scope)
        if relapse.run is None:
            return
        last = next((relapse.model.commands[s].name for s in reversed(relapse.run.steps) if s >= 0), "")
        for commands in self._declarations(relapse):
            if commands in known or last not in self._inquiry.names(commands):
                continue
            without = self._inquiry.ask_relapse(self._outage, replace(self._scope, without=commands))
            # What the outage cannot end without is no cause of its coming back.
            if without.is_no and self._inquiry.ask_return(self._outage, replace(self._scope, without=commands)).run:
                yield self._change(Effect.STAYS_OVER, commands, without, reply=relapse)


def _without_indices(component: str) -> str:
    return re.sub(r"\[\d+\]", "", component)


def _name(names: tuple[str, ...]) -> str:
    """What commands are called together: the name of one without the indices in which they differ."""
    return names[0] if len(names) == 1 else _without_indices(names[0])
