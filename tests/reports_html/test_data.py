"""What a report says, as data."""

from cascade.reports.data import Report, Status
from cascade.reports.html.drawing import view_graph


def test_the_headline_answers_what_failed_what_should_have_masked_it_and_why_it_did_not(pair: Report) -> None:
    [headline] = pair.headlines
    assert headline.sentence == (
        "One omission fault in switches[1], a Switch, is enough: requests fail for up to 6 h, although every redundant group keeps the members it needs"
    )
    assert headline.failed == (
        "switches[1].half_dead (omission): loses packets",
        "It ends by itself after 5 min.",
    )
    assert headline.masking == (
        "The redundant group switches: 1 of 2 suffice by design, and switches[2] is untouched.",
        "It survives 1 crash, but not even one of kind omission.",
    )
    assert headline.because == (
        "switches[2] is untouched, but path.serving still goes by switches[1].seen_up (true).",
        "Had it crashed (switches[1].dead), path.serving would stay true; now path.serving becomes false.",
        "1 min in, db.lose_cache fires, since path.serving became false (cold false → true, load 60 → 180).",
        "Only then it is over: 6 h 1 min in, db.warm_up fires, since db.cold became true (cold true → false, load 180 → 60).",
    )


def test_a_green_report_says_how_near_the_next_outage_is(green: Report) -> None:
    [headline] = green.headlines
    assert (
        headline.sentence
        == "Two crash faults, in web[1] and web[2], are enough: down happens, and nothing repairs web[1].crash and web[2].crash"
    )
    assert green.nearest == (
        "down: 2 faults away (web[1].crash + web[2].crash).",
        "down: web, of 2 members, survives 1 loss of kind crash.",
    )
    assert green.assumptions == (
        "1 of 1 check bound the number of faults (to 1): more are not looked at there.",
        "Cannot fail by themselves, as the spec has no fault for them: shop.",
    )


def test_the_run_of_the_headline_goes_to_the_end_of_the_outage(pair: Report) -> None:
    assert pair.headlines[0].run is not None
    run = pair.runs[pair.headlines[0].run]
    assert [(step.command, step.time_ms, step.number) for step in run.steps] == [
        ("switches[1].half_dead", 0, 1),
        ("db.lose_cache", 60_000, 2),
        ("switches[1].half_dead_ends", 300_000, None),
        ("db.warm_up", 21_660_000, 3),
    ]
    assert run.steps[3].because == "db.cold became true in step 2"
    assert [step.passed_on for step in run.steps] == [(), ("switches[1].health",), (), ("db.cold",)]
    lanes = {lane.name: lane for lane in run.lanes}
    assert list(lanes) == ["switches[1]", "path", "db", "down"]
    ok, down = Status.OK, Status.DOWN
    assert lanes["switches[1]"].statuses == (ok, down, down, ok, ok)
    assert lanes["switches[1]"].texts == ("", "half", "half", "", "")
    assert lanes["db"].statuses == (ok, ok, down, down, ok)
    assert lanes["down"].statuses == (ok, ok, down, down, ok)
    [series] = run.series
    assert (series.name, series.values, set(series.limits)) == ("db.load", (60, 60, 180, 180, 60), {100})


def test_the_graph_has_groups_as_boxes_and_arrows_to_what_outages_name(pair: Report) -> None:
    units = {unit.name: unit for unit in pair.graph.units}
    assert units["switches"].needs == "1 of 2 needed"
    assert units["switches"].nodes == ("switches[1]", "switches[2]")
    assert [(edge.used, edge.user) for edge in pair.graph.edges] == [
        ("switches", "path"),
        ("path", "db"),
        ("db", "down"),
    ]
    assert pair.graph.loops == ()


def test_tables_lead_to_runs(pair: Report) -> None:
    tables = {table.key: table for table in pair.tables}
    assert list(tables) == ["redundancy", "fault-sets", "classes", "coverage", "fixes"]
    [row] = tables["redundancy"].rows
    assert [cell.text for cell in row] == ["switches", "1 of 2", "1", "none", "down"]
    assert [cell.tone for cell in row] == ["", "", "good", "bad", ""]
    assert row[3].run is not None
    assert tables["fixes"].headings == ("fix", "what it does", "never down with at most 1 fault")
    [fix] = tables["fixes"].rows
    assert [cell.text for cell in fix] == ["watch", "look at what arrives", "holds"]


def test_the_matrix_of_fixes_has_a_row_for_the_spec_as_it_is(make) -> None:
    report = make(
        "system s { component a { param strong = false  state ok: bool = true\n"
        "    fault die: crash when not strong { ok: true -> false }  let serving = ok }\n"
        "  outage o when not a.serving  fix spare { a.strong = true }  fix idle { a.strong = false }\n"
        "  check plain: never o with at most 1 fault expect violated\n"
        "  check first: never o with fix spare with at most 1 fault\n"
        "  check both: never o with fix spare, idle with at most 1 fault expect violated\n"
        "  check other: always a.serving with fix spare }"
    )
    table = next(table for table in report.tables if table.key == "fixes")
    assert table.headings[2:] == ("never o with at most 1 fault", "always a.serving")
    assert [[cell.text for cell in row if cell.text != "a.strong = true"] for row in table.rows] == [
        ["as it is", "", "violated", ""],
        ["spare", "holds", "holds"],
        ["idle", "a.strong = false", "", ""],
        ["spare + idle", "a.strong = true; a.strong = false", "violated", ""],
    ]
    assert table.rows[0][2].run is not None and table.rows[1][2].run is None


def test_what_keeps_an_outage_up_is_what_its_run_waits_for(pair: Report) -> None:
    [row] = next(table for table in pair.tables if table.key == "classes").rows
    assert [cell.text for cell in row] == [
        "down",
        "late",
        "by itself after 6 h",
        "it waits 6 h for db.warm_up",
    ]


def test_findings_know_their_lines(pair: Report) -> None:
    assert [finding.code for finding in pair.findings][:2] == ["CF601", "CF602"]
    assert pair.sources[0].is_spec
    assert (pair.findings[0].places[0].source, pair.findings[0].places[0].line) == (0, 3)


def test_without_default_questions_there_are_checks_only(make) -> None:
    from tests.reports_html.conftest import PAIR

    report = make(PAIR, asked=False)
    assert report.headlines == () and report.findings == () and report.nearest == ()
    assert [check.verdict for check in report.checks] == ["violated", "holds", "holds"]


CALM = """\
system calm {
  tick 1min
  component a { state up: bool = true  fault slip: crash { up: true -> false }  reaction restart after 5min { up: false -> true }
    let serving = true }
  component b { state whole: bool = true  fault break: crash { whole: true -> false } }
  outage down when not a.serving
}
"""


def test_where_nothing_is_wrong_there_are_sample_runs(make) -> None:
    report = make(CALM)
    assert [headline.sentence for headline in report.headlines] == [
        "“down happens” cannot happen: no run leads there, with any number of faults"
    ]
    assert report.nearest == ("down: out of reach of any number of faults.",)
    [table] = [table for table in report.tables if table.key == "samples"]
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["a.slip", "a.restart", "all is as at the start"],
        ["b.break", "nothing else happens", "it is not followed further"],
    ]
    run = report.runs[table.rows[0][0].run]
    assert [(step.command, step.time_ms) for step in run.steps] == [("a.slip", 0), ("a.restart", 300_000)]
    assert run.ending == "here all is as at the start"
    assert run.shown_by == ("sample: a.slip",)


def test_what_a_limit_left_open_is_listed(make) -> None:
    report = make(
        "system s { component a { state n: 0..2000000 = 0  event up when n < 2000000 { n = n + 1 }  let low = n * 2  let serving = low < 3999999 }\n"
        "  outage o when not a.serving }"
    )
    assert report.totals.questions_undetermined > 0
    assert any(
        line.startswith("never o") and "the limit on states was reached" in line for line in report.open_questions
    )
    assert not report.headlines[0].is_known


def test_a_feedback_loop_is_named_where_it_keeps_an_outage_up(make) -> None:
    report = make(
        "system loop { component cache { state full: bool = true  fault flush: corruption { full: true -> false }\n"
        "    reaction fill when db.serving and not full { full: false -> true } }\n"
        "  component db { let load = if cache.full then 10 else 90  let serving = load <= 50 }\n"
        "  outage slow when not db.serving }"
    )
    assert report.graph.loops == (("cache", "db"),)
    [row] = next(table for table in report.tables if table.key == "classes").rows
    assert [cell.text for cell in row][1] == "absorbing"
    assert row[3].text == "cache.full → db.load → db.serving → cache.full; feedback: cache ⇄ db"


def test_a_group_of_parts_is_a_frame_in_the_box_of_its_component(make) -> None:
    report = make(
        "system s { component dns { state fresh: bool = true  redundant workers: 2 x Worker needs 1\n"
        "    let serving = workers.serving and fresh }\n"
        "  component a { needs dns }  component b { needs a }  component c { needs b }\n"
        "  outage o when not c.serving  check none: never o with at most 0 faults }\ncomponent Worker { }",
        asked=False,
    )
    [unit] = [unit for unit in report.graph.units if unit.name == "dns"]
    [inner] = unit.inner
    assert (inner.name, inner.needs) == ("dns.workers", "1 of 2 needed")
    view = view_graph(report.graph)
    box = next(box for box in view.boxes if box.unit.name == "dns")
    [frame] = box.frames
    assert frame.title == "workers · 1 of 2 needed"
    inside = [cell for cell in box.cells if cell.node.name in inner.nodes]
    for cell in inside:
        assert frame.x <= cell.x and cell.x + cell.width <= frame.x + frame.width <= box.x + box.width
        assert frame.y < cell.y and cell.y + cell.height <= frame.y + frame.height <= box.y + box.height
    [outside] = [cell for cell in box.cells if cell not in inside]
    assert outside.y + outside.height <= frame.y
