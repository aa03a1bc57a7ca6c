"""A template goes out with what is known, is filled in, and comes back without loss (issue 4)."""

import io
from datetime import date

import openpyxl
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import reads
from db.session import open_session
from db.tenants import add_tenant, scope_of
from etl.run import load
from etl.template import KINDS, template
from scheme.errors import UsageError
from scheme.standard import shipped
from scheme.tables import TABLES
from scheme.words import Words
from tests.conftest import EXAMPLES
from tests.etl.made import TODAY, accounted, csv, write

CODES = shipped("cse").codes
BANDS = {band.label: band.code for band in shipped("cse").bands}
DAYS = (date(2025, 3, 5), date(2025, 9, 8), date(2026, 2, 27))
REGISTER = csv("Department code,Department name", "HOU,Housing services", "FIN,Finance")
RESULTS = csv(
    "Department code,Assessment type,Assessed on,Element,Band",
    "HOU,self,2025-03-07,1.1.1,C",
    "HOU,self,2024-03-07,1.1.2,P",
    "HOU,self,2024-03-07,1.1.1,P",
    "FIN,self,2025-03-07,1.1.3,N",
    "HOU,renewal,2025-03-07,1.1.3,CP",
)
EVIDENCE = csv(
    "Department code,Element,Evidence code,Evidence,Kind,Owner",
    "HOU,1.1.1,ES 12,Profile,supportive,Jo",
    "HOU,1.1.1,ES 13,Desk,observed,",
    "HOU,1.1.1,ES 14,Told in words,descriptive,",
    '"HOU","1.1.1","A & B","Two codes",supportive,',
    "HOU,1.2.1,007,,supportive,",
    "FIN,1.1.1,ES 99,Not theirs,supportive,",
)


def tenant(code: str, folder, **files):
    """A tenant with a register and what else is given."""
    add_tenant(code, code)
    scope = scope_of(code)
    load(scope, [write(folder, register_csv=REGISTER, **files)], sent_by="ann", today=TODAY)
    return scope


def sent(scope, folder, name: str, body: bytes):
    """What a load of one file says."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(body)
    report = load(scope, [folder / name], sent_by="ann", today=TODAY)
    accounted(report)
    return report


def total(report, what: str) -> int:
    return sum(getattr(file, what) for file in report.files)


def held(scope, table: str) -> pl.DataFrame:
    with open_session(scope) as session:
        return reads.table(session, table).drop("load_number", "file_number", "row_number")


def content(scope) -> str:
    with open_session(scope) as session:
        return reads.content_hash(session)


def test_a_template_comes_back_as_it_went_out(warehouse, tmp_path):
    scope = tenant("ASH", tmp_path, results_csv=RESULTS, evidence_csv=EVIDENCE)
    before = content(scope)
    counts = {}
    for kind in ("workbook", "departments", "results", "evidence"):
        report = sent(scope, tmp_path / "back", f"{kind}.xlsx", template(scope, kind, "HOU", TODAY))
        assert all(file.outcome == "loaded" for file in report.files), report.files
        assert (total(report, "loaded"), total(report, "set_aside")) == (0, 0)
        counts[kind] = total(report, "unchanged")
    assert counts == {
        "workbook": 7,  # two bands in force, five pieces of evidence
        "departments": 1,
        "results": 4,
        "evidence": 5,
    }
    assert content(scope) == before


def test_a_template_holds_the_standing_of_its_department_in_our_own_words_and_of_no_other(warehouse, tmp_path):
    scope = tenant("ASH", tmp_path, results_csv=RESULTS, evidence_csv=EVIDENCE)
    book = openpyxl.load_workbook(io.BytesIO(template(scope, "workbook", "HOU", TODAY)))
    lines = {row[0]: row for row in book["Criterion 1"].iter_rows(min_row=4, values_only=True)}
    assert [(row[6], row[10], str(row[11])[:10]) for row in (lines["1.1.1"], lines["1.1.2"])] == [
        ("Compliant", "Compliant", "2025-03-07"),
        ("Partial", "Partial", "2024-03-07"),
    ]
    said = " ".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell)
    assert shipped("cse").element["1.1.1"].title in said
    assert "Not theirs" not in said


@pytest.mark.parametrize("kind", ["workbook", "results", "sites"])
def test_a_blank_template_holds_nothing_and_is_recognised(warehouse, tmp_path, kind):
    if warehouse == "postgresql" and kind != "workbook":
        return  # nothing of it is the database's
    scope = tenant("ASH", tmp_path, results_csv=RESULTS)
    report = sent(scope, tmp_path / "back", "blank.xlsx", template(scope, kind, None, TODAY))
    assert {(file.outcome, file.read, file.certainty) for file in report.files} == {("loaded", 0, "sure")}
    assert {file.table for file in report.files} == {"results" if kind == "workbook" else kind}


def test_a_template_of_what_is_not_there_is_refused_in_words(warehouse, tmp_path):
    scope = tenant("ASH", tmp_path)
    with pytest.raises(UsageError, match="no department ZZZ"):
        template(scope, "workbook", "ZZZ", TODAY)
    with pytest.raises(UsageError, match="no template of 'nonsense'"):
        template(scope, "nonsense", None, TODAY)
    assert set(KINDS) - set(TABLES) == {"workbook"}


def test_a_changed_band_is_of_the_new_day_and_the_others_keep_theirs(warehouse, tmp_path):
    scope = tenant("ASH", tmp_path, results_csv=RESULTS)
    book = openpyxl.load_workbook(io.BytesIO(template(scope, "workbook", "HOU", TODAY)))
    put(book, "1.1.1", 7, "Compliance plus")
    refused = sent(scope, tmp_path / "back", "a.xlsx", saved(book)).files[0]
    assert refused.outcome == "refused"
    assert "write `Date of self-assessment` and the day" in str(refused.reason)
    book["Front"]["B6"] = DAYS[1]
    report = sent(scope, tmp_path / "back", "a.xlsx", saved(book))
    assert (total(report, "loaded"), total(report, "unchanged")) == (1, 1)
    own = held(scope, "results").filter((pl.col("department_code") == "HOU") & (pl.col("element") == "1.1.1"))
    assert dict(own.select("assessed_on", "band").iter_rows())[DAYS[1]] == "compliance_plus"
    assert own.height == 3  # what was said before stays


# Text as people type it into a cell, formulas that are none among it; a spreadsheet itself keeps no other control.
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), min_size=1, max_size=30)
SAID = st.one_of(TEXT, st.sampled_from(["=1+1", "ES 12 Profile", "1.1.1", "-", "N/A", "line one\nline two", "Team"]))
FILLED = st.fixed_dictionaries(
    {
        "day": st.sampled_from(DAYS),
        "self": st.dictionaries(st.sampled_from(CODES), st.sampled_from([*BANDS]), max_size=12),
        "assessor": st.dictionaries(st.sampled_from(CODES), st.sampled_from([*BANDS]), max_size=5),
        "show": st.dictionaries(st.sampled_from(CODES), SAID, max_size=5),
        "tell": st.dictionaries(st.sampled_from(CODES), SAID, max_size=5),
    }
)


@settings(max_examples=max(3, EXAMPLES // 10), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=FILLED, second=FILLED)
def test_whatever_is_filled_in_comes_back_without_loss(warehouse, tmp_path_factory, first, second):
    folder = tmp_path_factory.mktemp("round")
    scope = tenant(f"T{abs(hash(folder.name))}", folder)
    for turn, filled in enumerate((first, second)):
        book = openpyxl.load_workbook(io.BytesIO(template(scope, "workbook", "HOU", TODAY)))
        for row in (6, 7):
            book["Front"][f"B{row}"] = filled["day"]
        for place, words in ((7, filled["self"]), (9, filled["assessor"]), (3, filled["show"]), (5, filled["tell"])):
            for code, text in words.items():
                put(book, code, place, text)
        report = sent(scope, folder / "back", f"{turn}.xlsx", saved(book))
        assert total(report, "set_aside") == 0, report.rejected
        results = held(scope, "results")
        for kind, words in (("self_assessment", filled["self"]), ("desk_review", filled["assessor"])):
            now = results.filter(pl.col("assessment_type") == kind).sort("assessed_on").group_by("element").agg("band")
            bands = dict(now.iter_rows())
            assert all(BANDS[label] in bands[code] for code, label in words.items())
        texts = set(held(scope, "evidence")["evidence"].drop_nulls())
        for text in (*filled["show"].values(), *filled["tell"].values()):
            assert as_kept(text) is None or as_kept(text) in texts
    before = content(scope)
    again = sent(scope, folder / "back", "again.xlsx", template(scope, "workbook", "HOU", TODAY))
    assert (total(again, "loaded"), total(again, "set_aside"), total(again, "duplicate")) == (0, 0, 0)
    assert total(again, "unchanged") >= held(scope, "evidence").height
    assert content(scope) == before


def put(book, code: str, column: int, text: object) -> None:
    """Write into the first line of an element."""
    sheet = book[f"Criterion {code[0]}"]
    row = next(row for row in range(4, 200) if sheet.cell(row, 1).value == code)
    cell = sheet.cell(row, column)
    cell.value = text
    if isinstance(text, str):
        cell.data_type = "s"  # a text that begins with = is none of a formula


def as_kept(text: str) -> str | None:
    """A text as the way in keeps it; None where it is nothing to be seen."""
    kept, why = Words(shipped("cse")).parsed("text", text)
    assert why is None
    return kept


def saved(book) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
