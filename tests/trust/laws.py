"""Changes of a spec's text whose effect on every verdict is known beforehand: nothing, or only in one direction.

A change takes a text and returns another one, or None where it has no place in it. It works on lexemes and on the places of statements in the syntax
tree, and knows nothing of what the spec means.
"""

import dataclasses
import random
import re
from collections.abc import Callable, Iterator

from cascade.checked.model import Kind, System, Variable
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.source import SourceFile, Span
from cascade.syntax import tree
from cascade.syntax.expected import BODY_KEYWORDS, CLAUSE_KEYWORDS, FILE_KEYWORDS, RESERVED
from cascade.syntax.imports import LIBRARY_ROOT
from cascade.syntax.parse import parse
from cascade.syntax.scan import LEXEME

_PIECES = re.compile(rf"\#[^\n]*|(?:{LEXEME.pattern})", re.VERBOSE | re.DOTALL)
_MEANING = (
    BODY_KEYWORDS | CLAUSE_KEYWORDS | FILE_KEYWORDS | RESERVED
    | set("up down health healthy serving forwards index needs size min max abs count any all Component".split())
    | set("crash omission slow partial corrupt config load gray act acts stop stops at most times holds violated".split())
    | set("leads to lead within lasts then of only redundancy after via cut always never possible when state".split())
)  # fmt: skip
"""Names that mean something by themselves."""

_DURATION = re.compile(r"([0-9]+)(ms|s|min|h|d)")


def parsed(text: str) -> tree.File:
    """The tree of a text without errors."""
    diagnostics = Diagnostics()
    file = parse(SourceFile("spec.cf", text), diagnostics)
    assert not diagnostics.errors
    return file


def nodes(root: object) -> Iterator[object]:
    """A node and all that are in it."""
    if isinstance(root, tuple):
        for item in root:
            yield from nodes(item)
    elif dataclasses.is_dataclass(root) and not isinstance(root, Span):
        yield root
        for field in dataclasses.fields(root):
            yield from nodes(getattr(root, field.name))


def imports_anything(text: str) -> bool:
    """Whether the meaning of the text rests on other files."""
    return any(isinstance(node, tree.Import) for node in nodes(parsed(text)))


def _by_lexeme(text: str, change: Callable[[str], str]) -> str:
    return _PIECES.sub(lambda match: match[0] if match[0][0] in '#"' else change(match[0]), text)


# --- nothing may change ---


def renaming(text: str, rng: random.Random) -> Callable[[str], str]:
    """New names for what a spec declares, in another alphabetical order; a function of lexemes and of paths like `a[1].b`."""
    file = parsed(text)
    declared: set[str] = set()
    kept = set(_MEANING)
    for node in nodes(file):
        match node:
            case tree.Command(name=name, kind=kind):
                declared.add(name.text)
                kept |= {kind.text} if kind else set()
            case tree.Import(path=path):
                kept |= {part.text for part in path}
            case tree.EnumType(labels=labels):
                kept |= {label.text for label in labels}
            case tree.Quantifier(variable=name) | tree.Loop(variable=name):
                declared.add(name.text)
            case tree.Let(name=name, parameters=parameters):
                declared |= {name.text, *(p.text for p in parameters or ())}
            case (
                tree.Component()
                | tree.System()
                | tree.Param()
                | tree.Port()
                | tree.Part()
                | tree.Redundant()
                | tree.State()
                | tree.Outage()
                | tree.Fix()
                | tree.Check()
            ):
                declared.add(node.name.text)
            case _:
                pass
    if imports_anything(text):
        for path in LIBRARY_ROOT.rglob("*.cf"):
            kept |= set(LEXEME.findall(path.read_text(encoding="utf-8")))
    new = {name: f"{rng.choice('abcxyz')}{rng.randrange(1000)}_{name}" for name in sorted(declared - kept)}
    new |= {f"{name}_ends": f"{other}_ends" for name, other in new.items()}  # of `lasts`
    return lambda path: _by_lexeme(path, lambda lexeme: new.get(lexeme, lexeme))


def renamed(text: str, rng: random.Random) -> str | None:
    """Everything that a spec declares has another name."""
    return renaming(text, rng)(text)


def reordered(text: str, rng: random.Random) -> str | None:
    """Statements of each body, and components, in another order. Checks stay behind the rest: what begins with `link` would be one of their clauses."""
    return _shuffled(text, _blocks(parsed(text)), rng)


def _blocks(file: tree.File) -> tuple[tree.Component | tree.System, ...]:
    return tuple(sorted((*file.components, *file.systems), key=lambda block: block.span.start))


def _shuffled(text: str, statements: tuple[tree.Statement | tree.System, ...], rng: random.Random) -> str:
    """The text with these statements in each other's places; inside of them likewise."""
    spans = [statement.span for statement in statements]
    new: list[str] = []
    checks: list[str] = []
    for statement, span in zip(statements, spans, strict=True):
        piece = text[span.start : span.end]
        if isinstance(statement, tree.Component | tree.System) and statement.body:
            first, last = statement.body[0].span.start, statement.body[-1].span.end
            inner = _shuffled(text, statement.body, rng)  # as long as before
            piece = text[span.start : first] + inner[first:last] + text[last : span.end]
        (checks if isinstance(statement, tree.Check) else new).append(piece)
    rng.shuffle(new)
    rng.shuffle(checks)
    parts, at = [], 0
    for span, piece in zip(spans, [*new, *checks], strict=True):
        parts += [text[at : span.start], piece]
        at = span.end
    return "".join([*parts, text[at:]])


def scaled(text: str, rng: random.Random) -> str | None:
    """All durations, and the tick, are longer by the same factor."""
    factor = rng.choice((2, 3, 10))
    if imports_anything(text) or not any(isinstance(node, tree.Duration) for node in nodes(parsed(text))):
        return None

    def longer(lexeme: str) -> str:
        match = _DURATION.fullmatch(lexeme)
        return f"{int(match[1]) * factor}{match[2]}" if match else lexeme

    return _by_lexeme(text, longer)


UNRELATED = """
component UnrelatedThing {
  state unrelated_mode: 0..2 = 0
  fault unrelated_fault { unrelated_mode: 0 -> 1 }
  event unrelated_event { unrelated_mode: 1 -> 2 }
}
"""


def with_something_unrelated(text: str, rng: random.Random) -> str | None:
    """One more component, which nothing looks at."""
    return _into_system(text, "part unrelated_part: UnrelatedThing", rng) + UNRELATED


def without_expectation(text: str, rng: random.Random) -> str | None:
    """Each check says it expects something else, or nothing."""
    new, at = [], 0
    for check in (node for node in nodes(parsed(text)) if isinstance(node, tree.Check)):
        piece = re.sub(r"\bexpect\s+(holds|violated)\b", " ", text[check.span.start : check.span.end])
        new += [text[at : check.span.start], piece.rstrip(), rng.choice(("", " expect holds", " expect violated"))]
        at = check.span.end
    return "".join([*new, text[at:]])


def _into_system(text: str, statement: str, rng: random.Random) -> str:
    system = next(node for node in nodes(parsed(text)) if isinstance(node, tree.System))
    places = [s.span.start for s in system.body] or [system.span.end - 1]
    at = rng.choice(places)
    return f"{text[:at]}{statement}\n  {text[at:]}"


# --- only more may happen ---

ADDED = "added_fault"


def with_another_fault(text: str, rng: random.Random, system: System) -> str | None:
    """One more fault, which changes some variable that commands may write."""
    writable = [v for v in system.variables if not v.is_link and not v.is_param and v.low < v.high]
    if not writable:
        return None
    variable = rng.choice(writable)
    before, after = (_written(variable, value) for value in rng.sample(range(variable.low, variable.high + 1), 2))
    return _into_system(text, f"fault {ADDED} {{ {variable.name}: {before} -> {after} }}", rng)


def _written(variable: Variable, value: int) -> str:
    match variable.type.kind:
        case Kind.ENUM:
            return variable.type.labels[value - variable.low]
        case Kind.BOOL:
            return "true" if value else "false"
        case _:
            return str(value)


_BUDGET = re.compile(r"\bat most ([0-9]+)(?=\s+faults?\b)")


def with_larger_budgets(text: str, rng: random.Random) -> str | None:
    """`at most` more faults. What else is limited may be owed as long as it is allowed, so that a limit is no restriction."""
    new = _BUDGET.sub(lambda match: f"at most {int(match[1]) + rng.choice((1, 1, 2))}", text)
    return None if new == text else new
