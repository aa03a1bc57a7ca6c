"""Files of a watched folder, taken only when they are whole and lie where they seem to (reliability.md F5, F9, F11).

A file is whole when nothing has touched it for a while, and nothing touches it while it is copied. Links are not
followed: whoever may write into a folder must not have us read what lies elsewhere.
"""

import fnmatch
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from etl.allowed import FOLDERS, folders
from etl.origin import Origin
from etl.read import LARGEST_FILE, too_large
from etl.sources import Found, is_passing, spelt
from scheme.errors import NotFetched, UsageError

MOST_FILES = 5_000
MOST_BYTES = 4 * LARGEST_FILE  # copied at one time; the rest waits


@dataclass
class Looked:
    """What a look found: files copied out, the mark of each file, why some wait, and why some cannot be taken."""

    files: list[Found] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def looked(tenant: str, origin: Origin, is_known: Callable[[str, str], bool], to: Path, now: datetime) -> Looked:
    """Copy into `to` the files of a folder or pattern that are whole and not known (`is_known`: by name and mark).

    UsageError where the operator does not let this tenant read there; NotFetched where it cannot be read.
    """
    top = Path(origin.place)
    pattern = ""
    if origin.kind == "glob":
        parts = Path(origin.place).parts
        plain = next((n for n, part in enumerate(parts) if any(sign in part for sign in "*?[")), len(parts) - 1)
        top, pattern = Path(*parts[:plain]), "/".join(parts[plain:])
    root = _allowed(tenant, top)
    found, size = Looked(), 0
    for name, path in _files(root, pattern):
        if len(found.marks) >= MOST_FILES:
            raise NotFetched(f"there are more than {MOST_FILES:,} files; take away those that were loaded")
        try:
            before = path.lstat()
        except FileNotFoundError:
            continue
        mark = f"{before.st_size}:{before.st_mtime_ns}"
        if is_known(name, mark):
            found.marks[name] = mark
        elif now.timestamp() - before.st_mtime < origin.settle_seconds:
            found.waiting.append(f"{name} was touched less than {origin.settle_seconds} seconds ago")
        elif before.st_size > LARGEST_FILE:
            found.faults.append(f"{name}: {too_large(before.st_size)}")
        elif size + before.st_size > MOST_BYTES:
            found.waiting.append(f"{name} comes with the next run")
        else:
            copy = to / str(len(found.files))
            try:
                whole = _copied(path, root, before, copy)
            except OSError as error:
                found.faults.append(f"{name} cannot be read ({error.strerror})")
                continue
            if not whole:
                found.waiting.append(f"{name} was being written")
                continue
            size += before.st_size
            found.files.append(Found(copy, name))
            found.marks[name] = mark
    return found


def _allowed(tenant: str, top: Path) -> Path:
    """The real folder behind a place, if it lies below one that the operator lets this tenant read."""
    real = Path(os.path.realpath(top))
    if not any(real.is_relative_to(root) for root in folders(tenant)):
        raise UsageError(f"this folder is not one that the operator lets this tenant read ({FOLDERS})")
    if not real.is_dir():
        raise NotFetched("the folder is not there", again=True)
    return real


def _files(root: Path, pattern: str) -> Iterator[tuple[str, Path]]:
    """Plain files below a folder by name, without links and what is hidden or passing."""

    def failed(error: OSError) -> None:
        raise NotFetched(f"the folder cannot be read ({error.strerror})", again=True) from error

    for folder, below, names in os.walk(root, onerror=failed):
        below.sort()
        for name in sorted(names):
            path = Path(folder, name)
            relative = path.relative_to(root)
            if is_passing(relative.as_posix()) or not stat.S_ISREG(path.lstat().st_mode):
                continue
            if not pattern or _fits(relative.as_posix(), pattern):
                yield spelt(relative), path


def _fits(name: str, pattern: str) -> bool:
    """Whether a name fits a pattern part by part; ** is any number of folders."""
    head, _, rest = pattern.partition("/")
    if head == "**":
        onward = name.partition("/")[2]
        return _fits(name, rest or "*") or bool(onward and _fits(onward, pattern))
    first, _, below = name.partition("/")
    if not fnmatch.fnmatchcase(first, head):
        return False
    return _fits(below, rest) if rest and below else not rest and not below


def _copied(path: Path, root: Path, before: os.stat_result, to: Path) -> bool:
    """Copy a file if it is the one that was looked at, and still the same afterwards."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file, to.open("wb") as copy:
        real = Path(os.path.realpath(path))
        if not real.is_relative_to(root) or not os.path.samestat(os.fstat(handle), real.stat()):
            return False  # a folder on the way was exchanged for a link
        shutil.copyfileobj(file, copy)
        after = os.fstat(handle)
    return (before.st_ino, before.st_size, before.st_mtime_ns) == (after.st_ino, after.st_size, after.st_mtime_ns)
