"""Whoever opened a link sees one certificate, writes nothing, and is out when it ends (reliability.md T8, T11, W3)."""

import re
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from dashboard import identity, shell
from db import audit, links, people, sessions
from db.engine import engine
from db.identities import GuestLink
from db.session import open_session
from db.tenants import add_tenant, scope_of
from etl import run
from tests.dashboard.conftest import PASSWORD, at_the_door, on_a_page, signed_in
from tests.noninterference import asks, callbacks, harness, routes, story

TODAY = datetime.now(UTC).date()
FORM = {"certificate": "C-HOU", "whom": "Jo Bloggs, Example", "until": TODAY.isoformat(), "export": "no"}
ADMIN = "admin@ash.example"


@pytest.fixture(scope="module")
def app():
    """The dashboard as it is served, in this process; it may be asked faster than any person could."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_SECRET", "a-secret-of-the-tests-of-which-nobody-else-knows-77")
        patch.setenv("ASSAY_REQUESTS_A_MINUTE", "1000000")
        from dashboard.app import create_app

        yield create_app()


@pytest.fixture(scope="module")
def organisation(empty_warehouse, tmp_path_factory) -> str:
    """Where a warehouse of an organisation is with HOU and FIN, each with sites and a certificate, and ADMIN."""
    folder = tmp_path_factory.mktemp("links")
    path = shutil.copy(empty_warehouse("sqlite"), folder / "assay.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{path}")
        add_tenant("ASH", "Ashcombe Council")
        for earlier in (True, False):
            files = story.written(story.OURS, folder / f"ours-{earlier}", TODAY, earlier)
            run.load(scope_of("ASH"), [files], sent_by="pat@ash.example")
        once = people.add_user(ADMIN, "administrator", "ASH")
        sessions.change_password(sessions.sign_in(ADMIN, once), once, PASSWORD)
        engine().dispose()
    return path


@pytest.fixture
def admin(app, organisation, tmp_path, monkeypatch):
    """A client of the administrator, on a copy of that warehouse that the test may change."""
    monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{shutil.copy(organisation, tmp_path / 'assay.db')}")
    monkeypatch.setenv("ASSAY_SECOND_FACTOR", "off")
    yield signed_in(app, ADMIN)
    engine().dispose()


def made(admin, **changed) -> str:
    """A link as the administrator is shown it: its path."""
    answer = admin.post("/administration/links", data={**FORM, **changed})
    assert answer.status_code == 303, answer.text
    shown = admin.get(answer.location).text
    path = re.search(r"<code>http://localhost(/guest/[\w-]{43})</code>", shown)[1]
    assert path not in admin.get(answer.location).text
    return path


def pressed(client, link: str):
    """Open a link and press its button: the answer."""
    page = client.get(link, follow_redirects=True)
    token = re.search(r'name="page" value="([0-9a-f]{32})"', page.text)[1]
    client.environ_base.pop("HTTP_X_ASSAY_PAGE", None)
    return client.post("/guest/open", data={"page": token})


def guest(app, link: str):
    """A client that opened a link."""
    client = app.server.test_client()
    assert pressed(client, link).status_code == 302
    return on_a_page(client)


def log(newest: int) -> list[str]:
    return audit.entries(scope_of("ASH"), newest)["action"].to_list()


def test_looking_at_a_link_signs_nobody_in_and_tells_nothing(app, admin):
    link = made(admin)
    before = audit.entries(scope_of("ASH")).height
    scanner = app.server.test_client()
    for method in ("GET", "HEAD"):
        answer = scanner.open(link, method=method, follow_redirects=True)
        assert answer.status_code == 200
    text = answer = scanner.get("/guest/open").text
    wrong = app.server.test_client()
    other = wrong.get("/guest/" + "x" * 43, follow_redirects=True).text
    masked = [re.sub(r'value="[0-9a-f]{32}"', "", page) for page in (text, other)]
    assert masked[0] == masked[1]
    assert "Ashcombe" not in answer
    assert "C-HOU" not in answer
    assert link.rpartition("/")[2] not in answer
    assert scanner.get("/_dash-layout").status_code == 401
    assert scanner.get_cookie("assay") is None
    assert audit.entries(scope_of("ASH")).height == before


def test_the_button_leads_to_the_certificate_and_is_written_down(app, admin):
    client = app.server.test_client()
    answer = pressed(client, made(admin))
    assert (answer.status_code, answer.location.partition("?")[2]) == (302, "certificate=C-HOU")
    assert answer.location.partition("?")[0][1:] in [page.name for page in shell.PAGES]
    assert client.get_cookie("assay-guest") is None
    assert client.get(answer.location).status_code == 200
    assert log(1) == ["opened a link"]
    text = admin.get("/administration/links").text
    assert "1 time" in text
    assert "127.0.0.1" in text


def test_it_lands_on_the_renewal_page_where_there_is_one(app, monkeypatch):
    without = tuple(page for page in shell.PAGES if page.name != "renewal")
    renewal = shell.Page("renewal", "/renewal", "Renewal", "bi-award", "cycle", group="cycle")
    from dashboard.guests import landing

    with app.server.test_request_context():
        monkeypatch.setattr(shell, "PAGES", without)
        assert landing("C HOU") == "/coverage?certificate=C%20HOU"
        monkeypatch.setattr(shell, "PAGES", (*without, renewal))
        assert landing("C HOU") == "/renewal?certificate=C%20HOU"


def answers(app, client) -> dict[str, str]:
    """What a client is told by every page's callbacks, and by every file, by what was asked."""
    asking = harness.Asking.__new__(harness.Asking)
    asking.person, asking.client, asking.form_tokens = "guest", client, {}
    page = harness.page_token(client.get("/").text)
    told = {}
    for ask in asks.once([*callbacks.callback_asks(app), *routes.route_asks(app)]):
        if ask.whose != "nobodys" and not ask.writes and not ask.thorough and not ask.path.startswith("/sign"):
            ready = asks.with_token(ask, page)
            answer = client.open(ready.path, method=ready.method, headers=ready.headers, json=ready.json)
            told[f"{ask.surface} {ask.variant}"] = answer.text
    return told


def test_its_certificate_s_departments_and_sites_are_seen_and_nothing_outside_them(app, admin):
    told = answers(app, guest(app, made(admin)))
    whole = " ".join(told.values())
    assert sum("OURS-" in text for text in told.values()) > 5
    assert "C-HOU" in whole
    assert [name for name, text in told.items() if "HIDDEN-" in text] == []
    for outside in ("C-FIN", "C-ALL", "C-HOU-1", "S-FIN"):
        assert [name for name, text in told.items() if outside in text and outside not in name] == []


def test_every_page_says_what_it_is_and_has_no_account(app, admin):
    client = guest(app, made(admin))
    output = next(name for name in app.callback_map if "shell-who" in name)
    body = callbacks.callback_body(output, app.callback_map[output], {"_pages_location.pathname": "/"})
    text = client.post("/_dash-update-component", json=body).text
    assert re.search(r"You look at certificate C-HOU until \d+ \w+ \d{4}, read only", text)
    assert "/account" not in text
    assert "/choose-tenant" not in text
    assert '"data-may":"cycle results"' in text


@pytest.mark.parametrize("export", ["no", "yes"])
def test_files_are_taken_where_the_link_says_so(app, admin, export):
    client = guest(app, made(admin, export=export))
    assert client.get("/download/sites.csv?certificate=C-HOU").status_code == (200 if export == "yes" else 403)
    assert client.get("/download/rejected/1.csv").status_code == 403


def test_nothing_is_posted_but_the_way_out(app, admin, monkeypatch):
    client = guest(app, made(admin))
    opened = audit.entries(scope_of("ASH")).height
    for rule in app.server.url_map.iter_rules():
        path = re.sub(r"<int:\w+>", "1", re.sub(r"<(?:path:)?\w+>", "x", str(rule)))
        if path.startswith(identity.PUBLIC_FOLDERS) or path in (*identity.PUBLIC, "/sign-out"):
            continue
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}:
            if path != "/_dash-update-component":
                assert client.open(path, method=method, data={}).status_code in (401, 403), path
    for path in ("/account", "/choose-tenant", "/change-password", "/second-factor", "/administration", "/send"):
        assert client.get(path).status_code == 403, path
    assert client.get("/api/v1/measures/standing").status_code == 401
    assert set(log(audit.entries(scope_of("ASH")).height - opened)) == {"refused"}
    # A form that asks for no more than seeing is shut as well.
    monkeypatch.setattr(app.server.view_functions["administration.links.make"], "needs", "results")
    assert client.post("/administration/links", data=FORM).status_code == 403
    left = client.post("/sign-out")
    assert (left.status_code, left.location) == (302, "/guest/open")
    assert "No link is open" in client.get("/guest/open").text
    assert client.get("/_dash-layout").status_code == 401


def moved(**columns) -> None:
    with open_session(scope_of("ASH"), write=True) as session:
        row = session.scalars(select(GuestLink)).one()
        for name, value in columns.items():
            setattr(row, name, value)


def test_it_dies_when_it_is_ended_and_at_its_end(app, admin):
    link = made(admin)
    client = guest(app, link)
    moved(last_day=TODAY - timedelta(days=1))
    assert client.get("/_dash-layout").status_code == 401
    moved(last_day=TODAY)
    assert client.get("/_dash-layout").status_code == 200
    answer = admin.post("/administration/links/1/end")
    assert "Link 1 is ended" in admin.get(answer.location).text
    assert client.get("/_dash-layout").status_code == 401
    assert client.get("/heatmap").location.startswith("/sign-in")


def test_wrong_ended_and_expired_links_are_answered_alike_and_too_many_are_told_to_wait(app, admin):
    over, ended = made(admin), made(admin)
    with open_session(scope_of("ASH"), write=True) as session:
        session.scalars(select(GuestLink).where(GuestLink.link_number == 1)).one().last_day = TODAY - timedelta(days=1)
        links.end(session, 2)
    told = []
    for link in ("/guest/" + "x" * 43, over, ended):
        answer = pressed(app.server.test_client(), link)
        told.append((answer.status_code, answer.text))
    assert told[0] == told[1] == told[2]
    assert told[0][0] == 404
    client = app.server.test_client()
    tries = [pressed(client, f"/guest/{number:043}").status_code for number in range(25)]
    assert tries[-1] == 429
    assert pressed(client, made(admin)).status_code == 302


def test_who_was_signed_in_is_signed_out_and_the_session_is_a_new_one(app, admin):
    link = made(admin)
    before = admin.get_cookie("assay").value
    assert pressed(admin, link).status_code == 302
    assert admin.get_cookie("assay").value != before
    assert sessions.session_of(before) is None
    first = admin.get_cookie("assay").value
    pressed(admin, link)
    assert identity.links.guest_of(first) is None


def test_another_site_s_button_opens_nothing(app, admin):
    link = made(admin)
    client = app.server.test_client()
    client.get(link)
    assert client.post("/guest/open", data={}).status_code == 403
    page = at_the_door(app)
    page.get(link)
    assert page.post("/guest/open", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"whom": ""}, "whom", "Say for whom"),
        ({"until": "soon"}, "until", "Choose until when"),
        ({"until": (TODAY + timedelta(days=93)).isoformat()}, "until", "92 days at most"),
        ({"certificate": "C-ZZZ"}, "certificate", "There is no certificate C-ZZZ"),
        ({"export": ""}, "export", "Choose whether"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(admin, changed, field, words):
    answer = admin.post("/administration/links", data={**FORM, **changed})
    assert answer.status_code == 400
    assert words in re.search(rf'id="{field}-wrong">(.*?)</p>', answer.text, re.DOTALL)[1]
