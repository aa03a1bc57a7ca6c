"""Upgrade: what those at work feel while the warehouse is brought to a newer version under them (reliability.md W10).

The program released before this one serves, as it does until a worker is replaced; two programs read and one sends.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from subprocess import DEVNULL
from threading import Timer

import psycopg

from benchmarks.environment import environment
from benchmarks.figures import Figure
from benchmarks.warehouses import postgres, settings
from db.engine import engine
from db.upgrade import LOCK_SECONDS, upgrade
from tests.db.before import Answer, Api, Old, at_work

GROUP = "Upgrade"
SECONDS = {"small": 2.0, "whole": 10.0}
# Of a transaction that is in the way: the first wait for the lock is given up, and the second comes after it is over.
HELD = 1.5 * LOCK_SECONDS
FELT = 1.1


def figures(size: str) -> Iterator[Figure]:
    """How long answers take before an upgrade, and during one for which a long transaction is in the way."""
    database = postgres().database()
    with tempfile.TemporaryDirectory(prefix="assay-benchmark-") as folder:
        said = settings(database, Path(folder) / "originals")
        old = Old.unpacked(Path(folder) / "program", said)
        token = old.begin()
        with old.serving(DEVNULL) as port, environment(said):
            api = Api(port, token)
            with at_work(api) as before:
                time.sleep(SECONDS[size])
            with at_work(api) as during:
                _upgraded_behind(database.owner_url)
            for address in (database.url, database.owner_url):
                engine(address).dispose()
    postgres().drop(database)
    yield from _told(before, "before an upgrade")
    yield from _told(during, "during an upgrade", FELT)


def _upgraded_behind(owner_url: str) -> None:
    with psycopg.connect(owner_url) as long:
        long.execute("SELECT version_num FROM alembic_version")
        Timer(HELD, long.commit).start()
        upgrade()


def _told(answers: Sequence[Answer], when: str, felt: float | None = None) -> Iterator[Figure]:
    taken = [one.seconds * 1000 for one in answers]
    refused = sum(one.status not in (200, 201) for one in answers)
    limit = LOCK_SECONDS * 1000
    at, note = "3 at work", f"{len(taken):,} requests"
    for what, value in (
        ("p99", statistics.quantiles(taken, n=100, method="inclusive")[-1]),
        ("longest answer", max(taken)),
    ):
        against = f"{LOCK_SECONDS} s that a migration waits for a lock"
        yield Figure(GROUP, f"{what} {when}", at, value, "ms", against, value / limit, at_most=felt, note=note)
    yield Figure(GROUP, f"refused {when}", at, float(refused), "requests", at_most=0.0, note=note)
