"""The dashboard as people meet it: the demo's warehouse behind the real server."""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SECONDS_TO_START = 60


@dataclass(frozen=True)
class Served:
    """A running server: its address, the warehouse behind it, and the demo's people with their passwords."""

    url: str
    database_url: str
    passwords: Mapping[str, str]  # by the name before the @: lead, leader, champion, assessor, administrator

    def email(self, who: str) -> str:
        """The address under which one of the demo's people signs in."""
        return f"{who}@demo.assay.invalid"


def assay(*words: str, database_url: str) -> str:
    """What the command prints on standard output; AssertionError holds everything when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "assay", *words],
        env={**os.environ, "ASSAY_DATABASE_URL": database_url},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"assay {' '.join(words)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def demo_in(shared: Path, own: Path) -> tuple[Path, dict[str, str]]:
    """A copy of the demo's warehouse in `own`, and its passwords; built once per run in `shared`."""
    built, said = shared / "demo.db", shared / "demo.txt"
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            printed = assay("demo", "--no-serve", database_url=f"sqlite:///{built}")
            said.write_text(printed, "utf-8")
    path = Path(shutil.copy(built, own / "demo.db"))
    lines = [line.split() for line in said.read_text("utf-8").splitlines() if "@demo.assay.invalid" in line]
    return path, {email.split("@")[0]: password for email, password, *_ in lines}


def free_port() -> int:
    """A port of this machine at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(database_url: str) -> Iterator[str]:
    """The address of the real server (`assay serve`) on that warehouse, until the block ends."""
    port = free_port()
    settings = {**os.environ, "ASSAY_DATABASE_URL": database_url, "ASSAY_SECOND_FACTOR": "off"}
    with started([sys.executable, "-m", "assay", "serve", "--port", str(port)], f"http://127.0.0.1:{port}", settings):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def started(
    command: list[str], url: str, settings: dict[str, str], folder: Path | None = None, log: int | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """A server that answers at that address, until the block ends; begun in a folder, its log on standard error."""
    server = subprocess.Popen(
        command, env=settings, cwd=folder, stdin=subprocess.DEVNULL, stderr=log, start_new_session=True
    )
    try:
        _await(f"{url}/", server)
        yield server
    finally:
        server.terminate()
        server.wait()


def _await(url: str, server: "subprocess.Popen[bytes]") -> None:
    last = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < last:
        assert server.poll() is None, f"the server ended with {server.returncode}"
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError:
            return  # it answers; what it says to a stranger is for the tests
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the server did not answer within {SECONDS_TO_START} seconds")
