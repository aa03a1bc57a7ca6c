"""Load: many people clicking on gunicorn as the Procfile starts it, and what its workers weigh after an hour."""

import asyncio
import os
import re
import shlex
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import Process
from pathlib import Path

from benchmarks.asking import answering, stop
from benchmarks.callbacks import ASKED, Asked, headers, of_pages
from benchmarks.figures import Figure
from benchmarks.warehouses import Warehouse, on_postgres
from dashboard.app import create_app

GROUP = "Load"
ROOT = Path(__file__).resolve().parents[1]
PEOPLE = (50, 200)
PAUSE = 5.0  # seconds between the end of one of a person's clicks and the next
SECONDS = {"small": 4.0, "whole": 25.0}
# Whose pages are opened, and how often one beside another; a click is what the page asks and what its frame asks.
OPENED = ("overview", "heatmap", "heatmap", "headroom", "department", "coverage", "actions", "heatmap: details")
DEPARTMENTS = {"small": 100, "whole": 1000}  # of the largest tenant among those who click; the others are small
TENANTS = {"small": 20, "whole": 200}
# Through all pages of all before anything is measured: a connection is one worker's, and each worker keeps its own, so
# after one round some pages are cold in one of the two by chance, and it was that chance that was measured.
ROUNDS = 6
CLICKS = {"small": 600, "whole": 12_000}  # an hour of two hundred people who click once a minute
LONGEST = {"small": 8.0, "whole": 100.0}  # seconds for these, whether they are done by then or not
CACHE_MB = 64
P95_MS, GROWN = 100.0, 1.1
HOG, FEW, BESIDE = 200, 4, 2.0  # people of one tenant that ask for all they can get, and of another beside them


@dataclass
class Tally:
    """What became of the requests of one go."""

    taken: list[float] = field(default_factory=list)  # seconds, of each that was answered
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0


def figures(size: str) -> Iterator[Figure]:
    """Requests per second, p95 and errors at 50 and 200 people; the memory of workers before and after an hour."""
    warehouse = on_postgres()
    with warehouse.here():
        codes = [warehouse.tenant(DEPARTMENTS[size]).tenant_code, *warehouse.others(TENANTS[size])]
        tokens = [warehouse.session(code) for code in codes[: TENANTS[size]]]
        clicks = _clicks()
        with serving(warehouse) as server:
            requests = len(tokens) * sum(map(len, clicks))
            for _ in range(ROUNDS):
                _go(server, tokens, clicks, len(tokens), 0.0, requests, 60.0)  # each page of each
            for people in PEOPLE:
                for pause in (PAUSE, 0.0):
                    tally = _go(server, tokens, clicks, people, pause, 10**9, SECONDS[size])
                    yield from _told(tally, people, pause, len(codes))
            yield from _beside(server, tokens[:2], clicks, size)
        yield from _memory(warehouse, tokens, clicks, size)


def _told(tally: Tally, people: int, pause: float, tenants: int) -> Iterator[Figure]:
    how = f"with {pause:.0f} s between clicks" if pause else "as fast as it answers"
    at = f"{people} people"
    note = f"{len(tally.taken):,} requests in {tally.seconds:.0f} s, {tenants} tenants, two workers"
    last = statistics.quantiles(tally.taken, n=20)[-1] * 1000
    yield Figure(GROUP, f"requests, {how}", at, len(tally.taken) / tally.seconds, "requests/s", note=note)
    yield Figure(GROUP, f"p50, {how}", at, statistics.median(tally.taken) * 1000, "ms")
    yield Figure(GROUP, f"p95, {how}", at, last, "ms", at_most=P95_MS if pause else None)
    said = "; ".join(dict.fromkeys(tally.errors))[:200]
    yield Figure(GROUP, f"errors, {how}", at, float(len(tally.errors)), "requests", at_most=0.0, note=said)


def _beside(server: "Server", tokens: Sequence[str], clicks: Sequence[Sequence[Asked]], size: str) -> Iterator[Figure]:
    """What a few people of a small tenant feel while the largest asks for all that it can get (reliability.md T15)."""
    large, small = tokens

    def felt() -> tuple[float, Tally]:
        tally = _go(server, [small], clicks, FEW, 0.2, 10**9, SECONDS[size])
        return statistics.quantiles(tally.taken, n=20)[-1] * 1000, tally

    alone, _ = felt()
    at = f"{FEW} people"
    yield Figure(GROUP, "p95 of a small tenant, alone", at, alone, "ms")
    for what, wait in (("that come back when they are told to", 2.0), ("that ask again at once when refused", 0.0)):
        hog = Process(target=_go, args=(server, [large], clicks, HOG, 0.0, 10**9, 4 * SECONDS[size], wait))
        hog.start()
        time.sleep(1)
        p95, tally = felt()
        hog.terminate()
        hog.join()
        time.sleep(1)
        beside = f"beside {HOG} people of another {what}"
        note = f"{len(tally.taken):,} requests; {'; '.join(dict.fromkeys(tally.errors))[:200]}"
        yield Figure(GROUP, f"p95 of a small tenant, {beside}", at, p95, "ms", "alone", p95 / alone, at_most=BESIDE)
        yield Figure(GROUP, f"errors, {beside}", at, float(len(tally.errors)), "requests", at_most=0.0, note=note)


def _memory(
    warehouse: Warehouse, tokens: Sequence[str], clicks: Sequence[Sequence[Asked]], size: str
) -> Iterator[Figure]:
    """The heaviest worker: after a first round in one tenant, half way, and after an hour's clicks in all of them."""
    with serving(warehouse, ASSAY_CACHE_MB=str(CACHE_MB)) as server:
        _go(server, tokens[1:2], clicks, 8, 0.0, 20 * len(clicks), 30.0)
        before = server.heaviest()
        halves = []
        done = 0
        for _ in range(2):
            tally = _go(server, tokens, clicks, 16, 0.0, CLICKS[size] // 2, LONGEST[size] / 2)
            done += len(tally.taken)
            halves.append(server.heaviest())
    at = f"{len(tokens)} tenants"
    note = f"{done:,} requests"
    yield Figure(GROUP, "memory of a worker, each page opened once", at, before, "MB")
    yield Figure(GROUP, "memory of a worker, half an hour's clicks", at, halves[0], "MB", note=note)
    against, limit = "half way", f"ASSAY_CACHE_MB={CACHE_MB}"
    ratio = halves[1] / halves[0]
    yield Figure(GROUP, "memory of a worker, an hour's clicks", at, halves[1], "MB", against, ratio, at_most=GROWN)
    more = halves[1] - before
    yield Figure(GROUP, "what it grew by in that hour", at, more, "MB", limit, more / CACHE_MB, at_most=1.0)


def _clicks() -> list[list[Asked]]:
    """What a browser asks at once when a page is opened: its callbacks, and the frame's."""
    asked = list(of_pages(create_app()))
    frame = [one for one in asked if one.page == "frame"]
    return [[*(one for one in asked if one.what == what), *frame] for what in OPENED]


# --- people -----------------------------------------------------------------------------------------------------------


def _go(
    server: "Server",
    tokens: Sequence[str],
    clicks: Sequence[Sequence[Asked]],
    people: int,
    pause: float,
    most: int,
    longest: float,
    wait: float = 0.0,
) -> Tally:
    """So many people at once, each in a tenant of their own in turn, until enough is asked or the time is over.

    Whoever is refused waits so many seconds before they go on.
    """
    tally = Tally()
    began = time.perf_counter()
    left = [most]

    async def click(number: int) -> None:
        line = _Line(server.port)
        await asyncio.sleep(pause * number / people)  # they do not all begin at once
        for turn in range(10**9):
            # The next tenant for whoever clicks on without a pause: so that all tenants are seen.
            token = tokens[(number + (turn * people if not pause else 0)) % len(tokens)]
            for asked in clicks[(number + turn) % len(clicks)]:
                if left[0] <= 0 or time.perf_counter() - began > longest:
                    line.close()
                    return
                left[0] -= 1
                try:
                    tally.taken.append(await asyncio.wait_for(line.ask(asked, token), 60))
                except (OSError, asyncio.IncompleteReadError, ValueError, TimeoutError) as error:
                    tally.errors.append(f"{asked.what}: {error!r}")
                    line.close()
                    await asyncio.sleep(wait)
            if pause:
                await asyncio.sleep(pause)

    async def everybody() -> None:
        await asyncio.gather(*(click(number) for number in range(people)))

    asyncio.run(everybody())
    tally.seconds = time.perf_counter() - began
    return tally


class _Line:
    """One person's connection to the server, kept open as a browser does, opened anew where the server closed it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.writer: asyncio.StreamWriter | None = None
        self.reader: asyncio.StreamReader

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
            self.writer = None

    async def ask(self, asked: Asked, token: str) -> float:
        """Seconds until the last byte of the answer; ValueError where it is neither content nor nothing to say."""
        lines = {**headers(token), "Host": f"127.0.0.1:{self.port}", "Content-Length": str(len(asked.body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        request = f"POST {ASKED} HTTP/1.1\r\n{head}\r\n".encode() + asked.body
        began = time.perf_counter()
        fresh = self.writer is None
        try:
            told = await self._sent(request)
        except (OSError, asyncio.IncompleteReadError):
            if fresh:
                raise
            self.close()  # an idle connection may be closed by the server at any time: a browser asks again too
            told = await self._sent(request)
        if not told.startswith((b"HTTP/1.1 200", b"HTTP/1.1 204")):
            raise ValueError(told[:60])
        return time.perf_counter() - began

    async def _sent(self, request: bytes) -> bytes:
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writer.write(request)
        await self.writer.drain()
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        await self.reader.readexactly(int(length[1]) if length else 0)
        if b"\r\nconnection: close" in head.lower():
            self.close()
        return head


# --- the server -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    """gunicorn as it runs: its port on this machine's loopback, and its process."""

    port: int
    process: "subprocess.Popen[bytes]"

    def heaviest(self) -> float:
        """The resident memory of its heaviest worker, in MB."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text("utf-8").split()
        sizes = [Path(f"/proc/{worker}/statm").read_text("utf-8").split()[1] for worker in listed]
        return max(int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6 for pages in sizes)


@contextmanager
def serving(warehouse: Warehouse, **settings: str) -> Iterator[Server]:
    """The `web` line of the Procfile with two workers, on loopback and nowhere else, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text("utf-8").splitlines())
    gunicorn = f"exec {shlex.quote(sys.executable)} -m gunicorn --log-level warning --bind 127.0.0.1:{port} "
    line = lines["web"].replace("gunicorn ", gunicorn, 1)
    own = {"PORT": str(port), "WEB_CONCURRENCY": "2", **warehouse.settings, **settings}
    words = ["sh", "-c", line]
    process = subprocess.Popen(
        words, env={**os.environ, **own}, cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        answering(port, process)
        yield Server(port, process)
    finally:
        stop(process)
