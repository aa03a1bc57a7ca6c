"""Bringing the warehouse to this version, and refusing to work with any other."""

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Connection, make_url, text

from db import report_views
from db.citus import spread
from db.engine import WRITES, absent, database_url, engine, no_warehouse, owner_url, worded
from db.locks import faults
from db.models import APPEND_ONLY, FORGETTABLE, OWNERS_ALONE, Base
from db.readied import made_whole
from db.session import EXEMPT, open_session
from db.tenants import scope_of
from scheme.errors import WarehouseError
from variables import declare, whole

MIGRATIONS = Path(__file__).parent / "migrations"
# One upgrade at a time; any number will do.
_UPGRADE_LOCK = 20081117
# Read by migration 0012.
PARTITIONS = declare(
    "ASSAY_PARTITIONS",
    "in how many parts `assay upgrade` makes the large tables on PostgreSQL, once, when a warehouse is made or brought "
    "to version 0012: 1 to 128 (scaling)",
    "16",
    whole("ASSAY_PARTITIONS", 1, 128),
    "16",
)


def head() -> str:
    """The version this program needs: the number that begins the name of the newest migration."""
    return max(path.name for path in (MIGRATIONS / "versions").glob("[0-9]*.py")).split("_")[0]


def upgrade(to: str | None = None) -> str:
    """Create the warehouse, or bring it to this version; says what it did.

    `to`: to an earlier version and no further, for rows of that version to be put into it (db.backup).

    Runs under the owner's address. Where that is another role than the program's, the latter may read and change rows
    and owns nothing. Then what pages read is made ready where it is not (db.readied), by the program's own role and
    tenant by tenant, in a transaction each. WarehouseError where the database cannot be used or was made by a newer
    Assay.
    """
    from alembic import command
    from alembic.config import Config

    made = engine(owner_url())
    with worded(made), made.execution_options(**{WRITES: True, EXEMPT: True}).begin() as connection:
        if made.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
        before = version_in(connection)
        _refuse_newer(before)
        report_views.dropped(connection, changing=before != head())
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, to or "head")
        if to in (None, head()):
            spread(connection)
            report_views.made(connection)
        role = make_url(database_url()).username
        if made.dialect.name == "postgresql" and role and role != make_url(owner_url()).username:
            _let_in(connection, role)
        if to not in (None, head()):
            return f"the warehouse is at version {to}"
        codes = list(connection.execute(text("SELECT code FROM tenants ORDER BY code")).scalars())
    for code in codes:
        with open_session(scope_of(code), write=True) as session:
            made_whole(session)
    if before == head():
        return f"the warehouse is at version {before} already"
    return f"the warehouse is at version {head()} now" + (f" (was {before})" if before else "")


def require_current() -> None:
    """Raise WarehouseError, which says what to do, unless the warehouse is there, at this version and locked."""
    made = engine()
    if absent(made):
        raise no_warehouse(made)
    with worded(made), made.connect() as connection:
        version = version_in(connection)
        faults = unlocked(connection)
    _refuse_newer(version)
    if version != head():
        raise no_warehouse(made)
    if faults:
        raise WarehouseError("row-level security does not hold: " + "; ".join(faults))


def version() -> str | None:
    """The version that the warehouse has now; None where there are no tables yet."""
    made = engine(owner_url())
    if absent(made):
        return None
    with worded(made), made.connect() as connection:
        return version_in(connection)


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


def version_in(connection: Connection) -> str | None:
    """The version of the warehouse that a connection leads to; None where there are no tables of ours."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _refuse_newer(version: str | None) -> None:
    if version is not None and version > head():
        raise WarehouseError(f"the warehouse is at version {version}, made by a newer Assay; update this one")


def _let_in(connection: Connection, role: str) -> None:
    name = connection.dialect.identifier_preparer.quote(role)
    if not connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).scalar():
        raise WarehouseError(f"the role {role} of ASSAY_DATABASE_URL does not exist; CREATE ROLE {name} LOGIN")
    connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA public TO {name}")
    connection.exec_driver_sql(f"GRANT SELECT ON alembic_version TO {name}")
    there = set(connection.dialect.get_table_names(connection, "public"))  # an earlier version has not all of them
    for table in (each for each in Base.metadata.sorted_tables if each.name in there):
        may = "SELECT, INSERT" if table.name in APPEND_ONLY else "SELECT, INSERT, UPDATE"
        may = "SELECT" if table.name in OWNERS_ALONE else may
        connection.exec_driver_sql(f"REVOKE ALL ON {table.name} FROM PUBLIC, {name}")
        connection.exec_driver_sql(f"GRANT {may} ON {table.name} TO {name}")
    connection.exec_driver_sql(f"GRANT DELETE ON {', '.join(n for n in FORGETTABLE if n in there)} TO {name}")
    connection.exec_driver_sql(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}")


def unlocked(connection: Connection) -> list[str]:
    """What lets this connection's role past row-level security, in words; nothing on SQLite (db.locks)."""
    return [] if connection.dialect.name != "postgresql" else faults(connection)
