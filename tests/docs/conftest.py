"""The option that rewrites the sessions of the documents."""

import os

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-docs", action="store_true", help="write what commands print into the documents (read the diff)"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--update-docs", default=False) and os.environ.get("CI"):
        raise pytest.UsageError("--update-docs is for a person who reads the diff, not for CI")
