"""The formats: schemas, golden samples, what must hold of all of them."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import xmlschema
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from cascade.cli.exit_codes import ExitCode
from cascade.diagnostics.codes import CODES
from cascade.reports import json_report
from cascade.reports.formats import FORMATS
from tests.reports.conftest import EVIL_TEXT, SPECS, Output, normal

Cascade = Callable[..., Output]
SCHEMAS = Path(__file__).parents[1] / "schemas"
SARIF = jsonschema.Draft4Validator(json.loads((SCHEMAS / "sarif-2.1.0.schema.json").read_text("utf-8")))
OWN = jsonschema.Draft202012Validator(json_report.schema())
# Too few for the check `huge`.
LIMITS = ("--max-states", "20000")
ALL = ("check", *SPECS, *LIMITS)
SUFFIXES = {"sarif": "sarif", "json": "json", "junit": "xml", "github": "txt", "markdown": "md", "text": "txt"}


def golden_file(snapshot: SnapshotAssertion, suffix: str) -> SnapshotAssertion:
    class Golden(SingleFileSnapshotExtension):
        _write_mode = WriteMode.TEXT
        file_extension = suffix

    return snapshot.use_extension(Golden)


_REPORTS: dict[str, str] = {}


@pytest.fixture
def reports(cascade: Cascade) -> dict[str, str]:
    """All formats of one call over all specs, which is made once."""
    if not _REPORTS:
        outputs = [f"--output={name}=out.{name}" for name in FORMATS]
        assert cascade(*ALL, *outputs).code == ExitCode.BAD_INPUT
        _REPORTS.update({name: Path(f"out.{name}").read_text("utf-8") for name in FORMATS})
    return dict(_REPORTS)


def test_golden_samples(reports: dict[str, str], snapshot: SnapshotAssertion) -> None:
    sarif = json.loads(reports["sarif"])
    driver = sarif["runs"][0]["tool"]["driver"]
    used = {result["ruleId"] for result in sarif["runs"][0]["results"]}
    driver["rules"] = [rule["id"] for rule in driver["rules"] if rule["id"] in used]
    for result in sarif["runs"][0]["results"]:
        result["ruleIndex"] = 0
    reports["sarif"] = json.dumps(sarif, indent=1) + "\n"
    for name, text in reports.items():
        assert normal(text) == golden_file(snapshot, SUFFIXES[name])(name=name)


def test_reports_are_valid(reports: dict[str, str]) -> None:
    SARIF.validate(json.loads(reports["sarif"]))
    OWN.validate(json.loads(reports["json"]))
    xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd").validate(reports["junit"])


def test_junit_has_the_strict_form(reports: dict[str, str]) -> None:
    """That of Apache Ant, which is stricter than that of Jenkins: one outcome a case, and no attributes that others add."""
    root = ET.fromstring(reports["junit"])
    assert (root.tag, root.attrib) == ("testsuites", {})
    required = {"name", "package", "id", "hostname", "timestamp", "tests", "failures", "errors", "time"}
    for index, suite in enumerate(root):
        assert set(suite.attrib) == required | {"skipped"}
        assert (suite.get("id"), suite.get("hostname")) == (str(index), "localhost")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp"))
        tags = [child.tag for child in suite]
        cases = suite.findall("testcase")
        assert tags == ["properties", *["testcase"] * len(cases), "system-out", "system-err"]
        for case in cases:
            assert set(case.attrib) == {"name", "classname", "time"}
            assert case.get("name") and case.get("classname")
            assert [child.tag for child in case] in ([], ["skipped"], ["error"], ["failure"])
            assert all(child.get("type") for child in case if child.tag != "skipped")
        counts = {tag: sum(case.find(tag) is not None for case in cases) for tag in ("failure", "error", "skipped")}
        assert [suite.get(n) for n in ("tests", "failures", "errors", "skipped")] == [
            str(n) for n in (len(cases), *counts.values())
        ]


def test_schemas_notice_what_is_wrong(reports: dict[str, str]) -> None:
    sarif = json.loads(reports["sarif"])
    del sarif["version"]
    assert not SARIF.is_valid(sarif)
    own = json.loads(reports["json"])
    own["files"][0]["checks"][0]["verdict"] = "skipped"
    assert not OWN.is_valid(own)
    junit = reports["junit"].replace("<failure", "<mishap", 1).replace("</failure", "</mishap", 1)
    assert not xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd").is_valid(junit)


def test_own_schema_is_one_and_knows_every_member(reports: dict[str, str]) -> None:
    """Closed for this test, so that a member that is written and not described is noticed."""
    schema = json_report.schema()
    jsonschema.Draft202012Validator.check_schema(schema)

    def close(node: object) -> None:
        if isinstance(node, dict):
            if "properties" in node:
                node["additionalProperties"] = False
                assert set(node["required"]) == set(node["properties"])
            for value in node.values():
                close(value)
        elif isinstance(node, list):
            for value in node:
                close(value)

    close(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(reports["json"]))


@pytest.mark.parametrize("name", FORMATS)
def test_standard_output_is_the_report_and_nothing_else(cascade: Cascade, name: str) -> None:
    on_file = cascade("check", "undeclared.cf", "--output", f"{name}=out")
    on_screen = cascade("check", "undeclared.cf", "--format", name)
    assert on_file.code == on_screen.code == ExitCode.UNEXPECTED
    if name != "text":
        assert normal(on_screen.out) == normal(Path("out").read_text("utf-8"))


def test_formats_do_not_change_the_exit_code(cascade: Cascade) -> None:
    for spec in SPECS.keys() - {"declared.cf"}:  # which takes its time
        codes = {cascade("check", spec, *LIMITS, "--format", name).code for name in FORMATS}
        assert len(codes) == 1, spec


def results_of(report: str) -> list[dict]:
    return json.loads(report)["runs"][0]["results"]


def test_undetermined_is_an_error_in_every_format(cascade: Cascade) -> None:
    limits = ("--check", "huge", *LIMITS)
    assert cascade("check", "declared.cf", *limits).code == ExitCode.UNDETERMINED
    sarif = cascade("check", "declared.cf", *limits, "--format", "sarif").out
    [result] = results_of(sarif)
    assert (result["ruleId"], result["level"]) == ("CF703", "error")
    assert json.loads(sarif)["runs"][0]["invocations"][0]["executionSuccessful"] is False
    suite = ET.fromstring(cascade("check", "declared.cf", *limits, "--format", "junit").out)[0]
    assert (suite.get("errors"), suite.get("failures"), suite.get("skipped")) == ("1", "0", "0")
    assert cascade("check", "declared.cf", *limits, "--format", "github").out.startswith("::error ")
    report = json.loads(cascade("check", "declared.cf", *limits, "--format", "json").out)
    assert report["summary"]["undetermined"] == 1
    assert report["files"][0]["checks"][0]["outcome"] == "undetermined"


def test_open_default_questions_are_errors_too(cascade: Cascade) -> None:
    Path("many.cf").write_text(
        "system s {\n  redundant web: 12 x Server needs 1\n  outage down when not web.serving\n}\n"
        "component Server { state n: 0..9 = 0 event e when n < 9 { n = n + 1 }\n"
        "  state up: bool = true fault crash { up: true -> false } let serving = up }\n",
        "utf-8",
    )
    result = cascade("check", "many.cf", "--max-states", "100", "--format", "junit")
    assert result.code == ExitCode.UNDETERMINED
    assert int(ET.fromstring(result.out)[0].get("errors", "0")) > 0


def test_each_code_is_a_rule(cascade: Cascade) -> None:
    driver = json.loads(cascade("check", "library.cf", "--format", "sarif").out)["runs"][0]["tool"]["driver"]
    rules = {rule["id"]: rule for rule in driver["rules"]}
    assert list(rules) == list(CODES)
    for code, rule in rules.items():
        assert rule["shortDescription"]["text"] == CODES[code].name
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert rule["help"]["markdown"].startswith(f"# {code}: ")
        assert rule["help"]["text"].startswith(f"{code}: ")


def test_sarif_has_what_github_asks_for(reports: dict[str, str]) -> None:
    log = json.loads(reports["sarif"])
    run = log["runs"][0]
    assert log["$schema"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert result["partialFingerprints"]["primaryLocationLineHash"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] in SPECS
        region = place["region"]
        assert region["startLine"] == region["endLine"]
        assert region["startColumn"] < region["endColumn"]
    prints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]
    assert len(set(prints)) == len(prints)


def test_the_run_is_a_code_flow_that_ends_at_the_problem(reports: dict[str, str]) -> None:
    [result] = [r for r in results_of(reports["sarif"]) if r["properties"]["name"] == "one_crash"]
    locations = result["codeFlows"][0]["threadFlows"][0]["locations"]
    texts = [step["location"]["message"]["text"] for step in locations]
    assert "fault db.slow" in texts[0]
    assert "check is violated" in texts[-1]
    lines = [step["location"]["physicalLocation"]["region"]["startLine"] for step in locations]
    assert SPECS["declared.cf"].splitlines()[lines[0] - 1].strip().startswith("component db")
    assert lines[-1] == result["locations"][0]["physicalLocation"]["region"]["startLine"]


def test_fingerprints_stay_when_lines_move(cascade: Cascade) -> None:
    def prints() -> list[str]:
        found = results_of(cascade("check", "undeclared.cf", "declared.cf", *LIMITS, "--format", "sarif").out)
        return sorted(r["partialFingerprints"]["primaryLocationLineHash"] for r in found)

    before = prints()
    for name in ("undeclared.cf", "declared.cf"):
        text = SPECS[name]
        Path(name).write_text("# a remark\n\n" + text.replace("{\n", "{\n\n", 2).replace("  ", "    "), "utf-8")
    assert prints() == before
    Path("undeclared.cf").write_text(SPECS["undeclared.cf"].replace("switches", "routers"), "utf-8")
    assert prints() != before


def test_paths_are_relative_to_the_repository(cascade: Cascade, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path("a b", "ü")
    folder.mkdir(parents=True)
    (folder / "x.cf").write_text(SPECS["undeclared.cf"], "utf-8")
    monkeypatch.chdir(folder)
    for path in ("x.cf", str(Path("x.cf").resolve())):
        found = results_of(cascade("check", path, "--format", "sarif").out)
        assert found[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b/%C3%BC/x.cf"
    assert "file=a b/ü/x.cf," in cascade("check", "x.cf", "--format", "github").out


# --- what specs may not do ---


def test_annotations_cannot_be_injected(reports: dict[str, str]) -> None:
    lines = reports["github"].splitlines()
    assert all(re.match(r"::(error|warning|notice) file=[^:]+,title=[^:]*::[^\n]*$", line) for line in lines)
    [evil] = [line for line in lines if "file=evil.cf" in line]
    assert "%250A%3A%3Aerror" in evil


def test_xml_keeps_the_text(reports: dict[str, str]) -> None:
    suites = ET.fromstring(reports["junit"])
    suite = next(s for s in suites if s.get("name") == "evil.cf")
    assert suite.find("properties/property[@name='text']").get("value") == EVIL_TEXT
    assert EVIL_TEXT in suite.find("testcase/failure").get("message")
    assert suite.find("b") is None


def test_sarif_messages_have_no_links_of_specs(reports: dict[str, str]) -> None:
    for result in results_of(reports["sarif"]):
        targets = re.findall(r"(?<!\\)\]\(([^)]*)\)", result["message"]["text"])
        assert all(target.isdecimal() for target in targets)
        assert len(targets) == len(result.get("relatedLocations", []))


def test_file_names_may_hold_anything(cascade: Cascade) -> None:
    name = "\udcff\x1b[31m\n::error::x.cf"
    Path(name).write_text(SPECS["wrong.cf"], "utf-8")
    outputs = [f"--output={kind}=out.{kind}" for kind in FORMATS]
    assert cascade("check", name, "missing\udcff.cf", *outputs).code == ExitCode.BAD_INPUT
    SARIF.validate(json.loads(Path("out.sarif").read_text("utf-8")))
    OWN.validate(json.loads(Path("out.json").read_text("utf-8")))
    ET.fromstring(Path("out.junit").read_text("utf-8"))
    assert all(line.startswith("::error file=") for line in Path("out.github").read_text("utf-8").splitlines())


def test_internal_errors_stand_in_every_format(cascade: Cascade, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("out of order <b>")

    monkeypatch.setattr("cascade.cli.check.check_file", fail)
    outputs = [f"--output={name}=out.{name}" for name in FORMATS]
    assert cascade("check", "declared.cf", *outputs).code == ExitCode.INTERNAL_ERROR
    for name in FORMATS:
        assert "RuntimeError" in Path(f"out.{name}").read_text("utf-8"), name
    invocation = json.loads(Path("out.sarif").read_text("utf-8"))["runs"][0]["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert ET.fromstring(Path("out.junit").read_text("utf-8"))[0].get("errors") == "1"
