"""Tokens of the API: what a program of a tenant shows instead of a person's session (reliability.md T8, W3, W12).

A token acts in the tenant that made it and in no other, may read or send or both, perhaps for some departments alone,
and ends by itself. The token is shown once; its hash is kept.
"""

import re
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db import audit
from db.identities import ApiToken
from db.models import VERSIONED, Tenant
from db.passwords import sha256
from db.reads import at_load
from db.roles import CYCLE, EXPORT, LOADS, RESULTS, SEND
from db.session import Scope, bind, open_platform, scope_in
from scheme.errors import Forbidden, UsageError, WarehouseError

# What each scope may do. Whoever reads over the API takes away what is read: there is no reading without `export`.
SCOPES: dict[str, frozenset[str]] = {"read": frozenset({RESULTS, CYCLE, LOADS, EXPORT}), "send": frozenset({SEND})}
LONGEST = timedelta(days=366)
USUAL = timedelta(days=90)
USED_EVERY = timedelta(minutes=1)  # when a token was last used is written down this often, not at every request
ROLE = "token"
_LARGEST = 2**31 - 1  # of a number in the warehouse
_SHAPE = re.compile(r"assay_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Token:
    """A token as it may be shown: all but the token itself. `departments`: None is all of them."""

    number: int
    name: str
    scopes: tuple[str, ...]
    departments: tuple[str, ...] | None
    made_by: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether it opens nothing any more."""
        return self.revoked_at is not None or self.expires_at <= datetime.now(UTC)


def make(
    session: Session, name: str, scopes: Iterable[str], departments: Sequence[str] = (), lasts: timedelta = USUAL
) -> str:
    """Make a token for the session's tenant (`open_session(scope, write=True)`); gives it, once and never again.

    `scopes`: of SCOPES; `departments`: these and what lies below them, all where none are named. UsageError for a name,
    scope, department or time that makes no sense; Forbidden where the token could do what its maker may not.
    """
    maker, name, wanted = _maker(session), " ".join(name.split()), sorted(set(scopes))
    if not 3 <= len(name) <= 80 or not name.isprintable():
        raise UsageError("a token needs a name of 3 to 80 letters that says what uses it, such as: nightly export")
    if not wanted or not set(wanted) <= set(SCOPES):
        raise UsageError(f"a token may {' or '.join(SCOPES)} or both; choose at least one")
    if not timedelta(0) < lasts <= LONGEST:
        raise UsageError(f"a token lasts {LONGEST.days} days at most; choose a shorter time")
    lacking = frozenset().union(*(SCOPES[scope] for scope in wanted)) - maker.permissions
    if lacking:
        raise Forbidden(
            f"your role lacks the right to {' and '.join(sorted(_WORDS[right] for right in lacking))}; "
            "a token may do no more than who makes it"
        )
    codes = _known(session, departments)
    number = (session.scalars(select(func.max(ApiToken.token_number))).one() or 0) + 1
    text, now = f"assay_{secrets.token_urlsafe(32)}", datetime.now(UTC)
    row = ApiToken(token_sha256=sha256(text), tenant_id=maker.tenant_id, token_number=number, name=name)
    row.scopes, row.departments, row.made_by = " ".join(wanted), ";".join(codes), maker.actor
    row.made_at, row.expires_at = now, now + lasts
    session.add(row)
    session.flush()
    told = {"scopes": wanted, "departments": codes, "until": row.expires_at.isoformat(timespec="seconds")}
    audit.record(session, "made a token", f"token {number}", **told)
    return text


_WORDS = {RESULTS: "see results", CYCLE: "see the cycle", LOADS: "see loads", EXPORT: "export", SEND: "send files"}


def tokens(session: Session) -> list[Token]:
    """The tokens of the session's tenant, newest first, with those that are over."""
    return [_shown(row) for row in session.scalars(select(ApiToken).order_by(ApiToken.token_number.desc()))]


def revoke(session: Session, number: int) -> str:
    """End a token of the session's tenant from its next request on; says what it did. UsageError for no such one."""
    row = session.scalars(select(ApiToken).where(ApiToken.token_number == min(number, _LARGEST))).first()
    if row is None:
        raise UsageError(f"there is no token {number}; the list shows those there are")
    if row.revoked_at is not None:
        return f"token {number} was revoked already"
    row.revoked_at = datetime.now(UTC)
    audit.record(session, "revoked a token", f"token {number}")
    return f"token {number} is revoked"


def scope_of_token(text: str, origin: str = "") -> Scope | None:
    """What a token stands for at this moment; None for one that is wrong, unknown, revoked or expired, all alike."""
    if not _SHAPE.fullmatch(text):
        return None
    now = datetime.now(UTC)
    with open_platform() as session:
        found = _live(session, text, now)
        if found is None:
            return None
        row, tenant = found
        scope = _scope(_shown(row), tenant, origin)
        stale = row.last_used_at is None or now - row.last_used_at >= USED_EVERY
    # A load may hold the warehouse for a while: then a later request writes it down.
    if stale:
        with suppress(WarehouseError), open_platform(write=True, patient=False) as session:
            found = _live(session, text, now)
            if found is not None:
                found[0].last_used_at = now
    return scope


def record_refused(text: str, origin: str) -> None:
    """Write down that something which is no token, or no more, was shown as one: in its tenant's log if it was one."""
    with suppress(WarehouseError), open_platform(write=True, patient=False) as session:
        found = _found(session, text, origin)
        if found is not None:
            audit.record(session, "refused a token", f"token {found[0].token_number}")
            return
        actor = f"unknown token {sha256(text)[:12]}"
        audit.record_on_platform(session, "refused a token", actor=actor, role=ROLE, origin=origin)


def _live(session: Session, text: str, now: datetime) -> tuple[ApiToken, Tenant] | None:
    found = _found(session, text, "")
    return None if found is None or found[0].revoked_at is not None or found[0].expires_at <= now else found


def _found(session: Session, text: str, origin: str) -> tuple[ApiToken, Tenant] | None:
    """A token and its tenant; the platform session is bound to that tenant from then."""
    row = session.execute(
        select(ApiToken.token_number, Tenant)
        .join(Tenant, Tenant.id == ApiToken.tenant_id)
        .where(ApiToken.token_sha256 == sha256(text))
    ).first()
    if row is None:
        return None
    who = f"token {row[0]}"
    bind(session, Scope(row[1].id, row[1].code, (), ROLE, who, row[1].name, actor=who, origin=origin))
    return session.scalars(select(ApiToken).where(ApiToken.token_sha256 == sha256(text))).one(), row[1]


def _scope(token: Token, tenant: Tenant, origin: str) -> Scope:
    may = frozenset().union(*(SCOPES.get(scope, frozenset()) for scope in token.scopes))
    who = f"token {token.number}"  # also as whose its loads are known: it sees its own again
    return Scope(tenant.id, tenant.code, token.departments, ROLE, who, tenant.name, may, None, who, origin)


def _shown(row: ApiToken) -> Token:
    codes = tuple(row.departments.split(";")) if row.departments else None
    return Token(
        row.token_number,
        row.name,
        tuple(row.scopes.split()),
        codes,
        row.made_by,
        row.made_at,
        row.expires_at,
        row.revoked_at,
        row.last_used_at,
    )


def _maker(session: Session) -> Scope:
    scope = scope_in(session)
    if scope is None:
        raise AssertionError("a token is made in open_session(scope, write=True)")
    if scope.departments is not None or scope.role == ROLE:
        raise Forbidden("tokens are made by who speaks for the whole organisation")
    return scope


def _known(session: Session, departments: Sequence[str]) -> list[str]:
    codes = list(dict.fromkeys(code.strip() for code in departments if code.strip()))
    model = VERSIONED["departments"]
    there = set(session.scalars(select(model.department_code).where(at_load(model, None)))) if codes else set()  # type: ignore[attr-defined]  # made from scheme.tables
    unknown = [code for code in codes if code not in there or ";" in code]
    if unknown:
        raise UsageError(f"there is no department {', '.join(unknown)} that a token may be for; choose one in the list")
    return codes
