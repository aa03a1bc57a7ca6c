"""Narrow tables: one row for each thing, under the headings of inputs.md section 1."""

import polars as pl

from etl.cells import Sheet
from etl.layouts.staged import HeadingRow, Source, Staged, below, left_out
from scheme.errors import FileRefused
from scheme.tables import TABLES, Table

VALID_UNTIL = "valid_until"  # of certificates: the last day of validity, for expires_on


def names(table: Table) -> tuple[str, ...]:
    """The headings that a table knows."""
    return (*table.names, VALID_UNTIL) if table.name == "certificates" else table.names


def missing(table: Table, heading: HeadingRow, source: Source) -> list[str]:
    """The required columns that neither the headings nor the source's fixed values give."""
    there = set(heading.columns) | set(source.fixed)
    if VALID_UNTIL in there:
        there.add("expires_on")
    return [column.name for column in table.columns if column.required and column.name not in there]


def staged(table_name: str, sheet: Sheet, heading: HeadingRow, source: Source) -> Staged:
    """The rows below the headings as rows of the table; FileRefused where one of its headings is there twice."""
    table = TABLES[table_name]
    places = {name: heading.column(name) for name in names(table) if name in heading.columns}
    if VALID_UNTIL in places and "expires_on" in places:
        raise FileRefused("expires_on and valid_until both say when a certificate ends; keep one of the two columns")
    rows = below(sheet, heading)
    ours = [pl.col(str(place)).alias(name) for name, place in places.items()]
    fixed = [pl.lit(text).alias(name) for name, text in source.fixed.items() if name in names(table)]
    used = [place for place in places.values() if place is not None]
    return Staged(
        table_name,
        rows.select(
            pl.col("row").cast(pl.Int64).alias("row_number"),
            pl.lit(None, pl.String).alias("at"),
            "fault",
            *ours,
            *(column for column in fixed if column.meta.output_name() not in places),
        ),
        sheet,
        heading.texts,
        (),
        left_out(sheet, heading, used),
    )
