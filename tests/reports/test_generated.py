"""Every format of specs that nobody has seen: valid, complete, and none changes the verdicts."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema
import pytest
import xmlschema

from cascade.limits import Limits, Progress
from cascade.pipeline import CheckOptions, Unasked, check_file
from cascade.reports import json_report
from cascade.reports.formats import FORMATS, render
from cascade.reports.results import Outcome, Results, entries
from tests.generate.specs import make_spec
from tests.reports.test_formats import OWN, SARIF, SCHEMAS

JUNIT = xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd")
OPTIONS = CheckOptions(limits=Limits(state_count_max=500), engine="python", unasked=Unasked.ALWAYS)


def assert_valid(seed: int) -> None:
    from cascade.cli.check import report_of

    Path("spec.cf").write_text(make_spec(seed, 1 + seed % 2).text, "utf-8")
    file = report_of(check_file("spec.cf", OPTIONS, lambda _: Progress()))
    results = Results(version="1", files=(file,), exit_code=3, exit_meaning="undetermined")
    texts = {name: render(name, results) for name in FORMATS}
    found = entries(file)
    sarif, own = json.loads(texts["sarif"]), json.loads(texts["json"])
    SARIF.validate(sarif)
    OWN.validate(own)
    JUNIT.validate(texts["junit"])
    wrong = [entry for entry in found if entry.diagnostic is not None]
    assert len(sarif["runs"][0]["results"]) == len(own["files"][0]["problems"]) == len(wrong)
    assert len(texts["github"].splitlines()) == len(wrong)
    assert len(own["files"][0]["checks"]) == len(file.checks)
    [suite] = ET.fromstring(texts["junit"])
    is_open = [entry for entry in found if entry.outcome in (Outcome.UNDETERMINED, Outcome.BROKEN)]
    assert int(suite.get("errors")) == len(is_open)
    assert suite.get("skipped") == "0"
    prints = [entry.fingerprint for entry in wrong]
    assert len(set(prints)) == len(prints)
    assert all(len(line) <= 80 for line in texts["text"].splitlines() if " " in line.strip())


def test_any_generated_spec_has_valid_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for seed in range(7000, 7012):
        assert_valid(seed)


@pytest.mark.campaign
@pytest.mark.parametrize("part", range(20))
def test_very_many_generated_specs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    monkeypatch.chdir(tmp_path)
    for seed in range(20_000 + 50 * part, 20_050 + 50 * part):
        assert_valid(seed)


def test_the_schema_is_sound() -> None:
    jsonschema.Draft202012Validator.check_schema(json_report.schema())
