"""The workbook: what is in it reads as the screen does, sorts as numbers do, and runs nothing."""

import io
import re
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.exports.as_workbook import number_format, workbook
from dashboard.exports.document import (
    About,
    Cell,
    Chart,
    Column,
    Document,
    Facts,
    Grid,
    Heading,
    Page,
    Paragraph,
    Points,
    Row,
)

ABOUT = About(
    "ASH", "Ashcombe (fictional)", date(2026, 3, 1), datetime(2026, 3, 2, 9, 5, tzinfo=UTC), 7, ("Body A, 2024",),
    datetime(2026, 3, 3, 10, 0, tzinfo=UTC), "lead@ash.example", True,
)  # fmt: skip
COLUMNS = (
    Column("name", "Department", "Department"),
    Column("e", "1.1.1", "Knowing customers", "band", ("1 Insight", "1.1 Knowing")),
    Column("f", "1.1.2", "Asking customers", "band", ("1 Insight", "1.1 Knowing")),
    Column("used", "Partials", "Partials used", "headroom"),
    Column("share", "Share", "Share compliant", "share"),
    Column("on", "Last", "Last assessed", "day"),
)


def made(rows: tuple[Row, ...], note: str = "", title: str = "Heatmap") -> Document:
    grid = Grid("heatmap-table", "Bands by department", COLUMNS, rows, note)
    chart = Chart("c", "Over time", "It rises.", {}, Grid("c", "Over time", COLUMNS[:1], (Row((Cell("2025"),)),)))
    words = (Heading(2, "What holds"), Paragraph("One fails.", "lead"), Points(("First.", "Then.")))
    page = Page("heatmap", title, "/heatmap", (*words, Facts((("Owed", "3"),)), grid, chart), (("Basis", "formal"),))
    return Document("The pack of Ashcombe", ABOUT, (page,))


USUAL = (
    Row(
        (
            Cell("Highways", value="Highways", small="HWY"),
            Cell("P", "partial", "P", fill="#f47738", ink="#000000"),
            Cell("C", "compliant", "C"),
            Cell("2/3", "2 of 3", 2),
            Cell("12 %", "", 0.12),
            Cell("7 March 2025", "", date(2025, 3, 7)),
        ),
        "Highways",
    ),
    Row((Cell("Roads", value="Roads"), Cell(), Cell(), Cell("1,234", "", 1234), Cell("0.5", "", 0.5), Cell()), depth=1),
)


def opened(document: Document):
    return openpyxl.load_workbook(io.BytesIO(workbook(document)))


def test_each_table_has_a_sheet_that_the_contents_lead_to():
    book = opened(made(USUAL))
    assert book.sheetnames == [
        "Contents", "What the pages say", "What the columns mean", "Heatmap, Bands by department",
        "Heatmap, Bands by depar as data", "Heatmap, Over time", "About",
    ]  # fmt: skip
    contents = book["Contents"]
    ways = [row[0].hyperlink.location for row in contents.iter_rows(min_row=4) if row[0].hyperlink]
    assert ways == [f"'{name}'!A1" for name in book.sheetnames[1:]]


def test_a_table_keeps_numbers_days_colours_and_headers_and_merges_nothing():
    sheet = opened(made(USUAL, note="A note."))["Heatmap, Bands by department"]
    header = next(row for row in sheet.iter_rows() if row[0].value == "Department")
    row = header[0].row
    assert [cell.value for cell in header] == [
        "Department", "Department: more", "1.1.1", "1.1.2", "Partials", "Share", "Last",
    ]  # fmt: skip
    first, second = (list(sheet[row + n]) for n in (1, 2))
    assert [cell.value for cell in first][:6] == ["Highways", "HWY", "P", "C", 2, 0.12]
    assert first[6].value.date() == date(2025, 3, 7)
    assert (first[4].number_format, first[5].number_format) == ('0"/3"', "0 %")
    assert second[4].value == 1234
    assert second[4].number_format == "#,##0"
    assert first[2].fill.fgColor.rgb == "FFF47738"
    assert second[0].alignment.indent == 1
    assert not sheet.merged_cells.ranges
    assert sheet.freeze_panes == f"B{row + 1}"
    (table,) = sheet.tables.values()
    assert table.ref == f"A{row}:G{row + 2}"
    assert table.autoFilter.ref == table.ref
    assert [sheet.cell(level, 3).value for level in (3, 4)] == ["1 Insight", "1.1 Knowing"]
    assert sheet["A1"].value == "Bands by department"
    assert "A note." in [cell.value for cell in sheet["A"]]
    wide = replace(COLUMNS[1], label="1", groups=("1 Knowing every customer there is in full",))
    grid = Grid("g", "Wide", (COLUMNS[0], wide, replace(wide, title="1.1.2 Asking", key="f")), ())
    narrow = opened(Document("D", ABOUT, (Page("p", "Wide", "/", (grid,)),)))["Wide"]
    assert [narrow.cell(row, 2).value for row in (3, 4)] == ["1", "Knowing customers"], "no room for more than the code"
    assert narrow["C4"].value == "1.1.2", "a label that is there twice gives way to the code"


def test_what_cells_are_made_of_is_there_as_numbers_and_short_headers_in_full():
    parts = (("Partials", 2), ("Allowance", 3))
    rows = (
        Row(
            (
                USUAL[0].cells[0],
                Cell("P", "Partial", "Partial"),
                *USUAL[0].cells[2:3],
                Cell("2/3", parts=parts),
                *USUAL[0].cells[4:],
            )
        ),
    )
    book = opened(made(rows))
    data = list(book["Heatmap, Bands by depar as data"].iter_rows(min_row=3, values_only=True))
    told = dict(zip(*data[:2], strict=True))
    assert (told["Partials used: Partials"], told["Partials used: Allowance"]) == (2, 3)
    assert book["Heatmap, Bands by department"]["C6"].value == "P"
    meant = list(book["What the columns mean"].iter_rows(min_row=4, values_only=True))
    assert ("Heatmap, Bands by department", "1.1.1", "1 Insight: 1.1 Knowing: Knowing customers") in meant


def test_every_sheet_says_whose_figures_these_are_of_which_day_and_what_was_known():
    book = opened(made(USUAL))
    for sheet in book:
        line = sheet["A2"].value
        for words in ("Ashcombe (fictional)", "1 March 2026", "load 7", "2 March 2026 at 09:05 UTC", "Body A, 2024"):
            assert words in line, (sheet.title, words)
    assert "Basis: formal" in book["Heatmap, Bands by department"]["A2"].value


def test_every_sentence_of_a_page_is_in_the_workbook_under_its_heading():
    sheet = opened(made(USUAL))["What the pages say"]
    assert [tuple(cell.value for cell in row) for row in sheet.iter_rows(min_row=4)] == [
        ("Heatmap", "What holds", said) for said in ("One fails.", "First.", "Then.", "Owed: 3", "Over time: It rises.")
    ]


def test_a_day_stands_in_a_cell_of_any_kind():
    column = Column("s", "State", "State", "state")
    grid = Grid("g", "States", (column,), (Row((Cell("7 March 2025", value=date(2025, 3, 7)),)),))
    sheet = opened(Document("D", ABOUT, (Page("p", "States", "/", (grid,)),)))["States"]
    assert sheet["A4"].value.date() == date(2025, 3, 7)


def test_a_table_without_rows_says_so_and_is_still_a_table():
    sheet = opened(made(()))["Heatmap, Bands by department"]
    assert "Nothing is here." in [cell.value for cell in sheet["A"]]
    assert sheet.tables


def test_the_same_document_gives_the_same_bytes():
    assert workbook(made(USUAL)) == workbook(made(USUAL))


HOSTILE = st.text(st.sampled_from("=+-@\t\r\n＝＋－＠ \"'<>&\x00\x07,;a1!:/\\[]*?()|"), max_size=40) | st.sampled_from(
    ["=1+1", '=HYPERLINK("https://evil.example")', "@SUM(A1)", "-2+3|cmd", "{=1}", "https://evil.example", "_x0041_"]
)


@given(st.lists(HOSTILE, min_size=8, max_size=8))
def test_no_text_whatever_it_is_becomes_a_formula_or_a_link(texts):
    name, small, value, caption, note, title, label, said = texts
    columns = (Column("a", label, label, groups=(label,)), Column("b", label, label))
    row = Row((Cell(name, value=name, small=small), Cell(value, value=value)))
    grid = Grid("g", caption, columns, (row,), note)
    page = Page("p", title, title, (Paragraph(said), Heading(2, said), grid), ((label, said),))
    book = workbook(Document(title, ABOUT, (page,)))
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        for part in parts.namelist():
            text = parts.read(part).decode()
            assert not re.search(r"<(f|definedName[^>]*hidden|ddeLink|externalReference)[ >]", text), part
            assert 'TargetMode="External"' not in text, part
    openpyxl.load_workbook(io.BytesIO(book))


@pytest.mark.parametrize(
    ("value", "shown", "way"),
    [
        (1234, "1,234", "#,##0"), (0.12, "12 %", "0 %"), (0.123, "12.3%", "0.0%"), (12.5, "12.5", "0.0"),
        (2, "2/3", '0"/3"'), (3, "P", '"P";"P";"P"'), (-1, "-1", "0"), (7, "", "General"),
        (2, "2.4 y", '"2.4 y";"2.4 y";"2.4 y"'),
    ],
)  # fmt: skip
def test_a_number_is_written_so_that_it_reads_as_it_is_shown(value, shown, way):
    assert number_format(value, shown) == way
