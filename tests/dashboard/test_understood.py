"""What was understood of a folder of one's own, and what does not add up; and who sees it."""

import csv
import json
from pathlib import Path

import polars as pl
import pytest

from dashboard import data
from dashboard.callbacks import understood as callbacks
from dashboard.filters import filters
from dashboard.pages import understood as page
from db.session import Scope
from db.tenants import scope_of
from etl.demo import folder as own_files
from scheme.errors import UsageError
from scheme.standard import shipped
from tests.etl import reports

CODES = shipped("cse").codes
HEADINGS = ("Department code", "Assessment type", "Assessed on", "Element", "Band", "Comment", "Restated")


@pytest.fixture
def last_year(tmp_path) -> Path:
    """A folder as somebody has it: results and a self-assessment, a note, a damaged workbook."""
    folder = tmp_path / "Last year"
    folder.mkdir()
    bands = ["Compliant", "Partial", "Compliance Plus"]
    rows = [("HOU", "annual_review", "2025-03-07", code, bands[n % 3], "", "") for n, code in enumerate(CODES)]
    rows += [("HOU", "annual_review", "2025-03-07", "9.9.9", "Compliant", "", "")]
    rows += [("HOU", "annual_review", "2025-04-07", "1.1.1", "Partial", "", "yes")]
    own = [("HOU", "self_assessment", "2025-01-07", code, "Compliant", "", "") for code in CODES]
    for name, lines in {"review.csv": rows, "self.csv": own}.items():
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([HEADINGS, *lines])
    (folder / "README.txt").write_text("Results of last year\nask Pat\n")
    (folder / "damaged.xlsx").write_bytes(b"PK\x03\x04 nothing")
    return folder


def view_of(scope: Scope) -> data.View:
    return data.view(scope)


def oddities(view: data.View) -> dict[str, tuple[int, str]]:
    asked = filters("/understood", "understood")
    apart = page.apart(data.standings(view, asked.as_of, "self"), data.standings(view, asked.as_of))
    restated = int(data.programme(view).results["restated"].sum())
    found = page.oddities(data.editions(view), data.reasons(view), apart, restated, asked)
    return {each.what: (each.number, each.where) for each in found}


def test_a_folder_of_ones_own_becomes_a_tenant_and_says_what_it_understood(last_year, warehouse):
    report, people = own_files.build(last_year)
    rows = 2 * len(CODES) + 1
    assert own_files.understood(report) == f"2 of 4 files were understood: {rows} rows are in, 1 were set aside."
    assert {person.role for person in people} == {"corporate_lead", "administrator"}
    found = oddities(view_of(scope_of("LAST-YEAR")))
    assert found["Files that were not understood"] == (2, "README.txt, damaged.xlsx")
    assert found["Rows set aside"] == (1, "review.csv")
    assert found["Rows with a code that is no element"] == (1, "review.csv")
    higher = len([code for n, code in enumerate(CODES) if n % 3 == 1])
    assert found["Elements rated higher by the department than by its assessor"] == (higher, "1 department")
    assert found["Elements rated lower by the department than by its assessor"][0] == len(CODES[2::3])
    assert found["Results that repeat an earlier band (restated)"][0] == 1
    assert "restated results that differ" in found["Figures that contradict each other"][1]


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_a_report_whose_summary_contradicts_its_rows_does_not_add_up(last_year, warehouse):
    judged = [(code, "Compliant", "") for code in CODES]
    after = (("text", "Criterion 2: 9 compliant, 2 partial"),)
    (last_year / "report.docx").write_bytes(reports.as_docx(reports.tables(reports.Report(judged, after=after))))
    own_files.build(last_year)
    view, asked = view_of(scope_of("LAST-YEAR")), filters("/understood", "understood")
    files = data.editions(view)
    assert files.filter(pl.col("file") == "report.docx").select("layout", "certainty").row(0) == ("report", "sure")
    odd = page.oddities(files, data.reasons(view), page.apart(*2 * [data.standings(view, asked.as_of)]), 0, asked)
    told = [each.where for each in odd if each.what == "Figures that contradict each other"]
    assert any("report.docx: Criterion 2's summary says 2 partial; its rows have none" in where for where in told)


def test_the_same_folder_again_changes_nothing_and_says_the_same(last_year, warehouse):
    own_files.build(last_year)
    before = oddities(view_of(scope_of("LAST-YEAR")))
    report, _ = own_files.build(last_year)
    assert sum(file.loaded for file in report.files) == 0
    # Known before the second load: of restated bands that differ only a load that brings them tells.
    assert oddities(view_of(scope_of("LAST-YEAR"))).keys() <= before.keys()


def test_a_folder_that_is_none_is_refused(tmp_path, warehouse):
    with pytest.raises(UsageError, match="is no folder"):
        own_files.build(tmp_path / "nowhere")


def test_the_page_shows_every_file_and_every_reason_once(last_year, warehouse):
    own_files.build(last_year)
    view, asked = view_of(scope_of("LAST-YEAR")), filters("/understood", "understood")
    files = json.loads(page.files_table(data.editions(view), asked))["rows"]
    assert [row["n"] for row in files] == ["README.txt", "damaged.xlsx", "review.csv", "self.csv"]
    reasons = json.loads(page.reasons_table(data.reasons(view), asked))["rows"]
    assert [row["c"][1] for row in reasons] == [1]
    assert page.headline(data.editions(view), []) == "2 of 4 files were understood, and all of it adds up."


def test_a_champion_reads_of_own_files_alone(last_year, warehouse, monkeypatch):
    own_files.build(last_year)
    scope = scope_of("LAST-YEAR")
    champion = Scope(scope.tenant_id, "LAST-YEAR", ("HOU",), "champion", "c@x.example", actor="person 99")
    monkeypatch.setattr(callbacks, "current_scope", lambda: champion)
    told = callbacks.update_understood("/understood")
    assert told[0] == "You have sent nothing yet."
    assert told[2:] == ("", "", "")
