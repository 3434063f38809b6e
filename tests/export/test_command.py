"""`cascade export`: where the text goes, and what becomes of wrong requests."""

import pytest

from bench import gen_clocks, gen_tiers
from cascade.cli.main import main
from cascade.export import EXPORTERS


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "clocks.cf"
    path.write_text(gen_clocks.spec(3, 2, "3min"), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("language", EXPORTERS)
def test_to_standard_output_and_to_a_file(spec: str, tmp_path, capsys, language: str) -> None:
    assert main(["export", spec, "--check", "bounded", "--to", language]) == 0
    shown = capsys.readouterr().out
    target = tmp_path / "model"
    assert main(["export", spec, "--check", "bounded", "--to", language, "-o", str(target)]) == 0
    assert capsys.readouterr().out == ""
    assert target.read_text(encoding="ascii") == shown


def test_unsupported_check_is_bad_input(spec: str, capsys) -> None:
    assert main(["export", spec, "--check", "heals", "--to", "promela"]) == 2
    assert "heals cannot be exported" in capsys.readouterr().err


def test_unknown_check_is_bad_input(spec: str, capsys) -> None:
    assert main(["export", spec, "--check", "bonded", "--to", "promela"]) == 2
    assert "bounded" in capsys.readouterr().err


def test_file_that_cannot_be_written(spec: str, tmp_path, capsys) -> None:
    target = str(tmp_path / "missing" / "model.pml")
    assert main(["export", spec, "--check", "bounded", "--to", "promela", "-o", target]) == 2
    assert "cannot write" in capsys.readouterr().err


def test_languages_of_the_command_line_are_the_exporters(spec: str, capsys) -> None:
    assert main(["export", spec, "--check", "bounded", "--to", "tla"]) == 2
    error = capsys.readouterr().err
    assert all(language in error for language in EXPORTERS)


def test_generators_write_specs_without_errors(tmp_path) -> None:
    path = tmp_path / "tiers.cf"
    path.write_text(gen_tiers.spec(1, 2, 1, 1), encoding="utf-8")
    assert main(["check", str(path), "--check", "bounds"]) == 0
