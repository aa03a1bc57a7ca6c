"""Loads made for tests, and what became of them."""

from collections.abc import Mapping, Sequence

import polars as pl

from db.loading import FileReport, Load, Rejected
from db.session import Scope, open_session
from db.writes import publish

A_ROW_ASIDE = Rejected(1, 9, "1.1.10 does not exist", {"Element": "1.1.10", "Band": "Compliant"})


def asked(scope: Scope, question, *args, **options):
    """The answer to a question about the tenant's warehouse."""
    with open_session(scope) as session:
        return question(session, *args, **options)


def results(*rows: tuple[str | None, str, str | None], day: str = "2025-03-07", **columns: str | None) -> pl.DataFrame:
    """Staged results of one annual review, from (department, element, band)."""
    frame = pl.DataFrame(rows, dict.fromkeys(("department_code", "element", "band"), pl.String), orient="row")
    return frame.with_columns(
        pl.lit("annual_review").alias("assessment_type"),
        pl.lit(day).str.to_date().alias("assessed_on"),
        *(pl.lit(value, pl.String).alias(name) for name, value in columns.items()),
    )


def a_load(
    tables: Mapping[str, pl.DataFrame],
    file: str = "a.csv",
    source: str | None = None,
    rejected: Sequence[Rejected] = (),
    withdraw: bool = False,
    seen: Mapping[str, pl.DataFrame] | None = None,
) -> Load:
    """A load of one file with these staged tables; its rows are numbered from 2."""
    files, staged = [], {}
    for number, (name, frame) in enumerate(tables.items(), 1):
        aside = len(rejected) if number == 1 else 0
        files.append(FileReport(file, None, "0" * 64, name, read=frame.height + aside, set_aside=aside))
        place = [pl.lit(number, pl.Int64).alias("file_number"), pl.int_range(2, pl.len() + 2).alias("row_number")]
        staged[name] = frame.with_columns(place)
    return Load("a@b.uk", source, files, staged, list(rejected), dict(seen or {}), withdraw_missing=withdraw)


def put(scope: Scope, load: Load) -> Load:
    """Publish a load."""
    with open_session(scope, write=True) as session:
        publish(session, load)
    return load
