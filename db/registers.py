"""What was said of one thing in a register, load by load."""

from typing import Any

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.frames import MOMENT, as_told, fetched, kept_schema
from db.models import VERSIONED, Load
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
