"""Calendar feeds: the address under which a person's calendar reads what is due in a tenant (reliability.md T8, W3).

One for a person and tenant; whoever has the address reads it, as the person may see now. It is shown once, its hash is
kept. It opens nothing from when the person's role, right to take files away or account ends.
"""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db import audit
from db.grants import scope_of_person
from db.identities import CalendarFeed
from db.passwords import may_try, sha256
from db.roles import EXPORT
from db.session import Scope, bound_tenant, open_platform, open_session, scope_in
from scheme.errors import Forbidden, UsageError, WarehouseError


@dataclass(frozen=True)
class Feed:
    """A feed as it may be shown: all but its address."""

    made_at: datetime
    read_at: datetime | None


def make(session: Session, user_id: int) -> str:
    """Make a person's feed in the session's tenant, in place of one there is; gives its token, once, for /feed/.

    Forbidden for whoever takes no files away: a calendar is one.
    """
    scope = scope_in(session)
    if scope is None or not scope.may(EXPORT):
        raise Forbidden("a calendar takes away what it shows, which your role does not include")
    session.execute(delete(CalendarFeed).where(CalendarFeed.user_id == user_id))
    token = secrets.token_urlsafe(32)
    row = CalendarFeed(tenant_id=bound_tenant(session), user_id=user_id, token_sha256=sha256(token))
    row.made_at = datetime.now(UTC)
    session.add(row)
    session.flush()
    audit.record(session, "made a calendar feed", f"person {user_id}")
    return token


def end(session: Session, user_id: int) -> None:
    """End a person's feed in the session's tenant; UsageError where there is none."""
    if feed(session, user_id) is None:
        raise UsageError("you have no calendar feed here")
    session.execute(delete(CalendarFeed).where(CalendarFeed.user_id == user_id))
    audit.record(session, "ended a calendar feed", f"person {user_id}")


def feed(session: Session, user_id: int) -> Feed | None:
    """A person's feed in the session's tenant; None where there is none."""
    row = session.scalars(select(CalendarFeed).where(CalendarFeed.user_id == user_id)).first()
    return Feed(row.made_at, row.read_at) if row else None


def reader(token: str, origin: str = "") -> Scope | None:
    """Whom a feed's token stands for, as they are at this moment; None where it opens nothing (any more).

    A feed whose person may no longer have it is ended: it does not come back with another role. The first reading of a
    day is written into the tenant's audit log.
    """
    now = datetime.now(UTC)
    with open_platform() as session:
        row = session.scalars(select(CalendarFeed).where(CalendarFeed.token_sha256 == sha256(token))).first()
        if row is None:
            return None
        user_id, tenant_id, read_at = row.user_id, row.tenant_id, row.read_at
    scope = scope_of_person(user_id, tenant_id, origin)
    if scope is None or not scope.may(EXPORT):
        with open_platform(write=True) as session:
            session.execute(delete(CalendarFeed).where(CalendarFeed.token_sha256 == sha256(token)))
        return None
    if read_at is None or read_at.date() != now.date():
        with suppress(WarehouseError), open_session(scope, write=True) as session:
            found = session.scalars(select(CalendarFeed).where(CalendarFeed.user_id == user_id)).first()
            if found is not None:
                found.read_at = now
                audit.record(session, "exported", "calendar feed")
    return scope


def refused(token: str, origin: str = "") -> bool:
    """Count that an address was shown which opens nothing; False where too many were tried from there lately (W12)."""
    return may_try(f"feed {sha256(token)}", origin)
