"""Planning a review in plain forms: kept as a draft, its itinerary, and the booking of both."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

import measures
from db import audit, people, reads, sessions
from db.session import open_session
from db.tenants import add_tenant, scope_of
from scheme.coverage import coverage
from tests.dashboard.conftest import PASSWORD, signed_in
from tests.dashboard.small_programme import HEAD, TREE, loaded

TODAY = datetime.now(UTC).date()
NEXT, BOOKED = TODAY + timedelta(days=100), TODAY + timedelta(days=60)
LEAD, CHAMPION, ASSESSOR = "lead@ash.example", "champion@ash.example", "assessor@ash.example"
CERTIFICATES = (
    "Certificate code,Department code,Awarded on,Expires on\n"
    f"C1,HOU,{TODAY - timedelta(days=500)},{TODAY + timedelta(days=595)}\n"
    f"C2,FIN,{TODAY - timedelta(days=500)},{TODAY + timedelta(days=595)}\n"
)
SITES = "Site code,Site name,Department code\nS1,Hall,HOU\nS2,Depot,FIN\nS3,Counter,HOU\n"
ASSESSMENTS = (
    "Assessment code,Department code,Assessment type,Started on,Ended on,Planned,Scope,Assessor\n"
    f"HOU-NEXT,HOU,annual_review,{BOOKED},{BOOKED},yes,1.1.1;2.1.1,A. Ssessor\n"
)


@pytest.fixture(scope="module")
def app():
    """The dashboard as it is served, in this process."""
    from dashboard.app import create_app

    return create_app()


@pytest.fixture
def ash(warehouse, monkeypatch):
    """A tenant with two holders, on either database, and a lead, a champion and an assessor of the first."""
    monkeypatch.setenv("ASSAY_SECOND_FACTOR", "off")
    monkeypatch.setenv("ASSAY_SECRET", "a-secret-of-the-tests-of-which-nobody-else-knows-77")
    add_tenant("ASH", "Ashcombe Council")
    once = {
        LEAD: people.add_user(LEAD, "corporate_lead", "ASH"),
        CHAMPION: people.add_user(CHAMPION, "champion", "ASH", ["HOU"]),
        ASSESSOR: people.add_user(ASSESSOR, "assessor", "ASH", certificates=["C1"]),
    }
    for email, password in once.items():
        sessions.change_password(sessions.sign_in(email, password), password, PASSWORD)
    results = HEAD.decode() + "".join(
        f"{code},annual_review,{TODAY - timedelta(days=300)},1.1.{n},Compliant\n"
        for code in ("HOU", "FIN")
        for n in (1, 2, 3)
    )
    files = {"certificates": CERTIFICATES, "sites": SITES, "assessments": ASSESSMENTS, "results": results}
    loaded(scope_of("ASH"), departments=TREE, **{name: text.encode() for name, text in files.items()})
    return scope_of("ASH")


@pytest.fixture
def lead(app, ash):
    """A client signed in as the lead."""
    return signed_in(app, LEAD)


def text(answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def fields(answer, action: str) -> dict[str, list[str]]:
    """What the form of a page that posts there holds."""
    form = next(one for one in re.findall(r"<form.*?</form>", answer.text, re.DOTALL) if f'action="{action}"' in one)
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="(\w+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and name[1] != "page" and ("checkbox" not in tag or " checked" in tag):
            found.setdefault(name[1], []).append(unescape(value[1]) if value else "")
    for name, options in re.findall(r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        found[name] = [unescape(chosen[1])]
    for name, value in re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        found[name] = [unescape(value)]
    return found


def planned(client, query: str, **changes) -> str:
    """Keep what is proposed; gives where it is."""
    form = fields(client.get(f"/scope/plan?{query}"), "/scope/plan")
    answer = client.post("/scope/plan", data=form | changes)
    assert answer.status_code == 303, text(answer)
    return answer.location


def add_row(client, path: str, **changes):
    form = fields(client.get(f"{path}/row"), f"{path}/row")
    return client.post(f"{path}/row", data=form | changes)


def book(client, path: str, **changes):
    form = fields(client.get(f"{path}/book"), f"{path}/book")
    return client.post(f"{path}/book", data=form | {"why": "Agreed with the assessor"} | changes)


def rows(scope, table: str) -> list[dict]:
    with open_session(scope) as session:
        return reads.table(session, table).to_dicts()


def states(scope, element: str) -> list[str]:
    known = coverage(measures.programme(scope), TODAY).filter(certificate_code="C1", element=element)
    return known["years"][0].to_list()


def loads(scope) -> int:
    with open_session(scope) as session:
        return reads.loads(session)["load"].n_unique()


def test_booking_a_proposed_review_shows_it_as_planned_in_the_coverage_matrix_with_its_visits(lead, ash):
    path = planned(lead, f"certificate=C1&on={NEXT}&capacity=4", name="Spring review", elements=["1.2.1", "1.2.2"])
    assert "planned" not in states(ash, "1.2.1")
    assert add_row(lead, path, site_code="S1", met=["customers", "staff"]).status_code == 303
    shown = text(lead.get(path))
    assert "Nobody is to meet partners." in shown
    preview = text(lead.get(f"{path}/book"))
    assert f"Review HOU-{NEXT:%Y} new" in preview
    assert "Visit to Hall" in preview
    before = loads(ash)
    answer = book(lead, path, assessment_code="HOU-SPRING")
    assert answer.status_code == 303, text(answer)
    assert "Booked: review HOU-SPRING and visit to Hall" in text(lead.get(answer.location))
    assert "planned" in states(ash, "1.2.1")
    assert "planned" in states(ash, "1.2.2")
    assert "planned" not in states(ash, "1.2.3")
    review = next(row for row in rows(ash, "assessments") if row["assessment_code"] == "HOU-SPRING")
    assert (review["planned"], review["ended_on"], review["scope"]) == (True, NEXT, ["1.2.1", "1.2.2"])
    (visit,) = rows(ash, "visits")
    assert (visit["site_code"], visit["visited_on"], visit["mode"], visit["planned"]) == ("S1", NEXT, "on_site", True)
    assert visit["assessment_code"] == "HOU-SPRING"
    assert loads(ash) == before + 1
    with open_session(ash) as session:
        assert "Agreed with the assessor" in reads.notes(session, before + 1)["note"].to_list()
    said = audit.entries(ash)["action"].to_list()
    assert {"kept draft", "booked review"} <= set(said)
    again = book(lead, path)
    assert "booked already, so nothing was changed" in text(lead.get(again.location))
    assert loads(ash) == before + 1


def test_booking_changes_the_scope_of_a_booked_review_and_nothing_else_of_it(lead, ash):
    path = planned(lead, "certificate=C1&review=HOU-NEXT", elements=["1.1.1", "3.1.1"])
    preview = text(lead.get(f"{path}/book"))
    assert "Review HOU-NEXT changed new in its scope: 3.1.1; no longer in its scope: 2.1.1" in preview
    assert book(lead, path).status_code == 303
    (review,) = rows(ash, "assessments")
    assert review["scope"] == ["1.1.1", "3.1.1"]
    assert (review["assessor"], review["assessment_type"], review["started_on"]) == (
        "A. Ssessor",
        "annual_review",
        BOOKED,
    )


def test_what_would_change_otherwise_by_now_is_shown_again_and_nothing_is_booked(lead, ash):
    path = planned(lead, "certificate=C1&review=HOU-NEXT", elements=["1.1.1", "3.1.1"])
    form = fields(lead.get(f"{path}/book"), f"{path}/book") | {"why": "Agreed"}
    loaded(ash, more=ASSESSMENTS.replace("1.1.1;2.1.1", "3.1.1").encode())
    before = loads(ash)
    answer = lead.post(f"{path}/book", data=form)
    assert (answer.status_code, loads(ash)) == (400, before)
    assert "by now it would change something else" in text(answer)


def test_a_review_that_was_held_meanwhile_and_a_certificate_that_ended_are_said_plainly(lead, ash):
    path = planned(lead, "certificate=C1&review=HOU-NEXT", elements=["1.1.1"])
    other = planned(lead, f"certificate=C2&on={NEXT}", elements=["1.1.1"])
    held = ASSESSMENTS.replace(f"{BOOKED}", f"{TODAY}").replace(",yes,", ",no,")
    ended = CERTIFICATES.replace("Expires on\n", "Expires on,Ended on\n").replace(
        f"C2,FIN,{TODAY - timedelta(days=500)},{TODAY + timedelta(days=595)}\n",
        f"C2,FIN,{TODAY - timedelta(days=500)},{TODAY + timedelta(days=595)},{TODAY}\n",
    )
    loaded(ash, held=held.encode(), ended=re.sub(r"(C1.*)\n", r"\1,\n", ended).encode())
    assert "This cannot be booked any more: review HOU-NEXT was held on" in text(lead.get(path))
    assert "This cannot be booked any more: certificate C2 is not in force since" in text(lead.get(other))
    before = loads(ash)
    for where in (path, other):
        form = {"preview": "0" * 64, "assessment_code": "X", "assessment_type": "renewal", "started_on": "", "why": "x"}
        assert lead.post(f"{where}/book", data=form).status_code == 400
    assert loads(ash) == before


def test_an_assessor_may_look_at_what_is_shared_and_not_edit(app, lead, ash):
    path = planned(lead, "certificate=C1&review=HOU-NEXT", elements=["1.1.1"])
    hidden = planned(lead, f"certificate=C2&on={NEXT}", elements=["1.1.1"])
    assessor = signed_in(app, ASSESSOR)
    assert assessor.get(path).status_code == 404
    for where in (path, hidden):
        lead.post(f"{where}/share", data={"shared": "yes"})
    shown = assessor.get(path)
    assert shown.status_code == 200
    assert f'action="{path}' not in shown.text
    assert assessor.get(f"{path}/print").status_code == 200
    assert assessor.get(hidden).status_code == 404
    for below in ("/edit", "/row", "/book"):
        assert assessor.get(path + below).status_code == 403
    assert assessor.post(f"{path}/remove").status_code == 403
    assert assessor.get("/scope/plan?certificate=C1").status_code == 403


def test_a_champion_plans_for_their_own_departments_and_learns_of_no_other(app, lead, ash):
    champion = signed_in(app, CHAMPION)
    for query in (f"certificate=C2&on={NEXT}", f"certificate=C9&on={NEXT}"):
        answer = champion.get(f"/scope/plan?{query}")
        assert answer.status_code == 400
        assert "on this day; choose one in the list" in answer.text
    of_fin = planned(lead, f"certificate=C2&on={NEXT}", elements=["1.1.1"])
    lead.post(f"{of_fin}/share", data={"shared": "yes"})
    assert champion.get(of_fin).status_code == 404
    path = planned(champion, f"certificate=C1&on={NEXT}", elements=["1.2.1"])
    add_row(champion, path, site_code="S1", met=["customers"])
    assert book(champion, path, assessment_code="HOU-OWN").status_code == 303
    assert "planned" in states(ash, "1.2.1")


def test_a_shared_scope_is_copied_before_it_is_changed(app, lead, ash):
    path = planned(lead, "certificate=C1&review=HOU-NEXT", elements=["1.1.1"])
    lead.post(f"{path}/share", data={"shared": "yes"})
    champion = signed_in(app, CHAMPION)
    assert champion.post(f"{path}/remove").status_code == 400
    copy = champion.post(f"{path}/copy", data={"name": "Ours"}).location
    form = fields(champion.get(f"{copy}/edit"), f"{copy}/edit") | {"elements": ["1.1.2", "1.1.3"]}
    assert champion.post(f"{copy}/edit", data=form).status_code == 303
    assert "Scope: 2 elements" in text(champion.get(copy))
    assert "Scope: 1 element" in text(lead.get(path))
    again = champion.post(f"{copy}/edit", data=form)
    assert "it was changed since you opened it" in text(again).lower()


def test_a_form_that_makes_no_sense_is_told_so_and_nothing_is_kept(lead, ash):
    form = fields(lead.get("/scope/plan?certificate=C1&review=HOU-NEXT"), "/scope/plan")
    assert "give it a name" in text(lead.post("/scope/plan", data=form | {"name": ""})).lower()
    nothing = {name: value for name, value in form.items() if name != "elements"}
    assert "A review looks at one element at least" in text(lead.post("/scope/plan", data=nothing))
    assert lead.post("/scope/plan", data=form | {"elements": ["9.9.9"]}).status_code == 400
    path = planned(lead, "certificate=C1&review=HOU-NEXT")
    answer = add_row(lead, path, begins="10:00", ends="09:00")
    assert (answer.status_code, 'id="ends-wrong"' in answer.text) == (400, True)
    assert 'id="day-wrong"' in add_row(lead, path, day="soon").text
    assert add_row(lead, path, site_code="S2").status_code == 400  # of another holder
    assert "It has no rows yet" in text(lead.get(path))


def test_a_row_is_changed_and_taken_out(lead, ash):
    path = planned(lead, "certificate=C1&review=HOU-NEXT", elements=["1.1.1"])
    add_row(lead, path, begins="11:00", ends="12:00", who="Three tenants", met=["customers"])
    add_row(lead, path, begins="09:00", ends="10:00", who="The counter's team", met=["staff"])
    shown = text(lead.get(path))
    assert shown.index("The counter's team") < shown.index("Three tenants")
    form = fields(lead.get(f"{path}/row?row=2"), f"{path}/row") | {"who": "Four tenants"}
    lead.post(f"{path}/row", data=form)
    assert "Four tenants" in text(lead.get(path))
    seen = fields(lead.get(path), f"{path}/row/remove")["seen"]
    lead.post(f"{path}/row/remove", data={"row": "1", "seen": seen})
    assert "The counter's team" not in text(lead.get(path))
    assert lead.get(f"{path}/row?row=5").status_code == 404


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_the_itinerary_is_taken_away_as_a_table_and_a_calendar_in_local_time(lead, ash):
    path = planned(lead, "certificate=C1&review=HOU-NEXT", elements=["1.1.1"], name="=Review; one")
    add_row(
        lead, path, day="2027-07-01", begins="09:30", ends="10:15", site_code="S1", met=["customers"], who="Tenants"
    )
    number = path.rpartition("/")[2]
    token = lead.environ_base["HTTP_X_ASSAY_PAGE"]
    table = lead.get(f"/download/itinerary/{number}.csv?page={token}")
    assert table.text.splitlines()[1] == "2027-07-01,09:30,10:15,S1,Hall,,Customers,Tenants,1.1.1,"
    assert 'filename="itinerary-Review-one.csv"' in table.headers["Content-Disposition"]
    assert lead.get(f"/download/itinerary/{number}.xlsx?page={token}").data[:2] == b"PK"
    calendar = lead.get(f"/download/itinerary/{number}.ics?page={token}").text
    assert "DTSTART;TZID=Europe/London:20270701T093000" in calendar
    assert "BEGIN:VTIMEZONE" in calendar
    assert "LOCATION:Hall" in calendar
    assert lead.get(f"/download/itinerary/{number}.pdf?page={token}").status_code == 404
