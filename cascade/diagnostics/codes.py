"""The table of codes. A code is stable and never reused; its page is `pages/CODE.md`."""

import enum

from cascade.records import dataclass


class Severity(enum.Enum):
    """Errors stop a spec from being checked; warnings do not. Findings and notices are about the design that the spec describes, not about the spec.

    A finding contradicts what the design claims, or is never intended; a notice is to be known.
    """

    ERROR = "error"
    WARNING = "warning"
    FINDING = "finding"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class CodeInfo:
    """One row: a short name in words, and the severity."""

    name: str
    severity: Severity


_ERROR = Severity.ERROR
_WARNING = Severity.WARNING
_FINDING = Severity.FINDING
_NOTICE = Severity.NOTICE

# CF0xx: text.  CF1xx: names and structure.  CF2xx: types and values.  CF3xx: commands.  CF4xx: checks and fixes.
# CF5xx: found while exploring.  CF6xx: about the design.  CF7xx: verdicts.  CF8xx: what is around the specs.  CF9xx: lints.
CODES: dict[str, CodeInfo] = {
    "CF001": CodeInfo("syntax error", _ERROR),
    "CF002": CodeInfo("character that the language does not use", _ERROR),
    "CF003": CodeInfo("file that cannot be read", _ERROR),
    "CF004": CodeInfo("import that is not found", _ERROR),
    "CF005": CodeInfo("import cycle", _ERROR),
    "CF006": CodeInfo("nested too deeply", _ERROR),
    "CF007": CodeInfo("more than one system", _ERROR),
    "CF008": CodeInfo("spec too large", _ERROR),
    "CF101": CodeInfo("unknown name", _ERROR),
    "CF102": CodeInfo("declared twice", _ERROR),
    "CF103": CodeInfo("cycle of derived values", _ERROR),
    "CF104": CodeInfo("unbound port", _ERROR),
    "CF105": CodeInfo("unknown component type", _ERROR),
    "CF106": CodeInfo("component that contains itself", _ERROR),
    "CF107": CodeInfo("argument that names no parameter or port", _ERROR),
    "CF108": CodeInfo("group that needs more than it has", _ERROR),
    "CF109": CodeInfo("statement in the wrong place", _ERROR),
    "CF110": CodeInfo("parameter without a value", _ERROR),
    "CF111": CodeInfo("port bound to something of another type", _ERROR),
    "CF201": CodeInfo("wrong type", _ERROR),
    "CF202": CodeInfo("mixed units", _ERROR),
    "CF203": CodeInfo("value outside a domain", _ERROR),
    "CF204": CodeInfo("empty range", _ERROR),
    "CF205": CodeInfo("not a constant", _ERROR),
    "CF206": CodeInfo("wrong number of arguments", _ERROR),
    "CF207": CodeInfo("constant expression without a value", _ERROR),
    "CF208": CodeInfo("index outside a group", _ERROR),
    "CF209": CodeInfo("open parameter without its values", _ERROR),
    "CF301": CodeInfo("write to another component's variable", _ERROR),
    "CF302": CodeInfo("write to something that is no variable", _ERROR),
    "CF303": CodeInfo("one variable written twice", _ERROR),
    "CF304": CodeInfo("latest time on a fault", _ERROR),
    "CF305": CodeInfo("timing that cannot be met", _ERROR),
    "CF306": CodeInfo("nothing for `lasts` to undo", _ERROR),
    "CF401": CodeInfo("fix of something that is no parameter", _ERROR),
    "CF402": CodeInfo("clause that names no command", _ERROR),
    "CF403": CodeInfo("clause that does not fit the formula", _ERROR),
    "CF404": CodeInfo("unknown fix", _ERROR),
    "CF405": CodeInfo("waiver of nothing that can be waived", _ERROR),
    "CF406": CodeInfo("day that there is not", _ERROR),
    "CF407": CodeInfo("waiver without a reason", _ERROR),
    "CF408": CodeInfo("open parameter where one value is needed", _ERROR),
    "CF501": CodeInfo("value outside a domain in a run", _ERROR),
    "CF502": CodeInfo("division by zero in a run", _ERROR),
    "CF503": CodeInfo("index outside a group in a run", _ERROR),
    "CF504": CodeInfo("timelock", _ERROR),
    "CF601": CodeInfo("redundancy that does not mask", _FINDING),
    "CF602": CodeInfo("partial failures that hurt more than crashes", _FINDING),
    "CF603": CodeInfo("tolerated losses that add up", _FINDING),
    "CF604": CodeInfo("outage that needs no fault", _FINDING),
    "CF605": CodeInfo("single fault that suffices", _NOTICE),
    "CF606": CodeInfo("outage that outlasts its cause", _NOTICE),
    "CF607": CodeInfo("outage that only operators end", _NOTICE),
    "CF608": CodeInfo("outage that nothing ends", _FINDING),
    "CF609": CodeInfo("outage that need not end", _NOTICE),
    "CF610": CodeInfo("fault that would have helped", _NOTICE),
    "CF611": CodeInfo("reaction that does more harm than what it reacts to", _NOTICE),
    "CF612": CodeInfo("cure that brings the outage back", _NOTICE),
    "CF613": CodeInfo("command that never fires", _NOTICE),
    "CF614": CodeInfo("guard that never turns false", _NOTICE),
    "CF615": CodeInfo("group that never degrades", _NOTICE),
    "CF616": CodeInfo("check that no fault can influence", _NOTICE),
    "CF617": CodeInfo("outage that comes back again and again", _NOTICE),
    "CF701": CodeInfo("check that is violated", _FINDING),
    "CF702": CodeInfo("check that holds against expectation", _FINDING),
    "CF703": CodeInfo("question without a verdict", _ERROR),
    "CF704": CodeInfo("waiver that has expired", _FINDING),
    "CF705": CodeInfo("waiver of what does not happen", _NOTICE),
    "CF706": CodeInfo("waiver for too long", _FINDING),
    "CF711": CodeInfo("new path that the policy forbids", _FINDING),
    "CF712": CodeInfo("new path", _NOTICE),
    "CF713": CodeInfo("outage that is compared with nothing", _NOTICE),
    "CF714": CodeInfo("outage that is taken away", _NOTICE),
    "CF801": CodeInfo("configuration that cannot be read", _ERROR),
    "CF802": CodeInfo("unknown key in the configuration", _ERROR),
    "CF803": CodeInfo("wrong value in the configuration", _ERROR),
    "CF804": CodeInfo("report that cannot be written", _ERROR),
    "CF805": CodeInfo("report of an unknown kind", _ERROR),
    "CF806": CodeInfo("revision that cannot be read", _ERROR),
    "CF901": CodeInfo("name in an unusual style", _WARNING),
    "CF902": CodeInfo("duration that rounding changes", _WARNING),
    "CF903": CodeInfo("fault that a repair undoes to one of several values", _WARNING),
    "CF904": CodeInfo("clause that lets a cut last, beside one that ends it", _WARNING),
}


def is_waivable(code: str) -> bool:
    """Whether a waiver may name it: a finding about a design, or a path that a change adds. An error, or a question left open, is neither."""
    return code in CODES and code.startswith(("CF6", "CF71"))
