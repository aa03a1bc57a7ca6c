"""Sendings: files that were sent for preview wait in the warehouse, for a day, until their sender takes or leaves them.

A sending is its sender's alone: to anybody else it is not there (reliability.md T6).
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from db import audit
from db.models import Sending, SendingFile
from db.session import bound_tenant, scope_in
from scheme.errors import UsageError

LASTS = timedelta(days=1)
MOST_WAITING = 5  # sendings of one person
MOST_BYTES = 500_000_000  # of all that waits in one tenant
_SENT = "sent"
_NUMBERS = 1_000_000_000  # drawn, not counted: a number tells nothing of what others send


@dataclass(frozen=True)
class Preview:
    """What taking a sending would do: in short for the page, and at length, by kind, as the bytes of files.

    `fingerprint` stands for all of it; `short` goes into JSON.
    """

    short: Mapping[str, Any]
    long: Mapping[str, bytes]
    fingerprint: str


@dataclass(frozen=True)
class Waiting:
    """A sending that waits: its files' names, rows mended so far, and its preview as it was shown.

    `fingerprint` stands for all that taking it would do; `mends` and `preview` are JSON (etl.preview).
    """

    number: int
    sent_by: str
    source: str | None
    sent_at: datetime
    expires_at: datetime
    files: tuple[str, ...]
    mends: list[dict[str, Any]]
    preview: dict[str, Any]
    fingerprint: str


def keep(
    session: Session,
    files: Sequence[tuple[str, bytes]],
    source: str | None,
    preview: Preview,
    now: datetime | None = None,
) -> int:
    """Keep files that were previewed, until tomorrow; gives the number under which their sender finds them.

    UsageError where too many of this sender wait already, or too much of this tenant.
    """
    now = now or datetime.now(UTC)
    forget_expired(session, now)
    if len(waiting(session, now)) >= MOST_WAITING:
        raise UsageError(f"{MOST_WAITING} of your sendings wait already; take or leave one of them first")
    held = session.scalars(select(func.sum(func.length(SendingFile.body)))).one() or 0
    size = sum(len(body) for _, body in files)
    if held + size > MOST_BYTES:
        raise UsageError("too many files wait in your organisation just now; try again later, or send fewer")
    number = secrets.randbelow(_NUMBERS) + 1
    while session.get(Sending, (bound_tenant(session), number)) is not None:
        number = secrets.randbelow(_NUMBERS) + 1
    scope = scope_in(session)
    row = Sending(tenant_id=bound_tenant(session), sending_number=number, source_code=source)
    row.sent_at, row.expires_at, row.mends = now, now + LASTS, "[]"
    row.actor, row.sent_by = (scope.actor, scope.email) if scope else ("", "")
    row.preview, row.fingerprint = json.dumps(preview.short), preview.fingerprint
    session.add(row)
    session.flush()
    _add(session, number, _SENT, files)
    for kind, body in preview.long.items():
        _add(session, number, kind, [(kind, body)])
    audit.record(session, "sent for preview", f"sending {number}", files=len(files), bytes=size)
    return number


def _add(session: Session, number: int, kind: str, files: Sequence[tuple[str, bytes]]) -> None:
    for place, (name, body) in enumerate(files):
        file = SendingFile(tenant_id=bound_tenant(session), sending_number=number, kind=kind, place=place)
        file.name, file.body = name, body
        session.add(file)


def waiting(session: Session, now: datetime | None = None) -> list[Waiting]:
    """What this person has sent and neither taken nor left, newest first."""
    rows = session.scalars(_own(session, now or datetime.now(UTC)).order_by(Sending.sending_number.desc()))
    return [_told(session, row) for row in rows]


def one(session: Session, number: int, now: datetime | None = None) -> Waiting | None:
    """The sending of that number; None where this person has none, whoever else may have one."""
    row = _row(session, number, now or datetime.now(UTC))
    return _told(session, row) if row else None


def bodies(session: Session, number: int, kind: str = _SENT) -> list[tuple[str, bytes]]:
    """Name and bytes of what was sent, in the order in which it came, or of what its preview says at length.

    None of another person's sending.
    """
    if _row(session, number, datetime.now(UTC)) is None:
        return []
    which = select(SendingFile).where(SendingFile.sending_number == number, SendingFile.kind == kind)
    return [(file.name, file.body) for file in session.scalars(which.order_by(SendingFile.place))]


def shown_anew(session: Session, number: int, mends: Sequence[Mapping[str, Any]], preview: Preview) -> bool:
    """Keep a newer preview of a sending, and the rows mended for it; whether it was still there."""
    row = _row(session, number, datetime.now(UTC))
    if row is None:
        return False
    row.mends, row.preview, row.fingerprint = json.dumps(list(mends)), json.dumps(preview.short), preview.fingerprint
    of_preview = (SendingFile.sending_number == number, SendingFile.kind != _SENT)
    session.execute(delete(SendingFile).where(*of_preview))
    for kind, body in preview.long.items():
        _add(session, number, kind, [(kind, body)])
    return True


def left(session: Session, number: int) -> bool:
    """Leave a sending: its files are gone; whether it was there."""
    return _gone(session, number, "left")


def taken(session: Session, number: int) -> bool:
    """Let go of a sending that is being loaded in this transaction; whether it was still there."""
    return _gone(session, number, "took")


def _gone(session: Session, number: int, how: str) -> bool:
    if _row(session, number, datetime.now(UTC)) is None:
        return False
    _forget(session, [number])
    audit.record(session, how, f"sending {number}")
    return True


def forget_expired(session: Session, now: datetime) -> None:
    """Let go of what has waited for longer than a day, whoever sent it."""
    _forget(session, list(session.scalars(select(Sending.sending_number).where(Sending.expires_at <= now))))


def _own(session: Session, now: datetime) -> Any:
    scope = scope_in(session)
    return select(Sending).where(Sending.actor == (scope.actor if scope else ""), Sending.expires_at > now)


def _row(session: Session, number: int, now: datetime) -> Sending | None:
    row: Sending | None = session.scalars(_own(session, now).where(Sending.sending_number == number)).first()
    return row


def _told(session: Session, row: Sending) -> Waiting:
    of = (
        select(SendingFile.name)
        .where(SendingFile.sending_number == row.sending_number, SendingFile.kind == _SENT)
        .order_by(SendingFile.place)
    )
    return Waiting(
        row.sending_number,
        row.sent_by,
        row.source_code,
        row.sent_at,
        row.expires_at,
        tuple(session.scalars(of)),
        json.loads(row.mends),
        json.loads(row.preview),
        row.fingerprint,
    )


def _forget(session: Session, numbers: list[int]) -> None:
    for table in (SendingFile, Sending) if numbers else ():
        session.execute(delete(table).where(table.sending_number.in_(numbers)))
