"""The family "clocks": nodes that fail and are repaired after a while; the verdicts do not depend on how long that is.

NODES > FAULTS >= 2, and the duration is at least two ticks. States over integer clocks grow with duration^FAULTS.
"""

import sys


def spec(nodes: int, faults: int, duration: str, tick: str = "1min") -> str:
    """The spec. `bounded` needs every state, `heals` is about infinite runs."""
    return f"""\
# {nodes} nodes, at most {faults} faults, each repaired after {duration}
component Node {{
  state health: {{up, down}} = up
  fault fails: crash lasts {duration} {{ health: up -> down }}
}}

system clocks {{
  tick {tick}
  redundant node: {nodes} x Node needs {nodes - faults}
  let down = count(m in node: m.health == down)
  state called: bool = false
  reaction page when down >= 2 after {duration} {{ called = true }}
  reaction stand_down when called and down == 0 {{ called = false }}
  outage degraded when down >= {faults}
  check bounded: never down > {faults} with at most {faults} faults
  check masked: never down > {faults} while redundancy holds with at most {faults + 1} faults
  check reached: never degraded with at most {faults} faults expect violated
  check short: degraded lasts at most {duration} with at most {faults} faults
  check paged: possible called and down >= 2 with at most {faults} faults
  check heals: degraded leads to down == 0 with at most {faults} faults
  check overlap: possible down == {faults} then down == {faults - 1} then down == {faults} \
with at most {faults} faults expect violated
}}
"""


if __name__ == "__main__":
    print(spec(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:5]), end="")
