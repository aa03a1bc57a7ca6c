"""Sendings: files that were sent for preview and wait to be taken. Frozen: it says what version 0005 is."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OWNED = ("sendings", "sending_files")


def text(name: str, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=null)


def whole(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False, autoincrement=False)


def moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def upgrade() -> None:
    t = "sendings"
    op.create_table(
        t,
        *(whole("tenant_id"), whole("sending_number"), text("actor"), text("sent_by"), text("source_code", null=True)),
        *(moment("sent_at"), moment("expires_at"), text("mends"), text("preview"), text("fingerprint")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=f"fk_{t}_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "sending_number", name=f"pk_{t}"),
    )
    t = "sending_files"
    pair = ["tenant_id", "sending_number"]
    op.create_table(
        t,
        *(whole("tenant_id"), whole("sending_number"), text("kind"), whole("place"), text("name")),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=f"fk_{t}_tenant_id"),
        sa.ForeignKeyConstraint(pair, [f"sendings.{name}" for name in pair], name=f"fk_{t}_tenant_id_sending_number"),
        sa.PrimaryKeyConstraint(*pair, "kind", "place", name=f"pk_{t}"),
    )
    if op.get_bind().dialect.name == "postgresql":
        mine = "tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')::int)"
        for table in OWNED:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY {table}_of_tenant ON {table} USING ({mine}) WITH CHECK ({mine})")
