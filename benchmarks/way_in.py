"""The way in: files through `etl.run.load`, against the database's own bulk load and what a user would write instead.

The limit is the same rows into the same tables by the same permitted route, made ready beforehand: in PostgreSQL COPY
into a temporary table and INSERT ... SELECT under row-level security, in SQLite executemany.
"""

import io
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import python_calamine

from benchmarks import made
from benchmarks.environment import environment
from benchmarks.figures import Figure, seconds
from benchmarks.warehouses import postgres
from db import reads
from db.engine import engine, owner_url
from db.frames import as_kept
from db.loading import FileReport, Load
from db.session import Scope, open_session
from db.tenants import add_tenant, scope_of
from db.upgrade import upgrade
from db.writes import publish
from etl.run import load
from etl.template import Filled, workbook_file
from scheme.standard import shipped
from scheme.tables import TABLES
from tests.cluster import Database

_ROOT = Path(__file__).resolve().parent
_ROWS = {"small": (10_000, 50_000), "whole": (10_000, 100_000, 200_000, 1_000_000)}
_PEERS_AT = {"small": 50_000, "whole": 200_000}
_WORKBOOKS = {"small": (60,), "whole": (200, 2_000)}
_LIMIT_AT_LEAST = {"PostgreSQL": 0.5, "SQLite": 0.4}
_PEER_AT_LEAST = {
    ("PostgreSQL", "pandas"): 3,
    ("PostgreSQL", "dlt"): 2,
    ("SQLite", "pandas"): 1.5,
    ("SQLite", "dlt"): 1.5,
}


def figures(size: str) -> Iterator[Figure]:
    """The figures of the way in; `size` is small or whole."""
    folder = Path(tempfile.mkdtemp(prefix="assay-way-in-"))
    try:
        yield from _with_sqlite(size, folder)
        yield from _with_postgres(size, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _with_sqlite(size: str, folder: Path) -> Iterator[Figure]:
    def fresh() -> tuple[str, str]:
        name = tempfile.mkdtemp(dir=folder)
        return f"sqlite:///{name}/assay.db", f"sqlite:///{name}/assay.db"

    yield from _results("SQLite", size, folder, fresh)
    yield from _workbooks(size, folder, fresh)


def _with_postgres(size: str, folder: Path) -> Iterator[Figure]:
    databases: list[Database] = []

    def fresh() -> tuple[str, str]:
        databases.append(postgres().database())
        return databases[-1].url, databases[-1].owner_url

    yield from _results("PostgreSQL", size, folder, fresh)
    for database in databases:  # the parts that follow have the server to themselves
        postgres().drop(database)


Fresh = Callable[[], tuple[str, str]]


@contextmanager
def _warehouse(fresh: Fresh, folder: Path) -> Iterator[str]:
    """A new, empty warehouse, which the environment names; gives its owner's address."""
    url, owner = fresh()
    said = {
        "ASSAY_DATABASE_URL": url,
        "ASSAY_OWNER_DATABASE_URL": owner,
        "ASSAY_ORIGINALS": tempfile.mkdtemp(dir=folder),
    }
    with environment(said):
        upgrade()
        yield owner
        for address in {url, owner_url()}:
            engine(address).dispose()


# --- results ----------------------------------------------------------------------------------------------------------


def _results(database: str, size: str, folder: Path, fresh: Fresh) -> Iterator[Figure]:
    for rows in _ROWS[size]:
        frame, departments = _results_of(rows)
        csv, parquet = folder / "results.csv", folder / "results.parquet"
        frame.write_csv(csv)
        frame.write_parquet(parquet)
        with _warehouse(fresh, folder) as owner:
            limit = min(
                _bulk_load(f"limit-{order}", frame, departments, owner, order) for order in ("as-sent", "by-key")
            )
            ours, peak = _load("ours", csv, departments)
            told = f"limit {limit:.2f} s; peak memory {peak:,.0f} MB" if peak else f"limit {limit:.2f} s"
            about = ("Way in", f"results from CSV into {database}", f"{rows:,} rows")
            bulk = ("bulk load of the same rows", limit / ours, _LIMIT_AT_LEAST[database])
            yield Figure(*about, rows / ours, "rows/s", *bulk, note=told)
            if rows == max(_ROWS[size]):
                other, peak = _load("parquet", parquet, departments)
                about = ("Way in", f"results from Parquet into {database}", f"{rows:,} rows")
                bulk = ("bulk load of the same rows", limit / other, _LIMIT_AT_LEAST[database])
                yield Figure(*about, rows / other, "rows/s", *bulk, note=f"limit {limit:.2f} s")
            for peer in ("pandas", "dlt") if rows == _PEERS_AT[size] else ():
                yield _against(peer, database, rows, ours, _peer(peer, csv, owner, folder))


def _results_of(rows: int) -> tuple[pl.DataFrame, int]:
    """So many canonical results of annual reviews, and of how many departments."""
    departments = max(1, min(1_000, rows // (57 * 9)))
    years = -(-rows // (57 * departments))
    each = [made.year_of_reviews(departments, year)["results"] for year in range(2026 - years, 2026)]
    return pl.concat(each).head(rows), departments


def _tenant(code: str, departments: int) -> Scope:
    add_tenant(code, f"Benchmark {code} (fictional)")
    scope = scope_of(code)
    with open_session(scope, write=True) as session:
        publish(session, made.load_of(made.registers(departments), "registers.csv"))
    return scope


def _load(code: str, path: Path, departments: int) -> tuple[float, float]:
    """The seconds until a file is in a new tenant's warehouse, and the most memory of this process, MB (0: unknown)."""
    scope = _tenant(code, departments)
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    taken = seconds(lambda: load(scope, [path], sent_by="benchmarks"))
    with open_session(scope) as session:
        newest = reads.loads(session).row(0, named=True)
    if newest["read"] != newest["loaded"] or not newest["loaded"]:
        raise AssertionError(f"{path.name}: read {newest['read']}, loaded {newest['loaded']}")
    peak = 0.0
    with suppress(OSError, StopIteration):
        lines = Path("/proc/self/status").read_text().splitlines()
        peak = next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    return taken, peak


def _bulk_load(code: str, frame: pl.DataFrame, departments: int, owner: str, order: str) -> float:
    """The seconds of the database's own bulk load of the rows, which are made ready before."""
    scope = _tenant(code, departments)
    with open_session(scope, write=True) as session:
        publish(session, Load("benchmarks", None, [FileReport("results.csv", None, "0" * 64, "results")]))
    place = {"tenant_id": scope.tenant_id, "load_number": 2, "file_number": 1}
    rows = as_kept("results", frame).with_columns(
        *(pl.lit(value).alias(name) for name, value in place.items()), pl.int_range(2, pl.len() + 2).alias("row_number")
    )
    if order == "by-key":
        rows = rows.sort(TABLES["results"].key)
    names = ", ".join(f'"{name}"' for name in rows.columns)
    if not owner.startswith("sqlite"):
        text = io.BytesIO()
        rows.write_csv(text, include_header=False, quote_style="non_numeric", null_value="\\N")

        def insert() -> None:
            with open_session(scope, write=True) as session:
                driver: Any = session.connection().connection.driver_connection
                with driver.cursor() as cursor:
                    cursor.execute(
                        f"CREATE TEMPORARY TABLE bulk ON COMMIT DROP AS SELECT {names} FROM results WHERE false"
                    )
                    with cursor.copy("COPY bulk FROM STDIN (FORMAT csv, NULL '\\N')") as copy:
                        copy.write(text.getbuffer())
                    cursor.execute(f"INSERT INTO results ({names}) SELECT * FROM bulk")

        return seconds(insert)
    bare = rows.with_columns(pl.col("assessed_on").dt.strftime("%Y-%m-%d")).rows()

    def insert_many() -> None:
        with open_session(scope, write=True) as session:
            driver: Any = session.connection().connection.driver_connection
            driver.executemany(f"INSERT INTO results ({names}) VALUES ({', '.join('?' * rows.width)})", bare)

    return seconds(insert_many)


# --- what a user would write instead ----------------------------------------------------------------------------------


def _against(peer: str, database: str, rows: int, ours: float, theirs: float | str) -> Figure:
    about = ("Way in", f"results from CSV into {database}", f"{rows:,} rows")
    promised = _PEER_AT_LEAST[database, peer]
    if isinstance(theirs, str):
        return Figure(*about, rows / ours, "rows/s", peer, None, note=f"{peer} was not measured: {theirs}")
    note = f"{peer} {rows / theirs:,.0f} rows/s into a table with the same keys; it checks nothing and keeps no history"
    return Figure(*about, rows / ours, "rows/s", peer, theirs / ours, promised, note=note)


def _peer(peer: str, csv: Path, owner: str, folder: Path) -> float | str:
    """The seconds that a peer needs for the same file into a table with the same keys, or why it was not measured."""
    try:
        program = _peers_python()
        schema = _table_of(peer, owner)
        said = {"HOME": str(folder), "PEER_FOLDER": tempfile.mkdtemp(dir=folder), "RUNTIME__DLTHUB_TELEMETRY": "false"}
        done = subprocess.run(
            [str(program), str(_ROOT / "way_in_peer.py"), peer, owner, schema, str(csv)],
            env={"PATH": os.environ["PATH"], **said},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=600,
            check=True,
        )
        return float(done.stdout.split()[-1])
    except subprocess.CalledProcessError as error:
        return str(error.stderr).strip().splitlines()[-1][:200]
    except (OSError, subprocess.TimeoutExpired, ValueError, IndexError) as error:
        return str(error)[:200]


def _peers_python() -> Path:
    """The Python of the peers' virtual environment, which is made where it is not there or not as pinned."""
    wanted, place = _ROOT / "requirements-peers.txt", _ROOT.parent / ".venv-bench-peers"
    program, mark = place / "bin" / "python", place / "installed.txt"
    if not mark.exists() or mark.read_text("utf-8") != wanted.read_text("utf-8"):
        venv.create(place, clear=True, with_pip=True)
        command = [str(program), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", str(wanted)]
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=900)
        mark.write_text(wanted.read_text("utf-8"), "utf-8")
    return program


def _table_of(peer: str, owner: str) -> str:
    """A table with the columns and keys of `results`, without rows; gives its schema ("" in SQLite)."""
    if owner.startswith("sqlite"):
        import sqlite3

        connection = sqlite3.connect(owner.removeprefix("sqlite:///"))
        table, index = (
            connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", [name]).fetchone()[0]
            for name in ("results", "uq_results_current")
        )
        connection.execute("DROP TABLE IF EXISTS results_of_peer")
        connection.execute(table.replace("CREATE TABLE results", "CREATE TABLE results_of_peer"))
        connection.execute(
            index.replace("uq_results_current", f"uq_{peer}").replace("ON results", "ON results_of_peer")
        )
        connection.commit()
        connection.close()
        return ""
    import psycopg

    schema = f"peer_{peer}"
    with psycopg.connect(owner) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        connection.execute(f"CREATE TABLE {schema}.results_of_peer (LIKE results INCLUDING ALL)")
        keys = (
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'results'::regclass AND contype = 'f'"
        )
        for (key,) in connection.execute(keys).fetchall():
            connection.execute(f"ALTER TABLE {schema}.results_of_peer ADD {key}")
    return schema


# --- workbooks --------------------------------------------------------------------------------------------------------


def _workbooks(size: str, folder: Path, fresh: Fresh) -> Iterator[Figure]:
    for count in _WORKBOOKS[size]:
        place = Path(tempfile.mkdtemp(dir=folder))
        for code in made.department_codes(count):
            (place / f"{code}.xlsx").write_bytes(_workbook(code))
        paths = sorted(place.iterdir())
        with _warehouse(fresh, folder):
            scope = _tenant("workbooks", count)
            ours = seconds(lambda: load(scope, [place], sent_by="benchmarks"))  # noqa: B023  # called at once
            bare = seconds(lambda: [_bare_cells(path) for path in paths])  # noqa: B023
        note = f"{count / bare:,.0f} files/s read bare by calamine, one after another"
        about = ("Way in", "self-assessment workbooks into SQLite", f"{count:,} files")
        yield Figure(*about, count / ours, "files/s", "bare reading of their cells", bare / ours, 0.3, note=note)


def _workbook(code: str) -> bytes:
    """The workbook of one department as `assay template` gives it, with a band for each element."""
    standard = shipped("cse")
    bands = pl.DataFrame({"element": list(standard.codes), "band": ["compliant"] * len(standard.codes)}).with_columns(
        pl.lit(date(2026, 3, 2)).alias("assessed_on")
    )
    evidence = pl.DataFrame(schema=dict.fromkeys(TABLES["evidence"].names, pl.String))
    return workbook_file(standard, Filled(code, f"Department {code}", bands, evidence))


def _bare_cells(path: Path) -> list[Any]:
    with python_calamine.load_workbook(path) as book:
        return [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]


if __name__ == "__main__":
    for figure in figures(sys.argv[1] if len(sys.argv) > 1 else "small"):
        print(figure, figure.is_met, flush=True)
