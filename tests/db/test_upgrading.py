import json
import lzma
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import event, text

from db import engine as engines
from db import soundness
from db import upgrade as upgrading
from db.backup import backup
from db.engine import WRITES, engine, owner_url
from db.models import METADATA
from db.person import about_person, erase
from db.removal import remove_tenant
from db.session import EXEMPT, open_platform, open_session
from db.tenants import tenants
from db.upgrade import require_current, require_sound, upgrade, version
from db.version import FLOORS_SINCE, MIGRATIONS, fit, head, migrations
from etl.take_out import take_out
from scheme.errors import UsageError, WarehouseError
from tests.cluster import OWNER
from tests.dying import DYING, to_die_before
from tests.noninterference import canaries


def test_migrations_make_just_the_tables_of_the_models(warehouse):
    with engine(owner_url()).execution_options(**{EXEMPT: True}).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []


def test_upgrading_again_changes_nothing(warehouse):
    assert upgrade() == f"the warehouse is at version {head()} already"
    require_current()


def test_a_warehouse_that_is_absent_says_what_to_do_and_is_not_made_by_looking(tmp_path, monkeypatch):
    path = tmp_path / "none.db"
    monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{path}")
    for look in (require_current, tenants):
        with pytest.raises(WarehouseError, match=r"none.db; run `assay upgrade`"):
            look()
    assert not path.exists()
    path.touch()
    for look in (require_current, tenants):
        with pytest.raises(WarehouseError, match="run `assay upgrade`"):
            look()
    assert upgrade() == f"the warehouse is at version {head()} now"
    require_current()


def made_newer(oldest_program: str) -> None:
    """Let a newer program have made the warehouse, and let it take programs from a version on."""
    with engine(owner_url()).execution_options(**{WRITES: True}).begin() as connection:
        connection.execute(
            text("UPDATE alembic_version SET version_num = '9999', oldest_program = :o"), {"o": oldest_program}
        )
    fit.cache_clear()


def test_a_newer_warehouse_that_takes_this_program_is_served_and_not_changed_by_what_must_know_all_of_it(
    warehouse, scope, tmp_path
):
    made_newer(head())
    assert require_sound().number == "9999"
    with open_session(scope, write=True) as session:
        assert session.execute(text("SELECT count(*) FROM tenants")).scalar() == 1
    assert soundness.unready() == ""
    (told,) = (one for one in soundness.warehouse() if one.about == "version")
    assert (told.state, told.mend) == ("note", "update the program")
    whole = (
        upgrade,
        require_current,
        lambda: backup(tmp_path / "all.zip"),
        lambda: remove_tenant("ASH", "nothing"),
        lambda: take_out(scope, tmp_path / "tables"),
        lambda: about_person(scope, "pat@example.org"),
        lambda: erase(scope, "pat@example.org"),
    )
    for change in whole:
        with pytest.raises(WarehouseError, match="at version 9999, made by a newer Assay; update this one"):
            change()
    assert not [*tmp_path.glob("all.zip"), *tmp_path.glob("tables")]


def test_a_newer_warehouse_that_takes_no_program_as_old_is_left_alone_and_says_what_to_do(warehouse, scope):
    made_newer("9998")
    words = rf"takes programs from version 9998 on, of which this one \({head()}\) is not; update this one"
    for look in (require_sound, require_current, tenants):
        with pytest.raises(WarehouseError, match=words):
            look()
    with pytest.raises(WarehouseError, match="made by a newer Assay"):
        upgrade()
    assert "for programs from 9998 on" in soundness.unready()


@pytest.mark.parametrize("url", ["nonsense", "mysql://a@b/c", "sqlite://", "sqlite:///:memory:"])
def test_an_address_that_makes_no_sense_is_wrong_usage(url):
    with pytest.raises(UsageError, match="postgresql"):
        engine(url)


@pytest.mark.parametrize(("made", "said"), [("folder", "cannot be used"), ("text", "cannot be used")])
def test_a_file_that_is_no_warehouse_is_said_to_be_none(tmp_path, monkeypatch, made, said):
    path = tmp_path / "assay.db"
    path.mkdir() if made == "folder" else path.write_text("department,element\n" * 100)
    monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{path}")
    for look in (require_current, tenants, upgrade):
        with pytest.raises(WarehouseError, match=said):
            look()


def test_sqlite_keeps_its_promises(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{tmp_path}/assay.db")
    upgrade()
    with open_platform() as session:
        said = {name: session.execute(text(f"PRAGMA {name}")).scalar() for name in ("foreign_keys", "synchronous")}
        journal, busy = (session.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "busy_timeout"))
    assert said == {"foreign_keys": 1, "synchronous": 2}
    assert journal.upper() == ("WAL" if sqlite3.sqlite_version_info >= (3, 51, 3) else "DELETE") == engines.JOURNAL
    assert busy >= 30_000


def test_a_postgresql_that_does_not_answer_is_said_to_be_out_of_reach(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", f"postgresql://nobody@/assay?host={tmp_path}")
    for look in (require_current, tenants):
        with pytest.raises(WarehouseError, match="cannot be"):
            look()


# --- warehouses of earlier versions -----------------------------------------------------------------------------------

# Each is the demo's warehouse as a released version made it (its name is that of the schema), and what that version's
# own `assay measure headroom --format json` said of it: made by tests/db/warehouses/make.sh.
RELEASED = sorted(path.name.split(".")[0] for path in (Path(__file__).parent / "warehouses").glob("*.sql.xz"))
DAY = "2026-11-20"


@pytest.fixture(params=RELEASED)
def released(request, tmp_path, monkeypatch) -> str:
    """The demo's warehouse as that version left it; the environment says where."""
    path = Path(__file__).parent / "warehouses" / f"{request.param}.sql.xz"
    with sqlite3.connect(tmp_path / "assay.db") as connection:
        connection.executescript(lzma.decompress(path.read_bytes()).decode())
    connection.close()
    monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{tmp_path / 'assay.db'}")
    monkeypatch.delenv("ASSAY_OWNER_DATABASE_URL", raising=False)
    return request.param


def said_by(*words: str) -> str:
    """What a command prints."""
    return subprocess.run([sys.executable, "-m", "assay", *words], capture_output=True, text=True, check=True).stdout


def test_there_is_a_warehouse_of_a_released_version_to_bring_here():
    assert RELEASED
    assert max(RELEASED) < head()


def test_the_demo_of_every_released_version_is_brought_here_and_shows_what_it_showed(released):
    assert upgrade() == f"the warehouse is at version {head()} now (was {released})"
    require_current()
    shown = json.loads((Path(__file__).parent / "warehouses" / f"{released}.headroom.json").read_text("utf-8"))
    assert len(shown) > 100
    words = ("measure", "headroom", "--tenant", "ASHCOMBE", "--as-of", DAY, "--format", "json")
    assert json.loads(said_by(*words)) == shown
    engine().dispose()


def test_an_upgrade_killed_before_any_of_its_steps_is_done_whole_by_the_next(released, tmp_path):
    path = tmp_path / "assay.db"
    before = path.read_bytes()

    def killed(left: int) -> subprocess.CompletedProcess:
        return subprocess.run([sys.executable, "-c", DYING, str(left), "upgrade"], capture_output=True, text=True)

    left_at = []
    steps = int(killed(10**9).stdout.split()[-1]) + 10**9
    whole = said_by("measure", "headroom", "--tenant", "ASHCOMBE", "--as-of", DAY, "--format", "json")
    for left in to_die_before(steps, 3)[1:]:  # among what it does, and before the last of what is made ready is there
        for leftover in tmp_path.glob("assay.db*"):
            leftover.unlink()
        path.write_bytes(before)
        assert killed(left).returncode == -9
        left_at.append(version())
        assert upgrade().startswith(f"the warehouse is at version {head()}")
        assert said_by("measure", "headroom", "--tenant", "ASHCOMBE", "--as-of", DAY, "--format", "json") == whole
        engine().dispose()
    assert left_at == sorted(left_at)  # each migration that was finished stays so
    assert released < left_at[0]


@pytest.mark.postgres
def test_an_upgrade_of_postgresql_that_is_killed_goes_on_where_it_was(postgres_database, monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", postgres_database.url)
    monkeypatch.setenv("ASSAY_OWNER_DATABASE_URL", postgres_database.owner_url)
    upgrade(to="0003")
    killed = subprocess.run([sys.executable, "-c", DYING, "600", "upgrade"], capture_output=True, text=True)
    assert killed.returncode == -9, killed.stderr
    there = version()
    assert "0003" < there < head()
    assert upgrade() == f"the warehouse is at version {head()} now (was {there})"
    require_current()
    for address in (postgres_database.url, postgres_database.owner_url):
        engine(address).dispose()


@pytest.mark.postgres
def test_a_database_that_keeps_text_as_bytes_is_refused_with_what_to_do(postgres, postgres_database, monkeypatch):
    name = f"{postgres_database.name}_ascii"
    postgres.say(
        f"CREATE DATABASE {name} OWNER {OWNER} ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    )
    monkeypatch.setenv("ASSAY_DATABASE_URL", postgres.url(OWNER, name))
    monkeypatch.delenv("ASSAY_OWNER_DATABASE_URL", raising=False)
    with pytest.raises(WarehouseError, match="keeps text as SQL_ASCII; make it anew with CREATE DATABASE"):
        upgrade()
    engine().dispose()
    postgres.say(f"DROP DATABASE {name}")


# --- under load: W10 --------------------------------------------------------------------------------------------------


@pytest.fixture
def at_0012(postgres_database, monkeypatch) -> Iterator[str]:
    """A warehouse on PostgreSQL before the migrations that hold to W10, which wait 0.2 seconds; the owner's address."""
    monkeypatch.setenv("ASSAY_DATABASE_URL", postgres_database.url)
    monkeypatch.setenv("ASSAY_OWNER_DATABASE_URL", postgres_database.owner_url)
    monkeypatch.setattr(upgrading, "LOCK_SECONDS", 0.2)
    upgrade(to="0012")
    yield postgres_database.owner_url
    for address in (postgres_database.url, postgres_database.owner_url):
        engine(address).dispose()


@pytest.mark.postgres
def test_a_migration_lets_through_whoever_queued_behind_it_and_waits_for_a_long_transaction(at_0012):
    asked = "SELECT version_num FROM alembic_version"
    waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
    with (
        ThreadPoolExecutor(1) as beside,
        psycopg.connect(at_0012) as long,
        psycopg.connect(at_0012, autocommit=True) as other,
    ):
        other.execute("SET lock_timeout = '60s'")  # as the program's own readers
        assert long.execute(asked).fetchone() == ("0012",)
        done = beside.submit(upgrade)
        for _ in range(3):  # each time the migration is in the queue before the reader
            while not other.execute(waiting).fetchone():
                assert not done.done()
            assert other.execute(asked).fetchone() == ("0012",)
        assert not done.done()
        long.commit()
        assert done.result(60) == f"the warehouse is at version {head()} now (was 0012)"


@pytest.mark.postgres
def test_an_upgrade_that_is_never_let_in_says_what_to_do_and_has_changed_nothing(at_0012, monkeypatch):
    monkeypatch.setattr(upgrading, "TRIES", 2)
    with psycopg.connect(at_0012) as long:
        long.execute("SELECT version_num FROM alembic_version")
        with pytest.raises(WarehouseError, match=r"in the way of the next version; .* run `assay upgrade` again"):
            upgrade()
        assert version() == "0012"
    assert upgrade() == f"the warehouse is at version {head()} now (was 0012)"


# What squawk wants beside: other kinds of columns than ours, and an end to statements, of which none takes the longer
# the more rows there are (they are filled in outside of migrations).
NOT_OURS = ("prefer-bigint-over-int", "prefer-identity", "prefer-text-field", "require-statement-timeout")


def faults_in(sql: str) -> list[str]:
    """What squawk finds in a transaction that changes the schema; it knows what stops whoever reads or writes."""
    squawk = shutil.which("squawk", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert squawk, "squawk is not installed; `make test` installs it"
    command = [squawk, "--assume-in-transaction", "--pg-version", "15", "--reporter", "gcc"]
    said = subprocess.run([*command, f"--exclude={','.join(NOT_OURS)}"], input=sql, capture_output=True, text=True)
    return said.stdout.splitlines()


@pytest.mark.postgres
def test_no_migration_does_what_stops_others_longer_than_it_must(at_0012):
    said = []
    event.listen(engine(owner_url()), "before_cursor_execute", lambda *told: said.append(told[2]))
    for number in (each for each in migrations() if each >= FLOORS_SINCE):
        said.clear()
        upgrade(to=number)
        changes = [one for one in said if re.match(r"\s*(ALTER|CREATE|DROP|INSERT|UPDATE|DELETE|SET)\b", one)]
        assert len(changes) > 2
        assert faults_in(re.sub(r"%\(\w+\)s", "''", ";\n".join(changes)) + ";") == []
    for bad in ("ADD COLUMN a TEXT NOT NULL", "RENAME COLUMN a TO b", "ALTER COLUMN a TYPE INTEGER"):
        assert faults_in(f"SET LOCAL lock_timeout = '2s'; ALTER TABLE results {bad};")


# --- version 0012: parts ----------------------------------------------------------------------------------------------

BEFORE_PARTS = "0011"
PARTED = ("departments", "sites", "certificates", "assessments", "visits", "results", "actions", "evidence")
PARTED += ("customer_groups", "service_standards", "rejected_rows", "statements", "ready_frames")
SHAPES = (
    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE conrelid = to_regclass('public.' || %s) AND contype <> 'n' ORDER BY 1",
    "SELECT indexname, replace(indexdef, ' ON ONLY ', ' ON ') FROM pg_indexes "
    "WHERE schemaname = 'public' AND tablename = %s ORDER BY 1",
    "SELECT policyname, cmd, qual, with_check FROM pg_policies WHERE schemaname = 'public' AND tablename = %s",
    "SELECT column_name, data_type, is_nullable FROM information_schema.columns "
    "WHERE table_schema = 'public' AND table_name = %s ORDER BY ordinal_position",
    "SELECT attname, attstorage FROM pg_attribute "
    "WHERE attrelid = to_regclass('public.' || %s) AND attnum > 0 ORDER BY 1",
    "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = to_regclass('public.' || %s)",
)


def brought_to(revision: str) -> None:
    """Run the migrations up to one of them, as `upgrade` runs all."""
    with engine(owner_url()).execution_options(**{WRITES: True, EXEMPT: True}).begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


@pytest.mark.postgres
def test_a_warehouse_is_taken_apart_without_losing_a_row_a_key_or_a_lock(postgres, postgres_database, monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", postgres_database.url)
    monkeypatch.setenv("ASSAY_OWNER_DATABASE_URL", postgres_database.owner_url)
    monkeypatch.setenv("ASSAY_PARTITIONS", "3")
    brought_to(BEFORE_PARTS)
    with psycopg.connect(postgres.url("postgres", postgres_database.name), autocommit=True) as looking:
        there = {row[0] for row in looking.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
        looking.execute("SET session_replication_role = replica")
        looking.execute(
            "INSERT INTO tenants SELECT n, 'T' || n, 'An organisation', 'cse', 1 FROM generate_series(1, 7) n"
        )
        for tenant in range(1, 8):
            for table, row in canaries.rows(tenant, 7_000 + tenant, tenant, datetime.now(UTC)):
                if table.name in there and table.name not in ("platform_audit", "standards", "sign_in_attempts"):
                    names = ", ".join(f'"{name}"' for name in row)
                    marks = ", ".join(["%s"] * len(row))
                    looking.execute(
                        f"INSERT INTO {table.name} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING",
                        tuple(row.values()),
                    )

        def rows() -> dict[str, list[tuple]]:
            return {name: sorted(looking.execute(f"SELECT * FROM {name}"), key=repr) for name in sorted(there)}

        def shapes() -> dict[str, list[list[tuple]]]:
            return {name: [looking.execute(question, (name,)).fetchall() for question in SHAPES] for name in PARTED}

        kept, made = rows(), shapes()
        assert all(len(kept[name]) >= 7 for name in PARTED)
        brought_to("0012")
        assert {**rows(), "alembic_version": None} == {**kept, "alembic_version": None}
        assert shapes() == made
        parts = dict(
            looking.execute(
                "SELECT inhparent::regclass::text, count(*) FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid "
                "WHERE c.relkind = 'r' GROUP BY 1"
            ).fetchall()
        )
        assert {name: parts.get(name) for name in PARTED} == dict.fromkeys(PARTED, 3)
    engine(owner_url()).dispose()


@pytest.mark.postgres
@pytest.mark.parametrize("said", ["0", "many", "129", "-1"])
def test_a_number_of_parts_that_makes_no_sense_is_refused(postgres_database, monkeypatch, said):
    monkeypatch.setenv("ASSAY_DATABASE_URL", postgres_database.url)
    monkeypatch.setenv("ASSAY_OWNER_DATABASE_URL", postgres_database.owner_url)
    monkeypatch.setenv("ASSAY_PARTITIONS", said)
    with pytest.raises(UsageError, match=r"ASSAY_PARTITIONS is .*; write a whole number from 1 to 128"):
        upgrade()
    engine(owner_url()).dispose()
