"""What loads said, kept so that one of them can be withdrawn; withdrawals; which program loaded; originals of files.

Loads taken before this version have no statement of what they said. Frozen: it says what version 0003 is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OWNED = ("statements", "originals")


def upgrade() -> None:
    for column in (sa.Column("withdraws_load", sa.Integer(), nullable=True), sa.Column("loader", sa.Text())):
        op.add_column("loads", column)
    op.create_table(
        "statements",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("load_number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_statements_tenant_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "load_number"],
            ["loads.tenant_id", "loads.load_number"],
            name="fk_statements_tenant_id_load_number",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "load_number", "part", name="pk_statements"),
    )
    op.create_table(
        "originals",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("byte_count", sa.Integer(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_originals_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "sha256", name="pk_originals"),
    )
    if op.get_bind().dialect.name == "postgresql":
        mine = "tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')::int)"
        for table in OWNED:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY {table}_of_tenant ON {table} USING ({mine}) WITH CHECK ({mine})")
