"""What pages read, kept ready for reading (db.ready). Frozen: it says what version 0011 is."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def whole(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False, autoincrement=False)


def upgrade() -> None:
    t = "ready_frames"
    op.create_table(
        t,
        whole("tenant_id"),
        sa.Column("table_name", sa.Text(), nullable=False),
        *(whole(name) for name in ("part", "edition", "load_number", "row_count")),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=f"fk_{t}_tenant_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "load_number"], ["loads.tenant_id", "loads.load_number"], name=f"fk_{t}_tenant_id_load_number"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "table_name", "part", name=f"pk_{t}"),
    )
    if op.get_bind().dialect.name == "postgresql":
        # It is packed already: what the database packs again costs time and saves nothing.
        op.execute(f"ALTER TABLE {t} ALTER COLUMN body SET STORAGE EXTERNAL")
        mine = "tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')::int)"
        op.execute(f"ALTER TABLE {t} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {t} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {t}_of_tenant ON {t} USING ({mine}) WITH CHECK ({mine})")
