"""Links: who can talk to whom. `reaches` is one hop: routing is modelled with components, not guessed."""

from cascade.checked import messages
from cascade.checked.commands import CommandBuilder, PlacedCommand
from cascade.checked.construct import Constructor
from cascade.checked.describe import describe
from cascade.checked.instances import UNKNOWN, Choice, Group, Instance, Scalar, Scope, Step, Unknown, Value
from cascade.checked.model import BOOL, Class, Command, Kind, Link, Update, ValueType, Variable
from cascade.core.expressions import ExprId
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.records import dataclass
from cascade.source import Span
from cascade.syntax import tree

LINKS_MAX = 50_000
"""Directed links of one system; a link between two groups is one for each pair of members."""

_CUT = ValueType(Kind.ENUM, ("intact", "cut"))


@dataclass(slots=True, eq=False)
class _Link:
    """One directed link; `cut` is the expression that it is cut, None if nothing may cut it."""

    name: str
    owner: Instance
    source: Instance
    target: Instance
    via: tuple[tree.Expr, ...]
    declaration: tree.Link
    cut: ExprId | None = None
    variable: int = -1


class Links:
    """All links of a system, and what `reaches` means.

    `collect` and `find_cuts` come before the first guard is read: whether a link may be cut is part of what `reaches` says.
    """

    def __init__(self, diagnostics: Diagnostics) -> None:
        self._diagnostics = diagnostics
        self._is_known = False
        self._count = 0
        self._wishes: dict[tuple[int, str], tuple[_Link, tree.CanCut, set[str] | None]] = {}
        self._replaced: dict[int, set[str]] = {}  # checks with a clause of their own for a link, by its id
        self._by_ends: dict[tuple[Instance, Instance], list[_Link]] = {}
        self._reaches: dict[tuple[Instance, Instance], Value] = {}
        self._constructor: Constructor | None = None

    def collect(self, constructor: Constructor, instances: list[Instance]) -> None:
        """Find the links that the instances declare."""
        self._constructor = constructor
        for instance in instances:
            for statement in instance.statements:
                if isinstance(statement, tree.Link):
                    self._collect(instance, statement)

    def _collect(self, owner: Instance, statement: tree.Link) -> None:
        sources, targets = self._ends(statement.left, owner), self._ends(statement.right, owner)
        self._count += len(sources) * len(targets) * (1 + statement.both)
        if self._count > LINKS_MAX:
            self._diagnostics.add(messages.too_large(statement.span, "links", LINKS_MAX))
            return
        for source in sources:
            for target in targets:
                if source is target:
                    continue
                self._add(owner, source, target, statement)
                if statement.both:
                    self._add(owner, target, source, statement)

    def _add(self, owner: Instance, source: Instance, target: Instance, statement: tree.Link) -> None:
        parallel = self._by_ends.setdefault((source, target), [])
        if any(link.declaration is statement for link in parallel):
            return  # `group <-> group` names each pair twice
        name = f"{source.path}->{target.path}" + (f"#{len(parallel) + 1}" if parallel else "")
        parallel.append(_Link(name, owner, source, target, statement.via, statement))

    def _ends(self, expr: tree.Expr, owner: Instance) -> list[Instance]:
        """An end of a link: one component, or every member of a group."""
        assert self._constructor is not None, "collect gives the constructor"
        value = self._constructor.evaluator.value(expr, Scope(owner))
        if isinstance(value, Instance):
            return [value]
        if isinstance(value, Group):
            return list(value.members)
        if not isinstance(value, Unknown):
            self._constructor.diagnostics.add(messages.wrong_type(expr.span, "a component or a group", describe(value)))
        return []

    def matching(self, clause: tree.LinkCanCut, root: Instance) -> list[_Link]:
        """The links that a clause `link a <-> b can cut` means."""
        found: list[_Link] = []
        assert self._constructor is not None, "collect gives the constructor"
        sources, targets = self._ends(clause.left, root), self._ends(clause.right, root)
        if not self._constructor.evaluator.charge(len(sources) * len(targets), clause.span):
            return []
        for source in sources:
            for target in targets:
                found.extend(self._by_ends.get((source, target), ()))
                if clause.both:
                    found.extend(self._by_ends.get((target, source), ()))
        return list(dict.fromkeys(found))

    def find_cuts(self, root: Instance, checks: tuple[tree.Check, ...]) -> None:
        """Find the links that the system or a check allows to be cut, and give each a variable."""
        wishes = self._wishes
        for links in self._by_ends.values():
            for link in links:
                if link.declaration.cut is not None:
                    wishes[id(link), ""] = (link, link.declaration.cut, None)
        for check in checks:
            said: list[tuple[tree.LinkCanCut, list[_Link]]] = []
            for clause in check.clauses:
                if isinstance(clause, tree.LinkCanCut):
                    found = self.matching(clause, root)
                    if not found:
                        self._no_link(clause)
                    said.append((clause, found))
                    for link in found:
                        self._replaced.setdefault(id(link), set()).add(check.name.text)
                        duration = clause.cut.lasts.span.text if clause.cut.lasts is not None else "for ever"
                        wish = wishes.setdefault((id(link), duration), (link, clause.cut, set()))
                        if wish[2] is not None:
                            wish[2].add(check.name.text)
            self._lint_cuts(said)
        for link, _, _ in wishes.values():
            self._allocate(link)
        self._is_known = True

    def _lint_cuts(self, said: list[tuple[tree.LinkCanCut, list[_Link]]]) -> None:
        """Tell of each clause of one check that says nothing of an end, where another ends what it cuts."""
        ends: dict[int, tree.LinkCanCut] = {}
        for clause, links in said:
            if clause.cut.lasts is not None:
                for link in links:
                    ends.setdefault(id(link), clause)
        for clause, links in said:
            ended = next((link for link in links if id(link) in ends), None)
            if clause.cut.lasts is None and ended is not None:
                self._diagnostics.add(messages.cut_ends_all_the_same(clause.span, ended.name, ends[id(ended)].span))

    def cut_commands(self, builder: CommandBuilder) -> list[PlacedCommand]:
        """The faults that cut links, with what ends them. A check's clause makes its own, which exist in that check only, and replace what the declaration says there."""
        result: list[PlacedCommand] = []
        for link, cut, names in self._wishes.values():
            replaced = frozenset(self._replaced.get(id(link), ())) if names is None else frozenset[str]()
            result.extend(self._cut(link, cut, None if names is None else frozenset(names), replaced, builder))
        return result

    def _no_link(self, clause: tree.LinkCanCut) -> None:
        assert self._constructor is not None, "collect gives the constructor"
        self._constructor.diagnostics.add(
            messages.unknown_name(clause.span, clause.span.text, "as a declared link", ())
        )

    def _allocate(self, link: _Link) -> None:
        """The variable that says whether `link` is cut."""
        assert self._constructor is not None, "collect gives the constructor"
        table, variables = self._constructor.builder, self._constructor.variables
        if link.variable >= 0:
            return
        link.variable = len(variables)
        variables.append(
            Variable(
                name=link.name,
                component=link.owner.path,
                type=_CUT,
                low=0,
                high=1,
                initial=(0,),
                is_link=True,
                span=link.declaration.span,
            )
        )
        state = table.variable(link.variable, low=0, high=1, is_bool=False)
        link.cut = table.eq(state, table.const(1))

    def _cut(
        self,
        link: _Link,
        cut: tree.CanCut,
        checks: frozenset[str] | None,
        replaced: frozenset[str],
        builder: CommandBuilder,
    ) -> list[PlacedCommand]:
        assert self._constructor is not None and link.cut is not None, "find_cuts gives links their variables"
        table = self._constructor.builder
        is_cut, span = link.cut, cut.span
        steps = (*link.owner.steps, Step(link.name), Step("cut"))
        fault = Command(
            name=f"{link.name}.cut",
            component=link.owner.path,
            command_class=Class.FAULT,
            kind="omission",
            text="",
            guard=table.not_(is_cut),
            updates=(Update(variable=link.variable, value=table.const(1), span=span),),
            timing=None,
            cut_checks=checks,
            replaced_in=replaced,
            span=span,
        )
        placed = PlacedCommand(fault, steps)
        if cut.lasts is None:
            return [placed]
        undo = (Update(variable=link.variable, value=table.const(0), span=span),)
        ending = builder.undo(placed, cut.lasts, (is_cut,), undo, Scope(link.owner))
        return [placed, ending] if ending is not None else [placed]

    def reaches(self, source: Instance, target: Instance, span: Span) -> Value:
        """Whether `source` is `target`, or some link between them is intact and everything on its way forwards."""
        if not self._is_known or self._constructor is None:
            self._diagnostics.add(messages.not_constant(span, "what the shape of the system depends on"))
            return UNKNOWN
        builder = self._constructor.builder
        if source is target:
            return Scalar(BOOL, builder.true)
        key = (source, target)
        if key not in self._reaches:
            options: list[ExprId] = []
            for link in self._by_ends.get(key, ()):
                hops = [builder.not_(link.cut)] if link.cut is not None else []
                for expr in link.via:
                    hop = self._forwards(expr, link.owner)
                    if hop is None:
                        return UNKNOWN
                    hops.append(hop)
                options.append(builder.and_(*hops))
            self._reaches[key] = Scalar(BOOL, builder.or_(*options))
        return self._reaches[key]

    def _forwards(self, expr: tree.Expr, owner: Instance) -> ExprId | None:
        assert self._constructor is not None, "collect gives the constructor"
        return self._forwards_value(self._constructor.evaluator.value(expr, Scope(owner)), expr)

    def _forwards_value(self, value: Value, expr: tree.Expr) -> ExprId | None:
        assert self._constructor is not None, "collect gives the constructor"
        constructor = self._constructor
        if isinstance(value, Group):
            return constructor.evaluator.serving(value, expr.span)
        if isinstance(value, Instance):
            return constructor.evaluator.serving(value, expr.span, "forwards")
        if isinstance(value, Choice):
            options = [self._forwards_value(option, expr) for option in value.options]
            known = tuple(option for option in options if option is not None)
            return constructor.builder.select(value.index, known, value.span) if len(known) == len(options) else None
        if not isinstance(value, Unknown):
            constructor.diagnostics.add(messages.wrong_type(expr.span, "a component or a group", describe(value)))
        return None

    def outline(self) -> tuple[Link, ...]:
        """The links for display."""
        return tuple(
            Link(
                name=link.name,
                source=link.source.path,
                target=link.target.path,
                via=tuple(expr.span.text for expr in link.via),
                span=link.declaration.span,
            )
            for links in self._by_ends.values()
            for link in links
        )
