"""Wide results: one row for each department, site and assessment, one column for each element (inputs.md section 2)."""

from collections.abc import Mapping

import polars as pl

from etl.cells import Sheet, stored
from etl.layouts.staged import HeadingRow, Source, Staged, below, is_filled, left_out
from scheme.errors import FileRefused
from scheme.tables import TABLES
from scheme.words import Words, looks_like_code

REQUIRED = ("assessment_type", "assessed_on")
_IDENTITY = tuple(name for name in TABLES["results"].names if name not in ("element", "band"))


def element_columns(heading: HeadingRow, words: Words) -> tuple[dict[int, str], list[str]]:
    """The columns whose headings were meant as codes of elements, as stored; and notes on those that are none.

    FileRefused where two are of one element.
    """
    known = {n for found in heading.columns.values() for n in found}
    columns: dict[int, str] = {}
    codes: dict[str, int] = {}
    notes = []
    for n, cell in heading.cells.items():
        text, how = stored(cell)
        code, why = words.element(text, how)
        if n in known or not (code or looks_like_code(text, how)):
            continue
        if code in codes:
            raise FileRefused(
                f"element {code} is there twice (columns {codes[code] + 1} and {n + 1}); keep one of them"
            )
        columns[n] = cell
        if code:
            codes[code] = n
        else:
            notes.append(f"what stands below the heading {text} is set aside: {why}")
    return columns, notes


def missing(heading: HeadingRow, source: Source) -> list[str]:
    """The required columns, elements apart, that neither the headings nor the source's fixed values give."""
    return [name for name in REQUIRED if name not in heading.columns and name not in source.fixed]


def staged(sheet: Sheet, heading: HeadingRow, source: Source, columns: Mapping[int, str]) -> Staged:
    """Each cell of an element's column (see `element_columns`) that holds anything as a row of results.

    A row that is uneven and holds no such cell stands for itself, so that it is not lost.
    """
    places = {name: heading.column(name) for name in _IDENTITY if name in heading.columns}
    used = [place for place in places.values() if place is not None]
    rows = below(sheet, heading)
    ours = [pl.col(str(place)).alias(name) for name, place in places.items()]
    fixed = [pl.lit(text).alias(name) for name, text in source.fixed.items() if name in _IDENTITY]
    wide = rows.select(
        pl.col("row").cast(pl.Int64).alias("row_number"),
        "fault",
        *ours,
        *(column for column in fixed if column.meta.output_name() not in places),
        *(pl.col(str(n)) for n in columns),
    )
    identity = [name for name in wide.columns if not name.isdigit()]
    cells = wide.unpivot([str(n) for n in columns], index=identity, variable_name="at", value_name="band")
    cells = cells.filter(is_filled("band")).with_columns(
        pl.col("at")
        .replace_strict({str(n): cell for n, cell in columns.items()}, return_dtype=pl.String)
        .alias("element")
    )
    lost = wide.filter(pl.col("fault").is_not_null()).join(cells, on="row_number", how="anti").select(identity)
    together = pl.concat([cells, lost], how="diagonal").sort("row_number", maintain_order=True)
    notes = left_out(sheet, heading, [*used, *columns])
    return Staged("results", together, sheet, heading.texts, tuple(used), notes, layout="wide")
