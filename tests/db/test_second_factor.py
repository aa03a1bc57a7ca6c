"""Second factors and links for choosing a password: reliability.md W3, W5."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import select

from db import audit, people, reset, second_factor, sessions
from db.identities import ResetLink, SignInAttempt, User
from db.models import Tenant
from db.passwords import hashed
from db.session import open_platform, open_session
from scheme.errors import Forbidden, UsageError

LEAD, OURS = "lead@ashcombe.gov.uk", "correct horse battery"


@pytest.fixture
def token(scope):
    """The session of a corporate lead who has no second factor yet."""
    return sessions.sign_in(LEAD, people.add_user(LEAD, "corporate_lead", "ASH"))


def enrolled(token: str, password: str | None = None) -> tuple[str, str]:
    """A new token, and the secret that was set up."""
    _at_ease()
    person = sessions.session_of(token)
    secret, closed = second_factor.offer(person.user_id)
    return second_factor.enrol(token, closed, code(secret, -1), password), secret


def _at_ease() -> None:
    """Wait where this step of time is nearly over: the codes of a test are of one step and its neighbours."""
    left = 30 - time.time() % 30
    if left < 6:
        time.sleep(left)


def code(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=steps)


def wrong(secret: str) -> str:
    return next(made for made in ("000000", "111111") if all(made != code(secret, n) for n in (-2, -1, 0, 1, 2)))


def account(tenant_code: str | None = None, email: str = "own@ashcombe.gov.uk") -> int:
    """The id of an account without a password, which a tenant keeps."""
    with open_platform(write=True) as session:
        home = session.scalars(select(Tenant.id).where(Tenant.code == tenant_code)).first()
        user = User(email=email, home_tenant_id=home, must_change_password=False)
        session.add(user)
        session.flush()
        return user.id


def actions(scope=None) -> list[str]:
    return audit.entries(scope)["action"].to_list()


def test_whoever_needs_a_second_factor_sets_one_up_and_then_shows_it_at_each_sign_in(token):
    assert sessions.session_of(token).needs_second_factor
    new, secret = enrolled(token)
    assert sessions.session_of(token) is None
    person = sessions.session_of(new)
    assert (person.needs_second_factor, person.has_second_factor) == (False, True)
    with open_platform(write=True) as session:
        session.get_one(User, person.user_id).password_hash = hashed(OURS)
    again = sessions.sign_in(LEAD, OURS)
    assert sessions.session_of(again).needs_second_factor
    shown = second_factor.prove(again, f" {code(secret)[:3]} {code(secret)[3:]} ")
    assert sessions.session_of(again) is None
    assert not sessions.session_of(shown).needs_second_factor


@pytest.mark.parametrize(
    ("role", "asked"),
    [
        *[("administrator", True), ("corporate_lead", True)],
        *[("senior_leader", False), ("assessor", False), ("champion", False)],
    ],
)
def test_it_is_asked_of_whoever_can_do_much_and_of_whoever_set_one_up(scope, role, asked):
    password = people.add_user(LEAD, role, "ASH")
    token = sessions.sign_in(LEAD, password)
    assert sessions.session_of(token).needs_second_factor == asked
    if not asked:
        with pytest.raises(Forbidden, match="password"):
            enrolled(token, "not the password")
        enrolled(token, password)
        assert sessions.session_of(sessions.sign_in(LEAD, password)).needs_second_factor


def test_it_is_asked_of_operators(scope):
    token = sessions.sign_in("op@example.org", people.add_user("op@example.org", "operator"))
    assert sessions.session_of(token).needs_second_factor


def test_a_code_is_good_once_and_those_before_it_never(token):
    new, secret = enrolled(token)
    present = code(secret)
    assert second_factor.prove(new, present)
    for _ in range(2):
        other = sessions.begin(sessions.session_of(sessions.begin(1)).user_id)
        for used in (present, code(secret, -1)):
            with pytest.raises(Forbidden, match="used already"):
                second_factor.prove(other, used)
    assert second_factor.prove(other, code(secret, 1))


def test_a_code_shown_twice_at_once_is_good_once(token):
    _, secret = enrolled(token)
    tokens, present = [sessions.begin(1) for _ in range(4)], code(secret)

    def proven(one: str) -> bool:
        try:
            return bool(second_factor.prove(one, present))
        except Forbidden:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(proven, tokens)) == 1


@pytest.mark.parametrize("given", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "1" * 5000])
def test_what_is_no_code_is_a_wrong_code(token, given):
    new, _ = enrolled(token)
    with pytest.raises(Forbidden, match="not right"):
        second_factor.prove(new, given)


def test_codes_are_throttled_by_person_whatever_session_they_are_tried_in(token):
    new, secret = enrolled(token)
    for _ in range(10):
        with pytest.raises(Forbidden):
            second_factor.prove(sessions.begin(1), wrong(secret))
    with pytest.raises(Forbidden):
        second_factor.prove(sessions.begin(1), code(secret, 1))
    with open_platform(write=True) as session:
        for row in session.scalars(select(SignInAttempt)):
            row.tried_at -= timedelta(minutes=5)
    assert second_factor.prove(new, code(secret, 1))
    assert actions().count("refused second factor") == 10


def test_the_right_password_does_not_clear_the_codes_that_were_tried(token):
    new, secret = enrolled(token)
    with open_platform(write=True) as session:
        session.get_one(User, 1).password_hash = hashed(OURS)
    for _ in range(10):
        with pytest.raises(Forbidden):
            second_factor.prove(sessions.sign_in(LEAD, OURS), wrong(secret))
    with pytest.raises(Forbidden):
        second_factor.prove(new, code(secret, 1))


def test_a_secret_counts_only_once_a_code_of_it_was_shown(token):
    secret, closed = second_factor.offer(1)
    with pytest.raises(Forbidden):
        second_factor.enrol(token, closed, wrong(secret), None)
    assert not sessions.session_of(token).has_second_factor
    for forged in ("", "x", closed[:-5], second_factor.offer(2)[1]):
        with pytest.raises(UsageError):
            second_factor.enrol(token, forged, code(secret), None)


def test_one_who_has_a_second_factor_cannot_set_up_another_before_it_was_shown(token):
    new, secret = enrolled(token)
    with open_platform(write=True) as session:
        session.get_one(User, 1).password_hash = hashed(OURS)
    fresh = sessions.sign_in(LEAD, OURS)
    with pytest.raises(Forbidden, match="that you have first"):
        enrolled(fresh, OURS)
    with pytest.raises(Forbidden, match="password"):
        enrolled(new)
    replaced, other = enrolled(new, OURS)
    assert sessions.session_of(fresh) is None  # every other session is over
    with pytest.raises(Forbidden):
        second_factor.prove(replaced, code(secret))
    assert second_factor.prove(replaced, code(other))


def test_nobody_who_reads_the_warehouse_can_make_codes(token):
    _, secret = enrolled(token)
    with open_platform() as session:
        kept = session.get_one(User, 1).totp_secret
    assert secret not in kept
    assert kept.startswith("gAAAA")


def test_a_new_secret_of_the_program_leaves_second_factors_working(token, monkeypatch):
    new, secret = enrolled(token)
    before, now = os.environ["ASSAY_SECRET"], "another-secret-of-the-tests-and-of-nobody-else-9876543210"
    monkeypatch.setenv("ASSAY_SECRET", now)
    with pytest.raises(UsageError, match="ask an administrator"):
        second_factor.prove(new, code(secret))
    monkeypatch.setenv("ASSAY_SECRET_BEFORE", f"the-one-before-that-0123456789-abcdefghij {before}")
    new = second_factor.prove(new, code(secret))
    monkeypatch.delenv("ASSAY_SECRET_BEFORE")  # it was closed anew with the present one
    assert second_factor.prove(new, code(secret, 1))


def test_an_administrator_resets_the_accounts_of_the_own_organisation_alone(token, scope, other):
    home, theirs = account("ASH"), account("BEC")
    with open_session(scope, write=True) as session:
        people.replace_grants(session, home, scope.tenant_id, "administrator")
    new, _ = enrolled(sessions.begin(home))
    with open_session(scope, write=True) as session:
        for strange in (theirs, 1, 999):  # another's, the platform's, nobody's
            with pytest.raises(Forbidden, match="does not keep that account"):
                second_factor.reset(session, strange)
            with pytest.raises(Forbidden, match="does not keep that account"):
                reset.make(session, strange, scope.actor)
        second_factor.reset(session, home)
    assert not sessions.session_of(new) or not sessions.session_of(new).has_second_factor
    assert actions(scope)[0] == "reset second factor"


def test_after_a_reset_no_session_counts_as_proven(token, scope):
    new, _ = enrolled(token)
    assert not sessions.session_of(new).needs_second_factor
    with open_platform(write=True) as session:
        second_factor.reset(session, 1)
    assert sessions.session_of(new) is None
    assert actions()[0] == "reset second factor"


def test_a_link_sets_a_password_once_and_ends_every_session(scope):
    home = account("ASH")
    with open_session(scope, write=True) as session:
        people.replace_grants(session, home, scope.tenant_id, "champion")
        link = reset.make(session, home, scope.actor)
    signed_in = sessions.begin(home)
    assert reset.holder(link) == "own@ashcombe.gov.uk"
    with pytest.raises(UsageError, match="12 characters"):
        reset.use(link, "short")
    reset.use(link, OURS, "192.0.2.7")
    assert sessions.session_of(signed_in) is None
    assert sessions.sign_in("own@ashcombe.gov.uk", OURS)
    with pytest.raises(Forbidden, match="used, over or not one of ours"):
        reset.use(link, "another four words here")
    assert reset.holder(link) is None
    assert "chose a password by link" in actions()
    told = audit.entries(scope)
    assert told["action"].to_list()[:2] == ["came in", "chose a password by link"]
    assert {link, OURS}.isdisjoint("".join(map(str, told.row(0))).split())
    assert audit.verify(scope) is None
    with open_platform() as session:
        assert link not in [row.token_sha256 for row in session.scalars(select(ResetLink))]


def test_used_unknown_and_expired_links_and_those_of_a_closed_account_are_alike(scope):
    home, said = account("ASH"), []
    with open_session(scope, write=True) as session:
        first = reset.make(session, home, "a")
        second = reset.make(session, home, "a")
    assert reset.holder(first) is None  # a new one kills the one before
    reset.use(second, OURS)
    with open_session(scope, write=True) as session:
        third = reset.make(session, home, "a")
        session.scalars(select(ResetLink).where(ResetLink.used_at.is_(None))).one().expires_at = datetime.now(UTC)
    for dead in (first, second, third, "never was", "", "x" * 5000):
        with pytest.raises(Forbidden) as error:
            reset.use(dead, "another four words here")
        said.append(str(error.value))
    with open_session(scope, write=True) as session:
        closed = reset.make(session, home, "a")
        session.get_one(User, home).disabled_at = datetime.now(UTC)
    with pytest.raises(Forbidden) as error:
        reset.use(closed, "another four words here")
    assert {*said, str(error.value)} == {reset.DEAD}


def test_a_link_used_twice_at_once_is_good_once(scope):
    home = account("ASH")
    with open_session(scope, write=True) as session:
        link = reset.make(session, home, "a")

    def used(new: str) -> bool:
        try:
            reset.use(link, new)
        except Forbidden:
            return False
        return True

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(used, [f"{OURS} number {n}" for n in range(3)])) == 1


def test_a_new_password_kills_the_links_that_are_out(token):
    with open_platform(write=True) as session:
        link = reset.make(session, 1, "command line")
        session.get_one(User, 1).password_hash = hashed(OURS)
    sessions.change_password(token, OURS, "another four words here")
    assert reset.holder(link) is None


def test_one_whom_a_provider_signs_on_has_neither_link_nor_second_factor_here(scope):
    home = account("ASH")
    with open_platform(write=True) as session:
        user = session.get_one(User, home)
        user.issuer, user.subject = "https://id.example", "7"
    with open_session(scope, write=True) as session:
        for refused in (lambda: reset.make(session, home, "a"), lambda: second_factor.reset(session, home)):
            with pytest.raises(UsageError, match="sign-in service"):
                refused()
    with pytest.raises(UsageError, match="sign-in service"):
        enrolled(sessions.begin(home))
