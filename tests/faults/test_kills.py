"""`assay load` killed, or its database: nothing partial is ever in, and a second run makes it whole (F4, F16)."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from db import reads
from db.engine import engine
from db.session import open_session
from db.tenants import add_tenant, scope_of
from tests import cluster
from tests.conftest import EXAMPLES, brought_up, missing
from tests.etl.made import HEADINGS, csv, xlsx

ROOT = Path(__file__).parents[2]
KILLS = max(3, EXAMPLES * 2 // 5 if EXAMPLES > 30 else 0)  # 3 in `make test`, 200 in `make soak`
MOST_SECONDS = 120


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """Seven files: a register, results in workbooks and CSV, one that is damaged, rows that cannot be taken."""
    folder = tmp_path_factory.mktemp("sent")
    (folder / "a.csv").write_text(
        csv("Department code,Department name,Parent code", *(f"D{n},N{n}," for n in range(4)))
    )
    for n in range(4):
        rows = [(f"D{n}", "renewal", "2025-03-07", f"1.1.{k}", "Compliant", "x" * 50) for k in (1, 2, 3, 9)]
        (folder / f"b{n}.csv").write_text(csv(HEADINGS, *rows))
    (folder / "c.xlsx").write_bytes(
        xlsx(("Results", [HEADINGS, ("D0", "renewal", "2025-03-07", "1.2.1", "Partial", "")]))
    )
    (folder / "d.xlsx").write_bytes(b"PK\x03\x04 and no more")
    return folder


def begun(folder: Path, *words: str, code: str = "ASH", **how: object) -> "subprocess.Popen[bytes]":
    """`assay load` of the files as a process of its own."""
    command = [sys.executable, "-m", "assay", "load", str(folder), "--tenant", code, *words]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **how)


def ended(load: "subprocess.Popen[bytes]") -> tuple[int, str]:
    """The exit code, and what was said on standard error."""
    said = load.communicate(timeout=MOST_SECONDS)[1].decode()
    return load.returncode, said


def state(code: str = "ASH") -> tuple[str, list[tuple[object, ...]], int]:
    """The hash of what a tenant has, what its loads counted, and the rows set aside; every row accounted for."""
    counts = ("read", "loaded", "unchanged", "duplicate", "no_result", "set_aside")
    with open_session(scope_of(code)) as session:
        told = reads.loads(session).sort("load", "file")
        aside = sum(reads.rejected(session, number).height for number in told["load"].unique())
        content = reads.content_hash(session)
    assert all(row[0] == sum(row[1:]) for row in told.select(counts).iter_rows())
    assert aside == told["set_aside"].sum()
    assert told["finished_at"].unique(maintain_order=True).is_sorted()
    if engine().dialect.name == "sqlite":
        with engine().connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    return content, told.select("load", "file", *counts, "outcome").rows(), aside


@pytest.fixture(scope="module")
def known() -> dict[str, tuple[str, float]]:
    """By kind of warehouse, what `undisturbed` found out."""
    return {}


@pytest.fixture
def undisturbed(warehouse, files, known) -> tuple[str, float]:
    """What the files leave where nothing disturbs them, and how many seconds they take; ASH is there, and empty."""
    add_tenant("ASH", "Ashcombe County Council")
    if warehouse not in known:
        add_tenant("QUIET", "Quiet")
        start = time.monotonic()
        assert ended(begun(files, code="QUIET"))[0] == 3
        known[warehouse] = state("QUIET")[0], time.monotonic() - start
    return known[warehouse]


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_a_load_killed_at_any_instant_is_in_or_is_not_and_a_second_one_completes_it(undisturbed, files):
    content, seconds = undisturbed
    empty, chance = state(), random.Random(None if "ASSAY_EXAMPLES" in os.environ else 4)
    assert empty[1:] == ([], 0)
    cut_short = 0
    for _ in range(KILLS):
        before = state()
        load = begun(files)
        try:
            load.wait(chance.uniform(0.1, 1) * seconds)
        except subprocess.TimeoutExpired:
            load.send_signal(signal.SIGKILL)
        code, _ = ended(load)
        after = state()
        if after == before:
            cut_short += 1
            assert code == -signal.SIGKILL
        else:  # it was done, whether or not it lived to say so
            assert after[0] == content
            assert len(after[1]) == len(before[1]) + 7
    assert cut_short
    assert ended(begun(files))[0] == 3
    assert state()[0] == content


@pytest.mark.postgres
def test_a_database_restarted_in_mid_load_loses_that_load_alone(files, monkeypatch):
    where = cluster.programs()
    if where is None:
        missing("PostgreSQL (Debian package postgresql)")
    postgres = cluster.new_cluster(where)
    postgres.start()
    try:
        database = postgres.database()
        monkeypatch.setenv("ASSAY_DATABASE_URL", database.url)
        monkeypatch.setenv("ASSAY_OWNER_DATABASE_URL", database.owner_url)
        monkeypatch.setenv("ASSAY_ORIGINALS", str(files / "originals"))
        brought_up({"ASSAY_DATABASE_URL": database.url, "ASSAY_OWNER_DATABASE_URL": database.owner_url})
        add_tenant("QUIET", "Quiet")
        add_tenant("ASH", "Ashcombe County Council")
        assert ended(begun(files, code="QUIET"))[0] == 3
        content, before = state("QUIET")[0], state()
        with psycopg.connect(postgres.url("postgres", database.name)) as other:
            other.execute("LOCK TABLE results IN SHARE MODE")  # the load waits for it, half written
            load = begun(files)
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            while other.execute(waiting).fetchone() == (0,):
                assert load.poll() is None
            postgres.restart()
            code, said = ended(load)
            with suppress(psycopg.Error):
                other.rollback()
        assert code == 1
        assert "the warehouse cannot be reached" in said, said
        assert "try again" in said
        assert state() == before
        assert ended(begun(files))[0] == 3
        assert state()[0] == content
        engine().dispose()
        engine(database.owner_url).dispose()
    finally:
        postgres.stop()
