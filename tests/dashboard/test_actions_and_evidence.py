"""Actions and evidence: the forms that say them, on both databases, and the pages that show them."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from db import audit, people, sessions
from db.tenants import add_tenant, scope_of
from tests.dashboard.conftest import LEAD, PASSWORD, signed_in
from tests.dashboard.small_programme import CERTIFICATES, HEAD, SITES, TREE, loaded
from tests.dashboard.test_enter import fields, post, rows, said, text
from tests.noninterference.callbacks import callback_body

TODAY = datetime.now(UTC).date()
LATE, SOON, FAR = (str(TODAY + timedelta(days=days)) for days in (-12, 9, 200))
CHAMPION, ASSESSOR = "champion@example.org", "assessor@example.org"
RESULTS = (
    HEAD
    + b"HOU,annual_review,2025-03-07,1.1.1,Partial\nHOU,annual_review,2025-03-07,1.1.2,NC\n"
    + b"FIN,annual_review,2025-03-07,1.1.1,Partial\n"
)
ACTIONS = f"""Action code,Department code,Element,Action,Owner,Due on,Recheck on,Closed on
,HOU,1.1.1,Ask them,Ann,{LATE},,
HOU-A1,HOU,1.1.3,Tell them,Bob,{SOON},,
HOU-A2,HOU,1.1.3,Thank them,Bob,{LATE},{FAR},{LATE}
FIN-A1,FIN,1.1.1,FIN1 act,Fay,{LATE},,
""".encode()
EVIDENCE = f"""Department code,Element,Evidence code,Evidence,Kind,Site code,Shown by,Link,Expires on
HOU,1.1.1,ES 1,Survey,Filed,,,https://x.example/1,{LATE}
HOU,1.1.2,ES 1,Survey,Filed,,,https://x.example/1,{LATE}
HOU,1.1.3,ES 1,Survey,Filed,,,javascript:alert(1),{LATE}
HOU,2.1.1,ES 2,Counter,See on site,S1,Ann,,{SOON}
HOU,2.1.2,ES 3,Team room,observed,,Bob,,
HOU,2.1.3,ES 4,Letters,supportive,,,,
FIN,1.1.1,ES 1,FIN1 survey,observed,S2,Fay,,
""".encode()


@pytest.fixture
def demo(app, warehouse, monkeypatch):
    """A tenant with a small programme, actions and evidence; a lead, a champion of HOU and an assessor."""
    monkeypatch.setenv("ASSAY_SECOND_FACTOR", "off")
    add_tenant("demo", "Northshire County Council (fictional)")
    scope = scope_of("demo")
    files = {"departments": TREE, "sites": SITES, "certificates": CERTIFICATES, "results": RESULTS}
    loaded(scope, **files, actions=ACTIONS, evidence=EVIDENCE)
    for email, role, of in ((LEAD, "corporate_lead", []), (CHAMPION, "champion", ["HOU"]), (ASSESSOR, "assessor", [])):
        once = people.add_user(email, role, "demo", of)
        sessions.change_password(sessions.sign_in(email, once), once, PASSWORD)
    return scope


@pytest.fixture
def lead(app, demo):
    """A client signed in as the lead."""
    return signed_in(app, LEAD)


@pytest.fixture
def champion(app, demo):
    """A client signed in as the champion of HOU."""
    return signed_in(app, CHAMPION)


def shown(app, client, page: str, query: str = "") -> dict[str, object]:
    """What a page's callback gives: by id, the first of its properties."""
    output = next(output for output in app.callback_map if output.startswith(f"..{page}-headline"))
    body = callback_body(output, app.callback_map[output], {"shell-view.data": f"/{page}{query}"})
    answer = client.post("/_dash-update-component", json=body)
    assert answer.status_code == 200, answer.text
    return {owner: next(iter(told.values())) for owner, told in answer.json["response"].items()}


def table_of(told: dict[str, object], name: str) -> dict[str, list]:
    body = told[name]
    return {row["id"]: row["c"] for row in json.loads(body)["rows"]} if body else {}


def held(scope, table: str, **named: str) -> list[dict]:
    return [row for row in rows(scope, table) if all(row[name] == value for name, value in named.items())]


# --- the form of an action --------------------------------------------------------------------------------------------


def test_an_action_goes_in_with_a_code_of_its_own_is_reworded_closed_and_stays_one(lead, demo):
    form = fields(lead.get("/enter/action?department_code=HOU&element=1.1.2&origin=non_compliant"))
    assert (form["department_code"], form["element"], form["origin"]) == ("HOU", "1.1.2", "non_compliant")
    new = {"action": "Write to them", "owner": "Ann", "due_on": SOON, "why": "Found at the review"}
    told = said(lead, post(lead, "action", form, **new))
    assert told.startswith("Housing (HOU), 1.1.2, action HOU-1.1.2-1: open, due ")
    assert "Nothing was said of it before." in told
    again = fields(lead.get("/enter/action?action_code=HOU-1.1.2-1"))
    assert "changed: what will be done" in said(lead, post(lead, "action", again, action="Call them", why="Better"))
    again = fields(lead.get("/enter/action?action_code=HOU-1.1.2-1"))
    closed = post(lead, "action", again, closed_on=str(TODAY), recheck_on=FAR, why="Done")
    assert "to closed on" in said(lead, closed)
    (row,) = held(demo, "actions", element="1.1.2")
    assert (row["action"], row["owner"], str(row["closed_on"]), str(row["recheck_on"])) == (
        "Call them",
        "Ann",
        str(TODAY),
        FAR,
    )
    history = text(lead.get("/enter/action?action_code=HOU-1.1.2-1"))
    assert history.index("Call them") < history.index("Write to them")
    assert audit.entries(demo).filter(action="loaded").height == 4
    post(lead, "action", fields(lead.get("/enter/action?action_code=HOU-1.1.2-1")), closed_on="", why="Not yet")
    assert held(demo, "actions", element="1.1.2")[0]["closed_on"] is None


def test_the_next_action_about_an_element_gets_the_next_code_and_one_sent_twice_is_one(lead, demo):
    form = fields(lead.get("/enter/action?department_code=HOU&element=1.1.2"))
    form |= {"owner": "Ann", "due_on": SOON, "why": "New"}
    for words in ("First", "Second"):
        assert post(lead, "action", form, action=words).status_code == 303
    again = post(lead, "action", form, action="Second")
    assert again.status_code == 400
    assert "There is something said of this already: open, due " in text(again)
    codes = [row["action_code"] for row in held(demo, "actions", element="1.1.2")]
    assert sorted(codes) == ["HOU-1.1.2-1", "HOU-1.1.2-2"]


def test_an_action_without_a_code_keeps_its_words_and_can_be_closed(lead, demo):
    (row,) = held(demo, "actions", action="Ask them")
    opened = lead.get("/enter/action", query_string={"action_key": row["action_key"]})
    form = fields(opened)
    assert (form["action"], form["owner"]) == ("Ask them", "Ann")
    assert "What will be done" not in opened.text
    assert "to closed on" in said(lead, post(lead, "action", form, closed_on=str(TODAY), why="Done"))
    (row,) = held(demo, "actions", element="1.1.1", department_code="HOU")
    assert (str(row["closed_on"]), row["action_code"]) == (str(TODAY), None)
    new = {"department_code": "HOU", "element": "1.1.1", "action": "Ask them", "owner": "A", "due_on": SOON}
    twice = post(lead, "action", fields(lead.get("/enter/action")) | new, why="Again")
    assert "There is something said of this already" in text(twice)


def test_an_empty_form_of_an_action_is_told_what_it_lacks_and_nothing_is_changed(lead, demo):
    before = rows(demo, "actions")
    answer = post(lead, "action", fields(lead.get("/enter/action")))
    assert answer.status_code == 400
    for name in ("department_code", "action", "owner", "due_on", "why"):
        assert f'id="{name}-wrong"' in answer.text
    assert rows(demo, "actions") == before


def test_a_champion_says_something_of_their_own_and_what_is_others_looks_like_nothing(app, champion, demo):
    theirs, nobodys = (champion.get(f"/enter/action?action_code={code}") for code in ("FIN-A1", "ZZZ-A1"))
    assert text(theirs) == text(nobodys)
    assert "FIN1" not in theirs.text
    new = {"action": "Ours", "owner": "Ann", "due_on": SOON, "why": "New", "element": "1.1.1"}
    form = fields(champion.get("/enter/action")) | new
    answers = [text(post(champion, "action", form, department_code=code)) for code in ("FIN", "ZZZ")]
    assert answers[0] == answers[1]
    taken = post(champion, "action", form, department_code="HOU", action_code="FIN-A1")
    assert taken.status_code == 400
    assert "FIN1" not in taken.text
    assert post(champion, "action", form, department_code="HOU").status_code == 303
    assert len(held(demo, "actions", department_code="FIN")) == 1
    reader = signed_in(app, ASSESSOR)
    assert reader.get("/enter/action").status_code == reader.post("/enter/evidence", data=form).status_code == 403


# --- the form of evidence ---------------------------------------------------------------------------------------------


def test_what_is_corrected_of_evidence_holds_for_every_element_of_which_the_same_was_said(lead, demo):
    query = {"department_code": "HOU", "element": "1.1.1", "evidence_code": "ES 1"}
    form = fields(lead.get("/enter/evidence", query_string=query))
    assert (form["serves"], form["kind"]) == ("1.1.2", "Filed")  # a word of the sender's own is not lost
    told = said(lead, post(lead, "evidence", form, expires_on=FAR, serves="1.1.2; 1.2.1", why="Renewed"))
    assert "Housing (HOU), 1.1.1, evidence ES 1" in told
    ends = {row["element"]: str(row["expires_on"]) for row in held(demo, "evidence", department_code="HOU")}
    assert (ends["1.1.1"], ends["1.1.2"], ends["1.2.1"], ends["1.1.3"]) == (FAR, FAR, FAR, LATE)
    assert {row["kind"] for row in held(demo, "evidence", evidence_code="ES 1", department_code="HOU")} == {"Filed"}
    again = fields(lead.get("/enter/evidence", query_string=query))
    assert again["serves"] == "1.1.2; 1.2.1"
    refused = post(lead, "evidence", again, serves="1.1.3", owner="Ann", why="All of it")
    assert "1.1.3 says otherwise of ES 1 already" in text(refused)
    wrong = post(lead, "evidence", again, serves="9.9.9", owner="Ann", why="All of it")
    assert wrong.status_code == 400
    assert {row["owner"] for row in held(demo, "evidence", evidence_code="ES 1", department_code="HOU")} == {None}
    history = text(lead.get("/enter/evidence", query_string=query))
    assert history.count("Survey") > 2


def test_new_evidence_goes_in_under_all_its_elements_at_its_site(champion, demo):
    form = fields(champion.get("/enter/evidence?department_code=HOU&element=3.1.1"))
    new = {"evidence_code": "ES 9", "evidence": "Front desk", "kind": "observed", "site_code": "S1", "shown_by": "Cy"}
    told = said(champion, post(champion, "evidence", form, **new, serves="3.1.2", why="For the review"))
    assert "evidence ES 9: Front desk. Nothing was said of it before." in told
    found = held(demo, "evidence", evidence_code="ES 9")
    assert [(row["element"], row["site_code"], row["shown_by"]) for row in found] == [
        ("3.1.1", "S1", "Cy"),
        ("3.1.2", "S1", "Cy"),
    ]
    theirs = post(champion, "evidence", form, **{**new, "site_code": "S2"}, why="Not ours")
    assert theirs.status_code == 400
    assert "Depot" not in theirs.text


# --- the pages --------------------------------------------------------------------------------------------------------


def test_the_page_of_actions_says_what_is_overdue_and_which_findings_have_none(app, lead):
    told = shown(app, lead, "actions")
    assert told["actions-headline"] == (
        "2 actions are overdue in 2 departments, the oldest by 12 days; 1 finding has no action."
    )
    listed = list(table_of(told, "actions-table").values())
    assert [row[3] if isinstance(row[3], str) else row[3][0] for row in listed] == ["FIN1 act", "Ask them", "Tell them"]
    assert [row[5] for row in listed] == [["fails", "Overdue"], ["fails", "Overdue"], ["at_limit", "Due soon"]]
    assert listed[0][-1] == ["Update", "/enter/action?action_code=FIN-A1", False]
    again = table_of(shown(app, lead, "actions", "?status=recheck"), "actions-table")
    assert [row[5] for row in again.values()] == [["indication", "To re-check"]]
    (finding,) = table_of(shown(app, lead, "actions", "?status=findings"), "actions-table").values()
    assert finding[1][0] == "1.1.2"
    assert finding[-1][1] == "/enter/action?department_code=HOU&element=1.1.2&origin=non_compliant"
    whole = shown(app, lead, "actions", "?element=1.1.3&status=all")
    assert list(table_of(whole, "actions-table")) == ["HOU-A1", "HOU-A2"]


def test_a_champion_sees_their_own_actions_and_an_assessor_no_way_to_change_them(app, champion):
    told = shown(app, champion, "actions")
    assert told["actions-headline"] == "1 action is overdue, the oldest by 12 days; 1 finding has no action."
    assert "FIN1" not in json.dumps(told)
    reader = shown(app, signed_in(app, ASSESSOR), "actions")
    assert "/enter/action" not in json.dumps(reader)
    assert "FIN1 act" in json.dumps(reader)


def test_evidence_is_listed_by_code_with_its_elements_and_only_web_links_can_be_followed(app, lead):
    told = shown(app, lead, "evidence")
    assert told["evidence-headline"].startswith("1 of 5 pieces of evidence has expired; 1 more expires within 90 days.")
    listed = table_of(told, "evidence-table")
    assert listed["HOU~ES 1"][3][1] == "ES 1; not alike under all its elements: link"
    assert listed["HOU~ES 1"][4] == "1.1.1, 1.1.2, 1.1.3"
    assert listed["HOU~ES 1"][7] == ["Open", None, "https://x.example/1"]
    assert list(table_of(shown(app, lead, "evidence", "?status=link"), "evidence-table")) == ["HOU~ES 4"]
    assert "HOU~ES 3" in table_of(shown(app, lead, "evidence", "?status=on_site"), "evidence-table")
    lacking = table_of(shown(app, lead, "evidence", "?status=none"), "evidence-table")
    assert (lacking["HOU"][1], lacking["HOU"][3]) == (51, 3)
    assert lacking["FIN"][1] == 56


def test_one_list_says_what_to_see_at_a_site_and_can_be_taken_along(app, lead, champion):
    told = shown(app, champion, "evidence", "?site=S1")
    assert told["evidence-headline"] == "2 pieces of evidence to see at Hall, for 2 elements."
    listed = list(table_of(told, "evidence-table").values())
    assert [(row[0][0], row[2], row[3]) for row in listed] == [
        ("Counter", "see on site", "Ann"),
        ("Team room", ["see on site", "at any site of the department", None], "Bob"),
    ]
    file = lead.get("/download/see-on-site.csv?site=S1")
    assert file.status_code == 200
    assert "Counter" in file.text
    assert "this site" in file.text
    assert lead.get("/download/see-on-site.xlsx?site=S2").status_code == 200
    assert [champion.get(f"/download/see-on-site.csv?site={code}").status_code for code in ("S2", "ZZ", "")] == [
        404
    ] * 3
    assert "FIN1" not in json.dumps(told)


def test_a_department_says_where_it_stands_what_is_late_and_leads_to_who_does_it_well(app, lead, champion):
    told = shown(app, lead, "department", "?department=HOU")
    assert told["department-headline"].startswith("Housing: Criterion 1 fails: 1.1.2 is non-compliant.")
    body = json.dumps(told["department-body"])
    for words in ("1 action overdue: 1.1.1", "1 piece of evidence expired", "1 finding without an action: 1.1.2"):
        assert words in body
    assert "/element?department=HOU&element=1.1.2" in body
    assert "FIN1" not in body
    own = shown(app, champion, "department")
    assert own["department-headline"] == told["department-headline"]
    assert "/department?department=FIN" in json.dumps(shown(app, lead, "department"))


def test_a_department_that_may_not_be_seen_looks_like_one_that_is_not_there(app, champion):
    output = next(output for output in app.callback_map if output.startswith("..department-headline"))
    answers = []
    for code in ("FIN", "ZZZ"):
        values = {"shell-view.data": f"/department?department={code}"}
        answer = champion.post("/_dash-update-component", json=callback_body(output, app.callback_map[output], values))
        answers.append(answer.text.replace(code, "X"))
    assert answers[0] == answers[1]
    assert "Finance" not in answers[0]
