"""`python -m tests.seeded_bugs [NAME…]`: seed each bug in a copy of the repository and show which of the default tests notices it.

Exit status: 0 all were noticed, 1 some was not.
"""

import argparse
import sys
import time
from pathlib import Path

from tests.seeded_bugs.bugs import BUGS
from tests.seeded_bugs.seed import first_failure, seeded


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.seeded_bugs", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("names", nargs="*", help="bugs whose names contain one of these (default: all)")
    parser.add_argument("--list", action="store_true", help="name them, and do nothing")
    options = parser.parse_args()
    chosen = [bug for bug in BUGS if not options.names or any(name in bug.name for name in options.names)]
    missed = 0
    for bug in chosen:
        if options.list:
            print(bug.name)
            continue
        started = time.monotonic()
        with seeded(bug) as folder:
            failure = first_failure(Path(folder), bug.tests)
        missed += failure is None
        seconds = time.monotonic() - started
        print(f"{'NOT NOTICED' if failure is None else 'noticed':<12}{bug.name}  ({seconds:.0f} s)", flush=True)
        if failure is not None:
            print(f"            {failure}", flush=True)
    if not options.list:
        print(f"{len(chosen) - missed} of {len(chosen)} noticed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
