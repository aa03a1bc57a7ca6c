"""Reminders: what each person wants to be told of, and what they were told, once for as long as it holds.

Of one person and tenant. What was told stands under the *sight* of that moment: it is shown again to whoever may still
see as much, and to nobody who may see something else by now (reliability.md T8).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from db import audit
from db.identities import Grant, User
from db.models import ReminderChoice, ReminderNotice
from db.passwords import sha256
from db.roles import CYCLE, LOADS, RESULTS
from db.session import Scope, bound_tenant
from scheme.alerts import KINDS
from scheme.errors import UsageError

KEPT = timedelta(days=180)  # what is over is forgotten so long after it ended
SHOWN = 200  # notices of one person
STALE = timedelta(days=7)  # what was told longer ago is not put into letters any more


@dataclass(frozen=True)
class Choices:
    """What somebody wants: alerts of these kinds, these by e-mail too, and a letter each week."""

    kinds: tuple[str, ...] = KINDS
    by_mail: bool = True
    weekly: bool = True


@dataclass(frozen=True)
class Told:
    """An alert as it is told: its key, kind and sentence, and the path of ours that it leads to."""

    key: str
    kind: str
    sentence: str
    address: str


@dataclass(frozen=True)
class Notice:
    """What somebody was told, when, until when it held (None: it still does), and when they read it."""

    number: int
    key: str
    kind: str
    sentence: str
    address: str
    told_at: datetime
    ended_at: datetime | None
    read_at: datetime | None


@dataclass(frozen=True)
class Person:
    """Somebody who has a role in a tenant; `is_ready`: they have chosen a password of their own, or need none."""

    user_id: int
    email: str
    is_ready: bool


def sight_of(scope: Scope) -> str:
    """What somebody may see, as a hash: the same as long as they may see the same."""
    may = sorted(scope.permissions & {RESULTS, CYCLE, LOADS})
    return sha256(repr((scope.tenant_id, scope.departments, scope.certificates, may)))


def people(session: Session) -> list[Person]:
    """Everybody with a role in the session's tenant whose account is not disabled, by number."""
    which = (
        select(User.id, User.email, User.must_change_password, User.issuer)
        .join(Grant, Grant.user_id == User.id)
        .where(Grant.tenant_id == bound_tenant(session), User.disabled_at.is_(None))
        .distinct()
        .order_by(User.id)
    )
    return [Person(id_, email, not must or issuer is not None) for id_, email, must, issuer in session.execute(which)]


# --- what somebody chose ----------------------------------------------------------------------------------------------


def choices(session: Session, user_id: int) -> Choices:
    """What a person chose in the session's tenant; everything, where they chose nothing yet."""
    row = _choice(session, user_id)
    if row is None or row.changed_at is None:
        return Choices()
    kinds = tuple(kind for kind in KINDS if kind in row.kinds.split(";"))
    return Choices(kinds, row.by_mail, row.weekly)


def choose(session: Session, user_id: int, wanted: Choices, now: datetime) -> None:
    """Keep what a person chose; UsageError for a kind that there is none of."""
    unknown = set(wanted.kinds) - set(KINDS)
    if unknown:
        raise UsageError(f"there is no reminder of the kind {', '.join(sorted(unknown))}")
    row = _choice(session, user_id) or _new(session, user_id)
    row.kinds, row.by_mail, row.weekly = ";".join(wanted.kinds), wanted.by_mail, wanted.weekly
    row.changed_at = now
    session.add(row)
    audit.record(session, "chose reminders", f"person {user_id}", kinds=len(wanted.kinds), by_mail=wanted.by_mail)


def told_up_to(session: Session, user_id: int) -> datetime | None:
    """Up to when the weekly letter told a person what changed; None where there was none yet."""
    row = _choice(session, user_id)
    return row.told_up_to if row else None


def turn_week(session: Session, user_id: int, before: datetime | None, now: datetime | None) -> bool:
    """Move on to when the weekly letter told; False where somebody else moved it since `before`, and nothing is done.

    Moved before the letter is sent, and back where that fails: a letter is sent at most once.
    """
    row = _choice(session, user_id) or _new(session, user_id)
    if row.told_up_to != before:
        return False
    row.told_up_to = now
    session.add(row)
    session.flush()
    return True


def _choice(session: Session, user_id: int) -> ReminderChoice | None:
    row: ReminderChoice | None = session.scalars(
        select(ReminderChoice).where(ReminderChoice.user_id == user_id)
    ).first()
    return row


def _new(session: Session, user_id: int) -> ReminderChoice:
    usual = Choices()
    row = ReminderChoice(tenant_id=bound_tenant(session), user_id=user_id, kinds=";".join(usual.kinds))
    row.by_mail, row.weekly = usual.by_mail, usual.weekly
    return row


# --- what somebody was told -------------------------------------------------------------------------------------------


def tell(session: Session, user_id: int, sight: str, holds: Iterable[Told], now: datetime) -> list[Notice]:
    """Tell a person of what holds now and was not told yet, and end what no longer does; gives what is new.

    What was told under another sight ends: it is not theirs to see any more, or is told anew.
    """
    session.execute(delete(ReminderNotice).where(ReminderNotice.ended_at < now - KEPT))
    open_ones = session.scalars(
        select(ReminderNotice).where(ReminderNotice.user_id == user_id, ReminderNotice.ended_at.is_(None))
    ).all()
    wanted = {each.key: each for each in holds}
    known = set()
    for row in open_ones:
        if row.sight == sight and row.alert_key in wanted:
            known.add(row.alert_key)
            row.sentence, row.address = wanted[row.alert_key].sentence, wanted[row.alert_key].address
        else:
            row.ended_at = now
    session.flush()
    number = session.scalars(select(func.max(ReminderNotice.notice_number))).one() or 0
    added = []
    for key, each in wanted.items():
        if key not in known:
            number += 1
            row = ReminderNotice(tenant_id=bound_tenant(session), notice_number=number, user_id=user_id, sight=sight)
            row.alert_key, row.kind, row.sentence, row.address = key, each.kind, each.sentence, each.address
            row.told_at = now
            session.add(row)
            added.append(_shown(row))
    session.flush()
    return added


def open_keys(session: Session, user_id: int, sight: str) -> set[str]:
    """The keys of what a person was told under this sight and that held at the last run."""
    return {row.alert_key for row in session.scalars(_own(user_id, sight).where(ReminderNotice.ended_at.is_(None)))}


def notices(session: Session, user_id: int, sight: str) -> list[Notice]:
    """What a person was told under this sight: what still holds first, then the newest."""
    rows = session.scalars(
        _own(user_id, sight)
        .order_by(ReminderNotice.ended_at.is_not(None), ReminderNotice.told_at.desc(), ReminderNotice.notice_number)
        .limit(SHOWN)
    )
    return [_shown(row) for row in rows]


def unread(session: Session, user_id: int, sight: str) -> int:
    """How many notices that still hold a person has not read."""
    which = _own(user_id, sight).where(ReminderNotice.ended_at.is_(None), ReminderNotice.read_at.is_(None))
    return int(session.scalars(select(func.count()).select_from(which.subquery())).one())


def waiting(session: Session, scope: Scope, user_id: int) -> int | None:
    """How many reminders wait for somebody; None for whoever is there for a while only, by a link or as an operator."""
    if not user_id or scope.role == "operator":
        return None
    return unread(session, user_id, sight_of(scope))


def read_all(session: Session, user_id: int, sight: str, up_to: int, now: datetime) -> int:
    """Take the notices up to a number as read; gives how many were not."""
    which = _own(user_id, sight).where(ReminderNotice.read_at.is_(None), ReminderNotice.notice_number <= up_to)
    rows = session.scalars(which).all()
    for row in rows:
        row.read_at = now
    return len(rows)


def claim(session: Session, user_id: int, sight: str, now: datetime) -> list[Notice]:
    """The notices that are to be put into a letter now, marked as sent: nobody else sends them too.

    Those that still hold, were told lately and are in no letter yet. Where sending fails, `release` gives them back.
    """
    rows = session.scalars(
        _own(user_id, sight)
        .where(ReminderNotice.ended_at.is_(None), ReminderNotice.mailed_at.is_(None))
        .where(ReminderNotice.told_at >= now - STALE)
        .order_by(ReminderNotice.notice_number)
    ).all()
    for row in rows:
        row.mailed_at = now
    return [_shown(row) for row in rows]


def release(session: Session, user_id: int, numbers: Collection[int]) -> None:
    """Take back that these notices were sent."""
    which = select(ReminderNotice).where(ReminderNotice.user_id == user_id)
    for row in session.scalars(which.where(ReminderNotice.notice_number.in_(numbers))):
        row.mailed_at = None


def _own(user_id: int, sight: str) -> Select[ReminderNotice]:
    return select(ReminderNotice).where(ReminderNotice.user_id == user_id, ReminderNotice.sight == sight)


def _shown(row: ReminderNotice) -> Notice:
    told = row.notice_number, row.alert_key, row.kind, row.sentence, row.address
    return Notice(*told, row.told_at, row.ended_at, row.read_at)
