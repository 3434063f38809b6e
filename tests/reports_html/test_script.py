"""The script of the pages is the one that its sources make."""

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cascade.reports.html.page import asset

APP = Path(__file__).parents[2] / "cascade" / "reports" / "html" / "app"


def test_the_script_was_made_from_these_sources() -> None:
    names = [
        "build.mjs",
        "package-lock.json",
        "tsconfig.json",
        *sorted(f"src/{p.name}" for p in (APP / "src").iterdir()),
    ]
    digest = hashlib.sha256()
    for name in names:
        digest.update(f"{name}\0".encode() + (APP / name).read_bytes() + b"\0")
    found = re.search(r"Made from sources ([0-9a-f]{64})", asset("report.js"))
    assert found is not None
    assert found[1] == digest.hexdigest(), "run `npm ci --ignore-scripts && npm run build` in cascade/reports/html/app"


def test_the_script_carries_its_licence_and_ends_no_element() -> None:
    script = asset("report.js")
    assert "The MIT License" in script and "Jason Miller" in script
    assert "</script" not in script.lower() and "<!--" not in script
    assert script.isascii() and len(script) < 60_000


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")
@pytest.mark.skipif(
    not (APP / "node_modules").is_dir(), reason="its packages are not installed (npm ci --ignore-scripts)"
)
def test_building_again_gives_the_same_bytes(tmp_path: Path) -> None:
    subprocess.run(["node", "build.mjs", str(tmp_path)], cwd=APP, check=True, timeout=60)
    assert (tmp_path / "report.js").read_text(encoding="utf-8") == asset("report.js")
