"""Cells as a file holds them: text, and what the format knew about it beyond the text."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, zip_longest

import polars as pl

from scheme.words import Stored

# A cell that was more than text begins with NUL and a letter; no other text begins with NUL.
_MARKS: dict[str, Stored] = {
    "n": "number",
    "m": "number_1904",
    "j": "typed_number",
    "d": "date",
    "e": "error",
    "g": "merged",
    "t": "text",
}
_LETTER = {stored: letter for letter, stored in _MARKS.items()}
MERGED = "\x00g"
_CHUNK = 20_000
_NAMED = 10  # rows named in a note


@dataclass
class Sheet:
    """The cells of a sheet, or of a file without sheets (`name` None).

    `cells`: row (UInt32; the sender's own number, 0 for headings that stand beside the rows), width (UInt32; the
    number of cells in the record; 0 where the format has no such thing), then "0", "1", ... (String, never null).
    Blank rows are not there.
    """

    name: str | None
    cells: pl.DataFrame
    hidden: bool = False


@dataclass
class Book:
    """All sheets of a file, and what is worth telling about how it was read."""

    kind: str
    sheets: list[Sheet]
    notes: list[str] = field(default_factory=list)


def marked(text: str, stored: Stored) -> str:
    """A cell that is a number, a date, an error or covered by a merged one; or a text that begins with NUL."""
    return f"\x00{_LETTER[stored]}{text}" if stored != "text" or text.startswith("\x00") else text


def stored(cell: str) -> tuple[str, Stored]:
    """The text of a cell, and how the file stored it."""
    return (cell[2:], _MARKS[cell[1]]) if cell.startswith("\x00") else (cell, "text")


def shown(cell: str) -> str:
    """The text of a cell as its sender saw it."""
    return stored(cell)[0]


def number_text(value: float) -> str:
    """A spreadsheet's number as text: without a point where it is whole."""
    return str(int(value)) if value == int(value) and abs(value) < 2**53 else repr(value)


def hidden_note(sheet: Sheet, numbers: Collection[int]) -> list[str]:
    """A note on the rows of a sheet that are hidden and hold something, if there are any (F12)."""
    found = sheet.cells.filter(pl.col("row").is_in(list(numbers)))["row"].to_list() if numbers else []
    if not found:
        return []
    named = ", ".join(map(str, found[:_NAMED])) + (f" and {len(found) - _NAMED} more" if len(found) > _NAMED else "")
    rows = f"row {named} is" if len(found) == 1 else f"rows {named} are"
    return [f"sheet {sheet.name}: {rows} hidden and read all the same"]


def frame_of(rows: Iterable[tuple[int, Sequence[str]]], ragged: bool = False) -> pl.DataFrame:
    """Cells from numbered rows of texts (see `Sheet.cells`), a part at a time; `ragged`: rows keep their width."""
    parts = list(_parts(iter(rows), ragged))
    if not parts:
        return pl.DataFrame(schema={"row": pl.UInt32, "width": pl.UInt32})
    cells = pl.concat(parts, how="diagonal")
    texts = sorted((name for name in cells.columns if name.isdigit()), key=int)
    filled = cells.select("row", "width", *(pl.col(name).fill_null("") for name in texts))
    return filled.filter(pl.any_horizontal((pl.col(n).str.strip_chars() != "") & (pl.col(n) != MERGED) for n in texts))


def _parts(rows: Iterator[tuple[int, Sequence[str]]], ragged: bool) -> Iterator[pl.DataFrame]:
    while chunk := list(islice(rows, _CHUNK)):
        numbers = [number for number, _ in chunk]
        widths = [len(texts) for _, texts in chunk] if ragged else [0] * len(chunk)
        columns = list(zip_longest(*(texts for _, texts in chunk), fillvalue=""))
        if columns:
            fixed = {
                "row": pl.Series(numbers, dtype=pl.UInt32),
                "width": pl.Series(widths, dtype=pl.UInt32),
            }
            yield pl.DataFrame(fixed | {str(i): pl.Series(c, dtype=pl.String) for i, c in enumerate(columns)})
