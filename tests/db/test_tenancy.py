"""The lock of tenancy: reliability.md T2, T3, T5, T6, T9."""

import os
from contextlib import suppress

import psycopg
import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from db import reads
from db.engine import engine, owner_url
from db.models import IDENTITY, METADATA, OWNED, VERSIONED, File, Load, RejectedRow
from db.session import EXEMPT, bind, open_platform, open_session
from db.tenants import add_tenant, scope_of
from db.upgrade import require_current, unlocked
from scheme.errors import Forbidden, UsageError, WarehouseError
from tests.db.made import A_ROW_ASIDE, a_load, asked, put, results

Row = VERSIONED["results"]
CORE = METADATA.tables["results"]


@pytest.fixture
def both(scope, other):
    """Two tenants with results of the same keys; the other's are canaries."""
    put(scope, a_load({"results": results(("D1", "1.1.1", "partial"), comment="ours")}))
    put(
        other,
        a_load(
            {"results": results(("D1", "1.1.1", "compliant"), comment="CANARY")}, "CANARY.csv", "CANARY", [A_ROW_ASIDE]
        ),
    )
    return scope, other


READS = {
    "an entity": lambda s: [row.comment for row in s.scalars(select(Row))],
    "columns": lambda s: s.execute(select(Row.comment, File.file).join(File, File.load_number == Row.load_number)),
    "an alias": lambda s: s.execute(select(Row.comment).where(Row.load_number.in_(select(Load.load_number)))),
    "a union": lambda s: s.execute(select(Row.comment).union_all(select(File.file))),
    "a common table": lambda s: s.execute(select(select(Row.comment).cte())),
    "exists": lambda s: s.execute(select(Load.source).where(select(Row).where(Row.comment == "CANARY").exists())),
    "a foreign key": lambda s: [s.get(File, (2, 1, 1))],
    "a query": lambda s: [row.comment for row in s.query(Row)],
    "text": lambda s: s.execute(text("SELECT comment FROM results")),
    "from a statement": lambda s: [
        r.comment for r in s.scalars(select(Row).from_statement(text("SELECT * FROM results")))
    ],
    "the table": lambda s: s.execute(select(CORE)),
    "a column of the table": lambda s: s.execute(select(CORE.c.comment)),
    "a connection": lambda s: s.connection().execute(select(CORE.c.comment)),
    "the driver": lambda s: s.connection().exec_driver_sql("SELECT comment FROM results"),
    "a join with one filter": lambda s: s.connection().exec_driver_sql(
        "SELECT f.file FROM results r, files f WHERE r.tenant_id = 1"
    ),
}


def test_no_way_to_ask_gives_the_rows_of_another_tenant(both):
    answers = {}
    for shape, ask in READS.items():
        with suppress(Forbidden), open_session(both[0]) as session:
            answers[shape] = [tuple(row) if hasattr(row, "_fields") else row for row in ask(session)]
    assert "CANARY" not in str(answers)
    # Those of the ORM are filtered, not refused: programs may use them.
    filtered = {"an entity", "columns", "an alias", "a union", "a common table", "exists", "a foreign key", "a query"}
    assert filtered == set(answers)


WRITES = {
    "update": update(Row).values(comment="HURT"),
    "delete": delete(RejectedRow),
    "update of the table": update(CORE).values(comment="HURT"),
    "text": text("UPDATE results SET comment = 'HURT'"),
}


def test_no_way_to_write_changes_the_rows_of_another_tenant(both):
    ours, theirs = both
    before = asked(theirs, reads.content_hash), asked(theirs, reads.rejected, 1).rows()
    for statement in WRITES.values():
        # PostgreSQL: the program's role may not delete these at all.
        with suppress(Forbidden, WarehouseError), open_session(ours, write=True) as session:
            session.execute(statement)
    assert (asked(theirs, reads.content_hash), asked(theirs, reads.rejected, 1).rows()) == before
    assert len(before[1]) == 1


def test_a_row_of_another_tenant_is_refused(both):
    ours, theirs = both
    values = {"load_number": 9, "started_at": None, "finished_at": None, "sent_by": "x"}
    with pytest.raises(Forbidden, match="another tenant"), open_session(ours, write=True) as session:
        session.add(Load(tenant_id=theirs.tenant_id, **values))
    with pytest.raises(Forbidden), open_session(ours, write=True) as session:
        session.execute(insert(Load), [{"tenant_id": theirs.tenant_id, **values}])


def test_a_session_bound_to_no_tenant_reaches_no_rows_of_one(both):
    with pytest.raises(Forbidden), open_platform() as session:
        session.execute(select(Row.comment)).all()
    with pytest.raises(Forbidden), Session(engine()) as session:
        session.execute(select(Row.comment)).all()
    with pytest.raises(Forbidden), engine().connect() as connection:
        connection.execute(text("SELECT 1 FROM results WHERE tenant_id = 1"))
    with pytest.raises(Forbidden), open_platform(write=True) as session:
        session.add(Load(load_number=1))


def test_a_connection_forgets_its_tenant_when_it_goes_back(both):
    ours, theirs = both
    for scope, said in ((theirs, "CANARY"), (ours, "ours"), (theirs, "CANARY")):
        assert asked(scope, reads.table, "results")["comment"].to_list() == [said]
        with pytest.raises(Forbidden), engine().connect() as connection:
            connection.execute(text("SELECT 1 FROM results WHERE tenant_id = 1"))
    with open_session(ours, write=True) as session:
        with session.begin_nested() as savepoint:
            session.execute(update(Row).values(comment="undone"))
            savepoint.rollback()
        assert session.scalars(select(Row.comment)).all() == ["ours"]


def test_a_session_that_goes_from_tenant_to_tenant_has_each_one_s_rows_and_in_the_end_nobody_s(both):
    with open_platform() as session:
        for scope, said in zip(both, ("ours", "CANARY"), strict=True):
            bind(session, scope)
            assert session.scalars(select(Row.comment)).all() == [said]
        bind(session, None)
        for question in (select(Row.comment), select(CORE).where(CORE.c.tenant_id == both[0].tenant_id)):
            with pytest.raises(Forbidden):
                session.execute(question)


def test_a_session_to_read_cannot_write(scope):
    with pytest.raises((WarehouseError, DBAPIError)), open_session(scope) as session:
        session.execute(update(reads.Tenant).values(name="changed"))


def test_every_owned_table_has_its_tenant_first_in_its_key_and_in_every_link_to_another(warehouse):
    named = {table.name for table in METADATA.sorted_tables if "tenant_id" in table.c}
    assert set(OWNED) == named - set(IDENTITY)
    for name in OWNED:
        table = METADATA.tables[name]
        assert table.primary_key.columns.keys()[0] == "tenant_id"
        assert not table.c.tenant_id.nullable
        # A person is of no tenant: a link to them cannot name one, and tells nothing of another.
        owned = [link for link in table.foreign_key_constraints if link.referred_table.name != "users"]
        assert all("tenant_id" in link.column_keys for link in owned)


def test_tenants_with_one_code_do_not_exist(scope):
    add_tenant("ash", "Ashcombe")
    assert scope_of(" ASH ").tenant_id == scope.tenant_id
    with pytest.raises(UsageError, match="there are ASH"):
        scope_of("BEC")


# --- PostgreSQL's own lock --------------------------------------------------------------------------------------------


on_postgresql = pytest.mark.parametrize(
    "warehouse", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


@on_postgresql
def test_row_level_security_holds_without_any_of_our_code(both):
    ours, theirs = both
    for url in (engine().url, engine(owner_url()).url):  # forced: for the owner too
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address) as connection:
            for setting in (None, "", "1", str(ours.tenant_id), str(theirs.tenant_id)):
                if setting is not None:
                    connection.execute("SELECT set_config('app.tenant', %s, true)", (setting,))
                seen = {
                    row[0] for name in OWNED for row in connection.execute(f"SELECT DISTINCT tenant_id FROM {name}")
                }
                assert seen == ({int(setting)} if setting else set())
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(
                    "INSERT INTO loads SELECT %s, 99, started_at, finished_at, sent_by FROM loads", (ours.tenant_id,)
                )


@on_postgresql
def test_the_program_s_role_owns_nothing_and_cannot_pass(both):
    require_current()
    address = engine().url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as connection:
        owned = connection.execute("SELECT relname FROM pg_class WHERE relowner = current_user::regrole").fetchall()
        assert owned == []
        for statement in ("TRUNCATE results", "DELETE FROM results", "ALTER TABLE results DISABLE ROW LEVEL SECURITY"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(statement)


@on_postgresql
def test_an_open_table_and_a_role_that_passes_are_found(both, monkeypatch):
    require_current()
    with engine(owner_url()).execution_options(**{EXEMPT: True}).begin() as connection:
        connection.exec_driver_sql("ALTER TABLE results NO FORCE ROW LEVEL SECURITY")
        connection.exec_driver_sql("CREATE TABLE forgotten (tenant_id int)")
    with engine().connect() as connection:
        assert {fault.split(";")[0] for fault in unlocked(connection)} == {
            "table forgotten is open",
            "table results is open",
            "table forgotten takes rows without a tenant",
            "table forgotten does not refer to tenants",
        }
    with pytest.raises(WarehouseError, match="table forgotten is open"):
        require_current()
    monkeypatch.setenv("ASSAY_DATABASE_URL", str(engine().url.set(username="postgres")))
    with pytest.raises(WarehouseError, match="the role postgres bypasses it"):
        require_current()
    engine().dispose()


@on_postgresql
def test_behind_a_pooler_nothing_is_left_on_a_connection(scope, monkeypatch):
    monkeypatch.setenv("ASSAY_POOLER", "transaction")
    monkeypatch.setenv("ASSAY_DATABASE_URL", os.environ["ASSAY_DATABASE_URL"] + "&sslmode=disable")  # another engine
    for _ in range(8):  # a driver that prepares does so from the fifth time on
        asked(scope, reads.version)
    with engine().connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar() == 0
        for setting in ("app.tenant", "app.identity", "citus.propagate_set_commands"):
            assert not connection.execute(text("SELECT current_setting(:name, true)"), {"name": setting}).scalar()
    engine().dispose()
    with monkeypatch.context() as patch:
        patch.setenv("ASSAY_POOLER", "session")
        with pytest.raises(UsageError, match="write transaction"):
            engine("postgresql://nobody@/nowhere")
