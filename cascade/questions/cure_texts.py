"""Masking faults and harmful cures as diagnostics: what is said together, and how."""

from collections.abc import Callable, Iterator, Sequence

from cascade.diagnostics.diagnostic import Diagnostic, Label
from cascade.diagnostics.durations import duration_text
from cascade.questions.cures import Change, Effect
from cascade.questions.wording import at_most_faults, listed, longest_text
from cascade.source import Span

FAULTS_SHOWN_MAX = 3

Diagnose = Callable[[Sequence[Change], Span, str], Diagnostic]


def tellings(changes: Sequence[Change]) -> Iterator[tuple[Diagnose, tuple[Change, ...]]]:
    """What is said together of one outage. A step that the outage merely needs is no news: only what prolongs something that passes is harm."""
    masking: dict[tuple[tuple[str, ...], Effect], list[Change]] = {}
    for change in changes:
        if change.is_fault:
            masking.setdefault((change.faults, change.effect), []).append(change)
    for group in masking.values():
        yield masking_fault, tuple(group)
    for change in changes:
        if change.is_fault:
            continue
        if change.effect is Effect.STAYS_OVER:
            yield brings_back, (change,)
        elif change.effect is not Effect.PREVENTS or change.is_operator_action or _is_out_of_proportion(change):
            yield harmful, (change,)


def times(change: Change) -> tuple[object, ...]:
    """The times that are told of a change: outages are told together only where these are the same."""
    return (*(t and t.at_most_ms for t in (change.before, change.after)), change.is_endless)


def _is_out_of_proportion(change: Change) -> bool:
    """Whether what it reacts to passes by itself, and in less than half the time of the outage."""
    after = None if change.after is None else change.after.at_most_ms
    if not after:
        return False
    if change.is_endless:
        return True
    before = change.before
    return before is not None and before.exceeds_ms is not None and 2 * after <= before.exceeds_ms


def masking_fault(group: Sequence[Change], place: Span, outages: str) -> Diagnostic:
    """One more fault, and the outage is milder."""
    first = group[0]
    after = listed([f"`{name}`" for name in first.faults])
    match first.effect:
        case Effect.PREVENTS:
            effect = f"prevents {outages}"
        case Effect.ENDS:
            effect = f"lets {outages} end"
        case Effect.SHORTENS | Effect.STAYS_OVER:
            effect = f"shortens {outages}: {longest_text(first.after)}, not {longest_text(first.before)}"
    others = [f"`{change.name}`" for change in group[1:]]
    more = [
        *others[:FAULTS_SHOWN_MAX],
        *([f"{len(others) - FAULTS_SHOWN_MAX} more"] if len(others) > FAULTS_SHOWN_MAX else []),
    ]
    owner = first.name.rpartition(".")[0]
    notes: list[str] = []
    if first.is_crash and owner and any(name.rpartition(".")[0] == owner for name in first.faults):
        notes.append(f"`{owner}` does less harm when it has failed completely")
    if first.followed is not None and first.followed.missing:
        notes.append(f"replayed with it, {listed([f'`{name}`' for name in first.followed.missing[:2]])} never fires")
    if more:
        notes.append(f"{listed(more)} would do, too")
    return Diagnostic(
        code="CF610",
        message=f"`{first.name}` right after {after} {effect}",
        primary=Label(span=place, text="would have helped"),
        help="fence what has half failed, so that it fails as the design expects, or watch what really works",
        note="; ".join(notes),
    )


def harmful(group: Sequence[Change], place: Span, outages: str) -> Diagnostic:
    """A reaction or an operator action without which the outage is milder."""
    change = group[0]
    after = change.after
    notes = _by_which(change)
    match change.effect:
        case Effect.PREVENTS if after is not None and after.at_most_ms is not None and _is_out_of_proportion(change):
            least, before = duration_text(after.at_most_ms), change.before
            most = f"{outages} need not end" if change.is_endless else f"{longest_text(before)} of {outages}"
            message = f"`{change.name}` makes it worse: without it at most {least}, with it {most}"
            happens = "does not happen by itself" if change.by_itself else "does not happen"
            notes.append(f"without it the outage {happens}; what it reacts to is over after {least} by itself")
        case Effect.PREVENTS:
            message = f"`{change.name}` brings {outages}: without it, it cannot happen"
        case Effect.ENDS:
            message = f"`{change.name}` keeps {outages} up: without it, it always ends by itself"
        case Effect.SHORTENS | Effect.STAYS_OVER:
            message = (
                f"`{change.name}` prolongs {outages}: {longest_text(change.before)}, without it {longest_text(after)}"
            )
    return Diagnostic(
        code="CF611",
        message=message,
        primary=Label(span=place, text="does the harm"),
        help="let it wait until what it reacts to would have passed, or make what it does quick",
        note=": ".join(notes),
    )


def _by_which(change: Change) -> list[str]:
    """What brings the outage of which this is true."""
    if not change.faults:
        return []
    return [f"with {at_most_faults(change.fault_count)} of {listed([f'`{name}`' for name in change.faults])}"]


def brings_back(group: Sequence[Change], place: Span, outages: str) -> Diagnostic:
    """A cure after which an outage that was over begins again."""
    change = group[0]
    return Diagnostic(
        code="CF612",
        message=f"`{change.name}` can make it worse: it brings {outages} back after it was over",
        primary=Label(span=place, text="brings it back"),
        help="try it where it can do no harm, or make it possible only when the outage is on",
        note=": ".join([*_by_which(change), "without it, the outage stays over"]),
    )
