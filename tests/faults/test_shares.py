"""A tenant that asks for everything, and ten times the load: others are served, and it ends by itself (T15, W12)."""

import asyncio
import hashlib
import os
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text
from werkzeug.exceptions import ServiceUnavailable

from dashboard.exports.work import work_once
from dashboard.serving import THREADS
from dashboard.shares import Shares
from db import deadline, jobs, people, sessions
from db.session import open_session
from db.tenants import add_tenant, scope_of
from scheme.errors import TooLong
from tests.faults.test_service import PASSWORD, answer_of, until, workers_of
from tests.served import free_port, started

SECONDS = 3.0
CROWD = 1_280  # people at once: two and a half for each thread of two workers, 160 for each turn
GROWN_MB = 120  # of a worker under ten times the load: its threads, and what they hold


def lead_of(code: str) -> str:
    """The cookie of a corporate lead of a tenant that is made with them."""
    add_tenant(code, f"{code} Council")
    email = f"lead@{code.lower()}.example"
    once = people.add_user(email, "corporate_lead", code)
    return f"assay={sessions.change_password(sessions.sign_in(email, once), once, PASSWORD)}"


@contextmanager
def served(workers: int = 1) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """The real server on the warehouse that is set: its address, and gunicorn's process."""
    port = free_port()
    own = {"ASSAY_SECOND_FACTOR": "off", "ASSAY_REQUESTS_A_MINUTE": "1000000", "WEB_CONCURRENCY": str(workers)}
    command = [sys.executable, "-m", "assay", "serve", "--port", str(port)]
    with started(command, f"http://127.0.0.1:{port}", {**os.environ, **own}) as server:
        yield f"http://127.0.0.1:{port}", server


def page_of(cookie: str) -> str:
    """What a page of this session sends back with whatever it asks."""
    return hashlib.sha256(f"page {cookie.partition('=')[2]}".encode()).hexdigest()[:32]


@contextmanager
def stalled(url: str, cookie: str, how_many: int) -> Iterator[list[socket.socket]]:
    """Connections on which a callback is asked for whose body never comes."""
    head = f"POST /_dash-update-component HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nCookie: {cookie}\r\n"
    head += f"X-Assay-Page: {page_of(cookie)}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n"
    with ExitStack() as opened:
        held = []
        for _ in range(how_many):
            held.append(opened.enter_context(socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), 60)))
            held[-1].sendall(head.encode())
        yield held


def told_by_now(held: Sequence[socket.socket]) -> list[str]:
    """What was answered on those connections on which anything was."""
    told = []
    for one in held:
        one.settimeout(0.01)
        with suppress(TimeoutError):
            told.append(one.recv(4096).decode())
    return told


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_a_tenant_whose_bodies_never_come_gets_its_share_and_another_is_answered(warehouse):
    a, b = lead_of("ASH"), lead_of("BECK")
    with served() as (url, _):
        assert [answer_of(f"{url}/heatmap", cookie)[0] for cookie in (a, b)] == [200, 200]
        with stalled(url, a, 2 * THREADS) as held:
            assert answer_of(f"{url}/heatmap", b)[0] == 200
            told = told_by_now(held)
            assert len(told) <= 2 * THREADS - THREADS // 2, "it was answered when others had given up"
            assert all(answer.startswith("HTTP/1.1 503 ") and "\r\nRetry-After: 2\r\n" in answer for answer in told)
            assert [answer_of(f"{url}/heatmap", b)[0] for _ in range(20)] == [200] * 20
        until(lambda: answer_of(f"{url}/heatmap", a)[0] == 200, "what it held is not free again")


@pytest.mark.parametrize("warehouse", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_a_tenant_whose_requests_all_wait_for_the_database_keeps_no_other_waiting(warehouse):
    a, b = lead_of("ASH"), lead_of("BECK")
    with served() as (url, _), ThreadPoolExecutor(2 * THREADS) as many:
        assert [answer_of(f"{url}/heatmap", cookie)[0] for cookie in (a, b)] == [200, 200]
        with open_session(scope_of("ASH"), write=True):  # what is refused is written into A's log, after this
            asked = [many.submit(answer_of, f"{url}/administration", a) for _ in range(2 * THREADS)]
            assert [answer_of(f"{url}/heatmap", b)[0] for _ in range(20)] == [200] * 20
            assert not all(one.done() for one in asked)
        told = Counter(one.result()[0] for one in asked)
        assert set(told) == {403, 503}, told
        assert answer_of(f"{url}/heatmap", a)[0] == 200


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_ten_times_the_load_is_shed_politely_in_bounded_memory_and_is_over_when_it_is_over(warehouse):
    cookies = [lead_of("ASH"), lead_of("BECK")]
    with served(workers=2) as (url, server):
        crowd(url, cookies, 20, 1.0)
        before = heaviest(server)
        told = crowd(url, cookies, CROWD, SECONDS)
        after = heaviest(server)
        assert [answer_of(f"{url}/heatmap", cookie)[0] for cookie in cookies] == [200, 200]
        assert answer_of(f"{url}/readyz")[0] == 200
    assert set(told) <= {"200", "503, again"}, told
    assert told["200"] > 100, told
    assert after - before < GROWN_MB


def crowd(url: str, cookies: Sequence[str], at_once: int, seconds: float) -> Counter[str]:
    """People who ask for a page again and again, each on a connection of their own; what they were told, counted."""
    told: Counter[str] = Counter()
    port, ends = urlsplit(url).port, time.monotonic() + seconds

    async def person(cookie: str) -> None:
        line = f"GET /heatmap HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n"
        while time.monotonic() < ends:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(line.encode())
            answer = await asyncio.wait_for(reader.read(), 60)
            status = answer[9:12].decode()
            told[status + (", again" if re.search(rb"\r\nRetry-After: [0-9]", answer) else "")] += 1
            writer.close()

    async def everybody() -> None:
        await asyncio.gather(*(person(cookies[n % len(cookies)]) for n in range(at_once)))

    with ThreadPoolExecutor(1) as apart:  # tests of a browser leave a loop in this thread
        apart.submit(asyncio.run, everybody()).result()
    return told


def heaviest(server: "subprocess.Popen[bytes]") -> float:
    """The resident memory of the heaviest worker, in MB."""
    sizes = [Path(f"/proc/{worker}/statm").read_text().split()[1] for worker in workers_of(server)]
    return max(int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6 for pages in sizes)


# --- shares by themselves ---------------------------------------------------------------------------------------------


ASH, BECK, COLD, DALE = range(1, 5)


def test_a_tenant_gets_no_more_than_is_left_free_and_there_is_always_something_left():
    worker = Shares(threads=64, at_work=128)
    worker.seen(BECK)
    worker.enter(BECK)
    held = dict.fromkeys((ASH, COLD, DALE), 0)
    for whose in held:
        with suppress(ServiceUnavailable):
            while True:
                worker.enter(whose, 0)
                held[whose] += 1
    assert held == {ASH: 32, COLD: 16, DALE: 8}


def test_who_is_alone_may_have_all_threads_whoever_stands_at_the_door():
    worker = Shares(threads=8, at_work=32)
    worker.enter("address 192.0.2.7")
    for _ in range(12):
        worker.enter(ASH, 0)
    worker.seen(ASH)
    worker.enter(ASH, 0)
    worker.seen(BECK)
    with pytest.raises(ServiceUnavailable):
        worker.enter(ASH, 0)


def test_the_next_turn_goes_to_who_came_first_of_those_whose_share_has_room():
    worker = Shares(threads=32, at_work=2)
    worker.seen(ASH)
    worker.seen(BECK)
    first = worker.enter(ASH)
    with ThreadPoolExecutor(4) as waiting:
        turns = []

        def wait(whose: int) -> None:
            place = worker.enter(whose)
            turns.append(whose)
            worker.leave(place)

        for number in (1, 2):
            waiting.submit(wait, ASH)
            until(lambda number=number: len(worker._waiting) == number, "it does not wait for its turn")
        for _ in range(2):
            waiting.submit(wait, BECK).result()
        worker.leave(first)
    assert turns == [BECK, BECK, ASH, ASH]


def test_a_turn_that_does_not_come_is_told_and_leaves_nothing_behind():
    worker = Shares(threads=8, at_work=2)
    worker.seen(BECK)
    place = worker.enter(ASH)
    with pytest.raises(ServiceUnavailable) as told:
        worker.enter(ASH, 0.01)
    assert told.value.retry_after
    worker.leave(place)
    worker.leave(worker.enter(ASH, 0.01))


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_packs_of_one_organisation_wait_for_no_more_than_one_of_each_other(warehouse):
    for code, packs in (("ASH", 3), ("BECK", 1)):
        add_tenant(code, f"{code} Council")
        for number in range(packs):
            with open_session(replace(scope_of(code), actor="person 99"), write=True) as session:
                jobs.ask(session, f"{code} {number}", {}, datetime(2026, 11, 23, 9, number, tzinfo=UTC))
    assert work_once() == 4  # nobody is behind them, so each fails at once
    ended = []
    for code in ("ASH", "BECK"):
        with open_session(replace(scope_of(code), actor="person 99")) as session:
            ended += [(job.finished_at, job.title) for job in jobs.jobs(session)]
    assert [title for _, title in sorted(ended)] == ["ASH 0", "BECK 0", "ASH 1", "ASH 2"]


# --- until when a request may take (W7) -------------------------------------------------------------------------------


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


@pytest.fixture
def half_a_second() -> Iterator[Callable[[], None]]:
    """A function: what follows may take half a second, until the test is over."""
    yield lambda: deadline.allow(0.5)
    deadline.allow(None)


def test_a_question_ends_when_the_time_of_its_request_is_over_and_nothing_more_is_asked(warehouse, half_a_second):
    add_tenant("ASH", "Ashcombe County Council")
    scope = scope_of("ASH")
    half_a_second()
    with pytest.raises(TooLong, match="given up"), open_session(scope) as session:
        session.execute(text(ENDLESS))
    with pytest.raises(TooLong, match="nothing was saved"), open_session(scope, write=True):
        pass


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_a_request_that_takes_too_long_is_told_so(warehouse, monkeypatch):
    monkeypatch.setenv("ASSAY_REQUEST_SECONDS", "1")
    a = lead_of("ASH")
    form = f"page={page_of(a)}".encode()
    with served() as (url, _):
        host = urlsplit(url)
        with socket.create_connection((host.hostname, host.port), 30) as line:
            head = f"POST /sign-out-everywhere HTTP/1.1\r\nHost: {host.netloc}\r\nCookie: {a}\r\nConnection: close\r\n"
            head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n"
            line.sendall(head.encode())
            time.sleep(5)  # by then a slow machine too has let it begin, and its second is over
            line.sendall(form)
            told = line.makefile("rb").read().decode()
        assert told.startswith("HTTP/1.1 503 ")
        assert "\r\nRetry-After: 60\r\n" in told
        assert "This took too long and was given up" in told
        # Nothing was saved: whoever is signed out is never shown a page. A slow machine may need more than one second.
        until(lambda: answer_of(f"{url}/heatmap", a)[0] == 200, "it was saved")
