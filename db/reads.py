"""What the warehouse knows, as frames. The tenant is the session's; most can be asked as known at a moment."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from db.frames import MOMENT, PLACE, as_told, fetched, in_turn, kept_schema
from db.loading import NO_FILE, SENT_BY_CHAMPIONS
from db.models import TAKEN_IN, VERSIONED, File, Load, RejectedRow, Tenant, Versioned
from db.ready import SCHEMAS, as_read, origins, ready, sorted_alike, warehouse_columns
from db.session import bound_tenant
from db.tenants import profiles_in, standard_in
from scheme.frames import Programme, Schema
from scheme.standard import Profile, Standard
from scheme.tables import TABLES


@dataclass(frozen=True)
class Register:
    """What a load is checked against: the standard, the profiles by code, and the codes that are known.

    `departments`: department_code, parent_code, is_confirmed; `sites`: site_code, department_code (list),
    is_confirmed. Rows not confirmed were taken in because a row named their code.
    """

    standard: Standard
    profiles: Mapping[str, Sequence[Profile]]
    departments: pl.DataFrame
    sites: pl.DataFrame


def version(session: Session) -> int:
    """A number that goes up with every change of the tenant's data or profiles."""
    return session.scalars(select(Tenant.version).where(Tenant.id == bound_tenant(session))).one()


def load_known(session: Session, known_at: datetime | None) -> int | None:
    """The newest load finished at or before a moment, 0 where there was none; None for now."""
    if known_at is None:
        return None
    number = session.scalars(select(func.max(Load.load_number)).where(Load.finished_at <= known_at)).one()
    return number or 0


def at_load(model: type[Versioned], load: int | None) -> ColumnElement[bool]:
    """The rows that held after a load; None for those that hold now."""
    if load is None:
        return model.superseded_by_load.is_(None)
    alive = model.superseded_by_load.is_(None) | (model.superseded_by_load > load)
    return and_(model.load_number <= load, alive)


def kept(session: Session, name: str, columns: Schema, load: int | None = None, *where: Any) -> pl.DataFrame:
    """Rows of a canonical table as the warehouse keeps them, after a load or now, in no promised order."""
    model = VERSIONED[name]
    statement = select(*(getattr(model, column) for column in columns)).where(at_load(model, load), *where)
    return fetched(session, statement, columns)


def table(session: Session, name: str, known_at: datetime | None = None) -> pl.DataFrame:
    """A canonical table: all its columns, then load_number, file_number, row_number, sorted by its key.

    Codes that name nothing are null; lists are lists. Departments and sites have is_confirmed before these: false for
    those taken in because a row named their code.
    """
    columns: Schema = {**kept_schema(name), **({"is_confirmed": pl.Boolean} if name in TAKEN_IN else {}), **PLACE}
    return in_turn(as_told(name, kept(session, name, columns, load_known(session, known_at))), TABLES[name].key)


def programme(session: Session, known_at: datetime | None = None) -> Programme:
    """All that the tenant's measures are made of, as known at a moment (scheme.frames has the schemas)."""
    standard, profiles = _rules(session, known_at)
    if known_at is None and (found := ready(session)):
        return Programme.ready(found.intervals, standard, profiles, *found.tables.values())
    load, tables = load_known(session, known_at), []
    for name in SCHEMAS:
        rows = kept(session, name, {column: kept_schema(name)[column] for column in warehouse_columns(name)}, load)
        tables.append(sorted_alike(name, as_read(name, rows)))
    return Programme(standard, profiles, *tables)


def _rules(session: Session, known_at: datetime | None) -> tuple[Standard, dict[str, list[Profile]]]:
    code = session.scalars(select(Tenant.standard_code).where(Tenant.id == bound_tenant(session))).one()
    standard = standard_in(session, code, known_at)
    return standard, profiles_in(session, standard, known_at)


def register(session: Session) -> Register:
    """What a load is checked against."""
    standard, profiles = _rules(session, None)
    text, flag = pl.String, pl.Boolean
    departments: Schema = {"department_code": text, "parent_code": text, "is_confirmed": flag}
    sites: Schema = {"site_code": text, "department_code": text, "is_confirmed": flag}
    return Register(
        standard,
        profiles,
        as_told("departments", kept(session, "departments", departments)).sort("department_code"),
        as_told("sites", kept(session, "sites", sites)).sort("site_code"),
    )


# --- results with where they come from --------------------------------------------------------------------------------


def _with_origin(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows that have PLACE, with file, sheet, row, load, loaded_at (UTC) instead."""
    text, whole = pl.String, pl.Int64
    files = fetched(
        session,
        select(File.load_number, File.file_number, File.file, File.sheet),
        {"load_number": whole, "file_number": whole, "file": text, "sheet": text},
    )
    moments = _finished(session).rename({"finished_at": "loaded_at"})
    placed = rows.join(files, on=["load_number", "file_number"], how="left", maintain_order="left")
    placed = placed.join(moments, on="load_number", how="left", maintain_order="left")
    rest = [name for name in rows.columns if name not in PLACE]
    row, load = pl.col("row_number").alias("row"), pl.col("load_number").alias("load")
    return placed.select(*rest, "file", "sheet", row, load, "loaded_at")


def _finished(session: Session) -> pl.DataFrame:
    schema: Schema = {"load_number": pl.Int64, "finished_at": MOMENT}
    return fetched(session, select(Load.load_number, Load.finished_at), schema)


def history(session: Session, known_at: datetime | None = None) -> pl.DataFrame:
    """Every result as loaded, superseded ones too: the keys of commands.md, `history`, sorted by them.

    `restated` is as the sender marked it; scheme.standing.effective finds the others.
    """
    names = ("department_code", "site_code", "element", "assessment_type", "assessed_on", "band", "restated")
    columns: Schema = {**{name: kept_schema("results")[name] for name in names}, **PLACE}
    columns["superseded_by_load"] = pl.Int64
    model, load = VERSIONED["results"], load_known(session, known_at)
    statement = select(*(getattr(model, name) for name in columns))
    if load is not None:
        statement = statement.where(model.load_number <= load)
    rows = _told(fetched(session, statement, columns))
    ended = _finished(session).rename({"load_number": "superseded_by_load", "finished_at": "superseded_at"})
    if load is not None:
        ended = ended.filter(pl.col("superseded_by_load") <= load)
    rows = rows.join(ended, on="superseded_by_load", how="left").drop("superseded_by_load")
    placed = _with_origin(session, rows).select(pl.exclude("superseded_at"), "superseded_at")
    return in_turn(placed, ["department_code", "site_code", "element", "assessment_type", "assessed_on", "load"])


def result_rows(
    session: Session,
    departments: Sequence[str | None],
    elements: Sequence[str],
    known_at: datetime | None = None,
) -> pl.DataFrame:
    """Results of some departments (None is the corporate body) and elements, with all that was said and where.

    All columns of the table results, then file, sheet, row, load, loaded_at (UTC); sorted by key, `restated` as sent.
    """
    model: Any = VERSIONED["results"]
    asked = (model.department_code.in_([code or "" for code in departments]), model.element.in_(list(elements)))
    rows = kept(session, "results", {**kept_schema("results"), **PLACE}, load_known(session, known_at), *asked)
    return in_turn(_with_origin(session, _told(rows)), TABLES["results"].key)


def visit_rows(session: Session, sites: Sequence[str], known_at: datetime | None = None) -> pl.DataFrame:
    """Visits to some sites: all columns of the table visits, then file, sheet, row, load, loaded_at; sorted by key."""
    model: Any = VERSIONED["visits"]
    columns, load = {**kept_schema("visits"), **PLACE}, load_known(session, known_at)
    rows = kept(session, "visits", columns, load, model.site_code.in_(list(sites)))
    return in_turn(_with_origin(session, as_told("visits", rows)), TABLES["visits"].key)


def superseded_rows(
    session: Session,
    departments: Sequence[str | None],
    elements: Sequence[str],
    known_at: datetime | None = None,
) -> pl.DataFrame:
    """What results of some departments and elements said before a later load said something else of the same.

    Columns as in result_rows, then superseded_at (UTC); sorted by key and load.
    """
    model: Any = VERSIONED["results"]
    columns: Schema = {**kept_schema("results"), **PLACE, "superseded_by_load": pl.Int64}
    load = load_known(session, known_at)
    newest = [] if load is None else [model.superseded_by_load <= load]
    statement = select(*(getattr(model, name) for name in columns)).where(
        model.department_code.in_([code or "" for code in departments]),
        model.element.in_(list(elements)),
        model.superseded_by_load.is_not(None),
        *newest,
    )
    ended = _finished(session).rename({"load_number": "superseded_by_load", "finished_at": "superseded_at"})
    rows = _told(fetched(session, statement, columns)).join(ended, on="superseded_by_load", how="left")
    placed = _with_origin(session, rows.drop("superseded_by_load"))
    return in_turn(placed.select(pl.exclude("superseded_at"), "superseded_at"), [*TABLES["results"].key, "load"])


def _told(results: pl.DataFrame) -> pl.DataFrame:
    return as_told("results", results).with_columns(pl.col("restated").fill_null(value=False))


# --- loads ------------------------------------------------------------------------------------------------------------

_LOADS: Schema = {
    "load": pl.Int64,
    "started_at": MOMENT,
    "finished_at": MOMENT,
    "sent_by": pl.String,
    "file": pl.String,
    "sheet": pl.String,
    "sha256": pl.String,
    "table": pl.String,
    **dict.fromkeys(("read", "loaded", "unchanged", "duplicate", "no_result", "set_aside"), pl.Int64),
    "outcome": pl.String,
    "reason": pl.String,
    "layout": pl.String,
    "certainty": pl.String,
}


def loads(session: Session, actor: str | None = None) -> pl.DataFrame:
    """The loads, newest first, a row for each file, sheet and table: the keys of commands.md, `loads`.

    With an `actor` (db.session.Scope) those alone that somebody sent themselves: by who they are, never by a name.
    """
    return fetched(session, _files(actor), _LOADS)


def _files(actor: str | None) -> Select[Any]:
    """The columns of `loads`, newest load first, then files in their order."""
    counts = [getattr(File, f"{name}_count") for name in list(_LOADS)[8:14]]
    statement = (
        select(Load.load_number, Load.started_at, Load.finished_at, Load.sent_by, File.file, File.sheet, File.sha256)
        .add_columns(File.table_name, *counts, File.outcome, File.reason, File.layout, File.certainty)
        .join(File, (File.load_number == Load.load_number) & (File.tenant_id == Load.tenant_id))
        .order_by(Load.load_number.desc(), File.file_number)
    )
    return statement if actor is None else statement.where(Load.actor == actor)


def senders(session: Session, loads: Sequence[int]) -> pl.DataFrame:
    """Who sent some loads and which version of Assay took them: load, sent_by, loader (null: before it was kept)."""
    statement = select(Load.load_number, Load.sent_by, Load.loader).where(Load.load_number.in_(list(loads)))
    return fetched(session, statement, {"load": pl.Int64, "sent_by": pl.String, "loader": pl.String})


_EDITIONS: Schema = {**_LOADS, "notes": pl.String}


def notes(session: Session, load_number: int) -> pl.DataFrame:
    """What a load had to say of its files: file, sheet, table, note (String)."""
    statement = select(File).where(File.load_number == load_number).order_by(File.file_number)
    rows = [
        (file.file, file.sheet, file.table_name, note)
        for file in session.scalars(statement)
        for note in json.loads(file.notes)
    ]
    return pl.DataFrame(rows, dict.fromkeys(("file", "sheet", "table", "note"), pl.String), orient="row")


def editions(session: Session, actor: str | None = None) -> pl.DataFrame:
    """What became of the newest edition of each table of each file: the columns of `loads`, then notes (List(String)).

    Sorted by file and sheet. With an `actor` those alone that somebody sent themselves (see `loads`).
    """
    statement = _files(actor).add_columns(File.notes).where(File.sha256 != NO_FILE)
    rows = fetched(session, statement, _EDITIONS)
    newest = rows.group_by("file").agg(pl.col("load").max())
    told = rows.join(newest, on=["file", "load"], how="semi", maintain_order="left")
    return told.with_columns(pl.col("notes").str.json_decode(pl.List(pl.String))).sort(
        "file", "sheet", nulls_last=False, maintain_order=True
    )


def reasons(session: Session, loads: Sequence[int]) -> pl.DataFrame:
    """Why rows of some loads were set aside: load, file, sheet, why (String), rows (Int64), first_row (Int64)."""
    text, whole = pl.String, pl.Int64
    statement = (
        select(RejectedRow.load_number, File.file, File.sheet, RejectedRow.why)
        .add_columns(func.count(), func.min(RejectedRow.row_number))
        .join(
            File,
            (File.load_number == RejectedRow.load_number)
            & (File.file_number == RejectedRow.file_number)
            & (File.tenant_id == RejectedRow.tenant_id),
        )
        .where(RejectedRow.load_number.in_(list(loads)))
        .group_by(RejectedRow.load_number, File.file, File.sheet, RejectedRow.why)
        .order_by(RejectedRow.load_number, File.file, File.sheet, func.min(RejectedRow.row_number))
    )
    columns: Schema = {"load": whole, "file": text, "sheet": text, "why": text, "rows": whole, "first_row": whole}
    return fetched(session, statement, columns)


def latest_load(
    session: Session, departments: Sequence[str] | None = None, sites: Sequence[str] = ()
) -> tuple[int, datetime, str] | None:
    """The newest load, or the newest that said something of some departments or sites: number, finished_at, sent_by.

    None where there is none. What a load found known already it did not say.
    """
    statement = select(Load.load_number, Load.finished_at, Load.sent_by).order_by(Load.load_number.desc()).limit(1)
    if departments is not None:
        spoke = [_spoke(session, name, departments, sites) for name in VERSIONED]
        statement = statement.where(Load.load_number == max(spoke, default=0))
    row = session.execute(statement).first()
    return None if row is None else (row[0], row[1], row[2])


def _spoke(session: Session, name: str, departments: Sequence[str], sites: Sequence[str]) -> int:
    """The newest load with a row of a canonical table about these departments or sites, 0 for none."""
    model: Any = VERSIONED[name]
    columns = kept_schema(name)
    about = []
    if "department_code" in columns and name != "sites":
        about.append(model.department_code.in_(departments))
    if "site_code" in columns:
        about.append(model.site_code.in_(sites))
    return session.scalars(select(func.max(model.load_number)).where(or_(*about))).one() or 0


def arrived(session: Session, known_at: datetime | None = None) -> pl.DataFrame:
    """Where the rows that departments send came from: one row for each table, department, site and file of a load.

    Columns: table, department_code, site_code (null: none named), load_number, file_number, received_at (UTC). Of rows
    that hold now, or held at a moment, in the tables of SENT_BY_CHAMPIONS; one that was said again under a new code
    counts where it first stood (db.recode). A query for each table, however many departments there are.
    """
    load = load_known(session, known_at)
    text: Schema = {"department_code": pl.String, "site_code": pl.String}
    found = []
    for name in SENT_BY_CHAMPIONS:
        if name == "results" and load is None and (kept_ready := origins(session)) is not None:
            found.append(kept_ready.select(pl.lit(name).alias("table"), pl.all()))
            continue
        model: Any = VERSIONED[name]
        there = [column for column in text if column in kept_schema(name)]
        columns: Schema = {**dict.fromkeys(there, pl.String), "load_number": pl.Int64, "file_number": pl.Int64}
        statement = select(*(getattr(model, column) for column in columns)).where(at_load(model, load)).distinct()
        rows = fetched(session, statement, columns)
        nothing = [pl.lit(None, pl.String).alias(column) for column in text if column not in there]
        none = [pl.when(pl.col(column) != "").then(pl.col(column)).alias(column) for column in there]
        told = rows.with_columns(pl.lit(name).alias("table"), *nothing, *none)
        found.append(told.select("table", *text, "load_number", "file_number"))
    numbers = ("load_number", "file_number", "first_load_number", "first_file_number")
    files = fetched(session, select(*(getattr(File, name) for name in numbers)), dict.fromkeys(numbers, pl.Int64))
    moments = _finished(session).rename({"finished_at": "received_at"})
    rows = (
        pl.concat(found)
        .join(files, on=["load_number", "file_number"], how="left")
        .with_columns(
            load_number=pl.coalesce("first_load_number", "load_number"),
            file_number=pl.coalesce("first_file_number", "file_number"),
        )
    )
    return rows.drop("first_load_number", "first_file_number").join(moments, on="load_number").unique()


def file_counts(session: Session, actor: str | None = None) -> pl.DataFrame:
    """How clean each file of the loads was: load_number, file_number, file, sent_by, read, set_aside.

    With an `actor` those alone that somebody sent themselves, as in `loads`.
    """
    schema: Schema = {"load_number": pl.Int64, "file_number": pl.Int64, "file": pl.String, "sent_by": pl.String}
    schema |= {"read": pl.Int64, "set_aside": pl.Int64}
    statement = select(
        File.load_number, File.file_number, File.file, Load.sent_by, File.read_count, File.set_aside_count
    ).join(Load, (File.load_number == Load.load_number) & (File.tenant_id == Load.tenant_id))
    return fetched(session, statement if actor is None else statement.where(Load.actor == actor), schema)


def rejected(session: Session, load_number: int) -> pl.DataFrame:
    """The rows a load set aside: file, sheet (String), row (Int64), why, cells (the sender's own, a JSON object)."""
    statement = (
        select(File.file, File.sheet, RejectedRow.row_number, RejectedRow.why, RejectedRow.cells)
        .join(
            File,
            (File.load_number == RejectedRow.load_number)
            & (File.file_number == RejectedRow.file_number)
            & (File.tenant_id == RejectedRow.tenant_id),
        )
        .where(RejectedRow.load_number == load_number)
        .order_by(RejectedRow.reject_number)
    )
    text = pl.String
    return fetched(session, statement, {"file": text, "sheet": text, "row": pl.Int64, "why": text, "cells": text})


def content_hash(session: Session) -> str:
    """A fingerprint of all that holds now in the canonical tables, whatever loads and files it came from."""
    print_ = hashlib.sha256()
    for name, spec in TABLES.items():
        columns: Schema = {**kept_schema(name), **({"is_confirmed": pl.Boolean} if name in TAKEN_IN else {})}
        print_.update(f"{name}\n{kept(session, name, columns).sort(spec.key).write_csv()}".encode())
    return print_.hexdigest()
