"""What an administrator looks at: the operator's visits, and the audit log page by page with names in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from db.audit import ENTRIES
from db.frames import fetched
from db.identities import Grant, OperatorVisit, User
from db.models import AuditEntry
from db.session import Scope, open_session

PAGE = 100
FORMER = "a former member"


@dataclass(frozen=True)
class Visit:
    """An operator's access to the tenant: who, why, from when, until when, and when it ended if it was cut short."""

    email: str
    reason: str
    started_at: datetime
    ends_at: datetime
    ended_at: datetime | None

    @property
    def is_running(self) -> bool:
        """Whether the operator is still let in."""
        return self.ended_at is None and self.ends_at > datetime.now(UTC)


@dataclass(frozen=True)
class Asked:
    """Which entries of the audit log are asked for: an action, an actor as it is kept, a day; "" and None are all."""

    action: str = ""
    actor: str = ""
    day: date | None = None


def visits(scope: Scope) -> list[Visit]:
    """Every visit of an operator to the scope's tenant, newest first."""
    with open_session(scope) as session:
        rows = session.execute(
            select(OperatorVisit, User.email)
            .join(User, User.id == OperatorVisit.user_id)
            .where(OperatorVisit.tenant_id == scope.tenant_id)
            .order_by(OperatorVisit.started_at.desc(), OperatorVisit.id.desc())
        ).all()
        return [Visit(email, row.reason, row.started_at, row.ends_at, row.ended_at) for row, email in rows]


def log_page(scope: Scope, asked: Asked, number: int) -> tuple[pl.DataFrame, int]:
    """One page of the entries that are asked for, newest first (db.audit.ENTRIES and `who`), and how many there are."""
    with open_session(scope) as session:
        count = session.scalars(select(func.count(AuditEntry.entry_number)).where(*_where(asked))).one()
        wanted = _entries(asked).offset(PAGE * (number - 1)).limit(PAGE)
        return _named(session, scope, fetched(session, wanted, ENTRIES)), count


def log_whole(scope: Scope, asked: Asked) -> pl.DataFrame:
    """All the entries that are asked for, newest first (db.audit.ENTRIES and `who`)."""
    with open_session(scope) as session:
        return _named(session, scope, fetched(session, _entries(asked), ENTRIES))


def log_words(scope: Scope) -> tuple[list[str], dict[str, str]]:
    """The actions that the log knows, and its actors: as kept, and as `who` calls them."""
    with open_session(scope) as session:
        actions = session.scalars(select(AuditEntry.action).distinct().order_by(AuditEntry.action)).all()
        actors = session.scalars(select(AuditEntry.actor).distinct().order_by(AuditEntry.actor)).all()
        known = _emails(session, scope)
        return list(actions), {actor: _who(actor, known) for actor in actors}


def actors(scope: Scope) -> dict[str, str]:
    """The addresses of those whom the tenant knows, by the word that the log has for them ("person 7")."""
    with open_session(scope) as session:
        return _emails(session, scope)


def log_began(scope: Scope) -> datetime | None:
    """When the log's first entry was written; None where it has none."""
    with open_session(scope) as session:
        return session.scalars(select(AuditEntry.at).order_by(AuditEntry.entry_number).limit(1)).first()


def _entries(asked: Asked) -> Select[*tuple[Any, ...]]:
    columns = [getattr(AuditEntry, name) for name in ("entry_number", *list(ENTRIES)[1:])]
    return select(*columns).where(*_where(asked)).order_by(AuditEntry.entry_number.desc())


def _where(asked: Asked) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if asked.action:
        where.append(AuditEntry.action == asked.action)
    if asked.actor:
        where.append(AuditEntry.actor == asked.actor)
    if asked.day:
        first, last = (datetime.combine(asked.day, at, tzinfo=UTC) for at in (time.min, time.max))
        where += [AuditEntry.at >= first, AuditEntry.at <= last]
    return where


def _named(session: Session, scope: Scope, entries: pl.DataFrame) -> pl.DataFrame:
    """The entries with `who` in words, and people in `object` by their address."""
    known = _emails(session, scope)
    return entries.with_columns(
        pl.Series("who", [_who(actor, known) for actor in entries["actor"]], pl.String),
        pl.Series("object", [_who(about, known) for about in entries["object"]], pl.String),
    )


def _who(word: str, known: dict[str, str]) -> str:
    return known.get(word, f"{FORMER} ({word})" if _is_person(word) else word)


def _is_person(word: str) -> bool:
    return word.startswith("person ") and word.removeprefix("person ").isdigit()


def _emails(session: Session, scope: Scope) -> dict[str, str]:
    """The addresses of those whom the tenant knows: with a grant in it, made in it, or let in as an operator."""

    def of(users: Iterable[tuple[int, str]]) -> dict[str, str]:
        return {f"person {user_id}": email for user_id, email in users}

    granted = select(Grant.user_id).where(Grant.tenant_id == scope.tenant_id)
    visiting = select(OperatorVisit.user_id).where(OperatorVisit.tenant_id == scope.tenant_id)
    ids = {*session.scalars(granted), *session.scalars(visiting)}
    own = (User.home_tenant_id == scope.tenant_id) | User.id.in_(list(ids))
    return of((row[0], row[1]) for row in session.execute(select(User.id, User.email).where(own)))
