"""The bill of materials: `python .ci/sbom.py > sbom.cdx.json` writes what requirements.lock pins as CycloneDX 1.5. Works offline, and always writes the same."""

import json
import re
import sys
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_PIN = re.compile(r"([a-z0-9-]+)==(\S+)(?: \\)?")
_VERSION = re.compile(r'__version__ = "([^"]+)"')


def bill(lock: str, version: str) -> dict[str, object]:
    """The bill for a lock file."""
    pins = [match.groups() for line in lock.splitlines() if (match := _PIN.fullmatch(line))]
    urls = {name: f"pkg:pypi/{name}@{pinned}" for name, pinned in pins}
    own = f"pkg:pypi/cascade@{version}"
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, own + lock)}",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "name": "cascade", "version": version, "bom-ref": own, "purl": own}
        },
        "components": [
            {"type": "library", "name": name, "version": pinned, "bom-ref": urls[name], "purl": urls[name]}
            for name, pinned in pins
        ],
        "dependencies": [{"ref": own, "dependsOn": sorted(urls.values())}],
    }


def main() -> None:
    """Print it."""
    found = _VERSION.search((ROOT / "cascade" / "__init__.py").read_text(encoding="utf-8"))
    assert found is not None, "the version is where the build looks for it"
    json.dump(bill((ROOT / "requirements.lock").read_text(encoding="utf-8"), found[1]), sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
