"""Accounts as whoever runs the platform looks after them, all of them: who they are, and their way in.

What a tenant's administrators keep is in db.members. Here an account is a number (`person 7` in the audit log): an
address may have several, which know nothing of each other. All is recorded in the platform's log, and in the log of
the tenant that keeps the account, so that its administrators read of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import polars as pl
from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from db import audit, reset, second_factor
from db.frames import MOMENT
from db.grants import is_operator
from db.identities import Grant, User, UserSession
from db.models import Tenant
from db.passwords import hashed, one_time_password
from db.session import bind, open_platform
from db.sessions import end_sessions
from db.tenants import scope_in_tenant
from scheme.errors import UsageError
from scheme.frames import Schema

ACCOUNTS: Schema = {
    "person": pl.Int64,
    "email": pl.String,
    "kept_by": pl.String,  # a tenant's code, "platform", or "sign-on" where a provider signs them on
    "operator": pl.Boolean,
    "tenants": pl.List(pl.String),  # where something is granted to them by now
    "second_factor": pl.Boolean,
    "disabled": pl.Boolean,
    "seen_at": MOMENT,  # by a session that runs
}


def accounts() -> pl.DataFrame:
    """Every account, by address: ACCOUNTS."""
    today = datetime.now(UTC).date()
    with open_platform() as session:
        codes = {row.id: row.code for row in session.scalars(select(Tenant))}
        now = select(Grant).where(or_(Grant.ends_on.is_(None), Grant.ends_on > today))
        granted: dict[int, set[str]] = {}
        for grant in session.scalars(now.where(Grant.tenant_id.is_not(None))):
            granted.setdefault(grant.user_id, set()).add(codes[grant.tenant_id or 0])
        running = select(UserSession.user_id, func.max(UserSession.seen_at)).group_by(UserSession.user_id)
        seen = {row[0]: row[1] for row in session.execute(running)}
        operators = set(session.scalars(now.with_only_columns(Grant.user_id).where(Grant.tenant_id.is_(None))))
        rows = [
            (
                user.id,
                user.email,
                "sign-on" if user.issuer else codes.get(user.home_tenant_id or 0, "platform"),
                user.id in operators,
                sorted(granted.get(user.id, ())),
                user.second_factor_at is not None,
                user.disabled_at is not None,
                seen.get(user.id),
            )
            for user in session.scalars(select(User).order_by(User.email, User.id))
        ]
    return pl.DataFrame(rows, ACCOUNTS, orient="row")


def disable(user_id: int, actor: str) -> None:
    """Let an account sign in no more, and end its sessions."""
    with _account(user_id, "disabled", actor) as (_, user):
        user.disabled_at = datetime.now(UTC)


def enable(user_id: int, actor: str) -> None:
    """Let an account sign in again."""
    with _account(user_id, "enabled", actor) as (_, user):
        user.disabled_at = None


def end_their_sessions(user_id: int, actor: str) -> None:
    """Sign a person out of everything, wherever they are signed in."""
    with _account(user_id, "ended sessions", actor):
        pass


def new_password(user_id: int, actor: str) -> str:
    """A new one-time password of an account, whose sessions end; UsageError where a provider signs the person on."""
    password = one_time_password()
    kept = hashed(password)
    with _account(user_id, "reset password", actor) as (session, user):
        second_factor.account_in(session, user.id)
        user.password_hash, user.must_change_password = kept, True
    return password


def reset_link(user_id: int, actor: str) -> str:
    """The token of a link with which the person chooses a password (db.reset); the old one is dead. As above."""
    with _account(user_id, "reset password", actor) as (session, user):
        token = reset.make(session, user.id, actor)
        user.password_hash, user.must_change_password = None, False
    return token


def reset_second_factor(user_id: int) -> None:
    """Take an account's second factor away, and end its sessions (db.second_factor.reset); UsageError as above."""
    with open_platform(write=True) as session:
        second_factor.reset(session, user_id)
        _tell_keeper(session, session.get_one(User, user_id), "reset second factor")


def revoke_operator(user_id: int, actor: str) -> None:
    """Let a person run the platform no more, and end their sessions; UsageError where they do not."""
    with _account(user_id, "revoked", actor) as (session, _):
        if not is_operator(session, user_id):
            raise UsageError("this person is no operator of the platform; --tenant CODE says where else to revoke")
        session.execute(delete(Grant).where(Grant.user_id == user_id, Grant.tenant_id.is_(None)))


@contextmanager
def _account(user_id: int, action: str, actor: str) -> Iterator[tuple[Session, User]]:
    """An account to be changed: its sessions end, and it is written down. UsageError where there is none."""
    with open_platform(write=True) as session:
        user = session.get(User, user_id)
        if user is None:
            raise UsageError(f"there is no account {user_id}; `assay user list` lists them")
        yield session, user
        end_sessions(session, user_id)
        audit.record_on_platform(session, action, f"person {user_id}", actor=actor, origin="command line")
        _tell_keeper(session, user, action)


def _tell_keeper(session: Session, user: User, action: str) -> None:
    """Write into the log of the tenant that keeps an account too; the platform session is bound to it from then."""
    if user.home_tenant_id is not None:
        session.flush()
        bind(session, scope_in_tenant(session.get_one(Tenant, user.home_tenant_id)))
        audit.record(session, action, f"person {user.id}")
