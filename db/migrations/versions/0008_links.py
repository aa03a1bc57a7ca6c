"""Links by which an outside assessor looks at one certificate. Frozen: it says what version 0008 is."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def whole(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False, autoincrement=False)


def moment(name: str, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def of_tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=f"fk_{table}_tenant_id")


def upgrade() -> None:
    t = "guest_links"
    what = [whole("tenant_id"), whole("link_number"), text("token_sha256"), text("certificate_code"), text("for_whom")]
    limits: list[sa.Column[Any]] = [
        sa.Column("may_export", sa.Boolean(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
    ]
    when = [text("made_by"), moment("made_at"), moment("ended_at", null=True)]
    keys = sa.PrimaryKeyConstraint("tenant_id", "link_number", name=f"pk_{t}")
    op.create_table(t, *what, *limits, *when, of_tenant(t), keys)
    op.create_index("uq_guest_links_token", t, ["token_sha256"], unique=True)
    t = "guest_sessions"
    whose = [text("token_sha256"), whole("tenant_id"), whole("link_number")]
    when = [moment("started_at"), moment("seen_at"), moment("expires_at"), text("remote_address")]
    links = sa.ForeignKeyConstraint(
        ["tenant_id", "link_number"],
        ["guest_links.tenant_id", "guest_links.link_number"],
        name=f"fk_{t}_tenant_id_link_number",
    )
    op.create_table(t, *whose, *when, of_tenant(t), links, sa.PrimaryKeyConstraint("token_sha256", name=f"pk_{t}"))
    if op.get_bind().dialect.name == "postgresql":
        mine = "tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')::int)"
        mine = f"({mine} OR (SELECT current_setting('app.identity', true)) = 'on')"
        for t in ("guest_links", "guest_sessions"):
            op.execute(f"ALTER TABLE {t} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {t} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY {t}_of_tenant ON {t} USING ({mine}) WITH CHECK ({mine})")
