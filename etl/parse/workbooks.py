"""Excel workbooks (XLSX, XLS): values by calamine, with what it does not tell put back in."""

import datetime as dt
import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import python_calamine as calamine

from etl.cells import MERGED, Book, Sheet, gathered, hidden_note, marked, number_text
from etl.parse import xls, xlsx
from scheme.errors import FileRefused

_HARMLESS_XLS = ("Workbook", "Book")


def xlsx_book(data: bytes, archive: zipfile.ZipFile) -> Book:
    """All sheets of an XLSX file, hidden ones included; FileRefused for macros, binary workbooks and damage."""
    names = archive.namelist()
    if any(name.casefold().endswith("vbaproject.bin") for name in names):
        raise FileRefused("the workbook holds macros; save it as Excel Workbook (.xlsx) without them and send that")
    if "xl/workbook.bin" in names:
        raise FileRefused("this is a binary workbook (XLSB); save it as Excel Workbook (.xlsx) and send that")
    if "xl/workbook.xml" not in names:
        raise FileRefused("the workbook lacks its list of sheets; open it in Excel and save it again as .xlsx")
    since_1904, places, hidden = xlsx.facts(archive)
    linked = any(name.startswith("xl/externalLinks/") for name in names)
    notes = ["the workbook links to other files; the values they had when it was saved were read"] * linked
    sheets = _sheets(data, since_1904, places)
    return Book(
        "xlsx", sheets, notes + [n for sheet in sheets for n in hidden_note(sheet, hidden.get(sheet.name or "", ()))]
    )


def xls_book(data: bytes) -> Book:
    """All sheets of an XLS file, hidden ones included; FileRefused for passwords, macros, old versions and damage."""
    streams = xls.entries(data)
    if "EncryptedPackage" in streams or "EncryptionInfo" in streams:
        raise FileRefused("the file is protected by a password; save it without one and send it again")
    if any(name.startswith("_VBA_PROJECT") for name in streams):
        raise FileRefused("the workbook holds macros; save it as Excel Workbook (.xlsx) without them and send that")
    workbook = next((streams[name] for name in _HARMLESS_XLS if name in streams), None)
    if workbook is None:
        raise FileRefused("this is an Office document without sheets; send a table as XLSX, ODS or CSV")
    since_1904, errors, hidden = xls.facts(workbook)
    sheets = _sheets(data, since_1904, errors)
    # Sheets of charts are left out of the list; which rows are whose is then not sure, and is not told.
    told = zip(sheets, hidden, strict=True) if len(sheets) == len(hidden) else ()
    return Book("xls", sheets, [note for sheet, rows in told for note in hidden_note(sheet, rows)])


def _sheets(
    data: bytes, since_1904: bool, places: Mapping[str, xlsx.Places] | list[dict[tuple[int, int], str]]
) -> list[Sheet]:
    sheets = []
    try:
        with calamine.load_workbook(io.BytesIO(data)) as workbook:
            for index, about in enumerate(workbook.sheets_metadata):
                if about.typ != calamine.SheetTypeEnum.WorkSheet:
                    continue
                if isinstance(places, Mapping):
                    errors = places.get(about.name, {})
                else:
                    errors = places[index] if index < len(places) else {}
                sheet = workbook.get_sheet_by_name(about.name)
                hidden = about.visible != calamine.SheetVisibleEnum.Visible
                sheets.append(Sheet(about.name, gathered(_rows(sheet, since_1904, errors)), hidden))
    except calamine.PasswordError as error:
        raise FileRefused("the file is protected by a password; save it without one and send it again") from error
    except calamine.CalamineError as error:
        raise FileRefused(f"the workbook is damaged ({error}); open it in Excel and save it again") from error
    return sheets


def _rows(
    sheet: calamine.CalamineSheet, since_1904: bool, errors: Mapping[tuple[int, int], str]
) -> Iterator[tuple[int, list[str]]]:
    number: dict[type, Any] = {
        float: lambda value: marked(number_text(value), "number_1904" if since_1904 else "number"),
        int: lambda value: marked(str(value), "number_1904" if since_1904 else "number"),
    }
    by_row: dict[int, dict[int, str]] = {}
    end_row, end_column = sheet.end or (-1, -1)
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        for row in range(top, min(bottom, end_row) + 1):
            covered = range(left if row > top else left + 1, min(right, end_column) + 1)
            if covered:
                by_row.setdefault(row, {}).update(dict.fromkeys(covered, MERGED))
    for (row, column), text in errors.items():
        by_row.setdefault(row, {})[column] = marked(text, "error")
    offset = [""] * (sheet.start[1] if sheet.start else 0)
    last = -1
    for last, values in enumerate(sheet.iter_rows()):
        texts = offset + [c if type(c) is str else number.get(type(c), _text)(c) for c in values]
        yield last + 1, _laid_over(texts, by_row.pop(last)) if last in by_row else texts
    for row in sorted(row for row in by_row if row > last):
        yield row + 1, _laid_over([], by_row[row])


def _laid_over(texts: list[str], special: Mapping[int, str]) -> list[str]:
    texts += [""] * (max(special) + 1 - len(texts))
    for column, text in special.items():
        if text != MERGED or not texts[column]:
            texts[column] = text
    return texts


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return marked(value.strftime("%Y-%m-%d %H:%M:%S").removesuffix(" 00:00:00"), "date")
    if isinstance(value, dt.date):
        return marked(value.isoformat(), "date")
    return str(value)
