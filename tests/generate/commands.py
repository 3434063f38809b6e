"""Random commands: guards, arrow updates with alternatives, assignments, timing, `lasts`, loops over groups."""

import random
from dataclasses import dataclass

from tests.generate.expressions import Expressions
from tests.generate.names import Names
from tests.generate.scope import Atom, Bool, CommandInfo, Enum, GroupRef, Int, Scope

CLASSES = ("fault", "repair", "reaction", "operator", "event")
KINDS = ("crash", "omission", "slow", "partial", "corrupt", "config", "load", "gray")
_LITERALS = ("1min", "1min", "2min", "60s", "120s", "3min")


@dataclass(frozen=True, slots=True)
class Style:
    """What a whole spec is like. `has_tick`: its tick is one minute, so that other durations are rounded."""

    is_timed: bool
    has_tick: bool
    is_risky: bool
    weight_max: int


@dataclass(slots=True)
class _Updates:
    """The updates of one command. `leaves`: it cannot be enabled right after it fired."""

    texts: list[str]
    written: set[str]
    has_arrow: bool = False
    leaves: bool = False


class Commands:
    """Makes commands for one component."""

    def __init__(self, rng: random.Random, expressions: Expressions, names: Names, style: Style) -> None:
        self._rng = rng
        self._expressions = expressions
        self._names = names
        self._style = style

    def command(self, scope: Scope, command_class: str) -> tuple[list[str], list[CommandInfo], int]:
        """A command as lines, what clauses may call it, and a factor that bounds what its clocks add; nothing if nothing can be written."""
        rng = self._rng
        name = self._names.new(command_class)
        loop, inner, group = self._loop(scope)
        updates = self._updates(inner)
        if not updates.texts:
            return [], [], 1
        info_kind = ""
        words = [command_class, name]
        if command_class == "fault":
            info_kind = name
            if rng.random() < 0.6:
                info_kind = rng.choice(KINDS)
                words[-1] += f": {info_kind}"
        if rng.random() < 0.15:
            words.append(f'"text of {name}"')
        modifiers = [loop] if loop else []
        can_be_quick = command_class in ("fault", "operator", "event") or not self._style.is_timed
        if rng.random() < 0.4 or (not can_be_quick and not updates.leaves):
            modifiers.append(f"when {self._expressions.boolean(inner, rng.choice((0, 1, 1, 2))).text}")
        timing, factor = self._timing(inner, command_class, is_needed=not can_be_quick and not updates.leaves)
        if timing:
            modifiers.append(timing)
        has_end = (
            self._style.is_timed and updates.has_arrow and rng.random() < (0.4 if command_class == "fault" else 0.06)
        )
        if has_end:
            shortest, longest = self._span(inner)
            modifiers.append(f"lasts {shortest}" if rng.random() < 0.7 else f"lasts {shortest}..{longest}")
            factor *= 4
        rng.shuffle(modifiers)
        separator = rng.choice((", ", " ", "\n    "))
        lines = [f"{' '.join([*words, *modifiers])} {{ {separator.join(updates.texts)} }}"]
        infos = []
        for index in range(1, group.size + 1) if group else (None,):
            mark = "" if index is None else f"[{index}]"
            infos.append(CommandInfo(name + mark, command_class, info_kind))
            if has_end:
                end_class = "repair" if command_class == "fault" else command_class
                infos.append(CommandInfo(f"{name}_ends{mark}", end_class))
        return lines, infos, factor ** (group.size if group else 1)

    def _loop(self, scope: Scope) -> tuple[str, Scope, GroupRef | None]:
        rng = self._rng
        if not scope.groups or rng.random() < 0.7:
            return "", scope, None
        group = rng.choice(scope.groups)
        name = self._names.new("each")
        inner = scope.child()
        is_own = any(g.text == group.text for g in scope.own_groups)
        inner.add_thing(name, group.kind, is_own=is_own)
        inner.atoms.append(Atom(f"{name}.index", Int(1, group.most), is_constant=True))
        if is_own:
            # What is written through the loop is written through nothing else in the same command.
            inner.writable = [a for a in inner.writable if a.text.split(".")[0] == name or "." not in a.text]
            inner.own_groups = []
        return f"for {name} in {group.text}", inner, group

    # --- timing ---

    def _timing(self, scope: Scope, command_class: str, *, is_needed: bool) -> tuple[str, int]:
        rng = self._rng
        if not self._style.is_timed:
            return "", 1
        if command_class == "fault":
            return (f"after {self._duration(scope)}", 3) if rng.random() < 0.2 else ("", 1)
        share = {"repair": 0.8, "reaction": 0.75, "operator": 0.6, "event": 0.6}[command_class]
        if not is_needed and rng.random() > share:
            return "", 1
        shortest, longest = self._span(scope)
        return rng.choice(
            (f"after {shortest}", f"after {shortest}", f"after {shortest}..{longest}", f"within {longest}")
        ), 3

    def _duration(self, scope: Scope) -> str:
        return self._span(scope)[0]

    def _span(self, scope: Scope) -> tuple[str, str]:
        """A shorter and a longer time."""
        rng = self._rng
        if scope.durations and rng.random() < 0.4:
            name = rng.choice(scope.durations)
            return rng.choice((name, name, f"{name} * 50%")), rng.choice((f"{name} + 1min", f"2 * {name}", name))
        first = rng.choice(_LITERALS)
        if self._style.has_tick and rng.random() < 0.2:
            return rng.choice(("30s", "90s")), "100s"
        return rng.choice(("0s", first, first, first)), rng.choice((f"{first} + 1min", "3min", "3min"))

    # --- updates ---

    def _updates(self, scope: Scope) -> _Updates:
        rng = self._rng
        updates = _Updates([], set())
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            target = self._target(scope)
            if target is None or target[1] in updates.written:
                continue
            updates.written.add(target[1])
            self._update(scope, target[0], updates)
        return updates

    def _target(self, scope: Scope) -> tuple[Atom, str] | None:
        """A variable, and the name by which its writing twice is noticed: indices do not tell members apart."""
        rng = self._rng
        expressions = self._expressions
        if scope.own_groups and rng.random() < 0.2:
            group = rng.choice(scope.own_groups)
            choices = group.kind.scope.writable
            if choices:
                atom = rng.choice(choices)
                index = expressions.integer(scope, 1)
                if not (self._style.is_risky and rng.random() < 0.3 and index.low < index.high):
                    index = expressions.within(index, 1, group.size)
                path = f"{group.text}[{index.text}].{atom.text}"
                return Atom(path, atom.type), _plain(f"{group.text}.{atom.text}")
        if not scope.writable:
            return None
        atom = rng.choice(scope.writable)
        return atom, _plain(atom.text)

    def _update(self, scope: Scope, target: Atom, updates: _Updates) -> None:
        rng = self._rng
        if rng.random() < 0.65:
            self._arrow(target, updates)
        elif isinstance(target.type, Int):
            self._assign_integer(scope, target.text, target.type, updates)
        else:
            value = self._expressions.value(scope, target.type, rng.choice((0, 1, 2)))
            updates.texts.append(f"{target.text} = {value.text}")

    def _arrow(self, target: Atom, updates: _Updates) -> None:
        rng = self._rng
        match target.type:
            case Bool():
                values = ["true", "false"]
            case Enum(labels=labels):
                values = list(labels)
            case Int(low=low):
                values = [str(n) for n in range(low, target.type.safe_high + 1)]
        if len(values) < 2:
            return
        rng.shuffle(values)
        count = rng.randint(1, min(2, len(values) - 1))
        updates.texts.append(f"{target.text}: {' | '.join(values[1 : 1 + count])} -> {values[0]}")
        updates.has_arrow = True
        updates.leaves = True

    def _assign_integer(self, scope: Scope, name: str, kind: Int, updates: _Updates) -> None:
        rng = self._rng
        low, high = kind.low, kind.safe_high
        if low < high and rng.random() < 0.4:
            step, limit = rng.choice((("+", f"min({high}, {name} + 1)"), ("-", f"max({low}, {name} - 1)")))
            is_left_to_chance = self._style.is_risky and rng.random() < 0.7
            updates.texts.append(f"{name} = {name} {step} 1" if is_left_to_chance else f"{name} = {limit}")
            return
        value = self._expressions.integer(scope, rng.choice((0, 1, 2)))
        may_leave = self._style.is_risky and rng.random() < 0.5 and value.low < value.high
        if not may_leave:
            value = self._expressions.within(value, low, high)
        updates.texts.append(f"{name} = {value.text}")


def _plain(path: str) -> str:
    """`path` without its indices."""
    plain, depth = "", 0
    for character in path:
        depth += character == "["
        plain += character if depth == 0 else ""
        depth -= character == "]"
    return plain
