"""Backup and restore of the warehouse and the files that were sent, of all tenants or of one (reliability.md W2).

What is in a backup is one moment of the warehouse, whoever writes meanwhile: on PostgreSQL a transaction that sees one
moment and may only read, on SQLite a copy by SQLite's own means. Tenants are read one after another, each by a
connection bound to it: both locks of tenancy stay on, for the program's own role. Files are read afterwards; none of
which the warehouse tells is ever taken away, so all are there.

A backup is restored into an empty warehouse and nothing else, in one transaction: all of it is in, or nothing. Before
it ends, every row is read back and held against what was counted when the backup was made.
"""

import hashlib
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Table, make_url, select
from sqlalchemy.orm import Session

from db import archive, audit, originals, sealed
from db.archive import Archive, Manifest, Rows, Taken, Writer
from db.engine import database_url, engine
from db.models import APPEND_ONLY, Base, Tenant
from db.session import Scope, bind, open_platform, open_session
from db.tenants import here, scope_of
from db.upgrade import head, require_current, set_numbers, upgrade, version
from db.writes import loader
from scheme.errors import BackupInvalid, UsageError, WarehouseError

# What is in no backup, and why.
LEFT_OUT = {
    "user_sessions": "who was signed in signs in again: a session that was ended must not come back",
    "guest_sessions": "whoever opened a link opens it again",
    "reset_links": "a link that was used or died must not come back",
    "sign_in_attempts": "what was tried in the last minutes",
    "sign_on_attempts": "browsers on their way to a provider",
    "ready_frames": "made anew from the other tables, after each restore (db.readied)",
}
# What a tenant alone has of the tables that are no tenant's.
_OF_ONE = ("tenants", "standards", "users")
# The secrets of an account, which go with a tenant alone only where it granted the account something.
_SECRETS = ("password_hash", "totp_secret", "totp_step", "second_factor_at")


@dataclass(frozen=True)
class Report:
    """What a backup holds, or what was restored: its manifest, and where it lies."""

    path: Path
    manifest: Manifest


def tables() -> tuple[Table, ...]:
    """Every table that is in a backup, those that are referred to first."""
    return tuple(table for table in Base.metadata.sorted_tables if table.name not in LEFT_OUT)


# --- backing up -------------------------------------------------------------------------------------------------------


def backup(path: Path, tenant: str | None = None, recipient: str | None = None) -> Report:
    """Write a backup of everything, or of one tenant and its people alone, closed for a recipient where one is named.

    A folder as `path` gets a file named after the moment. Files that the warehouse tells of and that cannot be read are
    `lost` in the manifest; all else is in. UsageError where there is something at `path` already; WarehouseError where
    the warehouse or the place of the backup cannot be used.
    """
    require_current()
    scope = None if tenant is None else scope_of(tenant)
    now = datetime.now(UTC)
    target = path / _named(now, scope, recipient) if path.is_dir() else path
    with sealed.written(target, recipient) as file:
        _record(scope, recipient)
        with _moment() as session, Writer(file) as writer:
            manifest = _written(session, writer, scope, now)
    return Report(target, manifest)


def _named(now: datetime, scope: Scope | None, recipient: str | None) -> str:
    whose = f"-{scope.tenant_code}" if scope else ""
    return f"assay{whose}-{now:%Y-%m-%dT%H%M%SZ}.zip{'.age' if recipient else ''}"


def _record(scope: Scope | None, recipient: str | None) -> None:
    """Everything, or all of a tenant, is being taken away: that is told before it is, and so in the backup too."""
    whose, is_closed = scope.tenant_code if scope else "all", recipient is not None
    with open_platform(write=True) as session:
        audit.record_on_platform(session, "began a backup", actor=here(), tenant=whose, closed=is_closed)
    if scope is not None:
        with open_session(scope, write=True) as session:
            audit.record(session, "began a backup", closed=is_closed)


@contextmanager
def _moment() -> Iterator[Session]:
    """A session that sees one moment of the warehouse for as long as it is open, and keeps no writer waiting."""
    made = engine()
    if made.dialect.name != "sqlite":
        with open_platform() as session:
            yield session
        return
    source = Path(made.url.database or "")
    # Beside the warehouse: where its rows lie in the open anyway, and there is a disk that is large enough.
    with tempfile.TemporaryDirectory(prefix=f".{source.name}-backup-", dir=source.parent) as folder:
        copy = Path(folder) / "assay.db"
        address = f"sqlite:///{copy}"
        try:
            _copied(source, copy)
            with open_platform(address=address) as session:
                yield session
        finally:
            engine(address).dispose()


def _copied(source: Path, copy: Path) -> None:
    there, here_ = sqlite3.connect(source, timeout=60), sqlite3.connect(copy)
    try:
        there.backup(here_)
    except sqlite3.Error as error:
        raise WarehouseError(f"the warehouse cannot be copied ({error}); try again") from error
    finally:
        there.close()
        here_.close()


def _written(session: Session, writer: Writer, only: Scope | None, now: datetime) -> Manifest:
    columns = {table.name: archive.columns_of(table) for table in tables()}
    asked = select(Tenant.id, Tenant.code, Tenant.standard_code).order_by(Tenant.id)
    held = {row.id: row for row in session.execute(asked) if only is None or row.id == only.tenant_id}
    platform: dict[str, Rows] = {}
    for table in tables():
        if "tenant_id" in table.c:
            if only is not None or not table.c.tenant_id.nullable:
                continue
            parts = _parts(session, table, table.c.tenant_id.is_(None))
        elif only is None:
            parts = _parts(session, table)
        elif table.name in _OF_ONE:
            parts = _of_one(session, table, only, held[only.tenant_id].standard_code)
        else:
            continue
        platform[table.name] = writer.put_rows(archive.PLATFORM, table.name, columns[table.name], parts)
    taken, lost = [], []
    for row in held.values():
        bind(session, _bound(row.id, row.code))
        owner, of_tenant = f"tenants/{row.id}", {}
        for table in tables():
            if "tenant_id" in table.c:
                parts = _parts(session, table, table.c.tenant_id == row.id)
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
        program=loader(),
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


def _bound(tenant_id: int, code: str) -> Scope:
    return Scope(tenant_id, code, None, "", "", actor=here())


def _parts(session: Session, table: Table, *where: Any, first: int | None = None) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows of a table, so many at once; `first`: no more of a log than that."""
    asked = select(table).where(*where)
    if first is not None:
        asked = asked.order_by(table.c.entry_number).limit(first)
    is_large = any(kind == "bytes" for _, kind in archive.columns_of(table))
    at_once = archive.LARGE_AT_ONCE if is_large else archive.AT_ONCE
    return session.execute(asked, execution_options={"yield_per": at_once}).partitions()


def _of_one(session: Session, table: Table, only: Scope, standard: str) -> Iterator[Sequence[Sequence[Any]]]:
    """What a tenant alone has of a table that is no tenant's: itself, its standard, and the people whom it knows."""
    if table.name == "tenants":
        yield from _parts(session, table, table.c.id == only.tenant_id)
    elif table.name == "standards":
        yield from _parts(session, table, table.c.code == standard)
    else:
        bind(session, only)
        granted, named = _people(session, only.tenant_id)
        bind(session, None)
        names = list(table.c.keys())
        for part in _parts(session, table):
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
    table = Base.metadata.tables["originals"]
    return sorted(session.execute(select(table.c.sha256).where(table.c.tenant_id == tenant_id)).scalars())


def _opened(session: Session, sha256: str) -> bytes | None:
    try:
        return originals.opened(session, sha256)
    except WarehouseError:
        return None


# --- restoring --------------------------------------------------------------------------------------------------------


@contextmanager
def opened(path: Path, key: Path | None = None) -> Iterator[Archive]:
    """The backup in a file, opened with a key where it is closed; UsageError or BackupInvalid where it will not do."""
    with sealed.plain(path, key) as file, archive.opened(file) as found:
        yield found


def restore(path: Path, key: Path | None = None) -> Report:
    """Put a backup into the empty warehouse of this environment, and bring that to this version.

    Numbers and codes stay what they were, so logs hold together and links lead where they led. UsageError where the
    warehouse is not empty, or the backup will not do for it; BackupInvalid where the backup is not what was written.
    Whatever goes wrong, no row of it is in.
    """
    with opened(path, key) as found:
        told = found.manifest
        if told.schema > head():
            raise BackupInvalid(f"the backup is of version {told.schema}, made by a newer Assay; update this one")
        if told.files and originals.place() == originals.OFF:
            raise UsageError(f"ASSAY_ORIGINALS is off, and the backup has {told.files} files; say where to keep them")
        there = version()
        if there is not None:
            with open_platform() as session:
                _refuse_used(session, ("tenants", "users"))
        if there is not None and there > told.schema:
            raise UsageError(
                f"the warehouse is at version {there} already and the backup of {told.schema}; restore it into a "
                "database on which `assay upgrade` was not run"
            )
        if there != told.schema:
            upgrade(to=told.schema)
        highest: dict[str, int] = {}
        for owned in (told.platform, *(tenant.tables for tenant in told.tenants)):
            for name, rows in owned.items():
                highest[name] = max(highest.get(name, 0), rows.highest)
        set_numbers({name: number for name, number in highest.items() if number})
        with open_platform(write=True, alone=True) as session:
            _refuse_used(session, tuple(told.platform))
            _put(session, found)
            wrong = _differences(session, found)
            if wrong:
                raise BackupInvalid(f"the backup is damaged: {wrong[0]}; nothing was restored, take another one")
            audit.record_on_platform(
                session, "restored a backup", actor=here(), made=told.made_at, tenant=told.only or "all"
            )
    upgrade()
    require_current()
    return Report(path, told)


def _refuse_used(session: Session, named: Sequence[str]) -> None:
    for name in named:
        if session.execute(select(Base.metadata.tables[name]).limit(1)).first() is not None:
            raise UsageError(
                f"the warehouse at {_where()} is not empty; a backup is restored into an empty one: name another in "
                "ASSAY_DATABASE_URL, or move this one away"
            )


def _where() -> str:
    return make_url(database_url()).render_as_string(hide_password=True)


def _put(session: Session, found: Archive) -> None:
    told = found.manifest
    _put_rows(session, found, told.platform)
    for tenant in told.tenants:
        bind(session, _bound(tenant.id, tenant.code))
        _put_rows(session, found, tenant.tables)
        owner = f"tenants/{tenant.id}"
        originals.put_back(session, ((n, _file(found, owner, n)) for n in tenant.originals))
    bind(session, None)


def _file(found: Archive, owner: str, sha256: str) -> bytes:
    data = found.member(archive.original(owner, sha256))
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BackupInvalid(f"the backup is damaged: the file {sha256} is not what was sent; take another one")
    return data


def _put_rows(session: Session, found: Archive, rows: Mapping[str, Rows]) -> None:
    for name, columns in found.manifest.columns.items():  # in the order in which rows refer to each other
        if name not in rows:
            continue
        table = archive.table_of(name, columns)
        for frame in found.rows(name, rows[name]):
            if frame.height:
                session.execute(table.insert(), frame.rows(named=True))


def differences(found: Archive) -> list[str]:
    """How the rows of the warehouse differ from those of a backup, in words; empty where they do not.

    Of a log that only grows, what was there when the backup was made.
    """
    with open_platform() as session:
        return _differences(session, found)


def _differences(session: Session, found: Archive) -> list[str]:
    told = found.manifest
    wrong = _differing(session, told, told.platform, None, "the platform")
    there = {row.id: row.code for row in session.execute(select(Tenant.id, Tenant.code))}
    if there != {tenant.id: tenant.code for tenant in told.tenants}:
        wrong.append("the organisations are not those of the backup")
    for tenant in told.tenants:
        bind(session, _bound(tenant.id, tenant.code))
        wrong += _differing(session, told, tenant.tables, tenant.id, f"tenant {tenant.code}")
    bind(session, None)
    return wrong


def _differing(
    session: Session, told: Manifest, rows: Mapping[str, Rows], tenant_id: int | None, whose: str
) -> list[str]:
    wrong = []
    for name, expected in rows.items():
        table = archive.table_of(name, told.columns[name])
        if tenant_id is not None:
            where = [table.c.tenant_id == tenant_id]
        else:
            where = [table.c.tenant_id.is_(None)] if "tenant_id" in table.c else []
        total = archive.Sum()
        for part in _parts(session, table, *where, first=expected.rows if name in APPEND_ONLY else None):
            total.add(part)
        if (total.rows, total.sha256) != (expected.rows, expected.sha256):
            counted = f"{total.rows} rows instead of {expected.rows}" if total.rows != expected.rows else "other rows"
            wrong.append(f"{whose}: {name} has {counted}")
    return wrong
