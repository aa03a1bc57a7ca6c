"""Rows of a database that is not ours, on real SQLite and PostgreSQL: read as text, and nothing else done (F11)."""

import sqlite3
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal

import polars as pl
import psycopg
import pytest

from db.foreign import Limits, fetch
from scheme.errors import NotFetched, UsageError

TABLE = "CREATE TABLE results (code text, element text, band text, day {day}, share {number}, met {flag}, n integer)"
ROWS = [
    ("007", "1.10", "Compliant", date(2025, 3, 7), Decimal("1.10"), True, 2**60),
    ("O'Brien; -- “x”", "1.1.1", None, None, None, False, None),
]
PASSWORD = "a-password-that-nobody-may-see"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def theirs(request, tmp_path):
    """Somebody's database with a table that is called as one of ours: its kind, its address, a way to look at it."""
    if request.param == "sqlite":
        path = tmp_path / "theirs.db"
        with sqlite3.connect(path) as made:
            made.execute(TABLE.format(day="text", number="text", flag="integer"))
            plain = [[str(c) if isinstance(c, date | Decimal) else c for c in row] for row in ROWS]
            made.executemany("INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?)", plain)

        def look(statement):
            with sqlite3.connect(path) as connection:
                return connection.execute(statement).fetchall()

        yield "sqlite", f"sqlite:///{path}", look
        return
    postgres = request.getfixturevalue("postgres")
    database = postgres.database()
    with psycopg.connect(database.owner_url) as made:
        made.execute(TABLE.format(day="date", number="numeric", flag="boolean").replace("integer", "bigint"))
        made.cursor().executemany("INSERT INTO results VALUES (%s, %s, %s, %s, %s, %s, %s)", ROWS)

    def look(statement):
        with psycopg.connect(database.owner_url) as connection:
            return connection.execute(statement).fetchall()

    # The owner may write, so that what is not written was not let through.
    yield "postgresql", database.owner_url, look
    postgres.drop(database)


def rows(tmp_path, url, **asked):
    count = fetch(url, tmp_path / "out", **asked)
    frame = pl.read_parquet(tmp_path / "out")
    assert frame.height == count
    assert set(frame.dtypes) <= {pl.String}
    return frame.rows()


def test_a_table_comes_as_the_text_that_a_sender_would_write(tmp_path, theirs):
    kind, url, _ = theirs
    yes, no = ("1", "0") if kind == "sqlite" else ("yes", "no")
    expected = [
        ("007", "1.10", "Compliant", "2025-03-07", "1.10", yes, str(2**60)),
        ("O'Brien; -- “x”", "1.1.1", None, None, None, no, None),
    ]
    assert rows(tmp_path, url, table="results") == expected
    assert rows(tmp_path, url, query="SELECT element, '100%' AS share FROM results WHERE code LIKE '0%';") == [
        ("1.10", "100%")
    ]
    assert rows(tmp_path, url, query="SELECT code FROM results WHERE 1 = 0") == []


def test_a_moment_is_written_with_its_time_and_a_day_without(tmp_path, theirs):
    kind, url, _ = theirs
    if kind == "postgresql":
        asked = "SELECT timestamp '2025-03-07 00:00' a, timestamp '2025-03-07 09:30' b"
        assert rows(tmp_path, url, query=asked) == [("2025-03-07", str(datetime(2025, 3, 7, 9, 30)))]


WRITES = [
    "DELETE FROM results",
    "INSERT INTO results (code) VALUES ('x')",
    "DROP TABLE results",
    "SELECT 1; DELETE FROM results",
    "CREATE TABLE x (a integer)",
    "WITH gone AS (DELETE FROM results RETURNING 1) SELECT * FROM gone",
    "COMMIT",
]
OF_SQLITE = [
    "ATTACH DATABASE '{elsewhere}' AS theirs",
    "SELECT * FROM pragma_database_list",
    "PRAGMA query_only = OFF",
    "SELECT load_extension('x')",
    "SELECT readfile('/etc/passwd')",
    "VACUUM INTO '{elsewhere}'",
]
OF_POSTGRESQL = [
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT nextval('s')",
    "COPY results TO PROGRAM 'id'",
    "COPY (SELECT 1) TO STDOUT",
    "SET TRANSACTION READ WRITE",
    "DO $$ BEGIN DELETE FROM results; END $$",
]


def test_a_question_reads_and_does_nothing_else(tmp_path, theirs):
    kind, url, look = theirs
    before = look("SELECT * FROM results")
    for asked in WRITES + (OF_SQLITE if kind == "sqlite" else OF_POSTGRESQL):
        with pytest.raises((UsageError, NotFetched)) as wrong:
            fetch(url, tmp_path / "out", query=asked.replace("{elsewhere}", str(tmp_path / "elsewhere.db")))
        assert "results" not in str(wrong.value), asked
        assert not (tmp_path / "out").exists(), asked
    assert look("SELECT * FROM results") == before
    assert not (tmp_path / "elsewhere.db").exists()


@pytest.mark.postgres
def test_what_an_older_postgresql_lets_a_reader_do_is_undone(tmp_path, postgres):
    """Before version 16 a transaction that only reads may make large objects."""
    database = postgres.database()
    with suppress(UsageError):
        fetch(database.owner_url, tmp_path / "out", query="SELECT lo_create(0)::text AS made")
    with psycopg.connect(database.owner_url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_largeobject_metadata").fetchone() == (0,)
    postgres.drop(database)


def test_rows_and_time_have_limits(tmp_path, theirs):
    kind, url, _ = theirs
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    with pytest.raises(NotFetched, match="more than 10 rows"):
        fetch(url, tmp_path / "out", query=f"{endless} LIMIT 11", limits=Limits(rows=10))
    slow = f"SELECT count(*) FROM ({endless}) x" if kind == "sqlite" else "SELECT pg_sleep(30)"
    with pytest.raises(NotFetched, match="takes longer than 1 second"):
        fetch(url, tmp_path / "out", query=slow, limits=Limits(seconds=1))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"table": "nowhere"}, "not there"),
        ({"query": "SELEC 1"}, "not there, or is no SELECT"),
        ({"query": "SELECT code, code FROM results"}, "two columns have one name"),
    ],
)
def test_a_question_that_makes_no_sense_says_so(tmp_path, theirs, asked, said):
    with pytest.raises(UsageError, match=said):
        fetch(theirs[1], tmp_path / "out", **asked)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://me:{PASSWORD}@127.0.0.1:9/theirs",
        f"mysql://me:{PASSWORD}@127.0.0.1/theirs",
        f"duckdb:///{PASSWORD}",
        f"sqlite:///{PASSWORD}/nowhere.db",
        "sqlite://",
        f"{PASSWORD}",
    ],
)
def test_an_address_that_cannot_be_asked_is_never_repeated(tmp_path, url):
    with pytest.raises((UsageError, NotFetched)) as wrong:
        fetch(url, tmp_path / "out", table="results")
    told, error = [], wrong.value
    while error is not None:
        told.append(str(error))
        error = error.__cause__ if error.__suppress_context__ else error.__context__
    assert PASSWORD not in "".join(told)
    assert not (tmp_path / "out").exists()


def test_a_warehouse_of_assay_is_no_source(tmp_path, warehouse):
    from db.engine import database_url, owner_url

    for url in (database_url(), owner_url()):
        with pytest.raises(UsageError, match="warehouse of Assay"):
            fetch(url, tmp_path / "out", query="SELECT * FROM results")


@pytest.mark.postgres
def test_a_superuser_is_refused(tmp_path, postgres):
    with pytest.raises(UsageError, match="superuser"):
        fetch(postgres.url("postgres", "postgres"), tmp_path / "out", query="SELECT 1 AS a")
