"""What each load said, word for word as it was understood: kept so that another load can be withdrawn (db.withdraw).

The canonical tables keep what a load changed. What it merely said again, and which of its cells were empty, stands
nowhere else, and both decide what holds once another load is gone. A load has a part "" (how it was said, JSON), for
each table a part of that name with its staged rows, and one ending in " seen" with the keys of rows that its files had
and that were not taken; rows are Parquet in base64.
"""

import base64
import io
import json
from typing import Any

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from db import models
from db.loading import FileReport, Load, Own
from db.models import File, Statement
from scheme.errors import UsageError

_HOW, _SEEN = "", " seen"


def keep(session: Session, number: int, load: Load) -> None:
    """Keep what a load says under its number."""
    how = {
        "withdraw_missing": load.withdraw_missing,
        "unreadable_keys": sorted(load.unreadable_keys),
        "cleared": {table: sorted(columns) for table, columns in load.cleared.items()},
        "own": load.own and [sorted(load.own.departments), sorted(load.own.sites)],
    }
    _add(session, number, _HOW, json.dumps(how))
    for table, rows in load.tables.items():
        if rows.height:
            _add(session, number, table, _packed(rows))
    # What files had and was not taken matters to what vanished from them, and to nothing else.
    for table, keys in load.seen_keys.items() if load.withdraw_missing else ():
        if keys.height:
            _add(session, number, table + _SEEN, _packed(keys))
    session.flush()


def keep_recoding(session: Session, number: int, old: str, new: str) -> None:
    """Keep that a load says all that names one department under another code."""
    _add(session, number, _HOW, json.dumps({"recoded": [old, new]}))
    session.flush()


def recoding(session: Session, number: int) -> tuple[str, str] | None:
    """The old and the new code, where a load recoded a department; None for every other."""
    how = _how(session, number)
    return (how["recoded"][0], how["recoded"][1]) if how and "recoded" in how else None


def said(session: Session, row: models.Load) -> Load:
    """A load once more, as it was handed to `db.writes.publish`, but for the rows that it set aside.

    UsageError where it was taken before what loads say was kept.
    """
    number, how = row.load_number, _how(session, row.load_number)
    if how is None:
        raise UsageError(
            f"load {number} was taken by a version of Assay that did not keep what each load said, so nobody can tell "
            f"what it would have said without an earlier one; withdraw load {number} or a later one, or load "
            "a corrected file"
        )
    files = [_report(file) for file in session.scalars(_files(number))]
    load = Load(row.sent_by, row.source, files)
    for part in session.scalars(select(Statement).where(Statement.load_number == number, Statement.part != _HOW)):
        kept = load.seen_keys if part.part.endswith(_SEEN) else load.tables
        kept[part.part.removesuffix(_SEEN)] = pl.read_parquet(io.BytesIO(base64.b64decode(part.body)))
    load.withdraw_missing, load.unreadable_keys = how["withdraw_missing"], set(how["unreadable_keys"])
    load.cleared = {table: frozenset(columns) for table, columns in how["cleared"].items()}
    load.own = Own(*(frozenset(codes) for codes in how["own"])) if how["own"] else None
    load.started_at = row.started_at
    return load


def _files(number: int) -> Any:
    return select(File).where(File.load_number == number).order_by(File.file_number)


def _report(file: File) -> FileReport:
    counts = ("read", "loaded", "unchanged", "duplicate", "no_result", "set_aside")
    told = {name: getattr(file, f"{name}_count") for name in counts}
    return FileReport(file.file, file.sheet, file.sha256, file.table_name, **told, outcome=file.outcome)


def _how(session: Session, number: int) -> dict[str, Any] | None:
    row = session.scalars(
        select(Statement).where(Statement.load_number == number, Statement.part == _HOW)
    ).one_or_none()
    return None if row is None else json.loads(row.body)


def _add(session: Session, number: int, part: str, body: str) -> None:
    session.add(Statement(load_number=number, part=part, body=body))


def _packed(rows: pl.DataFrame) -> str:
    body = io.BytesIO()
    rows.write_parquet(body, compression="zstd")
    return base64.b64encode(body.getvalue()).decode()
