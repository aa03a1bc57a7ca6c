"""Signing on with a real browser through a real provider: oidc-provider-mock, which is nobody's fake of ours."""

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.journeys.screens import PATIENCE, settled
from tests.served import serving

PEOPLE = (
    {"sub": "u-4711", "email": "pat@council.example", "groups": ["programme-leads", "everybody"]},
    {"sub": "u-0815", "email": "sam@council.example", "groups": ["everybody"]},
)
SETTINGS = """
[providers.council]
title = "Ashcombe staff"
issuer = "{issuer}"
client_id = "assay"
client_secret_env = "COUNCIL_SECRET"
tenants = ["{tenant}"]
"""


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The provider's address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    claims = [word for person in PEOPLE for word in ("--user-claims", json.dumps(person))]
    provider = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", *claims],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        answers(f"http://127.0.0.1:{port}/.well-known/openid-configuration", provider)
        yield f"http://127.0.0.1:{port}"
    finally:
        provider.terminate()
        provider.wait()


def answers(address: str, provider: "subprocess.Popen[bytes]") -> None:
    last = time.monotonic() + 60
    while time.monotonic() < last:
        assert provider.poll() is None, "the provider ended"
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the provider did not answer")


@pytest.fixture(scope="module")
def address(issuer, demo_warehouse, tmp_path_factory) -> Iterator[str]:
    """The demo, served with that provider, whose group `programme-leads` gives a role in its first tenant."""
    folder = tmp_path_factory.mktemp("sign-on")
    shutil.copy(demo_warehouse[0].removeprefix("sqlite:///"), folder / "demo.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSAY_DATABASE_URL", f"sqlite:///{folder / 'demo.db'}")
        from db import sign_on, tenants

        tenant = "ASHCOMBE"
        sign_on.give_to_group(tenants.scope_of(tenant), "council", "programme-leads", "corporate_lead")
        (folder / "sign-on.toml").write_text(SETTINGS.format(issuer=issuer, tenant=tenant), "utf-8")
        patch.setenv("ASSAY_SIGN_ON", str(folder / "sign-on.toml"))
        patch.setenv("COUNCIL_SECRET", "any will do for this provider")
        patch.delenv("ASSAY_ORIGIN", raising=False)
        with serving(f"sqlite:///{folder / 'demo.db'}") as served:
            yield served


def to_the_provider(page: Page, address: str, path: str = "/") -> None:
    page.goto(f"{address}{path}")
    page.get_by_role("link", name="Sign in with Ashcombe staff").click()
    expect(page.get_by_role("heading", name="Authorize Client")).to_be_visible(timeout=PATIENCE)


def test_somebody_of_the_right_group_signs_on_and_comes_to_the_page_they_wanted(address: str, page: Page) -> None:
    faults = []
    page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
    to_the_provider(page, address, "/heatmap?basis=self")
    page.get_by_role("button", name="u-4711").click()
    page.wait_for_url(f"{address}/heatmap?basis=self", timeout=PATIENCE)
    settled(page)
    expect(page.locator("body")).to_contain_text("pat@council.example")
    (cookie,) = [one for one in page.context.cookies() if one["name"] == "assay"]
    assert cookie["httpOnly"]
    assert not [one for one in page.context.cookies() if one["name"] == "assay-sign-on"]
    assert faults == []
    page.go_back()  # to the provider, or before it; the state is spent either way
    page.goto(f"{address}/")
    settled(page)


def test_somebody_of_no_group_here_is_told_so_and_not_signed_in(address: str, page: Page) -> None:
    to_the_provider(page, address)
    page.get_by_role("button", name="u-0815").click()
    expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("alert")).to_contain_text("your groups there give you nothing here")
    assert not [one for one in page.context.cookies() if one["name"] == "assay"]
    page.get_by_role("link", name="Back to signing in").click()
    expect(page.get_by_label("Password")).to_be_visible()


def test_somebody_who_changes_their_mind_is_not_signed_in(address: str, page: Page) -> None:
    to_the_provider(page, address)
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible(timeout=PATIENCE)
    assert not [one for one in page.context.cookies() if one["name"] == "assay"]


@pytest.mark.parametrize("path", ["/sign-in", "/sign-on/council/back"])
def test_the_pages_on_the_way_are_accessible(address: str, new_context, path: str) -> None:
    page = new_context(bypass_csp=True).new_page()
    page.goto(f"{address}{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert Axe().run(page).response["violations"] == []
