"""Reminders: what people chose, what they were told, and the feeds of their calendars. Frozen: what version 0010 is."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def whole(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False, autoincrement=False)


def flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def moment(name: str, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def of(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}")


def create(table: str, key: tuple[str, ...], *columns: sa.Column[Any]) -> None:
    whose = [of(table, "tenant_id", "tenants"), of(table, "user_id", "users")]
    op.create_table(table, *columns, *whose, sa.PrimaryKeyConstraint(*key, name=f"pk_{table}"))


def upgrade() -> None:
    person = ("tenant_id", "user_id")
    feed = [text("token_sha256"), moment("made_at"), moment("read_at", null=True)]
    create("calendar_feeds", person, *map(whole, person), *feed)
    op.create_index("uq_calendar_feeds_token", "calendar_feeds", ["token_sha256"], unique=True)
    chosen = [text("kinds"), flag("by_mail"), flag("weekly")]
    when = [moment("changed_at", null=True), moment("told_up_to", null=True)]
    create("reminder_choices", person, *map(whole, person), *chosen, *when)
    told = [text(name) for name in ("sight", "alert_key", "kind", "sentence", "address")]
    when = [moment("told_at"), *(moment(name, null=True) for name in ("ended_at", "read_at", "mailed_at"))]
    number = "notice_number"
    create("reminder_notices", ("tenant_id", number), whole("tenant_id"), whole(number), whole("user_id"), *told, *when)
    op.create_index(
        "uq_reminder_notices_open",
        "reminder_notices",
        [*person, "sight", "alert_key"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    if op.get_bind().dialect.name == "postgresql":
        mine = "tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')::int)"
        found = f"({mine} OR (SELECT current_setting('app.identity', true)) = 'on')"
        for table, rows in (("calendar_feeds", found), ("reminder_choices", mine), ("reminder_notices", mine)):
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY {table}_of_tenant ON {table} USING ({rows}) WITH CHECK ({rows})")
