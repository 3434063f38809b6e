"""`python -m tests.campaign`: generated specs by all ways to an answer, as many as there is time for.

Each spec is made from a seed. With `--state FILE` a campaign that was stopped, however, goes on where it was. A spec on which two ways contradict each other is
shrunk and saved in tests/regressions, whose specs every test run compares. Exit status: 0 no disagreement, 1 some.
"""

import argparse
import sys
from pathlib import Path

from bench.peers import missing_tools
from tests.campaign.compare import Plan
from tests.campaign.run import REGRESSIONS, SIZES, Campaign, State
from tests.campaign.ways import WAYS
from tests.export.peers import TOOLS


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--specs", type=int, default=2_000, help="how many specs (default 2000)")
    parser.add_argument("--seed", type=int, default=1_000_000, help="the first seed (default 1000000)")
    parser.add_argument("--seconds", type=float, help="stop after so long")
    parser.add_argument("--engines", default=",".join(WAYS), help="ways to an answer (default: all)")
    parser.add_argument("--symbolic-every", type=int, default=10, help="ask z3 about every n-th spec (default 10)")
    parser.add_argument(
        "--peers", default=",".join(TOOLS), help="languages of exporters: promela, murphi (default both)"
    )
    parser.add_argument("--peers-every", type=int, default=100, help="and them about every n-th (default 100, 0 never)")
    parser.add_argument("--thorough", action="store_true", help="all ways for each spec; else slow ones take turns")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="of specs in turn (default: %(default)s)")
    parser.add_argument("--max-states", type=int, default=300, help="the most that the oracle explores (default 300)")
    parser.add_argument("--state", type=Path, help="where the campaign stands; it goes on from there")
    parser.add_argument("--folder", type=Path, default=REGRESSIONS, help="where to save specs that fail")
    options = parser.parse_args()
    for name, known in (("engines", WAYS), ("peers", TOOLS)):
        names = [n for n in getattr(options, name).split(",") if n]
        unknown = [n for n in names if n not in known]
        if unknown:
            parser.error(f"--{name}: no {', '.join(unknown)}; there are {', '.join(known)}")
        setattr(options, name, names)
    return options


def main() -> int:
    options = arguments()
    peers = tuple(p for p in options.peers if not missing_tools(TOOLS[p], "gcc"))
    for missing in set(options.peers) - set(peers):
        print(f"{TOOLS[missing]} is not installed: {missing} is left out")
    campaign = Campaign(
        plan=Plan(ways=tuple(WAYS[name] for name in options.engines), oracle_states_max=options.max_states),
        symbolic_every=options.symbolic_every,
        peers_every=options.peers_every,
        peers=peers,
        is_thorough=options.thorough,
        sizes=tuple(map(int, options.sizes.split(","))),
        folder=options.folder,
    )
    asked: dict[str, object] = {
        "engines": options.engines,
        "symbolic_every": options.symbolic_every,
        "peers": list(peers),
        "thorough": options.thorough,
        "peers_every": options.peers_every,
        "max_states": options.max_states,
        "sizes": options.sizes,
    }
    if options.state is not None and options.state.exists():
        state = State.load(options.state)
        if (state.first, state.options) != (options.seed, asked):
            print(f"{options.state}: another campaign, from seed {state.first} on, with {state.options}")
            return 2
    else:
        state = State(first=options.seed, next=options.seed, options=asked)
    print(f"seeds {state.next} to {options.seed + options.specs - 1}", flush=True)

    def save(state: State) -> None:
        if options.state is not None:
            state.save(options.state)

    campaign.run(state, spec_count=options.specs, seconds=options.seconds, save=save)
    for name, count in sorted(state.tally.items()):
        print(f"{count:>9} {name}")
    print(
        f"seeds {state.first} to {state.next - 1}: {state.cpu_seconds:.0f} s, {len(state.disagreements)} disagreements"
    )
    return 1 if state.disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
