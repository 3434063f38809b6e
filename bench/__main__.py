"""`python -m bench`: this tool, SPIN and Rumur in turn on the same models; one table; and the numbers of states must agree."""

import argparse
import sys
import tempfile
import time

from bench.cases import CASES, Case
from bench.peers import missing_tools
from bench.table import Row, as_markdown, as_text, machine
from bench.tools import EXPORTED_TO, BenchError, Sample, sample_cascade, sample_peer, write_spec

_OWN = "cascade"


def main() -> int:
    """Measure, print; 1 when tools disagree on a number of states, or when a tool failed."""
    options = _parser().parse_args()
    peers = [tool for tool in EXPORTED_TO if tool in options.tools and not missing_tools(tool, "gcc")]
    for tool in set(options.tools) - {*peers, _OWN}:
        print(f"bench: {tool} is left out: it needs {' and '.join(missing_tools(tool, 'gcc'))}", file=sys.stderr)
    rows: list[Row] = []
    has_failed = False
    for case in CASES[options.size]:
        if options.only and not case.name.startswith(tuple(options.only)):
            continue
        measured = _measure(case, peers, options)
        counts = {row.tool: row.samples[0].state_count for row in measured if row.samples}
        if len(set(counts.values())) > 1 and not case.is_violated:
            print(f"bench: {case.name}: the numbers of states differ: {counts}", file=sys.stderr)
            has_failed = True
        has_failed |= any(not row.samples and row.remark.startswith("failed") for row in measured)
        rows += measured
    print(f"{machine()}\nrounds: {options.rounds}; median (fastest–slowest); {time.strftime('%Y-%m-%d')}\n")
    print(as_markdown(rows) if options.markdown else as_text(rows))
    return 1 if has_failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each tool runs (default: %(default)s)")
    parser.add_argument("--size", choices=tuple(CASES), default="small", help="of the models (default: %(default)s)")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="models whose name starts so; repeatable"
    )
    parser.add_argument(
        "--tools", nargs="+", choices=(_OWN, *EXPORTED_TO), default=[_OWN, *EXPORTED_TO], help="which tools"
    )
    parser.add_argument(
        "--engine", default="packed", help="of cascade (default: %(default)s); not all count what the others count"
    )
    parser.add_argument("--timeout", type=float, default=600.0, metavar="SECONDS", help="for one run of cascade")
    parser.add_argument("--markdown", action="store_true", help="print the table for docs/performance.md")
    return parser


def _measure(case: Case, peers: list[str], options: argparse.Namespace) -> list[Row]:
    """The tools take turns, so that whatever else the machine does hits all of them."""
    tools = [_OWN, *(peers if case.has_peers else [])]
    samples: dict[str, list[Sample]] = {tool: [] for tool in tools}
    failures: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = write_spec(case, folder)
        try:
            # Not counted: fills the cache of compiled kernels, and tells SPIN how large a table to make.
            expected = sample_cascade(path, case, options.engine, options.timeout).state_count
        except BenchError as error:
            print(f"bench: {case.name}: {error}", file=sys.stderr)
            failures[_OWN] = f"failed: {str(error).splitlines()[0][:60]}"
            expected = 0
        for number in range(options.rounds):
            for tool in tools:
                if tool in failures:
                    continue
                print(f"bench: {case.name}: {tool}, round {number + 1}", file=sys.stderr)
                try:
                    if tool == _OWN:
                        samples[tool].append(sample_cascade(path, case, options.engine, options.timeout))
                    else:
                        samples[tool].append(sample_peer(tool, path, case, expected))
                except BenchError as error:
                    print(f"bench: {case.name}: {tool}: {error}", file=sys.stderr)
                    failures[tool] = f"failed: {str(error).splitlines()[0][:60]}"
                    samples[tool].clear()
    own = Row(case=case.name, check=case.check, tool=_OWN, samples=samples[_OWN], remark=failures.get(_OWN, ""))
    own_seconds = own.seconds if own.samples else None
    rows = [own]
    for tool in tools[1:]:
        remark = failures.get(tool, "")
        rows.append(
            Row(
                case=case.name,
                check=case.check,
                tool=tool,
                samples=samples[tool],
                remark=remark,
                own_seconds=own_seconds,
            )
        )
    return rows


if __name__ == "__main__":
    sys.exit(main())
