"""Departments, sites, certificates, profiles and sources: their forms, asked in this process."""

import io
import re
from datetime import date
from html import unescape

import pytest

from db import kept_sources, reads
from db.session import open_session
from db.tenants import scope_of
from etl import by_hand
from tests.dashboard.conftest import signed_in
from tests.dashboard.test_administration import ADMIN, with_password

PLACE = "/administration"
TODAY = date(2026, 6, 1)
BY = {"sent_by": "pat", "today": TODAY}
FORMS = (
    *("/departments/open", "/departments/change?code=HR", "/departments/rename?code=HR", "/departments/move?code=HR"),
    *("/departments/close?code=HR", "/departments/reopen?code=OLD", "/departments/merge?code=HR"),
    *("/departments/recode?code=HR", "/departments/forget?code=WAS", "/sites/new", "/sites/change?code=HALL"),
    *("/certificates/new", "/profiles/new", "/profiles/new?base=cse", "/sources/new"),
)


@pytest.fixture
def admin(app, own_people):
    """A client signed in as the administrator of the first tenant, which has departments and a site."""
    with_password(ADMIN, "administrator", "demo")
    scope = scope_of("demo")
    for code, name, parent in (("HR", "People", ""), ("PAY", "Payroll", "HR"), ("OLD", "Old", ""), ("WAS", "It", "")):
        by_hand.open_department(scope, code, name, parent=parent, **BY)
    by_hand.close_department(scope, "OLD", date(2026, 1, 1), **BY)
    by_hand.recode_department(scope, "WAS", "IT", **BY)
    client = signed_in(app, ADMIN)
    assert post(client, "/sites/new", site_code="HALL", site_name="Town hall", department_code="HR").status_code == 303
    return client


def asked(question, *args, code: str = "demo"):
    with open_session(scope_of(code)) as session:
        return question(session, *args)


def post(client, below: str, **told):
    """Send a form of a page below administration."""
    return client.post(f"{PLACE}{below}", data=told)


def told(client, answer) -> str:
    """The sentence on the page that a change leads to."""
    assert answer.status_code == 303, text_of(answer)
    shown = client.get(answer.location)
    assert shown.status_code == 200
    said = re.search(r'class="said"[^>]*>(.*?)</div></div>', shown.text, re.DOTALL)[1]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", said)).split())


def text_of(answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def row(table: str, code: str) -> dict:
    (found,) = [one for one in asked(reads.table, table).to_dicts() if next(iter(one.values())) == code]
    return found


@pytest.mark.parametrize("path", FORMS)
def test_a_form_is_an_administrators_alone_and_each_field_has_its_label_and_the_page_its_token(admin, lead, path):
    shown = admin.get(PLACE + path)
    assert shown.status_code == 200
    ids = re.findall(r'\bid="([^"]+)"', shown.text)
    assert len(ids) == len(set(ids))
    for form in re.findall(r'<form method="post".*?</form>', shown.text, re.DOTALL):
        assert form.count('name="page"') == 1
        for field in re.findall(r"<(?:input|select|textarea)\b[^>]*>", form):
            if 'type="hidden"' not in field:
                label = re.search(r'id="([^"]+)"', field)[1]
                assert f'for="{label}"' in form, field
    assert lead.get(PLACE + path).status_code == 403


@pytest.mark.parametrize(
    "path", ["/departments/open", "/departments/recode", "/sites/new", "/profiles/new", "/sources/new"]
)
def test_a_form_from_no_page_of_ours_or_of_another_role_changes_nothing(admin, lead, path):
    before = asked(reads.loads).height
    assert lead.post(PLACE + path, data={}).status_code == 403
    admin.environ_base.pop("HTTP_X_ASSAY_PAGE")
    assert admin.post(PLACE + path, data={}).status_code == 403
    assert asked(reads.loads).height == before


# --- departments ------------------------------------------------------------------------------------------------------


def test_a_department_is_opened_renamed_moved_closed_and_reopened_and_each_change_says_where_it_is_kept(admin):
    said = told(admin, post(admin, "/departments/open", department_code="LAW", department_name="Law", parent_code="HR"))
    assert said.startswith("LAW (Law) is open, below HR. The change is kept as load")
    assert "Legal" in told(admin, post(admin, "/departments/rename", code="LAW", department_name="Legal", why="Wanted"))
    told(admin, post(admin, "/departments/move", code="LAW", parent_code="PAY"))
    told(admin, post(admin, "/departments/close", code="LAW", on="2026-04-01"))
    assert row("departments", "LAW")["active_to"] == date(2026, 4, 1)
    assert "LAW is open again" in told(admin, post(admin, "/departments/reopen", code="LAW"))
    assert row("departments", "LAW")["parent_code"] == "PAY"
    page = text_of(admin.get(f"{PLACE}/departments/change?code=LAW"))
    assert page.count("Load ") == 5
    assert ADMIN in page
    notes = [asked(reads.notes, load)["note"].to_list() for load in asked(reads.loads)["load"].unique()]
    assert ["Wanted"] in notes


def test_departments_are_merged_and_recoded_and_a_former_code_is_forgotten(admin):
    said = told(admin, post(admin, "/departments/merge", code="HR", into="IT", on="2026-10-01"))
    assert "1 department directly below it and 1 site are IT's now" in said
    assert "HR is called PEOPLE now" in told(admin, post(admin, "/departments/recode", code="HR", to="PEOPLE"))
    listed = text_of(admin.get(f"{PLACE}/departments"))
    assert "HR PEOPLE" in listed
    assert "WAS IT" in listed
    assert told(admin, post(admin, "/departments/forget", code="WAS")) == "WAS is no longer read as IT."
    assert "WAS" not in text_of(admin.get(f"{PLACE}/departments"))


WRONG = [
    ("/departments/open", {"department_code": "HR", "department_name": "X"}, "department_code", "already: People"),
    ("/departments/open", {"department_code": "X", "department_name": ""}, "department_name", "Name is empty"),
    ("/departments/open", {"department_code": "X", "active_from": "soon"}, "active_from", "Write the day"),
    ("/departments/rename", {"code": "HR", "department_name": "People"}, "department_name", "called People already"),
    ("/departments/move", {"code": "HR", "parent_code": "PAY"}, "parent_code", "HR cannot lie below PAY"),
    ("/departments/close", {"code": "HR", "on": ""}, "on", "Say from which day"),
    ("/departments/close", {"code": "HR", "on": "2026-13-01"}, "on", "Write the day"),
    ("/departments/close", {"code": "OLD", "on": "2026-01-01"}, "on", "closed already, from 1 January 2026"),
    ("/departments/reopen", {"code": "HR"}, "", "HR is not closed"),
    ("/departments/merge", {"code": "HR", "into": "", "on": "2026-01-01"}, "into", "Choose the department"),
    ("/departments/merge", {"code": "HR", "into": "OLD", "on": "2026-03-01"}, "into", "OLD is closed from 1 January"),
    ("/departments/recode", {"code": "HR", "to": "PAY"}, "to", "The code PAY is in use"),
    ("/departments/forget", {"code": "HR"}, "", "No department was called HR before"),
    ("/sites/new", {"site_code": "HALL"}, "site_code", "There is a site HALL already"),
    ("/sites/new", {"site_code": ""}, "site_code", "Code is empty"),
    ("/sites/new", {"site_code": "X", "latitude": "95"}, "latitude", "Latitude (95.0) lies outside"),
    ("/sites/change", {"site_code": "HALL", "in_scope_to": "x"}, "in_scope_to", "In scope until: "),
    ("/certificates/new", {"certificate_code": "C"}, "awarded_on", "Awarded on is empty"),
    ("/certificates/new", {"certificate_code": "C", "sites_required": "many"}, "sites_required", "not a whole number"),
    ("/sources/new", {"code": "a b", "body": 'name = "A"'}, "code", "is no code for a source"),
    ("/sources/new", {"code": "a", "body": "name = "}, "body", "not valid TOML"),
    ("/sources/new", {"code": "a", "body": "colums = 1"}, "body", "did you mean columns"),
    ("/sources/new", {"code": "a", "body": " "}, "body", "Paste the text"),
]


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_changed(admin):
    before = asked(reads.content_hash), asked(reads.loads).height
    for path, given, field, words in WRONG:
        answer = post(admin, path, **given)
        assert answer.status_code == 400, (path, given)
        assert words in text_of(answer), (path, given, text_of(answer))
        if field:
            assert f'<a href="#{field}">' in answer.text, (path, given)
            assert re.search(rf'id="{field}"[^>]*aria-describedby="[^"]*{field}-wrong"', answer.text), (path, given)
        for value in given.values():
            assert value in unescape(answer.text), (path, value)
    assert (asked(reads.content_hash), asked(reads.loads).height) == before
    assert asked(kept_sources.kept) == []


def test_what_is_not_there_and_what_is_another_tenants_answer_alike(admin):
    other = scope_of("canary")
    by_hand.open_department(other, "CANARY-D", "CANARY", **BY)
    with open_session(other, write=True) as session:
        kept_sources.add(session, "CANARY-S", 'name = "CANARY"')
    for path in ("/departments/change", "/departments/merge", "/sites/change", "/sources/change", "/sources/edition"):
        theirs = [admin.get(f"{PLACE}{path}?code={code}") for code in ("CANARY-D", "CANARY-S", "NOWHERE")]
        assert {(answer.status_code, answer.text) for answer in theirs} == {(404, theirs[0].text)}, path
    for path in ("/departments/close", "/departments/recode", "/sources/change"):
        theirs = [post(admin, path, code=code) for code in ("CANARY-D", "CANARY-S", "NOWHERE")]
        assert {(answer.status_code, answer.text) for answer in theirs} == {(404, theirs[0].text)}, path
    # Their code is free here, and taking it tells nothing.
    assert post(admin, "/departments/open", department_code="CANARY-D", department_name="Ours").status_code == 303


def test_a_form_with_a_field_that_its_page_does_not_have_is_refused(admin):
    for path in ("/departments/open", "/sites/new", "/profiles/new", "/sources/new"):
        assert post(admin, path, tenant_id="2").status_code == 400
        assert text_of(post(admin, path, is_confirmed="1")) == "Bad Request."


# --- sites and certificates -------------------------------------------------------------------------------------------


def test_a_site_is_changed_as_a_whole_and_an_emptied_field_takes_back_what_was_said(admin):
    assert row("sites", "HALL")["department_code"] == ["HR"]
    told(admin, post(admin, "/sites/change", site_code="HALL", department_code=["IT", "PAY"], must_visit="yes"))
    site = row("sites", "HALL")
    assert (site["site_name"], site["department_code"], site["must_visit"]) == (None, ["IT", "PAY"], True)
    assert 'value="IT" checked' in admin.get(f"{PLACE}/sites/change?code=HALL").text
    again = post(admin, "/sites/change", site_code="HALL", department_code=["IT", "PAY"], must_visit="yes")
    assert told(admin, again).endswith("The form said nothing new, so nothing was changed.")


def test_a_certificate_is_added_for_the_organisation_or_a_department_and_ended(admin):
    days = {"awarded_on": "2025-01-01", "expires_on": "2028-01-01"}
    told(admin, post(admin, "/certificates/new", certificate_code="C1", sites_required="3", **days))
    told(admin, post(admin, "/certificates/change", certificate_code="C1", department_code="HR", profile="cse", **days))
    one = row("certificates", "C1")
    assert (one["department_code"], one["sites_required"], one["profile"]) == ("HR", None, "cse")
    told(admin, post(admin, "/certificates/change", certificate_code="C1", ended_on="2026-01-01", **days))
    assert "Not in force since 1 January 2026" in text_of(admin.get(f"{PLACE}/certificates")).replace("\u00a0", " ")


# --- profiles and sources ---------------------------------------------------------------------------------------------

PROFILE = {
    "name": "Our body",
    "code": "",
    "base": "cse",
    "in_force_from": "",
    "annual": "unknown",
    "annual_elements": "",
    "cycle_years": "3",
    "opening_days": "92",
    "review_grace_days": "92",
    "minor_share": "0.25",
    "opening_assessment_counts": "no",
    "remote_visits_count": "yes",
    "unknown_departments": "take_in",
    **{f"allowance_{code}": "2" for code in "12345"},
}


def own_profiles():
    return asked(reads.register).profiles[""]


def test_annual_elements_are_not_known_none_or_a_list_and_versions_are_kept_by_their_day(admin):
    said = told(admin, post(admin, "/profiles/new", **PROFILE))
    assert said.startswith("Profile 'Our body' added.")
    none = PROFILE | {"annual": "none", "in_force_from": "2026-01-01"}
    told(admin, post(admin, "/profiles/new", **none))
    listed = PROFILE | {"annual": "list", "annual_elements": "1.1.1, 4.3.2", "in_force_from": "2027-01-01"}
    told(
        admin,
        post(
            admin,
            "/profiles/new",
            **listed,
        ),
    )
    assert [one.annual_elements for one in own_profiles()] == [None, (), ("1.1.1", "4.3.2")]
    assert own_profiles()[0].remote_visits_count
    told(admin, post(admin, "/profiles/new", **listed | {"allowance_4": "3"}))
    assert own_profiles()[2].allowances["4"] == 3
    page = text_of(admin.get(f"{PLACE}/profiles"))
    assert "Versions that were replaced" in page
    start = admin.get(f"{PLACE}/profiles/new?code=&since=2027-01-01").text
    assert 'name="allowance_4" type="text" value="3"' in start
    assert "1.1.1\n4.3.2</textarea>" in start


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "Say whose rules these are"),
        ("annual", "", "Choose what is known"),
        ("annual_elements", "9.9.9", "9.9.9"),
        ("allowance_1", "-1", "Criterion 1: write a whole number"),
        ("cycle_years", "0", "Cycle years must be 1 or more"),
        ("minor_share", "2", "must lie between 0 and 1"),
        ("minor_share", "nan", "must lie between 0 and 1"),
        ("minor_share", "much", "as a number"),
        ("in_force_from", "x", "Write the day"),
        ("opening_assessment_counts", "", "choose yes or no"),
        ("unknown_departments", "burn", "must be"),
        ("base", "other", "no profile 'other'"),
    ],
)
def test_a_version_that_contradicts_itself_is_refused_at_its_field(admin, field, value, words):
    told_ = PROFILE | {field: value} | ({"annual": "list"} if field == "annual_elements" else {})
    answer = post(admin, "/profiles/new", **told_)
    assert answer.status_code == 400
    assert words in text_of(answer)
    assert f'<a href="#{field}">' in answer.text
    assert len(own_profiles()) == 1


def test_a_source_is_pasted_or_taken_from_a_file_and_every_edition_is_kept(admin):
    told(admin, post(admin, "/sources/new", code="housing", body='name = "Housing"\r\n'))
    file = (io.BytesIO(b'name = "Housing"\n[columns]\n"Team" = "department_code"\n'), "housing.toml")
    told(admin, post(admin, "/sources/change", code="housing", body="", file=file))
    assert [one.body.count("Team") for one in asked(kept_sources.editions, "housing")] == [0, 1]
    assert asked(kept_sources.newest, "housing").added_by == ADMIN
    first = admin.get(f"{PLACE}/sources/edition?code=housing&edition=1")
    assert "Team" not in first.text
    assert "Housing" in text_of(first)
    assert admin.get(f"{PLACE}/sources/edition?code=housing&edition=3").status_code == 404
    again = post(admin, "/sources/new", code="housing", body='name = "Another"')
    assert "There is a source housing already" in text_of(again)


def test_what_is_written_into_a_form_is_shown_as_text(admin):
    evil = '<img src=x onerror="alert(1)">'
    told(admin, post(admin, "/departments/rename", code="HR", department_name=evil, why=evil))
    told(admin, post(admin, "/sources/new", code="evil", body=f"name = '{evil}'"))
    for path in ("/departments", "/departments/change?code=HR", "/sites/new", "/sources", "/sources/change?code=evil"):
        assert "<img" not in admin.get(PLACE + path).text, path
