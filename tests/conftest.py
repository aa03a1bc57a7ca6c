"""What tests stand on: a real PostgreSQL, a warehouse of either kind, a real browser."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from hypothesis import settings
from playwright.sync_api import BrowserContext, expect

from tests import cluster
from tests.served import Served, demo_in, serving

# `make soak` sets ASSAY_EXAMPLES: the same tests with larger numbers, drawn anew each time.
EXAMPLES = int(os.environ.get("ASSAY_EXAMPLES", "30"))
settings.register_profile("assay", max_examples=EXAMPLES, deadline=None, derandomize="ASSAY_EXAMPLES" not in os.environ)
settings.load_profile("assay")

# What the program keeps closed is closed with this; nothing that any test makes outlives it.
os.environ["ASSAY_SECRET"] = "a-secret-of-the-tests-and-of-nobody-else-0123456789"

# Tables in one part each on PostgreSQL: as few files for each new database as before there were parts.
os.environ["ASSAY_PARTITIONS"] = "1"

# How long a browser may take before a test says that it never does: two cores do everything, and may be slow ones.
expect.set_options(timeout=60_000)

CHROMIUM = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)


# What takes minutes begins first, or one worker would be left with it at the end while the other has nothing to do.
LONGEST = ("noninterference/test_nobody", "noninterference", "journeys/test_everybody", "journeys", "faults")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first; `make test` deals whole files out in this order."""
    folders = [f"tests/{name}" for name in LONGEST]
    items.sort(key=lambda item: next((n for n, name in enumerate(folders) if name in item.nodeid), len(folders)))


class Failures:
    """Says each failure as it happens, with pytest's own words: a run that is cut off has said what failed."""

    def __init__(self, config: pytest.Config) -> None:
        self.plugins = config.pluginmanager

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and (terminal := self.plugins.get_plugin("terminalreporter")):
            terminal.write_line(f"\nFAILED {report.nodeid} ({report.when})\n{report.longreprtext[-2000:]}")


def pytest_configure(config: pytest.Config) -> None:
    """Make passwords cheap to keep and to try, and say failures at once where the run is told to the terminal.

    Passwords are dear on purpose, 0.14 s of a core each, and most tests sign in several people. What the program
    itself spends is held by `test_a_kept_password_costs_whoever_guesses_it_what_is_recommended`.
    """
    from db import passwords

    passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Failures(config), "failures-at-once")


def missing(what: str) -> None:
    """Fail where `make test` installs such things, skip with the reason where it cannot."""
    if os.geteuid() == 0 and Path("/etc/debian_version").exists():
        pytest.fail(f"{what} is not installed; `make test` installs it", pytrace=False)
    pytest.skip(f"{what} is not installed here, and installing it needs root on Debian")


@contextmanager
def own_cluster() -> Iterator[cluster.Cluster]:
    """A running PostgreSQL cluster with an owner role and a runtime role that owns nothing, until the block ends."""
    where = cluster.programs()
    if where is None:
        missing("PostgreSQL (Debian package postgresql)")
    running = cluster.new_cluster(where)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[cluster.Cluster]:
    """The PostgreSQL cluster of this test run's own."""
    with own_cluster() as running:
        yield running


@pytest.fixture
def postgres_database(postgres: cluster.Cluster) -> Iterator[cluster.Database]:
    """A fresh, empty PostgreSQL database for one test."""
    database = postgres.database()
    yield database
    postgres.drop(database)


@pytest.fixture(scope="session")
def empty_warehouse(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """A function: what a new warehouse of a kind ("sqlite", "postgresql") is copied from, made at the first call."""

    @cache
    def prepared(kind: str) -> str:
        if kind == "sqlite":
            path = tmp_path_factory.mktemp("empty") / "assay.db"
            brought_up({"ASSAY_DATABASE_URL": f"sqlite:///{path}"})
            return str(path)
        database = request.getfixturevalue("postgres").database()
        brought_up({"ASSAY_DATABASE_URL": database.url, "ASSAY_OWNER_DATABASE_URL": database.owner_url})
        return database.name

    return prepared


def brought_up(settings: dict[str, str]) -> None:
    """Run `upgrade` under these settings and leave no connection behind (a template must have none)."""
    from db.engine import engine, owner_url
    from db.upgrade import upgrade

    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        upgrade()
        engine(owner_url()).dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def warehouse(request, empty_warehouse, tmp_path, monkeypatch) -> Iterator[str]:
    """A new, empty warehouse at this version, on SQLite and on PostgreSQL; gives which, and the environment says where.

    On PostgreSQL the program's role owns nothing, and ASSAY_OWNER_DATABASE_URL is the owner's.
    """
    from db.engine import engine

    if request.param == "sqlite":
        path = shutil.copy(empty_warehouse("sqlite"), tmp_path / "assay.db")
        monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{path}")
        monkeypatch.delenv("ASSAY_OWNER_DATABASE_URL", raising=False)
        yield request.param
        engine().dispose()
        return
    postgres = request.getfixturevalue("postgres")
    database = postgres.database(template=empty_warehouse("postgresql"))
    monkeypatch.setenv("ASSAY_DATABASE_URL", database.url)
    monkeypatch.setenv("ASSAY_OWNER_DATABASE_URL", database.owner_url)
    monkeypatch.setenv("ASSAY_ORIGINALS", str(tmp_path / "originals"))
    yield request.param
    for address in (database.url, database.owner_url):
        engine(address).dispose()
    postgres.drop(database)


@pytest.fixture(scope="session")
def demo_warehouse(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> tuple[str, dict[str, str]]:
    """The demo's warehouse on SQLite, a copy of this worker's own: its address, and its people's passwords by name."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    path, passwords = demo_in(shared, tmp_path_factory.mktemp("demo"))
    return f"sqlite:///{path}", passwords


@pytest.fixture(scope="session")
def served(demo_warehouse: tuple[str, dict[str, str]]) -> Iterator[Served]:
    """The real server on the demo's warehouse, for the whole run; tests that change data bring their own."""
    url, passwords = demo_warehouse
    with serving(url) as address:
        yield Served(address, url, passwords)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """Debian's Chromium, for Playwright's own `browser`, `context` and `page` fixtures."""
    if CHROMIUM is None:
        missing("A browser (Debian package chromium)")
    quiet = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    return {
        **browser_type_launch_args,
        "executable_path": CHROMIUM,
        "args": [*quiet.split(), "--disable-component-update", "--disable-sync"],
    }


@pytest.fixture
def new_context(new_context: Callable[..., BrowserContext]) -> Callable[..., BrowserContext]:
    """As Playwright's own, which `context` and `page` use: a British desktop of common size where a test does not say.

    The content security policy holds; only a test that injects axe says `bypass_csp=True`. There nothing moves, or axe
    would measure a colour on its way to another.
    """
    usual = {"locale": "en-GB", "timezone_id": "Europe/London", "viewport": {"width": 1440, "height": 900}}
    still = {"reduced_motion": "reduce"}
    return lambda **options: new_context(**{**usual, **(still if options.get("bypass_csp") else {}), **options})
