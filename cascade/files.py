"""Writing files so that nobody ever sees half of one; reading those that nobody else could have written."""

import contextlib
import os
import stat
import tempfile
from pathlib import Path

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def write_atomically(path: str, data: bytes, *, mode: int = 0o666, is_own: bool = False) -> None:
    """Make `data` the content of `path`, or leave it as it was. `mode` is subject to the umask. Raises `OSError`.

    A new file in the same folder takes the place of the old one when all of it is on disk. What a symbolic link points to is replaced, not the link;
    what is no plain file, such as `/dev/stdout`, is written to as it is. With `is_own` the path is our own: whatever stands there is replaced.
    """
    target = path if is_own else os.path.realpath(path)
    if not is_own and os.path.exists(target) and not os.path.isfile(target):
        with open(target, "wb") as file:  # a directory raises, a pipe or a terminal takes it
            file.write(data)
        return
    folder = os.path.dirname(target)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{os.path.basename(target)[:100]}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.chmod(temporary, mode if is_own else _mode(target, mode))
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def read_own(path: str, bytes_max: int) -> bytes | None:
    """The content of a file of ours that others cannot write to; None if there is none. A link is not followed, a pipe not waited for."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_size > bytes_max:
                return None
            if os.name == "posix" and (found.st_uid != os.geteuid() or found.st_mode & _OTHERS_WRITE):
                return None
            return file.read(bytes_max)
    except OSError:
        return None


def why_not_trusted(folder: str) -> str:
    """Who else could put something there, in words; "" if nobody."""
    if os.name != "posix":
        return ""
    real = os.path.realpath(folder)
    found = os.stat(real)
    if found.st_uid != os.geteuid():
        return "it belongs to somebody else"
    if found.st_mode & _OTHERS_WRITE:
        return "others can write to it"
    for above in Path(real).parents:
        mode = os.stat(above).st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            return f"others can write to {above}"
    return ""


def why_not_writable(path: str) -> str | None:
    """What stands in the way of writing to `path`, in a few words; None if nothing is seen now."""
    try:
        target = os.path.realpath(path)
        if os.path.isdir(target):
            return "it is a directory"
        folder = os.path.dirname(target)
        if not os.path.isdir(folder):
            return f"there is no directory {os.path.dirname(path) or folder}"
        if os.path.isfile(target) or not os.path.exists(target):
            return None if os.access(folder, os.W_OK | os.X_OK) else "its directory cannot be written to"
        return None if os.access(target, os.W_OK) else "it cannot be written to"
    except (OSError, ValueError) as error:
        return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _mode(target: str, mode: int) -> int:
    """The mode of what is replaced, else `mode` as the umask leaves it."""
    try:
        return os.stat(target).st_mode & 0o777
    except OSError:
        umask = os.umask(0)
        os.umask(umask)
        return mode & ~umask


def _sync_folder(folder: str) -> None:
    """Let the new name survive a crash too, where folders can be synced."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
