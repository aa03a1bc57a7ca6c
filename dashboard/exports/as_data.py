"""A grid as data: a frame that can be reckoned with, and so as CSV or as a workbook's sheet."""

from collections.abc import Sequence
from typing import Any

import polars as pl

import formats
from dashboard.exports.document import About, Cell, Grid, Page, Value
from dashboard.exports.imprint import snapshot
from dashboard.words import day

_AS_THEY_ARE = ("number", "day", "share", "text", "link", "status", "state", "change")


def frame(grid: Grid) -> pl.DataFrame:
    """A row for each row of the grid: numbers, days and shares (0 to 1) as such, bands in words, unknown as null.

    A cell made of several numbers gives a column for each; a smaller line below has a column of its own. A tree has
    `level`, 0 for the top. Headings are whole and each there once.
    """
    columns: dict[str, list[Value]] = {}
    titles = [column.title for column in grid.columns]
    for place, column in enumerate(grid.columns):
        is_enough = titles.count(column.title) == 1
        head = column.title if is_enough else ": ".join([*column.groups[-1:], column.title])
        cells = [row.cells[place] for row in grid.rows]
        for name, values in _columns(head, column.kind, cells):
            columns[_unique(name, columns)] = values
    if any(row.depth for row in grid.rows):
        columns[_unique("level", columns)] = [row.depth for row in grid.rows]
    return pl.DataFrame([pl.Series(name, values, _dtype(values), strict=False) for name, values in columns.items()])


def csv(grid: Grid) -> bytes:
    """The grid as CSV with one header row, safe to open in a spreadsheet (reliability.md F8, A9)."""
    return formats.csv_text(frame(grid)).encode()


def xlsx(grid: Grid, page: Page, about: About) -> bytes:
    """The grid as a sheet with filters, and on a second one its title, filters and day."""
    return formats.xlsx_bytes({grid.caption: frame(grid)}, [grid.caption, *notes(page, about)])


def notes(page: Page, about: About) -> list[str]:
    """What is said of a file's figures: whose, which page and filters, which day, known when, by which profile."""
    whose = f"{about.tenant_name}, fictional demonstration data" if about.is_fictional else about.tenant_name
    return [
        whose,
        page.title,
        *(f"{label}: {words}" for label, words in page.filters),
        f"As of {day(about.as_of)}, {snapshot(about)}",
        f"Profile: {'; '.join(about.profiles)}",
    ]


def _columns(head: str, kind: str, cells: Sequence[Cell]) -> list[tuple[str, list[Value]]]:
    names = list(dict.fromkeys(name for cell in cells for name, _ in cell.parts))
    if names:
        return [(f"{head}: {name}", [dict(cell.parts).get(name) for cell in cells]) for name in names]
    own: list[Value] = [cell.value if kind in _AS_THEY_ARE else cell.words for cell in cells]
    if not any(cell.small for cell in cells):
        return [(head, own)]
    return [(head, own), (f"{head}, below", [cell.small or None for cell in cells])]


def _unique(name: str, taken: dict[str, Any]) -> str:
    wanted, number = name, 2
    while name in taken:
        name, number = f"{wanted} {number}", number + 1
    return name


def _dtype(values: Sequence[Value]) -> pl.DataType | None:
    told = {type(value) for value in values if value is not None}
    return pl.Float64() if told == {int, float} else None if len(told) == 1 else pl.String()
