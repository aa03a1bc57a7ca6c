"""Links with which a person chooses a password, once: an administrator hands them over (reliability.md W5).

A link is good for a day and for one use; a new one kills those before. The token is kept as its hash alone. A used
link, one that never was and one that is over cannot be told apart.
"""

import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from db import audit
from db.identities import ResetLink, User
from db.models import Tenant
from db.passwords import fit, hashed, sha256
from db.second_factor import account_in
from db.session import Scope, bind, open_platform, scope_in
from db.sessions import end_sessions
from scheme.errors import Forbidden

LASTS = timedelta(hours=24)
DEAD = "this link is used, over or not one of ours; ask an administrator of your organisation for another"


def make(session: Session, user_id: int, by: str) -> str:
    """The token of a new link for an account, /reset/TOKEN; older links of it are dead from now.

    In a session bound to a tenant, for an account that this tenant keeps (Forbidden for any other); in one of
    `open_platform(write=True)`, for any. UsageError where a provider signs the person on. `by` says who made it.
    """
    user, now = account_in(session, user_id), datetime.now(UTC)
    session.execute(delete(ResetLink).where(ResetLink.user_id == user.id))
    token = secrets.token_urlsafe(32)
    row = ResetLink(token_sha256=sha256(token), user_id=user.id, made_by=by, made_at=now, expires_at=now + LASTS)
    session.add(row)
    session.flush()
    told = {"until": row.expires_at.isoformat(timespec="seconds")}
    if scope_in(session) is not None:
        audit.record(session, "made a reset link", f"person {user.id}", **told)
    else:
        audit.record_on_platform(session, "made a reset link", f"person {user.id}", actor=by, **told)
    return token


def holder(token: str) -> str | None:
    """The address of the account whose link this is; None where the link is used, over or none."""
    with open_platform() as session:
        found = _found(session, token)
        return found.email if found else None


def use(token: str, new: str, origin: str = "") -> None:
    """Set the password of the account whose link this is; the link is used and every session of the person ends.

    Forbidden where the link is used, over or none; UsageError where the password will not do (db.passwords.fit).
    """
    email = holder(token)
    if email is None:
        raise Forbidden(DEAD)
    fit(new, "", email)
    kept, now = hashed(new), datetime.now(UTC)  # made before the warehouse is held: it takes a while
    with open_platform(write=True) as session:
        user = _found(session, token)
        if user is None or not _is_first(session, token, now):
            raise Forbidden(DEAD)
        user.password_hash, user.must_change_password = kept, False
        session.execute(delete(ResetLink).where(ResetLink.user_id == user.id, ResetLink.token_sha256 != sha256(token)))
        end_sessions(session, user.id)
        who = f"person {user.id}"
        audit.record_on_platform(session, "chose a password by link", actor=who, origin=origin)
        home = None if user.home_tenant_id is None else session.get_one(Tenant, user.home_tenant_id)
        if home is not None:
            session.flush()
            bind(session, Scope(home.id, home.code, (), "", user.email, home.name, actor=who, origin=origin))
            audit.record(session, "chose a password by link", who)


def _found(session: Session, token: str) -> User | None:
    good = select(User).join(ResetLink, ResetLink.user_id == User.id).where(ResetLink.token_sha256 == sha256(token))
    good = good.where(ResetLink.used_at.is_(None), ResetLink.expires_at > datetime.now(UTC))
    return session.scalars(good.where(User.disabled_at.is_(None), User.issuer.is_(None))).first()


def _is_first(session: Session, token: str, now: datetime) -> bool:
    """Whether nobody used the link yet; marks it as used, of two at once for one of them."""
    unused = update(ResetLink).where(ResetLink.token_sha256 == sha256(token), ResetLink.used_at.is_(None))
    done = session.execute(unused.values(used_at=now))
    return isinstance(done, CursorResult) and done.rowcount == 1
