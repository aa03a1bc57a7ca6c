"""The program released before this one, and programs at work with it while its warehouse is upgraded (W10).

releases/ keeps it as a wheel under the number of its schema (releases/make.sh).
"""

import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.etl.made import HEADINGS, csv
from tests.served import free_port, started

RELEASES = sorted((Path(__file__).parent / "releases").glob("*.whl"))
BEFORE = RELEASES[-1].stem
PASSWORD, WHO = "four plain words here", "lead@example.org"
# What the old program makes for the tests, in one process of it: a warehouse, a person, a token for the API.
_MADE = f"""
from datetime import timedelta
from db import people, sessions, tenants, tokens
from db.session import open_session
from db.upgrade import upgrade
print(upgrade())
tenants.add_tenant("ASH", "Ashcombe County Council")
once = people.add_user("{WHO}", "corporate_lead", "ASH")
sessions.change_password(sessions.sign_in("{WHO}", once), once, "{PASSWORD}")
with open_session(tenants.scope_of("ASH"), write=True) as session:
    print(tokens.make(session, "a program", ["read", "send"], [], timedelta(days=9)))
"""


def _reviewed(day: int) -> bytes:
    """A file of a review on a day of March 2025: four departments, of which the day says who stands how."""
    bands = ("Compliant", "Partial", "Compliance Plus")
    rows = [
        (f"D{n}", "annual_review", f"2025-03-{day:02}", f"1.1.{k}", bands[(n * k + day) % 3], "")
        for n in range(4)
        for k in (1, 2, 3)
    ]
    return csv(HEADINGS, *rows).encode()


@dataclass(frozen=True)
class Old:
    """The program before this one: where it lies unpacked, and the settings of its warehouse."""

    folder: Path
    settings: Mapping[str, str]

    @classmethod
    def unpacked(cls, folder: Path, settings: Mapping[str, str]) -> "Old":
        """It, in a folder where it may already lie."""
        if not folder.exists():
            zipfile.ZipFile(RELEASES[-1]).extractall(folder)
        return cls(folder, settings)

    def environment(self) -> dict[str, str]:
        more = {"ASSAY_REQUESTS_A_MINUTE": "1000000", "WEB_CONCURRENCY": "1"}
        return {**os.environ, **self.settings, **more, "PYTHONPATH": str(self.folder)}

    def begin(self) -> str:
        """Make the warehouse, with a person; the token of a program that reads and sends."""
        made = self.run("-c", _MADE)
        assert made.returncode == 0, made.stderr
        said, token = made.stdout.splitlines()
        assert said == f"the warehouse is at version {BEFORE} now"
        return token

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-P", *words]
        return subprocess.run(command, env=self.environment(), cwd=self.folder, capture_output=True, text=True)

    def assay(self, *words: str) -> str:
        done = self.run("-m", "assay", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def serving(self, log: int | None = None) -> Iterator[int]:
        """Its own server, until the block ends; gives the port."""
        port = free_port()
        command = [sys.executable, "-P", "-m", "assay", "serve", "--port", str(port)]
        # gunicorn looks for the program where it is begun before it looks anywhere else.
        with started(command, f"http://127.0.0.1:{port}", self.environment(), self.folder, log):
            yield port


@dataclass(frozen=True)
class Api:
    """A program that reads and sends."""

    port: int
    token: str

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def measure(self, name: str) -> requests.Response:
        asked = f"http://127.0.0.1:{self.port}/api/v1/measures/{name}?as_of=2025-12-31"
        return requests.get(asked, headers=self._headers(), timeout=60)

    def send(self, day: int) -> requests.Response:
        sent = {"file": (f"day-{day}.csv", _reviewed(day))}
        return requests.post(
            f"http://127.0.0.1:{self.port}/api/v1/loads", headers=self._headers(), files=sent, timeout=60
        )


@dataclass(frozen=True)
class Answer:
    """What a program at work was answered: what it did, the status, and the seconds until it had all of it."""

    what: str
    status: int
    seconds: float


@contextmanager
def at_work(api: Api) -> Iterator[list[Answer]]:
    """Two programs that read and one that sends, until the block ends and each has had an answer after it."""
    told: list[Answer] = []
    over = threading.Event()

    def work(what: str, ask: Callable[[int], requests.Response], most: int) -> None:
        for number in range(2, most):
            is_last = over.is_set()
            began = time.perf_counter()
            told.append(Answer(what, ask(number).status_code, time.perf_counter() - began))
            if is_last:
                return

    def reader(measure: str) -> tuple[str, Callable[[int], requests.Response], int]:
        return "read", lambda _: api.measure(measure), 10**6

    doing = (reader("headroom"), reader("standing"), ("sent", api.send, 29))
    threads = [threading.Thread(target=work, args=each) for each in doing]
    for thread in threads:
        thread.start()
    try:
        while len({one.what for one in list(told)}) < 2:
            assert all(thread.is_alive() for thread in threads)
            time.sleep(0.05)
        yield told
    finally:
        over.set()
        for thread in threads:
            thread.join()
