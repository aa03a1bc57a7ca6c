"""A table is found by its headings, on any line, whatever the file is called; what it is not is said (F17)."""

import io

import openpyxl
import pytest

from etl.layouts.staged import Source
from scheme.tables import TABLES
from tests.etl.made import DAY, HEADINGS, ROWS, csv, ods, reasons, said, whys, write, xlsx

GOOD = "HR,annual_review,2025-03-07,1.1.1,C,fine"


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_found_by_its_required_headings_alone(tmp_path, name):
    headings = [column.name.upper().replace("_", " - ") for column in TABLES[name].columns if column.required]
    report = said(write(tmp_path, misleading_csv=csv(headings, ["x"] * len(headings))))
    assert report.files[0].table == name


def test_titles_above_the_headings_are_skipped_and_rows_keep_their_own_numbers(tmp_path):
    titles, wrong = [("Anytown",), (), ("C = compliant", None, "see below")], ("HR", "renewal", DAY, "9.9.9", "C", "")
    lines = [*titles, HEADINGS, *ROWS, (), wrong]
    report = said(write(tmp_path, a_csv=csv(*lines), b_xlsx=xlsx(("One", lines)), c_ods=ods(lines)))
    assert [file.read for file in report.files] == [4, 4, 4]
    assert set(whys(report)) == {("a.csv", 9), ("b.xlsx", 9), ("c.ods", 9)}


def test_results_go_before_evidence_and_sites_before_departments(tmp_path):
    both = (*HEADINGS, "Evidence code", "Evidence", "Site code", "Site name", "Department name")
    sites = ("Department code", "Department name", "Site code", "Site name")
    report = said(write(tmp_path, a_csv=csv(both, GOOD + ",E1,text,S,Site,HR"), b_csv=csv(sites, "HR,HR,S,Site")))
    assert [file.table for file in report.files] == ["results", "sites"]


def test_unknown_columns_are_left_out_and_named(tmp_path):
    report = said(write(tmp_path, a_csv=csv((*HEADINGS, "Mood", "", "Colour"), GOOD + ",sunny,x,red")))
    assert "left out: Mood, Colour, column 8 (no heading)" in report.files[0].notes


@pytest.mark.parametrize(
    ("headings", "missing"),
    [
        ("Department code,Assessment type,Assessed on,Element", "band"),
        ("Department code,Assessment type,Assessed on", "a column for each element"),
        ("Certificate code,Awarded on", "expires_on"),
        ("Department code,Element,Action,Owner", "due_on"),
        ("Department code,Assessed on,1.1.1,1.1.2,1.1.3", "assessment_type"),
    ],
)
def test_a_missing_column_refuses_the_file_and_is_named_with_what_is_there(tmp_path, headings, missing):
    reason = reasons(said(write(tmp_path, a_csv=csv(headings, "x,y,z"))))["a.csv"]
    assert missing in reason
    assert headings.split(",")[1] in reason


def test_a_heading_that_is_there_twice_refuses_the_file(tmp_path):
    files = {
        "a_csv": csv((*HEADINGS, "band"), GOOD + ",P"),
        "b_csv": csv("Department code,Assessment type,Assessed on,1.1.1,I.1.1", "HR,renewal,2025-03-07,C,P"),
        "c_csv": csv("Certificate code,Awarded on,Expires on,Valid until", "C,2025-01-01,2028-01-01,2027-12-31"),
    }
    refused = reasons(said(write(tmp_path, **files)))
    assert set(refused) == {"a.csv", "b.csv", "c.csv"}
    assert "columns 5 and 7" in refused["a.csv"]
    assert "element 1.1.1 is there twice" in refused["b.csv"]


def test_sheets_that_hold_no_table_are_left_out_and_named_unless_none_does(tmp_path):
    letter = ("Letter", [("Dear colleagues",), ("please find",)])
    write(tmp_path, a_xlsx=xlsx(letter, ("Data", [HEADINGS, *ROWS]), ("Empty", [])), b_xlsx=xlsx(letter))
    report = said(tmp_path)
    assert (report.files[0].sheet, report.files[0].loaded) == ("Data", 3)
    assert "sheet Letter was left out: it holds no known table" in report.files[0].notes
    assert "Dear colleagues" in reasons(report)["b.xlsx"]


def test_a_blank_row_is_no_row(tmp_path):
    report = said(write(tmp_path, a_csv=csv(HEADINGS, ",,,,,", " ,\u00a0,,,,", "", GOOD)))
    assert (report.files[0].read, report.files[0].loaded) == (1, 1)


WIDE = ("Department code", "Site code", "Assessment type", "Assessed on", "1.1.1", "I.1.2", "1.1.10", "Total")


def test_each_filled_cell_of_a_wide_table_counts_as_one(tmp_path):
    lines = [
        WIDE,
        ("HR", None, "renewal", DAY, "C", None, None, "1"),
        ("HR", "S", "renewal", DAY, "Amber", "TBC", "C", "2"),
        ("IT", None, "renewal", DAY, None, None, None, "0"),
    ]
    others = [lines[0], *((f"{n}", *line[1:]) for n, line in enumerate(lines[1:]))]  # else they are duplicates
    report = said(write(tmp_path, a_csv=csv(*lines), b_xlsx=xlsx(("Wide", others))))
    for file in report.files:
        assert (file.table, file.read, file.loaded, file.no_result, file.set_aside) == ("results", 4, 1, 1, 2)
    amber, tenth = report.rejected[:2]
    assert amber.cells == {
        "Department code": "HR",
        "Site code": "S",
        "Assessment type": "renewal",
        "Assessed on": "07/03/2025",
        "1.1.1": "Amber",
    }
    assert tenth.cells["1.1.10"] == "C"
    assert any("heading 1.1.10" in note for note in report.files[0].notes)


def test_rows_set_aside_of_a_wide_table_are_a_wide_table_again(tmp_path):
    first = said(write(tmp_path, a_csv=csv(WIDE, ("HR", None, "renewal", DAY, "Amber", "C", None, None))))
    cells = first.rejected[0].cells | {"1.1.1": "P"}
    again = said(write(tmp_path, a_csv=csv(tuple(cells), tuple(cells.values()))))
    assert (again.files[0].read, again.files[0].loaded) == (1, 1)


def test_a_wide_row_that_was_cut_off_is_not_lost(tmp_path):
    report = said(write(tmp_path, a_csv=csv(WIDE, "HR,,renewal", "IT,,renewal,2025-03-07,C")))
    assert (report.files[0].read, report.files[0].set_aside) == (2, 2)
    assert all("cut off" in row.why for row in report.rejected)


def test_a_merged_cell_is_never_read_as_empty(tmp_path):
    book = openpyxl.Workbook()
    for line in (HEADINGS, *ROWS):
        book.active.append(list(line))
    book.active["A3"] = None
    book.active.merge_cells("A2:A3")
    buffer = io.BytesIO()
    book.save(buffer)
    report = said(write(tmp_path, a_xlsx=buffer.getvalue()))
    assert list(whys(report)) == [("a.xlsx", 3)]
    assert "department_code" in report.rejected[0].why
    assert "unmerge" in report.rejected[0].why


def test_a_hidden_sheet_is_read_and_said_to_be_hidden(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["notes"])
    book.create_sheet("Old").append(list(HEADINGS))
    book["Old"].append(GOOD.split(","))
    book["Old"].sheet_state = "hidden"
    buffer = io.BytesIO()
    book.save(buffer)
    report = said(write(tmp_path, a_xlsx=buffer.getvalue()))
    assert report.files[0].loaded == 1
    assert any("sheet Old is hidden" in note for note in report.files[0].notes)


def test_valid_until_is_the_day_before_expires_on(tmp_path):
    valid = "Certificate code,Awarded on,Valid until"
    report = said(write(tmp_path, a_csv=csv(valid, "C,2024-04-01,2027-03-31", "D,2024-04-01,2024-03-31")))
    assert list(whys(report)) == [("a.csv", 3)]
    assert "1 April 2024" in report.rejected[0].why


def test_a_source_may_fix_what_a_file_does_not_say(tmp_path):
    write(tmp_path, a_csv=csv("Ref,Rating", "1.1.1,Amber"))
    source = Source(
        columns={"ref": "element", "rating": "band"},
        fixed={"department_code": "HR", "assessment_type": "Year 2", "assessed_on": "04/03/2025"},
        bands={"Amber": "partial"},
        assessment_types={"year 2": "annual_review"},
        day_first=False,
    )
    report = said(tmp_path, source=source)
    assert (report.files[0].table, report.files[0].loaded) == ("results", 1)
