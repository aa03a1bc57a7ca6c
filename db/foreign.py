"""Rows of a database that is not ours: one table or one query, read and nothing else, as text (reliability.md F2, F11).

The address is the operator's; the question is a stranger's. PostgreSQL is asked through a cursor, which takes one
question and no command, in a transaction that cannot write; SQLite through a file that is open for reading, by a
connection that is allowed to read and nothing else (it could attach any file of the machine). Others are not asked.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import polars as pl
from sqlalchemy import URL, Connection, NullPool, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from db.session import EXEMPT
from scheme.errors import NotFetched, UsageError

MOST_ROWS, SECONDS = 1_000_000, 120
_OURS = {"audit_entries", "platform_audit", "tenants"}  # who has all of these is a warehouse of Assay
_READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_NEVER = {"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"}


@dataclass(frozen=True)
class Limits:
    """What one question may take."""

    rows: int = MOST_ROWS
    seconds: int = SECONDS


def fetch(url: str, to: Path, *, table: str = "", query: str = "", limits: Limits | None = None) -> int:
    """Write the rows of a table, or of a query, as a Parquet file of text; gives how many there are.

    UsageError for an address that is none of ours to ask, a question that is no single SELECT, or cells that are no
    text; NotFetched where the database does not answer, or has more than the limits allow. Neither says what is in the
    address.
    """
    limits, place = limits or Limits(), _place(url)
    try:
        with _connected(place, limits) as connection:
            question = query or f"SELECT * FROM {_quoted(connection, table)}"  # noqa: S608 (its parts are quoted)
            if place.get_backend_name() == "postgresql":
                connection = connection.execution_options(stream_results=True, max_row_buffer=5_000)
            result = connection.execution_options(no_parameters=True).exec_driver_sql(question.strip().rstrip(";"))
            if not result.returns_rows:
                raise UsageError("the question gives no rows; write a single SELECT")
            frame = _frame(list(result.keys()), result, limits)
    except DBAPIError as error:
        raise _in_words(error, limits) from None
    except SQLAlchemyError as error:
        raise NotFetched(f"the database cannot be read ({type(error).__name__})") from None
    frame.write_parquet(to)
    return frame.height


def _place(url: str) -> URL:
    try:
        place = make_url(url)
    except ArgumentError:
        raise UsageError("the variable that the source names holds no address of a database") from None
    match place.get_backend_name():
        case "postgresql" | "postgres":
            return place.set(drivername="postgresql+psycopg")
        case "sqlite" if place.database and Path(place.database).is_file():
            return place
        case "sqlite":
            raise NotFetched("the database's file is not there")
    raise UsageError("databases that can be asked are PostgreSQL and SQLite")


@contextmanager
def _connected(place: URL, limits: Limits) -> Iterator[Connection]:
    """A connection that reads and nothing else, its transaction undone at the end."""
    ends = monotonic() + limits.seconds
    if place.get_backend_name() == "sqlite":
        file = f"{Path(place.database or '').resolve().as_uri()}?mode=ro"
        made = create_engine(
            "sqlite://", creator=lambda: sqlite3.connect(file, uri=True, timeout=10), poolclass=NullPool
        )
    else:
        told = f"-c timezone=UTC -c statement_timeout={limits.seconds}s -c default_transaction_read_only=on"
        how = {"connect_timeout": 10, "application_name": "assay source", "options": told}
        made = create_engine(place, poolclass=NullPool, connect_args=how)
    # Its tables may have the names of ours: the guard of db.session is for our own warehouse, which this never is.
    try:
        with made.connect().execution_options(**{EXEMPT: True}) as connection:
            if place.get_backend_name() == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            names = (
                "SELECT relname FROM pg_class" if "postgresql" in place.drivername else "SELECT name FROM sqlite_master"
            )
            if set(connection.exec_driver_sql(names).scalars()) >= _OURS:
                raise UsageError("this database is a warehouse of Assay, which is no source")
            if place.get_backend_name() == "postgresql":
                who = connection.exec_driver_sql("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
                if who.scalar():
                    raise UsageError("the database is asked as a superuser; give the source a role that only reads")
            else:
                _only_reads(connection, ends)
            yield connection
    finally:
        made.dispose()


def _only_reads(connection: Connection, ends: float) -> None:
    driver: Any = connection.connection.driver_connection

    def may(action: int, _: str | None, second: str | None, *__: str | None) -> int:
        if action not in _READS or (action == sqlite3.SQLITE_FUNCTION and str(second).casefold() in _NEVER):
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    driver.set_authorizer(may)
    driver.set_progress_handler(lambda: monotonic() > ends, 10_000)


def _quoted(connection: Connection, table: str) -> str:
    return ".".join(connection.dialect.identifier_preparer.quote_identifier(part) for part in table.split("."))


def _frame(names: Sequence[str], rows: Any, limits: Limits) -> pl.DataFrame:
    if len(set(names)) < len(names):
        raise UsageError("two columns have one name; name them apart in the query")
    columns: list[list[str | None]] = [[] for _ in names]
    for n, row in enumerate(rows):
        if n >= limits.rows:
            raise NotFetched(f"there are more than {limits.rows:,} rows; ask for fewer")
        for name, column, cell in zip(names, columns, row, strict=True):
            column.append(_text(name, cell))
    return pl.DataFrame(dict(zip(names, columns, strict=True)), dict.fromkeys(names, pl.String))


def _text(name: str, cell: object) -> str | None:
    """A cell as a sender would write it; codes stay as they are."""
    match cell:
        case None | str():
            return cell
        case bool():
            return "yes" if cell else "no"
        case datetime() if cell.hour or cell.minute or cell.second or cell.microsecond:
            return cell.isoformat(sep=" ")
        case datetime():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case Decimal():
            return f"{cell:f}"
        case int() | float() | UUID():
            return str(cell)
    raise UsageError(f"column {name} holds {type(cell).__name__}, which is no text; leave it out, or write it as text")


def _in_words(error: DBAPIError, limits: Limits) -> NotFetched | UsageError:
    """What went wrong, without what the driver says: it may hold the address, or what lies in other tables."""
    state, said = getattr(error.orig, "sqlstate", None) or "", str(error.orig).casefold()
    if state == "57014" or "interrupted" in said:
        return NotFetched(f"the question takes longer than {limits.seconds} seconds; ask for less")
    if state == "25006" or "not authorized" in said or "prohibited" in said or "readonly" in said:
        return UsageError("a source's question may read and nothing else")
    if state == "42501":
        return NotFetched("the database does not let this role read that")
    if state.startswith("42") or "syntax error" in said or "no such" in said:
        return UsageError("the question names a table or column that is not there, or is no SELECT")
    if state.startswith("28"):
        return NotFetched("the database refuses us; the operator looks after the address and its password")
    if "locked" in said or not state or state.startswith(("08", "53", "57P", "40")):
        return NotFetched("the database cannot be reached, or is busy", again=True)
    return NotFetched(f"the database refuses the question ({state})")
