"""What every layout gives: a sheet's rows under our columns' names, each cell still as the sender wrote it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from etl.cells import Sheet, shown
from scheme.errors import FileRefused
from scheme.letters import clean

LEFT_OUT = "left_out"  # what a source file may call a column that is not to be taken, though its heading is ours


@dataclass
class Source:
    """What a sender's headings and words mean (source file); all of it optional."""

    name: str | None = None
    table: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)  # heading, squashed -> our column, or LEFT_OUT
    fixed: Mapping[str, str] = field(default_factory=dict)  # our column -> the value of every row
    bands: Mapping[str, str] = field(default_factory=dict)
    assessment_types: Mapping[str, str] = field(default_factory=dict)
    day_first: bool = True
    date_1904: bool = False
    years: Mapping[str, str] = field(default_factory=dict)  # a report's prefix of a year -> its day


class Said(NamedTuple):
    """Rows of a small sheet as plain tuples under the names of `Staged.rows`, before a frame is made of them."""

    names: tuple[str, ...]
    rows: list[tuple[object, ...]]


def framed(parts: Sequence[Said], more: Mapping[str, Sequence[int]] | None = None) -> pl.DataFrame:
    """One frame of the rows of all parts, null where a part has no such column, with `more` whole numbers beside."""
    columns: dict[str, list[object]] = {name: [] for part in parts for name in part.names}
    for part in parts:
        own = dict(zip(part.names, zip(*part.rows, strict=True), strict=True)) if part.rows else {}
        for name, values in columns.items():
            values += own.get(name) or [None] * len(part.rows)
    kinds = {name: pl.Int64 if name == "row_number" else pl.String for name in columns}
    series = {name: pl.Series(values, dtype=kinds[name]) for name, values in columns.items()}
    return pl.DataFrame(series | {name: pl.Series(values, dtype=pl.Int64) for name, values in (more or {}).items()})


@dataclass
class Staged:
    """The rows of one sheet that belong to one canonical table.

    `said`: the `rows`, or what they are made of when they are asked for. `rows`: row_number (Int64), at (String: the
    sheet's column that a result was taken from; null where rows are results), fault (String: what is wrong with the row
    as a whole, else null), then columns of the table (String).
    `sheet`, `headings` and `identity` (columns that are no element's) give the sender's own cells back, with what holds
    for all rows and stands elsewhere in the file `beside` them, by heading. `layout` and `certainty`: what the
    sheet was taken for and how surely (db.loading.FileReport).
    """

    table: str
    said: pl.DataFrame | Said
    sheet: Sheet
    headings: Mapping[int, str]
    identity: Sequence[int]
    notes: list[str] = field(default_factory=list)
    layout: str = "canonical"
    certainty: str = "sure"
    beside: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> pl.DataFrame:
        """The rows as a frame."""
        if isinstance(self.said, Said):
            self.said = framed([self.said])
        return self.said

    @rows.setter
    def rows(self, rows: pl.DataFrame) -> None:
        self.said = rows

    def own_cells(self, places: Sequence[tuple[int, str | None]]) -> list[dict[str, str]]:
        """The sender's cells of rows, by heading: of all columns, or of those that say whose row it is and one more."""
        numbers = pl.Series(sorted({row for row, _ in places}), dtype=pl.UInt32)
        wanted = self.sheet.cells.filter(pl.col("row").is_in(numbers.implode()))
        rows = {row["row"]: row for row in wanted.iter_rows(named=True)}
        return [self._own(rows[row], at) for row, at in places]

    def _own(self, row: Mapping[str, str], at: str | None) -> dict[str, str]:
        own: dict[str, str] = {}
        for n in [int(name) for name in row if name.isdigit()] if at is None else sorted({*self.identity, int(at)}):
            heading, text = self.headings.get(n, ""), shown(row[str(n)])
            if heading or text:
                name = heading or f"column {n + 1}"
                own[f"{name} ({n + 1})" if name in own else name] = text
        return {**self.beside, **own}


@dataclass(frozen=True)
class HeadingRow:
    """A row of a sheet, looked at as headings: their texts, and which column is which of ours."""

    row: int
    width: int
    texts: Mapping[int, str]  # by the number of the column; those with a text alone
    cells: Mapping[int, str]  # the same, as the file stored them
    columns: Mapping[str, list[int]]  # by our names

    def column(self, name: str) -> int | None:
        """The column of that name; FileRefused where there are two."""
        found = self.columns.get(name, [])
        if len(found) > 1:
            where = " and ".join(str(n + 1) for n in found)
            raise FileRefused(f"the heading {self.texts[found[0]]} is there twice (columns {where}); keep one of them")
        return found[0] if found else None


def squashed(heading: str) -> str:
    """A heading without case, spaces, hyphens and underscores (inputs.md section 1)."""
    # Cleaned again, for a letter and an accent may have stood on both sides of a hyphen.
    return clean(re.sub(r"[\s_-]+", "", clean(heading)).casefold())


def below(sheet: Sheet, heading: HeadingRow) -> pl.DataFrame:
    """The rows below the headings, with `fault` where a record has another number of cells than they have (F5)."""
    rows = sheet.cells.filter(pl.col("row") > heading.row)
    needed = max(heading.texts) + 1
    beyond = [name for name in rows.columns if name.isdigit() and int(name) >= max(heading.width, needed)]
    spilt = pl.any_horizontal(pl.lit(False), *(is_filled(name) for name in beyond))
    cells = "the row has " + pl.col("width").cast(pl.String) + f" cells and the headings have {needed}"
    short = (pl.col("width") > 0) & (pl.col("width") < needed)
    return rows.with_columns(
        pl.when(short)
        .then(cells + ": it may be cut off; complete it")
        .when((pl.col("width") > 0) & spilt)
        .then(cells + ": put cells that hold a separator in quotes")
        .alias("fault")
    )


def is_filled(name: str) -> pl.Expr:
    """Whether a cell holds anything."""
    return pl.col(name).str.strip_chars() != ""


def left_out(sheet: Sheet, heading: HeadingRow, used: Sequence[int]) -> list[str]:
    """A note naming the columns that no table here has, if there are any (F17)."""
    unknown = [text for n, text in heading.texts.items() if n not in used]
    bare = [n for n in range(sheet.across) if n not in heading.texts]
    unknown += [f"column {n + 1} (no heading)" for n in sheet.filled(bare, heading.row)]
    return [f"left out: {', '.join(unknown)}"] if unknown else []
