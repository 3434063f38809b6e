"""Writing reports: all or nothing, and an error with its code where it cannot be."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cascade.cli.exit_codes import ExitCode
from cascade.files import write_atomically
from tests.reports.conftest import Output

Cascade = Callable[..., Output]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("json=no/where/out.json", "there is no directory no/where"),
        ("json=.", "it is a directory"),
        ("sarf=out", "did you mean `sarif`?"),
        ("json", "it is not said which report goes where"),
        ("json=", "it is not said which report goes where"),
    ],
)
def test_wrong_outputs_are_told_before_anything_is_searched(cascade: Cascade, value: str, said: str) -> None:
    result = cascade("check", "declared.cf", "--output", value)
    assert (result.code, result.out) == (ExitCode.BAD_INPUT, "")
    assert said in " ".join(result.err.split())
    assert "error[CF80" in result.err


def test_two_reports_in_one_file(cascade: Cascade) -> None:
    result = cascade("check", "declared.cf", "--output", "json=out", "--output", "sarif=out")
    assert result.code == ExitCode.BAD_INPUT
    assert "the json report is written there" in " ".join(result.err.split())


def test_a_failed_write_keeps_the_old_report(cascade: Cascade, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("out.json").write_text("good", "utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cascade.files.os.fsync", full)
    result = cascade("check", "undeclared.cf", "--output", "json=out.json")
    assert result.code == ExitCode.BAD_INPUT
    assert "no space left on device" in " ".join(result.err.split())
    assert "error[CF804]" in result.err
    assert Path("out.json").read_text("utf-8") == "good"
    assert not list(Path().glob(".out*"))


def test_modes_and_links_are_kept(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old", "utf-8")
    target.chmod(0o640)
    link.symlink_to(target)
    write_atomically(str(link), b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o640
    umask = os.umask(0o027)
    try:
        write_atomically(str(tmp_path / "fresh"), b"new")
    finally:
        os.umask(umask)
    assert (tmp_path / "fresh").stat().st_mode & 0o777 == 0o640


def test_devices_are_written_to(capfd: pytest.CaptureFixture[str]) -> None:
    write_atomically("/dev/null", b"nothing")
    assert not Path("/dev/null").is_file()
