"""The proof is proven: each lock taken away alone is reported (reliability.md T1.6)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from flask import request
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from dashboard import gate, view
from db import session as locks_of
from db import sessions
from db.tenants import scope_of
from tests.noninterference import harness, locks, worlds

HEATMAP = "callback ..heatmap-scenario"


@contextmanager
def without(target: Any, name: str, listener: Callable[..., Any]) -> Iterator[None]:
    """A listener of SQLAlchemy's taken away for a while."""
    event.remove(target, name, listener)
    try:
        yield
    finally:
        event.listen(target, name, listener)


@pytest.fixture
def full(world_of):
    """The world in which the others have rows."""
    with world_of["full"].entered():
        yield world_of["full"]


@pytest.fixture
def anywhere(made):
    """The same on SQLite: what the program does before it asks the warehouse is the same on both."""
    world = made("sqlite")["full"]
    with world.entered():
        yield world


@pytest.fixture(scope="module")
def usual(app, world_of):
    """What lead and champion are told by the heatmap where the others have nothing, and every lock is there."""
    with world_of["empty"].entered():
        return harness.run(
            app, world_of["empty"], ("lead", "champion"), HEATMAP, twins=False, thorough=(), programs=False
        )


def reported(app, world, people=("lead", "champion"), only: str = HEATMAP, usual=None) -> list[str]:
    """What the harness says of a small part of the surface, the others having looked at theirs first."""
    worlds.forget()
    harness.warm(app, only)
    answers = harness.run(app, world, people, only, twins=False, thorough=(), programs=False)
    return harness.all_of(answers, usual)


def test_without_a_mutant_nothing_is_reported(app, full, usual):
    assert locks.faults(full) == []
    assert usual  # the heatmap was asked at all
    assert reported(app, full, usual=usual) == []
    assert reported(app, full, ("senior",), "callback ..coverage-headline") == []
    assert reported(app, full, ("administrator", "operator"), "/download/") == []
    assert reported(app, full, ("senior",), "/administration") == []


# --- the locks of the warehouse, each alone ---------------------------------------------------------------------------


def test_no_filter_is_noticed_while_the_guard_and_the_policies_hold(app, full, usual):
    with without(Session, "do_orm_execute", locks_of._filter):
        assert any("the filter: a statement on results" in fault for fault in locks.faults(full))
        assert reported(app, full, usual=usual) != []


def test_no_filter_and_no_guard_are_noticed_where_there_is_no_third_lock(app, made):
    world = made("sqlite")["full"]
    with (
        world.entered(),
        without(Session, "do_orm_execute", locks_of._filter),
        without(Engine, "before_cursor_execute", locks_of._guard),
    ):
        assert reported(app, world) != []


def test_no_guard_is_noticed_while_the_filter_and_the_policies_hold(full):
    with without(Engine, "before_cursor_execute", locks_of._guard):
        told = locks.faults(full)
    assert any(fault.startswith("the guard: on a connection bound to A") for fault in told)
    assert any(fault.startswith("the guard: on a connection bound to nobody") for fault in told)


def test_a_tenant_left_on_a_connection_is_noticed(full, monkeypatch):
    with without(Pool, "checkin", locks_of._unbind):
        assert any("still bound" in fault for fault in locks.faults(full))

    def for_the_session(connection: Connection, session: Session) -> None:
        tenant_id = session.info.get(locks_of._BOUND)
        if tenant_id is not None:
            connection.info[locks_of._BOUND] = tenant_id
            if connection.dialect.name == "postgresql":  # false: for the session, not for the transaction
                connection.execute(text("SELECT set_config('app.tenant', :id, false)"), {"id": str(tenant_id)})

    monkeypatch.setattr(locks_of, "_bind_connection", for_the_session)
    told = locks.faults(full)
    if full.kind == "postgresql":
        assert "the pool: after a commit app.tenant is 2 on the connection" in told
        assert "the pool: after a commit the next one sees rows" in told


POLICY_MUTANTS = {
    "not forced": ("ALTER TABLE results NO FORCE ROW LEVEL SECURITY", "ALTER TABLE results FORCE ROW LEVEL SECURITY"),
    "off": ("ALTER TABLE results DISABLE ROW LEVEL SECURITY", "ALTER TABLE results ENABLE ROW LEVEL SECURITY"),
    "lets everybody": (
        "ALTER POLICY {policy} ON results USING (true) WITH CHECK (true)",
        "ALTER POLICY {policy} ON results USING ({using}) WITH CHECK ({check})",
    ),
    "dropped": (
        "DROP POLICY {policy} ON results",
        "CREATE POLICY {policy} ON results USING ({using}) WITH CHECK ({check})",
    ),
    "joined by another": ("CREATE POLICY other ON results USING (true)", "DROP POLICY other ON results"),
}


@pytest.mark.postgres
@pytest.mark.parametrize("mutant", POLICY_MUTANTS)
def test_a_policy_that_does_not_hold_is_noticed_while_the_filter_and_the_guard_do(made, mutant):
    world = made("postgresql")["full"]
    apply, undo = POLICY_MUTANTS[mutant]
    with world.entered(), psycopg.connect(world.looking, autocommit=True) as owner:
        row = owner.execute(
            "SELECT policyname, qual, with_check FROM pg_policies WHERE tablename = 'results'"
        ).fetchone()
        assert row is not None
        named = dict(zip(("policy", "using", "check"), row, strict=True))
        owner.execute(apply.format(**named))
        try:
            told = locks.faults(world)
        finally:
            owner.execute(undo.format(**named))
        assert any(fault.startswith("the catalogue: table results is open") for fault in told)
        # A policy dropped lets nobody see anything, and one that is not forced lets the owner: the others let all.
        if mutant != "dropped":
            assert any(fault.startswith("the policy of results") for fault in told)
        assert locks.faults(world) == []


# --- the cache --------------------------------------------------------------------------------------------------------


def kept_without(part: int) -> Callable[..., Any]:
    """`View.kept` with a part of the sight (0: the tenant, 1: the departments) left out of its key, and unchecked."""
    cache: dict[tuple[Any, ...], Any] = {}

    def kept(self: view.View, question: str, make: Callable[[], Any], *about: object) -> Any:
        sight = tuple(each for place, each in enumerate(self.sight) if place != part)
        key = (*sight, self.version, self.known_at, question, *about)
        if key not in cache:
            cache[key] = make()
        return cache[key]

    return kept


def test_a_cache_that_does_not_know_the_tenant_is_noticed(app, anywhere, monkeypatch):
    monkeypatch.setattr(view.View, "kept", kept_without(0))
    assert "CANARY-B-" in str(reported(app, anywhere))


def test_a_cache_that_does_not_know_the_departments_is_noticed(app, anywhere, monkeypatch):
    monkeypatch.setattr(view.View, "kept", kept_without(1))
    assert "HIDDEN-" in str(reported(app, anywhere))


# --- the gate ---------------------------------------------------------------------------------------------------------


def test_a_callback_without_its_permission_is_noticed(app, anywhere, monkeypatch):
    output = next(output for output in app.callback_map if output.startswith("..coverage-headline"))
    monkeypatch.setattr(app.callback_map[output]["callback"], "needs", gate.SIGNED_IN)
    told = reported(app, anywhere, ("senior",), "callback ..coverage-headline")
    assert any("senior" in line and "may not" in line for line in told), told


def test_a_download_without_its_permission_is_noticed(app, anywhere, monkeypatch):
    for view_function in app.server.view_functions.values():
        if "export" in (gate.needed(view_function) or "").split():
            monkeypatch.setattr(view_function, "needs", gate.SIGNED_IN)
    told = reported(app, anywhere, ("administrator", "operator"), "/download/")
    assert any("administrator" in line and "may not" in line for line in told), told
    assert any("operator" in line and "may not" in line for line in told), told


def test_a_form_of_administration_without_its_permission_is_noticed(app, anywhere, monkeypatch):
    for name, view_function in app.server.view_functions.items():
        if name.startswith("administration."):
            monkeypatch.setattr(view_function, "needs", gate.SIGNED_IN)
    told = reported(app, anywhere, ("senior",), "/administration")
    assert any("senior" in line and "may not" in line for line in told), told


def test_a_tenant_taken_from_the_request_is_noticed(app, anywhere, monkeypatch):
    theirs, scope = scope_of(worlds.B), sessions.Identity.scope

    def believed(self: sessions.Identity) -> Any:
        body = request.get_json(silent=True)
        said = {**request.args, **(body if isinstance(body, dict) else {})}
        return theirs if worlds.B in (said.get("tenant"), said.get("tenant_code")) else scope(self)

    monkeypatch.setattr(sessions.Identity, "scope", believed)
    assert "CANARY-B-" in str(reported(app, anywhere, ("lead",)))


def test_a_link_that_opens_more_than_its_certificate_is_noticed(app, anywhere, monkeypatch):
    scope = sessions.Identity.scope

    def everything(self: sessions.Identity) -> Any:
        return replace(scope(self), departments=None, certificates=None) if self.guest else scope(self)

    monkeypatch.setattr(sessions.Identity, "scope", everything)
    assert "HIDDEN-" in str(reported(app, anywhere, ("guest",)))


def test_a_link_that_may_write_is_noticed(app, anywhere, monkeypatch):
    monkeypatch.setattr(gate, "is_shut_to_guests", lambda: False)
    for name, view_function in app.server.view_functions.items():
        if name.startswith("administration.settings"):
            monkeypatch.setattr(view_function, "needs", gate.SIGNED_IN)
    told = reported(app, anywhere, ("guest",), "/administration/settings")
    assert any("guest" in line and "may write nothing" in line for line in told), told
