"""Ways in that somebody looking for them found (2026-11), each of them shut."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from db import audit, members, passwords, people, sessions
from db.identities import SignInAttempt, User
from db.members import Given
from db.passwords import TRIES, TRIES_OF_ADDRESS, hashed
from db.session import EXEMPT, open_platform
from db.tenants import scope_of
from tests.dashboard.conftest import LEAD, NOBODY, PASSWORD, signed_in
from tests.dashboard.test_gate import body_of

ADMINISTRATOR = "keeper@example.org"


@pytest.fixture
def administrator(app, own_people):
    """A client of an administrator of the first tenant."""
    once = people.add_user(ADMINISTRATOR, "administrator", "demo")
    sessions.change_password(sessions.sign_in(ADMINISTRATOR, once), once, PASSWORD)
    return signed_in(app, ADMINISTRATOR)


def tried(times: int, email: str, address: str) -> None:
    """So many wrong passwords, just now."""
    who, where = passwords.sha256(email), passwords.sha256(address)
    at = datetime.now(UTC)
    with open_platform(write=True) as session:
        session.add_all(SignInAttempt(email_sha256=who, address_sha256=where, tried_at=at) for _ in range(times))


# --- strangers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/sign-on/a/b/c", "/sign-on/", "/reset/a/b", "/reset/", "/assets/"])
def test_below_an_open_folder_there_is_no_page_for_a_stranger(stranger, path):
    assert stranger.get(path).status_code == 404


def test_tries_past_the_limit_write_nothing_more_into_the_log(own_people):
    def refused() -> int:
        return audit.entries(None)["action"].to_list().count("refused sign-in")

    tried(TRIES_OF_ADDRESS - 1, "somebody@example.org", "192.0.2.7")
    for number in range(4):
        assert sessions.sign_in(f"guess{number}@example.org", "wrong", "192.0.2.7") is None
    assert refused() == 1


def test_a_stranger_may_knock_no_more_often_than_anybody(own_people, monkeypatch):
    monkeypatch.setenv("ASSAY_REQUESTS_A_MINUTE", "5")
    from dashboard.app import create_app

    client = create_app().server.test_client()
    answers = [client.get("/sign-on/nobody", environ_base={"REMOTE_ADDR": "192.0.2.7"}) for _ in range(8)]
    assert answers[-1].status_code == 429


# --- accounts ---------------------------------------------------------------------------------------------------------


def test_an_account_of_the_same_address_in_another_organisation_buys_no_guesses(own_people):
    """Its keeper could else sign in to it after every ninth guess at the other one, and guess for ever."""
    members.invite(scope_of("canary"), LEAD, Given("senior_leader"))
    with open_platform(write=True) as session:
        own = session.scalars(select(User).where(User.email == LEAD, User.home_tenant_id.is_not(None))).one()
        own.password_hash, own.must_change_password = hashed("the attacker's own words"), False
    tried(TRIES - 1, LEAD, "192.0.2.7")
    assert passwords.proven(LEAD, "the attacker's own words", "192.0.2.7") == own.id
    assert passwords.proven(LEAD, "another guess", "192.0.2.7") is None
    assert passwords.throttled(LEAD)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "X-Real-Ip", "Forwarded", "Via"])
def test_the_second_factor_is_asked_of_whoever_comes_through_a_proxy_and_says_localhost(app, own_people, header):
    client = signed_in(app, NOBODY)
    assert client.get("/choose-tenant").status_code == 200  # the demo, looked at from its own machine
    answer = client.get("/choose-tenant", headers={header: "203.0.113.9"})
    assert answer.status_code == 302
    assert answer.location.startswith("/second-factor")


# --- the audit log ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["audit_entries", "platform_audit"])
def test_no_entry_of_the_log_is_replaced_by_another(own_people, table):
    sessions.sign_in(LEAD, PASSWORD)
    put = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
    with pytest.raises(DBAPIError, match="only ever added to"), open_platform(write=True) as session:
        session.connection(execution_options={EXEMPT: True}).execute(text(put))


# --- what nobody thought of answers in words --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("tokens/99999999999999999999/revoke", {}),
        ("people/invite", {"email": "a@example.org", "role": "senior_leader", "until": "9999-12-31", "export": "no"}),
        ("sources/new", {"code": "deep", "body": "a=" + "[" * 20_000}),
    ],
)
def test_what_is_too_much_is_refused_in_words(administrator, path, form):
    assert administrator.post(f"/administration/{path}", data=form).status_code in (400, 404)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_out_of_all_time_is_refused_in_words(app, lead, moment):
    output = next(key for key in app.callback_map if key.startswith("..overview-headline"))
    body = body_of(app, output)
    for item in body["inputs"]:
        item["value"] = f"/?known_at={moment}"
    assert "a moment is written" in lead.post("/_dash-update-component", json=body).text
