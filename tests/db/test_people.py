"""Signing in: reliability.md W3, W5, T11."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from db import people, sessions
from db.engine import engine
from db.identities import SignInAttempt, User, UserSession
from db.passwords import fit, throttled
from db.session import open_platform
from scheme.errors import Forbidden, UsageError

LEAD = "Lead@Ashcombe.gov.uk"
OURS = "correct horse battery"


@pytest.fixture
def password(scope):
    return people.add_user(LEAD, "corporate_lead", "ASH")


def later(minutes: int) -> None:
    """Let time pass for whoever is signed in: put the clocks of their sessions back."""
    with open_platform(write=True) as session:
        for row in session.scalars(select(UserSession)):
            row.seen_at -= timedelta(minutes=minutes)
            row.expires_at -= timedelta(minutes=minutes)
        for row in session.scalars(select(SignInAttempt)):
            row.tried_at -= timedelta(minutes=minutes)


def test_a_person_signs_in_and_out(password):
    assert len(password) >= 16
    token = sessions.sign_in(" lead@ashcombe.gov.uk ", password)
    identity = sessions.session_of(token)
    assert (identity.email, identity.must_change_password) == ("lead@ashcombe.gov.uk", True)
    assert (identity.chosen.tenant_code, identity.chosen.role, identity.chosen.departments) == (
        *("ASH", "corporate_lead"),
        None,
    )
    assert identity.scope().tenant_code == "ASH"
    sessions.sign_out(token)
    assert sessions.session_of(token) is None
    sessions.sign_out(token)


def test_no_token_and_no_password_can_be_read_in_the_warehouse(password):
    token = sessions.sign_in(LEAD, password)
    with open_platform() as session:
        kept = [session.scalars(select(column)).one() for column in (User.password_hash, UserSession.token_sha256)]
    assert kept[0].startswith("$argon2id$")
    assert all(secret not in text for secret in (token, password) for text in kept)


@pytest.mark.parametrize("email", [LEAD, "nobody@example.org"])
def test_a_wrong_password_and_an_unknown_person_answer_alike(password, email):
    assert sessions.sign_in(email, "wrong") is None
    assert not throttled(email)
    for _ in range(9):
        sessions.sign_in(email, "wrong")
    assert throttled(email)
    assert throttled(email.upper())
    assert sessions.sign_in(email, password) is None
    later(minutes=5)
    assert not throttled(email)
    assert (sessions.sign_in(email, password) is not None) == (email == LEAD)


def test_passwords_tried_at_once_are_all_counted(password):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: sessions.sign_in(LEAD, "wrong"), range(12)))
    assert throttled(LEAD)
    assert sessions.sign_in(LEAD, password) is None


def test_guesses_from_many_places_at_one_account_are_counted_together_and_outlive_a_restart(password):
    for number in range(10):
        sessions.sign_in(LEAD, f"guess {number}", f"192.0.2.{number}")
    engine().dispose()  # as when every worker starts anew: the count is in the warehouse
    assert sessions.sign_in(LEAD, password, "198.51.100.1") is None


def test_guesses_from_one_place_at_many_accounts_are_counted_together(password):
    for number in range(20):
        sessions.sign_in(f"guess{number}@example.org", "wrong", "192.0.2.7")
    assert sessions.sign_in(LEAD, password, "192.0.2.7") is None
    assert sessions.sign_in(LEAD, password, "192.0.2.8")


def test_an_unknown_person_takes_as_long_as_a_wrong_password(password):
    def seconds(email: str) -> float:
        started = time.perf_counter()
        sessions.sign_in(email, "wrong")
        return time.perf_counter() - started

    sessions.sign_in("first@example.org", "wrong")
    known, unknown = (min(seconds(email) for _ in range(5)) for email in (LEAD, "nobody@example.org"))
    assert 0.4 < known / unknown < 2.5


@pytest.mark.parametrize(
    "common",
    [
        *("password1234", "passwordpassword", "qwertyuiop12", "123456789012", "aaaaaaaaaaaa", "Password1234!"),
        *("letmeinletmein", "lead@ashcombe.gov.uk", "leadashcombe1", "ASHCOMBE.gov.uk"),
    ],
)
def test_what_everybody_tries_first_is_no_password(common):
    with pytest.raises(UsageError, match="anybody would try"):
        fit(common, "", "lead@ashcombe.gov.uk")


@pytest.mark.parametrize("good", [OURS, "tide lantern quarry", "correcthorsebatterystaple", "żółta łódka płynie", "ashcombe lantern tide", "kdjfhgkjdfhg", "tide lantern quarry nine " * 8])  # fmt: skip  # noqa: E501
def test_a_password_of_any_make_will_do(good):
    fit(good, "", "lead@ashcombe.gov.uk")


@pytest.mark.parametrize(("wrong", "said"), [("elevenchars", "at least 12"), ("x7 " * 67, "200 characters at most")])
def test_a_password_that_is_too_short_or_too_long_says_so(wrong, said):
    with pytest.raises(UsageError, match=said):
        fit(wrong)


def test_the_right_password_clears_the_count(password):
    for _ in range(9):
        sessions.sign_in(LEAD, "wrong")
    assert sessions.sign_in(LEAD, password)
    for _ in range(9):
        sessions.sign_in(LEAD, "wrong")
    assert sessions.sign_in(LEAD, password)


def test_a_session_ends_after_half_an_hour_of_nothing_and_twelve_hours_of_anything(password):
    token = sessions.sign_in(LEAD, password)
    for _ in range(24):
        later(minutes=29)
        assert sessions.session_of(token)
    later(minutes=29)
    assert sessions.session_of(token) is None
    token = sessions.sign_in(LEAD, password)
    later(minutes=30)
    assert sessions.session_of(token) is None


def test_a_new_password_ends_every_session_but_the_one_it_is_set_in(password):
    token, elsewhere = sessions.sign_in(LEAD, password), sessions.sign_in(LEAD, password)
    with pytest.raises(Forbidden, match="not right"):
        sessions.change_password(token, "wrong", OURS)
    for new in ("short", password):
        with pytest.raises(UsageError):
            sessions.change_password(token, password, new)
    renewed = sessions.change_password(token, password, OURS)
    assert sessions.session_of(token) is None
    assert sessions.session_of(elsewhere) is None
    assert not sessions.session_of(renewed).must_change_password
    assert sessions.session_of(renewed).chosen.tenant_code == "ASH"
    assert sessions.sign_in(LEAD, password) is None
    assert sessions.sign_in(LEAD, OURS)


def test_a_person_of_two_tenants_is_in_one_at_a_time(password, other):
    assert people.add_user(LEAD, "assessor", "BEC", ["H2", "H1", "H1"]) is None
    token = sessions.sign_in(LEAD, password)
    assert sessions.session_of(token).chosen is None
    with pytest.raises(Forbidden):
        sessions.session_of(token).scope()
    turned = sessions.choose_tenant(token, "BEC")
    assert sessions.session_of(token) is None
    scope = sessions.session_of(turned).scope()
    assert (scope.tenant_code, scope.role, scope.departments) == ("BEC", "assessor", ("H1", "H2"))
    people.add_user(LEAD, "champion", "BEC", ["H3"])
    assert sessions.session_of(turned) is None  # a session of the old role is over (reliability.md W3)
    scope = sessions.session_of(sessions.choose_tenant(sessions.sign_in(LEAD, password), "BEC")).scope()
    assert (scope.role, scope.departments) == ("champion", ("H3",))


def test_a_tenant_that_is_not_granted_looks_like_none(password, other):
    token = sessions.sign_in(LEAD, password)
    said = []
    for code in ("BEC", "NO-SUCH"):
        with pytest.raises(Forbidden) as error:
            sessions.choose_tenant(token, code)
        said.append(str(error.value))
    assert said[0] == said[1]
    assert sessions.session_of(token).chosen.tenant_code == "ASH"


def test_a_person_who_is_let_go_is_out_at_once(password):
    token = sessions.sign_in(LEAD, password)
    people.disable_user(LEAD)
    assert sessions.session_of(token) is None
    assert sessions.sign_in(LEAD, password) is None


def test_a_password_can_be_given_anew(password):
    token = sessions.sign_in(LEAD, password)
    demo = people.set_password(LEAD, must_change=False)
    assert sessions.session_of(token) is None
    assert not sessions.session_of(sessions.sign_in(LEAD, demo)).must_change_password
    with pytest.raises(UsageError, match="nobody signs in as"):
        people.set_password("nobody@example.org")


@pytest.mark.parametrize(
    ("email", "role", "tenant", "said"),
    [
        ("lead", "champion", "ASH", "no e-mail address"),
        (LEAD, "king", "ASH", "no role 'king'"),
        (LEAD, "champion", "NO", "no tenant 'NO'"),
        (LEAD, "champion", None, "needs a tenant"),
    ],
)
def test_a_person_who_cannot_be_is_wrong_usage(scope, email, role, tenant, said):
    with pytest.raises(UsageError, match=said):
        people.add_user(email, role, tenant)


def test_an_operator_needs_no_tenant_and_has_none(scope):
    password = people.add_user("op@example.org", "operator")
    identity = sessions.session_of(sessions.sign_in("op@example.org", password))
    assert (identity.grants, identity.chosen) == ((), None)


def test_a_password_kept_in_an_older_way_is_kept_anew_when_it_is_used(password):
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash(password)
    with open_platform(write=True) as session:
        session.execute(update(User).values(password_hash=weak))
    assert sessions.sign_in(LEAD, password)
    with open_platform() as session:
        assert session.scalars(select(User.password_hash)).one() != weak
    assert sessions.sign_in(LEAD, password)


def test_a_kept_password_costs_whoever_guesses_it_what_is_recommended():
    said = "from db.passwords import hashed; print(hashed('four plain words here'))"  # not cheap, as in this process
    kept = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")  # RFC 9106, section 4, second recommended


def test_old_sessions_are_swept_away(password):
    sessions.sign_in(LEAD, password)
    later(minutes=13 * 60)
    sessions.sign_in(LEAD, password)
    with open_platform() as session:
        rows = session.scalars(select(UserSession)).all()
    assert [row.expires_at > datetime.now(UTC) for row in rows] == [True]
