"""Files of every kind that were cut off, by where."""

import io
from collections.abc import Iterator

from tests.etl.made import csv, frame, ods, xls
from tests.faults.fault import HEADINGS, Fault, cell, lines, records, rows, table
from tests.faults.faulty_workbooks import good_book


def until(text: str, word: str) -> str:
    """A text, cut off where a word stands in it for the last time."""
    return text[: text.rindex(word)]


def parquet() -> bytes:
    buffer = io.BytesIO()
    frame(HEADINGS, rows()).write_parquet(buffer)
    return buffer.getvalue()


def cut() -> Iterator[Fault]:
    yield Fault(
        "cut-mid-row.csv",
        "a CSV that ends in the middle of a row",
        until(table(cell()), ",1.2.1").encode(),
        aside={4: ("3 cells", "cut off")},
        loads=2,
    )
    yield Fault(
        "cut-mid-value.csv",
        "a CSV that ends in the middle of a value",
        until(table(cell()), "pliant").encode(),
        aside={4: ("5 cells", "cut off")},
        loads=2,
    )
    short = csv(HEADINGS[:5], *(row[:5] for row in (*rows()[:2], cell())))
    yield Fault(
        "cut-in-last-cell.csv",
        "a CSV that ends inside its last cell, where that is a word we know",
        until(short, "iant").encode(),
        aside={4: ("band", "'Compl'", "write one of")},
        loads=2,
    )
    yield Fault(
        "cut-in-last-text.csv",
        "a CSV that ends inside its last cell, where that is free text: nothing in the file shows it",
        until(table(cell()), "ne").encode(),
        loads=3,
    )
    yield Fault(
        "cut-in-quotes.csv",
        "a CSV that ends inside a quoted cell",
        table('HR,annual_review,"2025').encode(),
        refused=("row 4", "quote", "cut off", "export it again"),
    )
    yield Fault(
        "cut-in-character.csv",
        "a CSV that ends inside a character",
        table().encode() + "ŵ".encode()[:1],
        refused=("middle of a character", "send it again"),
    )
    for kind, data in (("xlsx", good_book()), ("ods", ods(lines())), ("parquet", parquet())):
        yield Fault(
            f"cut.{kind}",
            f"{kind.upper()}, its last third missing",
            data[: len(data) * 2 // 3],
            refused=("cut off", "send it again"),
        )
    yield Fault(
        "cut.xls",
        "XLS, its last third missing",
        (old := xls(lines()))[: len(old) * 2 // 3],
        refused=("cut off", "save it as XLSX"),
    )
    yield Fault(
        "cut.json",
        "JSON that stops within an object",
        records()[:-40].encode(),
        refused=("line 1", "cut off", "send it again"),
    )
    ndjson = frame(HEADINGS, rows()).write_ndjson()
    yield Fault(
        "cut.ndjson",
        "NDJSON whose last line stops early",
        ndjson[:-40].encode(),
        refused=("line 3", "cut off", "send it again"),
    )
