"""The family "wide": queues that share one capacity, so that each command reads all of them; untimed.

A queue takes work while the sum of all is below the capacity. States: those with a sum of at most CAPACITY, levels 0..LEVEL_MAX.
"""

import sys


def spec(counters: int, level: int, capacity: int) -> str:
    """The spec: `bounded` holds and needs every state."""
    return f"""\
# {counters} queues of at most {level}, together at most {capacity}
component Queue {{
  state load: 0..{level} = 0
}}

system wide {{
  redundant queue: {counters} x Queue needs 1
  let total = sum(q in queue: q.load)
  event arrive for q in queue when q.load < {level} and total < {capacity} {{ q.load = q.load + 1 }}
  reaction work for q in queue when q.load > 0 {{ q.load = q.load - 1 }}
  outage overload when total > {capacity}
  check bounded: never overload
}}
"""


if __name__ == "__main__":
    print(spec(*(int(argument) for argument in sys.argv[1:4])), end="")
