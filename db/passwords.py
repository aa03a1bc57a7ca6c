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


def proven(email: str, password: str) -> int | None:
    """The id of the person whose password this is; None where it is not, or was tried too often.

    Answers alike, and takes as long, whether there is such a person or not.
    """
    address, now = email.strip().casefold(), datetime.now(UTC)
    who = sha256(address)
    with open_platform(write=True) as session:
        session.execute(delete(SignInAttempt).where(SignInAttempt.tried_at < now - TRIES_WITHIN))
        if _tries(session, who) >= TRIES:
            return None
        # Written down before the password is looked at, so that many tries at once are counted too.
        session.add(SignInAttempt(email_sha256=who, tried_at=now))
    with open_platform() as session:
        user = session.scalars(select(User).where(User.email == address)).first()
        kept = user.password_hash if user else None
        if _tries(session, who) > TRIES:
            return None
    nobody = _nobody()
    right = _matches(kept or nobody, password)
    if user is None or user.disabled_at is not None or not right:
        return None
    with open_platform(write=True) as session:
        session.execute(delete(SignInAttempt).where(SignInAttempt.email_sha256 == who))
        if _HASHER.check_needs_rehash(user.password_hash):
            session.get_one(User, user.id).password_hash = hashed(password)
    return user.id


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return hashed(secrets.token_urlsafe())


def _tries(session: Session, who: str) -> int:
    since = datetime.now(UTC) - TRIES_WITHIN
    recent = (SignInAttempt.email_sha256 == who) & (SignInAttempt.tried_at >= since)
    return session.scalars(select(func.count()).where(recent)).one()


def throttled(email: str) -> bool:
    """Whether passwords for this address, known or not, were tried too often in the last five minutes."""
    with open_platform() as session:
        return _tries(session, sha256(email.strip().casefold())) >= TRIES


def sha256(text: str) -> str:
    """A secret as it is looked up: nobody who reads the table can use it."""
    return hashlib.sha256(text.encode()).hexdigest()
