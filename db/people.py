"""People who sign in: accounts, what they were granted, and their sessions, which live here and nowhere else.

reliability.md W3. Passwords and how often they may be tried are in db.passwords.
"""

import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from db.models import Grant, Tenant, User, UserSession
from db.passwords import fit, hashed, one_time_password, proven, sha256
from db.session import Scope, open_platform
from scheme.errors import Forbidden, UsageError, WarehouseError

# The strongest first: what a person may do in a tenant is the strongest role granted there.
ROLES = ("operator", "administrator", "corporate_lead", "senior_leader", "assessor", "champion")
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)  # a session's last sight is written down this often, not at every request


@dataclass(frozen=True)
class Granted:
    """What a person may do in one tenant; `departments` None is all of them."""

    tenant_id: int
    tenant_code: str
    tenant_name: str
    role: str
    departments: tuple[str, ...] | None


@dataclass(frozen=True)
class Identity:
    """A signed-in person: what they were granted by now, and the tenant chosen in this session (None: not yet)."""

    user_id: int
    email: str
    must_change_password: bool
    grants: tuple[Granted, ...]
    chosen: Granted | None

    def scope(self) -> Scope:
        """The scope of the chosen tenant; Forbidden where none is chosen."""
        if self.chosen is None:
            raise Forbidden("choose an organisation first")
        chosen = self.chosen
        departments, name = chosen.departments, chosen.tenant_name
        return Scope(chosen.tenant_id, chosen.tenant_code, departments, chosen.role, self.email, name)


# --- accounts ---------------------------------------------------------------------------------------------------------


def add_user(email: str, role: str, tenant_code: str | None = None, departments: Sequence[str] = ()) -> str | None:
    """Give a person a role in a tenant, in some departments or all; a one-time password for a new person, else None.

    Replaces what the person was granted in that tenant before. UsageError for an address that is none, an unknown role
    or tenant, or a role that needs a tenant.
    """
    address = _address(email)
    if role not in ROLES:
        raise UsageError(f"no role '{role}'; there are {', '.join(ROLES)}")
    if tenant_code is None and (role != "operator" or departments):
        raise UsageError(f"the role {role} needs a tenant: --tenant CODE")
    with open_platform(write=True) as session:
        tenant_id = None if tenant_code is None else _tenant(session, tenant_code).id
        user = _user(session, address)
        password = None
        if user is None:
            password = one_time_password()
            user = User(email=address, password_hash=hashed(password), must_change_password=True)
            session.add(user)
            session.flush()
        session.execute(delete(Grant).where(Grant.user_id == user.id, Grant.tenant_id.is_not_distinct_from(tenant_id)))
        for department in list(dict.fromkeys(departments)) or [""]:
            session.add(Grant(user_id=user.id, tenant_id=tenant_id, role=role, department_code=department))
    return password


def set_password(email: str, must_change: bool = True) -> str:
    """Give a person a new one-time password and end their sessions; UsageError where there is no such person."""
    password = one_time_password()
    with open_platform(write=True) as session:
        user = _user(session, _address(email))
        if user is None:
            raise UsageError(f"nobody signs in as {email}; `assay user add` adds them")
        user.password_hash, user.must_change_password = hashed(password), must_change
        _end_sessions(session, user)
    return password


def disable_user(email: str) -> None:
    """Let a person sign in no more and end their sessions; UsageError where there is no such person."""
    with open_platform(write=True) as session:
        user = _user(session, _address(email))
        if user is None:
            raise UsageError(f"nobody signs in as {email}")
        user.disabled_at = datetime.now(UTC)
        _end_sessions(session, user)


def change_password(token: str, old: str, new: str) -> str:
    """Replace the password of the person signed in; gives a new token, every older one is dead.

    Forbidden where the session is over, the old password is wrong or was tried too often; UsageError where the new one
    has fewer than 12 characters, or is the old one.
    """
    identity = session_of(token)
    if identity is None:
        raise Forbidden("you are signed out; sign in again")
    fit(new, old)
    if proven(identity.email, old) is None:
        raise Forbidden("the old password is not right")
    now = datetime.now(UTC)
    with open_platform(write=True) as session:
        user = session.get_one(User, identity.user_id)
        user.password_hash, user.must_change_password = hashed(new), False
        _end_sessions(session, user)
        return _begin(session, user.id, identity.chosen.tenant_id if identity.chosen else None, now, now + LONGEST)


# --- sessions ---------------------------------------------------------------------------------------------------------


def sign_in(email: str, password: str) -> str | None:
    """A new session's token; None where address or password is wrong, or tried too often (db.passwords.throttled).

    Answers alike, and takes as long, whether there is such a person or not.
    """
    user_id = proven(email, password)
    if user_id is None:
        return None
    now = datetime.now(UTC)
    with open_platform(write=True) as session:
        session.execute(delete(UserSession).where(UserSession.expires_at < now))
        grants = _grants(session, user_id)
        return _begin(session, user_id, grants[0].tenant_id if len(grants) == 1 else None, now, now + LONGEST)


def session_of(token: str) -> Identity | None:
    """Who a token stands for, with what they are granted at this moment; None where the session is over.

    A session ends 30 minutes after it was last seen, and 12 hours after it began.
    """
    now = datetime.now(UTC)
    with open_platform() as session:
        found = _live(session, token, now)
        if found is None:
            return None
        row, user = found
        grants = _grants(session, user.id)
        chosen = next((granted for granted in grants if granted.tenant_id == row.tenant_id), None)
        identity = Identity(user.id, user.email, user.must_change_password, grants, chosen)
        stale = now - row.seen_at >= SEEN_EVERY
    # A load may hold the warehouse for a while: then the next request writes it down.
    if stale:
        with suppress(WarehouseError), open_platform(write=True, patient=False) as session:
            found = _live(session, token, now)
            if found is not None:
                found[0].seen_at = now
    return identity


def choose_tenant(token: str, tenant_code: str) -> str:
    """Turn a session to another of the person's tenants; gives a new token, the old one is dead.

    Forbidden where the session is over or the tenant is not granted, whether it exists or not.
    """
    now = datetime.now(UTC)
    with open_platform(write=True) as session:
        found = _live(session, token, now)
        if found is None:
            raise Forbidden("you are signed out; sign in again")
        row, user = found
        granted = next((g for g in _grants(session, user.id) if g.tenant_code == tenant_code), None)
        if granted is None:
            raise Forbidden("there is no such organisation among yours")
        session.delete(row)
        # The twelve hours run on: turning from tenant to tenant must not keep a session alive for ever.
        return _begin(session, user.id, granted.tenant_id, row.started_at, row.expires_at)


def sign_out(token: str) -> None:
    """End a session; nothing happens where it is over already."""
    with open_platform(write=True) as session:
        session.execute(delete(UserSession).where(UserSession.token_sha256 == sha256(token)))


# --- inside -----------------------------------------------------------------------------------------------------------


def _address(email: str) -> str:
    address = email.strip().casefold()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
        raise UsageError(f"'{email}' is no e-mail address")
    return address


def _user(session: Session, address: str) -> User | None:
    return session.scalars(select(User).where(User.email == address)).first()


def _tenant(session: Session, code: str) -> Tenant:
    tenant = session.scalars(select(Tenant).where(func.lower(Tenant.code) == code.strip().lower())).first()
    if tenant is None:
        raise UsageError(f"no tenant '{code}'; `assay tenant list` lists them")
    return tenant


def _grants(session: Session, user_id: int) -> tuple[Granted, ...]:
    rows = session.execute(
        select(Grant.role, Grant.department_code, Tenant.id, Tenant.code, Tenant.name)
        .join(Tenant, Tenant.id == Grant.tenant_id)
        .where(Grant.user_id == user_id)
        .order_by(Tenant.code, Grant.department_code)
    ).all()
    granted = []
    for tenant_id in dict.fromkeys(row.id for row in rows):
        own = [row for row in rows if row.id == tenant_id]
        role = min((row.role for row in own), key=ROLES.index)
        codes = tuple(row.department_code for row in own)
        granted.append(Granted(tenant_id, own[0].code, own[0].name, role, None if "" in codes else codes))
    return tuple(granted)


def _live(session: Session, token: str, now: datetime) -> tuple[UserSession, User] | None:
    row = session.execute(
        select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.token_sha256 == sha256(token), User.disabled_at.is_(None))
        .where(UserSession.expires_at > now, UserSession.seen_at > now - IDLE)
    ).first()
    return None if row is None else (row[0], row[1])


def _begin(session: Session, user_id: int, tenant_id: int | None, started: datetime, expires: datetime) -> str:
    token = secrets.token_urlsafe(32)
    row = UserSession(token_sha256=sha256(token), user_id=user_id, tenant_id=tenant_id)
    row.started_at, row.seen_at, row.expires_at = started, datetime.now(UTC), expires
    session.add(row)
    return token


def _end_sessions(session: Session, user: User) -> None:
    session.execute(delete(UserSession).where(UserSession.user_id == user.id))
