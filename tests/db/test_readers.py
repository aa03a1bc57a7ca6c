"""Other tools read one organisation's reports, whatever they set; the files they may have instead say the same."""

from datetime import date
from pathlib import Path

import polars as pl
import psycopg
import pytest
from polars.testing import assert_frame_equal
from psycopg.errors import Error

from db import audit, readers
from db.engine import engine
from db.models import METADATA, VERSIONED
from db.removal import remove_tenant
from db.report_views import SCHEMA
from db.reports import report, reports
from db.session import open_session
from db.tenants import add_tenant
from db.upgrade import require_current, unlocked, upgrade
from scheme.errors import UsageError, WarehouseError
from tests.cluster import OWNER, RUNTIME
from tests.db.letting import as_superuser, let_in
from tests.db.made import A_ROW_ASIDE, a_load, asked, put, results

ROOT = Path(__file__).resolve().parents[2]
ON_POSTGRESQL = pytest.mark.parametrize(
    "warehouse", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


def filled(scope, said):
    """A row of every canonical table, that says something of its tenant in every text; some of them twice."""
    day, tables = date(2026, 3, 31), {}
    for name, model in VERSIONED.items():
        row = {}
        for column in model.__table__.columns:
            if column.name in ("tenant_id", "load_number", "file_number", "row_number", "superseded_by_load"):
                continue
            row[column.name] = {"VARCHAR": said, "TEXT": said, "DATE": day, "BOOLEAN": True}.get(str(column.type), 1)
        row |= {key: value for key, value in (("element", "1.1.1"), ("band", "non_compliant")) if key in row}
        row |= {key: "annual_review" for key in ("assessment_type",) if key in row}
        tables[name] = pl.DataFrame([row])
    put(scope, a_load(tables, f"{said}.csv", said, [A_ROW_ASIDE]))
    # The same key again, another band: what it said before is superseded. And a row of the corporate body itself.
    again = tables["results"].with_columns(band=pl.lit("partial"))
    put(scope, a_load({"results": pl.concat([again, results((None, "1.1.2", "compliance_plus")).select(
        pl.col(name) if name in ("element", "band", "assessment_type", "assessed_on") else
        pl.lit("" if name in ("department_code", "site_code") else None, again.schema[name]).alias(name)
        for name in again.columns)])}, f"{said}-2.csv", said))  # fmt: skip


@pytest.fixture
def both(scope, other):
    filled(scope, "OURS")
    filled(other, "CANARY")
    return scope, other


def everything(connection):
    return {name: connection.execute(f"SELECT * FROM {SCHEMA}.{name}").fetchall() for name in reports()}


@ON_POSTGRESQL
def test_a_reader_has_the_rows_of_its_own_tenant_whatever_it_sets(both, postgres):
    ours, theirs = both
    with let_in(postgres, ours) as (_, connection):
        own = everything(connection)
        assert all(own.values())
        assert "OURS" in str(own)
        assert "CANARY" not in str(own)
        for said in (
            f"SET app.tenant = '{theirs.tenant_id}'",
            "SET app.tenant = ''",
            "SET app.identity = 'on'",
            f"SET ROLE {RUNTIME}",
            f"SET ROLE {OWNER}",
            f"SET SESSION AUTHORIZATION {OWNER}",
            "SET row_security = off",
            "RESET ALL",
            f"SET search_path = pg_temp, {SCHEMA}, public",
            "SET default_transaction_read_only = off",
            "SET session_replication_role = replica",
        ):
            for more in ("", f"SET app.tenant = '{theirs.tenant_id}'"):
                connection.execute("RESET ALL")
                for each in filter(None, (said, more)):
                    try:
                        connection.execute(each)
                    except Error:
                        assert said in each or more in each
                for name in reports():
                    try:
                        rows = connection.execute(f"SELECT * FROM {SCHEMA}.{name}").fetchall()
                    except Error as error:
                        rows = str(error)
                    assert "CANARY" not in str(rows), (said, name)
                    assert rows in (own[name], []) or "row-level security" in str(rows), (said, name)
        connection.execute("RESET ALL")
        assert everything(connection) == own


@ON_POSTGRESQL
def test_a_reader_reads_its_reports_and_does_nothing_else(both, postgres):
    with let_in(postgres, both[0]) as (_, connection):
        connection.execute("SET default_transaction_read_only = off")
        parts = [row[0] for row in connection.execute("SELECT relname FROM pg_class WHERE relname LIKE 'results_%'")]
        assert "results_0" in parts
        refused = [
            *(f"SELECT count(*) FROM public.{name}" for name in (*METADATA.tables, "alembic_version")),
            "SELECT count(*) FROM assay_parts.results_0",
            f"INSERT INTO {SCHEMA}.departments (department) VALUES ('x')",
            f"UPDATE {SCHEMA}.departments SET department = 'x'",
            f"DELETE FROM {SCHEMA}.visits",
            "UPDATE public.readers SET tenant_id = 2",
            "CREATE TEMPORARY TABLE mine (a int)",
            "CREATE FUNCTION pg_temp.tell(text) RETURNS bool LANGUAGE plpgsql COST 0.01 AS 'BEGIN RETURN true; END'",
            "CREATE FUNCTION public.tell(text) RETURNS bool LANGUAGE plpgsql COST 0.01 AS 'BEGIN RETURN true; END'",
            f"CREATE VIEW {SCHEMA}.mine AS SELECT 1",
            "CREATE SCHEMA mine",
            "CREATE ROLE mine",
            "COPY (SELECT 1) TO PROGRAM 'true'",
            "SELECT pg_read_file('/etc/passwd')",
        ]
        no_way = (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState)
        for statement in refused:
            with pytest.raises(no_way):
                connection.execute(statement)


@ON_POSTGRESQL
def test_no_function_or_operator_of_a_reader_s_sees_a_row_of_another(both, postgres):
    with let_in(postgres, both[0]) as (_, connection):
        # A cast that fails repeats what it was given: it is asked of rows of this tenant alone.
        for name, column in (("results", "department"), ("actions", "action"), ("sites", "site_name")):
            for test in (
                f"{column}::int = 1",
                f"({column} || pg_sleep(0))::int > 0",
                f"1 / (length({column}) - 6) = 0",
            ):
                try:
                    rows = str(connection.execute(f"SELECT * FROM {SCHEMA}.{name} WHERE {test}").fetchall())
                except Error as error:
                    rows = str(error)
                assert "CANARY" not in rows
                assert "division by zero" not in rows, "CANARY has six letters, and OURS has four"
        # The same even where a leak is made by the superuser and is said to cost nothing.
        as_superuser(
            "CREATE FUNCTION public.tell(text) RETURNS bool LANGUAGE plpgsql COST 0.0000001 AS "
            "'BEGIN RAISE NOTICE ''%'', $1; RETURN true; END'"
        )
        heard = []
        connection.add_notice_handler(lambda notice: heard.append(notice.message_primary))
        connection.execute(f"SELECT * FROM {SCHEMA}.results WHERE public.tell(department)")
        assert "OURS" in heard
        assert "CANARY" not in heard


@ON_POSTGRESQL
def test_an_ended_reader_sees_nothing_at_once_and_signs_in_no_more(both, postgres):
    ours, theirs = both
    with let_in(postgres, ours) as (made, connection):
        assert connection.execute(f"SELECT count(*) FROM {SCHEMA}.results").fetchone() == (2,)
        [shown] = readers.readers(ours)
        assert (shown.role, shown.signs_in, shown.ended_at, readers.readers(theirs)) == (made.role, True, None, [])
        with pytest.raises(UsageError, match="no reader"):
            readers.end(theirs, made.role, by_hand=True)
        with pytest.raises(UsageError, match=made.role):
            remove_tenant("ASH", "nothing")
        dropped = readers.end(ours, made.role, by_hand=True)
        assert not any(everything(connection).values())
        connection.execute("SET default_transaction_read_only = off")
        connection.execute("SELECT lo_create(0)")
        as_superuser(*dropped)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
        assert not readers.readers(ours)[0].signs_in
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            psycopg.connect(postgres.url(made.role, made.database))
    said = audit.entries(ours, 2)
    assert said["action"].to_list() == ["ended a reader", "let a reader in"]
    assert said["object"].to_list() == [made.role] * 2
    remove_tenant("ASH", "nothing")


@ON_POSTGRESQL
def test_an_owner_who_may_make_roles_makes_them_and_another_is_told_what_to_do(both, postgres):
    ours = both[0]
    with pytest.raises(UsageError, match="--sql"):
        readers.add(ours, "a tool of this test")
    assert readers.readers(ours) == []
    postgres.say(f"ALTER ROLE {OWNER} CREATEROLE", f"GRANT SET ON PARAMETER app.tenant TO {OWNER}")
    try:
        made = readers.add(ours, "a tool of this test")
        assert "locks" in made.warning
        with psycopg.connect(postgres.url("postgres", made.database)) as connection:
            asked_for = "SELECT rolpassword FROM pg_authid WHERE rolname = %s"
            assert connection.execute(asked_for, (made.role,)).fetchone()[0].startswith("SCRAM-SHA-256$")
        with psycopg.connect(postgres.url(made.role, made.database), autocommit=True) as connection:
            assert all(everything(connection).values())
            connection.execute("SET default_transaction_read_only = off")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("CREATE TEMPORARY TABLE mine (a int)")
        put(ours, a_load({"results": results(("D1", "1.1.3", "partial"))}))  # the program still has its own
        readers.end(ours, made.role)
        assert not readers.readers(ours)[0].signs_in
    finally:
        postgres.say(f"ALTER ROLE {OWNER} NOCREATEROLE", f"REVOKE SET ON PARAMETER app.tenant FROM {OWNER}")


@ON_POSTGRESQL
def test_a_database_closed_by_our_script_lets_no_reader_hold_a_lock_or_keep_a_large_object(both, postgres):
    script = (ROOT / "deploy" / "roles.sh").read_text("utf-8")
    closing = script[script.index("-- What PostgreSQL lets everybody do") : script.rindex("SQL")]
    path = postgres.folder / "closing.sql"
    path.write_text(closing.replace("TO assay, assay_owner", f"TO {RUNTIME}, {OWNER}"))
    name = engine().url.database
    with let_in(postgres, both[0]) as (_, connection):
        connection.execute("SET default_transaction_read_only = off")
        allowed = ("SELECT pg_advisory_lock(20081118)", "SELECT pg_advisory_unlock_all()", "SELECT lo_create(0)")
        for statement in allowed:
            connection.execute(statement)
        arguments = ("-h", str(postgres.folder), "-U", "postgres", "-d", name, "-v", "ON_ERROR_STOP=1", "-f", str(path))
        postgres.run("psql", *arguments)
        for statement in allowed:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
        assert everything(connection)["results"]
    add_tenant("DEL", "Delling Trust")  # which takes the lock of the platform's log
    upgrade()


OUTDATED = "COMMENT ON SCHEMA reports IS 'Assay''s reports, as they were'"
HOLES = {
    "ALTER VIEW reports.visits SET (security_barrier = false)": "view reports.visits shows more than one organisation",
    "CREATE VIEW reports.all_of_it AS SELECT * FROM results": "view reports.all_of_it shows more",
    "CREATE TABLE reports.kept AS SELECT 1 AS a": "view reports.kept shows more",
    "CREATE FUNCTION reports.peek() RETURNS int LANGUAGE sql AS 'SELECT 1'": "function reports.peek is open",
    "GRANT SELECT ON results TO {role}": "the reader {role} may do more",
    "GRANT SELECT (comment) ON results TO {role}": "the reader {role} may do more",
    "ALTER ROLE {role} BYPASSRLS": "the reader {role} may do more",
    f"GRANT {OWNER} TO {{role}}": "the reader {role} may do more",
    "GRANT USAGE ON SCHEMA assay_parts TO {role}": "the reader {role} may do more",
    f"GRANT UPDATE ON readers TO {RUNTIME}": f"the role {RUNTIME} may change readers",
}


@ON_POSTGRESQL
def test_a_way_around_the_reports_is_found_and_nothing_is_served(scope, postgres):
    made = readers.add(scope, "a tool of this test", by_hand=True)
    for hole, words in HOLES.items():
        as_superuser(*made.statements)
        with engine().connect() as connection:
            assert unlocked(connection) == []
        as_superuser(hole.format(role=made.role))
        with pytest.raises(WarehouseError, match=words.format(role=made.role)):
            require_current()
        as_superuser(
            f"DROP OWNED BY {made.role}",
            f"DROP ROLE {made.role}",
            "COMMENT ON SCHEMA reports IS 'Assay''s reports, of before'",
        )
        upgrade()  # makes the views anew, and takes back what the program was given


@ON_POSTGRESQL
def test_a_schema_of_somebody_else_s_is_left_as_it_is(warehouse):
    as_superuser("COMMENT ON SCHEMA reports IS 'ours'")
    with pytest.raises(WarehouseError, match="not Assay's"):
        upgrade()
    as_superuser("SELECT count(*) FROM reports.results")


def test_reports_hold_what_holds_now_in_words_and_no_names_of_people(both):
    ours = both[0]
    found = {name: asked(ours, report, name) for name in reports()}
    bands = found["results"].select("department", "department_name", "element", "band", "assessment_type").rows()
    assert bands == [
        (None, "corporate body", "1.1.2", "compliance plus", "annual review"),
        ("OURS", "OURS", "1.1.1", "partial", "annual review"),
    ]
    assert found["loads"].select("load", "table_name").row(-1) == (2, "results")
    personal = {"contact", "assessor", "owner", "shown_by", "comment", "note", "sent_by", "address", "reason", "link"}
    assert not personal & {column for frame in found.values() for column in frame.columns}
    assert all(column.says for told in reports().values() for column in told.columns)


@ON_POSTGRESQL
def test_views_and_files_say_the_same(both, postgres):
    ours = both[0]
    with let_in(postgres, ours) as (_, connection):
        for name in reports():
            frame = asked(ours, report, name)
            rows = connection.execute(f"SELECT * FROM {SCHEMA}.{name}").fetchall()
            assert_frame_equal(pl.DataFrame(rows, frame.schema, orient="row").sort(pl.all()), frame)
        described = connection.execute(
            "SELECT c.relname, a.attname, col_description(c.oid, a.attnum) FROM pg_class c "
            "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
            "WHERE c.relnamespace = to_regnamespace('reports') ORDER BY 1, a.attnum"
        ).fetchall()
        told = [(name, c.name, c.says) for name in sorted(reports()) for c in reports()[name].columns]
        assert described == told


def test_the_paper_names_every_report_and_says_of_every_column_what_it_says():
    paper = (ROOT / "docs" / "other-tools.md").read_text("utf-8")
    told = paper[paper.index("## The reports") : paper.index("## Power BI")]
    for name, each in reports().items():
        rows = "".join(f"| {column.name} | {column.says} |\n" for column in each.columns)
        assert f"### {name}\n\nA row is {each.row}.\n\n| column | what it says |\n|---|---|\n{rows}" in told
    assert told.count("\n### ") == len(reports())


def test_sqlite_has_no_readers_and_says_what_to_do(scope, warehouse):
    if warehouse == "sqlite":
        with pytest.raises(UsageError, match="--plain"):
            readers.add(scope, "a tool of this test")
        assert readers.readers(scope) == []
    with open_session(scope) as session:
        assert readers.still_there(session) == []
