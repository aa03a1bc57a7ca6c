"""Drafts: what people try out or plan, apart from facts. Frozen: it says what version 0007 is."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def whole(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False, autoincrement=False)


def moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def upgrade() -> None:
    t = "drafts"
    op.create_table(
        t,
        *(
            whole("tenant_id"),
            whole("draft_number"),
            text("kind"),
            text("name"),
            text("body"),
            text("department_codes"),
        ),
        *(text("certificate_code"), text("actor"), text("made_by"), moment("made_at"), moment("changed_at")),
        *(whole("edition"), sa.Column("is_shared", sa.Boolean(), nullable=False)),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=f"fk_{t}_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "draft_number", name=f"pk_{t}"),
    )
    if op.get_bind().dialect.name == "postgresql":
        mine = "tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')::int)"
        op.execute(f"ALTER TABLE {t} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {t} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {t}_of_tenant ON {t} USING ({mine}) WITH CHECK ({mine})")
