"""Random component types: params, ports, parts, groups, states, derived values, links and commands.

Types are ranked: a port takes a component of a lower rank only, and what a `via` rests on is plain, so no derived value needs itself.
"""

import random

from tests.generate.commands import Commands, Style
from tests.generate.expressions import Expressions, function_result
from tests.generate.names import LABELS, Names
from tests.generate.scope import (
    Atom,
    Bool,
    CommandInfo,
    ComponentKind,
    Enum,
    Function,
    GroupRef,
    Int,
    Setting,
    ValueType,
)

ANY_KIND = "Component"


class Components:
    """Makes component types, and fills a system like one."""

    def __init__(self, rng: random.Random, names: Names, style: Style) -> None:
        self._rng = rng
        self._names = names
        self._style = style
        self.expressions = Expressions(rng, is_risky=style.is_risky)
        self._commands = Commands(rng, self.expressions, names, style)

    def type_of_rank(self, rank: int, kinds: list[ComponentKind]) -> ComponentKind:
        """A new type that may contain, and look at, the types in `kinds`."""
        rng = self._rng
        kind = ComponentKind(name=f"{rng.choice(('Node', 'Store', 'Agent', 'Site'))}{rank}", rank=rank)
        self._params(kind)
        if kinds and rng.random() < 0.5:
            self._ports(kind, kinds)
        if kinds and rng.random() < 0.35:
            self.parts(kind, kinds, rng.choice((1, 1, 2)), weight_max=self._style.weight_max // 4)
        self._fill(kind, state_counts=(0, 1, 1, 2, 2), command_counts=(2, 2, 3, 4))
        return kind

    def fill_system(self, kind: ComponentKind, kinds: list[ComponentKind]) -> None:
        """Everything of a system but its checks, fixes and outages."""
        self._params(kind)
        self.parts(kind, kinds, self._rng.choice((2, 3, 3, 4, 5)), weight_max=self._style.weight_max)
        self._fill(kind, state_counts=(0, 1, 2), command_counts=(0, 1, 2, 3), is_system=True)

    def _fill(
        self,
        kind: ComponentKind,
        *,
        state_counts: tuple[int, ...],
        command_counts: tuple[int, ...],
        is_system: bool = False,
    ) -> None:
        rng = self._rng
        for _ in range(rng.choice(state_counts)):
            if kind.weight < self._style.weight_max:
                self._state(kind)
        if kind.own_parts and rng.random() < (0.8 if is_system else 0.4):
            self._links(kind)
        for _ in range(rng.choice((0, 1, 1, 2))):
            self._let(kind)
        if rng.random() < 0.4:
            self._function(kind)
        self._serving(kind, is_system=is_system)
        if kind.scope.writable:
            for _ in range(rng.choice(command_counts)):
                self._command(kind)
        if not is_system:
            rng.shuffle(kind.lines)  # declarations may stand in any order

    # --- params and ports ---

    def _params(self, kind: ComponentKind) -> None:
        rng, scope = self._rng, kind.scope
        for _ in range(rng.choice((0, 0, 1, 1, 2))):
            name = self._names.new("param")
            match rng.choice(("int", "int", "bool", "percent", "duration")):
                case "int":
                    low = rng.choice((0, 0, 1, -1))
                    high = low + rng.choice((1, 2, 3))
                    values = tuple(str(v) for v in range(low, high + 1))
                    scope.atoms.append(Atom(name, Int(low, high), is_constant=True))
                    kind.exports.append(Atom(name, Int(low, high), is_constant=True))
                    kind.settings.append(Setting(name, values, takes_index=low <= 1))
                case "bool":
                    values = ("true", "false")
                    scope.atoms.append(Atom(name, Bool(), is_constant=True))
                    kind.settings.append(Setting(name, values))
                case "percent":
                    values = ("0%", "50%", "100%", "150%")
                    scope.percentages.append((name, -1))
                    kind.settings.append(Setting(name, values))
                case _:
                    if not self._style.is_timed:
                        continue
                    values = ("1min", "2min", "60s")
                    scope.durations.append(name)
                    kind.settings.append(Setting(name, values))
            kind.lines.append(f"param {name} = {rng.choice(values)}")

    def _ports(self, kind: ComponentKind, kinds: list[ComponentKind]) -> None:
        rng = self._rng
        kind.is_plain = False
        kind.scope.has_links = rng.random() < 0.5  # links between what is bound may exist
        for _ in range(rng.choice((1, 1, 2))):
            name = self._names.new("port")
            if rng.random() < 0.15:
                kind.lines.append(f"port {name}: {ANY_KIND}")
                kind.port_kinds.append((name, None, False))
                kind.scope.atoms.append(Atom(f"{name}.serving", Bool()))
                continue
            other = rng.choice(kinds)
            is_group = rng.random() < 0.4
            kind.lines.append(f"port {name}: {other.name}")
            kind.port_kinds.append((name, other, is_group))
            if is_group:
                kind.scope.groups.append(
                    GroupRef(name, other, 2, 1, size_high=4)
                )  # at least two members, see `_bindings`
                kind.scope.atoms.append(Atom(f"{name}.serving", Bool()))
                kind.scope.atoms.append(Atom(f"{name}.needs", Int(0, 4), is_constant=True))
                kind.scope.atoms.append(Atom(f"{name}.size", Int(2, 4), is_constant=True))
                kind.scope.add_thing(f"{name}[1]", other, is_own=False)
                kind.scope.add_thing(f"{name}[2]", other, is_own=False)
            else:
                kind.scope.add_thing(name, other, is_own=False)

    # --- parts ---

    def parts(self, kind: ComponentKind, kinds: list[ComponentKind], count: int, *, weight_max: int) -> None:
        """Parts, groups and components declared in place, as long as they fit."""
        rng = self._rng
        needed: list[str] = []
        for _ in range(count):
            choice = rng.random()
            if choice < 0.15:
                name = self._in_place(kind)
            else:
                fitting = [k for k in kinds if kind.weight * k.weight <= weight_max]
                if not fitting:
                    continue
                part = rng.choice(fitting)
                name = self._group(kind, part, weight_max) if choice < 0.6 else self._part(kind, part)
            if name:
                needed.append(name)
        if needed and rng.random() < 0.5:
            targets = rng.sample(needed, rng.randint(1, min(2, len(needed))))
            kind.lines.append(f"needs {', '.join(targets)}")

    def _part(self, kind: ComponentKind, part: ComponentKind) -> str:
        bindings = self._bindings(kind, part, in_group_of=0)
        if bindings is None:
            return ""
        name = self._names.new("part")
        kind.lines.append(f"part {name}: {part.name}{bindings}")
        self._adopt(kind, part, name)
        return name

    def _adopt(self, kind: ComponentKind, part: ComponentKind, name: str) -> None:
        kind.scope.add_thing(name, part, is_own=True)
        kind.own_parts.add(name)
        kind.commands.extend(c.under(f"{name}.") for c in part.commands)
        kind.settings.extend(s.under(f"{name}.") for s in part.settings)
        seen = [a.under(f"{name}.") for a in part.exports]
        kind.exports.extend(self._rng.sample(seen, min(2, len(seen))))
        kind.weight *= part.weight
        kind.is_plain = kind.is_plain and part.is_plain

    def _group(self, kind: ComponentKind, part: ComponentKind, weight_max: int) -> str:
        rng = self._rng
        size = rng.choice((1, 2, 2, 3, 3, 4))
        while size > 1 and kind.weight * part.weight**size > weight_max:
            size -= 1
        bindings = self._bindings(kind, part, in_group_of=size)
        if bindings is None:
            return ""
        needs = rng.randint(0, size) if rng.random() < 0.2 else rng.randint(1, size)
        name = self._names.new("group")
        kind.lines.append(f"redundant {name}: {size} x {part.name}{bindings} needs {needs}")
        group = GroupRef(name, part, size, needs)
        kind.scope.add_group(group, is_own=True)
        kind.exports.append(Atom(f"{name}.serving", Bool()))
        kind.settings.extend(s.under(f"{name}.") for s in part.settings)
        for index in range(1, size + 1):
            kind.own_parts.add(f"{name}[{index}]")
            kind.commands.extend(c.under(f"{name}[{index}].") for c in part.commands)
            kind.settings.extend(s.under(f"{name}[{index}].") for s in part.settings)
            kind.weight *= part.weight
        kind.is_plain = kind.is_plain and part.is_plain
        return name

    def _bindings(self, owner: ComponentKind, part: ComponentKind, *, in_group_of: int) -> str | None:
        """The arguments of an instantiation; None if a port finds nothing to be bound to."""
        rng = self._rng
        args: list[str] = []
        for port, wanted, is_group in part.port_kinds:
            if wanted is None:
                fitting = [t.text for t in owner.scope.things if t.kind.rank < part.rank]
                fitting += [g.text for g in owner.scope.groups if g.kind.rank < part.rank]
            elif is_group:
                fitting = [g.text for g in owner.scope.groups if g.kind is wanted and g.size >= 2]
            else:
                fitting = [t.text for t in owner.scope.things if t.kind is wanted]
            if not fitting:
                return None
            args.append(f"{port} = {rng.choice(fitting)}")
        for setting in part.settings:
            if "." in setting.path or rng.random() < 0.5:
                continue
            if in_group_of and setting.takes_index and rng.random() < 0.6:
                args.append(f"{setting.path} = min({setting.values[-1]}, index)")
            else:
                args.append(f"{setting.path} = {rng.choice(setting.values)}")
        rng.shuffle(args)
        return f"({', '.join(args)})" if args or rng.random() < 0.1 else ""

    def _in_place(self, kind: ComponentKind) -> str:
        """A component declared in place: it sees the names around it."""
        rng = self._rng
        name = self._names.new("place")
        inner = ComponentKind(name=name, rank=kind.rank, scope=kind.scope.reading_only())
        inner.is_plain = False
        outer_needs = [t for t in kind.own_parts if "[" not in t]
        if rng.random() < 0.3 and outer_needs:
            inner.lines.append(f"needs {rng.choice(sorted(outer_needs))}")
        self._fill(inner, state_counts=(0, 1, 1), command_counts=(1, 2))
        body = "\n".join("  " + line for line in inner.lines)
        kind.lines.append(f"component {name} {{\n{body}\n}}" if inner.lines else f"component {name} {{ }}")
        inner.scope.things = []
        self._adopt(kind, inner, name)
        return name

    # --- states ---

    def _state(self, kind: ComponentKind) -> None:
        rng = self._rng
        has_health = any(line.startswith("state health") for line in kind.lines)
        match rng.choice(("bool", "range", "enum", "health")):
            case "health" if not has_health:
                labels = rng.choice(LABELS[:2])
                self._declare(
                    kind, "health", Enum(labels), f"{{{', '.join(labels)}}}", rng.choice(("up", "up", *labels))
                )
            case "bool":
                self._declare(kind, self._names.new("flag"), Bool(), "bool", rng.choice(("true", "false")))
            case "range":
                self._range(kind)
            case _:
                labels = rng.choice(LABELS)
                text = f"{{{', '.join(labels)}}}"
                self._declare(kind, self._names.new("mode"), Enum(labels), text, rng.choice(labels))

    def _range(self, kind: ComponentKind) -> None:
        rng = self._rng
        name = self._names.new("level")
        low = rng.choice((0, 0, 0, 1, -1))
        high = low + rng.choice((1, 2, 2, 3))
        if rng.random() < 0.2:
            param = self._names.new("most")
            values = tuple(str(v) for v in range(max(high - 1, low + 1), high + 1))
            kind.lines.append(f"param {param} = {rng.choice(values)}")
            kind.settings.append(Setting(param, values))
            kind.scope.atoms.append(Atom(param, Int(int(values[0]), high), is_constant=True))
            self._declare(kind, name, Int(low, high, int(values[0])), f"{low}..{param}", str(low))
            return
        self._declare(kind, name, Int(low, high), f"{low}..{high}", str(rng.randint(low, high)))

    def _declare(self, kind: ComponentKind, name: str, value_type: ValueType, type_text: str, initial: str) -> None:
        if self._rng.random() < 0.07:
            initial = "any"
        kind.lines.append(f"state {name}: {type_text} = {initial}")
        self._know(kind, name, value_type)
        match value_type:
            case Bool():
                kind.weight *= 2
            case Int(low=low, high=high):
                kind.weight *= high - low + 1
            case Enum(labels=labels):
                kind.weight *= len(labels)

    def _know(self, kind: ComponentKind, name: str, value_type: ValueType) -> None:
        atom = Atom(name, value_type)
        kind.scope.atoms.append(atom)
        kind.scope.writable.append(atom)
        kind.exports.append(atom)

    # --- derived values ---

    def _let(self, kind: ComponentKind) -> None:
        rng, scope = self._rng, kind.scope
        name = self._names.new("let")
        enums = [a for a in scope.atoms if isinstance(a.type, Enum)]
        wanted = rng.choice((Bool(), Bool(), Int(0, 0), *([enums[0].type] if enums else [])))
        if isinstance(wanted, Enum):
            variable = rng.choice([a for a in enums if a.type == wanted]).text
            condition = self.expressions.boolean(scope, 1).text
            text = rng.choice((variable, f"if {condition} then {variable} else {rng.choice(wanted.labels)}"))
            made: ValueType = wanted
        else:
            value = self.expressions.value(scope, wanted, rng.choice((1, 2)))
            text, made = value.text, function_result(value, wanted)
        kind.lines.append(f"let {name} = {text}")
        scope.atoms.append(Atom(name, made))
        kind.exports.append(Atom(name, made))

    def _function(self, kind: ComponentKind) -> None:
        rng, scope = self._rng, kind.scope
        name = self._names.new("function")
        inner = scope.child()
        parameters: list[ComponentKind | Int] = []
        texts: list[str] = []
        for _ in range(rng.choice((1, 1, 2))):
            parameter = self._names.new("of")
            texts.append(parameter)
            if scope.things and rng.random() < 0.7:
                thing = rng.choice(scope.things).kind
                inner.add_thing(parameter, thing, is_own=False)
                parameters.append(thing)
            else:
                inner.atoms.append(Atom(parameter, Int(0, 3)))
                parameters.append(Int(0, 3))
        wanted = rng.choice((Bool(), Bool(), Int(0, 0)))
        value = self.expressions.value(inner, wanted, rng.choice((1, 2)))
        kind.lines.append(f"let {name}({', '.join(texts)}) = {value.text}")
        function = Function(name, tuple(parameters), function_result(value, wanted))
        scope.functions.append(function)
        kind.functions.append(function)

    def _serving(self, kind: ComponentKind, *, is_system: bool) -> None:
        """`serving` and `forwards`, declared or implied; and what else is implied."""
        rng, scope = self._rng, kind.scope
        own_states = any(line.startswith("state ") for line in kind.lines)
        has_serving = bool(scope.atoms) and rng.random() < 0.35
        if has_serving:
            kind.lines.append(f"let serving = {self.expressions.boolean(scope, rng.choice((0, 1, 2))).text}")
        if rng.random() < 0.15 and scope.atoms:
            kind.lines.append(f"let forwards = {self.expressions.boolean(scope, 1).text}")
            scope.atoms.append(Atom("forwards", Bool()))
            kind.exports.append(Atom("forwards", Bool()))
        if not (own_states or has_serving or kind.own_parts or is_system):
            self._know(kind, "health", Enum(("up", "down")))
            kind.weight *= 2
            kind.commands.append(CommandInfo("crash", "fault", "crash"))
        if any(a.text == "health" for a in scope.writable):
            scope.atoms.append(Atom("healthy", Bool()))
            kind.exports.append(Atom("healthy", Bool()))
        scope.atoms.append(Atom("serving", Bool()))
        kind.exports.append(Atom("serving", Bool()))

    # --- links and commands ---

    def _links(self, kind: ComponentKind) -> None:
        rng, scope = self._rng, kind.scope
        parts = [t for t in scope.things if t.text in kind.own_parts]
        ends = [t.text for t in parts] + [g.text for g in scope.own_groups if "." not in g.text]
        plain = [t.text for t in parts if t.kind.is_plain] + [
            g.text for g in scope.own_groups if "." not in g.text and g.kind.is_plain
        ]
        if len(ends) < 2:
            return
        kind.is_plain = False
        scope.has_links = True
        for _ in range(rng.choice((1, 2, 2, 3))):
            one, other = rng.choice(ends), rng.choice(ends)
            text = f"link {one} {rng.choice(('->', '<->'))} {other}"
            if plain and rng.random() < 0.5:
                text += f" via {', '.join(rng.sample(plain, rng.randint(1, min(2, len(plain)))))}"
            if kind.weight * 2 <= self._style.weight_max and rng.random() < 0.2:
                text += " can cut"
                kind.weight *= 4
                if self._style.is_timed and rng.random() < 0.5:
                    text += rng.choice((" lasts 1min", " lasts 1min..2min"))
            kind.lines.append(text)

    def _command(self, kind: ComponentKind) -> None:
        classes = (
            "fault",
            "fault",
            "fault",
            "repair",
            "repair",
            "reaction",
            "reaction",
            "reaction",
            "operator",
            "event",
        )
        lines, infos, factor = self._commands.command(kind.scope, self._rng.choice(classes))
        kind.lines.extend(lines)
        kind.commands.extend(infos)
        kind.weight *= factor
