"""Of several fixes that set one param the one named last counts; those of the check come after those of the command line."""

import pytest

from cascade.cli.main import main

SPEC = """\
system several {
  param size = 0
  fix one { size = 1 }
  fix two { size = 2 }
  state n: 0..2 = 0
  event grow when n < size { n = n + 1 }
  check plain: always n < 2 expect violated
  check with_two: always n < 2 with fix two expect violated
}
"""


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "several.cf"
    path.write_text(SPEC)
    return str(path)


@pytest.mark.parametrize(
    ("fixes", "check", "size"),
    [
        (["one", "two"], "plain", 2),
        (["two", "one"], "plain", 1),
        (["two", "one", "two"], "plain", 2),
        (["two", "one"], "with_two", 2),
    ],
)
def test_every_command_takes_the_last(spec, fixes, check, size, capsys):
    options = [part for fix in fixes for part in ("--fix", fix)] + ["--check", check]
    assert main(["check", spec, *options]) == (0 if size == 2 else 1)
    capsys.readouterr()
    assert main(["dump", spec, *options]) == 0
    assert f"when n < {size}\n" in capsys.readouterr().out
    assert main(["export", spec, *options, "--to", "promela"]) == 0
    assert f"n < {size}" in capsys.readouterr().out
