"""Machine code of kernels: where it comes from, what happens when it is damaged, and that Python and machine code agree."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from cascade.engines.native.kernel import Dimensions, Kind, kind_of, signature_of
from cascade.engines.packed.kernels.runs import decode, encode
from cascade.engines.zones.kernels import Matrices, Matrix, Vector, step

ROOT = Path(__file__).resolve().parents[2]

AGREE = """
import random, sys
from tests.engines.test_packed import RandomModel, TooManyStatesError, ask_as, assert_agreement, decide
count = 0
for seed in range({first}, {first} + {seeds}):
    model, query = RandomModel(random.Random(seed), is_risky=seed % 2 == 1).query
    try:
        decision = decide(model, query, max_states=400)
    except TooManyStatesError:
        continue
    for variant in ("default", "tiny", "two threads", "no tables", "many words"):
        assert_agreement(model, query, ask_as(variant, model, query), decision)
        count += 1
assert "numba" not in sys.modules, "only the compiling process imports it"
print(count)
"""

RUNS = """
import numpy as np
from cascade.engines.packed.kernels.runs import decode, encode
keys = np.array([3, 4, 1000, 1 << 40], dtype=np.uint64)
data, offsets, back = np.zeros(99, dtype=np.uint8), np.zeros(9, dtype=np.uint64), np.zeros(4, dtype=np.uint64)
size = encode(keys, np.uint64(9), data, offsets)
decode(data, np.uint64(0), np.uint64(size), keys[0], back, np.uint64(0))
assert back.tolist() == keys.tolist()
print("same")
"""


def run_python(code: str, **env: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_kernels_agree_with_the_reference_in_python_too() -> None:
    """With the compiler off the very same functions run, so neither wraparound nor a type of numba's decides anything."""
    assert int(run_python(AGREE.format(first=0, seeds=120), NUMBA_DISABLE_JIT="1")) > 400


def test_numba_is_imported_by_the_compiling_process_only() -> None:
    assert int(run_python(AGREE.format(first=1000, seeds=20))) > 60


def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    cache = str(tmp_path)
    assert run_python(RUNS, CASCADE_CACHE_DIR=cache) == "same"
    (file,) = tmp_path.rglob("*.kernels")
    whole = file.read_bytes()
    for damaged in (whole[:-1], whole[:40], b"", bytes([whole[0] ^ 1]) + whole[1:], whole[:500] + b"\0" + whole[501:]):
        file.write_bytes(damaged)
        assert run_python(RUNS, CASCADE_CACHE_DIR=cache) == "same"
        assert len(file.read_bytes()) == len(whole)
        assert file.read_bytes() != damaged


def test_a_folder_that_others_write_to_is_not_used(tmp_path: Path) -> None:
    assert run_python(RUNS, CASCADE_CACHE_DIR=str(tmp_path)) == "same"
    (file,) = tmp_path.rglob("*.kernels")
    file.unlink()
    file.parent.chmod(0o777)
    assert run_python(RUNS, CASCADE_CACHE_DIR=str(tmp_path)) == "same"
    assert list(tmp_path.rglob("*.kernels")) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert run_python(RUNS, CASCADE_CACHE_DIR=str(tmp_path / "file")) == "same"


def test_arrays_are_checked_before_machine_code_sees_them() -> None:
    words, flags = np.zeros(4, dtype=np.uint64), np.zeros(40, dtype=np.uint8)
    one = np.uint64(1)
    with pytest.raises(TypeError, match="encode"):
        encode(words.astype(np.int64), one, flags, words)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="encode"):
        encode(np.zeros((2, 2), dtype=np.uint64), one, flags, words)
    with pytest.raises(TypeError, match="encode"):
        encode(np.zeros(8, dtype=np.uint64)[::2], one, flags, words)
    assert decode(flags, np.uint64(0), np.uint64(0), np.uint64(7), words, np.uint64(0)) == 1
    assert words[0] == 7


def test_kinds_are_read_off_annotations() -> None:
    assert kind_of(Vector) == Kind("int64", 1)
    assert kind_of(Matrix) == Kind("int64", 2)
    assert kind_of(Matrices) == Kind("int64", Dimensions(3).count)
    signature = signature_of(step.function)  # type: ignore[attr-defined]
    assert [kind.dimensions for kind in signature.parameters] == [2, 0, 0, 1, 1, 1, 0, 2, 2]
    assert signature.result == Kind("int64")
    with pytest.raises(KeyError):
        kind_of(str)


IMPATIENT = """
import sys, time
from cascade.engines.native import library
class Enough(Exception):
    pass
def look_around():
    raise {raised}
library.POLL_SECONDS = 0.0
try:
    library.prepare(["cascade.engines.packed.kernels.runs"], look_around=look_around)
except (Enough, KeyboardInterrupt):
    pass
print(len(library._compiling))
"""


def test_kernels_come_to_be_although_a_search_does_not_wait_for_them(tmp_path: Path) -> None:
    """A search that has no time for compiling, or was overtaken, must not be what keeps all later ones from having kernels."""
    assert run_python(IMPATIENT.format(raised="Enough"), CASCADE_CACHE_DIR=str(tmp_path)) == "1"
    end = time.monotonic() + 60
    while not list(tmp_path.rglob("*.kernels")) and time.monotonic() < end:
        time.sleep(0.1)
    assert len(list(tmp_path.rglob("*.kernels"))) == 1


def test_interrupting_ends_compiling(tmp_path: Path) -> None:
    assert run_python(IMPATIENT.format(raised="KeyboardInterrupt"), CASCADE_CACHE_DIR=str(tmp_path)) == "0"
