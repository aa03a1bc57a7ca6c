"""What has ended goes, by class, and nothing before its time (reliability.md W14)."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from db import audit, jobs, people, reminders, reset, sendings, sessions, sign_on
from db.identities import GuestLink, GuestSession, User
from db.models import JobRow
from db.passwords import may_try
from db.retention import sweep_platform, sweep_tenant
from db.session import open_platform, open_session

PLATFORM = {"ended sessions", "ended sessions of links", "sign-in attempts", "sign-on attempts", "password links"}
TENANT = {"packs", "sendings", "reminders", "names on ended links"}


@pytest.fixture
def used(scope, other):
    """A tenant in which one of each class is there and none has ended yet."""
    people.add_user("pat@ash.example", "champion", "ASH")
    now = datetime.now(UTC)
    with open_platform() as session:
        number = session.scalars(select(User.id)).one()
    sessions.begin(number)
    may_try("pat@ash.example", "192.0.2.1")
    sign_on.set_out("council", "n", "v", "/")
    with open_platform(write=True) as session:
        reset.make(session, number, "somebody")
    with open_session(scope, write=True) as session:
        jobs.ask(session, "a pack", {"formats": ["pdf"]})
        sendings.keep(session, [("a.csv", b"x")], None, sendings.Preview({}, {}, "f"))
        told = reminders.Told("key", "failing", "words", "/heatmap")
        reminders.tell(session, number, "sight", [told], now)
        reminders.tell(session, number, "sight", [], now)
        link = GuestLink(tenant_id=scope.tenant_id, link_number=1, token_sha256="t", certificate_code="C1")
        link.for_whom, link.may_export, link.last_day = "Jo Bloggs, Example", False, now.date()
        link.made_by, link.made_at = "person 1", now
        opened = GuestSession(token_sha256="g", tenant_id=scope.tenant_id, link_number=1, started_at=now, seen_at=now)
        opened.expires_at, opened.remote_address = now + timedelta(hours=1), "192.0.2.1"
        session.add(link)
        session.flush()
        session.add(opened)
    return scope


def test_each_class_goes_when_its_time_is_over_and_not_before(used, other):
    assert set(sweep_platform().values()) | set(sweep_tenant(used).values()) == {0}
    log = audit.head(used)[0]
    later = datetime.now(UTC) + timedelta(days=400)
    counted = (sweep_platform(later, dry=True), sweep_tenant(used, later, dry=True))
    assert (set(counted[0]), set(counted[1])) == (PLATFORM, TENANT)
    assert {*counted[0].values(), *counted[1].values()} == {1}
    assert audit.head(used)[0] == log  # only counted
    assert (sweep_platform(later), sweep_tenant(used, later)) == counted
    assert set(sweep_platform(later).values()) | set(sweep_tenant(used, later).values()) == {0}
    with open_session(used) as session:
        assert session.scalars(select(GuestLink.for_whom)).one() == ""  # its number, days and certificate stay
        assert session.scalars(select(func.count()).select_from(JobRow)).one() == 0
    entry = audit.entries(used, 1).row(0, named=True)
    assert (entry["action"], '"names_on_ended_links": 1' in entry["detail"]) == ("swept", True)
    assert sweep_tenant(other, later) == dict.fromkeys(TENANT, 0)
    assert "swept" not in audit.entries(other)["action"].to_list()


def test_a_class_is_over_at_its_own_end(used):
    now = datetime.now(UTC)
    at = {name: sweep_tenant(used, now + timedelta(days=n), dry=True) for n, name in ((2, 2), (8, 8), (181, 181))}
    assert [at[2]["sendings"], at[2]["packs"], at[8]["packs"], at[8]["reminders"], at[181]["reminders"]] == [
        1,
        0,
        1,
        0,
        1,
    ]
    assert [sweep_platform(now + timedelta(minutes=n), dry=True)["sign-in attempts"] for n in (4, 6)] == [0, 1]
    assert [sweep_platform(now + timedelta(minutes=n), dry=True)["ended sessions"] for n in (29, 31)] == [0, 1]
