"""The people of a tenant as its administrators keep them: who they are, what they may do there, and their way in.

Only what is the tenant's is shown or touched: grants with it, and accounts that were made in it. Somebody else's and
nobody's answer alike, and an address is never told to have an account elsewhere (reliability.md T6, T10).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from db import audit, reset
from db.identities import CalendarFeed, Grant, User, UserSession
from db.models import VERSIONED, AuditEntry, Tenant
from db.passwords import hashed, one_time_password
from db.people import email_address, replace_grants
from db.reads import at_load
from db.roles import ROLES, SECOND_FACTOR
from db.session import Scope, bind, open_platform, open_session, scope_in
from db.sessions import end_sessions
from scheme.errors import Forbidden, UsageError

GRANTABLE = tuple(role for role in ROLES if role != "operator")
EVERYWHERE = ("administrator", "corporate_lead")  # for the whole organisation, or not at all
NOBODY = "there is no such person among yours"
THE_LAST = "they are the only administrator without an end day; make somebody else one first"
_ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class Given:
    """What somebody is to be given: a role, where, until when (`ends_on` is the first day without it).

    `may_export` None leaves it as is usual for the role.
    """

    role: str
    departments: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    ends_on: date | None = None
    may_export: bool | None = None


@dataclass(frozen=True)
class Member:
    """Somebody with a grant in a tenant, or an account that was made there.

    `kind`: "ours" for an account of this tenant, "platform" for one that the operator keeps, "sign_on" for one that a
    provider signs on. `role` is "" where nothing is granted any more; `ends_on` may be past.
    """

    user_id: int
    email: str
    kind: str
    role: str
    departments: tuple[str, ...]
    certificates: tuple[str, ...]
    ends_on: date | None
    may_export: bool
    is_from_groups: bool
    has_second_factor: bool
    is_disabled: bool
    seen_at: datetime | None

    @property
    def is_in(self) -> bool:
        """Whether they may come in today."""
        return bool(self.role) and not self.is_disabled and (self.ends_on is None or self.ends_on > _today())

    @property
    def lacks_second_factor(self) -> bool:
        """Whether they are to have a second factor beside their password, and have not set it up yet."""
        return self.is_in and self.kind != "sign_on" and self.role in SECOND_FACTOR and not self.has_second_factor


def members(scope: Scope) -> list[Member]:
    """Everybody of the scope's tenant, by address."""
    with open_session(scope) as session:
        return _members(session, scope)


def member(scope: Scope, user_id: int) -> Member:
    """One of the scope's tenant; Forbidden (NOBODY) for anybody else and for nobody."""
    with open_session(scope) as session:
        return _member(session, scope, user_id)


def unfit(scope: Scope, given: Given) -> dict[str, str]:
    """What cannot be given as it stands: for each word of Given a sentence; nothing where all is well."""
    with open_session(scope) as session:
        return _unfit(session, given)


def invite(scope: Scope, email: str, given: Given, by_link: bool = False) -> str:
    """Make an account of this tenant for an address, with a role; gives a one-time password to hand over.

    `by_link`: the token of a link instead, with which they choose a password (db.reset).

    Answers alike whether the address has an account elsewhere or not. UsageError for an address that is none or is
    among the tenant's people already, and for what cannot be given.
    """
    address = email_address(email)
    if len(address) > 254:
        raise UsageError("an e-mail address has 254 characters at most")
    with open_session(scope, write=True) as session:
        _require_fit(session, given)
        if any(known.email == address for known in _members(session, scope)):
            raise UsageError(f"your people include {address} already; choose them in the list to change what they do")
        user = User(email=address, home_tenant_id=scope.tenant_id, must_change_password=False)
        session.add(user)
        session.flush()
        audit.record(session, "invited", f"person {user.id}")
        _give(session, scope, user.id, given)
        return _way_in(session, user, by_link)


def change(scope: Scope, user_id: int, given: Given) -> None:
    """Give one of the tenant's people another role, or the same elsewhere or until another day.

    Forbidden (NOBODY); UsageError for what cannot be given, and where no lasting administrator would be left.
    """
    with open_session(scope, write=True) as session:
        now = _member(session, scope, user_id)
        _require_fit(session, given)
        if given.role != _ADMINISTRATOR or given.ends_on is not None:
            _keep_an_administrator(session, scope, now)
        _give(session, scope, user_id, given)


def end_access(scope: Scope, user_id: int) -> None:
    """Take from one of the tenant's people all they may do there, at once. Forbidden (NOBODY); UsageError as change."""
    with open_session(scope, write=True) as session:
        now = _member(session, scope, user_id)
        _keep_an_administrator(session, scope, now)
        session.execute(delete(Grant).where(Grant.user_id == user_id, Grant.tenant_id == scope.tenant_id))
        end_sessions(session, user_id)
        session.execute(delete(CalendarFeed).where(CalendarFeed.user_id == user_id))
        audit.record(session, "revoked", f"person {user_id}", revoked=now.role)


def end_their_sessions(scope: Scope, user_id: int) -> None:
    """Sign one of the tenant's people out of it, wherever they are signed in. Forbidden (NOBODY)."""
    with open_session(scope, write=True) as session:
        _member(session, scope, user_id)
        end_sessions(session, user_id)
        audit.record(session, "ended sessions", f"person {user_id}")


# --- accounts: only those that were made here -------------------------------------------------------------------------


def disable(scope: Scope, user_id: int) -> None:
    """Let an account of this tenant sign in no more. Forbidden (NOBODY); UsageError as change, or where not ours."""
    with _account(scope, user_id, "disabled", _keep_an_administrator) as (_, user):
        user.disabled_at = datetime.now(UTC)


def enable(scope: Scope, user_id: int) -> None:
    """Let an account of this tenant sign in again. Forbidden (NOBODY); UsageError where it is not ours."""
    with _account(scope, user_id, "enabled") as (_, user):
        user.disabled_at = None


def reset_password(scope: Scope, user_id: int, by_link: bool = False) -> str:
    """A new one-time password, or link as in `invite`, for an account of this tenant; the old password is dead.

    Forbidden (NOBODY); UsageError where it is not ours.
    """
    with _account(scope, user_id, "reset password") as (session, user):
        return _way_in(session, user, by_link)


def reset_second_factor(scope: Scope, user_id: int) -> None:
    """Forget the second factor of an account of this tenant: it is set up anew at the next sign-in. As above."""
    with _account(scope, user_id, "reset second factor") as (_, user):
        user.totp_secret = user.totp_step = user.second_factor_at = None


@contextmanager
def _account(
    scope: Scope, user_id: int, action: str, check: Callable[[Session, Scope, Member], None] | None = None
) -> Iterator[tuple[Session, User]]:
    """An account made in this tenant, to be changed: all its sessions end, and it is written down."""
    with open_platform(write=True) as session:
        # It is of one tenant alone, so its sessions are this tenant's to end, those turned to nothing yet among them.
        user = session.get(User, user_id)
        if user is not None and user.home_tenant_id == scope.tenant_id:
            end_sessions(session, user_id)
        bind(session, scope)
        session.execute(select(Tenant.id).where(Tenant.id == scope.tenant_id).with_for_update())
        now = _member(session, scope, user_id)
        if user is None or now.kind != "ours":
            raise UsageError("this account is kept elsewhere; its keeper changes how it signs in")
        if check is not None:
            check(session, scope, now)
        yield session, user
        audit.record(session, action, f"person {user_id}")


def _way_in(session: Session, user: User, by_link: bool) -> str:
    if by_link:
        user.password_hash, user.must_change_password = None, False
        session.flush()
        scope = scope_in(session)
        return reset.make(session, user.id, scope.actor if scope else "")
    password = one_time_password()
    user.password_hash, user.must_change_password = hashed(password), True
    return password


# --- inside -----------------------------------------------------------------------------------------------------------


def _today() -> date:
    return datetime.now(UTC).date()


def _give(session: Session, scope: Scope, user_id: int, given: Given) -> None:
    places = (given.departments, given.certificates, given.ends_on, given.may_export)
    replace_grants(session, user_id, scope.tenant_id, given.role, *places)


def _members(session: Session, scope: Scope) -> list[Member]:
    held: dict[int, list[Grant]] = {}
    for grant in session.scalars(select(Grant).where(Grant.tenant_id == scope.tenant_id).order_by(Grant.id)):
        held.setdefault(grant.user_id, []).append(grant)
    accounts = select(User).where(or_(User.home_tenant_id == scope.tenant_id, User.id.in_(list(held))))
    seen = _seen(session)
    return [
        _shown(user, held.get(user.id, []), seen.get(user.id))
        for user in session.scalars(accounts.order_by(User.email, User.id))
    ]


def _member(session: Session, scope: Scope, user_id: int) -> Member:
    found = next((one for one in _members(session, scope) if one.user_id == user_id), None)
    if found is None:
        raise Forbidden(NOBODY)
    return found


def _shown(user: User, grants: list[Grant], seen_at: datetime | None) -> Member:
    # As db.sessions finds it: of what holds today, the strongest role; what is over is shown where nothing else is.
    now = [grant for grant in grants if grant.ends_on is None or grant.ends_on > _today()] or grants
    role = min((grant.role for grant in now), key=list(ROLES).index, default="")
    own = [grant for grant in now if grant.role == role]
    whole = any(not grant.department_code and not grant.certificate_code for grant in own)
    ends = [grant.ends_on for grant in own]
    return Member(
        user.id,
        user.email,
        "sign_on" if user.issuer else "platform" if user.home_tenant_id is None else "ours",
        role,
        () if whole else tuple(grant.department_code for grant in own if grant.department_code),
        () if whole else tuple(grant.certificate_code for grant in own if grant.certificate_code),
        None if None in ends else max((end for end in ends if end), default=None),
        bool(own) and all(grant.may_export for grant in own),
        any(grant.origin for grant in own),
        user.second_factor_at is not None,
        user.disabled_at is not None,
        seen_at,
    )


def _seen(session: Session) -> dict[int, datetime]:
    """When each person was last seen in the tenant: by their running sessions, else by when they last came in."""
    came = select(AuditEntry.actor, func.max(AuditEntry.at)).where(AuditEntry.action == "came in")
    seen = {
        int(actor.removeprefix("person ")): at
        for actor, at in session.execute(came.group_by(AuditEntry.actor))
        if actor.startswith("person ")
    }
    running = select(UserSession.user_id, func.max(UserSession.seen_at)).group_by(UserSession.user_id)
    for user_id, at in session.execute(running):
        seen[user_id] = max(at, seen.get(user_id, at))
    return seen


def _keep_an_administrator(session: Session, scope: Scope, now: Member) -> None:
    """UsageError where this one's going would leave the tenant without a lasting administrator."""
    if now.role != _ADMINISTRATOR or not now.is_in:
        return
    left = [one for one in _members(session, scope) if one.user_id != now.user_id and one.role == _ADMINISTRATOR]
    if not any(one.is_in and one.ends_on is None for one in left):
        raise UsageError(THE_LAST)


def _require_fit(session: Session, given: Given) -> None:
    wrong = _unfit(session, given)
    if wrong:
        raise UsageError(next(iter(wrong.values())))


def _unfit(session: Session, given: Given) -> dict[str, str]:
    wrong: dict[str, str] = {}
    role = given.role.replace("_", " ")
    if given.role not in GRANTABLE:
        wrong["role"] = "choose a role"
    if given.departments and given.role in EVERYWHERE:
        wrong["departments"] = f"a role of {role} is for the whole organisation; tick no department"
    elif given.role == "champion" and not given.departments:
        wrong["departments"] = "a champion looks after departments; tick at least one"
    elif unknown := _unknown(session, "departments", given.departments):
        wrong["departments"] = f"there is no department {', '.join(unknown)}"
    if given.certificates and given.role != "assessor":
        wrong["certificates"] = "certificates limit what an assessor sees; tick none for another role"
    elif given.certificates and given.departments:
        wrong["certificates"] = "tick departments or certificates, not both"
    elif unknown := _unknown(session, "certificates", given.certificates):
        wrong["certificates"] = f"there is no certificate {', '.join(unknown)}"
    if given.ends_on is not None and given.ends_on <= _today():
        wrong["until"] = "the last day is past; choose today or a later day, or leave it empty"
    return wrong


def _unknown(session: Session, table: str, codes: tuple[str, ...]) -> list[str]:
    if not codes:
        return []
    model = VERSIONED[table]
    column = getattr(model, f"{table.removesuffix('s')}_code")
    there = set(session.scalars(select(column).where(at_load(model, None))))
    return [code for code in codes if code not in there]
