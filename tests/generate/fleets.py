"""Random specs with groups of members that nothing tells apart, and now and then something that does: `make_fleet(seed)`.

Members have states, clocks, parts; they read and write what all share, and count each other. The twist of a spec says what, if anything, names a member.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

TWISTS = ("", "", "", "check", "guard", "target", "initial", "param", "selector", "order")


Quantifiers = tuple[Callable[[str], str], Callable[[str], str], Callable[[str], str]]
"""Some member is so, every one is, and how many are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """A spec's text, and what in it names a member."""

    seed: int
    twist: str
    text: str


def make_fleet(seed: int) -> Fleet:
    """The spec of this seed; always the same."""
    rng = random.Random(seed)
    twist = rng.choice(TWISTS)
    is_timed = rng.random() < 0.5
    count = rng.choice((2, 3, 3, 4))
    is_nested = rng.random() < 0.35
    if is_nested:
        count = min(count, 2 if is_timed else 3)
    high = 1 if is_nested else rng.choice((1, 2))
    lines = ["  param limit: 0..3 = 2", "  state load: 0..2 = 0"]
    lines.append(f"  redundant nodes: {count} x {'Rack' if is_nested else 'Node'} needs {rng.choice((0, 1, 2))}")
    leaf = "any(d in m.disks: d.level {0})" if is_nested else "m.level {0}"

    def some(what: str) -> str:
        return f"any(m in nodes: {leaf.format(what)})"

    def every(what: str) -> str:
        return f"all(m in nodes: {leaf.format(what)})"

    def number(what: str) -> str:
        return f"count(m in nodes: {leaf.format(what)})"

    first = "nodes[1].disks[1]" if is_nested else "nodes[1]"
    timing = rng.choice(("", " after 1min", " within 2min", " after 1min..2min")) if is_timed else ""
    guard = f"load < 2 and {rng.choice((some('> 0'), every('== 0'), number('> 0') + ' >= 2', 'not nodes.serving'))}"
    if twist == "guard":
        guard += f" and {first}.level == 0"
    lines.append(f"  event more{timing} when {guard} {{ load = load + 1 }}")
    lines.append(f"  event less when load > 0{rng.choice((' ', ' and ' + some('> 0') + ' '))}{{ load = load - 1 }}")
    if twist == "target":
        lines.append(f"  operator mends when load > 0 {{ {first}.level = 0 }}")
    if rng.random() < 0.4:
        target = "r.disks[1].level" if is_nested and rng.random() < 0.5 else "load"
        lines.append(f"  event shake for r in nodes when load == 1 {{ {target} = {'1' if target != 'load' else '0'} }}")
    if twist == "order":
        inner = "r.disks[1].level" if is_nested else "r.level"
        lines.append(f"  event turn for r in nodes when r.index == 1 and {inner} == 0 {{ {inner} = 1 }}")
    if twist == "initial":
        lines.append(f"  fix one {{ {first}.start = 1 }}")
    if twist == "param":
        lines.append(f"  fix one {{ {first}.most = 0 }}")
    lines += _checks(rng, twist, is_timed, first, (some, every, number))
    node = _node(rng, is_timed, high)
    rack = (
        "component Rack {\n  redundant disks: 2 x Node needs 1\n"
        "  state cut: bool = false\n  fault off when not cut { cut = true }\n}\n"
        if is_nested
        else ""
    )
    return Fleet(
        seed=seed, twist=twist, text=f"# fleet {seed}\n{node}{rack}system fleet {{\n" + "\n".join(lines) + "\n}\n"
    )


def _node(rng: random.Random, is_timed: bool, high: int) -> str:
    lines = [
        "param start: 0..1 = 0",
        "param most: 0..3 = 3",
        f"state level: 0..{high} = start",
        "let serving = level == 0",
    ]
    if rng.random() < 0.3:
        lines[2] = f"state level: 0..{high} = any"
    kind = rng.choice(("", ": crash", ": gray"))
    lasts = " lasts 1min" if is_timed and rng.random() < 0.3 else ""
    lines.append(f"fault breaks{kind} when level == 0 and most > 0{lasts} {{ level: 0 -> 1 }}")
    timing = rng.choice((" within 2min", " after 1min", " after 1min..2min")) if is_timed else ""
    lines.append(f"repair mends{timing} when level > 0 {{ level = level - 1 }}")
    if high == 2 and rng.random() < 0.7:
        lines.append("fault worse when level == 1 { level = 2 }")
    if rng.random() < 0.3:
        lines.append("state mark: bool = false")
        lines.append("event marks when not mark and level > 0 { mark = true }")
    return "component Node {\n" + "\n".join(f"  {line}" for line in lines) + "\n}\n"


def _checks(rng: random.Random, twist: str, is_timed: bool, first: str, quantifiers: Quantifiers) -> list[str]:
    some, every, number = quantifiers
    goals = [
        f"never {every('> 0')}",
        f"never {number('> 0')} >= 2",
        f"never {some('> 0')} and load == 2",
        f"possible {every('> 0')} then {every('== 0')} then load == 2",
        f"never load == 2 and {every('== 0')}",
        "always nodes.serving",
        f"never {number('> 0')} > 3 and load == 2 and not load == 2",
    ]
    if is_timed:
        goals += [
            f"{some('> 0')} lasts at most {rng.choice(('1min', '3min'))}",
            f"load == 1 leads to {some('> 0')} within 2min",
        ]
    clauses = [
        "",
        "",
        " with at most 2 faults",
        " with at most 1 fault of nodes[1]" if twist == "selector" else " while redundancy holds",
    ]
    if twist == "selector":
        clauses = [
            " with at most 1 fault of nodes[1]",
            " without nodes[1].breaks" if "disks" not in first else " without nodes[1].off",
        ]
    lines: list[str] = []
    for place, goal in enumerate(rng.sample(goals, 2)):
        text = goal
        if twist == "check" and goal.startswith("never"):
            text = f"{goal} and {first}.level {rng.choice(('== 0', '> 0'))}"
        clause = rng.choice(clauses)
        if is_timed and not clause:
            clause = " with at most 3 faults"
        fix = " with fix one" if twist in ("initial", "param") else ""
        lines.append(f"  check c{place}: {text}{clause}{fix}")
    return lines
