"""Small texts that stand for something huge or deep: refused in time with a reason, or accepted because it can be done."""

import pytest

from tests.malformed.survival import survive

DEEP, LARGE = "CF006", "CF008"


def chain(count, link, end):
    """`link(i)` for each number, which refers to the next, then the end."""
    return " ".join([*(link(i) for i in range(count)), end])


def system(body, before="component T { }"):
    return f"{before}\nsystem s {{ {body} }}"


def nested(count, opening, inside, closing):
    return opening * count + inside + closing * count


def lets(count, inner=""):
    body = chain(count, lambda i: f"let a{i} = {inner} a{i + 1}", f"let a{count} = true")
    return system(body + " check c: never a0")


def params(count):
    return system(chain(count, lambda i: f"param a{i} = a{i + 1}", f"param a{count} = 1") + " check c: never a0 == 1")


def needs(count):
    body = chain(count, lambda i: f"component c{i} {{ needs c{i + 1} }}", f"component c{count} {{ }}")
    return system(body + " outage o when not c0.serving check c: never o")


def ports(count):
    before = "component T { port p: Component param n = p.n + 1 } component E { param n = 1 }"
    body = chain(count, lambda i: f"part c{i}: T(p = c{i + 1})", f"part c{count}: E")
    return system(body + " check c: never c0.n == 0", before)


def types(count, parts, used="part t: T0"):
    before = chain(
        count, lambda i: f"component T{i} {{ {parts.replace('U', f'T{i + 1}')} }}", f"component T{count} {{ }}"
    )
    return system(used, before)


def unused_types(count):
    before = " ".join(f"component T{i} {{ part x: T{i + 1} }}" for i in reversed(range(count)))
    return system("", before + f" component T{count} {{ }}")


def functions(count):
    body = chain(count, lambda i: f"let f{i}(x) = f{i + 1}(f{i + 1}(x))", f"let f{count}(x) = x + 1")
    return system(body + " let a = f0(1)")


def arguments(count):
    names = ", ".join(f"x{i}" for i in range(count))
    return system(f"let f({names}) = {names.replace(',', ' +')} let a = f({', '.join('1' for _ in range(count))})")


def growing(count, operator):
    body = chain(count, lambda i: f"let a{i} = a{i + 1} {operator} a{i + 1}", f"let a{count} = x state x: 0..9 = 2")
    return system(body + " check c: never a0 == 3")


def choices(count):
    body = chain(count, lambda i: f"let c{i} = if x then c{i + 1} else c{i + 1}", f"let c{count} = if x then a else b")
    return system(f"component a {{ }} component b {{ }} state x: bool = any {body} let z = c0.serving")


def group(size, body):
    return system(f"redundant g: {size} x T needs 1 state i: 1..{size} = 1 {body} check c: never false")


def repeated(count, text):
    return " ".join(text.replace("N", str(i)) for i in range(1, count + 1))


REFUSED = {
    "chain of 3000 lets": (lets(3_000), DEEP),
    "chain of deep lets": (lets(300, "not " * 100), DEEP),
    "chain of 3000 params": (params(3_000), DEEP),
    "chain of 3000 needs": (needs(3_000), DEEP),
    "chain of 3000 ports": (ports(3_000), DEEP),
    "3000 types inside each other": (types(3_000, "part x: U"), DEEP),
    "types that double": (types(40, "part x: U part y: U"), LARGE),
    "types that multiply by ten": (types(10, "redundant x: 10 x U needs 1"), LARGE),
    "chain of unused types": (unused_types(700), DEEP),
    "functions that call twice": (functions(40), LARGE),
    "squares of squares": (growing(100, "*"), LARGE),
    "sums of sums": (growing(100, "+"), LARGE),
    "choices of choices": (choices(100), DEEP),
    "brackets": (system("let a = " + nested(5_000, "(", "1", ")")), DEEP),
    "negations": (system("let a = " + "not " * 5_000 + "true"), DEEP),
    "bodies": (system(nested(3_000, "component c { ", "", "}")), DEEP),
    "quantifiers in quantifiers": (
        group(2_000, "let a = any(x in g: any(y in g: x.serving and not y.serving))"),
        LARGE,
    ),
    "three quantifiers": (group(200, "let a = sum(x in g: sum(y in g: sum(z in g: 1)))"), LARGE),
    "quantifiers in loops": (group(2_000, "event e for m in g when any(x in g: x.serving) { }"), LARGE),
    "choices in loops": (group(2_000, "event e for m in g { g[i].health: up -> down }"), LARGE),
    "functions of choices": (group(2_000, "let f(a, b) = a.serving and b.serving let x = f(g[i], g[i])"), LARGE),
    "equality of choices": (group(2_000, "let x = g[i] == g[i]"), LARGE),
    "links between large groups": (group(2_000, "link g <-> g let x = reaches(g[1], g[2])"), LARGE),
    "huge group": (group(1_000_000_000, ""), LARGE),
    "huge initial values": (system(repeated(50, "state xN: 0..1000000 = any") + " check c: never x1 == 1"), LARGE),
}

ACCEPTED = {
    "chain of 1500 lets": lets(1_500),
    "chain of 300 needs": needs(300),
    "types inside each other": types(100, "part x: U"),
    "many arguments": arguments(1_000),
    "quantifiers in quantifiers": group(100, "let a = any(x in g: any(y in g: x.serving and not y.serving))"),
    "a large group": group(500, "outage o when not g.serving check d: never o while redundancy holds"),
    "long names": system(f"state {'a' * 50_000}: bool = true let {'b' * 50_000} = {'a' * 50_000}"),
    "long text": f'system s "{"text " * 50_000}" {{ }}',
    "a long comment": "#" * 500_000,
    "many line ends": "\n" * 200_000 + "system s { }",
    "many terms": system("let a = " + " + ".join(["1"] * 5_000)),
    "many conditions": system("let a = " + " and ".join(["true"] * 5_000)),
    "many clauses": group(300, "") + " ",
    "huge domains": system(repeated(50, "state xN: 0..1000000000 = 5") + " check c: never x1 + x2 == 11"),
    "any of many": system(repeated(30, "state xN: 0..999 = any") + " check c: never x1 == 5"),
}

WRONG = {
    "5000 unknown names": (system(repeated(5_000, "let aN = bN")), "CF101"),
    "2000 unknown commands": (group(500, "check d: never false " + repeated(2_000, "without hN")), "CF402"),
    "2000 duplicates": (system("state x: bool = true " * 2_000), "CF102"),
    "500 statements without an end": ("system s { " + "let a = ( " * 500, "CF001"),
    "2000 unknown characters": (system("$" * 2_000), "CF002"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_reason(name, tmp_path):
    text, code = REFUSED[name]
    result = survive(text, tmp_path / "spec.cf", patience_seconds=60.0)
    assert result is not None
    assert code in {d.code for d in result.diagnostics}
    assert {d.code for d in result.diagnostics} <= {"CF006", "CF008"}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name, tmp_path):
    result = survive(ACCEPTED[name], tmp_path / "spec.cf")
    assert result is None or [d.code for d in result.diagnostics if d.code < "CF9"] == []


@pytest.mark.parametrize("name", WRONG)
def test_many_errors(name, tmp_path):
    text, code = WRONG[name]
    result = survive(text, tmp_path / "spec.cf", patience_seconds=60.0)
    assert result is not None
    assert {d.code for d in result.diagnostics} == {code}
