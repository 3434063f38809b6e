"""Makes a failing spec small: statements, then lines, go as long as it keeps failing."""

from collections.abc import Callable


def smaller(text: str, fails: Callable[[str], bool]) -> str:
    """`text` without what it does not need in order to fail. `fails` must be false for a spec that is not well-formed."""
    lines = text.split("\n")
    size = len(lines) // 2
    while size >= 1:
        start = 0
        while start < len(lines):
            shorter = lines[:start] + lines[start + size :]
            if _is_balanced(shorter) and fails("\n".join(shorter)):
                lines = shorter
            else:
                start += 1 if size <= 8 else size
        size = size // 2 if size > 1 else _again(lines, fails)
    return "\n".join(lines)


def _again(lines: list[str], fails: Callable[[str], bool]) -> int:
    """One more round of single lines while one can go; 0 when none can."""
    for start in range(len(lines)):
        shorter = lines[:start] + lines[start + 1 :]
        if _is_balanced(shorter) and fails("\n".join(shorter)):
            del lines[start]
            return 1
    return 0


def _is_balanced(lines: list[str]) -> bool:
    text = "\n".join(lines)
    return text.count("{") == text.count("}") and text.count("(") == text.count(")")
