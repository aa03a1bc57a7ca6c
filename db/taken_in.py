"""Departments and sites that a row names and no register has: taken in under their code (inputs.md section 4)."""

from collections.abc import Mapping

import polars as pl
from sqlalchemy.orm import Session

from db import reads
from db.frames import LIST, as_kept, as_told, insert, kept_schema, supersede
from db.models import TAKEN_IN
from scheme.frames import Schema
from scheme.tables import TABLES

_PLACE: Schema = {"file_number": pl.Int64, "row_number": pl.Int64}
# Where a table names departments, and where sites.
_DEPARTMENT = {name: "department_code" for name, spec in TABLES.items() if "department_code" in spec.values + spec.key}
_DEPARTMENT["departments"] = "parent_code"
_SITE = {name: "site_code" for name, spec in TABLES.items() if "site_code" in spec.names and name != "sites"}


def named(tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The departments and sites that staged rows of any tables name, and the first row that does.

    `departments`: department_code, file_number, row_number. `sites`: site_code, department_code (list: below which
    departments, by the rows that name it; empty is the corporate body), file_number, row_number.
    """
    departments: list[pl.DataFrame] = [pl.DataFrame(schema={"department_code": pl.String, **_PLACE})]
    sites: list[pl.DataFrame] = [pl.DataFrame(schema={"site_code": pl.String, "department_code": pl.String, **_PLACE})]
    for name, frame in tables.items():
        if _DEPARTMENT.get(name) in frame.columns:
            part = frame.select(pl.col(_DEPARTMENT[name]).alias("department_code"), *_PLACE)
            departments.append(part.explode("department_code") if part.schema["department_code"] == LIST else part)
        if _SITE.get(name) in frame.columns:
            below = pl.col("department_code") if "department_code" in frame.columns else pl.lit(None, pl.String)
            sites.append(frame.select("site_code", below.alias("department_code"), *_PLACE))
    first = [pl.col(name).first() for name in _PLACE]
    ours = pl.concat(departments).drop_nulls("department_code").sort(*_PLACE, "department_code")
    theirs = pl.concat(sites).drop_nulls("site_code").sort(*_PLACE, "site_code")
    below = pl.col("department_code").drop_nulls().unique().sort()
    return {
        "departments": ours.group_by("department_code", maintain_order=True).agg(first),
        "sites": theirs.group_by("site_code", maintain_order=True).agg(below, *first),
    }


def take_in(session: Session, tables: Mapping[str, pl.DataFrame], load: int) -> None:
    """Add what the rows of a load name and nothing in the warehouse has, as not confirmed."""
    for table, rows in named(tables).items():
        code = TABLES[table].key[0]
        new = as_kept(table, rows).join(reads.kept(session, table, {code: pl.String}), on=code, how="anti")
        confirmed, number = pl.lit(value=False).alias("is_confirmed"), pl.lit(load, pl.Int64).alias("load_number")
        insert(session, table, new.select(*kept_schema(table), confirmed, number, *_PLACE))


def settle(session: Session, load: int, file_number: int) -> None:
    """After rows were taken back: take in what the others still name, and forget what was taken in and none names."""
    for table in reversed(TAKEN_IN):  # sites first: one that goes may be the last to name its department
        code = TABLES[table].key[0]
        still = named(_all(session, file_number))[table]
        columns: Schema = {code: pl.String, "is_confirmed": pl.Boolean, "load_number": pl.Int64}
        guessed = reads.kept(session, table, columns).filter(~pl.col("is_confirmed"))
        supersede(session, table, guessed.join(still, on=code, how="anti"), load)
    take_in(session, _all(session, file_number), load)


def _all(session: Session, file_number: int) -> dict[str, pl.DataFrame]:
    place = [pl.lit(file_number, pl.Int64).alias("file_number"), pl.lit(None, pl.Int64).alias("row_number")]
    frames = {}
    for table, kinds in ((name, kept_schema(name)) for name in TABLES):
        wanted = {_DEPARTMENT.get(table), _SITE.get(table)} & set(kinds)
        if wanted:
            rows = reads.kept(session, table, {name: kinds[name] for name in kinds if name in wanted}).unique()
            frames[table] = as_told(table, rows).with_columns(place)
    return frames
