"""A tenant taken out whole: nothing of it is anywhere, and nobody else lost a byte (reliability.md T16)."""

import json
import logging
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import (
    Boolean,
    Date,
    Double,
    Integer,
    LargeBinary,
    Text,
    event,
    inspect,
    select,
    text,
)
from typer.testing import CliRunner

import assay
from db import audit, originals, people
from db.engine import engine, owner_url
from db.identities import Grant, User
from db.mapped import Moment
from db.members import Given, invite
from db.models import APPEND_ONLY, METADATA, Tenant
from db.numbering import REMOVED
from db.removal import WITHOUT_TENANT, remove_tenant
from db.session import EXEMPT, open_platform, open_session
from db.tenants import add_tenant, scope_of
from db.upgrade import require_current
from etl.run import load
from etl.take_out import take_out
from scheme.errors import UsageError, WarehouseError

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
# Of tables that no tenant owns, what is of the tenant all the same: planted with its people, not row by row.
PLANTED = [table for table in METADATA.sorted_tables if "tenant_id" in table.c]
# Columns that what looks at them must be able to read.
AS_THEY_ARE = {
    ("originals", "sha256"): lambda number: f"{number:064x}",
    ("grants", "role"): lambda number: "champion",
}


def canary(code):
    return f"CANARY-{code}"


def value(column, code, number, people_ids):
    """What stands in a column of a planted row: keys agree with one another, all else names the tenant."""
    if column.name == "tenant_id":
        return people_ids["tenant"]
    if any(link.column.table.name == "users" for link in column.foreign_keys):
        return people_ids["user"]
    if (column.table.name, column.name) in AS_THEY_ARE:
        return AS_THEY_ARE[column.table.name, column.name](number)
    match column.type:
        case Moment():
            return NOW
        case Boolean():
            return True
        case Integer():
            return number
        case Double():
            return 0.5
        case Date():
            return date(2026, 3, 31)
        case LargeBinary():
            return f"{canary(code)} bytes of {column.table.name}".encode()
        case Text():
            return f"{canary(code)} {column.table.name} {column.name}"
    raise AssertionError(f"nobody says what to plant in {column}")


def planted(code, number, folder):
    """A tenant of which every column of every table names it, with files, an account of its own and one that shares."""
    add_tenant(code, f"{canary(code)} council")
    scope = scope_of(code)
    invite(scope, f"{canary(code)}@own.example", Given("senior_leader"))
    people.add_user(f"only-{number}@platform.example", "champion", code)
    people.add_user("both@platform.example", "assessor", code)
    file = folder / f"{code}.csv"
    file.write_text(
        "department_code,assessment_type,assessed_on,element,band,comment\n"
        f"D1,annual_review,2025-03-07,1.1.1,partial,{canary(code)} file\n"
    )
    load(scope, [file], sent_by=canary(code))
    with open_platform() as session:
        user = session.scalars(select(User.id).where(User.home_tenant_id == scope.tenant_id)).one()
    ids = {"tenant": scope.tenant_id, "user": user}
    with owners() as connection:
        bound(connection, scope.tenant_id)
        for table in PLANTED:
            connection.execute(table.insert().values({c.name: value(c, code, number, ids) for c in table.columns}))
    with open_session(scope, write=True) as session:
        audit.record(session, "after what was planted")  # so that the head of the chain is a hash, as it always is
    return scope


def owners():
    return engine(owner_url()).execution_options(**{EXEMPT: True, "assay_writes": True}).begin()


def bound(connection, tenant_id):
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL app.tenant = '{tenant_id}'; SET LOCAL app.identity = 'on'")


def rows(tenant_ids):
    """Every row of every table that these tenants may see, and of those that nobody owns."""
    found = {table.name: set() for table in METADATA.sorted_tables}
    for tenant_id in tenant_ids:
        with owners() as connection:
            bound(connection, tenant_id)
            for table in METADATA.sorted_tables:
                which = select(table)
                if "tenant_id" in table.c:
                    which = which.where((table.c.tenant_id == tenant_id) | table.c.tenant_id.is_(None))
                found[table.name] |= {repr(tuple(row)) for row in connection.execute(which)}
    return found


def dumped(warehouse, postgres, tmp_path):
    """All bytes in which anything of the warehouse stands: its files, or a dump as its superuser; and the originals."""
    texts = {}
    if warehouse == "sqlite":
        for path in tmp_path.glob("assay.db*"):
            if path.is_file():
                texts[path.name] = path.read_bytes()
    else:
        out = postgres.folder / f"dump-{os.urandom(4).hex()}.sql"
        postgres.run("pg_dump", "-h", str(postgres.folder), "-U", "postgres", "-f", str(out), engine().url.database)
        texts["dump"] = out.read_bytes()
        out.unlink()
    for path in Path(originals.place()).rglob("*"):
        texts[str(path)] = path.read_bytes() if path.is_file() else b""
    return texts


@pytest.fixture
def a_and_b(warehouse, tmp_path, monkeypatch, caplog):
    """Two tenants that are everywhere, and all that is logged from here on."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    sent = tmp_path / "sent"
    sent.mkdir()
    caplog.set_level(logging.INFO)
    return [planted(code, number, sent) for number, code in ((770, "LEAVER"), (880, "STAYER"))]


def test_nothing_of_a_removed_tenant_is_left_anywhere_and_others_keep_every_row(
    warehouse, a_and_b, tmp_path, request, caplog
):
    leaver, stayer = a_and_b
    postgres = request.getfixturevalue("postgres") if warehouse == "postgresql" else None
    before, theirs = dumped(warehouse, postgres, tmp_path), rows([stayer.tenant_id])
    assert sum(canary("LEAVER").encode() in data for data in before.values()) >= 2  # the scan does see
    for table in PLANTED:
        assert any(canary("STAYER") in row for row in theirs[table.name]) or not text_columns(table), table.name
    caplog.clear()
    done = remove_tenant("LEAVER", "nothing")
    after = dumped(warehouse, postgres, tmp_path)
    word = canary("LEAVER").encode()
    seen = {name: [line for line in data.split(b"\n") if word in line] for name, data in after.items()}
    assert {name: lines for name, lines in seen.items() if lines} == {}
    assert [name for name in after if f"/{leaver.tenant_id}/" in name] == []
    assert done.originals == 1
    left = rows([stayer.tenant_id])
    for name in theirs:
        if name not in ("platform_audit", "users", "grants", "user_sessions"):
            assert left[name] == theirs[name] - {row for row in theirs[name] if canary("LEAVER") in row}, name
    assert theirs["grants"] == left["grants"]
    assert theirs["platform_audit"] < left["platform_audit"]
    with open_platform() as session:
        accounts = {user.email: user.disabled_at is not None for user in session.scalars(select(User))}
        assert session.scalars(select(Grant.tenant_id)).all().count(leaver.tenant_id) == 0
    assert accounts == {
        f"{canary('STAYER')}@own.example".casefold(): False,
        "only-770@platform.example": True,
        "only-880@platform.example": False,
        "both@platform.example": False,
    }
    assert len(done.disabled) == 1
    said = " ".join(record.getMessage() for record in caplog.records)
    assert canary("LEAVER") not in said
    assert list((tmp_path / "temporary").iterdir()) == []
    stub = audit.entries(None, 1).row(0, named=True)
    assert (stub["action"], stub["object"]) == (REMOVED, "LEAVER")
    assert json.loads(stub["detail"])["rows"] == done.rows
    assert canary("LEAVER") not in stub["detail"]
    assert audit.verify(None) is None
    require_current()  # on PostgreSQL, every lock and trigger is back


def text_columns(table):
    return [c for c in table.columns if isinstance(c.type, Text) and (table.name, c.name) not in AS_THEY_ARE]


def test_the_log_of_those_who_stay_refuses_every_change_afterwards_and_numbers_are_not_given_again(warehouse, a_and_b):
    leaver, stayer = a_and_b
    with open_platform() as session:
        gone = session.scalars(select(User.id).where(User.home_tenant_id == leaver.tenant_id)).one()
    remove_tenant("STAYER", "nothing")  # the newest of both goes
    add_tenant("NEW", "New")
    invite(scope_of("NEW"), "new@new.example", Given("senior_leader"))
    with open_platform() as session:
        assert session.scalars(select(Tenant.id).where(Tenant.code == "NEW")).one() > stayer.tenant_id
        newest = session.scalars(select(User.id).where(User.email == "new@new.example")).one()
        told = json.loads(audit.entries(None)["detail"].filter(audit.entries(None)["action"] == REMOVED)[0])
        assert newest > max(gone, told["numbers"]["users"])
    for table in APPEND_ONLY:
        refused = pytest.raises(Exception, match="only ever added")
        with refused, owners() as connection:
            bound(connection, leaver.tenant_id)
            connection.execute(text(f"DELETE FROM {table}"))
    require_current()


def test_a_removal_that_fails_half_way_undoes_all_of_it_and_can_be_given_again(warehouse, a_and_b, monkeypatch):
    leaver, stayer = a_and_b
    before = rows([leaver.tenant_id, stayer.tenant_id])

    def stops(connection, cursor, statement, parameters, context, many):
        if statement.startswith("INSERT INTO platform_audit"):
            raise RuntimeError("the machine stops")

    made = engine(owner_url())
    event.listen(made, "before_cursor_execute", stops)
    with pytest.raises(RuntimeError, match="the machine stops"):
        remove_tenant("LEAVER", "nothing")
    event.remove(made, "before_cursor_execute", stops)
    assert rows([leaver.tenant_id, stayer.tenant_id]) == before
    require_current()
    # The rows go, and the originals are out of reach: given again, it is finished.
    with monkeypatch.context() as patch:
        patch.setattr(originals.shutil, "rmtree", lambda path: (_ for _ in ()).throw(OSError(13, "Permission denied")))
        with pytest.raises(WarehouseError, match="give the same command again"):
            remove_tenant("LEAVER", "nothing")
    assert (Path(originals.place()) / str(leaver.tenant_id)).exists()
    assert remove_tenant("LEAVER", "nothing").originals == 1
    assert not (Path(originals.place()) / str(leaver.tenant_id)).exists()
    with pytest.raises(UsageError, match="no tenant 'NOBODY'"):
        remove_tenant("NOBODY", "nothing")


def test_every_table_of_the_database_is_removed_from_or_said_to_hold_nothing_of_a_tenant(warehouse):
    """A table that comes later and names a tenant in another way than by tenant_id fails here."""
    with owners() as connection:
        looked = inspect(connection)
        there = {name: {column["name"] for column in looked.get_columns(name)} for name in looked.get_table_names()}
    assert {name for name, columns in there.items() if "tenant_id" not in columns} == {
        *WITHOUT_TENANT,
        "alembic_version",
    }
    assert {name for name in there if name != "alembic_version"} == set(METADATA.tables)


def said(*words):
    done = CliRunner().invoke(assay.app, ["tenant", "remove", *words])
    return done.exception if isinstance(done.exception, UsageError) else done.exit_code


def test_the_command_wants_the_code_twice_and_what_was_kept(warehouse, tmp_path):
    add_tenant("ASH", "Ashcombe")
    add_tenant("BEC", "Beckford")
    take_out(scope_of("ASH"), tmp_path / "ash")
    take_out(scope_of("BEC"), tmp_path / "bec")
    (tmp_path / "empty.db").write_bytes(b"")
    ash = ("ASH", "--yes-remove", "ASH")
    for words, why in (
        (("ASH", "--yes-remove", "BEC", "--without-export"), "say ASH once more"),
        (ash, "name what was kept"),
        ((*ash, "--without-export", "--export", str(tmp_path / "ash")), "name what was kept"),
        ((*ash, "--export", str(tmp_path)), "no whole export"),
        ((*ash, "--export", str(tmp_path / "bec")), "of BEC, not of ASH"),
        ((*ash, "--backup", str(tmp_path / "empty.db")), "nothing in it"),
    ):
        assert why in str(said(*words)), words
    sent = tmp_path / "departments.csv"
    sent.write_text("department_code,department_name\nD1,One\n")
    load(scope_of("ASH"), [sent], sent_by="ann")
    assert "take it out anew" in str(said(*ash, "--export", str(tmp_path / "ash")))  # something was loaded since
    take_out(scope_of("ASH"), tmp_path / "again")
    assert said(*ash, "--export", str(tmp_path / "again")) == 0
    with pytest.raises(UsageError, match="no tenant 'ASH'"), open_session(scope_of("ASH")):
        pass


@pytest.mark.parametrize("warehouse", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_the_program_s_own_role_may_remove_no_tenant(warehouse, monkeypatch):
    add_tenant("ASH", "Ashcombe")
    monkeypatch.delenv("ASSAY_OWNER_DATABASE_URL")
    with pytest.raises(UsageError, match="only the owner"):
        remove_tenant("ASH", "nothing")
    assert scope_of("ASH").tenant_id
