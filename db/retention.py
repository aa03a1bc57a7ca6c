"""What has an end is let go of when it has ended: by class, as docs/data-protection.md says it (reliability.md W14).

Most of it goes by itself when the next of its kind comes; `assay sweep` does the same where nobody comes, with the very
functions that do it there, and what nothing else does. It changes no figure.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from db import audit, jobs, sendings
from db.identities import GuestLink, GuestSession, ResetLink, SignInAttempt, SignOnAttempt, UserSession
from db.models import JobRow, ReminderNotice, Sending
from db.passwords import TRIES_WITHIN
from db.reminders import KEPT
from db.session import Scope, open_platform, open_session
from db.sessions import IDLE

LINKS_KEPT = timedelta(days=365)  # for whom a link was, after its end; its number, days and certificate stay
NOBODY = ""  # in place of for whom it was

# By class, on the platform: the table, and what of it has ended.
_PLATFORM: dict[str, tuple[type, Callable[[datetime], ColumnElement[bool]]]] = {
    "ended sessions": (
        UserSession,
        lambda now: or_(UserSession.expires_at < now, UserSession.seen_at < now - IDLE),
    ),
    "ended sessions of links": (GuestSession, lambda now: GuestSession.expires_at < now),
    "sign-in attempts": (SignInAttempt, lambda now: SignInAttempt.tried_at < now - TRIES_WITHIN),
    "sign-on attempts": (SignOnAttempt, lambda now: SignOnAttempt.expires_at <= now),
    "password links": (ResetLink, lambda now: or_(ResetLink.expires_at <= now, ResetLink.used_at.is_not(None))),
}


def sweep_platform(now: datetime | None = None, dry: bool = False) -> dict[str, int]:
    """Let go of what has ended and is of no tenant alone: how many rows, by class. `dry`: only count."""
    now = now or datetime.now(UTC)
    done = {}
    with open_platform(write=not dry) as session:
        for what, (model, ended) in _PLATFORM.items():
            done[what] = session.scalars(select(func.count()).select_from(model).where(ended(now))).one()
            if done[what] and not dry:
                session.execute(delete(model).where(ended(now)))
    return done


def sweep_tenant(scope: Scope, now: datetime | None = None, dry: bool = False) -> dict[str, int]:
    """The same of one tenant, whose log says how many of each class."""
    now = now or datetime.now(UTC)
    with open_session(scope, write=not dry) as session:
        over = ReminderNotice.ended_at < now - KEPT
        done = {
            "packs": _count(session, JobRow, JobRow.expires_at <= now),
            "sendings": _count(session, Sending, Sending.expires_at <= now),
            "reminders": _count(session, ReminderNotice, over),
            "names on ended links": _count(session, GuestLink, _long_over(now)),
        }
        if not dry and any(done.values()):
            jobs.forget_expired(session, now)
            sendings.forget_expired(session, now)
            session.execute(delete(ReminderNotice).where(over))
            session.execute(update(GuestLink).where(_long_over(now)).values(for_whom=NOBODY))
            told: dict[str, Any] = {what.replace(" ", "_"): count for what, count in done.items()}
            audit.record(session, "swept", **told)
    return done


def _long_over(now: datetime) -> ColumnElement[bool]:
    before = now - LINKS_KEPT
    # A link opens until the end of its last day.
    return (GuestLink.for_whom != NOBODY) & or_(
        GuestLink.ended_at < before, GuestLink.last_day < datetime.combine(before, time(), UTC).date()
    )


def _count(session: Session, model: type, where: ColumnElement[bool]) -> int:
    found: int = session.scalars(select(func.count()).select_from(model).where(where)).one()
    return found
