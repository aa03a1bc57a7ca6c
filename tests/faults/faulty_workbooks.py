"""Workbooks with a fault, and what puts it there."""

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import date

import openpyxl
import xlsxwriter
from openpyxl.utils.datetime import MAC_EPOCH

from tests.etl.made import saved, xls, xlsx
from tests.faults.fault import HEADINGS, Fault, cell, lines, table


def good_book() -> bytes:
    """The good rows as a workbook."""
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


def workbooks() -> Iterator[Fault]:
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
