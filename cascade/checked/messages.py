"""Texts of the errors that elaboration finds: one function a code. Passes never word a message themselves."""

from collections.abc import Iterable

from cascade.diagnostics.diagnostic import Diagnostic, Label
from cascade.diagnostics.suggest import nearest
from cascade.source import Span


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def too_deep(span: Span, limit: int, what: str) -> Diagnostic:
    """CF006. `what` is nested: "derived values"."""
    return Diagnostic(
        code="CF006",
        message=f"this needs more than {limit:,} {what}, each inside the next",
        primary=Label(span=span),
        help="split the chain, or let components depend on a group instead of on each other in a row",
    )


def too_large(span: Span, what: str, limit: int) -> Diagnostic:
    """CF008."""
    return Diagnostic(
        code="CF008",
        message=f"the spec has more than {limit:,} {what}",
        primary=Label(span=span),
        help="count a fleet with a bounded integer where its members need not be told apart",
    )


def takes_too_long(span: Span, what: str, seconds: float) -> Diagnostic:
    """CF008: the limit on time was reached before any search began."""
    return Diagnostic(
        code="CF008",
        message=f"{what} takes more than {seconds:g} s, the limit on time",
        primary=Label(span=span),
        help="raise it with --time, or make groups and ranges smaller",
    )


def number_too_large(span: Span, limit: int) -> Diagnostic:
    """CF008."""
    return Diagnostic(
        code="CF008",
        message=f"numbers here may lie outside -{limit}..{limit}",
        primary=Label(span=span),
        help="narrow the ranges of the variables, or divide before you multiply",
    )


def nested_components(span: Span, limit: int) -> Diagnostic:
    """CF006."""
    return Diagnostic(
        code="CF006",
        message=f"more than {limit} components stand inside each other here",
        primary=Label(span=span),
        help="place some of them beside each other, and let them refer to each other with ports",
    )


def more_systems(first: Span, second: Span) -> Diagnostic:
    """CF007."""
    return Diagnostic(
        code="CF007",
        message="a file has one system",
        primary=Label(span=second, text="second system"),
        others=(Label(span=first, text="first system"),),
        help="move one of them into a file of its own",
    )


def unknown_name(span: Span, name: str, where: str, candidates: Iterable[str], note: str = "") -> Diagnostic:
    """CF101. `where` is a phrase such as "in component etcd" or "in type Switch"."""
    known = sorted(set(candidates))
    close = nearest(name, known)
    if close:
        hint = f"did you mean `{close}`?"
    elif known:
        shown = ", ".join(f"`{k}`" for k in known[:8])
        hint = f"known here: {shown}" + (", …" if len(known) > 8 else "")
    else:
        hint = ""
    message = f"`{name}` is not known {where}"
    return Diagnostic(code="CF101", message=message, primary=Label(span=span), help=hint, note=note)


def declared_twice(name: str, first: Span, second: Span) -> Diagnostic:
    """CF102."""
    return Diagnostic(
        code="CF102",
        message=f"`{name}` is declared twice",
        primary=Label(span=second, text="second declaration"),
        others=(Label(span=first, text="first declaration"),),
        help="rename one of them",
    )


def cycle(span: Span, names: list[str]) -> Diagnostic:
    """CF103. `names` starts and ends with the same name."""
    return Diagnostic(
        code="CF103",
        message="a derived value depends on itself: " + " → ".join(names),
        primary=Label(span=span),
        help="break the cycle with a `state` that a reaction changes: what depends on itself needs time to do so",
    )


def unbound_port(span: Span, port: str, type_name: str, declared: Span) -> Diagnostic:
    """CF104."""
    return Diagnostic(
        code="CF104",
        message=f"port `{port}` of {type_name} is not bound",
        primary=Label(span=span),
        others=(Label(span=declared, text="declared here"),),
        help=f"write `{port} = ...` in the parentheses after {type_name}",
    )


def unknown_type(span: Span, name: str, candidates: Iterable[str]) -> Diagnostic:
    """CF105."""
    known = sorted(set(candidates))
    close = nearest(name, known)
    hint = f"did you mean `{close}`?" if close else "declare it with `component`, or import the file that does"
    return Diagnostic(code="CF105", message=f"there is no component type `{name}`", primary=Label(span=span), help=hint)


def contains_itself(span: Span, chain: list[str]) -> Diagnostic:
    """CF106."""
    return Diagnostic(
        code="CF106",
        message="a component contains itself: " + " → ".join(chain),
        primary=Label(span=span),
        help="refer to another component with a `port` instead of making a part of it",
    )


def unknown_argument(span: Span, name: str, type_name: str, candidates: Iterable[str]) -> Diagnostic:
    """CF107."""
    known = sorted(set(candidates))
    close = nearest(name, known)
    listed = ", ".join(f"`{k}`" for k in known)
    hint = f"did you mean `{close}`?" if close else (f"it has {listed}" if known else "it has neither")
    return Diagnostic(
        code="CF107", message=f"{type_name} has no param or port `{name}`", primary=Label(span=span), help=hint
    )


def needs_too_many(span: Span, name: str, size: int, needs: int) -> Diagnostic:
    """CF108."""
    return Diagnostic(
        code="CF108",
        message=f"group `{name}` needs {needs} of {_plural(size, 'member')}",
        primary=Label(span=span),
        help=f"`needs` is the number of members that suffice: between 0 and {size}",
    )


def wrong_place(span: Span, what: str, rule: str) -> Diagnostic:
    """CF109."""
    return Diagnostic(code="CF109", message=f"{what} cannot stand here", primary=Label(span=span), note=rule)


def param_without_value(span: Span, name: str, type_name: str, declared: Span) -> Diagnostic:
    """CF110."""
    return Diagnostic(
        code="CF110",
        message=f"param `{name}` of {type_name} has no value",
        primary=Label(span=span),
        others=(Label(span=declared, text="declared here without a default"),),
        help=f"write `{name} = ...` in the parentheses after {type_name}, or give it a default",
    )


def wrong_port_type(span: Span, port: str, wanted: str, found: str) -> Diagnostic:
    """CF111. `wanted` is "" where any type will do."""
    return Diagnostic(
        code="CF111",
        message=f"port `{port}` is for {wanted or 'a component or a group'}, not for {found}",
        primary=Label(span=span),
        help=f"bind it to a component or a group of type {wanted}; `port {port}: Component` takes any type"
        if wanted
        else "",
    )


def wrong_type(span: Span, wanted: str, found: str, help_text: str = "") -> Diagnostic:
    """CF201."""
    return Diagnostic(
        code="CF201", message=f"{wanted} is expected here, not {found}", primary=Label(span=span), help=help_text
    )


def mixed_units(span: Span, left: str, right: str, operator: str) -> Diagnostic:
    """CF202."""
    return Diagnostic(
        code="CF202",
        message=f"`{operator}` cannot combine {left} with {right}",
        primary=Label(span=span),
        note="durations, percentages and plain integers do not mix; a duration may be multiplied or divided by an integer, "
        "and `x * 30%` is `x * 30 / 100`",
    )


def outside_domain(span: Span, value: str, domain: str, declared: Span) -> Diagnostic:
    """CF203."""
    return Diagnostic(
        code="CF203",
        message=f"{value} is outside {domain}",
        primary=Label(span=span),
        others=(Label(span=declared, text="the domain is declared here"),),
    )


def empty_range(span: Span, what: str) -> Diagnostic:
    """CF204."""
    return Diagnostic(
        code="CF204",
        message=f"{what} is empty",
        primary=Label(span=span),
        help="the smaller bound stands first; both bounds belong to the range",
    )


def unknown_values(span: Span, name: str) -> Diagnostic:
    """CF209: `= any` without a type."""
    return Diagnostic(
        code="CF209",
        message=f"param `{name}` is left open, but not among which values",
        primary=Label(span=span),
        help=f"write its range or type: `param {name}: 1..10 = any`",
    )


def unknown_step(span: Span) -> Diagnostic:
    """CF209: a range of durations in which no unit is written."""
    return Diagnostic(
        code="CF209",
        message="the steps of this range are not known",
        primary=Label(span=span),
        help="write `step 1min`, or whatever the steps are, after the range",
    )


def empty_step(span: Span) -> Diagnostic:
    """CF204."""
    return Diagnostic(
        code="CF204", message="a step of nothing leads nowhere", primary=Label(span=span), help="steps are positive"
    )


def too_many_values(span: Span, name: str, what: str, limit: int) -> Diagnostic:
    """CF008: an open param that stands for too much."""
    return Diagnostic(
        code="CF008",
        message=f"open param `{name}` makes more than {limit:,} {what}",
        primary=Label(span=span),
        help=f"narrow its range, take larger steps (`10..200 step 10`), or give it a value: --param {name}=VALUE",
    )


def open_param(span: Span, name: str, values: str, what: str) -> Diagnostic:
    """CF408."""
    return Diagnostic(
        code="CF408",
        message=f"{what} needs one value of the open param `{name}`",
        primary=Label(span=span),
        note="durations, percentages and what groups, ranges and clauses are made of shape the model: each value is a model of its own",
        help=f"give it one of {values}: --param {name}=VALUE",
    )


def not_constant(span: Span, what: str) -> Diagnostic:
    """CF205."""
    return Diagnostic(
        code="CF205",
        message=f"{what} must be a constant",
        primary=Label(span=span),
        note="constants are made of literals and params; a `state`, and all that depends on one, changes in a run",
    )


def wrong_arity(span: Span, name: str, wanted: int, found: int) -> Diagnostic:
    """CF206."""
    return Diagnostic(
        code="CF206",
        message=f"`{name}` takes {_plural(wanted, 'argument')}, not {found}",
        primary=Label(span=span),
    )


def no_value(span: Span, why: str) -> Diagnostic:
    """CF207."""
    return Diagnostic(code="CF207", message=f"this constant has no value: {why}", primary=Label(span=span))


def index_outside(span: Span, group: str, index: int, size: int) -> Diagnostic:
    """CF208."""
    return Diagnostic(
        code="CF208",
        message=f"group `{group}` has no member {index}",
        primary=Label(span=span),
        help=f"its members are {group}[1] to {group}[{size}]",
    )


def foreign_write(span: Span, variable: str, owner: str, writer: str) -> Diagnostic:
    """CF301."""
    return Diagnostic(
        code="CF301",
        message=f"a command of {writer} cannot write `{variable}`, which belongs to {owner}",
        primary=Label(span=span),
        note="a command writes variables of its own component and of its parts, at any depth, nothing else",
        help="move the command to the component that contains both, or let the other component react to what it sees",
    )


def not_a_variable(span: Span, name: str, what: str) -> Diagnostic:
    """CF302."""
    return Diagnostic(
        code="CF302",
        message=f"`{name}` cannot be written: it is {what}",
        primary=Label(span=span),
        note="commands change `state` variables only",
    )


def written_twice(span: Span, name: str, first: Span) -> Diagnostic:
    """CF303."""
    return Diagnostic(
        code="CF303",
        message=f"this command writes `{name}` twice",
        primary=Label(span=span),
        others=(Label(span=first, text="first written here"),),
        note="all updates of a command happen at once",
    )


def latest_on_fault(span: Span) -> Diagnostic:
    """CF304."""
    return Diagnostic(
        code="CF304",
        message="a fault has no latest time",
        primary=Label(span=span),
        note="a fault is never owed: the adversary may always refrain from it",
        help="write `after d` for a fault that cannot strike earlier, or make it an `event` that must happen in time",
    )


def impossible_timing(span: Span, why: str) -> Diagnostic:
    """CF305."""
    return Diagnostic(code="CF305", message=f"this timing cannot be met: {why}", primary=Label(span=span))


def nothing_to_undo(span: Span) -> Diagnostic:
    """CF306."""
    return Diagnostic(
        code="CF306",
        message="`lasts` has nothing to undo",
        primary=Label(span=span),
        note="`lasts` adds the repair that undoes the `a -> b` updates of its command",
        help="write the update as `variable: a -> b`, or declare a `repair` of its own",
    )


def fix_of_no_param(span: Span, path: str, candidates: Iterable[str]) -> Diagnostic:
    """CF401."""
    known = sorted(set(candidates))
    close = nearest(path, known)
    return Diagnostic(
        code="CF401",
        message=f"`{path}` is no param",
        primary=Label(span=span),
        help=f"did you mean `{close}`?" if close else "a fix sets params: `component.param = value`",
    )


def names_no_command(span: Span, selector: str, what: str, candidates: Iterable[str]) -> Diagnostic:
    """CF402. `what` says what kind of command was looked for."""
    known = sorted(set(candidates))
    close = nearest(selector, known) or next((k for k in known if k.endswith("." + selector)), None)
    return Diagnostic(
        code="CF402",
        message=f"`{selector}` names no {what}",
        primary=Label(span=span),
        help=f"did you mean `{close}`?" if close else "",
        note="a clause may name a class (faults, repairs, reactions, operators, events), a fault kind, a component, a group, "
        "a member, or one command by its path",
    )


def clause_does_not_fit(span: Span, clause: str, formulas: str) -> Diagnostic:
    """CF403."""
    return Diagnostic(
        code="CF403", message=f"`{clause}` does not fit this formula", primary=Label(span=span), note=formulas
    )


def unknown_fix(span: Span, name: str, candidates: Iterable[str]) -> Diagnostic:
    """CF404."""
    known = sorted(set(candidates))
    close = nearest(name, known)
    listed = ", ".join(f"`{k}`" for k in known)
    return Diagnostic(
        code="CF404",
        message=f"there is no fix `{name}`",
        primary=Label(span=span),
        help=f"did you mean `{close}`?" if close else (f"declared fixes: {listed}" if known else "no fix is declared"),
    )


def waiver_of_nothing(span: Span, name: str, checks: Iterable[str], candidates: Iterable[str]) -> Diagnostic:
    """CF405. `candidates` are all names that a waiver could have."""
    known = sorted(set(candidates))
    close = nearest(name, known)
    listed = ", ".join(f"`{k}`" for k in sorted(set(checks))[:8])
    return Diagnostic(
        code="CF405",
        message=f"`{name}` is neither a check nor a code that can be waived",
        primary=Label(span=span),
        help=f"did you mean `{close}`?" if close else (f"declared checks: {listed}" if listed else ""),
        note="checks can be waived, and findings about the design, by their codes; errors cannot, and no limit of a search",
    )


def no_such_day(span: Span, text: str) -> Diagnostic:
    """CF406."""
    return Diagnostic(
        code="CF406",
        message=f"there is no day `{text}`",
        primary=Label(span=span),
        help="a day is written as year, month and day: 2027-01-31",
    )


def waiver_without_reason(span: Span) -> Diagnostic:
    """CF407."""
    return Diagnostic(
        code="CF407",
        message="the waiver gives no reason",
        primary=Label(span=span),
        help="say who accepts it, and what will change until then",
    )


def unusual_name(span: Span, name: str, style: str) -> Diagnostic:
    """CF901."""
    return Diagnostic(
        code="CF901",
        message=f"`{name}` is in an unusual style",
        primary=Label(span=span),
        help=f"component types are CamelCase, everything else is snake_case: `{style}`",
    )


def rounded(span: Span, written: str, becomes: str) -> Diagnostic:
    """CF902."""
    return Diagnostic(
        code="CF902",
        message=f"{written} becomes {becomes}, since durations are rounded up to whole ticks",
        primary=Label(span=span),
        help="choose a finer `tick`, or a duration that is a multiple of it",
    )


def undo_is_a_choice(span: Span, value: str) -> Diagnostic:
    """CF903."""
    return Diagnostic(
        code="CF903",
        message=f"the repair goes back to `{value}`, whichever value the fault replaced",
        primary=Label(span=span),
        help="declare one fault for each value, if the repair must restore what was there",
    )


def cut_ends_all_the_same(span: Span, link: str, other: Span) -> Diagnostic:
    """CF904."""
    return Diagnostic(
        code="CF904",
        message=f"the cut of `{link}` ends all the same, by another clause of this check",
        primary=Label(span=span),
        others=(Label(span=other, text="ends it"),),
        help="let one clause alone speak of a link: clauses about one combine",
    )
