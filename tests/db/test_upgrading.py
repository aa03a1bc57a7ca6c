import sqlite3

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from db import engine as engines
from db.engine import engine, owner_url
from db.models import Base
from db.session import EXEMPT, open_platform
from db.tenants import tenants
from db.upgrade import head, require_current, upgrade
from scheme.errors import UsageError, WarehouseError


def test_migrations_make_just_the_tables_of_the_models(warehouse):
    with engine(owner_url()).execution_options(**{EXEMPT: True}).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


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


def test_a_warehouse_of_a_newer_program_is_left_alone(warehouse):
    with engine(owner_url()).begin() as connection:
        if warehouse == "sqlite":
            connection.exec_driver_sql("PRAGMA query_only = OFF")
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for look in (require_current, upgrade):
        with pytest.raises(WarehouseError, match="made by a newer Assay"):
            look()


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
