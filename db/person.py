"""A person's data in one tenant: found wherever it stands, handed over, and erased as far as a machine may.

reliability.md W14. **Found** by walking the models, so that no later table is forgotten: rows that are about the
person's account (by its number, or by `person N`, as logs and drafts name people), and rows of which a text holds their
address or a name that is given. Packed rows (`statements`) and files that wait or are kept as sent are looked into as
far as they can be opened; what cannot be is named. `ready_frames` says nothing that the canonical tables do not.

**Erased**: the account's address becomes a stub, and so do copies of it that name a sender; it can sign in no more.
Figures, the history of loads and the log stay: they know a number, not a person. Texts that people wrote are theirs to
change, and are listed.
"""

import base64
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, LargeBinary, Text, delete, or_, select, update
from sqlalchemy.orm import Session

from db import audit, members, originals
from db.grants import is_operator
from db.identities import CalendarFeed, Grant, ResetLink, User
from db.mapped import OfTenant
from db.models import (
    MAPPERS,
    DraftRow,
    File,
    JobRow,
    Load,
    Original,
    PlatformAuditEntry,
    ReminderNotice,
    Sending,
    SendingFile,
    Source,
    Statement,
    Tenant,
)
from db.people import email_address
from db.session import Scope, bind, open_platform, open_session
from db.sessions import end_sessions
from db.tenants import here
from db.upgrade import require_current
from scheme.errors import UsageError, WarehouseError
from scheme.frames import Schema

FOUND: Schema = {
    # account, grant, session, audit entry, action owned, kept (by number), text, file, not looked into
    "about": pl.String,
    "table": pl.String,
    "row": pl.String,  # its key
    "columns": pl.String,  # where it stands, ";" between
    "said": pl.String,  # JSON object
}
_ABOUT = {
    "grants": "grant",
    "user_sessions": "session",
    "audit_entries": "audit entry",
    "platform_audit": "audit entry",
}
_SECRET = ("token_sha256", "password_hash", "totp_secret", "totp_step", "code_verifier", "nonce", "value")
# Who sent or made something, as a copy of their address.
_COPIES: tuple[tuple[type[Any], str], ...] = (
    *((Load, "sent_by"), (Sending, "sent_by"), (Source, "added_by")),
    *((DraftRow, "made_by"), (JobRow, "asked_by")),
)
_OPENED, _LARGEST = ("utf-8", "utf-16-le", "cp1252"), 200_000_000


@dataclass(frozen=True)
class Erased:
    """What was erased: accounts made stubs; those that others need too, which may do nothing here any more; copies."""

    stubs: tuple[int, ...]
    elsewhere: tuple[int, ...]
    copies: int


def about_person(scope: Scope, email: str, names: Sequence[str] = ()) -> pl.DataFrame:
    """All that a tenant holds about whoever has an address, or is called by one of these names: FOUND.

    UsageError for an address that is none. Recorded in the tenant's log by the accounts' numbers.
    """
    require_current()
    words = [email_address(email), *(name.strip() for name in names if name.strip())]
    ids = _ids(scope, words[0])
    with open_session(scope) as session:
        rows = [*_accounts(session, ids), *_rows(session, ids, words), *_packed(session, words)]
        rows += _files(session, words)
    rows += _on_platform(ids)
    with open_session(scope, write=True) as session:
        who = ", ".join(f"person {number}" for number in ids) or "somebody without an account"
        audit.record(session, "handed over personal data", who, rows=len(rows))
    return pl.DataFrame(rows, FOUND, orient="row")


def erase(scope: Scope, email: str) -> Erased:
    """Replace a person's address by a stub wherever the program itself wrote it down, and end their way in.

    An account that another organisation needs too, or an operator's, stays, and may do nothing here any more.
    UsageError where nobody of the tenant has that address, or they are its only administrator.
    """
    require_current()
    address = email_address(email)
    ids = _ids(scope, address)
    if not ids:
        raise UsageError(f"nobody of tenant {scope.tenant_code} has an account with the address {address}")
    held = {one.user_id for one in members.members(scope) if one.role}
    for number in ids:
        if number in held:
            members.end_access(scope, number)
    stubs, elsewhere, copies = [], [], 0
    for number in ids:
        with open_platform(write=True) as session:
            user = session.get_one(User, number)
            others = session.scalars(select(Grant.id).where(Grant.user_id == number)).first() is not None
            if user.home_tenant_id not in (None, scope.tenant_id) or others or is_operator(session, number):
                elsewhere.append(number)
            else:
                stubs.append(number)
                _stubbed(session, user)
                audit.record_on_platform(
                    session, "erased", f"person {number}", actor=here(), role="operator", origin="command line"
                )
            session.flush()
            bind(session, scope)
            session.execute(select(Tenant.id).where(Tenant.id == scope.tenant_id).with_for_update())
            copies += _copies_erased(session, address, number)
            session.execute(delete(ReminderNotice).where(ReminderNotice.user_id == number))
            session.execute(delete(CalendarFeed).where(CalendarFeed.user_id == number))
            session.get_one(Tenant, scope.tenant_id).version += 1
            audit.record(session, "erased", f"person {number}", copies=copies)
    return Erased(tuple(stubs), tuple(elsewhere), copies)


def stub(number: int) -> str:
    """What stands in place of an address that was erased; no letter can go there."""
    return f"erased-{number}@erased.invalid"


def _stubbed(session: Session, user: User) -> None:
    user.email, user.password_hash, user.must_change_password = stub(user.id), None, False
    user.totp_secret = user.totp_step = user.second_factor_at = None
    if user.issuer is not None:
        user.subject = stub(user.id)
    user.disabled_at = user.disabled_at or datetime.now(UTC)
    end_sessions(session, user.id)
    session.execute(delete(ResetLink).where(ResetLink.user_id == user.id))


def _copies_erased(session: Session, address: str, number: int) -> int:
    count = 0
    for model, name in _COPIES:
        column = getattr(model, name)
        done: Any = session.execute(update(model).where(column == address).values({name: stub(number)}))
        count += done.rowcount
    return count


# --- found ------------------------------------------------------------------------------------------------------------

Row = tuple[str, str, str, str, str]


def _ids(scope: Scope, address: str) -> list[int]:
    return [one.user_id for one in members.members(scope) if one.email == address]


def _accounts(session: Session, ids: Sequence[int]) -> Iterator[Row]:
    for user in session.scalars(select(User).where(User.id.in_(ids))):
        said = {c.name: getattr(user, c.name) for c in User.__mapper__.columns}
        yield "account", "users", str(user.id), "id", _told(said)


def _rows(session: Session, ids: Sequence[int], words: Sequence[str]) -> Iterator[Row]:
    """Rows of every table with a tenant that are about these accounts, or hold one of the words."""
    numbered = [f"person {number}" for number in ids]
    for mapper in MAPPERS:
        model = mapper.class_
        if not issubclass(model, OfTenant):
            continue
        texts = [c for c in mapper.columns if isinstance(c.type, Text)]
        people = [c for c in mapper.columns if any(link.column.table.name == "users" for link in c.foreign_keys)]
        asked: list[ColumnElement[bool]] = [getattr(model, c.key).in_(ids) for c in people]
        for column in texts:
            attribute = getattr(model, column.key)
            asked += [attribute.in_(numbered), *(_holds(attribute, word) for word in words)]
        if not asked:
            continue
        for row in session.scalars(select(model).where(or_(*asked))):
            said = {c.key: getattr(row, c.key) for c in mapper.columns if not isinstance(c.type, LargeBinary)}
            where = [c.key for c in people if said[c.key] in ids]
            where += [c.key for c in texts if said[c.key] in numbered]
            found = [c.key for c in texts if said[c.key] and _is_in(said[c.key], words)]
            name = mapper.local_table.name  # type: ignore[attr-defined]  # a mapper's table may be a join; ours are none
            about = _ABOUT.get(name, "kept") if where else "text"
            if name == "actions" and "owner" in found:
                about = "action owned"
            told = said if where else {key: said[key] for key in found}
            key = {str(c.key): said[str(c.key)] for c in mapper.primary_key if c.key != "tenant_id"}
            yield about, name, _told(key), ";".join(dict.fromkeys([*where, *found])), _told(told)


def _on_platform(ids: Sequence[int]) -> list[Row]:
    numbered = [f"person {number}" for number in ids]
    theirs = or_(PlatformAuditEntry.actor.in_(numbered), PlatformAuditEntry.object.in_(numbered))
    with open_platform() as session:
        rows = session.scalars(select(PlatformAuditEntry).where(theirs).order_by(PlatformAuditEntry.entry_number))
        return [
            ("audit entry", "platform_audit", str(row.entry_number), "actor;object",
             _told({name: getattr(row, name) for name in ("at", "actor", "origin", "action", "object", "detail")}))
            for row in rows
        ]  # fmt: skip


def _packed(session: Session, words: Sequence[str]) -> Iterator[Row]:
    """What loads said word for word: packed, and so not found by asking the database."""
    for row in session.scalars(select(Statement).where(Statement.part != "")):
        try:
            frame = pl.read_parquet(io.BytesIO(base64.b64decode(row.body)))
        except (ValueError, pl.exceptions.PolarsError):
            yield "not looked into", "statements", f"load {row.load_number}, {row.part}", "body", "{}"
            continue
        for name in (name for name, dtype in frame.schema.items() if dtype == pl.String):
            cells = [cell for cell in frame[name].drop_nulls().unique() if _is_in(cell, words)]
            if cells:
                yield "text", "statements", f"load {row.load_number}, {row.part}", name, _told({name: cells})


def _files(session: Session, words: Sequence[str]) -> Iterator[Row]:
    """Files that wait, and originals, in which a word stands; and those that could not be opened."""
    for waits in session.scalars(select(SendingFile)):
        yield from _file("sending_files", f"sending {waits.sending_number}: {waits.name}", waits.body, words)
    names = {row[0]: row[1] for row in session.execute(select(File.sha256, File.file))}
    for one in session.scalars(select(Original)):
        where = f"{names.get(one.sha256, '')} ({one.sha256[:12]})"
        data = None
        with suppress(WarehouseError):
            data = originals.opened(session, one.sha256) if one.byte_count <= _LARGEST else None
        yield from _file("originals", where, data, words)


def _file(table: str, where: str, data: bytes | None, words: Sequence[str]) -> Iterator[Row]:
    parts = None if data is None else _opened(data)
    if parts is None:
        yield "not looked into", table, where, "", "{}"
    elif any(_is_in(text, words) for text in parts):
        yield "file", table, where, "", "{}"


def _opened(data: bytes) -> list[str] | None:
    """The texts of a file: a plain one's, or those of a workbook's or document's parts; None for any other kind."""
    if data.startswith(b"PK"):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if sum(part.file_size for part in archive.infolist()) > _LARGEST:
                    return None
                return [archive.read(part).decode("utf-8", "ignore") for part in archive.infolist()]
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
            return None
    if data.startswith((b"%PDF", b"\xd0\xcf\x11\xe0", b"PAR1")):
        return None
    return [data.decode(encoding, "ignore") for encoding in _OPENED]


def _holds(column: Any, word: str) -> ColumnElement[bool]:
    # SQLite's lower() knows ASCII alone: the usual ways to write a name are asked for one by one.
    forms = dict.fromkeys((word, word.casefold(), word.upper(), word.title()))
    return or_(*(column.icontains(form, autoescape=True) for form in forms))


def _is_in(text: str, words: Sequence[str]) -> bool:
    return any(word.casefold() in text.casefold() for word in words)


def _told(said: dict[str, Any]) -> str:
    shown = {key: value for key, value in said.items() if value is not None and key not in _SECRET}
    return json.dumps(shown, default=lambda v: v.isoformat() if isinstance(v, date) else str(v), ensure_ascii=False)
