"""Mutants that survived and were looked at: why nobody can notice them."""

from pathlib import Path

FILE = Path(__file__).with_name("examined.txt")


def examined() -> dict[tuple[str, str], str]:
    """The reason for each, by file and name. In the file: `FILE NAME`, and on the next line, indented, the reason."""
    found: dict[tuple[str, str], str] = {}
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    for head, reason in zip(lines[::2], lines[1::2], strict=True):
        file, _, name = head.partition(" ")
        if not reason.startswith("  ") or head.startswith(" ") or (file, name) in found:
            raise ValueError(f"{FILE}: {head}")
        found[file, name] = reason.strip()
    return found
