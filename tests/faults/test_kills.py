"""`assay load` killed, starved and disturbed: nothing partial is ever in, and a second run makes it whole (F4, F16)."""

import os
import random
import shutil
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
from tests.conftest import EXAMPLES
from tests.dying import DYING, to_die_before
from tests.etl.made import HEADINGS, csv, xlsx
from tests.faults.disks import fill, small_disk

ROOT = Path(__file__).parents[2]
KILLS = max(3, (EXAMPLES - 30) // 4)  # on each of two databases: 3 in `make test`, more than 100 in `make soak`
MOST_SECONDS = 120


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """Eight files: a register, results in workbooks and CSV, one that is damaged, rows that cannot be taken."""
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


def test_a_load_killed_at_any_instant_is_in_or_is_not_and_a_second_one_completes_it(undisturbed, files, tmp_path):
    content, seconds = undisturbed
    empty, chance = state(), random.Random(None if "ASSAY_EXAMPLES" in os.environ else 4)
    assert empty[1:] == ([], 0)
    cut_short = 0
    for _ in range(KILLS):
        before = state()
        start = time.monotonic()
        load = begun(files)
        try:
            load.wait(chance.uniform(0.3, 1.1) * seconds)
            seconds = time.monotonic() - start  # less than it took undisturbed, when the machine may have been busier
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


def test_a_load_killed_before_any_of_its_steps_leaves_nothing_and_a_second_one_completes_it(undisturbed, files):
    content, _ = undisturbed
    words = ("load", str(files), "--tenant")

    def dying(step: int, code: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-c", DYING, str(step), *words, code],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    add_tenant("COUNTED", "Counted")
    steps = int(dying(-1, "COUNTED").stdout.split()[-1])
    assert steps > 20
    before = state()
    for step in to_die_before(steps, 4):
        assert dying(step, "ASH").returncode == -signal.SIGKILL, f"step {step} of {steps}"
        if step < steps - 1:
            assert state() == before, f"step {step} of {steps}"
    assert ended(begun(files))[0] == 3
    assert state()[0] == content


def test_two_loads_at_once_are_in_one_after_the_other(undisturbed, files):
    content, _ = undisturbed
    loads = [begun(files) for _ in range(2)]
    assert [ended(load)[0] for load in loads] == [3, 3]
    found, counts, _ = state()
    assert found == content
    assert sorted({row[0] for row in counts}) == [1, 2]
    assert sum(row[3] for row in counts if row[0] == 1) == sum(row[4] for row in counts if row[0] == 2) > 0


def test_a_full_disk_says_so_keeps_what_was_and_with_room_again_the_load_completes(
    request, undisturbed, warehouse, files, tmp_path, monkeypatch
):
    content, _ = undisturbed
    with small_disk(Path(f"/tmp/assay-disk-{os.getpid()}"), "64M") as disk:
        if warehouse == "sqlite":
            engine().dispose()
            moved = shutil.copy(engine().url.database, disk / "assay.db")
            monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{moved}")
        else:
            postgres = request.getfixturevalue("postgres")
            (disk / "space").mkdir()
            shutil.chown(disk / "space", "postgres") if os.geteuid() == 0 else None
            engine().dispose()
            name = engine().url.database
            postgres.say(f"CREATE TABLESPACE small LOCATION '{disk / 'space'}'")
            postgres.say(f"ALTER DATABASE {name} SET TABLESPACE small")
        before = state()
        filler = fill(disk, 4096)
        code, said = ended(begun(files))
        assert code == 1, said
        assert "the disk of the warehouse is full; nothing was saved, make room and try again" in said
        filler.unlink()
        assert state() == before
        assert sorted(path.name for path in disk.iterdir()) in (["assay.db"], ["space"])
        assert ended(begun(files))[0] == 3
        assert state()[0] == content
        if warehouse == "postgresql":
            engine().dispose()
            postgres.say(f"ALTER DATABASE {name} SET TABLESPACE pg_default", "DROP TABLESPACE small")


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_a_disk_that_may_not_be_written_says_so_and_afterwards_the_load_completes(
    undisturbed, files, tmp_path, monkeypatch
):
    content, _ = undisturbed
    with small_disk(tmp_path / "disk", "8M") as disk:
        engine().dispose()
        moved = shutil.copy(engine().url.database, disk / "assay.db")
        monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{moved}")
        before = state()
        engine().dispose()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        code, said = ended(begun(files))
        assert code == 1
        assert "check its address and permissions" in said, said
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        assert state() == before
        assert ended(begun(files))[0] == 3
        assert state()[0] == content


@pytest.mark.postgres
def test_a_database_restarted_in_mid_load_loses_that_load_alone(files, breakable):
    postgres, database = breakable
    add_tenant("QUIET", "Quiet")
    add_tenant("ASH", "Ashcombe County Council")
    assert ended(begun(files, code="QUIET"))[0] == 3
    content, before = state("QUIET")[0], state()
    with psycopg.connect(postgres.url("postgres", database)) as other:
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
