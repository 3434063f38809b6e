"""Specs as they were: the files of a git revision, laid out in a folder of their own."""

import os
import subprocess
from collections.abc import Sequence

from cascade.records import dataclass

SUFFIX = ".cf"
BYTES_MAX = 256 * 1024 * 1024
"""More text is no set of specs."""

_TIMEOUT_SECONDS = 120
_LINK_MODE = "120000"
_FILE_MODES = ("100644", "100755")


class RevisionError(Exception):
    """What keeps a revision from being read, in words; `hint` says what to do."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A commit: its id, how a person calls it, and the root of the repository."""

    commit: str
    label: str
    root: str


def find_revision(name: str, folder: str = ".") -> Revision:
    """The commit to compare with: the last one that `name` and the checked-out commit share, so that others' changes do not count."""
    root = _git(["rev-parse", "--show-toplevel"], folder).decode("utf-8", "surrogateescape").rstrip("\n")
    try:
        tip = _text(_git(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"], root))
    except RevisionError as error:
        hint = "fetch it first (`git fetch origin main`; in a CI job the whole history, not only the last commit)"
        raise RevisionError(f"there is no revision `{name}`", hint) from error
    try:
        base = _text(_git(["merge-base", tip, "HEAD"], root))
    except RevisionError:  # no commit yet, or no common history
        base = tip
    short = base[:10]
    label = short if short.startswith(name) or name.startswith(base) else f"{name} ({short})"
    return Revision(commit=base, label=label, root=root)


def extract_specs(revision: Revision, target: str) -> list[str]:
    """Write the spec files of the revision below `target`; their paths, from the root of the repository. Nothing is written elsewhere."""
    entries = _entries(revision)
    contents = _contents(revision, [object_id for _, object_id, _ in entries])
    paths: list[str] = []
    for (mode, _, path), data in zip(entries, contents, strict=True):
        place = os.path.join(target, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        if mode == _LINK_MODE:
            pointed = os.path.normpath(os.path.join(os.path.dirname(path), os.fsdecode(data)))
            if os.path.isabs(pointed) or pointed.split(os.sep)[0] == os.pardir:
                continue  # it leads out of the repository
            os.symlink(os.fsdecode(data), place)
        else:
            with open(place, "xb") as file:
                file.write(data)
        paths.append(path)
    return paths


def _entries(revision: Revision) -> list[tuple[str, str, str]]:
    """Mode, object and path of each spec file of the tree; paths that would lead out of a folder are left out."""
    listing = _git(["ls-tree", "-r", "-z", "--full-tree", revision.commit], revision.root)
    found: list[tuple[str, str, str]] = []
    for line in listing.split(b"\0"):
        head, _, name = line.partition(b"\t")
        path = os.fsdecode(name)
        if not path.endswith(SUFFIX) or os.path.isabs(path) or os.pardir in path.split("/"):
            continue
        mode, _, object_id = head.decode("ascii").split(" ")
        if mode in (*_FILE_MODES, _LINK_MODE):
            found.append((mode, object_id, path))
    return found


def _contents(revision: Revision, object_ids: Sequence[str]) -> list[bytes]:
    """The objects, by one call of `git cat-file`."""
    if not object_ids:
        return []
    output = _git(["cat-file", "--batch"], revision.root, "".join(f"{i}\n" for i in object_ids).encode("ascii"))
    if len(output) > BYTES_MAX:
        raise RevisionError("its specs are too large")
    contents: list[bytes] = []
    at = 0
    for object_id in object_ids:
        end = output.find(b"\n", at)
        words = output[at:end].split(b" ")
        if len(words) != 3 or words[1] != b"blob":
            raise RevisionError(f"git has no content for {object_id}")
        size = int(words[2])
        contents.append(output[end + 1 : end + 1 + size])
        at = end + size + 2
    return contents


def _text(output: bytes) -> str:
    return output.decode("ascii", "replace").strip()


def _git(arguments: Sequence[str], folder: str, data: bytes = b"") -> bytes:
    environment = os.environ | {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(  # noqa: S603 - a list of arguments, none of which git takes for an option
            ["git", "-C", folder, *arguments],  # noqa: S607 - the user's own git
            input=data,
            capture_output=True,
            check=False,
            timeout=_TIMEOUT_SECONDS,
            env=environment,
        )
    except FileNotFoundError as error:
        raise RevisionError("git is not installed") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RevisionError(f"git could not be asked: {type(error).__name__}") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise RevisionError(said[0].removeprefix("fatal: ") if said else f"git ended with {done.returncode}")
    return done.stdout
