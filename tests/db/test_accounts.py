"""Accounts as the platform's operator looks after them: whichever tenant keeps them, and told in both logs (W3, W6)."""

import pyotp
import pytest

from db import accounts, audit, grants, members, people, reset, second_factor, sessions
from db.session import open_platform
from scheme.errors import UsageError

PAT = "command line: pat"
OPERATOR, OWN = "op@platform.uk", "own@ashcombe.gov.uk"
NEW = "three blue kettles sing"


@pytest.fixture
def own(scope):
    """The one-time password of an account that the tenant keeps."""
    return members.invite(scope, OWN, members.Given("senior_leader"))


@pytest.fixture
def operator(warehouse):
    """The one-time password of somebody who runs the platform."""
    return people.add_user(OPERATOR, "operator")


def number(email):
    return dict(accounts.accounts().select("email", "person").iter_rows())[email]


def told(log):
    return audit.entries(log)["action"].to_list()


def test_the_list_says_of_every_account_who_keeps_it_and_where_something_is_granted(scope, own, operator):
    people.add_user("lead@ashcombe.gov.uk", "corporate_lead", "ASH")
    sessions.sign_in(OWN, own)
    rows = accounts.accounts().to_dicts()
    assert [(r["email"], r["kept_by"], r["operator"], r["tenants"], r["seen_at"] is not None) for r in rows] == [
        ("lead@ashcombe.gov.uk", "platform", False, ["ASH"], False),
        (OPERATOR, "platform", True, [], False),
        (OWN, "ASH", False, ["ASH"], True),
    ]


def test_a_disabled_account_is_out_at_once_until_it_is_enabled_again(scope, own):
    token = sessions.sign_in(OWN, own)
    accounts.disable(number(OWN), PAT)
    assert sessions.session_of(token) is None
    assert sessions.sign_in(OWN, own) is None
    accounts.enable(number(OWN), PAT)
    assert sessions.session_of(token) is None
    assert sessions.sign_in(OWN, own) is not None
    for log in (scope, None):
        assert {"disabled", "enabled"} <= set(told(log))
        assert audit.verify(log) is None


def test_ending_a_persons_sessions_ends_them_all_and_no_one_elses(own, operator):
    mine = [sessions.sign_in(OWN, own), sessions.sign_in(OWN, own)]
    theirs = sessions.sign_in(OPERATOR, operator)
    accounts.end_their_sessions(number(OWN), PAT)
    assert [sessions.session_of(token) for token in mine] == [None, None]
    assert sessions.session_of(theirs) is not None


def test_a_new_password_and_a_link_let_a_person_in_and_the_old_password_no_more(scope, own):
    token = sessions.sign_in(OWN, own)
    fresh = accounts.new_password(number(OWN), PAT)
    assert sessions.session_of(token) is None
    assert sessions.sign_in(OWN, own) is None
    assert sessions.session_of(sessions.sign_in(OWN, fresh)).must_change_password
    link = accounts.reset_link(number(OWN), PAT)
    assert sessions.sign_in(OWN, fresh) is None
    reset.use(link, NEW)
    assert sessions.sign_in(OWN, NEW) is not None
    assert [told(log).count("reset password") for log in (scope, None)] == [2, 2]


def test_a_second_factor_that_is_reset_is_asked_for_no_more(scope, own):
    token = sessions.sign_in(OWN, own)
    secret, closed = second_factor.offer(number(OWN))
    second_factor.enrol(token, closed, pyotp.TOTP(secret).now(), own)
    assert accounts.accounts()["second_factor"].to_list() == [True]
    accounts.reset_second_factor(number(OWN))
    assert accounts.accounts()["second_factor"].to_list() == [False]
    assert not sessions.session_of(sessions.sign_in(OWN, own)).needs_second_factor
    assert "reset second factor" in told(scope)


def test_who_runs_the_platform_no_more_is_out_at_once_and_visits_nobody(scope, operator):
    token = sessions.sign_in(OPERATOR, operator)
    accounts.revoke_operator(number(OPERATOR), PAT)
    assert sessions.session_of(token) is None
    assert not sessions.session_of(sessions.sign_in(OPERATOR, operator)).is_operator
    with pytest.raises(UsageError, match="no operator"):
        accounts.revoke_operator(number(OPERATOR), PAT)
    newest = audit.entries(None).row(1, named=True)  # the newest is the sign-in
    assert (newest["actor"], newest["action"]) == (PAT, "revoked")


def test_an_account_that_is_not_there_changes_nothing(warehouse):
    before = told(None)
    for change in (accounts.disable, accounts.enable, accounts.end_their_sessions, accounts.new_password):
        with pytest.raises(UsageError, match="no account 99"):
            change(99, PAT)
    assert told(None) == before
    with open_platform() as session:
        assert grants.is_operator(session, 99) is False
