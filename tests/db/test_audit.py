"""The audit log: only ever added to, chained, and written with what it tells of (reliability.md W6)."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from db import audit, tenants
from db.engine import engine, owner_url
from db.models import APPEND_ONLY
from db.session import EXEMPT, Scope, open_platform, open_session

CHAIN = "audit_entries"
COLUMNS = "tenant_id, entry_number, at, actor, role, origin, action, object, detail, previous_sha256, sha256"


def write(scope: Scope, *actions: str) -> None:
    """One entry for each, each in a transaction of its own."""
    for action in actions:
        with open_session(scope, write=True) as session:
            audit.record(session, action, "somewhere", number=1)


@pytest.fixture
def five(scope: Scope) -> Scope:
    """A tenant whose log has five entries."""
    write(scope, "one", "two", "three", "four", "five")
    return scope


@pytest.fixture
def past_the_locks(warehouse):
    """A function: statements run as the owner of the tables, with the triggers off for as long."""
    own: Engine = create_engine(owner_url())

    def run(*statements: str) -> None:
        with own.connect().execution_options(**{EXEMPT: True}) as connection, connection.begin():
            put_back = []
            if warehouse == "sqlite":
                kept = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
                for name, made in connection.execute(text(kept)).all():
                    connection.execute(text(f'DROP TRIGGER "{name}"'))
                    put_back.append(made)
            else:
                for table in APPEND_ONLY:
                    connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
                    connection.execute(text(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"))
                    put_back.append(f"ALTER TABLE {table} ENABLE TRIGGER USER")
                    if table == CHAIN:
                        put_back.append(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            for statement in (*statements, *put_back):
                connection.execute(text(statement))

    yield run
    own.dispose()


def test_what_was_written_is_read_newest_first_and_is_whole(five):
    rows = audit.entries(five)
    assert rows["action"].to_list() == ["five", "four", "three", "two", "one"]
    assert rows["entry"].to_list() == [5, 4, 3, 2, 1]
    assert audit.verify(five) is None
    assert audit.verify(five, audit.head(five)) is None
    assert audit.head(five) == (5, rows["sha256"][0])


def test_an_empty_log_is_whole(scope):
    assert audit.verify(scope) is None
    assert audit.head(scope) == (0, "0" * 64)


@pytest.mark.parametrize("column", ["actor", "role", "origin", "action", "object", "detail"])
def test_an_entry_that_was_edited_is_named(five, past_the_locks, column):
    past_the_locks(f"UPDATE {CHAIN} SET {column} = 'other' WHERE entry_number = 3")
    assert audit.verify(five) == "entry 3 was changed"


def test_an_entry_whose_moment_was_edited_is_named(five, past_the_locks):
    past_the_locks(
        f"UPDATE {CHAIN} SET at = (SELECT at FROM {CHAIN} AS o WHERE o.entry_number = 4) WHERE entry_number = 2"
    )
    assert audit.verify(five) == "entry 2 was changed"


def test_an_entry_that_was_deleted_is_named(five, past_the_locks):
    past_the_locks(f"DELETE FROM {CHAIN} WHERE entry_number = 2")
    assert audit.verify(five) == "entry 2 is missing"


def test_an_entry_that_was_put_in_between_is_named(five, past_the_locks):
    moved = [f"UPDATE {CHAIN} SET entry_number = {n + 1} WHERE entry_number = {n}" for n in (5, 4, 3)]
    copied = COLUMNS.replace("entry_number", "3")
    past_the_locks(*moved, f"INSERT INTO {CHAIN} ({COLUMNS}) SELECT {copied} FROM {CHAIN} WHERE entry_number = 2")
    assert audit.verify(five) == "entry 3 does not follow from the one before it"


def test_entries_that_changed_places_are_named(five, past_the_locks):
    past_the_locks(
        f"UPDATE {CHAIN} SET entry_number = 99 WHERE entry_number = 2",
        f"UPDATE {CHAIN} SET entry_number = 2 WHERE entry_number = 3",
        f"UPDATE {CHAIN} SET entry_number = 3 WHERE entry_number = 99",
    )
    assert audit.verify(five) == "entry 2 does not follow from the one before it"


def test_a_log_cut_short_is_whole_from_inside_and_found_with_a_head_written_down(five, past_the_locks):
    written_down = audit.head(five)
    past_the_locks(f"DELETE FROM {CHAIN} WHERE entry_number > 3")
    assert audit.verify(five) is None
    assert audit.verify(five, written_down).startswith("entry 5 is not the one that was written down")
    write(five, "four again", "five again")
    assert audit.verify(five) is None
    assert audit.verify(five, written_down).startswith("entry 5 is not the one that was written down")


def test_another_tenants_log_in_place_of_the_own_is_found(five, other, past_the_locks):
    write(other, "theirs", "theirs too")
    copied = COLUMNS.replace("tenant_id", str(five.tenant_id))
    past_the_locks(
        f"DELETE FROM {CHAIN} WHERE tenant_id = {five.tenant_id}",
        f"INSERT INTO {CHAIN} ({COLUMNS}) SELECT {copied} FROM {CHAIN} WHERE tenant_id = {other.tenant_id}",
    )
    assert audit.verify(other) is None
    assert audit.verify(five) == "entry 1 was changed"


def test_the_platforms_log_is_checked_alike(five, past_the_locks):
    with open_platform(write=True) as session:
        audit.record_on_platform(session, "first", actor="somebody")
        audit.record_on_platform(session, "second", actor="somebody")
    assert audit.verify(None) is None
    count = audit.head(None)[0]
    past_the_locks(f"UPDATE platform_audit SET actor = 'nobody' WHERE entry_number = {count - 1}")
    assert audit.verify(None) == f"entry {count - 1} was changed"
    assert audit.verify(five) is None


def test_the_locks_are_back_after_them_and_refuse_every_change(five, past_the_locks):
    past_the_locks()
    for statement in (
        f"UPDATE {CHAIN} SET action = 'x' WHERE tenant_id = {five.tenant_id}",
        f"DELETE FROM {CHAIN} WHERE tenant_id = {five.tenant_id}",
        "DELETE FROM platform_audit",
    ):
        with (
            pytest.raises(DBAPIError),
            engine().connect().execution_options(**{EXEMPT: True}) as connection,
            connection.begin(),
        ):
            connection.execute(text(statement))
    assert audit.verify(five) is None


def test_the_owner_too_is_refused_while_the_triggers_are_on(five, warehouse):
    own = create_engine(owner_url())
    with open_platform(write=True) as session:
        audit.record_on_platform(session, "first", actor="somebody")
    bound = f"SELECT set_config('app.tenant', '{five.tenant_id}', true); " if warehouse == "postgresql" else ""
    for statement in (f"UPDATE {CHAIN} SET action = 'x'", f"DELETE FROM {CHAIN}", "DELETE FROM platform_audit"):
        with (
            pytest.raises(DBAPIError, match="only ever added"),
            own.connect().execution_options(**{EXEMPT: True}) as connection,
            connection.begin(),
        ):
            connection.execute(text(bound + statement))
    own.dispose()
    assert audit.verify(five) is None
    assert audit.head(five)[0] == 5


def test_a_change_and_its_entry_are_both_there_or_neither(five):
    """Fails in between, and after: nothing of the change is left, and nothing of the log."""
    for moment in ("before the entry", "after the entry"):

        def change(moment: str = moment) -> None:
            with open_session(five, write=True) as session:
                if moment == "before the entry":
                    monkey = audit.record
                    try:
                        audit.record = fail  # the change of a setting is made by then, and its entry is not
                        tenants.choose(session, "champions_see_others", "distribution")
                    finally:
                        audit.record = monkey
                else:
                    tenants.choose(session, "champions_see_others", "distribution")
                    fail()

        with pytest.raises(RuntimeError, match="the machine stops"):
            change()
        with open_session(five) as session:
            assert tenants.setting(session, "champions_see_others") == "nothing"
        assert audit.head(five)[0] == 5
    with open_session(five, write=True) as session:
        tenants.choose(session, "champions_see_others", "distribution")
    assert audit.entries(five, 1)["action"].to_list() == ["chose"]
    assert audit.verify(five) is None


def fail(*_: object, **__: object) -> None:
    raise RuntimeError("the machine stops")


def test_those_who_write_at_once_keep_one_chain(five, other):
    ready = threading.Barrier(4)

    def many(number: int) -> None:
        ready.wait()
        for _ in range(5):
            write(five if number % 2 else other, f"writer {number}")
            with open_platform(write=True) as session:
                audit.record_on_platform(session, f"writer {number}", actor="somebody")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(many, range(4)))
    for scope, count in ((five, 15), (other, 10)):
        assert audit.verify(scope) is None
        assert audit.head(scope)[0] == count
    assert audit.verify(None) is None
    assert audit.entries(None).filter(audit.entries(None)["action"].str.starts_with("writer")).height == 20


def test_each_tenant_reads_its_own_chain_alone(five, other):
    write(other, "theirs")
    assert "theirs" not in audit.entries(five)["action"].to_list()
    assert audit.entries(other)["action"].to_list() == ["theirs"]
    assert [code for code, fault in audit.chains([five, other]) if fault is None] == ["ASH", "BEC", "platform"]


def test_nothing_in_an_entry_can_pass_for_another(five):
    with open_session(five, write=True) as session:
        audit.record(session, "looked\nentry 99 actor=root", "a\r\nb\x1b[2J", kept="x\ny")
    row = audit.entries(five, 1)
    for column in ("action", "object", "detail"):
        assert not re.search(r"[\x00-\x1f\x7f]", row[column][0]), column
    assert audit.verify(five) is None
