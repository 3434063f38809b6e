"""Random well-typed expressions as text.

Each is made with its precedence, so that parentheses stand only where they must (and now and then where they need not);
integers come with bounds, so that those who write them can stay inside a domain.
"""

import random
from dataclasses import dataclass

from tests.generate.scope import Atom, Bool, ComponentKind, Enum, GroupRef, Int, Scope, ValueType

IF, OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, OPERAND = range(9)


@dataclass(frozen=True, slots=True)
class Text:
    """An expression, how tightly it binds, and (for integers) its bounds."""

    text: str
    level: int = OPERAND
    low: int = 0
    high: int = 0


class Expressions:
    """Makes expressions. `is_risky`: now and then one that can fail in a run."""

    def __init__(self, rng: random.Random, *, is_risky: bool) -> None:
        self._rng = rng
        self._is_risky = is_risky
        self._bound_count = 0

    def at(self, text: Text, level: int) -> str:
        """`text` as an operand that must bind at least as tightly as `level`."""
        if text.level < level or (text.level < OPERAND and self._rng.random() < 0.05):
            return f"({text.text})"
        return text.text

    def value(self, scope: Scope, wanted: ValueType, depth: int) -> Text:
        """A value of the type `wanted`; integers of any size."""
        match wanted:
            case Bool():
                return self.boolean(scope, depth)
            case Int():
                return self.integer(scope, depth)
            case Enum():
                return self.label(scope, wanted, depth)

    # --- booleans ---

    def boolean(self, scope: Scope, depth: int) -> Text:
        """A condition."""
        rng = self._rng
        if depth <= 0 or rng.random() < 0.25:
            return self._simple(scope)
        match rng.randint(0, 13):
            case 0 | 1 | 2:
                parts = [self.at(self.boolean(scope, depth - 1), NOT) for _ in range(rng.choice((2, 2, 3)))]
                return Text(" and ".join(parts), AND)
            case 3 | 4:
                parts = [self.at(self.boolean(scope, depth - 1), AND) for _ in range(rng.choice((2, 2, 3)))]
                return Text(" or ".join(parts), OR)
            case 5:
                return Text(f"not {self.at(self.boolean(scope, depth - 1), COMPARISON)}", NOT)
            case 6 | 7 if any(isinstance(a.type, Int) and a.type.low < a.type.high for a in scope.atoms):
                left, right = self.integer(scope, depth - 1), self.integer(scope, depth - 1)
                return self._compared(left, rng.choice(("==", "!=", "<", "<=", ">", ">=")), right)
            case 8:
                one, then, other = (self.boolean(scope, depth - 1) for _ in range(3))
                return Text(f"if {one.text} then {then.text} else {other.text}", IF)
            case 9:
                left, right = self.boolean(scope, depth - 1), self.boolean(scope, depth - 1)
                return self._compared(left, rng.choice(("==", "!=")), right)
            case 10 | 11 if scope.groups:
                return self._over_group(scope, rng.choice(("any", "all")), depth)
            case 12 if scope.groups:
                return self._indexed(scope, depth)
            case 13 if scope.has_links and len(scope.things) > 1:
                return self.reaches(scope)
            case _:
                return self._called(scope, Bool(), depth) or self._simple(scope)

    def _compared(self, left: Text, operator: str, right: Text) -> Text:
        return Text(f"{self.at(left, SUM)} {operator} {self.at(right, SUM)}", COMPARISON)

    def _simple(self, scope: Scope) -> Text:
        rng = self._rng
        atoms = scope.atoms
        if not atoms:
            return Text(rng.choice(("true", "false")))
        atom = rng.choice(atoms)
        if atom.is_constant and rng.random() < 0.7:
            atom = rng.choice(atoms)
        match atom.type:
            case Bool():
                if rng.random() < 0.3:
                    return Text(f"not {atom.text}", NOT)
                if rng.random() < 0.1:
                    return Text(f"{atom.text} {rng.choice(('==', '!='))} {rng.choice(('true', 'false'))}", COMPARISON)
                return Text(atom.text)
            case Int():
                number = rng.randint(atom.type.low, atom.type.high)
                operator = rng.choice(("==", "==", "!=", "<", "<=", ">", ">="))
                left, right = Text(atom.text), _number(number)
                if rng.random() < 0.1:
                    left, right = right, left
                return self._compared(left, operator, right)
            case Enum():
                label = rng.choice(atom.type.labels)
                left, right = (atom.text, label) if rng.random() < 0.9 else (label, atom.text)
                return Text(f"{left} {rng.choice(('==', '==', '!='))} {right}", COMPARISON)

    def _over_group(self, scope: Scope, quantifier: str, depth: int) -> Text:
        group = self._rng.choice(scope.groups)
        name, inner = self._bind(scope, group)
        return Text(f"{quantifier}({name} in {group.text}: {self._body(inner, name, depth).text})")

    def _body(self, inner: Scope, name: str, depth: int) -> Text:
        """A condition that speaks of the bound component, most often."""
        rng = self._rng
        if rng.random() < 0.8:
            own = [a for a in inner.atoms if a.text.startswith(f"{name}.")]
            return self.boolean(Scope(atoms=own) if rng.random() < 0.5 else _prefer(inner, own), min(depth - 1, 1))
        if rng.random() < 0.3 and inner.things:
            other = rng.choice(inner.things).text
            return Text(f"{name} {rng.choice(('==', '!='))} {other}", COMPARISON)
        return self.boolean(inner, min(depth - 1, 1))

    def _bind(self, scope: Scope, group: GroupRef) -> tuple[str, Scope]:
        self._bound_count += 1
        name = f"m{self._bound_count}"
        inner = scope.child()
        inner.add_thing(name, group.kind, is_own=False)
        inner.atoms.append(Atom(f"{name}.index", Int(1, group.most), is_constant=True))
        return name, inner

    def _indexed(self, scope: Scope, depth: int) -> Text:
        """A boolean of `group[i]`, guarded so that the index exists (unless the spec takes risks)."""
        rng = self._rng
        group = rng.choice(scope.groups)
        choices = [a for a in group.kind.exports if isinstance(a.type, Bool)]
        if not choices:
            return self._simple(scope)
        index = self.integer(scope, min(depth - 1, 1))
        value = f"{group.text}[{index.text}].{rng.choice(choices).text}"
        if index.low == index.high and not 1 <= index.low <= group.size:
            return self._simple(scope)  # a constant that no member has may be an error before any run
        if index.low >= 1 and index.high <= group.size:
            return Text(value)
        if self._is_risky and rng.random() < 0.5:
            return Text(value)
        checked = self.at(index, SUM)
        if rng.random() < 0.5:
            return Text(f"{checked} >= 1 and {checked} <= {group.text}.size and {value}", AND)
        if rng.random() < 0.5:
            return Text(f"{checked} < 1 or {checked} > {group.size} or {value}", OR)
        return Text(f"if {checked} >= 1 and {checked} <= {group.size} then {value} else {self._simple(scope).text}", IF)

    def reaches(self, scope: Scope) -> Text:
        """Whether one component reaches another."""
        one, other = self._rng.choice(scope.things), self._rng.choice(scope.things)
        return Text(f"reaches({one.text}, {other.text})")

    def _called(self, scope: Scope, wanted: ValueType, depth: int) -> Text | None:
        rng = self._rng
        fitting = [f for f in scope.functions if type(f.result) is type(wanted)]
        if not fitting:
            return None
        function = rng.choice(fitting)
        args = [self._argument(scope, p, depth) for p in function.parameters]
        if None in args:
            return None
        low, high = (function.result.low, function.result.high) if isinstance(function.result, Int) else (0, 0)
        return Text(f"{function.text}({', '.join(a for a in args if a)})", OPERAND, low, high)

    def _argument(self, scope: Scope, parameter: ComponentKind | Int, depth: int) -> str | None:
        rng = self._rng
        if isinstance(parameter, Int):
            value = self.integer(scope, min(depth - 1, 1))
            return self.within(value, parameter.low, parameter.high).text
        fitting = [t.text for t in scope.things if t.kind is parameter]
        groups = [g for g in scope.groups if g.kind is parameter]
        if groups and rng.random() < 0.3:
            group = rng.choice(groups)
            index = self.within(self.integer(scope, 0), 1, group.size)
            fitting = [f"{group.text}[{index.text}]"]
        return rng.choice(fitting) if fitting else None

    # --- integers ---

    def integer(self, scope: Scope, depth: int) -> Text:
        """An integer with its bounds."""
        rng = self._rng
        if depth <= 0 or rng.random() < 0.3:
            return self._plain_integer(scope)
        match rng.randint(0, 11):
            case 0 | 1:
                a, b = self.integer(scope, depth - 1), self.integer(scope, depth - 1)
                return Text(f"{self.at(a, SUM)} + {self.at(b, PRODUCT)}", SUM, a.low + b.low, a.high + b.high)
            case 2:
                a, b = self.integer(scope, depth - 1), self.integer(scope, depth - 1)
                return Text(f"{self.at(a, SUM)} - {self.at(b, PRODUCT)}", SUM, a.low - b.high, a.high - b.low)
            case 3:
                a, b = self.integer(scope, depth - 1), self.integer(scope, depth - 1)
                corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
                return Text(f"{self.at(a, PRODUCT)} * {self.at(b, SIGN)}", PRODUCT, min(corners), max(corners))
            case 4:
                return self._divided(scope, depth)
            case 5:
                return self._share(scope, depth)
            case 6:
                return self._extreme(scope, depth)
            case 7 | 8 if scope.groups:
                return self._counted(scope, depth)
            case 9:
                one = self.boolean(scope, depth - 1)
                a, b = self.integer(scope, depth - 1), self.integer(scope, depth - 1)
                text = f"if {one.text} then {a.text} else {b.text}"
                return Text(text, IF, min(a.low, b.low), max(a.high, b.high))
            case 10:
                a = self.integer(scope, depth - 1)
                return Text(f"-{self.at(a, SIGN)}", SIGN, -a.high, -a.low)
            case _:
                return self._called(scope, Int(0, 0), depth) or self._plain_integer(scope)

    def _plain_integer(self, scope: Scope) -> Text:
        atoms = [a for a in scope.atoms if isinstance(a.type, Int)]
        if not atoms or self._rng.random() < 0.15:
            return _number(self._rng.randint(0, 3))
        atom = self._rng.choice(atoms)
        assert isinstance(atom.type, Int), "chosen so"
        return Text(atom.text, OPERAND, atom.type.low, atom.type.high)

    def _divided(self, scope: Scope, depth: int) -> Text:
        rng = self._rng
        a = self.integer(scope, depth - 1)
        if self._is_risky and rng.random() < 0.5:
            b = self._plain_integer(scope)
            if b.low < b.high:
                bound = max(abs(a.low), abs(a.high))
                return Text(f"{self.at(a, PRODUCT)} / {self.at(b, SIGN)}", PRODUCT, -bound, bound)
        divisor = rng.choice((2, 3, -2))
        corners = [a.low // divisor, a.high // divisor]
        text = f"{self.at(a, PRODUCT)} / {self.at(_number(divisor), SIGN)}"
        return Text(text, PRODUCT, min(corners), max(corners))

    def _share(self, scope: Scope, depth: int) -> Text:
        rng = self._rng
        a = self.integer(scope, depth - 1)
        name, percent = rng.choice([*scope.percentages, ("30%", 30), ("50%", 50), ("150%", 150)])
        low, high = (0, 150) if percent < 0 else (percent, percent)  # a param: any of its values
        corners = [x * p // 100 for x in (a.low, a.high) for p in (low, high)]
        if rng.random() < 0.2:
            return Text(f"{name} * {self.at(a, SIGN)}", PRODUCT, min(corners), max(corners))
        return Text(f"{self.at(a, PRODUCT)} * {name}", PRODUCT, min(corners), max(corners))

    def _extreme(self, scope: Scope, depth: int) -> Text:
        parts = [self.integer(scope, depth - 1) for _ in range(self._rng.choice((2, 2, 3)))]
        name = self._rng.choice(("min", "max"))
        pick = min if name == "min" else max
        text = f"{name}({', '.join(p.text for p in parts)})"
        return Text(text, OPERAND, pick(p.low for p in parts), pick(p.high for p in parts))

    def _counted(self, scope: Scope, depth: int) -> Text:
        rng = self._rng
        group = rng.choice(scope.groups)
        name, inner = self._bind(scope, group)
        quantifier = rng.choice(("count", "count", "sum", "min", "max"))
        if quantifier == "count":
            body = self._body(inner, name, depth)
            return Text(f"count({name} in {group.text}: {body.text})", OPERAND, 0, group.most)
        own = [a for a in inner.atoms if a.text.startswith(f"{name}.")]
        body = self.integer(_prefer(inner, own), min(depth - 1, 1))
        low, high = body.low, body.high
        if quantifier == "sum":
            low = min(low * group.size, low * group.most)
            high = max(body.high * group.size, body.high * group.most)
        return Text(f"{quantifier}({name} in {group.text}: {body.text})", OPERAND, low, high)

    def within(self, value: Text, low: int, high: int) -> Text:
        """`value` limited to `low..high`, if it may lie outside."""
        if value.low >= low and value.high <= high:
            return value
        if value.low > high or value.high < low:
            return _number(self._rng.randint(low, high))
        text = value.text
        if value.high > high:
            text = f"min({text}, {high})"
        if value.low < low:
            text = f"max({low}, {text})"
        return Text(text, OPERAND, max(low, value.low), min(high, value.high))

    # --- enumerations ---

    def label(self, scope: Scope, wanted: Enum, depth: int) -> Text:
        """A value of an enumeration: a label, a variable with the same labels, or a choice of both."""
        rng = self._rng
        atoms = [a.text for a in scope.atoms if a.type == wanted]
        if depth > 0 and rng.random() < 0.3:
            one = self.boolean(scope, depth - 1)
            then, other = self.label(scope, wanted, 0), self.label(scope, wanted, 0)
            return Text(f"if {one.text} then {then.text} else {other.text}", IF)
        if atoms and rng.random() < 0.4:
            return Text(rng.choice(atoms))
        return Text(rng.choice(wanted.labels))


def function_result(value: Text, wanted: ValueType) -> ValueType:
    """The type of a `let` with this value."""
    return Int(value.low, value.high) if isinstance(wanted, Int) else wanted


def _prefer(scope: Scope, atoms: list[Atom]) -> Scope:
    """`scope`, where these atoms are met more often."""
    inner = scope.child()
    inner.atoms = [*scope.atoms, *atoms * max(1, len(scope.atoms) // max(1, len(atoms)))]
    return inner


def _number(value: int) -> Text:
    return Text(str(value), OPERAND if value >= 0 else SIGN, value, value)
