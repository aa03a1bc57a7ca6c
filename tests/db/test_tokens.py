"""A token opens its own tenant, for what its maker may do, until it ends (reliability.md T8, W3)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from db import audit, tokens
from db.identities import ApiToken
from db.roles import CYCLE, EXPORT, LOADS, RESULTS, SEND
from db.session import open_platform, open_session
from scheme.errors import Forbidden, UsageError
from tests.db.made import a_load, put, results


def made(scope, name="nightly export", scopes=("read",), departments=(), **lasts) -> str:
    with open_session(scope, write=True) as session:
        return tokens.make(session, name, scopes, departments, **lasts)


def listed(scope):
    with open_session(scope) as session:
        return tokens.tokens(session)


def revoked(scope, number) -> str:
    with open_session(scope, write=True) as session:
        return tokens.revoke(session, number)


def moved(scope, number, **columns) -> None:
    """Change a token's moments, as time would."""
    with open_session(scope, write=True) as session:
        row = session.scalars(select(ApiToken).where(ApiToken.token_number == number)).one()
        for name, value in columns.items():
            setattr(row, name, value)


def actions(scope) -> list[str]:
    return audit.entries(scope)["action"].to_list()


def test_a_token_stands_for_its_tenant_and_what_it_may_do(scope, other):
    put(scope, a_load({"results": results(("HOU", "1.1.1", "compliant"))}))
    both, theirs = made(scope, scopes=("send", "read"), departments=["HOU"]), made(other, scopes=("send",))
    assert both.startswith("assay_")
    assert len(both) == len("assay_") + 43
    stands = tokens.scope_of_token(both, "192.0.2.1")
    assert (stands.tenant_code, stands.departments, stands.role) == ("ASH", ("HOU",), "token")
    assert (stands.actor, stands.origin) == ("token 1", "192.0.2.1")
    assert stands.permissions == {RESULTS, CYCLE, LOADS, EXPORT, SEND}
    assert stands.certificates is None
    assert tokens.scope_of_token(theirs).tenant_code == "BEC"
    assert tokens.scope_of_token(theirs).permissions == {SEND}
    assert tokens.scope_of_token(theirs).departments is None


def test_the_token_itself_is_kept_nowhere(scope):
    token = made(scope)
    with open_platform() as session:
        kept = session.execute(text("SELECT * FROM api_tokens WHERE tenant_id = tenant_id")).all()
    assert token not in str(kept)
    assert token.removeprefix("assay_") not in str(kept)
    assert token not in str(audit.entries(scope).to_dicts())
    assert token not in str(listed(scope))


def test_a_tenant_lists_and_revokes_its_own_alone(scope, other):
    made(scope, "ours"), made(other, "theirs")
    token = made(scope, "ours as well")
    assert [(each.number, each.name) for each in listed(scope)] == [(2, "ours as well"), (1, "ours")]
    assert [(each.number, each.name) for each in listed(other)] == [(1, "theirs")]
    with pytest.raises(UsageError, match="no token 2"):
        revoked(other, 2)
    assert tokens.scope_of_token(token) is not None
    assert revoked(scope, 2) == "token 2 is revoked"
    assert tokens.scope_of_token(token) is None
    assert revoked(scope, 2) == "token 2 was revoked already"
    assert [each.is_over for each in listed(scope)] == [True, False]


def test_a_token_ends_by_itself(scope):
    token = made(scope, lasts=timedelta(days=1))
    assert tokens.scope_of_token(token) is not None
    moved(scope, 1, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert tokens.scope_of_token(token) is None
    assert listed(scope)[0].is_over


@pytest.mark.parametrize(
    "wrong", ["", "x", "assay_", "assay_" + "a" * 43, "assay_" + "é" * 43, "\x00" * 49, "a" * 9999]
)
def test_what_is_no_token_opens_nothing(scope, wrong):
    made(scope)
    assert tokens.scope_of_token(wrong) is None


def test_when_a_token_was_last_used_is_written_once_a_minute(scope):
    token = made(scope)
    assert listed(scope)[0].last_used_at is None
    tokens.scope_of_token(token)
    first = listed(scope)[0].last_used_at
    tokens.scope_of_token(token)
    assert first is not None
    assert listed(scope)[0].last_used_at == first
    moved(scope, 1, last_used_at=first - timedelta(minutes=2))
    tokens.scope_of_token(token)
    assert listed(scope)[0].last_used_at > first


def test_a_token_can_be_used_while_somebody_writes(scope):
    token = made(scope)
    with open_session(scope, write=True):
        assert tokens.scope_of_token(token) is not None


@pytest.mark.parametrize(
    ("name", "scopes", "departments", "days"),
    [
        ("", ("read",), (), 1),
        ("x" * 81, ("read",), (), 1),
        ("a \x1b[2Jname", ("read",), (), 1),
        ("nightly", (), (), 1),
        ("nightly", ("administer",), (), 1),
        ("nightly", ("read",), ("NOWHERE",), 1),
        ("nightly", ("read",), (), 367),
        ("nightly", ("read",), (), 0),
    ],
)
def test_a_token_that_makes_no_sense_is_not_made(scope, name, scopes, departments, days):
    with pytest.raises(UsageError):
        made(scope, name, scopes, departments, lasts=timedelta(days=days))
    assert listed(scope) == []
    assert "made a token" not in actions(scope)


def test_another_tenants_department_is_as_unknown_as_nobodys(scope, other):
    put(other, a_load({"results": results(("BEE", "1.1.1", "compliant"))}))
    told = []
    for code in ("BEE", "ZZZ"):
        with pytest.raises(UsageError) as refused:
            made(scope, departments=[code])
        told.append(str(refused.value).replace(code, "CODE"))
    assert told[0] == told[1]


def test_nobody_makes_a_token_that_may_do_more_than_they(scope):
    administrator = replace(scope, role="administrator", permissions=scope.permissions - {EXPORT})
    visitor = replace(scope, role="operator", permissions=scope.permissions - {EXPORT, SEND})
    with pytest.raises(Forbidden, match="export"):
        made(administrator)
    with pytest.raises(Forbidden, match="send files"):
        made(visitor, scopes=("send",))
    with pytest.raises(Forbidden):
        made(replace(scope, departments=("HOU",)))
    with pytest.raises(Forbidden):
        made(tokens.scope_of_token(made(scope, scopes=("read", "send"))))
    assert tokens.scope_of_token(made(administrator, scopes=("send",))).permissions == {SEND}


def test_making_revoking_and_refusing_are_in_the_log(scope, other):
    token = made(scope)
    revoked(scope, 1)
    tokens.record_refused(token, "192.0.2.1")
    tokens.record_refused("assay_" + "a" * 43, "192.0.2.1")
    assert actions(scope) == ["refused a token", "revoked a token", "made a token"]
    assert audit.entries(scope)["object"].to_list() == ["token 1"] * 3
    assert "refused a token" not in actions(other)
    assert audit.entries(None)["action"].to_list() == ["refused a token", *["set up tenant"] * 2]
    assert audit.verify(scope) is None
    assert audit.verify(None) is None
