"""The text of exporters: golden files, names, what is refused."""

import pytest

from cascade.core.queries import Lasso, Recover
from cascade.export import EXPORTERS, load_exporter
from cascade.export.supported import UnsupportedError
from tests.engines.models import EVENT, FAULT, REPAIR, ModelBuilder

LANGUAGES = pytest.mark.parametrize("language", EXPORTERS)


def small_model():
    b = ModelBuilder(is_timed=True)
    b.variable("a.b", 2)
    b.variable("end", 3, 0, 2)
    b.variable("seen", 1)
    b.settle("seen", ("ite", ("or", ("eq", "seen", 1), ("eq", "a.b", 2)), 1, 0))
    total = ("add", "a.b", ("mul", "end", 2))
    b.command(FAULT, ("lt", total, 4), {"a.b": ("min", total, 2), "end": "a.b"}, permit=("eq", "seen", 0))
    b.command(REPAIR, ("lt", 0, "a.b"), {"a.b": ("sub", "a.b", 1)}, after=(1, 2))
    b.command(EVENT, ("eq", ("select", "a.b", "end", "seen"), ("div", total, "end")), {"end": 3})
    return b.reach(("and", ("eq", "a.b", 2), ("le", total, 3)))


@LANGUAGES
def test_golden(language: str, golden) -> None:
    model, query = small_model()
    assert load_exporter(language)(model, query) == golden


@LANGUAGES
def test_without_property(language: str) -> None:
    model, query = small_model()
    export = load_exporter(language)
    with_property, without = export(model, query), export(model, query, with_property=False)
    for words in ("assert(false)", "invariant"):
        assert words not in without
    assert len(without) < len(with_property)


@LANGUAGES
@pytest.mark.parametrize("kind", [Lasso, Recover])
def test_only_reachability(language: str, kind) -> None:
    b = ModelBuilder()
    b.variable("a", 1)
    model, query = (
        b.lasso(("eq", "a", 1), ("eq", "a", 0)) if kind is Lasso else b.recover(("eq", "a", 1), ("eq", "a", 0))
    )
    with pytest.raises(UnsupportedError, match="only reachable states"):
        load_exporter(language)(model, query)


@LANGUAGES
def test_numbers_beyond_32_bits(language: str) -> None:
    b = ModelBuilder()
    b.variable("a", 100_000)
    model, query = b.reach(("lt", 5, ("mul", "a", ("mul", "a", "a"))))
    with pytest.raises(UnsupportedError, match="32 bits"):
        load_exporter(language)(model, query)


@LANGUAGES
def test_domain_beyond_32_bits(language: str) -> None:
    b = ModelBuilder()
    b.variable("big", 2**40)
    with pytest.raises(UnsupportedError, match="domain of big"):
        load_exporter(language)(*b.reach(False))


@LANGUAGES
def test_names_cannot_break_out(language: str) -> None:
    b = ModelBuilder()
    b.variable('x*/ " \n é', 1)
    text = load_exporter(language)(*b.reach(False))
    assert text.isascii()
    assert "v0_x" in text and "x*/" not in text


@LANGUAGES
def test_text_grows_linearly(language: str) -> None:
    def length(depth: int) -> int:
        b = ModelBuilder()
        b.variable("a", 1)
        value = b.expr("a")
        for _ in range(depth):
            value = b.expressions.min(b.expressions.add(value, value), b.expressions.const(1))
        b.command(EVENT, True, {"a": 1})
        from cascade.core.queries import Reach

        return len(load_exporter(language)(*b.close(Reach(goal=b.expressions.eq(value, b.expressions.const(1))))))

    assert length(60) - length(30) < 1.2 * (length(30) - length(0))
