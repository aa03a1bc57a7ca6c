import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from db import reads
from db.engine import engine
from db.session import open_session
from db.writes import compare, publish
from tests.conftest import EXAMPLES
from tests.db.made import A_ROW_ASIDE, a_load, asked, put, results

LOADS = max(12, EXAMPLES // 3)  # at once: 12 in `make test`, more in `make soak`
TWO = results(("D1", "1.1.1", "compliant"), (None, "1.1.2", "partial"))


def bands(scope, known_at=None):
    rows = asked(scope, reads.programme, known_at).results
    return {(row["department_code"], row["element"]): row["band"] for row in rows.iter_rows(named=True)}


def test_a_load_again_changes_nothing_and_is_recorded(scope):
    first = put(scope, a_load({"results": TWO}))
    before = asked(scope, reads.content_hash)
    second = put(scope, a_load({"results": TWO}, file="renamed.csv"))
    assert asked(scope, reads.content_hash) == before
    assert (first.load_number, second.load_number) == (1, 2)
    assert [(f.loaded, f.unchanged) for f in first.files + second.files] == [(2, 0), (0, 2)]
    assert asked(scope, reads.loads)["load"].to_list() == [2, 1]


def test_what_was_said_before_is_kept_and_was_known_then(scope):
    put(scope, a_load({"results": TWO}))
    between = datetime.now(UTC)
    put(scope, a_load({"results": results(("D1", "1.1.1", "partial"))}, file="b.csv"))
    assert bands(scope) == {("D1", "1.1.1"): "partial", (None, "1.1.2"): "partial"}
    assert bands(scope, between) == {("D1", "1.1.1"): "compliant", (None, "1.1.2"): "partial"}
    assert bands(scope, datetime(2000, 1, 1, tzinfo=UTC)) == {}
    told = asked(scope, reads.history).filter(pl.col("element") == "1.1.1")
    assert told["band"].to_list() == ["compliant", "partial"]
    assert told["superseded_at"].to_list() == [told["loaded_at"][1], None]
    assert asked(scope, reads.history, between)["superseded_at"].to_list() == [None, None]


def test_an_empty_cell_never_overwrites_a_real_value(scope):
    put(scope, a_load({"results": results(("D1", "1.1.1", "partial"), comment="weak", assessor="Jo")}))
    again = put(scope, a_load({"results": results(("D1", "1.1.1", "partial"), comment="", reason="just begun")}))
    row = asked(scope, reads.table, "results").row(0, named=True)
    assert (row["comment"], row["assessor"], row["reason"]) == ("weak", "Jo", "just begun")
    assert again.files[0].loaded == 1


def test_comparing_says_what_each_row_would_do_and_writes_nothing(scope):
    put(scope, a_load({"results": TWO}))
    before = asked(scope, reads.content_hash)
    staged = results(("D1", "1.1.1", "partial"), (None, "1.1.2", None), ("D1", "1.1.3", "compliant"))
    told = asked(scope, compare, "results", staged)
    assert told["change"].to_list() == ["changed", "unchanged", "new"]
    assert told["band"].to_list() == ["partial", "partial", "compliant"]
    assert asked(scope, reads.content_hash) == before


def test_a_row_that_vanished_stays_and_is_named_unless_it_is_to_be_withdrawn(scope):
    put(scope, a_load({"results": TWO}))
    one = results(("D1", "1.1.1", "compliant"))
    kept = put(scope, a_load({"results": one}))
    assert len(bands(scope)) == 2
    assert kept.files[0].notes == [
        "1 row of results no longer in this file, kept (--withdraw-missing takes such rows back): "
        "annual_review, 2025-03-07, 1.1.2"
    ]
    gone = put(scope, a_load({"results": one}, withdraw=True))
    assert list(bands(scope)) == [("D1", "1.1.1")]
    assert "taken back" in gone.files[0].notes[0]
    assert asked(scope, reads.notes, gone.load_number)["note"].to_list() == gone.files[0].notes
    assert asked(scope, reads.history)["superseded_at"].null_count() == 1


@pytest.mark.parametrize("change", [{"file": "b.csv"}, {"source": "housing"}, {"seen": {"results": TWO}}])
def test_only_a_newer_edition_that_no_longer_says_it_withdraws_a_row(scope, change):
    put(scope, a_load({"results": TWO}))
    put(scope, a_load({"results": TWO.head(1)}, withdraw=True, **change))
    assert len(bands(scope)) == 2


def test_nothing_is_withdrawn_from_a_file_with_a_row_whose_key_could_not_be_read(scope):
    put(scope, a_load({"results": TWO}))
    load = a_load({"results": TWO.head(1)}, withdraw=True, rejected=[A_ROW_ASIDE])
    load.unreadable_keys = {1}
    put(scope, load)
    assert len(bands(scope)) == 2
    assert "could not be read" in load.files[0].notes[0]


def test_nothing_vanishes_from_a_file_that_is_refused(scope):
    put(scope, a_load({"results": TWO}))
    load = a_load({"results": TWO.head(0)}, withdraw=True)
    load.files[0].outcome, load.files[0].reason = "refused", "damaged; send it again"
    put(scope, load)
    assert len(bands(scope)) == 2
    assert asked(scope, reads.loads)["outcome"].to_list() == ["refused", "loaded"]


def test_codes_that_no_register_has_are_taken_in_until_one_does(scope):
    put(scope, a_load({"results": results(("D1", "1.1.1", "partial"), site_code="S1")}))
    known = asked(scope, reads.register)
    assert known.departments.rows() == [("D1", None, False)]
    assert known.sites.rows() == [("S1", ["D1"], False)]
    register = pl.DataFrame({"site_code": ["S1"], "site_name": ["Town hall"], "department_code": [None]})
    put(scope, a_load({"sites": register}, file="sites.csv"))
    # What we guessed is no real value: the register's empty cell says that it is the corporate body's own.
    assert asked(scope, reads.register).sites.rows() == [("S1", [], True)]
    put(scope, a_load({"results": results(("D1", "1.1.2", "partial"), site_code="S1")}, file="b.csv"))
    assert asked(scope, reads.table, "sites")["site_name"].to_list() == ["Town hall"]


def test_taking_back_a_register_row_leaves_no_result_without_its_department(scope):
    departments = pl.DataFrame({"department_code": ["D1", "D2"], "department_name": ["One", "Two"]})
    put(scope, a_load({"departments": departments}, file="d.csv"))
    put(scope, a_load({"results": results(("D1", "1.1.1", "partial"), ("D3", "1.1.1", "partial"))}))
    put(scope, a_load({"departments": departments.tail(1)}, file="d.csv", withdraw=True))
    assert asked(scope, reads.register).departments.rows() == [
        ("D1", None, False),
        ("D2", None, True),
        ("D3", None, False),
    ]
    put(scope, a_load({"results": results(("D1", "1.1.1", "partial"))}, withdraw=True))
    assert asked(scope, reads.register).departments["department_code"].to_list() == ["D1", "D2"]


def test_a_load_that_does_not_account_for_every_row_is_refused_whole(scope):
    load = a_load({"results": TWO})
    load.files[0].read = 3
    with pytest.raises(AssertionError, match="read 3, accounted for 2"):
        put(scope, load)
    with pytest.raises(AssertionError, match="two rows of one key"):
        put(scope, a_load({"results": pl.concat([TWO, TWO])}))
    with pytest.raises(AssertionError, match="write=True"), open_session(scope) as session:
        publish(session, a_load({"results": TWO}))
    assert asked(scope, reads.latest_load) is None


def test_rows_set_aside_come_back_as_they_were_sent(scope):
    load = put(scope, a_load({"results": TWO}, rejected=[A_ROW_ASIDE]))
    row = asked(scope, reads.rejected, load.load_number).row(0)
    assert row == ("a.csv", None, 9, A_ROW_ASIDE.why, '{"Element": "1.1.10", "Band": "Compliant"}')
    counts = asked(scope, reads.loads).select("read", "loaded", "unchanged", "set_aside").row(0)
    assert counts == (3, 2, 0, 1)


def pragma(said: str) -> str:
    with engine().connect() as connection:
        return str(connection.exec_driver_sql(f"PRAGMA {said}").scalar())


def test_loads_at_once_take_turns_and_leave_the_file_whole(scope):  # W1
    is_file = engine().dialect.name == "sqlite"

    def one(n: int) -> int:
        load = put(scope, a_load({"results": results(("D1", "1.1.1", "partial"), (f"D{n}", "1.1.2", "partial"))}))
        if is_file:
            pragma("wal_checkpoint(TRUNCATE)")
        return load.files[0].loaded

    with ThreadPoolExecutor(4) as pool:
        loaded = list(pool.map(one, range(2, 2 + LOADS)))
    assert sorted(loaded) == [1] * (LOADS - 1) + [2]
    told = asked(scope, reads.loads).sort("load")
    assert told["load"].to_list() == list(range(1, 1 + LOADS))
    assert told["finished_at"].is_sorted()
    assert told["finished_at"].n_unique() == LOADS
    assert not is_file or pragma("integrity_check") == "ok"


def test_who_may_write_for_a_tenant_is_alone(scope):
    order, inside = [], threading.Event()

    def second():
        inside.wait()
        with open_session(scope, write=True):
            order.append("second")

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(second)
        with open_session(scope, write=True):
            inside.set()
            time.sleep(0.3)
            order.append("first")
        waiting.result()
    assert order == ["first", "second"]


def test_a_clock_put_back_does_not_change_what_was_known_when(scope):
    put(scope, a_load({"results": TWO}))
    with open_session(scope, write=True) as session:
        newest = session.get(reads.Load, (scope.tenant_id, 1))
        newest.finished_at = late = datetime(2100, 1, 1, tzinfo=UTC)
    put(scope, a_load({"results": results(("D1", "1.1.1", "partial"))}))
    assert asked(scope, reads.latest_load)[1] > late
    assert bands(scope, late)[("D1", "1.1.1")] == "compliant"


DYING = """
import os, signal, sys
from sqlalchemy import Engine, event
from db.tenants import scope_of
from tests.db.made import put, a_load, results
left = int(sys.argv[1])
scope = scope_of("ASH")
@event.listens_for(Engine, "before_cursor_execute")
def die(*_):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
put(scope, a_load({"results": results(("D1", "1.1.1", "partial"), ("D9", "1.1.3", "partial"))}, withdraw=True))
"""


def test_a_load_killed_at_any_step_leaves_nothing_and_can_be_run_again(scope):
    put(scope, a_load({"results": TWO}))
    before, step, killed = asked(scope, reads.content_hash), 3, 0
    settings = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    while True:
        done = subprocess.run([sys.executable, "-c", DYING, str(step)], env=settings)
        if done.returncode == 0:
            break
        assert asked(scope, reads.content_hash) == before
        assert asked(scope, reads.latest_load)[0] == 1
        step, killed = step + 15, killed + 1
    assert killed > 2
    assert bands(scope) == {("D1", "1.1.1"): "partial", ("D9", "1.1.3"): "partial"}
    assert asked(scope, reads.latest_load)[0] == 2
    if engine().dialect.name == "sqlite":
        assert pragma("integrity_check") == "ok"
