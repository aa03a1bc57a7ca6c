"""Through the whole pipe into a warehouse of either kind, and out again."""

import pytest

from db import reads
from db.session import Scope, open_session
from db.tenants import add_tenant, scope_of
from etl import run
from scheme.errors import UsageError
from tests.etl.made import HEADINGS, PUBLISHED, TODAY, accounted, csv, write

DEPARTMENTS = "Department code,Department name,Parent code"


@pytest.fixture
def scope(warehouse) -> Scope:
    """A tenant of that warehouse."""
    add_tenant("ASH", "Ashcombe County Council")
    return scope_of("ASH")


def loaded(scope, folder, **options):
    report = run.load(scope, [folder], sent_by="pat", today=TODAY, **options)
    accounted(report)
    return report


def asked(scope, question, *args):
    with open_session(scope) as session:
        return question(session, *args)


def test_the_same_again_changes_nothing_and_is_counted_as_unchanged(scope, tmp_path):
    write(tmp_path, a_csv=csv(DEPARTMENTS, "HR,People,"), b_csv=csv(HEADINGS, "HR,renewal,2025-03-07,1.1.1,C,"))
    first = loaded(scope, tmp_path)
    before = asked(scope, reads.content_hash)
    again = loaded(scope, tmp_path)
    assert [(file.loaded, file.unchanged) for file in (*first.files, *again.files)] == [(1, 0)] * 2 + [(0, 1)] * 2
    assert asked(scope, reads.content_hash) == before
    assert (first.load_number, again.load_number) == (1, 2)


def test_a_check_says_what_a_load_then_does_and_writes_nothing(scope, tmp_path):
    rows = ("HR,renewal,2025-03-07,1.1.1,C,", "HR,renewal,2025-03-07,1.1.2,Amber,", "IT,renewal,2025-03-07,1.1.1,N/A,")
    write(tmp_path, a_csv=csv(HEADINGS, rows[0]))
    loaded(scope, tmp_path)
    write(tmp_path, a_csv=csv(HEADINGS, *rows), b_csv="nothing,known\n1,2\n")
    before = asked(scope, reads.content_hash), asked(scope, reads.loads).height
    checked = run.check([tmp_path], scope=scope, today=TODAY)
    assert (asked(scope, reads.content_hash), asked(scope, reads.loads).height) == before
    report = loaded(scope, tmp_path)
    assert (checked.files, checked.rejected) == (report.files, report.rejected)
    assert checked.load_number is None
    timed = ("load", "started_at", "finished_at", "sent_by")
    assert checked.loads().drop(timed).equals(report.loads().drop(timed))
    told = asked(scope, reads.loads).head(2)
    assert report.loads().rows() == told.rows()
    assert (
        report.rejected_rows().select("file", "row", "why").rows()
        == asked(scope, reads.rejected, 2)[["file", "row", "why"]].rows()
    )


def test_a_row_that_names_new_codes_takes_them_in_and_a_register_confirms_them(scope, tmp_path):
    write(
        tmp_path,
        a_csv=csv(
            "Department code,Site code,Assessment type,Assessed on,Element,Band", "IT,DESK,renewal,2025-03-07,1.1.1,C"
        ),
    )
    report = loaded(scope, tmp_path)
    assert report.files[0].notes == ["new, please confirm: department IT (row 2), site DESK (row 2)"]
    register = asked(scope, reads.register)
    assert register.sites.rows() == [("DESK", ["IT"], False)]
    write(tmp_path, a_csv=csv(DEPARTMENTS, "IT,Computers,"))
    assert loaded(scope, tmp_path).files[0].loaded == 1
    assert asked(scope, reads.register).departments["is_confirmed"].to_list() == [True]


def test_a_restated_result_that_differs_from_the_band_in_force_is_told(scope, tmp_path):
    write(
        tmp_path,
        a_csv=csv((*HEADINGS, "Restated"), "HR,initial,2024-03-07,1.1.1,C,,", "HR,initial,2024-03-07,1.1.2,C,,"),
    )
    loaded(scope, tmp_path)
    scope_of_review = "R,HR,annual_review,2025-03-06,2025-03-07,1.1.3"
    write(
        tmp_path,
        a_csv=csv((*HEADINGS, "Restated"), "HR,renewal,2025-02-07,1.1.1,P,,yes", "HR,renewal,2025-02-07,1.1.2,C,,yes"),
        b_csv=csv("Assessment code,Department code,Assessment type,Started on,Ended on,Scope", scope_of_review),
        c_csv=csv(HEADINGS, "HR,annual_review,2025-03-07,1.1.2,N,", "HR,annual_review,2025-03-07,1.1.3,N,"),
    )
    notes = {file.file: file.notes for file in loaded(scope, tmp_path).files}
    same = "restated results that differ from the band in force move nothing: "
    assert notes["a.csv"][0] == f"{same}row 2, 1.1.1 of HR: partial, but compliant since 7 March 2024"
    assert notes["c.csv"] == [f"{same}row 2, 1.1.2 of HR: non compliant, but compliant since 7 March 2024"]


def test_the_profile_in_force_on_the_day_decides_about_unknown_departments(warehouse, tmp_path):
    body = {"name": "Ours", "base": "cse", "unknown_departments": "set_aside"}
    add_tenant("BEC", "Beckford Housing Group", "cse", [("ours.toml", body)])
    scope = scope_of("BEC")
    write(
        tmp_path,
        a_csv=csv(DEPARTMENTS, "HR,People,"),
        b_csv=csv(HEADINGS, "HR,renewal,2025-03-07,1.1.1,C,", "IT,renewal,2025-03-07,1.1.1,C,"),
    )
    report = loaded(scope, tmp_path)
    assert [row.row for row in report.rejected] == [3]
    assert asked(scope, reads.register).departments["department_code"].to_list() == ["HR"]


def test_rows_that_vanished_from_a_newer_edition_stay_until_they_are_taken_back(scope, tmp_path):
    rows = [f"HR,renewal,2025-03-07,1.1.{n},C," for n in (1, 2, 3)]
    write(tmp_path, a_csv=csv(HEADINGS, *rows))
    loaded(scope, tmp_path)
    write(tmp_path, a_csv=csv(HEADINGS, rows[0], "HR,renewal,2025-03-07,1.1.2,TBC,"))
    assert "1.1.3" in loaded(scope, tmp_path).files[0].notes[0]
    loaded(scope, tmp_path, withdraw_missing=True)
    assert asked(scope, reads.programme).results["element"].sort().to_list() == ["1.1.1", "1.1.2"]


def test_the_published_files_load_with_their_totals(scope):
    names = ("wychavon", "salford-library", "northampton")
    report = run.load(scope, [PUBLISHED / f"{name}.csv" for name in names], sent_by="pat", today=TODAY)
    assert [(file.read, file.loaded) for file in report.files] == [(57, 57)] * 3
    bands = (
        asked(scope, reads.programme).results.group_by("department_code", "band").len().sort("department_code", "band")
    )
    assert bands.rows() == [
        *(("NORTHAMPTON-CS", "compliance_plus", 7), ("NORTHAMPTON-CS", "compliant", 50)),
        *(("SALFORD-LIBRARY", "compliance_plus", 4), ("SALFORD-LIBRARY", "compliant", 53)),
        *(("WYCHAVON", "compliance_plus", 4), ("WYCHAVON", "compliant", 53)),
    ]


def test_progress_is_told_file_by_file(scope, tmp_path):
    write(tmp_path, a_csv=csv(DEPARTMENTS, "HR,People,"), b_pdf="%PDF-1.7")
    told = []
    loaded(scope, tmp_path, progress=lambda *step: told.append(step))
    assert told == [("a.csv", 1, 2), ("b.pdf", 2, 2)]


def test_wrong_usage_loads_nothing(scope, tmp_path):
    with pytest.raises(UsageError):
        run.load(scope, [tmp_path / "nowhere"], sent_by="pat")
    assert asked(scope, reads.loads).height == 0
