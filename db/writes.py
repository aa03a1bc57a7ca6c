"""Publishing a load: in one transaction all of it is in, or none (inputs.md section 4; reliability.md F4, F15)."""

import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from db import audit, models, quotas, reads, statements
from db.engine import WRITES
from db.frames import as_kept, as_told, fetched, in_turn, insert, kept_schema, supersede
from db.loading import NO_FILE, FileReport, Load, Own, load_of_this_thread
from db.mapped import Base
from db.models import TAKEN_IN, VERSIONED
from db.readied import brought_up
from db.session import bound_tenant, scope_in
from db.taken_in import settle, take_in
from db.version import installed
from scheme.frames import Schema
from scheme.tables import TABLES

Opened = Session  # what etl calls a session that it is given, without knowing SQLAlchemy
_FEW = 300  # so many codes are asked for by name; more, and the whole table is read
_LISTED = 20  # rows named in a note


def compare(session: Session, table: str, frame: pl.DataFrame, cleared: Collection[str] = ()) -> pl.DataFrame:
    """Staged rows against what holds now: what each would say once loaded, and `change` (new, changed, unchanged).

    Takes and gives the columns of db.loading.staged_schema; an empty cell never overwrites a real value, except where
    the row was only taken in because something named its code, and in the columns to be `cleared`.
    """
    return as_told(table, _compared(session, table, frame, cleared).drop("held_by_load"))


def _compared(session: Session, table: str, frame: pl.DataFrame, cleared: Collection[str]) -> pl.DataFrame:
    spec, staged = TABLES[table], as_kept(table, frame)
    held = _held(session, table, staged)
    joined = staged.join(held, on=spec.key, how="left", suffix="_held", nulls_equal=True, maintain_order="left")
    known = pl.col("held_by_load").is_not_null()
    told = {name: pl.col(name) if name in cleared else pl.coalesce(name, f"{name}_held") for name in spec.values}
    differs = [told[name].ne_missing(pl.col(f"{name}_held")) for name in spec.values]
    if table in TAKEN_IN:
        differs.append(~pl.col("is_confirmed"))
    change = pl.when(~known).then(pl.lit("new")).when(pl.any_horizontal(differs)).then(pl.lit("changed"))
    return joined.with_columns(change.otherwise(pl.lit("unchanged")).alias("change")).select(
        *spec.key,
        *(told[name].alias(name) for name in kept_schema(table) if name in spec.values),
        *(name for name in frame.columns if name not in kept_schema(table)),
        "change",
        "held_by_load",
    )


def _held(session: Session, table: str, staged: pl.DataFrame) -> pl.DataFrame:
    spec, model = TABLES[table], VERSIONED[table]
    columns: Schema = {**kept_schema(table), **({"is_confirmed": pl.Boolean} if table in TAKEN_IN else {})}
    columns["load_number"] = pl.Int64
    narrowest = min(spec.key, key=lambda name: staged[name].n_unique())
    codes = staged[narrowest].unique().to_list()
    named = [getattr(model, narrowest).in_(codes)] if len(codes) <= _FEW else []
    held = reads.kept(session, table, columns, None, *named).rename({"load_number": "held_by_load"})
    if table in TAKEN_IN:
        values = [pl.when("is_confirmed").then(name).alias(name) for name in spec.values]
        held = held.with_columns(values)
    return held


def changes(session: Session, table: str, frame: pl.DataFrame, cleared: Collection[str] = ()) -> pl.DataFrame:
    """As `compare`, but as the warehouse keeps rows, and with what each value is now beside it, as `NAME_before`."""
    compared, key = _compared(session, table, frame, cleared).drop("held_by_load"), TABLES[table].key
    held = _held(session, table, as_kept(table, frame)).drop("held_by_load")
    held = held.select(*key, *(pl.col(name).alias(f"{name}_before") for name in TABLES[table].values))
    return compared.join(held, on=key, how="left", nulls_equal=True, maintain_order="left")


def publish(session: Session, load: Load) -> list[FileReport]:
    """Take a load into the tenant's warehouse; gives its files with loaded and unchanged counted and notes added.

    Sets `load.load_number`. Loads of one tenant wait for one another. Rows that say something new supersede what was
    said before, which is kept; rows that have vanished from a newer edition of a file (same source and file name) are
    noted, and with `withdraw_missing` taken back. UsageError where it goes beyond a quota (db.quotas), AssertionError
    where the load contradicts itself.
    """
    _sure(bool(session.info.get(WRITES)), "publish needs open_session(scope, write=True)")
    with quotas.within(session):
        number = taken(session, load)
    statements.keep(session, number, load)
    counts = ("read", "loaded", "unchanged", "set_aside")
    told = {name: sum(getattr(file, name) for file in load.files) for name in counts}
    audit.record(session, "loaded", f"load {number}", files=len(load.files), **told)
    load.load_number = number
    return load.files


def taken(session: Session, load: Load) -> int:
    """The taking itself, of which nothing is told in the audit log; gives the load's number."""
    compared = {
        name: _compared(session, name, load.tables[name], load.cleared.get(name, ()))
        for name in TABLES
        if name in load.tables and load.tables[name].height
    }
    _count(load, compared)
    missing = _vanished(session, load, compared)
    row = recorded(session, load)
    number = row.load_number
    for name, rows in compared.items():
        _write(session, name, rows, number)
    take_in(session, {name: as_told(name, rows) for name, rows in compared.items()}, number)
    if load.withdraw_missing and any(rows.height for rows in missing.values()):
        for name, rows in missing.items():
            supersede(session, name, rows, number)
        settle(session, number, pl.concat(rows["file_number"] for rows in missing.values()).to_list()[0])
    finished(session, row)
    return number


def _count(load: Load, compared: dict[str, pl.DataFrame]) -> None:
    counted = {(n, change): 0 for n in range(1, len(load.files) + 1) for change in ("new", "changed", "unchanged")}
    for name, rows in compared.items():
        twice = rows.filter(rows.select(TABLES[name].key).is_duplicated())
        _sure(not twice.height, f"two rows of one key in {name}: {twice.select(TABLES[name].key).rows()[:1]}")
        for file_number, change, count in rows.group_by("file_number", "change").len().iter_rows():
            counted[file_number, change] += count
    for file_number, file in enumerate(load.files, 1):
        file.loaded = counted[file_number, "new"] + counted[file_number, "changed"]
        file.unchanged = counted[file_number, "unchanged"]
        told = file.loaded + file.unchanged + file.duplicate + file.no_result + file.set_aside
        _sure(file.read == told or file.outcome == "refused", f"{file.file}: read {file.read}, accounted for {told}")


def _sure(truth: bool, otherwise: str) -> None:
    if not truth:
        raise AssertionError(otherwise)


def _later(session: Session, moment: datetime) -> datetime:
    newest = session.scalars(
        select(models.Load.finished_at).order_by(models.Load.load_number.desc()).offset(1).limit(1)
    ).first()
    # A clock put back must not change what was known when.
    return moment if newest is None or newest < moment else newest + timedelta(microseconds=1)


def recorded(session: Session, load: Load) -> models.Load:
    """Record a load, its files and the rows it set aside under the next number; gives its row, still to be finished."""
    number = (session.scalars(select(func.max(models.Load.load_number))).one() or 0) + 1
    row = models.Load(load_number=number, started_at=load.started_at, finished_at=load.started_at)
    row.sent_by, row.source = load.sent_by, load.source
    scope = scope_in(session)
    row.actor = scope.actor if scope else None
    row.loader = installed()
    session.add(row)
    session.flush()
    event.listen(session, "after_commit", lambda _: load_of_this_thread.set(number), once=True)
    files = [
        (
            *(number, file_number, file.file, file.sheet, file.sha256, file.table),
            *(file.read, file.loaded, file.unchanged, file.duplicate, file.no_result, file.set_aside),
            *(file.outcome, file.reason, json.dumps(file.notes, ensure_ascii=False), *(file.first or (None, None))),
            *(file.layout, file.certainty),
        )
        for file_number, file in enumerate(load.files, 1)
    ]
    insert(session, "files", pl.DataFrame(files, _FILES, orient="row"))
    rejected = [
        (
            number,
            n,
            set_aside.file_number,
            set_aside.row,
            set_aside.why,
            json.dumps(set_aside.cells, ensure_ascii=False),
        )
        for n, set_aside in enumerate(load.rejected, 1)
    ]
    insert(session, "rejected_rows", pl.DataFrame(rejected, _REJECTED, orient="row"))
    return row


def finished(session: Session, row: models.Load) -> None:
    """Say that a recorded load is in: from this moment on it was known."""
    row.finished_at = _later(session, datetime.now(UTC))
    session.get_one(models.Tenant, bound_tenant(session)).version += 1
    brought_up(session, row.load_number)


def _schema(model: type[Base]) -> Schema:
    whole = ("_number", "_count")
    names = [column.name for column in model.__table__.columns if column.name != "tenant_id"]
    return {name: pl.Int64 if name.endswith(whole) else pl.String for name in names}


_FILES, _REJECTED = _schema(models.File), _schema(models.RejectedRow)


def _write(session: Session, table: str, rows: pl.DataFrame, number: int) -> None:
    told = rows.filter(pl.col("change") != "unchanged")
    old = told.filter(pl.col("held_by_load").is_not_null()).rename({"held_by_load": "load_number"})
    supersede(session, table, old, number)
    extra = [pl.lit(value=True).alias("is_confirmed")] if table in TAKEN_IN else []
    place: list[Any] = [pl.lit(number, pl.Int64).alias("load_number"), "file_number", "row_number"]
    insert(session, table, told.select(*kept_schema(table), *extra, *place))


# --- rows that a newer edition of a file no longer has ----------------------------------------------------------------


def _vanished(session: Session, load: Load, compared: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """By table: key, load_number and the file_number of the edition they are gone from, of rows that may be taken back.

    Says in the files' notes what vanished, and what stays and why.
    """
    read: dict[str, int] = {}
    for n, file in enumerate(load.files, 1):
        if file.sha256 != NO_FILE:
            read.setdefault(file.file, n)
    refused = {file.file for file in load.files if file.outcome == "refused"}
    unsure = {load.files[n - 1].file for n in load.unreadable_keys}
    editions = _earlier(session, load.source, sorted(set(read) - refused))
    found: dict[str, pl.DataFrame] = {}
    for table, spec in TABLES.items() if editions.height else ():
        gone = _told_in(session, table, editions, load.own)
        for seen in (compared.get(table), load.seen_keys.get(table)):
            if seen is not None:
                gone = gone.join(as_kept(table, seen).select(spec.key), on=spec.key, how="anti")
        for name in gone["file"].unique().sort():
            stays = not load.withdraw_missing or name in unsure
            load.files[read[name] - 1].notes.append(_note(table, gone.filter(pl.col("file") == name), stays, load))
        numbers = pl.col("file").replace_strict(read, return_dtype=pl.Int64).alias("file_number")
        found[table] = gone.filter(~pl.col("file").is_in(sorted(unsure))).with_columns(numbers)
    return found


def _earlier(session: Session, source: str | None, names: list[str]) -> pl.DataFrame:
    file, whole = models.File, pl.Int64
    schema: Schema = {"load_number": whole, "file_number": whole, "file": pl.String}
    sent_by_load = func.coalesce(file.first_load_number, file.load_number)
    statement = (
        select(file.load_number, file.file_number, file.file)
        .join(models.Load, (models.Load.load_number == sent_by_load) & (models.Load.tenant_id == file.tenant_id))
        .where(models.Load.source.is_not_distinct_from(source), file.sha256 != NO_FILE)
    )
    named = pl.col("file").is_in(names)
    return fetched(session, statement, schema).filter(named)


def _told_in(session: Session, table: str, editions: pl.DataFrame, own: Own | None) -> pl.DataFrame:
    model, key = VERSIONED[table], TABLES[table].key
    whose = [name for name in ("department_code", "site_code") if name in kept_schema(table) and name not in key]
    columns: Schema = {**{name: kept_schema(table)[name] for name in (*key, *whose)}, "load_number": pl.Int64}
    columns["file_number"] = pl.Int64
    loads = editions["load_number"].unique().to_list()
    where = [model.load_number.in_(loads)] if len(loads) <= _FEW else []
    if table in TAKEN_IN:
        where.append(model.is_confirmed)  # type: ignore[attr-defined]
    rows = reads.kept(session, table, columns, None, *where)
    if own is not None:
        rows = rows.filter(own.rows(table))
    return rows.join(editions, on=["load_number", "file_number"]).drop("file_number", *whose)


def _note(table: str, gone: pl.DataFrame, stays: bool, load: Load) -> str:
    rows = in_turn(gone, TABLES[table].key).select(TABLES[table].key)
    named = "; ".join(", ".join(str(cell) for cell in row if cell != "") for row in rows.head(_LISTED).iter_rows())
    more = f" and {rows.height - _LISTED} more" if rows.height > _LISTED else ""
    count = f"{rows.height} row{'' if rows.height == 1 else 's'} of {table}"
    if not stays:
        what = "taken back"
    elif load.withdraw_missing:
        what = "kept (a row was set aside whose key could not be read, and it may be one of them)"
    else:
        what = "kept (--withdraw-missing takes such rows back)"
    return f"{count} no longer in this file, {what}: {named}{more}"
