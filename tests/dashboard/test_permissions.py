"""Who may open what, as committed and as it is (reliability.md D1); tests/dashboard/permissions.py writes the table."""

import re

import pytest

from db import people, sessions
from db.roles import ROLES
from tests.dashboard import permissions
from tests.dashboard.conftest import NOBODY, PASSWORD, at_the_door, on_a_page, signed_in
from tests.dashboard.test_gate import body_of


@pytest.fixture
def clients(app, own_people):
    """A client for each role, in the first tenant; the operator visits it. The role "" is a stranger's."""
    found = {"": at_the_door(app)}
    for role in ROLES:
        if role == "operator":
            found[role] = signed_in(app, NOBODY)
            form = {"tenant": "demo", "reason": "Request 4711: who may open what", "lasts": "30"}
            assert found[role].post("/choose-tenant", data=form).status_code == 302
            on_a_page(found[role])
            continue
        email = f"{role}@example.org"
        once = people.add_user(email, role, "demo", may_export=role != "administrator")
        sessions.change_password(sessions.sign_in(email, once), once, PASSWORD)
        found[role] = signed_in(app, email)
    return found


def test_the_committed_table_is_what_is_declared(app):
    written = permissions.COMMITTED.read_text("utf-8")
    assert permissions.table(app) == written, "run `python -m tests.dashboard.permissions` and look at what changed"


def test_no_surface_goes_without_a_declared_need(app):
    undeclared = [surface for surface, need in permissions.surfaces(app).items() if need.endswith(permissions.SHUT)]
    assert undeclared == []


def test_each_surface_opens_to_whom_the_table_says_and_to_nobody_else(app, clients):
    outputs = {permissions._short(output): output for output in app.callback_map}
    faults = []
    for surface, need in permissions.surfaces(app).items():
        kind, _, path = surface.partition(" ")
        if need in ("nothing", "a session") or need.startswith("token"):
            continue  # the doors themselves are tested in test_doors.py, the API in its own tests
        for role, client in clients.items():
            if kind == "callback":
                answer = client.post("/_dash-update-component", json=body_of(app, outputs[path]))
            else:
                method = "GET" if kind == "page" else kind
                filled = re.sub(r"<int:\w+>", "1", path.replace("<kind>", "csv"))
                answer = client.open(re.sub(r"<\w+>", "x", filled), method=method, headers={"Accept": "*/*"})
            expected = permissions.allowed(role, need)
            if role == "administrator" and expected == "grant":
                expected = "-"  # this one's grant says no
            is_open = answer.status_code not in (401, 403) and not (not role and answer.status_code == 302)
            if is_open != (expected != "-"):
                faults.append(f"{surface} as {role or 'nobody'}: {answer.status_code}, the table says {expected}")
    assert faults == []


def test_the_table_would_not_hide_a_surface_that_says_nothing(app, clients, monkeypatch):
    output = next(output for output in app.callback_map if output.startswith("..sites-headline"))
    monkeypatch.delattr(app.callback_map[output]["callback"], "needs")
    assert permissions.surfaces(app)[f"callback {permissions._short(output)}"] == permissions.SHUT
    for client in clients.values():
        assert client.post("/_dash-update-component", json=body_of(app, output)).status_code in (401, 403)


def test_a_file_needs_what_the_page_needs_that_shows_the_same(clients):
    assert clients["senior_leader"].get("/download/sites.csv").status_code == 403
    for role in ("senior_leader", "assessor"):
        assert clients[role].get("/download/rejected/1.csv").status_code == 403
    assert clients["corporate_lead"].get("/administration/audit/log.csv").status_code == 403
