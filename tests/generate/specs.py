"""Random well-typed specs of the whole language, as text: `make_spec(seed, size)`, and a hypothesis strategy over it.

Every spec is meant to elaborate without an error; what fails in a run (values outside a domain, divisions by zero, indices that no
member has, timelocks) occurs now and then.
"""

import random
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.generate.checks import Checks, Law
from tests.generate.commands import Style
from tests.generate.components import Components
from tests.generate.names import Names
from tests.generate.scope import Atom, Bool, ComponentKind, Setting

SIZES = (1, 2, 3, 4)
"""How large a spec may be; each step allows about eight times more states."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedSpec:
    """A spec's text, and the laws that relate some of its checks."""

    seed: int
    size: int
    text: str
    laws: tuple[Law, ...]
    is_timed: bool


def make_spec(seed: int, size: int) -> GeneratedSpec:
    """The spec of this seed and size; always the same."""
    rng = random.Random(seed * 8 + size)
    is_timed = rng.random() < 0.5
    style = Style(
        is_timed=is_timed,
        has_tick=is_timed and rng.random() < 0.6,
        is_risky=rng.random() < 0.25,
        weight_max=20 * 8**size,
    )
    names = Names(rng)
    components = Components(rng, names, style)
    kinds: list[ComponentKind] = []
    for rank in range(1, rng.randint(2, 2 + size)):
        kinds.append(components.type_of_rank(rank, kinds))
    system = ComponentKind(name="generated", rank=len(kinds) + 1)
    components.fill_system(system, kinds)
    outages = _outages(rng, components, system)
    settings, fixes = _fixes(rng, system)
    checks = Checks(rng, names, style, components.expressions, system, outages, fixes)
    checks.know_links()
    lines = [*system.lines, *settings]
    if style.has_tick:
        lines.append("tick 1min")
    rng.shuffle(lines)
    for _ in range(rng.choice((1, 2, 2, 3))):
        lines.append(checks.check())
    if rng.random() < 0.5:
        lines.extend(checks.pair())
    blocks = [_block(f"component {k.name}", k.lines) for k in kinds]
    blocks.insert(rng.randint(0, len(blocks)), _block('system generated "a generated spec"', lines))
    text = f"# seed {seed}, size {size}\n" + "\n".join(blocks)
    return GeneratedSpec(seed=seed, size=size, text=text, laws=tuple(checks.laws), is_timed=is_timed)


def _block(head: str, lines: list[str]) -> str:
    body = "\n".join(f"  {line}" for chunk in lines for line in chunk.split("\n"))
    return f"{head} {{\n{body}\n}}" if lines else f"{head} {{ }}"


def _outages(rng: random.Random, components: Components, system: ComponentKind) -> list[str]:
    names: list[str] = []
    for number in range(1, rng.choice((2, 2, 3))):
        name = f"outage{number}"
        condition = components.expressions.boolean(system.scope, rng.choice((0, 1, 1, 2)))
        description = rng.choice(('"users notice" ', ""))
        system.lines.append(f"outage {name} {description}when {condition.text}")
        system.scope.atoms.append(Atom(name, Bool()))
        names.append(name)
    return names


def _fixes(rng: random.Random, system: ComponentKind) -> tuple[list[str], list[str]]:
    """The statements, and the names."""
    statements: list[str] = []
    names: list[str] = []
    if not system.settings:
        return statements, names
    for number in range(1, rng.choice((1, 2, 3))):
        chosen: list[Setting] = rng.sample(system.settings, rng.randint(1, min(2, len(system.settings))))
        texts = [f"{s.path} = {rng.choice(s.values)}" for s in chosen]
        statements.append(f"fix fix{number} {{ {rng.choice((', ', ' ')).join(texts)} }}")
        names.append(f"fix{number}")
    return statements, names


def specs(sizes: tuple[int, ...] = SIZES) -> st.SearchStrategy[GeneratedSpec]:
    """Specs of these sizes. Two draws make one, so it is fast; `shrink.smaller` makes a failing one small."""
    return st.builds(make_spec, st.integers(0, 2**32), st.sampled_from(sizes))
