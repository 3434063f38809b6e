"""What of a spec ever happens: commands that fire, guards that matter, groups that degrade, checks that a fault can influence.

One exploration of the whole system, with every fault and every operator action, answers all of it: what no run of it does, no check of the spec can see either,
since clauses only take runs away. All but those that let a link be cut: there is one exploration more for each set of links that some check cuts. What a limit left
open is *not examined*, never called impossible. Whether faults can influence a check is read off the spec: by the variables that its formula rests on, directly or
through commands.
"""

import enum
from typing import TYPE_CHECKING

from cascade.checked.model import Class, Command
from cascade.diagnostics.diagnostic import Diagnostic, Label
from cascade.limits import StopReason
from cascade.questions.cone import influencing
from cascade.questions.inquiry import Inquiry
from cascade.records import dataclass
from cascade.source import Span

if TYPE_CHECKING:
    from cascade.engines.explicit.survey import Surveyed

NAMES_SHOWN_MAX = 3


class Subject(enum.Enum):
    """What is covered or not; the text is what the table says."""

    FAULT = "faults that strike"
    REPAIR = "repairs that happen"
    REACTION = "reactions that fire"
    OPERATOR = "operator actions that are taken"
    EVENT = "events that happen"
    GUARD = "guards that turn false"
    GROUP = "groups that degrade"
    CHECK = "checks that a fault can influence"


class Cover(enum.Enum):
    """What is known. OFF: a constant of this configuration rules it out, such as a param that is false."""

    COVERED = "covered"
    NEVER = "never"
    OFF = "switched off"
    UNKNOWN = "not examined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One declaration: `names` are all that it became (members of a group, instances of a loop). `undoes` are the commands that these end (`lasts`)."""

    subject: Subject
    cover: Cover
    names: tuple[str, ...]
    span: Span
    undoes: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """What a message calls it."""
        shown = [f"`{name}`" for name in self.names[:NAMES_SHOWN_MAX]]
        more = len(self.names) - len(shown)
        return ", ".join(shown) + (f" and {more} more" if more else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """All items in the order of the spec. `reason` is why the exploration stopped early, None if it did not."""

    items: tuple[Item, ...]
    reason: StopReason | None
    state_count: int

    def of(self, subject: Subject) -> tuple[Item, ...]:
        """The items of one row of the table."""
        return tuple(item for item in self.items if item.subject is subject)


def coverage(inquiry: Inquiry) -> Coverage:
    """What of the system ever happens."""
    return _Coverage(inquiry).run()


_NOTHING = frozenset[str]()


class _Seen:
    """What several surveys saw together; `reason` is why one of them did not see all."""

    def __init__(self) -> None:
        self.fired: frozenset[int] = frozenset()
        self.false: frozenset[int] = frozenset()
        self.reason: StopReason | None = None
        self.state_count = 0

    def add(self, more: "Surveyed") -> None:
        self.fired |= more.fired
        self.false |= more.false
        self.reason = self.reason or more.reason
        self.state_count += more.statistics.state_count


class _Coverage:
    def __init__(self, inquiry: Inquiry) -> None:
        self._inquiry = inquiry
        self._system = inquiry.system
        self._builder = inquiry.system.builder
        faults = (i for i, c in enumerate(self._system.commands) if c.command_class is Class.FAULT)
        self._faults = frozenset(faults)

    def run(self) -> Coverage:
        declared = self._declarations()
        groups = self._system.groups
        names = [frozenset(c.name for c in commands) for commands in declared]
        members = [frozenset(f"{member}.serving" for member in group.members) for group in groups]
        surveyed = self._survey(names, members)
        is_all = surveyed.reason is None
        items = [self._command(commands, i in surveyed.fired, is_all) for i, commands in enumerate(declared)]
        for i, commands in enumerate(declared):
            guarded = [c for c in commands if self._builder.value(c.guard) is None and not c.undoes]
            if guarded:
                items.append(_item(Subject.GUARD, _cover(i in surveyed.false, is_all), guarded))
        for i, group in enumerate(groups, start=len(declared)):
            cover = _cover(i in surveyed.false, is_all)
            items.append(Item(subject=Subject.GROUP, cover=cover, names=(group.name,), span=group.span))
        items.extend(self._checks())
        return Coverage(items=tuple(items), reason=surveyed.reason, state_count=surveyed.state_count)

    def _survey(self, names: list[frozenset[str]], members: list[frozenset[str]]) -> "_Seen":
        seen = _Seen()
        seen.add(self._inquiry.survey(names, members))
        for check in self._cutting():
            unseen = [set_ if i not in seen.fired or i not in seen.false else _NOTHING for i, set_ in enumerate(names)]
            left = [set_ if i not in seen.false else _NOTHING for i, set_ in enumerate(members, start=len(names))]
            if any((*unseen, *left)):
                seen.add(self._inquiry.survey(unseen, left, check))
        return seen

    def _cutting(self) -> list[str]:
        """Checks that let links be cut, one for each set of them."""
        found: dict[frozenset[int], str] = {}
        for check in self._system.checks:
            known = enumerate(self._system.commands)
            commands = frozenset(i for i, c in known if c.exists_in(check.name) and c.cut_checks is not None)
            if commands and not check.fixes:
                found.setdefault(commands, check.name)
        return list(found.values())

    def _declarations(self) -> list[list[Command]]:
        """Commands by what declares them; the end of a fault that `lasts` stands at the same place, and is another thing."""
        found: dict[tuple[Span, Class], list[Command]] = {}
        for command in self._system.commands:
            if command.cut_checks is None:
                found.setdefault((command.span, command.command_class), []).append(command)
        return list(found.values())

    def _command(self, commands: list[Command], is_seen: bool, is_all: bool) -> Item:
        """A declaration of which any instance fires is covered."""
        is_off = all(c.guard == self._builder.false for c in commands)
        return _item(
            Subject[commands[0].command_class.name], Cover.OFF if is_off else _cover(is_seen, is_all), commands
        )

    def _checks(self) -> list[Item]:
        """Checks that let a fault strike at all."""
        items: list[Item] = []
        for check in self._system.checks:
            if check.fixes:
                continue  # it is about another model
            allowed = self._faults - check.excluded
            if check.budgets:
                allowed &= frozenset[int]().union(*(b.commands for b in check.budgets if b.count))
            if not allowed:
                continue
            is_influenced = bool(influencing(self._inquiry, check.formula.conditions) & allowed)
            cover = Cover.COVERED if is_influenced else Cover.NEVER
            items.append(Item(subject=Subject.CHECK, cover=cover, names=(check.name,), span=check.span))
        return items


def _item(subject: Subject, cover: Cover, commands: list[Command]) -> Item:
    names, undoes = tuple(c.name for c in commands), frozenset(c.undoes for c in commands if c.undoes)
    return Item(subject=subject, cover=cover, names=names, span=commands[0].span, undoes=undoes)


def _cover(is_seen: bool, is_all: bool) -> Cover:
    if is_seen:
        return Cover.COVERED
    return Cover.NEVER if is_all else Cover.UNKNOWN


_SAID = {
    Subject.GUARD: ("CF614", "the guard of {} never turns false", "drop the guard, or let what it waits for happen"),
    Subject.GROUP: (
        "CF615",
        "no member of {} ever fails to serve",
        "declare how its members fail; as it is, redundancy is not needed",
    ),
    Subject.CHECK: (
        "CF616",
        "no fault can influence check {}",
        "look at what it names: it holds or fails whatever strikes",
    ),
}
_FIRING = (Subject.FAULT, Subject.REPAIR, Subject.REACTION, Subject.OPERATOR, Subject.EVENT)
_NEVER_FIRES = (
    "CF613",
    "{} never fires",
    "look at its guard: nothing that the spec declares makes it true for long enough",
)
_NEVER_FIRE = ("CF613", "{} never fire", _NEVER_FIRES[2])


def vacuous(coverage: Coverage) -> tuple[Diagnostic, ...]:
    """What never happens, as notices. That what never begins never ends goes without saying."""
    found: list[Diagnostic] = []
    rows = (item for subject in _FIRING for item in coverage.of(subject) if item.cover is Cover.NEVER)
    never = {name for item in rows for name in item.names}
    for item in coverage.items:
        if item.cover is not Cover.NEVER or (item.undoes and item.undoes <= never):
            continue
        code, message, help_text = _SAID.get(item.subject, _NEVER_FIRES if len(item.names) == 1 else _NEVER_FIRE)
        found.append(
            Diagnostic(
                code=code,
                message=message.format(item.name),
                primary=Label(span=item.span),
                help=help_text,
                note="" if item.subject is Subject.CHECK else "in all runs, with every fault and every operator action",
            )
        )
    return tuple(sorted(found, key=lambda d: d.code))
