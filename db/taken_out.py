"""What a backup holds of the warehouse: every table but those left out, by tenant, or what one tenant alone has.

Read through a session that sees one moment (db.backup); each tenant's rows by the connection bound to it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from db import archive, originals
from db.archive import Manifest, Rows, Taken, Writer
from db.engine import engine
from db.models import METADATA, Tenant
from db.session import Scope, bind
from db.tenants import here
from db.version import head, installed
from scheme.errors import WarehouseError

# What is in no backup, and why.
LEFT_OUT = {
    "user_sessions": "who was signed in signs in again: a session that was ended must not come back",
    "guest_sessions": "whoever opened a link opens it again",
    "reset_links": "a link that was used or died must not come back",
    "sign_in_attempts": "what was tried in the last minutes",
    "sign_on_attempts": "browsers on their way to a provider",
    "readers": "their roles and passwords are the server's, not the warehouse's: other tools are let in anew",
    "ready_frames": "made anew from the other tables, after each restore (db.readied)",
}
# What a tenant alone has of the tables that are no tenant's.
_OF_ONE = ("tenants", "standards", "users")
# The secrets of an account, which go with a tenant alone only where it granted the account something.
_SECRETS = ("password_hash", "totp_secret", "totp_step", "second_factor_at")


def tables() -> tuple[Table, ...]:
    """Every table that is in a backup, those that are referred to first."""
    return tuple(table for table in METADATA.sorted_tables if table.name not in LEFT_OUT)


def written(session: Session, writer: Writer, only: Scope | None, now: datetime) -> Manifest:
    """Write everything, or what one tenant has, into an archive, and end it; gives its manifest."""
    columns = {table.name: archive.columns_of(table) for table in tables()}
    asked = select(Tenant.id, Tenant.code, Tenant.standard_code).order_by(Tenant.id)
    held = {row.id: row for row in session.execute(asked) if only is None or row.id == only.tenant_id}
    platform: dict[str, Rows] = {}
    for table in tables():
        if "tenant_id" in table.c:
            if only is not None or not table.c.tenant_id.nullable:
                continue
            parts = parts_of(session, table, table.c.tenant_id.is_(None))
        elif only is None:
            parts = parts_of(session, table)
        elif table.name in _OF_ONE:
            parts = _of_one(session, table, only, held[only.tenant_id].standard_code)
        else:
            continue
        platform[table.name] = writer.put_rows(archive.PLATFORM, table.name, columns[table.name], parts)
    taken, lost = [], []
    for row in held.values():
        bind(session, bound(row.id, row.code))
        owner, of_tenant = f"tenants/{row.id}", {}
        for table in tables():
            if "tenant_id" in table.c:
                parts = parts_of(session, table, table.c.tenant_id == row.id)
                of_tenant[table.name] = writer.put_rows(owner, table.name, columns[table.name], parts)
        there = []
        for sha256 in _kept(session, row.id):
            data = _opened(session, sha256)
            if data is None:
                lost.append(f"{row.code} {sha256}")
            else:
                writer.put_original(owner, sha256, data)
                there.append(sha256)
        taken.append(Taken(row.id, row.code, of_tenant, tuple(there)))
    manifest = Manifest(
        program=installed(),
        schema=head(),
        database=engine().dialect.name,
        made_at=now.isoformat(timespec="seconds"),
        only=only.tenant_code if only else None,
        columns=columns,
        platform=platform,
        tenants=tuple(taken),
        lost=tuple(lost),
    )
    writer.finish(manifest)
    return manifest


def bound(tenant_id: int, code: str) -> Scope:
    """The scope by which a session is bound to a tenant while it is backed up or restored."""
    return Scope(tenant_id, code, None, "", "", actor=here())


def parts_of(
    session: Session, table: Table, *where: Any, first: int | None = None
) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows of a table in parts, none of them large; `first`: so many of a log and no more."""
    asked = select(table).where(*where)
    if first is not None:
        asked = asked.order_by(table.c.entry_number).limit(first)
    is_large = any(kind == "bytes" for _, kind in archive.columns_of(table))
    at_once = archive.LARGE_AT_ONCE if is_large else archive.AT_ONCE
    return session.execute(asked, execution_options={"yield_per": at_once}).partitions()


def _of_one(session: Session, table: Table, only: Scope, standard: str) -> Iterator[Sequence[Sequence[Any]]]:
    """What a tenant alone has of a table that is no tenant's: itself, its standard, and the people whom it knows."""
    if table.name == "tenants":
        yield from parts_of(session, table, table.c.id == only.tenant_id)
    elif table.name == "standards":
        yield from parts_of(session, table, table.c.code == standard)
    else:
        bind(session, only)
        granted, named = _people(session, only.tenant_id)
        bind(session, None)
        names = list(table.c.keys())
        for part in parts_of(session, table):
            rows = [dict(zip(names, row, strict=True)) for row in part]
            ours = [row for row in rows if row["home_tenant_id"] == only.tenant_id or row["id"] in named]
            yield [tuple(_told(row, only.tenant_id, granted).values()) for row in ours]


def _people(session: Session, tenant_id: int) -> tuple[set[int], set[int]]:
    """The accounts that a tenant granted something, and all that its rows name."""
    granted: set[int] = set()
    named: set[int] = set()
    for table in tables():
        if "tenant_id" in table.c and "user_id" in table.c:
            found = set(session.execute(select(table.c.user_id).where(table.c.tenant_id == tenant_id)).scalars())
            named |= found
            granted |= found if table.name == "grants" else set()
    return granted, named


def _told(row: dict[str, Any], tenant_id: int, granted: set[int]) -> dict[str, Any]:
    if row["home_tenant_id"] not in (None, tenant_id):
        row["home_tenant_id"] = None
    if row["home_tenant_id"] != tenant_id and row["id"] not in granted:
        row |= dict.fromkeys(_SECRETS)  # an operator who visited, say: known by name, and able to do nothing
    return row


def _kept(session: Session, tenant_id: int) -> list[str]:
    table = METADATA.tables["originals"]
    return sorted(session.execute(select(table.c.sha256).where(table.c.tenant_id == tenant_id)).scalars())


def _opened(session: Session, sha256: str) -> bytes | None:
    try:
        return originals.opened(session, sha256)
    except WarehouseError:
        return None
