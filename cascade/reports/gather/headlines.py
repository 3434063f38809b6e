"""Each outage in one sentence, and three answers: what failed, what should have masked it, why it did not."""

from cascade.core.model import TICK, Command, CoreModel
from cascade.diagnostics.durations import duration_text
from cascade.questions.causes import ExplainedStep
from cascade.questions.classes import Classification, OutageClass
from cascade.questions.contrast import Contrast, contrast
from cascade.questions.defaults import Answers, OutageAnswers
from cascade.questions.inquiry import Reply
from cascade.records import dataclass
from cascade.reports.data import Headline

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six")
_BOOLEANS = ("true", "false")
_STEPS_SHOWN_MAX = 6
_CHANGES_SHOWN_MAX = 4
_GROUPS_SHOWN_MAX = 4
_NAMES_SHOWN_MAX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """A headline without its run, and the reply that has it."""

    headline: Headline
    reply: Reply | None


def telling(answers: Answers, found: OutageAnswers) -> Telling:
    """What is said first of one outage."""
    reply = _reply(found)
    teller = _Teller(answers, found, reply)
    is_reached = reply is not None and reply.run is not None
    headline = Headline(
        outage=found.outage.name,
        text=found.outage.text,
        sentence=teller.sentence(),
        is_reached=is_reached,
        is_known=is_reached or found.classification.outage_class is OutageClass.UNREACHABLE,
        is_grave=is_reached and teller.is_grave,
        failed=teller.failed() if is_reached else (),
        masking=teller.masking() if is_reached else (),
        because=teller.because() if is_reached else (),
        run=None,
    )
    return Telling(headline=headline, reply=teller.whole() if is_reached else None)


def _reply(found: OutageAnswers) -> Reply | None:
    """The run that says most: one that defeats a redundant group by itself, or all together, or the smallest fault set."""
    claims = found.redundancy
    if claims is not None:
        if claims.mistaken:
            return min((c.reply for c in claims.mistaken), key=_fault_count)
        if claims.joint is not None and claims.joint.run is not None:
            return claims.joint
    if found.cut_sets.sets:
        return found.cut_sets.sets[0].reply
    evidence = found.classification.evidence
    return evidence[0] if evidence else None


def _fault_count(reply: Reply) -> int:
    assert reply.run is not None, "a mistaken claim has a run"
    return reply.run.fault_count


class _Teller:
    def __init__(self, answers: Answers, found: OutageAnswers, reply: Reply | None) -> None:
        self._answers = answers
        self._found = found
        self._reply = reply
        self._faults = () if reply is None else self._fired(reply)
        claims = found.redundancy
        self.defeats = (
            reply is not None
            and claims is not None
            and (any(claim.reply is reply for claim in claims.mistaken) or claims.joint is reply)
        )

    @property
    def is_grave(self) -> bool:
        """Whether less suffices than redundancy is there to mask."""
        run = None if self._reply is None else self._reply.run
        return self.defeats or run is None or run.fault_count <= 1

    def _fired(self, reply: Reply) -> tuple[Command, ...]:
        """The faults of a run, each once."""
        assert reply.run is not None or not reply.is_known or reply.is_no, "a reply is known or not"
        if reply.run is None:
            return ()
        commands = [reply.model.commands[step] for step in reply.run.steps if step != TICK]
        faults = {c.name: c for c in commands if c.command_class.value == "fault"}
        return tuple(faults.values())

    def _type_name(self, component: str) -> str:
        return next((c.type_name for c in self._answers.system.components if c.name == component), "")

    def whole(self) -> Reply | None:
        """The run that shows the outage from its cause to its end, if the same faults bring it; else the run to its beginning."""
        found = self._found.classification
        for longest in (found.longest, found.longest_acting):
            reply = None if longest is None else longest.reply
            if reply is not None and self._reply is not None and set(reply.fired()) == set(self._reply.fired()):
                return reply
        return self._reply

    # --- the sentence ---

    def sentence(self) -> str:
        outage = self._found.outage
        what = outage.text or f"{outage.name} happens"
        if self._reply is None or self._reply.run is None:
            if self._found.classification.outage_class is OutageClass.UNREACHABLE:
                return f"“{what}” cannot happen: no run leads there, with any number of faults"
            return f"It is not known whether “{what}” can happen: a limit was reached"
        text = f"{_capital(self._enough())}: {what}{_for_how_long(self._found.classification)}"
        if self.defeats and self._answers.system.groups:
            text += ", although every redundant group keeps the members it needs"
        return text

    def _enough(self) -> str:
        """Who is to blame, counted."""
        count = len(self._faults)
        if not count:
            return "no fault is needed"
        times = "" if self._reply is None or self._reply.run is None else self._reply.run.fault_count
        kinds = {fault.kind for fault in self._faults}
        kind = f"{next(iter(kinds))} " if len(kinds) == 1 and "" not in kinds else ""
        number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
        if count == 1:
            fault = self._faults[0]
            again = f", striking {times} times," if isinstance(times, int) and times > 1 else ""
            return f"{_one(kind)} {kind}fault in {self._who(fault)}{again} is enough"
        where = _listed([fault.component or fault.name for fault in self._faults])
        return f"{number} {kind}faults, in {where}, are enough"

    def _who(self, fault: Command) -> str:
        """`one Switch (tor[1])`, or the component's own name."""
        type_name = self._type_name(fault.component)
        if not fault.component:
            return "the system"
        article = "an" if type_name[:1].lower() in "aeiou" else "a"
        return f"{fault.component}, {article} {type_name}," if type_name else fault.component

    # --- the three answers ---

    def failed(self) -> tuple[str, ...]:
        lines = [self._fault_line(fault) for fault in self._faults]
        if not lines:
            lines.append("Nothing: automation, operators or events alone bring it about.")
        cause_ms = self._found.classification.cause_ms
        if cause_ms is not None and len(self._faults) == 1:
            lines.append(f"It ends by itself after {duration_text(cause_ms)}.")
        return tuple(lines)

    def _fault_line(self, fault: Command) -> str:
        kind = f" ({fault.kind})" if fault.kind else ""
        text = f": {fault.text}" if fault.text else ""
        return f"{fault.name}{kind}{text}"

    def masking(self) -> tuple[str, ...]:
        inquiry = self._answers.inquiry
        lines: list[str] = []
        struck_groups = [
            group
            for group in self._answers.system.groups
            if any(inquiry.member_of(fault.component, group) for fault in self._faults)
        ]
        for group in struck_groups[:_GROUPS_SHOWN_MAX]:
            struck = {inquiry.member_of(fault.component, group) for fault in self._faults}
            untouched = [member for member in group.members if member not in struck]
            tolerated = len(group.members) - group.needs
            line = f"The redundant group {group.name}: {group.needs} of {len(group.members)} suffice by design"
            if len(untouched) >= group.needs:
                line += f", and {_listed(untouched)} {'is' if len(untouched) == 1 else 'are'} untouched"
            elif not self.defeats:
                line += f"; this run takes more than the {tolerated} it may lose"
            lines.append(f"{line}.")
            row = next((r for r in self._found.rows if r.group.name == group.name), None)
            if row is not None and row.worse_than_crash and row.crash is not None:
                worse = ", ".join(
                    f"{f'only {c.survived}' if c.survived else 'not even one'} of kind {c.kind}"
                    for c in row.worse_than_crash
                )
                crash = (
                    "a crash of every member"
                    if row.crash.is_all
                    else (f"{row.crash.survived} crash" + ("" if row.crash.survived == 1 else "es"))
                )
                lines.append(f"It survives {crash}, but {worse}.")
        alone = [f for f in self._faults if not any(inquiry.member_of(f.component, g) for g in struck_groups)]
        if alone:
            names = _listed(list(dict.fromkeys(f.component or f.name for f in alone)))
            verb = "is" if len({f.component for f in alone}) == 1 else "are"
            lines.append(f"Nothing: {names} {verb} in no redundant group.")
        if not self._faults:
            lines.append("Nothing could: redundancy masks faults, and none happened.")
        return tuple(lines)

    def because(self) -> tuple[str, ...]:
        reply = self._reply
        assert reply is not None and reply.run is not None, "only of outages that are reached"
        explanation = self._answers.inquiry.result(reply).explanation
        struck = () if explanation is None else tuple(group for group in explanation.groups if group.struck)
        lines = [f"{g.why if len(struck) == 1 else f'{g.name}: {g.why}'}." for g in struck]
        found = contrast(reply.model, reply.run)
        if found is not None:
            lines.append(_contrast_line(found))
        steps = () if explanation is None else explanation.steps
        shown = steps if len(steps) <= _STEPS_SHOWN_MAX else (*steps[: _STEPS_SHOWN_MAX - 1], steps[-1])
        for step in shown:
            if step is shown[-1] and len(steps) > len(shown):
                lines.append(f"… {len(steps) - len(shown)} more steps …")
            if step.command_class != "fault":
                lines.append(_step_line(step, reply.model))
        if not lines:
            lines.append("At once: no step lies in between.")
        lines.extend(self._end_lines(len(steps)))
        sustained = self._found.classification.sustained
        if sustained is not None and sustained.loop:
            lines.append(f"It is kept up by a loop: {' → '.join(sustained.values)}.")
        return tuple(lines)

    def _end_lines(self, told_count: int) -> list[str]:
        """What the outage waits for in its longest run, if that is more than was told."""
        whole = self.whole()
        if whole is None or whole is self._reply:
            return []
        explanation = self._answers.inquiry.result(whole).explanation
        steps = () if explanation is None else explanation.steps
        name = self._found.outage.name
        ends = [s for s in steps[told_count:] if any(c.name == name and c.after == "false" for c in s.changes)]
        return [f"Only then it is over: {_step_line(step, whole.model)}" for step in ends[-1:]]


def _contrast_line(found: Contrast) -> str:
    """The crash, which was masked, beside the fault, which was not."""
    harmed = next((d for d in found.harmed if d.before in _BOOLEANS), found.harmed[0])
    noticed = next((d for d in found.noticed if d.before in _BOOLEANS), None)
    crash = f"{noticed.name} would become {noticed.after_crash} and " if noticed is not None else ""
    fault = f"{noticed.name} stays {noticed.before} and " if noticed is not None else ""
    return (
        f"Had it crashed ({found.crash}), {crash}{harmed.name} {'' if noticed is not None else 'would '}stay {harmed.before}; "
        f"now {fault}{harmed.name} becomes {harmed.after_fault}."
    )


def _step_line(step: ExplainedStep, model: CoreModel) -> str:
    time = f"{duration_text(step.time_ticks * model.tick_ms)} in, " if model.is_timed and step.time_ticks else ""
    because = step.because.partition(" in step ")[0]
    text = f"{time}{step.command} fires"
    if because:
        text += f", since {because}"
    if step.text:
        text += f": {step.text}"
    numbers = [c for c in step.changes if _is_number(c.before) and _is_number(c.after)]
    chosen = [*[c for c in step.changes if not c.is_derived], *[c for c in numbers if c.is_derived]]
    changes = [f"{c.name.rpartition('.')[2]} {c.before} → {c.after}" for c in chosen[:_CHANGES_SHOWN_MAX]]
    return f"{text} ({', '.join(changes)})." if changes else f"{text}."


def _is_number(text: str) -> bool:
    return text.lstrip("-").isdecimal()


def _for_how_long(found: Classification) -> str:
    longest = found.longest
    match found.outage_class:
        case OutageClass.TRANSIENT | OutageClass.LATE:
            if longest is None:
                return ", for a while"
            if longest.at_most_ms is not None:
                return f" for up to {duration_text(longest.at_most_ms)}" if longest.at_most_ms else ", for a moment"
            return f" for more than {duration_text(longest.exceeds_ms)}" if longest.exceeds_ms else ", for a while"
        case OutageClass.BY_CHANCE:
            return ", and nothing makes it end"
        case OutageClass.OPERATOR_ONLY:
            return " until somebody acts"
        case OutageClass.ABSORBING:
            nothing = f"repairs {_few(found.unrepaired)}" if found.unrepaired else "leads back"
            return f", and nothing {nothing}"
        case OutageClass.UNREACHABLE | OutageClass.UNDETERMINED:
            return ""


def _one(following: str) -> str:
    return "one" if following else "a single"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _few(names: tuple[str, ...]) -> str:
    more = len(names) - _NAMES_SHOWN_MAX
    return _listed([*names[:_NAMES_SHOWN_MAX], *([f"{more} more"] if more > 0 else [])])


def _listed(names: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""
