"""What all tables are made of: a moment in UTC, the base of their classes, and the marks that say whose a table is."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, DateTime, Dialect, ForeignKey, Integer, LargeBinary, MetaData, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


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
    type_annotation_map = {str: Text, datetime: Moment, date: Date, int: Integer, bool: Boolean, bytes: LargeBinary}  # noqa: RUF012  # SQLAlchemy reads it from the class


class OfTenant:
    """Marks what names a tenant in `tenant_id`; in a session bound to a tenant only its rows are there (db.session)."""

    tenant_id: Mapped[Any] = mapped_column(ForeignKey("tenants.id"))


class TenantOwned(OfTenant):
    """Marks what belongs to one tenant; the lock of db.session filters by it."""

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True, sort_order=-10)
