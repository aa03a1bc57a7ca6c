"""People whom a provider signs on: browsers on their way there and back, accounts, and what their groups give them.

reliability.md W4. A person is an issuer and a subject, never an e-mail address; what they may do is read anew from
their groups each time they sign in.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db import audit
from db.identities import Grant, GroupGrant, SignOnAttempt, User
from db.members import EVERYWHERE
from db.models import Tenant
from db.passwords import sha256
from db.people import add_grants
from db.roles import EXPORTS, ROLES
from db.session import Scope, open_platform, open_session
from db.sessions import end_sessions
from scheme.errors import UsageError

WITHIN = timedelta(minutes=10)  # there and back
ORIGIN = "sign_on"  # of grants that groups gave
FROM_GROUPS = tuple(role for role in ROLES if role != "operator")


@dataclass(frozen=True)
class Attempt:
    """What a browser took along on its way to a provider."""

    nonce: str
    code_verifier: str
    onward: str


@dataclass(frozen=True)
class Vouched:
    """Somebody a provider has proven, with their groups; `tenants` are the only ones it may let them into."""

    provider: str
    tenants: tuple[str, ...]
    issuer: str
    subject: str
    email: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class GroupRole:
    """A role that people of a group have, in one department and what lies below it ("" is everywhere)."""

    provider: str
    group: str
    role: str
    department: str
    may_export: bool


# --- there and back ---------------------------------------------------------------------------------------------------


def set_out(provider: str, nonce: str, code_verifier: str, onward: str) -> tuple[str, str]:
    """Note that a browser sets out: the state that travels with it, and the secret that it keeps for itself."""
    state, browser, now = secrets.token_urlsafe(32), secrets.token_urlsafe(32), datetime.now(UTC)
    with open_platform(write=True) as session:
        session.execute(delete(SignOnAttempt).where(SignOnAttempt.expires_at <= now))
        row = SignOnAttempt(state_sha256=sha256(state), browser_sha256=sha256(browser), provider=provider)
        row.nonce, row.code_verifier, row.onward, row.expires_at = nonce, code_verifier, onward, now + WITHIN
        session.add(row)
    return state, browser


def come_back(provider: str, state: str, browser: str) -> Attempt | None:
    """What the browser took along, once; None for a state that is another browser's or provider's, used or too old."""
    one = (SignOnAttempt.state_sha256 == sha256(state)) & (SignOnAttempt.browser_sha256 == sha256(browser))
    with open_platform(write=True) as session:
        # Looked up and removed by one statement: of two that come back at once, one finds it.
        row = session.execute(
            delete(SignOnAttempt)
            .where(one, SignOnAttempt.provider == provider, SignOnAttempt.expires_at > datetime.now(UTC))
            .returning(SignOnAttempt.nonce, SignOnAttempt.code_verifier, SignOnAttempt.onward)
        ).first()
    return None if row is None else Attempt(*row)


# --- who came, and what their groups give -----------------------------------------------------------------------------


def account_of(vouched: Vouched, origin: str = "") -> int | None:
    """The account of a proven person, with the grants that their groups give by now; None where nothing is left them.

    None, too, where the account is disabled. Whoever is given nothing and was never here leaves no trace but an entry
    in the platform's audit log. `origin` is the network address.
    """
    scopes = _scopes(vouched, origin)
    given = {scope.tenant_id: _given(scope, vouched) for scope in scopes}
    account = _account(vouched, may_be_new=any(given.values()))
    if account is None:
        with open_platform(write=True) as session:
            told = {"actor": f"provider {vouched.provider}", "origin": origin}
            audit.record_on_platform(session, "refused sign-in", **told, way=f"sign-on {vouched.provider}")
        return None
    user_id, is_disabled, elsewhere = account
    here = {scope.tenant_id for scope in scopes}
    former = [scope for scope in _scopes_of(elsewhere, vouched, origin) if scope.tenant_id not in here]
    for scope in (*scopes, *former):
        _replace(scope, vouched, user_id, gives=scope.tenant_id in here)
    now = datetime.now(UTC)
    with open_platform(write=True) as session:
        left = select(Grant.id).where(
            Grant.user_id == user_id, or_(Grant.ends_on.is_(None), Grant.ends_on > now.date())
        )
        if not is_disabled and session.scalars(left).first() is not None:
            return user_id
        end_sessions(session, user_id)
        told = {"actor": f"person {user_id}", "origin": origin}
        audit.record_on_platform(session, "refused sign-in", **told, way=f"sign-on {vouched.provider}")
    return None


def _account(vouched: Vouched, may_be_new: bool) -> tuple[int, bool, tuple[int, ...]] | None:
    try:
        return _found_or_made(vouched, may_be_new)
    except IntegrityError:
        return _found_or_made(vouched, may_be_new)  # made by another request a moment ago


def _found_or_made(vouched: Vouched, may_be_new: bool) -> tuple[int, bool, tuple[int, ...]] | None:
    """The account's id, whether it is disabled, and the tenants in which groups gave it something; None without one."""
    address = vouched.email.strip().casefold()
    shown = address if re.fullmatch(r"[^@\s]+@[^@\s]+", address) else vouched.subject
    with open_platform(write=True) as session:
        known = select(User).where(User.issuer == vouched.issuer, User.subject == vouched.subject)
        user = session.scalars(known).first()
        if user is None and not may_be_new:
            return None
        if user is None:
            user = User(email=shown, issuer=vouched.issuer, subject=vouched.subject, must_change_password=False)
            session.add(user)
            session.flush()
        user.email = shown  # what they are called by; who they are is the issuer's subject
        held = select(Grant.tenant_id).where(Grant.user_id == user.id, Grant.origin == ORIGIN).distinct()
        tenants = tuple(tenant for tenant in session.scalars(held) if tenant is not None)
        return user.id, user.disabled_at is not None, tenants


def _replace(scope: Scope, vouched: Vouched, user_id: int, gives: bool) -> None:
    """Let the person hold in this tenant what the groups give, and nothing that they gave before."""
    with open_session(scope) as session:
        if _held(session, user_id) == (_wanted(session, vouched) if gives else set()):
            return
    with open_session(scope, write=True) as session:
        wanted = _wanted(session, vouched) if gives else set()
        if _held(session, user_id) == wanted:
            return  # another request did it a moment ago, and its session must not end
        mine = (Grant.user_id == user_id) & (Grant.tenant_id == scope.tenant_id) & (Grant.origin == ORIGIN)
        session.execute(delete(Grant).where(mine))
        for role, department, may_export in sorted(wanted):
            places = [department] if department else []
            add_grants(session, user_id, scope.tenant_id, role, places, may_export=may_export, origin=ORIGIN)
        end_sessions(session, user_id)  # they come in again as what they are now (reliability.md W3)
        roles = sorted({role for role, _, _ in wanted})
        departments = sorted({department for _, department, _ in wanted if department})
        told = {"by": f"groups of {vouched.provider}", "departments": departments}
        audit.record(session, "granted" if wanted else "revoked", f"person {user_id}", granted=roles, **told)


def _given(scope: Scope, vouched: Vouched) -> set[tuple[str, str, bool]]:
    with open_session(scope) as session:
        return _wanted(session, vouched)


def _wanted(session: Session, vouched: Vouched) -> set[tuple[str, str, bool]]:
    """Role, department and taking away, of each grant that the groups give in the session's tenant."""
    rows = session.scalars(select(GroupGrant).where(GroupGrant.provider == vouched.provider)).all()
    own = [row for row in rows if row.group_name in vouched.groups and row.role in FROM_GROUPS]
    return {(row.role, row.department_code, row.may_export) for row in own}


def _held(session: Session, user_id: int) -> set[tuple[str, str, bool]]:
    rows = session.scalars(select(Grant).where(Grant.user_id == user_id, Grant.origin == ORIGIN)).all()
    return {(row.role, row.department_code, row.may_export) for row in rows}


def _scopes(vouched: Vouched, origin: str) -> list[Scope]:
    """The tenants that the operator's file names for this provider, as far as they exist."""
    codes = [code.strip().lower() for code in vouched.tenants]
    with open_platform() as session:
        tenants = session.scalars(select(Tenant).where(func.lower(Tenant.code).in_(codes)).order_by(Tenant.code)).all()
        return [_scope(tenant, vouched, origin) for tenant in tenants]


def _scopes_of(tenant_ids: Sequence[int], vouched: Vouched, origin: str) -> list[Scope]:
    with open_platform() as session:
        tenants = session.scalars(select(Tenant).where(Tenant.id.in_(tenant_ids)).order_by(Tenant.code)).all()
        return [_scope(tenant, vouched, origin) for tenant in tenants]


def _scope(tenant: Tenant, vouched: Vouched, origin: str) -> Scope:
    """The provider itself at work in a tenant: it may give and take what its groups say, and read nothing."""
    return Scope(tenant.id, tenant.code, (), "", "", tenant.name, actor=f"provider {vouched.provider}", origin=origin)


# --- which group gives what -------------------------------------------------------------------------------------------


def group_roles(scope: Scope) -> tuple[GroupRole, ...]:
    """What each group of each provider gives in the scope's tenant."""
    with open_session(scope) as session:
        order = (GroupGrant.provider, GroupGrant.group_name, GroupGrant.department_code)
        rows = session.scalars(select(GroupGrant).order_by(*order)).all()
        return tuple(
            GroupRole(row.provider, row.group_name, row.role, row.department_code, row.may_export) for row in rows
        )


def give_to_group(
    scope: Scope,
    provider: str,
    group: str,
    role: str,
    departments: Sequence[str] = (),
    may_export: bool | None = None,
) -> None:
    """Let people of a group have a role in the scope's tenant, from their next sign-in on, in place of what it gave.

    In some departments (and below) or all. UsageError for a role that no group can give, or not there.
    """
    if role not in FROM_GROUPS:
        raise UsageError(f"no group can give the role '{role}'; there are {', '.join(FROM_GROUPS)}")
    if not group.strip() or not provider.strip():
        raise UsageError("a provider and the name of one of its groups are needed")
    if departments and role in EVERYWHERE:
        raise UsageError(f"the role {role} is for the whole organisation; name no department")
    exported = role in EXPORTS if may_export is None else may_export
    with open_session(scope, write=True) as session:
        _forget(session, provider, group)
        for department in list(dict.fromkeys(departments)) or [""]:
            row = GroupGrant(tenant_id=scope.tenant_id, provider=provider, group_name=group, department_code=department)
            row.role, row.may_export = role, exported
            session.add(row)
        told = {"granted": role, "departments": list(departments), "export": exported}
        audit.record(session, "granted to group", f"provider {provider}", group=sha256(group)[:12], **told)


def take_from_group(scope: Scope, provider: str, group: str) -> None:
    """Let a group give nothing more in the scope's tenant, from each person's next sign-in on."""
    with open_session(scope, write=True) as session:
        if _forget(session, provider, group):
            audit.record(session, "revoked from group", f"provider {provider}", group=sha256(group)[:12])


def _forget(session: Session, provider: str, group: str) -> bool:
    given = select(GroupGrant).where(GroupGrant.provider == provider, GroupGrant.group_name == group)
    rows = session.scalars(given).all()
    for row in rows:
        session.delete(row)
    session.flush()
    return bool(rows)
