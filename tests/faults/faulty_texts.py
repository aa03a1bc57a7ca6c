"""Files of text with a fault: their encodings, characters, headings and cells."""

import json
from collections.abc import Iterator

from tests.etl.made import csv
from tests.faults.fault import HEADINGS, Fault, cell, one, rows, table


def texts() -> Iterator[Fault]:
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
