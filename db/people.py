"""Accounts by which people sign in, and what they were granted. Their sessions are in db.sessions."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from db import audit
from db.identities import Grant, User
from db.models import Tenant
from db.passwords import hashed, one_time_password
from db.roles import EXPORTS, ROLES
from db.session import bind, open_platform
from db.sessions import end_sessions
from db.tenants import here, scope_in_tenant
from scheme.errors import UsageError


def add_user(
    email: str,
    role: str,
    tenant_code: str | None = None,
    departments: Sequence[str] = (),
    certificates: Sequence[str] = (),
    ends_on: date | None = None,
    may_export: bool | None = None,
) -> str | None:
    """Give the platform's account of a person a role in a tenant; a one-time password for a new account, else None.

    In some departments (and below) or certificates, else in all. Replaces what the account was granted in that tenant
    before. UsageError for an address that is none, an unknown role or tenant, or a role that needs a tenant.
    """
    address = email_address(email)
    if role not in ROLES:
        raise UsageError(f"no role '{role}'; there are {', '.join(ROLES)}")
    if tenant_code is None and (role != "operator" or departments or certificates):
        raise UsageError(f"the role {role} needs a tenant: --tenant CODE")
    if tenant_code is not None and role == "operator":
        raise UsageError("an operator runs the platform, and visits a tenant with a reason; leave --tenant out")
    with open_platform(write=True) as session:
        tenant = None if tenant_code is None else _tenant(session, tenant_code)
        user = _platform_account(session, address)
        password = None
        if user is None:
            password = one_time_password()
            user = User(email=address, password_hash=hashed(password), must_change_password=True)
            session.add(user)
            session.flush()
        if tenant is None:
            session.execute(delete(Grant).where(Grant.user_id == user.id, Grant.tenant_id.is_(None)))
            add_grants(session, user.id, None, role, ends_on=ends_on, may_export=False)
            audit.record_on_platform(session, "granted", f"person {user.id}", actor=here(), role=role)
            end_sessions(session, user.id)
            return password
        bind(session, scope_in_tenant(tenant))
        replace_grants(session, user.id, tenant.id, role, departments, certificates, ends_on, may_export)
    return password


def replace_grants(
    session: Session,
    user_id: int,
    tenant_id: int,
    role: str,
    departments: Sequence[str] = (),
    certificates: Sequence[str] = (),
    ends_on: date | None = None,
    may_export: bool | None = None,
) -> None:
    """Give a person a role in the tenant that the session is bound to, in place of what they had there.

    Ends their sessions there: they sign in again as what they are now (reliability.md W3). Recorded in the audit log.
    """
    session.execute(delete(Grant).where(Grant.user_id == user_id, Grant.tenant_id == tenant_id))
    exported = role in EXPORTS if may_export is None else may_export
    add_grants(session, user_id, tenant_id, role, departments, certificates, ends_on, exported)
    end_sessions(session, user_id)
    told = {"departments": list(departments), "certificates": list(certificates), "until": ends_on}
    audit.record(session, "granted", f"person {user_id}", granted=role, export=exported, **told)


def add_grants(
    session: Session,
    user_id: int,
    tenant_id: int | None,
    role: str,
    departments: Sequence[str] = (),
    certificates: Sequence[str] = (),
    ends_on: date | None = None,
    may_export: bool = False,
    origin: str = "",
) -> None:
    """Add a role's grants: one for each department and each certificate, or one for everything."""
    places = [(code, "") for code in dict.fromkeys(departments)] + [("", code) for code in dict.fromkeys(certificates)]
    for department, certificate in places or [("", "")]:
        row = Grant(user_id=user_id, tenant_id=tenant_id, role=role, department_code=department)
        row.certificate_code, row.may_export, row.ends_on, row.origin = certificate, may_export, ends_on, origin
        session.add(row)
    session.flush()


def set_password(email: str, must_change: bool = True) -> str:
    """Give the platform's account of a person a new one-time password and end its sessions; UsageError without one."""
    password = one_time_password()
    with open_platform(write=True) as session:
        user = _known(session, email)
        user.password_hash, user.must_change_password = hashed(password), must_change
        end_sessions(session, user.id)
        audit.record_on_platform(session, "reset password", f"person {user.id}", actor=here())
    return password


def disable_user(email: str) -> None:
    """Let the platform's account of a person sign in no more and end its sessions; UsageError without one."""
    with open_platform(write=True) as session:
        user = _known(session, email)
        user.disabled_at = datetime.now(UTC)
        end_sessions(session, user.id)
        audit.record_on_platform(session, "disabled", f"person {user.id}", actor=here())


def email_address(email: str) -> str:
    """An e-mail address as it is kept; UsageError where it is none."""
    address = email.strip().casefold()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
        raise UsageError(f"'{email}' is no e-mail address")
    return address


def _platform_account(session: Session, address: str) -> User | None:
    local = select(User).where(User.email == address, User.issuer.is_(None), User.home_tenant_id.is_(None))
    return session.scalars(local).first()


def _known(session: Session, email: str) -> User:
    user = _platform_account(session, email_address(email))
    if user is None:
        raise UsageError(f"nobody signs in as {email}; `assay user add` adds them")
    return user


def _tenant(session: Session, code: str) -> Tenant:
    tenant = session.scalars(select(Tenant).where(func.lower(Tenant.code) == code.strip().lower())).first()
    if tenant is None:
        raise UsageError(f"no tenant '{code}'; `assay tenant list` lists them")
    return tenant
