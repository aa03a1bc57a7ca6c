"""Alive, ready, and why not: three things, of which strangers learn two (reliability.md W9)."""

import logging
import threading

import pytest
from sqlalchemy import event

from dashboard import readiness
from dashboard.readiness import KEPT, Readiness
from db.engine import engine
from tests.dashboard.conftest import at_the_door


@pytest.fixture
def server(warehouse):
    """A server with nothing but /readyz on it."""
    from flask import Flask

    made = Flask("alone")
    readiness.add_readiness(made)
    return made


def test_ready_is_what_a_server_with_a_sound_warehouse_is(server):
    answer = server.test_client().get("/readyz")
    assert (answer.status_code, answer.text) == (200, "ready\n")


def test_a_stranger_learns_that_it_is_not_ready_and_not_why(app, own_people, monkeypatch, tmp_path, caplog):
    stranger = at_the_door(app)
    monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{tmp_path / 'CANARY.db'}")
    caplog.set_level(logging.WARNING)
    from flask import Flask

    alone = Flask("alone")
    readiness.add_readiness(alone)
    answer = alone.test_client().get("/readyz")
    assert (answer.status_code, answer.text) == (503, "not ready\n")
    assert "CANARY" in caplog.text
    assert stranger.get("/healthz").text == "ok\n"


@pytest.mark.parametrize("secret", ["", "short"])
def test_a_server_without_a_secret_is_not_ready(server, monkeypatch, secret):
    monkeypatch.setenv("ASSAY_SECRET", secret)
    assert server.test_client().get("/readyz").status_code == 503


def test_a_disk_without_room_makes_it_not_ready(server, monkeypatch):
    monkeypatch.setattr("db.soundness.TOO_LITTLE", 10**18)
    assert server.test_client().get("/readyz").status_code == 503


def test_asking_often_does_not_ask_the_warehouse_often(server):
    asked = []
    event.listen(engine(), "begin", lambda connection: asked.append(1))
    client = server.test_client()
    client.get("/readyz")
    first = len(asked)
    assert first
    for _ in range(50):
        assert client.get("/readyz").status_code == 200
    assert len(asked) == first


def test_an_answer_is_kept_for_its_time_and_no_longer():
    now, told = [100.0], iter(["", "the warehouse is away", ""])
    ready = Readiness(lambda: next(told), clock=lambda: now[0])
    assert ready.why_not() == ""
    now[0] += KEPT - 0.01
    assert ready.why_not() == ""
    now[0] += 0.02
    assert ready.why_not() == "the warehouse is away"
    now[0] += KEPT
    assert ready.why_not() == ""


def test_one_thread_finds_out_and_the_others_do_not_wait_for_it():
    now, under_way, go_on, asked = [0.0], threading.Event(), threading.Event(), []

    def look() -> str:
        asked.append(1)
        if len(asked) > 1:
            under_way.set()
            assert go_on.wait(20)
        return ""

    ready = Readiness(look, clock=lambda: now[0])
    assert ready.why_not() == ""
    now[0] = 10.0
    slow = threading.Thread(target=ready.why_not)
    slow.start()
    assert under_way.wait(20)
    for _ in range(5):
        assert ready.why_not() == ""  # what held before
    go_on.set()
    slow.join(20)
    assert len(asked) == 2
