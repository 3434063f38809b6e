"""`NAME=VALUE` of a command line, read as the setting of a fix: `tenant.pod_capacity = 80`."""

from cascade.diagnostics.diagnostic import Diagnostics
from cascade.source import SourceFile, Span
from cascade.syntax import errors, tree
from cascade.syntax.parse import parse

OPTION = "--param"
"""What messages call the place where the text stands."""

_BEFORE = "system command_line { fix given {\n"
_AFTER = "\n} }\n"


def parse_settings(texts: tuple[str, ...], diagnostics: Diagnostics) -> tuple[tree.Setting, ...]:
    """The settings that `texts` are; what is none is reported."""
    found: list[tree.Setting] = []
    for text in texts:
        setting = _setting(text, diagnostics)
        if setting is not None:
            found.append(setting)
    return tuple(found)


def _setting(text: str, diagnostics: Diagnostics) -> tree.Setting | None:
    source = SourceFile(OPTION, f"{_BEFORE}{text}{_AFTER}", first_line=2)
    place = Span(source, len(_BEFORE), len(_BEFORE) + len(text))
    if not text.partition("=")[2].strip():
        diagnostics.add(errors.not_a_setting(place))
        return None
    before = len(diagnostics.items)
    file = parse(source, diagnostics)
    if len(diagnostics.items) > before:
        return None
    # The text may close the braces around it.
    statements = [statement for system in file.systems for statement in system.body]
    settings = [setting for fix in statements if isinstance(fix, tree.Fix) for setting in fix.settings]
    if len(statements) != 1 or len(settings) != 1 or file.components or file.imports:
        diagnostics.add(errors.not_a_setting(place))
        return None
    return settings[0]
