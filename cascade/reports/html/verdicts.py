"""What stands at the top of a page: sentences, and counts."""

from collections.abc import Sequence

from cascade.records import dataclass
from cascade.reports.data import CheckRow, Headline, Report
from cascade.reports.wording import count_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Hero:
    """An outage, or several that one run brings in the same way: `also` are the texts of the others."""

    sentence: str
    tone: str
    also: tuple[str, ...]
    failed: tuple[str, ...]
    masking: tuple[str, ...]
    because: tuple[str, ...]
    defeats: bool
    run: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A count with a link to what it counts."""

    text: str
    tone: str
    target: str


def heroes(report: Report) -> list[Hero]:
    """The outages; those that cannot happen come last."""
    merged: dict[tuple[object, ...], list[Headline]] = {}
    for headline in report.headlines:
        key: tuple[object, ...] = (headline.failed, headline.masking)
        if not headline.is_reached:
            key = (headline.outage,)
        merged.setdefault(key, []).append(headline)
    # The one of which most is told speaks for all.
    return [_hero(sorted(group, key=lambda h: -len(h.because))) for group in merged.values()]


def _hero(group: list[Headline]) -> Hero:
    first = group[0]
    reached = "bad" if first.is_grave else "warn"
    tone = reached if first.is_reached else "good" if first.is_known else "unknown"
    return Hero(
        sentence=first.sentence,
        tone=tone,
        also=tuple(headline.text or headline.outage for headline in group[1:]),
        failed=first.failed,
        masking=first.masking,
        because=first.because,
        defeats="although" in first.sentence,
        run=first.run,
    )


def is_calm(report: Report) -> bool:
    """Whether there is nothing to be alarmed about, so that what was explored is the news."""
    totals = report.totals
    alarming = totals.unexpected + totals.undetermined + totals.findings + len(report.errors)
    is_asked = bool(report.checks) or totals.questions > 0
    return is_asked and not alarming and not any(headline.is_grave for headline in report.headlines)


def unexpected(report: Report) -> list[tuple[int, CheckRow]]:
    """Checks that are not as expected, violated ones first, with their numbers."""
    found = [
        (number, check)
        for number, check in enumerate(report.checks, start=1)
        if not check.is_as_expected and not check.accepted
    ]
    return sorted(found, key=lambda pair: pair[1].verdict == "undetermined")


def overall_tone(report: Report) -> str:
    """How a whole report looks in a list of many."""
    totals = report.totals
    if totals.unexpected or totals.findings or any(error.severity == "error" for error in report.errors):
        return "bad"
    if totals.undetermined or totals.questions_undetermined:
        return "unknown"
    asked = totals.as_expected + totals.accepted + totals.questions
    return "warn" if totals.notices or totals.accepted else "good" if asked else "unknown"


def overall(reports: Sequence[Report], broken: int) -> list[Chip]:
    """What all reports say together, alarming things first."""
    checks = sum(len(report.checks) for report in reports)
    counts = [
        (broken, f"{count_text(broken, 'file')} with errors", "bad"),
        *(
            (count, f"{count} {text}", tone)
            for count, text, tone in (
                (sum(r.totals.unexpected for r in reports), "not as expected", "bad"),
                (sum(r.totals.undetermined for r in reports), "undetermined", "unknown"),
            )
        ),
    ]
    findings = sum(report.totals.findings for report in reports)
    counts.append((findings, count_text(findings, "finding"), "bad"))
    as_expected = sum(report.totals.as_expected for report in reports)
    counts.append((checks, f"{as_expected} of {count_text(checks, 'verdict')} as expected", "good"))
    said = [Chip(text=text, tone=tone, target="") for count, text, tone in counts if count]
    return [Chip(text=count_text(len(reports) + broken, "spec"), tone="", target=""), *said]


def plain_verdict(report: Report) -> Chip:
    """One sentence where no outage was asked about: what the declared checks say."""
    totals = report.totals
    checks = totals.as_expected + totals.unexpected + totals.undetermined
    if report.conclusive is not None:
        said = report.conclusive
        return Chip(text=said.text, tone=said.tone, target=said.table)
    if totals.unexpected:
        return Chip(
            text=f"{totals.unexpected:,} of {count_text(checks, 'verdict')} unexpected", tone="bad", target="checks"
        )
    if any(error.severity == "error" for error in report.errors):
        return Chip(
            text="The spec has an error that shows in a run, so that there is no verdict", tone="bad", target="errors"
        )
    if totals.undetermined:
        text = f"{totals.undetermined:,} of {count_text(checks, 'check')} undetermined: a limit was reached"
        return Chip(text=text, tone="unknown", target="checks")
    if checks:
        return Chip(text=f"{_all(checks)} as the spec expects", tone="good", target="checks")
    what = "no check" if any(unit.kind == "outage" for unit in report.graph.units) else "no outage and no check"
    return Chip(text=f"Nothing was asked: the spec declares {what}", tone="unknown", target="explored")


def _all(count: int) -> str:
    return "The one verdict is" if count == 1 else f"All {count} verdicts are"


def chips(report: Report) -> list[Chip]:
    """Counts, alarming ones first."""
    totals = report.totals
    found = [
        Chip(text=f"{totals.unexpected:,} unexpected", tone="bad", target="checks") if totals.unexpected else None,
        Chip(text=f"{len(report.errors)} said of the spec itself", tone="bad", target="errors")
        if report.errors
        else None,
        Chip(text=f"{totals.undetermined:,} undetermined", tone="unknown", target="checks")
        if totals.undetermined
        else None,
        Chip(text=count_text(totals.findings, "finding"), tone="bad", target="findings") if totals.findings else None,
        Chip(text=count_text(totals.notices, "notice"), tone="warn", target="findings") if totals.notices else None,
        Chip(
            text=f"{totals.accepted:,} accepted by waivers",
            tone="warn",
            target="findings" if report.findings else "checks",
        )
        if totals.accepted
        else None,
        Chip(text=f"{totals.questions_undetermined:,} open questions", tone="unknown", target="explored")
        if totals.questions_undetermined
        else None,
        Chip(text=f"{count_text(totals.as_expected, 'verdict')} as expected", tone="good", target="checks")
        if totals.as_expected
        else None,
        Chip(text=f"{count_text(totals.states, 'state')} explored", tone="", target="explored"),
    ]
    return [chip for chip in found if chip is not None]
