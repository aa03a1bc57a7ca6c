"""Where the warehouse is, and how connections to it behave."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from db.deadline import is_over
from scheme.errors import TooLong, UsageError, WarehouseError
from variables import declare, one_of

DEFAULT_URL = "sqlite:///assay.db"
BUSY_SECONDS, IMPATIENT_SECONDS = 60.0, 0.2
POOL_SECONDS = 2  # reliability.md W8: whoever waits for a connection longer than this is told so, and does not hang
READ_SECONDS, IDLE_SECONDS = 120, 600  # on PostgreSQL: one question of a reader, and a transaction that asks nothing
# reliability.md W1: before 3.51.3 a WAL can be corrupted by two connections that write.
JOURNAL = "WAL" if sqlite3.sqlite_version_info >= (3, 51, 3) else "DELETE"
# What SQLAlchemy raises where the database may be at fault: what it said, that no connection came free, and that a
# transaction went on after its connection was lost (which has a code of its own among the faults of that kind).
FAULTS, _CUT = (DBAPIError, PoolTimeout, PendingRollbackError), "8s2b"
_LOOKS_EVERY = 100_000  # of the steps of SQLite's machine: some milliseconds
READER_KB, WRITER_KB = 2_000, 256_000  # of SQLite's cache of pages: its own choice, and the most for a writer
# Execution options: of connections that may write; of those that would rather give up than wait for another writer; of
# those beside which there is nobody.
WRITES, IMPATIENT, ALONE = "assay_writes", "assay_impatient", "assay_alone"


def _address(text: str) -> str:
    """An address as it stands, if it is one that a warehouse may have; the error never repeats it."""
    try:
        backend = make_url(text).get_backend_name() if text else "sqlite"
    except ArgumentError:
        raise UsageError("this is not an address; write sqlite:///FILE or postgresql://...") from None
    if backend not in ("sqlite", "postgresql", "postgres"):
        raise UsageError("the warehouse lives in an SQLite file (sqlite:///FILE) or in PostgreSQL (postgresql://...)")
    return text


WAREHOUSE = declare(
    "ASSAY_DATABASE_URL",
    "where the warehouse is: `sqlite:///path/to/assay.db` or `postgresql://user:password@host/name`",
    "`assay.db` in the working directory",
    _address,
    DEFAULT_URL,
    is_secret=True,
)
OWNER = declare(
    "ASSAY_OWNER_DATABASE_URL",
    "the owner's address on PostgreSQL, used by `assay upgrade`, `assay reader` and `assay tenant remove` alone",
    "the same as `ASSAY_DATABASE_URL`",
    _address,
    is_secret=True,
)
POOLER = declare(
    "ASSAY_POOLER",
    "`transaction` where a pooler that lends connections by the transaction (PgBouncer) stands before PostgreSQL; "
    "`assay upgrade` goes past it, by `ASSAY_OWNER_DATABASE_URL`",
    "none",
    one_of("ASSAY_POOLER", "transaction"),
)


def database_url() -> str:
    """The address of the warehouse: ASSAY_DATABASE_URL, else assay.db in the working directory."""
    return WAREHOUSE.said()


def owner_url() -> str:
    """The address under which migrations run: ASSAY_OWNER_DATABASE_URL, else the warehouse's own."""
    return OWNER.said() or database_url()


def pooled() -> bool:
    """Whether a pooler that lends connections by the transaction stands before PostgreSQL: ASSAY_POOLER=transaction.

    UsageError for any other word.
    """
    return POOLER.read() == "transaction"


def engine(url: str | None = None) -> Engine:
    """The one engine of this process for an address, by default the warehouse's; UsageError where it makes no sense."""
    return _engine(url or database_url())


def address() -> URL:
    """The parts of the warehouse's address; UsageError, which does not repeat it, where it is none."""
    return _parts(database_url())


def _parts(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError:  # whose words may hold a password
        raise UsageError("ASSAY_DATABASE_URL is not an address; write sqlite:///FILE or postgresql://...") from None


@cache
def _engine(url: str) -> Engine:
    parsed = _parts(url)
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    match parsed.get_backend_name():
        case "sqlite" if parsed.database and parsed.database != ":memory:":
            made = create_engine(parsed, pool_timeout=POOL_SECONDS, connect_args={"timeout": BUSY_SECONDS})
            event.listen(made, "connect", _sqlite_connected)
            event.listen(made, "begin", _sqlite_begins)
        case "postgresql":
            # Without the encoding, a database that has none is read as bytes, by nobody here.
            options: dict[str, Any] = {"connect_timeout": 10, "application_name": "assay", "client_encoding": "utf8"}
            if pooled():  # such a pooler hands each transaction to another connection: nothing may be left on one
                options["prepare_threshold"] = None
            else:
                options["options"] = f"-c timezone=UTC -c lock_timeout={int(BUSY_SECONDS)}s"
            made = create_engine(parsed, pool_pre_ping=True, pool_timeout=POOL_SECONDS, connect_args=options)
        case _:
            raise UsageError(
                "the warehouse lives in an SQLite file (sqlite:///FILE) or in PostgreSQL (postgresql://...)"
            )
    # A connection must not be shared with a forked worker.
    os.register_at_fork(after_in_child=lambda: made.dispose(close=False))
    return made


def _sqlite_connected(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in (
        "foreign_keys = ON",
        "recursive_triggers = ON",  # else INSERT OR REPLACE removes rows past the triggers of the audit log
        f"journal_mode = {JOURNAL}",
        "synchronous = FULL",
        "cache_spill = OFF",  # a spilling writer would lock readers out long before it commits
    ):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begins(connection: Connection) -> None:
    options = connection.get_execution_options()
    writes, seconds = options.get(WRITES, False), IMPATIENT_SECONDS if options.get(IMPATIENT) else BUSY_SECONDS
    driven: Any = connection.connection.driver_connection
    driven.set_progress_handler(None if writes else is_over, _LOOKS_EVERY)  # a request that took too long reads no more
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
    connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
    if writes:
        connection.exec_driver_sql(f"PRAGMA cache_spill = {'ON' if options.get(ALONE) else 'OFF'}")
    # What a writer changes stays in memory anyway (cache_spill); a cache too small for it is searched in vain.
    connection.exec_driver_sql(f"PRAGMA cache_size = {-WRITER_KB if writes else -READER_KB}")
    # A deferred transaction that reads and then writes fails at once when another has written (reliability.md F15).
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def pool_in_use() -> int:
    """How many connections of this process are in use now; 0 where it has asked nothing yet."""
    pool = engine().pool
    return pool.checkedout() if isinstance(pool, QueuePool) else 0


def absent(made: Engine) -> bool:
    """Whether the warehouse is an SQLite file that is not there (opening it would make an empty one)."""
    return made.dialect.name == "sqlite" and not Path(made.url.database or "").exists()


def no_warehouse(made: Engine) -> WarehouseError:
    """The error that says what to do where there are no tables yet."""
    where = (
        made.url.database
        if made.dialect.name == "sqlite"
        else made.url.set(query={}).render_as_string(hide_password=True)
    )
    return WarehouseError(f"there is no warehouse of this version at {where}; run `assay upgrade`")


@contextmanager
def worded(made: Engine) -> Iterator[None]:
    """Let faults of the database be WarehouseErrors, in words fit to be shown; faults of ours stay as they are."""
    try:
        yield
    except FAULTS as error:
        words = in_words(error, made)
        if words is None:
            raise
        raise words from error


def in_words(error: DBAPIError | PoolTimeout | PendingRollbackError, made: Engine) -> WarehouseError | None:
    """A fault of the database in words fit to be shown; None where it is a fault of ours."""
    if isinstance(error, PoolTimeout):
        return WarehouseError("the warehouse has no connection free just now; nothing was saved, try again")
    if isinstance(error, PendingRollbackError):
        gone = WarehouseError("the warehouse cannot be reached; nothing was saved, try again")
        return gone if error.code == _CUT else None
    said, state = str(error.orig).casefold(), getattr(error.orig, "sqlstate", None)
    if "no such table" in said or "no such column" in said or state in ("42P01", "42703"):
        return no_warehouse(made)
    if "database is locked" in said or state in ("55P03", "40P01", "40001"):
        return WarehouseError("the warehouse is busy; nothing was saved, try again in a minute")
    if state == "57014" or said == "interrupted":  # statement_timeout; `_sqlite_begins`
        return TooLong("the question took the warehouse too long and was given up; ask for less at once")
    if "disk is full" in said or state == "53100":
        return WarehouseError("the disk of the warehouse is full; nothing was saved, make room and try again")
    if "readonly database" in said or "unable to open" in said or "not a database" in said or state == "42501":
        return WarehouseError(f"the warehouse cannot be used ({error.orig}); check its address and permissions")
    if error.connection_invalidated or (state or "").startswith(("08", "57P", "28", "3D", "53")):
        return WarehouseError(f"the warehouse cannot be reached ({str(error.orig).splitlines()[0]}); try again")
    if state is None and type(error).__name__ == "OperationalError":
        return WarehouseError(f"the warehouse cannot be used ({str(error.orig).splitlines()[0]})")
    return None
