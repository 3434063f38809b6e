"""What all tests share: hypothesis profiles and the option that rewrites the pages of the codes."""

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

# `dev` looks for new examples on each run; `ci` is the same on each run; `campaign` looks long.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile(
    "campaign", deadline=None, max_examples=2_000, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-pages", action="store_true", help="write the messages of the codes into their pages (read the diff)"
    )


def pytest_configure(config: pytest.Config) -> None:
    # A shell lets what it starts in the background ignore interrupts, and so would every process that a test interrupts.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.getoption("--update-pages") and os.environ.get("CI"):
        raise pytest.UsageError("--update-pages is for a person who reads the diff, not for CI")


class TextFile(SingleFileSnapshotExtension):
    """A golden file with its real suffix, so that it opens in its own viewer and diffs well."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture(autouse=True, scope="session")
def _verdicts_apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Verdicts that tests keep are not those of the user."""
    folder = str(tmp_path_factory.mktemp("verdicts"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cascade.questions.cache.default_folder", lambda: folder)
        yield


@pytest.fixture
def golden(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Compares text with a file; `--snapshot-update` writes it, and the diff is to be read."""
    return snapshot.use_extension(TextFile)
