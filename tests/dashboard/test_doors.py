"""The doors of people who have an account here: second factor, links for a password, visits, sessions (W3, W5, T11)."""

import html
import re
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pyotp
import pytest
from sqlalchemy import select

from db import audit, people, reset, sessions
from db.identities import OperatorVisit, ResetLink, User, UserSession
from db.models import Tenant
from db.passwords import TRIES_OF_ADDRESS
from db.session import bind, open_platform, open_session
from db.tenants import scope_of
from tests.dashboard.conftest import BOTH, LEAD, NOBODY, PASSWORD, at_the_door, on_a_page, signed_in
from tests.dashboard.test_gate import WHO, body_of

OPERATOR = NOBODY  # of the first two tenants none: the platform's
HOME = "home@example.org"
REASON = "Request 4711: a site is shown twice"


@pytest.fixture
def asked(own_people, monkeypatch):
    """A second factor is asked of whoever needs one."""
    monkeypatch.delenv("ASSAY_SECOND_FACTOR")


@pytest.fixture
def operator(app, own_people):
    """A client of an operator who visits nobody yet."""
    return signed_in(app, OPERATOR)


@pytest.fixture
def link(own_people) -> str:
    """The token of a link for an account that the first tenant keeps, and which has no password yet."""
    scope = scope_of("demo")
    with open_session(scope, write=True) as session:
        user = User(email=HOME, home_tenant_id=scope.tenant_id, must_change_password=False)
        session.add(user)
        session.flush()
        people.replace_grants(session, user.id, scope.tenant_id, "senior_leader")
        return reset.make(session, user.id, scope.actor)


def offered(page: str) -> dict[str, str]:
    """What the page that offers a secret sends back, and the secret."""
    closed = re.search(r'name="offer" value="([^"]+)"', page)[1]
    return {"offer": closed, "secret": re.search(r'class="secret">([A-Z2-7 ]+)<', page)[1].replace(" ", "")}


def code(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=steps)


def at_ease() -> None:
    """Wait where this step of time is nearly over."""
    left = 30 - time.time() % 30
    if left < 6:
        time.sleep(left)


def set_up(client, **more: str) -> str:
    """Set a second factor up; gives its secret."""
    at_ease()
    told = offered(client.get("/second-factor").text)
    form = {"offer": told["offer"], "code": code(told["secret"], -1), **more}
    answer = client.post("/second-factor", data=form)
    assert answer.status_code == 302, answer.text
    on_a_page(client)
    return told["secret"]


def is_dead(app, token: str) -> bool:
    """Whether a session is over: not even a long-open page of it gets anything (a callback answers 401)."""
    client = app.server.test_client()
    client.set_cookie("assay", token)
    return client.post("/_dash-update-component", json=body_of(app, WHO)).status_code == 401


# --- the second factor ------------------------------------------------------------------------------------------------


def test_before_a_second_factor_nothing_opens_and_after_it_the_page_that_was_asked_for(app, asked):
    client = signed_in(app, LEAD)
    assert client.get("/heatmap?basis=self").location == "/second-factor?next=/heatmap%3Fbasis%3Dself"
    assert client.get("/_dash-layout").status_code == 401
    assert client.post("/_dash-update-component", json=body_of(app, WHO)).status_code == 401
    for path in ("/change-password", "/choose-tenant", "/account"):
        assert client.get(path).location == "/second-factor"
    before, page = client.get_cookie("assay").value, client.get("/second-factor?next=/heatmap").text
    assert 'name="next" value="/heatmap"' in page
    at_ease()
    told = offered(page)
    form = {"offer": told["offer"], "code": code(told["secret"]), "next": "/heatmap"}
    assert client.post("/second-factor", data=form).location == "/heatmap"
    assert client.get_cookie("assay").value != before
    assert is_dead(app, before)
    assert on_a_page(client).get("/heatmap").status_code == 200


def test_whoever_knows_the_password_alone_can_change_neither_password_nor_second_factor(app, asked):
    set_up(signed_in(app, LEAD))
    thief = signed_in(app, LEAD)
    assert "Show your second factor" in thief.get("/second-factor").text
    form = {"old": PASSWORD, "new": "another four words here", "again": "another four words here"}
    assert thief.post("/change-password", data=form).location == "/second-factor"
    from db import second_factor

    secret, closed = second_factor.offer(1)
    assert thief.post("/second-factor", data={"offer": closed, "code": code(secret)}).status_code == 403
    assert sessions.sign_in(LEAD, PASSWORD)


def test_the_secret_is_shown_as_picture_and_as_text_and_stays_the_same_after_a_wrong_code(app, asked):
    client = signed_in(app, LEAD)
    page = client.get("/second-factor").text
    told = offered(page)
    picture = unquote(html.unescape(re.search(r'src="(data:image/svg[^"]+)"', page)[1]))
    assert "<svg" in picture
    assert 'autocomplete="one-time-code"' in page
    answer = client.post("/second-factor", data={"offer": told["offer"], "code": "12345"})
    assert answer.status_code == 403
    assert offered(answer.text) == told
    assert "not right" in answer.text


@pytest.mark.parametrize("offer", ["", "x", "é", "gAAAAA"])
def test_an_offer_that_is_none_is_made_anew(app, asked, offer):
    answer = signed_in(app, LEAD).post("/second-factor", data={"offer": offer, "code": "123456"})
    assert answer.status_code == 400
    assert "start again" in answer.text


def test_another_second_factor_needs_the_password_and_a_session_in_which_the_present_one_was_shown(app, asked):
    client = signed_in(app, LEAD)
    secret = set_up(client)
    for password in ("", "wrong"):
        at_ease()
        told = offered(client.get("/second-factor").text)
        form = {"offer": told["offer"], "code": code(told["secret"]), "password": password}
        assert client.post("/second-factor", data=form).status_code == 403
    assert set_up(client, password=PASSWORD) != secret


def test_codes_are_asked_at_the_next_sign_in(app, asked):
    secret = set_up(signed_in(app, LEAD))
    client = signed_in(app, LEAD)
    assert client.get("/").location == "/second-factor"
    assert client.post("/second-factor", data={"code": "000000"}).status_code == 403
    assert client.post("/second-factor", data={"code": code(secret, 1)}).location == "/"
    assert on_a_page(client).get("/").status_code == 200


def test_only_the_demo_on_the_own_machine_goes_without(app, own_people):
    assert signed_in(app, LEAD).get("/").status_code == 200
    for url, seen_from in (("https://assay.example.org", "127.0.0.1"), ("http://127.0.0.1", "192.0.2.7")):
        client = app.server.test_client()
        client.environ_base["REMOTE_ADDR"] = seen_from
        page = client.get("/sign-in", base_url=url).text
        form = {"email": LEAD, "password": PASSWORD, "page": re.search(r'name="page" value="(\w+)"', page)[1]}
        assert client.post("/sign-in", base_url=url, data=form).status_code == 302
        assert client.get("/", base_url=url).location == "/second-factor"


# --- links for a password ---------------------------------------------------------------------------------------------


def test_a_link_leaves_the_address_and_sets_a_password_once(app, link, stranger):
    opened = stranger.get(f"/reset/{link}")
    assert (opened.status_code, opened.location) == (302, "/reset/password")
    assert opened.headers["Referrer-Policy"] == "no-referrer"
    kept = opened.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax"} <= set(kept.split("; "))
    page = stranger.get("/reset/password")
    assert HOME in page.text
    assert link not in page.text
    assert not re.search(r'(src|href|action)="(?!/|#)', page.text)  # no third party
    for new, again, said in (
        ("short", "short", "12 characters"),
        (PASSWORD, "x" * 20, "differ"),
        ("password1234", "password1234", "anybody would try"),
        ("home.example.org", "home.example.org", "anybody would try"),
    ):
        answer = stranger.post("/reset/password", data={"new": new, "again": again})
        assert answer.status_code == 400
        assert said in answer.text
    assert "Your password is set" in stranger.post("/reset/password", data={"new": PASSWORD, "again": PASSWORD}).text
    assert signed_in(app, HOME).get("/").status_code == 200


def test_used_unknown_and_expired_links_look_alike(app, link, stranger):
    def shown(token: str) -> tuple[int, str]:
        client = at_the_door(app)
        assert client.get(f"/reset/{token}").status_code == 302
        client.post("/reset/password", data={"new": PASSWORD, "again": PASSWORD})
        answer = client.get("/reset/password")
        return answer.status_code, answer.text

    used = shown(link)
    with open_session(scope_of("demo"), write=True) as session:
        home = session.scalars(select(User.id).where(User.email == HOME)).one()
        over = reset.make(session, home, "a")
        session.scalars(select(ResetLink).where(ResetLink.used_at.is_(None))).one().expires_at = datetime.now(UTC)
    assert used == shown(over) == shown("never-was") == shown("x" * 5000)
    assert used[0] == 404


def test_a_link_needs_a_page_of_ours_and_ends_every_session(app, link):
    user = sessions.begin(_user_id(HOME))
    strange = app.server.test_client()
    strange.get(f"/reset/{link}")
    assert strange.post("/reset/password", data={"new": PASSWORD, "again": PASSWORD}).status_code == 403
    client = at_the_door(app)
    client.get(f"/reset/{link}")
    client.post("/reset/password", data={"new": PASSWORD, "again": PASSWORD})
    assert is_dead(app, user)


# --- sessions (W3) ----------------------------------------------------------------------------------------------------


def test_a_session_that_was_planted_is_not_the_one_that_is_signed_in(app, own_people):
    client = at_the_door(app)
    client.set_cookie("assay", "planted" * 6)
    assert client.post("/sign-in", data={"email": LEAD, "password": PASSWORD}).status_code == 302
    assert client.get_cookie("assay").value != "planted" * 6
    assert is_dead(app, "planted" * 6)
    assert len(client.get_cookie("assay").value) >= 43  # 256 bits


@pytest.mark.parametrize(
    "happens",
    [
        lambda client: client.post("/sign-out"),
        lambda client: client.post("/sign-out-everywhere"),
        lambda client: people.disable_user(LEAD),
        lambda client: people.set_password(LEAD),
        lambda client: people.add_user(LEAD, "champion", "demo"),
        lambda client: client.post(
            "/change-password", data={"old": PASSWORD, "new": "another four words", "again": "another four words"}
        ),
        lambda client: client.post("/choose-tenant", data={"tenant": "demo"}),
    ],
    ids=["sign-out", "everywhere", "disabled", "password reset", "role", "new password", "tenant"],
)
def test_whatever_changes_who_somebody_is_kills_the_session_of_a_long_open_page(app, lead, happens):
    token = lead.get_cookie("assay").value
    assert not is_dead(app, token)
    happens(lead)
    assert is_dead(app, token)


def test_everywhere_is_every_browser(app, lead):
    other = signed_in(app, LEAD)
    assert other.post("/sign-out-everywhere").location == "/sign-in"
    assert is_dead(app, lead.get_cookie("assay").value)
    assert "signed out everywhere" in audit.entries(None)["action"].to_list()


@pytest.mark.parametrize(("column", "minutes", "is_over"), [("seen_at", 29, False), ("seen_at", 31, True),
                                                            ("expires_at", 11 * 60, False), ("expires_at", 12 * 60, True)])  # fmt: skip  # noqa: E501
def test_a_session_ends_of_itself(app, lead, column, minutes, is_over):
    with open_platform(write=True) as session:
        for row in session.scalars(select(UserSession)):
            setattr(row, column, getattr(row, column) - timedelta(minutes=minutes))
    assert is_dead(app, lead.get_cookie("assay").value) == is_over


def test_a_page_that_is_told_to_sign_in_goes_on_to_what_is_to_be_done_first(lead):
    assert lead.get("/sign-in?next=/heatmap").location == "/heatmap"


# --- throttling (W5) --------------------------------------------------------------------------------------------------


def test_a_network_address_is_throttled_whatever_a_stranger_says_it_is(app, own_people):
    for number in range(TRIES_OF_ADDRESS):
        client = at_the_door(app)
        client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
        client.environ_base["HTTP_X_FORWARDED_FOR"] = f"198.51.100.{number}"
        client.post("/sign-in", data={"email": f"guess{number}@example.org", "password": "wrong"})
    stopped = at_the_door(app)
    stopped.environ_base |= {"REMOTE_ADDR": "192.0.2.7", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}
    assert stopped.post("/sign-in", data={"email": LEAD, "password": PASSWORD}).status_code == 401
    assert signed_in(app, LEAD)  # from another address


def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_saw(own_people, monkeypatch):
    from dashboard.app import create_app

    monkeypatch.setenv("ASSAY_PROXIES", "1")
    behind = create_app()
    client = at_the_door(behind)
    told = {"X-Forwarded-For": "203.0.113.9, 198.51.100.4", "X-Forwarded-Proto": "http"}  # the first is made up
    client.post("/sign-in", data={"email": LEAD, "password": PASSWORD}, headers=told)
    with open_platform() as session:
        assert session.scalars(select(UserSession.remote_address)).all()[-1] == "198.51.100.4"


@pytest.mark.parametrize("email", ["\x00", "a\x00@example.org", "é@example.org", "x" * 5000, "' or 1=1 --"])
def test_whatever_is_typed_for_an_address_is_a_wrong_address(stranger, email):
    assert stranger.post("/sign-in", data={"email": email, "password": "x\x00" * 50}).status_code == 401


# --- own account ------------------------------------------------------------------------------------------------------


def test_everybody_sees_who_they_are_and_where_they_are_signed_in(app, lead):
    text = lead.get("/account").text
    for said in (LEAD, "Corporate lead", "in the whole organisation", "Take away what you see", "127.0.0.1", "now"):
        assert said in text
    assert "Administer people" not in text
    scope = scope_of("demo")
    with open_session(scope, write=True) as session:
        told = {"departments": ["A1", "A2"], "ends_on": datetime.now(UTC).date() + timedelta(days=2)}
        people.replace_grants(session, _user_id(LEAD), scope.tenant_id, "champion", may_export=False, **told)
    text = signed_in(app, LEAD).get("/account").text
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    assert f"Champion, in A1, A2 and what lies below, until {tomorrow.day} {tomorrow:%B %Y}" in text
    assert "Take away" not in text


def test_one_whom_a_provider_signs_on_has_no_password_to_change_here(app, lead):
    with open_platform(write=True) as session:
        user = session.get_one(User, _user_id(LEAD))
        user.issuer, user.subject = "https://id.example", "7"
    text = lead.get("/account").text
    assert "sign-in service keeps it" in text
    assert "/change-password" not in text
    assert lead.get("/second-factor").status_code == 404


# --- operators (T11) --------------------------------------------------------------------------------------------------


def visited(client, tenant: str = "demo", reason: str = REASON, lasts: str = "30"):
    return client.post("/choose-tenant", data={"tenant": tenant, "reason": reason, "lasts": lasts})


def test_an_operator_sees_no_data_without_a_reason_that_is_recorded(app, operator):
    assert operator.get("/").location == "/installation"
    page = operator.get("/choose-tenant").text
    assert "CANARY-B Housing" in page
    for form in (("demo", "", "30"), ("demo", "short", "30"), ("nowhere", REASON, "30"), ("\x00", REASON, "30"),
                 ("demo", REASON, "241"), ("demo", REASON, "-5"), ("demo", REASON, "x")):  # fmt: skip
        assert visited(operator, *form).status_code == 400, form
    assert operator.post("/choose-tenant", data={"tenant": "demo"}).status_code == 403
    assert operator.get("/").location == "/installation"
    assert visited(operator).location == "/"
    bar = on_a_page(operator).post("/_dash-update-component", json=body_of(app, WHO)).text
    assert REASON in bar
    assert "End the visit" in bar
    export = next(str(rule) for rule in app.server.url_map.iter_rules() if str(rule).startswith("/download/"))
    assert operator.get(export).status_code == 403
    assert audit.entries(scope_of("demo"))["action"].to_list()[:2] == ["refused", "began a visit"]
    assert "began a visit" in audit.entries(None)["action"].to_list()


def test_one_who_is_no_operator_visits_nobody(lead):
    assert visited(lead, "canary").status_code == 403
    assert "Visit an organisation" not in lead.get("/choose-tenant").text


def test_a_visit_ends_when_it_is_ended_and_both_logs_say_so(app, operator):
    visited(operator)
    token = on_a_page(operator).get_cookie("assay").value
    assert operator.post("/end-visit").location == "/choose-tenant"
    assert is_dead(app, token)
    assert on_a_page(operator).get("/").location == "/installation"
    for scope in (None, scope_of("demo")):
        assert audit.entries(scope)["action"].to_list()[0] == "ended a visit"
        assert audit.verify(scope) is None


def test_a_visit_is_over_when_its_time_is_up(app, operator):
    visited(operator)
    on_a_page(operator)
    assert operator.get("/").status_code == 200
    with open_platform(write=True) as session:
        tenants = session.scalars(select(Tenant)).all()
        from db.tenants import scope_in_tenant

        bind(session, scope_in_tenant(next(one for one in tenants if one.code == "demo")))
        session.scalars(select(OperatorVisit)).one().ends_at = datetime.now(UTC)
    assert operator.get("/").location == "/installation"
    assert operator.get("/heatmap").location == "/choose-tenant?next=/heatmap"
    assert operator.post("/_dash-update-component", json=body_of(app, WHO)).status_code == 401


def test_an_operator_is_in_one_organisation_at_a_time(app, operator):
    visited(operator)
    on_a_page(operator)
    visited(operator, "canary")
    assert operator.get("/_dash-layout").status_code == 409  # the page of the first organisation
    on_a_page(operator)
    assert operator.post("/choose-tenant", data={"tenant": "demo"}).status_code == 403
    assert audit.entries(scope_of("demo"))["action"].to_list()[:2] == ["ended a visit", "began a visit"]


def test_an_operator_who_signs_out_has_left(app, operator):
    visited(operator)
    on_a_page(operator).post("/sign-out")
    assert audit.entries(scope_of("demo"))["action"].to_list()[0] == "ended a visit"
    assert signed_in(app, OPERATOR).get("/").location == "/installation"


def test_a_page_of_one_organisation_gets_nothing_from_another(app, own_people):
    client = signed_in(app, BOTH)
    client.post("/choose-tenant", data={"tenant": "demo"})
    first = on_a_page(client).environ_base["HTTP_X_ASSAY_PAGE"]
    client.post("/choose-tenant", data={"tenant": "canary"})
    answer = client.post("/_dash-update-component", json=body_of(app, WHO))
    assert answer.status_code == 409
    assert "CANARY" not in answer.text
    assert on_a_page(client).environ_base["HTTP_X_ASSAY_PAGE"] != first
    assert "CANARY" in client.post("/_dash-update-component", json=body_of(app, WHO)).text


def _user_id(email: str) -> int:
    with open_platform() as session:
        return session.scalars(select(User.id).where(User.email == email)).one()
