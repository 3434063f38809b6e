"""Each spec against what it was at a revision: its paths to each outage then and now, judged by the policy."""

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from cascade.checked.elaborate import refuse_open
from cascade.checked.model import Outage, System
from cascade.cli.config import GatePolicy
from cascade.cli.exit_codes import ExitCode
from cascade.diagnostics.codes import Severity
from cascade.diagnostics.diagnostic import Diagnostic, Diagnostics
from cascade.limits import Progress
from cascade.pipeline import CheckOptions, inquire, load_system
from cascade.questions import difference
from cascade.questions.cutsets import CutSetOptions, CutSets, cut_sets
from cascade.questions.difference import Difference
from cascade.questions.inquiry import Inquiry
from cascade.questions.waivers import accepting
from cascade.records import dataclass
from cascade.reports.locations import relative_path
from cascade.reports.results import Entry, FileReport, Outcome, noticed
from cascade.source import SourceFile, Span
from cascade.syntax.imports import load

if TYPE_CHECKING:
    from cascade.cli.revisions import Revision

_CODES = {
    Outcome.FAILED: ExitCode.UNEXPECTED,
    Outcome.UNDETERMINED: ExitCode.UNDETERMINED,
    Outcome.BROKEN: ExitCode.BAD_INPUT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What is to be said of one file. Without `differences` and `entries` nothing in it has changed."""

    differences: tuple[Difference, ...]
    entries: tuple[Entry, ...]

    @property
    def codes(self) -> list[ExitCode]:
        """What it means for the exit code."""
        return [_CODES[entry.outcome] for entry in self.entries if entry.outcome in _CODES]


class Comparison:
    """Holds the specs of a revision while it is open."""

    def __init__(
        self, revision: "Revision", policy: GatePolicy, options: CheckOptions, progress: Callable[[str], Progress]
    ) -> None:
        self.revision = revision
        self._policy = policy
        self._options = options
        self._progress = progress
        import tempfile  # late, as below: `check` has no revision to lay out

        self._folder = tempfile.TemporaryDirectory(prefix="cascade-gate-")
        self._paths: list[str] = []
        self._seen: set[str] = set()

    def __enter__(self) -> Self:
        """Lay the old specs out. Raises `RevisionError`."""
        from cascade.cli.revisions import extract_specs

        self._folder.__enter__()
        try:
            self._paths = extract_specs(self.revision, self._folder.name)
        except BaseException:
            self._folder.cleanup()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take them away again."""
        self._folder.cleanup()

    # --- one file ---

    def of(self, path: str, system: System) -> Compared:
        """What the change does to `system`, the spec at `path` as it is now."""
        here = relative_path(path, self.revision.root)
        there = here if here in self._paths else self._moved_from(system)
        report = FileReport(path=path, system_name=system.name)
        if there is None:
            return self._compared_with_nothing(report, system, f"there was no such spec at {self.revision.label}")
        self._seen.add(there)
        if self._is_unchanged(path, there):
            return Compared(differences=(), entries=())
        refused = Diagnostics()
        if refuse_open(system, "a comparison", refused):
            return Compared(differences=(), entries=tuple(noticed(report, d) for d in refused.items))
        old = self._load(there)
        if old is None:
            return self._compared_with_nothing(report, system, f"the spec had errors at {self.revision.label}")
        if refuse_open(old, "a comparison", refused):
            why = f"open params made several models of the spec at {self.revision.label}"
            said = (difference.undetermined(outage, why) for outage in system.outages)
            return Compared(differences=(), entries=tuple(noticed(report, diagnostic) for diagnostic in said))
        return self._compare(report, old, system)

    def removed(self, paths: Sequence[str]) -> tuple[FileReport, ...]:
        """Specs that were there, among `paths` from the root of the repository, and that no file of now has taken the place of."""
        reports: list[FileReport] = []
        for path in paths:
            if path not in self._paths or path in self._seen or os.path.exists(os.path.join(self.revision.root, path)):
                continue
            old = self._load(path)
            if old is None or not old.outages:
                continue
            place = Span(SourceFile(path, ""), 0, 0)
            names = tuple(outage.name for outage in old.outages)
            report = FileReport(path=path, system_name=old.name, compared_with=self.revision.label)
            reports.append(replace(report, notices=(self._removed(report, names, place),)))
        return tuple(reports)

    @property
    def old_paths(self) -> tuple[str, ...]:
        """The spec files of the revision, from the root of the repository."""
        return tuple(self._paths)

    def glob_folder(self, folder: str) -> str:
        """Where a folder of now lies among the old specs."""
        return os.path.join(self._folder.name, relative_path(folder or os.curdir, self.revision.root) or "")

    # --- the parts ---

    def _load(self, path: str) -> System | None:
        """The old spec under the same fixes and settings, called by its path from the root of the repository; None if there is no sound one."""
        diagnostics = Diagnostics()
        with contextlib.chdir(self._folder.name):
            return load_system(path, diagnostics, self._options.fix_names, self._options.settings)

    def _moved_from(self, system: System) -> str | None:
        """The one old spec with a system of this name, of those that are no longer there."""
        gone = [p for p in self._paths if not os.path.exists(os.path.join(self.revision.root, p))]
        found = [p for p in gone if (old := self._load(p)) is not None and old.name == system.name]
        return found[0] if len(found) == 1 else None

    def _is_unchanged(self, path: str, there: str) -> bool:
        """Whether the spec and all that it imports read as they did."""
        now = [file.source.text for file in load(path, Diagnostics()).files]
        with contextlib.chdir(self._folder.name):
            before = [file.source.text for file in load(there, Diagnostics()).files]
        return now == before

    def _compared_with_nothing(self, report: FileReport, system: System, why: str) -> Compared:
        entries = tuple(self._new_outage(report, outage, why) for outage in system.outages)
        return Compared(differences=(), entries=entries)

    def _new_outage(self, report: FileReport, outage: Outage, why: str) -> Entry:
        return noticed(report, self._by_policy(difference.new_outage(outage, why), self._policy.new_outages))

    def _removed(self, report: FileReport, names: tuple[str, ...], place: Span) -> Entry:
        said = difference.removed_outages(names, place, self.revision.label)
        return noticed(report, self._by_policy(said, self._policy.removed_outages))

    @staticmethod
    def _by_policy(diagnostic: Diagnostic, answer: str) -> Diagnostic:
        return replace(diagnostic, level=Severity.FINDING) if answer == "fail" else diagnostic

    def _compare(self, report: FileReport, old: System, new: System) -> Compared:
        entries: list[Entry] = []
        differences: list[Difference] = []
        old_outages = {outage.name: outage for outage in old.outages}
        before, after = self._inquiry(old), self._inquiry(new)
        for outage in new.outages:
            if outage.name not in old_outages:
                why = f"it was not declared at {self.revision.label}"
                entries.append(self._new_outage(report, outage, why))
                continue
            allowed = self._policy.outage_sizes.get(outage.name, self._policy.new_path_size)
            size_max = max(self._policy.size_max, allowed)
            then, now = self._sets(before, old_outages[outage.name], size_max), self._sets(after, outage, size_max)
            found = difference.compare(new, then, now, allowed)
            differences.append(found)
            entries.extend(self._entries(report, new, after, found, then, now))
        gone = tuple(name for name in old_outages if name not in {outage.name for outage in new.outages})
        if gone:
            entries.append(self._removed(report, gone, new.span))
        return Compared(differences=tuple(differences), entries=tuple(entries))

    def _inquiry(self, system: System) -> Inquiry:
        return inquire(system, self._options, self._progress, seconds_max=None)

    @staticmethod
    def _sets(inquiry: Inquiry, outage: Outage, size_max: int) -> CutSets:
        options = CutSetOptions(size_max=size_max, with_orders=False, with_classes=False)
        found = cut_sets(inquiry, outage, options)
        if found.is_interrupted:
            raise KeyboardInterrupt
        return found

    def _entries(
        self, report: FileReport, system: System, inquiry: Inquiry, found: Difference, then: CutSets, now: CutSets
    ) -> list[Entry]:
        entries: list[Entry] = []
        for path in found.new:
            said = difference.describe(
                system, path, found.outage, self.revision.label, is_forbidden=path.size <= found.size
            )
            today = self._options.judgement.today
            waiver = accepting(system.waivers, said.code, (found.outage.name,), path.faults, today)
            result = inquiry.result(path.reply)
            ending = f"{found.outage.name} begins"
            entries.append(noticed(report, said, result=result, ending=ending, waiver=waiver))
        if not found.is_known:
            replies = (*now.open_replies, *then.open_replies)
            reasons = dict.fromkeys(reply.stop_reason.value for reply in replies if reply.stop_reason is not None)
            entries.append(noticed(report, difference.describe_open(found, "; ".join(reasons))))
        return entries
