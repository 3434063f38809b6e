"""`python -m tests.mutants`: small changes of the checker itself, and which of them the tests do not notice.

A sample of all mutants of the modules in `plan.py` is drawn by a seed, or with `--all` each is tried. With `--state FILE` a run that was stopped goes on. What survived and was
examined stands in `examined.txt`, with why nobody can notice it. Exit status: 0 if all others are noticed, 1 if not.
"""

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path

from tests.mutants.examined import examined
from tests.mutants.operators import Mutant, mutants
from tests.mutants.plan import PARTS, Part
from tests.mutants.run import NOTICED, ROOT, SURVIVED, load_libraries, run_tests


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("parts", nargs="*", help="names of parts (default: all)")
    parser.add_argument("--seed", type=int, default=1, help="which sample (default 1)")
    parser.add_argument("--count", type=int, help="how many of each part (default: as the plan says)")
    parser.add_argument("--all", action="store_true", help="every mutant")
    parser.add_argument("--match", help="only those whose name contains this")
    parser.add_argument("--list", action="store_true", help="only say which")
    parser.add_argument("--state", type=Path, help="where the run stands; it goes on from there")
    parser.add_argument(
        "--again", action="store_true", help="try those anew that had survived, after a change of the tests"
    )
    options = parser.parse_args()
    unknown = set(options.parts) - {part.name for part in PARTS}
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(part.name for part in PARTS)}")
    return options


def drawn(part: Part, options: argparse.Namespace) -> tuple[list[Mutant], int]:
    """The mutants to try, and of how many they are drawn."""
    known = [m for file in part.files for m in mutants(file, (ROOT / file).read_text(encoding="utf-8"))]
    if options.match:
        return [m for m in known if options.match in m.name], len(known)
    if options.all:
        return known, len(known)

    def lot(mutant: Mutant) -> bytes:
        """By name, so that what changes elsewhere does not change the sample."""
        return hashlib.sha256(f"{options.seed} {mutant.file} {mutant.name}".encode()).digest()

    return sorted(known, key=lot)[: options.count or part.count], len(known)


def main() -> int:
    options = arguments()
    os.environ.update(HYPOTHESIS_PROFILE="ci", PYTHONDONTWRITEBYTECODE="1")
    load_libraries()
    state = json.loads(options.state.read_text()) if options.state and options.state.exists() else {}
    if options.again:
        state = {key: known for key, known in state.items() if known[0] != SURVIVED}
    reasons = examined()
    unexplained = 0
    for part in PARTS:
        if options.parts and part.name not in options.parts:
            continue
        chosen, known_count = drawn(part, options)
        if options.list:
            print(*(f"{m.file}:{m.line} {m.name}" for m in chosen), sep="\n")
            continue
        said, baseline = run_tests(None, part.tests, cpu_seconds=600)
        assert said == SURVIVED, f"{part.name}: the tests fail without any mutant"
        tally = {NOTICED: 0, "examined": 0, SURVIVED: 0}
        spent = 0.0
        for mutant in chosen:
            key = f"{mutant.file} {mutant.name}"
            if key not in state:
                state[key] = run_tests(mutant, part.tests, cpu_seconds=3 * baseline + 10)
                if options.state:
                    options.state.write_text(json.dumps(state, indent=1, ensure_ascii=False))
            said, used = state[key]
            spent += used
            if said == SURVIVED:
                said = "examined" if (mutant.file, mutant.name) in reasons else SURVIVED
                print(f"{said}: {mutant.file}:{mutant.line} {mutant.name}", flush=True)
            tally[said] += 1
        unexplained += tally[SURVIVED]
        figures = ", ".join(f"{count} {word}" for word, count in tally.items())
        print(f"{part.name}: {len(chosen)} of {known_count} mutants: {figures}; {spent:.0f} s", flush=True)
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
