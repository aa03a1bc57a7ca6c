"""Runs of sources that fetch their own files: who holds a source now, what became of each run (reliability.md F15).

A run begins with a claim, in a transaction that no other of the tenant can be in: one machine at a time has a source.
A claim lasts while it is renewed; one that was not, because its machine died, ends of itself.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import SourceRun
from db.session import bound_tenant

LASTS = timedelta(minutes=15)  # longer than anything that happens between two renewals
_LONGEST = 2_000
# What becomes of a run. The last three call for somebody.
ALL_IN, NOTHING_NEW, WAITING, SET_ASIDE = "all in", "nothing new", "waiting", "rows set aside"
REFUSED, FAILED, STOPPED = "file refused", "failed", "stopped"
OUTCOMES = (ALL_IN, NOTHING_NEW, WAITING, SET_ASIDE, REFUSED, FAILED, STOPPED)
BAD = (REFUSED, FAILED, STOPPED)
RUNNING = "running"  # of a run that has not ended


@dataclass(frozen=True)
class Run:
    """One run; `outcome` is "running" while its claim holds, and "stopped" where it ended without a word."""

    code: str
    number: int
    edition: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    what: str
    load: int | None
    again_at: datetime | None
    failures: int
    seen: str


def now() -> datetime:
    """The moment it is."""
    return datetime.now(UTC)


def claim(session: Session, code: str, edition: int, now: datetime, after: int) -> int | None:
    """Begin a run of a source and hold it; gives its number.

    None while another holds it, and where `after` is not the number of its newest run any more (0: there was none).
    """
    last = _newest(session, code)
    if (last.run_number if last else 0) != after:
        return None
    # A claim that lasts beyond what any claim does was made by a clock that ran ahead.
    if last and last.finished_at is None and now < last.claimed_until <= now + 2 * LASTS:
        return None
    failures = last.failures + (last.finished_at is None) if last else 0
    row = SourceRun(tenant_id=bound_tenant(session), source_code=code, run_number=last.run_number + 1 if last else 1)
    row.edition, row.started_at, row.claimed_until = edition, now, now + LASTS
    row.failures, row.seen = failures, last.seen if last and last.edition == edition else "{}"
    if last:
        last.seen = "{}"  # it may be long, and only the newest is asked for it
    session.add(row)
    session.flush()
    return row.run_number


def renew(session: Session, code: str, number: int, now: datetime) -> bool:
    """Hold a source for longer; False where another has taken it over."""
    last = _newest(session, code)
    if last is None or last.run_number != number or last.finished_at is not None:
        return False
    last.claimed_until = now + LASTS
    return True


def finish(
    session: Session,
    code: str,
    number: int,
    now: datetime,
    *,
    outcome: str,
    what: str,
    load: int | None = None,
    again_at: datetime | None = None,
    seen: str | None = None,
) -> None:
    """End a run with what became of it; `seen` is kept from before where it is not told."""
    row = session.get_one(SourceRun, (bound_tenant(session), code, number))
    row.finished_at, row.outcome, row.what = max(now, row.started_at), outcome, what[:_LONGEST]
    row.load_number, row.again_at = load, again_at
    row.failures = row.failures + 1 if outcome == FAILED else 0
    row.seen = row.seen if seen is None else seen


def newest(session: Session, code: str, now: datetime) -> Run | None:
    """The newest run of a source; None where there is none yet."""
    row = _newest(session, code)
    return _run(row, now) if row else None


def latest(session: Session, code: str, now: datetime, count: int = 20) -> list[Run]:
    """The newest runs of one source, newest first."""
    of_it = select(SourceRun).where(SourceRun.source_code == code)
    return [_run(row, now) for row in session.scalars(of_it.order_by(SourceRun.run_number.desc()).limit(count))]


def _newest(session: Session, code: str) -> SourceRun | None:
    of_it = select(SourceRun).where(SourceRun.source_code == code)
    return session.scalars(of_it.order_by(SourceRun.run_number.desc()).limit(1)).first()


def _run(row: SourceRun, now: datetime) -> Run:
    outcome, what = row.outcome or "", row.what or ""
    if row.finished_at is None:
        holds = now < row.claimed_until <= now + 2 * LASTS
        outcome = RUNNING if holds else STOPPED
        what = "" if holds else "it was stopped half way and comes again; nothing of an unfinished load is in"
    return Run(
        row.source_code,
        row.run_number,
        row.edition,
        row.started_at,
        row.finished_at,
        outcome,
        what,
        row.load_number,
        row.again_at,
        row.failures,
        row.seen,
    )
