"""What each sheet of a load was taken for, and how surely; unknown of the loads there are. Frozen: version 0006."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("layout", "certainty"):
        op.add_column("files", sa.Column(name, sa.Text(), nullable=True))
