"""The audit log: who did or took what, when, from where; only ever added to, each entry chained to the one before.

reliability.md W6. A tenant has a chain of its own, the platform another. An entry is written in the transaction of what
it tells of: neither is there without the other. Triggers refuse any change; a change made past them breaks the chain; a
chain cut short is found by comparing with a head written down elsewhere (each entry's hash goes to the program's log).
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import polars as pl
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from db.frames import MOMENT, fetched
from db.models import AuditEntry, PlatformAuditEntry, Tenant
from db.session import Scope, open_platform, open_session, scope_in
from scheme.frames import Schema

log = logging.getLogger("assay.audit")
_BEGINNING = "0" * 64
_PLATFORM_LOCK = 20081118  # one writer of the platform's chain at a time; any number will do
_LONGEST = 500
ENTRIES: Schema = {
    "entry": pl.Int64,
    "at": MOMENT,
    "actor": pl.String,
    "role": pl.String,
    "origin": pl.String,
    "action": pl.String,
    "object": pl.String,
    "detail": pl.String,
    "previous_sha256": pl.String,
    "sha256": pl.String,
}


def record(session: Session, action: str, about: str = "", **detail: object) -> None:
    """Add an entry to the chain of the session's tenant, in the session's own transaction.

    Who, in which role and from where is the session's scope. `detail` holds codes and numbers: no secrets, and nothing
    that people wrote. AssertionError where the session is bound to nobody.
    """
    scope = scope_in(session)
    if scope is None:
        raise AssertionError("an entry of a tenant's audit log needs open_session(scope, write=True)")
    # Whoever writes for a tenant holds its row (db.session): entries of one tenant wait for one another.
    session.execute(select(Tenant.id).where(Tenant.id == scope.tenant_id).with_for_update())
    newest = session.scalars(select(AuditEntry).order_by(AuditEntry.entry_number.desc()).limit(1)).first()
    row = AuditEntry(tenant_id=scope.tenant_id)
    _fill(row, newest, scope.tenant_id, (scope.actor, scope.role, scope.origin), action, about, detail)
    session.add(row)
    session.flush()
    _tell(session, scope.tenant_code, row)


def record_on_platform(
    session: Session,
    action: str,
    about: str = "",
    *,
    actor: str,
    role: str = "",
    origin: str = "",
    **detail: object,
) -> None:
    """Add an entry to the platform's chain, in a transaction of `open_platform(write=True)`."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _PLATFORM_LOCK})
    newest = session.scalars(
        select(PlatformAuditEntry).order_by(PlatformAuditEntry.entry_number.desc()).limit(1)
    ).first()
    row = PlatformAuditEntry()
    _fill(row, newest, None, (actor, role, origin), action, about, detail)
    session.add(row)
    session.flush()
    _tell(session, "platform", row)


def entries(scope: Scope | None, newest: int | None = None) -> pl.DataFrame:
    """The entries of a tenant's chain, or of the platform's, newest first (ENTRIES); `newest`: only so many."""
    model = AuditEntry if scope else PlatformAuditEntry
    columns = ("entry_number", *list(ENTRIES)[1:])
    statement = select(*(getattr(model, name) for name in columns)).order_by(model.entry_number.desc())
    with open_session(scope) if scope else open_platform() as session:
        return fetched(session, statement.limit(newest) if newest else statement, ENTRIES)


def head(scope: Scope | None) -> tuple[int, str]:
    """The newest entry's number and hash, to be written down elsewhere; (0, zeros) where there is none."""
    newest = entries(scope, 1)
    return (newest["entry"][0], newest["sha256"][0]) if newest.height else (0, _BEGINNING)


def verify(scope: Scope | None, anchor: tuple[int, str] | None = None) -> str | None:
    """What is wrong with a chain, naming the first entry that is; None where nothing is.

    `anchor` is a head written down earlier: a chain that was cut short no longer has it.
    """
    tenant_id, previous = (scope.tenant_id if scope else None), _BEGINNING
    rows = entries(scope).reverse()
    for expected, row in enumerate(rows.iter_rows(named=True), 1):
        if row["entry"] != expected:
            return f"entry {expected} is missing"
        if row["previous_sha256"] != previous:
            return f"entry {expected} does not follow from the one before it"
        told = [row[name] for name in ("actor", "role", "origin", "action", "object", "detail")]
        if row["sha256"] != _sha256(tenant_id, expected, row["at"], told, previous):
            return f"entry {expected} was changed"
        previous = row["sha256"]
    if anchor and anchor[0] and rows.filter(pl.col("entry") == anchor[0])["sha256"].to_list() != [anchor[1]]:
        return f"entry {anchor[0]} is not the one that was written down: the log was cut short or made anew"
    return None


def _fill(
    row: AuditEntry | PlatformAuditEntry,
    newest: AuditEntry | PlatformAuditEntry | None,
    tenant_id: int | None,
    who: Iterable[str],
    action: str,
    what: str,
    detail: dict[str, Any],
) -> None:
    row.entry_number = (newest.entry_number if newest else 0) + 1
    row.previous_sha256 = newest.sha256 if newest else _BEGINNING
    row.at = datetime.now(UTC)
    row.actor, row.role, row.origin = (_plain(word) for word in who)
    row.action, row.object = _plain(action), _plain(what)
    row.detail = json.dumps(detail, default=str, sort_keys=True, ensure_ascii=True)
    told = [row.actor, row.role, row.origin, row.action, row.object, row.detail]
    row.sha256 = _sha256(tenant_id, row.entry_number, row.at, told, row.previous_sha256)


def _sha256(tenant_id: int | None, number: int, at: datetime, told: list[str], previous: str) -> str:
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(json.dumps([tenant_id, number, moment, *told, previous]).encode()).hexdigest()


def _plain(word: str) -> str:
    """One line without control characters, so that nothing in the log can pass for another entry."""
    return "".join(letter if letter.isprintable() else "�" for letter in word)[:_LONGEST]


def _tell(session: Session, chain: str, row: AuditEntry | PlatformAuditEntry) -> None:
    said = (chain, row.entry_number, row.action, row.sha256)

    def committed(_: Session) -> None:
        log.info("audit chain=%s entry=%d action=%r sha256=%s", *said)

    event.listen(session, "after_commit", committed, once=True)


def parsed(detail: str) -> dict[str, Any]:
    """What the detail of an entry says."""
    said: dict[str, Any] = json.loads(detail)
    return said


def chains(scopes: Iterable[Scope]) -> Iterator[tuple[str, str | None]]:
    """Each tenant's code and what is wrong with its chain, then the platform's."""
    for scope in scopes:
        yield scope.tenant_code, verify(scope)
    yield "platform", verify(None)
