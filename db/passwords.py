"""Passwords: how they are kept, proven, and how often one may be tried (reliability.md W5)."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from db.models import SignInAttempt, User
from db.session import open_platform
from scheme.errors import UsageError

TRIES, TRIES_WITHIN = 10, timedelta(minutes=5)
TRIES_OF_ADDRESS = 20  # a whole office may sit behind one network address
SHORTEST = 12
_HASHER = PasswordHasher()
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another


def one_time_password() -> str:
    """Twenty letters and digits that are easy to read out, about 99 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))


def fit(new: str, old: str) -> None:
    """Raise UsageError, which says what to do, unless a new password will do in place of the old one."""
    if len(new) < SHORTEST:
        raise UsageError(f"a password needs at least {SHORTEST} characters; three or four words will do")
    if new == old:
        raise UsageError("the new password is the old one; choose another")


def hashed(password: str) -> str:
    """The password as it is kept: argon2id, with its own salt and parameters."""
    return _HASHER.hash(password)


def proven(email: str, password: str, address: str = "") -> int | None:
    """The id of the account whose password this is; None where there is none, or where it was tried too often.

    In five minutes, ten tries are let through for an e-mail address and twenty from a network address, by all workers.
    Answers alike, and takes as long, whether there is such an account or not.
    """
    person, now = email.strip().casefold(), datetime.now(UTC)
    who, where = sha256(person), sha256(address)
    with open_platform(write=True) as session:
        session.execute(delete(SignInAttempt).where(SignInAttempt.tried_at < now - TRIES_WITHIN))
        if _too_often(session, who, where):
            return None
        # Written down before the password is looked at, so that many tries at once are counted too.
        session.add(SignInAttempt(email_sha256=who, address_sha256=where, tried_at=now))
    with open_platform() as session:
        local = select(User).where(User.email == person, User.issuer.is_(None), User.disabled_at.is_(None))
        accounts = session.scalars(local.order_by(User.home_tenant_id.is_not(None), User.id)).all()
        if _too_often(session, who, where, more=1):
            return None
    kept = [(user.id, user.password_hash or _nobody()) for user in accounts] or [(None, _nobody())]
    right = next((id_ for id_, hash_ in kept if _matches(hash_, password)), None)
    if right is None:
        return None
    with open_platform(write=True) as session:
        session.execute(delete(SignInAttempt).where(SignInAttempt.email_sha256 == who))
        user = session.get_one(User, right)
        if user.password_hash and _HASHER.check_needs_rehash(user.password_hash):
            user.password_hash = hashed(password)
    return right


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return hashed(secrets.token_urlsafe())


def _too_often(session: Session, who: str, where: str, more: int = 0) -> bool:
    """Whether either was tried more often than allowed; `more` of the tries are let through."""
    counted = select(func.count()).where(SignInAttempt.tried_at >= datetime.now(UTC) - TRIES_WITHIN)
    of_account = session.scalars(counted.where(SignInAttempt.email_sha256 == who)).one()
    of_address = session.scalars(counted.where(SignInAttempt.address_sha256 == where)).one()
    return of_account >= TRIES + more or (where != sha256("") and of_address >= TRIES_OF_ADDRESS + more)


def throttled(email: str, address: str = "") -> bool:
    """Whether passwords for this e-mail address, known or not, or from there, were tried too often lately."""
    with open_platform() as session:
        return _too_often(session, sha256(email.strip().casefold()), sha256(address))


def sha256(text: str) -> str:
    """A secret as it is looked up: nobody who reads the table can use it."""
    return hashlib.sha256(text.encode()).hexdigest()
