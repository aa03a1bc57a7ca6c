"""Cells as a file holds them: text, and what the format knew about it beyond the text."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, islice, zip_longest
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # the child that reads small files starts without them, four times as fast
    import polars as pl

    from scheme.words import Stored

# A cell that was more than text begins with NUL and a letter; no other text begins with NUL.
_MARKS: "dict[str, Stored]" = {
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
_FEW_CELLS = 200_000  # a sheet with no more of them, and of no more rows than a chunk, stays plain lists
_NAMED = 10  # rows named in a note
# What Polars takes for a space (White_Space of Unicode); Python takes U+001C to U+001F for some, too.
_SPACES = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
_SPACES += "\u2028\u2029\u202f\u205f\u3000"


class Row(NamedTuple):
    """A row of a sheet: its number and width (see `Sheet.cells`), and the texts of all its cells."""

    number: int
    width: int
    texts: Sequence[str]


class Lines(NamedTuple):
    """The cells of a small sheet as plain lists, each row with as many cells as the sheet is `across`."""

    numbers: list[int]
    widths: list[int]
    texts: list[list[str]]
    across: int


class Sheet:
    """The cells of a sheet, or of a file without sheets (`name` None).

    A small one comes as plain lists, whose frame is made when it is asked for: of thousands of small workbooks most of
    the time would go on making frames.
    """

    def __init__(self, name: str | None, cells: "pl.DataFrame | Lines", hidden: bool = False) -> None:
        """Keep what is there; nothing is copied."""
        self.name, self.kept, self.hidden = name, cells, hidden

    @property
    def cells(self) -> "pl.DataFrame":
        """A frame of the cells.

        row (UInt32; the sender's own number, 0 for headings that stand beside the rows), width (UInt32; the number of
        cells in the record; 0 where the format has no such thing), then "0", "1", ... (String, never null). Blank rows
        are not there.
        """
        if isinstance(self.kept, Lines):
            self.kept = _frame(self.kept)  # in place of the lists, which take several times as much memory
        return self.kept

    @property
    def is_small(self) -> bool:
        """Whether its cells are plain lists."""
        return isinstance(self.kept, Lines)

    @property
    def height(self) -> int:
        """How many rows there are."""
        return len(self.kept.numbers) if isinstance(self.kept, Lines) else self.kept.height

    @property
    def across(self) -> int:
        """How many columns there are."""
        return self.kept.across if isinstance(self.kept, Lines) else self.kept.width - 2

    def rows(self, most: int | None = None) -> Iterator[Row]:
        """The rows one by one, or the first of them."""
        if isinstance(self.kept, Lines):
            return map(Row, *(islice(each, most) for each in self.kept[:3]))
        found = self.kept if most is None else self.kept.head(most)
        return (Row(row[0], row[1], row[2:]) for row in found.iter_rows())

    def filled(self, columns: Collection[int], below: int) -> list[int]:
        """Those of some columns that hold anything below the row of that number."""
        if not columns:
            return []
        if isinstance(self.kept, Lines):
            rows = [cells for number, _, cells in self.rows() if number > below]
            return [n for n in columns if any(_says(cells[n : n + 1]) for cells in rows)]
        import polars as pl

        rest = self.kept.filter(pl.col("row") > below)
        texts = [pl.col(str(n)) for n in columns]
        has = rest.select(((text.str.strip_chars() != "") & (text != MERGED)).any() for text in texts)
        return [n for n, there in zip(columns, has.row(0), strict=True) if there]


class Book:
    """All sheets of a file, and what is worth telling about how it was read."""

    def __init__(self, kind: str, sheets: list[Sheet], notes: Sequence[str] = ()) -> None:
        """A book of a kind; plain, for what makes classes out of fields takes long to import."""
        self.kind, self.sheets, self.notes = kind, sheets, list(notes)


def marked(text: str, stored: "Stored") -> str:
    """A cell that is a number, a date, an error or covered by a merged one; or a text that begins with NUL."""
    return f"\x00{_LETTER[stored]}{text}" if stored != "text" or text.startswith("\x00") else text


def stored(cell: str) -> "tuple[str, Stored]":
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
    found = [row.number for row in sheet.rows() if row.number in numbers] if numbers else []
    if not found:
        return []
    named = ", ".join(map(str, found[:_NAMED])) + (f" and {len(found) - _NAMED} more" if len(found) > _NAMED else "")
    rows = f"row {named} is" if len(found) == 1 else f"rows {named} are"
    return [f"sheet {sheet.name}: {rows} hidden and read all the same"]


def gathered(rows: Iterable[tuple[int, Sequence[str]]], ragged: bool = False) -> "pl.DataFrame | Lines":
    """Cells for a sheet from numbered rows of texts: plain lists of a few, a frame of many (`frame_of`)."""
    rest = iter(rows)
    numbers: list[int] = []
    texts: list[list[str]] = []
    widths: list[int] = []
    across = 0
    for number, cells in rest:
        across = max(across, len(cells))
        numbers.append(number)
        texts.append(list(cells))
        widths.append(len(cells) if ragged else 0)
        if len(texts) >= _CHUNK or across * len(texts) > _FEW_CELLS:
            return frame_of(chain(zip(numbers, texts, strict=True), rest), ragged)
    for cells in texts:
        if len(cells) < across:
            cells += [""] * (across - len(cells))
    if not all(map(_says, texts)):
        said = [n for n, cells in enumerate(texts) if _says(cells)]
        numbers, widths, texts = ([each[n] for n in said] for each in (numbers, widths, texts))  # type: ignore[assignment]  # lists of each
    return Lines(numbers, widths, texts, across)


def _says(cells: Iterable[str]) -> bool:
    """Whether any cell of a row is filled, as `without_blank` means it."""
    return any(cell and cell != MERGED and cell.strip(_SPACES) for cell in cells)


def _frame(lines: Lines) -> "pl.DataFrame":
    import polars as pl

    columns = zip(*lines.texts, strict=True) if lines.texts else ((),) * lines.across
    fixed = {"row": pl.Series(lines.numbers, dtype=pl.UInt32), "width": pl.Series(lines.widths, dtype=pl.UInt32)}
    return pl.DataFrame(fixed | {str(n): pl.Series(column, dtype=pl.String) for n, column in enumerate(columns)})


def frame_of(rows: Iterable[tuple[int, Sequence[str]]], ragged: bool = False) -> "pl.DataFrame":
    """Cells from numbered rows of texts (see `Sheet.cells`), a part at a time; `ragged`: rows keep their width."""
    import polars as pl

    parts = list(_parts(iter(rows), ragged))
    if not parts:
        return pl.DataFrame(schema={"row": pl.UInt32, "width": pl.UInt32})
    cells = pl.concat(parts, how="diagonal")
    texts = sorted((name for name in cells.columns if name.isdigit()), key=int)
    return without_blank(cells.select("row", "width", *(pl.col(name).fill_null("") for name in texts)))


def without_blank(cells: "pl.DataFrame") -> "pl.DataFrame":
    """Cells without the rows of which every cell is empty, or covered by a merged one."""
    import polars as pl

    filled = [(pl.col(n).str.strip_chars() != "") & (pl.col(n) != MERGED) for n in cells.columns[2:]]
    # In a long table the first column alone mostly tells.
    if cells.height > _CHUNK and filled and cells.select(filled[0].all()).item():
        return cells
    return cells.filter(pl.any_horizontal(filled))


def _parts(rows: Iterator[tuple[int, Sequence[str]]], ragged: bool) -> "Iterator[pl.DataFrame]":
    import polars as pl

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
