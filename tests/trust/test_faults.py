"""What breaks under it: kill -9 at any moment, a full disk, folders that cannot be written to, damaged caches, two runs on one cache.

Never a wrong verdict, never half a report in the place of a good one. Checkpoints have their tests in tests/engines/test_checkpoint.py.
"""

import errno
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cascade.cli.main import main
from cascade.files import write_atomically

ROOT = Path(__file__).resolve().parents[2]
FORMATS = ("json", "sarif", "junit", "markdown", "github", "text")
SPEC = """\
system s {
  redundant web: 2 x Server needs 1
  component db { fault crash { health: up -> down } }
  outage down when not web.serving or not db.serving
  check run: never down with at most 1 fault expect violated
  check none: never down with at most 0 faults
  check lasso: web.serving leads to not db.serving expect violated
}
component Server { }
"""
VERDICTS = {"run": "violated", "none": "holds", "lasso": "violated"}


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "cascade", "check", "spec.cf", "--only-declared", "--no-config", *options]


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "CASCADE_CACHE_DIR": str(folder / "cache")}


def start(folder: Path, *options: str) -> "subprocess.Popen[bytes]":
    """In a session of its own, so that all of it can be killed."""
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        command(*options), cwd=folder, env=environment(folder), stdout=quiet, stderr=quiet, start_new_session=True
    )


def reports(*names: str) -> list[str]:
    outputs = [f"--output={name}=out.{name}" for name in names]
    return [*outputs, "--certificate=out.certificate", "--html=pages", "--cache"]


def verdicts(folder: Path) -> dict[str, str]:
    (file,) = json.loads((folder / "out.json").read_text())["files"]
    return {check["name"]: check["verdict"] for check in file["checks"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "spec.cf").write_text(SPEC)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    found = [*folder.glob("out.*"), *folder.glob("pages/*")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found if not path.name.endswith(".tmp")}


def without_times(name: str, data: bytes) -> bytes:
    return (
        data
        if name == "out.certificate"
        else b"".join(c for c in data.split() if not any(d in c for d in b"0123456789"))
    )


def test_killed_at_any_moment(folder: Path) -> None:
    """Each report is the one of before or a whole new one; what was kept for the next run does not mislead it."""
    first = start(folder, *reports(*FORMATS))
    assert first.wait(60) == 0
    began = time.monotonic()
    assert start(folder, *reports(*FORMATS)).wait(60) == 0
    seconds = time.monotonic() - began
    good = contents(folder)
    assert len(good) == len(FORMATS) + 3
    choose = random.Random(1)
    killed = 0
    for _ in range(4):
        process = start(folder, *reports(*FORMATS))
        time.sleep(choose.uniform(0.3, 1.0) * seconds)
        os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
        killed += process.wait(60) != 0
        now = contents(folder)
        assert {name: without_times(name, data) for name, data in now.items()} == {
            name: without_times(name, data) for name, data in good.items()
        }
    assert start(folder, *reports("json")).wait(60) == 0
    assert verdicts(folder) == VERDICTS


def test_a_full_disk_leaves_what_was_there(folder: Path) -> None:
    """No file may grow beyond a few bytes, as on a disk without room: the old reports stay, nothing half lies about, the verdicts are told all the same."""
    formats = [name for name in FORMATS if name != "github"]  # which is empty here, and has room
    names = [*formats, "certificate"]
    for name in names:
        (folder / f"out.{name}").write_text("good")

    def no_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))

    done = subprocess.run(
        command(*reports(*formats)),
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        preexec_fn=no_room,
        check=False,
        timeout=60,
    )
    out, said = done.stdout, done.stderr
    assert done.returncode == 2
    assert said.count(b"error[CF804]") >= len(names)
    assert b"Traceback" not in said and b"file too large" in said.lower()
    assert b"violated  run" in out and b"holds     none" in out
    assert {(folder / f"out.{name}").read_text() for name in names} == {"good"}
    assert not list(folder.rglob("*.tmp"))
    assert not [path for path in (folder / "cache").rglob("*") if path.is_file() and path.stat().st_size]


def test_no_space_left_in_the_middle_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report"
    path.write_bytes(b"good")
    for name in ("fsync", "replace", "chmod"):

        def fails(*_: object, **__: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(f"cascade.files.os.{name}", fails)
            with pytest.raises(OSError, match="No space left"):
                write_atomically(str(path), b"new")
        assert path.read_bytes() == b"good"
        assert list(tmp_path.iterdir()) == [path]


def test_folders_that_cannot_be_written_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said before the search; without a cache it goes on."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr("os.access", lambda path, mode, **_: mode & os.W_OK == 0)
    for option in ("--output=json=out.json", "--certificate=out", "--html=pages"):
        assert main(["check", "spec.cf", "--no-config", option]) == 2
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    (folder / "cache").write_text("a file stands where the folder should be")
    assert start(folder, "--cache", "--output=json=out.json").wait(60) == 0
    assert verdicts(folder) == VERDICTS


def test_damaged_caches_change_no_verdict(folder: Path) -> None:
    """Any byte of any file that is kept: tables of the parser, verdicts."""
    assert start(folder, *reports("json")).wait(60) == 0
    kept = [path for path in (folder / "cache").rglob("*") if path.is_file() and path.stat().st_size]
    assert {path.suffix for path in kept} >= {".tables", ".json"}
    choose = random.Random(2)
    for _ in range(3):
        for path in kept:
            data = bytearray(path.read_bytes())
            for _ in range(3):
                data[choose.randrange(len(data))] ^= 1 << choose.randrange(8)
            path.write_bytes(data)
        assert start(folder, *reports("json")).wait(60) == 0
        assert verdicts(folder) == VERDICTS


def test_runs_share_a_cache(folder: Path) -> None:
    """Four at once on an empty one, and each writes the same reports."""
    processes = [start(folder, *reports("json")) for _ in range(4)]
    assert [process.wait(120) for process in processes] == [0] * 4
    assert verdicts(folder) == VERDICTS
    assert not list(folder.rglob("*.tmp"))
