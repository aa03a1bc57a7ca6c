"""A tenant taken out whole: every row of its own in one transaction, then its originals, then the space they took.

reliability.md T16. **What is removed** is found by walking the models: each table with a `tenant_id`, the accounts that
the tenant keeps, and what refers to these accounts. `WITHOUT_TENANT` says of every other table why nothing in it is the
tenant's; a test holds the two lists against the database, so that no later table is forgotten. **What is left** is one
entry of the platform's log.

**The audit log** refuses every change, its owner's too. Here alone it is passed: in the transaction that removes the
tenant, with the table locked against every writer, the trigger is taken off, the tenant's chain removed and the same
trigger put back. Nobody else ever meets the table without it: they wait for the lock, and a crash in between undoes all
of it. The entry that is left names the number of entries and the head of the chain that went, so that a copy of the log
that was taken out before can still be proven to be that log.

On PostgreSQL the tables' owner does it, as it does an upgrade: the program's own role may remove neither rows of loads
nor entries of the log (db.upgrade), and row-level security holds for the owner as well.
"""

# statements of the models' own names

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, Table, delete, func, or_, select, text, update
from sqlalchemy.orm import Session

from db import audit, originals, reads
from db.engine import engine, owner_url
from db.identities import Grant, ResetLink, User, UserSession
from db.models import METADATA, AuditEntry, Original, PlatformAuditEntry, Tenant
from db.numbering import REMOVED, largest
from db.readers import still_there
from db.session import Scope, bind, open_owner, open_platform
from db.tenants import here, scope_of
from db.upgrade import require_current
from scheme.errors import UsageError, WarehouseError

# Tables of which no column names a tenant, and why nothing in them is left of one.
WITHOUT_TENANT = {
    "tenants": "its own row is removed last",
    "standards": "everybody's; a standard that one tenant alone used is left, for others may be held to it",
    "users": "accounts that it keeps are removed by `home_tenant_id`; the platform's are the platform's",
    "reset_links": "of accounts, and removed with them",
    "sign_in_attempts": "hashes of addresses, of nobody's tenant; minutes old",
    "sign_on_attempts": "browsers on their way, of nobody's tenant; minutes old",
    "platform_audit": "the platform's own log, in which the entry that is left stands",
}
_LOG = AuditEntry.__tablename__


@dataclass(frozen=True)
class Removed:
    """What was removed: rows of all tables, accounts, originals; and accounts of the platform that were disabled."""

    rows: int
    people: int
    disabled: tuple[int, ...]
    originals: int


def remove_tenant(code: str, kept_as: str, sha256: str | None = None) -> Removed:
    """Remove a tenant with all that is its own; for whoever runs the installation.

    `kept_as` says in the log what was kept: "export", "backup" or "nothing". `sha256`: what an export says of itself;
    UsageError where the tenant holds something else by now. A removal that was cut off after its transaction (its
    originals or the freed space were out of reach) is finished by asking again. UsageError for an unknown tenant, and
    where its originals lie nobody knows where.
    """
    require_current()
    number = removed_before(code)
    if number is not None:
        done = Removed(0, 0, (), originals.forget_tenant(number))
        _vacuum()
        return done
    scope = scope_of(code)
    with open_owner("remove a tenant") as session:
        bind(session, scope)
        rows, people, disabled = _remove(session, scope, kept_as, sha256)
    done = Removed(rows, people, disabled, originals.forget_tenant(scope.tenant_id))
    _vacuum()
    return done


def removed_before(code: str) -> int | None:
    """The number of a tenant of this code that was removed, where none of the code is there now."""
    wanted = code.strip().lower()
    with open_platform() as session:
        if session.scalars(select(Tenant.id).where(func.lower(Tenant.code) == wanted)).first() is not None:
            return None
        which = select(PlatformAuditEntry.detail).where(
            PlatformAuditEntry.action == REMOVED, func.lower(PlatformAuditEntry.object) == wanted
        )
        found = session.scalars(which.order_by(PlatformAuditEntry.entry_number.desc())).first()
    return None if found is None else int(audit.parsed(found)["tenant"])


# --- in the transaction -----------------------------------------------------------------------------------------------


def _remove(session: Session, scope: Scope, kept_as: str, sha256: str | None) -> tuple[int, int, tuple[int, ...]]:
    connection = session.connection()
    # Whoever writes for this tenant holds its row; from here on they wait, and then find no tenant.
    session.execute(select(Tenant.id).where(Tenant.id == scope.tenant_id).with_for_update())
    if connection.dialect.name == "postgresql":  # sessions of its people who have chosen no tenant yet are there too
        connection.exec_driver_sql("SET LOCAL app.identity = 'on'")
    if sha256 is not None and reads.content_hash(session) != sha256:
        raise UsageError(f"the export is not what {scope.tenant_code} holds now; take it out anew with `assay export`")
    if session.scalars(select(func.count(Original.sha256))).one() and originals.place() == originals.OFF:
        raise UsageError("originals of this tenant are kept, and ASSAY_ORIGINALS is off; name the place where they lie")
    if roles := still_there(session):
        raise UsageError(
            f"readers of {scope.tenant_code} can still sign in; `assay reader end` {', '.join(roles)} first"
        )
    people = _Of(scope.tenant_id)
    newest = session.scalars(select(AuditEntry).order_by(AuditEntry.entry_number.desc()).limit(1)).first()
    log = (newest.entry_number, newest.sha256) if newest else (0, "")
    # Now, for the newest row of a table may be one of those that go.
    told = {"tenant": scope.tenant_id, "kept_as": kept_as, "log": log, "numbers": largest(connection)}
    session.expunge_all()
    kept, held = people.kept(connection), people.held(connection)
    rows = sum(people.emptied(connection, table) for table in reversed(METADATA.sorted_tables))
    disabled = _left_without_role(connection, held - kept)
    rows += _log_emptied(connection, scope.tenant_id)
    tenants = METADATA.tables[Tenant.__tablename__]
    rows += connection.execute(delete(tenants).where(tenants.c.id == scope.tenant_id)).rowcount
    audit.record_on_platform(
        session,
        REMOVED,
        scope.tenant_code,
        actor=here(),
        role="operator",
        origin="command line",
        rows=rows,
        people=len(kept),
        disabled=sorted(disabled),
        **told,
    )
    return rows, len(kept), tuple(sorted(disabled))


class _Of:
    """Which rows are one tenant's, table by table."""

    def __init__(self, tenant_id: int) -> None:
        self.tenant_id = tenant_id
        self.users = METADATA.tables[User.__tablename__]
        self.own = select(self.users.c.id).where(self.users.c.home_tenant_id == tenant_id)

    def kept(self, connection: Connection) -> set[int]:
        """The accounts that the tenant keeps."""
        return set(connection.execute(self.own).scalars())

    def held(self, connection: Connection) -> set[int]:
        """Everybody who was granted something there."""
        grants = METADATA.tables[Grant.__tablename__]
        return set(connection.execute(select(grants.c.user_id).where(grants.c.tenant_id == self.tenant_id)).scalars())

    def which(self, table: Table) -> ColumnElement[bool] | None:
        """The condition under which a row of a table goes; None where none does, or where it goes apart."""
        if table.name in (_LOG, Tenant.__tablename__):
            return None
        found = [table.c[name] == self.tenant_id for name in ("tenant_id",) if name in table.c]
        for link in table.foreign_keys:
            if link.column.table.name == Tenant.__tablename__ and link.parent.name != "tenant_id":
                found.append(link.parent == self.tenant_id)
            if link.column.table is self.users:
                found.append(link.parent.in_(self.own))
        return or_(*found) if found else None

    def emptied(self, connection: Connection, table: Table) -> int:
        """Remove them; how many there were."""
        where = self.which(table)
        return 0 if where is None else connection.execute(delete(table).where(where)).rowcount


def _left_without_role(connection: Connection, people: set[int]) -> set[int]:
    """Disable those of the platform's accounts that may do nothing anywhere any more, and end their sessions."""
    grants, users = (METADATA.tables[m.__tablename__] for m in (Grant, User))
    now = datetime.now(UTC)
    lasting = or_(grants.c.ends_on.is_(None), grants.c.ends_on > now.date())
    busy = set(connection.execute(select(grants.c.user_id).where(grants.c.user_id.in_(people), lasting)).scalars())
    idle = people - busy
    for model in (UserSession, ResetLink):
        table = METADATA.tables[model.__tablename__]
        connection.execute(delete(table).where(table.c.user_id.in_(idle)))
    connection.execute(update(users).where(users.c.id.in_(idle), users.c.disabled_at.is_(None)).values(disabled_at=now))
    return idle


def _log_emptied(connection: Connection, tenant_id: int) -> int:
    """Remove a tenant's chain past the trigger that keeps it, as the head of this module says."""
    log = METADATA.tables[_LOG]
    gone = delete(log).where(log.c.tenant_id == tenant_id)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"ALTER TABLE {_LOG} DISABLE TRIGGER {_LOG}_only_grows")
        rows = connection.execute(gone).rowcount
        connection.exec_driver_sql(f"ALTER TABLE {_LOG} ENABLE TRIGGER {_LOG}_only_grows")
        return rows
    named = f"{_LOG}_no_delete"
    asked = text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name")
    made = connection.execute(asked, {"name": named}).scalar_one()
    connection.exec_driver_sql(f"DROP TRIGGER {named}")
    rows = connection.execute(gone).rowcount
    connection.exec_driver_sql(made)
    return rows


# --- after it ---------------------------------------------------------------------------------------------------------


def _vacuum() -> None:
    """Give back the space of removed rows, so that their bytes are not found in the tables' files either."""
    made = engine(owner_url())
    pooled = made.raw_connection()
    try:
        driver = pooled.driver_connection
        if driver is None:
            raise WarehouseError("the warehouse cannot be reached")
        if made.dialect.name == "sqlite":
            for statement in ("PRAGMA query_only = OFF", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                driver.execute(statement).fetchall()
            return
        driver.autocommit = True
        driver.execute(f"VACUUM {', '.join(table.name for table in METADATA.sorted_tables)}")
        driver.autocommit = False
    except made.dialect.loaded_dbapi.Error as error:
        raise WarehouseError(
            f"the tenant is removed, but the space was not given back ({error}); give the same command again"
        ) from error
    finally:
        pooled.close()
