"""Is redundancy what the design claims it is?

For each outage: can it happen although every group keeps the members that it needs untouched? Asked for each group by itself (only its own faults fire),
then for all groups together (every fault inside some group may fire). What follows from minimal fault sets is not asked.
"""

from cascade.checked.model import Group, Outage
from cascade.questions.cutsets import CutSets
from cascade.questions.inquiry import Inquiry, Reply, Scope
from cascade.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupClaim:
    """What became of the claim that `group` masks its tolerated losses. `untouched` are the members that no fault of the run struck."""

    outage: Outage
    group: Group
    reply: Reply
    untouched: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redundancy:
    """The claims of all groups for one outage. `joint` is the question for all groups together, None if there is no group.

    `groups` leaves out those whose members cannot fail.
    """

    outage: Outage
    joint: Reply | None
    groups: tuple[GroupClaim, ...]

    @property
    def mistaken(self) -> tuple[GroupClaim, ...]:
        """The groups that the design is mistaken about, each by itself."""
        return tuple(claim for claim in self.groups if claim.reply.run is not None)

    @property
    def is_known(self) -> bool:
        """Whether every question has an answer."""
        replies = [claim.reply for claim in self.groups] + ([] if self.joint is None else [self.joint])
        return all(reply.is_known for reply in replies)


def refute(inquiry: Inquiry, outage: Outage, sets: CutSets) -> Redundancy:
    """Try to refute the redundancy of each group, and of all together. `sets` are the minimal fault sets of the outage, as far as they are known."""
    groups = [group for group in inquiry.system.groups if inquiry.faults_of(group)]
    claims: list[GroupClaim] = []
    for group in groups:
        scope = Scope(faults=inquiry.faults_of(group), redundancy_holds=True)
        is_masked = _is_masked(inquiry, group, sets)
        reply = inquiry.conclude_never(outage, scope) if is_masked else inquiry.ask_never(outage, scope)
        claims.append(GroupClaim(outage=outage, group=group, reply=reply, untouched=_untouched(inquiry, group, reply)))
    joint = inquiry.ask_never(outage, Scope(redundancy_holds=True)) if groups else None
    if joint is not None and not joint.is_known:
        joint = _shown(inquiry, outage, groups, sets) or joint
    return Redundancy(outage=outage, joint=joint, groups=tuple(claims))


def _is_masked(inquiry: Inquiry, group: Group, sets: CutSets) -> bool:
    """Whether it follows from fault sets that tolerated losses of `group` do not bring the outage."""
    faults = inquiry.faults_of(group)
    if sets.excludes(faults):
        return True
    if not _is_for_good(inquiry, faults):
        return False
    # Once lost, a member stays so: all faults that fire are of the same few members.
    by_member: dict[str | None, set[int]] = {}
    for fault in faults:
        member = inquiry.member_of(inquiry.system.commands[fault].component, group)
        by_member.setdefault(member, set()).add(fault)
    tolerated = len(group.members) - group.needs
    sizes = sorted((len(inside) for inside in by_member.values()), reverse=True)
    if sum(sizes[:tolerated]) > sets.complete_to and not sets.is_all:
        return False
    return all(
        sum(bool(inside & found.commands) for inside in by_member.values()) > tolerated
        for found in sets.sets
        if found.commands <= faults
    )


def _shown(inquiry: Inquiry, outage: Outage, groups: list[Group], sets: CutSets) -> Reply | None:
    """The run of a fault set that every group tolerates, where a search found nothing in time."""
    for found in sets.sets:
        components = [inquiry.system.commands[fault].component for fault in found.commands]
        if any(all(inquiry.member_of(c, group) is None for group in groups) for c in components):
            continue
        lost = {group.name: {inquiry.member_of(c, group) for c in components} - {None} for group in groups}
        if all(len(lost[group.name]) <= len(group.members) - group.needs for group in groups):
            reply = inquiry.conclude_by(outage, Scope(redundancy_holds=True), found.reply)
            if reply is not None:
                return reply
    return None


def _is_for_good(inquiry: Inquiry, faults: frozenset[int]) -> bool:
    """Whether what these faults change never is as it was at the start: a loss has no end."""
    system = inquiry.system
    updates = [update for fault in faults for update in system.commands[fault].updates]
    written = {update.variable for update in updates}
    if any(u.variable in written for i, c in enumerate(system.commands) if i not in faults for u in c.updates):
        return False
    values = [(system.builder.value(update.value), system.variables[update.variable].initial) for update in updates]
    return all(value is not None and value not in initial for value, initial in values)


def _untouched(inquiry: Inquiry, group: Group, reply: Reply) -> tuple[str, ...]:
    if reply.run is None:
        return ()
    fired = [reply.model.commands[step] for step in reply.run.steps if step >= 0]
    struck = {inquiry.member_of(c.component, group) for c in fired if c.command_class.value == "fault"}
    return tuple(member for member in group.members if member not in struck)
