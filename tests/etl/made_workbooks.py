"""Workbooks and matrices as departments really keep them: titles, legends, merged cells, words of their own."""

from collections.abc import Mapping, Sequence

import openpyxl

from tests.etl.made import Line, saved

HEADINGS = (
    *("Ref", "Element", "Show Me (Hard Evidence)", "Ref", "Tell Me (See On Site)", "Self Ass", "Assessor"),
    "Assessor Comments",
)
FRONT = (
    ("Customer Service Excellence",),
    ("Self-assessment workbook",),
    (),
    ("Department:", "HOU"),
    ("Assessment dates:", "3rd March 2025 to 5th March 2025"),
    ("Assessor:", "Jo Smith"),
)
ONE = (
    ("1.1", "CUSTOMER IDENTIFICATION"),
    ("I.1.1", "Knowing customers", "Customer profile", "ES 12", "Welcome desk", "Complaint Plus", "C", "well kept"),
    ("1.1.2\u00a0", "Groups", "ES 13 Journey maps", None, None, "Compliant", None, None),
    ("1.1.3", "Hard to reach", None, None, None, "TBC", "Partial Compliance", "began in May"),
    ("1.2", "ENGAGEMENT AND CONSULTATION"),
    ("1.2.1", "A plan", None, None, None, None, None, None),
    ("1.2.2", "Consultation", "Panel minutes", None, "Panel board", "PC", None, None),
)
TWO = (("2.1.1", "Leaders", None, None, None, "Fully Met", "C", None),)

MATRIX_HEADINGS = ("Ref.", "Element", "Evidence", "Owner", "Notes")
MATRIX = (
    ("1.1", "CUSTOMER IDENTIFICATION"),
    ("1.1.1", "Knowing customers", "ES 12 Customer profile 2024", "A. Shah", "renewed yearly"),
    (None, None, "ES 13 Segmentation study", "A. Shah", None),
    (None, None, "Welcome pack", None, None),
    ("1.1.2", "Groups", "ES 12 Customer profile 2024", "A. Shah", None),
    ("1.1.3", "Hard to reach", None, None, None),
    ("1.2 INVOLVING CUSTOMERS",),
    ("1.2.1", "A plan", "ES 40: Plan for involving customers", "B. Cole", None),
)


def workbook(
    sheets: Mapping[str, Sequence[Line]],
    front: Sequence[Line] | None = FRONT,
    headings: Sequence[object] = HEADINGS,
    above: int = 5,
    merged: Sequence[str] = ("A1:H1",),
    hidden: Sequence[int] = (),
) -> bytes:
    """A self-assessment workbook: a front sheet, and sheets with a merged title and headings on line `above` + 1."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    if front is not None:
        _fill(book.create_sheet("Front"), front)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        sheet["A1"] = f"{name}: customer service excellence"
        sheet["A3"] = "Key"
        sheet["B3"] = "C = compliant, P = partial"
        for x, heading in enumerate(headings, 1):
            sheet.cell(above + 1, x, heading)
        _fill(sheet, lines, above + 2)
        for place in merged:
            sheet.merge_cells(place)
        for row in hidden:
            sheet.row_dimensions[row].hidden = True
    return saved(book)


def matrix(
    lines: Sequence[Line] = MATRIX,
    above: Sequence[Line] = (("Evidence matrix",), ("Department: HOU",), ("ES = electronic store", "P = paper"), ()),
    headings: Sequence[object] = MATRIX_HEADINGS,
    merged: Sequence[str] = (),
) -> bytes:
    """An evidence matrix on one sheet, its headings below title lines and a legend."""
    book = openpyxl.Workbook()
    _fill(book.active, [*above, headings, *lines])
    for place in merged:
        book.active.merge_cells(place)
    return saved(book)


def _fill(sheet, lines: Sequence[Line], first: int = 1) -> None:
    for y, line in enumerate(lines, first):
        for x, value in enumerate(line, 1):
            if value is not None:
                sheet.cell(y, x, value)
