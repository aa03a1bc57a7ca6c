"""Each lock of the warehouse alone, asked without what stands above it (reliability.md T2, T3, T5, T9)."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psycopg
from sqlalchemy import select, text

from db.engine import engine
from db.mapped import OfTenant
from db.models import IDENTITY, MAPPERS, OWNED
from db.session import open_platform, open_session
from db.tenants import scope_of
from db.upgrade import unlocked
from scheme.errors import Forbidden
from tests.noninterference import worlds
from tests.noninterference.worlds import World


def faults(world: World) -> list[str]:
    """What stands open in a world that was entered, a sentence each; the others must have rows in it."""
    told = [*unfiltered(), *unguarded(), *left_on_a_connection(world)]
    if world.kind == "postgresql":
        with engine().connect() as connection:
            told += [f"the catalogue: {fault}" for fault in unlocked(connection)]
        told += past_the_policies(world)
    return told


def unfiltered() -> Iterator[str]:
    """The filter on ORM statements, model by model; the guard would refuse what it let through."""
    for mapper in MAPPERS:
        if not issubclass(mapper.class_, OfTenant):
            continue
        name = mapper.class_.__tablename__
        try:
            with open_session(scope_of(worlds.A)) as session:
                seen = set(session.scalars(select(mapper.class_.tenant_id)))  # type: ignore[attr-defined]
        except Forbidden:
            yield f"the filter: a statement on {name} went out without its tenant"
            continue
        if seen - {1}:
            yield f"the filter: {name} gives rows of {sorted(map(str, seen - {1}))}"


def unguarded() -> Iterator[str]:
    """The guard on every statement of the engine, past the ORM."""
    for name in OWNED:
        for where, told in (("bound to A", f"SELECT count(*) FROM {name}"), ("bound to nobody", _named(name))):
            with suppress(Forbidden):
                if where == "bound to A":
                    with open_session(scope_of(worlds.A)) as session:
                        session.execute(text(told))
                else:
                    with open_platform() as session:
                        session.execute(text(told))
                yield f"the guard: on a connection {where}, `{told}` went through"


def _named(table: str) -> str:
    return f"SELECT count(*) FROM {table} WHERE tenant_id = 2"


def left_on_a_connection(world: World) -> Iterator[str]:
    """The pool (T3): with one connection in it, what B's transactions leave there for the next one who takes it."""
    endings: dict[str, Any] = {
        "a commit": lambda session: None,
        "a rollback": lambda session: session.rollback(),
        "an exception": lambda session: session.execute(text("SELECT 1 / 0, no_such_column")),
        "a savepoint undone": lambda session: session.begin_nested().rollback(),
    }
    for name, end in endings.items():
        engine().dispose()
        with suppress(Exception), open_session(scope_of(worlds.B)) as session:
            session.execute(text("SELECT count(*) FROM loads WHERE tenant_id = 2"))
            end(session)
        with engine().connect() as connection:
            try:
                connection.execute(text(_named("loads")))
                yield f"the pool: after {name} the connection is still bound"
            except Forbidden:
                pass
            if world.kind == "postgresql":
                with connection.connection.cursor() as cursor:  # past the guard
                    for setting in ("app.tenant", "app.identity"):
                        cursor.execute("SELECT current_setting(%s, true)", (setting,))
                        left = (cursor.fetchone() or ("",))[0]
                        if left:
                            yield f"the pool: after {name} {setting} is {left} on the connection"
                    cursor.execute("SELECT count(*) FROM loads")
                    if (cursor.fetchone() or (0,))[0]:
                        yield f"the pool: after {name} the next one sees rows"


def past_the_policies(world: World) -> Iterator[str]:
    """Row-level security, by the program's role and by the owner, without any of our code."""
    for who, url in (("the program's role", world.url), ("the owner", world.owner_url)):
        with psycopg.connect(url) as connection:
            for name in (*OWNED, *IDENTITY):
                for setting, allowed in ((None, set()), ("", set()), ("1", {1})):
                    if setting is not None:
                        connection.execute("SELECT set_config('app.tenant', %s, true)", (setting,))
                    seen = {row[0] for row in connection.execute(f"SELECT DISTINCT tenant_id FROM {name}")}  # type: ignore[arg-type]
                    if seen - allowed:
                        rows = f"rows of {sorted(map(str, seen))}"
                        yield f"the policy of {name}: {who} with app.tenant {setting!r} sees {rows}"
                    connection.commit() if setting is None else None
                connection.execute("SELECT set_config('app.tenant', '1', true)")
                denied = (psycopg.errors.InsufficientPrivilege, psycopg.errors.RaiseException)
                with suppress(*denied), connection.transaction(force_rollback=True):
                    done = connection.execute(f"UPDATE {name} SET tenant_id = tenant_id WHERE tenant_id <> 1")  # type: ignore[arg-type]
                    if done.rowcount:
                        yield f"the policy of {name}: {who} bound to A changes {done.rowcount} rows of others"
                connection.rollback()
