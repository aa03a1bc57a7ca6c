"""Packs that people asked for: made by whoever works (`assay work`, or the server), kept until they are picked up.

A job is its asker's alone: to anybody else it is not there (reliability.md T6). What is made is made with what the
asker may see at that moment, and handed out only while they may still see the same (T8).
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from db import audit
from db.models import JobFile, JobRow
from db.roles import CYCLE, LOADS, RESULTS
from db.session import Scope, bound_tenant, scope_in
from scheme.errors import UsageError

STATES = ("waiting", "working", "done", "failed")
WAITING, WORKING, DONE, FAILED = STATES
LASTS = timedelta(days=7)
CLAIMED = timedelta(minutes=5)  # from its last step on; then another may take it over
MOST_TRIES = 3
MOST_WAITING = 3  # jobs of one person that are not made yet
MOST_KEPT = 20  # jobs of one person
MOST_BYTES = 500_000_000  # of all files that are kept in one tenant
_LEAST, _NUMBERS = 100_000_000, 900_000_000  # drawn, not counted: a number tells nothing of what others take
_LONGEST = 300


@dataclass(frozen=True)
class Job:
    """A job as its asker sees it: what of, how far it is (`done` of `steps`), what is said of it, its files' bytes."""

    number: int
    title: str
    body: Mapping[str, Any]
    state: str
    said: str
    done: int
    steps: int
    asked_at: datetime
    finished_at: datetime | None
    expires_at: datetime
    files: Mapping[str, int]  # kind -> bytes


@dataclass(frozen=True)
class Claimed:
    """A job that this worker holds: what was asked for, and by whom; `tries` tells it from the same taken over."""

    number: int
    title: str
    body: Mapping[str, Any]
    actor: str
    tries: int


def sight(scope: Scope) -> str:
    """What somebody may see, as a text to compare: departments, certificates, and pages by what they need."""
    pages = sorted({RESULTS, CYCLE, LOADS} & scope.permissions)
    seen = [sorted(codes) if codes is not None else None for codes in (scope.departments, scope.certificates)]
    return json.dumps([*seen, pages])


# --- asked for and picked up ------------------------------------------------------------------------------------------


def ask(session: Session, title: str, body: Mapping[str, Any], now: datetime | None = None) -> int:
    """Ask for a pack; gives the number under which its asker finds it. `body` goes into JSON.

    UsageError where too many of this person wait or are kept already, or too much of this tenant.
    """
    now = now or datetime.now(UTC)
    forget_expired(session, now)
    there = list(session.scalars(_own(session, now)))
    if sum(row.state in (WAITING, WORKING) for row in there) >= MOST_WAITING:
        raise UsageError(f"{MOST_WAITING} of your packs are being made already; wait for one of them first")
    if len(there) >= MOST_KEPT:
        raise UsageError(f"{MOST_KEPT} of your packs are kept already; remove one of them first")
    if (session.scalars(select(func.sum(func.length(JobFile.body)))).one() or 0) >= MOST_BYTES:
        raise UsageError("too many packs are kept in your organisation just now; remove some, or try again later")
    number = secrets.randbelow(_NUMBERS) + _LEAST
    while session.get(JobRow, (bound_tenant(session), number)) is not None:
        number = secrets.randbelow(_NUMBERS) + _LEAST
    scope = scope_in(session)
    row = JobRow(tenant_id=bound_tenant(session), job_number=number, title=title, body=json.dumps(body, sort_keys=True))
    row.actor, row.asked_by = (scope.actor, scope.email) if scope else ("", "")
    row.asked_at, row.expires_at, row.state, row.said, row.sight = now, now + LASTS, WAITING, "", ""
    row.done_count = row.step_count = row.tries = 0
    session.add(row)
    audit.record(session, "asked for a pack", f"pack {number}", formats=body.get("formats", []))
    return number


def jobs(session: Session, now: datetime | None = None) -> list[Job]:
    """What this person asked for, newest first."""
    rows = session.scalars(_own(session, now or datetime.now(UTC)).order_by(JobRow.asked_at.desc(), JobRow.job_number))
    return [_told(session, row) for row in rows]


def one(session: Session, number: int, now: datetime | None = None) -> Job | None:
    """The job of that number; None where this person has none, whoever else may have one."""
    row = _row(session, number, now)
    return _told(session, row) if row else None


def file(session: Session, number: int, kind: str) -> bytes | None:
    """A file of a job of one's own; None where there is none.

    UsageError where this person may not see what they might when it was made.
    """
    row, scope = _row(session, number, None), scope_in(session)
    if row is None or scope is None:
        return None
    body = session.scalars(select(JobFile.body).where(JobFile.job_number == number, JobFile.kind == kind)).first()
    if body is not None and row.sight != sight(scope):
        raise UsageError("what you may see has changed since this pack was made; take it again")
    return body


def remove(session: Session, number: int) -> bool:
    """Remove a job of one's own with its files; whether it was there."""
    if _row(session, number, None) is None:
        return False
    _forget(session, [number])
    audit.record(session, "removed a pack", f"pack {number}")
    return True


# --- made -------------------------------------------------------------------------------------------------------------


def is_work(session: Session, now: datetime | None = None) -> bool:
    """Whether anything waits to be made in the session's tenant."""
    return session.scalars(_free(now or datetime.now(UTC)).limit(1)).first() is not None


def claim(session: Session, now: datetime | None = None) -> Claimed | None:
    """Take the job that has waited longest, or one whose maker is gone; None where there is nothing to do.

    One that was begun three times and never finished has failed.
    """
    now = now or datetime.now(UTC)
    forget_expired(session, now)
    for row in session.scalars(_free(now).order_by(JobRow.asked_at, JobRow.job_number)).all():
        if row.tries >= MOST_TRIES:
            _end(row, FAILED, "It was begun three times and never finished. Ask for fewer pages or formats.", now)
            continue
        row.state, row.tries, row.claimed_until = WORKING, row.tries + 1, now + CLAIMED
        return Claimed(row.job_number, row.title, json.loads(row.body), row.actor, row.tries)
    return None


def going(session: Session, held: Claimed, done: int, steps: int, said: str, now: datetime | None = None) -> bool:
    """Say how far a job is, and hold it for longer; False where it was removed or taken over meanwhile."""
    row = _held(session, held)
    if row is None:
        return False
    row.done_count, row.step_count, row.said = done, steps, said[:_LONGEST]
    row.claimed_until = (now or datetime.now(UTC)) + CLAIMED
    return True


def finish(session: Session, held: Claimed, files: Mapping[str, bytes], seen: str) -> bool:
    """Keep the files of a job that is made, and what its asker might see; False where it was removed meanwhile."""
    row = _held(session, held)
    if row is None:
        return False
    session.execute(delete(JobFile).where(JobFile.job_number == held.number))
    for kind, body in files.items():
        session.add(JobFile(tenant_id=bound_tenant(session), job_number=held.number, kind=kind, body=body))
    row.sight, row.done_count = seen, row.step_count
    _end(row, DONE, "", datetime.now(UTC))
    audit.record(session, "made a pack", f"pack {held.number}", bytes=sum(map(len, files.values())))
    return True


def fail(session: Session, held: Claimed, why: str) -> None:
    """Say why a job cannot be made; nothing happens where it was removed meanwhile."""
    row = _held(session, held)
    if row is not None:
        _end(row, FAILED, why, datetime.now(UTC))
        audit.record(session, "failed to make a pack", f"pack {held.number}")


def forget_expired(session: Session, now: datetime) -> None:
    """Let go of what nobody picked up in time, whoever asked for it."""
    _forget(session, list(session.scalars(select(JobRow.job_number).where(JobRow.expires_at <= now))))


# --- inside -----------------------------------------------------------------------------------------------------------


def _own(session: Session, now: datetime) -> Any:
    scope = scope_in(session)
    return select(JobRow).where(JobRow.actor == (scope.actor if scope else ""), JobRow.expires_at > now)


def _row(session: Session, number: int, now: datetime | None) -> JobRow | None:
    which = _own(session, now or datetime.now(UTC)).where(JobRow.job_number == number)
    row: JobRow | None = session.scalars(which).first()
    return row


def _free(now: datetime) -> Any:
    stale = (JobRow.state == WORKING) & or_(JobRow.claimed_until.is_(None), JobRow.claimed_until <= now)
    return select(JobRow).where(JobRow.expires_at > now, or_(JobRow.state == WAITING, stale))


def _held(session: Session, held: Claimed) -> JobRow | None:
    which = select(JobRow).where(JobRow.job_number == held.number, JobRow.tries == held.tries)
    row: JobRow | None = session.scalars(which.where(JobRow.state == WORKING)).first()
    return row


def _end(row: JobRow, state: str, said: str, now: datetime) -> None:
    row.state, row.said, row.finished_at, row.claimed_until = state, said[:_LONGEST], now, None


def _told(session: Session, row: JobRow) -> Job:
    of = select(JobFile.kind, func.length(JobFile.body)).where(JobFile.job_number == row.job_number)
    return Job(
        row.job_number,
        row.title,
        json.loads(row.body),
        row.state,
        row.said,
        row.done_count,
        row.step_count,
        row.asked_at,
        row.finished_at,
        row.expires_at,
        {row[0]: row[1] for row in session.execute(of.order_by(JobFile.kind))},
    )


def _forget(session: Session, numbers: list[int]) -> None:
    for table in (JobFile, JobRow) if numbers else ():
        session.execute(delete(table).where(table.job_number.in_(numbers)))
