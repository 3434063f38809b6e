"""Pages as text: whole, safe, the same each time."""

import html.parser
import json
import re
from pathlib import Path

import pytest

from cascade.cli.main import main
from cascade.reports.data import Report
from cascade.reports.html.page import Absent, Fault, page
from cascade.reports.html.site import Site, file_names

VOID = {"meta", "link", "br", "wbr", "input", "path", "rect", "circle"}

HOSTILE = """\
system s "</script><script>alert(1)</script><img src=x onerror=alert(2)>" {
  # </script><!-- <script> ]]> &lt;b&gt; </td></table>
  component a "<svg onload=alert(3)>" { fault die: crash "</title>' onfocus=alert(4)" { health: up -> down } }
  outage o "{{ 7 * 7 }} {% raw %} <b>" when not a.serving
  check c "</style><script>" : never o expect violated
}
"""


class _Parser(html.parser.HTMLParser):
    """Nesting, names of elements, attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def parsed(text: str) -> _Parser:
    parser = _Parser()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    return parser


def test_a_page_is_well_formed_and_its_links_lead_somewhere(pair: Report) -> None:
    parser = parsed(page(pair))
    ids = [attributes["id"] for _, attributes in parser.seen if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {a["href"] for tag, a in parser.seen if tag == "a"}
    assert {t for t in targets if t[1:] not in ids} == set()


class _Text(html.parser.HTMLParser):
    """What a person reads, a line for each piece."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._skipped = 0

    def handle_starttag(self, tag, attrs) -> None:
        self._skipped += tag in {"script", "style"}

    def handle_endtag(self, tag) -> None:
        self._skipped -= tag in {"script", "style"}

    def handle_data(self, data) -> None:
        if not self._skipped and data.strip():
            self.lines.append(" ".join(data.split()))


def test_what_a_page_says(pair: Report, golden) -> None:
    reader = _Text()
    reader.feed(page(pair).partition('<section id="source"')[0].replace("<wbr>", ""))
    text = re.sub(r"\d+\.\d+ s\b", "0.00 s", "\n".join(reader.lines)) + "\n"
    text = re.sub(r"\d[\d,]* (states?|default questions)\b", r"N \1", text)  # how much was looked at is not said here
    text = re.sub(r"\S+/example\.cf", "example.cf", text)
    assert text.replace(pair.version, "VERSION") == golden


def test_nothing_is_loaded_and_no_style_or_handler_stands_in_an_attribute(pair: Report) -> None:
    text = page(pair)
    for tag, attributes in parsed(text).seen:
        assert "src" not in attributes and "style" not in attributes, tag
        assert not any(name.startswith("on") for name in attributes), tag
        assert tag != "link" or attributes["href"] == "data:,"
    addresses = set(re.findall(r"https?://[^\s\"'<)]+", text))
    assert all(address.startswith("http://www.w3.org/") for address in addresses)  # names of namespaces


def test_text_of_a_spec_is_data(make) -> None:
    report = make(HOSTILE)
    text = page(report)
    parser = parsed(text)
    assert [tag for tag, _ in parser.seen].count("script") <= 2  # the data and the script of the page
    assert not any(tag in {"img", "b"} for tag, _ in parser.seen)
    assert "49" not in re.sub(r"\d\d+", "", text)
    assert "{{ 7 * 7 }}" in text
    block = re.search(r'<script type="application/json" id="report-data">(.*?)</script>', text, re.DOTALL)
    assert block is not None and "<" not in block[1]
    assert json.loads(block[1])["text"] == "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


def test_the_same_report_gives_the_same_page(pair: Report) -> None:
    assert page(pair) == page(pair)


def test_names_of_files_are_safe_and_each_its_own() -> None:
    paths = ["a/x.cf", "b/x.cf", "index.cf", "../../etc/pass wd.cf", "X.cf", "-.cf"]
    assert list(file_names(paths).values()) == [
        "x.html",
        "x-2.html",
        "index-2.html",
        "pass-wd.html",
        "X-3.html",
        "spec.html",
    ]


def test_a_page_replaces_the_old_one_and_leaves_nothing_behind(pair: Report, tmp_path: Path) -> None:
    site = Site(str(tmp_path / "new" / "folder"), ["example.cf", "broken.cf"])
    first = Path(site.add(pair))
    first.write_text("old")
    site.add(pair)
    fault = Fault(where="4:3", code="CF001", message="found `chek`")
    site.leave_out(Absent(path="broken.cf", reason="has errors", errors=(fault,)))
    site.leave_out(Absent(path="lib.cf", reason="is a library"))
    index = Path(site.finish())
    assert sorted(p.name for p in index.parent.iterdir()) == ["example.html", "index.html"]
    assert first.read_text(encoding="utf-8").startswith("<!doctype html>")
    text = index.read_text(encoding="utf-8")
    assert "broken.cf" in text and "<code>4:3</code> CF001: found <code>chek</code>" in text
    assert text.index("broken.cf") < text.index("example.cf") < text.index("lib.cf")  # what alarms stands first
    parsed(index.read_text(encoding="utf-8"))


SPEC = "system s {\n  component a { }\n  outage o when not a.serving\n  check c: never o with at most 0 faults\n}\n"


def test_check_writes_pages_beside_its_report(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    Path("s.cf").write_text(SPEC)
    Path("broken.cf").write_text("system {")
    # The outage is one crash away: a finding of the page alone, no matter of the exit code.
    assert main(["check", "s.cf", "--html", "out"]) == 0
    captured = capsys.readouterr()
    assert "1 as expected" in captured.out
    assert captured.err == "cascade: out/index.html has the pages\n"
    assert "CF605" in Path("out/s.html").read_text(encoding="utf-8")
    assert main(["report", "s.cf", "broken.cf"]) == 2
    assert capsys.readouterr().out == ""
    assert "has errors" in Path("reports/index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", ["file", "file/below", ""])
def test_a_folder_that_cannot_be_is_said_before_the_search(folder, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    Path("s.cf").write_text(SPEC)
    Path("file").write_text("")
    assert main(["check", "s.cf", "--html", folder]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and "CF804" in captured.err
