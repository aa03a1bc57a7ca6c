"""The child process that parses: it gives up what it could do harm with, then answers one file after another (F1)."""

import ctypes
import json
import os
import resource
import struct
import sys
from contextlib import suppress
from io import BytesIO
from typing import IO

MEMORY_BYTES = 4 * 2**30  # address space
CPU_SECONDS = 240  # for one file
_SIZE = struct.Struct(">Q")
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000  # linux/sched.h
_DIE_WITH_PARENT = 1  # linux/prctl.h


def serve() -> None:
    """Answer files on standard input with cells on standard output, until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that a library prints may get between the answers
    _confine()
    while len(head := sys.stdin.buffer.read(_SIZE.size)) == _SIZE.size:
        _limit_cpu()
        for part in _answer(sys.stdin.buffer.read(_SIZE.unpack(head)[0])):
            send(answers, part)
        answers.flush()


def send(pipe: IO[bytes], part: bytes) -> None:
    """Write one part with its length before it."""
    pipe.write(_SIZE.pack(len(part)))
    pipe.write(part)


def received(pipe: IO[bytes]) -> bytes:
    """Read one part; EOFError where the other end has gone."""
    head = pipe.read(_SIZE.size)
    if len(head) < _SIZE.size:
        raise EOFError
    size = _SIZE.unpack(head)[0]
    part = pipe.read(size)
    if len(part) < size:
        raise EOFError
    return part


def _answer(data: bytes) -> list[bytes]:
    """A description in JSON with the cells of small sheets, then those of each other sheet as Arrow IPC."""
    from etl.parse import parsed
    from scheme.errors import FileRefused

    try:
        book = parsed(data)
        about = {
            "kind": book.kind,
            "notes": book.notes,
            "sheets": [
                {"name": sheet.name, "hidden": sheet.hidden, "lines": sheet.kept if sheet.is_small else None}
                for sheet in book.sheets
            ],
        }
        large = (sheet.cells for sheet in book.sheets if not sheet.is_small)
        return [json.dumps(about).encode(), *map(_packed, large)]
    except FileRefused as refused:
        reason = str(refused)
    except MemoryError:
        reason = ""
    except BaseException as error:  # whatever a parser throws at damage, panics of Rust included, refuses one file
        reason = f"the file is damaged ({type(error).__name__}: {str(error)[:200]}); save it again and send it"
    return [json.dumps({"refused": reason}).encode()]


def _packed(cells: "pl.DataFrame") -> bytes:  # type: ignore[name-defined]  # noqa: F821
    buffer = BytesIO()
    cells.write_ipc(buffer)
    return buffer.getvalue()


def _confine() -> None:
    """Less memory, no files to write, no core dumps, no network, no life after the parent's."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError, AttributeError):  # where the kernel allows it
        kernel = ctypes.CDLL(None, use_errno=True)
        kernel.prctl(_DIE_WITH_PARENT, 9)
        if kernel.unshare(_NEW_NETWORK) != 0:
            kernel.unshare(_NEW_USER | _NEW_NETWORK)


def _limit_cpu() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + CPU_SECONDS, hard))
