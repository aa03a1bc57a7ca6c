"""What was said of one thing, load by load: of a register's, or of a row of any canonical table."""

from collections.abc import Mapping
from typing import Any

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.frames import MOMENT, PLACE, as_told, fetched, kept_schema
from db.models import VERSIONED, File, Load
from scheme.frames import Schema
from scheme.tables import TABLES


def versions(session: Session, table: str, code: str) -> list[dict[str, Any]]:
    """Every version of the row with that code in a register (departments, sites, certificates), newest first.

    Each has the table's columns, then load (Int), loaded_at, sent_by, superseded_by (Int or None). None for a code that
    was never there.
    """
    model, columns = VERSIONED[table], kept_schema(table)
    told: Schema = {"load": pl.Int64, "superseded_by": pl.Int64, "loaded_at": MOMENT, "sent_by": pl.String}
    statement = (
        select(*(getattr(model, name) for name in columns), model.load_number, model.superseded_by_load)
        .add_columns(Load.finished_at, Load.sent_by)
        .join(Load, (Load.load_number == model.load_number) & (Load.tenant_id == model.tenant_id))
        .where(getattr(model, TABLES[table].key[0]) == code)
        .order_by(model.load_number.desc())
    )
    return as_told(table, fetched(session, statement, {**columns, **told})).to_dicts()


def sayings(
    session: Session, table: str, named: Mapping[str, str | bool | None], past: bool = False
) -> list[dict[str, Any]]:
    """The rows of a canonical table whose columns say what is named ("" in a key: nothing), the newest load first.

    Those that hold now; with `past` the superseded ones too. Each has the table's columns, then where it is from:
    load_number, file_number, row_number, file, loaded_at, sent_by, superseded_by_load (Int or None).
    """
    model: Any = VERSIONED[table]
    columns = {**kept_schema(table), **PLACE, "superseded_by_load": pl.Int64}
    told: Schema = {"file": pl.String, "loaded_at": MOMENT, "sent_by": pl.String}
    where = [getattr(model, name) == value for name, value in named.items()]
    statement = (
        select(*(getattr(model, name) for name in columns))
        .add_columns(File.file, Load.finished_at, Load.sent_by)
        .join(Load, (Load.load_number == model.load_number) & (Load.tenant_id == model.tenant_id))
        .join(
            File,
            (File.load_number == model.load_number)
            & (File.file_number == model.file_number)
            & (File.tenant_id == model.tenant_id),
        )
        .where(*where, *([] if past else [model.superseded_by_load.is_(None)]))
        .order_by(model.load_number.desc(), model.row_number)
    )
    return as_told(table, fetched(session, statement, {**columns, **told})).to_dicts()
