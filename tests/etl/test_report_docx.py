"""An assessor's report in DOCX is read in whatever shape; what it does not say is asked for, never guessed."""

import io
import re
import zipfile
from datetime import date
from itertools import count

import docx
import polars as pl
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import reads
from db.session import open_session
from db.tenants import add_tenant, scope_of
from etl import run
from etl.layouts.choose import staged
from etl.layouts.staged import Source
from etl.parse import parsed
from etl.read import Reader
from etl.sources import source_of
from formats import as_sent
from scheme.errors import FileRefused, UsageError
from scheme.standard import shipped
from scheme.words import Words
from tests.conftest import EXAMPLES
from tests.etl.made import TODAY, accounted, csv, reasons, said, whys, write
from tests.etl.reports import COVER, SHAPES, Report, as_docx, as_pdf, saved, tables, ticked

WORDS = Words(shipped("cse"))
BANDS = ("Compliance Plus", "Compliant", "Partially Met", "Non-compliant", "N/A", "Not assessed")
JUDGED = (
    ("1.1.1", "Compliance Plus", "Segments are renewed each spring."),
    ("1.1.2", "Compliant", ""),
    ("2.1.3", "Partially Met", "Not everywhere."),
    ("2.2.1", "Partial", "Weak evidence."),
    ("3.1.2", "N/A", "Nothing is charged."),
)
sentences = st.text("abcdefgh ijklm nopqrst,'’£é", min_size=1, max_size=160).map(
    lambda text: f"The team {text.strip()}."
)
judged = st.dictionaries(
    st.sampled_from(WORDS.standard.codes),
    st.tuples(st.sampled_from(BANDS), st.one_of(st.just(""), sentences)),
    min_size=1,
    max_size=12,
).map(lambda found: [(code, *found[code]) for code in sorted(found)])


def bare(text):
    return re.sub(r"\s", "", text or "")


def read_back(data):
    """What the layout makes of a report: its rows of results as (element, band, comment), and its notes."""
    found, notes = staged(parsed(data), Source(), WORDS)
    rows = found[-1].rows
    comments = rows["comment"] if "comment" in rows.columns else [""] * rows.height
    return list(zip(rows["element"], map(bare, rows["band"]), map(bare, comments), strict=True)), notes


def expected(rows):
    return [(code, bare(band), bare(comment)) for code, band, comment in rows]


@settings(max_examples=max(EXAMPLES // 3, 8))
@given(rows=judged, shape=st.sampled_from(sorted(SHAPES)))
def test_what_is_written_in_any_shape_is_what_is_read(rows, shape):
    back, _ = read_back(as_docx(SHAPES[shape](Report(rows))))
    assert back == expected(rows)


numbers = count(1)


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=judged, shape=st.sampled_from(sorted(SHAPES)), make=st.sampled_from([as_docx, as_pdf]))
def test_what_is_loaded_is_what_the_report_says_and_every_row_is_accounted_for(warehouse, tmp_path, rows, shape, make):
    n = next(numbers)
    add_tenant(f"T{n}", "Ashcombe")
    path = tmp_path / f"report {n}"
    path.write_bytes(make(SHAPES[shape](Report(rows))))
    report = run.load(scope_of(f"T{n}"), [path], sent_by="pat", today=TODAY)
    accounted(report)
    (file,) = report.files
    silent = [row for row in rows if row[1] == "Not assessed"]
    assert (file.read, file.loaded, file.no_result) == (len(rows), len(rows) - len(silent), len(silent))
    with open_session(scope_of(f"T{n}")) as session:
        kept = reads.table(session, "results").sort("element")
    said_of = {code: (WORDS.band(band)[0], bare(comment)) for code, band, comment in rows if band != "Not assessed"}
    assert {row["element"]: (row["band"], bare(row["comment"])) for row in kept.iter_rows(named=True)} == said_of
    again = run.load(scope_of(f"T{n}"), [path], sent_by="pat", today=TODAY)
    assert again.files[0].unchanged == file.loaded


def notes_of(tmp_path, *blocks, source=None, **more):
    """The reports of a file of these blocks, by sheet, and all of its notes."""
    write(tmp_path, a_docx=as_docx(blocks))
    report = said(tmp_path, source=source)
    return {file.sheet: file for file in report.files}, [note for file in report.files for note in file.notes], report


def test_what_was_recognised_is_said_in_words(tmp_path):
    _, notes, _ = notes_of(tmp_path, *tables(Report(JUDGED)))
    assert notes[0] == (
        "recognised as an assessor's report (annual review): 5 elements in 3 tables, visit 3 and 4 March 2025, "
        "assessor J. Doe; sure"
    )
    assert any("document review 17 February 2025" in note for note in notes)


def test_the_last_day_of_the_visit_is_the_day_of_its_results():
    rows = staged(parsed(as_docx(tables(Report(JUDGED)))), Source(), WORDS)[0][0].rows
    assert set(rows["assessed_on"]) == {"2025-03-04"}
    assert set(rows["assessor"]) == {"J. Doe"}


def test_a_summary_that_contradicts_the_rows_is_told_and_one_that_agrees_too(tmp_path):
    sums = [
        ("Criterion", "Compliance Plus", "Compliant", "Partial"),
        ("Criterion 1", "1", "1", "0"),
        ("2", "0", "0", "3"),
    ]
    after = [("text", "Criterion 2 summary: 1 partial, no non-compliant"), ("table", sums)]
    _, notes, _ = notes_of(tmp_path, *tables(Report(JUDGED, after=after)))
    assert "Criterion 2's summary says 1 partial; its rows have 2: 2.1.3, 2.2.1" in notes
    assert "Criterion 2's summary says 3 partial; its rows have 2: 2.1.3, 2.2.1" in notes
    assert "1 of 3 summaries in the report agree with its rows" in notes


@pytest.mark.parametrize(
    ("cover", "cause"),
    [
        ((("Department", "HR"), ("Date", "21 March 2025"), ("Date printed", "21 March 2025")), "when the visit was"),
        ((("Department", "HR"), ("Document review", "17 February 2025")), "when the visit was"),
        ((("Department", "HR"), ("Visit", "March 2025")), "a day is needed"),
        (
            (("Department", "HR"), ("Visit", "3 March 2025"), ("Date of visit", "5 March 2025")),
            "3 March 2025 and also 5",
        ),
        ((("Organisation", "Ashcombe"), ("Visit", "3 March 2025")), "Ashcombe is named as an organisation"),
    ],
)
def test_what_is_unclear_refuses_the_file_and_says_what_to_fix(tmp_path, cover, cause):
    write(tmp_path, a_docx=as_docx(tables(Report(JUDGED, cover=cover))))
    reason = reasons(said(tmp_path))["a.docx"]
    assert cause in reason
    assert "[fixed]" in reason
    fixed = {"assessed_on": "2025-03-03", "department_code": ""}
    assert said(tmp_path, source=Source(fixed=fixed)).files[0].loaded == 5


def test_a_report_of_two_types_or_none_is_refused_unless_the_source_says_which(tmp_path):
    titles = ("Report on Customer Service Excellence", "Initial assessment and annual review report")
    none, two = (as_docx(tables(Report(JUDGED, title=title))) for title in titles)
    refused = reasons(said(write(tmp_path, a_docx=none, b_docx=two)))
    assert "does not say of what type" in refused["a.docx"]
    assert "annual review or initial" in refused["b.docx"]
    report = said(tmp_path, source=Source(fixed={"assessment_type": "renewal"}))
    assert [(file.loaded, file.duplicate) for file in report.files] == [(5, 0), (0, 5)]


ROLLING = (
    ("title", "Customer Service Excellence Rolling Programme Report"),
    *(("text", text) for text in ("Department: HR", "Visit: 12 October 2016", "RP0 - 2014: 14 October 2014")),
    ("heading", "Criterion 1"),
    ("text", "1.1.1 Knowing customers"),
    ("text", "Compliance Plus"),
    ("text", "RP1 - 2015: Segments were drawn."),
    ("text", "RP2 - 2016: They are renewed."),
    ("text", "1.1.2 Learning: Compliant"),
    ("text", "RP0 - 2014: Non-compliant. Nothing yet."),
    ("text", "RP1 - 2015: Partial. Only half."),
    ("text", "RP2 - 2016: Now all."),
    ("text", "1.1.3 – Compliant"),
    ("text", "15RP1: Found."),
)


def test_a_rolling_programme_s_years_are_told_apart(tmp_path):
    files, notes, report = notes_of(tmp_path, *ROLLING)
    assert (files[None].loaded, files["RP0 - 2014"].loaded, files["RP1 - 2015"].set_aside) == (3, 1, 1)
    assert "[years]" in report.rejected[0].why
    assert report.rejected[0].cells["comment"] == "Only half."
    assert any(note.startswith("restated") and note.endswith("1.1.3") for note in notes)
    assert any("give no band" in note and note.endswith("1.1.1") for note in notes)
    assert "likely: a rolling programme's report" in notes[0]
    source = source_of('[years]\n"RP1 - 2015" = 2015-10-13\n', "a source", "s")
    files, _, _ = notes_of(tmp_path, *ROLLING, source=source)
    assert files["RP1 - 2015"].loaded == 1


def test_paragraphs_of_this_year_alone_are_this_year_s_comment():
    found, _ = staged(parsed(as_docx(ROLLING)), Source(), WORDS)
    now = found[0].rows
    assert now["comment"].to_list() == ["They are renewed.", "Now all.", "15RP1: Found."]
    assert now["restated"].to_list() == ["", "", "yes"]
    assert found[1].rows.select("element", "band", "assessed_on").rows() == [("1.1.2", "Non-compliant", "2014-10-14")]


def test_a_visit_in_no_year_of_the_paragraphs_is_refused_until_the_source_says_which(tmp_path):
    late = [(kind, text.replace("12 October 2016", "12 January 2017")) for kind, text in ROLLING]
    write(tmp_path, a_docx=as_docx(late))
    assert '[years] "RP2 - 2016" = 2017-01-12' in reasons(said(tmp_path))["a.docx"]
    source = source_of('[years]\n"RP2 - 2016" = 2017-01-12\n', "a source", "s")
    assert said(tmp_path, source=source).files[0].loaded == 3


def test_a_day_of_years_that_is_none_is_refused():
    with pytest.raises(UsageError, match=r"\[years\] `RP1`"):
        source_of('[years]\nRP1 = "some time"\n', "a source", "s")


def test_a_compliance_plus_report_says_nothing_of_what_it_does_not_list(tmp_path):
    texts = ("10RP2", "Department: TRUST", "Dates of visit: 28 February to 3 March 2010", "Element 1.1.1: Beyond it")
    texts = (*texts, "Much beyond.", "Element 4.5.4", "Published.", "Element 2.1.1 Partial Compliance. To publicise.")
    files, notes, report = notes_of(tmp_path, ("title", "Compliance Plus Report"), *(("text", text) for text in texts))
    assert (files[None].read, files[None].loaded) == (3, 2)
    assert any("does not list" in note for note in notes)
    assert "4.3.4" in report.rejected[0].why
    assert report.rejected[0].cells["band"] == "Compliance Plus"


def test_elements_outside_the_scope_that_is_stated_are_restated(warehouse, tmp_path):
    cover = (*COVER, ("Scope of the review", "1.1.1 and criterion 2"), ("Recommendation", "Certification continues"))
    write(tmp_path, a_docx=as_docx(tables(Report(JUDGED, cover=cover))))
    add_tenant("ASH", "Ashcombe")
    report = run.load(scope_of("ASH"), [tmp_path], sent_by="pat", today=TODAY)
    accounted(report)
    assert any("1.1.2, 3.1.2" in note for file in report.files for note in file.notes)
    with open_session(scope_of("ASH")) as session:
        held, results = reads.table(session, "assessments"), reads.table(session, "results")
    (row,) = held.iter_rows(named=True)
    assert (row["started_on"], row["ended_on"]) == (date(2025, 3, 3), date(2025, 3, 4))
    assert (row["assessment_type"], row["assessor"]) == ("annual_review", "J. Doe")
    assert row["recommendation"] == "Certification continues"
    assert len(row["scope"]) == 12
    assert sorted(results.filter("restated")["element"]) == ["1.1.2", "3.1.2"]


def test_no_assessment_is_made_up_where_neither_scope_nor_reference_is_stated(tmp_path):
    cover = (*COVER, ("Recommendation", "Certification continues"))
    files, notes, _ = notes_of(tmp_path, *tables(Report(JUDGED, cover=cover)))
    assert list(files) == [None]
    assert any("Certification continues" in note for note in notes)
    source = Source(fixed={"assessment_code": "AR-2025"})
    files, _, _ = notes_of(tmp_path, *tables(Report(JUDGED, cover=cover)), source=source)
    assert files["assessment"].loaded == 1


def test_a_mark_in_a_column_of_its_own_is_a_band_and_two_are_set_aside(tmp_path):
    rows = [(code, band if band in BANDS[:2] else "Partial", comment) for code, band, comment in JUDGED]
    blocks = ticked(Report(rows))
    assert read_back(as_docx(blocks))[0] == expected(rows)
    grid = blocks[-1][1]
    grid[1] = ("1.1.1", "x", "x", "", "", "both")
    _, _, report = notes_of(tmp_path, *blocks)
    assert "Compliance Plus and Compliant" in report.rejected[0].why


def test_a_column_of_earlier_bands_does_not_count_and_two_that_may_are_refused(tmp_path):
    rows = [("Element", "Previous rating", "Rating now", "Comments"), ("1.1.1", "Partial", "Compliant", "Better")]
    blocks = [("title", "Annual review report"), ("table", COVER), ("table", rows)]
    assert read_back(as_docx(blocks))[0] == [("1.1.1", "Compliant", "Better")]
    rows[0] = ("Element", "Standard A", "Standard B", "Comments")
    write(tmp_path, a_docx=as_docx(blocks))
    assert "Standard A and Standard B" in reasons(said(tmp_path))["a.docx"]
    mapped = Source(columns={"standardb": "band"})
    assert said(tmp_path, source=mapped).files[0].loaded == 1


def test_an_overview_that_agrees_is_a_duplicate_and_one_that_does_not_is_set_aside(tmp_path):
    overview = [("Element", "Rating"), ("1.1.1", "Compliance +"), ("2.1.3", "Compliant")]
    files, _, report = notes_of(tmp_path, *tables(Report(JUDGED, before=[("table", overview)])))
    file = files[None]
    assert (file.read, file.loaded, file.duplicate, file.set_aside) == (7, 4, 1, 2)
    assert all("band" in row.why for row in report.rejected)


def test_rows_set_aside_can_be_mended_and_sent_as_they_are(tmp_path):
    write(tmp_path, a_docx=as_docx(tables(Report([("1.1.1", "Amber", "so so"), ("4.5.4", "Compliant", "no such")]))))
    report = said(tmp_path)
    assert report.rejected[0].cells["place in the report"] == "table 2, row 2"
    assert "'Amber' is not a band" in whys(report)["a.docx", 9]
    sent = as_sent(report.rejected_rows())
    mended = sent.with_columns(pl.col("band").replace("Amber", "Partial"), pl.col("element").replace("4.5.4", "4.3.4"))
    (tmp_path / "a.docx").unlink()
    write(tmp_path, mended_csv=mended.write_csv())
    assert said(tmp_path).files[0].loaded == 2


def test_codes_without_a_band_and_text_below_other_headings_are_told(tmp_path):
    blocks = [
        ("title", "Annual review report"),
        ("table", COVER),
        ("text", "1.2.1 A plan for involving customers"),
        ("text", "1.1.1: Compliant"),
        ("text", "As 1.1.2 shows."),
        ("text", "1.1.2 is met by the same."),
        ("heading", "What we saw"),
        ("text", "Much."),
    ]
    _, notes, _ = notes_of(tmp_path, *blocks)
    assert "codes that stand without a band, taken for no result: 1.2.1 (line 7)" in notes
    assert "text that is no element's comment was left out, below: What we saw" in notes
    assert read_back(as_docx(blocks))[0] == [("1.1.1", "Compliant", "As1.1.2shows.1.1.2ismetbythesame.")]


W = nsdecls("w")


def test_forms_tracked_changes_merged_cells_and_tables_in_cells_are_read():
    document = docx.Document()
    document.add_heading("Annual review report", 0)
    for label, text in COVER:
        document.add_paragraph(f"{label}: {text}")
    body = document.element.body
    control = f"<w:sdt {W}><w:sdtContent><w:p><w:r><w:t>1.1.1: Compliant</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    tracked = (
        f'<w:p {W}><w:r><w:t>Now </w:t></w:r><w:del w:id="1"><w:r><w:delText>half </w:delText></w:r></w:del>'
        f'<w:ins w:id="2"><w:r><w:t>all</w:t></w:r></w:ins></w:p>'
    )
    for part in (control, tracked):
        body.insert(len(body) - 1, parse_xml(part))
    grid = document.add_table(rows=3, cols=3)
    for cell, text in zip(grid.rows[0].cells, ("Element", "Rating", "Comments"), strict=True):
        cell.text = text
    for cell, text in zip(grid.rows[1].cells, ("1.1.2", "Partial", "First."), strict=True):
        cell.text = text
    grid.cell(2, 2).text = "Second."
    for column in (0, 1):
        merged = grid.cell(1, column).merge(grid.cell(2, column))
        merged.text = merged.text.strip()
    inner = grid.cell(2, 2).add_table(rows=1, cols=3)
    for cell, text in zip(inner.rows[0].cells, ("1.1.3", "Met", "Inside."), strict=True):
        cell.text = text
    back, notes = read_back(saved(document))
    assert back == [
        ("1.1.1", "Compliant", "Nowall"),
        ("1.1.2", "Partial", "First.Second."),
        ("1.1.3", "Met", "Inside."),
    ]
    assert any("tracked changes" in note for note in notes)


def changed(data, replaced=None, added=None):
    """A document with parts of its archive changed (by name: old -> new bytes) or added."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            body = old.read(name)
            for before, after in (replaced or {}).get(name, ()):
                body = body.replace(before, after)
            new.writestr(name, body)
        for name, body in (added or {}).items():
            new.writestr(name, body)
    return buffer.getvalue()


GOOD = as_docx(tables(Report(JUDGED)))
MAIN = "word/document.xml"
LAUGHS = b'<!DOCTYPE w:document [<!ENTITY a SYSTEM "file:///etc/passwd">]><w:document '
DEEP = b"<w:tbl><w:tr><w:tc>" * 40 + b"<w:p/>" + b"</w:tc></w:tr></w:tbl>" * 40
HOSTILE = {
    "macros": (changed(GOOD, added={"word/vbaProject.bin": b"x"}), "macros"),
    "entities": (changed(GOOD, {MAIN: [(b"<w:document ", LAUGHS)]}), "entities"),
    "entities of another part": (
        changed(GOOD, {"word/styles.xml": [(b"<w:styles ", b"<!DOCTYPE x><w:styles ")]}),
        "entities",
    ),
    "tables in tables": (changed(GOOD, {MAIN: [(b"<w:body>", b"<w:body>" + DEEP)]}), "without end"),
    "a deep tree": (changed(GOOD, {MAIN: [(b"<w:body>", b"<w:body>" + b"<w:sdt>" * 5_000)]}), "without end"),
    "a swollen part": (changed(GOOD, {MAIN: [(b"<w:body>", b"<w:body>" + b" " * 80 * 2**20)]}), "times its size"),
    "many paragraphs": (
        changed(GOOD, {MAIN: [(b"<w:body>", b"<w:body>" + b"<w:p><w:r><w:t>x</w:t></w:r></w:p>" * 60_000)]}),
        "split it",
    ),
    "cut": (GOOD[:-2_000], "cut off"),
    "broken xml": (changed(GOOD, {MAIN: [(b"</w:body>", b"")]}), "damaged in word/document.xml"),
    "a template": (
        changed(GOOD, {"[Content_Types].xml": [(b"document.main+xml", b"template.main+xml")]}),
        "no text document",
    ),
    "no document": (
        changed(as_docx([]), {"[Content_Types].xml": [(b"/word/document.xml", b"/word/gone.xml")]}),
        "document",
    ),
    "nothing": (as_docx([]), "no text"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_or_damaged_is_refused(name):
    data, cause = HOSTILE[name]
    with pytest.raises(FileRefused) as refused:
        parsed(data)
    assert cause in str(refused.value)


def test_what_has_no_end_is_refused_in_the_child_and_a_good_report_behind_it_is_read():
    with Reader() as reader:
        with pytest.raises(FileRefused, match="without end"):
            reader.read_cells(HOSTILE["tables in tables"][0])
        assert reader.read_cells(GOOD).kind == "docx"


def test_a_letter_is_refused_with_what_a_report_needs(tmp_path):
    letter = [("title", "Dear colleagues"), ("text", "please find the review form attached"), ("table", [("a", "b")])]
    write(tmp_path, a_docx=as_docx(letter), b_csv=csv("Site code,Site name,Department code", "S,Site,HR"))
    report = said(tmp_path)
    assert "its band and a comment" in reasons(report)["a.docx"]
    assert report.files[1].loaded == 1
