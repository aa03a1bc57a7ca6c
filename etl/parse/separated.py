"""Tables of separated values (CSV): encoding and separator are found, broken quotes and damage refuse the file."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from etl.cells import Book, Sheet, frame_of
from scheme.errors import FileRefused

_SEPARATORS = (",", ";", "\t", "|")
_DAMAGE = re.compile("[\x00\x80-\x9f\ufffd]")
_SAMPLE = 100_000  # characters looked at to find the separator
_LONGEST_FIELD = 1_000_000  # characters; a longer one is a quote that was never closed


def book(data: bytes) -> Book:
    """The one sheet of a CSV file; rows are records counted from 1, blank lines included.

    FileRefused where the encoding is in doubt or damaged, or a quote is never closed.
    """
    encoding, notes = encoding_of(data)
    separator = _separator(io.TextIOWrapper(io.BytesIO(data), encoding, newline="").read(_SAMPLE), len(data))
    csv.field_size_limit(_LONGEST_FIELD)
    lines = io.TextIOWrapper(io.BytesIO(data), encoding, newline="")
    return Book("csv", [Sheet(None, frame_of(_records(lines, separator), ragged=True))], notes)


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
    if match := _DAMAGE.search(text):
        line = text.count("\n", 0, match.start()) + 1
        raise FileRefused(
            f"the text is damaged in line {line}: the character U+{ord(match[0]):04X} does not belong there; "
            "export the file again from where it came from, as CSV UTF-8"
        )
    return encoding, notes


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
            if not (number == 1 and re.fullmatch(r"sep=.?", "".join(record), re.I)):
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
