"""A link shows one certificate until a day, and dies when it is told to (reliability.md T8, W3, W5, W6)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from sqlalchemy import select, text

from db import audit, links
from db.identities import GuestLink, GuestSession
from db.passwords import TRIES_OF_ADDRESS
from db.roles import CYCLE, EXPORT, RESULTS
from db.session import open_platform, open_session
from scheme.errors import Forbidden, UsageError
from tests.db.made import a_load, put

TODAY = datetime.now(UTC).date()


@pytest.fixture
def scope(scope):
    """The first tenant, with a certificate of HOU's and one of the whole body."""
    put(scope, a_load({"certificates": certificates()}))
    return scope


def certificates(*codes: str):
    held = {"C-HOU": "HOU", "C-ALL": None}
    codes = codes or tuple(held)
    columns = {"certificate_code": pl.String, "department_code": pl.String, "awarded_on": pl.Date}
    return pl.DataFrame([(code, held[code], date(2024, 1, 15)) for code in codes], columns, orient="row")


def made(scope, certificate="C-HOU", whom="Jo Bloggs, Example", last_day=TODAY, **more) -> str:
    with open_session(scope, write=True) as session:
        return links.make(session, certificate, whom, last_day, **more)


def listed(scope):
    with open_session(scope) as session:
        return links.links(session)


def ended(scope, number) -> str:
    with open_session(scope, write=True) as session:
        return links.end(session, number)


def moved(scope, model, **columns) -> None:
    """Change the moments of a link or a session, as time would."""
    with open_session(scope, write=True) as session:
        for row in session.scalars(select(model)):
            for name, value in columns.items():
                setattr(row, name, value)


def test_a_link_stands_for_its_certificate_and_what_an_assessor_may_do(scope):
    guest = links.guest_of(links.open_link(made(scope), "192.0.2.1"), "192.0.2.7")
    stands = guest.scope()
    assert (stands.tenant_code, stands.departments, stands.certificates) == ("ASH", ("HOU",), ("C-HOU",))
    assert (stands.actor, stands.role, stands.origin) == ("link 1", "assessor", "192.0.2.7")
    assert stands.permissions == {RESULTS, CYCLE}
    assert (guest.guest.link, guest.guest.certificate, guest.guest.last_day) == (1, "C-HOU", TODAY)
    whole = links.guest_of(links.open_link(made(scope, "C-ALL", may_export=True))).scope()
    assert (whole.departments, whole.certificates) == (None, ("C-ALL",))
    assert whole.permissions == {RESULTS, CYCLE, EXPORT}


def test_each_opening_is_a_session_of_its_own_and_an_entry_in_the_log(scope):
    token = made(scope)
    first, second = links.open_link(token, "192.0.2.1"), links.open_link(token, "192.0.2.2")
    assert len({token, first, second}) == 3
    assert links.guest_of(token) is None
    assert [opening.origin for opening in listed(scope)[0].openings] == ["192.0.2.2", "192.0.2.1"]
    entries = audit.entries(scope).filter(action="opened a link")
    assert entries["actor"].to_list() == entries["object"].to_list() == ["link 1", "link 1"]
    assert links.leave(first)
    assert links.guest_of(first) is None
    assert links.guest_of(second) is not None
    assert not links.leave(first)
    assert audit.verify(scope) is None


def test_neither_the_link_nor_the_session_s_token_is_kept(scope):
    token = made(scope)
    fresh = links.open_link(token)
    with open_platform() as session:
        kept = [session.execute(text(f"SELECT * FROM {name}")).all() for name in ("guest_links", "guest_sessions")]
    for secret in (token, fresh):
        assert secret not in f"{kept} {audit.entries(scope).to_dicts()} {listed(scope)}"


def test_ending_a_link_ends_its_sessions_at_once_and_no_others(scope):
    one, other = made(scope), made(scope)
    first, second = links.open_link(one), links.open_link(other)
    assert ended(scope, 1) == "link 1 is ended"
    assert links.guest_of(first) is None
    assert links.open_link(one) is None
    assert links.guest_of(second) is not None
    assert ended(scope, 1) == "link 1 was ended already"
    assert [link.is_over for link in listed(scope)] == [False, True]


def test_a_link_and_what_it_opened_end_with_its_last_day(scope):
    token = made(scope)
    fresh = links.open_link(token)
    with open_session(scope) as session:
        row = session.scalars(select(GuestSession)).one()
        assert row.expires_at <= datetime.combine(TODAY + timedelta(days=1), datetime.min.time(), UTC)
    moved(scope, GuestLink, last_day=TODAY - timedelta(days=1))
    assert links.guest_of(fresh) is None
    assert links.open_link(token) is None
    assert listed(scope)[0].is_over


@pytest.mark.parametrize("columns", [{"seen_at": timedelta(minutes=31)}, {"expires_at": timedelta(0)}])
def test_a_session_ends_of_itself(scope, columns):
    fresh = links.open_link(made(scope))
    moved(scope, GuestSession, **{name: datetime.now(UTC) - ago for name, ago in columns.items()})
    assert links.guest_of(fresh) is None


def test_a_session_that_is_used_stays(scope):
    fresh = links.open_link(made(scope))
    moved(scope, GuestSession, seen_at=datetime.now(UTC) - timedelta(minutes=29))
    assert links.guest_of(fresh) is not None
    with open_session(scope) as session:
        assert session.scalars(select(GuestSession)).one().seen_at > datetime.now(UTC) - timedelta(minutes=1)


def test_a_link_opens_nothing_once_its_certificate_is_gone(scope):
    token = made(scope)
    fresh = links.open_link(token)
    put(scope, a_load({"certificates": certificates("C-ALL")}, withdraw=True))
    assert links.guest_of(fresh) is None
    assert links.open_link(token) is None


def test_a_tenant_lists_and_ends_its_own_alone(scope, other):
    token = made(scope)
    assert listed(other) == []
    with pytest.raises(UsageError, match="no link 1"):
        ended(other, 1)
    assert links.open_link(token) is not None
    told = []
    for code in ("C-HOU", "C-ZZZ"):  # another's certificate and nobody's
        with pytest.raises(UsageError) as refused:
            made(other, code)
        told.append(str(refused.value).replace(code, "CODE"))
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("whom", "last_day"),
    [("", TODAY), ("x" * 121, TODAY), ("a \x1b[2Jname", TODAY), ("Jo Bloggs", TODAY - timedelta(days=1)),
     ("Jo Bloggs", TODAY + timedelta(days=93))],
)  # fmt: skip
def test_a_link_that_makes_no_sense_is_not_made(scope, whom, last_day):
    with pytest.raises(UsageError):
        made(scope, whom=whom, last_day=last_day)
    assert listed(scope) == []


def test_links_are_made_and_ended_by_administrators_alone(scope):
    guest = links.guest_of(links.open_link(made(scope))).scope()
    lead = replace(scope, role="corporate_lead", permissions=frozenset({RESULTS, CYCLE, EXPORT}))
    for who in (guest, lead, replace(scope, departments=("HOU",))):
        with pytest.raises(Forbidden):
            made(who)
        with pytest.raises(Forbidden):
            ended(who, 1)


@pytest.mark.parametrize("wrong", ["x", "a" * 43, "é" * 43, "\x00" * 43, "a" * 9999])
def test_what_is_no_link_opens_nothing(scope, wrong):
    made(scope)
    assert links.open_link(wrong) is None
    assert links.guest_of(wrong) is None


def test_what_is_refused_is_written_down_until_it_is_too_much_and_a_good_link_still_opens(scope):
    token = made(scope)
    ended(scope, 1)
    assert links.refused(token, "192.0.2.1")
    assert audit.entries(scope)["action"][0] == "refused a link"
    for number in range(TRIES_OF_ADDRESS - 1):
        assert links.refused(f"wrong {number}", "192.0.2.1")
    entries = audit.entries(None).height
    assert not links.refused("wrong again", "192.0.2.1")
    assert audit.entries(None).height == entries
    assert links.open_link(made(scope), "192.0.2.1") is not None
