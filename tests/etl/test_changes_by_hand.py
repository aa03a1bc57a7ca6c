"""Registers changed by hand, by the door that files use, on a warehouse of either kind."""

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import audit, reads
from db.recode import former_codes
from db.session import Scope, open_session
from db.tenants import add_tenant, scope_of
from etl import by_hand, run
from scheme.errors import Forbidden, UsageError
from scheme.headroom import headroom
from scheme.standing import standing
from tests.etl.made import HEADINGS, TODAY, accounted, csv, write

DEPARTMENTS = "Department code,Department name,Parent code,Active from,Active to"
SITES = "Site code,Site name,Department code"
PAT = {"sent_by": "pat", "today": TODAY}


@pytest.fixture
def scope(warehouse) -> Scope:
    """A tenant of that warehouse."""
    add_tenant("ASH", "Ashcombe County Council")
    return scope_of("ASH")


@pytest.fixture
def kept(scope, tmp_path) -> Scope:
    """The tenant with a few departments, sites, a certificate, results and actions, each naming departments."""
    write(
        tmp_path,
        departments_csv=csv(DEPARTMENTS, "HR,People,,2020-04-01,", "PAY,Payroll,HR,,", "IT,Computers,,,", "OLD,Old,,,"),
        sites_csv=csv(SITES, "DESK,Help desk,HR;IT", "HALL,Town hall,HR", "BARN,Barn,IT"),
        certificates_csv=csv(
            "Certificate code,Department code,Awarded on,Expires on,Sites required", "C1,HR,2025-01-01,2028-01-01,1"
        ),
        results_csv=csv(
            HEADINGS,
            "HR,annual_review,2025-03-07,1.1.1,C,",
            "HR,annual_review,2025-03-07,1.1.2,P,weak",
            "PAY,annual_review,2025-03-07,1.1.1,P,",
            "IT,annual_review,2025-03-07,1.1.1,CP,",
        ),
        actions_csv=csv("Department code,Element,Action,Owner,Due on", "HR,1.1.2,Write it down,Jo,2026-09-01"),
    )
    accounted(run.load(scope, [tmp_path], **PAT))
    return scope


def asked(scope, question, *args):
    with open_session(scope) as session:
        return question(session, *args)


def department(scope, code):
    (row,) = [row for row in asked(scope, reads.table, "departments").to_dicts() if row["department_code"] == code]
    return row


def sites_of(scope):
    return dict(asked(scope, reads.table, "sites").select("site_code", "department_code").iter_rows())


def actions_told(scope):
    return audit.entries(scope)["action"].to_list()


def measured(scope):
    """What the measures say of each department, with codes of departments left out of what is compared."""
    programme = asked(scope, reads.programme)
    return standing(programme, TODAY), headroom(programme, TODAY)


# --- a form -----------------------------------------------------------------------------------------------------------


def test_a_form_is_taken_as_a_load_called_administration_with_the_reason_in_its_notes(scope):
    rows = [{"department_code": "HR", "department_name": "People", "parent_code": ""}]
    report = run.load_rows(scope, "departments", rows, why="new in the budget", **PAT)
    accounted_for = report.files[0]
    assert (accounted_for.file, accounted_for.read, accounted_for.loaded) == ("administration", 1, 1)
    assert asked(scope, reads.notes, report.load_number)["note"].to_list() == ["new in the budget"]
    assert asked(scope, reads.loads)["file"].to_list() == ["administration"]
    again = run.load_rows(scope, "departments", rows, **PAT)
    assert (again.files[0].unchanged, again.files[0].notes) == (1, [])


def test_an_empty_cell_of_a_form_takes_back_what_was_said_and_a_column_it_lacks_does_not(kept):
    run.load_rows(
        kept, "departments", [{"department_code": "HR", "department_name": "People", "active_from": ""}], **PAT
    )
    assert department(kept, "HR")["active_from"] is None
    run.load_rows(kept, "departments", [{"department_code": "PAY", "department_name": "Pay"}], **PAT)
    assert (department(kept, "PAY")["parent_code"], department(kept, "PAY")["department_name"]) == ("HR", "Pay")


def test_a_form_of_which_a_row_is_set_aside_changes_nothing_and_says_which_column(kept):
    before = asked(kept, reads.content_hash), asked(kept, reads.loads).height
    rows = [
        {"department_code": "HR", "department_name": "P", "active_to": "soon"},
        {"department_code": "NEW", "department_name": "New", "active_to": ""},
    ]
    report = run.load_rows(kept, "departments", rows, **PAT)
    assert (report.load_number, report.files[0].outcome) == (None, "refused")
    assert report.rejected[0].row == 1
    assert report.rejected[0].why.startswith("active_to: ")
    assert (asked(kept, reads.content_hash), asked(kept, reads.loads).height) == before


def test_an_empty_form_is_told_what_it_lacks(scope):
    report = run.load_rows(scope, "sites", [{"site_code": "", "site_name": "", "department_code": ""}], **PAT)
    assert (report.load_number, report.rejected[0].why) == (None, "site_code is empty; fill it in")


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"department_code": "HR"}],
        [{"department_code": "HR", "department_name": "P", "colour": "red"}],
        [{"department_code": "HR", "department_name": "P"}, {"department_code": "IT"}],
    ],
)
def test_a_form_that_is_not_of_its_table_is_refused(scope, rows):
    with pytest.raises(UsageError, match="a form for departments needs"):
        run.load_rows(scope, "departments", rows, **PAT)


def test_a_change_by_hand_withdraws_nothing_and_a_newer_edition_of_a_file_tells_nothing_of_it(kept, tmp_path):
    by_hand.open_department(kept, "NEW", "New", **PAT)
    done = by_hand.rename_department(kept, "IT", "Digital", **PAT)
    assert asked(kept, reads.notes, done.load_number).is_empty()
    report = run.load(kept, [tmp_path / "departments.csv"], withdraw_missing=True, **PAT)
    assert report.files[0].notes == []
    assert department(kept, "NEW")["department_name"] == "New"


# --- opened, closed, renamed, moved -----------------------------------------------------------------------------------


def test_a_department_is_opened_closed_reopened_renamed_and_moved_each_in_a_load_of_its_own(kept):
    before = asked(kept, reads.latest_load)[0]
    said = [
        by_hand.open_department(kept, "LAW", "Law", parent="HR", active_from=date(2026, 4, 1), **PAT).said,
        by_hand.close_department(kept, "HR", date(2026, 9, 1), **PAT).said,
        by_hand.reopen_department(kept, "HR", **PAT).said,
        by_hand.rename_department(kept, "HR", "People and pay", **PAT).said,
        by_hand.move_department(kept, "LAW", "IT", **PAT).said,
        by_hand.move_department(kept, "LAW", "", **PAT).said,
    ]
    assert said == [
        "LAW (Law) is open from 1 April 2026, below HR",
        "HR is closed from 1 September 2026; LAW, PAY below it stay open, and what is found there reaches nothing "
        "higher: move or close what is left",
        "HR is open again, as if it had not been closed on 1 September 2026",
        "HR is called People and pay now; before it was People",
        "LAW lies below IT now, with all that is below it",
        "LAW lies below the organisation itself now, with all that is below it",
    ]
    assert asked(kept, reads.latest_load)[0] == before + 6
    told = ["opened department", "closed department", "reopened department", "renamed department", "moved department"]
    assert {*told} <= {*actions_told(kept)}
    assert department(kept, "HR")["active_from"] == date(2020, 4, 1)


def test_what_was_known_before_a_change_by_hand_stays_readable(kept):
    before = datetime.now(UTC)
    by_hand.close_department(kept, "OLD", date(2026, 1, 1), **PAT)
    then = asked(kept, reads.table, "departments", before).filter(department_code="OLD")
    assert then["active_to"].to_list() == [None]
    assert department(kept, "OLD")["active_to"] == date(2026, 1, 1)


REFUSED = [
    (by_hand.open_department, ("HR", "People"), "there is a department HR already: People"),
    (by_hand.open_department, ("NEW", " "), "department_name is empty"),
    (by_hand.open_department, ("NEW", "New", "GONE"), "there is no department GONE"),
    (by_hand.open_department, ("A;B", "New"), "names several"),
    (by_hand.close_department, ("GONE", TODAY), "there is no department GONE"),
    (by_hand.close_department, ("HR", date(2020, 1, 1)), "lies before active_from"),
    (by_hand.reopen_department, ("HR",), "HR is not closed"),
    (by_hand.rename_department, ("HR", "People"), "called People already"),
    (by_hand.rename_department, ("HR", ""), "department_name is empty"),
    (by_hand.move_department, ("HR", "HR"), "HR cannot lie below HR"),
    (by_hand.move_department, ("HR", "PAY"), "HR cannot lie below PAY"),
    (by_hand.move_department, ("PAY", "HR"), "PAY lies directly below HR already"),
    (by_hand.merge_departments, ("HR", "HR", TODAY), "cannot be merged into itself"),
    (by_hand.merge_departments, ("HR", "PAY", TODAY), "PAY lies below HR"),
    (by_hand.merge_departments, ("IT", "HR", date(2019, 1, 1)), "HR opens on 1 April 2020 only"),
    (by_hand.merge_departments, ("HR", "GONE", TODAY), "there is no department GONE"),
    (by_hand.recode_department, ("HR", "HR"), "HR is its code already"),
    (by_hand.recode_department, ("HR", "IT"), "the code IT is in use"),
    (by_hand.recode_department, ("HR", "A;B"), "names several"),
    (by_hand.recode_department, ("HR", ""), "the new code is empty"),
    (by_hand.recode_department, ("GONE", "NEW"), "there is no department GONE"),
    (by_hand.forget_code, ("HR",), "no department was called HR before"),
]


def test_what_makes_no_sense_is_refused_with_a_sentence_and_changes_nothing(kept):
    before = asked(kept, reads.content_hash), asked(kept, reads.loads).height, len(actions_told(kept))
    for change, given_, why in REFUSED:
        named = ("code", "name", "parent") if change is by_hand.open_department else ()
        rest = dict(zip(named, given_, strict=False))
        with pytest.raises(UsageError, match=why):
            change(kept, *(() if named else given_), **rest, **PAT)
    assert (asked(kept, reads.content_hash), asked(kept, reads.loads).height, len(actions_told(kept))) == before


def test_who_speaks_for_a_part_of_the_tenant_changes_no_department(kept):
    from dataclasses import replace

    with pytest.raises(Forbidden):
        by_hand.rename_department(replace(kept, departments=("HR",)), "HR", "Mine", **PAT)


def test_a_department_that_rows_had_only_named_is_opened_by_hand(scope, tmp_path):
    write(tmp_path, a_csv=csv(HEADINGS, "LAW,renewal,2025-03-07,1.1.1,C,"))
    run.load(scope, [tmp_path], **PAT)
    by_hand.open_department(scope, "LAW", "Law", **PAT)
    assert department(scope, "LAW")["is_confirmed"]


# --- merged -----------------------------------------------------------------------------------------------------------


def test_merging_closes_one_and_gives_the_other_what_lies_directly_below_it_and_its_sites(kept):
    before = asked(kept, reads.table, "results")
    done = by_hand.merge_departments(kept, "HR", "IT", date(2026, 4, 1), **PAT)
    assert done.said == (
        "HR is merged into IT: closed from 1 April 2026; 1 department directly below it and 2 sites are IT's now. "
        "Its own results, certificates and history stay its own, and so do grants that name it"
    )
    assert department(kept, "HR")["active_to"] == date(2026, 4, 1)
    assert department(kept, "PAY")["parent_code"] == "IT"
    assert sites_of(kept) == {"BARN": ["IT"], "DESK": ["IT"], "HALL": ["IT"]}
    assert asked(kept, reads.table, "results").equals(before)
    assert asked(kept, reads.table, "certificates")["department_code"].to_list() == ["HR"]


# --- recoded ----------------------------------------------------------------------------------------------------------


def test_recoding_says_every_row_again_and_leaves_alone_what_does_not_name_the_department(kept):
    tables = ("departments", "sites", "certificates", "results", "actions")
    before = {name: asked(kept, reads.table, name) for name in tables}
    done = by_hand.recode_department(kept, "HR", "PEOPLE", **PAT)
    assert done.said == (
        "HR is called PEOPLE now, in 2 departments, 2 sites, 1 certificate, 2 results, 1 action; "
        "files that still say HR are read as PEOPLE"
    )
    after = {name: asked(kept, reads.table, name) for name in tables}
    assert department(kept, "PAY")["parent_code"] == "PEOPLE"
    assert sites_of(kept) == {"BARN": ["IT"], "DESK": ["IT", "PEOPLE"], "HALL": ["PEOPLE"]}
    assert after["actions"]["action_key"][0].startswith("PEOPLE/1.1.2/")
    for name in tables:
        touched = after[name].filter(load_number=done.load_number)
        assert "HR" not in str(after[name].to_dicts())
        assert touched.height == before[name].height - after[name].filter(load_number=1).height
        assert sorted(touched["row_number"]) == sorted(
            before[name].filter(pl.col("row_number").is_in(touched["row_number"].implode()))["row_number"]
        ) or name in ("departments", "sites")
    assert "recoded department" in actions_told(kept)


def test_a_recoded_row_still_says_in_which_file_and_row_it_stood(kept):
    where = ["element", "file", "sheet", "row"]
    before = asked(kept, reads.result_rows, ["HR"], ["1.1.1", "1.1.2"]).select(where)
    done = by_hand.recode_department(kept, "HR", "PEOPLE", why="new scheme of codes", **PAT)
    by_hand.recode_department(kept, "PEOPLE", "P1", **PAT)
    after = asked(kept, reads.result_rows, ["P1"], ["1.1.1", "1.1.2"])
    assert after.select(where).equals(before)
    notes = asked(kept, reads.notes, done.load_number)["note"].unique().to_list()
    assert notes == ["said again: HR is called PEOPLE now: new scheme of codes (first loaded in load 1)"]
    again = asked(kept, reads.notes, done.load_number + 1)["note"].unique().to_list()
    assert again == ["said again: PEOPLE is called P1 now (first loaded in load 1)"]


def test_what_was_known_before_a_recoding_names_the_old_code(kept):
    before = datetime.now(UTC)
    by_hand.recode_department(kept, "HR", "PEOPLE", **PAT)
    then = asked(kept, reads.programme, before)
    assert set(then.departments["department_code"]) == {"HR", "PAY", "IT", "OLD"}
    assert set(then.results["department_code"]) == {"HR", "PAY", "IT"}


def test_a_file_that_still_says_the_old_code_is_read_as_the_new_one_and_told_so(kept, tmp_path):
    by_hand.recode_department(kept, "HR", "PEOPLE", **PAT)
    before = asked(kept, reads.content_hash)
    report = run.load(kept, [tmp_path], withdraw_missing=True, **PAT)
    accounted(report)
    assert asked(kept, reads.content_hash) == before
    assert all(file.unchanged == file.read for file in report.files)
    notes = {file.file: file.notes for file in report.files}
    assert notes["results.csv"] == ["HR is called PEOPLE since 1 June 2026: 2 rows that say HR were read as PEOPLE"]
    assert notes["actions.csv"] == ["HR is called PEOPLE since 1 June 2026: 1 row that says HR was read as PEOPLE"]
    assert notes["departments.csv"] == ["HR is called PEOPLE since 1 June 2026: 1 row that says HR was read as PEOPLE"]


def test_a_row_that_vanished_after_a_recoding_is_still_found_and_taken_back(kept, tmp_path):
    by_hand.recode_department(kept, "HR", "PEOPLE", **PAT)
    write(tmp_path, results_csv=csv(HEADINGS, "HR,annual_review,2025-03-07,1.1.1,C,"))
    report = run.load(kept, [tmp_path / "results.csv"], **PAT)
    assert "PEOPLE, annual_review, 2025-03-07, 1.1.2" in report.files[0].notes[1]


def test_a_code_that_was_recoded_is_not_given_to_another_department_until_it_is_forgotten(kept):
    by_hand.recode_department(kept, "HR", "PEOPLE", **PAT)
    with pytest.raises(UsageError, match="HR is what PEOPLE was called before"):
        by_hand.open_department(kept, "HR", "Another", **PAT)
    with pytest.raises(UsageError, match="HR is what PEOPLE was called until 1 June 2026"):
        by_hand.recode_department(kept, "IT", "HR", **PAT)
    with pytest.raises(UsageError, match="HR is called PEOPLE now"):
        by_hand.rename_department(kept, "HR", "Another", **PAT)
    assert by_hand.forget_code(kept, "HR", **PAT).said == "HR is no longer read as PEOPLE"
    by_hand.open_department(kept, "HR", "Another", **PAT)
    assert department(kept, "HR")["department_name"] == "Another"


def test_recoded_round_in_a_circle_it_is_as_it_was(kept):
    before = asked(kept, reads.content_hash)
    for old, new in (("HR", "A"), ("A", "B"), ("B", "HR")):
        by_hand.recode_department(kept, old, new, **PAT)
    assert asked(kept, reads.content_hash) == before
    assert {old: new for old, (new, _) in asked(kept, former_codes).items()} == {"A": "HR", "B": "HR"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12)
@given(code=st.sampled_from(["HR", "PAY", "IT", "OLD"]), to=st.from_regex(r"[A-Z]{1,3}[0-9]{1,2}", fullmatch=True))
def test_recoded_there_and_back_every_measure_is_the_same_and_between_it_differs_in_the_code_alone(kept, code, to):
    before, content = measured(kept), asked(kept, reads.content_hash)
    by_hand.recode_department(kept, code, to, **PAT)
    for then, now in zip(before, measured(kept), strict=True):
        key = [name for name in ("department_code", "element", "criterion") if name in then.columns]
        renamed = then.with_columns(pl.col("department_code").replace({code: to}))
        assert renamed.sort(key).equals(now.sort(key))
    by_hand.recode_department(kept, to, code, **PAT)
    by_hand.forget_code(kept, to, **PAT)
    assert asked(kept, reads.content_hash) == content
    assert all(then.equals(now) for then, now in zip(before, measured(kept), strict=True))
