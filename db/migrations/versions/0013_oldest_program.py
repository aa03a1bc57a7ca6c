"""The oldest program that works on it, beside the version (db.version). Frozen: it says what version 0013 is."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None
oldest_program = "0012"


def upgrade() -> None:
    op.add_column("alembic_version", sa.Column("oldest_program", sa.Text(), nullable=True))
