"""The tables of the warehouse. Canonical tables are made from scheme.tables, the one place where their columns stand.

Tables that a tenant owns have `tenant_id` in their primary and foreign keys and are reached through
`db.session.open_session` alone; the few others (tenants, standards, people) through `open_platform`.
"""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeEngine

from scheme.tables import TABLES, Kind, Table


class Moment(TypeDecorator[datetime]):
    """A moment in UTC with microseconds; in SQLite text in one form, so that its order holds."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """An aware moment in UTC; ValueError for one without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment, aware and in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables; constraints have names, so that a migration can speak of them."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {str: Text, datetime: Moment, date: Date, int: Integer, bool: Boolean}  # noqa: RUF012


class TenantOwned:
    """Marks what belongs to one tenant; the lock of db.session filters by it."""

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True, sort_order=-10)


# --- tables that no tenant owns ---------------------------------------------------------------------------------------


class Tenant(Base):
    """An organisation that runs a programme; `version` goes up with each change of its data or profiles."""

    __tablename__ = "tenants"
    __table_args__ = (CheckConstraint("id > 0", name="id_positive"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    standard_code: Mapped[str]
    version: Mapped[int]


class StandardText(Base):
    """One edition of a standard that does not come with Assay: its file's own TOML."""

    __tablename__ = "standards"
    code: Mapped[str] = mapped_column(primary_key=True)
    edition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[str]
    added_at: Mapped[datetime]


class User(Base):
    """A person who signs in; `email` is case-folded."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    must_change_password: Mapped[bool]
    disabled_at: Mapped[datetime | None]


class Grant(Base):
    """A role of a person with a tenant, in one department and what lies below it ("" is everywhere)."""

    __tablename__ = "grants"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenants.id"))  # none: an operator of the platform
    role: Mapped[str]
    department_code: Mapped[str]


class UserSession(Base):
    """A signed-in browser; the token itself is kept nowhere."""

    __tablename__ = "user_sessions"
    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenants.id"))
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class SignInAttempt(Base):
    """A password tried that was not found right; the account need not exist."""

    __tablename__ = "sign_in_attempts"
    id: Mapped[int] = mapped_column(primary_key=True)
    email_sha256: Mapped[str] = mapped_column(index=True)
    tried_at: Mapped[datetime]


# --- tables that a tenant owns ----------------------------------------------------------------------------------------


class ProfileText(TenantOwned, Base):
    """One version of a profile as added; the newest edition of a day holds. `profile_code` "" is the tenant's own."""

    __tablename__ = "profiles"
    profile_code: Mapped[str] = mapped_column(primary_key=True)
    in_force_from: Mapped[date] = mapped_column(primary_key=True)  # 0001-01-01: since ever
    edition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[str]  # JSON
    added_at: Mapped[datetime]


class Load(TenantOwned, Base):
    """One load; `finished_at` rises strictly with `load_number`, so what was known at a moment is a load's number."""

    __tablename__ = "loads"
    load_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    sent_by: Mapped[str]
    source: Mapped[str | None]


class File(TenantOwned, Base):
    """One table in one sheet of one file of a load, with what became of its rows."""

    __tablename__ = "files"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "load_number"], ["loads.tenant_id", "loads.load_number"]),
        Index(None, "tenant_id", "file"),
    )
    load_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    file_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    file: Mapped[str]
    sheet: Mapped[str | None]
    sha256: Mapped[str]
    table_name: Mapped[str | None]
    read_count: Mapped[int]
    loaded_count: Mapped[int]
    unchanged_count: Mapped[int]
    duplicate_count: Mapped[int]
    no_result_count: Mapped[int]
    set_aside_count: Mapped[int]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    notes: Mapped[str]  # JSON list


_FILE = ["tenant_id", "load_number", "file_number"]


def _files() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(_FILE, [f"files.{name}" for name in _FILE])


class RejectedRow(TenantOwned, Base):
    """A row set aside, with the sender's own cells."""

    __tablename__ = "rejected_rows"
    __table_args__ = (_files(),)
    load_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reject_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    file_number: Mapped[int]
    row_number: Mapped[int]
    why: Mapped[str]
    cells: Mapped[str]  # JSON object, in the sender's order


class Versioned(TenantOwned):
    """A row as one load said it. Current while nothing superseded it; a withdrawn one has no successor."""

    load_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=90)
    file_number: Mapped[int] = mapped_column(sort_order=91)
    row_number: Mapped[int | None] = mapped_column(sort_order=92)
    superseded_by_load: Mapped[int | None] = mapped_column(sort_order=93)


_TYPES: dict[Kind, type[TypeEngine[Any]]] = {"day": Date, "flag": Boolean, "count": Integer, "number": Double}
TAKEN_IN = ("departments", "sites")  # rows are taken in under a code that no register has named


def _model(table: Table) -> type[Versioned]:
    kinds: dict[str, Kind] = {c.name: c.kind for c in table.columns}
    kinds = {name: kinds.get(name, "code") for name in table.key} | kinds
    attributes: dict[str, Any] = {
        name: mapped_column(_TYPES.get(kind, Text), primary_key=name in table.key, nullable=name not in table.key)
        for name, kind in kinds.items()
    }
    if table.name in TAKEN_IN:
        attributes["is_confirmed"] = mapped_column(Boolean, nullable=False)
    attributes["__tablename__"] = table.name
    attributes["__table_args__"] = (
        _files(),
        ForeignKeyConstraint(["tenant_id", "superseded_by_load"], ["loads.tenant_id", "loads.load_number"]),
        Index(
            f"uq_{table.name}_current",
            "tenant_id",
            *table.key,
            unique=True,
            sqlite_where=text("superseded_by_load IS NULL"),
            postgresql_where=text("superseded_by_load IS NULL"),
        ),
    )
    return type(f"{table.name.title().replace('_', '')}Row", (Versioned, Base), attributes)


VERSIONED: dict[str, type[Versioned]] = {name: _model(table) for name, table in TABLES.items()}
OWNED: tuple[str, ...] = tuple(
    mapper.local_table.name  # type: ignore[attr-defined]
    for mapper in Base.registry.mappers
    if issubclass(mapper.class_, TenantOwned)
)
