"""Seeded bugs can still be seeded (always), and are noticed (`-m campaign`: a copy of the repository for each)."""

import pytest

from tests.seeded_bugs.bugs import BUGS, SeededBug
from tests.seeded_bugs.seed import ROOT, changed_files, first_failure, seeded


def test_each_still_has_its_place() -> None:
    for bug in BUGS:
        for name, text in changed_files(bug).items():
            compile(text, name, "exec")
            assert text != (ROOT / name).read_text(encoding="utf-8")
        assert all((ROOT / test).exists() for test in bug.tests)
    assert len({bug.name for bug in BUGS}) == len(BUGS)


@pytest.mark.campaign
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_each_is_noticed(bug: SeededBug) -> None:
    with seeded(bug) as folder:
        assert first_failure(folder, bug.tests) is not None
