"""Bytes -> raw text cells, in a process that may crash, hang or eat memory without harm to this one (F1)."""

import io
import json
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import polars as pl

from etl.cells import Book, Lines, Sheet
from etl.parse.serve import received, send
from scheme.errors import FileRefused

LARGEST_FILE = 512 * 2**20  # bytes
SECONDS = 300  # on the wall, for one file
_RETIRED_AFTER = 32 * 2**20  # bytes of a file after which a child is let go with the memory it took

_ROOT = Path(__file__).resolve().parent.parent
_PROGRAM = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from etl.parse.serve import serve; serve()"
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "POLARS_MAX_THREADS": "1", "HOME": "/nonexistent"}
_STRAY = (
    "reading it takes more memory than a table may; a stray cell far below or to the right of the table does that "
    "(Ctrl+End finds it), so delete the rows and columns beyond the table and save it again"
)


class _Watch:
    """Ends a child that takes too long for one file; one thread for all files of a child, for each would cost more."""

    def __init__(self, child: subprocess.Popen[bytes], seconds: float) -> None:
        """Look on from now on, until it is over."""
        self._child, self._seconds = child, seconds
        self._until: float | None = None
        self._lock, self._over = threading.Lock(), threading.Event()
        self.is_late = False
        threading.Thread(target=self._look, name="watching a reader", daemon=True).start()

    def begin(self) -> None:
        """A file is asked for."""
        with self._lock:
            self._until = time.monotonic() + self._seconds

    def end(self) -> None:
        """It was answered, or will not be."""
        with self._lock:
            self._until = None

    def over(self) -> None:
        """The child is let go."""
        self._over.set()

    def _look(self) -> None:
        wait = self._seconds  # between files too: none that begins meanwhile is late before that
        while not self._over.wait(wait) and self._child.poll() is None:
            with self._lock:
                left = self._seconds if self._until is None else self._until - time.monotonic()
                if left <= 0:
                    self.is_late = True
                    self._child.kill()
                    return
            wait = left


class Reader:
    """Reads files one after another in one child process, which is replaced when it dies. Use as a context."""

    def __init__(self, seconds: float = SECONDS) -> None:
        """`seconds`: how long one file may take."""
        self._seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None
        self._watch: _Watch | None = None

    def __enter__(self) -> "Reader":
        """The reader; its child starts with the first file."""
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Let the child go."""
        self._retire()

    def stop(self) -> None:
        """End the child at once, whatever it does, from any thread; what is being read is refused."""
        if (child := self._child) is not None:
            child.kill()

    def read_cells(self, data: bytes) -> Book:
        """The cells of a file; FileRefused says why it cannot be read and what to do, whatever became of the child."""
        if len(data) > LARGEST_FILE:
            raise FileRefused(too_large(len(data)))
        child, watch = self._started()
        watch.begin()
        try:
            book = _asked(child, data)
        except (EOFError, BrokenPipeError) as error:
            code = child.wait()
            self._retire()
            if watch.is_late or code == -signal.SIGXCPU:
                raise FileRefused(
                    f"reading it takes longer than {self._seconds:.0f} seconds, as no table does; save it again as CSV"
                ) from error
            raise FileRefused(_STRAY) from error
        except FileRefused as refused:  # as the child itself says, which may go on unless it ran out of memory
            if str(refused) == _STRAY:
                self._retire()
            raise
        except BaseException:
            child.kill()
            self._retire()
            raise
        finally:
            watch.end()
        if len(data) > _RETIRED_AFTER:
            self._retire()
        return book

    def _started(self) -> "tuple[subprocess.Popen[bytes], _Watch]":
        if self._child is None or self._watch is None or self._child.poll() is not None:
            self._retire()
            self._child = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-c", _PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_ENVIRONMENT,
                cwd="/",
            )
            self._watch = _Watch(self._child, self._seconds)
        return self._child, self._watch

    def _retire(self) -> None:
        child, self._child = self._child, None
        if self._watch is not None:
            self._watch.over()
        if child is not None:
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def too_large(size: int) -> str:
    """Why a file of so many bytes is not read."""
    return f"the file has {size // 2**20:,} MB; {LARGEST_FILE // 2**20} is the most, so split it"


def _asked(child: subprocess.Popen[bytes], data: bytes) -> Book:
    assert child.stdin is not None  # noqa: S101
    assert child.stdout is not None  # noqa: S101
    send(child.stdin, data)
    child.stdin.flush()
    about = json.loads(received(child.stdout))
    if "refused" in about:
        raise FileRefused(about["refused"] or _STRAY)
    sheets = []
    for sheet in about["sheets"]:
        lines = sheet["lines"]
        cells = Lines(*lines) if lines else pl.read_ipc(io.BytesIO(received(child.stdout)))
        sheets.append(Sheet(sheet["name"], cells, sheet["hidden"]))
    return Book(about["kind"], sheets, about["notes"])
