"""The family "plane": a control plane of many components in redundant groups, with dependencies, racks, links and two outages; no time.

Services stand in layers; each needs redundant groups, now and then a single component, and services of the layer below. Some members run on racks, whose loss
takes a member with it; some can fail in part. The services of the top layer talk over links that go through a pair of switches. The same arguments give
the same spec.
"""

import itertools
import random
import sys

LAYERS = 6
SERVICES_SHARE = 0.15
HOSTED_SHARE, PARTIAL_SHARE = 0.1, 0.3

_TYPES = """\
component Node { }
component Gray {
  state health: {up, gray, down} = up
  fault crash when health == up or health == gray { health = down }
  fault half_dead: partial when health == up { health = gray }
  let serving = health == up
}
component Hosted {
  port rack: Component
  state health: {up, down} = up
  fault crash when health == up { health = down }
  let serving = health == up and rack.serving
}
"""


def spec(components: int, groups: int, seed: int = 1) -> str:
    """The spec: `components` in all; those in `groups` are redundant, of the others some are services, the rest stands alone."""
    chance = random.Random(seed)  # noqa: S311 - the same spec each time, nothing secret
    lines = [f"# {components:,} components, {groups:,} redundant groups", _TYPES, f"system plane_{components} {{"]
    lines += ["  redundant racks: 3 x Node needs 2", "  redundant switches: 2 x Node needs 1"]
    members = 5
    for number in range(groups - 2):
        size = 3 if chance.random() < 0.3 else 2
        lines.append(f"  redundant g{number}: {size} x {_member(chance)} needs {size - 1 if size == 3 else 1}")
        members += size
    services = int(components * SERVICES_SHARE)
    singles = components - members - services
    lines.extend(f"  component c{number} {{ }}" for number in range(singles))
    layers = _layers(services)
    free_groups = [f"g{number}" for number in range(groups - 2)]
    free_singles = [f"c{number}" for number in range(singles)]
    chance.shuffle(free_groups)
    for depth, layer in enumerate(layers):
        for name in layer:
            needs = [free_groups.pop() for _ in range(2) if free_groups]
            needs += chance.sample(layers[depth - 1], 2) if depth else []
            # What stands alone is for the lowest layer, and only some of it is used: most single points of failure are known, and gone.
            needs += [free_singles.pop()] if depth == 0 and free_singles and chance.random() < 0.2 else []
            needs = needs or ["switches"]
            lines.append(f"  component {name} {{ let serving = {' and '.join(f'{need}.serving' for need in needs)} }}")
    top = layers[-1]
    lines.extend(f"  link {one} -> {other} via switches" for one, other in itertools.pairwise(top))
    lines += [_outage("api", "the API answers no one", top[::2], top[:3])]
    lines += [_outage("console", "nobody can sign in", top[1::2], top[-3:])]
    return "\n".join([*lines, "}", ""])


def _member(chance: random.Random) -> str:
    draw = chance.random()
    if draw < HOSTED_SHARE:
        return "Hosted(rack = racks[index])"
    return "Gray" if draw < HOSTED_SHARE + PARTIAL_SHARE else "Node"


def _layers(services: int) -> list[list[str]]:
    names = [f"s{number}" for number in range(services)]
    size = max(3, services // LAYERS)
    starts = range(0, services - size + 1, size)
    return [names[start : start + size if start != starts[-1] else services] for start in starts]


def _outage(name: str, text: str, services: list[str], linked: list[str]) -> str:
    parts = [f"{service}.serving" for service in services]
    parts += [f"reaches({one}, {other})" for one, other in itertools.pairwise(linked)]
    return f'  outage {name} "{text}" when not ({" and ".join(parts)})'


if __name__ == "__main__":
    print(spec(*(int(argument) for argument in sys.argv[1:4])), end="")
