"""The self-assessment workbook as departments keep it gives self results, the assessor's and evidence (inputs.md 2)."""

from datetime import date

import polars as pl
import pytest

from db import reads
from db.session import open_session
from db.tenants import add_tenant, scope_of
from etl.layouts.staged import Source
from etl.run import load
from tests.etl.made import TODAY, accounted, csv, reasons, said, whys, write, xlsx
from tests.etl.made_workbooks import FRONT, HEADINGS, ONE, TWO, workbook

BOOK = workbook({"Criterion 1": ONE, "Criterion 2": TWO})


@pytest.fixture
def scope(warehouse):
    """A tenant with a register of departments."""
    add_tenant("ASH", "Ashcombe")
    return scope_of("ASH")


def loaded(scope, folder, **options):
    """What a load says, every row of it accounted for."""
    report = load(scope, [folder], sent_by="ann", today=TODAY, **options)
    accounted(report)
    return report


def rows(scope, table: str) -> pl.DataFrame:
    with open_session(scope) as session:
        return reads.table(session, table)


def files(report):
    return [(file.sheet, file.table, file.read, file.loaded, file.no_result, file.set_aside) for file in report.files]


def notes(report) -> str:
    return "\n".join(note for file in report.files for note in file.notes)


def test_each_sheet_gives_self_results_the_assessors_and_evidence(scope, tmp_path):
    report = loaded(scope, write(tmp_path, a_xlsx=BOOK))
    assert files(report) == [
        ("Criterion 1", "results", 4, 3, 1, 0),
        ("Criterion 1", "results", 2, 2, 0, 0),
        ("Criterion 1", "evidence", 5, 5, 0, 0),
        ("Criterion 2", "results", 1, 1, 0, 0),
        ("Criterion 2", "results", 1, 1, 0, 0),
    ]
    assert {(file.layout, file.certainty) for file in report.files} == {("workbook", "sure")}
    results = rows(scope, "results")
    told = results.select("assessment_type", "assessed_on", "element", "band", "assessor", "comment", "row_number")
    day = date(2025, 3, 5)
    assert told.rows() == [
        ("desk_review", day, "1.1.1", "compliant", "Jo Smith", "well kept", 8),
        ("desk_review", day, "1.1.3", "partial", "Jo Smith", "began in May", 10),
        ("desk_review", day, "2.1.1", "compliant", "Jo Smith", None, 7),
        ("self_assessment", day, "1.1.1", "compliance_plus", None, None, 8),
        ("self_assessment", day, "1.1.2", "compliant", None, None, 9),
        ("self_assessment", day, "1.2.2", "partial", None, None, 13),
        ("self_assessment", day, "2.1.1", "compliant", None, None, 7),
    ]
    assert results["department_code"].unique().to_list() == ["HOU"]
    evidence = rows(scope, "evidence").select("element", "evidence_code", "evidence", "kind")
    assert evidence.filter(pl.col("evidence_code").str.starts_with("ES")).rows() == [
        ("1.1.1", "ES 12", "Customer profile", "supportive"),
        ("1.1.2", "ES 13", "ES 13 Journey maps", "supportive"),
    ]
    assert sorted(evidence.filter(pl.col("evidence_code").str.starts_with("text-"))["evidence"]) == [
        "Panel board",
        "Panel minutes",
        "Welcome desk",
    ]


def test_the_same_workbook_again_says_nothing_new_whatever_became_of_its_rows_order(scope, tmp_path):
    loaded(scope, write(tmp_path, a_xlsx=BOOK))
    again = loaded(scope, write(tmp_path, a_xlsx=workbook({"Criterion 2": TWO, "One": ONE[::-1]})))
    assert sum(file.loaded for file in again.files) == 0
    assert sum(file.unchanged for file in again.files) == 12


def test_what_was_understood_is_said_in_words(tmp_path):
    told = notes(said(write(tmp_path, a_xlsx=BOOK)))
    assert "a sheet of a self-assessment workbook" in told
    assert "Self Ass: self-assessment of department HOU: 4 of 5 March 2025 (sheet Front, row 5" in told
    assert "Assessor: desk review, as nothing else is said, of department HOU on 5 March 2025, by Jo Smith" in told
    assert "evidence without a code of its own: 3" in told


@pytest.mark.parametrize(
    ("said_as", "meant"),
    [
        ("Annual surveillance", "annual_review"),
        ("Renewal", "renewal"),
        ("Desk-based review", "desk_review"),
        ("Self assessment", "desk_review"),  # says what the workbook is, not what the assessor's column is
    ],
)
def test_the_front_sheets_type_says_what_the_assessors_column_is(scope, tmp_path, said_as, meant):
    front = [*FRONT, ("Type of assessment", said_as)]
    loaded(scope, write(tmp_path, a_xlsx=workbook({"One": ONE}, front)))
    kinds = rows(scope, "results").filter(pl.col("assessor") == "Jo Smith")["assessment_type"].unique()
    assert kinds.to_list() == [meant]


@pytest.mark.parametrize(
    "front",
    [
        [("Department", None, "HOU"), ("Date of self-assessment", date(2025, 3, 5)), ("Date of review", "5/3/2025")],
        [("Service area: HOU",), ("Assessment dates", "3-5 March 2025", None, "Assessor", "Jo")],
        [("DEPARTMENT CODE", "Assessment Date", "Name of Assessor"), ("HOU", "5 March 2025", "Jo")],
        [("Name of department", "HOU"), ("Start date", "3 March 2025"), ("End date", "5 March 2025")],
        [("Department", "HOU"), ("Assessment dates", date(2025, 3, 3), date(2025, 3, 5))],
    ],
)
def test_a_front_sheet_is_understood_in_many_words(scope, tmp_path, front):
    loaded(scope, write(tmp_path, a_xlsx=workbook({"One": ONE}, front)))
    found = rows(scope, "results").select("department_code", "assessed_on").unique()
    assert found.rows() == [("HOU", date(2025, 3, 5))]


def test_what_the_front_sheet_lacks_comes_from_the_source_or_is_asked_for_with_its_place(tmp_path):
    write(tmp_path, a_xlsx=workbook({"One": ONE}, None))
    assert "write `Department` and its code" in reasons(said(tmp_path))["a.xlsx"]
    assert "department_code under [fixed]" in reasons(said(tmp_path))["a.xlsx"]
    fixed = {"department_code": "HOU"}
    undated = reasons(said(tmp_path, source=Source(fixed=fixed)))["a.xlsx"]
    assert undated.startswith("sheet One: nothing says the day of the results; write `Date of self-assessment`")
    fixed |= {"assessed_on": "2025-03-05", "assessment_type": "renewal", "assessor": "Jo"}
    report = said(tmp_path, source=Source(fixed=fixed))
    assert [file.loaded for file in report.files] == [3, 2, 5]
    assert "Assessor: renewal, of department HOU on 5 March 2025, by Jo" in notes(report)


def test_a_front_sheet_that_contradicts_itself_or_names_no_day_refuses_the_file_and_says_where(tmp_path):
    twice = [*FRONT, ("Department", "FIN")]
    write(tmp_path, a_xlsx=workbook({"One": ONE}, twice))
    write(tmp_path, b_xlsx=workbook({"One": ONE}, [("Department", "HOU"), ("Assessment date", "March 2025")]))
    refused = reasons(said(tmp_path))
    assert "row 4 says Department: HOU, and sheet Front, row 7 says Department: FIN" in refused["a.xlsx"]
    assert "sheet Front, row 2, Assessment date: 'March 2025' names no day" in refused["b.xlsx"]


def test_two_rows_for_one_element_that_disagree_are_both_set_aside_and_alike_ones_are_one(tmp_path):
    lines = [("1.1.1", "x", None, None, None, "C"), ("1.1.1", "x", None, None, None, "P")]
    alike = [("1.1.2", "x", None, None, None, "C"), ("1.1.2", "x", None, None, None, "Met")]
    report = said(write(tmp_path, a_xlsx=workbook({"One": [*lines, *alike]})))
    (file,) = report.files
    assert (file.read, file.loaded, file.duplicate, file.set_aside) == (4, 1, 1, 2)
    assert whys(report)["a.xlsx", 7] == "row 8 says otherwise (band); keep one of them"


def test_codes_that_do_not_exist_bands_that_are_none_and_rows_without_a_code_are_set_aside(tmp_path):
    lines = [
        ("1.1.10", "x", None, None, None, "C", "C"),
        ("1.1", "x", None, None, None, "C"),
        ("1.1.1", "x", None, None, None, "Good"),
        (None, "x", None, None, None, "C"),
        (date(2001, 1, 1), "x", None, None, None, "C"),
        ("Total", None, None, None, None, 12),
    ]
    report = said(write(tmp_path, a_xlsx=workbook({"One": lines})))
    assert [(file.read, file.set_aside) for file in report.files] == [(6, 6), (1, 1)]
    told = whys(report)
    assert "'1.1.10' is not an element" in told["a.xlsx", 7]
    assert "1.1 is a sub-criterion" in told["a.xlsx", 8]
    assert "'Good' is not a band" in told["a.xlsx", 9]
    assert "element is empty" in told["a.xlsx", 10]
    assert "looks like a date" in told["a.xlsx", 11]


def test_a_band_in_the_wrong_column_is_said_and_never_taken_for_one(tmp_path):
    lines = [("1.1.1", "x", None, None, None, "C", None, "Compliant"), ("1.1.2", "x", "Partial", None, None, None)]
    report = said(write(tmp_path, a_xlsx=workbook({"One": lines})))
    assert [(file.table, file.read) for file in report.files] == [("results", 1), ("evidence", 1)]
    assert "a band stands where no band belongs, and was not taken for one: rows 7, 8" in notes(report)
    assert "an assessor's comment and no band: row 7" in notes(report)


def test_headings_repeated_on_each_page_and_rows_that_are_titles_alone_are_no_rows(tmp_path):
    lines = [*ONE[:2], HEADINGS, ("SECTION TWO",), *ONE[2:3]]
    report = said(write(tmp_path, a_xlsx=workbook({"One": lines})))
    assert [file.read for file in report.files] == [2, 1, 3]
    assert "the headings again: row 9" in notes(report)


def test_further_lines_of_an_element_bring_more_evidence_under_its_code(scope, tmp_path):
    lines = [
        ("1.1.1", "x", "ES 1 One", None, "ES 1 Two", "C"),
        (None, None, "ES 1 Three", None, None, None),
        (None, None, "ES 1 Three", None, None, None),
        ("1.2", "NEXT"),
        (None, None, "belongs to nothing", None, None, None),
    ]
    report = loaded(scope, write(tmp_path, a_xlsx=workbook({"One": lines})))
    evidence = report.files[1]
    assert (evidence.read, evidence.loaded, evidence.duplicate, evidence.set_aside) == (5, 3, 1, 1)
    codes = rows(scope, "evidence")["evidence_code"].to_list()
    assert len(set(codes)) == 3
    assert codes[0] == "ES 1"
    assert all(code.startswith("ES 1 #") for code in codes[1:])
    again = loaded(scope, tmp_path)
    assert [file.unchanged for file in again.files] == [1, 3]


def test_merged_bands_are_set_aside_and_merged_evidence_is_said(tmp_path):
    lines = [
        ("1.1.1", "x", "shared", None, None, "C"),
        ("1.1.2", "x", None, None, None, None),
        ("1.2 ENGAGEMENT",),
    ]
    made = workbook({"One": lines}, merged=("A1:H1", "F7:F8", "C7:C8", "A9:H9"))
    report = said(write(tmp_path, a_xlsx=made))
    assert [(file.table, file.read, file.set_aside) for file in report.files] == [("results", 2, 1), ("evidence", 1, 0)]
    assert "unmerge" in whys(report)["a.xlsx", 8]
    assert "evidence merged with the row above counts for that row alone: row 8" in notes(report)


def test_a_workbook_without_any_band_is_taken_and_said_to_be_empty(tmp_path):
    blank = [(ref, title) for ref, title, *_ in ONE if ref]
    report = said(write(tmp_path, a_xlsx=workbook({"One": blank, "Two": TWO}, [("Department", None)]), b_csv=""))
    assert "nothing says the department" in reasons(report)["a.xlsx"]
    report = said(write(tmp_path, a_xlsx=workbook({"One": blank}, [("Department", None)])))
    assert files(report)[0] == ("One", "results", 0, 0, 0, 0)
    assert "no band and no evidence is filled in" in notes(report)


def test_more_columns_and_fewer_are_named_and_fewer_make_it_likely(tmp_path):
    more = workbook({"One": [(*ONE[1], "x", "y")]}, headings=(*HEADINGS, "Lead officer", "RAG"))
    fewer = workbook({"One": [("1.1.2", "x", "C")]}, headings=("Ref.", "Element", "Self-Assessment\n(band)"))
    report = said(write(tmp_path, a_xlsx=more, b_xlsx=fewer))
    by_file = {file.file: file for file in report.files}
    assert "left out: Lead officer, RAG" in notes(report)
    assert by_file["a.xlsx"].certainty == "sure"
    assert by_file["b.xlsx"].certainty == "likely"
    assert by_file["b.xlsx"].loaded == 1
    assert "likely: it lacks Show Me, Tell Me, Assessor, Assessor Comments" in notes(report)


def test_a_source_may_call_the_columns_and_words_otherwise(tmp_path):
    headings = ("Criterion no", "What it asks", "Proof", "Our view", "Their view")
    lines = [("1.1.1", "x", "A study", "Green", "Amber")]
    columns = {"criterionno": "ref", "whatitasks": "title", "proof": "show_me", "ourview": "self_band"}
    source = Source(columns=columns | {"theirview": "assessor_band"}, bands={"Green": "compliant", "Amber": "partial"})
    report = said(write(tmp_path, a_xlsx=workbook({"One": lines}, headings=headings)), source=source)
    assert [(file.table, file.loaded) for file in report.files] == [("results", 1), ("results", 1), ("evidence", 1)]


def test_the_name_of_a_department_is_read_as_its_code_and_that_is_said(scope, tmp_path):
    write(tmp_path, a_csv=csv("Department code,Department name", "HOU,Housing services", "FIN,Finance"))
    loaded(scope, tmp_path / "a.csv")
    front = [("Service", "HOUSING  Services"), *FRONT[4:]]
    report = loaded(scope, write(tmp_path, b_xlsx=workbook({"One": ONE}, front)) / "b.xlsx")
    assert rows(scope, "results")["department_code"].unique().to_list() == ["HOU"]
    assert "department 'HOUSING Services' was read as HOU, which has that name" in notes(report)


def test_rows_set_aside_come_back_as_a_list_that_can_be_mended_and_loaded_by_itself(tmp_path):
    lines = [("1.1.1", "x", None, None, None, "Amber", "Red", "no"), ("1.1.10", "x", "A plan", "E 1", None, None)]
    first = said(write(tmp_path, a_xlsx=workbook({"One": lines})))
    assert [file.set_aside for file in first.files] == [1, 1, 1]
    mended = {"Amber": "P", "Red": "N", "1.1.10": "1.1.3"}
    for number, row in enumerate(first.rejected):
        cells = {name: mended.get(text, text) for name, text in row.cells.items()}
        folder = tmp_path / f"again-{number}"
        folder.mkdir()
        again = said(write(folder, a_xlsx=xlsx(("Sheet", [[*cells, "why"], [*cells.values(), row.why]]))))
        assert [(file.read, file.loaded) for file in again.files] == [(1, 1)], row


def test_hidden_rows_and_sheets_are_read_and_said_to_be_hidden(tmp_path):
    report = said(write(tmp_path, a_xlsx=workbook({"One": ONE}, hidden=(8, 9, 400))))
    assert [file.read for file in report.files] == [4, 2, 5]
    assert "sheet One: rows 8, 9 are hidden and read all the same" in notes(report)


def test_other_tables_in_the_same_file_are_loaded_beside_it(tmp_path):
    front = ("Cover", FRONT)
    other = (
        "Plan",
        [("Department code", "Element", "Action", "Owner", "Due on"), ("HOU", "1.1.1", "Act", "Jo", "1/6/2025")],
    )
    sheet = ("One", [HEADINGS, *ONE])
    report = said(write(tmp_path, a_xlsx=xlsx(front, sheet, other, ("Notes", [("read me",)]))))
    assert [file.table for file in report.files] == ["actions", "results", "results", "evidence"]
    assert report.files[0].layout == "canonical"
    assert "sheet Notes was left out: it holds no known table" in notes(report)
