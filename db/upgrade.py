"""Bringing the warehouse to this version, and refusing to work with any other."""

from pathlib import Path

from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DBAPIError

from db.citus import spread
from db.engine import WRITES, absent, database_url, engine, in_words, no_warehouse, owner_url
from db.locks import faults
from db.models import APPEND_ONLY, FORGETTABLE, Base
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


def upgrade() -> str:
    """Create the warehouse, or bring it to this version; says what it did.

    Runs under the owner's address. Where that is another role than the program's, the latter may read and change rows
    and owns nothing. Then what pages read is made ready where it is not (db.readied), by the program's own role and
    tenant by tenant, in a transaction each. WarehouseError where the database cannot be used or was made by a newer
    Assay.
    """
    from alembic import command
    from alembic.config import Config

    made = engine(owner_url())
    try:
        with made.execution_options(**{WRITES: True, EXEMPT: True}).begin() as connection:
            if made.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
            before = version_in(connection)
            _refuse_newer(before)
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            spread(connection)
            role = make_url(database_url()).username
            if made.dialect.name == "postgresql" and role and role != make_url(owner_url()).username:
                _let_in(connection, role)
            codes = list(connection.execute(text("SELECT code FROM tenants ORDER BY code")).scalars())
    except DBAPIError as error:
        words = in_words(error, made)
        if words is None:
            raise
        raise words from error
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
    try:
        with made.connect() as connection:
            version = version_in(connection)
            faults = unlocked(connection)
    except DBAPIError as error:
        words = in_words(error, made)
        if words is None:
            raise
        raise words from error
    _refuse_newer(version)
    if version != head():
        raise no_warehouse(made)
    if faults:
        raise WarehouseError("row-level security does not hold: " + "; ".join(faults))


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
    for table in Base.metadata.sorted_tables:
        may = "SELECT, INSERT" if table.name in APPEND_ONLY else "SELECT, INSERT, UPDATE"
        connection.exec_driver_sql(f"REVOKE ALL ON {table.name} FROM PUBLIC, {name}")
        connection.exec_driver_sql(f"GRANT {may} ON {table.name} TO {name}")
    connection.exec_driver_sql(f"GRANT DELETE ON {', '.join(FORGETTABLE)} TO {name}")
    connection.exec_driver_sql(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}")


def unlocked(connection: Connection) -> list[str]:
    """What lets this connection's role past row-level security, in words; nothing on SQLite (db.locks)."""
    return [] if connection.dialect.name != "postgresql" else faults(connection)
