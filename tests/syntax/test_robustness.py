"""No text makes the parser raise, and whatever it says has a place in that text."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lark import Lark
from lark.exceptions import GrammarError
from lark.parsers.lalr_analysis import LALR_Analyzer

from cascade.diagnostics.diagnostic import Diagnostics
from cascade.source import SourceFile
from cascade.syntax import grammar
from cascade.syntax.build import Builder
from cascade.syntax.parse import parse
from cascade.syntax.scan import LEXEME
from cascade.syntax.tables import Tables, make_tables

EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.cf"))
TEXTS = [path.read_text(encoding="utf-8") for path in EXAMPLES]
LEXEMES = sorted({lexeme for text in TEXTS for lexeme in LEXEME.findall(text) if not lexeme.isspace()})

relaxed = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check_places(text):
    diagnostics = Diagnostics()
    source = SourceFile("spec.cf", text)
    file = parse(source, diagnostics)
    assert file.span.end == len(text)
    for item in diagnostics.items:
        for label in (item.primary, *item.others):
            assert label.span.source is source
            assert 0 <= label.span.start <= label.span.end <= len(text)
        assert item.message
        assert item.message.isprintable()
        assert item.help == "" or item.help.isprintable()
    return diagnostics.items


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_read_without_a_word(path):
    assert check_places(path.read_text(encoding="utf-8")) == []


@relaxed
@given(st.text(max_size=200))
def test_any_text(text):
    check_places(text)


@relaxed
@given(st.binary(max_size=200))
def test_any_bytes(data):
    check_places(data.decode("utf-8", errors="replace"))


@relaxed
@given(st.lists(st.sampled_from(LEXEMES), max_size=60))
def test_any_sequence_of_words(lexemes):
    check_places(" ".join(lexemes))


@relaxed
@given(st.sampled_from(TEXTS), st.data())
def test_a_part_of_a_spec(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 1500)))
    check_places(text[start:end])


@relaxed
@given(
    st.sampled_from(TEXTS),
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from([*LEXEMES, ""])), min_size=1, max_size=4),
)
def test_a_spec_with_other_words_in_places(text, changes):
    lexemes = LEXEME.findall(text)
    for place, lexeme in changes:
        lexemes[int(place * (len(lexemes) - 1))] = lexeme
    assert len(check_places("".join(lexemes))) <= 40


def test_every_rule_has_an_action():
    """Rules that start with `_` or `?` leave what they matched to the rule above them."""
    rules = make_tables(grammar.grammar_text()).rules
    made = {rule.action for rule in rules if not rule.is_transparent}
    assert {"system", "chain", "add_clause"} <= made
    assert sorted(name for name in made if not name.startswith("_") and not hasattr(Builder, name)) == []


def test_the_grammar_has_no_conflict():
    """In strict mode lark refuses a grammar in which a word could be taken in two ways."""

    def analyse(text):
        lark = Lark(text, parser="lalr", keep_all_tokens=True)
        LALR_Analyzer(lark.parser.parser_conf, strict=True).compute_lalr()

    analyse(grammar.grammar_text())
    with pytest.raises(GrammarError):  # the analysis does find what it is there to find
        analyse(grammar.grammar_text().replace("?comparison: sum |", "?comparison: sum MINUS sum | sum |"))


def test_tables_from_the_cache_are_those_from_the_grammar(tmp_path, monkeypatch):
    monkeypatch.setenv(grammar.CACHE_VARIABLE, str(tmp_path))
    grammar._cache_path.cache_clear()
    try:
        assert grammar._read_tables(Builder()) is None
        made = grammar._make_tables()
        assert grammar._read_tables(Builder()) is not None
        (file,) = tmp_path.iterdir()
        assert Tables.from_json(json.loads(file.read_bytes()[32:])) == made
        sound = file.read_bytes()
        for place in range(0, len(sound), len(sound) // 40):
            file.write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
            assert grammar._read_tables(Builder()) is None
        for damaged in (b"", b"[", sound[:-1], sound + b" "):
            file.write_bytes(damaged)
            assert grammar._read_tables(Builder()) is None
        file.write_bytes(sound)
        assert grammar._read_tables(Builder()) is not None
        for path in (file, tmp_path):  # others could have written it
            mode = path.stat().st_mode
            path.chmod(mode | 0o022)
            assert grammar._read_tables(Builder()) is None
            path.chmod(mode)
        assert grammar._read_tables(Builder()) is not None
    finally:
        grammar._cache_path.cache_clear()
