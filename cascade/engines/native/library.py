"""Files of machine code: where they are kept, how they are made by another process, and loaded.

A file is the digest of what follows, an index (JSON: name, symbol and length of each kernel; which kernels of other modules they call), and object files.
It is kept under a digest of all that decides what it is: sources, versions, the processor. Files are written under another name and renamed, so processes
do not disturb each other; what does not match its digest is made again.
"""

import atexit
import ctypes
import hashlib
import json
import os
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cascade.engines.native.kernel import IS_DISABLED, KernelError
from cascade.records import dataclass

if TYPE_CHECKING:
    import subprocess

ENGINES = Path(__file__).resolve().parents[1]
PACKAGE_PARENT = ENGINES.parents[1]
SOURCES = ("native", "packed", "zones")
"""Folders whose modules kernels are made of: constants, other kernels, this."""

FIRST_TIME = "cascade: compiling the kernels of the fast search; this takes some seconds"

DIGEST_SIZE = 32
LENGTH_SIZE = 8
POLL_SECONDS = 0.02

_lock = threading.RLock()
_loaded: dict[str, dict[str, int]] = {}
_made_here: dict[str, Path] = {}
_compiling: "dict[str, subprocess.Popen[bytes]]" = {}


@cache
def _llvm() -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    # Kernels neither allocate nor raise, but their machine code has the branches that would: these end the process instead of jumping anywhere.
    abort = ctypes.cast(ctypes.CDLL(None).abort, ctypes.c_void_p).value
    for name in ("NRT_MemInfo_call_dtor", "NRT_Free", "NRT_Allocate", "numba_do_raise", "numba_unpickle"):
        llvm.add_symbol(name, abort)
    for name in ("numba_gil_ensure", "numba_gil_release", "numba_runtime_build_excinfo_struct"):
        llvm.add_symbol(name, abort)
    return llvm


def _numba_version() -> str:
    """What tells one numba from another, without importing it or reading all there is to know of it. Its version decides llvmlite's."""
    found = find_spec("numba")
    if found is None or found.origin is None:
        raise KernelError("numba is not installed")
    return (Path(found.origin).parent / "_version.py").read_text(encoding="utf-8")


@cache
def _digest() -> str:
    llvm = _llvm()
    processor = f"{llvm.get_process_triple()} {llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"
    text = hashlib.sha256(f"{_numba_version()} {sys.version} {processor}".encode())
    for folder in SOURCES:
        for path in sorted((ENGINES / folder).rglob("*.py")):
            text.update(path.read_bytes())
    return text.hexdigest()[:16]


@cache
def cache_folder() -> Path | None:
    """Where machine code is kept: a folder that nobody else can write to; None if there is none."""
    base = os.environ.get("CASCADE_CACHE_DIR")
    try:
        root = Path(base) if base else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cascade"
        folder = root / "kernels" / _digest()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in (folder, folder.parent):
            status = path.stat()
            if status.st_uid != os.getuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return None
    except (OSError, RuntimeError):
        return None
    return folder if os.access(folder, os.W_OK) else None


def _file_of(module: str) -> Path | None:
    folder = cache_folder()
    return _made_here.get(module) or (_file_in(folder, module) if folder is not None else None)


def missing(modules: Iterable[str]) -> list[str]:
    """Those of some modules whose kernels have to be compiled first."""
    if IS_DISABLED:
        return []
    return [module for module in modules if module not in _loaded and _read(_file_of(module)) is None]


def prepare(
    modules: Iterable[str], tell: Callable[[str], None] | None = None, look_around: Callable[[], None] = lambda: None
) -> None:
    """Compile what is missing, in a process of its own. `look_around` is called meanwhile, and ends the wait by raising. Raises `KernelError`.

    Compiling goes on when the wait ends, unless the user interrupted it: if the first search ever had a limit shorter than this, kernels would never come to be.
    """
    with _lock:
        names = missing(modules)
        if not names:
            return
        folder = cache_folder()
        for_now = folder is None
        if tell is not None:
            tell(FIRST_TIME + (", and nothing may be kept: no folder for that is writable" if for_now else ", once"))
        target = _folder_for_now() if folder is None else folder
        new = [name for name in names if name not in _compiling]
        if new:
            _compiling.update(dict.fromkeys(new, _start(new, target)))
            if for_now:
                _made_here.update({name: _file_in(target, name) for name in new})
        try:
            while any(_compiling[name].poll() is None for name in names):
                look_around()
                time.sleep(POLL_SECONDS)
        except KeyboardInterrupt:
            for process in _compiling.values():
                process.kill()
            _compiling.clear()
            raise
        for process in {_compiling.pop(name) for name in names}:
            said = process.communicate()[1]
            if process.returncode:
                raise KernelError(f"kernels cannot be compiled: {said.decode(errors='replace')[-500:]}")


def _file_in(folder: Path, module: str) -> Path:
    return folder / f"{module}.kernels"


def _folder_for_now() -> Path:
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="cascade-kernels-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _start(modules: list[str], folder: Path) -> "subprocess.Popen[bytes]":
    import subprocess

    path = os.pathsep.join(filter(None, (str(PACKAGE_PARENT), os.environ.get("PYTHONPATH"))))
    files = [argument for module in modules for argument in (module, str(_file_in(folder, module)))]
    return subprocess.Popen(  # noqa: S603 - this very interpreter, with names of this package
        [sys.executable, "-P", "-m", "cascade.engines.native.compile", *files],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def address_of(module: str, name: str) -> int:
    """Of the machine code of a kernel."""
    if module not in _loaded:
        prepare([module])
        with _lock:
            if module not in _loaded:
                _loaded[module] = _load(module)
    return _loaded[module][name]


def _load(module: str) -> dict[str, int]:
    library = _read(_file_of(module))
    if library is None:
        raise KernelError(f"the kernels of {module} vanished")
    llvm = _llvm()
    for called in library.calls:
        llvm.add_symbol(symbol_of(*called), address_of(*called))
    machine = llvm.Target.from_default_triple().create_target_machine(opt=0)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    for _, code in library.kernels.values():
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    addresses = {name: int(engine.get_function_address(symbol)) for name, (symbol, _) in library.kernels.items()}
    _keep.append(engine)
    return addresses


_keep: list[Any] = []
"""Owners of the memory that machine code is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """What a file holds: of each kernel of a module its symbol and its object file, and the kernels (module, name) of other modules that they call."""

    kernels: dict[str, tuple[str, bytes]]
    calls: tuple[tuple[str, str], ...]


def symbol_of(module: str, name: str) -> str:
    """By which other modules' machine code calls a kernel."""
    return f"{module}.{name}"


def write_library(file: Path, library: Library) -> None:
    """Write a file, whole or not at all."""
    rows = [(name, symbol, len(code)) for name, (symbol, code) in library.kernels.items()]
    index = json.dumps([rows, library.calls]).encode()
    code = b"".join(code for _, code in library.kernels.values())
    content = len(index).to_bytes(LENGTH_SIZE, "little") + index + code
    import tempfile

    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=file.name, delete=False) as made:
        made.write(hashlib.sha256(content).digest() + content)
        made.flush()
        os.fsync(made.fileno())
    os.replace(made.name, file)


def _read(file: Path | None) -> Library | None:
    """What `write_library` wrote; None if there is no such file or it was damaged."""
    try:
        content = file.read_bytes() if file is not None else b""
    except OSError:
        return None
    digest, content = content[:DIGEST_SIZE], content[DIGEST_SIZE:]
    if hashlib.sha256(content).digest() != digest:
        return None
    at = LENGTH_SIZE + int.from_bytes(content[:LENGTH_SIZE], "little")
    kernels: dict[str, tuple[str, bytes]] = {}
    try:
        rows, calls = json.loads(content[LENGTH_SIZE:at])
        for name, symbol, length in rows:
            kernels[str(name)] = str(symbol), content[at : at + length]
            at += length
        return Library(kernels=kernels, calls=tuple((str(module), str(name)) for module, name in calls))
    except (ValueError, TypeError, RecursionError):  # sound, but written by something else
        return None
