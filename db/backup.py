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

from sqlalchemy import make_url, select
from sqlalchemy.orm import Session

from db import archive, audit, originals, sealed
from db.archive import Archive, Manifest, Rows, Writer
from db.engine import database_url, engine
from db.models import APPEND_ONLY, METADATA, Tenant
from db.session import Scope, bind, open_platform, open_session
from db.taken_out import bound, parts_of, written
from db.tenants import here, scope_of
from db.upgrade import require_current, set_numbers, upgrade, version
from db.version import head
from scheme.errors import BackupInvalid, UsageError, WarehouseError


@dataclass(frozen=True)
class Report:
    """What a backup holds, or what was restored: its manifest, and where it lies."""

    path: Path
    manifest: Manifest


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
            manifest = written(session, writer, scope, now)
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
    """A session that sees one moment for as long as it is open; writers wait for SQLite's copy at most, if at all."""
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
        if session.execute(select(METADATA.tables[name]).limit(1)).first() is not None:
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
        bind(session, bound(tenant.id, tenant.code))
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
        bind(session, bound(tenant.id, tenant.code))
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
        for part in parts_of(session, table, *where, first=expected.rows if name in APPEND_ONLY else None):
            total.add(part)
        if (total.rows, total.sha256) != (expected.rows, expected.sha256):
            counted = f"{total.rows} rows instead of {expected.rows}" if total.rows != expected.rows else "other rows"
            wrong.append(f"{whose}: {name} has {counted}")
    return wrong
