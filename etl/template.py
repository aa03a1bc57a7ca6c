"""Templates: files to be filled in and sent back, with what is known already standing in them.

Whatever a template holds comes back as it was: loaded again, it says nothing new (tests/etl/test_template.py).
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

import formats
from db import reads
from db.session import Scope, open_session
from etl.layouts.evidence_codes import SEVERAL
from scheme.errors import UsageError
from scheme.sight import in_sight
from scheme.standard import ASSESSMENT_TYPES, Criterion, Standard, code_order
from scheme.standing import standing
from scheme.tables import TABLES, Table

WORKBOOK = "workbook"
KINDS = (WORKBOOK, *TABLES)  # what there are templates of
HEADINGS = (
    *("Ref", "Element", "Show Me (Hard Evidence)", "Ref", "Tell Me (See On Site)", "Ref", "Self Ass", "Self Comments"),
    *("Assessor", "Assessor Comments", "Band now", "Since"),
)
_WIDTHS = (8, 44, 44, 10, 44, 10, 18, 32, 18, 32, 18, 18)
_REF, _TITLE, _SHOW, _SHOW_REF, _TELL, _TELL_REF, _SELF, _, _ASSESSOR, _, _NOW, _SINCE = range(12)
_HOW = (
    "Fill in what you know and send the file back; an empty cell says nothing and takes nothing away.",
    "Write the day of the self-assessment above before you change a band.",
    "A band that is still the one under Band now keeps its day under Since; a changed one gets the day written above.",
    "Assessed again and found the same? Empty the cell under Since, and it gets the day written above too.",
    "More than one piece of evidence for an element: a line for each, with the same Ref; write the band on one.",
    "A Ref behind Show Me or Tell Me is the evidence's own code; without one it is given one.",
    "The assessor's column is a desk review unless the type of assessment above says otherwise.",
)
_FIRST_DAY = date(1900, 3, 1)  # before it spreadsheets count a day that never was


@dataclass(frozen=True)
class Filled:
    """What stands already in a department's workbook.

    `bands`: element, band, assessed_on of its own self-assessments in force; `evidence`: rows of that table.
    """

    department_code: str
    department_name: str | None
    bands: pl.DataFrame
    evidence: pl.DataFrame


def template(scope: Scope, kind: str, department: str | None, today: date) -> bytes:
    """A template as an XLSX file: of a kind, for a department with what is known of it, or blank.

    UsageError for a kind that is none, and for a department that does not exist or that this person may not see: the
    two look the same.
    """
    if kind not in KINDS:
        raise UsageError(f"there is no template of '{kind}'; there are {', '.join(KINDS)}")
    with open_session(scope) as session:
        known = in_sight(reads.programme(session), scope.departments, scope.certificates)
        if department is not None and department not in known.departments["department_code"]:
            raise UsageError(f"there is no department {department}; `assay department list` lists them all")
        if kind != WORKBOOK:
            rows = reads.table(session, kind)
            about = rows.clear() if department is None else _about(rows, department, known.sites)
            return table_file(TABLES[kind], about.select(TABLES[kind].names), known.standard)
        if department is None:
            return workbook_file(known.standard)
        now = standing(known, today, "self").filter(~pl.col("rolled_up"))
        of = pl.col("department_code") == department
        return workbook_file(
            known.standard,
            Filled(
                department,
                dict(known.departments.select("department_code", "department_name").iter_rows())[department],
                now.filter(of).select("element", "band", "assessed_on"),
                reads.table(session, "evidence").filter(of).select(TABLES["evidence"].names),
            ),
        )


def _about(rows: pl.DataFrame, department: str, sites: pl.DataFrame) -> pl.DataFrame:
    """The rows that are about one department and no other."""
    if "department_code" not in rows.columns:
        own = sites.filter(pl.col("department_codes").list.contains(department))["site_code"]
        return rows.filter(pl.col("site_code").is_in(own.to_list()))
    code = pl.col("department_code")
    return rows.filter(code.list.contains(department) if isinstance(rows.schema["department_code"], pl.List) else
                       code == department)  # fmt: skip


# --- canonical tables -------------------------------------------------------------------------------------------------


def table_file(table: Table, rows: pl.DataFrame, standard: Standard) -> bytes:
    """A canonical table with its headings and these rows, ready to be gone on with."""
    buffer = io.BytesIO()
    with _book(buffer) as book:
        styles, sheet = _Styles(book), book.add_worksheet(formats.sheet_name(table.name))
        sheet.freeze_panes(1, 0)
        for x, column in enumerate(table.columns):
            # As text, or a spreadsheet makes a date of 1.1.1 and loses the zeros of 007.
            plain = styles.day if column.kind == "day" else styles.text
            sheet.set_column(x, x, max(14, len(column.name) + 2), plain)
            sheet.write_string(0, x, column.name, styles.needed if column.required else styles.heading)
            words = {"band": _labels(standard), "assessment_type": [_spoken(kind) for kind in ASSESSMENT_TYPES]}
            if column.kind in words:
                _choices(sheet, 1, 5000, x, words[column.kind])
        for y, row in enumerate(rows.iter_rows(), 1):
            for x, value in enumerate(row):
                styles.write(sheet, y, x, value)
        sheet = book.add_worksheet("About")
        sheet.set_column(0, 0, 110)
        needed = ", ".join(column.name for column in table.columns if column.required)
        about = (
            f"One line for each; {needed} must be there, any other column may be taken out or left empty.",
            _HOW[0],
        )
        for y, line in enumerate(about):
            sheet.write_string(y, 0, line)
    return buffer.getvalue()


# --- the self-assessment workbook -------------------------------------------------------------------------------------


def workbook_file(standard: Standard, filled: Filled | None = None) -> bytes:
    """A self-assessment workbook: a front sheet, a sheet for each criterion, and evidence that has no place there."""
    buffer = io.BytesIO()
    with _book(buffer) as book:
        styles = _Styles(book)
        _front(book.add_worksheet("Front"), styles, standard, filled)
        bands = {} if filled is None else {row["element"]: row for row in filled.bands.iter_rows(named=True)}
        placed, others = _placed(standard, filled)
        for criterion in standard.criteria:
            taken = [sheet.get_name() for sheet in book.worksheets()]
            sheet = book.add_worksheet(formats.sheet_name(f"Criterion {criterion.code}", taken))
            _criterion(sheet, styles, standard, criterion, bands, placed)
        if others:
            sheet = book.add_worksheet("Other evidence")
            names = TABLES["evidence"].names
            for x, name in enumerate(names):
                sheet.set_column(x, x, 20, styles.text)
                sheet.write_string(0, x, name, styles.heading)
            for y, row in enumerate(others, 1):
                for x, name in enumerate(names):
                    styles.write(sheet, y, x, row[name])
    return buffer.getvalue()


def _front(sheet: Any, styles: "_Styles", standard: Standard, filled: Filled | None) -> None:
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 60, styles.text)
    sheet.write_string(0, 0, "Self-assessment workbook", styles.title)
    sheet.write_string(1, 0, standard.title)
    code, name = (filled.department_code, filled.department_name or "") if filled else ("", "")
    for y, (label, said) in enumerate(
        (
            ("Department code:", code),
            ("Department name:", name),
            ("Date of self-assessment:", ""),
            ("Date of assessment:", ""),
            ("Assessor:", ""),
            ("Type of assessment:", ""),
        ),
        3,
    ):
        sheet.write_string(y, 0, label, styles.heading)
        if said:
            sheet.write_string(y, 1, said, styles.text)
    for y, line in enumerate(_HOW, 11):
        sheet.write_string(y, 0, line)


def _criterion(
    sheet: Any,
    styles: "_Styles",
    standard: Standard,
    criterion: Criterion,
    bands: Mapping[str, Mapping[str, Any]],
    placed: Mapping[str, tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]],
) -> None:
    for x, width in enumerate(_WIDTHS):
        sheet.set_column(x, x, width, styles.day if x == _SINCE else styles.text)
    sheet.write_string(0, 0, f"Criterion {criterion.code}, {criterion.title}", styles.title)
    for x, heading in enumerate(HEADINGS):
        sheet.write_string(2, x, heading, styles.heading)
    sheet.freeze_panes(3, 2)
    y = 3
    for code, title in _lines(criterion):
        if title is not None:
            sheet.write_string(y, _REF, code, styles.heading)
            sheet.write_string(y, _TITLE, title.upper(), styles.heading)
            y += 1
            continue
        show, tell = placed.get(code, ([], []))
        for n in range(max(1, len(show), len(tell))):
            sheet.write_string(y, _REF, code, styles.text)
            if n == 0:
                sheet.write_string(y, _TITLE, standard.element[code].title, styles.text)
                if code in bands:
                    label = standard.band[bands[code]["band"]].label
                    sheet.write_string(y, _SELF, label, styles.text)
                    sheet.write_string(y, _NOW, label, styles.known)
                    styles.write(sheet, y, _SINCE, bands[code]["assessed_on"])
            for pieces, text, ref in ((show, _SHOW, _SHOW_REF), (tell, _TELL, _TELL_REF)):
                if n < len(pieces):
                    sheet.write_string(y, ref, pieces[n]["evidence_code"], styles.text)
                    styles.write(sheet, y, text, pieces[n]["evidence"])
            y += 1
    for x in (_SELF, _ASSESSOR):
        _choices(sheet, 3, y + 200, x, _labels(standard))


def _lines(criterion: Criterion) -> Iterator[tuple[str, str | None]]:
    """The lines of a criterion in order: a sub-criterion with its title, an element without one."""
    below = {code for sub in criterion.sub_criteria for code in sub.elements}
    yield from ((code, None) for code in criterion.elements if code not in below)
    for sub in criterion.sub_criteria:
        yield sub.code, sub.title
        yield from ((code, None) for code in sub.elements)


def _placed(
    standard: Standard, filled: Filled | None
) -> tuple[dict[str, tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]], list[Mapping[str, Any]]]:
    """Evidence by element, hard and to be seen on site; and what a workbook has no column for."""
    placed: dict[str, tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]] = {}
    others: list[Mapping[str, Any]] = []
    rows = [] if filled is None else list(filled.evidence.iter_rows(named=True))
    for row in sorted(rows, key=lambda row: code_order(row["evidence_code"])):
        if (
            row["kind"] not in ("supportive", "observed")
            or row["element"] not in standard.element
            or SEVERAL.search(row["evidence_code"])
        ):
            others.append(row)
        else:
            placed.setdefault(row["element"], ([], []))[row["kind"] == "observed"].append(row)
    return placed, others


# --- how it looks -----------------------------------------------------------------------------------------------------


class _Styles:
    """The formats of one workbook, and how a value is written in it."""

    def __init__(self, book: Any) -> None:
        lines = {"text_wrap": True, "valign": "top"}
        self.text = book.add_format({"num_format": "@", **lines})
        self.day = book.add_format({"num_format": "d mmmm yyyy", "align": "left", "valign": "top"})
        self.heading = book.add_format({"bold": True, "bottom": 1, **lines})
        self.needed = book.add_format({"bold": True, "bottom": 2, **lines})
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.known = book.add_format({"num_format": "@", "font_color": "#595959", **lines})

    def write(self, sheet: Any, y: int, x: int, value: Any) -> None:
        """A value, so that it is read as what it is; text never as a formula (F8)."""
        if value is None:
            return
        if isinstance(value, date) and not isinstance(value, datetime) and value >= _FIRST_DAY:
            sheet.write_datetime(y, x, datetime(value.year, value.month, value.day), self.day)
        elif isinstance(value, bool):
            sheet.write_string(y, x, "yes" if value else "no", self.text)
        elif isinstance(value, int | float):
            sheet.write_number(y, x, value)
        else:
            text = ";".join(value) if isinstance(value, list) else str(value)
            sheet.write_string(y, x, text, self.text)


def _book(buffer: io.BytesIO) -> Any:
    import xlsxwriter

    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_urls": False})
    book.set_properties({"title": "Assay template", "created": datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None)})
    return book


def _choices(sheet: Any, first: int, last: int, column: int, words: Sequence[str]) -> None:
    if len(",".join(words)) < 255 and not any("," in word for word in words):  # what a spreadsheet takes
        # A hint, no fence: other words for a band are understood as well.
        listed = {"validate": "list", "source": list(words), "error_type": "information", "ignore_blank": True}
        sheet.data_validation(first, column, last, column, listed)


def _labels(standard: Standard) -> list[str]:
    return [band.label for band in standard.bands]


def _spoken(code: str) -> str:
    return code.replace("_", " ")
