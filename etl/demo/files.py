"""How the demo's tables are written down: the formats, encodings, words and days that senders really use."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal
from xml.sax.saxutils import escape, quoteattr

import xlsxwriter

from scheme.standard import ALL_BANDS

Row = Mapping[str, Any]
Days = Literal["iso", "slashes", "long", "short"]

# Senders' words for the bands, best first, and what they call not applicable (inputs.md section 3).
WORDS: dict[str, tuple[str, ...]] = {
    "codes": ALL_BANDS,
    "letters": ("CP", "C", "PC", "NC", "N/A"),
    "long": ("Compliance Plus", "Fully Compliant", "Partial Compliance", "Non-compliant", "Not applicable"),
    "met": ("Best Practice", "Fully Met", "Partially Met", "Not Met", "NA"),
    "spelt": ("Complaint Plus", "compliance", "Partially Compliant (see comment)", "Major non-compliance", "n/a"),
}
_EPOCH = (1980, 1, 1, 0, 0, 0)  # zip archives with another moment in them would differ from one build to the next


@dataclass(frozen=True)
class Sheet:
    """One table as a sender keeps it; `above` are the lines over its headings."""

    name: str
    rows: Sequence[Row]
    above: tuple[str, ...] = ()


@dataclass(frozen=True)
class Style:
    """A sender's habits: words for bands, days, and for text files the encoding and the separator."""

    words: str = "codes"
    days: Days = "iso"
    encoding: str = "utf-8"
    separator: str = ","
    headings: Literal["ours", "spoken", "loud"] = "spoken"

    def heading(self, name: str) -> str:
        """A column's heading: department_code, Department code or DEPARTMENT-CODE; an element's code as it is."""
        if self.headings == "ours":
            return name
        return name.upper().replace("_", "-") if self.headings == "loud" else name.capitalize().replace("_", " ")

    def cell(self, value: object) -> object:
        """A value as this sender writes it; days and numbers stay what they are."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, tuple):
            return ";".join(value)
        if isinstance(value, str) and value in ALL_BANDS:
            return WORDS[self.words][ALL_BANDS.index(value)]
        return value

    def text(self, value: object) -> str:
        """The same in a text file."""
        return self.day(value) if isinstance(value, date) else str(self.cell(value))

    def day(self, day: date) -> str:
        """A day in this sender's words."""
        if self.days == "slashes":
            return f"{day:%d/%m/%Y}"
        if self.days == "long":
            return f"{day.day} {day:%B %Y}"
        if self.days == "short":
            ending = "th" if 11 <= day.day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
            return f"{day.day}{ending} {day:%b %Y}"
        return day.isoformat()


def columns(rows: Iterable[Row]) -> list[str]:
    """The names of all columns, in the order in which they first occur."""
    return list(dict.fromkeys(name for row in rows for name in row))


def write(path: Path, sheets: Sequence[Sheet], style: Style = Style()) -> None:
    """Write sheets as the file's ending says: csv, ndjson (one sheet each), xlsx, ods; always the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".xlsx":
        _write_xlsx(path, sheets, style)
    elif path.suffix == ".ods":
        _write_ods(path, sheets, style)
    elif path.suffix == ".ndjson":
        lines = [{k: style.text(v) for k, v in row.items() if v not in (None, "")} for row in sheets[0].rows]
        path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8", newline="\n")
    else:
        names = columns(sheets[0].rows)
        out = io.StringIO()
        writer = csv.writer(out, delimiter=style.separator, lineterminator="\r\n")
        writer.writerows([line] for line in sheets[0].above)
        writer.writerow([style.heading(name) for name in names])
        writer.writerows([style.text(row.get(name)) for name in names] for row in sheets[0].rows)
        path.write_bytes(out.getvalue().encode(style.encoding))


def _write_xlsx(path: Path, sheets: Sequence[Sheet], style: Style) -> None:
    book = xlsxwriter.Workbook(path, {"strings_to_numbers": False, "strings_to_urls": False})
    book.set_properties({"created": datetime(*_EPOCH[:3])})
    day, bold = book.add_format({"num_format": "dd/mm/yyyy"}), book.add_format({"bold": True})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name)
        for number, line in enumerate(sheet.above):
            page.write_string(number, 0, line, bold)
        names, first = columns(sheet.rows), len(sheet.above)
        for column, name in enumerate(names):
            page.write_string(first, column, style.heading(name), bold)
        for number, row in enumerate(sheet.rows, first + 1):
            for column, name in enumerate(names):
                value = style.cell(row.get(name))
                if isinstance(value, date):
                    page.write_datetime(number, column, datetime(value.year, value.month, value.day), day)
                elif isinstance(value, int | float):
                    page.write_number(number, column, value)
                elif value != "":
                    page.write_string(number, column, str(value))
    book.close()


_ODS = "application/vnd.oasis.opendocument.spreadsheet"
_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "manifest")
)


def _write_ods(path: Path, sheets: Sequence[Sheet], style: Style) -> None:
    def cell(value: object) -> str:
        value = style.cell(value)
        if isinstance(value, date):
            kind, shown = f'office:value-type="date" office:date-value="{value}"', f"{value:%d/%m/%Y}"
        elif isinstance(value, int | float):
            kind, shown = f'office:value-type="float" office:value="{value}"', str(value)
        elif value == "":
            return "<table:table-cell/>"
        else:
            kind, shown = 'office:value-type="string"', str(value)
        return f"<table:table-cell {kind}><text:p>{escape(shown)}</text:p></table:table-cell>"

    def line(values: Iterable[object]) -> str:
        return f"<table:table-row>{''.join(map(cell, values))}</table:table-row>"

    tables = []
    for sheet in sheets:
        names = columns(sheet.rows)
        body = [line([text]) for text in sheet.above] + [line(map(style.heading, names))]
        body += [line(row.get(name) for name in names) for row in sheet.rows]
        tables.append(f"<table:table table:name={quoteattr(sheet.name)}>{''.join(body)}</table:table>")
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_SPACES} office:version="1.2"><office:body>'
        f"<office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        f'<?xml version="1.0" encoding="UTF-8"?><manifest:manifest {_SPACES} manifest:version="1.2">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_ODS}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in (("mimetype", _ODS), ("META-INF/manifest.xml", manifest), ("content.xml", content)):
            how = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text, how)
