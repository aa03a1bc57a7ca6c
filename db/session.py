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
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, UOWTransaction, with_loader_criteria
from sqlalchemy.pool import Pool

from db.engine import IMPATIENT, WRITES, absent, engine, in_words, no_warehouse
from db.models import OWNED, Tenant, TenantOwned
from scheme.errors import Forbidden

_BOUND = "assay_tenant"
EXEMPT = "assay_exempt"  # execution option of the migrations' connection, and of no other
_NAMES_OWNED = re.compile(rf"\b({'|'.join(OWNED)})\b", re.IGNORECASE)
_NAMES_TENANT = re.compile(r'\btenant_id"?\s*(=|\bin\b)', re.IGNORECASE)
_INSERTS_TENANT = re.compile(r"^\s*insert\s+into\s+\S+\s*\([^)]*\btenant_id\b", re.IGNORECASE)


@dataclass(frozen=True)
class Scope:
    """Who asks, in which tenant, and for which departments: None is all of them, else these and what lies below."""

    tenant_id: int
    tenant_code: str
    departments: tuple[str, ...] | None
    role: str
    email: str
    tenant_name: str = ""


@contextmanager
def open_session(scope: Scope, write: bool = False) -> Iterator[Session]:
    """A session in which the scope's tenant is all there is; one transaction, committed at the end, undone on an error.

    Reads see one moment of the warehouse. A session that may write waits until no other writes for this tenant (in an
    SQLite warehouse: for any), so what it reads still holds when it writes. WarehouseError where the database is
    absent, busy, full or out of reach.
    """
    with _opened({_BOUND: scope.tenant_id, WRITES: write}) as session:
        if write:
            session.execute(select(Tenant.id).where(Tenant.id == scope.tenant_id).with_for_update())
        yield session


@contextmanager
def open_platform(write: bool = False, patient: bool = True) -> Iterator[Session]:
    """A session for the tables no tenant owns (tenants, standards, people); anything else is refused.

    One that is not patient gives up with WarehouseError where another writes to an SQLite warehouse.
    """
    with _opened({_BOUND: None, WRITES: write, IMPATIENT: not patient}) as session:
        yield session


@contextmanager
def _opened(info: dict[str, Any]) -> Iterator[Session]:
    made = engine()
    if absent(made):
        raise no_warehouse(made)
    options: dict[str, Any] = {WRITES: info[WRITES], IMPATIENT: info.get(IMPATIENT, False)}
    if made.dialect.name == "postgresql" and not info[WRITES]:
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    try:
        with Session(made.execution_options(**options), expire_on_commit=False, info=info) as session, session.begin():
            yield session
    except DBAPIError as error:
        words = in_words(error, made)
        if words is None:
            raise
        raise words from error


def bound_tenant(session: Session) -> int:
    """The tenant that the session is bound to; Forbidden where it is bound to none."""
    tenant: int | None = session.info.get(_BOUND)
    if tenant is None:
        raise Forbidden("this session is bound to no tenant")
    return tenant


def bind(session: Session, tenant_id: int) -> None:
    """Bind a platform session to a tenant that it has just made, for the rest of its transaction."""
    session.info[_BOUND] = tenant_id
    _bind_connection(session.connection(), tenant_id)


def _bind_connection(connection: Connection, tenant_id: int | None) -> None:
    connection.info.pop(_BOUND, None)
    if tenant_id is not None:
        connection.info[_BOUND] = tenant_id
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT set_config('app.tenant', :tenant, true)"), {"tenant": str(tenant_id)})


@event.listens_for(Session, "after_begin")
def _bind_transaction(session: Session, _: SessionTransaction, connection: Connection) -> None:
    _bind_connection(connection, session.info.get(_BOUND))


@event.listens_for(Pool, "checkin")
def _unbind(_: Any, record: Any) -> None:
    record.info.pop(_BOUND, None)


@event.listens_for(Session, "do_orm_execute")
def _filter(state: ORMExecuteState) -> None:
    owned = any(issubclass(mapper.class_, TenantOwned) for mapper in state.all_mappers)
    if owned and state.is_insert:
        raise Forbidden("rows of a tenant are added one by one or through db.frames, which name the tenant themselves")
    if not owned and not (state.is_select and isinstance(state.statement, SelectBase)):
        return
    # Where it names no owned table at first sight, a part of it may: what is left unfiltered the guard refuses.
    tenant = bound_tenant(state.session) if owned else state.session.info.get(_BOUND)
    if tenant is None:
        return
    state.statement = state.statement.options(
        with_loader_criteria(TenantOwned, lambda cls: cls.tenant_id == tenant, include_aliases=True)
    )


@event.listens_for(Session, "before_flush")
def _refuse_foreign(session: Session, _: UOWTransaction, __: Any) -> None:
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, TenantOwned):
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
