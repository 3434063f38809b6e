"""What a syntax error is called: from the parser's situation to a message in the language's own words."""

from dataclasses import replace
from typing import Any

from cascade.diagnostics.diagnostic import Diagnostic, Label
from cascade.diagnostics.suggest import nearest
from cascade.records import dataclass
from cascade.source import SourceFile, Span
from cascade.syntax import errors
from cascade.syntax.scan import Scanned

FILE_KEYWORDS = frozenset({"import", "system", "component"})
COMMAND_KEYWORDS = frozenset({"fault", "repair", "reaction", "operator", "event"})
BODY_KEYWORDS = COMMAND_KEYWORDS | frozenset(
    "tick param port part redundant needs state let link outage fix check component waive".split()
)
CLAUSE_KEYWORDS = frozenset("with without while once expect".split())
RESERVED = frozenset("and or not if then else true false in".split())
UNITS = ("ms", "s", "min", "h", "d")

# At most so many things are named after "expected".
EXPECTED_COUNT_MAX = 4

_PUNCTUATION = {
    "EQUAL": "=",
    "COLON": ":",
    "ARROW": "->",
    "BOTH_WAYS": "<->",
    "DOTDOT": "..",
    "COMMA": ",",
    "LBRACE": "{",
    "RBRACE": "}",
    "LPAR": "(",
    "RPAR": ")",
    "RSQB": "]",
    "BAR": "|",
}
_OPERATORS = frozenset("AND OR COMPARISON PLUS MINUS TIMES_SIGN SLASH DOT LSQB".split())
_STATEMENTS = frozenset(word.upper() for word in BODY_KEYWORDS)
_CLAUSES = frozenset(word.upper() for word in CLAUSE_KEYWORDS)
_OPERAND = frozenset("INTEGER DURATION PERCENTAGE TRUE FALSE NOT IF MINUS LPAR QUANTIFIER NAME".split())
_FORMULA = frozenset({"NEVER", "ALWAYS", "POSSIBLE"})
_NO_WORDS = frozenset({"STRING", "$END", "COMPARISON", "TIMES_SIGN", "SLASH", "PLUS", "MINUS", "DOT", "LSQB"})
_PHRASES = {
    "LEADS": "`leads to`",
    "CAN": "`can cut`",
    "AT": "`at most`",
    "DATE": "a day such as 2027-01-31",
    "INTEGER": "an integer",
}
# After the condition that a formula starts with.
_FORMULA_PHRASES = {"LEADS": "`leads to`", "CAN": "`can lead to`", "LASTS": "`lasts at most`"}
RESERVED_TERMINALS = frozenset(word.upper() for word in RESERVED)
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">=", "===", "=<"})

_INSTEAD = {
    "||": "write `or`",
    "//": "a comment starts with `#`",
    "/*": "a comment starts with `#` and ends with its line",
    "=>": "write `->` for a change of state, `>=` to compare",
    "=<": "write `<=`",
    "<-": "write `->`, from the old value to the new one",
    ":=": "write `=`",
    "===": "write `==`",
    "+=": "write the variable twice: `a = a + 1`",
    "-=": "write the variable twice: `a = a - 1`",
    "++": "write `a = a + 1`",
    "...": "write two dots: `0..3`",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Where the parser stood when it could not go on.

    The lexeme from `start` to `end` is at fault; both are the text's length at its end. `accepted` are the
    terminals that could have stood there, `last` is the token before, `brace` the innermost open brace, and
    `at_statement` is true where a statement had to start, `after_operand` where an operator could have stood.
    """

    source: SourceFile
    scanned: Scanned
    start: int
    end: int
    accepted: frozenset[str]
    last: Any
    after_operand: bool
    at_statement: bool
    brace: Any

    @property
    def in_body(self) -> bool:
        """Whether a component's body (or other braces) is open."""
        return self.brace is not None

    @property
    def word(self) -> str:
        """The lexeme at fault, "" at the end of the text."""
        return self.scanned.text[self.start : self.end]

    @property
    def span(self) -> Span:
        """The lexeme at fault; the last token at the end of the text."""
        if self.start == self.end and self.last is not None:
            return self.span_of(self.last)
        return Span(self.source, self.start, self.end)

    def span_of(self, token: Any) -> Span:
        """Where a token stands."""
        return Span(self.source, token.start_pos, token.end_pos)

    def lexeme_after(self, end: int) -> str:
        """The next lexeme from `end` on."""
        start, stop = self.scanned.lexeme(end)
        return self.scanned.text[start:stop]


def explain(at: Situation) -> Diagnostic:
    """The diagnostic for a syntax error."""
    at = _with_whole_operator(at)
    brace = None if at.brace is None else at.span_of(at.brace)
    if not at.word and brace is not None:
        return errors.unclosed_brace(at.span, brace)
    if at.word == "}" and brace is None:
        return errors.unmatched_brace(at.span)
    may_start = at.at_statement or "TICK" in at.accepted or "SYSTEM" in at.accepted
    if may_start and at.word in FILE_KEYWORDS | BODY_KEYWORDS:
        following = at.lexeme_after(at.end)
        if not following.isidentifier() and not following.isdigit():
            return _keyword_alone(at, following)
    if brace is None and may_start and at.word in BODY_KEYWORDS:
        return errors.outside_component(at.span, at.word)
    if brace is not None and at.word in ("system", "import"):
        return errors.inside_component(at.span, at.word, brace)
    others: tuple[Label, ...] = ()
    if brace is not None and not at.at_statement and _looks_unclosed(at):
        others = (Label(span=brace, text="the braces that start here are still open"),)
    return errors.syntax_error(at.span, _found(at), _expected(at), others=others, help_text=_help(at))


def _with_whole_operator(at: Situation) -> Situation:
    """The lexer reads `=>` as `=` and `>`: the error is then at the second part of what was meant as one."""
    if at.last is None or at.last.end_pos != at.start:
        return at
    start, end = at.scanned.lexeme(at.last.start_pos)
    whole = at.scanned.text[start:end]
    if end <= at.start or (whole not in _INSTEAD and whole != "=="):
        return at
    accepted = frozenset({"EQUAL"}) if whole == "==" else frozenset[str]()
    return replace(at, start=start, end=end, accepted=accepted, after_operand=False)


def _looks_unclosed(at: Situation) -> bool:
    """Whether a statement starts where a `}` could have stood, but no statement."""
    return at.word in BODY_KEYWORDS and "RBRACE" in at.accepted and "TICK" not in at.accepted


def _keyword_alone(at: Situation, following: str) -> Diagnostic:
    """A statement's keyword without the name that belongs to it."""
    start, end = at.scanned.lexeme(at.end)
    span = Span(at.source, start, end) if following else at.span
    found = errors.quoted(following) if following else "the end of the file"
    return errors.syntax_error(span, found, f"a name after `{at.word}`")


def _found(at: Situation) -> str:
    if not at.word:
        return "the end of the file"
    if at.word.startswith('"'):
        return f"the text {errors.quoted(at.word)}"
    return errors.quoted(at.word)


def _expected(at: Situation) -> str:
    """The accepted terminals in the words of the language, most telling first, a few of them."""
    if at.word in _INSTEAD and not at.at_statement:  # the help says it all
        return ""
    if at.at_statement:
        return errors.listed(["a statement", "`}`"] if at.in_body else ["`import`", "`component`", "`system`"])
    rest = set(at.accepted)
    if "BOOL" in rest:
        return "a type (`bool`, `0..3` or `{a, b}`)"
    words: list[str] = []
    if {"INTEGER", "LPAR"} <= rest:
        words.append("a formula" if rest >= _FORMULA else "an expression")
        rest -= _OPERAND | _FORMULA | {"ANY"}
    elif "NAME" in rest and not at.after_operand:
        words.append("a name")
        rest -= RESERVED_TERMINALS
    rest -= _OPERATORS | {"NAME"}
    if at.after_operand:
        rest.discard("LPAR")
    clauses = bool(rest & _CLAUSES)
    if clauses:
        rest -= _CLAUSES | {"IF"}
    statements = "TICK" in rest
    if statements:
        rest -= _STATEMENTS
    text = "STRING" in rest
    words += [f"`{sign}`" for name, sign in _PUNCTUATION.items() if name in rest]
    phrases = _FORMULA_PHRASES if "LEADS" in rest else _PHRASES
    words += [phrases.get(name, f"`{name.lower()}`") for name in sorted(rest - _PUNCTUATION.keys() - _NO_WORDS)]
    words += ["a clause"] * clauses + ["the next statement"] * statements + ["a text in quotes"] * text
    words += ["an operator"] * at.after_operand
    if not words and "$END" in rest:
        words = ["the end of the file"]
    return errors.listed(words[:EXPECTED_COUNT_MAX]) if words else ""


def _help(at: Situation) -> str:
    """What to do about a typical mistake; "" for others."""
    word, accepted, last = at.word, at.accepted, at.last
    last_type = "" if last is None else last.type
    if word == "=" and at.after_operand:
        return "write `==` to compare"
    if word == "==" and "EQUAL" in accepted:
        return "write `=` to give a value"
    if word in _INSTEAD:
        return _INSTEAD[word]
    if word in _COMPARISONS and at.after_operand:
        return "comparisons do not chain; join two of them with `and`"
    if word[:1].isdigit() and last_type == "DOT":
        return "numbers are whole; choose a smaller unit"
    if last_type == "INTEGER" and word in UNITS:
        return f"write the unit right after the number: `{last}{word}`"
    if last_type == "INTEGER" and last.end_pos == at.start and word[:1].isalpha():
        return f"the units of time are {', '.join(f'`{unit}`' for unit in UNITS)}"
    if word in ("if", "not") and "LPAR" in accepted:
        return f"put the `{word}` and what belongs to it in parentheses"
    if word in RESERVED and "NAME" in accepted:
        return f"`{word}` is a reserved word; choose another name"
    if {"FAULTS", "TIMES"} & accepted and str(last) in ("fault", "faults", "time", "times"):
        return f"say how many: `at most 1 {last}`"
    return _help_for_word(at)


def _help_for_word(at: Situation) -> str:
    """The keyword that was meant, or the one that is missing."""
    formulas = tuple(name.lower() for name in sorted(_FORMULA))
    if {"LEADS", "CAN", "LASTS"} <= at.accepted:
        near = nearest(str(at.last), formulas)
        if at.word.isidentifier() and near is not None:
            return f"did you mean `{near}`?"
        if not at.word.isidentifier():
            return "a formula about one condition starts with `never`, `always` or `possible`"
    if not at.word.isidentifier():
        return ""
    near = nearest(at.word, _known_words(at))
    if near is not None:
        return f"did you mean `{near}`?"
    if "WHEN" in at.accepted:
        return "the condition starts with `when`"
    if at.word in CLAUSE_KEYWORDS:
        return "a clause stands after the formula of a `check`"
    if at.at_statement and at.lexeme_after(at.end) in (":", "=", "->"):
        return "a variable is declared with `state`, a constant with `param`, a derived value with `let`"
    return ""


def _known_words(at: Situation) -> frozenset[str]:
    """The keywords that could stand here."""
    if at.at_statement:
        return BODY_KEYWORDS if at.in_body else FILE_KEYWORDS
    words = frozenset(name.lower() for name in at.accepted - _PUNCTUATION.keys() - _OPERAND - _NO_WORDS)
    if at.after_operand:
        words |= {"and", "or"}
    return words
