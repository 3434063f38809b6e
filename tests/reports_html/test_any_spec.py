"""A page can be made of every spec, whatever becomes of its checks."""

from pathlib import Path

import pytest

from cascade.limits import Limits, Progress
from cascade.pipeline import CheckOptions, Unasked, check_file
from cascade.reports.data import Report, Status
from cascade.reports.gather.report import gather
from cascade.reports.html.page import page
from cascade.reports.html.site import INDEX, Site
from cascade.reports.html.verdicts import plain_verdict
from tests.generate.specs import make_spec
from tests.reports_html.test_page import parsed


def report_of(text: str, folder: Path) -> Report:
    path = folder / "spec.cf"
    path.write_text(text, encoding="utf-8")
    limits = Limits(state_count_max=2_000, seconds_max=5.0)
    result = check_file(str(path), CheckOptions(unasked=Unasked.ALWAYS, limits=limits), lambda _: Progress())
    assert result.system is not None
    return gather("spec.cf", result.system, result.checks, result.answers, result.diagnostics)


def assert_consistent(report: Report) -> None:
    for run in report.runs:
        count = len(run.steps) + 1
        assert all(len(lane.statuses) == len(lane.texts) == count for lane in run.lanes)
        assert all(len(series.values) == len(series.limits) == count for series in run.series)
        assert all(lane.statuses[0] in (Status.OK, Status.DOWN) for lane in run.lanes)
        numbers = [step.number for step in run.steps if step.number is not None]
        assert numbers == list(range(1, len(numbers) + 1))
        assert all(cause < (step.number or 0) for step in run.steps for cause in step.causes)
        assert [step.time_ms for step in run.steps] == sorted(step.time_ms for step in run.steps)
    runs = [*report.findings, *report.checks, *report.headlines, *(c for t in report.tables for r in t.rows for c in r)]
    assert all(one.run is None or 0 <= one.run < len(report.runs) for one in runs)
    assert all(len(row) == len(table.headings) for table in report.tables for row in table.rows)


def assert_page(report: Report) -> None:
    assert_consistent(report)
    parser = parsed(page(report))
    ids = {attributes["id"] for _, attributes in parser.seen if "id" in attributes}
    assert all(a["href"][1:] in ids for tag, a in parser.seen if tag == "a" and a["href"].startswith("#"))


@pytest.mark.parametrize("seed", range(12))
def test_generated_specs(seed: int, tmp_path: Path) -> None:
    assert_page(report_of(make_spec(seed, 4).text, tmp_path))


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(100, 400))
def test_many_generated_specs(seed: int, tmp_path: Path) -> None:
    assert_page(report_of(make_spec(seed, 4 + seed % 12).text, tmp_path))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("system s { }", "Nothing was asked: the spec declares no outage and no check"),
        (
            "system s { state n: 0..3 = 0  event up { n = n + 1 }  check c: never n > 5 }",
            "The spec has an error that shows in a run, so that there is no verdict",
        ),
        ("system s { component a { }  check c: never not a.serving }", "1 of 1 verdict unexpected"),
        (
            "system s { component a { }  check c: never not a.serving expect violated }",
            "The one verdict is as the spec expects",
        ),
        (
            (
                "system s { component a { state on: bool = true  event off { on: true -> false }  reaction again { on: false -> true }  let serving = on }\n"
                "  outage o when not a.serving }"
            ),
            "No fault is needed: o happens, for a while",
        ),
        (
            (
                "system s { component a { state on: bool = true  event off { on: true -> false }  event again { on: false -> true }  let serving = on }\n"
                "  outage o when not a.serving }"
            ),
            "No fault is needed: o happens, and nothing makes it end",
        ),
        (
            "system s { component a { }  outage o when a.health == up and not a.serving }",
            "“o happens” cannot happen: no run leads there, with any number of faults",
        ),
    ],
)
def test_what_is_said_first(text: str, sentence: str, tmp_path: Path) -> None:
    report = report_of(text, tmp_path)
    assert_page(report)
    said = [headline.sentence for headline in report.headlines]
    assert sentence in (said or [plain_verdict(report).text])


def test_a_group_of_hundreds_is_a_grid(tmp_path: Path) -> None:
    text = "system s { redundant n: 300 x Node needs 200  component a { let serving = n.serving }  check c: never not a.serving with at most 1 fault }\ncomponent Node { }"
    report = report_of(text, tmp_path)
    assert_page(report)
    [unit] = [unit for unit in report.graph.units if unit.name == "n"]
    assert len(unit.nodes) == 300


def test_the_index_counts(tmp_path: Path) -> None:
    site = Site(str(tmp_path / "out"), ["spec.cf"])
    site.add(report_of("system s { component a { }  check c: never not a.serving }", tmp_path))
    text = Path(site.finish()).read_text(encoding="utf-8")
    assert (tmp_path / "out" / INDEX).exists() and "1 unexpected" in text
