"""Who speaks for a part of a tenant sends rows of that part, and learns nothing of the rest (reliability.md T6)."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import reads
from db.session import Scope, open_session
from db.tenants import add_tenant, scope_of
from etl import by_hand, run
from etl.own import own_part
from tests.etl.made import HEADINGS, TODAY, accounted, csv, write

PAT = {"sent_by": "pat", "today": TODAY}
WITH_SITE = "Department code,Site code,Assessment type,Assessed on,Element,Band"
ACTIONS = "Action code,Department code,Element,Action,Owner,Due on"
ASSESSMENTS = "Assessment code,Department code,Assessment type,Started on,Ended on"
VISITS = "Site code,Visited on"


@pytest.fixture
def everything(warehouse, tmp_path) -> Scope:
    """A tenant with departments of its own and of others, as who speaks for all of it sees it."""
    add_tenant("ASH", "Ashcombe County Council")
    scope = scope_of("ASH")
    folder = tmp_path / "before"
    folder.mkdir()
    write(
        folder,
        a_csv=csv("Department code,Department name,Parent code", "HR,People,", "PAY,Payroll,HR", "IT,Computers,"),
        b_csv=csv("Site code,Site name,Department code", "DESK,Help desk,HR;IT", "HALL,Town hall,HR;PAY", "BARN,Barn,"),
        c_csv=csv(ASSESSMENTS, "A-IT,IT,annual_review,2025-03-06,2025-03-07"),
        d_csv=csv(ACTIONS, "9,IT,1.1.1,Do it,Jo,2026-09-01"),
        e_csv=csv(HEADINGS, "IT,annual_review,2025-03-07,1.1.1,C,", "HR,annual_review,2025-03-07,1.1.1,C,"),
    )
    accounted(run.load(scope, [folder], **PAT))
    return scope


@pytest.fixture
def champion(everything) -> Scope:
    """The champion of HR, and so of PAY below it."""
    return replace(everything, departments=("HR",), role="champion")


def sent(scope, folder, **files):
    write(folder, **files)
    names = [folder / name.replace("_", ".") for name in files]
    report = run.load(scope, names, **PAT)
    accounted(report)
    return report


def whys(report):
    return [row.why for row in report.rejected]


def asked(scope, question, *args):
    with open_session(scope) as session:
        return question(session, *args)


def test_rows_of_own_departments_and_below_are_taken_and_all_others_are_set_aside_alike(champion, tmp_path):
    rows = [f"{code},annual_review,2025-04-07,1.1.2,C," for code in ("HR", "PAY", "IT", "NOWHERE", "")]
    report = sent(champion, tmp_path, r_csv=csv(HEADINGS, *rows))
    assert (report.files[0].read, report.files[0].loaded, report.files[0].set_aside) == (5, 2, 3)
    assert whys(report) == [
        "department IT is not among those you send for",
        "department NOWHERE is not among those you send for",
        "no department: the organisation itself is not among those you send for",
    ]
    assert report.files[0].notes == []


def test_a_site_is_sent_for_when_all_its_departments_are_own(champion, tmp_path):
    rows = [f"{site},2025-04-07" for site in ("HALL", "DESK", "BARN", "NOWHERE")]
    report = sent(champion, tmp_path, v_csv=csv(VISITS, *rows))
    assert whys(report) == [f"site {site} is not among those you send for" for site in ("DESK", "BARN", "NOWHERE")]
    rows = [f",{site},annual_review,2025-04-07,1.1.1,C" for site in ("HALL", "DESK", "NOWHERE")]
    rows += ["HR,HALL,annual_review,2025-05-07,1.1.1,C", "HR,DESK,annual_review,2025-05-07,1.1.1,C"]
    report = sent(champion, tmp_path, r_csv=csv(WITH_SITE, *rows))
    assert whys(report) == [f"site {site} is not among those you send for" for site in ("DESK", "NOWHERE", "DESK")]


def test_registers_are_not_theirs_to_send_whatever_they_name(champion, tmp_path):
    register = csv("Department code,Department name", "HR,Mine", "IT,Theirs", "NEW,New")
    report = sent(champion, tmp_path, d_csv=register)
    assert set(whys(report)) == {
        "you send results, visits, actions, evidence, customer groups, service standards, assessments; departments are "
        "kept by who administers the organisation"
    }
    assert asked(champion, reads.register).departments["department_code"].to_list() == ["HR", "IT", "PAY"]


def test_a_code_that_another_department_uses_is_not_taken_over(champion, everything, tmp_path):
    report = sent(
        champion,
        tmp_path,
        a_csv=csv(ASSESSMENTS, "A-IT,HR,annual_review,2025-03-06,2025-03-07"),
        b_csv=csv(ACTIONS, "9,HR,1.1.1,Do it,Jo,2026-09-01", ",HR,1.1.1,Do it too,Jo,2026-09-01"),
    )
    assert whys(report) == [
        "assessment A-IT is not among those you send for",
        "action 9 is not among those you send for",
    ]
    assert asked(everything, reads.table, "assessments")["department_code"].to_list() == ["IT"]


def test_a_file_of_the_same_name_tells_and_withdraws_nothing_of_other_departments(champion, everything, tmp_path):
    write(tmp_path, e_csv=csv(HEADINGS, "PAY,annual_review,2025-03-07,1.1.1,C,"))
    report = run.load(champion, [tmp_path / "e.csv"], withdraw_missing=True, **PAT)
    assert report.files[0].notes == [
        "1 row of results no longer in this file, taken back: HR, annual_review, 2025-03-07, 1.1.1"
    ]
    assert sorted(asked(everything, reads.programme).results["department_code"]) == ["IT", "PAY"]


def test_a_former_code_of_another_department_is_as_unknown_as_any(champion, everything, tmp_path):
    by_hand.recode_department(everything, "IT", "DIGITAL", **PAT)
    by_hand.recode_department(everything, "PAY", "WAGES", **PAT)
    rows = [f"{code},annual_review,2025-04-07,1.1.2,C," for code in ("PAY", "IT", "DIGITAL")]
    report = sent(champion, tmp_path, r_csv=csv(HEADINGS, *rows))
    assert report.files[0].notes == ["PAY is called WAGES since 1 June 2026: 1 row that says PAY was read as WAGES"]
    assert whys(report) == [f"department {code} is not among those you send for" for code in ("IT", "DIGITAL")]


def test_a_profile_that_sets_unknown_codes_aside_names_no_other_code_to_them(champion, tmp_path):
    body = {"name": "Ours", "base": "cse", "unknown_departments": "set_aside"}
    add_tenant("ASH", "Ashcombe County Council", None, [("ours.toml", body)])
    report = sent(champion, tmp_path, r_csv=csv(HEADINGS, "ITT,annual_review,2025-04-07,1.1.2,C,"))
    assert whys(report) == ["department ITT is not among those you send for"]


def test_a_form_of_theirs_is_held_to_the_same(champion):
    rows = [{"department_code": "IT", "element": "1.1.1", "evidence_code": "E1", "evidence": "A paper"}]
    assert run.load_rows(champion, "evidence", rows, **PAT).load_number is None
    assert run.load_rows(champion, "evidence", [{**rows[0], "department_code": "PAY"}], **PAT).load_number == 2


TREE = st.dictionaries(st.sampled_from("ABCDEF"), st.sampled_from(["A", "B", "C", None]), min_size=1)


@given(TREE, st.sets(st.sampled_from("ABCDEF"), min_size=1), st.lists(st.sampled_from("ABCDEF"), max_size=3))
def test_own_is_what_lies_below_and_the_sites_of_nothing_else(parents, departments, of_site):
    own = own_part(tuple(departments), parents, {"S": of_site})

    def lies_below(code, steps=10):
        return code in departments or (
            steps > 0 and (up := parents.get(code)) is not None and lies_below(up, steps - 1)
        )

    assert own.departments == {code for code in parents if lies_below(code)}
    assert ("S" in own.sites) == (bool(of_site) and all(code in own.departments for code in of_site))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(codes=st.lists(st.sampled_from(["HR", "PAY", "IT", "NOWHERE", "it"]), min_size=1, max_size=6))
def test_what_they_are_told_depends_on_no_other_departments(champion, everything, tmp_path, codes):
    rows = [f"{code},annual_review,2025-04-0{n},1.1.3,C," for n, code in enumerate(codes, 1)]
    write(tmp_path, r_csv=csv(HEADINGS, *rows))
    told = run.check([tmp_path / "r.csv"], scope=champion, today=TODAY)
    accounted(told)
    names = {"it": "IT", "IT": "it", "NOWHERE": "IT"}
    write(
        tmp_path, r_csv=csv(HEADINGS, *(row.replace(c, names.get(c, c), 1) for row, c in zip(rows, codes, strict=True)))
    )
    other = run.check([tmp_path / "r.csv"], scope=champion, today=TODAY)
    counts = [(f.read, f.loaded, f.unchanged, f.set_aside, f.notes) for f in told.files]
    assert counts == [(f.read, f.loaded, f.unchanged, f.set_aside, f.notes) for f in other.files]
    assert [row.row for row in told.rejected] == [row.row for row in other.rejected]
