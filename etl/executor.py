"""Where files are read: in child processes of this machine, or on the workers of a Dask cluster; in order, either way.

The same function, `read`, runs here and there. What travels is a file's bytes, never its path, and on a worker too the
parsing is confined to a child that may be killed (reliability.md F1). Publishing stays in one transaction, here.
"""

import hashlib
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from etl.cells import Book
from etl.layouts.staged import Staged
from etl.parse.serve import MEMORY_BYTES
from etl.read import LARGEST_FILE, Reader
from scheme.errors import FileRefused, UsageError

PROCESSES = "processes"
_SECONDS = 5  # to reach a scheduler
_PATIENCE = 2.0  # seconds without an answer after which a cluster is asked whether anybody works there
_ROOT = Path(__file__).resolve().parent.parent
_OWN = threading.local()  # each thread has a reader of its own: a child dies with the thread that started it


@dataclass
class Read:
    """What a file holds: the tables of its sheets, and notes on it as a whole; or why it is refused."""

    sheets: list[Staged] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    refused: str | None = None


Content = bytes | FileRefused  # a file's bytes, or why it could not be opened
Answer = Callable[[], Read]  # waits for what became of one content
Ask = Callable[[bytes], Answer]
Understood = Callable[[Book], tuple[list[Staged], list[str]]]  # cells -> tables and notes, or FileRefused; travels too


def read(data: bytes, understood: Understood, edition: str) -> Read:
    """Bytes -> cells -> tables, on whatever machine this is; `edition` is that of the program which asks.

    UsageError where this machine has another one, which might read the file otherwise.
    """
    if edition != own_edition():
        raise UsageError(
            "a worker of the cluster has another edition of Assay, Polars or calamine than this machine; "
            "install the same on all of them"
        )
    if not hasattr(_OWN, "reader"):
        _OWN.reader = Reader()
    try:
        with _at_once():
            book = _OWN.reader.read_cells(data)
        return Read(*understood(book))
    except FileRefused as refused:
        return Read(refused=str(refused))


def in_order(
    executor: str, contents: Iterable[Content], understood: Understood
) -> Generator[tuple[Content, Read], None, None]:
    """What each content holds, in the order in which they come, wherever they are read; to be closed after use.

    `executor`: "processes", or the address of a Dask scheduler (tcp://HOST:PORT or tls://HOST:PORT). No more contents
    are held than are being read and wait their turn, and together no more than the largest file may have, or one.
    UsageError where `executor` makes no sense, or nobody answers there.
    """
    places = _processes(understood) if executor == PROCESSES else _cluster(executor, understood)
    with places as (ask, most):
        waiting: deque[tuple[Content, Answer]] = deque()
        for content in contents:
            while waiting and (len(waiting) >= most or _bytes(waiting) + _size(content) > LARGEST_FILE):
                first, answer = waiting.popleft()
                yield first, answer()
            waiting.append((content, ask(content) if isinstance(content, bytes) else _refusing(content)))
        while waiting:
            first, answer = waiting.popleft()
            yield first, answer()


def _refusing(refused: FileRefused) -> Answer:
    return lambda: Read(refused=str(refused))


def _size(content: Content) -> int:
    return len(content) if isinstance(content, bytes) else 0


def _bytes(waiting: Iterable[tuple[Content, Answer]]) -> int:
    return sum(_size(content) for content, _ in waiting)


# --- this machine -----------------------------------------------------------------------------------------------------


@cache
def children() -> int:
    """How many files this machine reads at once: one for each core, as long as its memory holds what each may take."""
    held = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    allowed = Path("/sys/fs/cgroup/memory.max")  # of a container
    if allowed.exists() and (text := allowed.read_text().strip()).isdigit():
        held = min(held, int(text))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, held // MEMORY_BYTES))


@cache
def _at_once() -> threading.BoundedSemaphore:
    """What keeps all threads of this process together (a server's, a worker's) to that number."""
    return threading.BoundedSemaphore(children())


@contextmanager
def _processes(understood: Understood) -> Iterator[tuple[Ask, int]]:
    readers: list[Reader] = []

    def begin() -> None:
        _OWN.reader = Reader()
        readers.append(_OWN.reader)

    try:
        with ThreadPoolExecutor(children(), "reading", begin) as pool:
            try:
                edition = own_edition()
                yield lambda data: pool.submit(read, data, understood, edition).result, 2 * children()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for reader in readers:
                    reader.stop()
                raise
    finally:
        for reader in readers:  # their threads have ended, and the children with them
            reader.__exit__()


# --- a cluster --------------------------------------------------------------------------------------------------------


@cache
def own_edition() -> str:
    """The edition of what reads files here: of our own code below etl and scheme, and of what it stands on."""
    print_ = hashlib.sha256()
    for path in sorted(path for part in ("etl", "scheme") for path in (_ROOT / part).rglob("*") if path.is_file()):
        if path.suffix in (".py", ".toml"):
            print_.update(path.relative_to(_ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    for name in ("polars", "python-calamine"):
        print_.update(version(name).encode())
    return print_.hexdigest()


@contextmanager
def _cluster(address: str, understood: Understood) -> Iterator[tuple[Ask, int]]:
    """Ask the workers of a cluster; what they do not answer is read here, so that losing them costs time alone."""
    with _client(address) as client:
        from distributed import KilledWorker

        edition = own_edition()
        workers = client.get_executor(pure=False)

        def ask(data: bytes) -> Answer:
            asked = workers.submit(read, data, understood, edition) if client.status == "running" else None
            return lambda: _answer(asked, data)

        def _answer(asked: Future[Read] | None, data: bytes) -> Read:
            while asked is not None:
                try:
                    return asked.result(_PATIENCE)
                except TimeoutError:
                    if client.scheduler_info(n_workers=1)["workers"]:
                        continue
                    asked.cancel()
                except (CancelledError, KilledWorker, OSError):
                    pass
                except (ImportError, RuntimeError) as error:
                    raise UsageError(
                        f"the cluster at {address} cannot run this Assay ({_line(error)}); install the same on its "
                        "scheduler and on all its workers"
                    ) from error
                asked = None
            return read(data, understood, edition)

        try:
            threads = sum(worker["nthreads"] for worker in client.scheduler_info()["workers"].values())
            yield ask, 2 * max(threads, 1)
        finally:
            workers.shutdown(wait=False)
            if hasattr(_OWN, "reader"):
                _OWN.reader.__exit__()
                del _OWN.reader


@contextmanager
def _client(address: str) -> Iterator[Any]:
    """A client of the scheduler at an address; UsageError where that is none, or nobody works there."""
    try:
        parts = urlsplit(address)
        is_address = parts.scheme in ("tcp", "tls") and parts.hostname and parts.port and not parts.username
    except ValueError:
        is_address = False
    if not is_address:
        raise UsageError(
            f"--executor is {PROCESSES}, or the address of a Dask scheduler such as tcp://scheduler.example:8786"
        )
    try:
        import dask
        import distributed
    except ImportError as error:
        raise UsageError(
            "--executor with an address needs the package distributed; pip install 'assay-dashboard[cluster]'"
        ) from error
    # What it says of its own connections is nothing that a sender can mend, and must not stand between our messages.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "100GB"}):
        try:
            client: Any = distributed.Client(address, timeout=_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]  # untyped there
        except Exception as error:  # of many kinds, from the network's to those of certificates
            raise UsageError(
                f"the scheduler at {address} cannot be reached ({_line(error)}); check that it runs, and its address"
            ) from error
        with client:
            if not client.scheduler_info(n_workers=1)["workers"]:
                raise UsageError(f"the scheduler at {address} has no workers; start some (dask worker {address})")
            yield client


def _line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0][:200]
