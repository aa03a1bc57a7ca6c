"""Packs that were asked for, and their files until they are picked up. Frozen: it says what version 0009 is."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
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
    t = "jobs"
    what = [whole("tenant_id"), whole("job_number"), text("title"), text("body"), text("actor"), text("asked_by")]
    how_far = [text("state"), text("said"), whole("done_count"), whole("step_count"), whole("tries")]
    when = [moment("claimed_until", null=True), moment("finished_at", null=True), moment("expires_at"), text("sight")]
    keys = sa.PrimaryKeyConstraint("tenant_id", "job_number", name=f"pk_{t}")
    op.create_table(t, *what, moment("asked_at"), *how_far, *when, of_tenant(t), keys)
    t = "job_files"
    body = sa.Column("body", sa.LargeBinary(), nullable=False)
    jobs = sa.ForeignKeyConstraint(
        ["tenant_id", "job_number"], ["jobs.tenant_id", "jobs.job_number"], name=f"fk_{t}_tenant_id_job_number"
    )
    keys = sa.PrimaryKeyConstraint("tenant_id", "job_number", "kind", name=f"pk_{t}")
    op.create_table(t, whole("tenant_id"), whole("job_number"), text("kind"), body, of_tenant(t), jobs, keys)
    if op.get_bind().dialect.name == "postgresql":
        mine = "tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')::int)"
        for t in ("jobs", "job_files"):
            op.execute(f"ALTER TABLE {t} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {t} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY {t}_of_tenant ON {t} USING ({mine}) WITH CHECK ({mine})")
