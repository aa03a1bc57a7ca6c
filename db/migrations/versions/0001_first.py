"""The first version of the warehouse: tenants, standards, people, loads, and every canonical table with its history.

Frozen: it says what version 0001 is, whatever scheme.tables says today.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Text unless another type is named; key columns are not null.
DAYS = {
    *("active_from", "active_to", "in_scope_from", "in_scope_to", "awarded_on", "expires_on", "ended_on", "started_on"),
    *("submitted_on", "feedback_on", "verified_on", "visited_on", "assessed_on", "due_on", "recheck_on", "closed_on"),
    "reviewed_on",
}
FLAGS = {"must_visit", "central_function", "planned", "restated", "hard_to_reach", "disadvantaged", "is_confirmed"}
NUMBERS = {"latitude", "longitude", "target", "achieved", "benchmark"}
COUNTS = {"sites_required"}

# Table: key, values.
VERSIONED = {
    "departments": ("department_code", "department_name parent_code active_from active_to contact is_confirmed"),
    "sites": (
        "site_code",
        "site_name department_code in_scope_from in_scope_to must_visit central_function address latitude longitude "
        "is_confirmed",
    ),
    "certificates": (
        "certificate_code",
        "department_code awarded_on expires_on ended_on sites_required certification_body profile",
    ),
    "assessments": (
        "assessment_code",
        "department_code assessment_type started_on ended_on assessor planned scope submitted_on feedback_on "
        "recommendation verified_on decision",
    ),
    "visits": ("site_code visited_on mode", "assessment_code planned"),
    "results": (
        "department_code site_code assessment_type assessed_on element",
        "band restated reason assessment_code assessor comment",
    ),
    "actions": (
        "action_key",
        "action_code department_code element action owner due_on status origin assessment_code recheck_on closed_on "
        "comment",
    ),
    "evidence": (
        "department_code element evidence_code",
        "evidence kind site_code shown_by link owner expires_on note",
    ),
    "customer_groups": (
        "department_code group",
        "basis hard_to_reach disadvantaged source reviewed_on elements",
    ),
    "service_standards": (
        "department_code promise channel period",
        "unit direction target achieved benchmark elements published_link",
    ),
}
OWNED = ("profiles", "loads", "files", "rejected_rows", *VERSIONED)


def text(name: str, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=null)


def whole(name: str, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=null, autoincrement=False)


def moment(name: str, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def serial() -> sa.Column[Any]:
    return sa.Column("id", sa.Integer(), nullable=False)


def key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def unique(table: str, column: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(column, name=f"uq_{table}_{column}")


def foreign(table: str, target: str, *pairs: tuple[str, str]) -> sa.ForeignKeyConstraint:
    here = [pair[0] for pair in pairs]
    there = [f"{target}.{pair[1]}" for pair in pairs]
    return sa.ForeignKeyConstraint(here, there, name=f"fk_{table}_{'_'.join(here)}")


def of_tenant(table: str) -> sa.ForeignKeyConstraint:
    return foreign(table, "tenants", ("tenant_id", "id"))


def of_load(table: str, column: str = "load_number") -> sa.ForeignKeyConstraint:
    return foreign(table, "loads", ("tenant_id", "tenant_id"), (column, "load_number"))


def of_file(table: str) -> sa.ForeignKeyConstraint:
    return foreign(table, "files", *((name, name) for name in ("tenant_id", "load_number", "file_number")))


def column(name: str, null: bool) -> sa.Column[Any]:
    for names, kind in ((DAYS, sa.Date), (FLAGS, sa.Boolean), (NUMBERS, sa.Double), (COUNTS, sa.Integer)):
        if name in names:
            return sa.Column(name, kind(), nullable=null)
    return text(name, null)


def upgrade() -> None:
    shared()
    loads()
    for table, (keys, values) in VERSIONED.items():
        versioned(table, keys.split(), values.split())
    if op.get_bind().dialect.name == "postgresql":
        for table in OWNED:
            lock(table)


def shared() -> None:
    t = "tenants"
    standing = [text("code"), text("name"), text("standard_code"), whole("version")]
    positive = sa.CheckConstraint("id > 0", name=op.f("ck_tenants_id_positive"))
    op.create_table(t, serial(), *standing, key(t, "id"), unique(t, "code"), positive)
    t = "standards"
    op.create_table(t, text("code"), whole("edition"), text("body"), moment("added_at"), key(t, "code", "edition"))
    t = "users"
    must: sa.Column[Any] = sa.Column("must_change_password", sa.Boolean(), nullable=False)
    login = [text("email"), text("password_hash"), must, moment("disabled_at", null=True)]
    op.create_table(t, serial(), *login, key(t, "id"), unique(t, "email"))
    t = "grants"
    granted = [whole("user_id"), whole("tenant_id", null=True), text("role"), text("department_code")]
    op.create_table(t, serial(), *granted, key(t, "id"), foreign(t, "users", ("user_id", "id")), of_tenant(t))
    op.create_index("ix_grants_user_id", t, ["user_id"])
    t = "user_sessions"
    whose = [text("token_sha256"), whole("user_id"), whole("tenant_id", null=True)]
    limits = [moment("started_at"), moment("seen_at"), moment("expires_at")]
    op.create_table(t, *whose, *limits, key(t, "token_sha256"), foreign(t, "users", ("user_id", "id")), of_tenant(t))
    op.create_index("ix_user_sessions_user_id", t, ["user_id"])
    t = "sign_in_attempts"
    op.create_table(t, serial(), text("email_sha256"), moment("tried_at"), key(t, "id"))
    op.create_index("ix_sign_in_attempts_email_sha256", t, ["email_sha256"])


def loads() -> None:
    t = "profiles"
    day: sa.Column[Any] = sa.Column("in_force_from", sa.Date(), nullable=False)
    which = [whole("tenant_id"), text("profile_code"), day, whole("edition")]
    what = [text("body"), moment("added_at")]
    op.create_table(t, *which, *what, of_tenant(t), key(t, "tenant_id", "profile_code", "in_force_from", "edition"))
    t = "loads"
    what = [moment("started_at"), moment("finished_at"), text("sent_by"), text("source", null=True)]
    op.create_table(
        t, whole("tenant_id"), whole("load_number"), *what, of_tenant(t), key(t, "tenant_id", "load_number")
    )
    t = "files"
    which = [whole("tenant_id"), whole("load_number"), whole("file_number")]
    what = [text("file"), text("sheet", null=True), text("sha256"), text("table_name", null=True)]
    counts = [whole(f"{n}_count") for n in ("read", "loaded", "unchanged", "duplicate", "no_result", "set_aside")]
    said = [text("outcome"), text("reason", null=True), text("notes")]
    keys = [key(t, "tenant_id", "load_number", "file_number"), of_tenant(t), of_load(t)]
    op.create_table(t, *which, *what, *counts, *said, *keys)
    op.create_index("ix_files_tenant_id_file", t, ["tenant_id", "file"])
    t = "rejected_rows"
    which = [whole("tenant_id"), whole("load_number"), whole("reject_number")]
    what = [whole("file_number"), whole("row_number"), text("why"), text("cells")]
    op.create_table(t, *which, *what, key(t, "tenant_id", "load_number", "reject_number"), of_tenant(t), of_file(t))


def versioned(table: str, keys: list[str], values: list[str]) -> None:
    op.create_table(
        table,
        whole("tenant_id"),
        *(column(name, null=False) for name in keys),
        *(column(name, null=name != "is_confirmed") for name in values),
        whole("load_number"),
        whole("file_number"),
        whole("row_number", null=True),
        whole("superseded_by_load", null=True),
        key(table, "tenant_id", *keys, "load_number"),
        of_tenant(table),
        of_file(table),
        of_load(table, "superseded_by_load"),
    )
    current = sa.text("superseded_by_load IS NULL")
    names = ["tenant_id", *keys]
    op.create_index(f"uq_{table}_current", table, names, unique=True, sqlite_where=current, postgresql_where=current)


def lock(table: str) -> None:
    # nullif, for a setting that held in an earlier transaction is '' in the next; the sub-select is asked once.
    mine = "tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')::int)"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {table}_of_tenant ON {table} USING ({mine}) WITH CHECK ({mine})")
