"""The one lock of tenancy: rows of a tenant are reached through `open_session` alone, and it fails closed.

Four bolts, each enough for the mistakes it is meant for: a filter on every ORM statement; a refusal of rows of another
tenant at flush; a guard on every statement of every engine of this process, which refuses one that names an owned table
without naming the tenant, or on a connection that is bound to none; and, on PostgreSQL, row-level security.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, SelectBase, event, select, text
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, UOWTransaction, with_loader_criteria
from sqlalchemy.pool import Pool

from db import deadline
from db.engine import (
    ALONE,
    BUSY_SECONDS,
    IDLE_SECONDS,
    IMPATIENT,
    READ_SECONDS,
    WRITES,
    absent,
    engine,
    no_warehouse,
    owner_url,
    worded,
)
from db.mapped import OfTenant, TenantOwned
from db.models import OWNED, Tenant
from db.numbering import watch
from db.version import fit
from scheme.errors import Forbidden, UsageError

_BOUND = "assay_tenant"
_SCOPE = "assay_scope"
EXEMPT = "assay_exempt"  # execution option of connections of migrations, of those to databases not ours, of no other
_NAMES_OWNED = re.compile(rf"\b({'|'.join(OWNED)})\b", re.IGNORECASE)
_NAMES_TENANT = re.compile(r'\btenant_id"?\s*(=|\bin\b)', re.IGNORECASE)
_INSERTS_TENANT = re.compile(r"^\s*insert\s+into\s+\S+\s*\([^)]*\btenant_id\b", re.IGNORECASE)

watch()


@dataclass(frozen=True)
class Scope:
    """Who asks, in which tenant, for which departments and certificates (None is all of them), and what they may do.

    `departments` stand for themselves and what lies below them. `permissions` are those of db.roles. `actor` and
    `origin` say in the audit log who it was and from where.
    """

    tenant_id: int
    tenant_code: str
    departments: tuple[str, ...] | None
    role: str
    email: str
    tenant_name: str = ""
    permissions: frozenset[str] = frozenset()
    certificates: tuple[str, ...] | None = None
    actor: str = ""
    origin: str = ""

    def may(self, permission: str) -> bool:
        """Whether this person may do that (db.roles.PERMISSIONS)."""
        return permission in self.permissions


@contextmanager
def open_session(scope: Scope, write: bool = False) -> Iterator[Session]:
    """A session in which the scope's tenant is all there is; one transaction, committed at the end, undone on an error.

    Reads see one moment of the warehouse. A session that may write waits until no other writes for this tenant (in an
    SQLite warehouse: for any), so what it reads still holds when it writes. WarehouseError where the database is
    absent, busy, full or out of reach.
    """
    with _opened({_BOUND: scope.tenant_id, _SCOPE: scope, WRITES: write}) as session:
        if write:
            session.execute(select(Tenant.id).where(Tenant.id == scope.tenant_id).with_for_update())
        yield session


@contextmanager
def open_platform(
    write: bool = False, patient: bool = True, alone: bool = False, address: str | None = None
) -> Iterator[Session]:
    """A session for the tables no tenant owns, and for who may do what where; anything else is refused.

    One that is not patient gives up with WarehouseError where another writes to an SQLite warehouse. `alone`: nobody
    else uses it yet, so that a large transaction may leave memory. `address`: of a copy, else of the warehouse.
    """
    with _opened({_BOUND: None, WRITES: write, IMPATIENT: not patient, ALONE: alone}, address) as session:
        yield session


@contextmanager
def open_owner(doing: str) -> Iterator[Session]:
    """A session of the tables' owner, one transaction of it, past the guard and no policy; for `doing` (in words).

    UsageError on PostgreSQL where ASSAY_OWNER_DATABASE_URL does not lead to the owner.
    """
    made = engine(owner_url())
    if absent(made):
        raise no_warehouse(made)
    bound = made.execution_options(**{WRITES: True, EXEMPT: True})
    with worded(made), Session(bound, expire_on_commit=False) as session, session.begin():
        _require_owner(session.connection(), doing)
        yield session


def _require_owner(connection: Connection, doing: str) -> None:
    if connection.dialect.name != "postgresql":
        return
    owns = "SELECT pg_has_role(current_user, relowner, 'USAGE') FROM pg_class WHERE oid = 'public.tenants'::regclass"
    if not connection.execute(text(owns)).scalar():
        raise UsageError(
            f"only the owner of the tables may {doing}: set ASSAY_OWNER_DATABASE_URL as for `assay upgrade`"
        )


@contextmanager
def _opened(info: dict[str, Any], address: str | None = None) -> Iterator[Session]:
    deadline.look()
    made = engine(address)
    if absent(made):
        raise no_warehouse(made)
    fit(made)
    options: dict[str, Any] = {WRITES: info[WRITES]} | {name: info.get(name, False) for name in (IMPATIENT, ALONE)}
    if made.dialect.name == "postgresql" and not info[WRITES]:
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    bound = made.execution_options(**options)
    with worded(made), Session(bound, expire_on_commit=False, info=info) as session, session.begin():
        yield session


def bound_tenant(session: Session) -> int:
    """The tenant that the session is bound to; Forbidden where it is bound to none."""
    tenant: int | None = session.info.get(_BOUND)
    if tenant is None:
        raise Forbidden("this session is bound to no tenant")
    return tenant


def scope_in(session: Session) -> Scope | None:
    """Whose session this is; None where it is bound to nobody."""
    scope: Scope | None = session.info.get(_SCOPE)
    return scope


def bind(session: Session, scope: Scope | None) -> None:
    """Bind a platform session to a tenant, for the rest of its transaction: one it has just made, or a person's own.

    None: to none again, as after one tenant of several (db.backup).
    """
    session.info[_BOUND], session.info[_SCOPE] = scope.tenant_id if scope else None, scope
    _bind_connection(session.connection(), session)


def _bind_connection(connection: Connection, session: Session) -> None:
    tenant_id = session.info.get(_BOUND)
    connection.info.pop(_BOUND, None)
    if tenant_id is not None:
        connection.info[_BOUND] = tenant_id
    if connection.dialect.name == "postgresql":
        # All in every transaction, and by SET LOCAL: a pooler between transactions and the workers of a distributed
        # PostgreSQL hear of nothing else (stack.md). Who may do what is there for the one that is bound to nobody.
        tenant, identity = ("", "on") if tenant_id is None else (int(tenant_id), "")
        connection.exec_driver_sql(
            f"SET LOCAL citus.propagate_set_commands = 'local'; SET LOCAL app.tenant = '{tenant}'; "
            f"SET LOCAL app.identity = '{identity}'; SET LOCAL timezone = 'UTC'; "
            f"SET LOCAL lock_timeout = '{int(BUSY_SECONDS)}s'; "
            f"SET LOCAL statement_timeout = '{_statement_milliseconds(session)}ms'; "
            f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'"
        )


def _statement_milliseconds(session: Session) -> int:
    """How long PostgreSQL may take over one statement; 0, for ever, for what writes: all of it or nothing."""
    if session.info.get(WRITES, True):
        return 0
    left = deadline.left()
    return int(READ_SECONDS * 1000 if left is None else max(1, min(READ_SECONDS, left) * 1000))


@event.listens_for(Session, "after_begin")
def _bind_transaction(session: Session, _: SessionTransaction, connection: Connection) -> None:
    _bind_connection(connection, session)


@event.listens_for(Pool, "checkin")
def _unbind(_: Any, record: Any) -> None:
    record.info.pop(_BOUND, None)


@event.listens_for(Session, "do_orm_execute")
def _filter(state: ORMExecuteState) -> None:
    kinds = [mapper.class_ for mapper in state.all_mappers]
    owned = any(issubclass(kind, TenantOwned) for kind in kinds)
    tenant = bound_tenant(state.session) if owned else state.session.info.get(_BOUND)
    if tenant is None:
        return
    named = any(issubclass(kind, OfTenant) for kind in kinds)
    if named and state.is_insert:
        raise Forbidden("rows of a tenant are added one by one or through db.frames, which name the tenant themselves")
    if not named and not (state.is_select and isinstance(state.statement, SelectBase)):
        return
    # Where it names no owned table at first sight, a part of it may: what is left unfiltered the guard refuses.
    state.statement = state.statement.options(
        with_loader_criteria(OfTenant, lambda cls: cls.tenant_id == tenant, include_aliases=True)
    )


@event.listens_for(Session, "before_flush")
def _refuse_foreign(session: Session, _: UOWTransaction, __: Any) -> None:
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, TenantOwned) or (isinstance(row, OfTenant) and session.info.get(_BOUND) is not None):
            tenant = bound_tenant(session)
            if row.tenant_id is None:
                row.tenant_id = tenant
            if row.tenant_id != tenant:
                raise Forbidden("this row belongs to another tenant")


@event.listens_for(Engine, "before_cursor_execute")
def _guard(connection: Connection, _: Any, statement: str, __: Any, ___: Any, ____: bool) -> None:
    owned = {name.casefold() for name in _NAMES_OWNED.findall(statement)}
    if not owned or connection.get_execution_options().get(EXEMPT):
        return
    if connection.info.get(_BOUND) is None:
        raise Forbidden("rows of a tenant are out of reach here: this connection is bound to no tenant")
    if len(_NAMES_TENANT.findall(statement)) < len(owned) and not _INSERTS_TENANT.search(statement):
        raise Forbidden("rows of a tenant are out of reach here: the statement does not name the tenant")
