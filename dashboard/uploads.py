"""Files that are sent over HTTP: bounded before they are read, kept under made-up names, gone whatever happens.

reliability.md D11, F9, W12. The names that a sender gives are what files are called in reports, and never paths.
"""

import fcntl
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from flask import abort, request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge, ServiceUnavailable, TooManyRequests
from werkzeug.formparser import FormDataParser

from db import deadline
from etl.sources import Found
from variables import declare, number

MOST_FILES = 50  # of one request
LONGEST_NAME = 200
# Bytes of what is no file; Werkzeug bounds by it what it holds of a file too, and it reads 64 KB at once.
_LONGEST_FIELD = 256 * 1024
_AT_ONCE = 2  # of those who work at a time in one worker: the others serve pages meanwhile
_LATER = 10  # seconds after which to try again
_PREFIX, _LOCK, _FRESH = "assay-upload-", ".lock", 60
_busy: set[int] = set()
_guard = threading.Lock()

LARGEST = declare(
    "ASSAY_UPLOAD_MB",
    "how many megabytes one request may send to the API or by *Send files*; the proxy must allow as much",
    "100",
    number("ASSAY_UPLOAD_MB", 0.001, 10_000),
    "100",
)


@dataclass(frozen=True)
class Sent:
    """What a request brought: its files, where they lie for now, and its other fields by name."""

    files: list[Found]
    fields: Mapping[str, str]


def largest() -> int:
    """The most bytes that a request with files may have: ASSAY_UPLOAD_MB, 100 unless set."""
    return int(LARGEST.read() * 1_000_000)


@contextmanager
def sent(tenant_id: int, fields: tuple[str, ...]) -> Iterator[Sent]:
    """The files of this request (form field `file`) and its other fields, until the block ends.

    Ends the request with 413 where it is too large (before anything is read, where it says so), 415 where it is no
    multipart form, 400 where the form makes no sense, 409 where two files have one name, 429 while the same tenant
    sends already, 503 while too many do.
    """
    request.max_content_length = most = largest()
    if (request.content_length or 0) > most:
        raise RequestEntityTooLarge(_TOO_LARGE.format(most / 1_000_000))
    if request.mimetype != "multipart/form-data":
        abort(415, "Send the files as multipart/form-data, each in a field `file`.")
    with turn(tenant_id), folder_of_its_own() as folder, ExitStack() as opened:
        form, files = _parsed(folder, opened)
        told: dict[str, str] = {}
        for name, value in form.items(multi=True):
            if name not in fields or name in told:
                again = "is there twice" if name in told else f"is none of {', '.join(('file', *fields))}"
                abort(400, f"The field `{_shown(name)}` {again}." if name != "file" else _NO_FILE)
            told[name] = value
        deadline.allow(None)  # what is sent takes as long as it takes: all of it is in, or nothing
        yield Sent(_found(files, folder), told)


_TOO_LARGE = f"A request may have {{:g}} MB and {MOST_FILES} files; send fewer at once, or split them."
_NO_FILE = "A field `file` holds no file: send it with a file name."


def _parsed(folder: Path, opened: ExitStack) -> tuple[MultiDict[str, str], MultiDict[str, FileStorage]]:
    numbers = iter(range(1_000_000))

    def kept(*_: object, **__: object) -> IO[bytes]:
        return opened.enter_context((folder / f"{next(numbers):06}").open("w+b"))

    parser = FormDataParser(
        kept, _LONGEST_FIELD, max_form_parts=4 * MOST_FILES, silent=False
    )  # the stream itself knows the most it may give
    try:
        _, form, files = parser.parse(
            request.stream, "multipart/form-data", request.content_length, request.mimetype_params
        )
    except RequestEntityTooLarge as error:
        raise RequestEntityTooLarge(_TOO_LARGE.format(largest() / 1_000_000)) from error
    except ValueError:
        abort(400, "The form cannot be read: it breaks off, or is no multipart form.")
    except OSError as error:
        raise ServiceUnavailable("There is no room for these files just now.", retry_after=60) from error
    return form, files


def _found(files: MultiDict[str, FileStorage], folder: Path) -> list[Found]:
    found: dict[str, Found] = {}
    for field, file in files.items(multi=True):
        if field != "file":
            abort(400, f"The field `{_shown(field)}` holds a file; files go into fields called `file`.")
        if not file.filename and not file.stream.seek(0, os.SEEK_END):
            continue  # a browser's way of saying that nothing was chosen
        name = shown_name(file.filename or "")
        if not name or len(name) > LONGEST_NAME:
            abort(400, f"A file needs a name of 1 to {LONGEST_NAME} letters.")
        if name in found:
            abort(409, f"There are two files called {name}; give each a name of its own.")
        file.stream.flush()
        found[name] = Found(folder / Path(file.stream.name).name, name)
    if not found:
        abort(400, "There is no file; send at least one in a field `file`.")
    if len(found) > MOST_FILES:
        abort(400, f"A request may have {MOST_FILES} files; send the others in another.")
    return list(found.values())


def shown_name(sent: str) -> str:
    """What a file is called: the last part of the sender's name on one line, with nothing in it that hides."""
    name = " ".join(re.split(r"[/\\]", sent)[-1].split())
    name = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
    return "" if name in (".", "..") else name


def _shown(field: str) -> str:
    return shown_name(field)[:40]


# --- how many at once, and where --------------------------------------------------------------------------------------


@contextmanager
def turn(tenant_id: int) -> Iterator[None]:
    """One of a tenant at a time, and few of all: the rest of the worker's threads are for others."""
    with _guard:
        if tenant_id in _busy:
            raise TooManyRequests("Another sending of yours is under way; wait for its answer.", retry_after=_LATER)
        if len(_busy) >= _AT_ONCE:
            raise ServiceUnavailable("Too much is being sent just now; try again soon.", retry_after=_LATER)
        _busy.add(tenant_id)
    try:
        yield
    finally:
        with _guard:
            _busy.discard(tenant_id)


@contextmanager
def folder_of_its_own() -> Iterator[Path]:
    """A folder of this request's own; its lock tells that its process lives."""
    _sweep()
    made = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
    with made as name, (Path(name) / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Path(name)


def _sweep() -> None:
    """Remove what a killed process left behind."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            about = folder.lstat()
            if about.st_uid != os.getuid() or time.time() - about.st_mtime < _FRESH:
                continue
            with (folder / _LOCK).open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
