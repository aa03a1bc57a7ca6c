"""What pages say as plain blocks, and each table of theirs as a file: the same words, the same rows, the same sight."""

import csv
import io
import re
from datetime import UTC, date, datetime

import openpyxl
import pytest

from dashboard import shell
from dashboard.exports import as_data, imprint, shown
from dashboard.exports.as_workbook import workbook
from dashboard.exports.document import Chart, Document, Grid, Heading, Paragraph
from db.roles import EXPORT
from db.session import Scope
from db.tenants import scope_of
from scheme.errors import Forbidden, UsageError
from tests.dashboard.small_programme import CERTIFICATES, HEAD, RESULTS, SITES, loaded, programme

DAY = "as_of=2026-03-07"
HOSTILE = b'Department code,Department name,Parent code\nHOU,"=HYPERLINK(""http://evil"";1)",\nHOU-1,+Repairs,HOU\nFIN,Finance,\n'


@pytest.fixture
def scope(warehouse) -> Scope:
    return programme("ASH")


def champion(scope: Scope, *departments: str) -> Scope:
    return Scope(
        scope.tenant_id, scope.tenant_code, departments, "champion", "ann@example.org", scope.tenant_name,
        frozenset({"results", "cycle", "loads", EXPORT}), actor="person 7",
    )  # fmt: skip


def everything(page) -> str:
    return repr((page.blocks, page.folded, page.filters))


def test_every_page_of_the_menu_is_told_with_its_answer_and_its_tables(scope):
    seen = 0
    for known in shell.PAGES:
        told = shown.page(scope, f"{known.path}?{DAY}")
        assert told.title == known.title
        assert any(isinstance(block, Paragraph) and block.kind == "lead" for block in told.blocks), known.name
        seen += bool(told.grids)
        for grid in told.grids:
            assert all(len(row.cells) == len(grid.columns) for row in grid.rows)
            frame = as_data.frame(grid)
            assert frame.height == len(grid.rows)
            rows = list(csv.reader(io.StringIO(as_data.csv(grid).decode())))
            assert len(rows) == len(grid.rows) + 1
            assert len(rows[0]) == len(set(rows[0])), f"{known.name}: a heading is there twice"
    assert seen > 12


def test_numbers_and_days_and_shares_stay_numbers_days_and_shares(scope):
    grid = next(g for g in shown.page(scope, f"/headroom?{DAY}").grids if g.id == "headroom-table")
    row = dict(zip(as_data.frame(grid).columns, as_data.frame(grid).row(0), strict=True))
    assert {type(value) for name, value in row.items() if name.endswith(": Partials")} == {int}
    share = next(g for g in shown.page(scope, f"/heatmap?{DAY}&mode=share").grids if g.id == "heatmap-table")
    assert {type(cell.value) for row in share.rows for cell in row.cells[2:]} <= {float, type(None)}
    sites = next(g for g in shown.page(scope, f"/coverage?{DAY}").grids if g.id == "coverage-years")
    assert any(isinstance(cell.value, date) for row in sites.rows for cell in row.cells)


def test_what_was_asked_is_said_in_words(scope):
    told = shown.page(scope, f"/heatmap?{DAY}&department=HOU&compare=2025-03-07&basis=self&mode=share&criterion=1")
    assert told.filters == (
        ("Compared with", "7 March 2025"),
        ("Basis", "Own"),
        ("Department", "Housing"),
        ("Show", "Compliance share"),
        ("Open", "1 Customer insight"),
    )


def test_the_open_drawer_is_told_as_well(scope):
    shut, opened = (shown.page(scope, f"/heatmap?{DAY}{cell}") for cell in ("", "&cell=FIN~1.1.1"))
    assert len(opened.blocks) > len(shut.blocks)
    assert any(isinstance(block, Heading) and "Where" in block.text for block in opened.blocks) or opened.folded
    assert {grid.id for grid in opened.grids} > {grid.id for grid in shut.grids}


def test_a_page_of_a_snapshot_never_moves(scope):
    now = datetime.now(UTC)
    address = shown.frozen(f"/heatmap?{DAY}&criterion=all", date(2026, 3, 7), now)
    before = shown.page(scope, address)
    assert everything(before) == everything(shown.page(scope, address))
    loaded(scope, later=HEAD + b"HOU,annual_review,2025-12-01,1.1.1,Non-compliant\n")
    live = shown.page(scope, f"/heatmap?{DAY}&criterion=all")
    assert everything(shown.page(scope, address)) == everything(before)
    assert repr(live.blocks) != repr(before.blocks)
    assert shown.about(scope, date(2026, 3, 7), now, now).load == 2
    assert shown.about(scope, date(2026, 3, 7), datetime.now(UTC), now).load == 3


def test_a_champion_is_told_of_their_own_departments_alone(scope):
    for known in shell.PAGES:
        if known.needs in ("results", "cycle", "loads"):
            told = everything(shown.page(champion(scope, "HOU"), f"{known.path}?{DAY}"))
            assert "Finance" not in told, known.name
            assert "FIN" not in told, known.name


def test_a_file_for_somebody_with_departments_claims_nothing_of_loads(scope):
    """Loads are numbered for everybody, so their number is not told; that there was none would be untrue."""
    now = datetime.now(UTC)
    own, whole = (shown.about(who, date(2026, 3, 7), now, now) for who in (champion(scope, "HOU"), scope))
    assert (own.load, whole.load) == (None, 2)
    page = shown.page(champion(scope, "HOU"), f"/heatmap?{DAY}")
    book = openpyxl.load_workbook(io.BytesIO(workbook(Document("Ours", own, (page,)))))
    cells = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value]
    told = [*cells, book.properties.description, imprint.line(own), *(words for _, words in imprint.facts(own))]
    told += as_data.notes(page, own)
    assert [words for words in told if re.search(r"\b(no|any) load|\bload \d", words)] == []
    assert "load 2" in imprint.line(whole)


def test_a_page_outside_the_role_is_refused_and_one_that_is_not_there_named(scope):
    reader = Scope(
        scope.tenant_id, scope.tenant_code, None, "viewer", "bo@example.org", permissions=frozenset({"results"})
    )
    with pytest.raises(Forbidden, match="Coverage"):
        shown.page(reader, "/coverage")
    with pytest.raises(UsageError, match="no page"):
        shown.page(reader, "/nowhere")


def test_charts_come_with_their_title_their_sentence_and_their_data(scope):
    charts = [
        b for known in shell.PAGES for b in shown.page(scope, f"{known.path}?{DAY}").blocks if isinstance(b, Chart)
    ]
    assert charts
    for chart in charts:
        assert chart.title
        assert chart.summary
        assert chart.figure["data"]
        assert isinstance(chart.grid, Grid)


# --- the files --------------------------------------------------------------------------------------------------------


@pytest.fixture
def ours(lead) -> Scope:
    scope = scope_of("demo")
    loaded(scope, departments=HOSTILE, sites=SITES, certificates=CERTIFICATES, results=RESULTS)
    return scope


def test_each_table_is_offered_as_csv_and_workbook_with_its_title_filters_and_day(ours, lead):
    answer = lead.get(f"/download/page/heatmap/heatmap-table.csv?{DAY}&department=HOU")
    assert answer.status_code == 200
    assert "demo-heatmap-status-and-headroom-by-department" in answer.headers["Content-Disposition"]
    assert "2026-03-07.csv" in answer.headers["Content-Disposition"]
    book = openpyxl.load_workbook(
        io.BytesIO(lead.get(f"/download/page/heatmap/heatmap-table.xlsx?{DAY}&department=HOU").data)
    )
    said = [row[0].value for row in book["About"].iter_rows()]
    assert said[:3] == [
        "Status and headroom by department",
        "Northshire County Council, fictional demonstration data",
        "Heatmap",
    ]
    assert any(line.startswith("Department: =HYPERLINK") for line in said)
    assert any(line.startswith("As of 7 March 2026, known at ") for line in said)
    assert book.worksheets[0].freeze_panes == "A2"
    assert book.worksheets[0].auto_filter.ref


def test_a_name_that_looks_like_a_formula_stays_text_in_every_file(ours, lead):
    rows = list(csv.reader(io.StringIO(lead.get(f"/download/page/heatmap/heatmap-table.csv?{DAY}").text)))
    assert [row[0] for row in rows if "HYPERLINK" in row[0] or "Repairs" in row[0]] == [
        "'=HYPERLINK(\"http://evil\";1)", "'+Repairs",
    ]  # fmt: skip
    book = openpyxl.load_workbook(io.BytesIO(lead.get(f"/download/page/heatmap/heatmap-table.xlsx?{DAY}").data))
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)


def test_what_there_is_not_is_not_found_and_a_wrong_address_is_told_why(ours, lead):
    for path in ("heatmap/nothing.csv", "nowhere/heatmap-table.csv", "heatmap/heatmap-table.exe", "rejected/1.csv"):
        assert lead.get(f"/download/page/{path}").status_code == 404, path
    wrong = lead.get("/download/page/heatmap/heatmap-table.csv?basis=nonsense")
    assert wrong.status_code == 400
    assert "basis" in wrong.text


def test_files_are_english_as_a_whole_whatever_the_language_of_the_page(ours, lead):
    english = lead.get(f"/download/page/heatmap/heatmap-table.csv?{DAY}").text
    lead.get("/language/cy")
    assert "Adran" in lead.get("/account").text or "Sefydliad" in lead.get("/account").text
    assert lead.get(f"/download/page/heatmap/heatmap-table.csv?{DAY}").text == english
