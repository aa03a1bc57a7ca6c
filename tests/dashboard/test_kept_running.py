"""Figures and logs of the real server: what operators learn from them, and what nobody may.

Every place in which a request can hold something of a tenant holds a canary (reliability.md W7, W9, W11).
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dashboard import serving
from tests.dashboard.conftest import LEAD, PASSWORD
from tests.served import assay

CANARY = "CANARY4711"


@dataclass
class Running:
    """A server with two workers, its port, the port of its figures, and where its standard error goes."""

    process: "subprocess.Popen[bytes]"
    port: int
    metrics: int
    log: Path
    scratch: Path

    def ask(self, method: str, path: str, body: str | bytes = "", **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        told = answer.status, dict(answer.getheaders()), answer.read()
        connection.close()
        return told

    def assay(self, *words: str) -> str:
        """What a command prints that is given beside the server, in a process of its own."""
        return assay(*words, database_url=f"sqlite:///{self.log.with_name('assay.db')}")

    def figures(self) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics", timeout=30) as answer:
            text = answer.read().decode()
        assert CANARY not in text
        assert LEAD not in text
        found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
        return found

    def lines(self) -> list[dict]:
        """The log's lines about requests."""
        told = [json.loads(line) for line in self.log.read_text("utf-8").splitlines() if line.startswith("{")]
        return [line for line in told if line["logger"] == "assay.requests"]

    def workers(self) -> list[int]:
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text("utf-8").split()
        return [pid for pid in map(int, listed) if b"metrics_port" not in Path(f"/proc/{pid}/cmdline").read_bytes()]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def until(holds, seconds: float = 60) -> None:
    last = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < last, "it did not come to hold"
        time.sleep(0.1)


def answers(port: int, path: str) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def running(people_warehouse, tmp_path_factory) -> Iterator[Running]:
    """`assay serve` on a warehouse whose second tenant, and whose people, are canaries; with figures and JSON logs."""
    place = tmp_path_factory.mktemp("running")
    path = shutil.copy(people_warehouse.removeprefix("sqlite:///"), place / "assay.db")
    (place / "scratch").mkdir()
    (place / "backups").mkdir()
    port, metrics, log = free_port(), free_port(), place / "log"
    settings = {
        "ASSAY_DATABASE_URL": f"sqlite:///{path}",
        "ASSAY_SECOND_FACTOR": "off",
        "ASSAY_METRICS": f"127.0.0.1:{metrics}",
        "ASSAY_LOGS": "json",
        "ASSAY_BACKUPS": str(place / "backups"),
        "TMPDIR": str(place / "scratch"),
    }
    with log.open("wb") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "assay", "serve", "--port", str(port)],
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stderr=told,
        )
        try:
            until(lambda: process.poll() is not None or (answers(port, "/healthz") and answers(metrics, "/metrics")))
            assert process.poll() is None, log.read_text("utf-8")
            yield Running(process, port, metrics, log, place / "scratch")
        finally:
            process.terminate()
            process.wait(60)


def signed_in(running: Running) -> dict[str, str]:
    """The cookies of the lead, and a page's token."""
    _, headers, body = running.ask("GET", "/sign-in")
    token = re.search(rb'name="page" value="([0-9a-f]{32})"', body)[1].decode()
    door = headers["Set-Cookie"].split(";")[0]
    form = f"email={LEAD.replace('@', '%40')}&password={PASSWORD.replace(' ', '+')}&page={token}"
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": door}
    status, headers, _ = running.ask("POST", f"/sign-in?next=/{CANARY}", form, **kind)
    assert status == 302
    return {"Cookie": headers["Set-Cookie"].split(";")[0]}


@pytest.fixture(scope="module")
def asked(running) -> list[tuple[int, dict[str, str], bytes]]:
    """What was answered to requests that hold canaries wherever a request can."""
    cookies = signed_in(running)
    answers = [
        running.ask("GET", f"/?department={CANARY}", **cookies),
        running.ask("GET", f"/heatmap?q={CANARY}", **cookies),
        running.ask("GET", f"/{CANARY}?q={CANARY}", **cookies),
        running.ask("GET", f"/guest/{CANARY}"),
        running.ask("GET", f"/feed/{CANARY}.ics"),
        running.ask("GET", f"/api/v1/{CANARY}", Authorization=f"Bearer {CANARY}"),
        running.ask("POST", "/_dash-update-component", json.dumps({"output": CANARY}), **cookies),
        running.ask(CANARY, "/sign-in"),
        running.ask("GET", "/healthz"),
    ]
    until(lambda: len(running.lines()) >= 10)
    return answers


def test_each_request_has_one_line_with_its_number_template_time_and_tenant_and_nothing_it_brought(running, asked):
    lines = {line["request"]: line for line in running.lines()}
    assert len(lines) == len(running.lines())
    told = [lines.get(headers["X-Request-Number"]) for _, headers, _ in asked]
    assert told[-1] is None  # a load balancer asks every few seconds whether the process lives
    keys = {"at", "level", "logger", "request", "method", "route", "status", "milliseconds"}
    for line, (status, _, _) in zip(told[:-1], asked, strict=False):
        assert keys <= set(line) <= keys | {"tenant", "page", "load"}
        assert line["status"] == status
        assert line["milliseconds"] >= 0
    routes = [(line["method"], line["route"]) for line in told[:-1]]
    assert routes[:2] == [("GET", "/"), ("GET", "/heatmap")]
    assert routes[2:5] == [("GET", "unknown"), ("GET", "/guest/<token>"), ("GET", "/feed/<token>.ics")]
    assert routes[7] == ("OTHER", "unknown")
    assert told[0]["tenant"] == told[1]["tenant"] == 1
    assert "tenant" not in told[3]
    everything = running.log.read_text("utf-8")
    assert CANARY not in everything
    assert LEAD not in everything
    assert "Northshire" not in everything


def test_figures_say_how_much_was_asked_and_what_the_warehouse_has(running, asked):
    figures = running.figures()
    requests = figures["assay_requests_total"]
    assert requests[("method", "GET"), ("route", "/heatmap"), ("status", "2xx")] >= 1
    assert requests[("method", "GET"), ("route", "unknown"), ("status", "4xx")] >= 1
    assert not [labels for labels in requests if ("route", "/_dash-dependencies") in labels]  # asked by itself
    assert figures["assay_ready"] == {(): 1.0}
    sizes = figures["assay_tenant_size"]
    assert sizes[("of", "results"), ("tenant", "1")] == 0
    assert {dict(labels)["tenant"] for labels in sizes} == {"1", "2"}
    assert figures["assay_packs"][("state", "waiting"),] == 0
    assert figures["assay_cache_limit_bytes"][()] == 2 * 256_000_000
    assert {"assay_cache_bytes", "assay_database_connections_in_use", "assay_cache_lookups_total"} <= set(figures)


def test_the_public_address_has_no_figures(running, asked):
    for path in ("/metrics", "/metrics/"):
        status, _, body = running.ask("GET", path, **signed_in(running))
        assert status == 404
        assert b"assay_requests" not in body


def test_figures_say_what_status_warns_of_and_how_many_requests_are_under_way(running, asked):
    figures = running.figures()
    assert figures["assay_warnings"] == {(("state", "warning"),): 0, (("state", "wrong"),): 1}  # there is no backup
    assert "assay_backup_timestamp_seconds" not in figures
    assert figures["assay_request_threads"] == {(): 2 * serving.THREADS}
    assert figures["assay_requests_under_way"] == {(): 0}


def test_the_paper_on_operating_lists_every_figure():
    root = Path(__file__).parents[2]
    made = "".join((root / f"dashboard/{name}.py").read_text("utf-8") for name in ("metrics", "metrics_port"))
    table = (root / "docs/operating.md").read_text("utf-8").partition("| figure | labels |")[2].partition("\n\n")[0]
    figures = {name.removesuffix("_total") for name in re.findall(r"`(assay_\w+)`", table)}
    assert figures == set(re.findall(r'"(assay_\w+)"', made))


SENT = f"""Department code,Assessment type,Assessed on,Element,Band,Comment,{CANARY} heading
HOU,annual_review,2025-03-07,1.1.1,Compliant,{CANARY} said of the hall,{CANARY}
{CANARY},annual_review,2025-03-07,1.1.2,Compliant,,{CANARY}
HOU,annual_review,2025-03-07,1.1.3,{CANARY} band,,
"""


def test_one_load_is_followed_from_its_request_to_the_log_the_list_of_loads_and_the_audit_log(running, asked):
    """And nothing of what was sent stands in the server's log: no cell, no heading, not what the file is called."""
    token = running.assay("token", "add", "nightly", "--scope", "send", "--tenant", "demo").strip()
    head = f'--X\r\nContent-Disposition: form-data; name="file"; filename="{CANARY}.csv"\r\n\r\n'
    kind = {"Authorization": f"Bearer {token}", "Content-Type": "multipart/form-data; boundary=X"}
    status, headers, body = running.ask("POST", "/api/v1/loads", f"{head}{SENT}\r\n--X--\r\n".encode(), **kind)
    assert status == 201, body
    told = json.loads(body)
    (load,) = {file["load"] for file in told["loads"]}
    assert {"row": 4, "file": f"{CANARY}.csv"}.items() <= told["rejected"][-1].items()
    until(lambda: headers["X-Request-Number"] in [line["request"] for line in running.lines()])
    (line,) = [line for line in running.lines() if line["request"] == headers["X-Request-Number"]]
    assert (line["load"], line["tenant"], line["route"], line["status"]) == (load, 1, "/api/v1/loads", 201)
    listed = json.loads(running.assay("loads", "--tenant", "demo", "--format", "json"))
    assert [file["file"] for file in listed if file["load"] == load] == [f"{CANARY}.csv"]
    entries = json.loads(running.assay("audit", "list", "--tenant", "demo", "--format", "json"))
    (entry,) = [entry for entry in entries if entry["object"] == f"load {load}"]
    assert (entry["action"], entry["actor"]) == ("loaded", "token 1")
    log = running.log.read_text("utf-8")
    assert entry["sha256"] in log  # the log has the audit log's chain, and nothing that it tells
    for said in (CANARY, token, "HOU", "nightly", "the hall"):
        assert said not in log, said


def test_a_worker_that_dies_leaves_its_counts_and_not_its_cache(running, asked):
    before = running.figures()["assay_requests_total"]
    old = running.workers()
    assert len(old) == 2
    os.kill(old[0], signal.SIGKILL)
    until(lambda: len(running.workers()) == 2 and old[0] not in running.workers())
    (folder,) = running.scratch.glob("assay-metrics-*")
    until(lambda: not list(folder.glob(f"gauge_live*_{old[0]}.db")))
    until(lambda: answers(running.port, "/healthz"))
    after = running.figures()["assay_requests_total"]
    assert all(after[labels] >= counted for labels, counted in before.items())


def test_nothing_is_left_when_the_server_ends(running, asked):
    (folder,) = running.scratch.glob("assay-metrics-*")
    running.process.terminate()
    assert running.process.wait(60) == 0
    until(lambda: not answers(running.metrics, "/metrics"))
    assert not folder.exists()


def test_figures_are_not_counted_where_nobody_wants_them(app):
    counting = [each for each in app.server.after_request_funcs[None] if "add_metrics" in repr(each)]
    assert counting == []


def test_an_error_tells_its_reader_the_number_of_its_line(app, own_people, monkeypatch, caplog):
    from tests.dashboard.conftest import at_the_door

    stranger = at_the_door(app)

    def broken(*_: object) -> str:
        raise ValueError("something of ours is broken")

    monkeypatch.setitem(app.server.view_functions, "accessibility", broken)
    answer = stranger.get("/accessibility")
    assert answer.status_code == 500
    number = answer.headers["X-Request-Number"]
    assert f"report it with the number {number}." in answer.text
    assert f"error {number} at /accessibility" in caplog.text


def test_a_request_that_loads_has_the_number_of_its_load(app, own_people, caplog):
    import logging

    from db.loading import load_of_this_thread
    from db.session import open_session
    from db.tenants import scope_of
    from db.writes import Load, publish

    load_of_this_thread.set(None)
    with open_session(scope_of("demo"), write=True) as session:
        publish(session, Load("somebody", None, []))
        assert load_of_this_thread.get() is None  # not before it is in
    assert load_of_this_thread.get() == 1
    caplog.set_level(logging.INFO, "assay.requests")
    app.server.test_client().get("/accessibility")
    assert load_of_this_thread.get() is None  # the next request of this thread begins anew


def test_loads_are_counted_by_how_they_ended_whichever_way_they_came_in(warehouse, tmp_path):
    from datetime import UTC, datetime

    from typer.testing import CliRunner

    import assay
    from dashboard.metrics_port import _asked
    from db.session import open_session
    from db.withdraw import withdraw
    from etl.run import load_rows
    from tests.dashboard.small_programme import HEAD, MIXED, loaded, programme

    def ended() -> dict[str, dict[str, float]]:
        (family,) = [each for each in _asked(datetime.now(UTC)) if each.name == "assay_loads"]
        told: dict[str, dict[str, float]] = {}
        for sample in family.samples:
            told.setdefault(sample.labels["tenant"], {})[sample.labels["outcome"]] = sample.value
        return told

    scope = programme("ASH")  # two loads, the second with a row set aside
    nothing = dict.fromkeys(("refused", "set_aside", "withdrawal", "loaded", "unchanged"), 0)
    assert ended() == {"1": nothing | {"loaded": 1, "set_aside": 1}}
    loaded(scope, again=HEAD + b"HOU,annual_review,2025-03-07,1.1.1,Compliant\n")
    loaded(scope, broken=b"\x00\x01", more=MIXED)
    row = {"department_code": "HOU", "department_name": "Homes"}
    assert load_rows(scope, "departments", [row], sent_by="somebody").load_number == 5
    with open_session(scope, write=True) as session:
        withdraw(session, 5, "somebody", "it was wrong")
    (tmp_path / "next.csv").write_bytes(HEAD + b"FIN,annual_review,2025-06-07,1.1.1,Compliant\n")
    assert CliRunner().invoke(assay.app, ["load", str(tmp_path / "next.csv"), "--tenant", "ASH"]).exit_code == 0
    programme("BEC")
    found = ended()
    assert found["1"] == {"refused": 1, "set_aside": 1, "withdrawal": 1, "loaded": 3, "unchanged": 1}
    assert found["2"] == nothing | {"loaded": 1, "set_aside": 1}
