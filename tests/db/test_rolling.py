"""The program released before this one, on a warehouse that this one has upgraded while it was at work (W10)."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from sqlalchemy import text
from werkzeug.serving import make_server

from benchmarks.pages import PAGES, Browser
from db import ready
from db.engine import WRITES, engine, owner_url
from db.tenants import scope_of
from db.upgrade import require_current, upgrade
from db.version import FLOORS_SINCE, head, migrations, oldest_program
from tests.db.before import BEFORE, PASSWORD, WHO, Answer, Api, Old, at_work
from tests.db.made import asked
from tests.db.test_ready import is_true

# What it refuses on a newer warehouse.
REFUSED = """
import sys
from pathlib import Path
from db.backup import backup
from db.upgrade import upgrade
from scheme.errors import WarehouseError
for change in (upgrade, lambda: backup(Path(sys.argv[1]))):
    try:
        change()
    except WarehouseError as error:
        print(error)
"""


@dataclass(frozen=True)
class Rolled:
    """A warehouse of this version, the old server on it, and what was answered while it was upgraded."""

    old: Old
    port: int
    token: str
    said: str
    answers: list[Answer]

    @property
    def api(self) -> Api:
        return Api(self.port, self.token)


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> Path:
    """Where the old program lies."""
    return tmp_path_factory.mktemp("program") / "unpacked"


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def rolled(request, program, tmp_path_factory) -> Iterator[Rolled]:
    """A warehouse that the old program made and this one upgraded while the old one was at work, which it still is."""
    folder = tmp_path_factory.mktemp("rolled")
    with ExitStack() as stack:
        settings = {"ASSAY_DATABASE_URL": f"sqlite:///{folder / 'assay.db'}", "ASSAY_ORIGINALS": str(folder / "kept")}
        if request.param == "postgresql":
            postgres = request.getfixturevalue("postgres")
            database = postgres.database()
            stack.callback(postgres.drop, database)
            settings |= {"ASSAY_DATABASE_URL": database.url, "ASSAY_OWNER_DATABASE_URL": database.owner_url}
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.delenv("ASSAY_OWNER_DATABASE_URL", raising=False)
        for name, value in {**settings, "ASSAY_SECOND_FACTOR": "off"}.items():
            patch.setenv(name, value)
        old = Old.unpacked(program, settings)
        token = old.begin()
        port = stack.enter_context(old.serving())
        for address in (owner_url(), None):
            stack.callback(lambda address=address: engine(address).dispose())
        assert Api(port, token).send(1).status_code == 201
        with at_work(Api(port, token)) as answers:
            said = upgrade()
        yield Rolled(old, port, token, said, answers)


def signed_in(port: int) -> str:
    """The token of the session of somebody who has signed in at a server."""
    url, browser = f"http://127.0.0.1:{port}", requests.Session()
    page = re.search(r'name="page" value="([0-9a-f]{32})"', browser.get(f"{url}/sign-in", timeout=60).text)
    form = {"email": WHO, "password": PASSWORD, "page": page[1]}
    answer = browser.post(f"{url}/sign-in", data=form, allow_redirects=False, timeout=60)
    assert answer.status_code == 302, answer.text
    return answer.cookies["assay"]


def shown(port: int) -> dict[str, object]:
    """What the heatmap and the headroom page show at a server, cell by cell, to somebody who has just signed in."""
    browser, token = Browser(port), signed_in(port)
    try:
        return {page: browser.cells(page, token) for page in PAGES}
    finally:
        browser.close()


@contextmanager
def served_here() -> Iterator[int]:
    """This program, served by this process."""
    from dashboard import bearer, view
    from dashboard.app import create_app

    # Several warehouses in one process, which no program has: what was kept of another is none of this one's.
    bearer.forget()
    view.kept_bytes.clear()
    server = make_server("127.0.0.1", 0, create_app().server, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join()


def test_nobody_at_work_with_the_old_program_is_refused_while_the_warehouse_is_upgraded(rolled):
    assert rolled.said == f"the warehouse is at version {head()} now (was {BEFORE})"
    require_current()
    assert {(one.what, one.status) for one in rolled.answers} == {("read", 200), ("sent", 201)}, rolled.answers


def test_the_old_program_signs_people_in_and_shows_and_measures_what_this_one_does(rolled):
    by_old = shown(rolled.port)
    assert len(by_old["heatmap"]) >= 4
    words = ("measure", "headroom", "--tenant", "ASH", "--as-of", "2025-12-31", "--format", "json")
    with served_here() as port:
        assert shown(port) == by_old
        mine = Api(port, rolled.token).measure("headroom").json()
    assert json.loads(rolled.old.assay(*words)) == mine == rolled.api.measure("headroom").json()


def test_what_the_old_program_loads_this_one_reads_and_what_is_kept_ready_stays_true(rolled, monkeypatch):
    scope = scope_of("ASH")
    assert is_true(scope)
    assert rolled.api.send(29).status_code == 201
    assert is_true(scope)
    # A later edition of frames: neither program reads what the other packed, and each makes its own anew.
    monkeypatch.setattr(ready, "EDITION", ready.EDITION + 1)
    by_old = rolled.api.measure("headroom").json()
    upgrade()
    assert is_true(scope)
    assert rolled.api.measure("headroom").json() == by_old
    assert rolled.api.send(30).status_code == 201
    assert asked(scope, ready.ready) is None
    monkeypatch.undo()
    assert is_true(scope)


def test_the_old_program_is_ready_and_leaves_alone_what_must_know_every_table(rolled, tmp_path):
    assert requests.get(f"http://127.0.0.1:{rolled.port}/readyz", timeout=60).status_code == 200
    done = rolled.old.run("-c", REFUSED, str(tmp_path / "all.zip"))
    assert (
        done.stdout.splitlines()
        == [f"the warehouse is at version {head()}, made by a newer Assay; update this one"] * 2
    )


def test_a_program_that_the_warehouse_takes_no_longer_says_what_to_do(rolled):
    def taking(oldest: str) -> None:
        with engine(owner_url()).execution_options(**{WRITES: True}).begin() as connection:
            connection.execute(text("UPDATE alembic_version SET oldest_program = :oldest"), {"oldest": oldest})

    taking(head())
    try:
        done = rolled.old.run("-m", "assay", "measure", "headroom", "--tenant", "ASH", "--format", "json")
        assert done.returncode == 1
        words = f"takes programs from version {head()} on, of which this one ({BEFORE}) is not; update this one"
        assert words in done.stderr
    finally:
        taking(oldest_program(head()))


def test_every_migration_says_the_oldest_program_and_that_is_no_newer_than_the_one_released_before():
    since = [number for number in migrations() if number >= FLOORS_SINCE]
    assert since
    for number in since:
        assert oldest_program(number) in migrations()
        assert oldest_program(number) <= BEFORE < number
