"""Two tabs of one browser in two organisations do not mix, and a visit shows that it is one (reliability.md T11)."""

import re

from playwright.sync_api import Page, Response, expect

from db.tenants import tenants
from tests.journeys.screens import PATIENCE, signed_in_as


def answers(page: Page) -> list[Response]:
    """What the server answers to the callbacks of a page from now on."""
    found: list[Response] = []
    page.on("response", lambda got: found.append(got) if "/_dash-update-component" in got.url else None)
    return found


def turned(page: Page, url: str, tenant: str) -> None:
    """Turn the browser's session to another organisation."""
    page.goto(f"{url}/choose-tenant")
    page.locator(f'button[value="{tenant}"]').click()
    page.wait_for_url(f"{url}/", timeout=PATIENCE)
    expect(page.locator("#shell-who .tenant")).not_to_be_empty(timeout=PATIENCE)


def test_a_tab_of_the_one_gets_nothing_of_the_other(served, new_context, monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", served.database_url)
    names = dict(tenants().select("code", "name").rows())
    second = next(code for code in names if code != "ASHCOMBE" and "published" not in names[code])
    context = new_context()
    first = signed_in_as(served, context, "assessor")
    before = first.locator("main .headline").inner_text()
    name = first.locator("#shell-who .tenant").inner_text()
    other = context.new_page()
    turned(other, served.url, second)
    assert other.locator("#shell-who .tenant").inner_text() != name
    heard = answers(first)
    first.get_by_role("link", name="Heatmap").click()
    expect(first.locator("#shell-message")).to_contain_text("in another tab. Reload this page", timeout=PATIENCE)
    first.wait_for_load_state("networkidle", timeout=PATIENCE)
    assert heard
    assert {got.status for got in heard} == {409}
    own = names[second].split(" (")[0]
    assert not any(own in got.text() for got in heard)
    assert first.locator("#shell-who .tenant").inner_text() == name
    assert own not in first.content()
    assert before
    first.reload()
    expect(first.locator("#shell-who .tenant")).to_have_text(own, timeout=PATIENCE)  # and says so
    first.close()


def test_a_visit_says_until_when_and_why_and_ends_with_a_button(served, new_context):
    page = signed_in_as(served, new_context(), "operator")
    bar = page.locator("#shell-who .visit")
    expect(bar).to_contain_text(re.compile(r"Visiting until \d\d:\d\d UTC: A question about"), timeout=PATIENCE)
    bar.get_by_role("button", name="End the visit").click()
    page.wait_for_url(f"{served.url}/choose-tenant", timeout=PATIENCE)
    page.goto(f"{served.url}/heatmap")
    assert page.url == f"{served.url}/choose-tenant?next=/heatmap"


def test_a_page_that_is_left_open_when_somebody_signs_out_leads_to_signing_in_and_back(served, new_context):
    context = new_context()
    page = signed_in_as(served, context, "operator")
    other = context.new_page()
    other.goto(f"{served.url}/account")
    other.get_by_role("link", name="Switch organisation").click()
    other.get_by_role("button", name="Sign out").click()
    other.wait_for_url(f"{served.url}/sign-in", timeout=PATIENCE)
    page.get_by_role("link", name="Heatmap").click()
    page.wait_for_url(re.compile(r"/sign-in\?next=%2Fheatmap"), timeout=PATIENCE)
