"""Files made for tests, by the programs that senders use, and what the way in says of them."""

import io
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import openpyxl
import polars as pl
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import CoveredTableCell, Table, TableCell, TableRow
from odf.text import P

from etl.run import LoadReport, check

PUBLISHED = Path(__file__).parents[2] / "examples" / "published"
HEADINGS = ("Department code", "Assessment type", "Assessed on", "Element", "Band", "Comment")
DAY = date(2025, 3, 7)
TODAY = date(2026, 6, 1)
ROWS = (
    ("HR", "annual_review", DAY, "1.1.1", "Compliant", "£ and “quotes”"),
    ("HR", "annual_review", DAY, "1.1.2", "Compliance Plus", "sŵn"),
    ("007", "annual_review", DAY, "1.1.1", "N/A", "nothing is charged"),
)
Cell = object
Line = Sequence[Cell]


def xlsx(*sheets: tuple[str, Sequence[Line]], **options: object) -> bytes:
    """A workbook as openpyxl writes it."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, lines in sheets:
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(list(line))
    return saved(book)


def saved(book: object) -> bytes:
    """What a workbook's `save` writes."""
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def xls(lines: Sequence[Line]) -> bytes:
    """A workbook of Excel 97 as xlwt writes it."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Results")
    days = xlwt.easyxf(num_format_str="DD/MM/YYYY")
    for y, line in enumerate(lines):
        for x, cell in enumerate(line):
            if cell is not None:
                sheet.write(y, x, cell, *([days] if isinstance(cell, date) else []))
    return saved(book)


def ods(lines: Sequence[Line], merged: Sequence[tuple[int, int]] = ()) -> bytes:
    """An OpenDocument spreadsheet as odfpy writes it; `merged` are (row, column) covered by the cell above."""
    book = OpenDocumentSpreadsheet()
    table = Table(name="Results")
    for y, line in enumerate(lines):
        row = TableRow()
        for x, value in enumerate(line):
            row.addElement(CoveredTableCell() if (y, x) in merged else _ods_cell(value))
        table.addElement(row)
    book.spreadsheet.addElement(table)
    return saved(book)


def _ods_cell(value: Cell) -> TableCell:
    if value is None:
        return TableCell()
    if value == "#DIV/0!":
        cell = TableCell(valuetype="string", stringvalue="", formula="of:=1/0")
    elif isinstance(value, datetime | date):
        cell = TableCell(valuetype="date", datevalue=value.isoformat())
    elif isinstance(value, int | float):
        cell = TableCell(valuetype="float", value=str(value))
    else:
        cell = TableCell(valuetype="string")
    cell.addElement(P(text=str(value)))
    return cell


def texts(lines: Sequence[Line]) -> list[list[str]]:
    """Lines as a person types them."""
    return [["" if c is None else f"{c:%d/%m/%Y}" if isinstance(c, date) else str(c) for c in line] for line in lines]


def csv(*lines: Line | str, separator: str = ",") -> str:
    """Separated values, every cell as it is; a line may be one text with its separators in it."""
    return "".join((line if isinstance(line, str) else separator.join(texts([line])[0])) + "\r\n" for line in lines)


def frame(headings: Sequence[str] = HEADINGS, rows: Sequence[Line] = ROWS) -> pl.DataFrame:
    """The same rows as a frame, to be written as Parquet or JSON."""
    return pl.DataFrame(rows, list(headings), orient="row")


def write(folder: Path, **files: str | bytes) -> Path:
    """Write files into a folder; in their names _ is a dot."""
    for name, what in files.items():
        path = folder / name.replace("_", ".")
        path.write_bytes(what if isinstance(what, bytes) else what.encode())
    return folder


def said(folder: Path, **options: object) -> LoadReport:
    """What the way in says of a folder's files, of which it asks no warehouse; every row must be accounted for."""
    report = check([folder], today=TODAY, **options)
    accounted(report)
    return report


def accounted(report: LoadReport) -> None:
    """read = loaded + unchanged + duplicate + no result + set aside; what is set aside has a reason and its cells."""
    for number, file in enumerate(report.files, 1):
        kinds = (file.loaded, file.unchanged, file.duplicate, file.no_result, file.set_aside)
        assert file.read == sum(kinds), file
        aside = [row for row in report.rejected if row.file_number == number]
        assert len(aside) == file.set_aside
        assert all(row.why and any(row.cells.values()) for row in aside)


def whys(report: LoadReport) -> dict[tuple[str, int], str]:
    """The reasons of the rows set aside, by file and row."""
    return {(report.files[row.file_number - 1].file, row.row): row.why for row in report.rejected}


def reasons(report: LoadReport) -> dict[str, str | None]:
    """Why files were refused."""
    return {file.file: file.reason for file in report.files if file.outcome == "refused"}
