"""The second lock, asked of PostgreSQL itself: each way around is found (reliability.md T2, T6, T7, T9, T13)."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import delete, select, update

from db import locks, people
from db.engine import engine, owner_url
from db.identities import Grant, User
from db.models import IDENTITY, OWNED
from db.session import open_platform, open_session
from db.sessions import begin, session_of
from db.upgrade import require_current, unlocked, upgrade
from scheme.errors import Forbidden, WarehouseError
from tests.cluster import RUNTIME

ON_POSTGRESQL = pytest.mark.parametrize(
    "warehouse", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
HOLES = {
    "ALTER TABLE visits DISABLE ROW LEVEL SECURITY": "table visits is open",
    "ALTER TABLE grants NO FORCE ROW LEVEL SECURITY": "table grants is open",
    "DROP POLICY loads_of_tenant ON loads": "table loads is open",
    "CREATE POLICY generous ON loads USING (true)": "table loads is open",
    "CREATE POLICY generous ON sources USING (tenant_id > 0) WITH CHECK (tenant_id > 0)": "table sources is open",
    "CREATE TABLE forgotten (tenant_id int NOT NULL REFERENCES tenants)": "table forgotten is open",
    "CREATE UNIQUE INDEX tells ON files (file)": "index tells is unique across tenants",
    "ALTER TABLE tenant_settings ADD UNIQUE (name)": "tenant_settings_name_key is unique across tenants",
    "CREATE VIEW everything AS SELECT * FROM results": "view everything runs as its owner",
    "CREATE MATERIALIZED VIEW heat AS SELECT * FROM results": "materialised view heat has no row-level security",
    "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM results'": (
        "function peek runs as its owner"
    ),
    f"GRANT TRUNCATE ON results TO {RUNTIME}": "may do more with results than it needs",
    f"GRANT UPDATE ON audit_entries TO {RUNTIME}": "may change audit_entries",
    "DROP TRIGGER platform_audit_only_grows ON platform_audit": "platform_audit has lost the trigger",
    "ALTER TABLE audit_entries DISABLE TRIGGER audit_entries_only_grows": "audit_entries has lost the trigger",
}
AFTERWARDS = {
    "view everything": f"GRANT SELECT ON everything TO {RUNTIME}",
    "view heat": f"GRANT SELECT ON heat TO {RUNTIME}",
}


def owner() -> psycopg.Connection:
    address = engine(owner_url()).url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True)


@ON_POSTGRESQL
def test_a_fresh_warehouse_has_no_way_around(warehouse):
    with engine().connect() as connection:
        assert unlocked(connection) == []


@ON_POSTGRESQL
@pytest.mark.parametrize("hole", HOLES)
def test_a_way_around_is_found_and_nothing_is_served(warehouse, hole):
    with owner() as connection:
        connection.execute(hole)
        for word, more in AFTERWARDS.items():
            if word in hole.lower():
                connection.execute(more)
    with pytest.raises(WarehouseError, match=HOLES[hole]):
        require_current()


@ON_POSTGRESQL
def test_upgrading_takes_back_what_the_role_was_given_beyond_its_needs(warehouse):
    with owner() as connection:
        connection.execute(f"GRANT ALL ON results, audit_entries TO {RUNTIME}")
    with pytest.raises(WarehouseError):
        require_current()
    upgrade()
    require_current()


@ON_POSTGRESQL
def test_who_may_do_what_is_closed_to_a_transaction_that_is_bound_to_a_tenant_or_to_nothing(scope, other):
    for tenant in ("ASH", "BEC"):
        people.add_user(f"pat@{tenant.lower()}.example", "champion", tenant)
    address = engine().url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as connection:
        for setting, seen in (("", set()), (str(scope.tenant_id), {scope.tenant_id})):
            connection.execute("SELECT set_config('app.tenant', %s, true)", (setting,))
            for table in IDENTITY:
                found = {row[0] for row in connection.execute(f"SELECT tenant_id FROM {table}")}
                assert found <= seen, table
        connection.execute("SELECT set_config('app.identity', 'on', true), set_config('app.tenant', '', true)")
        held = {row[0] for row in connection.execute("SELECT tenant_id FROM grants")}
        assert held == {scope.tenant_id, other.tenant_id}


def test_a_bound_session_has_the_grants_of_its_own_tenant_alone(scope, other):
    for tenant in ("ASH", "BEC"):
        people.add_user(f"pat@{tenant.lower()}.example", "champion", tenant)
    with open_session(scope, write=True) as session:
        assert {grant.tenant_id for grant in session.scalars(select(Grant))} == {scope.tenant_id}
        session.execute(update(Grant).values(role="administrator"))
        session.execute(delete(Grant))
    with open_platform() as session:
        left = session.scalars(select(Grant)).all()
        assert [(grant.tenant_id, grant.role) for grant in left] == [(other.tenant_id, "champion")]
    with pytest.raises(Forbidden, match="another tenant"), open_session(scope, write=True) as session:
        session.add(
            Grant(
                user_id=left[0].user_id,
                tenant_id=other.tenant_id,
                role="administrator",
                department_code="",
                certificate_code="",
                may_export=True,
                origin="",
            )
        )


def test_a_role_ends_on_its_day_and_a_session_with_it(scope):
    today = datetime.now(UTC).date()
    people.add_user("until@example.org", "assessor", "ASH", ends_on=today + timedelta(days=1))
    people.add_user("over@example.org", "assessor", "ASH", ends_on=today)
    with open_platform() as session:
        ids = dict(session.execute(select(User.email, User.id)).all())
    assert session_of(begin(ids["until@example.org"])).chosen.role == "assessor"
    assert session_of(begin(ids["over@example.org"])).grants == ()


@ON_POSTGRESQL
def test_the_policy_is_asked_once_and_every_table_is_found_by_its_tenant(scope):
    address = engine().url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as connection:
        connection.execute("SET enable_seqscan = off")
        connection.execute("SELECT set_config('app.tenant', %s, true)", (str(scope.tenant_id),))
        for table in OWNED:
            plan = "\n".join(row[0] for row in connection.execute(f"EXPLAIN SELECT * FROM {table}"))
            assert "InitPlan" in plan, table
            assert "Index Cond: (tenant_id = " in plan, f"{table}:\n{plan}"


@ON_POSTGRESQL
def test_a_server_with_known_holes_is_refused(warehouse, monkeypatch):
    monkeypatch.setattr(locks, "_PATCHED", dict.fromkeys(locks._PATCHED, 9_999))
    with pytest.raises(WarehouseError, match="has known holes in row-level security; update it"):
        require_current()


def test_what_goes_past_the_filter_is_written_in_few_places():
    """reliability.md T5: the shapes that the filter misses, by module; elsewhere SQLAlchemy is not even imported."""
    shapes = re.compile(r"\btext\(|\.connection\(\)|exec_driver_sql|\bbulk_|from_statement|__table__")
    using = {path.name for path in Path(locks.__file__).parent.glob("*.py") if shapes.search(path.read_text("utf-8"))}
    assert using == {
        "audit.py",  # an advisory lock
        "citus.py",  # the owner's, where tables go to their machines
        "engine.py",  # SQLite's own settings
        "foreign.py",  # a database that is not ours
        "frames.py",  # rows in and out, which name the tenant themselves
        "identities.py",  # the conditions of indexes
        "locks.py",  # the catalogue
        "models.py",  # the conditions of indexes, and the columns of tables
        "removal.py",  # the owner's: a tenant taken out whole
        "readers.py",  # roles, and whether the server has them
        "report_views.py",  # the owner's: what other tools read
        "session.py",  # the lock itself
        "soundness.py",  # how many connections a server has and lets in
        "upgrade.py",  # the owner's
        "version.py",  # the table of the version
        "writes.py",  # the columns of tables
    }
