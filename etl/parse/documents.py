"""Documents (DOCX, PDF) as sheets: stretches of text and tables, each its own sheet, in the order of the document."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from etl.cells import MERGED, Sheet, frame_of, marked
from scheme.errors import FileRefused

LINES = 50_000  # of one document; the longest report has a tenth of that
TABLES = 3_000
HEADING = "heading"
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_SPELT_OUT = str.maketrans({**_LIGATURES, "\x00": "\ufffd"})


@dataclass(frozen=True)
class Line:
    """A paragraph or line of text (`table` 0; then its cell, and "heading" if it is one), or a row of a table."""

    row: int  # the number it is found by
    table: int  # of the document, from 1
    cells: tuple[str, ...]


def sheets(lines: Iterable[Line]) -> list[Sheet]:
    """A sheet "text 1", "text 2" ... for each stretch of text and "table 1" ... for each table, with what they hold.

    FileRefused where there is more than any report has (F1).
    """
    found: list[Sheet] = []
    texts = rows = 0
    for table, part in groupby(lines, lambda line: line.table):
        held = list(part)
        rows += len(held)
        if rows > LINES or len(found) - texts > TABLES:
            raise FileRefused(
                f"the document has more than {LINES:,} lines or {TABLES:,} tables, as no report does; split it"
            )
        texts += not table
        name = f"table {table}" if table else f"text {texts}"
        found.append(Sheet(name, frame_of((line.row, [_cell(cell) for cell in line.cells]) for line in held)))
    return found


def _cell(text: str) -> str:
    return text if text == MERGED else marked(text.translate(_SPELT_OUT), "text")
