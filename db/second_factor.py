"""The second factor beside a password: six digits that an app makes of a secret and the time (RFC 6238; W5).

A secret counts from the moment that a code of it was shown. Until then it is kept nowhere: the page that offers it
carries it, closed with the program's own secret and good for half an hour. A code is good once.
"""

import logging
from datetime import UTC, datetime, timedelta

import pyotp
from cryptography.fernet import InvalidToken
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import or_, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from db import audit, sessions
from db.identities import User
from db.passwords import forget_tries, may_try, proven
from db.secret import box
from db.session import open_platform, scope_in
from db.tenants import here
from scheme.errors import Forbidden, UsageError

log = logging.getLogger("assay")

NEIGHBOURS = 1  # a code stands for 30 seconds; so many before and after the present one do too, as clocks differ
OFFERED_FOR = timedelta(minutes=30)
WRONG = "that code is not right, was used already, or too many were tried; wait for the next one, or five minutes"
UNREADABLE = "your second factor cannot be read any more; ask an administrator to reset it"


def offer(user_id: int) -> tuple[str, str]:
    """A new secret for a person, and the same closed up: what the page that offers it brings back to `enrol`."""
    secret = pyotp.random_base32()
    return secret, box().encrypt(f"{user_id} {secret}".encode()).decode()


def offered(closed: str, user_id: int) -> str:
    """The secret that was offered to this person; UsageError where it was to another, or longer ago than 30 minutes."""
    try:
        opened = box().decrypt(closed.encode(), ttl=int(OFFERED_FOR.total_seconds())).decode()
    except InvalidToken as error:
        raise UsageError("that took longer than half an hour; start again") from error
    whose, _, secret = opened.partition(" ")
    if whose != str(user_id):
        raise UsageError("that was made for another person; start again")
    return secret


def address(secret: str, email: str) -> str:
    """What the picture says to an authenticator app."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="Assay")


def enrol(token: str, closed: str, code: str, password: str | None, origin: str = "") -> str:
    """Set a second factor up, or another in its place, once a code of it is shown; gives a new token of the session.

    Whoever must have one and has none needs nothing more; anybody else their password too. Every other session of the
    person ends. Forbidden where the session is over, the code or the password is wrong or too many were tried;
    UsageError where the offer is over, or a provider signs the person on.
    """
    person = _person(token)
    secret = offered(closed, person.user_id)
    must = person.needs_second_factor and not person.has_second_factor
    if person.needs_second_factor and not must:
        raise Forbidden("show a code of the second factor that you have first")
    if not must and proven(person.email, password or "", origin) != person.user_id:
        raise Forbidden("your password is not right, or it was tried too often")
    if not may_try(_tries_of(person.user_id), origin):
        raise Forbidden(WRONG)
    now = datetime.now(UTC)
    step = _step(secret, code, now)
    with open_platform(write=True) as session:
        if step is None:
            _refused(session, person.user_id, origin)
        else:
            user = session.get_one(User, person.user_id)
            user.totp_secret, user.totp_step = box().encrypt(secret.encode()).decode(), step
            user.second_factor_at = now
            new = sessions.only(session, token, is_proven=True)
            forget_tries(session, _tries_of(user.id))
            who = f"person {user.id}"
            audit.record_on_platform(session, "set up a second factor", actor=who, origin=origin)
            return new
    raise Forbidden(WRONG)


def prove(token: str, code: str, origin: str = "") -> str:
    """Take a code of the person's second factor; gives a new token of the session, in which nothing more is asked.

    Forbidden where the session is over, the code is wrong or was used, or too many were tried.
    """
    person = _person(token)
    if not may_try(_tries_of(person.user_id), origin):
        raise Forbidden(WRONG)
    now = datetime.now(UTC)
    with open_platform(write=True) as session:
        user = session.get_one(User, person.user_id)
        step = None if user.totp_secret is None else _step(_opened(user.totp_secret), code, now)
        if step is not None and _is_first(session, user.id, step):
            user.totp_secret = box().rotate((user.totp_secret or "").encode()).decode()
            new = sessions.renewed(session, token, is_proven=True)
            forget_tries(session, _tries_of(user.id))
            return new
        _refused(session, user.id, origin)
    raise Forbidden(WRONG)


def reset(session: Session, user_id: int) -> None:
    """Take a person's second factor away and end their sessions; where their role asks for one, they set up another.

    In a session bound to a tenant, of an account that this tenant keeps; Forbidden for any other. In a session of
    `open_platform(write=True)`, of any. Recorded in the log of either. UsageError where a provider signs them on.
    """
    user = account_in(session, user_id)
    user.totp_secret = user.totp_step = user.second_factor_at = None
    sessions.end_sessions(session, user.id)
    if scope_in(session) is not None:
        audit.record(session, "reset second factor", f"person {user.id}")
    else:
        audit.record_on_platform(session, "reset second factor", f"person {user.id}", actor=here())


def account_in(session: Session, user_id: int) -> User:
    """An account with a password, which whoever has this session looks after.

    Forbidden where the session is bound to a tenant that does not keep the account, whether it exists or not;
    UsageError where a provider signs the person on.
    """
    user, scope = session.get(User, user_id), scope_in(session)
    if user is None or (scope is not None and user.home_tenant_id != scope.tenant_id):
        raise Forbidden("your organisation does not keep that account; the platform's operator looks after it")
    if user.issuer is not None:
        raise UsageError("a sign-in service signs this person on, and keeps their password and second factor")
    return user


def _person(token: str) -> sessions.Identity:
    person = sessions.session_of(token)
    if person is None:
        raise Forbidden("you are signed out; sign in again")
    if not person.is_local:
        raise UsageError("your organisation's sign-in service keeps your second factor; change it there")
    return person


def _tries_of(user_id: int) -> str:
    return f"second factor of {user_id}"


def _step(secret: str, code: str, now: datetime) -> int | None:
    """Which step of time a code belongs to, of the present one and its neighbours; None for none of them."""
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode("".join(code.split()), for_time=now, valid_window=NEIGHBOURS)
    except OTPVerificationError:
        return None


def _is_first(session: Session, user_id: int, step: int) -> bool:
    """Whether no code of this step or a later one was used; marks it as used, of two at once for one of them."""
    unused = or_(User.totp_step.is_(None), User.totp_step < step)
    done = session.execute(update(User).where(User.id == user_id, unused).values(totp_step=step))
    return isinstance(done, CursorResult) and done.rowcount == 1


def _opened(kept: str) -> str:
    try:
        return box().decrypt(kept.encode()).decode()
    except InvalidToken as error:
        log.error("a second factor was closed with a secret that is neither ASSAY_SECRET nor in ASSAY_SECRET_BEFORE")
        raise UsageError(UNREADABLE) from error


def _refused(session: Session, user_id: int, origin: str) -> None:
    audit.record_on_platform(session, "refused second factor", actor=f"person {user_id}", origin=origin)
