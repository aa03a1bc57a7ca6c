"""A frame as a person or a program takes it away: JSON, CSV, XLSX, Parquet.

Text that a spreadsheet would run as a formula is defused (reliability.md F8): quoted with `'` in CSV, a string cell
in XLSX. Numbers and days stay numbers and days. A text that begins with such quotes already gets one more, and
scheme.words takes one away: what we wrote is read back to the letter.
"""

import io
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl

# What a browser is told of the files it downloads, by their ending.
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_FORMULA = r"^'*[=+\-@\t\r＝＋－＠]"


def records(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The frame's rows as objects with its columns as keys; days and moments still as such."""
    return frame.to_dicts()


def json_bytes(value: Any) -> bytes:
    """Anything of dicts, lists, days and moments as indented JSON; moments end in Z."""
    import orjson

    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC)


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with each list or object in one cell of text: lists joined by `;`, objects as JSON."""
    columns = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if isinstance(dtype, pl.List):
            columns.append(column.cast(pl.List(pl.String)).list.join(";").alias(name))
        elif isinstance(dtype, pl.Struct):
            columns.append(column.struct.json_encode().alias(name))
        elif isinstance(dtype, pl.Datetime):
            columns.append(column.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").alias(name))
        else:
            columns.append(column)
    return frame.select(columns)


def csv_text(frame: pl.DataFrame) -> str:
    """The frame as CSV; headings and text cells that begin like a formula get a leading `'`."""
    safe = defused(flat(frame))
    return safe.rename({name: f"'{name}" for name in safe.columns if re.match(_FORMULA, name)}).write_csv()


def defused(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with a `'` before each text that a spreadsheet would run, and before those with such quotes already."""
    text = pl.selectors.string()
    return frame.with_columns(pl.when(text.str.contains(_FORMULA)).then("'" + text).otherwise(text).name.keep())


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    """The frame as Parquet, lists and objects kept as they are."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def xlsx_bytes(sheets: Mapping[str, pl.DataFrame], notes: Sequence[str] = ()) -> bytes:
    """A workbook with one sheet per frame: one header row, frozen, filters on; `notes` go on a sheet of their own."""
    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_urls": False}) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        day = book.add_format({"num_format": "d mmmm yyyy", "align": "left"})
        for title, frame in sheets.items():
            sheet = book.add_worksheet(sheet_name(title, [sheet.get_name() for sheet in book.worksheets()]))
            sheet.freeze_panes(1, 0)
            shown = flat(frame)
            widths = [len(name) for name in shown.columns]
            for column, name in enumerate(shown.columns):
                sheet.write_string(0, column, name, bold)
            for row, values in enumerate(shown.iter_rows(), start=1):
                for column, value in enumerate(values):
                    widths[column] = max(widths[column], len(_write(sheet, row, column, value, day)))
            for column, width in enumerate(widths):
                sheet.set_column(column, column, min(width + 2, 60))
            if shown.width:
                sheet.autofilter(0, 0, shown.height, shown.width - 1)
        if notes:
            sheet = book.add_worksheet(sheet_name("About", [sheet.get_name() for sheet in book.worksheets()]))
            sheet.set_column(0, 0, 100)
            for row, note in enumerate(notes):
                sheet.write_string(row, 0, note)
    return buffer.getvalue()


def _write(sheet: Any, row: int, column: int, value: Any, day: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, date) and not isinstance(value, datetime):
        sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), day)
        return "30 September 2025"
    if isinstance(value, bool):
        sheet.write_string(row, column, "yes" if value else "no")
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value)
    else:
        sheet.write_string(row, column, str(value)[:32767])
    return str(value)


def sheet_name(title: str, taken: Sequence[str] = ()) -> str:
    """A name Excel allows (31 characters, none of []:*?/\\), different from those taken."""
    name = "".join("-" if c in "[]:*?/\\" else c for c in title).strip("'")[:31] or "Sheet"
    number, wanted = 2, name
    while name.casefold() in {other.casefold() for other in taken}:
        name = f"{wanted[: 30 - len(str(number))]} {number}"
        number += 1
    return name


def parsed_json(text: str) -> Any:
    """What a text of JSON says."""
    import orjson

    return orjson.loads(text)


def as_sent(rejected: pl.DataFrame) -> pl.DataFrame:
    """Rows set aside as their sender wrote them, then `why`, file, sheet and row: to be mended and sent again.

    Takes file, sheet, row, why and `cells` (JSON text); the senders' columns stay in their order, text throughout.
    """
    rows = [parsed_json(cells) for cells in rejected["cells"]]
    names = list(dict.fromkeys(name for row in rows for name in row))
    about = ["why", "file", "sheet", "row"]
    own = [
        pl.Series(name if name not in about else f"{name} (as sent)", [row.get(name) for row in rows], pl.String)
        for name in names
    ]
    return pl.DataFrame([*own, *(rejected[name] for name in about)])


def sent_back(rejected: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The same, one frame for each file and sheet: a workbook of them can be mended and loaded as it is."""
    groups = rejected.partition_by("file", "sheet", maintain_order=True, as_dict=True) if rejected.height else {}
    sheets: dict[str, pl.DataFrame] = {}
    for (file, sheet), rows in groups.items():
        title = str(sheet or file)
        if title in sheets:
            title = f"{title} of {file}"
        while title in sheets:
            title += "'"
        sheets[title] = as_sent(rows)
    return sheets
