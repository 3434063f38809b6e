"""Is redundancy what the design claims it is?

For each outage: can it happen although every group keeps the members that it needs untouched? Asked for each group by itself (only its own faults fire),
then for all groups together (every fault inside some group may fire).
"""

from cascade.checked.model import Group, Outage
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


def refute(inquiry: Inquiry, outage: Outage) -> Redundancy:
    """Try to refute the redundancy of each group, and of all together."""
    groups = [group for group in inquiry.system.groups if inquiry.faults_of(group)]
    claims: list[GroupClaim] = []
    for group in groups:
        reply = inquiry.ask_never(outage, Scope(faults=inquiry.faults_of(group), redundancy_holds=True))
        claims.append(GroupClaim(outage=outage, group=group, reply=reply, untouched=_untouched(inquiry, group, reply)))
    joint = inquiry.ask_never(outage, Scope(redundancy_holds=True)) if groups else None
    return Redundancy(outage=outage, joint=joint, groups=tuple(claims))


def _untouched(inquiry: Inquiry, group: Group, reply: Reply) -> tuple[str, ...]:
    if reply.run is None:
        return ()
    fired = [reply.model.commands[step] for step in reply.run.steps if step >= 0]
    struck = {inquiry.member_of(c.component, group) for c in fired if c.command_class.value == "fault"}
    return tuple(member for member in group.members if member not in struck)
