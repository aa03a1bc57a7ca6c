"""The forms by which a result, a self-assessment, a visit or a booked review is said by hand, asked in this process."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from db import people, reads, sessions
from db.session import open_session
from db.tenants import scope_of
from tests.dashboard.conftest import PASSWORD, signed_in
from tests.dashboard.small_programme import CERTIFICATES, HEAD, SITES, TREE, loaded

CHAMPION = "champion@example.org"
RESULT = {"department_code": "HOU", "assessment_type": "annual_review", "assessed_on": "2025-03-07", "element": "1.1.1"}
COMMENTED = b"Department code,Assessment type,Assessed on,Element,Band,Comment\n"
BOOKED = b"Assessment code,Department code,Assessment type,Started on,Ended on,Planned\n"


@pytest.fixture
def demo(own_people):
    """The first tenant with a small programme, and a champion of HOU."""
    scope = scope_of("demo")
    rows = b"HOU,annual_review,2025-03-07,1.1.1,Compliant,Sound work\nFIN,annual_review,2025-03-07,1.1.1,Partial,FIN1\n"
    loaded(scope, departments=TREE, sites=SITES, certificates=CERTIFICATES, results=COMMENTED + rows)
    once = people.add_user(CHAMPION, "champion", "demo", ["HOU"])
    sessions.change_password(sessions.sign_in(CHAMPION, once), once, PASSWORD)
    return scope


@pytest.fixture
def champion(app, demo):
    """A client signed in as the champion of HOU."""
    return signed_in(app, CHAMPION)


@pytest.fixture
def one(app, demo):
    """A client signed in as the lead, with the programme there."""
    from tests.dashboard.conftest import LEAD

    return signed_in(app, LEAD)


def text(answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def fields(answer) -> dict[str, str]:
    """What the form of a page holds."""
    from tests.noninterference.forms import forms_in

    found = next(form.fields for form in forms_in(answer.text)[0] if form.action.startswith("/enter"))
    areas = re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>(.*?)</textarea>', answer.text, re.DOTALL)
    for name, options in re.findall(r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', answer.text, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        found[name] = unescape(chosen[1]) if chosen else ""
    return found | {name: unescape(value) for name, value in areas}


def post(client, name: str, form: dict[str, str], **told: str):
    return client.post(f"/enter/{name}", data=form | told)


def said(client, answer) -> str:
    """The sentence on the page that a change leads to."""
    assert answer.status_code == 303, text(answer)
    shown = client.get(answer.location)
    assert shown.status_code == 200
    return " ".join(unescape(re.search(r'role="status".*?<p>(.*?)</p>', shown.text, re.DOTALL)[1]).split())


def rows(scope, table: str) -> list[dict]:
    with open_session(scope) as session:
        return reads.table(session, table).to_dicts()


def loads(scope) -> int:
    with open_session(scope) as session:
        return reads.loads(session)["load"].n_unique()


def band(scope, code: str = "HOU") -> str:
    (row,) = [row for row in rows(scope, "results") if row["department_code"] == code]
    return row["band"]


def test_a_correction_says_from_what_to_what_and_keeps_the_comment_and_the_history(one, demo):
    shown = one.get("/enter/result", query_string=RESULT)
    assert "Says now Compliant" in text(shown)
    assert "results.csv, row 2, load 1, from tests" in text(shown)
    form = fields(shown)
    assert form["comment"] == "Sound work"
    told = said(one, post(one, "result", form, band="partial", why="Mistyped"))
    assert told.startswith("Housing (HOU), 1.1.1, annual review of 7 March 2025: from Compliant to Partial")
    (row,) = [row for row in rows(demo, "results") if row["department_code"] == "HOU"]
    assert (row["band"], row["comment"]) == ("partial", "Sound work")
    again = text(one.get("/enter/result", query_string=RESULT))
    assert "by hand, load 2, from lead@example.org" in again
    assert "results.csv, row 2, load 1" in again  # in the history
    with open_session(demo) as session:
        assert "Mistyped" in reads.notes(session, 2)["note"].to_list()


def test_what_is_said_already_is_never_overwritten_unseen(one, demo):
    form = fields(one.get("/enter/result")) | RESULT | {"band": "partial", "why": "New"}
    answer = post(one, "result", form)
    assert answer.status_code == 400, (answer.status_code, text(answer)[:300])
    assert "There is something said of this already: Compliant." in text(answer)
    assert fields(answer)["comment"] == "Sound work"
    assert fields(answer)["band"] == "partial"
    assert band(demo) == "compliant"
    opened = fields(one.get("/enter/result", query_string=RESULT))
    post(one, "result", fields(answer), why="Now I have seen it")
    assert band(demo) == "partial"
    assert post(one, "result", opened, band="non_compliant", why="Too late").status_code == 400
    assert band(demo) == "partial"


def test_a_comment_is_taken_back_only_by_who_saw_it(one, demo):
    form = fields(one.get("/enter/result", query_string=RESULT))
    told = said(one, post(one, "result", form, comment="", why="Not meant to be there"))
    assert "Compliant as before; changed: comment." in told
    assert next(row for row in rows(demo, "results") if row["department_code"] == "HOU")["comment"] is None


def test_nothing_new_changes_nothing_and_says_so(one, demo):
    form = fields(one.get("/enter/result", query_string=RESULT))
    before = loads(demo)
    assert said(one, post(one, "result", form)) == "The form said nothing new, so nothing was changed."
    assert loads(demo) == before


def test_an_empty_form_is_told_beside_each_field_what_it_lacks(one, demo):
    for name, needed in {
        "result": {"department_code", "assessment_type", "assessed_on", "element", "band", "why"},
        "self": {"department_code", "assessed_on", "element", "band", "why"},
        "visit": {"site_code", "visited_on", "why"},
        "review": {"department_code", "assessment_code", "assessment_type", "ended_on", "why"},
    }.items():
        answer = post(one, name, fields(one.get(f"/enter/{name}")))
        assert answer.status_code == 400
        assert set(re.findall(r'id="(\w+)-wrong"', answer.text)) == needed
        assert "Nothing was changed." in text(answer)
    assert loads(demo) == 1


def test_a_day_to_come_and_an_element_that_is_none_are_refused_beside_their_fields(one, demo):
    form = fields(one.get("/enter/result")) | RESULT | {"band": "partial", "why": "New"}
    later = post(one, "result", form, assessed_on=(datetime.now(UTC).date() + timedelta(days=9)).isoformat())
    assert 'id="assessed_on-wrong"' in later.text
    assert 'id="element-wrong"' in post(one, "result", form, element="9.9.9").text
    assert loads(demo) == 1


def test_a_self_assessment_a_visit_and_a_booked_review_go_in_and_can_be_corrected(one, demo):
    form = fields(one.get("/enter/self")) | {**RESULT, "band": "partial", "why": "Ours"}
    form["assessment_type"] = ""
    assert "self-assessment of 7 March 2025: Partial. Nothing was said of it before." in said(
        one, post(one, "self", form)
    )
    visit = {"site_code": "S1", "visited_on": "2025-05-01", "why": "Booked"}
    form = fields(one.get("/enter/visit")) | visit
    assert "booked. Nothing was said of it before" in said(one, post(one, "visit", form, planned="yes"))
    query = {"site_code": "S1", "visited_on": "2025-05-01", "mode": "on_site"}
    form = fields(one.get("/enter/visit", query_string=query))
    assert "from booked to held." in said(one, post(one, "visit", form, planned="no", why="It was"))
    review = {"assessment_code": "R1", "department_code": "HOU", "assessment_type": "renewal", "why": "Agreed"}
    form = fields(one.get("/enter/review", query_string={"department_code": "HOU"})) | review
    assert "booked for 1 June 2027." in said(one, post(one, "review", form, ended_on="2027-06-01", scope="1.1.2;1.1.1"))
    form = fields(one.get("/enter/review", query_string={"assessment_code": "R1"}))
    assert form["scope"] == "1.1.1; 1.1.2"
    told = said(one, post(one, "review", form, ended_on="2027-06-08", why="Moved"))
    assert "from booked for 1 June 2027 to booked for 8 June 2027." in told
    (row,) = rows(demo, "assessments")
    assert (row["planned"], row["ended_on"], row["scope"]) == (True, date(2027, 6, 8), ["1.1.1", "1.1.2"])
    assert {row["assessment_type"] for row in rows(demo, "results")} == {"annual_review", "self_assessment"}
    assert [row["planned"] for row in rows(demo, "visits")] == [False]


def test_an_assessment_that_was_held_is_not_booked_over(one, demo):
    loaded(demo, held=BOOKED + b"A1,HOU,annual_review,2025-03-07,2025-03-07,no\n")
    form = fields(one.get("/enter/review")) | {"assessment_code": "A1", "department_code": "HOU", "why": "Again"}
    answer = post(one, "review", form, assessment_type="renewal", ended_on="2027-06-01")
    assert "A1 is no booked review but one that was held" in text(answer)
    assert [row["planned"] for row in rows(demo, "assessments")] == [False]


# --- who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["result", "self", "visit", "review"])
def test_a_champion_is_offered_their_own_alone_and_learns_of_no_other(champion, demo, name):
    shown = champion.get(f"/enter/{name}")
    assert shown.status_code == 200
    for theirs in ("FIN", "Finance", "S2", "Depot"):
        assert theirs not in text(shown)
    assert "Administration" not in text(shown)
    loaded(demo, theirs=BOOKED + b"FIN-1,FIN,renewal,2027-03-07,2027-03-07,yes\n")
    theirs = {"department_code": "FIN", "site_code": "S2", "assessment_code": "FIN-1"}
    asked, nobodys = (
        champion.get(f"/enter/{name}", query_string={key: f"{before}{code}" for key, code in theirs.items()})
        for before in ("", "Z")
    )
    assert text(asked) == text(nobodys)
    assert "FIN1" not in asked.text
    assert fields(asked) | {"assessment_code": ""} == fields(nobodys) | {"assessment_code": ""}


def test_what_a_champion_posts_of_others_is_refused_as_what_does_not_exist(champion, demo):
    form = fields(champion.get("/enter/result")) | RESULT | {"band": "partial", "why": "Not mine"}
    answers = [post(champion, "result", form, department_code=code) for code in ("FIN", "ZZZ")]
    assert [answer.status_code for answer in answers] == [400, 400]
    texts = [text(answer) for answer in answers]
    assert texts[0] == texts[1]
    assert "FIN1" not in answers[0].text
    assert band(demo, "FIN") == "partial"
    site = fields(champion.get("/enter/visit")) | {"site_code": "S2", "visited_on": "2025-05-01", "why": "Not mine"}
    assert post(champion, "visit", site).status_code == 400
    assert loads(demo) == 1


def test_a_champion_corrects_their_own(champion, demo):
    form = fields(champion.get("/enter/result", query_string=RESULT))
    assert "from Compliant to Partial." in said(champion, post(champion, "result", form, band="partial", why="Ours"))
    assert band(demo) == "partial"


def test_who_may_not_send_has_no_form_and_a_form_from_elsewhere_changes_nothing(app, demo, one):
    once = people.add_user("assessor@example.org", "assessor", "demo")
    sessions.change_password(sessions.sign_in("assessor@example.org", once), once, PASSWORD)
    reader = signed_in(app, "assessor@example.org")
    assert reader.get("/enter/result").status_code == 403
    assert reader.post("/enter/result", data=RESULT).status_code == 403
    assert post(one, "result", RESULT, tenant="canary").status_code == 400
    one.environ_base.pop("HTTP_X_ASSAY_PAGE")
    assert one.post("/enter/result", data=RESULT).status_code == 403
    assert loads(demo) == 1


def test_a_form_is_opened_with_what_the_link_names_and_lists_what_can_be_corrected(one, demo):
    loaded(demo, more=HEAD + b"HOU,renewal,2025-06-07,1.1.1,Partial\n")
    shown = one.get("/enter/result", query_string={"department_code": "HOU", "element": "1.1.1"})
    form = fields(shown)
    assert (form["department_code"], form["element"], form["band"]) == ("HOU", "1.1.1", "")
    links = re.findall(r'href="(/enter/result\?[^"]+)"', shown.text)
    days = [parse_qs(urlsplit(unescape(link)).query)["assessed_on"] for link in links]
    assert days == [["2025-06-07"], ["2025-03-07"]]
