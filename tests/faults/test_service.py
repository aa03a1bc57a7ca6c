"""The server: replaced under load, without its database, without a connection, asked too often (W7, W8, W12)."""

import io
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from werkzeug.datastructures import FileStorage
from werkzeug.test import stream_encode_multipart

from db import people, sessions
from db.engine import engine
from db.session import open_session
from db.tenants import add_tenant, scope_of
from scheme.errors import WarehouseError
from tests.conftest import EXAMPLES
from tests.dashboard.small_programme import made
from tests.faults.disks import fill, small_disk
from tests.served import free_port, serving, started

RELOADS = max(2, EXAMPLES // 15)  # 2 in `make test`, more than 30 in `make soak`
PROCFILE = Path(__file__).parents[2] / "Procfile"
PASSWORD = "four plain words here"
REGISTER = "Department code,Department name,Parent code\n" + "".join(f"D{n},Department {n},\n" for n in range(300))


def answer_of(asked: str | urllib.request.Request, cookie: str = "", **headers: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and text of one answer, on a connection of its own; 0 where there was none."""
    if isinstance(asked, str):
        asked = urllib.request.Request(asked, headers={"Cookie": cookie, **headers} if cookie else headers)
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read().decode()
    except OSError as error:
        return 0, {}, str(error)


@contextmanager
def asking(url: str, at_once: int = 4) -> Iterator[Counter[int]]:
    """People who ask for a page again and again until the block ends; gives what they are answered, by status."""
    told: Counter[int] = Counter()
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            told[answer_of(url)[0]] += 1

    with ThreadPoolExecutor(at_once) as people_who_ask:
        for _ in range(at_once):
            people_who_ask.submit(ask)
        try:
            yield told
        finally:
            over.set()


def sent(url: str, name: str, text: str, headers: dict[str, str]) -> tuple[int, dict[str, str], str]:
    """What the API answers to one file."""
    stream, length, boundary = stream_encode_multipart({"file": FileStorage(io.BytesIO(text.encode()), filename=name)})
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Content-Length": str(length)}
    return answer_of(urllib.request.Request(url, stream.read(), headers | kind))


def lead() -> str:
    """The session of a corporate lead of a new organisation, ASH."""
    add_tenant("ASH", "Ashcombe County Council")
    once = people.add_user("lead@example.org", "corporate_lead", "ASH")
    return sessions.change_password(sessions.sign_in("lead@example.org", once), once, PASSWORD)


def workers_of(server: "subprocess.Popen[bytes]") -> set[int]:
    """The processes that answer, of gunicorn's that was started."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return set(map(int, children))


def until(holds, what: str, seconds: int = 120) -> None:
    last = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < last, what
        time.sleep(0.05)


@contextmanager
def as_in_the_procfile(database_url: str) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """The server that the Procfile starts: its address, and gunicorn's process."""
    line = next(line for line in PROCFILE.read_text("utf-8").splitlines() if line.startswith("web: "))
    port = free_port()
    command = line.removeprefix("web: ").replace("0.0.0.0", "127.0.0.1")
    settings = {**os.environ, "ASSAY_DATABASE_URL": database_url, "PORT": str(port)}
    settings |= {"ASSAY_REQUESTS_A_MINUTE": "1000000"}
    settings["PATH"] = f"{Path(sys.executable).parent}:{settings['PATH']}"
    with started(["/bin/sh", "-c", f"exec {command}"], f"http://127.0.0.1:{port}", settings) as server:
        yield f"http://127.0.0.1:{port}", server


@pytest.fixture(scope="module")
def empty_service(empty_warehouse, tmp_path_factory) -> str:
    """The address of a warehouse on SQLite in which there is nobody yet."""
    path = tmp_path_factory.mktemp("service") / "assay.db"
    path.write_bytes(Path(empty_warehouse("sqlite")).read_bytes())
    return f"sqlite:///{path}"


def test_workers_that_are_replaced_under_load_lose_no_request(empty_service):
    with as_in_the_procfile(empty_service) as (url, server), asking(f"{url}/sign-in") as told:
        for _ in range(RELOADS):
            before = workers_of(server)
            server.send_signal(signal.SIGHUP)
            until(
                lambda before=before: not workers_of(server) & before and len(workers_of(server)) == 2, "not replaced"
            )
    assert set(told) == {200}, told
    assert told[200] > 4  # each of them was answered, if only after the new workers had begun


# How long a request is, said twice or badly: what a proxy reads as one, a server might read as two (W13).
AMBIGUOUS = {
    "length and chunks": "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    "two lengths": "Content-Length: 0\r\nContent-Length: 44\r\n",
    "a length with a sign": "Content-Length: +0\r\n",
    "chunks under another name": "Transfer-Encoding: xchunked\r\n",
    "chunks twice": "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    "a space before the colon": "Content-Length : 0\r\n",
    "a folded line": "X-A: b\r\n Content-Length: 0\r\n",
}


def test_a_request_that_might_be_two_is_refused_and_the_connection_closed(empty_service):
    hidden = "0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with as_in_the_procfile(empty_service) as (url, _):
        place = (urlsplit(url).hostname, urlsplit(url).port)
        for what, lines in AMBIGUOUS.items():
            with socket.create_connection(place, timeout=30) as line:
                line.sendall(f"POST /sign-in HTTP/1.1\r\nHost: x\r\n{lines}\r\n{hidden}".encode())
                told = b"".join(iter(lambda line=line: line.recv(65536), b"")).decode()
            assert re.findall(r"HTTP/1.1 (\d+)", told) in (["400"], ["501"]), f"{what}: {told}"
        server = answer_of(f"{url}/sign-in")[1].get("Server", "")
        assert not re.search(r"\d", server), server


@pytest.mark.postgres
def test_a_server_that_begins_while_the_database_is_away_serves_as_soon_as_it_is_back(breakable):
    postgres, _ = breakable
    postgres.end()
    with as_in_the_procfile(os.environ["ASSAY_DATABASE_URL"]) as (url, server):
        began = workers_of(server)
        status, headers, said = answer_of(f"{url}/sign-in")
        assert (status, headers["Retry-After"]) == (503, "60"), said
        assert answer_of(f"{url}/healthz")[0] == 200
        assert answer_of(f"{url}/readyz")[0] == 503
        postgres.begin()
        assert answer_of(f"{url}/sign-in")[0] == 200
        assert workers_of(server) == began


def test_a_server_with_a_warehouse_of_another_version_answers_nobody(tmp_path):
    path = tmp_path / "assay.db"
    sqlite3.connect(path).close()
    with as_in_the_procfile(f"sqlite:///{path}") as (url, _):
        assert {
            answer_of(f"{url}{page}")[0] for page in ("/", "/heatmap", "/api/v1/measures/history", "/assets/look.js")
        } == {503}
        assert answer_of(f"{url}/healthz")[0] == 200
        assert answer_of(f"{url}/readyz")[0] == 503


def test_whoever_asks_far_too_often_is_told_to_wait_and_others_are_served(empty_service, monkeypatch):
    monkeypatch.setenv("ASSAY_REQUESTS_A_MINUTE", "30")
    monkeypatch.setenv("ASSAY_PROXIES", "1")
    with serving(empty_service) as url:
        with ThreadPoolExecutor(20) as crowd:  # ten times what two workers let through in a minute
            asked = [crowd.submit(answer_of, f"{url}/sign-in", **{"X-Forwarded-For": "192.0.2.7"}) for _ in range(600)]
            told = [one.result() for one in asked]
        statuses = Counter(status for status, _, _ in told)
        assert set(statuses) == {200, 429}, statuses
        assert statuses[429] >= 500, statuses
        refused = next(headers for status, headers, _ in told if status == 429)
        assert int(refused["Retry-After"]) <= 60
        assert answer_of(f"{url}/sign-in", **{"X-Forwarded-For": "192.0.2.8"})[0] == 200
        assert answer_of(f"{url}/healthz")[0] == 200


@pytest.mark.postgres
def test_a_database_that_goes_away_is_said_so_and_its_return_is_found_without_a_restart(breakable, monkeypatch):
    postgres, _ = breakable
    monkeypatch.setenv("WEB_CONCURRENCY", "1")  # who answers has begun; a second worker may just be about to
    token = lead()
    with serving(os.environ["ASSAY_DATABASE_URL"]) as url:
        assert answer_of(f"{url}/heatmap", f"assay={token}")[0] == 200
        postgres.end()
        status, headers, text = answer_of(f"{url}/heatmap", f"assay={token}")
        assert (status, headers["Retry-After"]) == (503, "60"), text
        assert "The data cannot be reached just now" in text
        assert not any(word in text for word in ("psycopg", "socket", str(postgres.folder)))
        assert answer_of(f"{url}/healthz")[0] == 200
        postgres.begin()
        assert answer_of(f"{url}/heatmap", f"assay={token}")[0] == 200


@pytest.mark.parametrize("warehouse", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_a_transaction_that_goes_on_after_its_connection_was_cut_has_saved_nothing_and_says_so(warehouse, postgres):
    add_tenant("ASH", "Ashcombe County Council")

    def goes_on() -> None:
        with open_session(scope_of("ASH"), write=True) as session:
            process = session.execute(text("SELECT pg_backend_pid()")).scalar()
            postgres.say(f"SELECT pg_terminate_backend({process})")
            for _ in range(2):
                with suppress(DBAPIError):
                    session.execute(text("SELECT 1"))

    with pytest.raises(WarehouseError, match="cannot be reached"):
        goes_on()


def test_a_full_disk_refuses_what_is_sent_and_goes_on_showing_what_is_there(empty_service, tmp_path, monkeypatch):
    with small_disk(tmp_path / "disk", "64M") as disk:
        path = shutil.copy(empty_service.removeprefix("sqlite:///"), disk / "assay.db")
        monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{path}")
        monkeypatch.setenv("ASSAY_ORIGINALS", str(disk / "originals"))
        token = lead()
        sending = {"Authorization": f"Bearer {made(scope_of('ASH'), 'read', 'send')}"}
        with serving(f"sqlite:///{path}") as url:
            assert answer_of(f"{url}/heatmap", f"assay={token}")[0] == 200
            assert sent(f"{url}/api/v1/loads", "a.csv", REGISTER, sending)[0] == 201
            filler = fill(disk, 0)
            status, headers, said = sent(f"{url}/api/v1/loads", "b.csv", REGISTER.replace("D", "E"), sending)
            assert (status, headers["Retry-After"]) == (503, "60"), said
            assert str(tmp_path) not in said
            assert answer_of(f"{url}/heatmap", f"assay={token}")[0] == 200
            taken = f"{url}/api/v1/measures/history"
            assert answer_of(taken, **sending)[0] == 503  # the log cannot say that it was taken away
            assert answer_of(f"{url}/healthz")[0] == 200
            until(lambda: answer_of(f"{url}/readyz")[0] == 503, "it says that it is ready")
            filler.unlink()
            assert sent(f"{url}/api/v1/loads", "b.csv", REGISTER.replace("D", "E"), sending)[0] == 201
            assert answer_of(taken, **sending)[0] == 200


def test_where_no_connection_is_free_the_answer_is_to_try_again(warehouse, monkeypatch):
    monkeypatch.setattr("db.engine.POOL_SECONDS", 0.2)
    from dashboard.app import create_app

    monkeypatch.setenv("ASSAY_SECOND_FACTOR", "off")
    client = create_app().server.test_client()
    client.set_cookie("assay", lead())
    assert client.get("/heatmap").status_code == 200
    pool = engine().pool
    with ExitStack() as taken:
        for _ in range(pool.size() + pool._max_overflow):
            taken.enter_context(engine().connect())
        answer = client.get("/heatmap")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
    assert client.get("/heatmap").status_code == 200
