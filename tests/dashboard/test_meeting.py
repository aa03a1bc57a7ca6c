"""A meeting in plain forms: a frozen snapshot, what is written down, the actions it leads to, and its minutes."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from db import people, reads, sessions
from db.session import open_session
from db.tenants import add_tenant, scope_of
from scheme.standard import shipped
from tests.dashboard.conftest import PASSWORD, signed_in
from tests.dashboard.small_programme import HEAD, TREE, loaded

TODAY = datetime.now(UTC).date()
THEN, DUE = TODAY - timedelta(days=300), TODAY + timedelta(days=60)
LEAD, LEADER, CHAMPION, ASSESSOR = (f"{who}@ash.example" for who in ("lead", "leader", "champion", "assessor"))
CERTIFICATES = (
    "Certificate code,Department code,Awarded on,Expires on,Sites required\n"
    f"C1,HOU,{TODAY - timedelta(days=900)},{TODAY + timedelta(days=90)},1\n"
)


def results(code: str, day, **bands: str) -> str:
    """An assessment of everything: compliant, but for the elements named."""
    named = {name.removeprefix("e").replace("_", "."): band for name, band in bands.items()}
    return "".join(f"{code},annual_review,{day},{e},{named.get(e, 'Compliant')}\n" for e in shipped("cse").codes)


def joins(email: str, role: str, *departments: str, certificates=()) -> None:
    """Somebody comes to be of the tenant, with PASSWORD."""
    once = people.add_user(email, role, "ASH", departments, certificates=certificates)
    sessions.change_password(sessions.sign_in(email, once), once, PASSWORD)


@pytest.fixture(scope="module")
def app():
    """The dashboard as it is served, in this process."""
    from dashboard.app import create_app

    return create_app()


@pytest.fixture
def ash(warehouse, monkeypatch):
    """A tenant in which Housing fails criterion 1 and Finance criterion 2, with a lead."""
    monkeypatch.setenv("ASSAY_SECOND_FACTOR", "off")
    monkeypatch.setenv("ASSAY_SECRET", "a-secret-of-the-tests-of-which-nobody-else-knows-77")
    add_tenant("ASH", "Ashcombe Council")
    joins(LEAD, "corporate_lead")
    of_all = HEAD.decode() + results("HOU", THEN, e1_1_1="Non-compliant") + results("FIN", THEN, e2_1_1="Non-compliant")
    files = {"certificates": CERTIFICATES, "sites": "Site code,Site name,Department code\nS1,Hall,HOU\n"}
    loaded(scope_of("ASH"), departments=TREE, results=of_all.encode(), **{k: v.encode() for k, v in files.items()})
    return scope_of("ASH")


@pytest.fixture
def lead(app, ash):
    """A client signed in as the lead."""
    return signed_in(app, LEAD)


def text(answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def seen(answer) -> str:
    return re.search(r'name="seen" value="(\d+)"', answer.text)[1]


def started(client, **changes) -> str:
    """Start a meeting as the form stands; gives where it is."""
    shown = client.get("/meeting").text
    form = {name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', shown)[1] for name in ("name", "as_of", "since")}
    answer = client.post("/meeting", data=form | {"department_code": "", "attendees": ""} | changes)
    assert answer.status_code == 303, text(answer)
    return answer.location


def write(client, path: str, **fields):
    empty = dict.fromkeys(("department_code", "element", "owner", "due_on"), "")
    told = {"step": "decide", "written": "note", "words": "Some words", "seen": seen(client.get(path))}
    return client.post(f"{path}/write", data=empty | told | fields)


def action(client, path: str, **fields):
    whole = {"written": "action", "words": "Mend the sign", "department_code": "HOU", "element": "1.1.1"}
    return write(client, path, **(whole | {"owner": "R. Singh", "due_on": DUE.isoformat()} | fields))


def rows(scope, table: str) -> list[dict]:
    with open_session(scope) as session:
        return reads.table(session, table).to_dicts()


def loads(scope) -> int:
    with open_session(scope) as session:
        return reads.loads(session)["load"].n_unique()


def mended(scope) -> None:
    """What failed in Housing is mended by a result of yesterday."""
    day = TODAY - timedelta(days=1)
    loaded(scope, mended=HEAD + f"HOU,annual_review,{day},1.1.1,Compliant\n".encode())


def test_the_figures_of_a_meeting_do_not_move_and_those_of_another_are_of_its_own_moment(lead, ash):
    path = started(lead)
    before = text(lead.get(path))
    assert "2 criteria fail in 2 departments" in before
    mended(ash)
    assert text(lead.get(path)) == before
    minutes = text(lead.get(f"{path}/minutes"))
    assert "2 criteria fail in 2 departments" in minutes
    assert f"Snapshot {TODAY.day} {TODAY:%B %Y} as known on" in minutes
    after = text(lead.get(started(lead, name="The next one")))
    assert "Criterion 2 fails: 2.1.1 is non-compliant." in after
    assert "Criterion 1 fails" not in after


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_what_has_changed_is_told_against_what_the_last_meeting_knew(lead, ash):
    started(lead)
    mended(ash)
    after = text(lead.get(started(lead, name="The next one", since=TODAY.isoformat())))
    assert "no criteria got worse and 1 better; 1 band rose, none fell" in after
    assert "criterion 1 failed and passes now." in after


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_a_cell_on_the_wall_leads_to_the_heatmap_of_the_same_snapshot(lead, ash):
    page = lead.get(started(lead)).text
    links = [unescape(link) for link in re.findall(r'href="(/heatmap[^"]*)"', page)]
    assert links
    known = {re.search(r"known_at=([^&]+)", link)[1] for link in links}
    assert len(known) == 1
    assert all(f"as_of={TODAY}" in link for link in links)
    assert any("cell=HOU~1" in link for link in links)


def test_an_action_that_is_decided_is_a_fact_with_owner_and_day_and_stands_in_the_minutes(lead, ash):
    path, before = started(lead, attendees="The board"), loads(ash)
    assert action(lead, path).location.endswith("#decide")
    (kept,) = rows(ash, "actions")
    assert (kept["action_code"], kept["origin"], kept["owner"]) == ("HOU-1.1.1-1", "meeting", "R. Singh")
    assert (kept["due_on"], kept["action"], kept["status"]) == (DUE, "Mend the sign", "open")
    minutes = text(lead.get(f"{path}/minutes"))
    assert "Attended The board" in minutes
    assert "Mend the sign R. Singh" in minutes
    assert "HOU-1.1.1-1" in minutes
    assert "No action is overdue" in text(lead.get(path))
    assert loads(ash) == before + 1


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_a_form_that_is_sent_twice_is_written_down_once(lead, ash):
    path = started(lead)
    old = seen(lead.get(path))
    for _ in range(2):
        assert write(lead, path, words="Agreed", written="decision", seen=old).status_code == 303
    for _ in range(2):
        assert action(lead, path, seen=old).status_code == 303
    minutes = text(lead.get(f"{path}/minutes"))
    assert (minutes.count("Agreed Strike out"), len(rows(ash, "actions")), minutes.count("Mend the sign")) == (1, 1, 1)


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_what_makes_no_sense_is_told_beside_its_field_and_nothing_is_kept(lead, ash):
    path, before = started(lead), loads(ash)
    for fields, wrong in (
        ({"words": " "}, "words"),
        ({"written": "action", "owner": "", "due_on": "soon", "department_code": "NO"}, "owner"),
        ({"written": "action", "owner": "", "due_on": "soon", "department_code": "NO"}, "due_on"),
        ({"written": "action", "owner": "", "due_on": "soon", "department_code": "NO"}, "department_code"),
    ):
        answer = write(lead, path, **fields)
        assert (answer.status_code, f'id="{wrong}-wrong"' in answer.text) == (400, True)
    for fields in ({"step": "nowhere"}, {"written": "verdict"}):
        assert write(lead, path, **fields).status_code == 400
    assert (loads(ash), "Written down here" in text(lead.get(path))) == (before, False)
    form = {"name": "x", "attendees": "", "department_code": "", "as_of": TODAY.isoformat(), "since": THEN.isoformat()}
    ahead = (TODAY + timedelta(days=2)).isoformat()
    for changes in ({"as_of": ahead}, {"since": ahead}, {"as_of": "soon"}, {"name": ""}, {"department_code": "NO"}):
        answer = lead.post("/meeting", data=form | changes)
        assert (answer.status_code, f'id="{next(iter(changes))}-wrong"' in answer.text) == (400, True)


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_a_senior_leader_looks_at_what_is_shared_writes_nothing_and_sees_no_cycle(app, lead, ash):
    path = started(lead)
    assert "Coverage and sites at risk" in text(lead.get(path))
    joins(LEADER, "senior_leader")
    leader = signed_in(app, LEADER)
    assert leader.get(path).status_code == 404
    lead.post(f"{path}/share", data={"shared": "yes"})
    wall = leader.get(path)
    assert "2 criteria fail in 2 departments" in text(wall)
    assert "Coverage and sites at risk" not in text(wall)
    assert "<form" not in wall.text
    assert leader.get(f"{path}/minutes").status_code == 200
    for below in ("write", "strike", "about", "share", "remove"):
        assert leader.post(f"{path}/{below}").status_code == 403
    assert leader.post("/meeting").status_code == 403
    looked = leader.get("/meeting/now")
    assert "1 of 6" in text(leader.get(looked.location))


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_a_champion_meets_about_their_own_departments_and_learns_of_no_other(app, lead, ash):
    of_fin = started(lead, department_code="FIN")
    lead.post(f"{of_fin}/share", data={"shared": "yes"})
    joins(CHAMPION, "champion", "HOU")
    champion = signed_in(app, CHAMPION)
    assert champion.get(of_fin).status_code == 404
    path = started(champion)
    for answer in (champion.get(path), champion.get(f"{path}/minutes"), champion.get("/meeting")):
        assert "Finance" not in answer.text
        assert "FIN" not in answer.text
    assert "1 criterion fails" in text(champion.get(path))
    assert action(champion, path, department_code="FIN").status_code == 400
    assert action(champion, path).status_code == 303
    form = {"name": "x", "attendees": "", "department_code": "FIN", "as_of": f"{TODAY}", "since": f"{THEN}"}
    assert champion.post("/meeting", data=form).status_code == 400
    assert champion.get(f"/meeting/look?as_of={TODAY}&known_at={TODAY}T00:00:00Z&department=FIN").status_code == 400
    joins(ASSESSOR, "assessor", certificates=["C1"])
    assessor = signed_in(app, ASSESSOR)
    assert assessor.get(path).status_code == 404
    assert "Coverage" in text(assessor.get("/meeting/now", follow_redirects=True))


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_a_meeting_of_one_department_speaks_of_that_one(lead, ash):
    wall = text(lead.get(started(lead, department_code="FIN")))
    assert "Criterion 2 fails: 2.1.1" in wall
    assert "Criterion 1 fails" not in wall


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_minutes_are_corrected_shared_and_removed_and_the_actions_stay(lead, ash):
    path = started(lead)
    write(lead, path, words="Said by mistake")
    action(lead, path)
    minutes = lead.get(f"{path}/minutes")
    assert minutes.text.count("Strike out") == 1
    struck = lead.post(f"{path}/strike", data={"entry": "1", "seen": seen(minutes)}, follow_redirects=True)
    assert "Note struck out." in text(struck)
    assert "Said by mistake" not in text(lead.get(path))
    assert "changed since" in text(
        lead.post(f"{path}/strike", data={"entry": "1", "seen": seen(minutes)}, follow_redirects=True)
    )
    of_action = {"entry": "1", "seen": seen(lead.get(path))}
    assert "That is an action by now" in text(lead.post(f"{path}/strike", data=of_action, follow_redirects=True))
    about = {"name": "Board", "attendees": "Everybody", "seen": seen(lead.get(path))}
    assert "Minutes: Board" in text(lead.post(f"{path}/about", data=about, follow_redirects=True))
    assert "it was changed since" in text(lead.post(f"{path}/about", data=about)).lower()
    assert "Removed: Board" in text(lead.post(f"{path}/remove", follow_redirects=True))
    assert lead.get(path).status_code == 404
    assert len(rows(ash, "actions")) == 1


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_without_data_there_is_nothing_to_meet_about_and_a_wall_of_nothing_still_stands(app, warehouse, monkeypatch):
    monkeypatch.setenv("ASSAY_SECOND_FACTOR", "off")
    monkeypatch.setenv("ASSAY_SECRET", "a-secret-of-the-tests-of-which-nobody-else-knows-77")
    add_tenant("NEW", "Newtown Council")
    once = people.add_user(LEAD, "corporate_lead", "NEW")
    sessions.change_password(sessions.sign_in(LEAD, once), once, PASSWORD)
    client = signed_in(app, LEAD)
    assert "nothing to meet about" in text(client.get("/meeting"))
    wall = client.get("/meeting/now", follow_redirects=True)
    assert (wall.status_code, "Nothing has been assessed as a whole" in text(wall)) == (200, True)
    assert client.get("/meeting/look?as_of=2025-03-07").status_code == 400
