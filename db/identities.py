"""The tables of who comes in and what they may do: people, programs, guests, calendars, and readers of PostgreSQL.

Of a token that is shown to come in, they keep a hash alone. `db.models` counts them with all others.
"""

from datetime import date, datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.mapped import Base, OfTenant, TenantOwned


def _one_of(name: str, *columns: str, where: str) -> Index:
    """A unique index over the rows of which a condition holds."""
    return Index(f"uq_users_{name}", *columns, unique=True, sqlite_where=text(where), postgresql_where=text(where))


# --- tables that no tenant owns ---------------------------------------------------------------------------------------


class User(Base):
    """An account, by which a person signs in; `email` is case-folded.

    Kept by the organisation that made it, or by the platform (`home_tenant_id` None). One with an issuer signs on there
    and has no password. An address may have an account in several places: they know nothing of each other.
    """

    __tablename__ = "users"
    __table_args__ = (
        _one_of("platform", "email", where="issuer IS NULL AND home_tenant_id IS NULL"),
        _one_of("home", "home_tenant_id", "email", where="issuer IS NULL"),
        _one_of("sign_on", "issuer", "subject", where="issuer IS NOT NULL"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(index=True)
    home_tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenants.id"))
    issuer: Mapped[str | None]
    subject: Mapped[str | None]
    password_hash: Mapped[str | None]
    must_change_password: Mapped[bool]
    totp_secret: Mapped[str | None]  # encrypted with the program's secret
    totp_step: Mapped[int | None]  # the last one used: a code is good once
    second_factor_at: Mapped[datetime | None]  # when it was proven for the first time
    disabled_at: Mapped[datetime | None]


class ResetLink(Base):
    """A link with which a person chooses a password, once; the token itself is kept nowhere."""

    __tablename__ = "reset_links"
    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInAttempt(Base):
    """A password or code tried that was not found right; the account need not exist."""

    __tablename__ = "sign_in_attempts"
    id: Mapped[int] = mapped_column(primary_key=True)
    email_sha256: Mapped[str] = mapped_column(index=True)
    address_sha256: Mapped[str] = mapped_column(index=True)  # the network address it came from
    tried_at: Mapped[datetime]


class SignOnAttempt(Base):
    """A browser on its way to a provider of sign-on and back."""

    __tablename__ = "sign_on_attempts"
    state_sha256: Mapped[str] = mapped_column(primary_key=True)
    browser_sha256: Mapped[str]
    provider: Mapped[str]
    nonce: Mapped[str]
    code_verifier: Mapped[str]
    onward: Mapped[str]
    expires_at: Mapped[datetime]


# --- who may do what in a tenant: read before a tenant is known, by an unbound session alone --------------------------


class Grant(OfTenant, Base):
    """A role of a person with a tenant, in one department and what lies below it ("" is everywhere)."""

    __tablename__ = "grants"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenants.id"), index=True)  # none: an operator
    role: Mapped[str]
    department_code: Mapped[str]
    certificate_code: Mapped[str]  # an assessor's; "" is no limit
    may_export: Mapped[bool]
    ends_on: Mapped[date | None]  # the first day without it
    origin: Mapped[str]  # "sign_on" where groups gave it, else ""


class OperatorVisit(OfTenant, Base):
    """An operator's access to one tenant's data: why, and until when."""

    __tablename__ = "operator_visits"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), index=True)
    reason: Mapped[str]
    started_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class UserSession(OfTenant, Base):
    """A signed-in browser; the token itself is kept nowhere."""

    __tablename__ = "user_sessions"
    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenants.id"))
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    is_proven: Mapped[bool]  # the second factor too, where one is asked
    remote_address: Mapped[str]


class ApiToken(OfTenant, Base):
    """What a program of a tenant shows instead of a person's session; the token itself is kept nowhere."""

    __tablename__ = "api_tokens"
    __table_args__ = (Index("uq_api_tokens_number", "tenant_id", "token_number", unique=True),)
    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"))
    token_number: Mapped[int]
    name: Mapped[str]
    scopes: Mapped[str]  # "read", "send" or both, a space between
    departments: Mapped[str]  # ";" between; "" is all
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class GuestLink(OfTenant, Base):
    """A link by which an outside assessor looks at one certificate until a day; the token itself is kept nowhere."""

    __tablename__ = "guest_links"
    __table_args__ = (Index("uq_guest_links_token", "token_sha256", unique=True),)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    link_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    token_sha256: Mapped[str]
    certificate_code: Mapped[str]
    for_whom: Mapped[str]  # name and organisation, in words
    may_export: Mapped[bool]
    last_day: Mapped[date]  # it opens nothing after it
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]  # where it was ended before its last day


class GuestSession(OfTenant, Base):
    """A browser that opened such a link; the token itself is kept nowhere."""

    __tablename__ = "guest_sessions"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "link_number"], ["guest_links.tenant_id", "guest_links.link_number"]),
    )
    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"))
    link_number: Mapped[int]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    remote_address: Mapped[str]


class CalendarFeed(OfTenant, Base):
    """The address under which a calendar of a person reads what is due in a tenant; the token is kept nowhere."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (Index("uq_calendar_feeds_token", "token_sha256", unique=True),)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    token_sha256: Mapped[str]
    made_at: Mapped[datetime]
    read_at: Mapped[datetime | None]  # when a calendar last did; written once a day


# --- tables that a tenant owns ----------------------------------------------------------------------------------------


class GroupGrant(TenantOwned, Base):
    """The role that people of a group of a sign-on provider have; `department_code` "" is everywhere."""

    __tablename__ = "group_grants"
    provider: Mapped[str] = mapped_column(primary_key=True)
    group_name: Mapped[str] = mapped_column(primary_key=True)
    department_code: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    may_export: Mapped[bool]


class Reader(TenantOwned, Base):
    """A role of PostgreSQL by which another tool reads the tenant's reports; its password is kept by the server alone.

    Written by the tables' owner, never by the program's role: what a reader sees hangs on it (db.report_views).
    """

    __tablename__ = "readers"
    role_name: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]  # what it is for
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
