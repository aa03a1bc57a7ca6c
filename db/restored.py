"""Whether what was restored is sound: what a rehearsal asks of a copy before anybody signs in (reliability.md W2)."""

import sqlite3
from collections.abc import Iterator

from cryptography.fernet import InvalidToken
from sqlalchemy import select

from db import audit, originals
from db.archive import Archive
from db.backup import differences
from db.engine import engine
from db.identities import User
from db.models import APPEND_ONLY, METADATA, OWNED
from db.secret import box
from db.session import open_platform, open_session
from db.tenants import scope_of
from db.version import head
from scheme.errors import Forbidden, WarehouseError


def checks(found: Archive, has_secret: bool) -> Iterator[tuple[str, list[str]]]:
    """What is asked of the SQLite warehouse into which an archive was restored, and what is wrong, in words.

    Each is asked when the one before has been taken. `has_secret`: whether the program's own secret is at hand.
    """
    told = found.manifest
    yield "the file and its foreign keys hold together", _held_together()
    if told.schema == head():
        yield f"all {told.rows:,} rows are those that were backed up", differences(found)
    yield "every row is of an organisation of the backup, and out of reach of all others", _apart(found)
    scopes = [scope_of(tenant.code) for tenant in told.tenants]
    wrong = [f"the audit log of {whose}: {fault}" for whose, fault in audit.chains(scopes) if fault]
    yield "the audit logs hold together", wrong
    yield f"all {told.files:,} files are as they were sent", _files(found)
    if has_secret:
        yield "second factors open with ASSAY_SECRET", _second_factors()


def _held_together() -> list[str]:
    plain = sqlite3.connect(engine().url.database or "")
    try:
        wrong = [str(row[0]) for row in plain.execute("PRAGMA integrity_check") if row[0] != "ok"]
        lost = plain.execute("PRAGMA foreign_key_check").fetchall()
        wrong += [f"a row of {table} refers to one of {other} that is not there" for table, _, other, _ in lost]
        kept = {row[0] for row in plain.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
        wanted = {f"{table}_no_{verb}" for table in APPEND_ONLY for verb in ("update", "delete")}
        return wrong + [f"the trigger {name} is missing" for name in sorted(wanted - kept)]
    finally:
        plain.close()


def _apart(found: Archive) -> list[str]:
    wrong, codes = [], {tenant.id: tenant.code for tenant in found.manifest.tenants}
    plain = sqlite3.connect(engine().url.database or "")
    try:
        for name in OWNED:
            of_nobody = {row[0] for row in plain.execute(f"SELECT DISTINCT tenant_id FROM {name}")} - set(codes)  # noqa: S608  # our own names
            wrong += [f"{name} has rows of an organisation that is not there" for _ in of_nobody]
    finally:
        plain.close()
    for name in OWNED:
        try:
            with open_platform() as session:
                session.execute(select(METADATA.tables[name]).limit(1)).all()
        except Forbidden:
            continue
        wrong.append(f"{name} is within reach of a session that is bound to no organisation")
    return wrong


def _files(found: Archive) -> list[str]:
    wrong = []
    for tenant in found.manifest.tenants:
        with open_session(scope_of(tenant.code)) as session:
            for sha256 in tenant.originals:
                try:
                    if originals.opened(session, sha256) is None:
                        wrong.append(f"the warehouse does not tell of the file {sha256} of {tenant.code}")
                except WarehouseError as error:
                    wrong.append(f"tenant {tenant.code}: {error}")
    return wrong


def _second_factors() -> list[str]:
    with open_platform() as session:
        kept = list(session.scalars(select(User.totp_secret).where(User.totp_secret.is_not(None))))
    opens, shut = box(), 0
    for secret in kept:
        try:
            opens.decrypt((secret or "").encode())
        except InvalidToken:
            shut += 1
    return [f"{shut} of {len(kept)} second factors do not open: ASSAY_SECRET is not the one they were closed with"] * (
        shut > 0
    )
