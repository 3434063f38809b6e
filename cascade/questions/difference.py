"""What a change of a spec adds to, and takes from, the minimal fault sets of an outage: which *paths* to it are new.

A path is a minimal fault set. It is new if nothing in it sufficed before: neither it nor a part of it. Faults are told by their names, so a path through
a component that was renamed is new. What a limit left open on either side is never taken for unchanged.
"""

from cascade.checked.model import Outage, System
from cascade.diagnostics.diagnostic import Diagnostic, Label
from cascade.questions.cutsets import CutSet, CutSets
from cascade.questions.inquiry import Reply
from cascade.questions.patterns import patterns
from cascade.records import dataclass
from cascade.source import Span

Names = frozenset[str]

NAMES_SHOWN_MAX = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPath:
    """Paths that are told in one line: `parts` are its text, `names` the faults of the first, `size` how many there are in each.

    `before` are the smallest sets that it took before, of which these are a part; `fresh` faults that were not there.
    """

    parts: tuple[str, ...]
    names: tuple[str, ...]
    faults: tuple[str, ...]
    size: int
    reply: Reply
    before: tuple[Names, ...]
    fresh: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What became of the paths to `outage`. `gone` sufficed before and no longer do.

    `open` are the faults of paths that may or may not be new, since a limit was reached; `is_complete`: none of at most `size` faults was missed.
    """

    outage: Outage
    size: int
    new: tuple[NewPath, ...]
    gone: tuple[Names, ...]
    open: tuple[Names, ...]
    is_complete: bool

    @property
    def is_known(self) -> bool:
        """Whether it is known which paths of at most `size` faults are new."""
        return self.is_complete and not any(len(names) <= self.size for names in self.open)


def compare(system: System, before: CutSets, after: CutSets, size: int) -> Difference:
    """The difference between the fault sets of one outage; `system` is that of `after`, and paths of up to `size` faults must be known."""
    known = [frozenset(found.names) for found in before.sets]
    fresh_sets = [found for found in after.sets if not any(names <= frozenset(found.names) for names in known)]
    sure = [found for found in fresh_sets if _was_decided(before, frozenset(found.names))]
    unsure = [frozenset(found.names) for found in fresh_sets if found not in sure]
    now = [frozenset(found.names) for found in after.sets]
    unsure += [
        names
        for names in map(frozenset, after.undecided)
        if not any(old <= names for old in known) and not any(found <= names for found in now)
    ]
    gone = [names for names in known if not any(found <= names for found in now) and _was_decided(after, names)]
    return Difference(
        outage=after.outage,
        size=size,
        new=tuple(_new_paths(system, sure, before, known)),
        gone=tuple(gone),
        open=tuple(unsure),
        is_complete=_is_complete(after, size),
    )


def _was_decided(sets: CutSets, names: Names) -> bool:
    """Whether it is known of `names`, which is no superset of a known set, that it does not suffice."""
    if any(frozenset(left) <= names for left in sets.undecided):
        return False
    # Faults that were not there cannot have taken part.
    there = names & frozenset(sets.faults)
    return sets.is_all or len(there) <= sets.complete_to


def _is_complete(sets: CutSets, size: int) -> bool:
    """Whether every set of up to `size` is known."""
    return not sets.is_interrupted and (sets.is_all or sets.complete_to >= size)


def _new_paths(system: System, sets: list[CutSet], before: CutSets, known: list[Names]) -> list[NewPath]:
    paths: list[NewPath] = []
    for pattern in patterns(system, sets):
        first = pattern.sets[0]
        names = frozenset(first.names)
        faults = dict.fromkeys(name for found in pattern.sets for name in found.names)
        paths.append(
            NewPath(
                parts=pattern.parts,
                names=first.names,
                faults=tuple(faults),
                size=len(first.names),
                reply=first.reply,
                before=tuple(sorted((old for old in known if names < old), key=lambda old: (len(old), sorted(old)))),
                fresh=tuple(name for name in faults if name not in before.faults),
            )
        )
    return paths


# --- what is said ---


def describe(system: System, path: NewPath, outage: Outage, revision: str, *, is_forbidden: bool) -> Diagnostic:
    """CF711 or CF712: at the fault that is new, else at the outage."""
    places = list(dict.fromkeys(_place(system, name) for name in path.faults))
    fresh = [_place(system, name) for name in path.fresh]
    # A place in another file, such as the shipped library, is not what the change is about.
    primary = next((span for span in fresh if span.source == outage.span.source), outage.span)
    others = [span for span in (outage.span, *places) if span != primary]
    return Diagnostic(
        code="CF711" if is_forbidden else "CF712",
        message=f"this change {_what_is_new(path, outage)}",
        primary=Label(span=primary),
        others=tuple(Label(span=span, text=_label(span, outage)) for span in others[:NAMES_SHOWN_MAX]),
        help="take it away again, make what is new redundant, or accept it for a time: `waive CF711 on …`"
        if is_forbidden
        else "",
        note=_note(path, revision),
    )


def _place(system: System, fault: str) -> Span:
    """Where a fault comes from: the group whose members have it, else where it is declared."""
    command = next(command for command in system.commands if command.name == fault)
    for group in system.groups:
        if any(command.component == member or command.component.startswith(f"{member}.") for member in group.members):
            return group.span
    return command.span


def _label(span: Span, outage: Outage) -> str:
    return "comes about" if span == outage.span else "takes part"


def _what_is_new(path: NewPath, outage: Outage) -> str:
    if not path.size:
        return f"lets `{outage.name}` happen without any fault"
    parts = " + ".join(f"`{part}`" for part in path.parts)
    return f"adds a {path.size}-fault path to `{outage.name}`: {parts}"


def _note(path: NewPath, revision: str) -> str:
    notes: list[str] = []
    if path.before:
        notes.append(f"at {revision} it took {' + '.join(f'`{name}`' for name in sorted(path.before[0]))}")
    if path.fresh:
        listed = ", ".join(f"`{name}`" for name in path.fresh[:NAMES_SHOWN_MAX])
        notes.append(f"at {revision} there was no {listed}")
    if not notes:
        notes.append(f"at {revision} this did not suffice")
    return "; ".join(notes)


def describe_open(difference: Difference, reason: str) -> Diagnostic:
    """CF703: a limit left open whether there are new paths."""
    outage = difference.outage
    shown = [" + ".join(f"`{name}`" for name in sorted(names)) or "no fault at all" for names in difference.open[:3]]
    which = f": it is open for {', '.join(shown)}" if shown else ""
    return Diagnostic(
        code="CF703",
        message=f"whether this change adds a path of at most {difference.size} "
        f"fault{'' if difference.size == 1 else 's'} to `{outage.name}` is undetermined{which}",
        primary=Label(span=outage.span),
        help="raise the limit (`--time`, `--max-states`), or make the model smaller",
        note=reason or "undetermined is never success",
    )


def undetermined(outage: Outage, why: str) -> Diagnostic:
    """CF703: nothing can be said about an outage at all."""
    return Diagnostic(
        code="CF703",
        message=f"whether this change adds a path to `{outage.name}` is undetermined: {why}",
        primary=Label(span=outage.span),
        note="undetermined is never success",
    )


def new_outage(outage: Outage, why: str) -> Diagnostic:
    """CF713."""
    return Diagnostic(
        code="CF713",
        message=f"nothing is compared for `{outage.name}`: {why}",
        primary=Label(span=outage.span),
    )


def removed_outages(names: tuple[str, ...], span: Span, revision: str) -> Diagnostic:
    """CF714."""
    listed = ", ".join(f"`{name}`" for name in names)
    return Diagnostic(
        code="CF714",
        message=f"this change takes {listed} away: nobody looks for {'it' if len(names) == 1 else 'them'} any more",
        primary=Label(span=span),
        note=f"declared at {revision}",
    )
