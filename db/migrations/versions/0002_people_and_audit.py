"""Accounts of several kinds, second factors, grants that end, operators' visits, tokens, the audit log, settings.

Who was signed in signs in again. Frozen: it says what version 0002 is.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OWNED = ("sources", "tenant_settings", "group_grants", "audit_entries", "department_aliases")
IDENTITY = ("grants", "operator_visits", "user_sessions", "api_tokens")
APPEND_ONLY = ("audit_entries", "platform_audit")


def text(name: str, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=null)


def whole(name: str, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=null, autoincrement=False)


def moment(name: str, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def serial() -> sa.Column[Any]:
    return sa.Column("id", sa.Integer(), nullable=False)


def key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def foreign(table: str, target: str, *pairs: tuple[str, str]) -> sa.ForeignKeyConstraint:
    here = [pair[0] for pair in pairs]
    return sa.ForeignKeyConstraint(here, [f"{target}.{pair[1]}" for pair in pairs], name=f"fk_{table}_{'_'.join(here)}")


def of_tenant(table: str, column: str = "tenant_id") -> sa.ForeignKeyConstraint:
    return foreign(table, "tenants", (column, "id"))


def of_user(table: str) -> sa.ForeignKeyConstraint:
    return foreign(table, "users", ("user_id", "id"))


def index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def one_of(name: str, *columns: str, where: str) -> None:
    held = sa.text(where)
    op.create_index(name, "users", list(columns), unique=True, sqlite_where=held, postgresql_where=held)


def upgrade() -> None:
    people()
    of_the_platform()
    of_a_tenant()
    for table in APPEND_ONLY:
        append_only(table)
    if op.get_bind().dialect.name == "postgresql":
        mine = "tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')::int)"
        for table in OWNED:
            lock(table, mine)
        for table in IDENTITY:
            lock(table, f"({mine} OR (SELECT current_setting('app.identity', true)) = 'on')")


def people() -> None:
    # Made anew rather than altered: SQLite cannot drop a constraint, nor a table that others refer to.
    op.execute("CREATE TABLE old_users AS SELECT * FROM users")
    op.execute("CREATE TABLE old_grants AS SELECT * FROM grants")
    for table in ("user_sessions", "grants", "sign_in_attempts", "users"):
        op.drop_table(table)
    t = "users"
    login = [text("email"), whole("home_tenant_id", null=True), text("issuer", null=True), text("subject", null=True)]
    secret = [text("password_hash", null=True), flag("must_change_password"), text("totp_secret", null=True)]
    rest = [whole("totp_step", null=True), moment("second_factor_at", null=True), moment("disabled_at", null=True)]
    op.create_table(t, serial(), *login, *secret, *rest, key(t, "id"), of_tenant(t, "home_tenant_id"))
    index(t, "email")
    one_of("uq_users_platform", "email", where="issuer IS NULL AND home_tenant_id IS NULL")
    one_of("uq_users_home", "home_tenant_id", "email", where="issuer IS NULL")
    one_of("uq_users_sign_on", "issuer", "subject", where="issuer IS NOT NULL")
    op.execute(
        "INSERT INTO users (id, email, password_hash, must_change_password, disabled_at) "
        "SELECT id, email, password_hash, must_change_password, disabled_at FROM old_users"
    )
    t = "grants"
    granted = [whole("user_id"), whole("tenant_id", null=True), text("role"), text("department_code")]
    limits = [text("certificate_code"), flag("may_export"), sa.Column("ends_on", sa.Date(), nullable=True)]
    op.create_table(t, serial(), *granted, *limits, text("origin"), key(t, "id"), of_user(t), of_tenant(t))
    index(t, "user_id")
    index(t, "tenant_id")
    op.execute(
        "INSERT INTO grants (id, user_id, tenant_id, role, department_code, certificate_code, may_export, origin) "
        "SELECT id, user_id, tenant_id, role, department_code, '', role NOT IN ('operator', 'administrator'), '' "
        "FROM old_grants"
    )
    for table in ("old_grants", "old_users"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for table in ("users", "grants"):
            op.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "  # noqa: S608  # our own names
                f"coalesce((SELECT max(id) FROM {table}), 0) + 1, false)"
            )
    t = "user_sessions"
    whose = [text("token_sha256"), whole("user_id"), whole("tenant_id", null=True)]
    limits = [moment("started_at"), moment("seen_at"), moment("expires_at"), flag("is_proven"), text("remote_address")]
    op.create_table(t, *whose, *limits, key(t, "token_sha256"), of_user(t), of_tenant(t))
    index(t, "user_id")
    t = "operator_visits"
    what = [whole("user_id"), whole("tenant_id"), text("reason"), moment("started_at"), moment("ends_at")]
    op.create_table(t, serial(), *what, moment("ended_at", null=True), key(t, "id"), of_user(t), of_tenant(t))
    index(t, "user_id")
    index(t, "tenant_id")


def of_the_platform() -> None:
    t = "reset_links"
    when = [text("made_by"), moment("made_at"), moment("expires_at"), moment("used_at", null=True)]
    op.create_table(t, text("token_sha256"), whole("user_id"), *when, key(t, "token_sha256"), of_user(t))
    index(t, "user_id")
    t = "sign_in_attempts"
    op.create_table(t, serial(), text("email_sha256"), text("address_sha256"), moment("tried_at"), key(t, "id"))
    index(t, "email_sha256")
    index(t, "address_sha256")
    t = "sign_on_attempts"
    on_the_way = [text(n) for n in ("state_sha256", "browser_sha256", "provider", "nonce", "code_verifier", "onward")]
    op.create_table(t, *on_the_way, moment("expires_at"), key(t, "state_sha256"))
    t = "api_tokens"
    what = [text("token_sha256"), whole("tenant_id"), whole("token_number"), text("name"), text("scopes")]
    limits = [text("departments"), text("made_by"), moment("made_at"), moment("expires_at")]
    ends = [moment("revoked_at", null=True), moment("last_used_at", null=True)]
    op.create_table(t, *what, *limits, *ends, key(t, "token_sha256"), of_tenant(t))
    op.create_index("uq_api_tokens_number", t, ["tenant_id", "token_number"], unique=True)
    t = "platform_audit"
    op.create_table(t, whole("entry_number"), *entry(), key(t, "entry_number"))


def entry() -> list[sa.Column[Any]]:
    said = [text(name) for name in ("actor", "role", "origin", "action", "object", "detail", "previous_sha256")]
    return [moment("at"), *said, text("sha256")]


def of_a_tenant() -> None:
    t = "sources"
    what = [text("source_code"), whole("edition"), text("body"), text("added_by"), moment("added_at")]
    op.create_table(t, whole("tenant_id"), *what, of_tenant(t), key(t, "tenant_id", "source_code", "edition"))
    t = "tenant_settings"
    what = [text("name"), text("value"), text("set_by"), moment("set_at")]
    op.create_table(t, whole("tenant_id"), *what, of_tenant(t), key(t, "tenant_id", "name"))
    t = "group_grants"
    what = [text("provider"), text("group_name"), text("department_code"), text("role"), flag("may_export")]
    keys = key(t, "tenant_id", "provider", "group_name", "department_code")
    op.create_table(t, whole("tenant_id"), *what, of_tenant(t), keys)
    t = "audit_entries"
    op.create_table(
        t, whole("tenant_id"), whole("entry_number"), *entry(), of_tenant(t), key(t, "tenant_id", "entry_number")
    )
    op.add_column("loads", text("actor", null=True))
    for name in ("first_load_number", "first_file_number"):
        op.add_column("files", whole(name, null=True))
    t = "department_aliases"
    since: sa.Column[Any] = sa.Column("since", sa.Date(), nullable=False)
    what = [text("old_code"), text("new_code"), since, whole("load_number")]
    loads = foreign(t, "loads", ("tenant_id", "tenant_id"), ("load_number", "load_number"))
    op.create_table(t, whole("tenant_id"), *what, of_tenant(t), loads, key(t, "tenant_id", "old_code"))


def append_only(table: str) -> None:
    """Let nobody change or remove a row (reliability.md W6), the owner included."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is only ever added to'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_only_grows()"
    )


def lock(table: str, mine: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {table}_of_tenant ON {table} USING ({mine}) WITH CHECK ({mine})")
