"""Tables of separated values (CSV): encoding and separator are found, broken quotes and damage refuse the file."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from etl.cells import Book, Sheet, gathered, without_blank
from scheme.errors import FileRefused

if TYPE_CHECKING:
    import polars as pl

_SEPARATORS = (",", ";", "\t", "|")
_DAMAGE = re.compile("[\x00\x80-\x9f\ufffd]")
_SAMPLE = 100_000  # characters looked at to find the separator
_LONGEST_FIELD = 1_000_000  # characters; a longer one is a quote that was never closed
_SMALL = 2**20  # bytes; records of fewer are made one by one before Polars would be imported
_WIDEST = 500  # cells in a record that is read with many others at once
_BLOCK = 16 * 2**20  # bytes of lines that are read at once
_DECLARED = re.compile(r"sep=.?", re.I)


def book(data: bytes) -> Book:
    """The one sheet of a CSV file; rows are records counted from 1, blank lines included.

    FileRefused where the encoding is in doubt or damaged, or a quote is never closed.
    """
    encoding, notes = encoding_of(data)
    separator = _separator(io.TextIOWrapper(io.BytesIO(data), encoding, newline="").read(_SAMPLE), len(data))
    csv.field_size_limit(_LONGEST_FIELD)
    cells = None if len(data) < _SMALL else _plain(data, encoding, separator)
    if cells is not None:
        return Book("csv", [Sheet(None, cells)], notes)
    lines = io.TextIOWrapper(io.BytesIO(data), encoding, newline="")
    return Book("csv", [Sheet(None, gathered(_records(lines, separator), ragged=True))], notes)


def _plain(data: bytes, encoding: str, separator: str) -> "pl.DataFrame | None":
    """The cells, many lines at once, as `_records` gives them one by one; None where it must be asked.

    For UTF-8 whose every line is a record: each line with a quote in it is one by itself, so that no quote reaches into
    the next. **Ours**: nine tenths of the time of reading a large file went on making records one by one.
    """
    if encoding != "utf-8-sig" or separator == '"' or data.count(b"\r") != data.count(b"\r\n"):
        return None
    import polars as pl

    parts, begin, row = [], 0, 1
    try:
        while begin < len(data):
            end = data.find(b"\n", begin + _BLOCK)
            end = len(data) if end < 0 else end + 1
            text = data[begin:end].decode("utf-8-sig" if begin == 0 else "utf-8")
            lines = pl.Series("line", [text.removesuffix("\n")], pl.String).str.split("\n").explode()
            parts.append(_cells(lines.str.strip_suffix("\r"), row, separator))
            begin, row = end, row + lines.len()
    except (csv.Error, _Unlike):
        return None
    cells = pl.concat(parts, how="diagonal")
    return without_blank(cells.with_columns(pl.col(cells.columns[2:]).fill_null("")))


class _Unlike(Exception):
    """Lines that are no table's: far too long, or of far too many cells."""


def _cells(lines: "pl.Series", first: int, separator: str) -> "pl.DataFrame":
    """The cells of lines that are numbered from the first on; csv.Error where one is no record by itself."""
    import polars as pl

    numbered = lines.to_frame().with_row_index("row", first)
    if first == 1 and _DECLARED.fullmatch("".join(_record(lines[0], separator))):
        numbered = numbered.slice(1)
    quoted = numbered.filter(pl.col("line").str.contains('"', literal=True))
    records = [_record(line, separator) for line in quoted["line"]]
    bare = numbered.join(quoted, on="row", how="anti", maintain_order="left") if records else numbered
    width = (
        pl.when(pl.col("line") == "").then(0).otherwise(pl.col("line").str.count_matches(separator, literal=True) + 1)
    )
    bare = bare.with_columns(width.cast(pl.UInt32).alias("width"))
    widest = max([1, *bare.select(pl.col("width").max()).to_series().drop_nulls(), *map(len, records)])
    if widest > _WIDEST or (bare["line"].str.len_bytes() > _LONGEST_FIELD).any():
        raise _Unlike
    names = [str(n) for n in range(widest)]
    fields = pl.col("line").str.split_exact(separator, widest - 1).struct.rename_fields(names)
    cells = bare.select("row", "width", fields.alias("cells")).unnest("cells")
    if not records:
        return cells
    even = [[*record, *[""] * (widest - len(record))] for record in records]
    texts = pl.DataFrame(even, dict.fromkeys(names, pl.String), orient="row")
    widths = pl.Series("width", list(map(len, records)), pl.UInt32)
    return pl.concat([cells, texts.select(quoted["row"], widths, *names)]).sort("row")


def _record(line: str, separator: str) -> list[str]:
    """The cells of a line that is a record by itself; csv.Error where a quote in it is not closed."""
    return next(csv.reader([line], delimiter=separator, strict=True), [])


def encoding_of(data: bytes) -> tuple[str, list[str]]:
    """The name of a text's encoding, and a note where it is not the usual one (F6).

    FileRefused for bytes of no encoding, of several, or that decode to what no one types.
    """
    encoding = _encoding(data)
    notes = ["read as Windows-1252; save it as CSV UTF-8 to be sure of £ and accents"] if encoding == "cp1252" else []
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise FileRefused(
            f"the text is neither UTF-8, UTF-16 nor Windows-1252 (byte {error.start + 1}); save it as CSV UTF-8"
        ) from error
    if (encoding != "utf-8-sig" or _may_be_damaged(data)) and (match := _DAMAGE.search(text)):
        line = text.count("\n", 0, match.start()) + 1
        raise FileRefused(
            f"the text is damaged in line {line}: the character U+{ord(match[0]):04X} does not belong there; "
            "export the file again from where it came from, as CSV UTF-8"
        )
    return encoding, notes


def _may_be_damaged(data: bytes) -> bool:
    """Whether UTF-8 holds any character of `_DAMAGE`: three quick searches instead of a slow one."""
    return b"\x00" in data or b"\xef\xbf\xbd" in data or re.search(rb"\xc2[\x80-\x9f]", data) is not None


def _encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "utf-32"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    head = data[:4096]
    if b"\x00" in head:
        odd, even = head[1::2].count(0), head[::2].count(0)
        if (not odd and not even) or max(odd, even) * 4 < len(head) or min(odd, even) * 8 > max(odd, even):
            raise FileRefused("this is not a table in a form known here; send CSV, XLSX, XLS, ODS, Parquet or JSON")
        return "utf-16-le" if odd > even else "utf-16-be"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            raise FileRefused("the file ends in the middle of a character, so it was cut off; send it again") from error
        if not data.decode("utf-8", "ignore").isascii():
            raise FileRefused(
                f"the text mixes UTF-8 and another encoding (byte {error.start + 1}); save it as CSV UTF-8"
            ) from error
        return "cp1252"
    return "utf-8-sig"


def _separator(sample: str, size: int) -> str:
    """The separator under which most records have the same number of cells; of equals, the one that gives more."""
    if declared := re.match(r"sep=(.)\r?\n", sample, re.I):
        return declared[1]
    best = (0, 0, ",")
    for separator in _SEPARATORS:
        records = list(islice(csv.reader(io.StringIO(sample, newline=""), delimiter=separator), 200))
        whole = records[:-1] if size >= _SAMPLE and len(records) > 1 else records
        widths = Counter(len(record) for record in whole if len(record) > 1)
        if widths:
            width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
            best = max(best, (count, width, separator))
    return best[2]


def _records(lines: io.TextIOWrapper, separator: str) -> Iterator[tuple[int, list[str]]]:
    number = 0
    try:
        for number, record in enumerate(csv.reader(lines, delimiter=separator, strict=True), 1):
            if not (number == 1 and _DECLARED.fullmatch("".join(record))):
                yield number, record
    except csv.Error as error:
        where = f"row {number + 1}"
        if "unexpected end" in str(error) or "field larger" in str(error):
            raise FileRefused(
                f"{where} opens a quote that is never closed, so the file may be cut off; export it again"
            ) from error
        raise FileRefused(
            f"{where} has a quote in the middle of a quoted cell ({error}); export the file again, or double the quote"
        ) from error
