"""`check --certificate` and `verify-certificate`: what a person sees, and what becomes of damage."""

import json
from pathlib import Path
from typing import Any

import pytest

from cascade.certificates import make
from cascade.certificates.make import seal
from cascade.cli.main import main

SPEC = """\
system s {
  tick 1min
  redundant web: 2 x Server needs 1
  component db { fault crash lasts 5min { health: up -> down } }
  outage down when not web.serving or not db.serving
  check run: never down with at most 1 fault expect violated
  check none: never down with at most 0 faults
  check lasso: web.serving leads to not db.serving expect violated
  check answered: not db.serving leads to db.serving with at most 2 faults
  check possible: possible down then not down
  check recovers: not db.serving can lead to db.serving
  check trapped: down can lead to not down expect violated
}
component Server { }
"""

PROVED = """\
system big {
  state a: 0..30000 = 0
  state b: 0..30000 = 0
  state mode: {idle, busy, broken} = idle
  event up when a < 30000 and b < 30000 { a = a + 1  b = b + 1 }
  event down when b > 0 { b = b - 1 }
  event work when mode == idle { mode = busy }
  event rest when mode == busy { mode = idle }
  event break when b > a { mode = broken }
  outage o when mode == broken
  check safe: never o
}
"""


SEVERAL_STEPS = """\
system s {
  tick 1min
  state a: 0..9 = 0
  state b: 0..9 = 0
  event round when a < 3 after 1min..2min { a = a + 1 }
  event back when a == 3 { a = 0 }
  # From states that are never reached three steps lead to the bad one.
  event astray when a > 3 and a < 7 { a = a + 1 }
  check none: never b > 9
  check one: never b == 1
  check several: never a == 7
  check late: always a != 7 or b == 1
}
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    path = tmp_path / "spec.cf"
    path.write_text(SPEC, encoding="utf-8")
    return path


def run(*arguments: str) -> int:
    return main(["check", "--only-declared", "--no-config", *arguments])


def body(path: str) -> Any:
    return json.loads(Path(path).read_text(encoding="ascii").partition("\n")[2])


def test_all_verdicts_are_confirmed(spec: Path, capsys: pytest.CaptureFixture[str], golden: Any) -> None:
    assert run("spec.cf", "--certificate", "c") == 0
    capsys.readouterr()
    assert main(["verify-certificate", "c"]) == 0
    assert capsys.readouterr().out == golden


def test_the_spec_it_is_about(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("spec.cf", "--certificate", "c", "--check", "none") == 0
    spec.write_text(SPEC.replace("5min", "6min"), encoding="utf-8")
    assert main(["verify-certificate", "c"]) == 1
    assert "spec.cf is another text than the certificate is about" in capsys.readouterr().out
    spec.unlink()
    assert main(["verify-certificate", "c"]) == 1
    assert "spec.cf is not here" in capsys.readouterr().out


def test_open_params_have_evidence_for_each_model(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = SPEC.replace("redundant web: 2 x", "param n: 2..3 = any\n  redundant web: n x")
    spec.write_text(text, encoding="utf-8")
    assert run("spec.cf", "--certificate", "c", "--check", "none") == 0
    assert body("c")["verdicts"][0]["model_count"] == 2
    assert main(["verify-certificate", "c"]) == 0
    said = body("c")
    del said["verdicts"][0]["parts"][0]
    Path("c").write_bytes(seal(said))
    assert main(["verify-certificate", "c"]) == 1


def test_undetermined_is_left_open(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("spec.cf", "--certificate", "c", "--max-states", "3", "--check", "trapped") == 3
    capsys.readouterr()
    assert main(["verify-certificate", "c"]) == 3
    assert "not checked" in capsys.readouterr().out


def test_an_invariant_is_examined_by_z3(
    spec: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "SAMPLED_MAX", 100)
    spec.write_text(PROVED, encoding="utf-8")
    assert run("spec.cf", "--certificate", "c", "--engine", "symbolic") == 0
    assert main(["verify-certificate", "c"]) == 3
    assert main(["verify-certificate", "c", "--z3"]) == 0
    assert "an invariant, by z3" in capsys.readouterr().out
    for lines in (["a >= b"], ["mode != broken"], ["a > b", "mode != broken"], ["mode = idle | busy"], ["true"]):
        said = body("c")
        said["verdicts"][0]["parts"][0]["evidence"]["lines"] = lines
        Path("d").write_bytes(seal(said))
        assert main(["verify-certificate", "d", "--z3"]) == 1
    for lines in (["a >= b and"], ["…"], ["nowhere >= a"], ["a >= b", "(mode"]):
        said["verdicts"][0]["parts"][0]["evidence"]["lines"] = lines
        Path("d").write_bytes(seal(said))
        assert main(["verify-certificate", "d", "--z3"]) == 3


@pytest.mark.parametrize(
    "damage", [lambda d: d[:-1], lambda d: d + b"\n", lambda d: d.replace(b"web", b"wep", 1), lambda _: b""]
)
def test_damage_is_bad_input(spec: Path, capsys: pytest.CaptureFixture[str], damage: Any) -> None:
    assert run("spec.cf", "--certificate", "c", "--check", "none") == 0
    Path("c").write_bytes(damage(Path("c").read_bytes()))
    assert main(["verify-certificate", "c"]) == 2
    assert "not as it was written" in capsys.readouterr().err


def test_nothing_of_it_steers_a_terminal(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("spec.cf", "--certificate", "c", "--check", "none") == 0
    said = body("c")
    said["tool"] = said["verdicts"][0]["check"] = "\x1b[2J\u202e"
    said["specs"][0]["files"][0]["name"] = "\x1b]0;\x07"
    Path("c").write_bytes(seal(said))
    capsys.readouterr()
    assert main(["verify-certificate", "c"]) == 1
    out = capsys.readouterr().out
    assert all(c.isprintable() or c == "\n" for c in out)


def test_where_it_cannot_be_written_is_said_before_the_search(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("spec.cf", "--certificate", "nowhere/c") == 2
    assert "CF804" in capsys.readouterr().err


def test_no_certificate_of_what_was_interrupted(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("cascade.cli.check.check_file", interrupted)
    Path("c").write_bytes(b"old")
    assert run("spec.cf", "--certificate", "c") == 130
    assert Path("c").read_bytes() == b"old"


def test_induction_over_steps_is_examined_by_z3(
    spec: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "SAMPLED_MAX", -1)
    spec.write_text(SEVERAL_STEPS, encoding="utf-8")
    assert run("spec.cf", "--certificate", "c", "--engine", "symbolic") == 0
    said = body("c")["verdicts"]
    assert [verdict["parts"][0]["evidence"]["k"] for verdict in said] == [0, 1, 4, 4]
    assert main(["verify-certificate", "c"]) == 3
    assert main(["verify-certificate", "c", "--z3"]) == 0
    assert capsys.readouterr().out.count("by z3") == 4
    for claimed, code in ((0, 1), (3, 1), (5, 0), (-1, 3), (10**9, 3), ("3", 3), ([], 3)):
        changed = body("c")
        changed["verdicts"] = said[2:3]
        changed["verdicts"][0]["parts"][0]["evidence"]["k"] = claimed
        Path("d").write_bytes(seal(changed))
        assert main(["verify-certificate", "d", "--z3"]) == code, claimed
    # The same proof of something that a run refutes.
    changed = body("c")
    changed["verdicts"] = said[2:3]
    changed["verdicts"][0]["parts"][0]["model"]["variables"][0][3] = [4]
    changed["verdicts"][0]["parts"][0]["evidence"]["k"] = 4
    Path("d").write_bytes(seal(changed))
    assert main(["verify-certificate", "d", "--z3"]) == 1
