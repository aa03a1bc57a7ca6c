"""Frames in and out of the warehouse, through the session's own connection and never past the lock.

A canonical row is kept in the warehouse as it travels, but for two things: what names nothing is "" in a key, and lists
of codes are text with ";" between.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any

import polars as pl
from sqlalchemy import Select
from sqlalchemy.orm import Session

from db.citus import is_there
from db.loading import staged_schema
from db.models import METADATA
from db.session import bound_tenant
from scheme.frames import Schema
from scheme.standard import code_order
from scheme.tables import TABLES

LIST = pl.List(pl.String)
MOMENT = pl.Datetime("us", "UTC")
CHANGES = "assay_changes"  # in a session: what was done to canonical tables, in turn, for db.ready
_AT_ONCE, _TOGETHER = 100_000, 10  # rows made ready for statements at once; rows of one of them
PLACE: Schema = {"load_number": pl.Int64, "file_number": pl.Int64, "row_number": pl.Int64}


@dataclass(frozen=True)
class Change:
    """Rows of a canonical table, as kept, that were added, or the keys of rows that were ended."""

    table: str
    rows: pl.DataFrame
    ended: bool


def kept_schema(table: str) -> Schema:
    """The columns and dtypes of a canonical table as the warehouse keeps it, without where its rows come from."""
    staged = {name: dtype for name, dtype in staged_schema(table).items() if name not in PLACE}
    return {name: pl.String if dtype == LIST else dtype for name, dtype in staged.items()}


def as_kept(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Staged rows as the warehouse keeps them: all columns of kept_schema, then whatever else the frame has.

    Empty text is nothing said; a visit without a mode was on site (inputs.md section 1).
    """
    spec, columns = TABLES[table], []
    for name, dtype in staged_schema(table).items():
        if name in PLACE:
            continue
        column = pl.col(name) if name in frame.columns else pl.lit(None, dtype)
        if dtype == LIST and frame.schema.get(name) != pl.String:
            column = column.cast(LIST).list.join(";")
        kept = column.cast(pl.String if dtype == LIST else dtype)
        if kept_schema(table)[name] == pl.String:
            kept = pl.when(kept != "").then(kept)
        if dtype == pl.Float64:
            kept = kept.fill_nan(None)
        if name == "mode":
            kept = kept.fill_null("on_site")
        if name in spec.key and kept_schema(table)[name] == pl.String:
            kept = kept.fill_null("")
        columns.append(kept.alias(name))
    rest = [name for name in frame.columns if name not in kept_schema(table)]
    return frame.select(*columns, *rest)


def as_told(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Rows as the warehouse keeps them, as they travel: null for what names nothing, lists for codes and elements.

    Several departments of a site: an empty list where there are none; no elements: null.
    """
    columns = []
    for name, dtype in staged_schema(table).items():
        if name in PLACE or name not in frame.columns:
            continue
        column = pl.col(name)
        if kept_schema(table)[name] == pl.String:
            column = pl.when(column != "").then(column)
        if dtype == LIST:
            column = column.str.split(";")
            if name == "department_code":
                column = column.fill_null([])
        columns.append(column.alias(name))
    return frame.with_columns(columns)


def fetched(session: Session, statement: Select[*tuple[Any, ...]], schema: Schema) -> pl.DataFrame:
    """The rows of a statement as a frame; `schema` names its columns in order."""
    # The driver's own tuples: SQLAlchemy's rows, made one by one, would take twice as long.
    result: Any = session.execute(statement)
    rows = result.raw.cursor.fetchall()
    result.close()
    if session.get_bind().dialect.name == "postgresql":
        return pl.DataFrame(rows, schema, orient="row")
    # In SQLite days and moments are text, and truths are numbers.
    plain = {
        name: pl.String if dtype == pl.Date or dtype == MOMENT else pl.Int64 if dtype == pl.Boolean else dtype
        for name, dtype in schema.items()
    }
    moment = "%Y-%m-%d %H:%M:%S%.6f"
    columns = [
        pl.col(name).str.to_date("%Y-%m-%d")
        if dtype == pl.Date
        else pl.col(name).str.to_datetime(moment, time_unit="us", time_zone="UTC")
        if dtype == MOMENT
        else pl.col(name).cast(dtype)
        for name, dtype in schema.items()
    ]
    return pl.DataFrame(rows, plain, orient="row").select(columns)


def insert(session: Session, table: str, frame: pl.DataFrame) -> None:
    """Add a frame's rows to a table that the session's tenant owns; columns have the table's names."""
    if not frame.height:
        return
    _remembered(session, table, frame, ended=False)
    frame = frame.select(pl.lit(bound_tenant(session), pl.Int64).alias("tenant_id"), pl.all())
    if table in TABLES:
        frame = frame.sort(TABLES[table].key)  # as its indexes are, so that a large load fills them page by page
    quoted = ", ".join(f'"{name}"' for name in frame.columns)
    alike = _alike(frame)
    own = frame.drop(alike)
    connection = session.connection()
    if _stages(session):
        with _staged(session, table, own) as staged:
            places = {name: f"c{n}" for n, name in enumerate(own.columns)} | alike
            values = ", ".join(places[name] for name in frame.columns)
            connection.exec_driver_sql(f"INSERT INTO {table} ({quoted}) SELECT {values} FROM {staged}")  # noqa: S608
        return
    mark = _mark(session)
    row = "(" + ", ".join(alike.get(name, mark) for name in frame.columns) + ")"
    said = f"INSERT INTO {table} ({quoted}) VALUES "  # noqa: S608
    for part in own.iter_slices(_AT_ONCE):
        # No tuple for each row on the way: a tenth of the time would go on clearing them up.
        cells = list(chain.from_iterable(zip(*_columns(part), strict=True)))
        wide = own.width * _TOGETHER
        whole = len(cells) - len(cells) % wide
        if whole:
            several = [tuple(cells[n : n + wide]) for n in range(0, whole, wide)]
            connection.exec_driver_sql(said + ", ".join([row] * _TOGETHER), several)
        if cells[whole:]:
            rest = [tuple(cells[n : n + own.width]) for n in range(whole, len(cells), own.width)]
            connection.exec_driver_sql(said + row, rest)


def _alike(frame: pl.DataFrame) -> dict[str, str]:
    """The columns that say the same in every row, a whole number or nothing, as SQL; at least one column says more."""
    found = {}
    for name, dtype in frame.schema.items():
        column = frame[name]
        if column.null_count() == frame.height:
            found[name] = "NULL"
        elif dtype == pl.Int64 and not column.null_count() and column.min() == column.max():
            found[name] = str(column[0])
    if len(found) == frame.width:
        del found[frame.columns[0]]
    return found


def supersede(session: Session, table: str, rows: pl.DataFrame, by_load: int) -> None:
    """Mark rows of a canonical table (its key columns and load_number) as superseded by a load."""
    if not rows.height:
        return
    _remembered(session, table, rows, ended=True)
    names = (*TABLES[table].key, "load_number")
    tenant, connection = bound_tenant(session), session.connection()
    if _stages(session):
        same = " AND ".join(f'kept."{name}" = staged.c{n}' for n, name in enumerate(names))
        with _staged(session, table, rows.select(names)) as staged:
            connection.exec_driver_sql(
                f"UPDATE {table} kept SET superseded_by_load = {int(by_load)} FROM {staged} staged "  # noqa: S608
                f"WHERE kept.tenant_id = {int(tenant)} AND {same}"
            )
        return
    same = " AND ".join(f'"{name}" = {_mark(session)}' for name in names)
    said = f"UPDATE {table} SET superseded_by_load = {int(by_load)} WHERE tenant_id = {int(tenant)} AND {same}"  # noqa: S608
    connection.exec_driver_sql(said, _bare(rows.select(names)))


def _stages(session: Session) -> bool:
    """Whether rows go through a temporary table: on PostgreSQL, but for Citus, which would COPY them past a policy."""
    connection = session.connection()
    return connection.dialect.name == "postgresql" and not is_there(connection)


def _mark(session: Session) -> str:
    return "?" if session.get_bind().dialect.name == "sqlite" else "%s"


def _remembered(session: Session, table: str, rows: pl.DataFrame, *, ended: bool) -> None:
    """Note rows of a canonical table that are there from now on, or (their keys) no longer, until `changes_taken`."""
    if table in TABLES:
        kept = rows.select(*TABLES[table].key) if ended else rows
        session.info.setdefault(CHANGES, {}).setdefault(session.get_nested_transaction(), []).append(
            Change(table, kept, ended)
        )


def changes_taken(session: Session) -> list[Change] | None:
    """What was inserted and superseded since this was last asked, in turn; None where some of it may be undone.

    That is so in a savepoint, and where one has ended since without its changes having been asked for.
    """
    noted: dict[Any, list[Change]] = session.info.pop(CHANGES, {})
    inside = session.get_nested_transaction()
    if inside is not None:
        noted.pop(inside, None)
        session.info[CHANGES] = noted
        return None
    return noted.get(None, []) if set(noted) <= {None} else None


def _bare(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    return list(zip(*_columns(frame), strict=True))


def _columns(frame: pl.DataFrame) -> list[list[Any]]:
    # Days as SQLAlchemy writes them: in SQLite they are text, and two ways of writing would not compare.
    days = [pl.col(name).dt.strftime("%Y-%m-%d") for name, dtype in frame.schema.items() if dtype == pl.Date]
    # Column by column: three times as fast as frame.rows().
    return [column.to_list() for column in frame.with_columns(days)]


@contextmanager
def _staged(session: Session, table: str, frame: pl.DataFrame) -> Iterator[str]:
    """A temporary table with a frame's rows and the columns c0, c1 ...: row-level security refuses COPY into any other.

    (stack.md, five that shape the design, 4.)
    """
    connection, staged = session.connection(), f"staged_{table}"
    kinds = [METADATA.tables[table].c[name].type.compile(connection.dialect) for name in frame.columns]
    columns = ", ".join(f"c{n} {kind}" for n, kind in enumerate(kinds))
    connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {staged} ({columns}) ON COMMIT DROP")
    text = io.BytesIO()
    frame.write_csv(text, include_header=False, quote_style="non_numeric", null_value="\\N")
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {staged} FROM STDIN (FORMAT csv, NULL '\\N')") as copy:
        copy.write(text.getbuffer())
    yield staged
    connection.exec_driver_sql(f"DROP TABLE {staged}")


def in_turn(frame: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """The frame sorted by some columns, codes in their own order: none first, numbers in number order."""
    keys = []
    for name in by:
        if frame.schema[name] == pl.String:
            codes = sorted(frame[name].unique(), key=code_order)
            keys.append(pl.col(name).replace_strict(codes, range(len(codes)), return_dtype=pl.Int64))
        else:
            keys.append(pl.col(name))
    return frame.sort(keys, maintain_order=True)
