"""`cascade verify-certificate FILE`: whether the evidence of a certificate shows its verdicts. The search has no part in it."""

import argparse
import hashlib
import os
from dataclasses import replace
from typing import Any

from cascade.certificates.checker import Outcome, Status, unseal, verify
from cascade.certificates.machine import Rejected, items
from cascade.cli.exit_codes import ExitCode
from cascade.cli.streams import complain, say
from cascade.diagnostics.printable import printable
from cascade.syntax.imports import LIBRARY_NAME, LIBRARY_ROOT

BYTES_MAX = 1 << 30


def run(options: argparse.Namespace) -> ExitCode:
    """Confirm what can be confirmed: 0 if that is all, 1 if something is refuted, 3 if something is left open, 2 if it is no certificate."""
    try:
        with open(options.file, "rb") as file:
            data = file.read(BYTES_MAX)
        body = unseal(data)
        outcomes = verify(body)
        if options.z3:
            from cascade.certificates.prover import examine

            outcomes = [examine(v, o) for v, o in zip(items(body["verdicts"]), outcomes, strict=True)]
        changed = _changed_files(body)
    except (OSError, Rejected) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        complain(f"cascade: error: {printable(options.file)}: {printable(reason)}")
        return ExitCode.BAD_INPUT
    except (KeyError, TypeError):
        complain(f"cascade: error: {printable(options.file)}: the certificate has another form")
        return ExitCode.BAD_INPUT
    return _report(str(body.get("tool", "")), outcomes, changed)


def _report(tool: str, outcomes: list[Outcome], changed: list[str]) -> ExitCode:
    say(f"a certificate of {printable(tool)[:60]}")
    width = max((len(printable(o.check)) for o in outcomes), default=0)
    for found in outcomes:
        outcome = replace(found, check=printable(found.check), verdict=printable(found.verdict)[:20])
        say(f"  {outcome.status.value:<11}  {outcome.verdict:<12}  {outcome.check:<{width}}  {printable(outcome.text)}")
    for line in changed:
        say(f"  {line}")
    counts = [
        f"{sum(o.status is s for o in outcomes)} {s.value}" for s in Status if any(o.status is s for o in outcomes)
    ]
    say(f"{len(outcomes)} verdicts: {', '.join(counts) or 'none'}")
    statuses = {outcome.status for outcome in outcomes}
    if Status.REJECTED in statuses or changed:
        return ExitCode.UNEXPECTED
    return ExitCode.OK if statuses <= {Status.CONFIRMED} and outcomes else ExitCode.UNDETERMINED


def _changed_files(body: dict[str, Any]) -> list[str]:
    """The files of the specs that are here, and are not what the certificate is about."""
    lines = []
    for spec in items(body["specs"]):
        for said in items(spec["files"]):
            name = str(said["name"])
            is_library = name.startswith(LIBRARY_NAME + os.sep) and not os.path.exists(name)
            try:
                with open(LIBRARY_ROOT / name if is_library else name, "rb") as file:
                    found = hashlib.sha256(file.read(BYTES_MAX)).hexdigest()
            except (OSError, ValueError):
                lines.append(
                    f"{printable(name)} is not here: the certificate is about {printable(str(said['sha256']))[:16]}…"
                )
                continue
            if found != said["sha256"]:
                lines.append(f"{printable(name)} is another text than the certificate is about")
    return lines
