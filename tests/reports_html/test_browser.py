"""Pages in a browser: by keyboard, with the script and without it, in light and dark, on paper; nothing leaves the page."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cascade.cli.main import main

ROOT = Path(__file__).parents[2]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# What some CI servers send along with an artifact.
STRICT = "sandbox; default-src 'none'; img-src 'self'; style-src 'self';"

# Two that keep each other down, for ever.
LOOP = """\
system loop {
  component cache { state full: bool = true
    fault flush: corruption { full: true -> false }
    reaction fill when db.serving and not full { full: false -> true }
  }
  component db { let load = if cache.full then 10 else 90  let serving = load <= 50 }
  outage slow "pages take minutes" when not db.serving
  check comes_back: slow leads to not slow expect violated
}
"""

# Names and texts that leave no place for a break.
LONG = f"""\
system long "{"w" * 300}" {{
  component {"a_" * 60}a "{"x" * 200}" {{ fault {"b" * 120}: crash "{"y" * 200}" {{ health: up -> down }} }}
  component c {{ needs {"a_" * 60}a }}
  outage {"o" * 90} "{"z" * 200}" when not c.serving
  check {"d" * 100}: never {"o" * 90}
}}
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium (set CHROMIUM to one)"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    loop = folder / "loop.cf"
    loop.write_text(LOOP, encoding="utf-8")
    long = folder / "long.cf"
    long.write_text(LONG, encoding="utf-8")
    specs = [str(ROOT / "specs" / "cloudflare-2020-11-02.cf"), str(loop), str(long)]
    assert main(["report", *specs, "--html", str(folder)]) == 1
    return folder


class Tab:
    """A page that is open, and what it did that it must not do."""

    def __init__(self, browser, **options) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, path: Path, fragment: str = "") -> "Tab":
        self.page.goto(f"file://{path}{fragment}")
        return self

    def text(self, selector: str) -> str:
        return " ".join((self.page.locator(selector).first.text_content() or "").split())

    def wait_for(self, selector: str, text: str) -> None:
        self.page.locator(selector, has_text=text).first.wait_for()

    def statuses(self) -> dict[str, str]:
        nodes = self.page.locator("#graph .node")
        return dict(nodes.evaluate_all("nodes => nodes.map(n => [n.dataset.name, n.dataset.status])"))


@pytest.fixture
def open_tab(browser) -> Iterator[object]:
    tabs: list[Tab] = []

    def _open(path: Path, fragment: str = "", **options) -> Tab:
        tab = Tab(browser, **options)
        tabs.append(tab)
        return tab.open(path, fragment)

    yield _open
    for tab in tabs:
        tab.context.close()
        assert tab.complaints == []
        assert [url for url in tab.requests if not url.startswith(("file:", "data:"))] == []


@pytest.fixture
def switch(site: Path) -> Path:
    return site / "cloudflare-2020-11-02.html"


def test_the_first_screen_tells_what_failed_and_why_nothing_masked_it(open_tab, switch) -> None:
    tab = open_tab(switch)
    assert tab.page.title() == "cloudflare_2020_11_02 – cascade report"
    for text in (
        "One omission fault in tor[1], a Switch, is enough: API requests fail for up to 6 h, although every redundant group keeps the members it needs.",
        "drops frames, keeps LACP and BGP up",
        "tor[2] is untouched, but path13.forwards still goes by tor[1].lacp_up (true)",
    ):
        box = tab.page.get_by_text(text).first.bounding_box()
        assert box is not None and 0 <= box["y"] <= 800 - box["height"], text


def test_the_keyboard_steps_through_the_cascade(open_tab, switch) -> None:
    tab = open_tab(switch)
    page = tab.page
    tab.wait_for(".controls output", "event 2 of 6")  # where the outage begins
    page.keyboard.press("Home")
    tab.wait_for(".controls output", "00:00:00 · start")
    assert set(tab.statuses().values()) == {"0"}
    page.keyboard.press("ArrowRight")
    tab.wait_for(".controls output", "00:00:00 · event 1 of 6")
    tab.wait_for(".step-card h3", "fault tor[1].partial_failure")
    assert {name for name, status in tab.statuses().items() if status == "3"} == {"tor[1]", "path13", "etcd"}
    page.keyboard.press("ArrowRight")
    assert tab.statuses()["api_down"] == "3"
    tab.wait_for("#run-1 svg.lanes .now", "now 190")
    assert page.locator("#run-1 tr.now").count() == 1
    assert page.url.endswith("#run-1.2")
    page.keyboard.press("End")
    tab.wait_for(".controls output", "06:01:00 · event 6 of 6")
    assert tab.statuses()["api_down"] == "0"
    page.keyboard.press("v")
    tab.wait_for(".controls output", "event 2 of 6")
    page.keyboard.press("]")
    assert page.locator("details.run[open]").get_attribute("id") == "run-2"
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").is_visible()


def test_every_control_can_be_reached_with_tab_and_shows_it(open_tab, switch) -> None:
    page = open_tab(switch).page
    names = []
    for _ in range(60):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.textContent")
        )
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", names[-1]
    for wanted in ("Skip to the verdict", "Run", "Previous event", "Next event", "Event", "Lanes of run 1"):
        assert wanted in names


def test_play_runs_to_the_end_and_stops(open_tab, switch) -> None:
    tab = open_tab(switch, "#run-1.5")
    tab.page.get_by_role("button", name="Play").click()
    tab.page.locator(".controls output", has_text="event 6 of 6").wait_for()
    tab.page.get_by_role("button", name="Play").wait_for()


def test_a_step_is_a_link(open_tab, switch) -> None:
    tab = open_tab(switch, "#run-1.6")
    tab.wait_for(".controls output", "06:01:00 · event 6 of 6")
    tab.page.get_by_role("button", name="event 2", exact=True).click()
    tab.wait_for(".step-card h3", "reaction auth_db.promote")
    tab.page.locator("#run-1 .event[data-event='1']").click()
    tab.wait_for(".step-card h3", "fault tor[1].partial_failure")


def test_a_finding_leads_to_its_line_and_back(open_tab, switch) -> None:
    page = open_tab(switch).page
    page.locator("#f1 a.place").first.click()
    line = page.locator("tr:target")
    assert "redundant tor: 2 x Switch needs 1" in line.inner_text()
    assert line.bounding_box()["y"] < 800
    line.locator("a.note").first.click()
    assert page.locator("article:target").get_attribute("id") == "f1"
    page.locator("#f1 a.place").nth(1).click()  # in a library file, which is folded away
    assert "fault partial_failure" in page.locator("tr:target").inner_text()
    assert page.locator("tr:target").is_visible()
    page.locator("#findings a.run-link[href='#run-2']").first.click()
    page.locator("#run-2[open]").wait_for()


def test_the_causal_graph_leads_to_events_and_marks_what_one_rests_on(open_tab, switch) -> None:
    tab = open_tab(switch, "#run-1.6")
    tab.wait_for("#run-1 .why.now", "auth_db.rebuild")
    marked = tab.page.locator("#run-1 .why.on-path")
    assert marked.evaluate_all("nodes => nodes.map(n => n.dataset.event)") == ["1", "2", "6"]
    tab.page.locator("#run-1 .why[data-event='3'] rect").click()
    tab.wait_for(".controls output", "event 3 of 6")
    tab.wait_for(".step-card h3", "etcd.call_election[1]")


def test_names_of_lanes_stay_in_sight(open_tab, switch) -> None:
    page = open_tab(switch, viewport={"width": 800, "height": 800}).page
    scroll = page.locator("#run-1 .scroll").first
    label = scroll.locator(".lane-labels text").first
    before = label.bounding_box()["x"]
    scroll.evaluate("element => { element.scrollLeft = 120; }")
    page.wait_for_timeout(100)
    assert scroll.evaluate("element => element.scrollLeft") > 60
    assert abs(label.bounding_box()["x"] - before) < 1
    page.emulate_media(media="print")  # on paper nothing is scrolled
    assert page.evaluate("getComputedStyle(document.querySelector('#run-1 .lane-labels')).transform") == "none"


def test_filters_narrow_the_checks(open_tab, switch) -> None:
    tab = open_tab(switch)
    page = tab.page
    page.keyboard.press("/")
    page.keyboard.type("prevote possible")
    tab.wait_for("#checks .filters output", "0 of 32 shown")
    page.locator("#checks input[type=search]").fill("prevote")
    tab.wait_for("#checks .filters output", "3 of 32 shown")
    assert page.locator("#checks tbody tr:visible").count() == 3
    page.locator("#checks input[type=search]").fill("")
    page.get_by_label("only what is not as expected").check()
    tab.wait_for("#checks .filters output", "0 of 32 shown")


def _contrast(one: str, other: str) -> float:
    def light(color: str) -> float:
        parts = [int(v) / 255 for v in re.findall(r"\d+", color)[:3]]
        linear = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


TEXTS = """() => [...document.querySelectorAll("main *, header *")].filter(
  (e) => e.getClientRects().length && !e.closest("svg") && [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())
).map((e) => {
  let under = e;
  while (under && /, 0\\)$/.test(getComputedStyle(under).backgroundColor)) under = under.parentElement;
  return [getComputedStyle(e).color, under ? getComputedStyle(under).backgroundColor : "rgb(255, 255, 255)", e.outerHTML.slice(0, 80)];
})"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out(open_tab, site, scheme) -> None:
    for path in (site / "cloudflare-2020-11-02.html", site / "long.html", site / "index.html"):
        texts = open_tab(path, color_scheme=scheme).page.evaluate(TEXTS)
        assert len(texts) > 10
        assert [text for color, under, text in texts if _contrast(color, under) < 4.5] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_can_be_read(open_tab, switch, scheme) -> None:
    page = open_tab(switch, color_scheme=scheme).page
    look = "([s, p]) => getComputedStyle(document.querySelector(s))[p]"
    background = page.evaluate(look, ["body", "backgroundColor"])
    assert background == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(21, 24, 29)")
    for selector in ("body", "a.place", ".path", ".chip.good", ".chip.warn", "td.bad", "small"):
        assert _contrast(page.evaluate(look, [selector, "color"]), background) >= 4.5, selector
    for status in range(4):
        swatch = f".legend rect.s{status}", f".legend text.t{status}"
        fill, ink = (page.evaluate(look, [selector, "fill"]) for selector in swatch)
        assert _contrast(fill, ink) >= 4.5, status
    page.get_by_role("button", name="dark" if scheme == "light" else "light", exact=True).click()
    assert page.evaluate(look, ["body", "backgroundColor"]) != background


def test_paper_has_no_controls_and_is_light(open_tab, switch, tmp_path) -> None:
    page = open_tab(switch, color_scheme="dark").page
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for selector in ("nav", ".controls", ".tools", ".filters"):
        assert not page.locator(selector).first.is_visible()
    assert page.locator("#run-1 table.steps").is_visible() and page.locator("#graph").is_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 1280
    page.emulate_media(media=None)
    assert len(page.pdf(path=tmp_path / "page.pdf")) > 10_000


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(open_tab, site, width) -> None:
    for path in sorted(site.glob("*.html")):
        page = open_tab(path, viewport={"width": width, "height": 800}).page
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name


def test_the_index_leads_to_the_pages_and_back(open_tab, site) -> None:
    page = open_tab(site / "index.html").page
    page.get_by_role("link", name="loop").click()
    assert page.url.endswith("loop.html")
    assert page.locator("strong.loop").inner_text() == "cache ⇄ db"
    page.get_by_role("link", name="all specs").click()
    assert page.url.endswith("index.html")


@pytest.mark.parametrize("strict", [False, True], ids=["without script", "under a strict policy"])
def test_without_the_script_everything_can_be_read(browser, switch, strict) -> None:
    tab = Tab(browser, java_script_enabled=strict)
    page = tab.page
    if strict:  # as a server sends it
        page.route(
            "http://artifacts.test/page.html",
            lambda route: route.fulfill(
                body=switch.read_text(encoding="utf-8"),
                content_type="text/html; charset=utf-8",
                headers={"Content-Security-Policy": STRICT},
            ),
        )
        page.goto("http://artifacts.test/page.html")
    else:
        tab.open(switch)
    assert "One omission fault in tor[1]" in page.locator("h2.sentence").first.inner_text()
    box = page.locator("#graph").bounding_box()
    assert box["width"] > 600 and box["height"] > 150
    assert page.locator("#graph .node[data-name='api_down'] rect").get_attribute("fill") == "#b3261e"
    assert page.locator("#run-1 svg.lanes").is_visible()
    assert "auth_db.promote" in page.locator("#run-1 table.steps").inner_text()
    assert page.locator("#source").is_visible()
    if strict:
        assert page.evaluate("getComputedStyle(document.querySelector('#graph rect')).fill") != "rgb(0, 0, 0)"
    tab.context.close()


def test_text_of_a_spec_does_nothing(open_tab, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    hostile = (
        'system s "</script><script>document.title = 1</script><img src=http://evil.test/x onerror=alert(2)>" {\n'
        '  component a "<svg onload=document.title=1>" { fault die: crash "<b id=run-1>" { health: up -> down } }\n'
        '  outage o "<a href=http://evil.test>x</a>" when not a.serving\n  check c: never o expect violated\n}\n'
    )
    Path("s.cf").write_text(hostile)
    assert main(["report", "s.cf", "--html", "out"]) == 0
    tab = open_tab(tmp_path / "out" / "s.html")
    tab.page.keyboard.press("End")
    assert tab.page.title() == "s – cascade report"
    assert tab.page.locator("main img, main b, a[href^=http]").count() == 0
    assert "<b id=run-1>" in tab.text(".step-card")


def test_a_thousand_components_open_in_less_than_two_seconds(open_tab, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = ["system big {"]
    for i in range(1000):
        below = f"c{(i - 1) // 3}" if i else ""
        needs = f"needs {below}" if below else ""
        lines.append(f"  component c{i} {{ {needs} }}" if needs else f"  component c{i} {{ }}")
    lines += [
        '  outage down "the last one is down" when not c999.serving',
        "  check c: never down with at most 0 faults",
        "}",
    ]
    Path("big.cf").write_text("\n".join(lines))
    assert main(["report", "big.cf", "--html", "out", "--only-declared"]) == 0
    tab = open_tab(tmp_path / "out" / "big.html")
    # The chain to the outage, not the forest beside it.
    assert tab.page.locator("#graph .node").count() == 8
    assert "993 boxes are left out" in tab.text("figure.graph figcaption")
    milliseconds = tab.page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    assert milliseconds < 2000
