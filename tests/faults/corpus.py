"""The corpus of hostile and damaged files: what each is, its bytes, and what must be said of it.

`python -m tests.faults.corpus FOLDER` writes them all; without a folder it prints the table of docs/faults.md.
"""

import io
import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from pathlib import Path

import openpyxl
import xlsxwriter
from openpyxl.utils.datetime import MAC_EPOCH

from tests.etl.made import csv, frame, ods, saved, xls, xlsx

HEADINGS = ("Department code", "Assessment type", "Assessed on", "Element", "Band", "Comment")
Row = tuple[object, ...]
_NUMBERS = {"made": 0}  # each fault speaks of a department of its own, or one would contradict another


@dataclass(frozen=True)
class Fault:
    """A file with one fault. Either it is refused, or rows of it are set aside, or it loads and a note tells.

    `aside`: by the sender's row, what the reason must name (the column and its value, where there are). `loads`: how
    many of its rows are taken.
    """

    name: str
    what: str
    data: bytes
    refused: tuple[str, ...] = ()
    aside: dict[int, tuple[str, ...]] = field(default_factory=dict)
    noted: tuple[str, ...] = ()
    loads: int = 0
    sheet: str | None = None

    @property
    def ends(self) -> str:
        """What becomes of it, in a word or two."""
        if self.refused:
            return "refused"
        if self.aside:
            return f"{'row' if len(self.aside) == 1 else 'rows'} set aside"
        return "loaded, with a note" if self.noted else "loaded"


def rows() -> list[Row]:
    """Three good rows of the fault that is being made."""
    return [cell(element=f"1.1.{n}") for n in (1, 2, 3)]


def cell(**change: object) -> Row:
    """A good row of element 1.2.1 with some cells changed."""
    row = {"department": f"D{_NUMBERS['made']}", "type": "annual_review", "day": date(2025, 3, 7), "element": "1.2.1"}
    return tuple((row | {"band": "Compliant", "comment": "fine"} | change).values())


def lines() -> list[Row]:
    """The same below their headings."""
    return [HEADINGS, *rows()]


def records() -> str:
    """The same as JSON."""
    return frame(HEADINGS, rows()).write_json()


def table(*below: object, headings: tuple[str, ...] = HEADINGS) -> str:
    """Two good rows as CSV, and these below them."""
    return csv(headings, *rows()[:2], *below)


def one() -> dict[str, object]:
    """One of them as an object."""
    return dict(json.loads(records())[0])


def good_book() -> bytes:
    """The same as a workbook."""
    return xlsx(("Results", lines()))


def book(change: Callable[[openpyxl.Workbook], object]) -> bytes:
    """The good workbook, changed."""
    made = openpyxl.load_workbook(io.BytesIO(good_book()))
    change(made)
    return saved(made)


def parts(change: dict[str, bytes | Callable[[bytes], bytes]], packed: bytes | None = None) -> bytes:
    """A zip archive with some parts changed or added."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(good_book() if packed is None else packed)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in dict.fromkeys((*old.namelist(), *change)):
            how = change.get(name)
            new.writestr(name, how(old.read(name)) if callable(how) else old.read(name) if how is None else how)
    return buffer.getvalue()


def put(place: str, value: object) -> Callable[[openpyxl.Workbook], object]:
    """Put a value into a cell of the workbook's sheet."""
    return lambda made: made["Results"].__setitem__(place, value)


def until(text: str, word: str) -> str:
    """A text, cut off where a word stands in it for the last time."""
    return text[: text.rindex(word)]


def parquet() -> bytes:
    buffer = io.BytesIO()
    frame(HEADINGS, rows()).write_parquet(buffer)
    return buffer.getvalue()


def errors_and_days() -> bytes:
    """A workbook as Excel writes it: an error with its text, and the day that never was."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as made:
        sheet, days = made.add_worksheet("Results"), made.add_format({"num_format": "dd/mm/yyyy"})
        for y, line in enumerate(lines()[:2]):
            for x, value in enumerate(line):
                sheet.write_datetime(y, x, value, days) if isinstance(value, date) else sheet.write(y, x, value)
        for x, value in enumerate(cell()):
            sheet.write(2, x, value) if x != 2 else sheet.write_number(2, x, 60, days)
        for x, value in enumerate(cell(element="1.2.2")):
            sheet.write_datetime(3, x, value, days) if x == 2 else sheet.write(3, x, value)
        sheet.write_formula("E4", "=1/0", None, "#DIV/0!")
    return buffer.getvalue()


def since_1904(made: openpyxl.Workbook) -> None:
    made.epoch = MAC_EPOCH
    made["Results"]["C4"] = 44261


def hidden(made: openpyxl.Workbook) -> None:
    made.create_sheet("Front").append(["nothing here"])
    made["Results"].sheet_state = "veryHidden"


def password() -> bytes:
    """What Excel writes for a workbook behind a password: an old container that holds an encrypted package."""
    container = xls([HEADINGS])
    old, new = "Workbook".encode("utf-16-le"), "EncryptedPackage".encode("utf-16-le")
    at = container.index(old + b"\0\0")
    return container[:at] + new.ljust(64, b"\0") + (len(new) + 2).to_bytes(2, "little") + container[at + 66 :]


def many_parts() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for n in range(6_000):
            archive.writestr(f"xl/{n}", b"")
    return buffer.getvalue()


def traversing() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../../tmp/assay-was-here.csv", table())
    return buffer.getvalue()


def deep(xml: bytes) -> bytes:
    return xml.replace(b"</sheetData>", b"<a>" * 200_000 + b"</a>" * 200_000 + b"</sheetData>")


LAUGHS = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
SHEET = "xl/worksheets/sheet1.xml"


def _cut() -> Iterator[Fault]:
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


def _texts() -> Iterator[Fault]:
    yield Fault(
        "windows-1252.csv",
        "a CSV in Windows-1252",
        table(cell(comment="£5")).encode("cp1252"),
        noted=("Windows-1252", "save it as CSV UTF-8"),
        loads=3,
    )
    yield Fault(
        "two-encodings.csv",
        "a CSV put together of two encodings",
        table(cell(comment="£")).encode() + csv(cell(element="1.2.2", comment="£")).encode("cp1252"),
        refused=("mixes", "byte", "save it as CSV UTF-8"),
    )
    yield Fault(
        "no-encoding.csv",
        "a CSV with bytes of no encoding",
        table().encode() + b"\x81\x8d,\xff\r\n",
        refused=("byte", "save it as CSV UTF-8"),
    )
    yield Fault(
        "lost-characters.csv",
        "a CSV whose characters were lost before",
        table(cell(comment="caf\ufffd")).encode(),
        refused=("line 4", "U+FFFD", "export the file again"),
    )
    yield Fault(
        "nul-bytes.csv",
        "a CSV with NUL bytes in it",
        table(cell(comment="a\0b")).encode(),
        refused=("form known", "send CSV"),
    )
    yield Fault(
        "nul-in-json.json",
        "JSON with an escaped NUL",
        json.dumps([{**one(), "Comment": "a\0b"}]).encode(),
        aside={1: ("comment", "U+0000", "correct it")},
    )
    yield Fault(
        "control-characters.csv",
        "a CSV with C1 control characters",
        table(cell(comment="\x85")).encode(),
        refused=("line 4", "U+0085", "export the file again"),
    )
    yield Fault(
        "right-to-left.csv",
        "a code turned round by an override character",
        table(cell(element="1.2.\u202e1\u202c", department="H\u202eR")).encode(),
        loads=3,
    )
    yield Fault(
        "look-alike-digits.csv",
        "a code of Arabic-Indic digits",
        table(cell(element="١.٢.١")).encode(),
        aside={4: ("element", "U+0661", "type 1.2.1 anew")},
        loads=2,
    )
    yield Fault(
        "look-alike-letters.csv",
        "a department and a band with Cyrillic letters",
        table(cell(department="H\u0420"), cell(element="1.2.2", band="\u0421ompliant")).encode(),
        aside={4: ("department_code", "U+0420", "anew"), 5: ("band", "U+0421", "write one of")},
        loads=2,
    )
    yield Fault(
        "huge-cell.csv",
        "a cell longer than Excel's own limit",
        table(cell(comment="x" * 32_768)).encode(),
        aside={4: ("comment", "32,768", "shorten it")},
        loads=2,
    )
    yield Fault(
        "endless-cell.csv",
        "a quoted cell of two million characters",
        table(f'HR,"{"x" * 2_000_000}"').encode(),
        refused=("row 4", "never closed", "export it again"),
    )
    yield Fault(
        "duplicate-headings.csv",
        "two columns of one heading",
        csv((*HEADINGS, "BAND"), *((*row, "Partial") for row in rows())).encode(),
        refused=("heading Band", "twice", "columns 5 and 7", "keep one"),
    )
    yield Fault(
        "ragged.csv",
        "rows with more and with fewer cells than the headings",
        table("HR,renewal,2025-03-07,1.2.1,Compliant,x,y", "HR,renewal").encode(),
        aside={4: ("7 cells", "quotes"), 5: ("2 cells", "complete it")},
        loads=2,
    )
    yield Fault(
        "formula.csv",
        "text that a spreadsheet would run as a formula",
        table(cell(comment="=cmd|' /C calc'!A0")).encode(),
        loads=3,
    )


def _records() -> Iterator[Fault]:
    yield Fault(
        "key-twice.json",
        "an object with a key twice",
        records().replace('"Band"', '"Band":"Partial","Band"', 1).encode(),
        refused=("'Band' twice", "keep one"),
    )
    large = json.dumps([{**one(), "Department code": 2**53 + 1}, {**one(), "Element": 1.1}])
    yield Fault(
        "numbers.json",
        "codes as numbers: beyond 2^53, and without their last zero",
        large.encode(),
        aside={
            1: ("department_code", "9007199254740993", "send the code as text"),
            2: ("element", "1.1 or 1.10", "in quotes"),
        },
    )
    yield Fault(
        "nested.json",
        "JSON nested a hundred thousand times",
        b'[{"a":' * 100_000 + b"1" + b"}]" * 100_000,
        refused=("nested too deeply", "flat objects"),
    )
    yield Fault(
        "not-a-number.json",
        "JSON with NaN",
        json.dumps([{**one(), "Band": float("nan")}]).encode(),
        refused=("NaN", "leave the value out"),
    )
    yield Fault("no-records.json", "JSON with no records", b"[]", noted=("no rows",))
    yield Fault("headings-only.csv", "headings and nothing below", csv(HEADINGS).encode(), noted=("nothing below",))
    yield Fault("empty.csv", "a file without a byte", b"", refused=("empty", "send it again"))
    yield Fault(
        "zeros.csv", "a file of zeros, as a full disk leaves it", bytes(70_000), refused=("empty", "send it again")
    )


def _workbooks() -> Iterator[Fault]:
    yield Fault(
        "zip-bomb.xlsx",
        "a part that unpacks to 80 MB of spaces",
        parts({SHEET: lambda xml: xml + b" " * (80 * 2**20)}),
        refused=("sheet1.xml", "times its size", "save it again"),
    )
    yield Fault(
        "many-parts.xlsx", "an archive of six thousand parts", many_parts(), refused=("6,000 parts", "split it")
    )
    yield Fault(
        "zip-in-zip.xlsx", "an archive in an archive", parts({}, traversing()), refused=("zip archive", "unpack it")
    )
    yield Fault(
        "deep.xlsx",
        "a sheet with XML nested two hundred thousand times",
        parts({SHEET: deep}),
        loads=3,
        sheet="Results",
    )
    yield Fault(
        "entities.xlsx",
        "XML that declares entities out of one another",
        parts({"xl/workbook.xml": lambda xml: LAUGHS + xml}),
        refused=("entities", "save it again"),
    )
    yield Fault(
        "outside-entity.xlsx",
        "XML that asks for a file of this machine",
        parts({"xl/workbook.xml": lambda xml: OUTSIDE + xml}),
        refused=("entities", "save it again"),
    )
    yield Fault(
        "stray-cell.xlsx",
        "one stray cell at the far corner of the sheet",
        book(put("XFD1048576", "x")),
        refused=("stray cell", "delete the rows and columns"),
    )
    yield Fault(
        "not-calculated.xlsx",
        "a formula whose value was never calculated",
        book(put("E4", '="Com"&"pliant"')),
        aside={4: ("band", '="Com"&"pliant"', "save it")},
        loads=2,
        sheet="Results",
    )
    yield Fault(
        "error-cell.xlsx",
        "a cell that shows an error, and 29 February 1900, a day of Excel's alone",
        errors_and_days(),
        aside={3: ("assessed_on", "before March 1900", "check its year"), 4: ("band", "#DIV/0!", "mend its formula")},
        loads=1,
        sheet="Results",
    )
    yield Fault(
        "merged.xlsx",
        "cells merged over two rows",
        book(lambda made: made["Results"].merge_cells("A3:A4")),
        aside={4: ("department_code", "merged", "unmerge")},
        loads=2,
        sheet="Results",
    )
    yield Fault(
        "hidden.xlsx",
        "the table on a hidden sheet",
        book(hidden),
        noted=("sheet Results is hidden",),
        loads=3,
        sheet="Results",
    )
    yield Fault(
        "since-1904.xlsx",
        "a workbook whose days count from 1904",
        book(since_1904),
        loads=3,
        sheet="Results",
    )
    yield Fault(
        "macros.xlsx", "a workbook with macros", parts({"xl/vbaProject.bin": b"x"}), refused=("macros", "without them")
    )
    yield Fault(
        "binary.xlsx",
        "a binary workbook under another name",
        parts({"xl/workbook.bin": b"x"}),
        refused=("XLSB", ".xlsx"),
    )
    yield Fault(
        "links.xlsx",
        "a workbook that links to others",
        parts({"xl/externalLinks/link1.xml": b"<x/>"}),
        noted=("links to other files",),
        loads=3,
        sheet="Results",
    )
    yield Fault(
        "password.xlsx", "a workbook behind a password", password(), refused=("password", "save it without one")
    )
    yield Fault("no-sheet.xlsx", "a workbook whose sheet is missing", parts({SHEET: b""}), refused=("damaged", "again"))
    yield Fault(
        "number-codes.xlsx",
        "a code that the spreadsheet made a number, and one that it made a day",
        book(lambda made: (put("D3", 1.1)(made), put("D4", date(2001, 1, 1))(made))),
        loads=1,
        sheet="Results",
        aside={3: ("element", "1.1 or 1.10", "as text"), 4: ("element", "2001-01-01", "as text")},
    )


def _disguised() -> Iterator[Fault]:
    page = b"<html><table><tr><td>Element</td></tr></table></html>"
    yield Fault("page.xls", "a web page under the name of a workbook", page, refused=("web page", "save it as .xlsx"))
    yield Fault(
        "picture.csv",
        "a picture under the name of a CSV",
        b"\x89PNG\r\n\x1a\n" + bytes(90),
        refused=("picture", "send the table"),
    )
    yield Fault(
        "packed.csv",
        "a packed file under the name of a CSV",
        b"\x1f\x8b\x08" + bytes(90),
        refused=("compressed", "send the table"),
    )
    yield Fault(
        "program.csv",
        "a program under the name of a CSV",
        b"MZ\x90\0\x03" + bytes(range(256)) * 8,
        refused=("form known", "send CSV"),
    )
    yield Fault(
        "prose.csv",
        "prose, and no table",
        b"Dear all,\nplease find below nothing\n",
        refused=("no sheet has the headings", "map yours"),
    )
    yield Fault(
        "no-band.csv",
        "a table without a column that it needs",
        csv(HEADINGS[:4], *(row[:4] for row in rows())).encode(),
        refused=("without band", "add what is missing"),
    )
    # A name is shown, and never a path to anything.
    for name, what in (
        ("%2F..%2Fetc%2Fpasswd.csv", "a name that is a path in another spelling"),
        ("x\\..\\..\\y.csv", "a name that is a path elsewhere"),
        ("CON.csv", "a name that is a device elsewhere"),
        ("a\u202evsc.csv", "a name that reads backwards"),
        ("'; DROP TABLE files; --.csv", "a name that is a statement"),
        ("two\nlines.csv", "a name of two lines"),
        ("x" * 200 + ".csv", "a name of 204 letters"),
    ):
        yield Fault(
            name,
            what,
            table(cell(element="9.9.9")).encode(),
            aside={4: ("element", "'9.9.9'", "write a code")},
            loads=2,
        )


def _all() -> Iterator[Fault]:
    for fault in chain(_cut(), _texts(), _records(), _workbooks(), _disguised()):
        yield fault
        _NUMBERS["made"] += 1


FAULTS = {fault.name: fault for fault in _all()}


def paper() -> str:
    """The rows of the table in docs/faults.md."""
    return "".join(f"| `{shown(fault.name)}` | {fault.what} | {fault.ends} |\n" for fault in FAULTS.values())


def shown(name: str) -> str:
    """A name as it can be printed in one line."""
    return re.sub(r"x{20,}", "x...x", name.encode("unicode_escape").decode())


def write_all(folder: Path) -> None:
    """Write every file into a folder of its own, with a good one behind it whose department is its number."""
    for n, fault in enumerate(FAULTS.values()):
        own = folder / f"{n:02}"
        own.mkdir(parents=True)
        (own / fault.name).write_bytes(fault.data)
        (own / "~~good.csv").write_text(csv(HEADINGS, *((f"G{n}", *row[1:]) for row in rows())), newline="")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        write_all(Path(sys.argv[1]))
    else:
        print(paper(), end="")
