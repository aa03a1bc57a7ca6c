"""Roles by which other tools read one organisation's reports. Frozen: it says what version 0014 is."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None
oldest_program = "0012"


def upgrade() -> None:
    t = "readers"
    op.create_table(
        t,
        sa.Column("tenant_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("role_name", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=f"fk_{t}_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "role_name", name=f"pk_{t}"),
    )
    if op.get_bind().dialect.name == "postgresql":
        mine = "tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')::int)"
        op.execute(f"ALTER TABLE {t} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {t} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {t}_of_tenant ON {t} USING ({mine}) WITH CHECK ({mine})")
