"""Every example of the documents is tried: specs are checked, sessions are replayed and compared.

The info string of a block says what becomes of it:

    ```cf                      a spec or a library: no diagnostics, every check comes out as it expects
    ```cf shop.cf              the same, kept under this name for the sessions that follow (else: example.cf)
    ```cf unexpected           a spec of which some check does not come out as it expects
    ```cf CF301                a spec about which exactly this is said, when it is read or while it is explored
    ```cf fragment             statements of a system, or declarations: they parse
    ```text                    a session, if it starts with `$ `: each command prints what stands below it

Run `pytest tests/docs --update-docs` to write the sessions anew, and read the diff.
"""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cascade.cli.main import main
from cascade.diagnostics.diagnostic import Diagnostics
from cascade.limits import Limits, Progress
from cascade.pipeline import CheckOptions, FileResult, check_file
from cascade.source import SourceFile
from cascade.syntax.parse import parse

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
STATES_MAX = 200_000
WORDS = {"fragment", "unexpected"}

_BLOCK = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
_SECONDS = re.compile(r"\d+\.\d+ s\b")
_LINK = re.compile(r"\]\((?!https?://)([^)#]+)(?:#[^)]*)?\)")


@dataclass(frozen=True)
class Block:
    """A block of a page, by its line; `words` are the info string without the language."""

    line: int
    language: str
    words: tuple[str, ...]
    body: str

    @property
    def file_name(self) -> str:
        return next((word for word in self.words if word.endswith(".cf")), "example.cf")


def blocks_of(text: str) -> list[Block]:
    blocks = []
    for match in _BLOCK.finditer(text):
        language, *words = match["info"].split() or [""]
        blocks.append(Block(text.count("\n", 0, match.start()) + 1, language, tuple(words), match["body"]))
    return blocks


def check(block: Block) -> None:
    """What a ```cf block must be."""
    name, codes = block.file_name, {word for word in block.words if re.fullmatch(r"CF\d{3}", word)}
    assert set(block.words) <= {name, *codes, *WORDS}, "the info string says what the runner knows"
    if "fragment" in block.words:
        text = block.body
        if not re.match(r"(#[^\n]*\s+)*(import|component [A-Z]|system)\b", text):
            text = f"system fragment {{\n{text}\n}}\n"
        diagnostics = Diagnostics()
        parse(SourceFile(name, text), diagnostics)
        assert [d.message for d in diagnostics.items] == []
        return
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(block.body, encoding="utf-8")
    result = check_file(name, CheckOptions(limits=Limits(state_count_max=STATES_MAX)), lambda _: Progress())
    said = [*result.diagnostics, *(d for c in result.checks for d in c.diagnostics)]
    assert {d.code for d in said} == codes, [d.message for d in said]
    if not codes:
        assert_verdicts(result, some_unexpected="unexpected" in block.words)


def assert_verdicts(result: FileResult, *, some_unexpected: bool) -> None:
    unexpected = [c.name for c in result.checks if not c.is_as_expected and c.waiver is None]
    assert bool(unexpected) == some_unexpected, f"not as expected: {unexpected}"


def session(block: Block, run: Callable[[list[str]], tuple[int, str]]) -> str:
    """The block as it reads when its commands are run; `# ...` behind a command is a remark."""
    lines, code = [], 0
    for line in block.body.splitlines():
        if not line.startswith("$ "):
            continue
        command = shlex.split(line[2:], comments=True)
        lines.append(line)
        if command == ["echo", "$?"]:
            lines.append(str(code))
            continue
        assert command[0] == "cascade", f"sessions run cascade, not {command[0]}"
        code, output = run(command[1:])
        lines.extend(output.rstrip("\n").splitlines())
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples(
    page: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def run(arguments: list[str]) -> tuple[int, str]:
        code = main(arguments)
        captured = capsys.readouterr()
        return code, _SECONDS.sub("0.00 s", captured.out + captured.err)

    text = page.read_text(encoding="utf-8")
    for block in blocks_of(text):
        place = f"{page.relative_to(ROOT)}:{block.line}"
        if block.language == "cf":
            try:
                check(block)
            except AssertionError as error:
                raise AssertionError(f"{place}: {error}") from error
        elif block.language == "text" and block.body.startswith("$ "):
            found = session(block, run)
            if request.config.getoption("--update-docs", default=False):
                text = text.replace(f"```text\n{block.body}```", f"```text\n{found}```", 1)
            else:
                assert found == block.body, f"{place}: the session prints something else"
    if text != page.read_text(encoding="utf-8"):
        page.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(_BLOCK.sub("", page.read_text(encoding="utf-8"))):
        assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_text_block_is_a_session(page: Path) -> None:
    for block in blocks_of(page.read_text(encoding="utf-8")):
        if block.language == "text":
            assert block.body.startswith("$ "), (
                f"line {block.line} of {page.relative_to(ROOT)} shows what nothing compares"
            )


DOWN = "system s {\n  component db { }\n  check c: never not db.serving\n}\n"


@pytest.mark.parametrize(
    ("words", "body"),
    [
        ((), DOWN),  # a verdict that is not the expected one
        (("unexpected",), DOWN.replace("serving\n", "serving expect violated\n")),
        ((), DOWN.replace("db.serving", "bd.serving")),
        (("CF102",), DOWN.replace("db.serving", "bd.serving")),
        (("CF101",), DOWN),
        (("fragment",), "state up = true"),
        (("fragmnet",), DOWN),
    ],
)
def test_wrong_examples_are_noticed(
    words: tuple[str, ...], body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AssertionError):
        check(Block(1, "cf", words, body))
