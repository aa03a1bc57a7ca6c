"""The evidence matrix as departments keep it gives evidence, each piece under a code of its own (inputs.md 2)."""

import polars as pl
import pytest

from db import reads
from db.session import open_session
from db.tenants import add_tenant, scope_of
from etl.layouts.evidence_codes import leading_code
from etl.layouts.staged import Source
from etl.run import load
from tests.etl.made import TODAY, accounted, csv, ods, reasons, said, whys, write, xls
from tests.etl.made_workbooks import MATRIX, MATRIX_HEADINGS, matrix


@pytest.fixture
def scope(warehouse):
    """A tenant."""
    add_tenant("ASH", "Ashcombe")
    return scope_of("ASH")


def loaded(scope, folder):
    report = load(scope, [folder], sent_by="ann", today=TODAY)
    accounted(report)
    return report


def evidence(scope) -> pl.DataFrame:
    with open_session(scope) as session:
        return reads.table(session, "evidence")


def notes(report) -> str:
    return "\n".join(note for file in report.files for note in file.notes)


def test_every_line_is_a_piece_of_evidence_of_the_element_above_it(scope, tmp_path):
    report = loaded(scope, write(tmp_path, a_xlsx=matrix()))
    (file,) = report.files
    assert (file.table, file.layout, file.certainty, file.read, file.loaded) == ("evidence", "matrix", "sure", 5, 5)
    told = evidence(scope).select(
        "department_code", "element", "evidence_code", "evidence", "owner", "note", "row_number"
    )
    coded = told.filter(~pl.col("evidence_code").str.starts_with("text-")).rows()
    assert coded == [
        ("HOU", "1.1.1", "ES 12", "ES 12 Customer profile 2024", "A. Shah", "renewed yearly", 7),
        ("HOU", "1.1.1", "ES 13", "ES 13 Segmentation study", "A. Shah", None, 8),
        ("HOU", "1.1.2", "ES 12", "ES 12 Customer profile 2024", "A. Shah", None, 10),
        ("HOU", "1.2.1", "ES 40", "ES 40: Plan for involving customers", "B. Cole", None, 13),
    ]
    assert told.filter(pl.col("evidence") == "Welcome pack")["element"].to_list() == ["1.1.1"]
    assert "elements without evidence: 1.1.3" in notes(report)
    assert "evidence of department HOU (sheet Sheet, row 2, Department)" in notes(report)


def test_the_same_matrix_again_says_nothing_new(scope, tmp_path):
    loaded(scope, write(tmp_path, a_xlsx=matrix()))
    (file,) = loaded(scope, write(tmp_path, a_xlsx=matrix([*MATRIX, ("1.3.1", "x", "ES 50 New", None, None)]))).files
    assert (file.loaded, file.unchanged) == (1, 5)


def test_a_code_before_different_texts_of_one_element_keeps_both_and_says_so(scope, tmp_path):
    lines = [("1.1.1", "x", "ES 1 One"), (None, None, "ES1 Two"), (None, None, "ES-1: One"), (None, None, "ES 1 One")]
    (file,) = loaded(scope, write(tmp_path, a_xlsx=matrix(lines))).files
    assert (file.read, file.loaded, file.duplicate) == (4, 3, 1)
    assert "ES 1: before different texts of one element; each has a code of its own" in file.notes
    assert sorted(code[:6] for code in evidence(scope)["evidence_code"]) == ["ES 1", "ES 1 #", "ES 1 #"]
    (again,) = loaded(scope, tmp_path).files
    assert (again.loaded, again.unchanged) == (0, 3)


def test_the_department_comes_from_a_title_or_the_source_or_is_asked_for(tmp_path):
    write(tmp_path, a_xlsx=matrix(above=[("Evidence matrix",)]))
    assert "write `Department` and its code" in reasons(said(tmp_path))["a.xlsx"]
    (file,) = said(tmp_path, source=Source(fixed={"department_code": "HOU"})).files
    assert file.loaded == 5


def test_a_line_below_a_sub_criterion_without_an_element_and_wrong_codes_are_set_aside(tmp_path):
    lines = [
        *MATRIX[:2],
        ("1.2", "ENGAGEMENT"),
        (None, None, "whose?"),
        ("9.9.9", "x", "ES 2 Text"),
        (None, None, "more"),
    ]
    report = said(write(tmp_path, a_xlsx=matrix(lines)))
    assert (report.files[0].read, report.files[0].set_aside) == (4, 3)
    told = whys(report)
    assert "element is empty" in told["a.xlsx", 9]
    assert "9.9.9" in told["a.xlsx", 10]
    assert "9.9.9" in told["a.xlsx", 11]


def test_merged_refs_owners_alone_and_extra_columns_are_borne(tmp_path):
    lines = [
        ("1.1.1", "x", "ES 1 One", "Jo", None, "k"),
        (None, None, "ES 2 Two"),
        ("1.1.2", "y", None, "Al", "to find"),
    ]
    made = matrix(lines, headings=(*MATRIX_HEADINGS, "Shelf"), merged=("A6:A7", "A1:E1"))
    report = said(write(tmp_path, a_xlsx=made))
    assert (report.files[0].read, report.files[0].loaded) == (3, 3)
    assert "left out: Shelf" in notes(report)


def test_fewer_columns_make_it_likely_and_a_table_of_evidence_stays_one(tmp_path):
    fewer = matrix([("1.1.1", "x", "ES 1 One")], headings=("Reference", "Element", "Evidence"))
    table = csv("Department code,Ref,Element,Evidence code,Evidence,Owner", "HOU,a,1.1.1,E1,text,Jo")
    report = said(write(tmp_path, a_xlsx=fewer, b_csv=table))
    assert [(file.layout, file.certainty, file.loaded) for file in report.files] == [
        ("matrix", "likely", 1),
        ("canonical", "sure", 1),
    ]


def test_a_matrix_may_be_any_kind_of_file(tmp_path):
    lines = [("Department:", "HOU"), MATRIX_HEADINGS, *MATRIX]
    wide = [(*line, *[None] * (5 - len(line))) for line in lines]
    report = said(write(tmp_path, a_csv=csv(*wide), b_xls=xls(wide), c_ods=ods(wide)))
    assert sum(file.loaded for file in report.files) == 5
    assert sum(file.duplicate for file in report.files) == 10


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ES 12 Customer profile", "ES 12"),
        ("ES12: profile", "ES 12"),
        ("\u00a0ES-12a, profile", "ES 12a"),
        ("ES 12", "ES 12"),
        ("UK 2011 census", None),
        ("Profile ES 12", None),
        ("es 12 lower", None),
        ("", None),
    ],
)
def test_the_code_at_the_beginning_of_a_text(text, code):
    assert leading_code(text) == code
