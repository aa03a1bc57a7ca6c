"""What people were granted, and what each may see and do by it in a tenant (reliability.md T8, T11).

Sessions ask here at every request, and so does what is done in somebody's absence: letters, feeds, packs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from db.identities import Grant, OperatorVisit, User
from db.models import VERSIONED, Tenant
from db.roles import EXPORT, ROLES
from db.session import Scope, open_platform, open_session

Held = tuple[Grant, Tenant | None]  # a grant and its tenant; None: an operator's, who is of none


@dataclass(frozen=True)
class Granted:
    """What a person may do in one tenant: one role, in these departments and certificates (None is all of them)."""

    tenant_id: int
    tenant_code: str
    tenant_name: str
    role: str
    departments: tuple[str, ...] | None
    certificates: tuple[str, ...] | None
    may_export: bool
    visit_ends_at: datetime | None = None  # an operator's
    visit_reason: str = ""
    ends_on: date | None = None  # the first day without it
    version: int = 0  # of the tenant's data, as it was when this was looked up

    @property
    def permissions(self) -> frozenset[str]:
        """What the role may do, and taking files away where the grant says so."""
        return ROLES[self.role] | ({EXPORT} if self.may_export and self.role != "operator" else set())


def scope_by(user_id: int, email: str, granted: Granted, departments: tuple[str, ...] | None, origin: str) -> Scope:
    """What a person may see and do in a tenant by what was granted there, in these departments."""
    return Scope(
        granted.tenant_id,
        granted.tenant_code,
        departments,
        granted.role,
        email,
        granted.tenant_name,
        granted.permissions,
        granted.certificates,
        f"person {user_id}",
        origin,
    )


def scope_of_person(user_id: int, tenant_id: int, origin: str = "") -> Scope | None:
    """What a person may see and do in a tenant at this moment, signed in or not; None where that is nothing.

    For what is done in their absence: letters, feeds, packs (reliability.md T8). An operator's visit is none of it.
    """
    with open_platform() as session:
        user = session.get(User, user_id)
        if user is None or user.disabled_at is not None:
            return None
        granted = (one for one in grants_of(session, user_id, datetime.now(UTC)) if one.tenant_id == tenant_id)
        chosen = next((one for one in granted if one.role != "operator"), None)
        if chosen is None:
            return None
        return scope_by(user.id, user.email, chosen, holders_of(chosen, user, origin), origin)


def is_operator(session: Session, user_id: int) -> bool:
    """Whether a person runs the platform."""
    held = select(Grant.id).where(Grant.user_id == user_id, Grant.tenant_id.is_(None), Grant.role == "operator")
    today = datetime.now(UTC).date()
    return session.scalars(held.where(or_(Grant.ends_on.is_(None), Grant.ends_on > today))).first() is not None


def grants_of(session: Session, user_id: int, now: datetime) -> tuple[Granted, ...]:
    """What a person may do by now, a tenant each: in the strongest role granted there, and an operator's visits."""
    live = or_(Grant.ends_on.is_(None), Grant.ends_on > now.date())
    rows = session.execute(with_tenants(select(Grant, Tenant).where(Grant.user_id == user_id, live))).all()
    held = [(row[0], row[1]) for row in rows]
    visits = visits_of(session, user_id, now, held) if any(is_of_the_platform(grant) for grant, _ in held) else ()
    return granted_by(held) + visits


def granted_by(held: Sequence[Held]) -> tuple[Granted, ...]:
    """What grants give, a tenant each in the order of their codes."""
    rows = [(grant, tenant) for grant, tenant in held if tenant is not None]
    granted = []
    for tenant in dict.fromkeys(row[1] for row in rows):
        role = min((grant.role for grant, of in rows if of is tenant), key=list(ROLES).index)
        own = [grant for grant, of in rows if of is tenant and grant.role == role]
        whole = any(not grant.department_code and not grant.certificate_code for grant in own)
        departments = tuple(grant.department_code for grant in own if grant.department_code)
        certificates = tuple(grant.certificate_code for grant in own if grant.certificate_code)
        granted.append(
            Granted(
                tenant.id,
                tenant.code,
                tenant.name,
                role,
                None if whole else departments,
                None if whole or departments else certificates,
                all(grant.may_export for grant in own),
                ends_on=None
                if any(grant.ends_on is None for grant in own)
                else max(filter(None, (g.ends_on for g in own))),
                version=tenant.version,
            )
        )
    return tuple(granted)


def visits_of(session: Session, user_id: int, now: datetime, held: Sequence[Held]) -> tuple[Granted, ...]:
    """An operator's running visits to tenants in which they hold no grant."""
    visits = session.execute(
        select(OperatorVisit, Tenant)
        .join(Tenant, Tenant.id == OperatorVisit.tenant_id)
        .where(OperatorVisit.user_id == user_id, OperatorVisit.ended_at.is_(None), OperatorVisit.ends_at > now)
    ).all()
    own = {grant.tenant_id for grant, _ in held}
    return tuple(
        Granted(
            *(tenant.id, tenant.code, tenant.name, "operator", None, None, False, entry.ends_at, entry.reason),
            version=tenant.version,
        )
        for entry, tenant in visits
        if tenant.id not in own
    )


def with_tenants(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """A statement on grants, with the tenant of each where it has one, in the order in which they are told."""
    return statement.outerjoin(Tenant, Tenant.id == Grant.tenant_id).order_by(
        Tenant.code, Grant.department_code, Grant.certificate_code
    )


def is_of_the_platform(grant: Grant) -> bool:
    """Whether a grant makes an operator, who is of no tenant."""
    return grant.tenant_id is None and grant.role == "operator"


def holders_of(chosen: Granted | None, user: User, origin: str) -> tuple[str, ...] | None:
    """The departments of a grant: its own, and those that hold its certificates; None where one is the whole body's."""
    if chosen is None or chosen.certificates is None:
        return chosen.departments if chosen else ()
    model = VERSIONED["certificates"]
    with open_session(scope_by(user.id, user.email, chosen, (), origin)) as session:
        held = session.scalars(
            select(model.department_code).where(  # type: ignore[attr-defined]  # made from scheme.tables
                model.superseded_by_load.is_(None),
                model.certificate_code.in_(chosen.certificates),  # type: ignore[attr-defined]  # the same
            )
        ).all()
    return None if any(not code for code in held) else tuple(sorted(set(held)))
