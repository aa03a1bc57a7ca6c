"""The people of a tenant as its administrators keep them: reliability.md T6, T10, W3, W6."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from db import audit, members, people, sessions
from db.administration import FORMER, Asked, actors, log_page, log_words, visits
from db.identities import Grant, User
from db.members import Given
from db.session import Scope, open_platform, open_session
from scheme.errors import Forbidden, UsageError
from tests.db.made import a_load, put, results

ADA, BEN, CLEO = "ada@ashcombe.gov.uk", "ben@ashcombe.gov.uk", "cleo@elsewhere.org"
TOMORROW = datetime.now(UTC).date() + timedelta(days=1)


@pytest.fixture
def ada(scope: Scope) -> int:
    """The first administrator, whose account the platform keeps."""
    people.add_user(ADA, "administrator", "ASH")
    return id_of(scope, ADA)


def id_of(scope: Scope, email: str) -> int:
    return next(one.user_id for one in members.members(scope) if one.email == email)


def newest(scope: Scope, count: int) -> list[tuple[str, str]]:
    return list(audit.entries(scope, count).select("action", "object").iter_rows())


def held(user_id: int) -> list[tuple[int | None, str]]:
    with open_platform() as session:
        return [(row.tenant_id, row.role) for row in session.scalars(select(Grant).where(Grant.user_id == user_id))]


def test_whoever_is_invited_signs_in_and_can_only_come_here(scope, other, ada):
    password = members.invite(scope, f" {BEN.upper()} ", Given("senior_leader"))
    identity = sessions.session_of(sessions.sign_in(BEN, password))
    assert identity.must_change_password
    assert (identity.chosen.tenant_code, identity.chosen.role, identity.chosen.may_export) == (
        "ASH",
        "senior_leader",
        True,
    )
    ben = id_of(scope, BEN)
    assert newest(scope, 3) == [("came in", ""), ("granted", f"person {ben}"), ("invited", f"person {ben}")]
    assert BEN not in [one.email for one in members.members(other)]
    with open_platform() as session:
        assert session.get_one(User, ben).home_tenant_id == scope.tenant_id


def test_inviting_tells_nothing_of_accounts_elsewhere(scope, other, ada):
    """T6: an address with accounts of the platform, of another tenant, of a provider, and of nobody answer alike."""
    people.add_user("platform@x.org", "corporate_lead", "BEC")
    members.invite(other, "theirs@x.org", Given("senior_leader"))
    with open_platform(write=True) as session:
        session.add(User(email="sso@x.org", issuer="https://id", subject="7", must_change_password=False))
    took = {}
    for name in ("platform", "theirs", "sso", "nobody"):
        began = time.perf_counter()
        password = members.invite(scope, f"{name}@x.org", Given("senior_leader"))
        took[name] = time.perf_counter() - began
        assert len(password.split("-")) == 4
    assert max(took.values()) < 10 * min(took.values())  # the same work: a password is hashed each time
    for name in ("platform", "theirs", "sso", "nobody"):
        one = members.member(scope, id_of(scope, f"{name}@x.org"))
        assert (one.kind, one.role, one.seen_at, one.has_second_factor) == ("ours", "senior_leader", None, False)
        said = []
        for _ in range(2):
            with pytest.raises(UsageError) as error:
                members.invite(scope, f"{name}@x.org", Given("senior_leader"))
            said.append(str(error.value).replace(name, "X"))
        assert set(said) == {"your people include X@x.org already; choose them in the list to change what they do"}
    assert [one.email for one in members.members(other)] == ["platform@x.org", "theirs@x.org"]


def test_somebody_elses_person_and_nobody_answer_alike_whatever_is_done(scope, other, ada):
    members.invite(other, CLEO, Given("administrator"))
    cleo, nobody = id_of(other, CLEO), 999_999
    token = sessions.sign_in(CLEO, members.reset_password(other, cleo))
    before, log = held(cleo), audit.head(other)
    for act in (
        members.member,
        lambda *who: members.change(*who, Given("senior_leader")),
        members.end_access,
        members.end_their_sessions,
        members.disable,
        members.enable,
        members.reset_password,
        members.reset_second_factor,
    ):
        said = []
        for user_id in (cleo, nobody):
            with pytest.raises(Forbidden) as error:
                act(scope, user_id)
            said.append(str(error.value))
        assert said == [members.NOBODY] * 2
    assert held(cleo) == before
    assert audit.head(other) == log
    assert sessions.session_of(token).chosen.tenant_code == "BEC"


def test_a_change_is_of_this_tenant_alone_and_ends_the_sessions_there(scope, other, ada):
    people.add_user(CLEO, "corporate_lead", "ASH")
    people.add_user(CLEO, "corporate_lead", "BEC")
    cleo = id_of(scope, CLEO)
    password = people.set_password(CLEO)
    here = sessions.choose_tenant(sessions.sign_in(CLEO, password), "ASH")
    there = sessions.choose_tenant(sessions.sign_in(CLEO, password), "BEC")
    members.change(scope, cleo, Given("senior_leader", ends_on=TOMORROW, may_export=False))
    assert sessions.session_of(here) is None
    assert sessions.session_of(there).chosen.role == "corporate_lead"
    assert sorted(held(cleo)) == [(scope.tenant_id, "senior_leader"), (other.tenant_id, "corporate_lead")]
    members.end_access(scope, cleo)
    assert held(cleo) == [(other.tenant_id, "corporate_lead")]
    assert CLEO not in [one.email for one in members.members(scope)]
    assert newest(scope, 1) == [("revoked", f"person {cleo}")]


def test_accounts_that_the_operator_keeps_are_not_the_tenants_to_touch(scope, ada):
    people.add_user(CLEO, "senior_leader", "ASH")
    cleo = id_of(scope, CLEO)
    password = people.set_password(CLEO)
    for act in (members.disable, members.enable, members.reset_password, members.reset_second_factor):
        with pytest.raises(UsageError, match="kept elsewhere"):
            act(scope, cleo)
    assert sessions.sign_in(CLEO, password)


def test_an_own_account_is_disabled_enabled_and_given_another_way_in(scope, ada):
    once = members.invite(scope, BEN, Given("senior_leader"))
    ben = id_of(scope, BEN)
    token = sessions.sign_in(BEN, once)
    members.disable(scope, ben)
    assert sessions.session_of(token) is None
    assert sessions.sign_in(BEN, once) is None
    assert not members.member(scope, ben).is_in
    members.enable(scope, ben)
    token = sessions.sign_in(BEN, once)
    again = members.reset_password(scope, ben)
    assert sessions.session_of(token) is None
    assert sessions.sign_in(BEN, once) is None
    token = sessions.sign_in(BEN, again)
    with open_platform(write=True) as session:
        user = session.get_one(User, ben)
        user.totp_secret, user.totp_step, user.second_factor_at = "closed", 5, datetime.now(UTC)
    assert members.member(scope, ben).has_second_factor
    members.reset_second_factor(scope, ben)
    assert sessions.session_of(token) is None
    with open_platform() as session:
        user = session.get_one(User, ben)
        assert (user.totp_secret, user.totp_step, user.second_factor_at) == (None, None, None)
    token = sessions.sign_in(BEN, again)
    members.end_their_sessions(scope, ben)
    assert sessions.session_of(token) is None
    assert [action for action, _ in newest(scope, 8)] == [
        *("ended sessions", "came in", "reset second factor", "came in", "reset password", "came in", "enabled"),
        "disabled",
    ]


def test_the_only_lasting_administrator_stays(scope, ada):
    members.invite(scope, BEN, Given("administrator"))
    ben = id_of(scope, BEN)
    members.change(scope, ada, Given("administrator", ends_on=TOMORROW))
    for act in (
        lambda: members.change(scope, ben, Given("senior_leader")),
        lambda: members.change(scope, ben, Given("administrator", ends_on=TOMORROW)),
        lambda: members.end_access(scope, ben),
        lambda: members.disable(scope, ben),
    ):
        with pytest.raises(UsageError, match="only administrator"):
            act()
    assert members.member(scope, ben).is_in
    members.change(scope, ada, Given("administrator"))
    members.disable(scope, ben)
    with pytest.raises(UsageError, match="only administrator"):
        members.end_access(scope, ada)
    members.enable(scope, ben)
    members.end_access(scope, ada)
    assert [one.email for one in members.members(scope)] == [BEN]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (Given("operator"), "role"),
        (Given("king"), "role"),
        (Given(""), "role"),
        (Given("administrator", ("HWY",)), "departments"),
        (Given("corporate_lead", ("HWY",)), "departments"),
        (Given("champion"), "departments"),
        (Given("champion", ("THEIRS",)), "departments"),
        (Given("senior_leader", certificates=("C1",)), "certificates"),
        (Given("assessor", ("HWY",), ("C1",)), "certificates"),
        (Given("assessor", certificates=("THEIRS",)), "certificates"),
        (Given("senior_leader", ends_on=datetime.now(UTC).date()), "until"),
    ],
)
def test_what_cannot_be_given_is_refused_at_the_first_time_and_at_every_change(scope, other, ada, given, field):
    put(scope, a_load({"results": results(("HWY", "1.1.1", "compliant"))}))
    put(other, a_load({"results": results(("THEIRS", "1.1.1", "compliant"))}))
    assert list(members.unfit(scope, given)) == [field]
    log = audit.head(scope)
    with pytest.raises(UsageError):
        members.invite(scope, BEN, given)
    with pytest.raises(UsageError):
        members.change(scope, ada, given)
    assert audit.head(scope) == log
    assert members.unfit(scope, Given("champion", ("HWY",))) == {}


def test_the_log_calls_people_by_their_address_and_those_who_are_gone_former_members(scope, other, ada):
    people.add_user(CLEO, "senior_leader", "ASH")
    cleo = id_of(scope, CLEO)
    members.invite(other, "theirs@x.org", Given("senior_leader"))
    rows, count = log_page(scope, Asked(), 1)
    assert count == rows.height
    assert rows["object"].to_list()[0] == CLEO
    members.end_access(scope, cleo)
    rows, _ = log_page(scope, Asked(action="granted"), 1)
    assert rows["object"].to_list() == [f"{FORMER} (person {cleo})", ADA]
    assert actors(scope) == {f"person {ada}": ADA}
    assert "theirs@x.org" not in str(log_words(scope))
    assert log_page(scope, Asked(day=datetime.now(UTC).date()), 1)[1] == audit.head(scope)[0]
    assert log_page(scope, Asked(day=TOMORROW), 1)[1] == 0
    assert log_page(scope, Asked(actor=f"person {cleo}"), 1)[1] == 0
    assert log_page(other, Asked(action="revoked"), 1)[1] == 0


def test_an_operators_visit_is_shown_to_the_tenant_that_was_visited_alone(scope, other, ada):
    password = people.add_user("op@assay.example", "operator")
    token = sessions.sign_in("op@assay.example", password)
    sessions.visit(token, "ASH", "a load was reported to hang", timedelta(hours=1))
    (visit,) = visits(scope)
    assert (visit.email, visit.reason, visit.is_running) == ("op@assay.example", "a load was reported to hang", True)
    assert visits(other) == []
    assert "op@assay.example" not in [one.email for one in members.members(scope)]


def test_a_change_and_its_entry_in_the_log_are_both_there_or_neither(scope, ada, monkeypatch):
    members.invite(scope, BEN, Given("administrator"))
    ben, before, log = id_of(scope, BEN), members.members(scope), audit.head(scope)

    def stop(*_: object, **__: object) -> None:
        raise RuntimeError("the machine stops")

    monkeypatch.setattr(audit, "record", stop)
    for act in (
        lambda: members.invite(scope, "new@x.org", Given("senior_leader")),
        lambda: members.change(scope, ben, Given("senior_leader")),
        lambda: members.end_access(scope, ben),
        lambda: members.disable(scope, ben),
        lambda: members.reset_password(scope, ben),
    ):
        with pytest.raises(RuntimeError):
            act()
    assert members.members(scope) == before
    assert audit.head(scope) == log


def test_rows_of_another_tenant_cannot_be_given_or_taken_in_a_bound_session(scope, other, ada):
    members.invite(other, CLEO, Given("senior_leader"))
    cleo = id_of(other, CLEO)
    with pytest.raises(Forbidden), open_session(scope, write=True) as session:
        people.replace_grants(session, cleo, other.tenant_id, "administrator")
    assert held(cleo) == [(other.tenant_id, "senior_leader")]
