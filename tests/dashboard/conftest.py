"""A dashboard with the gallery on a warehouse of its own, as a client in the process and served to a browser."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.dashboard import fake_provider
from tests.dashboard.fake_provider import CLIENT, SECRET
from tests.dashboard.on_the_way import SETTINGS, give

PASSWORD = "four plain words here"
LEAD, BOTH, NEW, NOBODY = "lead@example.org", "both@example.org", "new@example.org", "nobody@example.org"


@pytest.fixture(scope="session")
def people_warehouse(empty_warehouse, tmp_path_factory) -> Iterator[str]:
    """The address of a warehouse with two tenants without results, and people who sign in with PASSWORD.

    `lead` is of the first tenant, `both` of both, `new` has not yet changed the password, `nobody` has no role left.
    """
    path = shutil.copy(empty_warehouse("sqlite"), tmp_path_factory.mktemp("people") / "assay.db")
    address = f"sqlite:///{path}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_DATABASE_URL", address)
        from db import people, sessions, tenants
        from db.engine import engine

        tenants.add_tenant("demo", "Northshire County Council (fictional)", "cse", [])
        tenants.add_tenant("canary", "CANARY-B Housing", "cse", [])
        once = {email: people.add_user(email, "corporate_lead", "demo") for email in (LEAD, BOTH, NEW)}
        once[NOBODY] = people.add_user(NOBODY, "operator")
        people.add_user(BOTH, "corporate_lead", "canary")
        for email in (LEAD, BOTH, NOBODY):
            sessions.change_password(sessions.sign_in(email, once[email]), once[email], PASSWORD)
        yield address
        engine(address).dispose()


@pytest.fixture(scope="session")
def app(people_warehouse):
    """The dashboard with the gallery, in this process."""
    from tests.dashboard.gallery import gallery_app

    return gallery_app()


@pytest.fixture
def own_people(people_warehouse, monkeypatch, tmp_path) -> str:
    """This process's warehouse for one test: a copy of `people_warehouse` that the test may change."""
    path = shutil.copy(people_warehouse.removeprefix("sqlite:///"), tmp_path / "assay.db")
    monkeypatch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{path}")
    monkeypatch.setenv("ASSAY_SECOND_FACTOR", "off")  # as in the demo; tests/dashboard/test_doors.py asks for it
    return f"sqlite:///{path}"


@pytest.fixture
def stranger(app, own_people):
    """A client that has not signed in."""
    return at_the_door(app)


@pytest.fixture
def lead(app, own_people):
    """A client signed in as the lead of the first tenant."""
    return signed_in(app, LEAD)


@pytest.fixture
def provider(own_people, monkeypatch, tmp_path):
    """A provider for the tenant `demo`, whose group `leads` gives a role there; it is the operator's `council`."""
    with fake_provider.running() as running:
        file = tmp_path / "sign-on.toml"
        file.write_text(SETTINGS.format(issuer=running.url, client=CLIENT), "utf-8")
        monkeypatch.setenv("ASSAY_SIGN_ON", str(file))
        monkeypatch.setenv("COUNCIL_SECRET", SECRET)
        monkeypatch.delenv("ASSAY_ORIGIN", raising=False)
        give("demo", "council", "leads", "corporate_lead")
        yield running


@pytest.fixture
def visitor(app, provider):
    """A visitor that nobody has signed in with."""
    return app.server.test_client()


def signed_in(app, email: str, password: str = PASSWORD):
    """A client signed in as that person, whose requests come from a page of theirs."""
    client = at_the_door(app)
    answer = client.post("/sign-in", data={"email": email, "password": password})
    assert answer.status_code == 302, answer.text
    return on_a_page(client)


def at_the_door(app):
    """A client that has opened the sign-in page and no more."""
    return on_a_page(app.server.test_client())


def on_a_page(client):
    """The client, with the page token of whatever page it is led to now in all its requests."""
    client.environ_base.pop("HTTP_X_ASSAY_PAGE", None)
    shown = client.get("/", follow_redirects=True).text
    token = re.search(r'name="(?:assay-)?page" (?:content|value)="([0-9a-f]{32})"', shown)
    client.environ_base["HTTP_X_ASSAY_PAGE"] = token[1]
    return client


@pytest.fixture(scope="session")
def gallery(people_warehouse) -> Iterator[str]:
    """The address of a server with the gallery."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.dashboard.gallery", str(port)],
        env={**os.environ, "ASSAY_DATABASE_URL": people_warehouse, "ASSAY_SECOND_FACTOR": "off"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            assert server.poll() is None, "the gallery's server ended"
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="session")
def signed_in_state(gallery, browser) -> dict:
    """The cookies of the lead, for browser contexts."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{gallery}/sign-in")
    page.get_by_label("E-mail address").fill(LEAD)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{gallery}/")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def shown(gallery, signed_in_state, browser, browser_context_args):
    """A function: the gallery in a browser, drawn; options are those of a browser context, `query` of its address.

    The page has `faults`: what the console complained of, requests that failed or left the server.
    """

    opened = []

    def show(query: str = "", **options):
        context = browser.new_context(**{**browser_context_args, "storage_state": signed_in_state, **options})
        opened.append(context)
        page = context.new_page()
        page.faults = []
        page.on("console", lambda said: page.faults.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("request", lambda asked: page.faults.append(asked.url) if leaves(asked.url, gallery) else None)
        page.goto(f"{gallery}/gallery{query}")
        page.wait_for_selector("#gallery-many.is-drawn")
        page.wait_for_selector("#gallery-figure-plot .main-svg")
        return page

    yield show
    for context in opened:
        context.close()


def leaves(url: str, gallery: str) -> bool:
    """Whether a request goes to another server."""
    return not url.startswith((gallery, "data:", "blob:"))
