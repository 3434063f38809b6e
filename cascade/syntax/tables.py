"""The grammar's text -> tables of an LALR parser, by lark. They are plain data, so that a process that finds them kept needs no lark."""

from itertools import groupby
from typing import TYPE_CHECKING, Any

from cascade.records import dataclass

if TYPE_CHECKING:
    import lark

Plan = list[int | list[int] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`origin` -> `size` symbols. `action` is the name of what is called with the children; with `is_transparent` an only child stands for the whole.

    `plan` says what the children are, None that they are what was matched: the matched value of a number, those inside of it ([number]), None for what is absent.
    """

    origin: str
    size: int
    action: str
    is_transparent: bool
    plan: Plan | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """`terminals` are names and regular expressions, in the order to try them in.

    `rows` has for each state of the parser, and a terminal's or rule's name, the next state, or `~n` to reduce by `rules[n]`. The text was read when `end` is reached.
    """

    terminals: list[tuple[str, str]]
    rows: list[dict[str, int]]
    rules: list[Rule]
    start: int
    end: int

    def as_json(self) -> list[Any]:
        """For `from_json`: numbers, texts and lists of them."""
        rules = [[rule.origin, rule.size, rule.action, rule.is_transparent, rule.plan] for rule in self.rules]
        return [self.terminals, self.rows, rules, self.start, self.end]

    @classmethod
    def from_json(cls, data: Any) -> "Tables":
        """What `as_json` made. What something else made gives errors of any kind, or tables that are none."""
        terminals, rows, rules, start, end = data
        return cls(
            terminals=[(name, pattern) for name, pattern in terminals],
            rows=rows,
            rules=[
                Rule(origin=origin, size=size, action=action, is_transparent=transparent, plan=plan)
                for origin, size, action, transparent, plan in rules
            ],
            start=start,
            end=end,
        )


def make_tables(grammar: str) -> Tables:
    """Ask lark. Takes a quarter of a second. White space is nobody's terminal here: see `Scanned.skip_gap`."""
    import lark

    made = lark.Lark(grammar, parser="lalr", lexer="contextual", keep_all_tokens=True, maybe_placeholders=True)
    inside: Any = made.parser
    root = inside.lexer.root_lexer
    # Words that are keywords in some states only would have one. In this grammar a terminal is what its expression matches.
    assert root.scanner and not root.callback
    table = inside.parser._parse_table  # noqa: SLF001 - lark gives its tables away to nobody
    numbers: dict[Any, int] = {}
    rows: list[dict[str, int]] = []
    assert sorted(table.states) == list(range(len(table.states)))
    for state in range(len(table.states)):
        row = {}
        for symbol, (action, argument) in table.states[state].items():
            is_shift = action is lark.parsers.lalr_analysis.Shift
            row[str(symbol)] = argument if is_shift else ~numbers.setdefault(argument, len(numbers))
        rows.append(row)
    ignored = set(made.ignore_tokens)
    return Tables(
        terminals=[(t.name, t.pattern.to_regexp()) for t in root.terminals if t.name not in ignored],
        rows=rows,
        rules=[_rule(rule) for rule in numbers],
        start=table.start_states["start"],
        end=table.end_states["start"],
    )


def _rule(rule: "lark.grammar.Rule") -> Rule:
    options = rule.options
    return Rule(
        origin=str(rule.origin.name),
        size=len(rule.expansion),
        action=str(rule.alias or options.template_source or rule.origin.name),
        is_transparent=bool(options.expand1 and not rule.alias),
        plan=_plan(rule),
    )


def _plan(rule: "lark.grammar.Rule") -> Plan | None:
    """As lark's tree builder: rules with a leading underscore leave what they matched to the rule above; an optional part that is absent is None."""
    absent = [0] * (len(rule.expansion) + 1)
    if rule.options.empty_indices:
        place = 0
        for is_absent, group in groupby(rule.options.empty_indices):
            count = len(list(group))
            if is_absent:
                absent[place] = count
            else:
                place += count
    plan: Plan = []
    for place, symbol in enumerate(rule.expansion):
        plan += [None] * absent[place]
        plan.append([place] if not symbol.is_term and symbol.name.startswith("_") else place)
    plan += [None] * absent[-1]
    return None if plan == list(range(len(rule.expansion))) else plan
