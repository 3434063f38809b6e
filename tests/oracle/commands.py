"""Commands (language reference, section 4): everything that may happen in a system, before a check has its say. Links and their cuts are among it (section 3)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cascade.syntax import tree
from tests.oracle.meaning import Meaning
from tests.oracle.things import Group, Node, Scope, Steps, Thing, Things, Values, path_of


@dataclass(frozen=True, slots=True)
class Write:
    """`target` is the component whose variable is written; which one, the state may decide."""

    target: Thing
    places: dict[Node, int]
    value: Callable[[Values], object]


@dataclass(eq=False, slots=True, kw_only=True)
class Command:
    """`earliest` and `latest` in milliseconds; `latest` is None where nothing is said of it. `is_timed`: it has a clock."""

    steps: Steps
    node: Node
    kind: str
    word: str
    guards: list[Callable[[Values], object]]
    writes: list[Write]
    is_timed: bool = False
    earliest: int = 0
    latest: int | None = None

    @property
    def name(self) -> str:
        return path_of(self.steps)

    def is_enabled(self, v: Values) -> bool:
        return all(guard(v) for guard in self.guards)

    def written(self) -> set[int]:
        return {place for write in self.writes for place in write.places.values()}


class Commands:
    """Makes the commands of a system for one of its checks, which may let links be cut. `cut_durations` are those that any check gives."""

    def __init__(self, things: Things, meaning: Meaning, checks: list[tree.Check], check: tree.Check) -> None:
        self.things = things
        self.meaning = meaning
        self._checks = checks
        self._check = check
        for node in things.nodes():
            for name, item in node.names.items():
                if isinstance(item, tree.State):
                    meaning.attribute(things, node, name)
        self.cuts: list[Command] = []
        self.cut_durations: list[int] = []
        self._links()
        self.declared = [command for node in things.nodes() for command in self._commands_of(node)]

    def read(self, expr: tree.Expr, scope: Scope, labels: str | tuple[str, ...] = "") -> Thing:
        """The meaning of an expression."""
        return self.meaning.read(self.things, expr, scope, labels)

    def number(self, expr: tree.Expr, scope: Scope) -> int:
        """The value of a constant."""
        value = self.read(expr, scope).of(())
        assert isinstance(value, int)
        return value

    def _commands_of(self, node: Node) -> Iterator[Command]:
        for statement in node.body:
            if not isinstance(statement, tree.Command):
                continue
            if statement.loop is None:
                yield from self._command(statement, node, Scope(node), None)
                continue
            group = self.read(statement.loop.group, Scope(node)).of(())
            assert isinstance(group, Group)
            for number, member in enumerate(group.members, start=1):
                thing = Thing("node", lambda _, m=member: m, (member,))
                scope = Scope(node).bind(statement.loop.variable.text, thing)
                yield from self._command(statement, node, scope, number)

    def _command(self, said: tree.Command, node: Node, scope: Scope, number: int | None) -> Iterator[Command]:
        guards = [] if said.guard is None else [self.read(said.guard, scope).of]
        undo_guards, undo_writes, writes = [], [], []
        for update in said.updates:
            target, places, type_ = self._target(update.target, scope)
            if isinstance(update, tree.Assignment):
                writes.append(Write(target, places, self.read(update.value, scope, type_).of))
                continue
            now = self.read(update.target, scope).of
            sources = [self.read(source, scope, type_).of for source in update.sources]
            goal = self.read(update.destination, scope, type_).of
            guards.append(lambda v, now=now, sources=sources: any(now(v) == source(v) for source in sources))
            writes.append(Write(target, places, goal))
            undo_guards.append(lambda v, now=now, goal=goal: now(v) == goal(v))
            undo_writes.append(Write(target, places, sources[0]))
        steps = (*node.steps, (said.name.text, number))
        word = ""
        if said.command_class == "fault":
            word = said.name.text if said.kind is None else said.kind.text
        command = Command(steps=steps, node=node, kind=said.command_class, word=word, guards=guards, writes=writes)
        match said.timing:
            case tree.After(earliest=earliest, latest=latest):
                command.is_timed = True
                command.earliest = self.number(earliest, scope)
                command.latest = None if latest is None else self.number(latest, scope)
            case tree.Within(latest=latest):
                command.is_timed = True
                command.latest = self.number(latest, scope)
        yield command
        if said.lasts is not None:
            yield self._ending(command, said.lasts, scope, undo_guards, undo_writes)

    def _ending(
        self,
        command: Command,
        lasts: tree.Lasts,
        scope: Scope,
        guards: list[Callable[[Values], object]],
        writes: list[Write],
    ) -> Command:
        """What `lasts` adds: the repair of a fault; what else lasts ends in its own class."""
        earliest = self.number(lasts.shortest, scope)
        name, number = command.steps[-1]
        return Command(
            steps=(*command.steps[:-1], (f"{name}_ends", number)),
            node=command.node,
            kind="repair" if command.kind == "fault" else command.kind,
            word="",
            guards=guards,
            writes=writes,
            is_timed=True,
            earliest=earliest,
            latest=earliest if lasts.longest is None else self.number(lasts.longest, scope),
        )

    def _target(self, expr: tree.Expr, scope: Scope) -> tuple[Thing, dict[Node, int], str | tuple[str, ...]]:
        """The component whose variable is written, the place of that variable in each that it may be, and its type."""
        if isinstance(expr, tree.Attribute):
            base, name = self.read(expr.base, scope), expr.name.text
        else:
            assert isinstance(expr, tree.Name)
            node, name = scope.node, expr.text
            while name not in node.names:
                assert node.around is not None
                node = node.around
            base = Thing("node", lambda _: node, (node,))
        places = {node: self.meaning.variables[node, name] for node in base.options}
        return base, places, self.meaning.domains[next(iter(places.values()))][0]

    def _links(self) -> None:
        """Links, and what cuts them: for the system, or for this check."""
        found: dict[tuple[Node, Node], list[tuple[Node, tree.Link]]] = {}
        for owner, link in self.things.links:
            left, right = self._ends(link.left, owner), self._ends(link.right, owner)
            pairs = [(a, b) for a in left for b in right]
            pairs += [(b, a) for a in left for b in right] if link.both else []
            for pair in dict.fromkeys(p for p in pairs if p[0] is not p[1]):
                found.setdefault(pair, []).append((owner, link))
        of_check: dict[tuple[Node, Node], list[tree.CanCut]] = {}
        for clause in (c for check in self._checks for c in check.clauses if isinstance(c, tree.LinkCanCut)):
            if clause.cut.lasts is not None:
                self.cut_durations += self._span(clause.cut.lasts, Scope(self.things.root))
            if clause in self._check.clauses:
                for a in self._ends(clause.left, self.things.root):
                    for b in self._ends(clause.right, self.things.root):
                        for pair in ((a, b), (b, a)) if clause.both else ((a, b),):
                            of_check.setdefault(pair, []).append(clause.cut)
        for pair, links in found.items():
            for number, (owner, link) in enumerate(links):
                cuts = of_check.get(pair) or ([] if link.cut is None else [link.cut])
                via = []
                for hop in link.via:
                    where = self.read(hop, Scope(owner))
                    via.append(
                        self.meaning.each(where, lambda item: self.meaning.attribute(self.things, item, "forwards"))
                    )
                place = None
                if cuts:
                    key = (owner, f"{pair[0].path}->{pair[1].path}#{number}")
                    place = self.meaning.variable(key, "bool", (False, True), (False,))
                    self.cuts += self._cut(owner, key[1], place, cuts)
                self.meaning.links.setdefault(pair, []).append((place, via))

    def _span(self, lasts: tree.Lasts, scope: Scope) -> list[int]:
        return [self.number(e, scope) for e in (lasts.shortest, lasts.longest) if e is not None]

    def _ends(self, expr: tree.Expr, owner: Node) -> list[Node]:
        item = self.read(expr, Scope(owner)).of(())
        return item.members if isinstance(item, Group) else [item]

    def _cut(self, owner: Node, name: str, place: int, cuts: list[tree.CanCut]) -> Iterator[Command]:
        """The one fault `cut` that a link has, and a repair for each `lasts` that is said of it: clauses of a check combine."""
        where = Thing("node", lambda _: owner, (owner,))
        steps = (*owner.steps, (name, None), ("cut", None))
        fault = Command(
            steps=steps, node=owner, kind="fault", word="omission",
            guards=[lambda v: not v[place]], writes=[Write(where, {owner: place}, lambda _: True)],
        )  # fmt: skip
        yield fault
        for cut in cuts:
            if cut.lasts is not None:
                undo = [Write(where, {owner: place}, lambda _: False)]
                yield self._ending(fault, cut.lasts, Scope(owner), [lambda v: bool(v[place])], undo)
