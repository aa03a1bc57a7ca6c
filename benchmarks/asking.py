"""One connection to a server on this machine, as a browser keeps it, and how long each whole answer takes."""

import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import brotli

_TO_START, _TO_ANSWER, _TO_STOP = 300, 120, 20  # seconds


@dataclass(frozen=True)
class Answer:
    """A whole answer: its body as it came (compressed where the server did), and the seconds until its last byte."""

    status: int
    body: bytes
    coding: str
    seconds: float

    def text(self) -> str:
        """The body in plain; AssertionError with it where the server did not answer 200 or 201."""
        unpack = {"gzip": gzip.decompress, "br": brotli.decompress}.get(self.coding, bytes)
        plain = unpack(self.body).decode()
        assert self.status in (200, 201), f"the server answered {self.status}: {plain[:600]}"
        return plain

    def json(self) -> Any:
        """What the body says; AssertionError as `text`."""
        return json.loads(self.text())


class Line:
    """A connection that is kept open: with gunicorn's threads, all that is asked on it goes to one worker."""

    def __init__(self, port: int, coding: str = "gzip, deflate, br") -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=_TO_ANSWER)
        self._coding = coding

    def ask(self, path: str, body: object = None, **headers: str) -> Answer:
        """GET, or POST where there is a body, which travels as JSON; `_` in the names of headers stands for `-`."""
        told = {"Accept-Encoding": self._coding} | {name.replace("_", "-"): said for name, said in headers.items()}
        sent = None
        if body is not None:
            sent = json.dumps(body).encode()
            told["Content-Type"] = "application/json"
        began = time.perf_counter()
        self._line.request("GET" if sent is None else "POST", path, sent, told)
        got = self._line.getresponse()
        whole = got.read()
        taken = time.perf_counter() - began
        return Answer(got.status, whole, got.headers.get("Content-Encoding", ""), taken)

    def close(self) -> None:
        """Hang up."""
        self._line.close()


@contextmanager
def gunicorn(python: Path, app: str, environment: Mapping[str, str], folder: Path, log: Path) -> Iterator[int]:
    """The port of an app behind gunicorn, two workers of four threads as in our Procfile, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = ["--workers", "2", "--worker-class", "gthread", "--threads", "4", "--timeout", "120", "--keep-alive", "600"]
    words = [str(python), "-m", "gunicorn", app, "--bind", f"127.0.0.1:{port}", "--no-control-socket", *said]
    with log.open("ab") as written:
        server = subprocess.Popen(
            words,
            cwd=folder,
            env={**_plain(), **environment},
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            start_new_session=True,
        )
    try:
        answering(port, server, log)
        yield port
    finally:
        stop(server)


def run(words: Sequence[str | Path], environment: Mapping[str, str], seconds: float) -> str:
    """What a command prints; AssertionError with the end of it where it fails, TimeoutExpired past the seconds."""
    done = subprocess.run(
        [str(word) for word in words],
        env={**_plain(), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
    )
    assert done.returncode == 0, f"{' '.join(map(str, words))} ended with {done.returncode}:\n{done.stdout[-3000:]}"
    return done.stdout


def answering(port: int, server: "subprocess.Popen[bytes]", log: Path | None = None) -> None:
    """Wait until a server answers; AssertionError with the end of its log where it ends or never does."""
    last = time.monotonic() + _TO_START
    while time.monotonic() < last:
        assert server.poll() is None, f"gunicorn ended with {server.returncode}:\n{_end_of(log)}"
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=_TO_START)
        try:
            line.request("GET", "/favicon.ico")
            line.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
        finally:
            line.close()
    raise AssertionError(f"gunicorn did not answer within {_TO_START} seconds:\n{_end_of(log)}")


def stop(server: "subprocess.Popen[bytes]") -> None:
    """End a server that we started, and its workers with it."""
    server.terminate()
    try:
        server.wait(_TO_STOP)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _plain() -> dict[str, str]:
    """Our environment without what would lead another virtual environment to our packages."""
    return {name: said for name, said in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME")}


def _end_of(log: Path | None) -> str:
    return log.read_text()[-3000:] if log else "its log is above"
