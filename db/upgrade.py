"""Bringing the warehouse to this version, and refusing to work with one that this program does not fit."""

import logging
import time
from collections.abc import Mapping

from sqlalchemy import Connection, Engine, make_url, select, text
from sqlalchemy.exc import OperationalError

from db import report_views
from db.citus import spread
from db.engine import IDLE_SECONDS, WRITES, absent, database_url, engine, no_warehouse, owner_url, worded
from db.locks import faults
from db.models import APPEND_ONLY, FORGETTABLE, METADATA, OWNERS_ALONE, Tenant
from db.readied import made_whole
from db.session import EXEMPT, open_session
from db.tenants import scope_of
from db.version import FLOORS_SINCE, MIGRATIONS, Version, head, migrations, oldest_program, version_in
from scheme.errors import WarehouseError
from variables import declare, whole

# One upgrade at a time; any number will do.
_UPGRADE_LOCK = 20081117
# **ours**: how long a migration waits for a table, and how often: for as long as a transaction of ours may ask nothing.
LOCK_SECONDS = 2
TRIES = IDLE_SECONDS // (2 * LOCK_SECONDS)
_HELD = ("55P03", "40P01")  # the lock was not to be had; a deadlock, of which PostgreSQL chose this end
_LOG = logging.getLogger("assay")
# Read by migration 0012.
PARTITIONS = declare(
    "ASSAY_PARTITIONS",
    "in how many parts `assay upgrade` makes the large tables on PostgreSQL, once, when a warehouse is made or brought "
    "to version 0012: 1 to 128 (scaling)",
    "16",
    whole("ASSAY_PARTITIONS", 1, 128),
    "16",
)


def upgrade(to: str | None = None) -> str:
    """Create the warehouse, or bring it to this version; says what it did.

    `to`: to an earlier version and no further, for rows of that version to be put into it (db.backup).

    Runs under the owner's address, each migration in a transaction of its own: one that is cut off goes on where it
    was. Where the owner is another role than the program's, the latter may read and change rows and owns nothing. Then
    what pages read is made ready where it is not (db.readied), by the program's own role and tenant by tenant, in a
    transaction each. WarehouseError where the database cannot be used, was made by a newer Assay, or is in use in a way
    that let no migration in.
    """
    made, target = engine(owner_url()), to or head()
    with worded(made):
        before, now = _tried(made, target)
        while now < target:
            _, now = _tried(made, target)
        if target != head():
            return f"the warehouse is at version {target}"
        with made.connect() as connection:
            codes = list(connection.scalars(select(Tenant.code).order_by(Tenant.code)))
    for code in codes:
        with open_session(scope_of(code), write=True) as session:
            made_whole(session)
    if before == head():
        return f"the warehouse is at version {before} already"
    return f"the warehouse is at version {head()} now" + (f" (was {before})" if before else "")


def _tried(made: Engine, target: str) -> tuple[str | None, str]:
    """Take one step, again and again where somebody holds what it would lock; the versions before and after it.

    reliability.md W10: whoever asks for a table while a migration waits for it queues behind the migration. So that
    waits LOCK_SECONDS, lets all of them through and begins anew.
    """
    for left in reversed(range(TRIES)):
        try:
            with made.execution_options(**{WRITES: True, EXEMPT: True}).begin() as connection:
                return _stepped(connection, target)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in _HELD:
                raise
            if left == TRIES - 1:
                _LOG.warning("what the next version changes is in use; trying again until it is free")
        time.sleep(LOCK_SECONDS)
    raise WarehouseError(
        "a transaction that goes on and on is in the way of the next version; nothing of that was changed, so end the "
        "transaction or wait for it, and run `assay upgrade` again"
    )


def _stepped(connection: Connection, target: str) -> tuple[str | None, str]:
    """Run the next migration on the way to a version, if there is one, and let the program's role in."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        _refuse_encoding(connection.scalar(text("SHOW server_encoding")))
    there = version_in(connection)
    if there:
        there.refuse_newer()
    before = there.number if there else None
    now = next((number for number in migrations() if (before or "") < number <= target), before or target)
    if now != before:
        _migrate(connection, now)
    if now == head():
        spread(connection)
        report_views.made(connection)
    role = make_url(database_url()).username
    if connection.dialect.name == "postgresql" and role and role != make_url(owner_url()).username:
        _let_in(connection, role)
    return before, now


def _refuse_encoding(encoding: str) -> None:
    """WarehouseError where text is kept as bytes that nobody can compare, as where a locale was never set."""
    if encoding != "UTF8":
        raise WarehouseError(
            f"the database keeps text as {encoding}; make it anew with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE "
            "template0"
        )


def _migrate(connection: Connection, number: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, number)
    if number >= FLOORS_SINCE:
        said = text("UPDATE alembic_version SET oldest_program = :oldest")
        connection.execute(said, {"oldest": oldest_program(number)})


def require_current() -> None:
    """Raise WarehouseError, which says what to do, unless the warehouse is there, at this version and locked.

    For what must know every table there is, or it would leave out what it does not know: a backup, a removal.
    """
    require_sound().refuse_newer()


def require_sound() -> Version:
    """The version of the warehouse; WarehouseError unless this program works on it (db.version) and it is locked."""
    made = engine()
    if absent(made):
        raise no_warehouse(made)
    with worded(made), made.connect() as connection:
        found = version_in(connection)
        faults = unlocked(connection)
    if found:
        found.refuse_older()
    if not found or not found.takes_this:
        raise no_warehouse(made)
    if faults:
        raise WarehouseError("row-level security does not hold: " + "; ".join(faults))
    return found


def version() -> str | None:
    """The version that the warehouse has now; None where there are no tables yet."""
    made = engine(owner_url())
    if absent(made):
        return None
    with worded(made), made.connect() as connection:
        found = version_in(connection)
    return found.number if found else None


def set_numbers(highest: Mapping[str, int]) -> None:
    """Let the numbers that PostgreSQL gives to new rows begin behind the highest of each of these tables.

    By the owner, whose the counters are. SQLite looks for itself.
    """
    made = engine(owner_url())
    if made.dialect.name != "postgresql":
        return
    with made.execution_options(**{EXEMPT: True}).begin() as connection:
        for table, number in highest.items():
            named = {"table": f"public.{table}", "number": number}
            connection.execute(text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :number)"), named)


def _let_in(connection: Connection, role: str) -> None:
    name = connection.dialect.identifier_preparer.quote(role)
    if not connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).scalar():
        raise WarehouseError(f"the role {role} of ASSAY_DATABASE_URL does not exist; CREATE ROLE {name} LOGIN")
    connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA public TO {name}")
    connection.exec_driver_sql(f"GRANT SELECT ON alembic_version TO {name}")
    there = set(connection.dialect.get_table_names(connection, "public"))  # an earlier version has not all of them
    for table in (each for each in METADATA.sorted_tables if each.name in there):
        may = "SELECT, INSERT" if table.name in APPEND_ONLY else "SELECT, INSERT, UPDATE"
        may = "SELECT" if table.name in OWNERS_ALONE else may
        connection.exec_driver_sql(f"REVOKE ALL ON {table.name} FROM PUBLIC, {name}")
        connection.exec_driver_sql(f"GRANT {may} ON {table.name} TO {name}")
    connection.exec_driver_sql(f"GRANT DELETE ON {', '.join(n for n in FORGETTABLE if n in there)} TO {name}")
    connection.exec_driver_sql(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}")


def unlocked(connection: Connection) -> list[str]:
    """What lets this connection's role past row-level security, in words; nothing on SQLite (db.locks)."""
    return [] if connection.dialect.name != "postgresql" else faults(connection)
