"""Where files are read changes nothing of what is said of them: one child, several, or a cluster that loses workers."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import reads
from db.session import open_session
from db.tenants import add_tenant, scope_of
from etl import executor, run
from etl.layouts.choose import staged
from etl.layouts.staged import Source
from scheme.errors import FileRefused, UsageError
from scheme.standard import shipped
from scheme.words import Words
from tests.etl.made import HEADINGS, TODAY, csv, write, xlsx

ROOT = Path(__file__).parents[2]
QUIET = ("--host", "127.0.0.1", "--no-dashboard")
UNDERSTOOD = partial(staged, source=Source(), words=Words(shipped("cse")))


@contextmanager
def running(program: str, *words: str, said: str) -> Iterator[tuple[int, str]]:
    """A program of Dask's in a process of its own, and what it said; killed afterwards."""
    command = [sys.executable, "-m", f"distributed.cli.{program}", *QUIET, *words]
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    child = subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        told = ""
        for line in child.stdout:
            told += line
            if found := re.search(said, line):
                break
        else:
            pytest.fail(f"{program} did not start:\n{told}")
        yield child.pid, found[1]
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


@contextmanager
def cluster() -> Iterator[tuple[str, list[int]]]:
    """A scheduler and two workers with a thread each: the address, and the workers' process ids."""
    worker = ("--nthreads", "1", "--no-nanny", "--death-timeout", "30")
    with running("dask_scheduler", "--port", "0", said=r"Scheduler at:\s+(tcp://\S+)") as (_, address):
        joined = r"Registered to:\s+(tcp://\S+)"
        with (
            running("dask_worker", address, *worker, said=joined) as (one, _),
            running("dask_worker", address, *worker, said=joined) as (other, _),
        ):
            yield address, [one, other]


@pytest.fixture
def many(tmp_path) -> Path:
    """A folder of files of several kinds, good ones between damaged ones, alike ones and rows that cannot be taken."""
    folder = tmp_path / "many"
    folder.mkdir()
    elements = shipped("cse").codes
    for n in range(24):
        rows = [(f"D{n}", "renewal", "2025-03-07", elements[(n + k) % 57], "Compliant", "x") for k in range(5)]
        rows.append((f"D{n}", "renewal", "2025-03-07", "9.9.9" if n % 3 else elements[0], "Partial", "y"))
        book = xlsx(("Results", [HEADINGS, *rows]))
        write(folder, **{f"{n:02}_xlsx": book[: 900 if n % 7 == 3 else None], f"{n:02}_csv": csv(HEADINGS, *rows)})
    write(folder, z_pdf=b"%PDF-1.7", z_csv=b"")
    return folder


def told(report: run.LoadReport) -> tuple[object, ...]:
    """All that a report says but for when."""
    moments = ("started_at", "finished_at", "load")
    return report.files, report.rejected, report.skipped, report.loads().drop(moments).rows()


def with_children(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let this process read so many files at once."""
    monkeypatch.setattr(executor, "children", lambda: number)
    at_once = threading.BoundedSemaphore(number)
    monkeypatch.setattr(executor, "_at_once", lambda: at_once)


def content(code: str) -> str:
    with open_session(scope_of(code)) as session:
        return reads.content_hash(session)


def loaded(code: str, folder: Path, where: str, progress=None) -> tuple[object, ...]:
    """What a load into a tenant of its own said, and the hash of what it left."""
    add_tenant(code, "Ashcombe County Council")
    report = run.load(scope_of(code), [folder], sent_by="pat", today=TODAY, executor=where, progress=progress)
    return (*told(report), content(code))


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_wherever_files_are_read_the_report_and_the_warehouse_are_the_same(warehouse, many, monkeypatch):
    with_children(monkeypatch, 1)
    steps = []
    expected = loaded("ONE", many, "processes", lambda *step: steps.append(step))
    assert {"loaded", "refused"} == {file.outcome for file in expected[0]}
    assert len(expected[1]) > 30
    with_children(monkeypatch, 4)
    again = []
    assert loaded("FOUR", many, "processes", lambda *step: again.append(step)) == expected
    assert again == steps
    with cluster() as (address, workers):
        assert loaded("WHOLE", many, address) == expected
        killed = []

        def kill_one(name: str, done: int, total: int) -> None:
            if done == 5:
                os.kill(workers[0], signal.SIGKILL)
            killed.append((name, done, total))

        assert loaded("LOST", many, address, kill_one) == expected
        assert killed == steps

        def kill_the_other(name: str, done: int, total: int) -> None:
            if done == 9:
                os.kill(workers[1], signal.SIGKILL)

        assert loaded("ALONE", many, address, kill_the_other) == expected
        with pytest.raises(UsageError, match="has no workers"):
            run.check([many], executor=address)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("tcp://127.0.0.1:9", "cannot be reached"),
        ("tls://127.0.0.1:9", "cannot be reached"),
        *((odd, "--executor is") for odd in ("threads", "", "http://127.0.0.1:8786", "tcp://127.0.0.1", "tcp://[::1")),
        ("tcp://pat:secret@127.0.0.1:8786", "--executor is"),
    ],
)
def test_a_scheduler_that_is_not_there_is_wrong_usage_and_nothing_is_loaded(tmp_path, monkeypatch, where, said):
    monkeypatch.setattr(executor, "_SECONDS", 1)
    write(tmp_path, a_csv=csv(HEADINGS, "HR,renewal,2025-03-07,1.1.1,C,"))
    with pytest.raises(UsageError, match=said) as raised:
        run.check([tmp_path], executor=where)
    assert "secret" not in str(raised.value)


def test_the_command_line_ends_with_2_where_no_scheduler_answers(tmp_path):
    write(tmp_path, a_csv=csv(HEADINGS, "HR,renewal,2025-03-07,1.1.1,C,"))
    command = [sys.executable, "-m", "assay", "check", str(tmp_path), "--executor", "tcp://127.0.0.1:9"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("assay: the scheduler at tcp://127.0.0.1:9 cannot be reached")
    assert done.stderr.count("\n") == 1


def test_a_worker_of_another_edition_reads_nothing():
    with pytest.raises(UsageError, match="another edition"):
        executor.read(b"a,b\n1,2\n", UNDERSTOOD, "another")


@given(st.lists(st.one_of(st.integers(0, 60), st.none()), max_size=12), st.integers(1, 5))
def test_no_more_is_held_than_the_largest_file_may_have_and_nothing_changes_its_turn(sizes, most):
    contents = [FileRefused("shut") if size is None else bytes(size) for size in sizes]
    held, at_once = [], []

    def ask(data: bytes) -> executor.Answer:
        held.append(len(data))
        at_once.append((len(held), sum(held)))

        def answer() -> executor.Read:
            held.remove(len(data))
            return executor.Read(notes=[str(len(data))])

        return answer

    @contextmanager
    def here(understood: executor.Understood) -> Iterator[tuple[executor.Ask, int]]:
        yield ask, most

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(executor, "_processes", here)
        patch.setattr(executor, "LARGEST_FILE", 100)
        read = list(executor.in_order("processes", iter(contents), UNDERSTOOD))
    assert [content for content, _ in read] == contents
    for content, what in read:
        assert what.refused == ("shut" if isinstance(content, FileRefused) else None)
        assert what.notes == ([] if isinstance(content, FileRefused) else [str(len(content))])
    assert all(count <= most and (size <= 100 or count == 1) for count, size in at_once)


def test_a_load_that_is_stopped_leaves_no_child_behind(many, monkeypatch):
    with_children(monkeypatch, 2)
    seen = []

    def stop(*_: object) -> None:
        seen.extend(reader._child.pid for reader in readers if reader._child)
        raise KeyboardInterrupt

    class Noted(executor.Reader):
        def __init__(self) -> None:
            super().__init__()
            readers.append(self)

    readers: list[Noted] = []
    monkeypatch.setattr(executor, "Reader", Noted)
    with pytest.raises(KeyboardInterrupt):
        run.check([many], progress=stop)
    assert seen
    assert not [pid for pid in seen if is_running(pid)]


def is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_as_many_files_are_read_at_once_as_cores_and_memory_allow():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 1 <= executor.children() <= len(os.sched_getaffinity(0))
    assert executor.children() == 1 or executor.children() * executor.MEMORY_BYTES <= memory
