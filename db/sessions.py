"""Sessions of signed-in people: they live here and nowhere else, so that each can be ended (reliability.md W3, T11)."""

import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import and_, bindparam, delete, or_, select
from sqlalchemy.orm import Session

from db import audit
from db.grants import (
    Granted,
    Held,
    granted_by,
    grants_of,
    holders_of,
    is_of_the_platform,
    is_operator,
    scope_by,
    visits_of,
    with_tenants,
)
from db.identities import Grant, OperatorVisit, ResetLink, User, UserSession
from db.models import Tenant
from db.passwords import fit, hashed, proven, sha256, throttled
from db.roles import SECOND_FACTOR
from db.session import Scope, bind, open_platform
from scheme.errors import Forbidden, UsageError, WarehouseError

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)  # a session's last sight is written down this often, not at every request
LONGEST_VISIT = timedelta(hours=4)


@dataclass(frozen=True)
class Guest:
    """Whoever opened a link (db.links): its number, its certificate and the last day on which it opens anything."""

    link: int
    certificate: str
    last_day: date


@dataclass(frozen=True)
class Identity:
    """A signed-in person: what they were granted by now, and the tenant chosen in this session (None: not yet).

    `needs_second_factor`: whether a second factor must still be proven, or set up, before anything else. `departments`:
    where the chosen grant is for certificates, the departments that hold them. `guest`: no person with an account
    (`user_id` 0), but whoever opened a link.
    """

    user_id: int
    email: str
    must_change_password: bool
    grants: tuple[Granted, ...]
    chosen: Granted | None
    needs_second_factor: bool = False
    has_second_factor: bool = False
    is_local: bool = True  # has a password of its own; False where a provider signs them on
    is_operator: bool = False
    departments: tuple[str, ...] | None = None
    origin: str = ""
    guest: Guest | None = None

    @property
    def actor(self) -> str:
        """Who it is in the audit log."""
        return f"person {self.user_id}" if self.guest is None else f"link {self.guest.link}"

    def scope(self) -> Scope:
        """The scope of the chosen tenant; Forbidden where none is chosen."""
        if self.chosen is None:
            raise Forbidden("choose an organisation first")
        scope = scope_by(self.user_id, self.email, self.chosen, self.departments, self.origin)
        return replace(scope, actor=self.actor)


@dataclass(frozen=True)
class Seen:
    """One of a person's sessions: since when, when last, from which network address, and whether it is this one."""

    started_at: datetime
    seen_at: datetime
    origin: str
    is_this: bool


# --- beginning and ending ---------------------------------------------------------------------------------------------


def sign_in(email: str, password: str, origin: str = "") -> str | None:
    """A new session's token; None where address or password is wrong, or tried too often (db.passwords.throttled).

    Answers alike, and takes as long, whether there is such a person or not. `origin` is the network address.
    """
    is_counted = not throttled(email, origin)
    user_id = proven(email, password, origin)
    if user_id is None:
        if not is_counted:
            return None  # what is not even looked at must not fill the log
        with open_platform(write=True) as session:
            audit.record_on_platform(session, "refused sign-in", actor=f"account {sha256(email)[:12]}", origin=origin)
        return None
    return begin(user_id, origin)


def begin(user_id: int, origin: str = "", way: str = "password", is_proven: bool = False) -> str:
    """A new session's token for somebody who has just shown who they are; turned to their tenant if it is the only one.

    `is_proven`: that no second factor is asked any more, as for one whom a provider signed on.
    """
    now = datetime.now(UTC)
    with open_platform(write=True) as session:
        session.execute(delete(UserSession).where(UserSession.expires_at < now))
        user = session.get_one(User, user_id)
        grants = grants_of(session, user.id, now)
        only = grants[0] if len(grants) == 1 and not is_operator(session, user.id) else None
        row = _new(user.id, only.tenant_id if only else None, now, now + LONGEST, is_proven, origin)
        session.add(row[1])
        actor = f"person {user.id}"
        audit.record_on_platform(session, "signed in", actor=actor, origin=origin, way=way)
        _record_turn(session, user, only, origin)
        return row[0]


def session_of(token: str, origin: str = "") -> Identity | None:
    """Who a token stands for, with what they are granted at this moment; None where the session is over.

    A session ends 30 minutes after it was last seen, and 12 hours after it began.
    """
    now = datetime.now(UTC)
    with open_platform() as session:
        found = _live_with_grants(session, token, now)
        if found is None:
            return None
        row, user, held = found
        operator = any(is_of_the_platform(grant) for grant, _ in held)
        grants = granted_by(held) + (visits_of(session, user.id, now, held) if operator else ())
        chosen = next((granted for granted in grants if granted.tenant_id == row.tenant_id), None)
        roles = {granted.role for granted in grants} | ({"operator"} if operator else set())
        asked = user.issuer is None and (user.second_factor_at is not None or bool(roles.intersection(SECOND_FACTOR)))
        stale = now - row.seen_at >= SEEN_EVERY
        identity = Identity(
            user.id,
            user.email,
            user.must_change_password,
            grants,
            chosen,
            asked and not (row.is_proven and user.second_factor_at is not None),
            user.second_factor_at is not None,
            user.issuer is None,
            operator,
            holders_of(chosen, user, origin),
            origin,
        )
    # A load may hold the warehouse for a while: then the next request writes it down.
    if stale:
        with suppress(WarehouseError), open_platform(write=True, patient=False) as session:
            again = _live(session, token, now)
            if again is not None:
                again[0].seen_at = now
    return identity


def renewed(session: Session, token: str, is_proven: bool | None = None) -> str:
    """A new token for the same session, the old one is dead; Forbidden where it is over.

    `is_proven` True says that the second factor was shown. `session` is open_platform(write=True).
    """
    row, user = _found(session, token, datetime.now(UTC))
    return _instead(session, row, user.id, row.tenant_id, row.is_proven if is_proven is None else is_proven)


def only(session: Session, token: str, is_proven: bool) -> str:
    """A new token for the same session, and the end of every other one of the person; as `renewed` else."""
    row, user = _found(session, token, datetime.now(UTC))
    session.execute(
        delete(UserSession).where(UserSession.user_id == user.id, UserSession.token_sha256 != sha256(token))
    )
    return _instead(session, row, user.id, row.tenant_id, is_proven)


def sessions_of(token: str) -> list[Seen]:
    """The sessions of the person whose session this is, the last seen first; none where it is over."""
    now = datetime.now(UTC)
    with open_platform() as session:
        found = _live(session, token, now)
        if found is None:
            return []
        alive = select(UserSession).where(UserSession.user_id == found[1].id, UserSession.expires_at > now)
        rows = session.scalars(alive.where(UserSession.seen_at > now - IDLE).order_by(UserSession.seen_at.desc())).all()
        return [Seen(row.started_at, row.seen_at, row.remote_address, row is found[0]) for row in rows]


def choose_tenant(token: str, tenant_code: str, origin: str = "") -> str:
    """Turn a session to another of the person's tenants; gives a new token, the old one is dead.

    Forbidden where the session is over or the tenant is not granted, whether it exists or not.
    """
    now = datetime.now(UTC)
    with open_platform(write=True) as session:
        row, user = _found(session, token, now)
        granted = next((g for g in grants_of(session, user.id, now) if g.tenant_code == tenant_code), None)
        if granted is None:
            raise Forbidden("there is no such organisation among yours")
        new = _instead(session, row, user.id, granted.tenant_id, row.is_proven)
        _record_turn(session, user, granted, origin)
        return new


def visit(token: str, tenant_code: str, reason: str, lasts: timedelta, origin: str = "") -> str:
    """Let an operator into one tenant for a while, with the reason in both audit logs; gives a new token.

    Forbidden where the session is over or not an operator's; UsageError without a reason in words, for a time that is
    none or longer than four hours, or an unknown tenant.
    """
    reason, now = " ".join("".join(letter for letter in reason if letter.isprintable()).split()), datetime.now(UTC)
    if len(reason) < 10:
        raise UsageError("say in a few words why you need this organisation's data; its administrators will read it")
    if not timedelta(0) < lasts <= LONGEST_VISIT:
        raise UsageError("a visit lasts four hours at most; choose a shorter time")
    with open_platform(write=True) as session:
        row, user = _found(session, token, now)
        if not is_operator(session, user.id):
            raise Forbidden("there is no such organisation among yours")
        tenant = next((one for one in session.scalars(select(Tenant)) if one.code == tenant_code), None)
        if tenant is None:
            raise UsageError("there is no such organisation; choose one in the list")
        before = _end_visits(session, user.id, now)
        entry = OperatorVisit(user_id=user.id, tenant_id=tenant.id, reason=reason[:400], started_at=now)
        entry.ends_at = now + lasts
        session.add(entry)
        new = _instead(session, row, user.id, tenant.id, row.is_proven)
        session.flush()
        told = {"visit": entry.id, "until": entry.ends_at.isoformat(timespec="seconds")}
        actor = f"person {user.id}"
        audit.record_on_platform(
            session, "began a visit", tenant.code, actor=actor, role="operator", origin=origin, **told
        )
        _record_end(session, user, before, origin)
        granted = Granted(tenant.id, tenant.code, tenant.name, "operator", None, None, False, entry.ends_at)
        bind(session, scope_by(user.id, user.email, granted, None, origin))
        audit.record(session, "began a visit", f"visit {entry.id}", **told)
        return new


def end_visit(token: str, origin: str = "") -> str:
    """End an operator's visit before its time, in both audit logs; gives a new token, of a session in no tenant.

    Forbidden where the session is over. Nothing else happens where no visit is running.
    """
    now = datetime.now(UTC)
    with open_platform(write=True) as session:
        row, user = _found(session, token, now)
        new = _instead(session, row, user.id, None, row.is_proven)
        ended = _end_visits(session, user.id, now)
        session.flush()
        _record_end(session, user, ended, origin)
        return new


def sign_out(token: str, origin: str = "") -> None:
    """End a session, and an operator's visit with it; nothing happens where it is over already."""
    now = datetime.now(UTC)
    with open_platform(write=True) as session:
        found = _live(session, token, now)
        session.execute(delete(UserSession).where(UserSession.token_sha256 == sha256(token)))
        if found is not None:
            ended = _end_visits(session, found[1].id, now)
            audit.record_on_platform(session, "signed out", actor=f"person {found[1].id}", origin=origin)
            _record_end(session, found[1], ended, origin)


def sign_out_everywhere(token: str, origin: str = "") -> None:
    """End every session of the person whose session this is."""
    now = datetime.now(UTC)
    with open_platform(write=True) as session:
        _, user = _found(session, token, now)
        end_sessions(session, user.id)
        ended = _end_visits(session, user.id, now)
        audit.record_on_platform(session, "signed out everywhere", actor=f"person {user.id}", origin=origin)
        _record_end(session, user, ended, origin)


def change_password(token: str, old: str, new: str, origin: str = "") -> str:
    """Replace the password of the person signed in; gives a new token, every older one is dead.

    Forbidden where the session is over, the old password is wrong or was tried too often; UsageError where the new one
    will not do (db.passwords.fit), or where a provider signs the person on.
    """
    identity = session_of(token)
    if identity is None:
        raise Forbidden("you are signed out; sign in again")
    if not identity.is_local:
        raise UsageError("your organisation's sign-in service keeps your password; change it there")
    fit(new, old, identity.email)
    if proven(identity.email, old, origin) != identity.user_id:
        raise Forbidden("the old password is not right")
    now = datetime.now(UTC)
    with open_platform(write=True) as session:
        row, user = _found(session, token, now)
        user.password_hash, user.must_change_password = hashed(new), False
        tenant_id, is_proven = row.tenant_id, row.is_proven
        end_sessions(session, user.id)
        session.execute(delete(ResetLink).where(ResetLink.user_id == user.id))
        fresh = _new(user.id, tenant_id, now, now + LONGEST, is_proven, origin)
        session.add(fresh[1])
        audit.record_on_platform(session, "changed password", actor=f"person {user.id}", origin=origin)
        return fresh[0]


def end_sessions(session: Session, user_id: int) -> None:
    """End all of a person's sessions; in a session bound to a tenant, those that are turned to it."""
    session.execute(delete(UserSession).where(UserSession.user_id == user_id))


# --- inside -----------------------------------------------------------------------------------------------------------


def _live_with_grants(session: Session, token: str, now: datetime) -> tuple[UserSession, User, list[Held]] | None:
    """A live session with its person and what they are granted by now, in one statement: it is asked at every click."""
    given = {"token": sha256(token), "now": now, "idle": now - IDLE, "today": now.date()}
    rows = session.execute(_LIVE_WITH_GRANTS, given).all()
    return (rows[0][0], rows[0][1], [(row[2], row[3]) for row in rows if row[2] is not None]) if rows else None


# Written once: building it takes a third as long as asking.
_LIVE_WITH_GRANTS = with_tenants(
    select(UserSession, User, Grant, Tenant)
    .join(User, User.id == UserSession.user_id)
    .outerjoin(Grant, and_(Grant.user_id == User.id, or_(Grant.ends_on.is_(None), Grant.ends_on > bindparam("today"))))
    .where(UserSession.token_sha256 == bindparam("token"), User.disabled_at.is_(None))
    .where(UserSession.expires_at > bindparam("now"), UserSession.seen_at > bindparam("idle"))
)


def _record_turn(session: Session, user: User, granted: Granted | None, origin: str) -> None:
    """Write into the tenant's own log that somebody came in; the platform session is bound to the tenant from then."""
    if granted is not None:
        session.flush()
        bind(session, scope_by(user.id, user.email, granted, granted.departments, origin))
        audit.record(session, "came in")


def _live(session: Session, token: str, now: datetime) -> tuple[UserSession, User] | None:
    row = session.execute(
        select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.token_sha256 == sha256(token), User.disabled_at.is_(None))
        .where(UserSession.expires_at > now, UserSession.seen_at > now - IDLE)
    ).first()
    return None if row is None else (row[0], row[1])


def _found(session: Session, token: str, now: datetime) -> tuple[UserSession, User]:
    found = _live(session, token, now)
    if found is None:
        raise Forbidden("you are signed out; sign in again")
    return found


def _new(
    user_id: int, tenant_id: int | None, started: datetime, expires: datetime, is_proven: bool, origin: str
) -> tuple[str, UserSession]:
    token = secrets.token_urlsafe(32)
    row = UserSession(token_sha256=sha256(token), user_id=user_id, tenant_id=tenant_id)
    row.started_at, row.seen_at, row.expires_at = started, datetime.now(UTC), expires
    row.is_proven, row.remote_address = is_proven, origin
    return token, row


def _instead(session: Session, row: UserSession, user_id: int, tenant_id: int | None, is_proven: bool) -> str:
    # The twelve hours run on: turning from tenant to tenant must not keep a session alive for ever.
    token, new = _new(user_id, tenant_id, row.started_at, row.expires_at, is_proven, row.remote_address)
    session.delete(row)
    session.add(new)
    return token


def _end_visits(session: Session, user_id: int, now: datetime) -> list[OperatorVisit]:
    """End an operator's visits; gives those that were still running."""
    open_ones = select(OperatorVisit).where(OperatorVisit.user_id == user_id, OperatorVisit.ended_at.is_(None))
    ended = session.scalars(open_ones).all()
    for entry in ended:
        entry.ended_at = min(now, entry.ends_at)
    return [entry for entry in ended if entry.ends_at > now]


def _record_end(session: Session, user: User, ended: list[OperatorVisit], origin: str) -> None:
    """Write the end of visits into both logs; the platform session is bound to a tenant from then."""
    actor = f"person {user.id}"
    visited = [(entry, session.get_one(Tenant, entry.tenant_id)) for entry in ended]
    for entry, tenant in visited:
        told = {"visit": entry.id}
        audit.record_on_platform(
            session, "ended a visit", tenant.code, actor=actor, role="operator", origin=origin, **told
        )
    for entry, tenant in visited:
        granted = Granted(tenant.id, tenant.code, tenant.name, "operator", None, None, False, entry.ends_at)
        bind(session, scope_by(user.id, user.email, granted, None, origin))
        audit.record(session, "ended a visit", f"visit {entry.id}")
