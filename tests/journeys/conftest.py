"""What journeys start from: an empty warehouse of either kind, with the tenants T and OTHER; or the demo's pages."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from playwright.sync_api import Page

from tests.journeys.command_line import Warehouse
from tests.journeys.screens import settled, signed_in_as
from tests.served import Served, serving

Opened = Callable[[str], Warehouse]


@pytest.fixture(scope="session")
def opened(request, tmp_path_factory) -> Opened:
    """A function: a new warehouse of a kind ("sqlite", "postgres"), each in a folder of its own."""
    numbers, made = itertools.count(1), {}

    def prepared(kind: str) -> Warehouse:
        folder = tmp_path_factory.mktemp(f"{kind}-first")
        settings = {"ASSAY_DATABASE_URL": f"sqlite:///{folder / 'assay.db'}"}
        if kind == "postgres":
            database = request.getfixturevalue("postgres").database()
            settings = {"ASSAY_DATABASE_URL": database.url, "ASSAY_OWNER_DATABASE_URL": database.owner_url}
            settings["ASSAY_ORIGINALS"] = str(folder / "originals")
        first = Warehouse(folder, settings)
        first.say("upgrade")
        first.say("tenant", "add", "T", "--name", "Test Council")
        first.say("tenant", "add", "OTHER", "--name", "Another Council")
        return first

    def new(kind: str) -> Warehouse:
        first = made[kind] if kind in made else made.setdefault(kind, prepared(kind))
        folder = tmp_path_factory.mktemp(f"{kind}-{next(numbers)}")
        if kind == "sqlite":
            for file in first.folder.glob("assay.db*"):
                shutil.copy(file, folder)
            return Warehouse(folder)  # the default address: assay.db in the working directory
        running = request.getfixturevalue("postgres")
        database = running.database(first.settings["ASSAY_DATABASE_URL"].split("@/")[1].split("?")[0])
        return Warehouse(folder, {"ASSAY_DATABASE_URL": database.url, "ASSAY_ORIGINALS": str(folder / "originals")})

    return new


@pytest.fixture
def warehouse(opened: Opened) -> Warehouse:
    """An empty warehouse on SQLite."""
    return opened("sqlite")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def either(request, opened: Opened) -> Warehouse:
    """An empty warehouse on SQLite, then one on PostgreSQL."""
    return opened(request.param)


@pytest.fixture(scope="module")
def shared(opened: Opened) -> Warehouse:
    """One warehouse on SQLite for the tests of a module that only read."""
    return opened("sqlite")


@pytest.fixture(scope="session")
def signed_in(served, browser) -> Callable[[str], dict]:
    """A function: the cookies of one of the demo's people in the county council, who signs in once."""

    @cache
    def state(who: str) -> dict:
        context = browser.new_context()
        signed_in_as(served, context, who)
        kept = context.storage_state()
        context.close()
        return kept

    return state


@pytest.fixture(scope="module")
def own(demo_warehouse, tmp_path_factory) -> Iterator[Served]:
    """The real server on a copy of the demo's warehouse that the tests of a module may change."""
    url, passwords = demo_warehouse
    path = shutil.copy(url.removeprefix("sqlite:///"), tmp_path_factory.mktemp("own") / "assay.db")
    with serving(f"sqlite:///{path}") as address:
        yield Served(address, f"sqlite:///{path}", passwords)


@pytest.fixture
def screen(served, new_context, signed_in) -> Callable[..., Page]:
    """A function: a page of the demo, settled, as one of its people sees it in a window of this size."""

    def show(path: str, who: str = "lead", size: tuple[int, int] = (1280, 800), **options) -> Page:
        page = new_context(storage_state=signed_in(who), **options).new_page()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.goto(served.url + path)
        return settled(page)

    return show
