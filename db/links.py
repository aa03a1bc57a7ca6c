"""Links by which an outside assessor looks at one certificate, and reads alone (reliability.md T8, T11, W3, W6).

An administrator hands one over. It opens until a day, as often as it is needed; each opening makes a session of its own
and an entry in the audit log. It is shown once; its hash is kept. One that is wrong, ended, over, or whose certificate
is gone cannot be told apart.
"""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from db import audit
from db.grants import Granted
from db.identities import GuestLink, GuestSession
from db.models import VERSIONED, AuditEntry, Tenant
from db.passwords import may_try, sha256
from db.roles import ADMINISTER
from db.session import Scope, bind, open_platform, scope_in
from db.sessions import IDLE, LONGEST, SEEN_EVERY, Guest, Identity
from scheme.errors import Forbidden, UsageError, WarehouseError

LONGEST_DAYS = 92
USUAL_DAYS = 28
ROLE = "assessor"  # what a link may do is what this role may
_OPENED = "opened a link"
_LARGEST = 2**31 - 1  # of a number in the warehouse


@dataclass(frozen=True)
class Opening:
    """One opening of a link: when, and from which network address."""

    at: datetime
    origin: str


@dataclass(frozen=True)
class Link:
    """A link as it may be shown: all but the link itself. `openings`: the newest first."""

    number: int
    certificate: str
    for_whom: str
    may_export: bool
    last_day: date
    made_by: str
    made_at: datetime
    ended_at: datetime | None
    openings: tuple[Opening, ...]

    @property
    def is_over(self) -> bool:
        """Whether it opens nothing any more."""
        return self.ended_at is not None or self.last_day < datetime.now(UTC).date()


# --- made and ended by an administrator -------------------------------------------------------------------------------


def make(session: Session, certificate: str, for_whom: str, last_day: date, may_export: bool = False) -> str:
    """Make a link for the session's tenant (`open_session(scope, write=True)`); gives its token, once, for /guest/.

    UsageError for a certificate that is not there, words that name nobody, and a day that is past or more than 92 days
    ahead; Forbidden for whoever does not administer the whole organisation.
    """
    maker, for_whom, certificate = _maker(session), " ".join(for_whom.split()), certificate.strip()
    today = datetime.now(UTC).date()
    if not 3 <= len(for_whom) <= 120 or not for_whom.isprintable():
        raise UsageError("say for whom the link is, by name and organisation, in 3 to 120 letters")
    if not today <= last_day <= today + timedelta(days=LONGEST_DAYS):
        raise UsageError(f"a link lasts {LONGEST_DAYS} days at most; choose a day between today and then")
    if _holders(session, certificate) is None:
        raise UsageError(f"there is no certificate {certificate}; choose one in the list")
    number = (session.scalars(select(func.max(GuestLink.link_number))).one() or 0) + 1
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    row = GuestLink(tenant_id=maker.tenant_id, link_number=number, token_sha256=sha256(token))
    row.certificate_code, row.for_whom, row.may_export = certificate, for_whom, may_export
    row.last_day, row.made_by, row.made_at = last_day, maker.actor, now
    session.add(row)
    session.flush()
    told = {"certificate": certificate, "until": last_day.isoformat(), "may_export": may_export}
    audit.record(session, "made a link", f"link {number}", **told)
    return token


def links(session: Session) -> list[Link]:
    """The links of the session's tenant, newest first, with those that are over."""
    opened: dict[str, list[Opening]] = {}
    entries = select(AuditEntry).where(AuditEntry.action == _OPENED).order_by(AuditEntry.entry_number.desc())
    for entry in session.scalars(entries):
        opened.setdefault(entry.object, []).append(Opening(entry.at, entry.origin))
    rows = session.scalars(select(GuestLink).order_by(GuestLink.link_number.desc()))
    return [_shown(row, tuple(opened.get(f"link {row.link_number}", ()))) for row in rows]


def end(session: Session, number: int) -> str:
    """End a link of the session's tenant, and every session it opened, at once; says what it did.

    UsageError where there is no such link; Forbidden for whoever does not administer the whole organisation.
    """
    _maker(session)
    row = session.scalars(select(GuestLink).where(GuestLink.link_number == min(number, _LARGEST))).first()
    if row is None:
        raise UsageError(f"there is no link {number}; the list shows those there are")
    if row.ended_at is not None:
        return f"link {number} was ended already"
    row.ended_at = datetime.now(UTC)
    session.execute(delete(GuestSession).where(GuestSession.link_number == row.link_number))
    audit.record(session, "ended a link", f"link {number}")
    return f"link {number} is ended"


# --- opened by whoever has it -----------------------------------------------------------------------------------------


def open_link(token: str, origin: str = "") -> str | None:
    """A new session's token for whoever shows a link; None where it is wrong, ended, over or its certificate gone.

    The session ends after 30 minutes without use, 12 hours in any case, and with the last day of the link.
    """
    now = datetime.now(UTC)
    with open_platform(write=True) as session:
        session.execute(delete(GuestSession).where(GuestSession.expires_at < now))
        found = _found(session, token, origin)
        if found is None or not _is_good(session, found, now):
            return None
        fresh = secrets.token_urlsafe(32)
        row = GuestSession(token_sha256=sha256(fresh), tenant_id=found.tenant_id, link_number=found.link_number)
        row.started_at, row.seen_at, row.remote_address = now, now, origin
        row.expires_at = min(now + LONGEST, datetime.combine(found.last_day + timedelta(days=1), time(), UTC))
        session.add(row)
        audit.record(session, _OPENED, f"link {found.link_number}", certificate=found.certificate_code)
        return fresh


def refused(token: str, origin: str = "") -> bool:
    """Write down that a link was shown which opens nothing; False where too many were tried from there lately.

    In its tenant's log where it was one once. A link cannot be guessed: this keeps the log from filling (W12).
    """
    if not may_try(f"link {sha256(token)}", origin):
        return False
    with suppress(WarehouseError), open_platform(write=True, patient=False) as session:
        found = _found(session, token, origin)
        if found is not None:
            audit.record(session, "refused a link", f"link {found.link_number}")
        else:
            actor = f"unknown link {sha256(token)[:12]}"
            audit.record_on_platform(session, "refused a link", actor=actor, role=ROLE, origin=origin)
    return True


def guest_of(token: str, origin: str = "") -> Identity | None:
    """Who a session that a link opened stands for at this moment; None where session, link or certificate is over."""
    now = datetime.now(UTC)
    with open_platform() as session:
        live = _live(session, token, now)
        if live is None:
            return None
        row, link, tenant = live
        bind(session, _scope(tenant, link.link_number, origin))
        holders = _holders(session, link.certificate_code)
        stale = now - row.seen_at >= SEEN_EVERY
    if holders is None:
        return None
    # A load may hold the warehouse for a while: then the next request writes it down.
    if stale:
        with suppress(WarehouseError), open_platform(write=True, patient=False) as session:
            live = _live(session, token, now)
            if live is not None:
                live[0].seen_at = now
    code = link.certificate_code
    chosen = Granted(tenant.id, tenant.code, tenant.name, ROLE, None, (code,), link.may_export, version=tenant.version)
    whole = any(not holder for holder in holders)
    return Identity(
        user_id=0,
        email=f"link {link.link_number}",
        must_change_password=False,
        grants=(chosen,),
        chosen=chosen,
        is_local=False,
        departments=None if whole else tuple(sorted(str(holder) for holder in holders)),
        origin=origin,
        guest=Guest(link.link_number, code, link.last_day),
    )


def leave(token: str, origin: str = "") -> bool:
    """End a session that a link opened; False where there is none under this token."""
    with open_platform(write=True) as session:
        live = _live(session, token, datetime.now(UTC))
        if live is None:
            return False
        row, link, tenant = live
        session.delete(row)
        session.flush()
        bind(session, _scope(tenant, link.link_number, origin))
        audit.record(session, "signed out", f"link {link.link_number}")
        return True


# --- inside -----------------------------------------------------------------------------------------------------------


def _found(session: Session, token: str, origin: str) -> GuestLink | None:
    """A link that was made once; the platform session is bound to its tenant from then."""
    row = session.execute(
        select(GuestLink, Tenant)
        .join(Tenant, Tenant.id == GuestLink.tenant_id)
        .where(GuestLink.token_sha256 == sha256(token))
    ).first()
    if row is None:
        return None
    session.flush()
    bind(session, _scope(row[1], row[0].link_number, origin))
    found: GuestLink = row[0]
    return found


def _is_good(session: Session, link: GuestLink, now: datetime) -> bool:
    if link.ended_at is not None or link.last_day < now.date():
        return False
    return _holders(session, link.certificate_code) is not None


def _live(session: Session, token: str, now: datetime) -> tuple[GuestSession, GuestLink, Tenant] | None:
    row = session.execute(
        select(GuestSession, GuestLink, Tenant)
        .join(
            GuestLink,
            (GuestLink.tenant_id == GuestSession.tenant_id) & (GuestLink.link_number == GuestSession.link_number),
        )
        .join(Tenant, Tenant.id == GuestSession.tenant_id)
        .where(GuestSession.token_sha256 == sha256(token), GuestSession.expires_at > now)
        .where(GuestSession.seen_at > now - IDLE, GuestLink.ended_at.is_(None), GuestLink.last_day >= now.date())
    ).first()
    return None if row is None else (row[0], row[1], row[2])


def _holders(session: Session, certificate: str) -> list[str | None] | None:
    """Who holds a certificate of the session's tenant (None: the corporate body); None where it is not there."""
    model = VERSIONED["certificates"]
    held = session.scalars(
        select(model.department_code).where(  # type: ignore[attr-defined]  # made from scheme.tables
            model.superseded_by_load.is_(None),
            model.certificate_code == certificate,  # type: ignore[attr-defined]  # the same
        )
    ).all()
    return list(held) or None


def _scope(tenant: Tenant, number: int, origin: str) -> Scope:
    """The scope in which a link's own doings are written down: it sees nothing."""
    who = f"link {number}"
    return Scope(tenant.id, tenant.code, (), ROLE, who, tenant.name, actor=who, origin=origin)


def _maker(session: Session) -> Scope:
    scope = scope_in(session)
    if scope is None:
        raise AssertionError("a link is made and ended in open_session(scope, write=True)")
    if scope.departments is not None or not scope.may(ADMINISTER):
        raise Forbidden("links are made and ended by who administers the whole organisation")
    return scope


def _shown(row: GuestLink, openings: tuple[Opening, ...]) -> Link:
    return Link(
        row.link_number,
        row.certificate_code,
        row.for_whom,
        row.may_export,
        row.last_day,
        row.made_by,
        row.made_at,
        row.ended_at,
        openings,
    )
