"""Passwords: which will do, how they are kept and proven, and how often one may be tried (reliability.md W5)."""

import hashlib
import re
import secrets
from datetime import UTC, datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from db.identities import SignInAttempt, User
from db.session import open_platform
from scheme.errors import UsageError

TRIES, TRIES_WITHIN = 10, timedelta(minutes=5)
TRIES_OF_ADDRESS = 20  # a whole office may sit behind one network address
SHORTEST, LONGEST = 12, 200
FEWEST_GUESSES = 10**8  # below, whoever tries the lists of common passwords and their like finds it
_HASHER = PasswordHasher()
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another


def one_time_password() -> str:
    """Twenty letters and digits that are easy to read out, about 99 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))


def fit(new: str, old: str = "", email: str = "") -> None:
    """Raise UsageError, which says what to do, unless a new password will do in place of the old one.

    No rules of composition: it is long enough, and neither on the lists of common passwords, nor made of what is on
    them, nor of the person's own address.
    """
    if len(new) < SHORTEST:
        raise UsageError(f"a password needs at least {SHORTEST} characters; three or four words will do")
    if len(new) > LONGEST:
        raise UsageError(f"a password has {LONGEST} characters at most; choose a shorter one")
    if new == old:
        raise UsageError("the new password is the old one; choose another")
    if _is_common(new, email):
        raise UsageError("that password is among the first that anybody would try; three or four words of yours do")


def _is_common(password: str, email: str) -> bool:
    from zxcvbn import zxcvbn  # its lists take a tenth of a second to read: not at every start

    own = [part for part in re.split(r"[^\w]+", email.casefold()) if len(part) > 2]
    plain = re.sub("|".join(map(re.escape, sorted(own, key=len, reverse=True))), "", password.casefold()) if own else ""
    if own and len(plain) < 6:
        return True  # nothing but the address, with a little about it
    # What stands in the first seventy characters is enough, and its time grows faster than their number.
    guesses: int = zxcvbn(password[:70], user_inputs=[email, *own])["guesses"]
    return guesses < FEWEST_GUESSES


def hashed(password: str) -> str:
    """The password as it is kept: argon2id, with its own salt and parameters."""
    return _HASHER.hash(password)


def proven(email: str, password: str, address: str = "") -> int | None:
    """The id of the account whose password this is; None where there is none, or where it was tried too often.

    In five minutes, ten tries are let through for an e-mail address and twenty from a network address, by all workers.
    Answers alike, and takes as long, whether there is such an account or not.
    """
    person = email.strip().casefold().replace("\0", "")  # which no database takes
    who, where = sha256(person), sha256(address)
    if not may_try(person, address):
        return None
    with open_platform() as session:
        local = select(User).where(User.email == person, User.issuer.is_(None), User.disabled_at.is_(None))
        accounts = session.scalars(local.order_by(User.home_tenant_id.is_not(None), User.id)).all()
        if _too_often(session, who, where, more=1):
            return None
    kept: list[tuple[int | None, str]]
    kept = [(user.id, user.password_hash or _nobody()) for user in accounts] or [(None, _nobody())]
    right = next((id_ for id_, hash_ in kept if _matches(hash_, password)), None)
    if right is None:
        return None
    with open_platform(write=True) as session:
        user = session.get_one(User, right)
        # Others may keep accounts of the same address, with passwords of their own: the right one of such an account
        # must not clear the count of wrong ones, or its keeper could guess at the other accounts for ever.
        forget_tries(session, person, last=user.home_tenant_id is not None)
        if user.password_hash and _HASHER.check_needs_rehash(user.password_hash):
            user.password_hash = hashed(password)
    return right


def may_try(whose: str, address: str = "") -> bool:
    """Write down a try at somebody's password or code, before it is looked at, unless there were too many already.

    So that many tries at once are counted too. By all workers, in the warehouse: it outlives a restart.
    """
    now, who, where = datetime.now(UTC), sha256(whose), sha256(address)
    with open_platform(write=True) as session:
        session.execute(delete(SignInAttempt).where(SignInAttempt.tried_at < now - TRIES_WITHIN))
        if _too_often(session, who, where):
            return False
        session.add(SignInAttempt(email_sha256=who, address_sha256=where, tried_at=now))
    return True


def forget_tries(session: Session, whose: str, last: bool = False) -> None:
    """Start to count anew: what was tried was right. `last`: leave out of the count the last try alone."""
    tries = SignInAttempt.email_sha256 == sha256(whose)
    if last:
        newest = select(SignInAttempt.id).where(tries).order_by(SignInAttempt.tried_at.desc(), SignInAttempt.id.desc())
        tries = SignInAttempt.id.in_(session.scalars(newest.limit(1)).all())
    session.execute(delete(SignInAttempt).where(tries))


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
        return _too_often(session, sha256(email.strip().casefold().replace("\0", "")), sha256(address))


def sha256(text: str) -> str:
    """A secret as it is looked up: nobody who reads the table can use it."""
    return hashlib.sha256(text.encode()).hexdigest()
