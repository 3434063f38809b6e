"""Text -> syntax tree: what each rule of the grammar makes (expressions: see `build_expressions`)."""

from typing import Any

from cascade.source import Span
from cascade.syntax import errors, tree
from cascade.syntax.build_expressions import Children, ExpressionBuilder, pieces_of, values_of
from cascade.syntax.pieces import Block, Expect, Guard, OpenCheck, Piece


def _value(piece: Piece | None) -> Any:
    """The value of an optional part, None if it is absent."""
    return None if piece is None else piece.value


def _description(token: Any) -> str:
    """The text in the quotes of an optional string."""
    return "" if token is None else str(token)[1:-1]


class Builder(ExpressionBuilder):
    """The actions of the whole grammar, by the names of its rules."""

    # --- file, components -----------------------------------------------------------------------------------------

    def start(self, c: Children) -> Piece:
        only: Piece = c[0]
        return only

    def no_declarations(self, _: Children) -> Piece:
        return Piece(Block(), 0, 0)

    def add_declaration(self, c: Children) -> Piece:
        block: Piece = c[0]
        block.value.items.append(c[1].value)
        return block

    def import_(self, c: Children) -> Piece:
        path = tuple(self.identifier(word) for word in [c[1], *pieces_of(c)])
        return self.made(tree.Import(path=path, span=self.span_of(c)))

    def system(self, c: Children) -> Piece:
        _, name, text, _, body, _ = c
        return self.made(
            tree.System(
                name=self.identifier(name), text=_description(text), body=body.value.closed(), span=self.span_of(c)
            )
        )

    def component(self, c: Children) -> Piece:
        _, name, text, _, body, _ = c
        return self.made(
            tree.Component(
                name=self.identifier(name), text=_description(text), body=body.value.closed(), span=self.span_of(c)
            )
        )

    no_statements = no_declarations
    add_statement = add_declaration

    def settled(self, c: Children) -> Piece:
        only: Piece = c[0]
        return only

    open = settled

    def add_clause(self, c: Children) -> Piece:
        """A clause of the check that stands last in the block."""
        block, clause = c
        check: OpenCheck = block.value.items[-1]
        span = self.span_of([clause])
        check.end = span.end
        match clause.value:
            case Expect(verdict):
                if check.expect is not None:
                    self.report(errors.said_twice("expect", span))
                check.expect = verdict
            case tree.Link(left=left, right=right, both=both, cut=tree.CanCut() as cut):
                check.clauses.append(tree.LinkCanCut(left=left, right=right, both=both, cut=cut, span=span))
            case node:
                check.clauses.append(node)
        result: Piece = block
        return result

    # --- statements -----------------------------------------------------------------------------------------------

    def tick(self, c: Children) -> Piece:
        return self.made(tree.Tick(duration=c[1].value, span=self.span_of(c)))

    def param(self, c: Children) -> Piece:
        _, name, domain, value = c
        return self.made(
            tree.Param(name=self.identifier(name), domain=_value(domain), value=_value(value), span=self.span_of(c))
        )

    def domain(self, c: Children) -> Piece:
        _, type_, _, step = c
        return self.made(tree.Domain(type=type_.value, step=_value(step), span=self.span_of(c)))

    def value(self, c: Children) -> Piece:
        return Piece(c[1].value, c[0].start_pos, c[1].end_pos)

    open_value = value

    def port(self, c: Children) -> Piece:
        _, name, _, type_name = c
        return self.made(
            tree.Port(name=self.identifier(name), type_name=self.identifier(type_name), span=self.span_of(c))
        )

    def part(self, c: Children) -> Piece:
        _, name, _, type_name, args = c
        return self.made(
            tree.Part(
                name=self.identifier(name),
                type_name=self.identifier(type_name),
                args=_value(args) or (),
                span=self.span_of(c),
            )
        )

    def redundant(self, c: Children) -> Piece:
        _, name, _, count, _, type_name, args, _, needs = c
        return self.made(
            tree.Redundant(
                name=self.identifier(name),
                count=count.value,
                type_name=self.identifier(type_name),
                args=_value(args) or (),
                needs=needs.value,
                span=self.span_of(c),
            )
        )

    def arguments(self, c: Children) -> Piece:
        return Piece(values_of(c), c[0].start_pos, c[-1].end_pos)

    def argument(self, c: Children) -> Piece:
        name, _, value = c
        return self.made(tree.Argument(name=self.identifier(name), value=value.value, span=self.span_of(c)))

    def needs(self, c: Children) -> Piece:
        return self.made(tree.Needs(targets=c[1].value, span=self.span_of(c)))

    def paths(self, c: Children) -> Piece:
        span = self.span_of(c)
        return Piece(values_of(c), span.start, span.end)

    def state(self, c: Children) -> Piece:
        _, name, _, type_, _, initial = c
        return self.made(
            tree.State(name=self.identifier(name), type=type_.value, initial=initial.value, span=self.span_of(c))
        )

    def bool_type(self, c: Children) -> Piece:
        return self.made(tree.BoolType(span=self.span_of(c)))

    def range_type(self, c: Children) -> Piece:
        low, _, high = c
        return self.made(tree.RangeType(low=low.value, high=high.value, span=self.span_of(c)))

    def enum_type(self, c: Children) -> Piece:
        labels = tuple(self.identifier(token) for token in c if token is not None and token.type == "NAME")
        return self.made(tree.EnumType(labels=labels, span=self.span_of(c)))

    def any_value(self, c: Children) -> Piece:
        return self.made(tree.Any(span=self.span_of(c)))

    def let(self, c: Children) -> Piece:
        _, name, parameters, _, value = c
        return self.made(
            tree.Let(
                name=self.identifier(name),
                parameters=_value(parameters),
                value=value.value,
                span=self.span_of(c),
            )
        )

    def parameters(self, c: Children) -> Piece:
        names = tuple(self.identifier(token) for token in c if token is not None and token.type == "NAME")
        return Piece(names, c[0].start_pos, c[-1].end_pos)

    def outage(self, c: Children) -> Piece:
        _, name, text, _, condition = c
        return self.made(
            tree.Outage(
                name=self.identifier(name),
                text=_description(text),
                condition=condition.value,
                span=self.span_of(c),
            )
        )

    def fix(self, c: Children) -> Piece:
        _, name, text, cost, _, settings, _ = c
        return self.made(
            tree.Fix(
                name=self.identifier(name),
                text=_description(text),
                cost=_value(cost),
                settings=settings.value,
                span=self.span_of(c),
            )
        )

    def cost(self, c: Children) -> Piece:
        return Piece(self._number(str(c[1]), 1, self.span_of([c[1]])), c[0].start_pos, c[1].end_pos)

    def waiver(self, c: Children) -> Piece:
        _, target, accepted, _, until, _, reason = c
        return self.made(
            tree.Waiver(
                target=self.identifier(target),
                accepted=_value(accepted) or (),
                until=tree.Day(text=str(until), span=self.span_of([until])),
                reason=_description(reason),
                reason_span=self.span_of([reason]),
                span=self.span_of(c),
            )
        )

    def accepted(self, c: Children) -> Piece:
        return Piece(c[1].value, c[0].start_pos, c[1].end_pos)

    def settings(self, c: Children) -> Piece:
        return Piece(values_of(c), 0, 0)

    def setting(self, c: Children) -> Piece:
        path, _, value = c
        return self.made(tree.Setting(path=path.value, value=value.value, span=self.span_of(c)))

    # --- links ----------------------------------------------------------------------------------------------------

    def _link(self, c: Children, via: Piece | None, cut: Piece | None) -> Piece:
        _, left, arrow, right, *_ = c
        return self.made(
            tree.Link(
                left=left.value,
                right=right.value,
                both=arrow == "<->",
                via=_value(via) or (),
                cut=_value(cut),
                span=self.span_of(c),
            )
        )

    def link(self, c: Children) -> Piece:
        return self._link(c, c[4], None)

    def link_via_cut(self, c: Children) -> Piece:
        return self._link(c, c[4], c[5])

    def cut_link(self, c: Children) -> Piece:
        return self._link(c, None, c[4])

    def via(self, c: Children) -> Piece:
        return Piece(c[1].value, c[0].start_pos, c[1].end_pos)

    def can_cut(self, c: Children) -> Piece:
        return self.made(tree.CanCut(lasts=_value(c[2]), span=self.span_of(c)))

    # --- commands -------------------------------------------------------------------------------------------------

    def command(self, c: Children) -> Piece:
        class_, name, kind, text, modifiers, _, updates, _ = c
        loop: tree.Loop | None = None
        guard: tree.Expr | None = None
        timing: tree.Timing | None = None
        lasts: tree.Lasts | None = None
        for node in modifiers.value:
            match node:
                case tree.Loop():
                    self._once(loop, "for", node.span)
                    loop = node
                case Guard(condition, span):
                    self._once(guard, "when", span)
                    guard = condition
                case tree.After() | tree.Within():
                    self._once(timing, "after` or `within", node.span)
                    timing = node
                case tree.Lasts():
                    self._once(lasts, "lasts", node.span)
                    lasts = node
        return self.made(
            tree.Command(
                command_class=str(class_),
                name=self.identifier(name),
                kind=None if kind is None else self.identifier(kind.value),
                text=_description(text),
                loop=loop,
                guard=guard,
                timing=timing,
                lasts=lasts,
                updates=updates.value,
                span=self.span_of(c),
            )
        )

    def _once(self, earlier: object, word: str, span: Span) -> None:
        if earlier is not None:
            self.report(errors.said_twice(word, span))

    def kind(self, c: Children) -> Piece:
        return Piece(c[1], c[1].start_pos, c[1].end_pos)

    def modifiers(self, c: Children) -> Piece:
        return Piece(values_of(c), 0, 0)

    def loop(self, c: Children) -> Piece:
        _, variable, _, group = c
        return self.made(tree.Loop(variable=self.identifier(variable), group=group.value, span=self.span_of(c)))

    def guard(self, c: Children) -> Piece:
        return self.made(Guard(c[1].value, self.span_of(c)))

    def after(self, c: Children) -> Piece:
        _, earliest, upto = c
        return self.made(tree.After(earliest=earliest.value, latest=_value(upto), span=self.span_of(c)))

    def within(self, c: Children) -> Piece:
        return self.made(tree.Within(latest=c[1].value, span=self.span_of(c)))

    def lasts(self, c: Children) -> Piece:
        _, shortest, upto = c
        return self.made(tree.Lasts(shortest=shortest.value, longest=_value(upto), span=self.span_of(c)))

    def upto(self, c: Children) -> Piece:
        return Piece(c[1].value, c[0].start_pos, c[1].end_pos)

    updates = settings

    def arrow(self, c: Children) -> Piece:
        target, *rest = values_of(c)
        *sources, destination = rest
        return self.made(
            tree.Arrow(target=target, sources=tuple(sources), destination=destination, span=self.span_of(c))
        )

    def assignment(self, c: Children) -> Piece:
        target, _, value = c
        return self.made(tree.Assignment(target=target.value, value=value.value, span=self.span_of(c)))

    # --- checks ---------------------------------------------------------------------------------------------------

    def check(self, c: Children) -> Piece:
        _, name, text, _, formula = c
        span = self.span_of(c)
        head = tree.Check(
            name=self.identifier(name),
            text=_description(text),
            formula=formula.value,
            clauses=(),
            expect="holds",
            span=span,
        )
        return Piece(OpenCheck(head), span.start, span.end)

    def never(self, c: Children) -> Piece:
        return self.made(tree.Never(condition=c[1].value, span=self.span_of(c)))

    def always(self, c: Children) -> Piece:
        return self.made(tree.Always(condition=c[1].value, span=self.span_of(c)))

    def possible(self, c: Children) -> Piece:
        return self.made(tree.Possible(conditions=values_of(c), span=self.span_of(c)))

    def leads_to(self, c: Children) -> Piece:
        trigger, _, _, goal, within = c
        latest = None if within is None else within.value.latest
        return self.made(tree.LeadsTo(trigger=trigger.value, goal=goal.value, within=latest, span=self.span_of(c)))

    def can_lead_to(self, c: Children) -> Piece:
        trigger, goal = values_of(c)
        return self.made(tree.CanLeadTo(trigger=trigger, goal=goal, span=self.span_of(c)))

    def lasts_at_most(self, c: Children) -> Piece:
        condition, longest = values_of(c)
        return self.made(tree.LastsAtMost(condition=condition, longest=longest, span=self.span_of(c)))

    def budget(self, c: Children) -> Piece:
        return self.made(tree.Budget(count=c[3].value, scope=_value(c[5]), span=self.span_of(c)))

    def scope(self, c: Children) -> Piece:
        return Piece(c[1].value, c[0].start_pos, c[1].end_pos)

    def only(self, c: Children) -> Piece:
        return self.made(tree.Only(selectors=c[2].value, span=self.span_of(c)))

    def count_limit(self, c: Children) -> Piece:
        selectors, count = values_of(c)
        return self.made(tree.CountLimit(selectors=selectors, count=count, span=self.span_of(c)))

    def with_fix(self, c: Children) -> Piece:
        names = tuple(self.identifier(token) for token in c if token.type == "NAME")
        return self.made(tree.WithFix(names=names, span=self.span_of(c)))

    def redundancy_holds(self, c: Children) -> Piece:
        return self.made(tree.WhileRedundancyHolds(span=self.span_of(c)))

    def without(self, c: Children) -> Piece:
        return self.made(tree.Without(selectors=c[1].value, span=self.span_of(c)))

    def once_stop(self, c: Children) -> Piece:
        return self.made(tree.OnceStop(selectors=c[1].value, span=self.span_of(c)))

    def if_act(self, c: Children) -> Piece:
        return self.made(tree.IfAct(selectors=c[1].value, span=self.span_of(c)))

    def expect(self, c: Children) -> Piece:
        span = self.span_of(c)
        return Piece(Expect(str(c[1])), span.start, span.end)
