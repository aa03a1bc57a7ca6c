"""Rows said again by a later load: each keeps the file, sheet and row in which its sender wrote it.

The load has an entry of its own for each file that rows come from, with the file's name and fingerprint and with where
it was first loaded (files.first_load_number, first_file_number).
"""

from collections.abc import Mapping
from typing import Any

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.frames import PLACE, fetched, insert, kept_schema
from db.loading import FileReport
from db.models import TAKEN_IN, File
from scheme.frames import Schema

_WHERE = ("load_number", "file_number")


def columns(table: str) -> Schema:
    """The columns of a canonical table as kept, without where its rows come from."""
    return {**kept_schema(table), **({"is_confirmed": pl.Boolean} if table in TAKEN_IN else {})}


def places(rows: Mapping[str, pl.DataFrame], begin: int = 1) -> pl.DataFrame:
    """The files that rows come from: said_in (its place among the load's files), table, load_number, file_number, len.

    `rows`: by table, frames with load_number and file_number.
    """
    empty = pl.DataFrame(schema={"table": pl.String, "load_number": pl.Int64, "file_number": pl.Int64})
    whence = [frame.select(pl.lit(table).alias("table"), *_WHERE) for table, frame in rows.items()]
    found = pl.concat([empty, *whence]).group_by("table", *_WHERE, maintain_order=True).len()
    return found.with_row_index("said_in", begin).with_columns(pl.col("said_in").cast(pl.Int64))


def files(session: Session, places: pl.DataFrame, note: str) -> list[FileReport]:
    """An entry for each of these files, which says that its rows are said again, and why."""
    schema: Schema = dict.fromkeys((*_WHERE, "first_load_number", "first_file_number"), pl.Int64)
    schema = {**schema, **dict.fromkeys(("file", "sheet", "sha256", "layout", "certainty"), pl.String)}
    loads = places["load_number"].unique().to_list()
    statement = select(*(getattr(File, name) for name in schema)).where(File.load_number.in_(loads))
    known = {(row["load_number"], row["file_number"]): row for row in fetched(session, statement, schema).to_dicts()}
    told = []
    for table, load_number, file_number, count in places.drop("said_in").iter_rows():
        file = known[load_number, file_number]
        first = (file["first_load_number"] or load_number, file["first_file_number"] or file_number)
        notes = [f"said again: {note} (first loaded in load {first[0]})"]
        told.append(FileReport(file["file"], file["sheet"], file["sha256"], table, count, count, notes=notes))
        told[-1].first, told[-1].layout, told[-1].certainty = first, file["layout"], file["certainty"]
    return told


def say(session: Session, rows: Mapping[str, pl.DataFrame], places: pl.DataFrame, number: int) -> None:
    """Insert rows (`columns` and PLACE) as said by a load whose files they are in."""
    for table, frame in rows.items():
        there = places.filter(pl.col("table") == table).select("said_in", *_WHERE)
        said = frame.join(there, on=_WHERE, how="left", maintain_order="left")
        where: list[Any] = [
            pl.lit(number, pl.Int64).alias("load_number"),
            pl.col("said_in").alias("file_number"),
            "row_number",
        ]
        insert(session, table, said.select(*columns(table), *where))


def first_said(session: Session, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows that have PLACE, with the load and file in which they first stood in its stead."""
    schema: Schema = dict.fromkeys((*_WHERE, "first_load_number", "first_file_number"), pl.Int64)
    loads = rows["load_number"].unique().to_list()
    statement = select(*(getattr(File, name) for name in schema)).where(
        File.load_number.in_(loads), File.first_load_number.is_not(None)
    )
    first = fetched(session, statement, schema)
    joined = rows.join(first, on=_WHERE, how="left", maintain_order="left").with_columns(
        pl.coalesce("first_load_number", "load_number").alias("load_number"),
        pl.coalesce("first_file_number", "file_number").alias("file_number"),
    )
    return joined.select(*(name for name in rows.columns if name not in PLACE), *PLACE)
