"""What a person should know first: the answers to the default questions as findings, the gravest first.

A finding is a diagnostic at the place in the spec that it is about, with the run that shows it. The same thing found for several outages is said once.
"""

from collections.abc import Callable
from functools import partial

from cascade.checked.model import Command, Group, Outage, System, Waiver
from cascade.diagnostics.diagnostic import Diagnostic, Label
from cascade.diagnostics.durations import after_text, duration_text
from cascade.questions.classes import Classification, OutageClass
from cascade.questions.coverage import vacuous
from cascade.questions.cure_texts import tellings, times
from cascade.questions.defaults import Answers, OutageAnswers
from cascade.questions.inquiry import Reply
from cascade.questions.partial import Row, Survival
from cascade.questions.redundancy import GroupClaim
from cascade.questions.waivers import accepting
from cascade.questions.wording import at_most_faults, happen, listed, longest_text
from cascade.records import dataclass

RANKS = (
    "CF604",
    "CF601",
    "CF602",
    "CF603",
    "CF608",
    "CF611",
    "CF610",
    "CF612",
    "CF607",
    "CF609",
    "CF617",
    "CF606",
    "CF605",
)
"""Codes by gravity."""

FAULTS_SHOWN_MAX = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`reply` has the run that shows it. `outages` are all those of which it is true, `faults` those that take part. `waiver` accepts it, if one does."""

    diagnostic: Diagnostic
    outages: tuple[str, ...]
    reply: Reply
    faults: tuple[str, ...] = ()
    waiver: Waiver | None = None


def findings(answers: Answers) -> tuple[Finding, ...]:
    """All findings, the gravest first; those of one gravity in the order of the spec."""
    return _Findings(answers).all()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """A finding before the outages are listed in its message."""

    outages: list[str]
    reply: Reply
    tell: Callable[[str], Diagnostic]
    group: str
    faults: tuple[str, ...]


def never_happens(answers: Answers) -> tuple[Diagnostic, ...]:
    """What of the spec never happens, as grave as it is taken."""
    return () if answers.coverage is None else answers.judgement.all_judged(vacuous(answers.coverage))


class _Findings:
    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._system: System = answers.system
        self._commands: dict[str, Command] = {c.name: c for c in self._system.commands}
        # By what is said, but for the outages that it is said of.
        self._found: dict[tuple[object, ...], _Said] = {}

    def all(self) -> tuple[Finding, ...]:
        for answers in self._answers.outages:
            self._of_outage(answers)
        result: list[Finding] = []
        judgement = self._answers.judgement
        for said in self._found.values():
            diagnostic = judgement.judged(said.tell(listed(said.outages)))
            if diagnostic is None:
                continue
            subjects = (said.group,) if said.group else tuple(name.strip("`") for name in said.outages)
            waiver = accepting(self._system.waivers, diagnostic.code, subjects, said.faults, judgement.today)
            result.append(
                Finding(
                    diagnostic=diagnostic,
                    outages=tuple(said.outages),
                    reply=said.reply,
                    faults=said.faults,
                    waiver=waiver,
                )
            )
        return tuple(sorted(result, key=lambda finding: RANKS.index(finding.diagnostic.code)))

    def _add(
        self,
        key: tuple[object, ...],
        outage: Outage,
        reply: Reply,
        tell: Callable[[str], Diagnostic],
        *,
        group: str = "",
        faults: tuple[str, ...] | None = None,
    ) -> None:
        """What is found, about `group` if not about the outage; `faults` take part, else those that the run fires."""
        said = _Said(
            outages=[], reply=reply, tell=tell, group=group, faults=reply.fired() if faults is None else faults
        )
        self._found.setdefault(key, said).outages.append(f"`{outage.name}`")

    def _of_outage(self, answers: OutageAnswers) -> None:
        outage = answers.outage
        self._without_faults(answers)
        claims = answers.redundancy
        blamed: list[Group] = []
        if claims is not None:
            for claim in claims.mistaken:
                blamed.append(claim.group)
                self._mistaken(outage, claim)
            if claims.joint is not None and claims.joint.run is not None and not claims.mistaken:
                self._adding_up(outage, claims.joint)
        for row in answers.rows:
            for cell in row.worse_than_crash:
                self._partial(outage, row, cell)
        self._single_faults(answers, blamed)
        self._class(answers.classification)
        for diagnose, group in tellings(answers.changes):
            first = group[0]
            place = self._commands[self._system.commands[min(first.commands)].name].span
            key = (diagnose.__name__, *(change.name for change in group), first.faults, *times(first))
            self._add(key, outage, first.reply, partial(diagnose, group, place))

    def _fault_labels(self, names: tuple[str, ...], text: str) -> tuple[Label, ...]:
        """Where faults are declared; members of a group share the place."""
        spans = {self._commands[n].span: None for n in names[:FAULTS_SHOWN_MAX] if n in self._commands}
        return tuple(Label(span=span, text=text) for span in spans)

    # --- what brings the outage ---

    def _without_faults(self, answers: OutageAnswers) -> None:
        empty = next((found for found in answers.cut_sets.sets if not found.commands), None)
        if empty is None:
            return
        outage = answers.outage

        def tell(outages: str) -> Diagnostic:
            return Diagnostic(
                code="CF604",
                message=f"{outages} can happen without any fault",
                primary=Label(span=outage.span),
                help="look at what the run does: automation, operators and events alone suffice",
                note="redundancy and minimal fault sets say nothing of such an outage",
            )

        self._add(("CF604", outage.name), outage, empty.reply, tell)

    def _mistaken(self, outage: Outage, claim: GroupClaim) -> None:
        group, faults = claim.group, claim.reply.fired()

        def tell(outages: str) -> Diagnostic:
            untouched = listed([f"`{name}`" for name in claim.untouched])
            but = f"{untouched} {'is' if len(claim.untouched) == 1 else 'are'} untouched"
            if len(claim.untouched) < group.needs:  # each is struck at some time
                but = f"never more than {len(group.members) - group.needs} of {len(group.members)} are lost at a time"
            return Diagnostic(
                code="CF601",
                message=f"`{group.name}` does not mask {listed([f'`{f}`' for f in faults])}: "
                f"{outages} {happen(outages)} although {but}",
                primary=Label(span=group.span, text=f"needs {group.needs} of {len(group.members)}"),
                others=self._fault_labels(faults, "defeats it"),
                help="make what uses the group notice this failure, or let the untouched members take over without it",
                note=self._believed(group, claim.reply),
            )

        self._add(("CF601", group.name, faults), outage, claim.reply, tell, group=group.name)

    def _believed(self, group: Group, reply: Reply) -> str:
        """What still goes by what a struck member says."""
        explanation = self._answers.inquiry.result(reply).explanation
        way = next((g for g in explanation.groups if g.name == group.name), None) if explanation is not None else None
        if way is None or not way.believed:
            return ""
        verb = "goes" if len(way.passed_by) == 1 else "go"
        return f"{listed(way.passed_by)} still {verb} by {listed(way.believed)}"

    def _adding_up(self, outage: Outage, joint: Reply) -> None:
        faults = joint.fired()

        def tell(outages: str) -> Diagnostic:
            return Diagnostic(
                code="CF603",
                message=f"{outages} {happen(outages)} by losses that every group tolerates: "
                f"{listed([f'`{f}`' for f in faults])}",
                primary=Label(span=outage.span),
                others=self._fault_labels(faults, "takes part"),
                help="look for what these groups have in common: one depends on how the other fails",
                note="no group alone is defeated, all together are",
            )

        self._add(("CF603", faults), outage, joint, tell)

    def _partial(self, outage: Outage, row: Row, cell: Survival) -> None:
        reply, crash = cell.reply, row.crash
        assert reply is not None and crash is not None, "fewer losses are survived than crashes"
        survived = f"{crash.survived} crash" + ("" if crash.survived == 1 else "es")
        if cell.survived >= crash.survived:
            survived = "any number of crashes"

        def tell(outages: str) -> Diagnostic:
            kind = f"only {cell.survived} of kind `{cell.kind}`" if cell.survived else f"not one of kind `{cell.kind}`"
            return Diagnostic(
                code="CF602",
                message=f"`{row.group.name}` survives {survived}, but {kind}: {outages} {happen(outages)}",
                primary=Label(span=row.group.span),
                others=self._fault_labels(reply.fired(), "worse than a crash"),
                help="turn the partial failure into a complete one (fence it, restart it), or watch what really works",
            )

        self._add(("CF602", row.group.name, cell.kind, cell.survived), outage, reply, tell, group=row.group.name)

    def _single_faults(self, answers: OutageAnswers, blamed: list[Group]) -> None:
        """Single faults that suffice, apart from those that refute the redundancy of their group already."""
        outage = answers.outage
        inquiry = self._answers.inquiry
        known = frozenset[int]().union(*(inquiry.faults_of(group) for group in blamed))
        single = [s for s in answers.cut_sets.sets if len(s.commands) == 1 and not s.commands <= known]
        if not single:
            return
        names = tuple(name for found in single for name in found.names)

        def tell(outages: str) -> Diagnostic:
            shown = [f"`{name}`" for name in names[:FAULTS_SHOWN_MAX]]
            more = [f"{len(names) - len(shown)} more"] if len(names) > len(shown) else []
            verb = ", each alone, bring" if len(names) > 1 else " alone brings"
            return Diagnostic(
                code="CF605",
                message=f"{listed([*shown, *more])}{verb} {outages}",
                primary=Label(span=outage.span),
                others=self._fault_labels(names, "suffices"),
                help="these are the single points of failure; `cascade cutsets` lists what else suffices",
            )

        self._add(("CF605", names), outage, single[0].reply, tell, faults=names)

    # --- how the outage ends ---

    def _class(self, found: Classification) -> None:
        """Late outages are said apart: their times differ."""
        outage = found.outage
        known = found.evidence[-1]
        if found.recurring is not None and found.recurring.run is not None:
            self._add(("CF617", outage.name), outage, found.recurring, lambda outages: _recurring(outages, found))
        match found.outage_class:
            case OutageClass.LATE:
                reply = known if found.longest is None or found.longest.reply is None else found.longest.reply
                times = (found.longest, found.longest_acting)
                bounds = tuple(t and (t.exceeds_ms, t.at_most_ms) for t in times)
                self._add(
                    ("CF606", bounds, found.cause_ms, found.fault_count),
                    outage,
                    reply,
                    lambda outages: _late(outages, found),
                )
            case OutageClass.BY_CHANCE:
                self._add(("CF609", outage.name), outage, known, lambda outages: _by_chance(outages, found))
            case OutageClass.OPERATOR_ONLY:
                goes_on = found.acting is None or not found.acting.is_no
                key = (
                    "CF607",
                    found.escape,
                    found.fault_count,
                    goes_on,
                    found.all_acting is not None and found.all_acting.is_no,
                    found.spoilers,
                    found.longest_acting and found.longest_acting.at_most_ms,
                )
                self._add(key, outage, known, lambda outages: _operator_only(outages, found))
            case OutageClass.ABSORBING if not found.unrepaired:
                self._add(
                    ("CF608", known.fired(), found.fault_count),
                    outage,
                    known,
                    lambda outages: _absorbing(outages, found),
                )
            case _:  # the table of outages says it
                pass


def _late(outages: str, found: Classification) -> Diagnostic:
    longest, acting = found.longest, found.longest_acting
    cause = f"a fault that ends after {duration_text(found.cause_ms)}" if found.cause_ms is not None else "its cause"
    if found.objective_ms is not None:
        cause = f"the {duration_text(found.objective_ms)} that a check allows"
    verb = "outlast" if " and " in outages else "outlasts"
    notes = _with_how_many(found)
    if found.quickest_ms is not None:
        notes.append(f"at best over {after_text(found.quickest_ms)}")
    if acting is not None and acting.at_most_ms is not None:
        notes.append(f"if operators act, after {duration_text(acting.at_most_ms)} at the latest")
    return Diagnostic(
        code="CF606",
        message=f"{outages} {verb} {cause}: {longest_text(longest)}",
        primary=Label(span=found.outage.span),
        help="find what keeps it up after the fault is gone: a rebuild, a retry, a queue, a rule that does not go back",
        note="; ".join(notes),
    )


def _by_chance(outages: str, found: Classification) -> Diagnostic:
    return Diagnostic(
        code="CF609",
        message=f"{outages} can stay for ever: there is a way back, but nothing makes the system take it",
        primary=Label(span=found.outage.span),
        help="the loop of the run shows what repeats; break it, or make the way back owed",
        note="; ".join([_asked_how(found), *_kept_up(found)]),
    )


def _asked_how(found: Classification) -> str:
    if found.is_by_operators:
        return f"operators bring it about; {_once_faults_stop(found)}, they may take it back, and need not"
    return f"without operators, {_once_faults_stop(found)}"


def _once_faults_stop(found: Classification) -> str:
    """With how many faults it was asked: nothing is said of more."""
    return f"once faults stop ({at_most_faults(found.fault_count)})" if found.fault_count else "once faults stop"


def _with_how_many(found: Classification) -> list[str]:
    return [f"with {at_most_faults(found.fault_count)}"] if found.fault_count else []


def _recurring(outages: str, found: Classification) -> Diagnostic:
    return Diagnostic(
        code="CF617",
        message=f"{outages} can come back again and again, though no further fault strikes",
        primary=Label(span=found.outage.span),
        help="find what the loop of the run repeats; what heals it does not remove what brings it",
        note="; ".join(
            [*_with_how_many(found), "it always ends, but is never gone for longer than the longest time in the spec"]
        ),
    )


def _kept_up(found: Classification) -> list[str]:
    """The loop that sustains it, as values that feed each other."""
    if found.sustained is None or not found.sustained.loop:
        return []
    return [f"kept up by the loop {' → '.join(found.sustained.values)}"]


def _operator_only(outages: str, found: Classification) -> Diagnostic:
    who = listed([f"`{name}`" for name in found.escape]) if found.escape else "operators"
    acting = found.longest_acting
    notes = [f"without operators there is no way back, {_once_faults_stop(found)}"]
    if acting is not None and acting.at_most_ms is not None:
        notes.append(f"if they act, it is over after {duration_text(acting.at_most_ms)} at the latest")
    elif found.acting is not None and found.acting.run is not None:
        notes.append("even if they act, it can go on: there are runs in which they do not suffice")
    elif found.acting is not None and found.acting.is_no and found.longest_acting is None:
        notes.append("if they act, it always ends")
    if found.all_acting is not None and found.all_acting.is_no:
        notes[-1] = (
            f"even if {who} alone acts in time, it can go on; if all operator actions are taken in time, it always ends"
        )
    if found.spoilers:
        notes[-1] += f", but not if {listed([f'`{name}`' for name in found.spoilers])} is taken as well"
    if found.trapping:
        notes.append("other operator actions can take the way back away")
    notes.extend(_kept_up(found))
    return Diagnostic(
        code="CF607",
        message=f"{outages} can last until somebody acts: {who}",
        primary=Label(span=found.outage.span),
        help="automate the way out, or break the loop that keeps the outage up",
        note="; ".join(notes),
    )


def _absorbing(outages: str, found: Classification) -> Diagnostic:
    return Diagnostic(
        code="CF608",
        message=f"{outages} can come to stay: nothing leads back, no operator action either",
        primary=Label(span=found.outage.span),
        help="add the repair or the operator action that people would take, or remove the trap",
        note="; ".join(
            [
                *_with_how_many(found),
                *(["operators bring this outage about"] if found.is_by_operators else []),
                *_kept_up(found),
            ]
        ),
    )
