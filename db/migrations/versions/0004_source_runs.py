"""Runs of sources that fetch their own files. Frozen: it says what version 0004 is."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    t = "source_runs"
    op.create_table(
        t,
        sa.Column("tenant_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("source_code", sa.Text(), nullable=False),
        sa.Column("run_number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("what", sa.Text(), nullable=True),
        sa.Column("load_number", sa.Integer(), nullable=True),
        sa.Column("again_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=f"fk_{t}_tenant_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "load_number"],
            ["loads.tenant_id", "loads.load_number"],
            name=f"fk_{t}_tenant_id_load_number",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "source_code", "run_number", name=f"pk_{t}"),
    )
    if op.get_bind().dialect.name == "postgresql":
        mine = "tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')::int)"
        op.execute(f"ALTER TABLE {t} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {t} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {t}_of_tenant ON {t} USING ({mine}) WITH CHECK ({mine})")
