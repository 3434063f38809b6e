"""The table of formats. Each is a module with `render(results) -> str`; it is imported when it is asked for."""

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:  # the command line lists the formats, and should start fast
    from cascade.reports.results import Results

FORMATS = {
    "text": "cascade.reports.text",
    "json": "cascade.reports.json_report",
    "sarif": "cascade.reports.sarif",
    "junit": "cascade.reports.junit",
    "github": "cascade.reports.github",
    "markdown": "cascade.reports.markdown",
}


def render(name: str, results: "Results") -> str:
    """The results in the format `name` of the table."""
    return cast("str", import_module(FORMATS[name]).render(results))
