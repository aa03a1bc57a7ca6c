"""What a user would write instead of `assay load`: run in a virtual environment of its own (requirements-peers.txt).

Arguments: pandas or dlt, the database's address, its schema ("" in SQLite), the CSV. Prints the seconds from opening
the file to the commit, without the start of Python and imports. The keys are enforced, in SQLite too.
"""

import os
import sys
import time
from typing import Any

# What our own rows say beside the sender's columns; the load and its file are there already.
_FIXED = {"tenant_id": 1, "site_code": "-", "load_number": 2, "file_number": 1}
_TABLE = "results_of_peer"


def _engine(url: str) -> Any:
    import sqlalchemy

    engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    if url.startswith("sqlite"):
        sqlalchemy.event.listen(engine, "connect", lambda made, _: made.execute("PRAGMA foreign_keys = ON"))
    return engine


def with_pandas(url: str, schema: str, path: str) -> float:
    """read_csv and to_sql, in one transaction."""
    import pandas

    engine, began = _engine(url), time.perf_counter()
    frame = pandas.read_csv(path, parse_dates=["assessed_on"])
    frame["assessed_on"] = frame["assessed_on"].dt.date
    frame = frame.assign(row_number=range(2, len(frame) + 2), **_FIXED)
    with engine.begin() as connection:
        frame.to_sql(_TABLE, connection, schema=schema or None, if_exists="append", index=False, chunksize=50_000)
    return time.perf_counter() - began


def with_dlt(url: str, schema: str, path: str) -> float:
    """A pipeline of one Arrow table, appended; on PostgreSQL by COPY, its fastest way."""
    import dlt
    import pyarrow
    from pyarrow import csv

    def rows() -> Any:
        table = csv.read_csv(path)
        table = table.append_column("row_number", pyarrow.array(range(2, table.num_rows + 2)))
        for name, value in _FIXED.items():
            table = table.append_column(name, pyarrow.array([value] * table.num_rows))
        yield table

    is_sqlite = url.startswith("sqlite")
    # It insists on a password and a host; the address of the socket, which follows, goes before them.
    there = dlt.destinations.sqlalchemy(_engine(url)) if is_sqlite else dlt.destinations.postgres(
        url.replace("@/", ":none@localhost:5432/")
    )  # fmt: skip
    pipeline = dlt.pipeline(
        "peer", destination=there, dataset_name=schema or "main", pipelines_dir=os.environ["PEER_FOLDER"]
    )
    resource = dlt.resource(rows, name=_TABLE, write_disposition="append")
    began = time.perf_counter()
    done = pipeline.run(resource(), loader_file_format="parquet" if is_sqlite else "csv")
    done.raise_on_failed_jobs()
    return time.perf_counter() - began


if __name__ == "__main__":
    print((with_pandas if sys.argv[1] == "pandas" else with_dlt)(*sys.argv[2:5]))
